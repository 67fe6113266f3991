//! The table of handles beside a model, with random steps.

use std::collections::HashMap;

use super::*;
use crate::Handle;
use crate::limits::Limits;
use crate::sandbox_api;
use crate::value::{JsValue, Unrepresentable};
use crate::wire::{Encoded, decode_list, put_length, serialize_top};

#[sandbox_api(host, crate = crate)]
trait Piece: Send + Sync {
    fn nothing(&self);
}

impl Piece for () {
    fn nothing(&self) {}
}

const MOST: usize = 10;

/// Gives some objects as a list. Returns their numbers, as a peer reads them.
fn give(handles: &SessionHandles, objects: &[Arc<dyn Piece>]) -> Option<Vec<u64>> {
    let mut out = Out::default();
    put_length(objects.len(), &mut out);
    for object in objects {
        serialize_top(&Handle::from(object.clone()), &mut out).expect("it is `Send + Sync`");
    }
    assert!(out.has_objects() || objects.is_empty());
    handles.give(&mut out, MOST, true).ok()?;
    assert!(!out.has_objects());
    let encoded = Encoded::from(&*out).with_handles(handles);
    let values = decode_list(encoded, &Limits::default()).expect("the peer has these numbers");
    let number = |value| match value {
        JsValue::Other(Unrepresentable::Handle(handle)) => handle.number(),
        other => panic!("{other:?}"),
    };
    Some(values.into_iter().map(number).collect())
}

fn released(number: u64, count: u64) -> Vec<u8> {
    [number.to_le_bytes(), count.to_le_bytes()].concat()
}

/// The next number of a sequence, below `most`.
fn below(random: &mut u64, most: u64) -> u64 {
    *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*random >> 33) % most
}

#[test]
fn numbers_are_counted_as_in_the_model() {
    let handles = SessionHandles::new(&[]);
    let objects: Vec<Arc<dyn Piece>> = (0..40).map(|_| Arc::new(()) as Arc<dyn Piece>).collect();
    // For each object that is held: its number, and how often it was given.
    let mut model = HashMap::<usize, (u64, u64)>::new();
    let (mut random, mut last, mut refusals) = (7, 0, 0);
    for _ in 0..20_000 {
        let nth = usize::try_from(below(&mut random, 40)).expect("it is small");
        let held = model.get(&nth).copied();
        match below(&mut random, 8) {
            0..3 => {
                let given = give(&handles, &[objects[nth].clone(), objects[nth].clone()]);
                if held.is_none() && model.len() == 2 * MOST {
                    assert_eq!(given, None, "too many");
                    refusals += 1;
                    continue;
                }
                let number = held.map_or(last + 1, |(number, _)| number);
                assert_eq!(given, Some(vec![number; 2]));
                last = last.max(number);
                model.entry(nth).or_insert((number, 0)).1 += 2;
                // Some values are not sent.
                if below(&mut random, 4) == 0 {
                    handles.take_back();
                    match held {
                        Some(held) => _ = model.insert(nth, held),
                        None => _ = model.remove(&nth),
                    }
                } else {
                    handles.were_sent();
                }
            }
            3..7 => {
                let Some((number, given)) = held else { continue };
                let count = below(&mut random, given) + 1;
                assert_eq!(handles.release(&released(number, count), false), Some(Vec::new()));
                match given - count {
                    0 => _ = model.remove(&nth),
                    left => _ = model.insert(nth, (number, left)),
                }
            }
            _ => {
                let (number, given) = held.unwrap_or((last + 1, 0));
                assert_eq!(handles.release(&released(number, given + 1), false), None);
                assert_eq!(handles.release(&released(number, 0), false), None);
            }
        }
        drop(handles.take_over());
        let live = objects.iter().filter(|object| Arc::strong_count(object) > 1).count();
        assert_eq!(live, model.len());
    }
    assert!(refusals > 0, "no step met the limit");
    handles.end_all();
    drop(handles.take_over());
    assert!(objects.iter().all(|object| Arc::strong_count(object) == 1));
    assert!(!handles.was_broken());
}

#[test]
fn a_number_that_is_over_is_not_admitted() {
    let handles = SessionHandles::new(&[]);
    let object: Arc<dyn Piece> = Arc::new(());
    assert_eq!(give(&handles, std::slice::from_ref(&object)), Some(vec![1]));
    assert!(handles.admits(HandleNumber::new(1, 0)) && handles.admits(HandleNumber::new(0, 0)));
    assert!(!handles.was_broken());
    for (number, contract) in [(2, 0), (1, 1), (0, 1)] {
        assert!(!handles.admits(HandleNumber::new(number, contract)), "{number} of {contract}");
        assert!(handles.was_broken());
    }
    assert_eq!(handles.release(&released(1, 1), false), Some(Vec::new()));
    assert!(!handles.admits(HandleNumber::new(1, 0)) && handles.was_broken());
    // The next peer is told of the contract again, and has other numbers.
    assert_eq!(handles.unannounced().len(), 1);
    assert!(!handles.has_unannounced());
    handles.end_all();
    assert!(handles.has_unannounced());
    assert_eq!(give(&handles, &[object]), Some(vec![2]));
}

/// A frame that was put off may name a number that is released after it.
#[test]
fn a_release_waits_for_frames_that_were_put_off() {
    let handles = SessionHandles::new(&[]);
    let [before, after]: [Arc<dyn Piece>; 2] = [Arc::new(()), Arc::new(())];
    assert_eq!(give(&handles, &[before]), Some(vec![1]));
    handles.puts_off();
    assert_eq!(give(&handles, &[after]), Some(vec![2]));
    let both = [released(1, 1), released(2, 1)].concat();
    let later = handles.release(&both, true).expect("both are there");
    assert_eq!(later, released(1, 1));
    assert!(handles.called(1, 0).is_some() && handles.called(2, 0).is_none());
    assert_eq!(handles.release(&later, false), Some(Vec::new()));
    assert!(handles.called(1, 0).is_none());
}
