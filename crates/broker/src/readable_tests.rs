use lapin::protocol::AMQPClass;
use lapin::types::{AMQPValue, FieldTable};
use proptest::prelude::*;

use super::*;

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&[kind, 0, 1][..], &length, payload, &[0xce]].concat()
}

/// The frames of that stream, as they are read when they come in pieces of that size.
fn read(stream: &[u8], piece: usize) -> Vec<u8> {
    let (mut frames, mut ready) = (Readable::default(), Vec::new());
    stream.chunks(piece).for_each(|came| frames.take(came, &mut ready));
    ready.extend(frames.rest());
    ready
}

fn text(text: &[u8]) -> Vec<u8> {
    [&[text.len() as u8][..], text].concat()
}

fn deliver(key: &[u8]) -> Vec<u8> {
    let method = [0, 60, 0, 60];
    frame(METHOD, &[&method[..], &text(b"tag"), &[0; 9], &text(b"shop"), &text(key)].concat())
}

/// A header with these properties, in their order, and nothing else.
fn header_with(flags: u16, properties: &[u8]) -> Vec<u8> {
    frame(HEADER, &[&[0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2][..], &flags.to_be_bytes(), properties].concat())
}

fn table(entries: &[u8]) -> Vec<u8> {
    [&(entries.len() as u32).to_be_bytes()[..], entries].concat()
}

/// What the library says of the headers of a message.
fn headers(frame: &[u8]) -> FieldTable {
    let properties = &frame[HEAD + 14..frame.len() - 1];
    lapin::types::parsing::parse_field_table(properties).unwrap().1
}

#[test]
fn bytes_that_are_no_text_become_question_marks() {
    for (came, text) in [
        (&b"order.created"[..], "order.created"),
        (b"\xff\xfeorder", "??order"),
        ("é🍒".as_bytes(), "é🍒"),
        (b"\xf0\x9f\x8d", "???"),
        (b"a\xc3(", "a?("),
        (b"", ""),
    ] {
        let mut came = came.to_vec();
        as_text(&mut came);
        assert_eq!(String::from_utf8(came).unwrap(), text);
    }
}

#[test]
fn a_delivery_by_a_key_that_is_no_text_can_be_read() {
    let stream = deliver(b"refund.\xff");
    let ready = read(&stream, 3);
    assert_eq!(ready, deliver(b"refund.?"));
    let (_, method) = lapin::protocol::parse_class(&ready[HEAD..ready.len() - 1]).unwrap();
    assert!(matches!(method, AMQPClass::Basic(_)), "{method:?}");
}

#[test]
fn properties_that_are_no_text_can_be_read_and_the_others_stay() {
    // All fourteen, in their order.
    let properties = |odd: &[u8]| {
        let odd = text(odd);
        let parts: [&[u8]; 14] =
            [&odd, &odd, &table(&[]), &[2], &[255], &odd, &odd, &odd, &odd, &[9; 8], &odd, &odd, &odd, &odd];
        header_with(0xfffc, &parts.concat())
    };
    assert_eq!(read(&properties(b"\x80x"), 1), properties(b"?x"));
    assert_eq!(read(&properties("é".as_bytes()), 1_000), properties("é".as_bytes()));
}

#[test]
fn tables_are_read_to_a_depth_and_are_bytes_below() {
    let mut deep = [&text(b"end")[..], b"V"].concat();
    for _ in 0..20_000 {
        deep = [&text(b"")[..], b"F", &table(&deep)].concat();
    }
    let ready = read(&header_with(0x2000, &table(&deep)), CHUNKS);
    let (mut depth, mut inner) = (0, headers(&ready));
    while let Some(AMQPValue::FieldTable(table)) = inner.inner().get("").cloned() {
        (depth, inner) = (depth + 1, table);
    }
    assert_eq!(depth, DEPTH);
    assert!(matches!(inner.inner().get(""), Some(AMQPValue::ByteArray(_))), "{inner:?}");
}

/// Bytes of a piece.
const CHUNKS: usize = 16 * 1024;

#[test]
fn a_table_that_cannot_be_read_is_bytes() {
    for odd in [&b"\x01a?xxxx"[..], b"\x01aS\xff\xff\xff\xff", b"\x01a", b"\xff\xff", b"\x01at"] {
        let ready = read(&header_with(0x2000, &table(odd)), 5);
        assert_eq!(headers(&ready).inner().len(), 1, "{odd:?}");
    }
}

#[test]
fn bodies_and_what_is_no_frame_go_through_as_they_are() {
    let body = frame(3, &[0xff; 50_000]);
    let stream = [&body[..], &deliver(b"key"), &body, &frame(8, b"")].concat();
    for piece in [1, 7, 4_096, stream.len()] {
        assert!(read(&stream, piece) == stream, "{piece}");
    }
    assert_eq!(read(b"AMQP\x00\x00\x09\x01", 2), b"AMQP\x00\x00\x09\x01");
    let huge = [&[METHOD, 0, 1, 0xff, 0xff, 0xff, 0xff][..], &[0; 5_000]].concat();
    assert_eq!(read(&huge, 100), huge);
}

proptest! {
    #[test]
    fn fuzz_every_stream_keeps_its_length_and_no_piece_matters(
        frames in prop::collection::vec((prop_oneof![Just(METHOD), Just(HEADER), any::<u8>()], prop::collection::vec(any::<u8>(), 0..80)), 0..6),
        piece in 1_usize..100,
    ) {
        let stream = frames.iter().flat_map(|(kind, payload)| frame(*kind, payload)).collect::<Vec<_>>();
        let ready = read(&stream, piece);
        prop_assert_eq!(ready.len(), stream.len());
        prop_assert_eq!(&ready, &read(&stream, stream.len().max(1)));
        // What is readable stays.
        prop_assert_eq!(&read(&ready, piece), &ready);
    }

    #[test]
    fn fuzz_every_table_can_be_read_by_the_library(entries in prop::collection::vec(any::<u8>(), 2..200)) {
        let ready = read(&header_with(0x2000, &table(&entries)), 64);
        let properties = &ready[HEAD + 14..ready.len() - 1];
        prop_assert!(lapin::types::parsing::parse_field_table(properties).is_ok(), "{:?}", ready);
    }

    #[test]
    fn fuzz_every_delivery_can_be_read_by_the_library(key in prop::collection::vec(any::<u8>(), 0..255)) {
        let ready = read(&deliver(&key), 64);
        prop_assert!(lapin::protocol::parse_class(&ready[HEAD..ready.len() - 1]).is_ok());
    }
}
