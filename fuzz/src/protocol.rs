//! Bytes → frames → values → types, as a process of guests may send them to its host.
//!
//! Whatever they are, they are refused, or they are values that are written as they were read, within the limits. What is in memory
//! beside them is read when it is there, and a value of its kind, and not otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use arbitrary::{Result, Unstructured};
use sandbox_runtime::testing::wire::{
    GivenNumber, decode, decode_beside, decode_list, encode, encode_list, frame, frames, read, serialized,
};
use sandbox_runtime::{
    AsMap, Bytes, CrossingBudget, Date, ErrorValue, HandleNumber, JsKind, JsValue, Limits, TextFault,
    Unrepresentable,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The longest body of a frame.
const BODY: usize = 1 << 16;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    name: String,
    count: u8,
    #[serde(default)]
    tags: BTreeSet<String>,
    nested: Option<Box<Record>>,
    choice: Option<Choice>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Choice {
    Number(f64),
    Big(i64),
    Named { name: String },
    List(Vec<Choice>),
}

#[derive(Serialize, Deserialize)]
enum External {
    Empty,
    Text(String),
    Pair(i32, bool),
    Fields { x: f64 },
}

/// One input; says how many values it was, and how many types took one.
pub fn run(bytes: &[u8]) -> usize {
    let limits = Limits { value_nodes: 5_000, value_bytes: 4_096, value_depth: 16, ..Limits::default() };
    let mut source = Unstructured::new(bytes);
    let mut taken = beside(&mut source).unwrap_or_default();
    let Ok((input, step)) = input(&mut source) else { return taken };
    for body in frames(Steps(&input, step), BODY).filter_map(std::result::Result::ok).map(|(_, _, body)| body)
    {
        if let Ok(values) = decode_list(&body, &limits) {
            assert_eq!(encode_list(&values), canonical(&body, encode_list(&values), &limits));
            taken += values.iter().map(|value| types(value, &limits)).sum::<usize>();
        }
        if let Ok(value) = decode(&body, &limits) {
            let again = decode(&encode(&value), &limits).expect("it was within the limits");
            assert_eq!(encode(&again), encode(&value));
            taken += 1 + types(&value, &limits);
        }
    }
    taken
}

/// Values in memory beside the bytes, and what is none. Says how many values there were.
fn beside(source: &mut Unstructured<'_>) -> Result<usize> {
    const LONG: usize = 32 << 10;
    const MOST: usize = 80_000;
    if !source.ratio(1, 4)? {
        return Ok(0);
    }
    let (pattern, odd) = (source.arbitrary::<[u8; 4]>()?.map(|byte| byte & 0x7f), source.arbitrary::<u8>()?);
    let mut memory = pattern.repeat(25_000);
    let odd_at = source.int_in_range(0..=memory.len() - 1)?;
    memory[odd_at] = odd;
    let mut parts = Vec::new();
    for _ in 0..source.int_in_range(1..=3u8)? {
        let tag = if source.ratio(1, 8)? { source.arbitrary()? } else { *source.choose(&[7, 12, 13, 14])? };
        let length = source.int_in_range(LONG - 2..=LONG + 20_000)?;
        parts.push((tag, source.int_in_range(0..=memory.len() - LONG + 100)?, length));
    }
    let mut body = vec![8, parts.len() as u8];
    for (tag, at, length) in &parts {
        body.extend([19, *tag]);
        body.extend([at, length].into_iter().flat_map(|number| leb(*number)));
    }
    let limits = Limits { value_text: MOST, value_bytes: MOST, ..Limits::default() };
    let is_value = |(tag, at, length): &(u8, usize, usize)| {
        let there = memory.get(*at..at + length).filter(|_| *length >= LONG);
        there.is_some_and(|there| match tag {
            7 => std::str::from_utf8(there).is_ok(),
            tag => [12, 13, 14].contains(tag),
        })
    };
    let units = |(tag, at, length): &(u8, usize, usize)| match tag {
        7 => String::from_utf8_lossy(&memory[*at..at + length]).encode_utf16().count(),
        _ => *length,
    };
    let is_good = parts.iter().all(is_value) && parts.iter().map(units).sum::<usize>() <= MOST;
    let there = match decode_beside(&body, &memory, &limits) {
        Err(error) if is_good => panic!("{parts:?}: {error}"),
        Err(_) => return Ok(0),
        Ok(JsValue::Array(there)) => there,
        Ok(other) => panic!("{other:?}"),
    };
    assert!(is_good && there.len() == parts.len(), "{parts:?} is read");
    for (value, (tag, at, length)) in there.iter().zip(&parts) {
        let bytes = match (value, tag) {
            (JsValue::String(text), 7) => text.as_bytes(),
            (JsValue::Bytes(bytes), 12) => bytes,
            (JsValue::Buffer { kind: "ArrayBuffer", bytes }, 13) => bytes,
            (JsValue::Buffer { kind: "DataView", bytes }, 14) => bytes,
            _ => panic!("{tag} is {value:?}"),
        };
        assert_eq!(bytes, &memory[*at..at + length]);
    }
    Ok(there.len())
}

fn leb(number: usize) -> Vec<u8> {
    let mut left = number;
    let mut bytes = Vec::new();
    loop {
        let byte = (left & 0x7f) as u8;
        left >>= 7;
        if left == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// What a list of values is written as. It is as long as what it was read from: there is one way to write a value, but for NaN.
fn canonical(body: &[u8], written: Vec<u8>, limits: &Limits) -> Vec<u8> {
    assert_eq!(body.len(), written.len());
    encode_list(&decode_list(&written, limits).expect("it was within the limits"))
}

/// How many types take a value. What one takes, it writes in one way, and takes again.
fn types(value: &JsValue, limits: &Limits) -> usize {
    let taken = [
        is::<f64>(value, limits),
        is::<f32>(value, limits),
        is::<i64>(value, limits),
        is::<u128>(value, limits),
        is::<char>(value, limits),
        is::<String>(value, limits),
        is::<Option<bool>>(value, limits),
        is::<Vec<Option<i16>>>(value, limits),
        is::<(u32, String)>(value, limits),
        is::<BTreeMap<String, Vec<u8>>>(value, limits),
        is::<AsMap<BTreeMap<(i32, String), bool>>>(value, limits),
        is::<Bytes>(value, limits),
        is::<Date>(value, limits),
        is::<ErrorValue>(value, limits),
        is::<serde_json::Value>(value, limits),
        is::<Record>(value, limits),
        is::<Choice>(value, limits),
        is::<External>(value, limits),
    ];
    taken.into_iter().filter(|taken| *taken).count()
}

fn is<T: Serialize + DeserializeOwned>(value: &JsValue, limits: &Limits) -> bool {
    let Ok(value) = read::<T>(value.clone(), limits) else { return false };
    let [direct, plain] = serialized(&value).expect("it was read");
    assert_eq!(direct, plain);
    let back = decode(&direct, &Limits::default()).expect("it was written");
    read::<T>(back, &Limits::default()).unwrap_or_else(|error| panic!("it is not taken again: {error}"));
    true
}

/// A stream, and how many bytes of it come at once: frames of values and of bytes that are like values, or any bytes.
fn input(source: &mut Unstructured<'_>) -> Result<(Vec<u8>, usize)> {
    let step = source.int_in_range(1..=64)?;
    if source.ratio(1, 8)? {
        let length = source.len();
        return Ok((source.bytes(length)?.to_vec(), step));
    }
    let mut stream = Vec::new();
    for _ in 0..source.int_in_range(1..=3u8)? {
        let mut body = match source.ratio(1, 2)? {
            true => encode(&value(source, 3)?),
            false => encode_list(&[value(source, 2)?, value(source, 2)?]),
        };
        if source.ratio(1, 3)? && !body.is_empty() {
            let at = source.choose_index(body.len())?;
            body[at] ^= source.arbitrary::<u8>()?;
        }
        frame(&mut stream, (source.arbitrary()?, source.arbitrary()?, &body), BODY).expect("it is short");
    }
    Ok((stream, step))
}

fn value(source: &mut Unstructured<'_>, depth: u32) -> Result<JsValue> {
    const KINDS: [&str; 3] = ["Int8", "Float32", "Float64"];
    const OTHERS: [Unrepresentable; 8] = [
        Unrepresentable::Kind(JsKind::Function),
        Unrepresentable::BigInt,
        Unrepresentable::Text(TextFault::LoneSurrogate { index: 3 }),
        Unrepresentable::PropertyName(TextFault::Unreadable { length: 1 << 29 }),
        Unrepresentable::DetachedBytes,
        Unrepresentable::Handle(HandleNumber::new(3, 1)),
        Unrepresentable::ExcessiveText { length: 70_000, budget: CrossingBudget::Bytes },
        Unrepresentable::Excessive { kind: JsKind::Array, budget: CrossingBudget::Items { found: 100_001 } },
    ];
    let most = if depth == 0 { 10 } else { 16 };
    let inner = |source: &mut Unstructured<'_>| value(source, depth - 1);
    Ok(match source.int_in_range(0..=most)? {
        0 => JsValue::Null,
        1 => JsValue::Undefined,
        2 => JsValue::Bool(source.arbitrary()?),
        3 => JsValue::Number(source.arbitrary()?),
        4 => JsValue::Number(source.arbitrary::<i16>()?.into()),
        5 => JsValue::bigint(source.arbitrary()?),
        6 => JsValue::String(text(source)?),
        7 => JsValue::Bytes(source.arbitrary()?),
        8 => JsValue::Numbers { kind: source.choose(&KINDS)?, values: source.arbitrary()? },
        9 => JsValue::Date(source.arbitrary::<i32>()?.into()),
        10 => JsValue::Other(*source.choose(&OTHERS)?),
        11 | 12 => JsValue::Object(several(source, |source| Ok((text(source)?, inner(source)?)))?),
        16 => {
            let number = GivenNumber { crossing: source.arbitrary()?, object: source.arbitrary()? };
            JsValue::given(number, inner(source)?.into_given().1)
        }
        13 => JsValue::Map(several(source, |source| Ok((inner(source)?, inner(source)?)))?),
        14 => JsValue::Error {
            name: text(source)?,
            message: text(source)?,
            rest: vec![("cause", inner(source)?)],
        },
        _ => JsValue::Array(several(source, inner)?),
    })
}

fn several<T>(
    source: &mut Unstructured<'_>,
    one: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = source.int_in_range(0..=4u8)?;
    (0..count).map(|_| one(source)).collect()
}

/// The name of a field of one of the types more often than another text.
fn text(source: &mut Unstructured<'_>) -> Result<String> {
    const NAMES: &[&str] =
        &["name", "count", "tags", "nested", "choice", "Empty", "Text", "Pair", "Fields", "x", "a", "1"];
    match source.ratio(7, 8)? {
        true => Ok((*source.choose(NAMES)?).to_owned()),
        false => source.arbitrary(),
    }
}

/// A stream that gives so many bytes at once.
struct Steps<'b>(&'b [u8], usize);

impl Read for Steps<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let most = room.len().min(self.1);
        self.0.read(&mut room[..most])
    }
}
