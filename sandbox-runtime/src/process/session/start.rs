//! The start of a child: hardening, the sandbox in it, and the limits from then on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::bill::Served;
use super::state::SessionState;
use super::{About, LiveChild, Session};
use crate::error::{Error, Result};
use crate::isolate::clock;
use crate::process::frame::{FrameError, FrameReader, FrameWriter};
use crate::process::guard::Guard;
use crate::process::harden::{Hardening, HardeningError, LayerState as Layer, Measure};
use crate::process::idle_supervisor;
use crate::process::line::ParentChannel;
use crate::process::message::{self, Failure, Hello, Ready, Setup, from_json, kind, to_json};
use crate::process::spawn::{self, START};
use crate::process::wire::Window;
use crate::time::{Deadline, Nanos};

/// How long a spare child may take to answer.
const READY: Duration = Duration::from_secs(2);
/// The greatest length of a frame to a child.
const MOST: usize = 1 << 30;

/// The error of a child that ended, or was late, before its first frame.
fn silent(error: &Error) -> Error {
    Error::build(format!(
        "the process of a guest has not come as far as `sandbox_runtime::process::init()`: {error}. Call it in the first line of a \
         plain `fn main`, before arguments are parsed and before a thread or a runtime is started; see its documentation for \
         `#[tokio::main]`"
    ))
}

impl Session {
    /// Makes a child create the sandbox.
    pub(super) fn begin(&self, state: &SessionState) -> Result<()> {
        // A spare child may have been killed in the meantime.
        let begun = self.try_begin(state, false).or_else(|error| match error {
            Error::Process { .. } => self.try_begin(state, true),
            error => Err(error),
        });
        if let Err(error) = &begun {
            *state.discarded.borrow_mut() = Some(error.clone());
        }
        begun
    }

    fn try_begin(&self, state: &SessionState, fresh: bool) -> Result<()> {
        let new_child = spawn::take(&state.seed, fresh)?;
        let process = Arc::new(new_child.process);
        let windows =
            new_child.windows.map(|windows| windows.map(|window| Arc::new(window) as Arc<dyn Window>));
        let held = windows.iter().flatten().cloned().collect();
        let guard = Guard::new(process.pid(), state.memory, held);
        guard.until(Deadline::after(clock::now(), Nanos::of(if fresh { START } else { READY })));
        let no_channel =
            |error: std::io::Error| Error::build(format!("the channel to the child cannot be made: {error}"));
        let poll_stream = new_child.channel.try_clone().map_err(no_channel)?;
        let (reader, writer) = ParentChannel::pair(new_child.channel, &guard).map_err(no_channel)?;
        // And the messages that are sent once.
        let mut reader = FrameReader::new(reader, self.most_bytes().saturating_add(1 << 20));
        let [to_child, to_parent] = windows.map_or([None, None], |windows| windows.map(Some));
        let mut writer = FrameWriter::new(writer, MOST).with_window(to_child.clone());
        let refused =
            |reason: &str| Error::build(format!("the process of the guest cannot be hardened: {reason}"));
        let failed = || {
            let (error, cpu) = Self::death(None, &guard, &process);
            self.charge_lost(clock::now(), cpu, &Served::default());
            error
        };
        // A spare child may have been killed in the meantime, which tells nothing about its program.
        let hello = reader.next().map_err(|_| if fresh { silent(&failed()) } else { failed() })?;
        let hello: Hello = from_json(&hello.body).ok_or_else(failed)?;
        if let Some(reason) = hello.refusal {
            return Err(refused(&reason));
        }
        if hello.version != message::VERSION {
            let reason = "the program of the guest's process is of another version of this crate";
            return Err(Error::build(reason));
        }
        let setup = Setup::new(&self.settings, state.hosts.get().iter().map(|host| host.spec));
        let sent = writer.send(kind::SETUP, 0, |body| to_json::<FrameError>(&setup, body));
        sent.map_err(|_| failed())?;
        let ready = reader.next().map_err(|_| failed())?;
        let mut report = match ready.kind {
            kind::READY => from_json::<Ready>(&ready.body).ok_or_else(failed)?.report,
            kind::FAILURE => {
                let failure: Failure = from_json(&ready.body).ok_or_else(failed)?;
                return Err(self
                    .error(state, About { builds: true, ..About::default() }, failure)
                    .unwrap_or_else(failed));
            }
            _ => return Err(failed()),
        };
        if cfg!(target_os = "linux") && guard.resident() == 0 {
            if process.ended().is_some() {
                return Err(failed());
            }
            let reason = "the memory of the process of a guest cannot be watched: `/proc` does not show it";
            return Err(Error::build(reason));
        }
        let growth = match guard.stop_growth(process.pid()) {
            Ok(bytes) => Layer::Active { detail: format!("{} MiB that may be written", bytes >> 20) },
            Err(error) if state.seed.order.hardening == Hardening::Required => {
                let missing =
                    HardeningError::Missing { measure: Measure::MemoryLimit, reason: error.to_string() };
                return Err(refused(&missing.to_string()));
            }
            Err(error) => Layer::Unavailable { reason: error.to_string() },
        };
        report.set(Measure::MemoryLimit, growth);
        guard.until(Deadline::NEVER);
        idle_supervisor::look_after(&guard, &process);
        let (reader, writer) = (Mutex::new(reader), Mutex::new(writer));
        guard.paid(Nanos::of(guard.cpu()));
        let live = LiveChild { reader, writer, to_child, to_parent, guard, process, report, poll_stream };
        self.set_live(Some(live));
        state.discarded.take();
        Ok(())
    }
}
