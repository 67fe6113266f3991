//! What a process might try that no guest needs: each call, each flag and each argument that is not on the list.

use std::fs::File;
use std::net::TcpStream;

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

const ROOT: &std::ffi::CStr = c"/";

fn at(text: &'static std::ffi::CStr) -> usize {
    text.as_ptr() as usize
}

/// A number that an argument takes as `int`.
fn int(number: libc::c_int) -> usize {
    number as usize
}

/// The flags with which a C library starts a thread.
const THREAD: libc::c_int = libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM;

const PROT_GROWSDOWN: usize = 0x0100_0000;

/// Asks for no memory of this kind, which the kernel refuses.
fn map(flags: libc::c_int) {
    let (prot, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | flags);
    call(libc::SYS_mmap, &[0, 0, int(prot), int(flags), usize::MAX, 0]);
}

fn advise(advice: libc::c_int) {
    call(libc::SYS_madvise, &[0, 0, int(advice)]);
}

fn command(command: libc::c_int) {
    call(libc::SYS_fcntl, &[usize::MAX, int(command), 0]);
}

/// Sends nothing.
fn send(flags: libc::c_int) {
    call(libc::SYS_sendto, &[int(CHANNEL), 0, 0, int(flags | libc::MSG_DONTWAIT), 0, 0]);
}

