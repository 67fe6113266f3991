//! The lines of a script around the place of an error, with a caret below.
//!
//! The text is the host's own copy of the script, so a guest cannot choose it after the fact. The place is what the error says, and
//! a place that the script does not have gives no frame. [`Error::code_frame`] is the only entrance.

use std::fmt::Write as _;

use super::{Error, StackFrame, Thrown};
use crate::script::lines::lines;
use crate::script::{OriginalPlace, Script};
use crate::shown::Shown;

/// The longest part of a line that is shown, in characters.
const WIDTH: usize = 100;

impl Error {
    /// Three lines of the script around the place of this error, and a caret below the column.
    ///
    /// The place is that of a syntax error, or the innermost frame of an exception's stack that is in the script. Long lines
    /// are cut around the column, and unprintable characters are escaped. If the script's source map has the text that the place
    /// was made from, the lines are those of that text. `None` if the error has no place in the script.
    ///
    /// ```
    /// use sandbox_runtime::{LocalSandbox, Script};
    ///
    /// let script = Script::new("rule.js", "const rate = 4;\nexport const price = (quantity => quantity * rate;");
    /// let error = LocalSandbox::builder().build()?.eval(script.clone()).map(drop).unwrap_err();
    /// let frame = error.code_frame(&script).expect("the error has a place");
    /// assert!(frame.starts_with("  1 | const rate = 4;\n> 2 | export const price = (quantity => quantity * rate;\n    | "));
    /// assert!(frame.ends_with("^\n"));
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn code_frame(&self, script: &Script) -> Option<String> {
        match self {
            Self::Syntax { script: name, line, column, original, .. } => {
                frame(script, name, (*line, *column), original.as_deref())
            }
            Self::Guest(thrown) => of_stack(thrown, script),
            _ => None,
        }
    }
}

fn of_stack(thrown: &Thrown, script: &Script) -> Option<String> {
    let of_place =
        |place: &StackFrame| frame(script, &place.file, (place.line, place.column), place.original.as_ref());
    thrown.stack.iter().find_map(of_place)
}

/// The frame of the original text, if the script's own map has the text, or else of the script's.
fn frame(
    script: &Script,
    name: &str,
    place: (usize, usize),
    original: Option<&OriginalPlace>,
) -> Option<String> {
    let module = script.member(name)?;
    let of_original = |original: &OriginalPlace| {
        lines_of(module.original_text(&original.file)?, (original.line, original.column))
    };
    original.and_then(of_original).or_else(|| lines_of(module.written(), place))
}

/// Line and column count from 1, and the column in UTF-16 units.
fn lines_of(text: &str, (line, column): (usize, usize)) -> Option<String> {
    let first = line.checked_sub(1)?.max(1);
    let lines: Vec<_> = (1..).zip(lines(text)).skip(first - 1).take(line - first + 2).collect();
    let (_, marked) = lines.iter().find(|(number, _)| *number == line)?;
    let at = characters_before(marked, column.checked_sub(1)?);
    let start = at.saturating_sub(WIDTH / 2);
    let digits = line.saturating_add(1).to_string().len();
    let mut frame = String::new();
    for &(number, text) in &lines {
        let sign = if number == line { '>' } else { ' ' };
        _ = writeln!(frame, "{sign} {number:>digits$} | {}", Shown(&cut(text, start, WIDTH)));
        if number == line {
            let before = Shown(&cut(marked, start, at - start)).to_string();
            _ = writeln!(frame, "  {:>digits$} | {}^", "", " ".repeat(before.chars().count()));
        }
    }
    Some(frame)
}

/// The number of characters in front of a column, which counts UTF-16 units from 0.
fn characters_before(line: &str, column: usize) -> usize {
    let mut units = 0;
    let before = line.chars().take_while(|character| {
        units += character.len_utf16();
        units <= column
    });
    before.count()
}

fn cut(line: &str, start: usize, length: usize) -> String {
    line.chars().skip(start).take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(source: &str, place: (usize, usize)) -> Option<String> {
        frame(&Script::new("a.js", source), "a.js", place, None)
    }

    #[test]
    fn the_line_stands_between_its_neighbours() {
        assert_eq!(at("a\nbc\nd\ne", (2, 2)).as_deref(), Some("  1 | a\n> 2 | bc\n    |  ^\n  3 | d\n"));
        assert_eq!(at("a", (1, 1)).as_deref(), Some("> 1 | a\n    | ^\n"));
        assert_eq!(at("a\r\nb", (2, 9)).as_deref(), Some("  1 | a\n> 2 | b\n    |  ^\n"));
        assert_eq!(
            at("a\rb\u{2028}c\u{2029}d\r\ne", (4, 1)).as_deref(),
            Some("  3 | c\n> 4 | d\n    | ^\n  5 | e\n")
        );
        let ten = "x\n".repeat(12);
        assert_eq!(at(&ten, (10, 1)).as_deref(), Some("   9 | x\n> 10 | x\n     | ^\n  11 | x\n"));
    }

    #[test]
    fn columns_count_utf_16_and_unseen_characters_are_escaped() {
        assert_eq!(at("😀x", (1, 3)).as_deref(), Some("> 1 | 😀x\n    |  ^\n"));
        assert_eq!(at("\u{1b}x", (1, 2)).as_deref(), Some("> 1 | \\u{1b}x\n    |       ^\n"));
    }

    #[test]
    fn a_long_line_is_cut_around_the_column() {
        let line = format!("{}HERE{}", "a".repeat(1_000_000), "b".repeat(1_000_000));
        let frame = at(&line, (1, 1_000_001)).expect("the place is there");
        assert!(frame.contains("HERE") && frame.len() < 300, "{frame}");
        assert!(frame.ends_with(&format!("| {}^\n", " ".repeat(50))));
    }

    #[test]
    fn a_place_that_is_not_there_has_no_frame() {
        for place in [(0, 0), (0, 1), (1, 0), (3, 1), (usize::MAX, usize::MAX)] {
            assert_eq!(at("a\nb", place), None, "{place:?}");
        }
        assert!(at("a", (1, usize::MAX)).is_some());
        assert_eq!(frame(&Script::new("a.js", "a"), "b.js", (1, 1), None), None);
    }

    /// The frame of TypeScript is of the text with its types.
    #[test]
    fn the_text_is_the_one_that_was_written() {
        let script = Script::new("a.ts", "let a: number = ;");
        _ = script.entry().strip();
        assert!(frame(&script, "a.ts", (1, 17), None).expect("the place is there").contains("a: number"));
    }
}
