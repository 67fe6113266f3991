//! The peer of a session, as long as it exists.

use std::sync::{Arc, Mutex, PoisonError};

use super::super::call_head::SharedClock;
use super::super::link::{Keeper, Link};
use crate::wire::Window;
use crate::wire::frame::FrameBuilder;

/// A peer that has a sandbox.
pub(super) struct LivePeer {
    pub(super) link: Arc<dyn Link>,
    /// The shared memory for long values.
    pub(super) to_peer: Option<Arc<dyn Window>>,
    pub(super) to_host: Option<Arc<dyn Window>>,
    /// The clock that both sides have.
    pub(super) clock: Option<SharedClock>,
    /// Makes frames; `None` while one is being made.
    pub(super) builder: Mutex<Option<FrameBuilder>>,
}

impl LivePeer {
    pub(super) fn guard(&self) -> &dyn Keeper {
        self.link.keeper()
    }

    /// Whether a frame is being written. Under the session's lock, code of the host that writes its values asks.
    pub(super) fn is_writing(&self) -> bool {
        self.builder.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Makes a frame with the peer's builder, whose memory and window are used again.
    pub(super) fn with_builder<R>(&self, make: impl FnOnce(&mut FrameBuilder) -> R) -> R {
        /// Gives the builder back, also after a panic.
        struct Lent<'l>(&'l Mutex<Option<FrameBuilder>>, Option<FrameBuilder>);
        impl Drop for Lent<'_> {
            fn drop(&mut self) {
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = self.1.take();
            }
        }
        let own = self.builder.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut lent = Lent(&self.builder, own);
        // A second frame at the same time must not use the shared memory.
        make(lent.1.get_or_insert_with(|| FrameBuilder::new(self.link.longest(), None)))
    }
}
