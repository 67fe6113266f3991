//! System calls that the standard library does not make: shared memory, non-blocking streams, and clocks.
//!
//! Each `unsafe` block says why it is sound.

#![expect(unsafe_code, reason = "calls of the system")]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::time::{Nanos, SystemClock, Timestamp};

/// `MFD_NOEXEC_SEAL` of `linux/memfd.h`.
#[cfg(target_os = "linux")]
const MFD_NOEXEC_SEAL: libc::c_uint = 0x0008;

/// The result of a C function that returns -1 on failure.
pub(super) fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Repeats a call that a signal interrupts.
pub(super) fn again<T>(attempt: impl Fn() -> io::Result<T>) -> io::Result<T> {
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Anonymous memory with a sealed size.
#[cfg(target_os = "linux")]
pub(super) fn sealed_memory(size: usize) -> io::Result<OwnedFd> {
    let mut most = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is of this frame.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut most) } == 0;
    // Making a longer file than the limit ends the process with a signal, and this memory is a file to the kernel.
    if !known || most.rlim_cur < size as u64 {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let create = |flags: libc::c_uint| {
        // SAFETY: the name is a string that ends with 0.
        checked(unsafe { libc::memfd_create(c"sandbox".as_ptr(), flags) })
    };
    // The memory cannot be executed. A kernel before Linux 6.3 does not know the flag.
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    let memory = create(flags | MFD_NOEXEC_SEAL).or_else(|error| match error.raw_os_error() {
        Some(libc::EINVAL) => create(flags),
        _ => Err(error),
    })?;
    // SAFETY: the line above opened it, and it has no other owner.
    let memory = unsafe { <OwnedFd as std::os::fd::FromRawFd>::from_raw_fd(memory) };
    let size = libc::off_t::try_from(size).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: a descriptor of this frame, and a number.
    again(|| checked(unsafe { libc::ftruncate(memory.as_raw_fd(), size) }))?;
    let seals = libc::F_SEAL_SEAL | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW;
    // SAFETY: as above.
    checked(unsafe { libc::fcntl(memory.as_raw_fd(), libc::F_ADD_SEALS, seals) })?;
    Ok(memory)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn sealed_memory(_: usize) -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Ends this process at once, without destructors or exit handlers, because the engine's threads still run.
pub(super) fn end() -> ! {
    // SAFETY: the call does not return, and touches no memory.
    unsafe { libc::_exit(0) }
}

/// Reads the available bytes of a stream, without waiting.
pub(super) fn receive_now(stream: &UnixStream, buffer: &mut [u8]) -> io::Result<usize> {
    let (descriptor, room) = (stream.as_raw_fd(), buffer.len());
    // SAFETY: the pointer and the length are those of the slice.
    let read = unsafe { libc::recv(descriptor, buffer.as_mut_ptr().cast(), room, libc::MSG_DONTWAIT) };
    usize::try_from(read).map_err(|_| io::Error::last_os_error())
}

/// Writes as many bytes as a stream has room for, without waiting.
pub(super) fn send_now(stream: &UnixStream, bytes: &[u8]) -> io::Result<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the pointer and the length are those of the slice.
    let sent = unsafe { libc::send(stream.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// A stream that is registered for reading in the runtime that this thread has entered.
pub(super) fn watched(stream: UnixStream) -> io::Result<AsyncFd<UnixStream>> {
    // SAFETY: a stream owns its descriptor, which does not change.
    unsafe { AsyncFd::register_with_interest(stream, Interest::READABLE) }.map_err(io::Error::from)
}

/// The time on the clock that all processes have, which begins at some moment of the system's start.
pub(super) fn monotonic() -> Timestamp<SystemClock> {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a variable of this frame.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    let (seconds, rest) = (u64::try_from(now.tv_sec), u64::try_from(now.tv_nsec));
    let since_start =
        Duration::from_secs(seconds.unwrap_or_default()) + Duration::from_nanos(rest.unwrap_or_default());
    Timestamp::new(Nanos::of(since_start))
}

/// Waits until one of the streams is readable or writable, as requested, or at its end. Returns whether one is.
pub(super) fn wait_for_any<const N: usize>(
    streams: &[(BorrowedFd<'_>, libc::c_short); N],
    most: Duration,
) -> io::Result<bool> {
    let mut streams =
        streams.map(|(stream, events)| libc::pollfd { fd: stream.as_raw_fd(), events, revents: 0 });
    let most = libc::c_int::try_from(most.as_millis()).unwrap_or(-1);
    // SAFETY: the array has so many elements, whose descriptors are open.
    match unsafe { libc::poll(streams.as_mut_ptr(), N as libc::nfds_t, most) } {
        0 => Ok(false),
        1.. => Ok(true),
        _ => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            error => Err(error),
        },
    }
}

/// The unit of the kernel's CPU times, as parts of a second.
pub(super) fn ticks() -> u64 {
    // SAFETY: the call returns a number.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_CLK_TCK) }).unwrap_or(100).max(1)
}

/// Reads bytes of a file into memory that is not zeroed first.
pub(super) fn read_at(file: &File, start: usize, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::<u8>::with_capacity(length);
    while bytes.len() < length {
        let (there, room) = (bytes.len(), length - bytes.len());
        let at = libc::off_t::try_from(start + there).map_err(|_| io::ErrorKind::InvalidInput)?;
        let spare = bytes.spare_capacity_mut().as_mut_ptr();
        // SAFETY: the vector has `room` bytes behind its content.
        match unsafe { libc::pread(file.as_raw_fd(), spare.cast(), room, at) } {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            // SAFETY: so many bytes were written, within the capacity.
            read @ 1.. => unsafe { bytes.set_len(there + read.unsigned_abs().min(room)) },
            _ => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => {}
                error => return Err(error),
            },
        }
    }
    Ok(bytes)
}

/// Gives the first bytes of such memory back to the system. They read as zero afterwards.
pub(super) fn give_back(memory: &File, length: usize) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let length = libc::off_t::try_from(length).map_err(|_| io::ErrorKind::InvalidInput)?;
        let hole = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
        // SAFETY: a descriptor that the caller has, and numbers.
        if unsafe { libc::fallocate(memory.as_raw_fd(), hole, 0, length) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (memory, length);
    Ok(())
}

/// Memory that is shared with another process, for as long as this process lives.
#[derive(Debug)]
pub(super) struct Mapping {
    start: *mut u8,
    size: usize,
}

// SAFETY: the mapping belongs to no thread. The frames of one stream use it, one after the other.
unsafe impl Send for Mapping {}
// SAFETY: as above; and no references to its content exist, except to numbers that are read as atomics.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps memory of this size, which must be sealed. A file that shrinks would end this process with a signal.
    pub(super) fn of(memory: &OwnedFd, size: usize) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        {
            // SAFETY: a descriptor of the caller, and no pointers.
            let seals = checked(unsafe { libc::fcntl(memory.as_raw_fd(), libc::F_GET_SEALS) })?;
            if seals & libc::F_SEAL_SHRINK == 0 {
                return Err(io::ErrorKind::InvalidInput.into());
            }
        }
        if File::from(memory.try_clone()?).metadata()?.len() != size as u64 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: the kernel chooses an unused address.
        let start = unsafe {
            libc::mmap(std::ptr::null_mut(), size, access, libc::MAP_SHARED, memory.as_raw_fd(), 0)
        };
        match start == libc::MAP_FAILED {
            true => Err(io::Error::last_os_error()),
            false => Ok(Self { start: start.cast(), size }),
        }
    }

    /// The address of a piece of it.
    fn piece(&self, at: usize, length: usize) -> io::Result<*mut u8> {
        match at.checked_add(length) {
            // SAFETY: the mapping is so long, and its size is sealed.
            Some(end) if end <= self.size => Ok(unsafe { self.start.add(at) }),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// Copies to a place in it.
    pub(super) fn write(&self, at: usize, bytes: &[u8]) -> io::Result<()> {
        let piece = self.piece(at, bytes.len())?;
        // SAFETY: the piece is so long. No reference to it exists, and the other process does not read before the frame
        // arrives.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), piece, bytes.len()) };
        Ok(())
    }

    /// A number of 8 bytes, which the other process may write meanwhile. The offset is a multiple of 8.
    pub(super) fn number(&self, at: usize) -> io::Result<u64> {
        let number = self.piece(at, size_of::<u64>())?.cast::<AtomicU64>();
        if !number.is_aligned() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: the bytes are mapped as long as this process exists, and this process does not write to them.
        Ok(u64::from_le(unsafe { &*number }.load(Ordering::Relaxed)))
    }

    /// Copies from a place in it, which the other process does not write to before the next frame.
    pub(super) fn read(&self, at: usize, length: usize) -> io::Result<Vec<u8>> {
        let piece = self.piece(at, length)?;
        let mut bytes = Vec::with_capacity(length);
        // SAFETY: both are so long, and the copy is fully written before its length is set.
        unsafe {
            std::ptr::copy_nonoverlapping(piece, bytes.as_mut_ptr(), length);
            bytes.set_len(length);
        }
        Ok(bytes)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::fd::FromRawFd as _;
    use std::os::unix::fs::FileExt as _;

    use super::*;

    const SIZE: usize = 1 << 16;

    #[test]
    fn numbers_are_read_that_are_written_to_the_file() {
        let memory = sealed_memory(SIZE).expect("it is made");
        let mapping = Mapping::of(&memory, SIZE).expect("it is mapped");
        let file = File::from(memory);
        assert_eq!(mapping.number(SIZE - 8).expect("it is inside"), 0);
        for number in [1, u64::MAX, 0x0102_0304_0506_0708] {
            file.write_all_at(&number.to_le_bytes(), SIZE as u64 - 8).expect("it has room");
            assert_eq!(mapping.number(SIZE - 8).expect("it is inside"), number);
        }
        for place in [4, SIZE - 4, SIZE, usize::MAX - 7] {
            let error = mapping.number(place).expect_err("it is no place of a number");
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn memory_that_can_shrink_is_not_mapped() {
        // SAFETY: the name is a string that ends with 0.
        let memory = checked(unsafe { libc::memfd_create(c"probe".as_ptr(), libc::MFD_CLOEXEC) });
        // SAFETY: the line above opened it, and it has no other owner.
        let memory = unsafe { OwnedFd::from_raw_fd(memory.expect("it is made")) };
        File::from(memory.try_clone().expect("it is open")).set_len(SIZE as u64).expect("it grows");
        let error = Mapping::of(&memory, SIZE).expect_err("it is not sealed");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        let sealed = sealed_memory(SIZE).expect("it is made");
        assert!(Mapping::of(&sealed, SIZE * 2).is_err(), "it is of another size");
        assert!(Mapping::of(&sealed, SIZE).is_ok());
    }

    #[test]
    fn shared_memory_keeps_its_size_and_is_no_code() {
        const F_SEAL_EXEC: libc::c_int = 0x0020;
        let memory = sealed_memory(SIZE).expect("it is made");
        // SAFETY: a descriptor of this frame, and a number.
        let seals = unsafe { libc::fcntl(memory.as_raw_fd(), libc::F_GET_SEALS) };
        let size = libc::F_SEAL_SEAL | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW;
        assert_eq!(seals & size, size);
        // SAFETY: the name is a string that ends with 0. The descriptor is closed with the process.
        let knows =
            unsafe { libc::memfd_create(c"probe".as_ptr(), MFD_NOEXEC_SEAL | libc::MFD_CLOEXEC) } >= 0;
        assert_eq!(seals & F_SEAL_EXEC != 0, knows);
    }
}
