//! The contracts, with fast calls and without, and their host.

#![allow(
    clippy::too_many_arguments,
    reason = "arguments beyond those that fit into registers are on the stack"
)]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::isolate::fast::tests::TAKEN;
use crate::{Error, Limits, LocalSandbox, Result, Script, sandbox_api};

/// How many turns a loop has, after which it is hot.
pub(super) const TURNS: u32 = 10_000;

#[sandbox_api(guest, crate = crate)]
pub(super) trait Guest {
    fn run(&self, turns: u32) -> Result<String>;
    fn change(&self) -> Result<String>;
}

#[sandbox_api(guest, local, crate = crate)]
pub(super) trait Later {
    async fn run_later(&self, turns: u32) -> Result<String>;
}

/// Of another realm.
#[sandbox_api(guest, crate = crate)]
trait Between {
    fn go(&self) -> Result<()>;
}

#[sandbox_api(host, crate = crate)]
trait Back {
    fn back(&self);
}

/// Counts the calls of a run, and changes its guest in one of them.
struct ReentryCaller {
    program: Rc<State>,
}

/// The state that a test and its host share.
#[derive(Default)]
pub(super) struct State {
    guest: RefCell<Option<Rc<dyn Guest>>>,
    between: RefCell<Option<Rc<dyn Between>>>,
    /// The call in which the guest is changed, counted from now.
    left: Cell<u32>,
    /// How often it was.
    pub(super) changes: Cell<u32>,
    /// Whether it was in a fast call.
    pub(super) was_fast: Cell<bool>,
    taken: Cell<u64>,
    last_was_fast: Cell<bool>,
    calls: Cell<u32>,
}

impl State {
    /// Whether the last call of the host was a fast one.
    pub(super) fn last_was_fast(&self) -> bool {
        self.last_was_fast.get()
    }

    /// How many calls of the host there were so far.
    pub(super) fn calls_of_a_run(&self) -> u32 {
        self.calls.get()
    }

    fn change(&self) {
        self.changes.set(self.changes.get() + 1);
        let guest = self.guest.borrow().clone().expect("it is loaded");
        // Its failure is the guest's, which may be on its way out.
        _ = guest.change();
    }
}

impl ReentryCaller {
    fn reach(&self) {
        let program = &self.program;
        let is_fast = TAKEN.get() != program.taken.replace(TAKEN.get());
        program.last_was_fast.set(is_fast);
        program.calls.set(program.calls.get().wrapping_add(1));
        let Some(left) = program.left.get().checked_sub(1) else { return };
        program.left.set(left);
        if left > 0 {
            return;
        }
        program.was_fast.set(is_fast);
        let between = program.between.borrow().clone();
        match between {
            Some(between) => between.go().expect("the other realm goes on"),
            None => program.change(),
        }
    }
}

/// The host of the other realm.
impl Back for ReentryCaller {
    fn back(&self) {
        self.program.change();
    }
}

/// Every method has a fast call, but `nothing`.
#[sandbox_api(host, crate = crate, name = "Host")]
trait Fast {
    fn poke(&self, i: u32) -> f64;
    fn odd(&self, i: u32) -> f64;
    fn int(&self, i: i32) -> i32;
    fn short(&self, i: i16) -> i16;
    fn tiny(&self, i: i8) -> i8;
    fn word(&self, i: u32) -> u32;
    fn half(&self, i: u16) -> u16;
    fn byte(&self, i: u8) -> u8;
    fn flag(&self, i: bool) -> bool;
    fn unit(&self, i: u32);
    fn zero(&self) -> f64;
    fn fails(&self, i: u32) -> Result<f64>;
    fn fails_unit(&self, i: u32) -> Result<()>;
    fn fails_flag(&self, i: u32) -> Result<bool>;
    fn six(&self, a: i32, b: i32, c: i32, d: i32, e: i32, f: i32) -> i32;
    fn nothing(&self, nothing: ()) -> f64;
}

