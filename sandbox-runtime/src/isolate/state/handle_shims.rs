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
    /// The numbers of the guest's own objects that the host holds.
    marks: RefCell<FxHashMap<TypeId, Rc<ObjectMarks>>>,
    _handles: RealmHandles,
}

/// The numbers of a guest's objects, by a contract. No code of a guest sees them.
pub(in crate::isolate) struct ObjectMarks {
    number: v8::Global<v8::Function>,
    mark: v8::Global<v8::Function>,
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
        let (classes, marks) = (RefCell::default(), RefCell::default());
        Some(Self { freeze, dispose, classes, marks, _handles: handles })
    }

    /// The class of a contract, if a handle of the contract has come to the realm.
    pub(in crate::isolate) fn known(&self, contract: TypeId) -> Option<Rc<HandleClass>> {
        self.classes.borrow().get(&contract).cloned()
    }

    /// The class of a contract. `release` is the function of the realm that ends a handle by its number.
    pub(in crate::isolate) fn class(
        &self,
        scope: &v8::PinScope<'_, '_>,
        (host, is_function): (&Host, bool),
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
        let source = if is_function { shim::callback_source } else { shim::handle_source };
        let source = text(&source(&host.spec))?;
        let shim = compile_function(scope, text(&shim::script_name(&host.spec))?, source, &parameters)?;
        let (make, number) = pair(scope, shim, &arguments)?;
        let class = Rc::new(HandleClass { make, number });
        self.classes.borrow_mut().insert(host.contract, class.clone());
        Some(class)
    }

    /// The numbers of the guest's own objects, by a contract.
    pub(in crate::isolate) fn marks(
        &self,
        scope: &v8::PinScope<'_, '_>,
        contract: TypeId,
    ) -> Option<Rc<ObjectMarks>> {
        if let Some(marks) = self.marks.borrow().get(&contract) {
            return Some(marks.clone());
        }
        let text = |text: &str| js_string(scope, text, v8::NewStringType::Normal).ok();
        let shim = compile_function(scope, text("sandbox:objects")?, text(shim::MARKS)?, &[])?;
        let (number, mark) = pair(scope, shim, &[])?;
        let marks = Rc::new(ObjectMarks { number, mark });
        self.marks.borrow_mut().insert(contract, marks.clone());
        Some(marks)
    }
}

/// Calls a shim that returns two functions.
fn pair(
    scope: &v8::PinScope<'_, '_>,
    shim: v8::Local<'_, v8::Function>,
    arguments: &[v8::Local<'_, v8::Value>],
) -> Option<(v8::Global<v8::Function>, v8::Global<v8::Function>)> {
    let parts = shim.call(scope, v8::undefined(scope).into(), arguments)?.try_cast::<v8::Array>().ok()?;
    let part = |index| {
        let function = parts.get_index(scope, index)?.try_cast::<v8::Function>().ok()?;
        Some(v8::Global::new(scope, function))
    };
    Some((part(0)?, part(1)?))
}

impl ObjectMarks {
    /// The number of an object, if the object was marked. No code of a guest runs.
    pub(in crate::isolate) fn number(
        &self,
        scope: &v8::PinScope<'_, '_>,
        object: v8::Local<'_, v8::Object>,
    ) -> Option<u64> {
        let object = v8::Local::new(scope, object).into();
        let number = v8::Local::new(scope, &self.number);
        number_of(number.call(scope, v8::undefined(scope).into(), &[object])?)
    }

    /// Marks an object with a number. No code of a guest runs.
    #[expect(clippy::cast_precision_loss, reason = "no guest gives as many objects")]
    pub(in crate::isolate) fn mark(
        &self,
        scope: &v8::PinScope<'_, '_>,
        object: v8::Local<'_, v8::Object>,
        number: u64,
    ) -> Option<()> {
        let object = v8::Local::new(scope, object).into();
        let mark = v8::Local::new(scope, &self.mark);
        let number = v8::Number::new(scope, number as f64).into();
        mark.call(scope, v8::undefined(scope).into(), &[object, number]).map(drop)
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
