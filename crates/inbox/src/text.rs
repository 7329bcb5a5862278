//! Texts of foreign origin, cut to what a list shows.

/// Longest title, value or culprit that is kept beside the payload, bytes.
pub(crate) const LONG: usize = 1024;

/// Longest name: of a service, a release, a type, a reason … bytes.
pub(crate) const SHORT: usize = 256;

/// What stands for the rest.
const MARK: &str = "…";

/// The text, or as much of it as fits and a mark.
pub(crate) fn clip(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most - MARK.len()).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{}{MARK}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters_and_marked() {
        assert_eq!(clip("short", 5), "short");
        assert_eq!(clip("longer", 5), "lo…");
        assert_eq!(clip("äöü", 5), "ä…");
        assert_eq!(clip("💎💎", 7), "💎…");
    }
}
