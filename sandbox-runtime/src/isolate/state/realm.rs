//! A realm of guests, and what the host needs of it. `realm` makes realms.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use deno_core::v8;

use super::Isolate;
use super::handle_shims::HandleShims;
use super::host_handles::RealmHandles;
use super::maps::RealmMaps;
use super::modules::RealmModules;
use super::signals::Signals;
use super::struct_shapes::StructShapes;
use crate::isolate::engine;
use crate::script::Globals;

/// A realm of guests, and the handles that the host needs.
pub(crate) struct Realm {
    pub(in crate::isolate) context: v8::Global<v8::Context>,
    /// Its `Object.prototype`.
    pub(in crate::isolate) root_prototype: v8::Global<v8::Object>,
    /// How objects of known fields are made and taken apart.
    pub(crate) forms: StructShapes,
    /// The classes of the host's objects that guests hold.
    pub(in crate::isolate) handles: HandleShims,
    /// The source maps of the scripts that were loaded.
    pub(in crate::isolate) maps: RealmMaps,
    /// The scripts of several files that were loaded.
    pub(in crate::isolate) modules: Rc<RealmModules>,
    /// Ends the realm's handles when it is dropped.
    _held: RealmHandles,
    /// The values of the programs of the web that have run.
    pub(in crate::isolate) web: v8::Global<v8::Object>,
    /// Its `AbortSignal`, if a contract of the sandbox needs it.
    pub(in crate::isolate) signals: OnceCell<Signals>,
    /// Whether the end of a call or of streams has taken longer than its grace. Then the guest is told of no further end.
    pub(in crate::isolate) exceeds_grace: Cell<bool>,
    /// The captured functions that conversions need.
    #[cfg_attr(not(feature = "quickjs"), allow(dead_code, reason = "V8 converts without the realm's help"))]
    pub(in crate::isolate) intrinsics: engine::EngineIntrinsics,
    /// The classes of errors that the builder gave.
    pub(in crate::isolate) errors: ErrorPrototypes,
    /// The free globals that the realm has.
    pub(in crate::isolate) globals: RefCell<Globals>,
    /// The generation of the sandbox that the realm belongs to.
    pub(in crate::isolate) generation: u64,
    /// The number of the realm in its generation; 0 for the first one.
    pub(in crate::isolate) number: u64,
}

/// The prototypes of the classes of errors, by the names of the classes.
#[derive(Default)]
pub(in crate::isolate) struct ErrorPrototypes(pub(in crate::isolate) Vec<(Arc<str>, v8::Global<v8::Object>)>);

impl ErrorPrototypes {
    /// The prototype of a class.
    pub(in crate::isolate) fn of<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        class: &str,
    ) -> Option<v8::Local<'s, v8::Object>> {
        let (_, prototype) = self.0.iter().find(|(name, _)| **name == *class)?;
        Some(v8::Local::new(scope, prototype))
    }
}

impl Realm {
    /// The realm of the scope's context.
    pub(in crate::isolate) fn current(scope: &v8::PinScope<'_, '_>) -> Option<Rc<Self>> {
        Isolate::current(scope)?.current_realm(scope)
    }

    /// The number of the realm in its generation.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The handles of a realm that is there, in whose scope no code of a guest has run.
    pub(in crate::isolate) fn of(
        scope: &v8::PinScope<'_, '_>,
        context: v8::Local<'_, v8::Context>,
        isolate: &Isolate,
        number: u64,
    ) -> Result<Self, String> {
        let generation = isolate.generation.get();
        let root =
            v8::Object::new(scope).get_prototype(scope).and_then(|root| root.try_cast::<v8::Object>().ok());
        let root = root.ok_or("the engine has no `Object.prototype`")?;
        let forms = StructShapes::of(scope).ok_or("the engine has no `Object.keys`")?;
        let handles = HandleShims::of(scope).ok_or("the engine has no `Object.freeze`")?;
        let intrinsics = engine::EngineIntrinsics::of(scope)
            .ok_or("the engine's functions for conversions cannot be captured")?;
        let web = v8::Object::new(scope);
        web.set_prototype(scope, v8::null(scope).into()).ok_or("no object can be made")?;
        let web = v8::Global::new(scope, web);
        let (context, root_prototype) = (v8::Global::new(scope, context), v8::Global::new(scope, root));
        let (signals, held) = (OnceCell::new(), isolate.handles.of_realm(number));
        Ok(Self {
            context,
            root_prototype,
            forms,
            handles,
            maps: RealmMaps::default(),
            modules: Rc::default(),
            _held: held,
            web,
            signals,
            exceeds_grace: Cell::new(false),
            intrinsics,
            errors: ErrorPrototypes::default(),
            globals: RefCell::default(),
            generation,
            number,
        })
    }
}
