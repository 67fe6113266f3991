//! Random bytes for the seeds of isolates, in a process that may open no file.

use std::io;

/// Fills `bytes` with random bytes, by a call that needs no file. Returns whether it succeeded.
pub(super) fn random(bytes: &mut [u8]) -> bool {
    let mut rest = bytes;
    while !rest.is_empty() {
        // SAFETY: the pointer and the length are those of a slice.
        let count = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
        match usize::try_from(count) {
            Ok(count) => rest = rest.split_at_mut(count).1,
            Err(_) if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
    true
}
