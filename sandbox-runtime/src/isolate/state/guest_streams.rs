//! Streams of guests for the host: the functions that give batches of items, and the ends that guests are told.
//!
//! A stream whose host is gone is ended by the guest's `return`. That is code of a guest, so it runs in a turn of its own, and not
//! where the host drops the stream. A call runs the ends of its own realm only, for a realm never spends the time of another.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use deno_core::v8;

use super::Isolate;
use super::binding::{Binding, BoundMethod};
use super::realm::Realm;
use crate::boundary::BatchBounds;
use crate::error::{Error, Place};
use crate::isolate::engine;
use crate::isolate::engine::care::Cause;
use crate::isolate::engine::compile::get;
use crate::isolate::engine::list;
use crate::isolate::engine::text::js_string;
use crate::isolate::limits::call::Turn;
use crate::isolate::limits::clock;
use crate::isolate::shim;
use crate::limits::Limits;
use crate::observe::CallKind;
use crate::time::{Deadline, Nanos, Timestamp};

/// How long the `return` functions of a realm may run between two calls, all together, at the least.
const GRACE: Nanos = Nanos::of(Duration::from_millis(50));

/// The part of the time of a call that they may run for.
const PART_OF_WALL: u64 = 20;

/// The index of `return` in the contracts of guests' streams.
const RETURN: usize = 1;

/// The bytes that an item counts as in a batch, if the item is an object. The size of a buffer is known.
const OBJECT: usize = 256;

/// The function of a realm that makes the two functions of a stream, and what it needs.
pub(in crate::isolate) struct StreamShim {
    /// `Symbol.iterator`, `Symbol.asyncIterator`, `Promise`, `Reflect.apply`, `Object.setPrototypeOf` and `TypeError`.
    intrinsics: [v8::Global<v8::Value>; 6],
    make: OnceCell<v8::Global<v8::Function>>,
}

impl StreamShim {
    /// Of the current realm, which no guest has changed. `iteration` has the first three values.
    pub(super) fn of(
        scope: &v8::PinScope<'_, '_>,
        [iterator, asynchronous, promise]: &[v8::Global<v8::Value>; 3],
    ) -> Option<Self> {
        let global = scope.get_current_context().global(scope);
        let member = |object: &str, name: &str| {
            let object = get(scope, global, object)?.try_cast::<v8::Object>().ok()?;
            get(scope, object, name).map(|value| v8::Global::new(scope, value))
        };
        let (apply, unlink) = (member("Reflect", "apply")?, member("Object", "setPrototypeOf")?);
        let error = v8::Global::new(scope, get(scope, global, "TypeError")?);
        let intrinsics = [iterator.clone(), asynchronous.clone(), promise.clone(), apply, unlink, error];
        Some(Self { intrinsics, make: OnceCell::new() })
    }

    /// The functions of a stream over an iterable of the guest: `next` and `return`. `Some(None)` for an object that is not
    /// iterable, and `None` when code of the guest threw.
    pub(in crate::isolate) fn functions(
        &self,
        scope: &v8::PinScope<'_, '_>,
        object: v8::Local<'_, v8::Object>,
        is_async: bool,
        limits: &Limits,
    ) -> Option<Option<Vec<Option<BoundMethod>>>> {
        let make = match self.make.get() {
            Some(make) => v8::Local::new(scope, make),
            None => {
                let make = self.compile(scope, limits)?;
                _ = self.make.set(v8::Global::new(scope, make));
                make
            }
        };
        let undefined = v8::undefined(scope).into();
        let object = v8::Local::new(scope, object).into();
        let made = make.call(scope, undefined, &[object, v8::Boolean::new(scope, is_async).into()])?;
        let Ok(made) = made.try_cast::<v8::Array>() else { return Some(None) };
        let bound = |at: u32| {
            let function = made.get_index(scope, at)?.try_cast::<v8::Function>().ok()?;
            Some(BoundMethod { function: v8::Global::new(scope, function), receiver: None })
        };
        Some(Some(vec![Some(bound(0)?), Some(bound(1)?)]))
    }

