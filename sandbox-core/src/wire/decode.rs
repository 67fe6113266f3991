//! Decodes untrusted bytes into plain data.

use super::aside::LONG;
use super::{
    ARRAY, ARRAY_BUFFER, ASIDE, BIGINT, BYTES, DATA_VIEW, DATE, ERROR, Encoded, FALSE, KINDS, MAP, NEGATIVE,
    NULL, NUMBER, NUMBERS, OBJECT, OTHER, OTHER_BIGINT, OTHER_BYTES, OTHER_GIVEN, OTHER_HANDLE, OTHER_KIND,
    OTHER_LONG, OTHER_MUCH, OTHER_NAME, OTHER_NUMBERS, OTHER_TEXT, SET, STRING, TRUE, UNDEFINED, Window,
};
use crate::boundary::{DEEPEST, LEAST, LEAST_LISTED, units};
use crate::error::grouped;
use crate::limits::Limits;
use crate::value::handle::HandleNumbers;
use crate::value::{
    CrossingBudget, GivenNumber, HandleNumber, JsKind, JsValue, TextFault, Unrepresentable, error_of,
};

/// The error of malformed bytes, and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: {fault}")]
pub struct WireError {
    /// The number of bytes before the error.
    pub at: usize,
    pub fault: DecodeFault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeFault {
    #[error("the bytes end inside of a value")]
    Ended,
    #[error("{} bytes follow the value", grouped(*.0 as u64))]
    Trailing(usize),
    #[error("{0} is the tag of no value")]
    Tag(u8),
    #[error("{0} is the kind of no typed array")]
    Kind(u8),
    #[error("a length that is not in its shortest form, or has more than 32 bits")]
    Length,
    #[error("a BigInt that is not in its shortest form, or has more than 128 bits")]
    BigInt,
    #[error("what is not in the window, or too short for it")]
    Aside,
    #[error("text that is not UTF-8")]
    Utf8,
    #[error("what is no data is none of the kinds, faults and budgets that there are")]
    Other,
    #[error("a handle that was not given to this side, or is over")]
    Handle,
    #[error("more than {limit} {what}")]
    Limit { what: &'static str, limit: usize },
}

type Result<T> = std::result::Result<T, WireError>;

/// The bounds of a decoder.
#[derive(Clone, Copy, Debug)]
pub struct DecodeBounds {
    nodes: usize,
    bytes: usize,
    text: usize,
    items: usize,
    depth: usize,
}

impl DecodeBounds {
    /// For values of the host's own process: any finite value, because the engine's budget counts them.
    pub const TRUSTED: Self = {
        /// More than any frame has.
        const MOST: usize = usize::MAX;
        Self { nodes: MOST, bytes: MOST, text: MOST, items: MOST, depth: DEEPEST }
    };
}

/// For values of a guest.
impl From<&Limits> for DecodeBounds {
    fn from(limits: &Limits) -> Self {
        Self {
            nodes: limits.value_nodes,
            bytes: limits.value_bytes,
            text: limits.value_text,
            items: limits.value_items,
            depth: limits.value_depth,
        }
    }
}

/// Decodes one value, and nothing after it.
pub fn decode<'b>(bytes: impl Into<Encoded<'b>>, bounds: impl Into<DecodeBounds>) -> Result<JsValue> {
    let mut decoder = Decoder::new(bytes, bounds);
    let value = decoder.value()?;
    decoder.finish()?;
    Ok(value)
}

/// Decodes several values, as [`encode_list`](super::encode_list) writes them, and nothing after them.
pub fn decode_list<'b>(
    bytes: impl Into<Encoded<'b>>,
    bounds: impl Into<DecodeBounds>,
) -> Result<Vec<JsValue>> {
    let mut decoder = Decoder::new(bytes, bounds);
    let values = decoder.list()?;
    decoder.finish()?;
    Ok(values)
}

/// Reads values off bytes.
///
/// The limits are those of one crossing. All values of one decoder are charged together, as for the engine's values. A
/// collection is allocated for the number of elements that it claims. The remaining bytes must suffice for these elements,
/// and for those that outer collections still expect. So memory is at most a multiple of the input's length, whatever the
/// limits are. Values in the window are paid for before they are copied.
pub(super) struct Decoder<'b> {
    bytes: &'b [u8],
    window: Option<&'b dyn Window>,
    handles: Option<&'b dyn HandleNumbers>,
    at: usize,
    /// The least number of bytes of the expected elements that were not read yet.
    owed: usize,
    depth: usize,
    /// The remaining nodes and bytes.
    left: DecodeBounds,
    bounds: DecodeBounds,
}

