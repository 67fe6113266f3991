//! Handles, callbacks and streams, beside the calls that stand for them: a method of the contract itself, a call for each value.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::future::poll_fn;
use std::hint::black_box;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::stream;
use sandbox_benches::ours;
use sandbox_benches::pair::{Pairs, guest_loop, looped};
use sandbox_runtime::{Callback, Handle, Items, LocalSandbox, Result, Script, Stream, sandbox_api};

/// A contract whose methods are called as the contract's own, and as those of a handle.
#[sandbox_api(host)]
pub trait Adder: Send + Sync {
    /// Two numbers.
    fn add(&self, a: f64, b: f64) -> f64;
}

/// The signature of the callback.
pub type Adds = fn(f64, f64) -> Result<f64>;

/// The host: it gives handles, callbacks and streams.
#[sandbox_api(host)]
pub trait Source {
    /// An object with a method.
    fn adder(&self) -> Result<Handle<dyn Adder>>;
    /// A function.
    fn callback(&self) -> Result<Callback<Adds>>;
    /// Numbers that are there.
    async fn numbers(&self, count: f64) -> Result<Stream<f64>>;
    /// Numbers, each of which comes a moment after the one before.
    async fn slow(&self, count: f64) -> Result<Stream<f64>>;
    /// A number that comes a moment later.
    async fn number(&self) -> f64;
    /// Numbers of a synchronous iterator.
    fn items(&self, count: f64) -> Result<Items<f64>>;
    /// Calls the object so many times, and gives the nanoseconds that it took.
    fn time(&self, of: Handle<dyn Summer>, turns: f64) -> Result<f64>;
}

/// A contract that the guest implements itself.
#[sandbox_api(guest)]
pub trait Own {
    /// Two numbers.
    fn add(&self, a: f64, b: f64) -> Result<f64>;
}

/// A contract of which the guest gives an object.
#[sandbox_api(guest)]
pub trait Summer: Send + Sync {
    /// Two numbers.
    fn add(&self, a: f64, b: f64) -> Result<f64>;
}

/// The guest, whose loops are named.
#[sandbox_api(guest)]
pub trait Loops {
    /// Runs a synchronous loop.
    fn run(&self, name: &str, turns: f64) -> Result<f64>;
}

/// The loops that wait.
#[sandbox_api(guest)]
pub trait Waiting {
    /// Runs a loop that waits.
    async fn wait(&self, name: &str, turns: f64) -> Result<f64>;
}

const SCRIPT: &str = "
const held = Source.adder(), call = Source.callback();
const loops = {
    own: (turns) => { let sum = 0; for (let i = 0; i < turns; i++) sum = Adder.add(sum, i); return sum; },
    handle: (turns) => { let sum = 0; for (let i = 0; i < turns; i++) sum = held.add(sum, i); return sum; },
    callback: (turns) => { let sum = 0; for (let i = 0; i < turns; i++) sum = call(sum, i); return sum; },
    items: (turns) => { let sum = 0; for (const item of Source.items(turns)) sum += item; return sum; },
    generator: (turns) => { let sum = 0; for (const item of count(turns)) sum += item; return sum; },
    object: (turns) => Source.time({ add: (a, b) => a + b }, turns),
};
function* count(turns) { for (let i = 0; i < turns; i++) yield i; }
async function* counted(turns) { for (let i = 0; i < turns; i++) yield i; }
const waiting = {
    numbers: async (turns) => { let sum = 0; for await (const item of await Source.numbers(turns)) sum += item; return sum; },
    generator: async (turns) => { let sum = 0; for await (const item of counted(turns)) sum += item; return sum; },
    slow: async (turns) => { let sum = 0; for await (const item of await Source.slow(turns)) sum += item; return sum; },
    calls: async (turns) => { let sum = 0; for (let i = 0; i < turns; i++) sum += await Source.number(); return sum; },
};
export const run = (name, turns) => loops[name](turns);
export const wait = (name, turns) => waiting[name](turns);
export const add = (a, b) => a + b;
";

struct Host;

impl Adder for Host {
    fn add(&self, a: f64, b: f64) -> f64 {
        a + b
    }
}

/// Ready at the second time of asking.
async fn moment() {
    let mut is_asked = false;
    poll_fn(|context| {
        if std::mem::replace(&mut is_asked, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn count(count: f64) -> impl Iterator<Item = Result<f64>> + Send {
    (0..count as u64).map(|number| Ok(number as f64))
}

#[sandbox_api]
impl Source for Host {
    fn adder(&self) -> Result<Handle<dyn Adder>> {
        Ok(Handle::new(Self))
    }
    fn callback(&self) -> Result<Callback<Adds>> {
        Ok(Callback::new(|a: f64, b: f64| Ok(a + b)))
    }
    async fn numbers(&self, most: f64) -> Result<Stream<f64>> {
        Ok(Stream::new(stream::iter(count(most))))
    }
    async fn slow(&self, most: f64) -> Result<Stream<f64>> {
        Ok(Stream::new(stream::unfold(count(most), async |mut numbers| {
            moment().await;
            numbers.next().map(|number| (number, numbers))
        })))
    }
    async fn number(&self) -> f64 {
        moment().await;
        1.0
    }
    fn items(&self, most: f64) -> Result<Items<f64>> {
        Ok(Items::new(count(most)))
    }
    fn time(&self, of: Handle<dyn Summer>, turns: f64) -> Result<f64> {
        let began = Instant::now();
        for _ in 0..turns as u64 {
            black_box(of.add(black_box(2.0), 3.0)?);
        }
        Ok(began.elapsed().as_nanos() as f64)
    }
}

fn main() {
    let mut pairs = Pairs::new("handles");
    let sandbox = LocalSandbox::builder()
        .limits(ours::limits())
        .host::<dyn Adder>(Host)
        .host::<dyn Source>(Host)
        .build()
        .unwrap();
    let script = || Script::new("loops.mjs", SCRIPT);
    let loops = sandbox.load::<dyn Loops>(script()).unwrap();
    let run = |name: &'static str| guest_loop(|turns| loops.run(name, turns).unwrap());
    pairs.add("handles/method", run("handle"), run("own"));
    pairs.add("handles/callback", run("callback"), run("own"));
    let own = sandbox.load::<dyn Own>(script()).unwrap();
    let object = |turns: u64| Duration::from_nanos(loops.run("object", turns as f64).unwrap() as u64);
    pairs.add("handles/object", object, looped(|| own.add(black_box(2.0), 3.0).unwrap()));

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let waiting = sandbox.load::<dyn Waiting>(script()).unwrap();
    let wait = |name: &'static str| guest_loop(|turns| runtime.block_on(waiting.wait(name, turns)).unwrap());
    pairs.add("streams/slow", wait("slow"), wait("calls"));
    pairs.add("streams/numbers", wait("numbers"), wait("generator"));
    pairs.add("streams/items", run("items"), run("generator"));
    pairs.finish();
}
