//! The modules of a script that were loaded into a realm, and how V8's callbacks find them.
//!
//! Each load of a script of several files is a [`LoadedModules`] in the realm's list, until the load fails or the realm ends, as
//! the modules of browsers are. Code that can call `import()` carries the number of its load and of its module as V8's options of a script.
//! `calls::modules` fills the loads. The callbacks of `realm` find them here, and go back by [`ImportHook`].

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroI32;
use std::rc::Rc;

use deno_core::v8;

use crate::isolate::engine;
use crate::script::{ModuleMap, Script, ScriptModule};

/// Answers an `import()` of a loaded module: the load, the number of the importing module, the specifier and the attributes.
pub(in crate::isolate) type ImportHook = for<'s> fn(
    &mut v8::PinScope<'s, '_>,
    &Rc<LoadedModules>,
    usize,
    v8::Local<'s, v8::String>,
    v8::Local<'s, v8::FixedArray>,
) -> Option<v8::Local<'s, v8::Promise>>;

/// The loads of a realm.
#[derive(Default)]
pub(in crate::isolate) struct RealmModules {
    loads: RefCell<BTreeMap<usize, Rc<LoadedModules>>>,
    /// The number of the next load. No number is given twice.
    next: Cell<usize>,
}

impl RealmModules {
    fn add(&self, script: &Script, import: ImportHook) -> Rc<LoadedModules> {
        let number = self.next.replace(self.next.get() + 1);
        let members = script.members().iter().map(|_| LoadedModule::default()).collect();
        let (script, by_hash) = (script.clone(), RefCell::default());
        let loaded = Rc::new(LoadedModules { script, number, members, by_hash, import });
        self.loads.borrow_mut().insert(number, loaded.clone());
        loaded
    }

    pub(in crate::isolate) fn get(&self, number: usize) -> Option<Rc<LoadedModules>> {
        self.loads.borrow().get(&number).cloned()
    }

    /// The load and the number of a module for which V8 calls back; `None` for other scripts.
    pub(in crate::isolate) fn of_module(
        &self,
        scope: &v8::PinScope<'_, '_>,
        module: v8::Local<'_, v8::Module>,
    ) -> Option<(Rc<LoadedModules>, usize)> {
        let loads = self.loads.borrow();
        loads.values().rev().find_map(|loaded| Some((loaded.clone(), loaded.member_of(scope, module)?)))
    }

    /// The load and the number of the module whose code calls `import()`, by the options of its script.
    pub(in crate::isolate) fn of_options(
        &self,
        scope: &v8::PinScope<'_, '_>,
        options: v8::Local<'_, v8::Data>,
    ) -> Option<(Rc<LoadedModules>, usize)> {
        let [load, member] = engine::numbers_of_options(scope, options)?;
        let loaded = self.get(load)?;
        loaded.has(member).then_some((loaded, member))
    }
}

/// A load under way. A load that fails is dropped from its realm; code of it that is there still loads nothing.
pub(in crate::isolate) struct ScriptLoad {
    pub(in crate::isolate) modules: Rc<LoadedModules>,
    loads: Rc<RealmModules>,
    is_kept: bool,
}

impl ScriptLoad {
    /// Begins a load; `None` for a script that has no map.
    pub(in crate::isolate) fn new(
        loads: &Rc<RealmModules>,
        script: &Script,
        import: ImportHook,
    ) -> Option<Self> {
        script.map()?;
        let modules = loads.add(script, import);
        Some(Self { modules, loads: loads.clone(), is_kept: false })
    }

    /// Keeps the modules until the realm ends.
    pub(in crate::isolate) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for ScriptLoad {
    fn drop(&mut self) {
        if !self.is_kept {
            _ = self.loads.loads.borrow_mut().remove(&self.modules.number);
        }
    }
}

/// A script whose modules are loaded.
pub(in crate::isolate) struct LoadedModules {
    pub(in crate::isolate) script: Script,
    /// The number of the load in its realm.
    number: usize,
    members: Vec<LoadedModule>,
    by_hash: RefCell<HashMap<NonZeroI32, Vec<usize>>>,
    pub(in crate::isolate) import: ImportHook,
}

/// A module, as far as it is loaded.
#[derive(Default)]
pub(in crate::isolate) struct LoadedModule {
    /// The engine's module: of the text, or of a value that is made when the module is evaluated.
    module: RefCell<Option<v8::Global<v8::Module>>>,
    /// Whether the text is an ES module.
    pub(in crate::isolate) is_es_module: Cell<Option<bool>>,
    /// The modules that the text imports statically, by their specifiers. Empty until they are resolved.
    pub(in crate::isolate) links: OnceCell<HashMap<String, usize>>,
    /// CommonJS: the object `module`, from the beginning of the run on. Other modules: an object whose `exports` is the value.
    pub(in crate::isolate) common_js: RefCell<Option<v8::Global<v8::Object>>>,
}

impl LoadedModules {
    /// The options of a script that is this module.
    pub(in crate::isolate) fn options<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        member: usize,
    ) -> v8::Local<'s, v8::Data> {
        let options = v8::PrimitiveArray::new(scope, 2);
        for (at, number) in self.numbers(member).into_iter().enumerate() {
            options.set(scope, at, v8::Integer::new(scope, number).into());
        }
        options.into()
    }

    /// The numbers by which functions find a module again: that of the load, and that of the module.
    pub(in crate::isolate) fn numbers(&self, member: usize) -> [i32; 2] {
        [self.number, member].map(|number| i32::try_from(number).unwrap_or(-1))
    }

    pub(in crate::isolate) fn has(&self, member: usize) -> bool {
        member < self.members.len()
    }

    pub(in crate::isolate) fn map(&self) -> Option<&ModuleMap> {
        self.script.map()
    }

    pub(in crate::isolate) fn source(&self, member: usize) -> &ScriptModule {
        &self.script.members()[member]
    }

    pub(in crate::isolate) fn member(&self, member: usize) -> &LoadedModule {
        &self.members[member]
    }

    pub(in crate::isolate) fn module<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        member: usize,
    ) -> Option<v8::Local<'s, v8::Module>> {
        self.members[member].module.borrow().as_ref().map(|module| v8::Local::new(scope, module))
    }

    pub(in crate::isolate) fn keep(
        &self,
        scope: &v8::PinScope<'_, '_>,
        member: usize,
        module: v8::Local<'_, v8::Module>,
    ) {
        *self.members[member].module.borrow_mut() = Some(v8::Global::new(scope, module));
        self.by_hash.borrow_mut().entry(module.get_identity_hash()).or_default().push(member);
    }

    /// The number of a module of V8.
    pub(in crate::isolate) fn member_of(
        &self,
        scope: &v8::PinScope<'_, '_>,
        module: v8::Local<'_, v8::Module>,
    ) -> Option<usize> {
        let by_hash = self.by_hash.borrow();
        let same = |member: &&usize| self.module(scope, **member).is_some_and(|known| known == module);
        by_hash.get(&module.get_identity_hash())?.iter().find(same).copied()
    }
}
