//! The threads of isolates.
//!
//! [`Worker`] is the thread's own state, and only that thread has it. [`WorkerThread`] is the handle for other threads.
//!
//! A call is a job in the mailbox of the isolate's thread. Arguments and results move as Rust values. A synchronous caller
//! waits. Host methods run on the isolate's thread and may call guests themselves. A call of a guest of the same thread is
//! a direct call further up the stack. A guest of another thread can have a host method that calls the first one back. So
//! a thread that waits for an answer continues to serve jobs of its own chain of calls, and of that chain only. The limit
//! of the outer calls ends two chains that wait for each other's threads.
//!
//! An asynchronous call is a task of the thread, and each turn of the task is a job.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::isolate_handle::IsolateSlot;
use super::mailbox::{Answering, Event, Job, Mailbox, Next, ReplySlot, Work};
use crate::error::{DiscardCause, Error, Excess, LimitKind, LossReason, Phase, Result};
use crate::isolate::handle_table::HandleTable;
use crate::isolate::ticket::Woken;
use crate::isolate::{Isolate, clock, cpu};
use crate::panic::unless_it_panics;
use crate::site::blocking;
use crate::stack::StackEnd;
use crate::time::{AtomicTime, Timestamp};

/// The error of a call that was not made, for the thread of its sandbox has ended.
pub(crate) fn thread_is_gone() -> Error {
    Error::discarded(DiscardCause::Closed)
}

/// The error of a call that code of the host has ended on the sandbox's thread.
pub(crate) fn lost() -> Error {
    Error::lost(LossReason::Panicked, None)
}

/// The least time after which a waiting call checks whether the call before it is overdue.
const SHORTEST_TURN: Duration = Duration::from_millis(50);

thread_local! {
    /// The current thread's mailbox and chain, and its worker if the thread has isolates.
    static HERE: RefCell<CurrentWorker> = RefCell::new(CurrentWorker { mailbox: Arc::default(), worker: None, chain: None });
}

#[derive(Clone)]
struct CurrentWorker {
    mailbox: Arc<Mailbox>,
    worker: Option<Rc<Worker>>,
    /// The chain of calls that this thread is in.
    chain: Option<u64>,
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
// The thread, from inside

/// The values that the owner of a thread keeps on it, beside the isolates of slots: the sandboxes of a pool's tenants.
pub(crate) trait Residents: Any {
    /// Whether a call is under way on the stack.
    fn is_running(&self) -> bool;

    /// The least time until the deadline of a call under way, if there is one.
    fn left(&self) -> Option<Duration>;

    /// When to call [`sweep`](Self::sweep) next.
    fn alarm(&self) -> Option<Instant>;

    /// Discards what is not used, when it is time. The thread calls this after each job.
    fn sweep(&self);

    /// Discards all, at the end of the thread.
    fn clear(&self);
}

/// Makes the residents of a thread, on that thread; `None` for a thread that has none.
pub(crate) type MakeResidents = fn() -> Option<Rc<dyn Residents>>;

/// The state of a thread of isolates.
pub(crate) struct Worker {
    /// Where the stacks of its guests end.
    pub(crate) stack: StackEnd,
    pub(crate) slots: HandleTable<IsolateSlot>,
    /// The values of a pool on this thread.
    residents: Option<Rc<dyn Residents>>,
    tasks: RefCell<HashMap<u64, WorkerTask>>,
    next_task: Cell<u64>,
    mailbox: Arc<Mailbox>,
}

struct WorkerTask {
    future: Pin<Box<dyn Future<Output = ()>>>,
    waker: Arc<TaskWaker>,
}

struct TaskWaker {
    task: u64,
    tenant: u64,
    mailbox: Arc<Mailbox>,
    is_queued: AtomicBool,
    /// When the task was woken.
    woken: AtomicTime<Timestamp>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::SeqCst) {
            self.woken.store(clock::now(), Ordering::SeqCst);
            let task = self.task;
            let work: Work = Box::new(move |worker| worker.poll(task));
            self.mailbox.post(Job { chain: None, tenant: self.tenant, is_tied: true, work });
        }
    }
}

impl Worker {
    fn serve(&self, job: Job) {
        let _chain = InChain::enter(job.chain);
        if catch_unwind(AssertUnwindSafe(|| (job.work)(self))).is_err() {
            tracing::error!("a job of a sandbox panicked; its caller is told that the call was lost");
        }
    }

    /// Runs `work` without counting its time as holding the thread.
    pub(crate) fn apart<R>(&self, work: impl FnOnce() -> R) -> R {
        self.mailbox.apart(work)
    }

