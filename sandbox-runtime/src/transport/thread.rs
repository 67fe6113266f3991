//! The isolate is on a thread of its own, and its handle goes wherever it is wanted.
//!
//! A call is a job in the mailbox of the isolate's thread; arguments and results move as Rust values, and the
//! caller waits. Host methods run on the isolate's thread and may call guests themselves: of the same sandbox,
//! which is a direct call further up the stack, or of another, whose host method may call the first one back.
//! So a thread that waits for an answer goes on serving jobs of its own chain of calls, and of that chain only.
//! Two chains that wait for each other's threads are ended by the limit of the outer calls.

mod realms;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::mailbox::{Answering, Event, Job, Mailbox, Reply, Work};
use super::{Exports, Transport};
use crate::arguments::Arguments as _;
use crate::contract::{GuestContract, GuestMethod};
use crate::error::{Error, LimitKind, Result};
use crate::isolate::meter::{Meter, Usage};
use crate::isolate::stack::{self, StackEnd};
use crate::isolate::watchdog::Watch;
use crate::isolate::{Isolate, Realm as GuestRealm, script};
use crate::realm::{Captured, ConsoleOutput, Settings};
use crate::sandbox::{Builder, SendHosts, isolate};
use crate::script::Script;

pub use realms::Realm;

/// A sandbox whose isolate lives on a thread of its own: `Send`, `Sync` and `Clone`.
///
/// A clone is another handle of the same sandbox. A call blocks the caller until the guest has answered; calls
/// from several threads take turns. The thread ends when the last handle and the last proxy are dropped. A host
/// implementation that holds a handle of its own sandbox keeps it alive for ever: let it hold a
/// [`std::sync::Weak`] or [`std::sync::OnceLock`] of the application's instead.
///
/// ```
/// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
///
/// #[sandbox_api]
/// pub trait MathApi {
///     fn add(&self, a: f64, b: f64) -> Result<f64>;
/// }
///
/// let sandbox = Sandbox::builder().build()?;
/// let math = sandbox.load::<dyn MathApi>(Script::new("math.js", "export const add = (a, b) => a + b;"))?;
/// let api: Box<dyn MathApi + Send + Sync> = Box::new(math);
/// let sum = std::thread::spawn(move || api.add(2.0, 3.0)).join().expect("no panic")?;
/// assert_eq!(sum, 5.0);
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct Sandbox {
    thread: Arc<IsolateThread>,
}

impl Sandbox {
    /// A builder with the default limits and no host contracts.
    pub fn builder() -> Builder<Self> {
        Builder::new()
    }

    pub(crate) fn start(settings: Settings, hosts: SendHosts) -> Result<Self> {
        IsolateThread::start(settings, hosts).map(|thread| Self { thread: Arc::new(thread) })
    }

    /// What its guests have used: the last call, and all since it was built or reset. It does not wait for the call that is
    /// under way, and does not have it.
    ///
    /// ```
    /// # use sandbox_runtime::{Sandbox, Script};
    /// let sandbox = Sandbox::builder().build()?;
    /// sandbox.eval(Script::new("a.js", "export const a = 1;"))?;
    /// assert_eq!(sandbox.usage().total.calls, 1);
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.thread.meter.usage()
    }

    /// Takes what guests wrote to a console that [captures](crate::Console::Capture) since it was taken last. It does not wait
    /// for the call that is under way.
    ///
    /// ```
    /// # use sandbox_runtime::{Console, Level, Sandbox, Script};
    /// let sandbox = Sandbox::builder().console(Console::Capture).build()?;
    /// sandbox.eval(Script::new("a.js", "console.warn('careful', 5); export {};"))?;
    /// let line = &sandbox.take_console().lines[0];
    /// assert_eq!((line.level, &*line.text), (Level::Warn, "careful 5"));
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn take_console(&self) -> ConsoleOutput {
        self.thread.captured.take()
    }

    /// Makes the sandbox anew, with the same hosts and settings, as after it was discarded. It waits for its turn. What was
    /// loaded before answers [`Error::Discarded`] from now on.
    ///
    /// # Errors
    ///
    /// [`Error::Build`], when it is called by a host method of this very sandbox among others.
    pub fn reset(&self) -> Result<()> {
        let watch = self.thread.run(|worker| {
            worker.isolate.reset()?;
            worker.isolate.watch()
        })?;
        *self.thread.watch() = watch;
        Ok(())
    }

    /// Evaluates a script that implements several contracts; see [`Guest::bind`].
    ///
    /// # Errors
    ///
    /// [`Error::Syntax`], [`Error::Guest`] when the script throws, [`Error::Limit`], [`Error::Discarded`].
    pub fn eval(&self, script: Script) -> Result<Guest> {
        Guest::evaluate(&self.thread, move |worker| {
            worker.isolate.evaluate(&worker.isolate.main_realm()?, &script)
        })
    }

    /// Evaluates a script and checks it against the contract `C`.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval), and [`Error::Mismatch`] that names every export that is missing.
    pub fn load<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<Remote>> {
        self.eval(script)?.bind::<C>()
    }
}

