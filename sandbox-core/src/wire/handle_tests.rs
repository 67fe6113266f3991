//! Handles as bytes: their numbers, and the places of numbers that are written later.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::*;
use crate::limits::Limits;
use crate::value::handle::{HandleContract, HandleNumbers, HostObject, Shared, offer};
use crate::value::{GivenNumber, HandleNumber, JsValue, Unrepresentable};

/// Admits some handles, and notes what it was asked for.
struct AdmittedHandles(Vec<HandleNumber>, RefCell<Vec<HandleNumber>>);

impl HandleNumbers for AdmittedHandles {
    fn admits(&self, handle: HandleNumber) -> bool {
        self.1.borrow_mut().push(handle);
        self.0.contains(&handle)
    }
}

fn handle(number: u64, contract: u16) -> JsValue {
    JsValue::Other(Unrepresentable::Handle(HandleNumber::new(number, contract)))
}

fn numbered(value: &JsValue) -> Vec<u8> {
    let mut out = Out::default().with_numbers();
    encode(value, &mut out);
    out.into_bytes()
}

#[test]
fn a_handle_is_what_the_documentation_says() {
    let bytes = numbered(&handle(0x0102, 0x0304));
    assert_eq!(bytes, [18, 8, 2, 1, 0, 0, 0, 0, 0, 0, 4, 3]);
    let known = AdmittedHandles(vec![HandleNumber::new(0x0102, 0x0304)], RefCell::default());
    let read = |bytes: &[u8]| decode(Encoded::from(bytes).with_handles(&known), &Limits::default());
    assert_eq!(read(&bytes), Ok(handle(0x0102, 0x0304)));
    for (at, fault) in [(2, DecodeFault::Handle), (10, DecodeFault::Handle)] {
        let mut other = bytes.clone();
        other[at] ^= 1;
        assert_eq!(read(&other), Err(WireError { at: 2, fault }));
    }
    assert!((0..bytes.len()).all(|end| read(&bytes[..end]).is_err()));
    // Each naming is asked for.
    known.1.take();
    let list = numbered(&JsValue::Array(vec![handle(0x0102, 0x0304); 3]));
    read(&list).expect("they are known");
    assert_eq!(known.1.take().len(), 3);
}

#[test]
fn a_number_means_nothing_to_another_reader() {
    let text = JsValue::String("an object of the host".into());
    assert_eq!(encoded(&handle(1, 1)), encoded(&text));
    let mut out = Out::default();
    serialize(&handle(1, 1), &mut out).expect("it is a text");
    assert_eq!(out.into_bytes(), encoded(&text));
    let bytes = numbered(&handle(1, 1));
    assert_eq!(
        decode(&bytes, &Limits::default()),
        Err(WireError { at: 2, fault: DecodeFault::Handle }),
        "there are no handles"
    );
}

/// An object that is offered.
struct Object(Arc<u8>);

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let contract = HandleContract {
            id: TypeId::of::<u8>(),
            name: "Object",
            parts: &(),
            share: |object| Some(object.downcast_ref::<Arc<u8>>()?.clone() as Shared),
            unshare: |_| None,
            weak: |_| None,
        };
        let object: Rc<dyn Any> = Rc::new(self.0.clone());
        offer(HostObject { contract, object, address: usize::from(*self.0) }, serializer)
    }
}

/// An object whose serializer does not know how many properties it has, so that its length is written last.
struct Late(Vec<(String, Object)>);

impl Serialize for Late {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, object) in &self.0 {
            map.serialize_entry(name, object)?;
        }
        map.end()
    }
}

/// A length of two bytes takes the place of one, and the numbers behind it are written where they are then.
#[test]
fn numbers_are_written_where_their_objects_are() {
    let late = Late((0..200).map(|n| (format!("p{n}"), Object(Arc::new(n)))).collect());
    let mut out = Out::default();
    serialize(&vec![Late(Vec::new()), late], &mut out).expect("they can be shared");
    assert!(out.has_objects());
    let given = out.number(|object| {
        let number = u64::try_from(object.address).map_err(|_| ())?;
        Ok::<_, ()>(HandleNumber::new(number + 1, 7))
    });
    assert!(given.is_ok() && !out.has_objects());
    let known =
        AdmittedHandles((1..=200).map(|number| HandleNumber::new(number, 7)).collect(), RefCell::default());
    let read = decode(Encoded::from(&*out).with_handles(&known), &Limits::default());
    let fields = (0..200).map(|n| (format!("p{n}"), handle(n + 1, 7))).collect();
    assert_eq!(read, Ok(JsValue::Array(vec![JsValue::Object(Vec::new()), JsValue::Object(fields)])));
}

/// Objects of guests that a value may give.
struct GivenObjects;

impl HandleNumbers for GivenObjects {
    fn admits(&self, _: HandleNumber) -> bool {
        false
    }

    fn gives(&self, given: GivenNumber) -> bool {
        given.object < 10
    }
}

#[test]
fn an_object_of_a_guest_is_its_numbers_and_its_data() {
    let number = GivenNumber { crossing: 0x0102, object: 3 };
    let value = JsValue::Array(vec![JsValue::given(number, JsValue::Object(Vec::new())), JsValue::Null]);
    let bytes = numbered(&value);
    let golden = [&[8, 2, 18, 9, 2, 1, 0, 0, 0, 0, 0, 0, 3][..], &[0; 7], &[9, 0, 1]].concat();
    assert_eq!(bytes, golden);
    let read = |bytes: &[u8]| decode(Encoded::from(bytes).with_handles(&GivenObjects), &Limits::default());
    assert_eq!(read(&bytes), Ok(value.clone()));
    // A reader without numbers gets the data.
    assert_eq!(encoded(&value), encoded(&value.clone().without_given()));
    let refused = |at, fault| Err(WireError { at, fault });
    assert_eq!(decode(&bytes, &Limits::default()), refused(3, DecodeFault::Handle));
    let object = |object: u8| [&[18, 9][..], &[1; 8], &[object], &[0; 7]].concat();
    assert_eq!(read(&[object(10), vec![1]].concat()), refused(1, DecodeFault::Handle));
    assert_eq!(read(&[object(1), object(1), vec![1]].concat()), refused(1, DecodeFault::Other));
    assert_eq!(read(&object(1)), refused(18, DecodeFault::Ended));
}
