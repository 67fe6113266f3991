//! One check of one value: the walk through its parts, and the choice among alternatives.
//!
//! [`Run`] is made by `Checker` and dropped after the check. The walk is bounded in depth and in steps.

use super::expect::{Words, literal, one_of};
use super::fit::FitChoice;
use super::node::{Arena, Id, Js, Kinds, Node, Union};
use super::scalar::{accepts_kind, is_literal, scalar_holds};
use super::{CheckDirection, Checker};
use crate::boundary::{CheckViolation, Step};
use crate::value::Unrepresentable;
use crate::value::js_value::JsValue;
use std::collections::HashMap;

/// The greatest depth of a checked value. Deeper values are refused, because the check must not exhaust the stack.
const MAX_DEPTH: usize = 256;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Violations are collected.
    Report,
    /// Only the answer is needed, and no violation was found so far.
    Accepts,
    /// Only the answer is needed, and a violation was found.
    Refuses,
}

/// One check of one value.
pub(super) struct Run<'a> {
    pub arena: &'a Arena,
    pub direction: CheckDirection,
    found: Vec<CheckViolation>,
    cap: usize,
    path: Vec<Step>,
    mode: Mode,
    /// Whether a node accepts the value at an address. No pair is checked twice, however alternatives are nested.
    pub verdicts: HashMap<(Id, *const JsValue), bool>,
    /// The remaining steps.
    steps: u64,
    depth: usize,
}

impl<'a> Run<'a> {
    pub(super) fn new(checker: &'a Checker, cap: usize, steps: u64) -> Self {
        Self {
            arena: &checker.arena,
            direction: checker.direction,
            found: Vec::new(),
            cap,
            path: Vec::new(),
            mode: Mode::Report,
            verdicts: HashMap::new(),
            steps,
            depth: 0,
        }
    }

    /// The violations, and whether the steps sufficed to find all.
    pub(super) fn finish(self) -> (Vec<CheckViolation>, bool) {
        (self.found, self.steps > 0)
    }

    /// Whether only the answer is needed, and no report.
    pub(super) fn only_asks(&self) -> bool {
        self.mode != Mode::Report
    }

