//! [`SourceMap`]: which file, line and column a place of a generated text was made from.
//!
//! A map comes from the author of the guest, so it is hostile. The map is bounded in bytes before it is read, and takes memory
//! in proportion to its text: the mappings stay as they are written, with a checkpoint for each 256 bytes. A look-up reads
//! what follows one checkpoint. A list of decoded mappings, as crates of this field make it, takes several times the text.
//!
//! A map names files, and no file is opened. A `sourceMappingURL` that is no `data:` is not read.
//!
//! `ScriptModule` reads the map when a place is first asked for. `isolate` asks for the frames of stacks, and
//! `Error::code_frame` for texts.

use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The longest map, in bytes.
const LONGEST: usize = 16 << 20;
/// The most files of a map.
const MOST_FILES: usize = 65_536;
/// The longest name of a file, in characters. The end of a longer name is kept.
const LONGEST_NAME: usize = 256;
/// The bytes of mappings between two checkpoints.
const SPAN: usize = 256;

/// A place in a file that a script was made from, by the script's source map.
///
/// The author of the script wrote the map, so the place is a claim of that author, as the script's own text is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OriginalPlace {
    /// The name of the file, its last 256 characters. No file of that name is read.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

impl OriginalPlace {
    #[doc(hidden)]
    #[must_use]
    pub fn new(file: String, (line, column): (usize, usize)) -> Self {
        Self { file, line, column }
    }
}

/// A source map of the third version.
pub(super) struct SourceMap {
    mappings: String,
    checkpoints: Vec<Checkpoint>,
    files: Vec<File>,
}

struct File {
    /// `None` for the file that has no name.
    name: Option<String>,
    text: Option<String>,
}

/// A place of the mappings at which a look-up can begin.
struct Checkpoint {
    /// The generated line and column of the segment there, from 0.
    key: (u32, u32),
    cursor: Cursor,
    /// The end of the last segment before the next checkpoint.
    end: usize,
}

/// The state that the numbers of the next segment are relative to.
#[derive(Clone, Copy, Default)]
struct Cursor {
    at: usize,
    line: u32,
    column: u32,
    file: u32,
    original: (u32, u32),
}

struct Segment {
    generated: (u32, u32),
    /// The file, and the line and column in it, from 0.
    original: Option<(u32, (u32, u32))>,
}

/// The parts of a map that are read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MapJson {
    version: u64,
    source_root: Option<String>,
    sources: Option<Vec<Option<String>>>,
    sources_content: Option<Vec<Option<String>>>,
    mappings: Option<String>,
    sections: Option<IgnoredAny>,
}

impl SourceMap {
    /// Reads a map.
    ///
    /// # Errors
    ///
    /// The fault of the map, and the remedy.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("the source map has {} bytes, and at most {LONGEST} are read", text.len()));
        }
        // The specification lets a server put `)]}'` and a line break before the map.
        let text = match text.strip_prefix(")]}'") {
            Some(rest) => rest.split_once('\n').map_or("", |(_, text)| text),
            None => text,
        };
        let map: MapJson =
            serde_json::from_str(text).map_err(|error| format!("the source map cannot be read: {error}"))?;
        if map.version != 3 {
            return Err(format!("the source map has the version {}, and only 3 is read", map.version));
        }
        if map.sections.is_some() {
            return Err("the source map has sections, which are not read: make one map of them".into());
        }
        let sources = map.sources.unwrap_or_default();
        if sources.len() > MOST_FILES {
            return Err(format!(
                "the source map names {} files, and at most {MOST_FILES} are read",
                sources.len()
            ));
        }
        let root = map.source_root.unwrap_or_default();
        let mut texts = map.sources_content.unwrap_or_default().into_iter();
        let file = |name: Option<String>| File {
            name: name.map(|name| short(&root, &name)),
            text: texts.next().flatten(),
        };
        let files: Vec<_> = sources.into_iter().map(file).collect();
        let mappings = map.mappings.ok_or("the source map has no `mappings`")?;
        let checkpoints = checkpoints(mappings.as_bytes(), files.len())?;
        Ok(Self { mappings, checkpoints, files })
    }

    /// The map in the last line of a text; `None` if no map is there, or it cannot be read.
    fn inline(source: &str) -> Option<Self> {
        let data = comment(source)?;
        if data.len() > LONGEST.div_ceil(3) * 4 {
            return None;
        }
        let bytes = STANDARD.decode(data).or_else(|_| STANDARD_NO_PAD.decode(data)).ok()?;
        Self::parse(std::str::from_utf8(&bytes).ok()?).ok()
    }

    /// The place that a generated one was made from. Lines and columns count from 1, and columns count UTF-16 units.
    fn original(&self, (line, column): (usize, usize)) -> Option<OriginalPlace> {
        let from_0 = |number: usize| u32::try_from(number.checked_sub(1)?).ok();
        let asked = (from_0(line)?, from_0(column)?);
        let next = self.checkpoints.partition_point(|checkpoint| checkpoint.key <= asked);
        let checkpoint = &self.checkpoints[next.checked_sub(1)?];
        let bytes = &self.mappings.as_bytes()[..checkpoint.end];
        let (mut cursor, mut found) = (checkpoint.cursor, None);
        while let Ok(Some(segment)) = cursor.segment(bytes, self.files.len()) {
            if segment.generated > asked {
                break;
            }
            found = Some(segment);
        }
        let found = found.filter(|segment| segment.generated.0 == asked.0)?;
        let (file, (line, column)) = found.original?;
        let name = self.files.get(file as usize)?.name.clone()?;
        Some(OriginalPlace::new(name, (line as usize + 1, column as usize + 1)))
    }

    /// The text of a file, if the map has it.
    fn text(&self, name: &str) -> Option<&str> {
        self.files.iter().find(|file| file.name.as_deref() == Some(name))?.text.as_deref()
    }
}

