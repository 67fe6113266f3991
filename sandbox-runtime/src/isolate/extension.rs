//! Contracts in a `JsRuntime` of the application: the state that ops expect of an isolate, and the ES module of a contract.
//!
//! An op finds its hosts, budgets and realm in an [`Isolate`]. The runtime of the application gets an `Isolate` that owns no
//! engine's isolate: it has no watchdog, no heap guard and no calls of a guest. So the code of ops, of values and of errors is
//! the code that sandboxes run. Limits of one crossing hold. Limits of a call do not, because the runtime is the application's.
//!
//! # Rules
//!
//! - The module of the first contract attaches the `Isolate`, with the hosts of all extensions. No code of the application has
//!   run then, so the captured functions are the engine's own.
//! - V8's isolate owns the `Isolate`, in a slot that is dropped after the last script. The `OpState` of the runtime owns the
//!   handles of the realm, because `JsRuntime` clears it while the engine is there.
//! - There are no fast calls. A fast op finds its isolate through the guards of `entry`, which the application's runtime does
//!   not take.
//! - The futures of `async` methods are polled by an `async` op, so `run_event_loop` waits for them. Another op settles the
//!   promise afterwards, with the code that settles promises of a sandbox.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use deno_core::{Extension, ExtensionFileSource, JsRuntime, ModuleSpecifier, OpDecl, OpState, op2, v8};
use sandbox_core::contract::ContractSpec;

use super::limits::call::Turn;
use super::shim;
use super::state::host::Host;
use super::state::op::HostOp;
use super::state::pending::EventLoop;
use super::state::realm::Realm;
use super::state::runtime::decl::{decl, op_name};
use super::state::{Isolate, SLOT};
use crate::error::Place;
use crate::isolate::engine::text::js_string;
use crate::limits::Limits;
use crate::options::Settings;
use crate::panic::drop_of_host;
use crate::stack::StackEnd;
use crate::time::{Deadline, Nanos, Timestamp};

/// The stack below the place where a runtime is made, in bytes, that conversions may use. V8 gives its own isolates 984 KiB, and
/// aborts when the engine is called much below that. The difference is for the frames between V8's start and the attachment.
const STACK: usize = 640 << 10;

/// The contracts of a runtime that is not attached yet.
struct Contracts {
    hosts: Vec<Host>,
    limits: Limits,
}

/// The state of a runtime, as V8's isolate owns it.
struct Attached(Option<Rc<Isolate>>);

impl Drop for Attached {
    fn drop(&mut self) {
        drop_of_host(self.0.take());
    }
}

/// The state of a runtime, as its `OpState` owns it.
struct InOpState(Rc<Isolate>);

impl Drop for InOpState {
    fn drop(&mut self) {
        // The engine is there for the last time.
        let pending = self.0.event_loop.as_deref().map(EventLoop::take);
        drop_of_host((pending, self.0.forget_errors(), self.0.current.take()));
    }
}

/// The extension with the ops and the module of a contract.
pub(crate) fn extension(host: Host, limits: Limits, is_global: bool) -> Result<Extension, String> {
    limits.check()?;
    let (spec, ops) = (&*host.spec, &*host.ops);
    if let Some(method) = spec.methods.iter().find(|method| method.max_calls.is_some()) {
        return Err(format!(
            "`{}.{}` has `max_calls`, which counts the calls within one call of a guest. A `JsRuntime` has no calls of guests: \
             remove `max_calls` from the method, or bound the calls in the host",
            spec.name, method.name
        ));
    }
    if let Some(method) = spec.methods.iter().find(|method| method.is_scoped) {
        return Err(format!(
            "`{}.{}` is `scoped`, and its handles end with the call of a guest. A `JsRuntime` has no calls of guests: remove \
             `scoped`, or use the contract in a sandbox",
            spec.name, method.name
        ));
    }
    if let Some(method) = spec.methods.iter().find(|method| method.is_cancellable) {
        return Err(format!(
            "`{}.{}` takes a `Cancellation`, and the `AbortSignal` of a `JsRuntime` is the application's own: remove the parameter, or \
             use the contract in a sandbox",
            spec.name, method.name
        ));
    }
    let specifier = specifier(spec)?;
    let source = module(spec, ops, is_global);
    let decls = ops.iter().filter_map(decl).chain(Helper::ALL.map(|helper| helper.decl(spec)));
    Ok(Extension {
        name: specifier,
        ops: decls.collect::<Vec<_>>().into(),
        esm_files: vec![ExtensionFileSource::new_computed(specifier, Arc::from(source))].into(),
        esm_entry_point: Some(specifier),
        op_state_fn: Some(Box::new(move |state| add(state, host, &limits))),
        ..Extension::default()
    })
}

