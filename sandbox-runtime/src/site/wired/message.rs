//! The messages between host and peer, without the values.
//!
//! The messages of a call are binary; see `docs/process.md`. Messages that are sent once are JSON. The host does not trust
//! a message of the peer: its length is bounded, and every name in it is looked up.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use sandbox_core::spec::{GivenKinds, HandleForm};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::call_head::LimitData;
use super::hardening::HardeningReport;
use crate::contract::{ContractSpec, MethodSpec};
use crate::limits::Limits;
use crate::options::{Clock, Console, Intrinsics, Random, Settings, VirtualClock, Web};
use crate::script::{ContentHash, ErrorClasses, Global, Globals, Script, ScriptFormat, ScriptModule};
use crate::wire::Out;
use crate::wire::fault::{RemoteFault, RemoteFrame};

/// The version of the protocol. Host and peer are of one build, or the sandbox is refused.
pub(crate) const VERSION: u32 = 18;

/// Appends a message. A message has names and numbers only, so serialization does not fail.
pub(crate) fn to_json<E>(message: &impl Serialize, out: &mut Out) -> Result<(), E> {
    _ = serde_json::to_writer(&mut **out, message);
    Ok(())
}

/// Parses a message.
pub(crate) fn from_json<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

/// Makes the constants of the kinds, and the list of all of them.
macro_rules! kinds {
    ($($(#[$doc:meta])* pub(crate) const $NAME:ident: u8 = $kind:literal;)*) => {
        $($(#[$doc])* pub(crate) const $NAME: u8 = $kind;)*

        /// Each kind with its name, for tests.
        #[cfg(feature = "testing")]
        pub(crate) const ALL: &[(&str, u8)] = &[$((stringify!($NAME), $kind)),*];
    };
}

/// The kinds of frames. The peer's kinds have the highest bit.
pub(crate) mod kind {
    kinds! {
    /// Host → peer: [`Setup`](super::Setup) as JSON; once, before anything else.
    pub(crate) const SETUP: u8 = 1;
    /// A script to evaluate: [`Evaluate`](super::Evaluate) as JSON.
    pub(crate) const EVALUATE: u8 = 2;
    /// A contract to bind to what a script exports: [`BindRequest`](super::BindRequest) as JSON.
    pub(crate) const BIND: u8 = 3;
    /// A call: [`CallHead`](super::super::call_head::CallHead), and an Array of the arguments.
    pub(crate) const CALL: u8 = 4;
    /// The result of a host method: the time, and the value.
    pub(crate) const HOST_VALUE: u8 = 5;
    /// The refusal of a host method: [`HostRefusal`](super::HostRefusal) as JSON.
    pub(crate) const HOST_REFUSAL: u8 = 6;
    /// Handles that were dropped: [`Forget`](super::Forget) as JSON. There is no answer.
    pub(crate) const FORGET: u8 = 7;

    /// A further realm to make: [`LimitData`](super::LimitData) as JSON.
    pub(crate) const REALM: u8 = 8;
    /// The cancellation of an `async` call: a byte, which is 1 if its caller asks for it. The answer is the answer to the
    /// call.
    pub(crate) const CANCEL: u8 = 9;

    /// A contract whose handles come next: [`HandleContractData`](super::HandleContractData) as JSON. There is no answer.
    pub(crate) const CONTRACT: u8 = 10;

    /// A contract to bind to an object of a guest: [`BindObject`](super::BindObject) as JSON.
    pub(crate) const OBJECT: u8 = 11;
    /// Crossings of objects of guests that are over: the number of each. There is no answer.
    pub(crate) const DROP: u8 = 12;

    /// Peer → host: [`Hello`](super::Hello) as JSON; once, before anything else.
    pub(crate) const HELLO: u8 = 0x81;
    /// The answer to the setup: [`Ready`](super::Ready) as JSON.
    pub(crate) const READY: u8 = 0x87;
    /// The answer to all but a call: [`Done`](super::Done) as JSON.
    pub(crate) const DONE: u8 = 0x82;
    /// The result of a call: the bill, and the value.
    pub(crate) const VALUE: u8 = 0x83;
    /// The failure of a request: [`Failure`](super::Failure) as JSON.
    pub(crate) const FAILURE: u8 = 0x84;
    /// A call of a host method: the numbers of its contract and of itself, the number of the guest's call, and an Array of
    /// the arguments.
    pub(crate) const HOST_CALL: u8 = 0x85;
    /// A call of a method of a handle: as for a host method, with the number of the handle before the arguments.
    pub(crate) const HANDLE_CALL: u8 = 0x89;
    /// Handles that are over: the number of each, and how often the peer received the number. There is no answer.
    pub(crate) const RELEASE: u8 = 0x88;
    /// A line of the console: [`ConsoleLineData`](super::ConsoleLineData) as JSON. There is no answer.
    pub(crate) const CONSOLE: u8 = 0x86;
    /// The end of a host call of an `async` method by the guest's signal: the number of the guest's call. The guest has its answer,
    /// and the host's is dropped.
    pub(crate) const HOST_ABORT: u8 = 0x8a;
    }

    /// Added to the kind of a request by a host method for which a guest waits. Such a request is served at once. Others are
    /// served after the guest's turn.
    pub(crate) const INSIDE: u8 = 0x40;
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) version: u32,
    /// Whether the peer has the shared memory of both directions. Otherwise long values go into frames.
    /// Versions before 6 say nothing of them, and are refused for their version.
    #[serde(default)]
    pub(crate) windows: bool,
    /// Why the peer does not run guests.
    pub(crate) refusal: Option<String>,
}

/// The sandbox exists, and no code of a guest has run.
#[derive(Serialize, Deserialize)]
pub(crate) struct Ready {
    /// The hardening of the peer's process; `None` when the peer has no process of its own.
    pub(crate) report: Option<HardeningReport>,
}

/// The sandbox that the peer is to make.
#[derive(Serialize, Deserialize)]
pub(crate) struct Setup {
    limits: WireLimits,
    pub(crate) console: ConsoleMode,
    /// Whether the host sends the time.
    clock: bool,
    coarse: bool,
    seed: Option<u64>,
    frozen: bool,
    eval: bool,
    wasm: bool,
    /// The groups of [`Web`].
    web: u32,
    exact_cpu: bool,
    /// Whether deadlines are points on the clock that both sides have. Otherwise they are the time that is left.
    pub(crate) shared_clock: bool,
    pub(crate) hosts: Vec<ContractData>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    globals: Vec<GlobalData>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    error_classes: Vec<String>,
}

/// A free global of scripts: its name, and its encoded value in Base64.
#[derive(Serialize, Deserialize)]
struct GlobalData {
    name: String,
    value: String,
}

impl GlobalData {
    fn all(globals: &Globals) -> Vec<Self> {
        let data =
            |global: &Global| Self { name: global.name().to_owned(), value: BASE64.encode(global.value()) };
        globals.all().iter().map(data).collect()
    }

    /// The globals; `None` for a value that is not in Base64.
    fn globals(all: &[Self]) -> Option<Globals> {
        let global = |Self { name, value }: &Self| Some(Global::new(name, &BASE64.decode(value).ok()?));
        all.iter().map(global).collect()
    }
}

/// The console of the peer's sandbox.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ConsoleMode {
    /// There is none.
    Off,
    /// The peer drops the lines, and counts them.
    Discard,
    /// The peer sends the lines.
    Lines,
}

#[derive(Serialize, Deserialize)]
struct WireLimits {
    wall: Duration,
    cpu: Duration,
    total_cpu: Duration,
    sizes: [u64; 13],
}

impl From<&Limits> for WireLimits {
    fn from(limits: &Limits) -> Self {
        let Limits { wall, cpu, total_cpu, host_calls, .. } = *limits;
        let sizes = [
            limits.heap,
            limits.buffers,
            limits.stack,
            limits.script_bytes,
            limits.pending,
            limits.console_bytes,
            limits.value_nodes,
            limits.value_bytes,
            limits.value_text,
            limits.value_items,
            limits.value_depth,
            limits.handles,
        ];
        let mut all = [host_calls; 13];
        all.iter_mut().skip(1).zip(sizes).for_each(|(to, from)| *to = from as u64);
        Self { wall, cpu, total_cpu, sizes: all }
    }
}

impl From<&WireLimits> for Limits {
    fn from(wire: &WireLimits) -> Self {
        let size = |at: usize| usize::try_from(wire.sizes[at]).unwrap_or(usize::MAX);
        Self {
            wall: wire.wall,
            cpu: wire.cpu,
            total_cpu: wire.total_cpu,
            host_calls: wire.sizes[0],
            heap: size(1),
            buffers: size(2),
            stack: size(3),
            script_bytes: size(4),
            pending: size(5),
            console_bytes: size(6),
            value_nodes: size(7),
            value_bytes: size(8),
            value_text: size(9),
            value_items: size(10),
            value_depth: size(11),
            handles: size(12),
        }
    }
}

impl Setup {
    pub(crate) fn new(
        settings: &Settings,
        shared_clock: bool,
        hosts: impl Iterator<Item = ContractData>,
    ) -> Self {
        Self {
            shared_clock,
            limits: (&settings.limits).into(),
            console: match settings.console {
                Console::Off => ConsoleMode::Off,
                Console::Discard => ConsoleMode::Discard,
                _ => ConsoleMode::Lines,
            },
            clock: matches!(settings.clock, Clock::Frozen(_) | Clock::Virtual(_)),
            coarse: matches!(settings.clock, Clock::Coarse),
            seed: match settings.random {
                Random::Seeded(seed) => Some(seed),
                Random::Real => None,
            },
            frozen: settings.intrinsics == Intrinsics::Frozen,
            eval: settings.eval,
            wasm: settings.wasm,
            web: settings.web.bits(),
            exact_cpu: settings.exact_cpu,
            hosts: hosts.collect(),
            globals: GlobalData::all(&settings.globals),
            error_classes: settings.error_classes.0.iter().map(|name| String::from(&**name)).collect(),
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        (&self.limits).into()
    }

    /// The settings of the peer's sandbox. The caller gives a console that takes lines its destination. `clock` is the sandbox's clock if the host sends the
    /// time.
    /// `None` for globals that no host has encoded.
    pub(crate) fn settings(&self, clock: &VirtualClock) -> Option<Settings> {
        Some(Settings {
            limits: self.limits(),
            console: match self.console {
                ConsoleMode::Off => Console::Off,
                ConsoleMode::Discard | ConsoleMode::Lines => Console::Discard,
            },
            clock: match self.clock {
                true => Clock::Virtual(clock.clone()),
                false if self.coarse => Clock::Coarse,
                false => Clock::Real,
            },
            random: self.seed.map_or(Random::Real, Random::Seeded),
            intrinsics: if self.frozen { Intrinsics::Frozen } else { Intrinsics::Open },
            eval: self.eval,
            wasm: self.wasm,
            web: Web::from_bits(self.web),
            exact_cpu: self.exact_cpu,
            globals: GlobalData::globals(&self.globals)?,
            error_classes: ErrorClasses(self.error_classes.iter().map(|name| name.as_str().into()).collect()),
            ..Settings::default()
        })
    }
}

/// A contract without its types.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ContractData {
    pub(crate) name: String,
    pub(crate) methods: Vec<MethodData>,
    form: HandleForm,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_function: bool,
}

/// A contract of handles, and its number.
#[derive(Serialize, Deserialize)]
pub(crate) struct HandleContractData {
    pub(crate) number: u16,
    pub(crate) contract: ContractData,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct MethodData {
    name: String,
    params: Vec<String>,
    optional: bool,
    is_async: bool,
    is_cancellable: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_scoped: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    calls_back: bool,
    max_calls: Option<u64>,
    /// Which values of a guest may be handles.
    gives: GivenKinds,
}

impl ContractData {
    /// `gives` says which values of a guest may be handles, by the number of the method.
    pub(crate) fn of(spec: &ContractSpec, gives: impl Fn(usize) -> GivenKinds) -> Self {
        let method = |(index, method): (usize, &MethodSpec)| MethodData {
            name: method.name.to_string(),
            params: method.params.iter().map(|param| param.name.to_string()).collect(),
            optional: method.optional,
            is_async: method.is_async,
            is_cancellable: method.is_cancellable,
            is_scoped: method.is_scoped,
            calls_back: method.calls_back,
            max_calls: method.max_calls,
            gives: gives(index),
        };
        let methods = spec.methods.iter().enumerate().map(method).collect();
        Self { name: spec.name.to_string(), methods, form: spec.form, is_function: spec.is_function }
    }

    /// A text that is the same for equal contracts alone.
    pub(crate) fn identity(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The contract as the runtime knows contracts.
    pub(crate) fn into_spec(self) -> ContractSpec {
        let methods = self.methods.into_iter().map(|method| {
            let MethodData {
                name,
                params,
                optional,
                is_async,
                is_cancellable,
                is_scoped,
                calls_back,
                max_calls,
                gives,
            } = method;
            let mut spec = MethodSpec::owned(name, params);
            (spec.optional, spec.is_async, spec.max_calls) = (optional, is_async, max_calls);
            (spec.is_cancellable, spec.is_scoped, spec.gives) = (is_cancellable, is_scoped, gives);
            spec.calls_back = calls_back;
            spec
        });
        let mut spec = ContractSpec::owned(self.name, methods.collect()).form(self.form);
        spec.is_function = self.is_function;
        spec
    }
}

/// The modules of a script.
#[derive(Serialize, Deserialize)]
pub(crate) struct ScriptData<'s> {
    modules: Vec<ModuleData<'s>>,
    /// The index of the module that is evaluated.
    entry: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    globals: Vec<GlobalData>,
    /// The import map of a script whose modules import each other; absent for a script that imports nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    imports: Option<Cow<'s, BTreeMap<String, String>>>,
    /// The hash of the content, by which the peer finds a script that it has had before.
    pub(crate) hash: ContentHash,
}

#[derive(Serialize, Deserialize)]
struct ModuleData<'s> {
    name: Cow<'s, str>,
    source: Cow<'s, str>,
    format: Option<ScriptFormat>,
    source_map: Option<Cow<'s, str>>,
    method: Option<Cow<'s, str>>,
}

impl<'s> ScriptData<'s> {
    pub(crate) fn of(script: &'s Script) -> Self {
        let module = |module: &'s ScriptModule| ModuleData {
            name: module.name().into(),
            source: module.source().into(),
            format: module.format().cloned(),
            source_map: module.source_map().map(Cow::from),
            method: module.method().map(Cow::from),
        };
        let modules = script.members().iter().map(module).collect();
        let imports = script.map().map(|map| Cow::Borrowed(map.imports()));
        let globals = GlobalData::all(script.globals());
        Self { modules, entry: script.entry_index(), globals, imports, hash: script.content_hash() }
    }

    /// `None` when the entry is none of the modules, or a global is not encoded.
    pub(crate) fn script(self) -> Option<Script> {
        let module = |ModuleData { name, source, format, source_map, method }| {
            let source_map = source_map.map(Cow::into_owned);
            ScriptModule::new(name.into_owned(), source.into_owned(), format, source_map)
                .implementing(method.map(Cow::into_owned))
        };
        let imports = self.imports.map(Cow::into_owned);
        let modules = self.modules.into_iter().map(module).collect();
        let script = Script::of_modules(modules, self.entry, imports)?;
        Some(script.with_globals(GlobalData::globals(&self.globals)?))
    }
}

/// A script to evaluate.
#[derive(Serialize, Deserialize)]
pub(crate) struct Evaluate<'s> {
    /// The handle of a realm; `None` for the one that the sandbox begins with.
    pub(crate) realm: Option<u64>,
    pub(crate) script: ScriptData<'s>,
    /// Whether its top level may wait.
    pub(crate) waits: bool,
    pub(crate) limit: LimitData,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct BindRequest {
    pub(crate) exports: u64,
    pub(crate) contract: ContractData,
}

/// A contract to bind to an object of a guest.
#[derive(Serialize, Deserialize)]
pub(crate) struct BindObject {
    /// The number of the object.
    pub(crate) object: u64,
    pub(crate) contract: ContractData,
    pub(crate) limit: LimitData,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Forget {
    pub(crate) realms: Vec<u64>,
    pub(crate) exports: Vec<u64>,
    pub(crate) bindings: Vec<u64>,
}

/// The answer to all but a call.
#[derive(Serialize, Deserialize)]
pub(crate) struct Done {
    /// The handle of the realm, the script or the contract.
    pub(crate) handle: u64,
    /// Which methods of a contract the script has.
    pub(crate) exported: Vec<bool>,
    pub(crate) bill: WireBill,
}

/// A line of the console.
#[derive(Serialize, Deserialize)]
pub(crate) struct ConsoleLineData {
    pub(crate) level: u8,
    pub(crate) text: String,
    pub(crate) place: Option<RemoteFrame>,
}

/// The numbers of a bill, in the order of its fields; times are nanoseconds.
pub(crate) type WireBill = [u64; 12];

/// A bill in front of a value, in 96 bytes.
pub(crate) fn write_bill(bill: &WireBill, out: &mut Out) {
    bill.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
}

pub(crate) fn read_bill(bytes: &[u8]) -> Option<(WireBill, &[u8])> {
    let (head, rest) = bytes.split_at_checked(96)?;
    let mut bill = WireBill::default();
    for (number, bytes) in bill.iter_mut().zip(head.chunks_exact(8)) {
        *number = u64::from_le_bytes(bytes.try_into().ok()?);
    }
    Some((bill, rest))
}

/// The view that the guest gets of a failed host method.
#[derive(Serialize, Deserialize)]
pub(crate) struct HostRefusal {
    pub(crate) class: String,
    pub(crate) message: String,
    /// Names, and encoded values in Base64.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) source: Option<u64>,
    pub(crate) now: i64,
    /// The result has more handles than may be live, so the guest is ended.
    #[serde(default)]
    pub(crate) ends: bool,
}

impl HostRefusal {
    /// An Error without properties, which stands for no error of the host.
    pub(crate) fn new(class: impl Into<String>, message: impl Into<String>, now: i64) -> Self {
        let (class, message) = (class.into(), message.into());
        Self { class, message, fields: Vec::new(), source: None, now, ends: false }
    }
}

/// Why a request failed, and its bill.
#[derive(Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) fault: RemoteFault,
    pub(crate) bill: WireBill,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::wired::call_head::{OuterCall, Until};

    #[test]
    fn a_contract_for_an_object_is_what_the_documentation_says() {
        let spec =
            ContractSpec::owned("Row".into(), vec![MethodSpec::owned("get".into(), vec!["column".into()])]);
        let contract = ContractData::of(&spec, |_| GivenKinds::Objects);
        let outer = OuterCall::None;
        let limit = LimitData { until: Until(5), now: 0, together: true, may_spin: false, outer };
        let mut out = Out::default();
        to_json::<()>(&BindObject { object: 3, contract, limit }, &mut out)
            .expect("it has names and numbers");
        let method = r#"{"name":"get","params":["column"],"optional":false,"is_async":false,"is_cancellable":false,"max_calls":null,"gives":"Objects"}"#;
        let limit = r#"{"until":5,"now":0,"together":true,"may_spin":false}"#;
        let golden = format!(
            r#"{{"object":3,"contract":{{"name":"Row","methods":[{method}],"form":"Methods"}},"limit":{limit}}}"#
        );
        assert_eq!(String::from_utf8_lossy(&out), golden);
        let read: BindObject = from_json(&out).expect("it is whole");
        assert_eq!(read.contract.into_spec().methods[0].gives, GivenKinds::Objects);
    }
}
