//! What a process might try when the first stage is behind it and the second is not: each layer by itself.

use std::fs::File;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;

use super::*;

type Attempt = fn() -> io::Result<String>;

pub(super) fn find(name: &str) -> Attempt {
    ALL.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no attempt is called {name}")).1
}

fn well<T>(_: T) -> String {
    "well".into()
}

/// What a call gives, which is -1 for an error.
fn number(result: impl Into<i64>) -> io::Result<String> {
    match result.into() {
        -1 => Err(io::Error::last_os_error()),
        number => Ok(number.to_string()),
    }
}

/// The number that the parent wrote into the environment.
fn port() -> u16 {
    std::env::var("PORT").expect("the parent says it").parse().expect("a number")
}

fn parent() -> i32 {
    std::os::unix::process::parent_id().cast_signed()
}

/// A file that is in no directory.
pub(super) fn memfd() -> io::Result<File> {
    use std::os::fd::FromRawFd;
    // SAFETY: the name is a literal.
    match unsafe { libc::memfd_create(c"probe".as_ptr(), libc::MFD_CLOEXEC) } {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: it is new, and nobody else owns it.
        descriptor => Ok(unsafe { File::from_raw_fd(descriptor) }),
    }
}

const ALL: &[(&str, Attempt)] = &[
    ("read a file", || File::open("/etc/passwd").map(well)),
    ("write a file", || File::create(std::env::var("FILE").expect("the parent says it")).map(well)),
    ("list a directory", || std::fs::read_dir("/").map(well)),
    ("execute", || Command::new("/bin/true").status().map(well)),
    ("connect by TCP", || TcpStream::connect(("127.0.0.1", port())).map(well)),
    ("listen by TCP", || TcpListener::bind("127.0.0.1:0").map(well)),
    ("connect by UDP", || UdpSocket::bind("0.0.0.0:0")?.connect("127.0.0.1:9").map(well)),
    ("connect to an abstract name", || {
        let name = SocketAddr::from_abstract_name(std::env::var("NAME").expect("the parent says it"))?;
        UnixStream::connect_addr(&name).map(well)
    }),
    // SAFETY: a signal that does nothing to a process that does not wait for it.
    ("signal the parent", || number(unsafe { libc::kill(parent(), libc::SIGURG) })),
    // SAFETY: it stops nothing, and ends with this process.
    ("trace the parent", || number(unsafe { libc::ptrace(libc::PTRACE_SEIZE, parent(), 0, 0) })),
    // SAFETY: to the directory in which it is.
    ("use a capability", || number(unsafe { libc::chroot(c"/".as_ptr()) })),
    // SAFETY: it asks for a flag.
    ("no new privileges", || number(unsafe { libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) })),
    // SAFETY: it asks for a flag.
    ("dumpable", || number(unsafe { libc::prctl(libc::PR_GET_DUMPABLE) })),
    ("gain rights", || {
        let id = Command::new(std::env::var("ID").expect("the parent says it")).arg("-u").output()?;
        Ok(String::from_utf8_lossy(&id.stdout).trim().to_owned())
    }),
    // SAFETY: it asks for a flag of a descriptor that may not be there.
    ("a descriptor of the parent", || number(unsafe { libc::fcntl(LEAKED, libc::F_GETFD) })),
    ("standard input", || {
        use std::os::unix::fs::MetadataExt;
        let mut found = Vec::new();
        for standard in 0..2 {
            // SAFETY: it is open, and is not closed here.
            let file = std::mem::ManuallyDrop::new(unsafe {
                <File as std::os::fd::FromRawFd>::from_raw_fd(standard)
            });
            // The device 1, 3 is `/dev/null`.
            found.push(file.metadata()?.rdev() == libc::makedev(1, 3));
        }
        Ok(format!("{found:?}"))
    }),
    // SAFETY: no pointers.
    ("session", || Ok((unsafe { libc::getsid(0) == libc::getpid() }).to_string())),
    ("open many", || {
        let mut all = Vec::new();
        let error = loop {
            match memfd() {
                Ok(file) if all.len() < 500 => all.push(file),
                Ok(_) => return Ok("many".into()),
                Err(error) => break error,
            }
        };
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        Ok((all.len() + 4).to_string())
    }),
    ("write to a file that is there", || memfd()?.write_all(b"a").map(well)),
    ("compute", || {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(20) {}
        Ok("well".into())
    }),
];
