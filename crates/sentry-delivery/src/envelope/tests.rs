use crate::gzip::MAX_PLAIN_BYTES;

use super::*;

#[test]
fn torn_bytes_are_no_envelope() {
    let whole =
        EncodedEnvelope::of_bytes(b"{}\n{\"type\":\"event\"}\n{}\n".to_vec()).unwrap().compressed().unwrap();
    assert_eq!(EncodedEnvelope::of_gzip(whole.to_vec()).unwrap().category, Category::Error);
    for length in 0..whole.len() {
        assert!(EncodedEnvelope::of_gzip(whole[..length].to_vec()).is_err(), "{length} of {}", whole.len());
    }
}

#[test]
fn a_bomb_is_refused_before_it_takes_more_than_the_bound() {
    let zeros = vec![0; MAX_PLAIN_BYTES as usize + 1];
    let error = EncodedEnvelope::of_gzip(compress(&zeros).unwrap()).unwrap_err();
    assert!(error.to_string().contains("decompressed"), "{error}");
}

#[test]
fn a_header_says_when_it_is_sent_and_the_rest_stays() {
    let now = SystemTime::now() + Duration::from_secs(3_600);
    let sent_at = |encoded: &EncodedEnvelope| {
        let plain = encoded.plain().unwrap();
        let (header, rest) = plain.split_at(plain.iter().position(|byte| *byte == b'\n').unwrap());
        let header: Value = serde_json::from_slice(header).unwrap();
        (header["event_id"] == "1", header["sent_at"].clone(), rest.to_vec())
    };
    let item = format!("\n{{\"type\":\"event\"}}\n{{\"message\":\"{}\"}}\n", "m".repeat(9_000));
    for (header, is_packed) in
        [(r#"{"event_id":"1"}"#, false), (r#"{"sent_at":"1970-01-01T00:00:00Z","event_id":"1"}"#, true)]
    {
        let body = format!("{header}{}", &item[..if is_packed { item.len() } else { 30 }]);
        let mut encoded = EncodedEnvelope::of_bytes(body.into_bytes()).unwrap();
        let before = sent_at(&encoded);
        encoded.stamp(now);
        let after = sent_at(&encoded);
        assert_eq!((encoded.gzip, after.0, &after.2), (is_packed, true, &before.2));
        assert_ne!(after.1, before.1);
        // Fresh enough; then too old; then a clock that was set back.
        for (now, is_new) in
            [(now + SENT_AT_PRECISION, false), (now + Duration::from_secs(3), true), (now, true)]
        {
            let before = sent_at(&encoded).1;
            encoded.stamp(now);
            assert_eq!(sent_at(&encoded).1 != before, is_new);
        }
    }
}

#[test]
fn what_has_no_header_stays_as_it_is() {
    for torn in [&b""[..], b"\n", b"[]\n{}", b"{\n", b"nonsense"] {
        let mut encoded = EncodedEnvelope::of_bytes(torn.to_vec()).unwrap();
        encoded.stamp(SystemTime::now());
        assert_eq!(*encoded.plain().unwrap(), *torn);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn fuzz_only_whole_gzip_is_read_from_a_disk(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..2_000)) {
        let _ = EncodedEnvelope::of_gzip(bytes.clone());
        let packed = compress(&bytes).unwrap();
        assert_eq!(*EncodedEnvelope::of_gzip(packed).unwrap().plain().unwrap(), *bytes);
    }
}
