//! Long texts and buffers of values, which go through shared memory: each is copied into it once and out of it once.

use std::fmt::Debug;
use std::io;
use std::ops::{Deref, DerefMut, Range};
use std::sync::Arc;

use crate::value::HandleNumber;
use crate::value::handle::{HandleNumbers, SharedObject};

/// The least length of a text or a buffer that goes through shared memory, in bytes.
pub(super) const LONG: usize = 32 << 10;

/// Shared memory for one direction. The content belongs to one frame. The sender waits for an answer before the next use, or
/// sends the next values without it.
pub trait Window: Debug + Send + Sync {
    /// Its size, in bytes.
    fn room(&self) -> usize;

    /// Copies bytes to a place in it.
    fn put(&self, at: usize, bytes: &[u8]) -> io::Result<()>;

    /// Copies bytes out of it. The other side cannot change the copy.
    fn take(&self, at: usize, length: usize) -> io::Result<Vec<u8>>;

    /// The sent values were read. Memory that is seldom used may be given back.
    fn settle(&self) {}

    /// The machine's memory that it uses, in bytes.
    fn held(&self) -> u64 {
        0
    }

    /// Marks a call as cancelled beside all frames, because a computing peer reads none.
    fn call_off(&self, call: u64) {
        _ = call;
    }

    /// Whether a call is marked as cancelled.
    fn is_called_off(&self, call: u64) -> bool {
        _ = call;
        false
    }
}

/// The bytes of values as they are written, and the shared memory for long ones.
#[derive(Debug, Default)]
pub struct Out {
    bytes: Vec<u8>,
    window: Option<Arc<dyn Window>>,
    /// How much of the window is used.
    aside: usize,
    /// Whether the window must not be used.
    together: bool,
    /// Whether numbers of handles mean something to the reader.
    has_numbers: bool,
    /// Objects whose numbers are not written yet, and the places of the numbers.
    objects: Vec<(usize, SharedObject)>,
}

impl Out {
    pub fn new(window: Option<Arc<dyn Window>>) -> Self {
        Self { window, ..Self::default() }
    }

    /// Empties the output, and keeps at most `kept` bytes of its memory.
    pub fn restart(&mut self, kept: usize) {
        self.bytes.clear();
        self.objects.clear();
        self.bytes.shrink_to(kept);
        self.aside = 0;
    }

    pub fn keep_together(&mut self, together: bool) {
        self.together = together;
    }

    /// Writes the numbers of handles from here on. Otherwise a text describes the object.
    pub fn with_numbers(self) -> Self {
        Self { has_numbers: true, ..self }
    }

    pub(super) fn has_numbers(&self) -> bool {
        self.has_numbers
    }

    /// Appends room for the number of an object.
    pub(super) fn put_object(&mut self, object: SharedObject) {
        let at = self.bytes.len();
        self.bytes.extend([0; NUMBER]);
        self.objects.push((at, object));
    }

    /// Writes the numbers of the objects.
    pub fn number<E>(
        &mut self,
        mut number: impl FnMut(SharedObject) -> Result<HandleNumber, E>,
    ) -> Result<(), E> {
        for (at, object) in std::mem::take(&mut self.objects) {
            let handle = number_bytes(number(object)?);
            if let Some(room) = self.bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<NUMBER>()) {
                *room = handle;
            }
        }
        Ok(())
    }

    /// Whether objects have no numbers yet.
    pub fn has_objects(&self) -> bool {
        !self.objects.is_empty()
    }

    /// Replaces bytes.
    pub(super) fn replace(&mut self, range: Range<usize>, bytes: Vec<u8>) {
        let (end, removed, added) = (range.end, range.len(), bytes.len());
        self.bytes.splice(range, bytes);
        let behind = self.objects.iter_mut().filter(|(at, _)| *at >= end);
        behind.for_each(|(at, _)| *at = *at + added - removed);
    }

    /// The number of written bytes, with those in the window.
    pub fn weight(&self) -> usize {
        self.bytes.len() + self.aside
    }

    /// Copies long bytes into the window, and returns their offset. `None` for bytes that are short or have no room there,
    /// which are written like others.
    pub(super) fn lay_aside(&mut self, bytes: &[u8]) -> Option<usize> {
        let window = self.window.as_ref().filter(|_| bytes.len() >= LONG && !self.together)?;
        let at = self.aside;
        let end = at.checked_add(bytes.len()).filter(|end| *end <= window.room())?;
        window.put(at, bytes).ok()?;
        self.aside = end;
        Some(at)
    }

    /// Appends output that was written elsewhere with the same window, if this output uses none of it.
    pub fn append(&mut self, other: &Self) {
        debug_assert!(other.objects.is_empty(), "the objects of `other` have numbers");
        self.bytes.extend_from_slice(&other.bytes);
        self.aside = other.aside;
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Deref for Out {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Out {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

/// The bytes of a handle's number and of its contract's.
const NUMBER: usize = 10;

pub(super) fn number_bytes(handle: HandleNumber) -> [u8; NUMBER] {
    let mut bytes = [0; NUMBER];
    let (number, contract) = bytes.split_at_mut(8);
    number.copy_from_slice(&handle.number().to_le_bytes());
    contract.copy_from_slice(&handle.contract().to_le_bytes());
    bytes
}

/// The bytes of values to be read, and the window and the handles that they refer to.
///
/// The content of the window may differ at each read. So a caller that needs a value twice keeps the value.
#[derive(Clone, Copy)]
pub struct Encoded<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) window: Option<&'b dyn Window>,
    pub(super) handles: Option<&'b dyn HandleNumbers>,
}

impl<'b> Encoded<'b> {
    pub fn new(bytes: &'b [u8], window: Option<&'b dyn Window>) -> Self {
        Self { bytes, window, handles: None }
    }

    /// The values may name these handles.
    #[must_use]
    pub fn with_handles(self, handles: &'b dyn HandleNumbers) -> Self {
        Self { handles: Some(handles), ..self }
    }

    /// The handles that the values may name.
    pub fn handles(&self) -> Option<&'b dyn HandleNumbers> {
        self.handles
    }
}

impl<'b> From<&'b [u8]> for Encoded<'b> {
    fn from(bytes: &'b [u8]) -> Self {
        Self { bytes, window: None, handles: None }
    }
}

impl<'b> From<&'b Vec<u8>> for Encoded<'b> {
    fn from(bytes: &'b Vec<u8>) -> Self {
        bytes.as_slice().into()
    }
}
