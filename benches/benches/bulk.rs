//! A gibibyte through a stream, in both directions: how much more memory is resident meanwhile, here and in the process of the guest.
//! The floor: the same pieces over a bounded channel. Each number is made in a process of its own.
//!
//! And the time until one side has seen that the other has cancelled, beside a round trip over two channels.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a benchmark")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use futures_util::{StreamExt as _, stream};
use sandbox_benches::measure::{Sample, Side, is_quick, keep};
use sandbox_benches::pair::Pairs;
use sandbox_runtime::process::{Process, init};
use sandbox_runtime::site::SendSite;
use sandbox_runtime::{
    Builder, Bytes, Cancellation, Client, Limits, Result, Sandbox, Script, Stream, sandbox_api,
};

/// Says what a child is to do.
const CHILD: &str = "BULK_CHILD";
const PIECE: usize = 64 << 10;

/// The bytes that go through.
fn all() -> usize {
    if is_quick() { 64 << 20 } else { 1 << 30 }
}

/// Streams of bytes, of the host and to it.
#[sandbox_api(host)]
pub trait Pieces: Send + Sync {
    /// So many pieces.
    async fn give(&self, count: f64) -> Result<Stream<Bytes>>;
    /// The number of bytes of a stream.
    async fn take(&self, pieces: Stream<Bytes>) -> Result<f64>;
}

struct Host;

#[sandbox_api]
impl Pieces for Host {
    async fn give(&self, count: f64) -> Result<Stream<Bytes>> {
        let pieces = (0..count as usize).map(|_| Ok(Bytes::new(vec![1; PIECE])));
        Ok(Stream::new(stream::iter(pieces)))
    }

    async fn take(&self, mut pieces: Stream<Bytes>) -> Result<f64> {
        let mut sum = 0;
        while let Some(piece) = pieces.next().await {
            sum += piece?.len();
        }
        Ok(sum as f64)
    }
}

/// The guest, whose loops are named.
#[sandbox_api(guest)]
pub trait Reader {
    /// The number of bytes that went through.
    async fn run(&self, name: &str, count: f64) -> Result<f64>;
}

const SCRIPT: &str = "
async function* pieces(count) { for (let i = 0; i < count; i++) yield new Uint8Array(65536).fill(1); }
const loops = {
    give: async (count) => { let sum = 0; for await (const piece of await Pieces.give(count)) sum += piece.length; return sum; },
    take: (count) => Pieces.take(pieces(count)),
};
export const run = (name, count) => loops[name](count);";

/// Memory of a process that is of no file.
fn resident(process: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.map_or(0, |line| line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024)
}

/// Memory of this process and of its children.
fn of_family() -> u64 {
    let own = format!("/proc/{}/task", process::id());
    let children = fs::read_dir(own).unwrap().flatten().flat_map(|task| {
        let list = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    });
    resident("self") + children.map(|child| resident(&child)).sum::<u64>()
}

/// Prints by how much the memory grew at most while something ran.
fn growth(run: impl FnOnce()) -> ! {
    let before = of_family();
    let (most, is_over) = (Arc::new(Mutex::new(before)), Arc::new(AtomicBool::new(false)));
    let watch = {
        let (most, is_over) = (most.clone(), is_over.clone());
        thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                let now = of_family();
                let mut most = most.lock().unwrap();
                *most = now.max(*most);
                drop(most);
                thread::sleep(Duration::from_millis(2));
            }
        })
    };
    run();
    is_over.store(true, Ordering::Relaxed);
    watch.join().unwrap();
    println!("{}", *most.lock().unwrap() - before);
    process::exit(0)
}

fn limits() -> Limits {
    Limits { cpu: Duration::from_secs(3600), ..sandbox_benches::ours::limits() }
}

fn built<S: SendSite>(builder: Builder<Client<S>>) -> Client<S> {
    builder.limits(limits()).host::<dyn Pieces>(Host).build().unwrap()
}

fn through(guest: &dyn Reader, name: &str) -> ! {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let run = |bytes: usize| {
        let sum = runtime.block_on(guest.run(name, (bytes / PIECE) as f64)).unwrap();
        assert_eq!(sum, bytes as f64);
    };
    run(4 * PIECE);
    growth(|| run(all()))
}

fn channel() -> ! {
    let (pieces, taken) = mpsc::sync_channel::<Vec<u8>>(4);
    growth(|| {
        let giver = thread::spawn(move || {
            for _ in 0..all() / PIECE {
                pieces.send(vec![1; PIECE]).unwrap();
            }
        });
        assert_eq!(taken.iter().map(|piece| piece.len()).sum::<usize>(), all());
        giver.join().unwrap();
    })
}

