//! Gives jobs to the driver of a session: to a thread, or to a task of the thread on which the sandbox stays.

use std::sync::{Arc, Weak};
use std::task::Context;

use super::Session;
use super::driver_waker::DriverWaker;
use super::flights::Driver;
use super::job_queue::{JobQueue, QueuedJob};
use super::readiness_task::ReadinessPoll;
use crate::error::{Error, Result};

impl Session {
    /// Adds a job for a driver thread, and starts the thread if there is none.
    pub(in super::super) fn dispatch(self: &Arc<Self>, mut job: QueuedJob) -> Result<()> {
        job.is_made_in(self.periods.now());
        if !self.jobs.put(job) {
            return Ok(());
        }
        let (jobs, session) = (self.jobs.clone(), Arc::downgrade(self));
        let thread = std::thread::Builder::new().name("sandbox-calls".into());
        thread.spawn(move || drive(&session, &jobs)).map(drop).map_err(|error| {
            let error = Error::system("thread", &error);
            self.jobs.abandon(&error);
            error
        })
    }

    /// Adds a job for a driver task on this thread. Returns the task's future, if there is no driver yet.
    pub(in super::super) fn dispatch_here(self: &Arc<Self>, mut job: QueuedJob) -> Option<ReadinessPoll> {
        job.is_made_in(self.periods.now());
        self.jobs.put(job).then(|| ReadinessPoll::new(Driver::new(self.clone())))
    }
}

/// Drives calls until there was no work for a while.
fn drive(session: &Weak<Session>, jobs: &Arc<JobQueue>) {
    /// Runs on a panic, too.
    struct Leaving<'d>(&'d JobQueue);
    impl Drop for Leaving<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                self.0.abandon_undriven();
            }
        }
    }
    let _leaving = Leaving(jobs);
    let driver_waker = Arc::<DriverWaker>::default();
    let waker = driver_waker.waker();
    let cx = &mut Context::from_waker(&waker);
    loop {
        let Some(session) = session.upgrade() else { return jobs.abandon_undriven() };
        let mut driver = Driver::new(session);
        loop {
            driver_waker.rearm();
            if driver.pump(cx) {
                break;
            }
            driver.wait(&driver_waker);
        }
        // A resting thread does not keep the sandbox alive.
        drop(driver);
        if !jobs.rest() {
            return;
        }
    }
}