/// The base64 of the map in the last line of a text.
pub(super) fn comment(source: &str) -> Option<&str> {
    let source = source.trim_end();
    let line = source.rsplit(['\n', '\r']).next()?.trim_start();
    let url =
        line.strip_prefix("//# sourceMappingURL=").or_else(|| line.strip_prefix("//@ sourceMappingURL="))?;
    let (kind, data) = url.strip_prefix("data:application/json")?.split_once(',')?;
    kind.ends_with(";base64").then_some(data)
}

/// A name with the root before it, cut to its end.
fn short(root: &str, name: &str) -> String {
    let slash = if root.is_empty() || root.ends_with('/') { "" } else { "/" };
    let name = format!("{root}{slash}{name}");
    match name.char_indices().rev().nth(LONGEST_NAME - 1) {
        Some((at, _)) if at > 0 => {
            let (second, _) = name[at..].char_indices().nth(1).unwrap_or_default();
            format!("…{}", &name[at + second..])
        }
        _ => name,
    }
}

/// Checks all segments.
fn checkpoints(mappings: &[u8], files: usize) -> Result<Vec<Checkpoint>, String> {
    let mut checkpoints: Vec<Checkpoint> = Vec::new();
    let mut cursor = Cursor::default();
    loop {
        cursor.skip(mappings);
        let start = cursor;
        let segment = cursor.segment(mappings, files);
        let broken = |()| format!("the source map is broken: byte {} of its `mappings`", start.at);
        let Some(segment) = segment.map_err(broken)? else { return Ok(checkpoints) };
        match checkpoints.last_mut() {
            Some(last) if start.at - last.cursor.at < SPAN => last.end = cursor.at,
            _ => checkpoints.push(Checkpoint { key: segment.generated, cursor: start, end: cursor.at }),
        }
    }
}

impl Cursor {
    /// Passes the ends of segments and lines.
    fn skip(&mut self, mappings: &[u8]) {
        while let Some(byte @ (b',' | b';')) = mappings.get(self.at) {
            self.at += 1;
            if *byte == b';' {
                (self.line, self.column) = (self.line + 1, 0);
            }
        }
    }

    /// The next segment; `None` at the end. Columns of a line do not decrease.
    fn segment(&mut self, mappings: &[u8], files: usize) -> Result<Option<Segment>, ()> {
        self.skip(mappings);
        if self.at == mappings.len() {
            return Ok(None);
        }
        let is_over = |cursor: &Self| matches!(mappings.get(cursor.at), None | Some(b',' | b';'));
        let before = self.column;
        self.column = moved(before, self.number(mappings)?)?;
        if self.column < before {
            return Err(());
        }
        let generated = (self.line, self.column);
        if is_over(self) {
            return Ok(Some(Segment { generated, original: None }));
        }
        self.file = moved(self.file, self.number(mappings)?)?;
        self.original.0 = moved(self.original.0, self.number(mappings)?)?;
        self.original.1 = moved(self.original.1, self.number(mappings)?)?;
        if !is_over(self) {
            // The number of a name.
            self.number(mappings)?;
        }
        if !is_over(self) || self.file as usize >= files {
            return Err(());
        }
        Ok(Some(Segment { generated, original: Some((self.file, self.original)) }))
    }

