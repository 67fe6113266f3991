//! The parts of a value that a schema does not accept, and where they are.

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The value of a field, or of the entry of a Map whose key is a string or an integer.
    Field(String),
    /// The element of a list, or the value of the nth entry of a Map with other keys.
    Index(usize),
    /// The key of the nth entry of a Map.
    Key(usize),
}

/// A part of a value that its schema does not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckViolation {
    /// The path from the value: empty for the value as a whole.
    pub path: Vec<Step>,
    /// The schema's demand at that place: `an integer from 0 to 255 (u8)`.
    pub expected: String,
    /// The value at that place: `256`, `"none"` quoted as in JavaScript, `none` for a missing field.
    pub found: String,
}
