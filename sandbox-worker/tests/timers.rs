//! Timers of guests: in the caller's thread, in a thread, in a pool, and at the end of each link, with open and with frozen
//! intrinsics.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use sandbox_runtime::{
    Clock, Error, Intrinsics, LimitKind, Limits, LocalSandbox, Result, Sandbox, SandboxPool, Script, Trust,
    VirtualClock, Web, sandbox_api,
};
use sites::runtime;

#[macro_use]
mod sites;
mod slack;

#[sandbox_api(guest)]
pub trait Job {
    async fn run(&self) -> Result<String>;
    async fn more(&self) -> Result<String>;
    fn now(&self) -> Result<String>;
}

fn script(source: &str) -> Script {
    let sleep = "const sleep = (span) => new Promise((resolve) => setTimeout(resolve, span));";
    let missing =
        ["run", "more", "now"].into_iter().filter(|name| !source.contains(&format!("function {name}(")));
    let missing =
        missing.map(|name| format!("export function {name}() {{ return ''; }}")).collect::<String>();
    Script::new("job.mjs", format!("{sleep} {source} {missing}"))
}

/// A clock that stands still: timers wait for no time, and run in their order.
fn still() -> Clock {
    Clock::Frozen(UNIX_EPOCH)
}

/// Runs `test` with a builder of each site, and with open and with frozen intrinsics. Each gives the same.
macro_rules! everywhere {
    ($limits:expr, $clock:expr, |$job:ident| $test:expr) => {
        everywhere!($limits, $clock, true, |$job| $test)
    };
    ($limits:expr, $clock:expr, $pool:expr, |$job:ident| $test:expr) => {{
        let mut all = Vec::new();
        for intrinsics in [Intrinsics::Open, Intrinsics::Frozen] {
            macro_rules! set {
                ($builder:expr) => {
                    $builder.intrinsics(intrinsics).clock($clock).web(WEB)
                };
            }
            let load = |source: &str| script(source);
            {
                let sandbox = set!(LocalSandbox::builder().limits($limits)).build().unwrap();
                let $job = |source: &str| sandbox.load::<dyn Job>(load(source)).unwrap();
                all.push(("in the caller's thread", $test));
            }
            {
                let sandbox = set!(Sandbox::builder().limits($limits)).build().unwrap();
                let $job = |source: &str| sandbox.load::<dyn Job>(load(source)).unwrap();
                all.push(("in a thread", $test));
            }
            if $pool {
                let pool =
                    set!(SandboxPool::builder().limits($limits)).trust(Trust::SameTenant).build().unwrap();
                let tenant = pool.tenant("a");
                let $job = |source: &str| tenant.load::<dyn Job>(load(source)).unwrap();
                all.push(("in a pool", $test));
            }
            for (site, link) in sites::links() {
                let sandbox = set!(Sandbox::builder().limits($limits).transport(link)).build().unwrap();
                let $job = |source: &str| sandbox.load::<dyn Job>(load(source)).unwrap();
                all.push((site, $test));
            }
        }
        let (_, first) = all[0].clone();
        for (site, other) in all {
            assert_eq!(first, other, "{site}");
        }
        first
    }};
}

/// Timers and what goes with them, of the groups that the engine has.
const WEB: Web = match cfg!(feature = "quickjs") {
    true => {
        Web::TIMERS.and(Web::ABORT).and(Web::TASKS).and(Web::EVENTS).and(Web::ERRORS).and(Web::PERFORMANCE)
    }
    false => Web::all(),
};

/// The result of a script's `run`, which is one everywhere.
fn runs(clock: &Clock, source: &str) -> String {
    everywhere!(slack::long(), clock.clone(), |job| runtime().block_on(job(source).run()).unwrap())
}

const ORDER: &str = "export async function run() {
    const seen = [], note = (...values) => seen.push(values.join(''));
    setTimeout(note, 30, 'c', 3);
    setTimeout(note, 10, 'a');
    setTimeout(note, 20, 'b');
    setTimeout(note, 10, 'a2');
    clearTimeout(setTimeout(note, 15, 'cleared'));
    setTimeout(() => { note('n'); Promise.resolve().then(() => note('micro')); }, 10);
    setImmediate(note, 'immediate', 1, 2);
    clearImmediate(setImmediate(note, 'no'));
    setTimeout(note, -5, 'at once');
    setTimeout(note, NaN, 'nan');
    setTimeout(note, '10', 'text');
    note('sync');
    await sleep(40);
    return seen.join();
}";
const IN_ORDER: &str = "sync,immediate12,at once,nan,a,a2,n,micro,text,b,c3";