/// The contract `Fast` in JavaScript without fast calls. An argument that is no scalar takes the
/// fast call away.
#[sandbox_api(host, crate = crate, name = "Host")]
trait SlowPath {
    fn poke(&self, i: u32, _slow: Option<bool>) -> f64;
    fn odd(&self, i: u32, _slow: Option<bool>) -> f64;
    fn int(&self, i: i32, _slow: Option<bool>) -> i32;
    fn short(&self, i: i16, _slow: Option<bool>) -> i16;
    fn tiny(&self, i: i8, _slow: Option<bool>) -> i8;
    fn word(&self, i: u32, _slow: Option<bool>) -> u32;
    fn half(&self, i: u16, _slow: Option<bool>) -> u16;
    fn byte(&self, i: u8, _slow: Option<bool>) -> u8;
    fn flag(&self, i: bool, _slow: Option<bool>) -> bool;
    fn unit(&self, i: u32, _slow: Option<bool>);
    fn zero(&self, _slow: Option<bool>) -> f64;
    fn fails(&self, i: u32, _slow: Option<bool>) -> Result<f64>;
    fn fails_unit(&self, i: u32, _slow: Option<bool>) -> Result<()>;
    fn fails_flag(&self, i: u32, _slow: Option<bool>) -> Result<bool>;
    fn six(&self, a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, _slow: Option<bool>) -> i32;
    fn nothing(&self, nothing: (), _slow: Option<bool>) -> f64;
}

impl Fast for ReentryCaller {
    fn poke(&self, i: u32) -> f64 {
        self.reach();
        f64::from(i) * 0.5 - 0.0
    }
    fn odd(&self, i: u32) -> f64 {
        self.reach();
        match i % 3 {
            0 => f64::NAN,
            1 => -0.0,
            _ => f64::INFINITY,
        }
    }
    fn int(&self, i: i32) -> i32 {
        self.reach();
        i.wrapping_mul(-65_537)
    }
    fn short(&self, i: i16) -> i16 {
        self.reach();
        i.wrapping_mul(-31)
    }
    fn tiny(&self, i: i8) -> i8 {
        self.reach();
        i.wrapping_neg()
    }
    fn word(&self, i: u32) -> u32 {
        self.reach();
        i.wrapping_mul(2_654_435_761)
    }
    fn half(&self, i: u16) -> u16 {
        self.reach();
        i.wrapping_mul(40_503)
    }
    fn byte(&self, i: u8) -> u8 {
        self.reach();
        i.wrapping_mul(167)
    }
    fn flag(&self, i: bool) -> bool {
        self.reach();
        !i
    }
    fn unit(&self, _: u32) {
        self.reach();
    }
    fn zero(&self) -> f64 {
        self.reach();
        7.0
    }
    fn fails(&self, i: u32) -> Result<f64> {
        self.reach();
        match i % 64 {
            0 => Err(Error::public(format!("no {i}"))),
            1 => Ok(f64::NAN),
            _ => Ok(f64::from(i)),
        }
    }
    fn fails_unit(&self, i: u32) -> Result<()> {
        self.reach();
        match i % 64 {
            0 => Err(Error::public("none")),
            _ => Ok(()),
        }
    }
    fn fails_flag(&self, i: u32) -> Result<bool> {
        self.reach();
        match i % 1024 {
            0 => panic!("a host that panics"),
            1 => Ok(true),
            _ => Ok(false),
        }
    }
    fn six(&self, a: i32, b: i32, c: i32, d: i32, e: i32, f: i32) -> i32 {
        self.reach();
        [a, b, c, d, e, f].iter().fold(0, |all, n| all.wrapping_mul(31).wrapping_add(*n))
    }
    fn nothing(&self, (): ()) -> f64 {
        self.reach();
        3.0
    }
}

