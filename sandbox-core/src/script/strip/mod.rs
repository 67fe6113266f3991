//! Strips types from TypeScript: what is of types becomes spaces, so lines and columns stay.
//!
//! The work is done by `swc_ts_fast_strip` in its mode that strips only, which Node.js has too. An optimised build takes 0.6 ms
//! for 10 KB. With what it depends on, 150 crates, it adds 8 MB to a program, and 90 s of one processor to its build. `oxc` (80
//! crates for its parser) has no mode that strips and keeps positions, and `deno_ast` wraps the parser that is used here.
//! Texts of guests are hostile, so
//!
//! - `nesting` bounds a text before the parser sees it, and the parser runs on a stack of its own, [`STACK`];
//! - `nesting` also bounds how often the parser can go back and read a text again, which doubles its time with each nesting;
//! - a panic of the parser is a refusal, and so is a stack that the system does not give;
//! - the length is bounded by `Limits::script_bytes` before.
//!
//! [`ScriptModule::strip`](super::ScriptModule::strip) is the only caller.

mod nesting;
mod tokens;

use std::sync::{Arc, Mutex};

use swc_common::errors::{DiagnosticBuilder, Emitter, Handler};
use swc_common::sync::Lrc;
use swc_common::{GLOBALS, Globals, SourceMap};
use swc_ts_fast_strip::{Options, operate};

use self::tokens::Fault;
use super::ScriptFormat;
use super::lines::lines;
use super::typescript::{NotStripped, Refusal, StripEffort, Stripped};
use crate::panic::text_of;

/// The stack of the parser, in bytes. Pages that are not used cost nothing.
const STACK: usize = 128 << 20;

/// How a text is read: what stands around it, and whether it is a module.
struct StripReading {
    before: &'static str,
    after: &'static str,
    is_module: Option<bool>,
}

const PROGRAM: StripReading = StripReading { before: "", after: "", is_module: None };
const MODULE: StripReading = StripReading { before: "", after: "", is_module: Some(true) };
const STATEMENTS: StripReading = StripReading { before: "", after: "", is_module: Some(false) };
const BODY: StripReading =
    StripReading { before: "function body() {\n", after: "\n}", is_module: Some(false) };
const ASYNC_BODY: StripReading =
    StripReading { before: "async function body() {\n", after: "\n}", is_module: Some(false) };
const EXPRESSION: StripReading = StripReading { before: "(\n", after: "\n)", is_module: Some(false) };

/// The text without types. The form is that of the text; `None` stands for the form that parses.
pub(super) fn strip(source: &str, format: Option<&ScriptFormat>) -> Result<Stripped, Refusal> {
    let readings: &[StripReading] = match format {
        None => &[PROGRAM, BODY, EXPRESSION],
        Some(ScriptFormat::Module) => &[MODULE],
        Some(ScriptFormat::CommonJs) => &[PROGRAM, BODY],
        Some(ScriptFormat::Body { is_async: false, .. }) => &[BODY],
        Some(ScriptFormat::Body { is_async: true, .. }) => &[ASYNC_BODY],
        Some(ScriptFormat::Expression) => &[EXPRESSION],
        Some(ScriptFormat::LastValue { .. }) => &[STATEMENTS],
        // Data has no types.
        Some(ScriptFormat::Json | ScriptFormat::Text) => {
            return Ok(Stripped { text: source.to_owned(), effort: StripEffort::default() });
        }
    };
    let effort = nesting::check(source).map_err(|(fault, at)| refusal_of(fault, source, at))?;
    let mut furthest: Option<Refusal> = None;
    for reading in readings {
        match reading.strip(source) {
            Ok(text) => return Ok(Stripped { text, effort }),
            Err(refusal) if refusal.kind.is_some() => return Err(refusal),
            Err(refusal) => {
                if furthest.as_ref().is_none_or(|furthest| furthest.place < refusal.place) {
                    furthest = Some(refusal);
                }
            }
        }
    }
    Err(furthest.unwrap_or_else(|| Refusal::new("the text has no form", (0, 0), None)))
}