fn child(kind: &str) -> ! {
    let (site, name) = kind.split_once(' ').unwrap_or((kind, ""));
    let script = Script::new("pieces.mjs", SCRIPT);
    match site {
        "thread" => through(&built(Sandbox::builder()).load::<dyn Reader>(script).unwrap(), name),
        "process" => {
            let sandbox = built(Sandbox::builder().transport(Process::new()));
            through(&sandbox.load::<dyn Reader>(script).unwrap(), name)
        }
        _ => channel(),
    }
}

/// The bytes by which the memory grew, the median of some processes.
fn measure(kind: &str) -> f64 {
    eprintln!("{kind}");
    let one = |_| {
        let output = process::Command::new(env::current_exe().unwrap()).env(CHILD, kind).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().parse::<f64>().unwrap()
    };
    let mut all = (0..if is_quick() { 1 } else { 3 }).map(one).collect::<Vec<_>>();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Calls that are cancelled from the other side.
#[sandbox_api(host)]
pub trait Waits: Send + Sync {
    /// Tells that it waits, and waits.
    async fn wait(&self, ends: Cancellation) -> Result<f64>;
}

struct Waiting {
    begun: mpsc::SyncSender<()>,
    seen: mpsc::SyncSender<Instant>,
}

/// Tells when it is dropped.
struct Seen(mpsc::SyncSender<Instant>);

impl Drop for Seen {
    fn drop(&mut self) {
        _ = self.0.send(Instant::now());
    }
}

#[sandbox_api]
impl Waits for Waiting {
    async fn wait(&self, _: Cancellation) -> Result<f64> {
        let _seen = Seen(self.seen.clone());
        _ = self.begun.send(());
        std::future::pending().await
    }
}

/// A guest that waits for the host, and a call of it that aborts the first.
#[sandbox_api(guest)]
pub trait Cancels: Send + Sync {
    /// Waits until it is aborted.
    async fn wait(&self) -> Result<f64>;
    /// Aborts it.
    fn abort(&self) -> Result<()>;
}

const CANCELS: &str = "
let controller;
export const wait = async () => {
    controller = new AbortController();
    try { return await Waits.wait(controller.signal); } catch { return 1; }
};
export const abort = () => { controller.abort(); };";

/// The signals of a host: its method waits, and the future was dropped.
struct Told {
    begins: mpsc::Receiver<()>,
    sees: mpsc::Receiver<Instant>,
}

fn waiting<S: SendSite>(builder: Builder<Client<S>>) -> (Client<S>, Told) {
    let ((begun, begins), (seen, sees)) = (mpsc::sync_channel(1), mpsc::sync_channel(1));
    let builder = builder.limits(limits()).host::<dyn Waits>(Waiting { begun, seen });
    (builder.build().unwrap(), Told { begins, sees })
}

/// The time from a guest's abort, which a call makes, until the host's future is dropped.
fn cancels(guest: Arc<dyn Cancels>, told: Told) -> impl FnMut(u64) -> Duration {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    move |turns| {
        let mut took = Duration::ZERO;
        for _ in 0..turns {
            let waits = guest.clone();
            let waits = runtime.spawn(async move { waits.wait().await });
            told.begins.recv().unwrap();
            let began = Instant::now();
            guest.abort().unwrap();
            took += told.sees.recv().unwrap() - began;
            assert_eq!(runtime.block_on(waits).unwrap().unwrap(), 1.0);
        }
        took
    }
}

/// A message to another thread, and when it was there.
fn messages() -> impl FnMut(u64) -> Duration {
    let ((asks, asked), (seen, sees)) = (mpsc::sync_channel::<()>(1), mpsc::sync_channel(1));
    thread::spawn(move || asked.iter().for_each(|()| _ = seen.send(Instant::now())));
    move |turns| {
        let mut took = Duration::ZERO;
        for _ in 0..turns {
            let began = Instant::now();
            asks.send(()).unwrap();
            took += sees.recv().unwrap() - began;
        }
        took
    }
}

fn main() {
    init();
    if let Ok(kind) = env::var(CHILD) {
        child(&kind);
    }
    let floor = measure("channel");
    let mut samples = Vec::new();
    for (site, name) in [("thread", "give"), ("thread", "take"), ("process", "give"), ("process", "take")] {
        let id = format!("bulk/{site}-{name}");
        samples.push(Sample::new(&*id, Side::Ours, measure(&format!("{site} {name}"))));
        samples.push(Sample::new(id, Side::Floor, floor));
    }
    keep("bulk", &samples).unwrap();
    let mut pairs = Pairs::new("cancel");
    let script = || Script::new("cancels.mjs", CANCELS);
    let (sandbox, told) = waiting(Sandbox::builder());
    let guest = Arc::new(sandbox.load::<dyn Cancels>(script()).unwrap());
    pairs.add("cancel/thread", cancels(guest, told), messages());
    let (sandbox, told) = waiting(Sandbox::builder().transport(Process::new()));
    let guest = Arc::new(sandbox.load::<dyn Cancels>(script()).unwrap());
    pairs.add("cancel/process", cancels(guest, told), messages());
    pairs.finish();
}
