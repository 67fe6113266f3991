//! What a process might try.

use std::fs::File;
use std::net::TcpStream;
use std::ptr::{null, null_mut};

use super::child::say;
use super::*;

type Act = (&'static str, fn());

pub(super) fn find(act: &str) -> Option<fn()> {
    DENIED.iter().find(|(name, _)| *name == act).map(|(_, run)| *run)
}

/// A call by its number, of up to six arguments.
///
/// What it says is of no interest: it is not meant to return.
fn call(number: libc::c_long, arguments: &[usize]) {
    let mut all = [0; 6];
    all[..arguments.len()].copy_from_slice(arguments);
    let [a, b, c, d, e, f] = all;
    // SAFETY: each of the calls here gets pointers that are null, or to what outlives it. None writes to memory that is used.
    unsafe { libc::syscall(number, a, b, c, d, e, f) };
}

fn parent() -> usize {
    std::os::unix::process::parent_id() as usize
}

fn this() -> usize {
    std::process::id() as usize
}

const ROOT: &std::ffi::CStr = c"/";

fn at(text: &'static std::ffi::CStr) -> usize {
    text.as_ptr() as usize
}

/// A number that an argument takes as `int`.
fn int(number: libc::c_int) -> usize {
    number as usize
}

/// Each of these is a violation. None does harm where it is not caught.
pub(super) const DENIED: &[Act] = &[
    ("open", || drop(File::open("/etc/passwd"))),
    ("open /proc/self/environ", || drop(File::open("/proc/self/environ"))),
    ("open to write", || drop(File::create("/tmp/typed-sandbox-probe"))),
    ("list a directory", || drop(std::fs::read_dir("/"))),
    ("stat", || drop(std::fs::metadata("/"))),
    ("unlink", || drop(std::fs::remove_file("/tmp/there-is-no-such-file"))),
    ("connect by TCP", || drop(TcpStream::connect("127.0.0.1:9"))),
    ("connect to a path", || drop(UnixStream::connect("/tmp/there-is-no-such-socket"))),
    ("connect a descriptor", || call(libc::SYS_connect, &[int(CHANNEL), 0, 0])),
    ("bind", || drop(std::net::UdpSocket::bind("127.0.0.1:0"))),
    ("socket of the kernel", || call(libc::SYS_socket, &[int(libc::AF_NETLINK), int(libc::SOCK_RAW), 0])),
    ("socketpair", || drop(UnixStream::pair())),
    ("sendto an address", || call(libc::SYS_sendto, &[int(CHANNEL), at(ROOT), 0, 0, at(ROOT), 1])),
    ("exec", || {
        // Nothing of that name, for a process that becomes another says nothing more.
        call(libc::SYS_execve, &[at(c"/bin/there-is-no-such-program"), 0, 0]);
    }),
    ("execveat", || call(libc::SYS_execveat, &[usize::MAX, at(c"/bin/there-is-no-such-program"), 0, 0, 0])),
    ("spawn", || drop(Command::new("/bin/true").status())),
    ("fork", || {
        // SAFETY: the new process ends at once.
        if unsafe { libc::fork() } == 0 {
            // SAFETY: it ends this process without running anything of it.
            unsafe { libc::_exit(0) }
        }
    }),
    ("a thread in a namespace", || {
        // A wrong stack and no namespace: it fails, if it is not seen before.
        let flags = libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_NEWUSER;
        call(libc::SYS_clone, &[int(flags), 0, 0, 0, 0]);
    }),
    ("trace the parent", || call(libc::SYS_ptrace, &[int(0x4206), parent(), 0, 0])),
    ("be traced by the parent", || call(libc::SYS_ptrace, &[usize::MAX, parent(), 0, 0])),
    ("signal the parent", || call(libc::SYS_kill, &[parent(), int(libc::SIGCONT)])),
    ("signal everybody", || call(libc::SYS_kill, &[usize::MAX, int(libc::SIGURG)])),
    ("signal a thread of the parent", || {
        call(libc::SYS_tgkill, &[parent(), parent(), int(libc::SIGCONT)]);
    }),
    ("queue a signal", || call(libc::SYS_rt_sigqueueinfo, &[parent(), int(libc::SIGCONT), 0])),
    ("own signals of a descriptor", || {
        call(libc::SYS_fcntl, &[int(CHANNEL), int(libc::F_SETOWN), parent()]);
    }),
    ("ioctl", || call(libc::SYS_ioctl, &[0, int(0x5412), 0])),
    ("pidfd", || call(libc::SYS_pidfd_open, &[parent(), 0])),
    ("read the parent's memory", || {
        call(libc::SYS_process_vm_readv, &[parent(), 0, 0, 0, 0, 0]);
    }),
    ("write the parent's memory", || {
        call(libc::SYS_process_vm_writev, &[parent(), 0, 0, 0, 0, 0]);
    }),
    ("limits of the parent", || call(libc::SYS_prlimit64, &[parent(), 0, 0, 0])),
    ("memfd", || call(libc::SYS_memfd_create, &[at(ROOT), 0])),
    ("secret memory", || call(447, &[0])),
    ("io_uring", || call(libc::SYS_io_uring_setup, &[1, 0])),
    ("bpf", || call(libc::SYS_bpf, &[0, 0, 0])),
    ("userfaultfd", || call(libc::SYS_userfaultfd, &[0])),
    ("perf", || call(libc::SYS_perf_event_open, &[0, 0, 0, usize::MAX, 0])),
    ("keys", || call(libc::SYS_keyctl, &[0, 0])),
    ("setns", || call(libc::SYS_setns, &[0, 0])),
    ("unshare", || call(libc::SYS_unshare, &[int(libc::CLONE_FILES)])),
    ("mount", || call(libc::SYS_mount, &[0, at(c"/nowhere"), 0, 0, 0])),
    ("the new mount", || call(libc::SYS_fsopen, &[0, 0])),
    ("chroot", || call(libc::SYS_chroot, &[at(c"/nowhere")])),
    ("chdir", || call(libc::SYS_chdir, &[at(ROOT)])),
    ("setuid", || call(libc::SYS_setuid, &[0])),
    ("personality", || call(libc::SYS_personality, &[0xffff_ffff])),
    ("be dumpable", || call(libc::SYS_prctl, &[int(libc::PR_SET_DUMPABLE), 1])),
    ("outlive the parent", || call(libc::SYS_prctl, &[int(libc::PR_SET_PDEATHSIG), 0])),
    ("another filter", || call(libc::SYS_seccomp, &[int(9), 0, 0])),
    ("a pipe", || call(libc::SYS_pipe2, &[0, 0])),
    ("an epoll", || call(libc::SYS_epoll_create1, &[0])),
    ("an eventfd", || call(libc::SYS_eventfd2, &[0, 0])),
    ("a timer", || call(libc::SYS_timer_create, &[99, 0, 0])),
    ("lend priority", || call(libc::SYS_futex, &[0, int(libc::FUTEX_UNLOCK_PI), 0, 0, 0, 0])),
    ("a file that is code", || {
        let (prot, flags) = (libc::PROT_READ | libc::PROT_EXEC, libc::MAP_PRIVATE);
        call(libc::SYS_mmap, &[0, 4096, int(prot), int(flags), int(CHANNEL), 0]);
    }),
    ("new memory that is code", || {
        let (prot, flags) = (libc::PROT_READ | libc::PROT_EXEC, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        call(libc::SYS_mmap, &[0, 4096, int(prot), int(flags), usize::MAX, 0]);
    }),
    // An interpreter has no use for code.
    #[cfg(feature = "quickjs")]
    ("memory that becomes code", || {
        call(libc::SYS_mprotect, &[0, 4096, int(libc::PROT_READ | libc::PROT_EXEC)]);
    }),
    ("shared code", || {
        let (prot, flags) = (libc::PROT_READ | libc::PROT_EXEC, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        call(libc::SYS_mmap, &[0, 4096, int(prot), int(flags), usize::MAX, 0]);
    }),
    // The kernel's bound of memory counts none of these.
    ("memory that others share", || {
        let (prot, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        call(libc::SYS_mmap, &[0, 4096, int(prot), int(flags), usize::MAX, 0]);
    }),
    ("a file that others share", || {
        let (prot, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED_VALIDATE);
        call(libc::SYS_mmap, &[0, 4096, int(prot), int(flags), int(CHANNEL), 0]);
    }),
    ("a stack that grows", || {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_GROWSDOWN;
        call(libc::SYS_mmap, &[0, 4096, int(libc::PROT_READ | libc::PROT_WRITE), int(flags), usize::MAX, 0]);
    }),
    ("the reader of another's priority", || call(libc::SYS_sched_setscheduler, &[parent(), 99, 0])),
    ("a call that there is not", || call(4000, &[])),
    #[cfg(target_arch = "x86_64")]
    ("a call by the numbers of x32", || call(0x4000_0000 + libc::SYS_getpid, &[])),
    #[cfg(target_arch = "x86_64")]
    ("a call by the numbers of i386", || {
        // `getpid`.
        // SAFETY: it reads and writes no memory. The kernel clears these registers.
        unsafe {
            std::arch::asm!("int 0x80", inlateout("rax") 20_usize => _, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
        }
    }),
];

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

/// What the engine and the channel need, and a few that are allowed with one argument and not with another.
pub(super) fn allowed(plan: &Plan) {
    let mut report = early(plan).expect("early");
    late(plan, &mut report).expect("late");
    // SAFETY: it fails, since there is no such call for this process.
    let result = unsafe { libc::syscall(libc::SYS_clone3, null::<u8>(), 0) };
    assert_eq!((result, io::Error::last_os_error().raw_os_error()), (-1, Some(libc::ENOSYS)));
    assert_eq!(std::thread::spawn(|| 5).join().expect("no panic"), 5);
    let caught = std::thread::spawn(|| std::panic::catch_unwind(|| panic!("on purpose"))).join();
    assert!(caught.expect("caught").is_err());
    // SAFETY: new memory, of which nothing is used.
    let code = unsafe {
        let (prot, flags) = (libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        libc::mmap(null_mut(), 4096, prot, flags, -1, 0)
    };
    assert_ne!(code, libc::MAP_FAILED);
    // SAFETY: the same memory.
    assert_eq!(unsafe { libc::munmap(code, 4096) }, 0);
    std::thread::sleep(Duration::from_millis(1));
    std::thread::Builder::new()
        .name("named".into())
        .spawn(|| ())
        .expect("it starts")
        .join()
        .expect("no panic");
    assert_eq!(this(), std::process::id() as usize);
    say("all\n");
}
