//! What runs a program and knows what is allowed.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use sandbox_runtime::{
    Cancellation, Engine, Error, LimitKind, Limits, Local, LocalSandbox, Phase, Remote, Result, Sandbox,
    Usage,
};

use crate::host::{Board, Job, JobProxy, Store, Watched, WatchedProxy, script};
use crate::random::Random;

/// Which sandbox a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A `LocalSandbox`, and one thread.
    Local,
    /// A `Sandbox`, and three threads.
    Shared,
}

/// How long a program may take before it counts as stuck. No step of it waits for more than some milliseconds.
const STUCK: Duration = Duration::from_secs(600);

/// A guest by both of its contracts.
#[derive(Clone)]
struct Guest {
    job: Rc<dyn Job>,
    watched: Rc<dyn Watched>,
}

/// The same guest until a deadline.
type Narrowed = Box<dyn Fn(Instant) -> Guest>;

/// Ends the process when it is not dropped in time: a deadlock has nobody who could fail the test.
pub struct Guarded(#[expect(dead_code, reason = "its drop is what counts")] mpsc::Sender<()>);

impl Guarded {
    pub fn new(what: String, most: Duration) -> Self {
        let (alive, gone) = mpsc::channel::<()>();
        thread::spawn(move || {
            if gone.recv_timeout(most) == Err(mpsc::RecvTimeoutError::Timeout) {
                eprintln!("{what} is stuck: it is not over after {most:?}");
                std::process::abort();
            }
        });
        Self(alive)
    }
}

/// Wakes a thread that waits in [`block_on`].
struct Unpark(Thread, AtomicBool);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.1.store(true, Ordering::SeqCst);
        self.0.unpark();
    }
}

/// An executor for one future, as small as they get: a wake that is lost is a deadlock.
pub fn block_on<F: Future + Unpin>(mut future: F) -> F::Output {
    let unpark = Arc::new(Unpark(thread::current(), AtomicBool::new(false)));
    let waker = Waker::from(unpark.clone());
    loop {
        if let Poll::Ready(output) = Pin::new(&mut future).poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        while !unpark.1.swap(false, Ordering::SeqCst) {
            thread::park();
        }
    }
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// What happened to the sandbox, by any thread: each is counted before it begins.
#[derive(Default)]
struct Events {
    resets: AtomicU64,
    /// Those that are over.
    resets_over: AtomicU64,
    bombs: AtomicU64,
}

/// How calls ended, over all programs.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    answered: u64,
    thrown: u64,
    deadline: u64,
    discarded: u64,
    heap: u64,
    dropped: u64,
    cancelled: u64,
    sync: u64,
    /// The programs of which a call was answered.
    programs: BTreeSet<&'static str>,
}

impl Ends {
    fn all(&mut self) -> [&mut u64; 8] {
        [
            &mut self.answered,
            &mut self.thrown,
            &mut self.deadline,
            &mut self.discarded,
            &mut self.heap,
            &mut self.dropped,
            &mut self.cancelled,
            &mut self.sync,
        ]
    }

    pub fn add(&mut self, other: &Self) {
        let mut other = other.clone();
        self.all().into_iter().zip(other.all()).for_each(|(sum, more)| *sum += *more);
        self.programs.append(&mut other.programs);
    }

    /// A program in which nothing can happen finds nothing.
    pub fn assert_all_happened(&mut self) {
        let told = format!("{self:?}");
        assert!(self.all().iter().all(|count| **count > 0), "something never happened: {told}");
        for program in ["rows", "leave", "ring", "nest", "abort"] {
            assert!(self.programs.contains(program), "no `{program}` was answered: {told}");
        }
    }
}

/// A loaded guest.
struct Loaded {
    guest: Guest,
    until: Narrowed,
    /// How many resets and bombs there had been before it was loaded.
    before: (u64, u64),
}

enum Handle {
    Local(LocalSandbox),
    Shared(Sandbox),
}

