//! What the way to another thread costs: one call of a `Sandbox` and of a pool, beside a bare channel, and how many calls a
//! second a pool makes, beside threads that hold bare isolates.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a benchmark")]

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use sandbox_benches::contracts::{First, Task};
use sandbox_benches::floor::channel::{Echo, isolates};
use sandbox_benches::measure::{Sample, Side, is_quick, keep};
use sandbox_benches::ours;
use sandbox_benches::pair::{Pairs, looped};
use sandbox_runtime::{Sandbox, SandboxPool};

/// Threads that run guests, and as many that call them.
const THREADS: usize = 2;

fn round_trips(pairs: &mut Pairs) {
    let echo = Echo::new();
    let sandbox = Sandbox::builder().build().unwrap().load::<dyn First>(ours::first()).unwrap();
    let pool = SandboxPool::builder().threads(THREADS).build().unwrap();
    let pooled = pool.tenant("one").load::<dyn First>(ours::first()).unwrap();
    let task = ours::remote_task();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let floor = || looped(|| echo.round_trip(black_box(2.0)));

    pairs.add("transport/sandbox", looped(|| sandbox.add(2.0, 3.0).unwrap()), floor());
    pairs.add("transport/pool", looped(|| pooled.add(2.0, 3.0).unwrap()), floor());
    pairs.add("transport/async", looped(|| runtime.block_on(task.add(2.0, 3.0)).unwrap()), floor());
}

/// Calls a second of several clients, each of which calls every tenant in turn for `part`.
fn rate(tenants: usize, part: Duration, client: impl Fn(usize) -> f64 + Sync) -> f64 {
    let together = Barrier::new(THREADS);
    let one = |first: usize| {
        together.wait();
        let (began, mut calls) = (Instant::now(), 0_u32);
        // Clients begin at different tenants, so that they meet as little as they can.
        let mut tenant = first * tenants / THREADS;
        while began.elapsed() < part {
            assert_eq!(client(tenant), 5.0);
            tenant = (tenant + 1) % tenants;
            calls += 1;
        }
        f64::from(calls) / began.elapsed().as_secs_f64()
    };
    thread::scope(|scope| {
        let one = &one;
        let clients = (0..THREADS).map(|first| scope.spawn(move || one(first))).collect::<Vec<_>>();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    })
}

fn scale() -> Vec<Sample> {
    let part = Duration::from_millis(if is_quick() { 300 } else { 2000 });
    let mut samples = Vec::new();
    for tenants in [1, 10, 100, 1000] {
        let id = format!("scale/{tenants}");
        eprintln!("{id}");
        let pool = SandboxPool::builder().threads(THREADS).memory(16 << 30).build().unwrap();
        let load = |n: usize| pool.tenant(&n.to_string()).load::<dyn First>(ours::first()).unwrap();
        let guests = (0..tenants).map(load).collect::<Vec<_>>();
        let call = |tenant: usize| guests[tenant].add(2.0, 3.0).unwrap();
        (0..tenants).for_each(|tenant| assert_eq!(call(tenant), 5.0));
        samples.push(Sample::new(&id, Side::Ours, rate(tenants, part, call)));
        drop(guests);
        drop(pool);

        let threads = (0..THREADS).map(|_| isolates(tenants.div_ceil(THREADS))).collect::<Vec<_>>();
        let call = |tenant: usize| {
            let (answer, answers) = sync_channel(1);
            threads[tenant % THREADS].send((tenant / THREADS, 2.0, 3.0, answer)).unwrap();
            answers.recv().unwrap()
        };
        (0..tenants).for_each(|tenant| assert_eq!(call(tenant), 5.0));
        samples.push(Sample::new(&id, Side::Floor, rate(tenants, part, call)));
    }
    samples
}

fn main() {
    let mut pairs = Pairs::new("transports");
    round_trips(&mut pairs);
    pairs.finish();
    keep("scale", &scale()).unwrap();
}
