//! What the way to another process costs: one call of a sandbox there, beside the same bytes that go to a process and back.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a benchmark")]

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use sandbox_benches::contracts::{Direct, First, TASK, Task, Twice};
use sandbox_benches::ours;
use sandbox_benches::pair::{Pairs, looped};
use sandbox_runtime::process::{self, Process};
use sandbox_runtime::{Bytes, Result, Sandbox, Script, sandbox_api};

const ECHO: &str = "--echo";
/// How many calls are under way at once.
const TOGETHER: usize = 50;

/// A process that sends `answer` bytes for each `request` bytes.
struct Echo {
    stream: UnixStream,
    request: Vec<u8>,
    answer: Vec<u8>,
    child: Child,
}

impl Echo {
    fn new(request: usize, answer: usize) -> Self {
        let (stream, theirs) = UnixStream::pair().unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args([ECHO, &request.to_string(), &answer.to_string()])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()
            .unwrap();
        Self { stream, request: vec![1; request], answer: vec![0; answer], child }
    }

    fn round_trip(&mut self) -> u8 {
        self.stream.write_all(&self.request).unwrap();
        self.stream.read_exact(&mut self.answer).unwrap();
        self.answer[0]
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.stream.shutdown(std::net::Shutdown::Both).unwrap();
        self.child.wait().unwrap();
    }
}

fn echo(request: usize, answer: usize) {
    let stdin = std::os::fd::AsFd::as_fd(&std::io::stdin()).try_clone_to_owned().unwrap();
    let mut stream = UnixStream::from(stdin);
    let (mut request, answer) = (vec![0; request], vec![1; answer]);
    while stream.read_exact(&mut request).is_ok() && stream.write_all(&answer).is_ok() {}
}

/// Bytes through a guest.
#[sandbox_api(guest)]
pub trait Big {
    /// The same.
    fn back(&self, bytes: &[u8]) -> Result<Bytes>;
}

fn main() {
    process::init();
    let args = std::env::args().collect::<Vec<_>>();
    if let [_, name, request, answer] = &args[..]
        && name == ECHO
    {
        return echo(request.parse().unwrap(), answer.parse().unwrap());
    }
    let mut pairs = Pairs::new("process");
    let sandbox = Sandbox::builder().transport(Process::new()).build().unwrap();
    let first = sandbox.load::<dyn First>(ours::first()).unwrap();
    // A frame of a call with two numbers, and that of its result.
    let mut small = Echo::new(13 + 37 + 1 + 18, 13 + 96 + 9);
    pairs.add(
        "process/scalar",
        looped(|| first.add(black_box(2.0), 3.0).unwrap()),
        looped(|| small.round_trip()),
    );

    let big =
        sandbox.load::<dyn Big>(Script::new("big.mjs", "export const back = (bytes) => bytes;")).unwrap();
    for size in [64 << 10, 1 << 20] {
        let mut echo = Echo::new(size, size);
        let bytes = vec![7_u8; size];
        let call = || big.back(&bytes).unwrap().len();
        pairs.add(&format!("process/bytes/{size}"), looped(call), looped(|| echo.round_trip()));
    }

    // A call of an `async` method, alone and beside others; the floor is as many round trips, one after the other.
    let hosted = Sandbox::builder()
        .limits(ours::limits())
        .transport(Process::new())
        .host::<dyn Twice>(Direct)
        .build()
        .unwrap();
    let task = hosted.load::<dyn Task>(Script::new("task.mjs", TASK)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    pairs.add(
        "process/async",
        looped(|| runtime.block_on(task.add(black_box(2.0), 3.0)).unwrap()),
        looped(|| small.round_trip()),
    );
    let together = || {
        let calls = (0..TOGETHER).map(|_| task.add(black_box(2.0), 3.0));
        runtime.block_on(futures_util::future::join_all(calls)).len()
    };
    let one_by_one = || (0..TOGETHER).map(|_| u32::from(small.round_trip())).sum::<u32>();
    pairs.add("process/together", looped(together), looped(one_by_one));
    pairs.finish();
}