impl SlowPath for ReentryCaller {
    fn poke(&self, i: u32, _: Option<bool>) -> f64 {
        self.reach();
        f64::from(i) * 0.5 - 0.0
    }
    fn odd(&self, i: u32, _: Option<bool>) -> f64 {
        self.reach();
        match i % 3 {
            0 => f64::NAN,
            1 => -0.0,
            _ => f64::INFINITY,
        }
    }
    fn int(&self, i: i32, _: Option<bool>) -> i32 {
        self.reach();
        i.wrapping_mul(-65_537)
    }
    fn short(&self, i: i16, _: Option<bool>) -> i16 {
        self.reach();
        i.wrapping_mul(-31)
    }
    fn tiny(&self, i: i8, _: Option<bool>) -> i8 {
        self.reach();
        i.wrapping_neg()
    }
    fn word(&self, i: u32, _: Option<bool>) -> u32 {
        self.reach();
        i.wrapping_mul(2_654_435_761)
    }
    fn half(&self, i: u16, _: Option<bool>) -> u16 {
        self.reach();
        i.wrapping_mul(40_503)
    }
    fn byte(&self, i: u8, _: Option<bool>) -> u8 {
        self.reach();
        i.wrapping_mul(167)
    }
    fn flag(&self, i: bool, _: Option<bool>) -> bool {
        self.reach();
        !i
    }
    fn unit(&self, _: u32, _: Option<bool>) {
        self.reach();
    }
    fn zero(&self, _: Option<bool>) -> f64 {
        self.reach();
        7.0
    }
    fn fails(&self, i: u32, _: Option<bool>) -> Result<f64> {
        self.reach();
        match i % 64 {
            0 => Err(Error::public(format!("no {i}"))),
            1 => Ok(f64::NAN),
            _ => Ok(f64::from(i)),
        }
    }
    fn fails_unit(&self, i: u32, _: Option<bool>) -> Result<()> {
        self.reach();
        match i % 64 {
            0 => Err(Error::public("none")),
            _ => Ok(()),
        }
    }
    fn fails_flag(&self, i: u32, _: Option<bool>) -> Result<bool> {
        self.reach();
        match i % 1024 {
            0 => panic!("a host that panics"),
            1 => Ok(true),
            _ => Ok(false),
        }
    }
    fn six(&self, a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, _: Option<bool>) -> i32 {
        self.reach();
        [a, b, c, d, e, f].iter().fold(0, |all, n| all.wrapping_mul(31).wrapping_add(*n))
    }
    fn nothing(&self, (): (), _: Option<bool>) -> f64 {
        self.reach();
        3.0
    }
}

/// A program in a sandbox.
pub(super) struct Program {
    pub(super) guest: Rc<dyn Guest>,
    pub(super) later: Box<dyn Later>,
    sandbox: LocalSandbox,
    state: Rc<State>,
}

impl std::ops::Deref for Program {
    type Target = State;
    fn deref(&self) -> &State {
        &self.state
    }
}

impl Program {
    /// Has the host change the guest in that call of the next run; the first is 0.
    pub(super) fn change_at(&self, call: u32) {
        self.state.left.set(call.saturating_add(1));
    }

    /// Has the host call a guest of another realm, whose host changes the first.
    pub(super) fn go_through_a_realm(&self) {
        let realm = self.sandbox.realm().expect("a realm");
        let source = "export function go() { for (let i = 0; i < 10; i++); Back.back(); }";
        let between = realm.load::<dyn Between>(Script::new("between.mjs", source)).expect("it is a guest");
        *self.state.between.borrow_mut() = Some(Rc::new(between));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // They hold their own sandbox.
        self.state.guest.borrow_mut().take();
        self.state.between.borrow_mut().take();
    }
}

pub(super) fn fast(source: &str, limits: Limits) -> Program {
    program(source, limits, |builder, host| builder.host::<dyn Fast>(host))
}

pub(super) fn slow(source: &str, limits: Limits) -> Program {
    program(source, limits, |builder, host| builder.host::<dyn SlowPath>(host))
}

type Builder = crate::Builder<LocalSandbox>;

fn program(source: &str, limits: Limits, host: fn(Builder, ReentryCaller) -> Builder) -> Program {
    let state = Rc::new(State::default());
    let builder =
        LocalSandbox::builder().limits(limits).host::<dyn Back>(ReentryCaller { program: state.clone() });
    let sandbox = host(builder, ReentryCaller { program: state.clone() }).build().expect("it can be built");
    let source =
        format!("{source}\nexport async function runLater(turns) {{ await null; return run(turns); }}");
    let script = sandbox.eval(Script::new("program.mjs", source.clone()));
    let script = script.unwrap_or_else(|error| panic!("{error}\n{source}"));
    let guest: Rc<dyn Guest> = Rc::new(script.bind::<dyn Guest>().expect("it is a guest"));
    let later = Box::new(script.bind::<dyn Later>().expect("it is a guest"));
    *state.guest.borrow_mut() = Some(guest.clone());
    Program { guest, later, sandbox, state }
}