impl<'b> Decoder<'b> {
    pub(super) fn new(encoded: impl Into<Encoded<'b>>, bounds: impl Into<DecodeBounds>) -> Self {
        let (bounds, Encoded { bytes, window, handles }) = (bounds.into(), encoded.into());
        Self { bytes, window, handles, at: 0, owed: 0, depth: 0, left: bounds, bounds }
    }

    /// Returns an error if bytes are left.
    pub(super) fn finish(self) -> Result<()> {
        match self.rest() {
            0 => Ok(()),
            left => Err(self.fault(DecodeFault::Trailing(left))),
        }
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn length(&mut self) -> Result<usize> {
        let start = self.at;
        let mut length = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            length |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let is_shortest = byte != 0 || shift == 0;
                let length = u32::try_from(length).ok().filter(|_| is_shortest);
                let length = length.and_then(|length| usize::try_from(length).ok());
                return length.ok_or(WireError { at: start, fault: DecodeFault::Length });
            }
        }
        Err(WireError { at: start, fault: DecodeFault::Length })
    }

    /// Several values after their number.
    pub(super) fn list(&mut self) -> Result<Vec<JsValue>> {
        let count = self.length()?;
        self.limited(count)?;
        self.promised(count, 1)?;
        self.values(count)
    }

    pub(super) fn value(&mut self) -> Result<JsValue> {
        let start = self.at;
        Ok(match self.byte()? {
            UNDEFINED => JsValue::Undefined,
            NULL => JsValue::Null,
            FALSE => JsValue::Bool(false),
            TRUE => JsValue::Bool(true),
            NUMBER => JsValue::Number(self.double()?),
            BIGINT => self.bigint(false)?,
            NEGATIVE => self.bigint(true)?,
            STRING => JsValue::String(self.text()?),
            ARRAY => JsValue::Array(self.items()?),
            SET => JsValue::Set(self.members()?),
            OBJECT => JsValue::Object(self.fields()?),
            MAP => JsValue::Map(self.pairs()?),
            BYTES => JsValue::Bytes(self.buffer()?),
            ARRAY_BUFFER => JsValue::Buffer { kind: "ArrayBuffer", bytes: self.buffer()? },
            DATA_VIEW => JsValue::Buffer { kind: "DataView", bytes: self.buffer()? },
            NUMBERS => self.numbers()?,
            DATE => JsValue::Date(self.double()?),
            ERROR => self.error()?,
            OTHER if self.is_next(OTHER_GIVEN) => self.given()?,
            OTHER => self.other()?,
            ASIDE => self.aside()?,
            tag => return Err(WireError { at: start, fault: DecodeFault::Tag(tag) }),
        })
    }

    /// A text after its length.
    pub(super) fn text(&mut self) -> Result<String> {
        let start = self.at;
        let text = self.str()?;
        self.affordable(start, units(text))?;
        Ok(text.to_owned())
    }

    /// A text of so many units.
    fn affordable(&mut self, start: usize, length: usize) -> Result<()> {
        let limit = self.bounds.text;
        if length > limit {
            let fault = DecodeFault::Limit { what: "units in one text", limit };
            return Err(WireError { at: start, fault });
        }
        self.charged(length)
    }

    /// A value in the window.
    fn aside(&mut self) -> Result<JsValue> {
        /// The most bytes of UTF-8 for one unit of UTF-16.
        const UNIT: usize = 3;
        let start = self.at;
        let fault = |fault| WireError { at: start, fault };
        let (tag, at, length) = (self.byte()?, self.length()?, self.length()?);
        if length < LONG {
            return Err(fault(DecodeFault::Aside));
        }
        let taken = |decoder: &Self| {
            let bytes = decoder.window.and_then(|window| window.take(at, length).ok());
            bytes.ok_or(fault(DecodeFault::Aside))
        };
        match tag {
            STRING => {
                // A text that may be too long is not copied: its units can be counted only in the copy.
                let most = self.bounds.text.min(self.left.bytes);
                if length / UNIT > most {
                    self.affordable(start, length / UNIT)?;
                }
                let text = String::from_utf8(taken(self)?).map_err(|_| fault(DecodeFault::Utf8))?;
                self.affordable(start, units(&text))?;
                Ok(JsValue::String(text))
            }
            BYTES | ARRAY_BUFFER | DATA_VIEW => {
                self.charged(length)?;
                let bytes = taken(self)?;
                Ok(match tag {
                    BYTES => JsValue::Bytes(bytes),
                    ARRAY_BUFFER => JsValue::Buffer { kind: "ArrayBuffer", bytes },
                    _ => JsValue::Buffer { kind: "DataView", bytes },
                })
            }
            tag => Err(fault(DecodeFault::Tag(tag))),
        }
    }

    fn str(&mut self) -> Result<&'b str> {
        let start = self.at;
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| WireError { at: start, fault: DecodeFault::Utf8 })
    }

    fn fault(&self, fault: DecodeFault) -> WireError {
        WireError { at: self.at, fault }
    }

    fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..count).ok_or_else(|| self.fault(DecodeFault::Ended))?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = *rest.first_chunk::<N>().ok_or_else(|| self.fault(DecodeFault::Ended))?;
        self.at += N;
        Ok(taken)
    }

    fn double(&mut self) -> Result<f64> {
        let value = self.u64().map(f64::from_bits)?;
        Ok(if value.is_nan() { f64::from_bits(super::NAN) } else { value })
    }

    fn bigint(&mut self, negative: bool) -> Result<JsValue> {
        let start = self.at;
        let length = usize::from(self.byte()?);
        let mut magnitude = [0; 16];
        let fault = WireError { at: start, fault: DecodeFault::BigInt };
        let room = magnitude.get_mut(..length).ok_or(fault)?;
        room.copy_from_slice(self.take(length)?);
        match room.last() {
            Some(0) => Err(fault),
            None if negative => Err(fault),
            _ => Ok(JsValue::BigInt { negative, magnitude: u128::from_le_bytes(magnitude) }),
        }
    }

    fn buffer(&mut self) -> Result<Vec<u8>> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        self.charged(length)?;
        Ok(bytes.to_vec())
    }

    fn other(&mut self) -> Result<JsValue> {
        let start = self.at;
        Ok(JsValue::Other(match self.byte()? {
            OTHER_KIND => Unrepresentable::Kind(self.kind()?),
            OTHER_BIGINT => Unrepresentable::BigInt,
            OTHER_TEXT => Unrepresentable::Text(self.text_fault()?),
            OTHER_NAME => Unrepresentable::PropertyName(self.text_fault()?),
            OTHER_NUMBERS => Unrepresentable::DetachedNumbers,
            OTHER_BYTES => Unrepresentable::DetachedBytes,
            OTHER_LONG => Unrepresentable::ExcessiveText { length: self.u64()?, budget: self.budget()? },
            OTHER_HANDLE => Unrepresentable::Handle(self.handle()?),
            OTHER_MUCH => Unrepresentable::Excessive { kind: self.kind()?, budget: self.budget()? },
            _ => return Err(WireError { at: start, fault: DecodeFault::Other }),
        }))
    }

    fn is_next(&self, byte: u8) -> bool {
        self.bytes.get(self.at) == Some(&byte)
    }

    /// An object of a guest, and its data. The data are not such an object again.
    fn given(&mut self) -> Result<JsValue> {
        let start = self.at;
        self.byte()?;
        let number = GivenNumber { crossing: self.u64()?, object: self.u64()? };
        if !self.handles.is_some_and(|handles| handles.gives(number)) {
            return Err(WireError { at: start, fault: DecodeFault::Handle });
        }
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(&[OTHER, OTHER_GIVEN])) {
            return Err(WireError { at: start, fault: DecodeFault::Other });
        }
        Ok(JsValue::given(number, self.value()?))
    }

    fn handle(&mut self) -> Result<HandleNumber> {
        let start = self.at;
        let handle = HandleNumber::new(self.u64()?, u16::from_le_bytes(self.array()?));
        match self.handles.is_some_and(|handles| handles.admits(handle)) {
            true => Ok(handle),
            false => Err(WireError { at: start, fault: DecodeFault::Handle }),
        }
    }

    /// A kind of what is no data.
    fn kind(&mut self) -> Result<JsKind> {
        let start = self.at;
        let kind = JsKind::ALL.get(usize::from(self.byte()?)).copied();
        kind.ok_or(WireError { at: start, fault: DecodeFault::Other })
    }

    fn text_fault(&mut self) -> Result<TextFault> {
        let start = self.at;
        match (self.byte()?, self.u64()?) {
            (0, index) => Ok(TextFault::LoneSurrogate { index }),
            (1, length) => Ok(TextFault::Unreadable { length }),
            _ => Err(WireError { at: start, fault: DecodeFault::Other }),
        }
    }

    /// The exceeded limit.
    fn budget(&mut self) -> Result<CrossingBudget> {
        let start = self.at;
        Ok(match self.byte()? {
            0 => CrossingBudget::Values,
            1 => CrossingBudget::Items { found: self.u64()? },
            2 => CrossingBudget::Text { found: self.u64()? },
            3 => CrossingBudget::Bytes,
            4 => CrossingBudget::Depth,
            5 => CrossingBudget::Stack,
            _ => return Err(WireError { at: start, fault: DecodeFault::Other }),
        })
    }

    fn items(&mut self) -> Result<Vec<JsValue>> {
        let count = self.collection(1, |count| count.max(LEAST))?;
        self.inside(|decoder| decoder.values(count))
    }

    fn members(&mut self) -> Result<Vec<JsValue>> {
        let count = self.collection(1, |count| count.max(LEAST_LISTED))?;
        self.inside(|decoder| decoder.values(count))
    }

    fn values(&mut self, count: usize) -> Result<Vec<JsValue>> {
        let mut values = Vec::with_capacity(count);
        for _ in 0..count {
            self.owed -= 1;
            values.push(self.value()?);
        }
        Ok(values)
    }

    fn fields(&mut self) -> Result<Vec<(String, JsValue)>> {
        let count = self.collection(2, |count| count.max(LEAST))?;
        self.inside(|decoder| {
            let mut fields = Vec::with_capacity(count);
            for _ in 0..count {
                decoder.owed -= 2;
                fields.push((decoder.text()?, decoder.value()?));
            }
            Ok(fields)
        })
    }

    fn pairs(&mut self) -> Result<Vec<(JsValue, JsValue)>> {
        let count = self.collection(2, |count| count.saturating_mul(2).max(LEAST_LISTED))?;
        self.inside(|decoder| {
            let mut pairs = Vec::with_capacity(count);
            for _ in 0..count {
                decoder.owed -= 2;
                pairs.push((decoder.value()?, decoder.value()?));
            }
            Ok(pairs)
        })
    }

    fn numbers(&mut self) -> Result<JsValue> {
        let start = self.at;
        let number = self.byte()?;
        let kind = KINDS.get(usize::from(number));
        let kind = *kind.ok_or(WireError { at: start, fault: DecodeFault::Kind(number) })?;
        let count = self.collection(8, |count| count.max(LEAST))?;
        self.inside(|decoder| {
            let mut values = Vec::with_capacity(count);
            for _ in 0..count {
                decoder.owed -= 8;
                values.push(decoder.double()?);
            }
            Ok(JsValue::Numbers { kind, values })
        })
    }

    fn error(&mut self) -> Result<JsValue> {
        self.nodes(3)?;
        self.inside(|decoder| Ok(error_of(decoder.value()?, decoder.value()?, decoder.value()?)))
    }

    /// The number of a collection's elements, of at least `least` bytes each. The costs are those of
    /// [`Budget`](crate::boundary::Budget).
    fn collection(&mut self, least: usize, cost: impl FnOnce(usize) -> usize) -> Result<usize> {
        let count = self.length()?;
        self.limited(count)?;
        self.nodes(cost(count))?;
        self.promised(count, least)?;
        Ok(count)
    }

    fn limited(&self, count: usize) -> Result<()> {
        let limit = self.bounds.items;
        match count <= limit {
            true => Ok(()),
            false => Err(self.fault(DecodeFault::Limit { what: "elements in one collection", limit })),
        }
    }

    fn promised(&mut self, count: usize, least: usize) -> Result<()> {
        let owed = count.checked_mul(least).and_then(|bytes| bytes.checked_add(self.owed));
        self.owed = owed.filter(|owed| *owed <= self.rest()).ok_or_else(|| self.fault(DecodeFault::Ended))?;
        Ok(())
    }

    fn nodes(&mut self, count: usize) -> Result<()> {
        let limit = self.bounds.nodes;
        let left = self.left.nodes.checked_sub(count);
        self.left.nodes = left.ok_or_else(|| self.fault(DecodeFault::Limit { what: "values", limit }))?;
        Ok(())
    }

    fn charged(&mut self, count: usize) -> Result<()> {
        let limit = self.bounds.bytes;
        let left = self.left.bytes.checked_sub(count);
        self.left.bytes = left.ok_or_else(|| self.fault(DecodeFault::Limit { what: "bytes", limit }))?;
        Ok(())
    }

    fn inside<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        /// The greatest stack of one level, in bytes; and a margin.
        const LEVEL: usize = if cfg!(debug_assertions) { 8 << 10 } else { 2 << 10 };
        const MARGIN: usize = 64 << 10;
        match self.depth {
            // The writer decides the depth, and the reader needs the stack.
            0 => {
                let room = MARGIN + self.bounds.depth * LEVEL;
                stacker::maybe_grow(room, room + MARGIN, || self.deeper(read))
            }
            _ => self.deeper(read),
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let limit = self.bounds.depth;
        if self.depth >= limit {
            return Err(self.fault(DecodeFault::Limit { what: "levels of nesting", limit }));
        }
        self.depth += 1;
        let read = read(self)?;
        self.depth -= 1;
        Ok(read)
    }
}
