//! Calls whose watchdog is paused, by a host method on the isolate's thread, where a debugger would be.

use std::time::{Duration, Instant};

use crate::error::{Error, LimitKind, Phase};
use crate::isolate::clock;
use crate::isolate::cpu::CpuClock;
use crate::isolate::limits::watchdog::coarse_now;
use crate::time::{Deadline, Nanos};
use crate::{Limits, LocalSandbox, Result, Script, sandbox_api};
use std::cell::RefCell;
use std::rc::Rc;

/// Far more than a call takes beside its pause, and the time of each pause here.
const WALL: Duration = Duration::from_secs(2);

#[sandbox_api(host, crate = crate)]
pub(crate) trait Debugger {
    fn pause(&self, how: String);
}

#[sandbox_api(host, crate = crate)]
pub(crate) trait Clerk {
    async fn soon(&self) -> u32;
}

#[sandbox_api(guest, crate = crate)]
pub(crate) trait Loops {
    /// Loops without end after the pause, if `loops`.
    fn run(&self, how: &str, loops: bool) -> Result<u32>;
    async fn later(&self, loops: bool) -> Result<u32>;
}

const GUEST: &str = "
    export const run = (how, loops) => { Debugger.pause(how); while (loops); return 1; };
    export const later = async (loops) => {
        Debugger.pause('once');
        const got = await Clerk.soon();
        while (loops);
        return got;
    };";

/// The sandbox that a host method pauses, and its guest.
#[derive(Default)]
struct Desk {
    sandbox: RefCell<Option<LocalSandbox>>,
    guest: RefCell<Option<Rc<dyn Loops>>>,
}

struct Pauser(Rc<Desk>);

