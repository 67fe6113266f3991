//! How serde reads numbers, whatever they are read off: an engine's value, or plain data.
//!
//! Whoever reads has `small`, `big` and `float`, which say what a value is not.

macro_rules! small_integers {
    ($($method:ident $visit:ident $type:ident),*) => {$(
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the value was found in range")]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            let value = self.small(f64::from($type::MIN), f64::from($type::MAX), stringify!($type))?;
            visitor.$visit(value as $type)
        }
    )*};
}

macro_rules! big_integers {
    ($($method:ident $visit:ident $type:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            visitor.$visit(self.big::<$type>(stringify!($type))?)
        }
    )*};
}

/// The methods of a `Deserializer` that read a number of a known type.
macro_rules! known_numbers {
    () => {
    small_integers!(deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32);
    big_integers!(deserialize_i64 visit_i64 i64, deserialize_u64 visit_u64 u64,
        deserialize_i128 visit_i128 i128, deserialize_u128 visit_u128 u128);

    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounding to f32 is what `Math.fround` does; overflow is refused"
    )]
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let wide = self.float()?;
        let narrow = wide as f32;
        match narrow.is_infinite() && wide.is_finite() {
            true => Err(self.unexpected("a number in the range of f32")),
            false => visitor.visit_f32(narrow),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_f64(self.float()?)
    }
    };
}

pub(super) use {big_integers, known_numbers, small_integers};
