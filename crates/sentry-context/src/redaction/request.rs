//! Secrets in what a client sent: headers, URL, query string, body.

use sentry::protocol::{Request, Url, Value};

use super::decoded::Decoded;
use super::{FILTERED, Place, is_secret_of_client, json_of, text};

/// Redacts headers, cookies, the URL, its query string and the body of a request.
pub fn request(request: &mut Request) {
    request.data = request.data.take().and_then(|data| body(&data, request.headers.get("content-type")));
    for (name, header) in &mut request.headers {
        match name.to_ascii_lowercase().as_str() {
            name if is_secret_of_client(name) => FILTERED.clone_into(header),
            "baggage" => *header = baggage(header),
            _ => text::of(Place::Client, header),
        }
    }
    request.cookies = request.cookies.take().map(|_| FILTERED.to_owned());
    request.url = request.url.take().and_then(url);
    request.query_string = request.query_string.take().map(|query| query_string(&query));
    if let Some(method) = &mut request.method {
        text::of(Place::Client, method);
    }
    request.env.iter_mut().for_each(|(_, reported)| text::of(Place::Client, reported));
}

fn url(mut url: Url) -> Option<Url> {
    let named = !url.username().is_empty() || url.password().is_some();
    if named && (url.set_password(None).is_err() || url.set_username("Filtered").is_err()) {
        return None;
    }
    if let Some(query) = url.query() {
        let query = query_string(query);
        url.set_query(Some(&query));
    }
    url.set_fragment(url.fragment().map(query_string).as_deref());
    let mut path = url.path().to_owned();
    text::of(Place::Client, &mut path);
    if path != url.path() {
        url.set_path(&path);
    }
    Some(url)
}

/// `name=value&…` with secrets filtered, also if a value is such a text again, however often it is encoded.
pub fn query_string(query: &str) -> String {
    query.split('&').map(pair).collect::<Vec<_>>().join("&")
}

fn pair(pair: &str) -> String {
    let (written, reported) = pair.split_once('=').unwrap_or((pair, ""));
    // A name that is encoded too often to be read counts as the name of a secret.
    let secret = Decoded::of(written).is_none_or(|name| {
        is_secret_of_client(String::from_utf8_lossy(&name.bytes).trim_matches(['+', ' ']))
    });
    if secret && !reported.is_empty() {
        return format!("{written}={FILTERED}");
    }
    let mut pair = pair.to_owned();
    text::of(Place::Client, &mut pair);
    pair
}

/// The members of the [baggage](https://www.w3.org/TR/baggage/) header; some belong to others than Sentry.
fn baggage(header: &str) -> String {
    let member = |member: &str| member.split(';').map(pair).collect::<Vec<_>>().join(";");
    header.split(',').map(member).collect::<Vec<_>>().join(",")
}

/// A redacted body, if it is JSON or a form. No other body is sent.
fn body(data: &str, content_type: Option<&String>) -> Option<String> {
    if let Ok(mut json) = serde_json::from_str::<Value>(data) {
        json_of(Place::Client, &mut json);
        return serde_json::to_string(&json).ok();
    }
    let form = content_type.is_some_and(|ty| ty.starts_with("application/x-www-form-urlencoded"));
    form.then(|| query_string(data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_string_keeps_what_is_harmless_as_it_was() {
        let query =
            "user=a%20b&token=x&next=https%3A%2F%2Fu%3Apw%40host%2F&flag&api%5Fkey=1&empty=&password=";
        assert_eq!(
            query_string(query),
            "user=a%20b&token=[Filtered]&next=https%3A%2F%2F[Filtered]%40host%2F&flag&\
             api%5Fkey=[Filtered]&empty=&password="
        );
    }

    #[test]
    fn json_is_filtered_at_any_depth_and_forms_by_their_names() {
        let json =
            r#"{"user":{"name":"a","card":{"number":4111}},"list":[{"password":["x"]}],"note":"token=x ok"}"#;
        assert_eq!(
            body(json, None).as_deref(),
            Some(
                r#"{"list":[{"password":"[Filtered]"}],"note":"token=[Filtered] ok","user":{"card":"[Filtered]","name":"a"}}"#
            )
        );
        let form = "application/x-www-form-urlencoded".to_owned();
        assert_eq!(body("a=1&cvv=123", Some(&form)).as_deref(), Some("a=1&cvv=[Filtered]"));
        assert_eq!(body("password: x", None), None);
    }

    #[test]
    fn a_request_keeps_no_secret_in_header_url_or_baggage() {
        let headers = [("authorization", "Basic x1"), ("referer", "http://h/?token=x2"), ("x-api-key", "x3")];
        let mut reported = Request {
            url: "http://u:x4@host/a?password=x5#access_token=x6".parse().ok(),
            headers: headers
                .map(|(name, reported)| (name.to_owned(), reported.to_owned()))
                .into_iter()
                .collect(),
            cookies: Some("a=x7".to_owned()),
            ..Request::default()
        };
        reported
            .headers
            .insert("baggage".to_owned(), "sentry-release=r,my-token=x8,note=password%3Dx9".to_owned());
        request(&mut reported);
        let written = serde_json::to_string(&reported).unwrap();
        assert!(!written.contains("x1") && (2..=9).all(|n| !written.contains(&format!("x{n}"))), "{written}");
        assert!(written.contains("sentry-release=r") && written.contains("host/a"), "{written}");
    }
}
