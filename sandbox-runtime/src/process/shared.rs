//! The memory that parent and child have together: a piece for each direction, of which one side writes and the other reads.
//!
//! The child maps both before it is hardened, and needs no call of the kernel for them after that. The parent reads and writes them as
//! files: what it has read is its own, whatever the child does to the memory afterwards. Their size is sealed, and what they have of the
//! machine's memory counts as the child's, for a child can write to all of a piece and drop the pages from its own count. Behind the first piece the
//! parent writes which calls have to be over, for a child that computes.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::sys::{self, Mapping};
use super::wire::Window;

/// The bytes of each piece. It takes memory as it is written.
const ROOM: usize = 64 << 20;
/// Where the numbers of calls are that have to be over, each where its remainder says: more than are under way at once.
const CALLED_OFF: usize = ROOM;
const PLACES: usize = 1 << 16;
const SIZE: usize = ROOM + PLACES * 8;
/// What is given back as soon as it was read, beyond this.
const KEPT: usize = 8 << 20;

/// Where the number of a call is that has to be over.
fn place(call: u64) -> usize {
    CALLED_OFF + usize::try_from(call % PLACES as u64).unwrap_or_default() * 8
}

/// A piece, to be given to the child and kept by the parent.
pub(super) fn make() -> io::Result<(ParentWindow, OwnedFd)> {
    let ours = File::from(sys::sealed_memory(SIZE)?);
    let theirs = ours.try_clone()?.into();
    Ok((ParentWindow { file: ours, used: AtomicUsize::new(0) }, theirs))
}

/// The parent's end of a piece.
#[derive(Debug)]
pub(super) struct ParentWindow {
    file: File,
    /// How far it may have memory.
    used: AtomicUsize,
}

impl Window for ParentWindow {
    fn room(&self) -> usize {
        ROOM
    }

    fn put(&self, at: usize, bytes: &[u8]) -> io::Result<()> {
        self.used.fetch_max(at + bytes.len(), Ordering::Relaxed);
        self.file.write_all_at(bytes, at as u64)
    }

    fn take(&self, at: usize, length: usize) -> io::Result<Vec<u8>> {
        let end = at.checked_add(length).filter(|end| *end <= ROOM).ok_or(io::ErrorKind::InvalidInput)?;
        self.used.fetch_max(end, Ordering::Relaxed);
        sys::read_at(&self.file, at, length)
    }

    fn settle(&self) {
        let used = self.used.load(Ordering::Relaxed);
        if used > KEPT && sys::give_back(&self.file, used).is_ok() {
            self.used.store(0, Ordering::Relaxed);
        }
    }

    fn held(&self) -> u64 {
        // The unit of `st_blocks` is 512 bytes, whatever the file system.
        self.file.metadata().map_or(0, |memory| memory.blocks().saturating_mul(512))
    }

    fn call_off(&self, call: u64) {
        // Who does not hear it here is told by a frame.
        _ = self.file.write_all_at(&call.to_le_bytes(), place(call) as u64);
    }
}

/// The child's end of a piece.
#[derive(Debug)]
pub(super) struct ChildWindow(Mapping);

impl ChildWindow {
    /// `None` when the descriptor is none of these.
    pub(super) fn of(memory: &OwnedFd) -> Option<Self> {
        Mapping::of(memory, SIZE).ok().map(Self)
    }
}

impl Window for ChildWindow {
    fn room(&self) -> usize {
        ROOM
    }

    fn put(&self, at: usize, bytes: &[u8]) -> io::Result<()> {
        self.0.write(at, bytes)
    }

    fn take(&self, at: usize, length: usize) -> io::Result<Vec<u8>> {
        self.0.read(at, length)
    }

    fn is_called_off(&self, call: u64) -> bool {
        self.0.number(place(call)).is_ok_and(|number| number == call)
    }
}