impl StripReading {
    fn strip(&self, source: &str) -> Result<String, Refusal> {
        let Self { before, after, is_module } = *self;
        // The parser would drop byte order marks, and so move columns.
        let start = source.len() - source.trim_start_matches('\u{feff}').len();
        // The semicolon of an expression stands behind the bracket.
        let end = match before {
            "(\n" => source.trim_end().strip_suffix(';').map_or(source.len(), str::len).max(start),
            _ => source.len(),
        };
        let (marks, inner, rest) = (&source[..start], &source[start..end], &source[end..]);
        let text = format!("{before}{inner}{after}");
        // A panic comes from the parser, or from a system that has no memory for the stack.
        let stripped = std::panic::catch_unwind(|| stacker::grow(STACK, || stripped(text, is_module)));
        let stripped = stripped.unwrap_or_else(|panic| {
            Err((format!("the parser of TypeScript panicked: {}", text_of(panic)), 0))
        });
        match stripped {
            Ok(text) => match text.get(before.len()..text.len().saturating_sub(after.len())) {
                Some(inner) => Ok(format!("{marks}{inner}{rest}")),
                None => Err(Refusal::new("the parser of TypeScript lost the text", (0, 0), None)),
            },
            Err((message, at)) => {
                let kind = not_stripped(&message);
                let at = (start + at.saturating_sub(before.len())).min(source.len());
                Err(Refusal::new(&message, place(source, at), kind))
            }
        }
    }
}

/// The text without types, or the first diagnostic and its position in bytes.
fn stripped(text: String, is_module: Option<bool>) -> Result<String, (String, usize)> {
    let found = Arc::new(Mutex::new(None));
    let handler = Handler::with_emitter(false, false, Box::new(First(found.clone())));
    let options = Options { module: is_module, ..Options::default() };
    let sources: Lrc<SourceMap> = Lrc::default();
    let outcome = GLOBALS.set(&Globals::new(), || operate(&sources, &handler, text, options));
    outcome.map(|output| output.code).map_err(|error| {
        let found = found.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        found.unwrap_or((error.message, 0))
    })
}

/// The first diagnostic, and its position in bytes.
type Diagnostic = Arc<Mutex<Option<(String, usize)>>>;

struct First(Diagnostic);

impl Emitter for First {
    fn emit(&mut self, found: &mut DiagnosticBuilder<'_>) {
        // The first position of a source map is 1.
        let at = found.span.primary_span().map_or(0, |span| span.lo.0.saturating_sub(1) as usize);
        let first = &mut *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if first.as_ref().is_none_or(|(_, other)| at < *other) {
            *first = Some((found.message(), at));
        }
    }
}

/// The parser tells these apart by its words alone.
fn not_stripped(message: &str) -> Option<NotStripped> {
    let kinds = [
        ("TypeScript enum ", NotStripped::Enum),
        ("TypeScript namespace ", NotStripped::Namespace),
        ("TypeScript parameter property ", NotStripped::ParameterProperty),
        ("TypeScript import equals ", NotStripped::ImportEquals),
        ("TypeScript export assignment ", NotStripped::ExportEquals),
        ("The angle-bracket syntax ", NotStripped::AngleBrackets),
        ("A unary or await expression on the left-hand side of `**` ", NotStripped::Power),
    ];
    kinds.into_iter().find(|(words, _)| message.starts_with(words)).map(|(_, kind)| kind)
}

fn refusal_of(fault: Fault, source: &str, at: usize) -> Refusal {
    let (message, kind) = match fault {
        Fault::Slash => ("a slash that divides or begins a regular expression", Some(NotStripped::Slash)),
        Fault::Unfinished => ("a string, a template, a regular expression or a comment has no end", None),
        Fault::Bracket => ("a bracket closes none of its kind", None),
        Fault::Mark => ("a comment of HTML, or the mark of a merge", None),
        Fault::Decorator => ("decorators are not stripped", Some(NotStripped::Decorator)),
        Fault::TooDeep => ("the text is nested too deeply to be stripped", Some(NotStripped::TooDeep)),
        Fault::TooSlow => (
            "types, arrow functions or calls with types are nested too deeply here",
            Some(NotStripped::TooDeep),
        ),
    };
    Refusal::new(message, place(source, at), kind)
}

/// The line and the column of a position in bytes, from 1. Columns count UTF-16 units.
fn place(source: &str, at: usize) -> (usize, usize) {
    let (line, text) = lines(source.get(..at).unwrap_or(source)).enumerate().last().unwrap_or_default();
    (line + 1, text.encode_utf16().count() + 1)
}

#[cfg(test)]
mod tests;
