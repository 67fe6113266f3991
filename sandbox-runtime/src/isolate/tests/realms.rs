//! Realms, by the engine's own handles: what each of them can reach, and that one without handles is collected.

use std::collections::HashMap;
use std::num::NonZeroI32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::UNIX_EPOCH;

use super::*;
use crate::isolate::realm::own_keys;
use crate::options::{Clock, Console, Intrinsics, Random};
use crate::script::Script;
use crate::site::typed::local::LocalSite;
use crate::time::Deadline;

#[sandbox_api(host, crate = crate)]
pub(crate) trait Tool {
    fn make(&self) -> Vec<Option<String>>;
    fn any(&self, value: serde_json::Value) -> serde_json::Value;
    fn bytes(&self, data: &[u8]) -> Bytes;
    fn dates(&self, at: crate::Date) -> std::collections::BTreeMap<u32, crate::Date>;
    fn refuse(&self) -> crate::Result<String>;
    fn explode(&self) -> f64;
}

struct Hammer;
impl Tool for Hammer {
    fn make(&self) -> Vec<Option<String>> {
        vec![Some("a".into()), None]
    }
    fn any(&self, value: serde_json::Value) -> serde_json::Value {
        value
    }
    fn bytes(&self, data: &[u8]) -> Bytes {
        data.to_vec().into()
    }
    fn dates(&self, at: crate::Date) -> std::collections::BTreeMap<u32, crate::Date> {
        [(1, at)].into()
    }
    fn refuse(&self) -> crate::Result<String> {
        Err(Error::public("no"))
    }
    fn explode(&self) -> f64 {
        panic!("on purpose")
    }
}

#[sandbox_api(guest, crate = crate)]
pub(crate) trait GraphLook {
    fn receive(&self, value: serde_json::Value, data: &[u8]) -> crate::Result<serde_json::Value>;
}

/// Everything that a script can get hold of becomes a property of its global.
const GATHER: &str = r#"
    const kept = globalThis.kept = [];
    const keep = (make) => { try { kept.push(make()); } catch (error) { kept.push(error); } };
    const later = (make) => { try { make().then(keep, (error) => kept.push(error)); } catch (error) { kept.push(error); } };
    for (const make of [
        () => function* () {}, () => (function* () {})(), () => async () => {}, () => async function* () {},
        () => (async function* () {})(), () => (function () { return arguments; })(), () => (() => { 'use strict'; return 1; }),
        () => [][Symbol.iterator](), () => ''[Symbol.iterator](), () => new Map([[{}, {}]]).entries(), () => new Map([[{}, []]]),
        () => new Set([{}]), () => new Set().values(), () => 'a'.matchAll(/a/g), () => [].values().map(() => 1),
        () => Iterator.from({ next() {} }), () => /(?<a>b)/d.exec('b'), () => new Intl.Segmenter().segment('a'),
        () => new Intl.Segmenter().segment('a')[Symbol.iterator](), () => new Intl.NumberFormat('en').resolvedOptions(),
        () => new Intl.DateTimeFormat().format, () => new Intl.Collator().compare, () => ((strings) => strings)`a${1}b`,
        () => Proxy.revocable({}, {}), () => new Proxy(() => {}, {}), () => Promise.withResolvers(), () => class { static a = 1; },
        () => function () {}.bind({}), () => import.meta, () => import('x'), () => import('x', { with: {} }), () => null.x,
        function again() { again(); }, () => eval('[]'), () => new Function('return {}'), () => decodeURI('%'), () => new Array(-1),
        () => 1n + 1, () => Symbol() + '', () => JSON.parse('{'), () => JSON.parse('[{}]'), () => new Date(), () => console.log({}),
        () => new Error('a', { cause: {} }), () => new AggregateError([{}]), () => Object.getOwnPropertyDescriptor([], 'length'),
        () => structuredClone({}), () => new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)),
        () => new WebAssembly.Memory({ initial: 1 }).buffer, () => new Float64Array(2), () => new DataView(new ArrayBuffer(1)),
        () => Object.groupBy([1], String), () => Map.groupBy([1], String), () => Array.fromAsync([1]), () => Promise.any([]),
        () => Tool.make(), () => Tool.any({ a: [1, null, { b: 'c' }] }), () => Tool.bytes(new Uint8Array([1])),
        () => Tool.dates(new Date(5)), () => Tool.refuse(), () => Tool.explode(), () => Tool.any(1n), () => Tool.bytes(5),
        () => new Tool.make(), () => Sum.sum(1, 2), () => Sum.sum('a'), () => Sum.join({}), () => Object.fromEntries([]),
    ]) keep(make);
    later(() => import('y'));
    later(() => Promise.any([]));
    later(() => Array.fromAsync([{}]));
    later(async () => Tool.any([{}]));
    later(async () => Tool.refuse());
    export const receive = (...all) => { kept.push(all); return { all: [1] }; };
