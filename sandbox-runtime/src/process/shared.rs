//! The memory that parent and child have together: a piece for each direction, of which one side writes and the other reads.
//!
//! The child maps both before it is hardened, and needs no call of the kernel for them after that. The parent reads and writes them as
//! files: what it has read is its own, whatever the child does to the memory afterwards. Their size is sealed.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;

use super::frame::Window;
use super::sys::{self, Mapping};

/// The bytes of each piece. It takes memory as it is written.
const ROOM: usize = 64 << 20;
/// What is given back as soon as it was read, beyond this.
const KEPT: usize = 8 << 20;

/// A piece, to be given to the child and kept by the parent.
pub(super) fn make() -> io::Result<(Parents, OwnedFd)> {
    let ours = File::from(sys::sealed_memory(ROOM)?);
    let theirs = ours.try_clone()?.into();
    Ok((Parents(ours), theirs))
}

/// The parent's end of a piece.
pub(super) struct Parents(File);

impl Window for Parents {
    fn room(&self) -> usize {
        ROOM
    }

    fn put(&mut self, body: &[u8]) -> io::Result<()> {
        self.0.write_all_at(body, 0)
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let body = sys::read_from_start(&self.0, length)?;
        if length > KEPT {
            sys::give_back(&self.0, length)?;
        }
        Ok(body)
    }
}

/// The child's end of a piece.
pub(super) struct Childs(Mapping);

impl Childs {
    /// `None` when the descriptor is none of these.
    pub(super) fn of(memory: &OwnedFd) -> Option<Self> {
        Mapping::of(memory, ROOM).ok().map(Self)
    }
}

impl Window for Childs {
    fn room(&self) -> usize {
        ROOM
    }

    fn put(&mut self, body: &[u8]) -> io::Result<()> {
        self.0.write(body)
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        self.0.read(length)
    }
}
