//! TypeScript types as text: unions, parentheses and line breaks.
//!
//! `typescript` builds its output from these.

use serde_json::Value as Json;

use super::remarks::jsdoc;

/// The longest type that stays on its line, in characters.
pub(super) const LINE: usize = 80;

/// One of the alternatives of a type.
pub(super) struct Member {
    pub text: String,
    /// Whether `[]` can follow without parentheses.
    pub atomic: bool,
    /// Whether the type ends with a type of its own, as that of a function does. So it needs parentheses beside others.
    is_open: bool,
    /// Its doc comment, in lines.
    pub docs: Vec<String>,
}

impl Member {
    fn atomic(text: impl Into<String>) -> Self {
        Self { text: text.into(), atomic: true, is_open: false, docs: Vec::new() }
    }

    /// The type beside `|` or `&`.
    fn beside(&self) -> String {
        if self.is_open { format!("({})", self.text) } else { self.text.clone() }
    }
}

/// A type, as its alternatives.
pub(super) struct TypeCode(pub Vec<Member>);

impl TypeCode {
    pub(super) fn of(text: impl Into<String>) -> Self {
        Self(vec![Member::atomic(text)])
    }

    /// A type that needs parentheses before `[]`.
    pub(super) fn compound(text: String) -> Self {
        Self(vec![Member { text, atomic: false, is_open: false, docs: Vec::new() }])
    }

    /// The type of a function.
    pub(super) fn function(text: String) -> Self {
        Self(vec![Member { text, atomic: false, is_open: true, docs: Vec::new() }])
    }

    /// The union of the types, each alternative once.
    pub(super) fn union(types: impl IntoIterator<Item = Self>) -> Self {
        let mut members: Vec<Member> = Vec::new();
        for member in types.into_iter().flat_map(|of| of.0) {
            if !members.iter().any(|known| known.text == member.text) {
                members.push(member);
            }
        }
        match members.iter().position(|member| member.text == "unknown") {
            Some(unknown) => Self(vec![members.swap_remove(unknown)]),
            None => Self(members),
        }
    }

    pub(super) fn or(self, text: &str) -> Self {
        Self::union([self, Self::of(text)])
    }

    pub(super) fn promised(&self) -> Self {
        Self::of(format!("Promise<{self}>"))
    }

    pub(super) fn or_promised(self) -> Self {
        let promised = self.promised();
        Self::union([self, promised])
    }

    /// The type with one line for each alternative, if they have doc comments or the line would be too long.
    pub(super) fn declared(&self) -> String {
        let text = self.to_string();
        let fits = text.len() <= LINE && !text.contains('\n');
        if self.0.len() < 2 || (fits && self.0.iter().all(|member| member.docs.is_empty())) {
            return format!(" {text}");
        }
        let member =
            |member: &Member| format!("\n{}  | {}", jsdoc(&member.docs, 2), indented(&member.beside()));
        self.0.iter().map(member).collect()
    }

    /// The type beside `&`.
    pub(super) fn in_intersection(&self) -> String {
        match &*self.0 {
            [member] => member.beside(),
            _ => format!("({self})"),
        }
    }

    pub(super) fn in_parentheses(&self) -> String {
        match &*self.0 {
            [member] if member.atomic => member.text.clone(),
            _ => format!("({self})"),
        }
    }
}

impl std::fmt::Display for TypeCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &*self.0 {
            [member] => f.write_str(&member.text),
            all => f.write_str(&all.iter().map(Member::beside).collect::<Vec<_>>().join(" | ")),
        }
    }
}

pub(super) fn indented(text: &str) -> String {
    text.replace('\n', "\n  ")
}

/// The name of a property, quoted where needed. Unquoted, `new` would be a constructor.
pub(super) fn property(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    if plain && !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty() && name != "new" {
        name.to_owned()
    } else {
        Json::from(name).to_string()
    }
}
