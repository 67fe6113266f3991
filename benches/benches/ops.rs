//! Guest → host in hot loops: the methods of a contract, beside ops of deno_core that are written by hand.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use sandbox_benches::contracts::{LOOP_NAMES, Loops};
use sandbox_benches::floor::ops::BareLoops;
use sandbox_benches::ours;
use sandbox_benches::pair::{Pairs, guest_loop};

fn main() {
    let mut pairs = Pairs::new("ops");
    let ours = ours::hot_loops();
    let ours: &dyn Loops = &ours;
    let mut floor = BareLoops::new();
    for name in LOOP_NAMES {
        assert_eq!(ours.run(name, 3.0).unwrap(), floor.run(name, 3.0), "{name}");
        pairs.add(
            &format!("guest-to-host/{name}"),
            guest_loop(|turns| ours.run(name, turns).unwrap()),
            guest_loop(|turns| floor.run(name, turns)),
        );
    }
    pairs.finish();
}