"#;

/// A realm has more objects than this.
const LEAST: usize = 750;

/// The objects that a realm reaches, with a path to each.
#[derive(Default)]
struct Reached {
    all: Vec<(String, v8::Global<v8::Object>)>,
    by_hash: HashMap<NonZeroI32, Vec<usize>>,
}

impl Reached {
    /// Everything from the global on. All of it is said to be of the realm by the engine itself.
    fn walk(scope: &mut v8::PinScope<'_, '_>) -> Self {
        let mut reached = Self::default();
        let context = scope.get_current_context();
        reached.add(scope, "globalThis".into(), context.global(scope).into());
        let mut next = 0;
        while let Some((path, object)) = reached.all.get(next).cloned() {
            next += 1;
            let object = v8::Local::new(scope, object);
            assert!(object.get_creation_context(scope) == Some(context), "{path} was made elsewhere");
            let walked = reached.properties(scope, &path, object);
            let walked = walked.and_then(|()| reached.insides(scope, &path, object));
            assert!(walked.is_some(), "{path} cannot be read");
        }
        reached
    }

    fn path(&self, scope: &v8::PinScope<'_, '_>, object: v8::Local<'_, v8::Object>) -> Option<&str> {
        let alike = self.by_hash.get(&object.get_identity_hash())?.iter().map(|at| &self.all[*at]);
        let same =
            alike.into_iter().find(|(_, known)| v8::Local::new(scope, known).strict_equals(object.into()));
        same.map(|(path, _)| path.as_str())
    }

    /// The paths to what the other one has reached as well.
    fn shared(&self, scope: &v8::PinScope<'_, '_>, other: &Self) -> Vec<String> {
        let objects = other.all.iter().map(|(_, object)| v8::Local::new(scope, object));
        objects.filter_map(|object| self.path(scope, object)).map(str::to_owned).collect()
    }

    fn add(&mut self, scope: &v8::PinScope<'_, '_>, path: String, value: v8::Local<'_, v8::Value>) {
        let Ok(object) = value.try_cast::<v8::Object>() else { return };
        if self.path(scope, object).is_none() {
            self.by_hash.entry(object.get_identity_hash()).or_default().push(self.all.len());
            self.all.push((path, v8::Global::new(scope, object)));
        }
    }

    /// Prototype, and own properties of all kinds.
    fn properties(
        &mut self,
        scope: &v8::PinScope<'_, '_>,
        path: &str,
        object: v8::Local<'_, v8::Object>,
    ) -> Option<()> {
        self.add(scope, format!("{path}.__proto__"), object.get_prototype(scope)?);
        let names = own_keys(scope, object)?;
        for at in 0..names.length() {
            let name = names.get_index(scope, at)?.try_cast::<v8::Name>().ok()?;
            let property = object.get_own_property_descriptor(scope, name)?.try_cast::<v8::Object>().ok()?;
            let shown = name.to_rust_string_lossy(scope);
            for part in ["value", "get", "set"] {
                let key = v8::String::new(scope, part)?.into();
                if property.has_own_property(scope, key)? {
                    self.add(scope, format!("{path}.{shown}({part})"), property.get(scope, key.into())?);
                }
            }
        }
        Some(())
    }

    /// The objects that an object holds without a property.
    fn insides(
        &mut self,
        scope: &v8::PinScope<'_, '_>,
        path: &str,
        object: v8::Local<'_, v8::Object>,
    ) -> Option<()> {
        if let Ok(promise) = object.try_cast::<v8::Promise>()
            && promise.state() != v8::PromiseState::Pending
        {
            self.add(scope, format!("{path}[[Result]]"), promise.result(scope));
        } else if let Ok(proxy) = object.try_cast::<v8::Proxy>() {
            self.add(scope, format!("{path}[[Target]]"), proxy.get_target(scope));
            self.add(scope, format!("{path}[[Handler]]"), proxy.get_handler(scope));
        } else if let Ok(map) = object.try_cast::<v8::Map>() {
            self.add(scope, format!("{path}[[Entries]]"), map.as_array(scope).into());
        } else if let Ok(set) = object.try_cast::<v8::Set>() {
            self.add(scope, format!("{path}[[Entries]]"), set.as_array(scope).into());
        } else if let Ok(view) = object.try_cast::<v8::ArrayBufferView>() {
            self.add(scope, format!("{path}[[Buffer]]"), view.buffer(scope)?.into());
        }
        Some(())
    }
}

fn isolate(settings: Settings) -> Rc<Isolate> {
    let stack = StackEnd::below_here(settings.limits.stack);
    let sum = Host::new::<dyn Sum>(Box::new(Plus)).expect("it has no patterns");
    let tool = Host::new::<dyn Tool>(Box::new(Hammer)).expect("it has no patterns");
    Isolate::new(settings, vec![sum, tool], stack).expect("it can be built")
}

