//! The thread that starts children, and keeps a spare one.
//!
//! A child must end with this process, and the kernel takes the thread that started the child for its parent. So one thread
//! starts all children, and exists as long as the process. The thread waits until a child executes its program. If a child
//! is stopped before that, another thread takes over.

use std::collections::HashMap;
use std::hash::Hash;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SendError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The number of spare children of a spec.
const SPARES: usize = 1;

/// Starts children, all on one thread.
pub(super) struct Spawner<S, B> {
    start: fn(&S) -> io::Result<B>,
    /// How long a caller waits for a child.
    patience: Duration,
    /// The channel to the thread, if it runs.
    orders: Mutex<Option<Sender<Ordered<S, B>>>>,
    spares: Arc<SpareChildren<S, B>>,
}

/// The spec, and the caller that waits; without a caller, the child becomes a spare one.
type Ordered<S, B> = (S, Option<SyncSender<io::Result<B>>>);

struct SpareChildren<S, B>(Mutex<HashMap<S, Vec<B>>>);

impl<S, B> SpareChildren<S, B> {
    fn lock(&self) -> MutexGuard<'_, HashMap<S, Vec<B>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Clone + Eq + Hash + Send + 'static, B: Send + 'static> Spawner<S, B> {
    pub(super) fn new(start: fn(&S) -> io::Result<B>, patience: Duration) -> Self {
        Self { start, patience, orders: Mutex::default(), spares: Arc::new(SpareChildren(Mutex::default())) }
    }

    /// A child of this spec: a spare one, or a new one. `fresh` asks for a new one.
    pub(super) fn take(&self, seed: &S, fresh: bool) -> io::Result<B> {
        let ready = if fresh { None } else { self.spares.lock().get_mut(seed).and_then(Vec::pop) };
        let child = match ready {
            Some(child) => child,
            None => {
                let (wanted, born) = sync_channel(1);
                self.order((seed.clone(), Some(wanted)))?;
                self.wait(&born)?
            }
        };
        self.order((seed.clone(), None))?;
        Ok(child)
    }

    /// Drops spare children that are not fit any more.
    pub(super) fn keep_if(&self, mut is_fit: impl FnMut(&B) -> bool) {
        self.spares.lock().values_mut().for_each(|ready| ready.retain(&mut is_fit));
    }

    fn wait(&self, born: &Receiver<io::Result<B>>) -> io::Result<B> {
        match born.recv_timeout(self.patience) {
            Ok(born) => born,
            Err(RecvTimeoutError::Timeout) => {
                // The next order goes to another thread.
                self.orders.lock().unwrap_or_else(PoisonError::into_inner).take();
                let seconds = self.patience.as_secs_f32();
                Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!(
                        "it did not execute its program within {seconds} s; somebody may have stopped it"
                    ),
                ))
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(io::Error::other("the thread that starts children has ended"))
            }
        }
    }

    fn order(&self, order: Ordered<S, B>) -> io::Result<()> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let order = match &*orders {
            Some(sender) => match sender.send(order) {
                Ok(()) => return Ok(()),
                // The thread has panicked.
                Err(SendError(order)) => order,
            },
            None => order,
        };
        let (sender, ordered) = channel();
        // The caller gets the error when the thread cannot be started.
        _ = sender.send(order);
        let (start, spares) = (self.start, self.spares.clone());
        let thread = std::thread::Builder::new().name("sandbox-spawner".into());
        thread.spawn(move || tend(&ordered, start, &spares))?;
        *orders = Some(sender);
        Ok(())
    }
}

fn tend<S: Eq + Hash, B>(
    ordered: &Receiver<Ordered<S, B>>,
    start: fn(&S) -> io::Result<B>,
    spares: &SpareChildren<S, B>,
) {
    for (seed, wanted) in ordered {
        match wanted {
            // A child whose caller is gone ends here.
            Some(wanted) => _ = wanted.send(start(&seed)),
            None if spares.lock().get(&seed).map_or(0, Vec::len) < SPARES => {
                if let Ok(child) = start(&seed) {
                    spares.lock().entry(seed).or_default().push(child);
                }
            }
            None => {}
        }
    }
    // Another thread has taken over. This thread's children would end with it, so it stays.
    loop {
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Condvar;
    use std::thread::ThreadId;

    use super::*;

    type TestSpawner = Spawner<&'static str, ThreadId>;

    #[test]
    fn one_thread_starts_them_and_one_is_ready() {
        let spawner = TestSpawner::new(|_| Ok(std::thread::current().id()), Duration::from_secs(60));
        let threads = (0..9).map(|at| spawner.take(&"a", at % 2 == 0).expect("it is started"));
        let threads = threads.collect::<HashSet<_>>();
        assert_eq!(threads.len(), 1);
        assert!(!threads.contains(&std::thread::current().id()));
        // The spare child was ordered before this one.
        spawner.take(&"a", true).expect("it is started");
        assert_eq!(spawner.spares.lock().get("a").map(Vec::len), Some(SPARES));
        spawner.keep_if(|_| false);
        assert_eq!(spawner.spares.lock().get("a").map(Vec::len), Some(0));
    }

    #[test]
    fn what_goes_wrong_is_told() {
        let spawner = TestSpawner::new(|_| Err(io::ErrorKind::NotFound.into()), Duration::from_secs(60));
        let error = spawner.take(&"a", false).expect_err("it cannot be started");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let spawner = TestSpawner::new(|_| panic!("it is meant to"), Duration::from_secs(60));
        for _ in 0..3 {
            let error = spawner.take(&"a", false).expect_err("the thread is gone").to_string();
            assert_eq!(error, "the thread that starts children has ended");
        }
    }

    #[test]
    fn one_that_is_stopped_before_it_is_there_holds_up_nobody_else() {
        /// Whether the stopped children may continue.
        static GATE: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
        fn start(seed: &&'static str) -> io::Result<ThreadId> {
            if *seed == "stopped" {
                let open = GATE.0.lock().expect("nobody panicked");
                drop(GATE.1.wait_while(open, |open| !*open).expect("nobody panicked"));
            }
            Ok(std::thread::current().id())
        }
        /// On a busy machine, the thread may not run while its caller waits.
        fn taken(spawner: &TestSpawner, seed: &'static str) -> ThreadId {
            let until = std::time::Instant::now() + Duration::from_secs(100);
            loop {
                match spawner.take(&seed, true) {
                    Err(error)
                        if error.kind() == io::ErrorKind::TimedOut && std::time::Instant::now() < until => {}
                    outcome => return outcome.expect("it is started"),
                }
            }
        }
        let spawner = TestSpawner::new(start, Duration::from_millis(50));
        let before = taken(&spawner, "a");
        let error = spawner.take(&"stopped", true).expect_err("it is not there");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let other = taken(&spawner, "a");
        assert_ne!(other, before);
        *GATE.0.lock().expect("nobody panicked") = true;
        GATE.1.notify_all();
        taken(&spawner, "stopped");
    }
}
