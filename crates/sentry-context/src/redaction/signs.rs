//! Bytes without which a text holds no secret of a kind. Most texts have none of them, and need no search.

/// Before a host.
pub(super) const AT: u8 = 1;
/// After a name, before an option, around a block of PEM.
pub(super) const SEPARATOR: u8 = 2;
/// At the start of `Bearer` and `Basic`.
pub(super) const SCHEME: u8 = 4;
/// In numbers of cards and accounts.
pub(super) const DIGIT: u8 = 8;

const fn of_byte(byte: u8) -> u8 {
    match byte {
        b'@' => AT,
        b'=' | b':' | b'>' | b'-' => SEPARATOR,
        b'b' | b'B' => SCHEME,
        b'0'..=b'9' => DIGIT,
        _ => 0,
    }
}

static OF_BYTE: [u8; 256] = {
    let mut signs = [0; 256];
    let mut byte = 0;
    while byte < signs.len() {
        signs[byte] = of_byte(byte as u8);
        byte += 1;
    }
    signs
};

/// The signs that are somewhere in a text.
pub(super) fn of(text: &[u8]) -> u8 {
    text.iter().fold(0, |signs, byte| signs | OF_BYTE[usize::from(*byte)])
}