/// Adds the contract of an extension. A runtime keeps the smaller of the limits of its extensions.
fn add(state: &mut OpState, host: Host, limits: &Limits) {
    if !state.has::<Contracts>() {
        state.put(Contracts { hosts: Vec::new(), limits: *limits });
    }
    let contracts = state.borrow_mut::<Contracts>();
    let own = &mut contracts.limits;
    own.value_nodes = own.value_nodes.min(limits.value_nodes);
    own.value_bytes = own.value_bytes.min(limits.value_bytes);
    own.value_text = own.value_text.min(limits.value_text);
    own.value_items = own.value_items.min(limits.value_items);
    own.value_depth = own.value_depth.min(limits.value_depth);
    contracts.hosts.push(host);
}

/// The specifier of a contract's module, in the form that a URL has. Leaked once for each contract of the program, because
/// deno_core wants a text that is `'static`.
fn specifier(spec: &ContractSpec) -> Result<&'static str, String> {
    static KNOWN: Mutex<BTreeMap<String, &str>> = Mutex::new(BTreeMap::new());
    let url = ModuleSpecifier::parse(&shim::script_name(spec)).map_err(|error| error.to_string())?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(known.entry(spec.name.to_string()).or_insert_with(|| Box::leak(String::from(url).into_boxed_str())))
}

/// The ops of a contract that are no methods of it.
#[derive(Clone, Copy)]
enum Helper {
    Attach,
    Wait,
    Settle,
}

impl Helper {
    const ALL: [Self; 3] = [Self::Attach, Self::Wait, Self::Settle];

    /// The names of ops are distinct in a runtime, so each contract has these ops under names of its own. No method has a name
    /// with parentheses.
    fn place(self, spec: &ContractSpec) -> Place {
        let name = match self {
            Self::Attach => "(attach)",
            Self::Wait => "(wait)",
            Self::Settle => "(settle)",
        };
        Place::named(&spec.name, &name.into())
    }

    fn decl(self, spec: &ContractSpec) -> OpDecl {
        let mut decl = match self {
            Self::Attach => op_attach(),
            Self::Wait => op_wait(),
            Self::Settle => op_settle(),
        };
        (decl.name, decl.name_fast) = op_name(&self.place(spec));
        decl
    }
}

