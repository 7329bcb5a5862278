//! Numbers of payment cards and bank accounts, found by their check digits, and social security numbers, found by their
//! form.

use std::ops::Range;

use super::work::looked_at;

/// The shortest of these numbers has so many digits: that of social security.
const SHORTEST: usize = 9;

/// The longest account number.
const LONGEST_IBAN: usize = 34;

/// The end of the number that starts at `start`, if it is such a number.
pub(super) fn find(bytes: &[u8], start: usize, spans: &mut Vec<Range<usize>>) -> usize {
    let end = groups(bytes, start).last().map_or(start, |group| group.end);
    looked_at(end - start);
    if end - start < SHORTEST {
        return end;
    }
    let groups: Vec<_> = groups(bytes, start).collect();
    // Not a decimal, and not directly before a letter.
    let whole = |range: &Range<usize>, count: usize| {
        let fraction = range.start > 0 && bytes[range.start - 1] == b'.';
        let goes_on = bytes.get(range.end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let decimals =
            bytes.get(range.end) == Some(&b'.') && bytes.get(range.end + 1).is_some_and(u8::is_ascii_digit);
        !goes_on && !(count == 1 && (fraction || decimals))
    };
    let mut at = 0;
    while at < groups.len() {
        let found = [1, 3, 4, 5].into_iter().find_map(|count| {
            let several = groups.get(at..at + count)?;
            let range = several[0].start..several[count - 1].end;
            (whole(&range, count) && is_number(bytes, several)).then_some((count, range))
        });
        match found {
            Some((count, range)) => {
                spans.push(range);
                at += count;
            }
            None => at += 1,
        }
    }
    end
}

/// Runs of digits, each separated from the next by one separator.
fn groups(bytes: &[u8], start: usize) -> impl Iterator<Item = Range<usize>> {
    let mut next = Some(start);
    std::iter::from_fn(move || {
        let at = next?;
        let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_separated = matches!(bytes.get(at + length), Some(b' ' | b'-' | b'.' | b'+'));
        next = is_separated.then_some(at + length + 1);
        (length > 0).then_some(at..at + length)
    })
}

fn is_number(bytes: &[u8], groups: &[Range<usize>]) -> bool {
    let lengths: Vec<_> = groups.iter().map(ExactSizeIterator::len).collect();
    let separator = |at: usize| bytes[groups[at].end];
    match lengths.as_slice() {
        [13..=19] | [4, 4, 4, 4] | [4, 4, 4, 4, 1..=3] | [4, 6, 4 | 5] => {
            let digits: Vec<u8> =
                groups.iter().flat_map(|group| &bytes[group.clone()]).map(|byte| byte - b'0').collect();
            is_card(&digits)
        }
        [3, 2, 4] => separator(0) == b'-' && separator(1) == b'-',
        _ => false,
    }
}

/// Checks the issuer's first digits, the length that this issuer uses, and the check digit.
fn is_card(digits: &[u8]) -> bool {
    let first = digits[..4].iter().fold(0_u32, |number, digit| number * 10 + u32::from(*digit));
    let issued = match first {
        4000..=4999 => matches!(digits.len(), 13 | 16 | 19),
        5100..=5599 | 2221..=2720 => digits.len() == 16,
        3400..=3499 | 3700..=3799 => digits.len() == 15,
        3000..=3059 | 3600..=3699 | 3800..=3999 => matches!(digits.len(), 14 | 16),
        3528..=3589 => digits.len() == 16,
        5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 => matches!(digits.len(), 13..=19),
        6011 | 6200..=6299 | 6440..=6599 | 8100..=8199 => matches!(digits.len(), 16..=19),
        _ => false,
    };
    issued && checks(digits)
}

/// The Luhn algorithm.
fn checks(digits: &[u8]) -> bool {
    let sum: u32 = digits.iter().rev().enumerate().fold(0, |sum, (at, digit)| {
        let digit = u32::from(*digit);
        sum + if at % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
    });
    sum.is_multiple_of(10)
}

/// The end of the IBAN that starts at `start`, in one piece or in groups of four.
pub(super) fn iban(bytes: &[u8], start: usize, spans: &mut Vec<Range<usize>>) -> usize {
    let Some(head @ [b'A'..=b'Z', b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9']) = bytes.get(start..start + 4)
    else {
        return start;
    };
    let (mut at, mut length, mut rest, mut end) = (start + 4, 4, 0, None);
    while length < LONGEST_IBAN {
        if length % 4 == 0 && matches!(bytes.get(at), Some(b' ' | b'-' | b'+')) {
            at += 1;
        }
        let Some(byte @ (b'A'..=b'Z' | b'0'..=b'9')) = bytes.get(at) else { break };
        (rest, at, length) = (append(rest, *byte), at + 1, length + 1);
        let ends = bytes.get(at).is_none_or(|next| !next.is_ascii_alphanumeric());
        // For the check, the first four characters move to the end: two letters, which count as two digits each, and two
        // digits.
        if ends && length >= 15 && (rest * 1_000_000 + head_value(head)) % 97 == 1 {
            end = Some(at);
        }
    }
    looked_at(at - start);
    let Some(end) = end else { return start };
    spans.push(start..end);
    end
}

/// The remainder modulo 97 after one more character. Letters count from 10.
fn append(rest: u32, byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
    }
}

fn head_value(head: &[u8]) -> u32 {
    head.iter().fold(0, |value, byte| match byte {
        b'0'..=b'9' => value * 10 + u32::from(byte - b'0'),
        _ => value * 100 + u32::from(byte - b'A') + 10,
    })
}