/// Receives nothing.
fn receive(flags: libc::c_int) {
    call(libc::SYS_recvfrom, &[int(CHANNEL), 0, 0, int(flags | libc::MSG_DONTWAIT), 0, 0]);
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
    ("send out of band", || send(libc::MSG_OOB)),
    ("send as the end of a record", || send(libc::MSG_EOR)),
    ("send without a copy", || send(libc::MSG_ZEROCOPY)),
    ("send and keep", || send(libc::MSG_MORE)),
    ("receive out of band", || receive(libc::MSG_OOB)),
    ("peek", || receive(libc::MSG_PEEK)),
    ("receive errors", || receive(libc::MSG_ERRQUEUE)),
    ("receive and its sender", || {
        call(libc::SYS_recvfrom, &[int(CHANNEL), 0, 0, int(libc::MSG_DONTWAIT), at(ROOT), 0]);
    }),
    ("sendmsg", || call(libc::SYS_sendmsg, &[int(CHANNEL), 0, 0])),
    ("recvmsg", || call(libc::SYS_recvmsg, &[int(CHANNEL), 0, int(libc::MSG_DONTWAIT)])),
    ("sendmmsg", || call(libc::SYS_sendmmsg, &[int(CHANNEL), 0, 0, 0])),
    ("recvmmsg", || call(libc::SYS_recvmmsg, &[int(CHANNEL), 0, 0, int(libc::MSG_DONTWAIT), 0])),
    ("shutdown", || call(libc::SYS_shutdown, &[int(libc::STDIN_FILENO), 99])),
    ("option of a socket", || call(libc::SYS_setsockopt, &[int(CHANNEL), 0, 0, 0, 0])),
    ("its peer", || call(libc::SYS_getpeername, &[int(CHANNEL), 0, 0])),
    ("read", || call(libc::SYS_read, &[0, 0, 0])),
    ("readv", || call(libc::SYS_readv, &[0, 0, 0])),
    ("writev", || call(libc::SYS_writev, &[0, 0, 0])),
    ("read at a place", || call(libc::SYS_pread64, &[0, 0, 0, 0])),
    ("fstat", || call(libc::SYS_fstat, &[usize::MAX, 0])),
    ("lseek", || call(libc::SYS_lseek, &[usize::MAX, 0, 0])),
    ("truncate", || call(libc::SYS_ftruncate, &[usize::MAX, 0])),
    ("punch a hole", || call(libc::SYS_fallocate, &[usize::MAX, 0, 0, 0])),
    ("duplicate", || call(libc::SYS_dup, &[usize::MAX])),
    ("duplicate by fcntl", || command(libc::F_DUPFD_CLOEXEC)),
    ("keep on exec", || command(libc::F_SETFD)),
    ("flags of a descriptor", || command(libc::F_GETFL)),
    ("set flags of a descriptor", || command(libc::F_SETFL)),
    ("seals", || command(libc::F_GET_SEALS)),
    #[cfg(target_arch = "x86_64")]
    ("ppoll", || call(libc::SYS_ppoll, &[0, 0, at(ROOT), 0, 0])),
    #[cfg(target_arch = "x86_64")]
    ("select", || call(libc::SYS_select, &[usize::MAX, 0, 0, 0, 0])),
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
    ("a thread", || {
        // No stack: it fails, if it is not seen before.
        call(libc::SYS_clone, &[int(THREAD | libc::CLONE_PIDFD | libc::CLONE_PARENT_SETTID), 0, 0, 0, 0]);
    }),
    ("a thread by the standard library", || drop(std::thread::Builder::new().spawn(|| ()))),
    ("clone3", || call(libc::SYS_clone3, &[0, 0])),
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
    ("membarrier", || call(libc::SYS_membarrier, &[0, 0, 0])),
    ("what was used", || call(libc::SYS_getrusage, &[99, 0])),
    ("how fine a clock is", || call(libc::SYS_clock_getres, &[1, 0])),
    ("nanosleep", || call(libc::SYS_nanosleep, &[0, 0])),
    ("set a clock", || call(libc::SYS_clock_settime, &[99, 0])),
    ("affinity", || call(libc::SYS_sched_setaffinity, &[0, 0, 0])),
    ("speculate again", || call(libc::SYS_prctl, &[53, 0, 2, 0, 0])),
    ("what a name of memory might be one day", || {
        call(libc::SYS_prctl, &[int(libc::PR_SET_VMA), 1, 0, 0, 0])
    }),
    ("its name", || call(libc::SYS_prctl, &[int(libc::PR_GET_NAME), 0])),
    ("wait on another's word", || call(libc::SYS_futex, &[0, int(libc::FUTEX_CMP_REQUEUE), 0, 0, 0, 0])),
    ("change another's word", || call(libc::SYS_futex, &[0, int(libc::FUTEX_WAKE_OP), 0, 0, 0, 0])),
    ("wait for many words", || call(449, &[0, 0, 0, 0, 0])),
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
    ("a file of its own", || {
        let (prot, flags) = (libc::PROT_READ, libc::MAP_PRIVATE);
        call(libc::SYS_mmap, &[0, 4096, int(prot), int(flags), int(CHANNEL), 0]);
    }),
    // The length is 0, so where nothing kills it the kernel refuses it.
    ("a stack that grows", || map(libc::MAP_GROWSDOWN)),
    ("locked memory", || map(libc::MAP_LOCKED)),
    ("huge pages", || map(libc::MAP_HUGETLB)),
    ("memory that is filled", || map(libc::MAP_POPULATE)),
    ("memory of low addresses", || map(libc::MAP_32BIT)),
    ("memory where there must be none", || map(libc::MAP_FIXED_NOREPLACE)),
    ("memory with a key", || call(libc::SYS_pkey_mprotect, &[0, 0, 0, 0])),
    ("a key of memory", || call(libc::SYS_pkey_alloc, &[1, 0])),
    ("access to memory that grows", || call(libc::SYS_mprotect, &[0, 0, PROT_GROWSDOWN])),
    ("memory that moves to a place", || {
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
        call(libc::SYS_mremap, &[0, 0, 0, int(flags), 1]);
    }),
    ("memory that moves and stays", || {
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_DONTUNMAP;
        call(libc::SYS_mremap, &[0, 0, 0, int(flags), 0]);
    }),
    ("memory that grows in its place", || call(libc::SYS_mremap, &[0, 0, 0, 0, 0])),
    ("lock memory", || call(libc::SYS_mlock, &[0, 0])),
    ("lock all memory", || call(libc::SYS_mlockall, &[0])),
    ("what is in memory", || call(libc::SYS_mincore, &[0, 0, 0])),
    ("write memory to its file", || call(libc::SYS_msync, &[0, 0, 0])),
    ("fill memory by advice", || advise(libc::MADV_POPULATE_WRITE)),
    ("merge pages", || advise(libc::MADV_MERGEABLE)),
    ("take pages away", || advise(libc::MADV_REMOVE)),
    ("page out", || advise(libc::MADV_PAGEOUT)),
    ("read ahead", || advise(libc::MADV_WILLNEED)),
    ("poison a page", || advise(libc::MADV_HWPOISON)),
    ("advice to another process", || call(libc::SYS_process_madvise, &[usize::MAX, 0, 0, 0, 0])),
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