impl Handle {
    fn load(&self, in_realm: bool) -> Result<(Guest, Narrowed)> {
        let guest = |job: Rc<dyn Job>, watched: Rc<dyn Watched>| Guest { job, watched };
        Ok(match self {
            Self::Local(sandbox) => {
                let loaded = match in_realm {
                    true => sandbox.realm()?.eval(script())?,
                    false => sandbox.eval(script())?,
                };
                let job: JobProxy<Local> = loaded.bind::<dyn Job>()?;
                let watched: WatchedProxy<Local> = loaded.bind::<dyn Watched>()?;
                let first = guest(Rc::new(job.clone()), Rc::new(watched.clone()));
                let until =
                    move |at| guest(Rc::new(job.with_deadline(at)), Rc::new(watched.with_deadline(at)));
                (first, Box::new(until))
            }
            Self::Shared(sandbox) => {
                let loaded = match in_realm {
                    true => sandbox.realm()?.eval(script())?,
                    false => sandbox.eval(script())?,
                };
                let job: JobProxy<Remote> = loaded.bind::<dyn Job>()?;
                let watched: WatchedProxy<Remote> = loaded.bind::<dyn Watched>()?;
                let first = guest(Rc::new(job.clone()), Rc::new(watched.clone()));
                let until =
                    move |at| guest(Rc::new(job.with_deadline(at)), Rc::new(watched.with_deadline(at)));
                (first, Box::new(until))
            }
        })
    }

    fn reset(&self, by_task: bool) -> Result<()> {
        match self {
            Self::Local(sandbox) => sandbox.reset(),
            Self::Shared(sandbox) if by_task => block_on(Box::pin(sandbox.reset_async())),
            Self::Shared(sandbox) => sandbox.reset(),
        }
    }

    fn usage(&self) -> Usage {
        match self {
            Self::Local(sandbox) => sandbox.usage(),
            Self::Shared(sandbox) => sandbox.usage(),
        }
    }
}

/// An asynchronous call.
struct Call {
    future: Pin<Box<dyn Future<Output = Result<String>>>>,
    what: &'static str,
    tag: String,
    before: (u64, u64),
    deadline: Option<Instant>,
    /// The cancellation of a call that has one.
    ends: Option<Cancellation>,
    has_begun: bool,
    is_billed: bool,
}

/// The part of a program that one thread runs.
struct Driver<'e> {
    random: Random,
    thread: u64,
    kind: Kind,
    handle: Handle,
    events: &'e Events,
    board: Board,
    loaded: Option<Loaded>,
    calls: Vec<Call>,
    next: u64,
    /// How many calls the bill must have, and how many it may have beside.
    billed: (u64, u64),
    /// What it costs to load a guest, without and with a realm of its own.
    costs: [u64; 2],
    ends: Ends,
}

type Checked<T = ()> = std::result::Result<T, String>;