/// A script that has been evaluated in a [`Sandbox`].
#[derive(Clone)]
pub struct Guest {
    exports: Arc<Kept>,
}

impl Guest {
    fn evaluate(
        thread: &Arc<IsolateThread>,
        evaluate: impl FnOnce(&Worker) -> Result<script::Exports> + Send + 'static,
    ) -> Result<Self> {
        let key = thread.run(move |worker| Ok(worker.exports.keep(evaluate(worker)?)))?;
        let exports = Kept { thread: thread.clone(), key, release: |worker, key| worker.exports.drop(key) };
        Ok(Self { exports: Arc::new(exports) })
    }

    /// Checks the script against the contract `C`, and gives the proxy that implements it.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`] that names every export that is missing; what a getter of the guest does.
    pub fn bind<C: ?Sized + GuestContract>(&self) -> Result<C::Proxy<Remote>> {
        let thread = &self.exports.thread;
        let exports = self.exports.key;
        let (key, exported) = thread.run(move |worker| {
            let binding = worker.isolate.bind::<C>(&*worker.exports.get(exports)?)?;
            let exported = binding.exported();
            Ok((worker.bindings.keep(binding), exported))
        })?;
        let binding = Kept { thread: thread.clone(), key, release: |worker, key| worker.bindings.drop(key) };
        Ok(C::proxy(Remote { binding: Arc::new(binding), exported: exported.into() }))
    }
}

/// The transport of a [`Sandbox`]'s proxies.
#[derive(Clone)]
pub struct Remote {
    binding: Arc<Kept>,
    exported: Arc<[bool]>,
}

impl Exports for Remote {
    fn exports(&self, method: usize) -> bool {
        self.exported.get(method).copied().unwrap_or(false)
    }
}

impl<M: GuestMethod> Transport<M> for Remote
where
    M::Owned: Send,
    M::Value: Send,
{
    fn call(&self, args: M::Args<'_>) -> Result<M::Value, Error> {
        let key = self.binding.key;
        let args = args.into_owned();
        self.binding.thread.run(move |worker| {
            let binding = worker.bindings.get(key)?;
            worker.isolate.call::<M, _>(&binding, args)
        })
    }
}

/// Something of the isolate's thread that a handle stands for.
struct Kept {
    thread: Arc<IsolateThread>,
    key: u64,
    release: fn(&Worker, u64),
}

impl Drop for Kept {
    fn drop(&mut self) {
        let (key, release) = (self.key, self.release);
        self.thread.post(Box::new(move |worker| release(worker, key)));
    }
}

/// Values of the isolate's thread, by keys that can be sent.
struct Keep<T> {
    values: RefCell<(u64, std::collections::HashMap<u64, Rc<T>>)>,
}

impl<T> Default for Keep<T> {
    fn default() -> Self {
        Self { values: RefCell::default() }
    }
}