    /// A number in base64, of at most seven digits: the lowest bit is the sign.
    fn number(&mut self, mappings: &[u8]) -> Result<i64, ()> {
        let mut value = 0;
        for shift in (0..35).step_by(5) {
            let digit = digit(*mappings.get(self.at).ok_or(())?).ok_or(())?;
            self.at += 1;
            value |= i64::from(digit & 31) << shift;
            if digit & 32 == 0 {
                return Ok(if value & 1 == 1 { -(value >> 1) } else { value >> 1 });
            }
        }
        Err(())
    }
}

fn moved(number: u32, by: i64) -> Result<u32, ()> {
    u32::try_from(i64::from(number) + by).map_err(drop)
}

fn digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// The map of a module, which is read when a place is first asked for. The map follows from the module's texts, so it is no part of
/// the module's identity.
#[derive(Clone, Default)]
pub(super) struct LazyMap(Arc<OnceLock<Option<SourceMap>>>);

impl LazyMap {
    fn get(&self, given: Option<&str>, source: &str) -> Option<&SourceMap> {
        let read = || match given {
            Some(given) => SourceMap::parse(given).ok(),
            None => SourceMap::inline(source),
        };
        self.0.get_or_init(read).as_ref()
    }
}

impl PartialEq for LazyMap {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for LazyMap {}

impl fmt::Debug for LazyMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the map, once it is read")
    }
}

impl super::ScriptModule {
    /// Whether a map was given, or is in the text.
    #[must_use]
    pub fn has_map(&self) -> bool {
        self.source_map.is_some() || comment(self.source()).is_some()
    }

    /// The place that a place of the text was made from; `None` without a map that can be read.
    #[must_use]
    pub fn original(&self, place: (usize, usize)) -> Option<OriginalPlace> {
        self.lazy_map.get(self.source_map.as_deref(), self.source())?.original(place)
    }

    /// The text of a file that this module was made from.
    #[must_use]
    pub fn original_text(&self, file: &str) -> Option<&str> {
        self.lazy_map.get(self.source_map.as_deref(), self.source())?.text(file)
    }

