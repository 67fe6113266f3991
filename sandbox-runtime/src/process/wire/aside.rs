//! What is long is laid aside, in memory that both sides have: it is copied into it once and out of it once.

use std::fmt::Debug;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// How long a text or a buffer is, in bytes, that is laid aside.
pub(crate) const LONG: usize = 32 << 10;

/// Memory that both sides have, for one direction. It holds what belongs to one frame: whoever has sent one waits for an answer
/// before the next, or sends the next without it.
pub(crate) trait Window: Debug + Send + Sync {
    /// How much there is of it, in bytes.
    fn room(&self) -> usize;

    /// Copies bytes to a place in it.
    fn put(&self, at: usize, bytes: &[u8]) -> io::Result<()>;

    /// Copies bytes out of it: the other side can change nothing of the copy.
    fn take(&self, at: usize, length: usize) -> io::Result<Vec<u8>>;

    /// What was sent was read. Memory that is seldom used may be given back.
    fn settle(&self) {}

    /// How many bytes of the machine's memory it has, whoever wrote them.
    fn held(&self) -> u64 {
        0
    }

    /// Says beside all frames that a call has to be over: who computes reads none.
    fn call_off(&self, call: u64) {
        _ = call;
    }

    /// Whether that was said of a call.
    fn is_called_off(&self, call: u64) -> bool {
        _ = call;
        false
    }
}

/// The bytes of values as they are written, and what is beside them.
#[derive(Debug, Default)]
pub(crate) struct Out {
    bytes: Vec<u8>,
    window: Option<Arc<dyn Window>>,
    /// How much of the window is taken.
    aside: usize,
    /// It is not to be used.
    together: bool,
}

impl Out {
    pub(crate) fn new(window: Option<Arc<dyn Window>>) -> Self {
        Self { window, ..Self::default() }
    }

    /// Nothing is written, and of its memory no more is kept than that.
    pub(crate) fn restart(&mut self, kept: usize) {
        self.bytes.clear();
        self.bytes.shrink_to(kept);
        self.aside = 0;
    }

    pub(crate) fn keep_together(&mut self, together: bool) {
        self.together = together;
    }

    /// How many bytes were written, with those beside them.
    pub(crate) fn weight(&self) -> usize {
        self.bytes.len() + self.aside
    }

    /// Lays long bytes aside, and says where they are. What is short, or has no place there, is to be written like all else.
    pub(super) fn lay_aside(&mut self, bytes: &[u8]) -> Option<usize> {
        let window = self.window.as_ref().filter(|_| bytes.len() >= LONG && !self.together)?;
        let at = self.aside;
        let end = at.checked_add(bytes.len()).filter(|end| *end <= window.room())?;
        window.put(at, bytes).ok()?;
        self.aside = end;
        Some(at)
    }

    /// Appends what was written elsewhere, with the same window, when nothing of it was taken here.
    pub(crate) fn append(&mut self, other: &Self) {
        self.bytes.extend_from_slice(&other.bytes);
        self.aside = other.aside;
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
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

/// The bytes of values to be read, and where what is beside them is.
///
/// What is in the window may be another thing each time that it is read. So whoever looks at a value twice keeps the value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoded<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) window: Option<&'b dyn Window>,
}

impl<'b> Encoded<'b> {
    pub(crate) fn new(bytes: &'b [u8], window: Option<&'b dyn Window>) -> Self {
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
