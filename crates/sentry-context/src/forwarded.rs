//! The client's address behind proxies, by the headers in which they say it: `Forwarded`
//! ([RFC 7239](https://www.rfc-editor.org/rfc/rfc7239)), `X-Forwarded-For`, `X-Real-IP`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// How much of the headers of one name is read, in bytes: dozens of proxies.
const LIMIT: usize = 4_096;

/// Finds the client in the value of a header.
type Reader = fn(&str) -> Option<IpAddr>;

/// The first public address that the headers name, in their order. Without such a header nobody stands between, and the
/// peer is the client; a proxy that names no public address leaves it unknown.
pub(crate) fn client(headers: &HeaderMap, peer: Option<IpAddr>) -> Option<IpAddr> {
    let list = |name| {
        let all: Vec<_> = headers.get_all(name).map(HeaderValue::as_bytes).collect();
        String::from_utf8_lossy(&all.join(&b',')).chars().take(LIMIT).collect::<String>()
    };
    let readers: [(Reader, HeaderName); 3] =
        [(forwarded, FORWARDED), (plain, X_FORWARDED_FOR), (plain, X_REAL_IP)];
    if readers.iter().all(|(_, name)| !headers.contains_key(name)) {
        return peer;
    }
    readers.into_iter().find_map(|(read, name)| read(&list(name)))
}

/// The first public `for=…` of `Forwarded`.
fn forwarded(header: &str) -> Option<IpAddr> {
    let pairs = split(header, &[',', ';']);
    let nodes = pairs.into_iter().filter_map(|pair| {
        let (name, node) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| node.to_owned())
    });
    nodes.filter_map(|node| address(&node)).find(is_public)
}

/// The first public address of a plain list.
fn plain(header: &str) -> Option<IpAddr> {
    header.split(',').filter_map(address).find(is_public)
}

/// Splits outside of quotes.
fn split<'h>(header: &'h str, at: &[char]) -> Vec<&'h str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = header.split(|c| {
        let was_escaped = std::mem::take(&mut escaped);
        match c {
            '\\' if quoted && !was_escaped => escaped = true,
            '"' if !was_escaped => quoted = !quoted,
            c => return !quoted && at.contains(&c),
        }
        false
    });
    parts.collect()
}

/// An address, alone or with a port, in quotes or not; `None` for `unknown`, hidden names and the like.
fn address(node: &str) -> Option<IpAddr> {
    let node = node.trim();
    let node =
        node.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(node).replace('\\', "");
    let node = node.trim();
    if let Some(rest) = node.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let is_port = port.is_empty() || port.starts_with(':');
        return if is_port { Some(IpAddr::V6(address.parse().ok()?)) } else { None };
    }
    let with_port = || node.rsplit_once(':').and_then(|(address, _)| Some(IpAddr::V4(address.parse().ok()?)));
    node.parse().ok().or_else(with_port)
}

/// Could it be anybody's on the internet?
fn is_public(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(*address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_public_v4(mapped),
            None => is_public_v6(*address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    let protocols = [first, second, third] == [192, 0, 0];
    let benchmarks = first == 198 && (18..20).contains(&second);
    let reserved = first == 0 || first >= 240 || shared || protocols || benchmarks;
    !(reserved
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let documentation = (first, second) == (0x2001, 0x0db8);
    // All that is handed out to anybody lies in 2000::/3.
    (0x2000..0x4000).contains(&first) && !documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(headers: &[(&'static str, &str)]) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        client(&map, Some([10, 0, 0, 1].into())).map(|address| address.to_string())
    }

    #[test]
    fn the_first_public_address_is_the_clients_however_it_is_written() {
        for (name, header, expected) in [
            ("x-forwarded-for", "8.8.8.8", Some("8.8.8.8")),
            ("x-forwarded-for", "8.8.8.8:4711, 10.0.0.2", Some("8.8.8.8")),
            ("x-forwarded-for", "unknown, 10.1.2.3 ,8.8.8.8", Some("8.8.8.8")),
            ("x-forwarded-for", "[2a00::1]:443, 8.8.8.8", Some("2a00::1")),
            ("x-forwarded-for", "2a00::1", Some("2a00::1")),
            ("x-forwarded-for", "[2a00::1]", Some("2a00::1")),
            ("x-forwarded-for", "\"8.8.8.8\"", Some("8.8.8.8")),
            ("x-forwarded-for", "127.0.0.1, 192.168.0.1, fe80::1, ::1, 100.64.0.1, 0.0.0.0", None),
            ("x-forwarded-for", "::ffff:10.0.0.1, ::ffff:8.8.8.8", Some("::ffff:8.8.8.8")),
            ("x-forwarded-for", "unknown", None),
            ("x-forwarded-for", "", None),
            ("x-forwarded-for", "8.8.8.8.8, 8.8.8, [::1, x]:1", None),
            ("x-real-ip", "8.8.4.4", Some("8.8.4.4")),
            ("x-real-ip", "8.8.4.4:80", Some("8.8.4.4")),
            ("forwarded", "for=8.8.8.8;proto=https;by=1.1.1.1", Some("8.8.8.8")),
            ("forwarded", "For=\"[2a00::1]:4711\"", Some("2a00::1")),
            ("forwarded", "proto=http; for=\"8.8.8.8:80\" , for=1.1.1.1", Some("8.8.8.8")),
            ("forwarded", "for=unknown, for=_hidden, for=10.0.0.1, for=1.1.1.1", Some("1.1.1.1")),
            ("forwarded", "host=\"a,for=9.9.9.9;\\\"\";for=1.1.1.1", Some("1.1.1.1")),
            ("forwarded", "by=1.1.1.1", None),
            ("forwarded", "for=", None),
        ] {
            assert_eq!(found(&[(name, header)]).as_deref(), expected, "{name}: {header}");
        }
    }

    #[test]
    fn the_headers_are_read_in_their_order_and_several_of_one_name_are_one_list() {
        let both = [("x-real-ip", "9.9.9.9"), ("x-forwarded-for", "8.8.8.8"), ("forwarded", "for=1.1.1.1")];
        assert_eq!(found(&both).as_deref(), Some("1.1.1.1"));
        assert_eq!(found(&both[..2]).as_deref(), Some("8.8.8.8"));
        let hidden =
            [("forwarded", "for=unknown"), ("x-forwarded-for", "10.0.0.1"), ("x-forwarded-for", "8.8.8.8")];
        assert_eq!(found(&hidden).as_deref(), Some("8.8.8.8"));
        assert_eq!(found(&[]).as_deref(), Some("10.0.0.1"), "nobody stands between");
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn fuzz_any_header_names_a_public_address_or_none(
            header in r#"(for=|by=|8\.8\.8\.8|10\.0\.0\.1|2a00::1|::1|unknown|[\[\]",;:\\= ]|[0-9a-f.:]{1,4}|é){0,40}"#
        ) {
            let mut map = HeaderMap::new();
            for name in [FORWARDED, X_FORWARDED_FOR, X_REAL_IP] {
                map.insert(name, HeaderValue::from_bytes(header.as_bytes()).unwrap());
            }
            let found = client(&map, None);
            proptest::prop_assert!(found.is_none_or(|address| is_public(&address)));
            let written = found.map(|address| plain(&address.to_string()));
            proptest::prop_assert_eq!(written, found.map(Some));
        }
    }
}
