//! The arguments of a method: a list of any length, made of pairs that end with `()`.
//!
//! Generated code builds the lists. The boundary reads and writes them through [`Arguments`].

use std::any::{Any, TypeId};
use std::borrow::Borrow as _;

use super::crosses::{Crosses, Lends};
use super::sink::{ArgumentSink, ArgumentSource};
use crate::boundary::ValueError;
use crate::schema::{MethodChecks, TypeCheck};
use crate::spec::ParamSpec;
use crate::value::Cancellation;

/// An argument passed by value.
#[doc(hidden)]
pub struct Val<T>(pub T);

/// An argument passed by shared reference.
#[doc(hidden)]
pub struct Ref<'a, T: ?Sized>(pub &'a T);

/// The owned form of an argument that the contract takes by shared reference.
#[doc(hidden)]
pub struct Lent<T: ?Sized + Lends>(pub T::Owned);

impl<T: ?Sized + Lends> Lent<T> {
    #[must_use]
    pub fn lend(&self) -> &T {
        self.0.borrow()
    }
}

/// A list of arguments.
#[doc(hidden)]
pub trait Arguments: Sized {
    type Owned: Arguments;
    fn into_owned(self) -> Self::Owned;
    fn write<W: ArgumentSink>(self, writer: &mut W) -> Result<(), ValueError>;
    /// Adds the violations of the arguments' constraints.
    fn enforce(&self, params: &[ParamSpec], checks: &[TypeCheck], faults: &mut Option<ValueError>);
    fn read<S: ArgumentSource>(reader: &mut S) -> Result<Self::Owned, ValueError>;

    /// The last argument, if it is a cancellation.
    fn cancellation(&self) -> Option<&Cancellation> {
        None
    }
}

/// Whether `T` is [`Cancellation`], which the compiler knows.
fn is_cancellation<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<Cancellation>()
}

/// The value as a cancellation, if `T` is that type.
fn as_cancellation<T: 'static>(value: &T) -> Option<&Cancellation> {
    (value as &dyn Any).downcast_ref()
}

/// A cancellation as a `T`, if `T` is that type.
fn from_cancellation<T: 'static>(cancellation: Cancellation) -> Option<T> {
    let mut value = Some(cancellation);
    (&mut value as &mut dyn Any).downcast_mut::<Option<T>>().and_then(Option::take)
}

/// Checks the constraints of arguments, and reports all violations.
#[inline]
pub fn enforce<A: Arguments>(
    args: &A,
    params: &[ParamSpec],
    checks: &MethodChecks,
) -> Result<(), ValueError> {
    if !checks.is_constrained {
        return Ok(());
    }
    let mut faults = None;
    args.enforce(params, &checks.params, &mut faults);
    faults.map_or(Ok(()), Err)
}

/// Checks the first argument, and goes on with the rest.
fn enforce_first(
    params: &[ParamSpec],
    checks: &[TypeCheck],
    rest: &impl Arguments,
    faults: &mut Option<ValueError>,
    enforce: impl FnOnce(&TypeCheck, &str) -> Result<(), ValueError>,
) {
    if let ([param, params @ ..], [check, checks @ ..]) = (params, checks) {
        if let Err(error) = enforce(check, &param.name) {
            *faults = Some(match faults.take() {
                Some(before) => before.and(error),
                None => error,
            });
        }
        rest.enforce(params, checks, faults);
    }
}

impl Arguments for () {
    type Owned = ();
    fn into_owned(self) {}
    fn write<W: ArgumentSink>(self, _: &mut W) -> Result<(), ValueError> {
        Ok(())
    }
    fn enforce(&self, _: &[ParamSpec], _: &[TypeCheck], _: &mut Option<ValueError>) {}
    fn read<S: ArgumentSource>(_: &mut S) -> Result<(), ValueError> {
        Ok(())
    }
}

impl<T: Crosses, R: Arguments> Arguments for (Val<T>, R) {
    type Owned = (Val<T>, R::Owned);
    fn into_owned(self) -> Self::Owned {
        (self.0, self.1.into_owned())
    }
    fn write<W: ArgumentSink>(self, writer: &mut W) -> Result<(), ValueError> {
        match as_cancellation(&self.0.0) {
            Some(cancellation) => writer.push_cancellation(cancellation)?,
            None => writer.push_owned(self.0.0)?,
        }
        self.1.write(writer)
    }
    fn enforce(&self, params: &[ParamSpec], checks: &[TypeCheck], faults: &mut Option<ValueError>) {
        enforce_first(params, checks, &self.1, faults, |check, name| check.enforce(&self.0.0, name));
    }
    fn read<S: ArgumentSource>(reader: &mut S) -> Result<Self::Owned, ValueError> {
        let given = if is_cancellation::<T>() { from_cancellation(Cancellation::new()) } else { None };
        let value = given.map_or_else(|| reader.next(), Ok)?;
        Ok((Val(value), R::read(reader)?))
    }
    fn cancellation(&self) -> Option<&Cancellation> {
        as_cancellation(&self.0.0).or_else(|| self.1.cancellation())
    }
}

impl<T: ?Sized + Lends, R: Arguments> Arguments for (Ref<'_, T>, R) {
    type Owned = (Lent<T>, R::Owned);
    fn into_owned(self) -> Self::Owned {
        (Lent(self.0.0.copied()), self.1.into_owned())
    }
    fn write<W: ArgumentSink>(self, writer: &mut W) -> Result<(), ValueError> {
        self.0.0.write(writer)?;
        self.1.write(writer)
    }
    fn enforce(&self, params: &[ParamSpec], checks: &[TypeCheck], faults: &mut Option<ValueError>) {
        let check = |check: &TypeCheck, name: &str| match check.is_constrained() {
            true => check.enforce(&self.0.0.copied(), name),
            false => Ok(()),
        };
        enforce_first(params, checks, &self.1, faults, check);
    }
    fn read<S: ArgumentSource>(reader: &mut S) -> Result<Self::Owned, ValueError> {
        Ok((Lent(reader.next()?), R::read(reader)?))
    }
    fn cancellation(&self) -> Option<&Cancellation> {
        self.1.cancellation()
    }
}

impl<T: ?Sized + Lends, R: Arguments> Arguments for (Lent<T>, R) {
    type Owned = (Lent<T>, R::Owned);
    fn into_owned(self) -> Self::Owned {
        (self.0, self.1.into_owned())
    }
    fn write<W: ArgumentSink>(self, writer: &mut W) -> Result<(), ValueError> {
        writer.push_owned(self.0.0)?;
        self.1.write(writer)
    }
    fn enforce(&self, params: &[ParamSpec], checks: &[TypeCheck], faults: &mut Option<ValueError>) {
        enforce_first(params, checks, &self.1, faults, |check, name| check.enforce(&self.0.0, name));
    }
    fn read<S: ArgumentSource>(reader: &mut S) -> Result<Self::Owned, ValueError> {
        Ok((Lent(reader.next()?), R::read(reader)?))
    }
    fn cancellation(&self) -> Option<&Cancellation> {
        self.1.cancellation()
    }
}
