//! The classes of a realm for objects of the host that a guest holds: one for each contract whose handles cross.

use std::any::TypeId;
use std::cell::RefCell;
use std::rc::Rc;

use deno_core::v8;
use rustc_hash::FxHashMap;

use super::host::Host;
use super::host_handles::RealmHandles;
use crate::isolate::engine::compile::{compile_function, get};
use crate::isolate::engine::text::js_string;
use crate::isolate::shim;

/// Values of a realm that the classes need, captured before a guest can change them, and the classes that there are.
pub(in crate::isolate) struct HandleShims {
    freeze: v8::Global<v8::Value>,
    /// `Symbol.dispose`, or `undefined`.
    dispose: v8::Global<v8::Value>,
    classes: RefCell<FxHashMap<TypeId, Rc<HandleClass>>>,
    _handles: RealmHandles,
}

/// The class of a contract.
pub(in crate::isolate) struct HandleClass {
    make: v8::Global<v8::Function>,
    number: v8::Global<v8::Function>,
}

impl HandleShims {
    /// The parts that the classes of the current realm need.
    pub(in crate::isolate) fn of(scope: &v8::PinScope<'_, '_>, handles: RealmHandles) -> Option<Self> {
        let global = scope.get_current_context().global(scope);
        let member = |object: &str, name: &str| {
            let object = get(scope, global, object)?.try_cast::<v8::Object>().ok()?;
            get(scope, object, name).map(|value| v8::Global::new(scope, value))
        };
        let (freeze, dispose) = (member("Object", "freeze")?, member("Symbol", "dispose")?);
        Some(Self { freeze, dispose, classes: RefCell::default(), _handles: handles })
    }

    /// The class of a contract, if a handle of the contract has come to the realm.
    pub(in crate::isolate) fn known(&self, contract: TypeId) -> Option<Rc<HandleClass>> {
        self.classes.borrow().get(&contract).cloned()
    }

    /// The class of a contract. `release` is the function of the realm that ends a handle by its number.
    pub(in crate::isolate) fn class(
        &self,
        scope: &v8::PinScope<'_, '_>,
        host: &Host,
        release: v8::Local<'_, v8::Value>,
    ) -> Option<Rc<HandleClass>> {
        if let Some(class) = self.known(host.contract) {
            return Some(class);
        }
        let text = |text: &str| js_string(scope, text, v8::NewStringType::Normal).ok();
        let checked = host.ops.iter().map(|op| Some(op.functions(scope, true)?.0.into()));
        let checked = checked.collect::<Option<Vec<v8::Local<'_, v8::Value>>>>()?;
        let [a, b, c, d] = shim::HANDLE_PARAMETERS;
        let parameters = [text(a)?, text(b)?, text(c)?, text(d)?];
        let arguments = [
            v8::Array::new_with_elements(scope, &checked).into(),
            v8::Local::new(scope, release),
            v8::Local::new(scope, &self.freeze),
            v8::Local::new(scope, &self.dispose),
        ];
        let source = text(&shim::handle_source(&host.spec))?;
        let shim = compile_function(scope, text(&shim::script_name(&host.spec))?, source, &parameters)?;
        let parts =
            shim.call(scope, v8::undefined(scope).into(), &arguments)?.try_cast::<v8::Array>().ok()?;
        let part = |index| {
            let function = parts.get_index(scope, index)?.try_cast::<v8::Function>().ok()?;
            Some(v8::Global::new(scope, function))
        };
        let class = Rc::new(HandleClass { make: part(0)?, number: part(1)? });
        self.classes.borrow_mut().insert(host.contract, class.clone());
        Some(class)
    }
}

impl HandleClass {
    /// A new object with this number.
    #[expect(clippy::cast_precision_loss, reason = "no sandbox gives away as many handles")]
    pub(in crate::isolate) fn object<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        number: u64,
    ) -> Option<v8::Local<'s, v8::Object>> {
        let number = v8::Number::new(scope, number as f64).into();
        let make = v8::Local::new(scope, &self.make);
        make.call(scope, v8::undefined(scope).into(), &[number])?.try_cast().ok()
    }

    /// The number of an object of the class; `None` for any other object. No code of a guest runs.
    pub(in crate::isolate) fn number(
        &self,
        scope: &v8::PinScope<'_, '_>,
        object: v8::Local<'_, v8::Object>,
    ) -> Option<u64> {
        let object = v8::Local::new(scope, object).into();
        let of = v8::Local::new(scope, &self.number);
        number_of(of.call(scope, v8::undefined(scope).into(), &[object])?)
    }
}

/// A number that a class has passed; `None` for 0, which stands for none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the classes pass what `object` gave them"
)]
pub(in crate::isolate) fn number_of(value: v8::Local<'_, v8::Value>) -> Option<u64> {
    let number = value.try_cast::<v8::Number>().ok()?.value();
    (number > 0.0).then_some(number as u64)
}
