//! Host → guest: the methods of a contract through `&dyn Trait`, beside functions of V8 that are called by hand.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;

use sandbox_benches::contracts::{Guest, Line, Order, Task};
use sandbox_benches::floor::bare::{Bare, BareGuest};
use sandbox_benches::ours;
use sandbox_benches::pair::{Pairs, looped, prepared, typical};
use sandbox_runtime::Bytes;

fn scalars(pairs: &mut Pairs, ours: &dyn Guest, floor: &mut BareGuest) {
    let aside = floor.aside();
    pairs.add(
        "host-to-guest/add",
        aside.during(looped(|| ours.add(black_box(2.0), black_box(3.0)).unwrap())),
        looped(|| floor.add(black_box(2.0), black_box(3.0))),
    );
}

fn texts(pairs: &mut Pairs, ours: &dyn Guest, floor: &mut BareGuest) {
    let aside = floor.aside();
    for length in [10, 1000] {
        let name = "x".repeat(length);
        pairs.add(
            &format!("host-to-guest/greet-{length}"),
            aside.during(looped(|| ours.greet(black_box(&name)).unwrap())),
            looped(|| floor.greet(black_box(&name))),
        );
    }
}

fn structs(pairs: &mut Pairs, ours: &dyn Guest, floor: &mut BareGuest) {
    let aside = floor.aside();
    let order = Order::sample();
    assert_eq!(ours.order(&order).unwrap(), floor.order(&order));
    pairs.add(
        "host-to-guest/order",
        aside.during(looped(|| ours.order(black_box(&order)).unwrap())),
        looped(|| floor.order(black_box(&order))),
    );
    let lines = Line::thousand();
    pairs.add(
        "host-to-guest/lines",
        aside.during(prepared(4, || lines.clone(), |lines| ours.lines(lines).unwrap())),
        prepared(4, || lines.clone(), |lines| floor.lines(&lines)),
    );
}

fn bytes(pairs: &mut Pairs, ours: &dyn Guest, floor: &mut BareGuest) {
    let aside = floor.aside();
    for (name, length) in [("64k", 64 << 10), ("1m", 1 << 20)] {
        pairs.add(
            &format!("host-to-guest/bytes-{name}"),
            aside.during(prepared(16, || Bytes::from(vec![1; length]), |bytes| ours.size(bytes).unwrap())),
            prepared(16, || vec![1; length], |bytes| floor.size(bytes)),
        );
        // The same without the collections that give the memory back: what the caller waits for, nearly always.
        pairs.add(
            &format!("host-to-guest/move-{name}"),
            aside.during(typical(|| Bytes::from(vec![1; length]), |bytes| ours.size(bytes).unwrap())),
            typical(|| vec![1; length], |bytes| floor.size(bytes)),
        );
    }
}

fn promises(pairs: &mut Pairs, floor: &mut Bare) {
    let aside = floor.aside();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ours = ours::task();
    let ours: &dyn Task = &ours;
    let add = floor.function("async (a, b) => a + b");
    pairs.add(
        "async/add",
        aside.during(looped(|| runtime.block_on(ours.add(2.0, 3.0)).unwrap())),
        looped(|| floor.promised(&add, 2.0, 3.0)),
    );
    let ask = floor.function("async (a) => await a");
    pairs.add(
        "async/ask",
        aside.during(looped(|| runtime.block_on(ours.ask(2.0)).unwrap())),
        looped(|| floor.promised(&ask, 2.0, 3.0)),
    );
}

fn main() {
    let mut pairs = Pairs::new("calls");
    // A sandbox comes first: it starts V8 with the flags that both sides then have.
    let ours = ours::guest();
    {
        let floor = &mut BareGuest::new();
        scalars(&mut pairs, &ours, floor);
        texts(&mut pairs, &ours, floor);
        structs(&mut pairs, &ours, floor);
        bytes(&mut pairs, &ours, floor);
    }
    promises(&mut pairs, &mut Bare::new());
    pairs.finish();
}
