//! Makes so many calls of one path and side, and nothing else: `count host-to-guest/add ours 1000`. `cargo xtask bench
//! --instructions` counts the instructions of N and of 2 N calls, whose difference is that of N.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::env;
use std::hint::black_box;

use sandbox_benches::contracts::{Guest, Loops};
use sandbox_benches::floor::bare::BareGuest;
use sandbox_benches::floor::ops::BareLoops;
use sandbox_benches::ours;

/// Calls before: what V8 compiles meanwhile is in the count of N as in that of 2 N.
const WARM_UP: u32 = 30_000;

fn main() {
    let arguments = env::args().skip(1).collect::<Vec<_>>();
    let [path, side, turns] = &arguments[..] else { panic!("count PATH SIDE TURNS") };
    let turns = turns.parse::<u32>().unwrap();
    let is_ours = side == "ours";
    // Both sides run on a V8 that a sandbox has started, with its flags.
    let guest = ours::guest();
    let guest: &dyn Guest = &guest;
    match (&path[..], is_ours) {
        ("host-to-guest/add", true) => {
            (0..WARM_UP + turns).for_each(|_| _ = black_box(guest.add(black_box(2.0), 3.0).unwrap()));
        }
        ("host-to-guest/add", false) => {
            let mut floor = BareGuest::new();
            (0..WARM_UP + turns).for_each(|_| _ = black_box(floor.add(black_box(2.0), 3.0)));
        }
        ("host-to-guest/greet", true) => {
            (0..WARM_UP + turns).for_each(|_| _ = black_box(guest.greet(black_box("0123456789")).unwrap()));
        }
        ("host-to-guest/greet", false) => {
            let mut floor = BareGuest::new();
            (0..WARM_UP + turns).for_each(|_| _ = black_box(floor.greet(black_box("0123456789"))));
        }
        ("guest-to-host/add", true) => {
            let loops = ours::hot_loops();
            let loops: &dyn Loops = &loops;
            // The loop is compiled before.
            loops.run("add", 2e5).unwrap();
            (0..turns / 1000).for_each(|_| _ = loops.run("add", 1000.0).unwrap());
        }
        ("guest-to-host/add", false) => {
            let mut loops = BareLoops::new();
            loops.run("add", 2e5);
            (0..turns / 1000).for_each(|_| _ = loops.run("add", 1000.0));
        }
        _ => panic!("there is no `{path}`"),
    }
}