/// Walks what a script reaches that has gathered all there is, in a realm.
fn gathered(isolate: &Rc<Isolate>, realm: &Rc<Realm>) -> Reached {
    let look = LocalSite::load::<dyn GraphLook>(isolate, realm, Script::new("gather.mjs", GATHER));
    let look = look.expect("it looks around");
    look.receive(serde_json::json!({ "a": [{}] }), &[1]).expect("it takes them");
    isolate.run(realm, CODE, |scope| Ok(Reached::walk(scope))).expect("it can be walked")
}

#[test]
fn no_object_of_a_realm_is_reached_from_another() {
    for intrinsics in [Intrinsics::Open, Intrinsics::Frozen] {
        for permitted in [false, true] {
            let isolate = isolate(Settings {
                console: Console::Capture,
                clock: Clock::Frozen(UNIX_EPOCH),
                random: Random::Seeded(1),
                intrinsics,
                eval: permitted,
                wasm: permitted,
                ..settings()
            });
            let realms = [
                isolate.main_realm(),
                isolate.make_realm(Deadline::NEVER),
                isolate.make_realm(Deadline::NEVER),
            ];
            let realms = realms.map(|realm| realm.expect("it can be made"));
            let reached = realms.each_ref().map(|realm| gathered(&isolate, realm));
            for (mine, theirs) in [(0, 1), (1, 2), (2, 0)] {
                assert!(reached[mine].all.len() > LEAST, "the walk stops early");
                assert_eq!(reached[mine].all.len(), reached[theirs].all.len());
                let shared = |others: &Reached| {
                    let shared =
                        isolate.run(&realms[mine], CODE, |scope| Ok(reached[mine].shared(scope, others)));
                    shared.expect("it runs")
                };
                assert_eq!(shared(&reached[theirs]), Vec::<String>::new());
                assert_eq!(shared(&reached[mine]).len(), reached[mine].all.len(), "what is shared is found");
            }
        }
    }
}

/// Collects all garbage, and says how much is left of heap and how many realms there are.
fn collected(isolate: &Isolate) -> (usize, usize) {
    let main = isolate.main_realm().expect("it lives");
    let statistics = isolate.run(&main, CODE, |scope| {
        scope.low_memory_notification();
        let statistics = scope.get_heap_statistics();
        Ok((statistics.used_heap_size(), statistics.number_of_native_contexts()))
    });
    statistics.expect("it runs")
}

#[test]
fn a_realm_without_handles_is_collected() {
    for intrinsics in [Intrinsics::Open, Intrinsics::Frozen] {
        let isolate = isolate(Settings { intrinsics, console: Console::Capture, ..settings() });
        let script = Script::new(
            "hold.mjs",
            "globalThis.own = new Array(1000).fill({}); export const receive = () => own;",
        );
        let turn = || {
            let realm = isolate.make_realm(Deadline::NEVER).expect("it can be made");
            let look =
                LocalSite::load::<dyn GraphLook>(&isolate, &realm, script.clone()).expect("it implements it");
            drop(realm);
            assert!(matches!(look.receive(serde_json::Value::Null, &[]), Ok(serde_json::Value::Array(_))));
        };
        (0..10).for_each(|_| turn());
        let (heap, realms) = collected(&isolate);
        (0..100).for_each(|_| turn());
        let (heap_after, realms_after) = collected(&isolate);
        assert_eq!(realms_after, realms);
        assert!(heap_after < heap + (200 << 10), "{heap} {heap_after}");
    }
}

#[test]
fn the_realm_of_a_call_is_the_current_one_until_it_returns() {
    let isolate = isolate(settings());
    let realms = [isolate.make_realm(Deadline::NEVER), isolate.make_realm(Deadline::NEVER)]
        .map(|realm| realm.expect("it can be made"));
    let is_current = |realm: &Rc<Realm>| {
        let current = isolate.current.borrow();
        current.as_ref().is_some_and(|current| Rc::ptr_eq(current, realm))
    };
    let [one, other] = &realms;
    let nested = isolate.run(one, CODE, |_| {
        assert!(is_current(one));
        let panics = catch_unwind(AssertUnwindSafe(|| {
            isolate.run(other, CODE, |_| -> Result<(), Error> { panic!("on purpose") })
        }));
        assert!(panics.is_err() && is_current(one));
        let inner = isolate.run(other, CODE, |_| Ok(is_current(other)));
        assert!(matches!(inner, Ok(true)));
        assert!(is_current(one));
        Ok(())
    });
    assert!(matches!(nested, Ok(())), "{nested:?}");
    assert!(isolate.current.borrow().is_none());
}
