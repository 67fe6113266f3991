//! The observation of the guest's values: the parts that a read has seen.
//!
//! A getter, or a buffer that changes, gives another value at each read. So a value of the guest is observed once. While
//! the value is read, each part is noted here.
//!
//! A second pass follows when a value that was read must be checked, or when a refused value must be diagnosed. The second
//! pass uses the noted parts, and no code of the guest runs for them. For a value that was read, the second pass uses
//! nothing else.
//!
//! A note is a handle of the engine and a number. A type without a description has no second pass, so it has no notes.
//! [`Reader`](super::read::Reader) writes them, and `observe` reads them.

use std::cell::RefCell;

use deno_core::v8;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::read::Value;

/// The number of a value among those that were seen.
pub(super) type Part = u32;

/// The container of the top-level values.
pub(super) const TOP: Part = Part::MAX;

/// A part that was not observed. No parts are inside of it.
pub(super) const UNSEEN: Part = Part::MAX - 1;

/// The parts of values, in the order of observation.
pub(crate) struct Seen<'s> {
    /// Each part, with the part that contains it. A value of few parts needs no allocation for its notes.
    parts: RefCell<SmallVec<[(Part, Value<'s>); 4]>>,
    opened: RefCell<Vec<(Part, Opened<'s>)>>,
    /// Whether the bytes of buffers are kept; otherwise only their number.
    keeps_bytes: bool,
}

/// How a part was taken apart. Arrays here are the host's own, and no code of the guest can reach them.
pub(super) enum Opened<'s> {
    /// The elements of a list.
    Items {
        object: v8::Local<'s, v8::Object>,
        length: usize,
    },
    /// The properties of these names.
    Named {
        object: v8::Local<'s, v8::Object>,
        names: v8::Local<'s, v8::Array>,
    },
    /// The values of all fields.
    Taken {
        values: v8::Local<'s, v8::Array>,
        fields: &'static [&'static str],
    },
    /// The keys and values of a Map in turn.
    Pairs(v8::Local<'s, v8::Array>),
    Bytes(Vec<u8>),
    /// Milliseconds since 1970.
    Date(f64),
}

impl<'s> Seen<'s> {
    pub(crate) fn new(keeps_bytes: bool) -> Self {
        Self { parts: RefCell::default(), opened: RefCell::default(), keeps_bytes }
    }

    /// Notes a value that is inside of another.
    #[inline]
    pub(super) fn note(&self, of: Part, value: Value<'s>) -> Part {
        let mut parts = self.parts.borrow_mut();
        let part = Part::try_from(parts.len()).unwrap_or(UNSEEN);
        parts.push((of, value));
        part
    }

    pub(super) fn opens(&self, part: Part, opened: Opened<'s>) {
        self.opened.borrow_mut().push((part, opened));
    }

    /// The bytes of a buffer as they are noted.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Opened<'s> {
        Opened::Bytes(if self.keeps_bytes { bytes.to_vec() } else { vec![0; bytes.len()] })
    }
}

/// The observation, for the second pass.
pub(super) struct Again<'s> {
    parts: SmallVec<[(Part, Value<'s>); 4]>,
    inside: FxHashMap<Part, Vec<Part>>,
    opened: FxHashMap<Part, Opened<'s>>,
}

impl<'s> From<Seen<'s>> for Again<'s> {
    fn from(seen: Seen<'s>) -> Self {
        let parts = seen.parts.into_inner();
        let mut inside = FxHashMap::<Part, Vec<Part>>::default();
        for (part, (of, _)) in (0..).zip(&parts) {
            inside.entry(*of).or_default().push(part);
        }
        Self { parts, inside, opened: seen.opened.into_inner().into_iter().collect() }
    }
}

impl<'s> Again<'s> {
    /// The nth observed value inside of a part.
    pub(super) fn nth(&self, of: Part, nth: usize) -> Option<(Part, Value<'s>)> {
        let part = *self.inside.get(&of)?.get(nth)?;
        Some((part, self.parts.get(part as usize)?.1))
    }

    pub(super) fn opened(&self, part: Part) -> Option<&Opened<'s>> {
        self.opened.get(&part)
    }
}
