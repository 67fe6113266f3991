//! The lines of a script's text, as engines count them.

/// Whether a character ends a line of JavaScript. A carriage return and a line feed behind it are one end.
pub(crate) fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// The lines of a text, without their ends. The text behind the last end is a line, also if it is empty.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = text.find(is_line_end) else {
            rest = None;
            return Some(text);
        };
        let end = &text[at..];
        let length = if end.starts_with("\r\n") { 2 } else { end.chars().next().map_or(0, char::len_utf8) };
        rest = Some(&end[length..]);
        Some(&text[..at])
    })
}