    /// Begins a task, whose turns are jobs of a tenant.
    pub(crate) fn spawn(&self, tenant: u64, future: impl Future<Output = ()> + 'static) {
        let task = self.next_task.get();
        self.next_task.set(task + 1);
        let is_queued = AtomicBool::new(false);
        let (mailbox, woken) = (self.mailbox.clone(), AtomicTime::new(clock::now()));
        let waker = Arc::new(TaskWaker { task, tenant, mailbox, is_queued, woken });
        self.tasks.borrow_mut().insert(task, WorkerTask { future: Box::pin(future), waker });
        self.poll(task);
    }

    fn poll(&self, key: u64) {
        // Taken out of the table, because polling may begin tasks.
        let Some(mut task) = self.tasks.borrow_mut().remove(&key) else { return };
        // Where one tenant has the thread, a call waits for that tenant itself.
        let is_shared = task.waker.tenant != 0;
        let woken = is_shared.then(|| task.waker.woken.load(Ordering::SeqCst));
        let _woken = Woken::at(woken);
        task.waker.is_queued.store(false, Ordering::SeqCst);
        let waker = Waker::from(task.waker.clone());
        if task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            self.tasks.borrow_mut().insert(key, task);
        }
    }

    /// The isolates of this thread, beside those of a pool's tenants.
    fn isolates(&self) -> Vec<Rc<Isolate>> {
        self.slots.all().into_iter().map(|slot| slot.isolate.clone()).collect()
    }

    /// The residents, as the type that they are.
    pub(crate) fn residents<T: Residents>(&self) -> Result<&T> {
        let residents: Option<&dyn Any> = self.residents.as_deref().map(|residents| residents as &dyn Any);
        residents.and_then(|residents| residents.downcast_ref()).ok_or_else(thread_is_gone)
    }

    /// Whether a call is under way on the stack.
    fn is_running(&self) -> bool {
        self.isolates().iter().any(|isolate| isolate.is_running())
            || self.residents.as_ref().is_some_and(|residents| residents.is_running())
    }

    /// The least time until the deadline of a call under way, if there is one.
    fn left(&self) -> Option<Duration> {
        let isolates = self.isolates();
        let left = isolates.iter().filter_map(|isolate| isolate.left());
        left.chain(self.residents.iter().filter_map(|residents| residents.left())).min()
    }
}

/// The residents of the current thread, as the type that they are.
pub(crate) fn residents_here<T: Residents, R>(with: impl FnOnce(&T) -> R) -> Option<R> {
    let worker = HERE.with_borrow(|here| here.worker.clone())?;
    worker.residents::<T>().ok().map(with)
}

/// Notes that this thread is done with a job. Call this before the caller is answered. The caller may call again at once,
/// and must not find the thread held by the call that is over.
pub(crate) fn is_done_here() {
    HERE.with_borrow(|here| {
        if let Some(worker) = &here.worker {
            worker.mailbox.is_done();
        }
    });
}

fn work(worker: &Worker) {
    loop {
        match worker.mailbox.next(worker.residents.as_ref().and_then(|residents| residents.alarm())) {
            Next::Job(job) => {
                let tenant = job.tenant;
                let began = worker.mailbox.begins(tenant);
                worker.serve(job);
                worker.mailbox.is_done();
                worker.mailbox.charge(tenant, clock::now().since(began));
            }
            Next::Late => {}
            Next::Closed => break,
        }
        worker.residents.iter().for_each(|residents| residents.sweep());
    }
    // The isolates must be dropped before the thread's own storage, and the pending futures before the isolates.
    let tasks = worker.tasks.take();
    drop(tasks);
    worker.slots.clear();
    worker.residents.iter().for_each(|residents| residents.clear());
    HERE.with_borrow_mut(|here| here.worker = None);
}

// ---------------------------------------------------------------------------------------------------------
// The thread, from outside

/// The scheduling priority of a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Priority {
    Normal,
    /// The processor time that others leave, on Linux.
    Low,
}

/// A thread of isolates, which ends when this is dropped.
pub(crate) struct WorkerThread {
    mailbox: Arc<Mailbox>,
    handle: Option<JoinHandle<()>>,
}

