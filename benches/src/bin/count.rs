//! Makes so many calls of one path and side in [`counted_calls`], and nothing else there: `count host-to-guest/add ours 1000`.
//! `cargo xtask bench --instructions` counts the instructions of that function, and of what it calls.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::env;
use std::hint::black_box;

use sandbox_benches::contracts::{Guest, Loops};
use sandbox_benches::floor::bare::BareGuest;
use sandbox_benches::floor::ops::BareLoops;
use sandbox_benches::ours;
use sandbox_runtime::__private::by_the_system_only;

/// Calls before, in which V8 compiles.
const WARM_UP: u32 = 30_000;
/// Turns of a loop in a guest.
const LOOP: u32 = 1000;

/// Valgrind finds it by its name, so it is not inlined, and no other function's name holds this one's.
#[inline(never)]
fn counted_calls(call: &mut dyn FnMut(), turns: u32) {
    for _ in 0..turns {
        call();
    }
}

fn main() {
    let arguments = env::args().skip(1).collect::<Vec<_>>();
    let [path, side, turns] = &arguments[..] else { panic!("count PATH SIDE TURNS") };
    let turns = turns.parse::<u32>().unwrap();
    let is_ours = side == "ours";
    // The quicker clock is not on every machine, and its rate is measured first, which takes a while that is never the same.
    by_the_system_only();
    // Both sides run on a V8 that a sandbox has started, with its flags.
    let guest = ours::guest();
    let guest: &dyn Guest = &guest;
    let count = |call: &mut dyn FnMut()| {
        (0..WARM_UP).for_each(|_| call());
        counted_calls(call, turns);
    };
    match (&path[..], is_ours) {
        ("host-to-guest/add", true) => count(&mut || _ = black_box(guest.add(black_box(2.0), 3.0).unwrap())),
        ("host-to-guest/add", false) => {
            let mut floor = BareGuest::new();
            count(&mut || _ = black_box(floor.add(black_box(2.0), 3.0)));
        }
        ("host-to-guest/greet", true) => {
            count(&mut || _ = black_box(guest.greet(black_box("0123456789")).unwrap()));
        }
        ("host-to-guest/greet", false) => {
            let mut floor = BareGuest::new();
            count(&mut || _ = black_box(floor.greet(black_box("0123456789"))));
        }
        ("guest-to-host/add", true) => {
            let loops = ours::hot_loops();
            let loops: &dyn Loops = &loops;
            // The loop is compiled before.
            loops.run("add", 2e5).unwrap();
            counted_calls(&mut || _ = loops.run("add", f64::from(LOOP)).unwrap(), turns / LOOP);
        }
        ("guest-to-host/add", false) => {
            let mut loops = BareLoops::new();
            loops.run("add", 2e5);
            counted_calls(&mut || _ = loops.run("add", f64::from(LOOP)), turns / LOOP);
        }
        _ => panic!("there is no `{path}`"),
    }
}
