//! Decoders of bytes, for `TextDecoder`: UTF-8, UTF-16 and windows-1252, by the Encoding Standard. A decoder of further legacy encodings
//! is tables of half a megabyte (`encoding_rs`), which no script of the table of libraries asks for.

/// An encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    Windows1252,
}

/// The encodings with their names, and the labels by which scripts ask for them.
const ENCODINGS: [(Encoding, &str, &[&str]); 4] = [
    (
        Encoding::Utf8,
        "utf-8",
        &["unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "utf-8", "utf8", "x-unicode20utf8"],
    ),
    (
        Encoding::Utf16Le,
        "utf-16le",
        &["csunicode", "iso-10646-ucs-2", "ucs-2", "unicode", "unicodefeff", "utf-16", "utf-16le"],
    ),
    (Encoding::Utf16Be, "utf-16be", &["unicodefffe", "utf-16be"]),
    (
        Encoding::Windows1252,
        "windows-1252",
        &[
            "ansi_x3.4-1968",
            "ascii",
            "cp1252",
            "cp819",
            "csisolatin1",
            "ibm819",
            "iso-8859-1",
            "iso-ir-100",
            "iso8859-1",
            "iso88591",
            "iso_8859-1",
            "iso_8859-1:1987",
            "l1",
            "latin1",
            "us-ascii",
            "windows-1252",
            "x-cp1252",
        ],
    ),
];

/// The characters of windows-1252 from 0x80 to 0x9f.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl Encoding {
    /// The encoding of a label, and its name.
    pub(super) fn of(label: &str) -> Option<(Self, &'static str)> {
        let label = label.trim_matches(['\t', '\n', '\x0c', '\r', ' ']).to_ascii_lowercase();
        let found = ENCODINGS.iter().find(|(.., labels)| labels.contains(&label.as_str()));
        found.map(|(encoding, name, _)| (*encoding, *name))
    }
}

/// The state of a decoder between two parts of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DecoderState {
    /// The bytes of a character that has not ended.
    bytes: [u8; 3],
    length: u8,
    /// Whether the first character has been decoded, so no byte order mark follows.
    begun: bool,
}

impl DecoderState {
    /// The state as a number.
    pub(super) fn to_bits(self) -> u32 {
        let [a, b, c] = self.bytes;
        u32::from_le_bytes([a, b, c, self.length | u8::from(self.begun) << 2])
    }

    /// The state of [`DecoderState::to_bits`].
    pub(super) fn from_bits(bits: u32) -> Self {
        let [a, b, c, flags] = bits.to_le_bytes();
        Self { bytes: [a, b, c], length: flags & 3, begun: flags & 4 != 0 }
    }

    fn keep(&mut self, rest: &[u8]) {
        self.length = 0;
        for (to, from) in self.bytes.iter_mut().zip(rest) {
            *to = *from;
            self.length += 1;
        }
    }
}

/// How bytes are decoded.
#[derive(Clone, Copy)]
pub(super) struct DecoderMode {
    pub(super) encoding: Encoding,
    /// Whether malformed bytes are an error, and not U+FFFD.
    pub(super) fatal: bool,
    /// Whether a byte order mark is a character.
    pub(super) keeps_mark: bool,
    /// Whether more bytes follow.
    pub(super) stream: bool,
}

