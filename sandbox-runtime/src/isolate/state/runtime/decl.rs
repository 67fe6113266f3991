//! Host methods as ops of deno_core, for the realm of a `JsRuntime`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use deno_core::{AccessorType, FastStaticString, OpDecl, OpMetadata};

use crate::error::Place;
use crate::isolate::state::op::HostOp;

/// The op as deno_core knows it. There is no fast function, because no shim reads its result. A method that is known as data
/// alone has no such op, because the names of ops are leaked.
pub(crate) fn decl(op: &HostOp) -> Option<OpDecl> {
    let (method, slow_impl) = op.declared?;
    Some(OpDecl::new_internal_op2(
        op_name(method.place()),
        false,
        true,
        false,
        u8::try_from(method.spec.params.len()).unwrap_or(u8::MAX),
        false,
        false,
        op.slow,
        slow_impl,
        AccessorType::None,
        None,
        None,
        OpMetadata::default(),
    ))
}

/// The prefix of the names of host methods.
pub(crate) const OP_PREFIX: &str = "op_sandbox_";

/// A name in deno_core's two forms: as text, and as a string of V8.
pub(crate) type OpName = (&'static str, FastStaticString);

/// A name for deno_core, which wants each op's name to be distinct, ASCII and `'static`. The names are leaked
/// once for each method of the program, and not for each sandbox, so they are few.
pub(crate) fn op_name(place: &Place) -> OpName {
    static NAMES: Mutex<BTreeMap<[String; 2], OpName>> = Mutex::new(BTreeMap::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let next = names.len();
    *names.entry([&place.contract, &place.method].map(|name| name.to_string())).or_insert_with(|| {
        let ascii = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let name = format!("{OP_PREFIX}{next}_{}_{}", ascii(&place.contract), ascii(&place.method));
        let name: &'static str = Box::leak(name.into_boxed_str());
        let constant = FastStaticString::create_external_onebyte_const(name.as_bytes());
        (name, FastStaticString::new(Box::leak(Box::new(constant))))
    })
}
