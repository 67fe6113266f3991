//! The objects of tenants' guests that the host holds: their calls are calls of the tenant, from any thread.
//!
//! `tenant_sandbox` gives each isolate of a thread its [`IsolatePlaces`], and adds each realm with its tenant. Nothing here keeps
//! the pool, the tenant or the isolate. A tenant that moves to another thread gets a new sandbox there, and its objects end.

use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tracing::Span;

use super::Admitted;
use super::state::PoolState;
use super::tenant::TenantState;
use super::tenant_sandbox::TenantSandboxes;
use crate::contract::Packed;
use crate::error::{Error, Place, Result};
use crate::isolate::cancels::Cancels;
use crate::isolate::ticket::Ticket;
use crate::isolate::{Isolate, LinkNumber, Realm};
use crate::observe::trace;
use crate::site::typed::object::{ObjectPlace, ObjectPlaces, ThroughThread, end_released};
use crate::site::typed::remote::{CallTarget, Guard};
use crate::site::typed::worker::{Queues, Turn, WorkerThread, is_done_here, residents_here, thread_is_gone};

/// The places of the realms of one isolate.
pub(super) struct IsolatePlaces {
    thread: Weak<WorkerThread>,
    /// The tenant that had the isolate made.
    first: u64,
    link: LinkNumber,
    cancels: Arc<Cancels>,
    /// By the numbers of the realms.
    realms: Mutex<Vec<(u64, Arc<TenantPlace>)>>,
}

/// The place of a tenant's realm.
struct TenantPlace {
    thread: Weak<WorkerThread>,
    shared: Weak<PoolState>,
    tenant: Weak<TenantState>,
    /// The number of the tenant in the queues.
    id: u64,
    limit: Duration,
    patience: Duration,
    look: Duration,
    cancels: Arc<Cancels>,
    link: LinkNumber,
}

impl IsolatePlaces {
    /// The places of an isolate that this thread of the pool has made for a tenant.
    pub(super) fn of(isolate: &Isolate, shared: &PoolState, tenant: &TenantState) -> Arc<Self> {
        let link = isolate.link();
        let places = Arc::new(Self {
            thread: shared.thread_here(),
            first: tenant.id,
            link: link.number(),
            cancels: isolate.cancels.clone(),
            realms: Mutex::default(),
        });
        link.set_way(Arc::new(ThroughThread(places.clone())));
        places
    }

    /// Adds the realm of a tenant, in the place of one that the tenant had before.
    pub(super) fn add(&self, realm: &Rc<Realm>, shared: &Arc<PoolState>, tenant: &Arc<TenantState>) {
        let place = Arc::new(TenantPlace {
            thread: self.thread.clone(),
            shared: Arc::downgrade(shared),
            tenant: Arc::downgrade(tenant),
            id: tenant.id,
            limit: shared.settings.limits.wall,
            patience: shared.patience,
            look: shared.look(),
            cancels: self.cancels.clone(),
            link: self.link,
        });
        let mut realms = self.realms.lock().unwrap_or_else(PoisonError::into_inner);
        realms.retain(|(_, known)| known.id != tenant.id && known.tenant.strong_count() > 0);
        realms.push((realm.number(), place));
    }
}

impl ObjectPlaces for IsolatePlaces {
    fn of(&self, realm: u64) -> Option<Arc<dyn ObjectPlace>> {
        let realms = self.realms.lock().unwrap_or_else(PoisonError::into_inner);
        realms.iter().find(|(number, _)| *number == realm).map(|(_, place)| place.clone() as _)
    }

    fn wake(&self) {
        if let Some(thread) = self.thread.upgrade() {
            end_released(&thread, self.first, self.link);
        }
    }
}

impl TenantPlace {
    fn too_late(&self) -> Error {
        let (shared, tenant) = (self.shared.upgrade(), self.tenant.upgrade());
        shared.zip(tenant).map_or_else(thread_is_gone, |(shared, tenant)| shared.too_late(&tenant))
    }
}

impl CallTarget for TenantPlace {
    /// A call from the tenant's own thread is inside of another call, which has its place in a queue.
    fn admit(&self) -> Result<(Arc<WorkerThread>, Option<Guard>)> {
        let thread = self.thread.upgrade().ok_or_else(thread_is_gone)?;
        if thread.is_here() {
            return Ok((thread, None));
        }
        let (shared, tenant) = self.shared.upgrade().zip(self.tenant.upgrade()).ok_or_else(thread_is_gone)?;
        Ok((thread, Some(Box::new(Admitted::to(&shared, &tenant)?))))
    }

    fn tenant(&self) -> u64 {
        self.id
    }

    fn limit(&self) -> Duration {
        self.limit
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.patience)
    }

    fn look(&self) -> Duration {
        self.look
    }

    fn not_served(&self) -> Error {
        self.too_late()
    }

    fn cancel(&self, ticket: &Ticket) {
        self.cancels.cancel(ticket);
    }
}

impl Queues for TenantPlace {
    fn too_late(&self) -> Error {
        Self::too_late(self)
    }

    /// The object would not be on another thread.
    fn look_again(&self) {}

    fn take_back(&self, chain: u64) -> bool {
        let shared = self.shared.upgrade();
        shared.is_some_and(|shared| shared.mailboxes.iter().any(|mailbox| mailbox.take_back(chain).is_some()))
    }
}

impl ObjectPlace for TenantPlace {
    fn link(&self) -> LinkNumber {
        self.link
    }

    fn cancels(&self) -> &Cancels {
        &self.cancels
    }

    fn turn(&self) -> Option<Turn<'_>> {
        let until = Instant::now().checked_add(self.patience);
        Some(Turn { until, look: self.look, queues: self })
    }

    fn has_queue(&self) -> bool {
        true
    }

    fn span(&self, place: &Place) -> Span {
        self.tenant.upgrade().map_or_else(Span::none, |tenant| trace::span(&tenant.key, Some(place)))
    }

    fn is_over(&self, span: &Span, outcome: &Result<Packed>) {
        if let Some((shared, tenant)) = self.shared.upgrade().zip(self.tenant.upgrade()) {
            residents_here(|residents: &TenantSandboxes| {
                let sandbox = residents.get(self.id).filter(|sandbox| sandbox.backend.is_at(self.link));
                let ran = sandbox.as_ref().map_or(Duration::ZERO, |sandbox| sandbox.ran());
                shared.is_over(span, &tenant, sandbox.as_deref(), outcome, ran);
            });
        }
        is_done_here();
    }
}
