//! What no guest may ever see: the canary file, and the texts of the host's errors.

use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Once, OnceLock};

use sandbox_runtime::testing::canary;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The text of the host's errors, which goes to the log only.
pub(crate) const HOST_TEXT: &str = "host-secret-4711";

static LOGGED: AtomicBool = AtomicBool::new(false);

/// What the canary file holds: another text in each run.
pub(crate) fn of_file() -> &'static str {
    static SECRET: OnceLock<String> = OnceLock::new();
    SECRET.get_or_init(|| format!("canary-{:016x}", RandomState::new().hash_one("canary")))
}

/// Writes the canary file, listens to the log, and keeps the panics of the host method that panics to itself.
pub(crate) fn prepare() {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| {
        let name = format!("canary-{}.txt", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, of_file()).expect("the canary file can be written");
        canary::set_file(path);
        tracing::subscriber::set_global_default(Listener).expect("nobody else listens");
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload_as_str() != Some(HOST_TEXT) {
                hook(panic);
            }
        }));
    });
}

/// Whether the log has the text of the canary file.
#[cfg(not(sandbox_leaky))]
pub(crate) fn were_logged() -> bool {
    LOGGED.load(Ordering::SeqCst)
}

/// Reads every event.
struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Reader);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Looks for the secret in each field.
struct Reader;

impl Visit for Reader {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        if format!("{value:?}").contains(of_file()) {
            LOGGED.store(true, Ordering::SeqCst);
        }
    }
}
