//! Scalars as numbers, for lists of arguments whose types only an instance knows.
//!
//! The generated code names a constant where the types are concrete. The contracts of callbacks are generic, so their types are
//! found by identity, when the program runs. The compiler removes the comparisons from an instance. Callers are the callbacks.

use std::any::{Any, TypeId};

use super::Crosses;
use super::arguments::Val;
use super::probes::ScalarKind;
use crate::spec::Kind;

/// A list of arguments that may all be numbers.
#[doc(hidden)]
pub trait Numbers: Sized {
    /// Adds the kinds of the arguments. Returns whether all of them are numbers.
    fn kinds(kinds: &mut Vec<Kind>) -> bool;
    /// The arguments of these numbers; `None` for a type that is no number, and for a number out of range.
    fn of_numbers(numbers: &[f64]) -> Option<Self>;
}

impl Numbers for () {
    fn kinds(_: &mut Vec<Kind>) -> bool {
        true
    }

    #[inline]
    fn of_numbers(_: &[f64]) -> Option<Self> {
        Some(())
    }
}

impl<A: Crosses, Rest: Numbers> Numbers for (Val<A>, Rest) {
    fn kinds(kinds: &mut Vec<Kind>) -> bool {
        // A boolean is no number for the engine's C call.
        let kind = kind_of::<A>().filter(|kind| *kind != Kind::Bool);
        kinds.extend(kind);
        kind.is_some() && Rest::kinds(kinds)
    }

    #[inline]
    fn of_numbers(numbers: &[f64]) -> Option<Self> {
        let (first, rest) = numbers.split_first()?;
        Some((Val(of_number(*first)?), Rest::of_numbers(rest)?))
    }
}

macro_rules! scalars {
    ($($type:ty: $from:expr;)*) => {
        /// The kind of a type, if it is a scalar.
        #[doc(hidden)]
        #[must_use]
        pub fn kind_of<T: 'static>() -> Option<Kind> {
            let id = TypeId::of::<T>();
            $(if id == TypeId::of::<$type>() {
                return Some(<$type as ScalarKind>::KIND);
            })*
            None
        }

        /// A scalar as a number. `NaN` stands for itself only.
        #[doc(hidden)]
        #[inline]
        pub fn number_of<T: 'static>(value: &T) -> Option<f64> {
            let value = value as &dyn Any;
            $(if let Some(value) = value.downcast_ref::<$type>() {
                return Some(f64::from(*value));
            })*
            value.is::<()>().then_some(0.0)
        }

        /// The scalar of a number.
        #[inline]
        fn of_number<T: 'static>(number: f64) -> Option<T> {
            let mut scalar = None::<T>;
            let place = &mut scalar as &mut dyn Any;
            $(if let Some(place) = place.downcast_mut::<Option<$type>>() {
                *place = $from(number);
            })*
            scalar
        }
    };
}

/// An integer, if it is in the range of its type.
#[inline]
fn whole<T: Copy + TryFrom<i64>>(number: f64) -> Option<T>
where
    f64: From<T>,
{
    #[expect(clippy::cast_possible_truncation, reason = "compared with the number")]
    let whole = T::try_from(number as i64).ok()?;
    (f64::from(whole) == number).then_some(whole)
}

/// No number stands for a boolean argument.
fn none(_: f64) -> Option<bool> {
    None
}

scalars! {
    bool: none;
    f64: Some;
    i32: whole;
    i16: whole;
    i8: whole;
    u32: whole;
    u16: whole;
    u8: whole;
}

#[cfg(test)]
mod tests {
    use super::*;

    type Two<A, B> = (Val<A>, (Val<B>, ()));

    fn kinds<A: Numbers>() -> Option<Vec<Kind>> {
        let mut kinds = Vec::new();
        A::kinds(&mut kinds).then_some(kinds)
    }

    #[test]
    fn a_list_of_numbers_has_their_kinds() {
        assert_eq!(kinds::<()>(), Some(vec![]));
        let byte = Kind::Integer { min: 0, max: 255 };
        assert_eq!(kinds::<Two<f64, u8>>(), Some(vec![Kind::Number, byte]));
        assert_eq!((kinds::<Two<f64, bool>>(), kinds::<Two<String, f64>>()), (None, None));
    }

    #[test]
    fn a_number_out_of_range_is_no_argument() {
        let (Val(a), (Val(b), ())) = Two::<f64, i8>::of_numbers(&[0.5, -128.0]).expect("both are in range");
        assert_eq!((a, b), (0.5, -128));
        let wrong = [[0.5, -129.0], [0.5, 0.5], [0.5, f64::NAN], [0.5, f64::INFINITY]];
        assert!(wrong.iter().all(|numbers| Two::<f64, i8>::of_numbers(numbers).is_none()));
        assert!(
            Two::<f64, f64>::of_numbers(&[1.0]).is_none()
                && Two::<f64, String>::of_numbers(&[1.0, 2.0]).is_none()
        );
    }

    #[test]
    fn a_scalar_result_is_a_number() {
        assert_eq!(
            (number_of(&true), number_of(&-3_i16), number_of(&())),
            (Some(1.0), Some(-3.0), Some(0.0))
        );
        assert_eq!((number_of(&"text"), kind_of::<bool>(), kind_of::<u64>()), (None, Some(Kind::Bool), None));
    }
}
