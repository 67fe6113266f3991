//! Mixed faults: whatever a guest or a host does wrong, with the next call right.

use std::cell::Cell;
use std::time::Duration;

use sandbox_runtime::{Error, LimitKind, Limits, LocalSandbox, Result, Script, sandbox_api};

use crate::parts::many;
use crate::programs::random::Random;
use crate::run::{guarded, parted};
use crate::{Report, Share};

#[sandbox_api(guest)]
pub trait Faulty {
    fn run(&self, kind: f64) -> Result<Vec<f64>>;
    fn ok(&self, n: f64) -> Result<f64>;
}

#[sandbox_api(host)]
pub trait Fails {
    fn fails(&self, how: f64) -> Result<f64>;
}

struct Failing;

impl Fails for Failing {
    fn fails(&self, how: f64) -> Result<f64> {
        assert!(how > 0.0, "the host's own mistake");
        Err(Error::host("a secret"))
    }
}

/// What can go wrong, by number.
const SOURCE: &str = "const all = [];
export const ok = (n) => n * 2;
export function run(kind) {
  switch (kind) {
    case 0: for (;;) {}
    case 1: return (function f(n) { return f(n + 1) + 1; })(0);
    case 2: throw new TypeError('no', { cause: new Error('deep') });
    case 3: { let bomb = [1]; for (let i = 0; i < 60; i++) bomb = [bomb, bomb]; return bomb; }
    case 4: return new Proxy([], {});
    case 5: Fails.fails(0); return [];
    case 6: try { Fails.fails(1); } catch (e) { throw e; } return [];
    case 7: return { length: 2 ** 32 };
    case 8: Promise.reject(new Error('unheard')); return [1];
    case 9: throw { toString() { throw 1; } };
    case 10: return [Symbol('s')];
    default: for (;;) all.push([all.length, {}]);
  }
}";
/// Faults of one sandbox, before it is dropped.
const EACH: usize = 50;

fn is_right(kind: usize, result: &Result<Vec<f64>>) -> bool {
    match (kind, result) {
        // Whatever is slow on a busy machine may be ended by its limit of some milliseconds.
        (_, Err(Error::Limit { kind: LimitKind::Wall, .. })) => true,
        (1, Err(Error::Limit { kind: LimitKind::Stack, .. })) => true,
        (2 | 5 | 6 | 9, Err(Error::Guest(_))) => true,
        (3 | 4 | 7 | 10, Err(Error::Value { .. })) => true,
        (8, Ok(value)) => *value == [1.0],
        (11, Err(Error::Limit { kind: LimitKind::Heap, .. })) => true,
        _ => false,
    }
}

/// One sandbox's faults; the last one may be a full heap, or that it is dropped.
fn some(seed: u64) -> Result<usize, String> {
    let mut random = Random::new(seed);
    let wall = Duration::from_millis(1 + random.next() % 5);
    let last = Cell::new(0);
    guarded(&format!("faults {seed}"), || {
        let limits = Limits { wall, heap: 16 << 20, ..Limits::default() };
        let fills = random.percent(10);
        let limits = if fills { Limits { wall: Duration::from_secs(20), ..limits } } else { limits };
        let sandbox = LocalSandbox::builder().limits(limits).host::<dyn Fails>(Failing).build();
        let sandbox = sandbox.map_err(|error| error.to_string())?;
        let faulty = loop {
            match sandbox.load::<dyn Faulty>(Script::new("faulty.mjs", SOURCE)) {
                Ok(faulty) => break faulty,
                Err(Error::Limit { kind: LimitKind::Wall, .. }) => {}
                Err(error) => return Err(format!("{error:?}")),
            }
        };
        let count = if fills { 3 } else { EACH };
        for number in 0..count {
            let kind = if fills { [2, 5, 11][number] } else { random.below(11) };
            last.set(number + 1);
            let result = faulty.run(f64::from(u32::try_from(kind).unwrap()));
            if !is_right(kind, &result) {
                return Err(format!("fault {kind}: {result:?}"));
            }
            let next = faulty.ok(4.0);
            let goes_on = matches!(next, Ok(8.0) | Err(Error::Limit { kind: LimitKind::Wall, .. }));
            let is_gone = kind == 11 && matches!(next, Err(Error::Discarded { .. }));
            if !(goes_on || is_gone) {
                return Err(format!("after fault {kind}: {next:?}"));
            }
        }
        Ok(())
    })
    .map(|()| last.get())
    .map_err(|error| format!("faults {seed}: {error}"))
}

pub(crate) fn faults(share: Share) -> Report {
    // With 50 faults in nine of ten sandboxes, and three in the others, more than 100,000.
    let (counts, broken) = parted(many(share, 2_300, some));
    let faults = counts.iter().sum::<usize>();
    Report { lines: vec![format!("{faults} faults in {} sandboxes", counts.len())], broken }
}