impl Driver<'_> {
    fn happened(&self) -> (u64, u64) {
        (self.events.resets.load(Ordering::SeqCst), self.events.bombs.load(Ordering::SeqCst))
    }

    /// Of which nothing that is loaded now can be a victim. A bomb goes off some time.
    fn survived(&self) -> (u64, u64) {
        (self.events.resets_over.load(Ordering::SeqCst), 0)
    }

    fn reset(&mut self) -> Checked {
        self.events.resets.fetch_add(1, Ordering::SeqCst);
        let by_task = self.random.percent(50);
        self.handle.reset(by_task).map_err(|error| format!("reset: {error:?}"))?;
        self.events.resets_over.fetch_add(1, Ordering::SeqCst);
        self.billed = (0, 0);
        self.loaded = None;
        Ok(())
    }

    /// Loads the guest, again and again while others reset the sandbox.
    fn load(&mut self) -> Checked {
        let in_realm = self.random.percent(25);
        for _ in 0..10_000 {
            let before = self.survived();
            match self.handle.load(in_realm) {
                Ok((guest, until)) => {
                    self.billed.0 += self.costs[usize::from(in_realm)];
                    self.loaded = Some(Loaded { guest, until, before });
                    return Ok(());
                }
                Err(Error::Discarded { .. }) if self.happened() != before => self.reset()?,
                // The last script filled what a bomb had left of the heap.
                Err(Error::Limit { kind: LimitKind::Heap, .. }) if self.happened().1 > 0 => self.reset()?,
                Err(error) => return Err(format!("load: {error:?}")),
            }
        }
        Err("it cannot be loaded".into())
    }

    fn step(&mut self) -> Checked {
        match self.random.below(100) {
            0..35 => self.start(),
            35..57 => self.poll(),
            57..61 => self.cancel_one(),
            61..70 => self.drop_one(),
            70..82 => {
                let how = self.random.percent(85);
                self.board.answer(self.random.below(100), how);
                Ok(())
            }
            82..94 => self.call_now(),
            94..96 => self.finish_one(),
            96..97 => self.reset(),
            97..99 => {
                self.loaded = None;
                Ok(())
            }
            _ => self.load(),
        }
    }

    fn input(&mut self, what: &str) -> (String, String) {
        self.next += 1;
        let tag = format!("{}-{}", self.thread, self.next);
        (format!("{what}:{tag}"), tag)
    }

    fn start(&mut self) -> Checked {
        const ALL: &[&str] = &[
            "value", "get", "many", "hold", "hold", "twice", "all", "race", "flood", "never", "keep", "tell",
            "throw", "loop", "late", "spin", "rows", "leave", "ring", "nest", "abort",
        ];
        let bombs = Engine::CURRENT == Engine::V8 && self.random.percent(1);
        let what = if bombs { "bomb" } else { ALL[self.random.below(ALL.len())] };
        if self.loaded.is_none() {
            self.load()?;
        }
        let (input, tag) = self.input(what);
        let is_endless = matches!(what, "loop" | "late" | "spin");
        let has_deadline = what != "bomb" && (is_endless || self.random.percent(15));
        let deadline =
            has_deadline.then(|| Instant::now() + Duration::from_micros(self.random.next() % 4000));
        let Some(loaded) = &self.loaded else { return Err("it is loaded".into()) };
        let guest = deadline.map_or_else(|| loaded.guest.clone(), |at| (loaded.until)(at));
        let before = loaded.before;
        let ends = self.random.percent(40).then(Cancellation::new);
        let cancellation = ends.clone();
        let future = Box::pin(async move {
            match cancellation {
                Some(ends) => guest.watched.watched(&input, ends).await,
                None => guest.job.run(&input).await,
            }
        });
        // Calls of the guest's functions are on the bill too, as many as there were.
        self.billed.1 += if matches!(what, "ring" | "nest") { 16 } else { 0 };
        let call = Call { future, what, tag, before, deadline, ends, has_begun: false, is_billed: false };
        self.calls.push(call);
        // Most are polled at once.
        if self.random.percent(80) { self.poll_at(self.calls.len() - 1, 1) } else { Ok(()) }
    }

    fn poll(&mut self) -> Checked {
        match self.calls.len() {
            0 => Ok(()),
            count => {
                let (at, times) = (self.random.below(count), 1 + self.random.below(4));
                self.poll_at(at, times)
            }
        }
    }

    fn poll_at(&mut self, at: usize, times: usize) -> Checked {
        for _ in 0..times {
            self.begin(at);
            if let Poll::Ready(outcome) = poll_once(&mut self.calls[at].future) {
                let call = self.calls.swap_remove(at);
                return self.check(call, outcome);
            }
        }
        Ok(())
    }

    /// It is on the bill from its first poll on.
    fn begin(&mut self, at: usize) {
        let resets = self.happened().0;
        let call = &mut self.calls[at];
        if call.what == "bomb" && !call.has_begun {
            self.events.bombs.fetch_add(1, Ordering::SeqCst);
        }
        if !std::mem::replace(&mut call.has_begun, true) && call.before.0 == resets {
            call.is_billed = true;
            self.billed.0 += 1;
        }
    }

    /// It was on its way to another thread when it ended, and may not have got there.
    fn may_not_be_billed(&mut self, call: &Call) {
        // A reset since then has begun the bill anew.
        if self.kind == Kind::Shared
            && call.is_billed
            && let Some(less) = self.billed.0.checked_sub(1)
        {
            self.billed = (less, self.billed.1 + 1);
        }
    }

    /// Its deadline had passed before its first turn, so it was not made.
    fn is_not_billed(&mut self, call: &Call) {
        if call.is_billed {
            self.billed.0 = self.billed.0.saturating_sub(1);
        }
    }

    /// A call that is dropped.
    fn gives_up(&mut self, call: Call) -> Checked {
        self.ends.dropped += 1;
        self.may_not_be_billed(&call);
        let tag = call.tag.clone();
        drop(call);
        self.nothing_is_left_of(&tag)
    }

    /// Cancels a call, which ends at one of the next polls.
    fn cancel_one(&mut self) -> Checked {
        let mut all = self.calls.iter().filter_map(|call| call.ends.as_ref());
        let count = all.clone().count().max(1);
        all.nth(self.random.below(count)).into_iter().for_each(Cancellation::cancel);
        Ok(())
    }

    fn drop_one(&mut self) -> Checked {
        if self.calls.is_empty() {
            return Ok(());
        }
        let at = self.random.below(self.calls.len());
        let call = self.calls.swap_remove(at);
        self.gives_up(call)
    }

    /// In its own thread a call takes everything with it at once.
    fn nothing_is_left_of(&self, tag: &str) -> Checked {
        match self.board.of(tag) {
            0 => Ok(()),
            _ if self.kind == Kind::Shared => Ok(()),
            count => Err(format!("{count} host methods outlive the call {tag}")),
        }
    }

    /// Waits for a call that ends by itself.
    fn finish_one(&mut self) -> Checked {
        let ends = |call: &Call| {
            call.deadline.is_some()
                || matches!(call.what, "value" | "get" | "many" | "tell" | "throw" | "race" | "flood")
        };
        match self.calls.iter().position(ends) {
            Some(at) => self.finish(at),
            None => Ok(()),
        }
    }

    fn finish(&mut self, at: usize) -> Checked {
        self.begin(at);
        let mut call = self.calls.swap_remove(at);
        let outcome = block_on(&mut call.future);
        self.check(call, outcome)
    }

    fn check(&mut self, call: Call, outcome: Result<String>) -> Checked {
        let Call { what, tag, before, deadline, .. } = &call;
        let happened = self.happened();
        let (was_reset, was_bombed) = (happened.0 != before.0, happened.1 != before.1);
        let is_right = match &outcome {
            Ok(answer) => {
                self.ends.answered += 1;
                self.ends.programs.insert(what);
                let is_stale = self.kind == Kind::Local && was_reset;
                *answer == format!("{what}:{tag}")
                    && !matches!(*what, "never" | "loop" | "late" | "spin" | "bomb")
                    && !is_stale
            }
            Err(Error::Guest(thrown)) => {
                self.ends.thrown += 1;
                match *what {
                    "throw" => thrown.message == format!("throw:{tag}"),
                    "hold" | "twice" | "all" | "late" | "race" | "rows" | "leave" | "ring" => {
                        thrown.message.contains("refused")
                    }
                    // The inner call of the host is refused, and the outer one keeps that for itself.
                    "nest" => thrown.message.contains("refused") || thrown.message.contains("failed"),
                    _ => false,
                }
            }
            Err(Error::Limit { kind: LimitKind::Deadline, excess, .. }) => {
                self.ends.deadline += 1;
                match (self.kind, excess.phase) {
                    (Kind::Local, Some(Phase::Queued)) => self.is_not_billed(&call),
                    _ => self.may_not_be_billed(&call),
                }
                deadline.is_some_and(|at| at <= Instant::now())
            }
            Err(Error::Cancelled { was_made, .. }) => {
                self.ends.cancelled += 1;
                match (self.kind, was_made) {
                    (Kind::Local, false) => self.is_not_billed(&call),
                    _ => self.may_not_be_billed(&call),
                }
                call.ends.as_ref().is_some_and(Cancellation::is_cancelled)
            }
            Err(Error::Discarded { .. } | Error::Lost { .. }) => {
                self.ends.discarded += 1;
                was_reset || was_bombed
            }
            Err(Error::Limit { kind: LimitKind::Heap, .. }) => {
                self.ends.heap += 1;
                was_bombed
            }
            Err(_) => false,
        };
        if !is_right {
            return Err(format!("{what}:{tag} (deadline {}) ended with {outcome:?}", deadline.is_some()));
        }
        let tag = tag.clone();
        drop(call);
        self.nothing_is_left_of(&tag)
    }

    /// A synchronous call.
    fn call_now(&mut self) -> Checked {
        const ALL: &[&str] = &["value", "get", "tell", "throw", "ring", "nest", "loop"];
        let most = if self.random.percent(10) { 7 } else { 6 };
        let what = ALL[self.random.below(most)];
        if self.loaded.is_none() {
            self.load()?;
        }
        let (input, tag) = self.input(what);
        let Some(loaded) = &self.loaded else { return Err("it is loaded".into()) };
        let is_short = what == "loop" || self.random.percent(10);
        let outcome = match is_short {
            true => {
                let until = Instant::now() + Duration::from_micros(self.random.next() % 3000);
                (loaded.until)(until).job.now(&input)
            }
            false => loaded.guest.job.now(&input),
        };
        let happened = self.happened();
        let is_new = loaded.before == happened;
        self.billed.1 += if matches!(what, "ring" | "nest") { 8 } else { 0 };
        self.ends.sync += 1;
        let is_right = match &outcome {
            Ok(answer) => *answer == input && what != "loop",
            Err(Error::Guest(thrown)) => what == "throw" && thrown.message == input,
            Err(Error::Limit { kind: LimitKind::Deadline, .. }) => is_short,
            Err(Error::Discarded { .. } | Error::Limit { kind: LimitKind::Heap, .. }) => !is_new,
            Err(_) => false,
        };
        match (is_right, is_new, is_short) {
            (false, ..) => return Err(format!("now {what}:{tag} (short {is_short}) ended with {outcome:?}")),
            // One that is late before it begins is no call.
            (_, true, true) => self.billed.1 += 1,
            (_, true, false) => self.billed.0 += 1,
            _ => {}
        }
        Ok(())
    }

    /// Every call that can end does, and the others are dropped.
    fn end(&mut self) -> Checked {
        while let Some(call) = self.calls.last() {
            let at = self.calls.len() - 1;
            let is_endless = matches!(call.what, "never" | "keep") && call.deadline.is_none();
            if is_endless || self.random.percent(20) {
                let call = self.calls.swap_remove(at);
                self.gives_up(call)?;
            } else {
                self.finish(at)?;
            }
        }
        Ok(())
    }

    /// After all, the sandbox answers, and nothing is left.
    fn answers(&mut self) -> Checked {
        for _ in 0..3 {
            if self.loaded.is_none() {
                self.load()?;
            }
            let Some(loaded) = &self.loaded else { return Err("it is loaded".into()) };
            match loaded.guest.job.now("value:last") {
                Ok(answer) if answer == "value:last" => {
                    self.billed.0 += 1;
                    return match self.board.alive() {
                        0 => Ok(()),
                        count => Err(format!("{count} host methods outlive their calls")),
                    };
                }
                Err(Error::Discarded { .. } | Error::Limit { kind: LimitKind::Heap, .. })
                    if loaded.before != self.happened() =>
                {
                    self.reset()?;
                }
                other => return Err(format!("the sandbox answers {other:?}")),
            }
        }
        Err("the sandbox does not answer".into())
    }

    /// Every call is on the bill, once.
    fn bill(&self, (least, more): (u64, u64)) -> Checked {
        let calls = self.handle.usage().total.calls;
        match (least..=least + more).contains(&calls) {
            true => Ok(()),
            false => Err(format!("{calls} calls are on the bill, and not {least} to {}", least + more)),
        }
    }
}

