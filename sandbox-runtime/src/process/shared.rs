//! The shared memory of parent and child: one window for each direction, which one side writes and the other reads.
//!
//! The child maps both before it is hardened, and needs no call of the kernel for them after that. The parent reads and
//! writes the windows as files. So its copy cannot change, whatever the child does to the memory afterwards. The size of a
//! window is sealed. The memory of a window counts as the child's, because a child can write to all of it and drop the pages
//! from its own count. Behind the first window, the parent writes the numbers of cancelled calls, for a child that computes.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::sys::{self, Mapping};
use crate::wire::Window;

/// The bytes of each piece. Memory is allocated as it is written.
const ROOM: usize = 64 << 20;
/// The offset of the numbers of cancelled calls. The remainder of a number decides its place, and there are more places than
/// calls under way.
const CALLED_OFF: usize = ROOM;
const PLACES: usize = 1 << 16;
const SIZE: usize = ROOM + PLACES * 8;
/// Memory beyond this is given back as soon as it was read, in bytes.
const KEPT: usize = 8 << 20;

/// The place of a cancelled call's number.
fn place(call: u64) -> usize {
    CALLED_OFF + usize::try_from(call % PLACES as u64).unwrap_or_default() * 8
}

/// Makes a window: the parent's end, and the descriptor for the child.
pub(super) fn make() -> io::Result<(ParentWindow, OwnedFd)> {
    let ours = File::from(sys::sealed_memory(SIZE)?);
    let theirs = ours.try_clone()?.into();
    Ok((ParentWindow { file: ours, used: AtomicUsize::new(0) }, theirs))
}

/// The parent's end of a piece.
#[derive(Debug)]
pub(super) struct ParentWindow {
    file: File,
    /// How far the window may have memory.
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
        // A call that is not found here gets a frame as well.
        _ = self.file.write_all_at(&call.to_le_bytes(), place(call) as u64);
    }
}

/// The child's end of a piece.
#[derive(Debug)]
pub(super) struct ChildWindow(Mapping);

impl ChildWindow {
    /// `None` when the descriptor is no sealed memory of this size.
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
