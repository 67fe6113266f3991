//! Host → guest: the methods of a contract through `&dyn Trait`, beside functions of V8 that are called by hand.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use sandbox_benches::contracts::{Guest, Line, Order, Task};
use sandbox_benches::floor::bare::{Bare, BareGuest};
use sandbox_benches::ours;
use sandbox_benches::pair::{criterion, pair, typical};
use sandbox_runtime::Bytes;

fn scalars(criterion: &mut Criterion, ours: &dyn Guest, floor: &mut BareGuest) {
    let mut group = pair(criterion, "host-to-guest/add");
    group.bench_function("ours", |b| b.iter(|| ours.add(black_box(2.0), black_box(3.0)).unwrap()));
    group.bench_function("floor", |b| b.iter(|| floor.add(black_box(2.0), black_box(3.0))));
    group.finish();
}

fn texts(criterion: &mut Criterion, ours: &dyn Guest, floor: &mut BareGuest) {
    for length in [10, 1000] {
        let name = "x".repeat(length);
        let mut group = pair(criterion, &format!("host-to-guest/greet-{length}"));
        group.bench_function("ours", |b| b.iter(|| ours.greet(black_box(&name)).unwrap()));
        group.bench_function("floor", |b| b.iter(|| floor.greet(black_box(&name))));
        group.finish();
    }
}

fn structs(criterion: &mut Criterion, ours: &dyn Guest, floor: &mut BareGuest) {
    let order = Order::sample();
    assert_eq!(ours.order(&order).unwrap(), floor.order(&order));
    let mut group = pair(criterion, "host-to-guest/order");
    group.bench_function("ours", |b| b.iter(|| ours.order(black_box(&order)).unwrap()));
    group.bench_function("floor", |b| b.iter(|| floor.order(black_box(&order))));
    group.finish();

    let lines = Line::thousand();
    let mut group = pair(criterion, "host-to-guest/lines");
    let batch = BatchSize::NumIterations(4);
    group.bench_function("ours", |b| {
        b.iter_batched(|| lines.clone(), |lines| ours.lines(lines).unwrap(), batch);
    });
    group.bench_function("floor", |b| b.iter_batched(|| lines.clone(), |lines| floor.lines(&lines), batch));
    group.finish();
}

fn bytes(criterion: &mut Criterion, ours: &dyn Guest, floor: &mut BareGuest) {
    for (name, length) in [("64k", 64 << 10), ("1m", 1 << 20)] {
        let batch = BatchSize::NumIterations(16);
        let mut group = pair(criterion, &format!("host-to-guest/bytes-{name}"));
        let owned = || Bytes::from(vec![1; length]);
        group.bench_function("ours", |b| b.iter_batched(owned, |bytes| ours.size(bytes).unwrap(), batch));
        group.bench_function("floor", |b| b.iter_batched(|| vec![1; length], |v| floor.size(v), batch));
        group.finish();

        // The same without the collections that give the memory back: what the caller waits for, nearly always.
        let mut group = pair(criterion, &format!("host-to-guest/move-{name}"));
        group.bench_function("ours", |b| {
            b.iter_custom(|turns| typical(turns, owned, |bytes| ours.size(bytes).unwrap()));
        });
        group.bench_function("floor", |b| {
            b.iter_custom(|turns| typical(turns, || vec![1; length], |bytes| floor.size(bytes)));
        });
        group.finish();
    }
}

fn promises(criterion: &mut Criterion, floor: &mut Bare) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ours = ours::task();
    let ours: &dyn Task = &ours;
    let add = floor.function("async (a, b) => a + b");
    let mut group = pair(criterion, "async/add");
    group.bench_function("ours", |b| b.iter(|| runtime.block_on(ours.add(2.0, 3.0)).unwrap()));
    group.bench_function("floor", |b| b.iter(|| floor.promised(&add, 2.0, 3.0)));
    group.finish();
    let ask = floor.function("async (a) => await a");
    let mut group = pair(criterion, "async/ask");
    group.bench_function("ours", |b| b.iter(|| runtime.block_on(ours.ask(2.0)).unwrap()));
    group.bench_function("floor", |b| b.iter(|| floor.promised(&ask, 2.0, 3.0)));
    group.finish();
}

fn main() {
    let mut criterion = criterion();
    // A sandbox comes first: it starts V8 with the flags that both sides then have.
    let ours = ours::guest();
    {
        let floor = &mut BareGuest::new();
        scalars(&mut criterion, &ours, floor);
        texts(&mut criterion, &ours, floor);
        structs(&mut criterion, &ours, floor);
        bytes(&mut criterion, &ours, floor);
    }
    promises(&mut criterion, &mut Bare::new());
    criterion.final_summary();
}
