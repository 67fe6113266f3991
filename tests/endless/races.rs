//! Calls, kills and drops of one sandbox that race each other, in an order that a seed decides.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use sandbox_runtime::{Error, LimitKind, Limits, Result, Sandbox, Script, sandbox_api};

use crate::programs::random::Random;
use crate::run::guarded;

/// What the threads call.
#[sandbox_api(guest)]
pub trait Raced {
    fn double(&self, n: f64) -> Result<f64>;
    fn spin(&self) -> Result<()>;
    fn fail(&self) -> Result<()>;
    fn again(&self, n: f64) -> Result<f64>;
}

/// The way back into the host, which may panic.
#[sandbox_api(host)]
pub trait Back {
    fn back(&self, n: f64) -> Result<f64>;
}

struct Panics;

impl Back for Panics {
    fn back(&self, n: f64) -> Result<f64> {
        assert!(n >= 0.0, "the host's own mistake");
        Ok(n + 1.0)
    }
}

const SOURCE: &str = "export const double = (n) => n * 2;
    export const spin = () => { for (;;) {} };
    export const fail = () => { throw new RangeError('no'); };
    export const again = (n) => Back.back(n);";

/// One thread's part: calls, and at some point it lets go of its handle.
#[derive(Clone, Copy, Debug)]
enum Step {
    Double,
    Spin,
    Fail,
    Again,
    Panic,
}

fn steps(random: &mut Random) -> Vec<Step> {
    let all = [Step::Double, Step::Double, Step::Fail, Step::Again, Step::Panic, Step::Double, Step::Spin];
    let count = 1 + random.below(5);
    // A spin costs its whole limit, so that most have none.
    let mut step = || {
        let spins = random.percent(4);
        all[random.below(if spins { 7 } else { 6 })]
    };
    (0..count).map(|_| step()).collect()
}

/// A sandbox that threads call and drop at once. An error says what had another outcome than it may have.
pub fn race(seed: u64) -> std::result::Result<usize, String> {
    let mut random = Random::new(seed);
    let wall = Duration::from_millis(1 + random.next() % 5);
    let plans = [(); 3].map(|()| steps(&mut random));
    let drops_first = random.percent(50);
    guarded(&format!("race {seed}: {plans:?}"), || {
        let limits = Limits { wall, ..Limits::default() };
        let built = Sandbox::builder().limits(limits).host::<dyn Back>(Panics).build();
        let sandbox = built.map_err(|error| error.to_string())?;
        let start = Barrier::new(plans.len() + 1);
        thread::scope(|scope| {
            let threads = plans.each_ref().map(|plan| {
                let (loaded, start) = (sandbox.load::<dyn Raced>(Script::new("raced.mjs", SOURCE)), &start);
                scope.spawn(move || {
                    start.wait();
                    match loaded {
                        Ok(raced) => plan.iter().try_for_each(|step| check(*step, &raced)),
                        // A limit of some milliseconds may be over before a busy machine has evaluated the script.
                        Err(Error::Limit { kind: LimitKind::Wall, .. }) => Ok(()),
                        Err(error) => Err(format!("load: {error:?}")),
                    }
                })
            });
            if drops_first {
                drop(sandbox);
                start.wait();
            } else {
                start.wait();
                drop(sandbox);
            }
            let joined =
                threads.map(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".into())));
            joined.into_iter().collect::<std::result::Result<(), _>>()
        })
    })
    .map(|()| plans.iter().map(Vec::len).sum())
    .map_err(|error| format!("race {seed}: {error}"))
}

/// Each call ends as it should, or by its limit.
fn check(step: Step, raced: &dyn Raced) -> std::result::Result<(), String> {
    let result = match step {
        Step::Double => raced.double(21.0),
        Step::Spin => raced.spin().map(|()| 0.0),
        Step::Fail => raced.fail().map(|()| 0.0),
        Step::Again => raced.again(1.0),
        Step::Panic => raced.again(-1.0),
    };
    let is_right = match (&result, step) {
        (Err(Error::Limit { kind: LimitKind::Wall, .. }), _) => true,
        (Ok(value), Step::Double) => *value == 42.0,
        (Ok(value), Step::Again) => *value == 2.0,
        (Err(Error::Guest(_)), Step::Fail | Step::Panic) => true,
        _ => false,
    };
    if is_right { Ok(()) } else { Err(format!("{step:?}: {result:?}")) }
}
