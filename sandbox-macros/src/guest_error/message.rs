//! `message = "…"`: a format string whose arguments are fields of the error.
//!
//! A message is read twice: `check.rs` reports what is wrong, and `emit.rs` writes the format string with generated names.

use syn::ext::IdentExt;
use syn::{LitStr, Member};

use super::ErrorField;

/// A message whose arguments have the names of the generated code.
pub(super) struct Message {
    /// The text. Without arguments it is no format string, so braces stand for themselves.
    pub(super) text: String,
    /// The fields that the message names, by index.
    pub(super) fields: Vec<usize>,
}

/// The name of a field in the generated code.
pub(super) fn binding(index: usize) -> String {
    format!("field_{index}")
}

/// Reads a message, or says why the message is wrong.
pub(super) fn read(literal: &LitStr, fields: &[ErrorField]) -> Result<Message, String> {
    let written = literal.value();
    let mut message = Message { text: String::new(), fields: Vec::new() };
    let mut rest = written.as_str();
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        message.text.push_str(before);
        rest = if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
            message.text.push_str(&from[..2]);
            after
        } else if let Some((argument, after)) = from.strip_prefix('{').and_then(|from| from.split_once('}')) {
            message.argument(argument, fields)?;
            after
        } else {
            let brace = &from[..1];
            return Err(format!(
                "this `{brace}` has no partner: write `{brace}{brace}` for the character itself"
            ));
        };
    }
    message.text.push_str(rest);
    if message.fields.is_empty() {
        message.text = message.text.replace("{{", "{").replace("}}", "}");
    }
    Ok(message)
}

impl Message {
    /// `name` or `name:format`.
    fn argument(&mut self, written: &str, fields: &[ErrorField]) -> Result<(), String> {
        let (name, format) =
            written.split_once(':').map_or((written, None), |(name, format)| (name, Some(format)));
        let name = name.trim();
        if format.is_some_and(|format| format.contains('$') || format.contains(".*")) {
            return Err(format!(
                "`{{{written}}}` takes its width or precision from an argument: write the number"
            ));
        }
        let Some(index) = fields.iter().position(|field| self::name(&field.member) == name) else {
            return Err(unknown(name, fields));
        };
        let format = format.map(|format| format!(":{format}")).unwrap_or_default();
        self.text.push_str(&format!("{{{}{format}}}", binding(index)));
        self.fields.push(index);
        Ok(())
    }
}

fn unknown(name: &str, fields: &[ErrorField]) -> String {
    let known: Vec<String> =
        fields.iter().map(|field| format!("`{{{}}}`", self::name(&field.member))).collect();
    let way_out = match known.as_slice() {
        [] => "there are no fields, so write the text without braces".to_owned(),
        known => format!("write {}", known.join(" or ")),
    };
    if name.is_empty() {
        format!("`{{}}` names no field: {way_out}")
    } else {
        format!("`{name}` is no field here: {way_out}")
    }
}

/// The name of a field as the user writes it in a message.
fn name(member: &Member) -> String {
    match member {
        Member::Named(ident) => ident.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}
