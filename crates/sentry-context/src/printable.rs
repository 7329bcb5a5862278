//! Texts from outside as one line that a terminal shows but does not interpret.

/// Escapes line ends, control characters, and characters that change the direction of a text.
pub(crate) fn printable(text: &mut String) {
    let moves = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if text.contains(moves) {
        let mut codes = [0; 2];
        *text = text.chars().fold(String::with_capacity(text.len()), |mut line, character| {
            match character {
                '\n' => line.push_str("\\n"),
                '\r' => line.push_str("\\r"),
                '\t' => line.push_str("\\t"),
                // As JSON writes it: all of them have one code.
                character if moves(character) => {
                    character
                        .encode_utf16(&mut codes)
                        .iter()
                        .for_each(|code| line.push_str(&format!("\\u{code:04x}")));
                }
                character => line.push(character),
            }
            line
        });
    }
}
