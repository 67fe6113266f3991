//! How a guest's text and numbers are shown in an error.

/// How many characters of a guest's text an error shows.
pub const SHOWN: usize = 64;

/// The first characters of a text, with a mark where it was cut.
pub fn shorten(text: &str) -> String {
    cut(text, SHOWN)
}

/// The first `shown` characters of a text, with a mark where it was cut.
pub fn cut(text: &str, shown: usize) -> String {
    match text.char_indices().nth(shown) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A number as JavaScript writes it, except that -0 is shown as `-0`.
pub fn number(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_characters() {
        let text = "é".repeat(SHOWN + 10);
        assert_eq!(shorten(&text).chars().count(), SHOWN + 1);
        assert!(shorten(&text).ends_with('…'));
        assert_eq!(shorten("short"), "short");
    }

    #[test]
    fn numbers_are_written_as_in_javascript() {
        assert_eq!(number(f64::NAN), "NaN");
        assert_eq!(number(f64::NEG_INFINITY), "-Infinity");
        assert_eq!(number(-0.0), "-0");
        assert_eq!(number(1.5), "1.5");
    }
}
