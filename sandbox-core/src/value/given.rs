//! Objects of a guest on their way over a link: the data of the object, and a number in case that a handle is read.
//!
//! The peer does not know where the types of the host have handles. So an object that has methods crosses as both. Data that
//! a guest makes are never read as such a pair: no value of a guest is [`Unrepresentable::Given`].

use super::js_value::JsValue;
use super::unrepresentable::{GivenNumber, Unrepresentable};

impl JsValue {
    /// The data of an object, with its number.
    #[doc(hidden)]
    #[must_use]
    pub fn given(number: GivenNumber, data: Self) -> Self {
        Self::Object(vec![
            (String::new(), Self::Other(Unrepresentable::Given(number))),
            (String::new(), data),
        ])
    }

    /// The number and the data of an object that was given.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn as_given(&self) -> Option<(GivenNumber, &Self)> {
        match self {
            Self::Object(fields) => match fields.as_slice() {
                [(_, Self::Other(Unrepresentable::Given(number))), (_, data)] => Some((*number, data)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The number of an object that was given, and the data of any value.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub fn into_given(self) -> (Option<GivenNumber>, Self) {
        let Some((number, _)) = self.as_given() else { return (None, self) };
        let Self::Object(fields) = self else { return (None, self) };
        (Some(number), fields.into_iter().next_back().map_or(Self::Undefined, |(_, data)| data))
    }

    /// The data alone, of this value and of all values inside of it.
    #[doc(hidden)]
    #[must_use]
    pub fn without_given(self) -> Self {
        let all = |items: Vec<Self>| items.into_iter().map(Self::without_given).collect();
        match self.into_given().1 {
            Self::Array(items) => Self::Array(all(items)),
            Self::Set(items) => Self::Set(all(items)),
            Self::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name, value.without_given()));
                Self::Object(fields.collect())
            }
            Self::Map(pairs) => {
                let pairs =
                    pairs.into_iter().map(|(key, value)| (key.without_given(), value.without_given()));
                Self::Map(pairs.collect())
            }
            Self::Error { name, message, rest } => {
                let rest = rest.into_iter().map(|(name, value)| (name, value.without_given()));
                Self::Error { name, message, rest: rest.collect() }
            }
            whole => whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_found_behind_their_numbers() {
        let number = GivenNumber { crossing: 3, object: 2 };
        let inner = JsValue::Object(vec![("a".into(), JsValue::Number(1.0))]);
        let given = JsValue::given(number, inner.clone());
        assert_eq!(given.as_given(), Some((number, &inner)));
        assert_eq!(given.clone().into_given(), (Some(number), inner.clone()));
        assert_eq!(inner.clone().into_given(), (None, inner.clone()));
        let outer = |value| JsValue::Array(vec![JsValue::Set(vec![value]), JsValue::Null]);
        assert_eq!(outer(given).without_given(), outer(inner));
    }
}
