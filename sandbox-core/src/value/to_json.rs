//! [`JsValue::to_json`]: the JSON form of plain data.

use serde_json::{Map, Number, Value as Json};

use super::js_value::JsValue;
use super::number::safe_integer;

impl JsValue {
    /// The JSON form: a BigInt is an integer, bytes are an array of numbers, a Date is its milliseconds, and a Set is an
    /// array. A Map is an object if its keys are texts or integers, and otherwise an array of pairs. An Error is an object.
    ///
    /// Values that JSON does not have are `null`: `undefined`, NaN, the infinities, and
    /// [`JsValue::Other`]. A property whose value is `undefined` is left out. A BigInt of more than 64 bits is a string of
    /// its digits.
    ///
    /// ```
    /// use sandbox_runtime::{Date, JsValue};
    ///
    /// let line = JsValue::Object(vec![
    ///     ("at".into(), Date::from_millis(5).into()),
    ///     ("stock".into(), JsValue::bigint(4)),
    ///     ("tags".into(), JsValue::Set(vec!["new".into()])),
    ///     ("note".into(), JsValue::Undefined),
    /// ]);
    /// assert_eq!(line.to_json().to_string(), r#"{"at":5,"stock":4,"tags":["new"]}"#);
    /// ```
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Undefined | Self::Null | Self::Other(_) => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Number(value) | Self::Date(value) => number(*value),
            Self::BigInt { negative, magnitude } => bigint(*negative, *magnitude),
            Self::String(text) => Json::String(text.clone()),
            Self::Array(items) | Self::Set(items) => items.iter().map(Self::to_json).collect(),
            Self::Object(fields) => {
                let fields = fields.iter().filter(|(_, value)| *value != Self::Undefined);
                fields.map(|(name, value)| (name.clone(), value.to_json())).collect::<Map<_, _>>().into()
            }
            Self::Map(entries) => {
                let named = entries.iter().map(|(key, value)| Some((key.property()?, value.to_json())));
                let pair = |(key, value): &(Self, Self)| Json::Array(vec![key.to_json(), value.to_json()]);
                match named.collect::<Option<Map<_, _>>>() {
                    Some(fields) => Json::Object(fields),
                    None => entries.iter().map(pair).collect(),
                }
            }
            Self::Bytes(bytes) | Self::Buffer { bytes, .. } => bytes.iter().copied().collect(),
            Self::Numbers { values, .. } => values.iter().copied().map(number).collect(),
            Self::Error { name, message, rest } => {
                let texts =
                    [("name", name), ("message", message)].map(|(key, text)| (key, text.clone().into()));
                let rest = rest.iter().map(|(key, value)| (*key, value.to_json()));
                let fields = texts.into_iter().chain(rest);
                fields.map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>().into()
            }
        }
    }

    /// The name of a property that stands for the key of a Map.
    fn property(&self) -> Option<String> {
        match self {
            Self::String(text) => Some(text.clone()),
            Self::BigInt { .. } => Some(self.to_js().trim_end_matches('n').to_owned()),
            Self::Number(_) => match self.to_json() {
                Json::Number(number) if !number.is_f64() => Some(number.to_string()),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A Number; an integer that is exact has no fraction in JSON.
fn number(value: f64) -> Json {
    match safe_integer(value).filter(|whole| *whole != 0 || value.is_sign_positive()) {
        Some(whole) => Json::from(whole),
        None => Number::from_f64(value).map_or(Json::Null, Json::Number),
    }
}

fn bigint(negative: bool, magnitude: u128) -> Json {
    let signed = || i64::try_from(0_i128.checked_sub_unsigned(magnitude)?).ok().map(Json::from);
    let whole = if negative { signed() } else { u64::try_from(magnitude).ok().map(Json::from) };
    whole.unwrap_or_else(|| Json::String(format!("{}{magnitude}", if negative { "-" } else { "" })))
}
