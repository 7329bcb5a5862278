//! Where the services send: to the inbox, which may leave a copy to a Sentry server.

use std::net::SocketAddr;

use reqwest::Url;

/// The DSNs of the services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dsns {
    inbox: SocketAddr,
    /// Key and project on the Sentry server, under which the services send to the inbox, too: a copy goes out as it came in.
    own: Option<(String, String)>,
    /// The value of the environment where it is not a valid DSN: the services report what is wrong with it.
    wrong: Option<String>,
    /// The server that gets a copy.
    pub forward: Option<Url>,
}

impl Dsns {
    /// For an inbox at that address, and a DSN of a Sentry server.
    pub fn new(sentry: Option<&str>, inbox: SocketAddr) -> Self {
        let none = Self { inbox, own: None, wrong: None, forward: None };
        let Some(dsn) = sentry else { return none };
        match split(dsn) {
            Some((key, project, server)) => Self { own: Some((key, project)), forward: Some(server), ..none },
            None => Self { wrong: Some(dsn.to_owned()), ..none },
        }
    }

    /// The DSN of a project of the inbox; on a Sentry server they share the one that its DSN names.
    pub fn of(&self, project: u32) -> String {
        match (&self.wrong, &self.own) {
            (Some(wrong), _) => wrong.clone(),
            (None, Some((key, project))) => format!("http://{key}@{}/{project}", self.inbox),
            (None, None) => format!("http://inbox@{}/{project}", self.inbox),
        }
    }
}

/// Key, project and server of a DSN.
fn split(dsn: &str) -> Option<(String, String, Url)> {
    let mut server = Url::parse(dsn.trim()).ok().filter(|dsn| matches!(dsn.scheme(), "http" | "https"))?;
    let key = Some(server.username().to_owned()).filter(|key| !key.is_empty())?;
    let (path, project) = server.path().rsplit_once('/')?;
    let project = Some(project.to_owned()).filter(|project| !project.is_empty())?;
    let path = format!("{path}/");
    server.set_path(&path);
    server.set_username("").ok()?;
    server.set_password(None).ok()?;
    server.set_query(None);
    Some((key, project, server))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dsns(sentry: Option<&str>) -> Dsns {
        Dsns::new(sentry, ([127, 0, 0, 1], 9000).into())
    }

    #[test]
    fn without_a_sentry_server_each_service_has_a_project_of_the_inbox() {
        assert_eq!(dsns(None).of(2), "http://inbox@127.0.0.1:9000/2");
        assert_eq!(dsns(None).forward, None);
    }

    #[test]
    fn what_goes_to_the_inbox_has_key_and_project_of_the_sentry_server() {
        let with = dsns(Some("https://key:secret@o1.ingest.example.com/sentry/42"));
        assert_eq!(with.of(2), "http://key@127.0.0.1:9000/42");
        assert_eq!(with.forward.unwrap().as_str(), "https://o1.ingest.example.com/sentry/");
    }

    #[test]
    fn a_dsn_that_is_none_is_left_to_the_services() {
        for wrong in
            ["nonsense", "https://o1.example.com/42", "https://key@o1.example.com/", "ftp://key@host/1"]
        {
            let with = dsns(Some(wrong));
            assert_eq!((with.of(1).as_str(), &with.forward), (wrong, &None), "{wrong}");
        }
    }
}
