//! A contract that is bound to functions of a guest: the exports of a script, or the methods of an object.

use std::rc::Rc;
use std::sync::Arc;

use deno_core::v8;

use super::realm::Realm;
use crate::schema::ContractChecks;

/// A contract bound to the functions that implement it, in the order of its methods.
pub(crate) struct Binding {
    pub(in crate::isolate) methods: Vec<Option<BoundMethod>>,
    /// The checks of their arguments and results.
    pub(crate) checks: Arc<ContractChecks>,
    /// The realm in which the functions run.
    pub(crate) realm: Rc<Realm>,
}

pub(crate) struct BoundMethod {
    pub(in crate::isolate) function: v8::Global<v8::Function>,
    pub(in crate::isolate) receiver: Option<v8::Global<v8::Object>>,
}

impl Binding {
    pub(in crate::isolate) fn method(&self, index: usize) -> Option<&BoundMethod> {
        self.methods.get(index)?.as_ref()
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        self.method(index).is_some()
    }

    /// Which methods are implemented.
    pub(crate) fn exported(&self) -> Vec<bool> {
        self.methods.iter().map(Option::is_some).collect()
    }
}
