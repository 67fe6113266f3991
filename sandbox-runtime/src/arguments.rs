//! The arguments of a method: a list of any length, made of pairs that end with `()`.

use std::borrow::Borrow as _;

use crate::boundary::{ArgumentReader, ArgumentWriter, ValueError};
use crate::contract::{Crosses, Lends};

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
    fn write(&self, writer: &mut ArgumentWriter<'_, '_, '_>) -> Result<(), ValueError>;
    fn read(reader: &mut ArgumentReader<'_, '_, '_>) -> Result<Self::Owned, ValueError>;
}

impl Arguments for () {
    type Owned = ();
    fn into_owned(self) {}
    fn write(&self, _: &mut ArgumentWriter<'_, '_, '_>) -> Result<(), ValueError> {
        Ok(())
    }
    fn read(_: &mut ArgumentReader<'_, '_, '_>) -> Result<(), ValueError> {
        Ok(())
    }
}

impl<T: Crosses, R: Arguments> Arguments for (Val<T>, R) {
    type Owned = (Val<T>, R::Owned);
    fn into_owned(self) -> Self::Owned {
        (self.0, self.1.into_owned())
    }
    fn write(&self, writer: &mut ArgumentWriter<'_, '_, '_>) -> Result<(), ValueError> {
        writer.push(&self.0.0)?;
        self.1.write(writer)
    }
    fn read(reader: &mut ArgumentReader<'_, '_, '_>) -> Result<Self::Owned, ValueError> {
        Ok((Val(reader.next()?), R::read(reader)?))
    }
}

impl<T: ?Sized + Lends, R: Arguments> Arguments for (Ref<'_, T>, R) {
    type Owned = (Lent<T>, R::Owned);
    fn into_owned(self) -> Self::Owned {
        (Lent(self.0.0.copied()), self.1.into_owned())
    }
    fn write(&self, writer: &mut ArgumentWriter<'_, '_, '_>) -> Result<(), ValueError> {
        self.0.0.write(writer)?;
        self.1.write(writer)
    }
    fn read(reader: &mut ArgumentReader<'_, '_, '_>) -> Result<Self::Owned, ValueError> {
        Ok((Lent(reader.next()?), R::read(reader)?))
    }
}

impl<T: ?Sized + Lends, R: Arguments> Arguments for (Lent<T>, R) {
    type Owned = (Lent<T>, R::Owned);
    fn into_owned(self) -> Self::Owned {
        (self.0, self.1.into_owned())
    }
    fn write(&self, writer: &mut ArgumentWriter<'_, '_, '_>) -> Result<(), ValueError> {
        self.0.lend().write(writer)?;
        self.1.write(writer)
    }
    fn read(reader: &mut ArgumentReader<'_, '_, '_>) -> Result<Self::Owned, ValueError> {
        Ok((Lent(reader.next()?), R::read(reader)?))
    }
}
