//! Where a Sentry server has an event.

use reqwest::Url;

/// The address of an event on the server of a DSN, with `{event}` for the id of the event; `None` if the DSN is none.
///
/// Sentry's own service takes the reader's organisation where the address names none; a server of one's own has the
/// organisation `sentry` unless it was given another name.
pub fn template(dsn: &str) -> Option<String> {
    let dsn = Url::parse(dsn.trim()).ok().filter(|dsn| matches!(dsn.scheme(), "http" | "https"))?;
    let (folder, project) = dsn.path().rsplit_once('/').filter(|(_, project)| !project.is_empty())?;
    let host = dsn.host_str()?;
    let query = format!("project={project}&query={{event}}");
    if host == "sentry.io" || host.ends_with(".sentry.io") {
        return Some(format!("https://sentry.io/orgredirect/organizations/:orgslug/issues/?{query}"));
    }
    let port = dsn.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{host}{port}{folder}/organizations/sentry/issues/?{query}", dsn.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_linked_on_the_server_of_the_dsn_without_its_key() {
        let service = template("https://key@o17.ingest.us.sentry.io/42").unwrap();
        assert_eq!(
            service,
            "https://sentry.io/orgredirect/organizations/:orgslug/issues/?project=42&query={event}"
        );
        let own = template("http://key:secret@sentry.example.com:9000/7").unwrap();
        assert_eq!(
            own,
            "http://sentry.example.com:9000/organizations/sentry/issues/?project=7&query={event}"
        );
        let below = template("https://key@example.com/sentry/7").unwrap();
        assert_eq!(below, "https://example.com/sentry/organizations/sentry/issues/?project=7&query={event}");
        for none in ["", "nonsense", "ftp://key@host/1", "https://key@host", "https://key@host/"] {
            assert_eq!(template(none), None, "{none}");
        }
    }
}