impl<T> Keep<T> {
    fn keep(&self, value: T) -> u64 {
        let (next, values) = &mut *self.values.borrow_mut();
        *next += 1;
        values.insert(*next, Rc::new(value));
        *next
    }

    fn get(&self, key: u64) -> Result<Rc<T>> {
        self.values.borrow().1.get(&key).cloned().ok_or_else(thread_is_gone)
    }

    fn drop(&self, key: u64) {
        let value = self.values.borrow_mut().1.remove(&key);
        drop(value);
    }
}

pub(super) fn thread_is_gone() -> Error {
    Error::Discarded { cause: Box::new(Error::build("the thread of the sandbox has ended")) }
}

/// How long a call waits at least before it looks whether the one before it is overdue.
const SHORTEST_TURN: Duration = Duration::from_millis(50);

thread_local! {
    /// What this thread waits with, and what it is when it is an isolate's.
    static HERE: RefCell<Here> = RefCell::new(Here { mailbox: Arc::default(), worker: None, chain: None });
}

#[derive(Clone)]
struct Here {
    mailbox: Arc<Mailbox>,
    worker: Option<Rc<Worker>>,
    /// The chain of calls that this thread is in.
    chain: Option<u64>,
}

impl Here {
    fn get() -> Self {
        HERE.with_borrow(Clone::clone)
    }
}

/// Sets the chain of this thread until it is dropped.
struct InChain(Option<u64>);

impl InChain {
    fn enter(chain: Option<u64>) -> Self {
        Self(HERE.with_borrow_mut(|here| std::mem::replace(&mut here.chain, chain)))
    }
}

impl Drop for InChain {
    fn drop(&mut self) {
        HERE.with_borrow_mut(|here| here.chain = self.0);
    }
}

// ---------------------------------------------------------------------------------------------------------
// The thread

/// What lives on an isolate's thread.
pub(super) struct Worker {
    isolate: Rc<Isolate>,
    exports: Keep<script::Exports>,
    bindings: Keep<script::Binding>,
    realms: Keep<Rc<GuestRealm>>,
}

impl Worker {
    fn serve(&self, job: Job) {
        let _chain = InChain::enter(job.chain);
        let work = std::panic::AssertUnwindSafe(|| (job.work)(self));
        if std::panic::catch_unwind(work).is_err() {
            tracing::error!("a job of a sandbox panicked; its caller is told that the call was lost");
        }
    }
}

/// An isolate's thread; it ends when this is dropped.
struct IsolateThread {
    mailbox: Arc<Mailbox>,
    /// That of the isolate that it has now.
    watch: Mutex<Arc<Watch>>,
    meter: Arc<Meter>,
    captured: Arc<Captured>,
    limit: Duration,
    handle: Option<JoinHandle<()>>,
}

impl IsolateThread {
    fn start(settings: Settings, hosts: SendHosts) -> Result<Self> {
        crate::isolate::engine::start();
        let mailbox = Arc::<Mailbox>::default();
        let (built, wait) = std::sync::mpsc::sync_channel(1);
        let builder = std::thread::Builder::new()
            .name("sandbox".into())
            .stack_size(stack::thread_size(&settings.limits));
        let limit = settings.limits.wall;
        let captured = settings.captured.clone();
        let inner = mailbox.clone();
        let handle = builder.spawn(move || match start_worker(settings, hosts, inner.clone()) {
            Ok(worker) => {
                _ = built.send(worker.isolate.watch().map(|watch| (watch, worker.isolate.meter())));
                drop(built);
                work(&worker, &inner);
            }
            Err(error) => _ = built.send(Err(error)),
        });
        let handle = handle.map_err(|error| Error::build(format!("no thread can be started: {error}")))?;
        let gone = || Err(Error::build("the thread of the sandbox panicked while it was made"));
        let (watch, meter) = wait.recv().unwrap_or_else(|_| gone())?;
        Ok(Self { mailbox, watch: Mutex::new(watch), meter, captured, limit, handle: Some(handle) })
    }

