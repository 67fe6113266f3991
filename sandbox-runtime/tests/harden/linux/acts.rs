//! What a process may do when everything is behind it.

use std::ptr::null_mut;

use super::child::say;
use super::*;

/// Memory that the parent shares: its size, and what is in it, the other way round.
pub(super) fn share(plan: &Plan) {
    let mut report = early(plan).expect("early");
    // SAFETY: a number of bytes that is a multiple of nothing, from a descriptor that is there.
    let length = unsafe { libc::lseek(LEAKED, 0, libc::SEEK_END) };
    let length = usize::try_from(length).expect("its length");
    // SAFETY: `stat` is plain numbers, and the pointer is to a local variable.
    let mut found = unsafe { std::mem::zeroed::<libc::stat>() };
    // SAFETY: as above.
    assert_eq!(unsafe { libc::syscall(libc::SYS_fstat, LEAKED, &raw mut found) }, 0);
    assert_eq!(usize::try_from(found.st_size).expect("its length"), length);
    // Later no memory can be mapped that others share.
    // SAFETY: new memory of the file's length.
    let memory = unsafe {
        libc::mmap(null_mut(), length, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, LEAKED, 0)
    };
    assert_ne!(memory, libc::MAP_FAILED, "{}", io::Error::last_os_error());
    late(plan, &mut report).expect("late");
    // SAFETY: it is that long, nobody else looks at it meanwhile, and it stays as long as the process.
    unsafe { std::slice::from_raw_parts_mut(memory.cast::<u8>(), length) }.reverse();
    say("all\n");
}

/// What the engine and the channel need, and what is allowed with one argument and not with another.
pub(super) fn allowed(plan: &Plan) {
    let mut report = early(plan).expect("early");
    let (go, wait) = std::sync::mpsc::channel();
    let other = std::thread::spawn(move || {
        wait.recv().expect("it is told");
        std::panic::catch_unwind(|| panic!("on purpose")).is_err()
    });
    late(plan, &mut report).expect("late");
    go.send(()).expect("it listens");
    assert!(other.join().expect("no panic"));
    memory();
    let mut byte = [0_u8];
    // SAFETY: one byte of this frame; there is nothing to receive.
    let read = unsafe { libc::recv(CHANNEL, byte.as_mut_ptr().cast(), 1, libc::MSG_DONTWAIT) };
    assert_eq!((read, io::Error::last_os_error().kind()), (-1, io::ErrorKind::WouldBlock));
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: no bytes.
    assert_eq!(unsafe { libc::send(CHANNEL, byte.as_ptr().cast(), 0, flags) }, 0);
    std::thread::sleep(Duration::from_millis(1));
    std::thread::yield_now();
    assert_eq!(std::process::id(), std::process::id());
    // A fresh hash map asks for seeds.
    assert!(std::collections::HashMap::from([(1, 2)]).contains_key(&1));
    say("all\n");
}

/// Memory of one's own, by the flags and the advice that engines and allocators use.
fn memory() {
    const PAGE: usize = 4096;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let access = libc::PROT_READ | libc::PROT_WRITE;
    for beside in [0, libc::MAP_NORESERVE, libc::MAP_STACK] {
        // SAFETY: new memory, of which nothing is used.
        let memory = unsafe { libc::mmap(null_mut(), 2 * PAGE, libc::PROT_NONE, flags | beside, -1, 0) };
        assert_ne!(memory, libc::MAP_FAILED);
        // SAFETY: the same memory, from here on.
        let done = unsafe {
            [
                libc::mprotect(memory, 2 * PAGE, access),
                libc::madvise(memory, PAGE, libc::MADV_DONTNEED),
                libc::madvise(memory, PAGE, libc::MADV_DONTFORK),
                libc::madvise(memory, PAGE, libc::MADV_DODUMP),
            ]
        };
        assert_eq!(done, [0; 4]);
        // SAFETY: as above.
        let memory = unsafe { libc::mremap(memory, 2 * PAGE, PAGE, libc::MREMAP_MAYMOVE) };
        assert_ne!(memory, libc::MAP_FAILED);
        // SAFETY: as above.
        let again = unsafe { libc::mmap(memory, PAGE, access, flags | libc::MAP_FIXED, -1, 0) };
        assert_eq!(again, memory);
        // SAFETY: as above.
        assert_eq!(unsafe { libc::munmap(memory, PAGE) }, 0);
    }
}