/// Malformed bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl DecoderMode {
    /// Decodes `bytes`, which follow those of `rest`.
    pub(super) fn decode(self, rest: &mut DecoderState, bytes: &[u8]) -> Result<String, Malformed> {
        let before = std::mem::take(rest);
        let kept = &before.bytes[..before.length.into()];
        let joined;
        let all = match kept {
            [] => bytes,
            _ => {
                joined = [kept, bytes].concat();
                &joined
            }
        };
        let (mut text, unread) = match self.encoding {
            Encoding::Utf8 => self.utf8(all)?,
            Encoding::Utf16Le => self.utf16(all, u16::from_le_bytes)?,
            Encoding::Utf16Be => self.utf16(all, u16::from_be_bytes)?,
            Encoding::Windows1252 => (all.iter().copied().map(windows).collect(), &[][..]),
        };
        let is_first = !before.begun;
        let begins = before.begun || !text.is_empty();
        if is_first
            && !self.keeps_mark
            && self.encoding != Encoding::Windows1252
            && text.starts_with('\u{feff}')
        {
            text.remove(0);
        }
        if self.stream {
            rest.keep(unread);
            rest.begun = begins;
        }
        Ok(text)
    }

    fn malformed(self, text: &mut String) -> Result<(), Malformed> {
        if self.fatal {
            return Err(Malformed);
        }
        text.push('\u{fffd}');
        Ok(())
    }

    fn utf8(self, mut bytes: &[u8]) -> Result<(String, &[u8]), Malformed> {
        let mut text = String::with_capacity(bytes.len());
        loop {
            let error = match std::str::from_utf8(bytes) {
                Ok(valid) => {
                    text.push_str(valid);
                    return Ok((text, &[]));
                }
                Err(error) => error,
            };
            let (valid, after) = bytes.split_at(error.valid_up_to());
            text.push_str(std::str::from_utf8(valid).unwrap_or_default());
            match error.error_len() {
                None if self.stream => return Ok((text, after)),
                None => {
                    self.malformed(&mut text)?;
                    return Ok((text, &[]));
                }
                Some(length) => {
                    self.malformed(&mut text)?;
                    bytes = &after[length..];
                }
            }
        }
    }

    fn utf16(self, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<(String, &[u8]), Malformed> {
        let (pairs, odd) = bytes.as_chunks::<2>();
        let is_high = |pair: &[u8; 2]| (0xd800..0xdc00).contains(&unit(*pair));
        // A high surrogate at the end may be the first half of a character.
        let whole = if pairs.last().is_some_and(is_high) { pairs.len() - 1 } else { pairs.len() };
        let mut text = String::with_capacity(bytes.len());
        for character in char::decode_utf16(pairs[..whole].iter().map(|pair| unit(*pair))) {
            match character {
                Ok(character) => text.push(character),
                Err(_) => self.malformed(&mut text)?,
            }
        }
        let unread = &bytes[2 * whole..];
        if self.stream {
            return Ok((text, unread));
        }
        if !unread.is_empty() || !odd.is_empty() {
            self.malformed(&mut text)?;
        }
        Ok((text, &[]))
    }
}

fn windows(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS[usize::from(byte - 0x80)],
        byte => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(encoding: Encoding, fatal: bool, stream: bool) -> DecoderMode {
        DecoderMode { encoding, fatal, keeps_mark: false, stream }
    }

    /// Each way to cut the bytes gives the text of the whole.
    #[test]
    fn a_stream_gives_what_the_whole_gives() {
        let utf16 = "\u{feff}a€😀".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let cases: [(Encoding, &[u8]); 4] = [
            (Encoding::Utf8, "\u{feff}aé€😀".as_bytes()),
            (Encoding::Utf8, b"\xf0\x9f\x98x\xff\xe2\x82"),
            (Encoding::Utf16Le, &utf16),
            (Encoding::Utf16Le, b"\x00\xd8\x00\xd8\x61\x00\x01"),
        ];
        for (encoding, bytes) in cases {
            let whole =
                mode(encoding, false, false).decode(&mut DecoderState::default(), bytes).expect("text");
            for cut in 0..=bytes.len() {
                let mut rest = DecoderState::default();
                let (one, other) = bytes.split_at(cut);
                let mut text = mode(encoding, false, true).decode(&mut rest, one).expect("text");
                rest = DecoderState::from_bits(rest.to_bits());
                text += &mode(encoding, false, false).decode(&mut rest, other).expect("text");
                assert_eq!((text, rest), (whole.clone(), DecoderState::default()), "{bytes:x?} at {cut}");
            }
        }
    }

    #[test]
    fn malformed_bytes_are_refused_when_they_are_fatal() {
        for (encoding, bytes) in
            [(Encoding::Utf8, &b"a\xff"[..]), (Encoding::Utf8, b"\xe2\x82"), (Encoding::Utf16Be, b"\xdc\x00")]
        {
            assert_eq!(
                mode(encoding, true, false).decode(&mut DecoderState::default(), bytes),
                Err(Malformed)
            );
        }
    }

    #[test]
    fn labels_name_encodings() {
        assert_eq!(Encoding::of(" UTF8\n"), Some((Encoding::Utf8, "utf-8")));
        assert_eq!(Encoding::of("latin1"), Some((Encoding::Windows1252, "windows-1252")));
        assert_eq!(Encoding::of("shift_jis"), None);
    }
}