#[test]
fn timers_run_in_the_order_of_their_times() {
    assert_eq!(runs(&still(), ORDER), IN_ORDER);
}

/// By the clock of the system, no timer is early, and those of one span run as they were set.
#[test]
fn a_timer_runs_after_its_time() {
    let source = "export async function run() {
        const seen = [], begin = performance.now();
        for (let n = 0; n < 5; n++) setTimeout((n) => seen.push(n), 20, n);
        await sleep(20);
        return `${seen} ${performance.now() - begin >= 19}`;
    }";
    for clock in [Clock::Real, Clock::Coarse] {
        assert_eq!(runs(&clock, source), "0,1,2,3,4 true", "{clock:?}");
    }
}

/// A clock that stands still, or is set once, has the time of each timer in its turn.
#[test]
fn a_timer_of_a_timer_comes_before_later_ones() {
    let source = "export async function run() {
        const seen = [];
        setTimeout(() => { seen.push(10); setTimeout(() => seen.push(15), 5); setTimeout(() => seen.push(35), 25); }, 10);
        const loop = (async () => { for (let n = 1; n < 5; n++) { await sleep(8); seen.push(8 * n); } })();
        setTimeout(() => seen.push(20), 20);
        const end = sleep(40);
        advance;
        await end;
        return seen.join();
    }";
    let in_order = "8,10,15,16,20,24,32,35";
    assert_eq!(runs(&still(), &source.replace("advance;", "")), in_order);
    #[sandbox_api(host)]
    pub(crate) trait Time {
        fn advance(&self);
    }
    impl Time for VirtualClock {
        fn advance(&self) {
            VirtualClock::advance(self, Duration::from_secs(3600));
        }
    }
    let clock = VirtualClock::new(UNIX_EPOCH);
    let source = source.replace("advance;", "Time.advance();");
    let seen = alike!(
        |builder| builder
            .limits(slack::long())
            .clock(Clock::Virtual(clock.clone()))
            .web(Web::TIMERS)
            .host::<dyn Time>(clock.clone()),
        |sandbox| runtime().block_on(sandbox.load::<dyn Job>(script(&source)).unwrap().run()).unwrap()
    );
    assert_eq!(seen, in_order);
}

/// A virtual clock that is moved while the guest waits.
#[test]
fn a_virtual_clock_advances_timers_in_their_order() {
    let (clock, is_over) = (VirtualClock::new(UNIX_EPOCH), AtomicBool::new(false));
    let year = "export async function run() {
        const seen = [];
        const day = 24 * 60 * 60 * 1000, begin = Date.now();
        const timer = setInterval(() => seen.push((Date.now() - begin) / day >= seen.length + 1), day);
        await sleep(5.5 * day);
        clearInterval(timer);
        // The clock may be moved between two statements, so the interval may have more turns.
        return String(seen.length >= 5 && seen.every(Boolean));
    }";
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                clock.advance(Duration::from_secs(3600));
                std::thread::yield_now();
            }
        });
        // The thread ends when an assertion fails, too.
        let _over = sets_when_dropped(&is_over);
        assert_eq!(runs(&Clock::Virtual(clock.clone()), year), "true");
    });
}

/// Sets a flag when it is dropped.
fn sets_when_dropped(is_over: &AtomicBool) -> impl Drop {
    struct Over<'f>(&'f AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    Over(is_over)
}

#[test]
fn intervals_run_until_they_are_cleared() {
    let source = "export async function run() {
        const seen = [];
        await new Promise((resolve) => {
            const timer = setInterval((x) => { seen.push(x); if (seen.length === 4) { clearInterval(timer); resolve(); } }, 10, 'tick');
            setTimeout(() => seen.push('between'), 25);
        });
        await sleep(50);
        return seen.join();
    }";
    assert_eq!(runs(&still(), source), "tick,tick,between,tick");
}

