//! As many calls as threads can make.

use std::pin::Pin;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use sandbox_runtime::{Engine, Limits, Result, Sandbox};

use crate::driver::{Guarded, block_on};
use crate::host::{Board, Job, JobProxy, Store, script};

const THREADS: usize = 8;

/// Bytes in memory.
fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split(' ').nth(1)?.parse::<usize>().ok()? * 4096)
}

/// Several futures of a thread at once, all of which must be right.
async fn together(futures: Vec<Pin<Box<dyn Future<Output = Result<String>> + '_>>>, inputs: &[String]) {
    let mut futures = futures.into_iter().map(Some).collect::<Vec<_>>();
    let mut left = futures.len();
    std::future::poll_fn(|cx| {
        for (slot, input) in futures.iter_mut().zip(inputs) {
            let Some(future) = slot else { continue };
            if let Poll::Ready(outcome) = future.as_mut().poll(cx) {
                assert_eq!(outcome.expect("it answers"), *input);
                (*slot, left) = (None, left - 1);
            }
        }
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// A round of four asynchronous calls and four synchronous ones, with a call of the host each.
fn round(job: &JobProxy<sandbox_runtime::Remote>, thread: usize, round: usize) {
    let inputs = ["get", "race", "get", "get"].map(|what| format!("{what}:{thread}-{round}"));
    let calls = inputs.iter().map(|input| job.run(input) as Pin<Box<dyn Future<Output = _> + '_>>);
    block_on(Box::pin(together(calls.collect(), &inputs)));
    for _ in 0..4 {
        assert_eq!(job.now(&inputs[0]).expect("it answers"), inputs[0]);
    }
}

/// `calls` in all, on so many sandboxes.
fn flood(sandboxes: usize, calls: usize) {
    let _guarded = Guarded::new(format!("{calls} calls on {sandboxes} sandboxes"), Duration::from_secs(900));
    let board = Board::default();
    let limits = Limits { wall: Duration::from_secs(1000), ..Limits::default() };
    let build =
        || Sandbox::builder().limits(limits).host::<dyn Store>(board.clone()).build().expect("it is built");
    let all = (0..sandboxes).map(|_| build()).collect::<Vec<_>>();
    let jobs = all.iter().map(|sandbox| sandbox.load::<dyn Job>(script()).expect("it is loaded"));
    let jobs = jobs.collect::<Vec<_>>();
    let before = all.iter().map(|sandbox| sandbox.usage().total).collect::<Vec<_>>();
    let rounds = calls / THREADS / 8 / 4;
    let began = Instant::now();
    let mut memory = Vec::new();
    for quarter in 0..4 {
        thread::scope(|scope| {
            for number in 0..THREADS {
                let job = jobs[number % sandboxes].clone();
                scope.spawn(move || (0..rounds).for_each(|n| round(&job, number, quarter * rounds + n)));
            }
        });
        memory.extend(resident());
    }
    eprintln!("{calls} calls on {sandboxes} sandboxes: {:.1?}", began.elapsed());
    let mut made = 0;
    for (sandbox, before) in all.iter().zip(before) {
        made += sandbox.usage().total.calls - before.calls;
    }
    assert_eq!(made, (rounds * 4 * THREADS * 8) as u64, "every call is on a bill");
    // The turn of what was dropped with its call comes before that of this call.
    jobs.iter().for_each(|job| assert_eq!(job.now("value:1").expect("it answers"), "value:1"));
    assert_eq!(board.alive(), 0, "every future of the host was dropped");
    if let [_, second, _, last] = memory[..] {
        let grown = last.saturating_sub(second);
        assert!(grown < 48 << 20, "memory has grown by {grown} bytes over half of the calls: {memory:?}");
    }
}

fn calls() -> usize {
    let all = if Engine::CURRENT == Engine::QuickJs { 8_000 } else { 100_000 };
    std::env::var("CALLS").ok().map_or(all, |text| text.parse().expect("a number"))
}

#[test]
fn a_hundred_thousand_calls_of_one_sandbox() {
    flood(1, calls());
}

#[test]
#[cfg_attr(
    feature = "quickjs",
    ignore = "sandboxes that run on several threads at once corrupt memory there"
)]
fn a_hundred_thousand_calls_of_several_sandboxes() {
    flood(4, calls());
}
