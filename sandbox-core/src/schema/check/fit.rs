//! Finds the alternative of a union that a value was meant to be.
//!
//! `run` asks when no alternative accepts a value, so that the violations are those of one alternative.

use super::node::{Id, Kinds, Node};
use super::run::Run;
use super::scalar::{accepts_kind, is_literal};
use crate::value::js_value::JsValue;
use serde_json::Value as Json;

/// How many elements of a list are read to distinguish alternatives.
const LOOKED_AT: usize = 16;

/// The report for a value that no alternative accepts.
pub(super) enum FitChoice {
    /// The violations of this alternative.
    Alternative(Id),
    /// That the field has none of the values that distinguish the alternatives.
    Tag(String, Vec<Json>),
    /// The list of the alternatives.
    None,
}

/// How well an object fits.
enum Fit {
    /// The object's tag is another than the alternative's, which is this one.
    OtherTag(String, Json),
    /// A higher score fits better.
    Score(i64),
}

impl<'a> Run<'a> {
    /// The alternative that fits best.
    pub(super) fn best(&mut self, alternatives: &[Id], value: &JsValue) -> FitChoice {
        let is_null = |id: Id| self.arena.parts(id).iter().any(|part| part.is_only_null());
        let real: Vec<Id> = alternatives.iter().copied().filter(|&id| !is_null(id)).collect();
        if let [only] = real.as_slice() {
            return FitChoice::Alternative(*only);
        }
        let fitting: Vec<Id> = real.into_iter().filter(|&id| self.fits_kind(id, value)).collect();
        match (fitting.as_slice(), value) {
            ([], _) => FitChoice::None,
            (_, JsValue::Object(entries)) => self.best_object(&fitting, entries),
            ([only], _) => FitChoice::Alternative(*only),
            (_, JsValue::Array(items)) => self.best_list(&fitting, items),
            _ => FitChoice::None,
        }
    }

    /// Whether the value is of a kind that the node accepts, by itself and by one of its alternatives.
    fn fits_kind(&self, id: Id, value: &JsValue) -> bool {
        let mut ids = vec![id];
        let mut next = 0;
        let mut open = false;
        // A work list, so that nested alternatives are visited once each.
        while let Some(&id) = ids.get(next) {
            let parts = self.arena.parts(id);
            let fits = parts.iter().all(|part| self.part_fits(part, value));
            let unions: Vec<_> = parts.iter().flat_map(|part| &part.unions).collect();
            open |= fits && unions.is_empty();
            if fits {
                for alternative in unions.into_iter().flat_map(|union| &union.alternatives) {
                    if !ids.contains(alternative) {
                        ids.push(*alternative);
                    }
                }
            }
            next += 1;
        }
        open
    }

    fn part_fits(&self, part: &Node, value: &JsValue) -> bool {
        let is_allowed = |allowed: &Vec<Json>| allowed.iter().any(|one| is_literal(value, one));
        accepts_kind(part, value, self.direction) && part.allowed.as_ref().is_none_or(is_allowed)
    }

    fn best_object(&mut self, fitting: &[Id], entries: &[(String, JsValue)]) -> FitChoice {
        let mut best: Option<(i64, Id)> = None;
        let mut others = Vec::new();
        for &id in fitting {
            match self.object_fit(id, entries) {
                Fit::Score(score) if best.is_none_or(|(most, _)| score > most) => best = Some((score, id)),
                Fit::Score(_) => {}
                Fit::OtherTag(name, tag) => others.push((name, tag)),
            }
        }
        match (best, fitting, others.first()) {
            (Some((1.., id)), _, _) => FitChoice::Alternative(id),
            (_, _, Some((name, _))) if others.iter().all(|(other, _)| other == name) => {
                FitChoice::Tag(name.clone(), others.iter().map(|(_, tag)| tag.clone()).collect())
            }
            (Some((_, id)), [_], _) if !self.is_variant(id) => FitChoice::Alternative(id),
            _ => FitChoice::None,
        }
    }

    /// An object with one field that is named after the variant of an enum.
    fn is_variant(&self, id: Id) -> bool {
        let closed =
            |part: &Node| part.object.additional.is_some_and(|inner| self.arena.node(inner).is_never());
        self.arena.parts(id).iter().any(|part| part.object.properties.len() == 1 && closed(part))
    }

    fn object_fit(&mut self, id: Id, entries: &[(String, JsValue)]) -> Fit {
        let arena = self.arena;
        let mut score = 0;
        for property in arena.parts(id).iter().flat_map(|part| &part.object.properties) {
            let value =
                entries.iter().find(|(name, value)| *name == property.name && *value != JsValue::Undefined);
            let tag = arena.node(property.node).constant().filter(|_| property.required);
            score += match (value, tag) {
                (Some((_, value)), Some(tag)) if is_literal(value, tag) => 1000,
                (Some(_), Some(tag)) => return Fit::OtherTag(property.name.clone(), tag.clone()),
                (None, Some(tag)) if entries.is_empty() => {
                    return Fit::OtherTag(property.name.clone(), tag.clone());
                }
                (Some((_, value)), None) => {
                    if self.accepts(property.node, value) {
                        4
                    } else {
                        2
                    }
                }
                (None, _) => {
                    if property.required {
                        -1
                    } else {
                        0
                    }
                }
            };
        }
        Fit::Score(score)
    }

    fn best_list(&mut self, fitting: &[Id], items: &[JsValue]) -> FitChoice {
        let mut best: Option<(usize, Id)> = None;
        for &id in fitting {
            let accepted = self.list_fit(id, items);
            if accepted > best.map(|(most, _)| most) {
                best = accepted.map(|accepted| (accepted, id));
            }
        }
        best.map_or(FitChoice::None, |(_, id)| FitChoice::Alternative(id))
    }

    /// How many of the first elements fit; `None` where the length is wrong.
    fn list_fit(&mut self, id: Id, items: &[JsValue]) -> Option<usize> {
        let parts = self.arena.parts(id);
        let list = parts.iter().find(|part| part.kinds.has(Kinds::ARRAY) && part.kinds != Kinds::ALL)?;
        list.array.lengths.hold(items.len()).then_some(())?;
        let nodes = list.array.prefix.iter().copied().chain(list.array.items.into_iter().cycle());
        Some(nodes.zip(items).take(LOOKED_AT).filter(|(node, item)| self.accepts(*node, item)).count())
    }
}
