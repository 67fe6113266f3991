//! What an isolate consists of, as types that know nothing of their users.

pub(crate) mod future_set;
pub(crate) mod host;
pub(crate) mod method_info;
pub(crate) mod returned;
pub(crate) mod runtime;