    /// The module with this map.
    pub(super) fn mapped(mut self, map: String) -> Result<Self, String> {
        SourceMap::parse(&map)?;
        (self.source_map, self.lazy_map) = (Some(map), LazyMap::default());
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(mappings: &str) -> Result<SourceMap, String> {
        SourceMap::parse(&format!(
            r#"{{"version":3,"sources":["a.ts","b.ts",null],"mappings":"{mappings}"}}"#
        ))
    }

    fn at(map: &SourceMap, place: (usize, usize)) -> Option<String> {
        map.original(place).map(|place| format!("{}:{}:{}", place.file, place.line, place.column))
    }

    #[test]
    fn a_place_is_that_of_the_segment_before_it() {
        let map = parsed(";EAAA,IACE,I,IEAA;ADCA").expect("it is whole");
        for (place, original) in [
            ((1, 1), None),
            ((2, 1), None),
            ((2, 3), Some("a.ts:1:1")),
            ((2, 6), Some("a.ts:1:1")),
            ((2, 7), Some("a.ts:2:3")),
            ((2, 11), None),
            ((2, 15), None),
            ((3, 1), Some("b.ts:3:3")),
            ((0, 0), None),
            ((usize::MAX, usize::MAX), None),
        ] {
            assert_eq!(at(&map, place).as_deref(), original, "{place:?}");
        }
    }

    #[test]
    fn a_broken_map_is_refused_with_its_place() {
        for (mappings, at) in [
            ("AAAA,!", 5),
            ("AA", 0),
            ("AAA", 0),
            ("AAAAAA", 0),
            ("A,D", 2),
            ("ADAA", 0),
            ("AEAA,ACAA", 5),
            ("C,D", 2),
        ] {
            let reason = parsed(mappings).map(drop).expect_err("it is refused");
            assert_eq!(
                reason,
                format!("the source map is broken: byte {at} of its `mappings`"),
                "{mappings}"
            );
        }
        for number in ["gggggggg", "gggggggA", "g", "//////////////B"] {
            assert!(parsed(number).is_err(), "{number}");
        }
        for (text, reason) in [
            ("", "cannot be read: EOF"),
            ("[]", "cannot be read"),
            ("{}", "cannot be read: missing field `version`"),
            (r#"{"version":4}"#, "has the version 4"),
            (r#"{"version":3}"#, "has no `mappings`"),
            (r#"{"version":3,"sections":[]}"#, "has sections"),
            (r#"{"version":3,"mappings":"AAAA"}"#, "broken: byte 0"),
            (r#"{"version":3,"mappings":7}"#, "cannot be read: invalid type"),
        ] {
            let told = SourceMap::parse(text).map(drop).expect_err("it is refused");
            assert!(told.contains(reason), "{told}");
        }
    }

    #[test]
    fn a_huge_map_is_refused_or_is_small() {
        let told = SourceMap::parse(&" ".repeat(LONGEST + 1)).map(drop).expect_err("it is refused");
        assert!(told.contains("has 16777217 bytes"), "{told}");
        let many = format!(r#"{{"version":3,"sources":[{}null],"mappings":""}}"#, "null,".repeat(MOST_FILES));
        assert!(SourceMap::parse(&many).map(drop).expect_err("it is refused").contains("names 65537 files"));
        let deep =
            format!(r#"{{"version":3,"x":{}1{},"mappings":""}}"#, "[".repeat(1 << 20), "]".repeat(1 << 20));
        assert!(SourceMap::parse(&deep).is_ok());
        for mappings in
            ["A,".repeat(1 << 20), ";".repeat(1 << 20), ",".repeat(1 << 20), "CAAA;".repeat(1 << 18)]
        {
            let map = parsed(&mappings).expect("it is whole");
            assert!(map.checkpoints.len() <= mappings.len() / SPAN + 1);
            for checkpoint in &map.checkpoints {
                assert!(checkpoint.end - checkpoint.cursor.at <= SPAN + 64, "a look-up reads little");
            }
        }
    }

    #[test]
    fn only_data_at_the_end_of_the_text_is_a_map() {
        let data = STANDARD.encode(r#"{"version":3,"sources":["a.ts"],"mappings":"AAAA"}"#);
        let url = format!("//# sourceMappingURL=data:application/json;base64,{data}");
        for source in [
            url.clone(),
            format!("a\n{url}\n\n"),
            format!("a\r\n{url}\r\n"),
            url.replace("json;", "json;charset=utf-8;"),
            url.trim_end_matches('=').to_owned(),
        ] {
            let map = SourceMap::inline(&source).expect(&source);
            assert_eq!(at(&map, (1, 1)).as_deref(), Some("a.ts:1:1"));
        }
        for source in [
            "",
            "//# sourceMappingURL=",
            "//# sourceMappingURL=file:///etc/passwd",
            "//# sourceMappingURL=https://example.org/a.map",
            "//# sourceMappingURL=data:application/json,{}",
            "//# sourceMappingURL=data:application/json;base64,!",
            "//# sourceMappingURL=data:application/json;base64,/w==",
            &format!("{url}\na"),
        ] {
            assert!(SourceMap::inline(source).is_none(), "{source}");
        }
    }

    #[test]
    fn names_are_short() {
        assert_eq!(
            (short("", "a"), short("r", "a"), short("r/", "a")),
            ("a".into(), "r/a".into(), "r/a".into())
        );
        let long = short("", &format!("{}é.ts", "ü".repeat(100_000)));
        assert_eq!(long.chars().count(), LONGEST_NAME);
        assert!(long.starts_with('…') && long.ends_with("üé.ts"));
        assert_eq!(short("", &"x".repeat(LONGEST_NAME)), "x".repeat(LONGEST_NAME));
    }

    proptest! {
        /// The crate `sourcemap` makes the map, and finds the same places.
        #[test]
        fn another_reader_finds_the_same(
            segments in prop::collection::btree_map((0..6_u32, 0..300_u32), prop::option::of((0..3_u32, 0..5000_u32, 0..90_u32)), 0..400),
            asked in prop::collection::vec((0..7_u32, 0..320_u32), 1..40),
        ) {
            let mut builder = sourcemap::SourceMapBuilder::new(None);
            let files = ["a", "b", "c"].map(|name| builder.add_source(name));
            for ((line, column), original) in &segments {
                match original {
                    Some((file, l, c)) => builder.add_raw(*line, *column, *l, *c, Some(files[*file as usize]), None, false),
                    None => builder.add_raw(*line, *column, 0, 0, None, None, false),
                };
            }
            let theirs = builder.into_sourcemap();
            let mut text = Vec::new();
            theirs.to_writer(&mut text).expect("it is written");
            let ours = SourceMap::parse(std::str::from_utf8(&text).expect("JSON")).expect("it is whole");
            for (line, column) in asked {
                let token = theirs.lookup_token(line, column).filter(|token| token.get_dst_line() == line);
                let expected = token.and_then(|token| {
                    Some(format!("{}:{}:{}", token.get_source()?, token.get_src_line() + 1, token.get_src_col() + 1))
                });
                prop_assert_eq!(at(&ours, (line as usize + 1, column as usize + 1)), expected);
            }
        }

        #[test]
        fn no_text_is_trouble(mappings in "[A-Za-z0-9+/,;]{0,600}", text in ".{0,80}", place in (0..9_usize, 0..90_usize)) {
            _ = SourceMap::parse(&text);
            if let Ok(map) = parsed(&mappings) {
                map.original(place);
            }
        }
    }
}