    fn compile<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        limits: &Limits,
    ) -> Option<v8::Local<'s, v8::Function>> {
        let measure =
            v8::FunctionTemplate::builder(measure).constructor_behavior(v8::ConstructorBehavior::Throw);
        let measure = measure.build(scope).get_function(scope)?.into();
        let BatchBounds { items, bytes, .. } = BatchBounds::of(limits);
        let bound = |bound: usize| {
            v8::Integer::new_from_unsigned(scope, u32::try_from(bound).unwrap_or(u32::MAX)).into()
        };
        let [a, b, c, d, e, f] = self.intrinsics.each_ref().map(|value| v8::Local::new(scope, value));
        let lent = [a, b, c, d, e, f, measure, bound(items), bound(bytes)];
        let lent = list(scope, &lent)?.into();
        let name = js_string(scope, &shim::script("streams"), v8::NewStringType::Normal).ok()?;
        let programs = &Isolate::current(scope)?.programs;
        let shim = programs.function(scope, name, shim::GUEST_STREAM, &["lent"])?;
        shim.call(scope, v8::undefined(scope).into(), &[lent])?.try_cast().ok()
    }
}

/// The size of an item that is an object, in bytes. Without an argument, the time in milliseconds.
#[expect(clippy::cast_precision_loss, reason = "batches are bounded by it, and nothing is computed")]
fn measure(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    mut returned: v8::ReturnValue<'_>,
) {
    let value = arguments.get(0);
    let measured = if value.is_undefined() {
        clock::now().since(Timestamp::new(Nanos::ZERO)).get() as f64 / 1e6
    } else if let Ok(numbers) = value.try_cast::<v8::TypedArray>() {
        numbers.byte_length() as f64
    } else if let Ok(view) = value.try_cast::<v8::DataView>() {
        view.byte_length() as f64
    } else {
        value.try_cast::<v8::ArrayBuffer>().map_or(OBJECT, |buffer| buffer.byte_length()) as f64
    };
    if !value.is_undefined()
        && let Some(isolate) = Isolate::current(scope)
    {
        isolate.pace_buffers();
    }
    returned.set(v8::Number::new(scope, measured).into());
}

/// The streams of guests whose host is gone, and whose guest was not told.
#[derive(Default)]
pub(in crate::isolate) struct EndedStreams {
    all: RefCell<Vec<Rc<Binding>>>,
    is_telling: Cell<bool>,
}

impl EndedStreams {
    /// A realm that has exceeded its grace is told of no further end.
    pub(super) fn push(&self, stream: Rc<Binding>) {
        if !stream.realm.exceeds_grace.get() {
            self.all.borrow_mut().push(stream);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.all.borrow().len()
    }

    /// Takes the streams of the first realm that `is_told`.
    fn take(&self, is_told: impl Fn(&Realm) -> bool) -> Vec<Rc<Binding>> {
        let all = &mut *self.all.borrow_mut();
        let Some(first) = all.iter().find(|stream| is_told(&stream.realm)) else { return Vec::new() };
        let realm = first.realm.number;
        all.extract_if(.., |stream| stream.realm.number == realm).collect()
    }

    /// Forgets the streams, whose heap ends.
    pub(super) fn clear(&self) {
        drop(self.all.take());
    }
}

/// Ends the telling, also when code panics.
struct StreamTelling<'e>(&'e Cell<bool>);

impl Drop for StreamTelling<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Isolate {
    /// Ends an object of a guest, whose proxy is gone. Where no call is under way, the guest of a stream is told at once.
    pub(in crate::isolate) fn end_object(&self, number: u64, is_over: bool) {
        self.objects.end(number, is_over);
        self.end_streams();
    }

    /// Tells the guests of streams that their host is gone. Between two calls the time of each realm is bounded; a realm that
    /// exceeds the time is told of no further end. While a call is under way, this is put off to its end. Where the hosts are at the
    /// other end of a link, a guest can call them only in a call, so this is put off to the next one.
    pub(in crate::isolate) fn end_streams(&self) {
        if self.objects.ended.count() == 0 || self.handles.is_remote() {
            return;
        }
        match self.is_running() {
            true => self.care.note(Cause::Given),
            false => self.tell_realms(None, |_| true),
        }
    }

