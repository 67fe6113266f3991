//! Text of a guest in output: in `Display`, in logs.
//!
//! A guest chooses the text of its errors, its names and its console. Shown unchanged, a newline forges a line of a log, ESC
//! commands a terminal, and bidirectional marks reorder the text on a screen. So [`Shown`] escapes every text of a guest
//! that is shown. The fields of errors keep the text as it is.

use std::fmt::{self, Display, Write as _};

/// How many characters of one text are shown.
const MOST: usize = 4096;

/// A text whose unseen characters are escaped as in Rust (`\n`, `\u{1b}`), cut after 4,096 characters.
pub struct Shown<'t>(pub &'t str);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, character) in self.0.chars().enumerate() {
            match character {
                _ if at == MOST => return f.write_char('…'),
                _ if is_unseen(character) => Display::fmt(&character.escape_default(), f)?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// The name of a script, which an application can leave empty.
pub struct ScriptName<'t>(pub &'t str);

impl Display for ScriptName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("a script without a name") } else { Shown(self.0).fmt(f) }
    }
}

/// Whether a character is a control, a line break, a bidirectional mark, or has no width.
pub fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{110bd}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_shown_or_escaped() {
        for character in '\0'..=char::MAX {
            let text = character.to_string();
            let shown = Shown(&text).to_string();
            assert!(!shown.chars().any(is_unseen), "{character:?}");
            assert_eq!(shown == text, !is_unseen(character), "{character:?}");
            // A character without a glyph, which Rust's `Debug` also escapes, is escaped here.
            if character.is_control() {
                assert_eq!(shown, character.escape_default().to_string());
            }
        }
        assert_eq!(Shown("a\nb\u{1b}[2J\u{202e}é\t").to_string(), "a\\nb\\u{1b}[2J\\u{202e}é\\t");
    }

    #[test]
    fn a_long_text_is_cut() {
        let shown = Shown(&"\n".repeat(MOST + 1)).to_string();
        assert_eq!(shown.len(), 2 * MOST + '…'.len_utf8());
        assert_eq!(Shown(&"x".repeat(MOST)).to_string().len(), MOST);
    }
}