    pub(super) fn words(&self) -> Words<'a> {
        Words { arena: self.arena, direction: self.direction }
    }

    pub(super) fn is_done(&self) -> bool {
        self.steps == 0
            || self.mode == Mode::Refuses
            || self.mode == Mode::Report && self.found.len() >= self.cap
    }

    pub(super) fn refuse(&mut self, expected: impl FnOnce() -> String, found: impl FnOnce() -> String) {
        if self.mode != Mode::Report {
            self.mode = Mode::Refuses;
        } else if !self.is_done() {
            let violation = CheckViolation { path: self.path.clone(), expected: expected(), found: found() };
            // Parts of a schema that must all hold often have the same violation.
            if !self.found.iter().rev().take(4).any(|known| *known == violation) {
                self.found.push(violation);
            }
        }
    }

    /// Whether the node accepts the value, without reports.
    pub(super) fn accepts(&mut self, id: Id, value: &JsValue) -> bool {
        if let Some(&verdict) = self.verdicts.get(&(id, std::ptr::from_ref(value))) {
            return verdict;
        }
        let outer = std::mem::replace(&mut self.mode, Mode::Accepts);
        self.visit(id, value, false);
        let verdict = self.steps > 0 && self.mode == Mode::Accepts;
        self.mode = outer;
        self.verdicts.insert((id, std::ptr::from_ref(value)), verdict);
        verdict
    }

    /// Checks a value. `null` says whether null is accepted too, for the text of a violation.
    pub(super) fn visit(&mut self, id: Id, value: &JsValue, null: bool) {
        self.steps = self.steps.saturating_sub(1);
        if self.is_done() {
            return;
        }
        if self.depth == MAX_DEPTH {
            return self
                .refuse(|| format!("a value nested at most {MAX_DEPTH} levels deep"), || value.describe());
        }
        self.depth += 1;
        self.visit_parts(id, value, null);
        self.depth -= 1;
    }

    fn visit_parts(&mut self, id: Id, value: &JsValue, null: bool) {
        let node = self.arena.node(id);
        if !self.visit_own(node, value, null) {
            return;
        }
        for &part in &node.all {
            self.visit(part, value, null);
        }
        let mut decided = true;
        for union in &node.unions {
            decided &= self.visit_union(union, value, null);
        }
        if let (Some(rest), JsValue::Object(entries), true) = (node.object.unevaluated, value, decided) {
            self.visit_rest(id, rest, entries, value);
        }
    }

    /// Whether the value is of the kind that the node demands. Otherwise the node's other demands do not matter.
    fn visit_own(&mut self, node: &'a Node, value: &JsValue, null: bool) -> bool {
        let words = self.words();
        let expected = || words.node(node, null);
        if node.allowed.as_ref().is_some_and(|allowed| !allowed.iter().any(|one| is_literal(value, one))) {
            self.refuse(expected, || value.describe());
            return false;
        }
        if !accepts_kind(node, value, self.direction) {
            let text =
                matches!(value, JsValue::Other(Unrepresentable::Text(_) | Unrepresentable::PropertyName(_)));
            let wants_text = node.kinds.has(Kinds::STRING) && node.js.is_none();
            match text && wants_text {
                true => self.refuse(|| "well-formed Unicode text".into(), || value.describe()),
                false => self.refuse(expected, || value.describe()),
            }
            return false;
        }
        match (value, node.js) {
            (JsValue::Map(entries), Some(Js::Map { key, value })) => {
                self.visit_map(node, key, value, entries, null)
            }
            (JsValue::Object(entries), Some(Js::Map { key, value })) => {
                self.visit_object_as_map(node, key, value, entries, null);
            }
            (JsValue::Map(entries), _) if node.object.is_map => self.visit_keyed(node, entries, null),
            (JsValue::Object(entries), _) => self.visit_object(node, entries, null),
            (JsValue::Array(items) | JsValue::Set(items), _) => self.visit_items(node, items, null),
            (JsValue::Bytes(bytes) | JsValue::Buffer { bytes, .. }, _) => self.visit_bytes(node, bytes, null),
            (JsValue::Numbers { values, .. }, _) => {
                self.visit_elements(node, values.len(), null, |index| JsValue::Number(values[index]));
            }
            (JsValue::String(text), _) => self.visit_string(node, text, null),
            _ if !scalar_holds(node, value, self.direction) => self.refuse(expected, || value.describe()),
            _ => {}
        }
        true
    }

    pub(super) fn inside(&mut self, step: Step, visit: impl FnOnce(&mut Self)) {
        self.path.push(step);
        visit(self);
        self.path.pop();
    }

    /// Whether some alternative accepts the value. Otherwise the violations of the best one are reported.
    fn visit_union(&mut self, union: &'a Union, value: &JsValue, null: bool) -> bool {
        if self.is_done() {
            return false;
        }
        let most = if union.exactly_one { 2 } else { 1 };
        let mut accepted = Vec::new();
        for &alternative in &union.alternatives {
            if accepted.len() < most && self.accepts(alternative, value) {
                accepted.push(alternative);
            }
        }
        if accepted.len() == 1 {
            return true;
        }
        let words = self.words();
        if self.mode != Mode::Report {
            self.mode = Mode::Refuses;
        } else if accepted.is_empty() {
            self.report_union(union, value, null);
        } else {
            self.refuse(|| format!("only {}", words.alternatives(&accepted, false)), || value.describe());
        }
        false
    }

    fn report_union(&mut self, union: &'a Union, value: &JsValue, null: bool) {
        let null = null
            || union
                .alternatives
                .iter()
                .any(|&id| self.arena.parts(id).iter().any(|part| part.is_only_null()));
        let words = self.words();
        match self.best(&union.alternatives, value) {
            FitChoice::Alternative(id) => self.visit(id, value, null),
            FitChoice::Tag(name, tags) => {
                let JsValue::Object(entries) = value else { return };
                match entries.iter().find(|(field, _)| *field == name) {
                    Some((_, tag)) => self.inside(Step::Field(name), |run| {
                        run.refuse(
                            || one_of(tags.iter().map(literal)).unwrap_or_default(),
                            || tag.describe(),
                        );
                    }),
                    None => self.refuse(|| format!("the field `{name}`"), || "none".into()),
                }
            }
            FitChoice::None => {
                self.refuse(|| words.alternatives(&union.alternatives, null), || value.describe());
            }
        }
    }

    /// Checks the fields that no part of the schema names.
    fn visit_rest(&mut self, id: Id, rest: Id, entries: &[(String, JsValue)], whole: &JsValue) {
        let speakers = self.speakers(id, whole);
        let knows = |node: &Node, name: &str| {
            let rule = &node.object;
            rule.index.contains_key(name)
                || rule.additional.is_some()
                || rule.patterns.iter().any(|(keys, _)| keys.accepts(name))
        };
        for (name, value) in entries.iter().filter(|(_, value)| *value != JsValue::Undefined) {
            if self.is_done() || speakers.iter().any(|node| knows(node, name)) {
                continue;
            }
            match self.arena.node(rest).is_never() {
                true => self.refuse_name(&self.arena.node(id).object, name),
                false => self.inside(Step::Field(name.clone()), |run| run.visit(rest, value, false)),
            }
        }
    }

    /// The nodes that apply to the value: the parts, and the alternatives that accept it.
    fn speakers(&mut self, id: Id, value: &JsValue) -> Vec<&'a Node> {
        let mut ids = vec![id];
        let mut next = 0;
        while let Some(&id) = ids.get(next) {
            let node = self.arena.node(id);
            let alternatives = node.unions.iter().flat_map(|union| &union.alternatives);
            let holding: Vec<_> =
                alternatives.copied().filter(|&alternative| self.accepts(alternative, value)).collect();
            for id in node.all.iter().copied().chain(holding) {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            next += 1;
        }
        ids.into_iter().map(|id| self.arena.node(id)).collect()
    }
}