/// The source of a contract's module. The API is made by the shim that a sandbox has.
fn module(spec: &ContractSpec, ops: &[HostOp], is_global: bool) -> String {
    let slow = ops.iter().map(HostOp::without_fast).collect::<Vec<_>>();
    let op = |place| op_name(&place).0;
    let [attach, wait, settle] = Helper::ALL.map(|helper| op(helper.place(spec)));
    let mut out = format!(
        "const {{ ops }} = Deno.core;\nops.{attach}();\nconst wait = ops.{wait}, settle = ops.{settle};\n\
         const drive = async () => {{ await wait(); settle(); }};\n\
         const pending = (promise) => {{ drive(); return promise; }};\n"
    );
    let mut checked = String::new();
    for (index, method) in spec.methods.iter().enumerate() {
        _ = writeln!(out, "const op{index} = ops.{};", op(Place::named(&spec.name, &method.name)));
        _ = match method.is_async {
            true => {
                let arguments = (0..method.params.len()).map(|at| format!("a{at}"));
                let arguments = arguments.collect::<Vec<_>>().join(", ");
                write!(checked, "({arguments}) => pending(op{index}({arguments})), ")
            }
            false => write!(checked, "op{index}, "),
        };
    }
    _ = writeln!(
        out,
        "const api = (function ({}) {{\n{}}})([], [{checked}], Object.freeze);",
        shim::PARAMETERS.join(", "),
        shim::source(spec, &slow)
    );
    if is_global {
        _ = writeln!(out, "Object.defineProperty(globalThis, \"{}\", {{ value: api }});", spec.name);
    }
    out.push_str("export default api;\n");
    // The names of methods may be those of the constants above.
    for (index, method) in spec.methods.iter().enumerate() {
        _ = writeln!(out, "const m{index} = api.{0};\nexport {{ m{index} as {0} }};", method.name);
    }
    out
}

/// Attaches the contracts of all extensions to the runtime, unless another module has.
#[op2(nofast)]
fn op_attach(scope: &mut v8::PinScope<'_, '_>) {
    if let Err(reason) = attach(scope) {
        let text = js_string(scope, &reason, v8::NewStringType::Normal);
        let text = text.unwrap_or_else(|_| v8::String::empty(scope));
        scope.throw_exception(v8::Exception::error(scope, text));
    }
}

fn attach(scope: &mut v8::PinScope<'_, '_>) -> Result<(), String> {
    if scope.get_slot::<Attached>().is_some() {
        return Ok(());
    }
    if !scope.get_data(SLOT).is_null() {
        return Err(format!(
            "data slot {SLOT} of the isolate is in use, and the contracts' extensions need it: use another slot in the application"
        ));
    }
    let state = JsRuntime::op_state_from(scope);
    let contracts = state.borrow_mut().try_take::<Contracts>();
    let Contracts { hosts, limits } = contracts.ok_or("the runtime's `OpState` has lost its contracts")?;
    let settings = Settings { limits: Limits { host_calls: u64::MAX, ..limits }, ..Settings::default() };
    let room = stacker::remaining_stack().map_or(STACK, |left| left.min(STACK));
    let mut isolate = Isolate::without_engine(settings, hosts, StackEnd::below_here(room));
    isolate.event_loop = Some(Rc::default());
    // All code of the runtime is one call, which never ends.
    let turn = Turn::of_call(Timestamp::START, Nanos::MAX, Deadline::NEVER);
    isolate.call.begin(&turn, isolate.settings.limits.host_calls).forever();
    let isolate = Rc::new(isolate);
    let realm = Realm::of(scope, scope.get_current_context(), &isolate, 0)?;
    *isolate.current.borrow_mut() = Some(Rc::new(realm));
    scope.set_data(SLOT, Rc::as_ptr(&isolate).cast_mut().cast::<c_void>());
    scope.set_slot(Attached(Some(isolate.clone())));
    state.borrow_mut().put(InOpState(isolate));
    Ok(())
}

/// Polls the `async` method that was called last.
#[op2]
async fn op_wait(state: Rc<RefCell<OpState>>) {
    let event_loop = state.borrow().try_borrow::<InOpState>().and_then(|state| state.0.event_loop.clone());
    if let Some(event_loop) = event_loop {
        event_loop.wait().await;
    }
}

/// Settles the promise of an `async` method that has answered.
#[op2(nofast, reentrant)]
fn op_settle(scope: &mut v8::PinScope<'_, '_>) {
    let isolate = scope.get_slot::<Attached>().and_then(|attached| attached.0.clone());
    let Some(isolate) = isolate else { return };
    if let Some(answer) = isolate.event_loop.as_deref().and_then(EventLoop::answered) {
        // Fails only while the application ends the script that runs.
        _ = answer.tell(&isolate, scope);
    }
}
