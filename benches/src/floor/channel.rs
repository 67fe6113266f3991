//! Threads and bounded channels by hand.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::bare::Bare;

/// A thread that sends back what it is sent.
pub struct Echo {
    request: Option<SyncSender<f64>>,
    answers: Receiver<f64>,
    thread: Option<JoinHandle<()>>,
}

impl Default for Echo {
    fn default() -> Self {
        Self::new()
    }
}

impl Echo {
    /// Starts the thread.
    #[must_use]
    pub fn new() -> Self {
        let (request, requests) = sync_channel::<f64>(1);
        let (answer, answers) = sync_channel::<f64>(1);
        let thread =
            std::thread::spawn(move || requests.into_iter().for_each(|value| answer.send(value).unwrap()));
        Self { request: Some(request), answers, thread: Some(thread) }
    }

    /// There and back.
    #[inline]
    pub fn round_trip(&self, value: f64) -> f64 {
        self.request.as_ref().unwrap().send(value).unwrap();
        self.answers.recv().unwrap()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.request = None;
        self.thread.take().map(JoinHandle::join);
    }
}

/// A request to a thread that holds isolates: which, the numbers, and who waits.
pub type Request = (usize, f64, f64, SyncSender<f64>);

/// A thread that holds a bare isolate for each of so many tenants, with a function of two numbers.
#[must_use]
pub fn isolates(tenants: usize) -> SyncSender<Request> {
    let (request, requests) = sync_channel::<Request>(64);
    std::thread::spawn(move || {
        let tenant = |_| {
            let mut bare = Bare::new();
            let add = bare.function("(a, b) => a + b");
            (add, bare)
        };
        let mut all = (0..tenants).map(tenant).collect::<Vec<_>>();
        for (tenant, a, b, answer) in requests {
            let (add, bare) = &mut all[tenant];
            answer.send(bare.add_entered(add, a, b)).unwrap();
        }
        // Each is dropped while it is the one that was entered last.
        while let Some((add, bare)) = all.pop() {
            drop(add);
            drop(bare);
        }
    });
    request
}