/// What it costs to load a guest.
fn costs(handle: &Handle) -> Checked<[u64; 2]> {
    let mut costs = [0; 2];
    for (cost, in_realm) in costs.iter_mut().zip([false, true]) {
        let before = handle.usage().total.calls;
        drop(handle.load(in_realm).map_err(|error| error.to_string())?);
        *cost = handle.usage().total.calls - before;
    }
    Ok(costs)
}

fn limits() -> Limits {
    // So long that no call may end with it, however busy the machine is.
    Limits { wall: Duration::from_secs(1000), heap: 16 << 20, ..Limits::default() }
}

/// Runs the program of a seed.
pub fn run(seed: u64, kind: Kind) -> Checked<Ends> {
    let _guarded = Guarded::new(format!("{kind:?} SEED={seed}"), STUCK);
    let run = || match kind {
        Kind::Local => local(seed),
        Kind::Shared => shared(seed),
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        Err(panic
            .downcast_ref::<String>()
            .map_or("it panicked".into(), |text| format!("it panicked: {text}")))
    })
}

fn driver(
    random: Random,
    thread: u64,
    handle: Handle,
    events: &Events,
    board: Board,
    costs: [u64; 2],
) -> Driver<'_> {
    let kind = if matches!(handle, Handle::Local(_)) { Kind::Local } else { Kind::Shared };
    let (calls, ends) = (Vec::new(), Ends::default());
    let (loaded, next, billed) = (None, 0, (0, 0));
    Driver { random, thread, kind, handle, events, board, loaded, calls, next, billed, costs, ends }
}

