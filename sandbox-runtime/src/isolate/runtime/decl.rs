//! Host methods as ops of deno_core.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use deno_core::{AccessorType, FastStaticString, OpDecl, OpMetadata};

use super::super::ops::HostOp;
use crate::error::Place;

/// The op as deno_core knows it. There is no fast function: its result would be left where no shim reads it.
pub(super) fn decl(op: &HostOp) -> OpDecl {
    let (method, slow_impl) = op.declared;
    OpDecl::new_internal_op2(
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
    )
}

/// What the names of host methods begin with.
pub(super) const OP_PREFIX: &str = "op_sandbox_";

/// A name as deno_core has it: as text, and as a string of V8.
type OpName = (&'static str, FastStaticString);

/// A name for deno_core, which wants every op's to be one of its own, ASCII, and there for ever. Names are kept
/// for the methods of the program, not for its sandboxes, so they are few.
fn op_name(place: Place) -> OpName {
    static NAMES: Mutex<BTreeMap<(&str, &str), OpName>> = Mutex::new(BTreeMap::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let next = names.len();
    *names.entry((place.contract, place.method)).or_insert_with(|| {
        let ascii = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let name = format!("{OP_PREFIX}{next}_{}_{}", ascii(place.contract), ascii(place.method));
        let name: &'static str = Box::leak(name.into_boxed_str());
        let constant = FastStaticString::create_external_onebyte_const(name.as_bytes());
        (name, FastStaticString::new(Box::leak(Box::new(constant))))
    })
}