    /// Tells the current realm within the call that is under way, and its limits.
    pub(in crate::isolate) fn end_streams_now(&self) {
        if self.objects.ended.count() == 0 {
            return;
        }
        let realm = self.current.borrow().as_ref().map(|realm| realm.number);
        if let Some(_telling) = self.begin_telling() {
            let streams = self.objects.ended.take(|of| Some(of.number) == realm);
            self.tell_streams(&streams, Deadline::NEVER, None);
        }
    }

    /// Tells the other realms, at the begin of a call of `realm` over a link. They have turns of their own. The host serves
    /// `flight` meanwhile, if the call is asynchronous.
    pub(in crate::isolate) fn end_streams_of_others(&self, realm: &Realm, flight: Option<u64>) {
        if self.objects.ended.count() > 0 && self.handles.is_remote() && !self.is_running() {
            self.tell_realms(flight, |of| of.number != realm.number);
        }
    }

    /// The host at the other end of a link has dropped a stream.
    #[cfg(feature = "process")]
    pub(crate) fn is_left(&self, stream: Rc<Binding>) {
        self.objects.ended.push(stream);
    }

    /// Gives realms their time, one after the other. No realm begins after the time of the first, so all together have at most
    /// twice the time of one. The other realms are told in the next turn.
    fn tell_realms(&self, flight: Option<u64>, is_told: impl Fn(&Realm) -> bool) {
        let Some(_telling) = self.begin_telling() else { return };
        let grace = Nanos::new(self.times.wall.get() / PART_OF_WALL).max(GRACE);
        let first = Deadline::after(clock::now(), grace);
        while !first.is_over(clock::now()) {
            let streams = self.objects.ended.take(&is_told);
            if streams.is_empty() {
                break;
            }
            self.tell_streams(&streams, Deadline::after(clock::now(), grace), flight);
        }
        if self.objects.ended.count() > 0 {
            self.care.note(Cause::Given);
        }
    }

    /// `None` if guests cannot be told now.
    fn begin_telling(&self) -> Option<StreamTelling<'_>> {
        let is_telling = &self.objects.ended.is_telling;
        if is_telling.get() || std::thread::panicking() {
            return None;
        }
        let allows = self.observed.as_ref().is_none_or(|observed| observed.allows().is_ok());
        if !allows {
            // An observer is being told of something. The end of the next call looks here again.
            self.care.note(Cause::Given);
            return None;
        }
        is_telling.set(true);
        Some(StreamTelling(is_telling))
    }

    /// Tells streams of one realm.
    fn tell_streams(&self, streams: &[Rc<Binding>], deadline: Deadline, flight: Option<u64>) {
        for stream in streams {
            if stream.realm.exceeds_grace.get() || !self.is_live() {
                break;
            }
            let told = self.tell_stream(stream, deadline, flight);
            if told.is_err_and(|error| matches!(*error, Error::Limit { .. })) && !self.is_running() {
                stream.realm.exceeds_grace.set(true);
            }
        }
    }

    /// Calls `return` of a stream. Within a flight this is a turn with that number, and with a bill of its own.
    fn tell_stream(
        &self,
        stream: &Binding,
        deadline: Deadline,
        flight: Option<u64>,
    ) -> Result<(), Box<Error>> {
        let (realm, place) = (&stream.realm, Place::new("Stream", "return"));
        let tell = |scope: &mut v8::PinScope<'_, '_>| {
            v8::tc_scope!(let scope, scope);
            if let Some(bound) = stream.method(RETURN) {
                let function = v8::Local::new(scope, &bound.function);
                // An exception of the guest ends here.
                _ = function.call(scope, v8::undefined(scope).into(), &[]);
            }
            Ok(())
        };
        let Some(flight) = flight else {
            return self.run_until(realm, deadline, CallKind::Method(&place), tell);
        };
        let began = clock::now();
        let turn = Turn::of_call(began, self.times.wall, deadline);
        let turn = Turn { flight: Some(flight), outlives_caller: true, ..turn };
        let (told, counts) = self.run_flight(&turn, (realm, Some(&place)), |scope| {
            engine::enter_flight(scope, Some(flight));
            let told = tell(scope);
            engine::enter_flight(scope, None);
            told
        });
        self.forget_call(flight);
        counts.into_iter().for_each(|counts| counts.charge(&self.ledger, clock::now().since(began)));
        told
    }
}