/// An exception of a timer is counted, and ends nothing.
#[test]
fn what_a_timer_throws_is_an_unhandled_rejection() {
    let source = "export async function run() {
        const seen = [];
        setTimeout(() => { throw new Error('of a timer'); }, 1);
        setTimeout(() => seen.push('next'), 2);
        setTimeout(async () => { throw 1; }, 3);
        await sleep(4);
        for (const wrong of [undefined, 'text', {}, 5]) try { setTimeout(wrong, 1); } catch (error) { seen.push(error.name); }
        return seen.join();
    }";
    let sandbox = Sandbox::builder().limits(slack::long()).clock(still()).web(Web::TIMERS).build().unwrap();
    let job = sandbox.load::<dyn Job>(script(source)).unwrap();
    assert_eq!(runtime().block_on(job.run()).unwrap(), "next,TypeError,TypeError,TypeError,TypeError");
    assert_eq!(sandbox.usage().last.unhandled_rejections, 2);
}

/// No timer runs after the end of its call, nor in a later one. A synchronous call has none.
#[test]
fn timers_end_with_their_call() {
    let source = "
        const seen = [];
        setTimeout(() => seen.push('of the script'), 1);
        export async function run() {
            setInterval(() => seen.push('of the first call'), 1);
            setTimeout(() => seen.push('late'), 5);
            Promise.resolve().then(() => setTimeout(() => seen.push('later'), 1));
            return 'begun';
        }
        export function now() { return typeof setTimeout(() => seen.push('of a synchronous call'), 0); }
        export async function more() { await sleep(20); return seen.join(); }";
    let seen = everywhere!(slack::long(), still(), |job| {
        let job = job(source);
        let runtime = runtime();
        let all =
            [runtime.block_on(job.run()).unwrap(), job.now().unwrap(), runtime.block_on(job.more()).unwrap()];
        all.join("|")
    });
    assert_eq!(seen, "begun|number|");
}

/// A call that waits for a timer holds no thread: others run meanwhile, and can clear it.
#[test]
fn a_call_that_waits_holds_no_thread() {
    let source = "
        let timer, done;
        export async function run() {
            return new Promise((resolve) => { done = resolve; timer = setTimeout(resolve, 1000, 'by the timer'); });
        }
        export async function more() { clearTimeout(timer); done('by another call'); return 'cleared'; }";
    let clock = VirtualClock::new(UNIX_EPOCH);
    let seen = everywhere!(slack::long(), Clock::Virtual(clock.clone()), |job| {
        let job = job(source);
        runtime().block_on(async {
            let (first, second) = tokio::join!(job.run(), job.more());
            [first.unwrap(), second.unwrap()].join(" ")
        })
    });
    assert_eq!(seen, "by another call cleared");
}

fn limit(error: &Error) -> Option<LimitKind> {
    match error {
        Error::Limit { kind, .. } => Some(*kind),
        _ => None,
    }
}

/// The limits hold, and the sandbox can be called again.
#[test]
fn timers_are_bounded() {
    for (body, expected) in [
        ("for (let n = 0; n < 100000; n++) setTimeout(() => {}, 1000); await sleep(1)", LimitKind::Pending),
        (
            "for (let n = 0; n < 100000; n++) setTimeout(() => {}, 200000 - n); await sleep(1)",
            LimitKind::Pending,
        ),
        ("await sleep(3600000)", LimitKind::Wall),
        ("await AbortSignal.timeout(3600000).reason; await sleep(1e9)", LimitKind::Wall),
        ("const again = () => setTimeout(again, 0); again(); await new Promise(() => {})", LimitKind::Wall),
        ("setInterval(() => {}, 0); await new Promise(() => {})", LimitKind::Wall),
        ("setTimeout(() => { for (;;); }, 0); await sleep(10)", LimitKind::Wall),
    ] {
        let source = format!(
            "export async function run() {{ {body}; }} export async function more() {{ await sleep(1); return 'goes on'; }}"
        );
        let wall = if expected == LimitKind::Wall { Duration::from_millis(300) } else { slack::LONG };
        let limits = Limits { wall, ..slack::long() };
        // In a pool, a tenant whose call a limit has ended gets the time that others leave.
        let seen = everywhere!(limits, Clock::Real, false, |job| {
            let job = job(&source);
            let error = runtime().block_on(job.run()).unwrap_err();
            let next = runtime().block_on(job.more());
            (limit(&error), next.map_err(|error| format!("{error:?}")))
        });
        assert_eq!(seen, (Some(expected), Ok("goes on".to_owned())), "{body}");
    }
}

/// Each setting of a timer is a call of the host.
#[test]
fn timers_are_counted() {
    let limits = Limits { host_calls: 100, ..slack::long() };
    let source = "export async function run() { for (;;) await sleep(0); }";
    let seen = everywhere!(limits, still(), |job| limit(&runtime().block_on(job(source).run()).unwrap_err()));
    assert_eq!(seen, Some(LimitKind::HostCalls));
}