/// Waits until the watchdog has looked at all calls after the time of a whole call.
fn outlast_the_limit() {
    let late = Deadline::after(clock::now(), Nanos::of(WALL));
    while !late.is_over(coarse_now()) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Uses this much CPU time; as much of time where the thread has no clock.
fn compute(much: Duration) {
    let (cpu, began) = (CpuClock::of_this_thread(), Instant::now());
    let used = || match cpu.and_then(CpuClock::read) {
        Some(used) => used.since(crate::time::Timestamp::START).duration(),
        None => began.elapsed(),
    };
    let before = used();
    while used() < before + much {
        std::hint::spin_loop();
    }
}

impl Debugger for Pauser {
    fn pause(&self, how: String) {
        let sandbox = self.0.sandbox.borrow().clone().expect("it is built");
        match &*how {
            "no" => {}
            "once" => {
                let _pause = sandbox.pause_watchdog();
                outlast_the_limit();
            }
            "nested" => {
                let (outer, inner) = (sandbox.pause_watchdog(), sandbox.pause_watchdog());
                drop(outer);
                outlast_the_limit();
                drop(inner);
            }
            "around a call" => {
                let _pause = sandbox.pause_watchdog();
                let guest = self.0.guest.borrow().clone().expect("it is loaded");
                assert_eq!(guest.run("within", false).expect("the outer call is paused"), 1);
            }
            "within" => outlast_the_limit(),
            "computing" => {
                let _pause = sandbox.pause_watchdog();
                compute(WALL + WALL / 4);
            }
            other => panic!("{other}"),
        }
    }
}

struct Prompt;

#[crate::async_trait]
impl Clerk for Prompt {
    async fn soon(&self) -> u32 {
        tokio::task::yield_now().await;
        2
    }
}

/// A guest that is paused, and its sandbox.
struct PausedGuest {
    sandbox: LocalSandbox,
    guest: Rc<dyn Loops>,
    desk: Rc<Desk>,
}

impl PausedGuest {
    fn new(limits: Limits, deadline: Option<Duration>) -> Self {
        let desk = Rc::<Desk>::default();
        let builder = LocalSandbox::builder().limits(limits);
        let builder = builder.host::<dyn Debugger>(Pauser(desk.clone())).host::<dyn Clerk>(Prompt);
        let sandbox = builder.build().expect("a sandbox");
        *desk.sandbox.borrow_mut() = Some(sandbox.clone());
        let caller = deadline.map_or(sandbox.clone(), |time| sandbox.with_deadline(Instant::now() + time));
        let guest: Rc<dyn Loops> =
            Rc::new(caller.load::<dyn Loops>(Script::new("guest.mjs", GUEST)).expect("it is a guest"));
        *desk.guest.borrow_mut() = Some(guest.clone());
        Self { sandbox, guest, desk }
    }

    /// The limit that ended a call, and recovery.
    fn ended(&self, outcome: Result<u32>) -> (LimitKind, Option<Phase>) {
        let error = outcome.expect_err("the loop is ended");
        let Error::Limit { kind, excess, .. } = &error else { panic!("{error:?}") };
        let guest = self.sandbox.load::<dyn Loops>(Script::new("guest.mjs", GUEST)).expect("it goes on");
        assert_eq!(guest.run("no", false).expect("the next call has time of its own"), 1);
        (*kind, excess.phase)
    }
}

impl Drop for PausedGuest {
    fn drop(&mut self) {
        // They hold their own sandbox.
        let all = (self.desk.sandbox.take(), self.desk.guest.take());
        drop(all);
    }
}

fn limits() -> Limits {
    Limits { wall: WALL, cpu: Duration::MAX, total_cpu: Duration::MAX, ..Limits::default() }
}

#[test]
fn a_call_that_was_paused_longer_than_its_limit_ends_well() {
    let program = PausedGuest::new(limits(), None);
    assert_eq!(program.guest.run("once", false).expect("the wall stands still"), 1);
    assert!(program.sandbox.usage().last.wall >= WALL, "the bill has the time that has passed");
    let loops = program.guest.run("once", true);
    assert_eq!(program.ended(loops).0, LimitKind::Wall, "the rest of the limit is kept");
}

#[test]
fn pauses_nest_and_end_in_any_order() {
    let program = PausedGuest::new(limits(), None);
    assert_eq!(program.guest.run("nested", false).expect("the inner pause goes on"), 1);
    let loops = program.guest.run("nested", true);
    assert_eq!(program.ended(loops).0, LimitKind::Wall);
}

#[test]
fn a_nested_call_is_paused_with_the_outer_one() {
    let program = PausedGuest::new(limits(), None);
    assert_eq!(program.guest.run("around a call", false).expect("both calls are paused"), 1);
    let loops = program.guest.run("around a call", true);
    assert_eq!(program.ended(loops).0, LimitKind::Wall);
}

#[test]
fn a_call_in_flight_has_the_rest_of_its_time_in_later_turns() {
    let program = PausedGuest::new(limits(), None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    assert_eq!(runtime.block_on(program.guest.later(false)).expect("the wall stands still"), 2);
    let loops = runtime.block_on(program.guest.later(true));
    assert_eq!(program.ended(loops).0, LimitKind::Wall);
}

/// The caller's own deadline is a point in time, and does not move: the sooner one, and one that the limit was before.
#[test]
fn the_callers_deadline_is_kept_after_a_pause() {
    for deadline in [WALL / 2, WALL + WALL / 2] {
        let program = PausedGuest::new(limits(), Some(deadline));
        let loops = program.guest.run("once", true);
        assert_eq!(program.ended(loops).0, LimitKind::Deadline, "{deadline:?}");
    }
}

/// A pause ends no call for its CPU time, which is kept afterwards.
#[test]
fn cpu_time_counts_in_a_pause() {
    let limits = Limits { wall: Duration::from_secs(300), cpu: WALL, ..limits() };
    let program = PausedGuest::new(limits, None);
    let loops = program.guest.run("computing", true);
    assert_eq!(program.ended(loops).0, LimitKind::Cpu);
}
