//! The start of a peer: its link, the sandbox in it, and the limits from then on.

use std::sync::Mutex;

use super::super::link::{Link, Sending};
use super::super::message::{self, ContractData, Failure, Hello, Ready, Setup, from_json, kind, to_json};
use super::counts::Served;
use super::state::SessionState;
use super::{About, LivePeer, Session};
use crate::error::{Error, Result};
use crate::isolate::clock;
use crate::isolate::host_dispatch::PlainHost;
use crate::time::Deadline;
use crate::wire::frame::{FrameBuilder, FrameError};

/// The greatest length of the messages that are sent once, in bytes.
const ONCE: usize = 1 << 20;

impl Session {
    /// Makes a peer create the sandbox.
    pub(super) fn begin(&self, state: &SessionState) -> Result<()> {
        // A peer that was started in advance may have ended in the meantime.
        let begun = self.try_begin(state, false).or_else(|error| match error {
            Error::Process { .. } => self.try_begin(state, true),
            error => Err(error),
        });
        match &begun {
            Ok(()) => self.observed.iter().for_each(|teller| teller.sandbox_begins()),
            Err(error) => *state.discarded.borrow_mut() = Some(error.clone()),
        }
        begun
    }

    fn try_begin(&self, state: &SessionState, fresh: bool) -> Result<()> {
        let link = self.connect.connect(fresh, self.most_bytes().saturating_add(ONCE))?;
        Self::check_callbacks(state, &*link)?;
        let failed = || {
            let (death, cpu) = link.death();
            self.charge_lost(clock::now(), cpu, &Served::default());
            Error::process(death, None)
        };
        let hello = link.frames().next().map_err(|_| link.silent(failed()))?;
        let hello: Hello = from_json(&hello.body).ok_or_else(failed)?;
        if let Some(reason) = hello.refusal {
            return Err(link.refused(&reason));
        }
        if hello.version != message::VERSION {
            let reason = "the program of the guest's process is of another version of this crate";
            return Err(Error::build(reason));
        }
        // Both sides must have the windows.
        let windows = link.windows().filter(|_| hello.windows);
        let [to_peer, to_host] =
            windows.map_or([None, None], |both| [Some(both.to_peer), Some(both.to_host)]);
        let mut builder = FrameBuilder::new(link.longest(), to_peer.clone());
        let shared = link.clock();
        let hosts =
            state.hosts.get().iter().map(|host| ContractData::of(&host.spec, |index| host.gives(index)));
        let setup = Setup::new(&self.settings, shared.is_some(), hosts);
        let frame = builder.make(kind::SETUP, 0, |body| to_json::<FrameError>(&setup, body));
        frame.and_then(|frame| link.frames().send(frame, Sending::Wait)).map_err(|_| failed())?;
        let ready = link.frames().next().map_err(|_| failed())?;
        let report = match ready.kind {
            kind::READY => from_json::<Ready>(&ready.body).ok_or_else(failed)?.report,
            kind::FAILURE => {
                let failure: Failure = from_json(&ready.body).ok_or_else(failed)?;
                return Err(self
                    .error(state, &About { builds: true, ..About::default() }, failure)
                    .unwrap_or_else(failed));
            }
            _ => return Err(failed()),
        };
        if !link.begun(report)? {
            return Err(failed());
        }
        link.keeper().until(Deadline::NEVER);
        let builder = Mutex::new(Some(builder));
        self.set_live(Some(LivePeer { link, to_peer, to_host, clock: shared, builder }));
        state.discarded.take();
        Ok(())
    }

    /// Refuses hosts whose methods no guest could wait for.
    fn check_callbacks(state: &SessionState, link: &dyn Link) -> Result<()> {
        if link.can_call_back() {
            return Ok(());
        }
        let blocking = |host: &PlainHost| {
            let index = host.spec.methods.iter().position(|method| !method.is_async)?;
            Some(host.place(index))
        };
        match state.hosts.get().iter().find_map(blocking) {
            None => Ok(()),
            Some(place) => Err(Error::build(format!(
                "`{place}` cannot be hosted for this sandbox: its guests cannot wait for a synchronous method of \
                 the host. Make the method `async`, or use another transport"
            ))),
        }
    }
}