impl WorkerThread {
    /// Starts a thread for guests with so much stack.
    pub(crate) fn start(
        name: &str,
        stack: usize,
        priority: Priority,
        residents: MakeResidents,
    ) -> Result<Self> {
        let mailbox = Arc::<Mailbox>::default();
        let builder = std::thread::Builder::new()
            .name(name.to_owned())
            .stack_size(crate::isolate::stack::thread_size(stack));
        // Futures of host methods are polled on this thread, and use the timers and sockets of the runtime.
        let runtime = Handle::try_current().ok();
        let inner = mailbox.clone();
        let handle = builder.spawn(move || {
            let _entered = runtime.as_ref().map(Handle::enter);
            if priority == Priority::Low {
                cpu::yield_to_others();
            }
            let worker = Rc::new(Worker {
                stack: StackEnd::below_here(stack),
                slots: HandleTable::default(),
                residents: residents(),
                tasks: RefCell::default(),
                next_task: Cell::default(),
                mailbox: inner.clone(),
            });
            HERE.with_borrow_mut(|here| {
                *here = CurrentWorker { mailbox: inner, worker: Some(worker.clone()), chain: None };
            });
            work(&worker);
        });
        let handle = handle.map_err(|error| Error::build(format!("no thread can be started: {error}")))?;
        Ok(Self { mailbox, handle: Some(handle) })
    }

    /// The mailbox for its jobs.
    pub(crate) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    pub(crate) fn post(&self, tenant: u64, work: Work) {
        self.mailbox.post(Job { chain: None, tenant, is_tied: false, work });
    }

    /// Whether the current thread is this one.
    pub(crate) fn is_here(&self) -> bool {
        HERE.with_borrow(|here| here.worker_of(self).is_some())
    }

    /// Whether the current thread is this one, and a guest on it waits for a synchronous host method to return. A job in
    /// the mailbox then waits for the method, so the method must not wait for the job.
    pub(crate) fn waits_for_here(&self) -> bool {
        let here = HERE.with_borrow(Clone::clone);
        here.worker_of(self).is_some_and(|worker| worker.is_running())
    }

    /// Whether the current job is long overdue, if a call may take this long. A host method blocks it.
    pub(crate) fn is_stuck(&self, limit: Duration) -> bool {
        self.mailbox.held().1 >= 2 * turn(limit)
    }

    /// Runs `work` on the thread and waits for its result.
    pub(crate) fn run<R: Send + 'static>(
        &self,
        tenant: u64,
        waiting: Waiting<'_>,
        work: impl FnOnce(&Worker) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let here = HERE.with_borrow(Clone::clone);
        if let Some(worker) = here.worker_of(self) {
            return self.mailbox.within(|| work(worker));
        }
        if waiting.deadline.is_some_and(|until| until <= Instant::now()) {
            return Err(Error::queued(LimitKind::Deadline));
        }
        blocking::wait(move || {
            let chain = here.chain.unwrap_or_else(next_chain);
            let reply = Arc::new(ReplySlot { answer: Mutex::new(None), waiter: here.mailbox.clone() });
            let answering = Answering::new(reply.clone());
            let work: Work = Box::new(move |worker: &Worker| answering.answer(|| work(worker)));
            self.mailbox.post(Job { chain: Some(chain), tenant, is_tied: false, work });
            here.wait(chain, &reply, self, waiting)
        })
    }

    /// Runs `work` on the thread, for a caller that awaits the result.
    pub(crate) async fn ask<R: Send + 'static>(
        &self,
        tenant: u64,
        work: impl FnOnce(&Worker) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let (answer, answered) = oneshot::channel();
        let outcome = move |worker: &Worker| unless_it_panics(|| work(worker)).unwrap_or_else(|| Err(lost()));
        self.post(tenant, Box::new(move |worker| _ = answer.send(outcome(worker))));
        answered.await.unwrap_or_else(|_| Err(thread_is_gone()))
    }
}

/// How long a caller waits.
pub(crate) struct Waiting<'w> {
    /// How long a call may take, once it has begun.
    pub(crate) limit: Duration,
    /// How long the call waits for its turn; `None` for ever.
    pub(crate) turn: Option<Turn<'w>>,
    /// The caller's own deadline.
    pub(crate) deadline: Option<Instant>,
}

/// How a call waits for its turn in the queues of several threads.
pub(crate) struct Turn<'w> {
    /// The end of the wait; `None` for never.
    pub(crate) until: Option<Instant>,
    /// The first interval at which the call checks whether another thread can serve it. The interval doubles each time.
    pub(crate) look: Duration,
    pub(crate) queues: &'w dyn Queues,
}

/// The queues of several threads, of which one has the call.
pub(crate) trait Queues {
    /// The error of a call whose turn has not come in time.
    fn too_late(&self) -> Error;