#[test]
fn misused_numbers_clear_nothing() {
    let source = "export async function run() {
        const seen = [];
        const id = setTimeout(() => seen.push('runs'), 5);
        for (const wrong of [undefined, null, NaN, -1, 0, 1.5, Infinity, {}, [id], Symbol(), 10n, '', 'x', '__proto__', id + 1, id - 1, () => {}]) clearTimeout(wrong);
        const cleared = setTimeout(() => seen.push('does not'), 5);
        clearInterval(String(cleared));
        clearInterval(cleared);
        await sleep(10);
        clearTimeout(id);
        return seen.join();
    }";
    assert_eq!(runs(&still(), source), "runs");
}

/// Realms of one isolate have numbers of their own.
#[test]
fn a_realm_clears_no_timer_of_another() {
    let source = "
        const seen = [];
        export async function run() { setTimeout(() => seen.push('runs'), 1000); await sleep(1001); return seen.join(); }
        export async function more() { for (let id = -10; id < 1000; id++) clearTimeout(id); return 'cleared'; }";
    let clock = VirtualClock::new(UNIX_EPOCH);
    let sandbox =
        Sandbox::builder().limits(slack::long()).clock(Clock::Virtual(clock.clone())).web(Web::TIMERS);
    let sandbox = sandbox.build().unwrap();
    let realms = [sandbox.realm().unwrap(), sandbox.realm().unwrap()];
    let [one, other] = realms.each_ref().map(|realm| realm.load::<dyn Job>(script(source)).unwrap());
    let seen = runtime().block_on(async {
        let cleared = async {
            let cleared = other.more().await.unwrap();
            clock.advance(Duration::from_secs(2));
            cleared
        };
        let (seen, cleared) = tokio::join!(one.run(), cleared);
        (seen.unwrap(), cleared)
    });
    assert_eq!(seen, ("runs".to_owned(), "cleared".to_owned()));
}

#[test]
fn signals_end_by_time() {
    let source = "export async function run() {
        const seen = [];
        const signal = AbortSignal.timeout(10), any = AbortSignal.any([signal, new AbortController().signal]);
        signal.onabort = (event) => seen.push(event.type, signal.reason.name, signal.reason.code, any.aborted);
        const target = new EventTarget();
        target.addEventListener('a', () => seen.push('told'), { signal });
        await sleep(5);
        target.dispatchEvent(new Event('a'));
        seen.push(signal.aborted);
        await sleep(10);
        target.dispatchEvent(new Event('a'));
        for (const wrong of [-1, NaN, {}, undefined]) try { AbortSignal.timeout(wrong); } catch (error) { seen.push(error.name); }
        return seen.join();
    }";
    let expected = "told,false,abort,TimeoutError,23,true,RangeError,RangeError,RangeError,RangeError";
    assert_eq!(runs(&still(), source), expected);
    let none = LocalSandbox::builder().limits(slack::long()).web(Web::ABORT).build().unwrap();
    let none =
        none.load::<dyn Job>(script("export function now() { return typeof AbortSignal.timeout; }")).unwrap();
    assert_eq!(none.now().unwrap(), "undefined");
}

/// The contract of the runtime's own is no name of the guest, and intrinsics that the guest replaces change nothing.
#[test]
fn timers_look_up_nothing() {
    let source = "export async function run() {
        const names = Object.getOwnPropertyNames(globalThis).filter((name) => name.includes('sandbox'));
        const broken = () => { throw new Error('broken'); };
        const all = [[Array.prototype, [Symbol.iterator, 'push', 'join']], [Promise.prototype, ['then']],
            [Function.prototype, ['call', 'apply']], [Reflect, ['apply']]];
        const define = Object.defineProperty;
        for (let n = 0; n < all.length; n++) for (let at = 0; at < all[n][1].length; at++) {
            try { define(all[n][0], all[n][1][at], { value: broken }); } catch {}
        }
        let seen = '';
        try { Object.defineProperty(Object.prototype, 'due', { get: broken, set: broken, configurable: true }); } catch {}
        setTimeout((a, b) => { seen += a + b; }, 2, 'x', 'y');
        clearTimeout(setTimeout(() => { seen += 'no'; }, 1));
        await sleep(3);
        delete Object.prototype.due;
        return seen + names.length;
    }";
    assert_eq!(runs(&still(), source), "xy0");
}
