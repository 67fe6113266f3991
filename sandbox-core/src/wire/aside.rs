//! Long texts and buffers of values, which go through shared memory: each is copied into it once and out of it once.

use std::fmt::Debug;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

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
}

impl Out {
    pub fn new(window: Option<Arc<dyn Window>>) -> Self {
        Self { window, ..Self::default() }
    }

    /// Empties the output, and keeps at most `kept` bytes of its memory.
    pub fn restart(&mut self, kept: usize) {
        self.bytes.clear();
        self.bytes.shrink_to(kept);
        self.aside = 0;
    }

    pub fn keep_together(&mut self, together: bool) {
        self.together = together;
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

/// The bytes of values to be read, and the window that they refer to.
///
/// The content of the window may differ at each read. So a caller that needs a value twice keeps the value.
#[derive(Clone, Copy, Debug)]
pub struct Encoded<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) window: Option<&'b dyn Window>,
}

impl<'b> Encoded<'b> {
    pub fn new(bytes: &'b [u8], window: Option<&'b dyn Window>) -> Self {
        Self { bytes, window }
    }
}

impl<'b> From<&'b [u8]> for Encoded<'b> {
    fn from(bytes: &'b [u8]) -> Self {
        Self { bytes, window: None }
    }
}

impl<'b> From<&'b Vec<u8>> for Encoded<'b> {
    fn from(bytes: &'b Vec<u8>) -> Self {
        bytes.as_slice().into()
    }
}
