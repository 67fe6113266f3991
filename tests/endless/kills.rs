//! Loops of each kind that a guest can hold its host up with, and how late each is ended.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use sandbox_runtime::{Bytes, Error, LimitKind, Limits, LocalSandbox, Result, Script, sandbox_api};

use crate::run::{guarded, percentile};

/// What the loops are in.
#[sandbox_api(guest)]
pub trait Held {
    fn run(&self) -> Result<Vec<f64>>;
    fn ok(&self) -> Result<f64>;
}

/// What a guest's argument is read for.
#[sandbox_api(host)]
pub trait Host {
    fn take(&self, values: Vec<f64>, bytes: Bytes) -> Result<f64>;
}

struct Taker;

impl Host for Taker {
    fn take(&self, values: Vec<f64>, _: Bytes) -> Result<f64> {
        Ok(values.into_iter().sum())
    }
}

/// Name and body of each.
pub const KINDS: &[(&str, &str)] = &[
    ("plain for", "for (;;) {}"),
    ("labelled, with try", "l: for (;;) { try { for (;;) { continue l; } } finally { continue; } }"),
    ("regular expression", "/^(a+)+$/.test('a'.repeat(40) + '!')"),
    ("microtasks", "Promise.resolve().then(function again() { Promise.resolve().then(again); }); return []"),
    (
        "getter of a result",
        "return Object.defineProperty([1], 0, { get() { for (;;) {} }, enumerable: true })",
    ),
    ("sort callback", "[3, 2, 1].sort(() => { for (;;) {} })"),
    ("getter of an error", "throw Object.defineProperty(new Error('e'), 'cause', { get() { for (;;) {} } })"),
    (
        "prepareStackTrace",
        "Error.prepareStackTrace = () => { for (;;) {} }; for (;;) { new Error('e').stack; }",
    ),
    (
        "getter of an argument",
        "Host.take(Object.defineProperty([1], 0, { get() { for (;;) {} } }), new Uint8Array(1)); return []",
    ),
    ("Proxy trap", "return [new Proxy({}, { get() { for (;;) {} } }).p]"),
    ("toJSON", "JSON.stringify({ toJSON() { for (;;) {} } })"),
    ("generator", "for (const v of (function* () { for (;;) yield 1; })()); return []"),
    ("allocation", "let q; for (;;) q = [new Array(100), {}]"),
];

/// A sandbox with a loop of one kind.
pub struct Killed {
    sandbox: LocalSandbox,
    name: &'static str,
    body: &'static str,
    wall: Duration,
    late: RefCell<Vec<Duration>>,
}

impl Killed {
    pub fn new((name, body): (&'static str, &'static str), wall: Duration) -> Self {
        let limits = Limits { wall, ..Limits::default() };
        let sandbox = LocalSandbox::builder().limits(limits).host::<dyn Host>(Taker).build().unwrap();
        Self { sandbox, name, body, wall, late: RefCell::default() }
    }

    /// Ends the loop so often, and checks after each time that the sandbox goes on.
    pub fn kill(&self, times: usize) -> std::result::Result<(), String> {
        let source = format!("export const ok = () => 1; export function run() {{ {} }}", self.body);
        let held = loop {
            // A short limit may be over before a busy machine has evaluated the script.
            match self.sandbox.load::<dyn Held>(Script::new("held.mjs", source.clone())) {
                Ok(held) => break held,
                Err(Error::Limit { .. }) => {}
                Err(error) => return Err(format!("{}: {error:?}", self.name)),
            }
        };
        guarded(self.name, || (0..times).try_for_each(|_| self.once(&held)))
    }

    fn once(&self, held: &dyn Held) -> std::result::Result<(), String> {
        let started = Instant::now();
        let result = held.run();
        let elapsed = started.elapsed();
        match (&result, held.ok()) {
            (
                Err(Error::Limit { kind: LimitKind::Wall, .. }),
                Ok(1.0) | Err(Error::Limit { kind: LimitKind::Wall, .. }),
            ) => {
                self.late.borrow_mut().push(elapsed.saturating_sub(self.wall));
                Ok(())
            }
            (_, next) => Err(format!("{}: {result:?}, then {next:?}", self.name)),
        }
    }

    /// How late the loop was ended: the values that 50, 90 and 99 of a hundred are not above.
    pub fn late(&self) -> [Duration; 3] {
        let mut late = self.late.borrow().clone();
        late.sort_unstable();
        [50, 90, 99].map(|percent| percentile(&late, percent))
    }
}
