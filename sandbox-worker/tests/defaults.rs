//! What a pool promises when nothing of it was set: a tenant that never ends its calls makes no call of another fail.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::time::{Duration, Instant};

use sandbox_runtime::process::Process;
use sandbox_runtime::{Builder, Error, LimitKind, Limits, Result, SandboxPool, Script, Trust, sandbox_api};

mod slack;

use slack::{LONG, is_quiet, long};

#[sandbox_api(guest)]
pub trait Rule {
    fn price(&self, n: f64) -> Result<f64>;
    async fn later(&self, n: f64) -> Result<f64>;
}

#[sandbox_api(host)]
pub trait Shop: Send + Sync {
    fn hold(&self);
    async fn wait(&self);
}

/// Holds a host method, and so the thread of its guest, until the test opens it.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    is_entered: bool,
    is_open: bool,
}

impl Gate {
    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }

    fn wait(&self, is_met: impl Fn(&State) -> bool) {
        let state = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(state, |state| !is_met(state)).unwrap());
    }
}

/// Says that something is over, however it ends.
struct Ends<F: Fn()>(F);

impl<F: Fn()> Drop for Ends<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[sandbox_runtime::async_trait]
impl Shop for Gate {
    async fn wait(&self) {
        tokio::task::yield_now().await;
    }

    fn hold(&self) {
        self.set(|state| state.is_entered = true);
        self.wait(|state| state.is_open);
    }
}

const TENANTS: usize = 20;
/// How often the hostile tenant is called. Its first call meets the others, and the next ones its record.
const LOOPS: usize = 2;
const HONEST: &str = "
    export const price = (n) => { if (n < 0) Shop.hold(); return n * 2; };
    export const later = async (n) => { for (let i = 0; i < 10; i++) await Shop.wait(); return price(n); };";
const HOSTILE: &str = "
    export const price = () => { for (;;) {} };
    export const later = async () => { for (;;) {} };";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Calls {
    Sync,
    Async,
}

type Rules = Vec<Arc<RuleProxy<sandbox_runtime::Pooled>>>;

