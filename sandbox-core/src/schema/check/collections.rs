//! The checks of strings, lists and objects.
//!
//! `run` calls them with the place of the value. All violations are collected, up to a cap.

use super::expect::{count, key_words};
use super::integer::Integer;
use super::node::{Id, Kinds, Lengths, Node, ObjectRule};
use super::run::Run;
use super::scalar::{is_literal, key_text};
use crate::boundary::Step;
use crate::value::js_value::{JsValue, quoted};

/// How many characters of a string of the wrong length are shown.
const SHOWN_OF_LENGTH: usize = 8;

impl<'a> Run<'a> {
    pub(super) fn visit_string(&mut self, node: &'a Node, text: &str, null: bool) {
        let words = self.words();
        let expected = || words.node(node, null);
        let length = text.chars().count();
        if !node.string.lengths.hold(length) {
            let found = || format!("{} ({})", quoted(text, SHOWN_OF_LENGTH), count(length, "character"));
            self.refuse(expected, found);
        } else if node.string.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
            self.refuse(expected, || JsValue::String(text.into()).describe());
        }
    }

    fn lengths(
        &mut self,
        node: &'a Node,
        lengths: Lengths,
        length: usize,
        noun: &str,
        unit: &str,
        null: bool,
    ) {
        if !lengths.hold(length) {
            let words = self.words();
            self.refuse(|| words.node(node, null), || format!("{noun} of {}", count(length, unit)));
        }
    }

    pub(super) fn visit_items(&mut self, node: &'a Node, items: &[JsValue], null: bool) {
        self.lengths(node, node.array.lengths, items.len(), "an array", "element", null);
        for (index, item) in items.iter().enumerate() {
            let Some(inner) = node.array.item(index) else { return };
            if self.is_done() {
                return;
            }
            self.inside(Step::Index(index), |run| run.visit(inner, item, false));
        }
    }

    pub(super) fn visit_bytes(&mut self, node: &'a Node, bytes: &[u8], null: bool) {
        // Bytes need no check of each, and neither do integers whose range includes every byte.
        let any_byte = |id: Id| {
            let item = self.arena.node(id);
            let range = item.integer.min <= Integer::natural(0) && item.integer.max >= Integer::natural(255);
            item.kinds == Kinds::INTEGER && range && item.integer.multiple.is_none() && item.allowed.is_none()
        };
        let simple = node.array.prefix.is_empty() && node.array.items.is_none_or(any_byte);
        if node.js.is_some() || simple {
            return self.lengths(node, node.array.lengths, bytes.len(), "a Uint8Array", "byte", null);
        }
        self.visit_elements(node, bytes.len(), null, |index| JsValue::Number(bytes[index].into()));
    }

    /// The elements of a typed array. Each is made into a value for the check.
    pub(super) fn visit_elements(
        &mut self,
        node: &'a Node,
        length: usize,
        null: bool,
        element: impl Fn(usize) -> JsValue,
    ) {
        self.lengths(node, node.array.lengths, length, "an array", "element", null);
        for index in 0..length {
            let Some(inner) = node.array.item(index) else { return };
            if self.is_done() {
                return;
            }
            self.visit_made(Step::Index(index), inner, &element(index));
        }
    }

    /// Visits a value that exists only for this check. Verdicts are stored by address, so those of this value are
    /// removed afterwards.
    fn visit_made(&mut self, step: Step, id: Id, value: &JsValue) {
        let verdicts = std::mem::take(&mut self.verdicts);
        self.inside(step, |run| run.visit(id, value, false));
        self.verdicts = verdicts;
    }

    pub(super) fn visit_object(&mut self, node: &'a Node, entries: &[(String, JsValue)], null: bool) {
        let rule = &node.object;
        let present = || entries.iter().filter(|(_, value)| *value != JsValue::Undefined);
        if rule.lengths != Lengths::default() {
            self.lengths(node, rule.lengths, present().count(), "an object", "field", null);
        }
        if self.only_asks() && !self.may_be(rule, entries) {
            return self.refuse(String::new, String::new);
        }
        let mut seen = vec![false; rule.properties.len()];
        for (name, value) in present() {
            if self.is_done() {
                return;
            }
            if let Some(&place) = rule.index.get(name) {
                seen[place] = true;
            }
            self.visit_field(rule, name, value);
        }
        let missing = rule.properties.iter().zip(seen).filter(|(property, seen)| property.required && !seen);
        for (property, _) in missing {
            self.refuse(|| format!("the field `{}`", property.name), || "none".into());
        }
    }

    /// A quick test of the properties that distinguish alternatives: the required fields, and the fields with one
    /// possible value.
    fn may_be(&self, rule: &ObjectRule, entries: &[(String, JsValue)]) -> bool {
        rule.properties.iter().filter(|property| property.required).all(|property| {
            let found = entries.iter().find(|(name, _)| *name == property.name);
            let tag = self.arena.node(property.node).constant();
            found.is_some_and(|(_, value)| tag.is_none_or(|tag| is_literal(value, tag)))
        })
    }

    fn visit_field(&mut self, rule: &'a ObjectRule, name: &str, value: &JsValue) {
        if let Some(&place) = rule.index.get(name) {
            let inner = rule.properties[place].node;
            return self.inside(Step::Field(name.into()), |run| run.visit(inner, value, false));
        }
        let mut matched = false;
        for (_, inner) in rule.patterns.iter().filter(|(keys, _)| keys.accepts(name)) {
            matched = true;
            self.inside(Step::Field(name.into()), |run| run.visit(*inner, value, false));
        }
        match rule.additional {
            Some(inner) if !matched && self.arena.node(inner).is_never() => self.refuse_name(rule, name),
            Some(inner) if !matched => {
                self.inside(Step::Field(name.into()), |run| run.visit(inner, value, false))
            }
            _ => {}
        }
    }

    pub(super) fn refuse_name(&mut self, rule: &'a ObjectRule, name: &str) {
        let expected = || match rule.patterns.as_slice() {
            [] if rule.properties.is_empty() => "no fields".into(),
            [] => {
                let names: Vec<_> =
                    rule.properties.iter().map(|property| quoted(&property.name, 64)).collect();
                format!("no field but {}", names.join(", "))
            }
            patterns => key_words(patterns),
        };
        self.refuse(expected, || quoted(name, 64));
    }

    /// A Map in the place of a Rust map.
    pub(super) fn visit_keyed(&mut self, node: &'a Node, entries: &[(JsValue, JsValue)], null: bool) {
        let rule = &node.object;
        self.lengths(node, rule.lengths, entries.len(), "a Map", "entry", null);
        for (index, (key, value)) in entries.iter().enumerate() {
            if self.is_done() {
                return;
            }
            let name = key_text(key).filter(|name| {
                matches!(key, JsValue::String(_)) || rule.patterns.iter().any(|(keys, _)| keys.accepts(name))
            });
            let known = |name: &str| {
                rule.patterns.iter().any(|(keys, _)| keys.accepts(name))
                    || rule.additional.is_none_or(|inner| !self.arena.node(inner).is_never())
            };
            match name {
                Some(name) if known(&name) => self.visit_field(rule, &name, value),
                _ => self.inside(Step::Key(index), |run| {
                    run.refuse(|| key_words(&rule.patterns), || key.describe())
                }),
            }
        }
    }

    pub(super) fn visit_map(
        &mut self,
        node: &'a Node,
        key_id: Id,
        value_id: Id,
        entries: &[(JsValue, JsValue)],
        null: bool,
    ) {
        self.entry_count(node, entries.len(), "a Map", null);
        for (index, (key, value)) in entries.iter().enumerate() {
            if self.is_done() {
                return;
            }
            self.inside(Step::Key(index), |run| run.visit(key_id, key, false));
            let step = key_text(key).map_or(Step::Index(index), Step::Field);
            self.inside(step, |run| run.visit(value_id, value, false));
        }
    }

    pub(super) fn visit_object_as_map(
        &mut self,
        node: &'a Node,
        key_id: Id,
        value_id: Id,
        entries: &[(String, JsValue)],
        null: bool,
    ) {
        let present = || entries.iter().filter(|(_, value)| *value != JsValue::Undefined);
        self.entry_count(node, present().count(), "an object", null);
        let text = self.arena.parts(key_id).iter().any(|part| part.kinds.has(Kinds::STRING));
        for (index, (name, value)) in present().enumerate() {
            if self.is_done() {
                return;
            }
            let integer = || Integer::parse(name).map(|integer| self.integer_key(key_id, integer));
            let key = if text { None } else { integer() }.unwrap_or_else(|| JsValue::String(name.clone()));
            self.visit_made(Step::Key(index), key_id, &key);
            self.inside(Step::Field(name.clone()), |run| run.visit(value_id, value, false));
        }
    }

    /// The name of a property as the integer that a Map would have for a key.
    fn integer_key(&self, key: Id, integer: Integer) -> JsValue {
        let big = self
            .arena
            .parts(key)
            .iter()
            .any(|part| part.kinds.has(Kinds::INTEGER) && part.integer.format.big);
        if big { integer.to_bigint() } else { JsValue::Number(integer.to_f64()) }
    }

    fn entry_count(&mut self, node: &'a Node, length: usize, noun: &str, null: bool) {
        for lengths in [node.array.lengths, node.object.lengths] {
            self.lengths(node, lengths, length, noun, "entry", null);
        }
    }
}
