//! Long values travel through the window, and each is copied once.

use std::io;
use std::sync::{Arc, Mutex};

use proptest::collection::vec;
use proptest::prelude::*;

use super::aside::LONG;
use super::tests::values;
use super::*;
use crate::limits::Limits;
use crate::value::JsValue;

/// Memory of this process.
#[derive(Debug)]
struct Plain {
    bytes: Mutex<Vec<u8>>,
    /// The ranges that were copied out of it.
    taken: Mutex<Vec<(usize, usize)>>,
}

impl Plain {
    fn new(room: usize) -> Arc<Self> {
        Arc::new(Self { bytes: Mutex::new(vec![0; room]), taken: Mutex::default() })
    }

    fn out(self: &Arc<Self>) -> Out {
        Out::new(Some(self.clone()))
    }

    fn fault(&self, bytes: &[u8], limits: &Limits) -> DecodeFault {
        decode(Encoded::new(bytes, Some(self)), limits).expect_err("it is no value").fault
    }

    fn taken(&self) -> Vec<(usize, usize)> {
        std::mem::take(&mut *self.taken.lock().expect("nobody panicked"))
    }
}

impl Window for Plain {
    fn room(&self) -> usize {
        self.bytes.lock().expect("nobody panicked").len()
    }

    fn put(&self, at: usize, bytes: &[u8]) -> io::Result<()> {
        self.bytes.lock().expect("nobody panicked")[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn take(&self, at: usize, length: usize) -> io::Result<Vec<u8>> {
        self.taken.lock().expect("nobody panicked").push((at, length));
        let there = self.bytes.lock().expect("nobody panicked");
        there.get(at..at + length).map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }
}

/// Values with something long in them.
fn long() -> impl Strategy<Value = JsValue> {
    let bytes = (LONG - 2..LONG + 500, any::<u8>()).prop_map(|(length, byte)| vec![byte; length]);
    let kind = proptest::sample::select(vec!["ArrayBuffer", "DataView"]);
    let leaf = prop_oneof![
        bytes.clone().prop_map(JsValue::Bytes),
        (kind, bytes).prop_map(|(kind, bytes)| JsValue::Buffer { kind, bytes }),
        (LONG / 2 - 2..LONG).prop_map(|length| JsValue::String("é".repeat(length))),
        values(),
    ];
    vec(leaf, 0..6).prop_map(JsValue::Array)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_laid_aside_comes_back(value in long(), room in 0..6 * LONG) {
        let window = Plain::new(room);
        let mut out = window.out();
        encode(&value, &mut out);
        let there = decode(Encoded::new(&out, Some(&*window)), DecodeBounds::TRUSTED).expect("it is read");
        prop_assert_eq!(format!("{there:?}"), format!("{value:?}"));
        let whole = encoded(&value);
        prop_assert!(out.len() <= whole.len());
        let aside = window.taken();
        prop_assert_eq!(out.weight() - out.len(), aside.iter().map(|(_, length)| length).sum::<usize>());
        prop_assert!(aside.iter().all(|(_, length)| *length >= LONG));
        // One after the other.
        prop_assert!(aside.windows(2).all(|two| two[0].0 + two[0].1 == two[1].0));
    }
}

#[test]
fn a_rust_value_is_laid_aside_as_its_plain_data_is() {
    let value = ("a".repeat(LONG), vec![crate::value::Bytes::from(vec![7; LONG])], 5);
    let [one, other] = [(); 2].map(|()| Plain::new(4 * LONG));
    let (mut direct, mut by_way_of_data) = (one.out(), other.out());
    serialize(&value, &mut direct).expect("it is written");
    encode(&crate::boundary::plain(&value).expect("it is data"), &mut by_way_of_data);
    assert_eq!(*direct, *by_way_of_data);
    assert!(direct.len() < 40, "{}", direct.len());
    assert_eq!(*one.bytes.lock().expect("nobody panicked"), *other.bytes.lock().expect("nobody panicked"));
}

#[test]
fn what_was_written_elsewhere_with_the_same_window_is_appended() {
    let window = Plain::new(2 * LONG);
    let (mut elsewhere, mut out) = (window.out(), window.out());
    encode(&JsValue::Bytes(vec![3; LONG]), &mut elsewhere);
    out.append(&elsewhere);
    assert_eq!(out.weight(), elsewhere.weight());
    let there = decode(Encoded::new(&out, Some(&*window)), DecodeBounds::TRUSTED).expect("it is read");
    assert_eq!(there, JsValue::Bytes(vec![3; LONG]));
    out.restart(0);
    assert_eq!((out.weight(), out.capacity()), (0, 0));
}

fn aside(tag: u8, at: usize, length: usize) -> Vec<u8> {
    let mut out = Out::default();
    out.extend([ASIDE, tag]);
    put_length(at, &mut out);
    put_length(length, &mut out);
    out.into_bytes()
}

#[test]
fn what_is_not_in_the_window_is_refused() {
    let (window, limits) = (Plain::new(2 * LONG), Limits::default());
    let fault = |bytes: &[u8]| window.fault(bytes, &limits);
    assert_eq!(fault(&aside(BYTES, 0, LONG - 1)), DecodeFault::Aside);
    assert_eq!(fault(&aside(BYTES, LONG + 1, LONG)), DecodeFault::Aside);
    assert_eq!(fault(&aside(BYTES, u32::MAX as usize, LONG)), DecodeFault::Aside);
    for tag in [NULL, NUMBER, ARRAY, OBJECT, NUMBERS, OTHER, ASIDE, 0xff] {
        assert_eq!(fault(&aside(tag, 0, LONG)), DecodeFault::Tag(tag));
    }
    assert_eq!(fault(&aside(BYTES, 0, LONG)[..2]), DecodeFault::Ended);
    window.put(5, &[0xff]).expect("there is room");
    assert_eq!(fault(&aside(STRING, 0, LONG)), DecodeFault::Utf8);
    let nowhere =
        decode(&aside(BYTES, 0, LONG), DecodeBounds::TRUSTED).expect_err("there is no window").fault;
    assert_eq!(nowhere, DecodeFault::Aside);
}

/// A reference to the window costs no bytes, so its content must be paid for before it is copied.
#[test]
fn what_is_beside_is_paid_for_before_it_is_copied() {
    let window = Plain::new(4 * LONG);
    let bytes = Limits { value_bytes: 2 * LONG, ..Limits::default() };
    let over = DecodeFault::Limit { what: "bytes", limit: 2 * LONG };
    assert_eq!(window.fault(&aside(BYTES, 0, 2 * LONG + 1), &bytes), over);
    assert_eq!(window.taken(), []);
    let list = [vec![ARRAY, 3], aside(DATA_VIEW, 0, LONG), aside(STRING, 0, LONG), aside(BYTES, 0, LONG)];
    assert_eq!(window.fault(&list.concat(), &bytes), over);
    assert_eq!(window.taken(), [(0, LONG), (0, LONG)]);
    assert_eq!(window.fault(&aside(STRING, 0, 3 * 2 * LONG + 3), &bytes), over);
    assert_eq!(window.taken(), []);

    let text = Limits { value_text: LONG, ..Limits::default() };
    let over = DecodeFault::Limit { what: "units in one text", limit: LONG };
    assert_eq!(window.fault(&aside(STRING, 0, 3 * LONG + 3), &text), over);
    assert_eq!(window.taken(), []);
    // As many units as bytes.
    assert_eq!(window.fault(&aside(STRING, 0, LONG + 1), &text), over);
    assert_eq!(window.taken(), [(0, LONG + 1)]);
}