/// All defaults, but for the number of processors that the machine is taken to have, and for how long a call may take and wait.
fn pool(trust: Trust, threads: Option<usize>, patient: bool, gate: &Gate) -> SandboxPool {
    let gate = gate.clone();
    let pool = SandboxPool::builder().trust(trust).host::<dyn Shop>(move |_| Box::new(gate.clone()));
    let pool = match trust {
        Trust::Hostile => pool.transport(Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker"))),
        _ => pool,
    };
    let pool = if patient { pool.limits(long()).patience(LONG) } else { pool.limits(Limits::default()) };
    threads.into_iter().fold(pool, Builder::threads).build().unwrap()
}

fn load(pool: &SandboxPool, source: impl Fn(usize) -> &'static str) -> Rules {
    let load = |n| pool.tenant(&format!("t{n}")).load::<dyn Rule>(Script::new("rule.js", source(n)));
    (0..TENANTS).map(|n| Arc::new(load(n).unwrap())).collect()
}

fn call(rule: &RuleProxy<sandbox_runtime::Pooled>, calls: Calls, n: f64) -> Result<f64> {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    match calls {
        Calls::Sync => rule.price(n),
        Calls::Async => runtime().block_on(rule.later(n)),
    }
}

/// Each tenant calls steadily, and the first loops at each of its calls.
///
/// Default limits are wall times, which a machine that gives the threads no time meets without any loop. There the honest calls have
/// long limits, and the caller of the loop has a deadline.
fn one_loops(trust: Trust, threads: usize, calls: Calls) {
    let case = format!("{trust:?}, {threads} threads, {calls:?}");
    let was_quiet = is_quiet();
    let pool = pool(trust, Some(threads), !was_quiet, &Gate::default());
    let rules = load(&pool, |n| if n == 0 { HOSTILE } else { HONEST });
    let (is_over, begin) = (AtomicBool::new(false), Barrier::new(TENANTS));
    let served = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let honest = rules[1..].iter().map(|rule| {
            let (is_over, begin, served) = (&is_over, &begin, &served);
            scope.spawn(move || {
                begin.wait();
                let mut failed = Vec::new();
                while !is_over.load(Ordering::SeqCst) {
                    match call(rule, calls, 4.0) {
                        Ok(price) => assert_eq!(price, 8.0),
                        Err(error) => failed.push(error.to_string()),
                    }
                    served.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(10));
                }
                failed
            })
        });
        let honest = honest.collect::<Vec<_>>();
        let ends = Ends(|| is_over.store(true, Ordering::SeqCst));
        begin.wait();
        for _ in 0..LOOPS {
            let ended = if was_quiet {
                call(&rules[0], calls, 1.0)
            } else {
                call(&rules[0].with_deadline(Instant::now() + Duration::from_secs(1)), calls, 1.0)
            };
            // A process that has not had the time to end its call is ended itself.
            let is_ended = match &ended {
                Err(Error::Limit { kind: LimitKind::Wall, .. }) => was_quiet,
                Err(Error::Limit { kind: LimitKind::Deadline, .. }) => !was_quiet,
                Err(Error::Process { .. }) => trust == Trust::Hostile,
                _ => false,
            };
            assert!(is_ended, "{case}: {ended:?}");
        }
        drop(ends);
        let failed = honest.into_iter().map(|tenant| tenant.join().unwrap());
        let failed = failed.filter(|calls| !calls.is_empty()).collect::<Vec<_>>();
        let served = served.load(Ordering::SeqCst);
        let lost_its_quiet = was_quiet && !is_quiet();
        assert!(failed.is_empty() || lost_its_quiet, "{case}: of {served} calls these failed: {failed:?}");
    });
    for rule in &rules[1..] {
        let priced = slack::again(|| call(rule, calls, 4.0));
        assert_eq!(priced.unwrap(), 8.0, "{case}");
    }
}

fn all_sizes(trust: Trust) {
    for calls in [Calls::Sync, Calls::Async] {
        [1, 2, 4].into_iter().for_each(|threads| one_loops(trust, threads, calls));
    }
}

#[test]
fn a_loop_makes_no_call_of_another_isolate_fail() {
    all_sizes(Trust::Tenants);
}

/// They share a heap and its fate by design, and the time of their thread: what one keeps is for all to pay. They do not share an end.
#[test]
fn a_loop_makes_no_call_of_another_realm_fail() {
    all_sizes(Trust::SameTenant);
}

#[test]
fn a_loop_makes_no_call_of_another_process_fail() {
    all_sizes(Trust::Hostile);
}

/// Whoever waits behind a call that does not end is served by a thread that is free.
#[test]
fn while_a_call_holds_its_thread_the_others_of_that_thread_are_served() {
    for trust in [Trust::Tenants, Trust::SameTenant, Trust::Hostile] {
        for calls in [Calls::Sync, Calls::Async] {
            let gate = Gate::default();
            let pool = pool(trust, None, true, &gate);
            let rules = load(&pool, |_| HONEST);
            std::thread::scope(|scope| {
                let opens = Ends(|| gate.set(|state| state.is_open = true));
                let held = scope.spawn(|| call(&rules[0], calls, -1.0));
                gate.wait(|state| state.is_entered);
                for (n, rule) in rules.iter().enumerate().skip(1) {
                    let price = call(rule, calls, 4.0);
                    assert!(matches!(price, Ok(8.0)), "{trust:?}, {calls:?}: tenant {n}: {price:?}");
                }
                assert!(pool.metrics().waiting == 1 && !held.is_finished());
                drop(opens);
                _ = held.join().unwrap();
            });
            assert_eq!(call(&rules[0], calls, 4.0).unwrap(), 8.0, "{trust:?}, {calls:?}");
        }
    }
}