    /// Moves calls that wait to a thread that can serve them, if theirs cannot.
    fn look_again(&self);

    /// Takes a job of `chain` back. Returns false if it has begun.
    fn take_back(&self, chain: u64) -> bool;
}

impl Waiting<'_> {
    fn take_back(&self, thread: &WorkerThread, chain: u64) -> bool {
        match &self.turn {
            Some(turn) => turn.queues.take_back(chain),
            None => thread.mailbox.take_back(chain).is_some(),
        }
    }
}

impl CurrentWorker {
    /// The worker of the thread, if the thread is the current one.
    fn worker_of(&self, thread: &WorkerThread) -> Option<&Rc<Worker>> {
        self.worker.as_ref().filter(|_| Arc::ptr_eq(&self.mailbox, &thread.mailbox))
    }

    /// Waits for an answer. An isolate's thread serves its own chain meanwhile, until its own call is late.
    ///
    /// A host method can block a call for ever. A call that waits for its turn does not wait for ever behind such a call,
    /// because the method may be waiting for this very call, through another thread.
    fn wait<R>(
        &self,
        chain: u64,
        reply: &ReplySlot<R>,
        thread: &WorkerThread,
        mut waiting: Waiting<'_>,
    ) -> Result<R> {
        let left = self.worker.as_ref().and_then(|worker| worker.left());
        let own_deadline = left.map(|left| Instant::now() + left);
        loop {
            let longest = turn(waiting.limit);
            let look = Instant::now() + waiting.turn.as_ref().map_or(longest, |turn| turn.look.min(longest));
            let patience = waiting.turn.as_ref().and_then(|turn| turn.until);
            let all = [own_deadline, patience, waiting.deadline];
            let deadline = all.into_iter().flatten().fold(look, Instant::min);
            let deadline = Some(deadline);
            match self.mailbox.next_of(chain, || reply.answer().is_some(), deadline) {
                Event::Ready => return reply.answer().take().unwrap_or_else(|| Err(thread_is_gone())),
                Event::Job(job) => match &self.worker {
                    Some(worker) => worker.mailbox.within(|| worker.serve(job)),
                    None => drop(job),
                },
                Event::Late if own_deadline.is_some_and(|own| own <= Instant::now()) => {
                    return Err(late_inside());
                }
                Event::Late if patience.is_some_and(|until| until <= Instant::now()) => {
                    let is_back = waiting.take_back(thread, chain);
                    if let Some(turn) = &mut waiting.turn {
                        if is_back {
                            return Err(turn.queues.too_late());
                        }
                        // The call has begun, or was moving to another thread.
                        turn.until = Some(Instant::now() + longest);
                    }
                }
                Event::Late if waiting.deadline.is_some_and(|until| until <= Instant::now()) => {
                    // A call that has begun knows its deadline.
                    waiting.deadline = None;
                    if waiting.take_back(thread, chain) {
                        return Err(Error::queued(LimitKind::Deadline));
                    }
                }
                Event::Late => match &mut waiting.turn {
                    Some(turn) => {
                        turn.look = turn.look.saturating_mul(2);
                        turn.queues.look_again();
                    }
                    None if thread.is_stuck(waiting.limit) && thread.mailbox.take_back(chain).is_some() => {
                        return Err(stuck_behind());
                    }
                    None => {}
                },
            }
        }
    }
}

/// How long a waiting call waits before it checks the call before it.
pub(crate) fn turn(limit: Duration) -> Duration {
    limit.max(SHORTEST_TURN)
}

/// The error of a call whose turn does not come.
pub(crate) fn stuck_behind() -> Error {
    Error::queued(LimitKind::Wall)
}

/// The error of a host method's call of another sandbox, when the host method's own time is over.
fn late_inside() -> Error {
    Excess::new(LimitKind::Wall, "Limits::wall", None).in_phase(Phase::InHost).error(None)
}

fn next_chain() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Drop for WorkerThread {
    fn drop(&mut self) {
        self.mailbox.close();
        // A host method may drop the last handle on the isolate's own thread, which then ends by itself. A task of a
        // runtime may drop the last handle too, and must not wait for the call under way.
        let own = HERE.try_with(|here| Arc::ptr_eq(&here.borrow().mailbox, &self.mailbox)).unwrap_or(false);
        let in_runtime = Handle::try_current().is_ok();
        if let Some(handle) = self.handle.take().filter(|_| !own && !in_runtime) {
            _ = handle.join();
        }
    }
}
