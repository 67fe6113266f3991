//! Panics of the host's code, which end where the host called it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The text of a panic. The payload's own destructor may panic as well.
#[cold]
pub fn text_of(panic: Box<dyn Any + Send>) -> String {
    let text = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (None, Some(text)) => text.clone(),
        (None, None) => "a panic without a text".to_owned(),
    };
    drop_of_host(panic);
    text
}

/// Drops what belongs to the host. A panic of the destructor ends here.
pub fn drop_of_host<T>(value: T) {
    of_host(|| drop(value));
}

/// Drops values of the host, each on its own: two panics at once would end the process.
pub fn drop_each<T>(values: Vec<T>) {
    values.into_iter().for_each(drop_of_host);
}

/// Runs code of the host; `None` when it panics.
pub fn unless_it_panics<R>(code: impl FnOnce() -> R) -> Option<R> {
    // The payload's own destructor may panic as well.
    catch_unwind(AssertUnwindSafe(code)).map_err(drop_of_host).ok()
}

/// Runs code of the host that returns nothing, such as a destructor or a waker. A panic ends here.
pub fn of_host(code: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(code)) {
        tracing::error!("a destructor or a waker of the host panicked");
        // The payload's own destructor may panic as well, so the payload is leaked.
        std::mem::forget(panic);
    }
}