fn local(seed: u64) -> Checked<Ends> {
    let (events, board) = (Events::default(), Board::default());
    let built = LocalSandbox::builder().limits(limits()).host::<dyn Store>(board.clone()).build();
    let sandbox = built.map_err(|error| error.to_string())?;
    let handle = Handle::Local(sandbox);
    let costs = costs(&handle)?;
    let mut driver = driver(Random::new(seed), 0, handle, &events, board.clone(), costs);
    driver.billed.0 = costs.iter().sum();
    driver.load()?;
    let steps = 20 + driver.random.below(40);
    for step in 0..steps {
        driver.step().map_err(|error| format!("step {step}: {error}"))?;
    }
    if driver.random.percent(30) {
        let (calls, ends) = (std::mem::take(&mut driver.calls), driver.ends.clone());
        drop(driver);
        drop(calls);
        return if board.alive() == 0 { Ok(ends) } else { Err("host methods outlive the sandbox".into()) };
    }
    board.open();
    driver.end()?;
    driver.answers()?;
    // A bomb ends others as well, whose part in the bill depends on what was left of the heap.
    if driver.happened().1 == 0 {
        driver.bill(driver.billed)?;
    }
    Ok(driver.ends)
}

fn shared(seed: u64) -> Checked<Ends> {
    const THREADS: u64 = 3;
    let (events, board) = (Events::default(), Board::default());
    let built = Sandbox::builder().limits(limits()).host::<dyn Store>(board.clone()).build();
    let sandbox = built.map_err(|error| error.to_string())?;
    let costs = costs(&Handle::Shared(sandbox.clone()))?;
    let mut random = Random::new(seed);
    let drops_all = random.percent(30);
    let seeds = [(); THREADS as usize].map(|()| random.next());
    let (start, over) = (Barrier::new(seeds.len()), Barrier::new(seeds.len()));
    let part = |thread: u64, seed: u64, sandbox: Sandbox| -> Checked<(Ends, (u64, u64))> {
        let mut driver =
            driver(Random::new(seed), thread, Handle::Shared(sandbox), &events, board.clone(), costs);
        let steps = 10 + driver.random.below(20);
        start.wait();
        let done = (0..steps).try_for_each(|step| {
            driver.step().map_err(|error| format!("thread {thread}, step {step}: {error}"))
        });
        // The others may wait for what this thread has, so it goes on to here in any case.
        over.wait();
        done?;
        if !drops_all {
            board.open();
            driver.end().map_err(|error| format!("thread {thread}: {error}"))?;
        }
        Ok((driver.ends.clone(), driver.billed))
    };
    let ends = thread::scope(|scope| {
        let spawn = |(thread, seed): (u64, u64)| {
            let (part, sandbox) = (&part, sandbox.clone());
            scope.spawn(move || part(thread, seed, sandbox))
        };
        let threads = (0..).zip(seeds).map(spawn).collect::<Vec<_>>();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err("a thread panicked".into()))
        };
        threads.into_iter().map(join).collect::<Checked<Vec<_>>>()
    })?;
    let mut all = Ends::default();
    ends.iter().for_each(|(ends, _)| all.add(ends));
    if drops_all {
        drop(sandbox);
        // A job of the thread may have had the last handle, so that the thread ends by itself.
        board.wait_until_empty();
        return Ok(all);
    }
    let mut last = driver(Random::new(seed), 9, Handle::Shared(sandbox), &events, board, costs);
    last.billed.0 = costs.iter().sum();
    last.answers()?;
    // A reset makes the bill anew while others call.
    if last.happened() == (0, 0) {
        let parts = ends.iter().map(|(_, billed)| *billed).chain([last.billed]);
        last.bill(parts.fold((0, 0), |(least, more), (one, other)| (least + one, more + other)))?;
    }
    Ok(all)
}