    fn watch(&self) -> MutexGuard<'_, Arc<Watch>> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(&self, work: Work) {
        self.mailbox.post(Job { chain: None, work });
    }

    /// Runs `work` on the isolate's thread and waits for its answer.
    fn run<R: Send + 'static>(&self, work: impl FnOnce(&Worker) -> Result<R> + Send + 'static) -> Result<R> {
        let here = Here::get();
        if let Some(worker) = here.worker.as_ref().filter(|_| Arc::ptr_eq(&here.mailbox, &self.mailbox)) {
            return work(worker);
        }
        let chain = here.chain.unwrap_or_else(next_chain);
        let reply = Arc::new(Reply { answer: Mutex::new(None), waiter: here.mailbox.clone() });
        let answering = Answering(reply.clone());
        let work = Box::new(move |worker: &Worker| answering.give(work(worker)));
        self.mailbox.post(Job { chain: Some(chain), work });
        here.wait(chain, &reply, self)
    }
}

impl Here {
    /// Waits for an answer; an isolate's thread serves its own chain meanwhile, until its own call is late.
    ///
    /// A call that waits for its turn does not wait for ever behind one that is overdue and does not end, because a
    /// host method of it blocks: that method may be waiting for this very call, through another thread.
    fn wait<R>(&self, chain: u64, reply: &Reply<R>, thread: &IsolateThread) -> Result<R> {
        let left = self.worker.as_ref().and_then(|worker| worker.isolate.left());
        let own_deadline = left.map(|left| Instant::now() + left);
        let mut overdue = None;
        loop {
            let turn = Instant::now() + thread.limit.max(SHORTEST_TURN);
            let deadline = Some(own_deadline.map_or(turn, |own| own.min(turn)));
            match self.mailbox.next_of(chain, || reply.answer().is_some(), deadline) {
                Event::Ready => return reply.answer().take().unwrap_or_else(|| Err(thread_is_gone())),
                Event::Job(job) => match &self.worker {
                    Some(worker) => worker.serve(job),
                    None => drop(job),
                },
                Event::Late if own_deadline.is_some_and(|own| own <= Instant::now()) => {
                    return Err(waited_too_long("for another sandbox"));
                }
                Event::Late => {
                    // Twice the same: it has been overdue for a whole turn.
                    let before = std::mem::replace(&mut overdue, thread.watch().overdue_call());
                    let stuck = overdue.is_some() && overdue == before;
                    if stuck && thread.mailbox.take_back(chain).is_some() {
                        return Err(waited_too_long("behind one that is overdue, and was not made"));
                    }
                }
            }
        }
    }
}

fn waited_too_long(what_for: &str) -> Error {
    let limit = format!("the call waited too long {what_for}");
    Error::Limit { kind: LimitKind::Wall, limit, place: None }
}

fn next_chain() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn start_worker(settings: Settings, hosts: SendHosts, mailbox: Arc<Mailbox>) -> Result<Rc<Worker>> {
    let stack = StackEnd::below_here(settings.limits.stack);
    let isolate = isolate(settings, hosts.arrive(), stack)?;
    let worker = Rc::new(Worker {
        isolate,
        exports: Keep::default(),
        bindings: Keep::default(),
        realms: Keep::default(),
    });
    HERE.with_borrow_mut(|here| *here = Here { mailbox, worker: Some(worker.clone()), chain: None });
    Ok(worker)
}

fn work(worker: &Worker, mailbox: &Mailbox) {
    while let Some(job) = mailbox.next() {
        worker.serve(job);
    }
    // The isolate must go before the thread's own storage does.
    HERE.with_borrow_mut(|here| here.worker = None);
}

impl Drop for IsolateThread {
    fn drop(&mut self) {
        self.mailbox.close();
        // A host method may drop the last handle on the isolate's own thread, which then ends by itself.
        let own = HERE.try_with(|here| Arc::ptr_eq(&here.borrow().mailbox, &self.mailbox)).unwrap_or(false);
        if let Some(handle) = self.handle.take().filter(|_| !own) {
            _ = handle.join();
        }
    }
}
