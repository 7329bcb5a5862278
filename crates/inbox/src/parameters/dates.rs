//! Dates and times, as logs and servers write them.

use super::forms::{ends_at, run};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The length of the date, the time or both with which the text begins.
pub(super) fn date(text: &str) -> Option<usize> {
    let mut reader = Reader { text, at: 0 };
    let found = reader.date_and_time() || reader.reset() || reader.words() || reader.reset() || reader.time();
    (found && ends_at(text, reader.at)).then_some(reader.at)
}

/// Reads forward. A method that does not find what it looks for leaves the place where it was, unless it says so.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn reset(&mut self) -> bool {
        self.at = 0;
        false
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn one_of(&mut self, characters: &[u8]) -> Option<u8> {
        let byte = self.rest().bytes().next().filter(|byte| characters.contains(byte))?;
        self.at += 1;
        Some(byte)
    }

    fn digits(&mut self, least: usize, most: usize) -> bool {
        let count = run(self.rest(), most + 1, |byte| byte.is_ascii_digit());
        let fits = (least..=most).contains(&count);
        self.at += if fits { count } else { 0 };
        fits
    }

    /// The rest of a form, or the place from before it.
    fn maybe(&mut self, form: impl FnOnce(&mut Self) -> bool) -> bool {
        let before = self.at;
        let found = form(self);
        self.at = if found { self.at } else { before };
        found
    }

    /// `2026-11-26`, `2026/11/26`, `26.11.2026`, `11/26/2026`, with a time or without.
    fn date_and_time(&mut self) -> bool {
        let numbers = self.maybe(|it| it.numbers(4, 1, 2)) || self.maybe(|it| it.numbers(1, 1, 4));
        numbers && {
            self.maybe(|it| it.one_of(b"Tt ").is_some() && it.time());
            true
        }
    }

    fn numbers(&mut self, first: usize, second: usize, third: usize) -> bool {
        let most = |least: usize| least.max(2);
        self.digits(first, most(first)) && {
            let Some(separator) = self.one_of(b"-/.") else { return false };
            let middle = self.digits(second, most(second)) && self.one_of(&[separator]).is_some();
            middle && self.digits(if third == 2 { 1 } else { third }, most(third))
        }
    }

    /// `10:00`, `10:00:00.123`, with a zone or without.
    fn time(&mut self) -> bool {
        let minutes = self.digits(1, 2) && self.one_of(b":").is_some() && self.digits(2, 2);
        minutes && {
            self.maybe(|it| it.one_of(b":").is_some() && it.digits(2, 2));
            self.maybe(|it| it.one_of(b".,").is_some() && it.digits(1, 9));
            self.maybe(Self::zone);
            true
        }
    }

    fn zone(&mut self) -> bool {
        let apart = self.one_of(b" ").is_some();
        if ["UTC", "GMT"].iter().any(|zone| self.rest().starts_with(zone)) {
            self.at += 3;
            return true;
        }
        (!apart && self.one_of(b"Zz").is_some()) || {
            let signed = self.one_of(b"+-").is_some();
            signed
                && (self.digits(4, 4)
                    || self.digits(2, 2) && {
                        self.maybe(|it| it.one_of(b":").is_some() && it.digits(2, 2));
                        true
                    })
        }
    }

    /// `Thu, 26 Nov 2026 10:00:00 GMT`, `Thu Nov 26 10:00:00 2026`, `Nov 26, 2026`.
    fn words(&mut self) -> bool {
        self.maybe(|it| it.name(&DAYS) && it.blank());
        let day = self.maybe(|it| it.digits(1, 2) && it.blank());
        let month = self.name(&MONTHS) && self.blank();
        if !month || !(day || self.digits(1, 2)) {
            return false;
        }
        let year = if day { self.digits(4, 4) } else { self.maybe(|it| it.blank() && it.digits(4, 4)) };
        let time = self.maybe(|it| it.blank() && it.time());
        let late = year || self.maybe(|it| it.blank() && it.digits(4, 4));
        late || time
    }

    /// Blanks, or a comma and blanks.
    fn blank(&mut self) -> bool {
        let comma = self.one_of(b",").is_some();
        let blanks = run(self.rest(), 3, |byte| byte == b' ');
        self.at += blanks;
        blanks > 0 || comma
    }

    /// One of the names, whole or by its first three letters.
    fn name(&mut self, names: &[&str]) -> bool {
        let length = run(self.rest(), 10, |byte| byte.is_ascii_alphabetic());
        let word = self.rest()[..length].to_ascii_lowercase();
        let known = names.iter().any(|name| *name == word || (length == 3 && name.starts_with(&word)));
        self.at += if known { length } else { 0 };
        known
    }
}
