//! Compares two types of values: where the newer allows more, and where less.

use std::collections::{BTreeSet, HashSet};

use super::graph::{Graph, NodeId};
use super::numbers::Range;
use super::variant::{FunctionNode, List, Record, Rest, Text, VariantKind, VariantNode, VariantProperty};

/// The receiver of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Guest,
    Host,
}

/// The effect of a newer type. Both are true where one type replaces another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Effect {
    /// The newer type allows values that the older did not.
    pub(super) wider: bool,
    /// The newer type refuses values that the older allowed.
    pub(super) narrower: bool,
}

impl Effect {
    pub(super) const NONE: Self = Self { wider: false, narrower: false };
    pub(super) const WIDER: Self = Self { wider: true, narrower: false };
    pub(super) const NARROWER: Self = Self { wider: false, narrower: true };
    pub(super) const REPLACED: Self = Self { wider: true, narrower: true };

    /// The effect of the opposite change.
    fn swapped(self) -> Self {
        Self { wider: self.narrower, narrower: self.wider }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self { wider: self.wider || other.wider, narrower: self.narrower || other.narrower }
    }
}

/// A value in both versions.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) old: NodeId,
    pub(super) new: NodeId,
    pub(super) side: Side,
}

/// A place in a value at which two types differ.
pub(super) struct Difference {
    pub(super) path: String,
    pub(super) what: String,
    pub(super) effect: Effect,
}

/// Compares the nodes of a graph.
pub(super) struct Values<'a> {
    graph: &'a Graph,
    numbers: Vec<usize>,
}

/// The alternatives of two versions of a union.
struct Matched<'a> {
    pairs: Vec<(&'a VariantNode, &'a VariantNode)>,
    /// The alternatives of the older version without a partner.
    old: Vec<&'a VariantNode>,
    new: Vec<&'a VariantNode>,
}

/// The comparison of one value.
struct Walk<'a> {
    values: &'a Values<'a>,
    /// The receiver of the part that is compared.
    side: Side,
    /// Whether the part goes the opposite way of the whole, as the arguments of a function do.
    is_opposite: bool,
    /// A recursive type is compared where it is met first, and others at every occurrence.
    visited: HashSet<(NodeId, NodeId)>,
    found: Vec<Difference>,
}

impl<'a> Values<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        Self { graph, numbers: graph.numbers(&graph.all()) }
    }

    pub(super) fn differences(&self, pair: Pair, path: &str) -> Vec<Difference> {
        let (visited, found) = (HashSet::new(), Vec::new());
        let mut walk = Walk { values: self, side: pair.side, is_opposite: false, visited, found };
        walk.nodes(pair.old, pair.new, path);
        walk.found
    }

    /// Pairs alternatives that correspond: by key, then by structure, then by type and position.
    fn matched(&self, old: &'a [VariantNode], new: &'a [VariantNode]) -> Matched<'a> {
        let mut matched = Matched { pairs: Vec::new(), old: old.iter().collect(), new: new.iter().collect() };
        matched.pair(|old, new| !old.key.is_empty() && old.key == new.key);
        matched.pair(|old, new| old.kind.canonical(&self.numbers) == new.kind.canonical(&self.numbers));
        matched.pair(|old, new| (old.key.is_empty() || new.key.is_empty()) && old.kind.is_like(&new.kind));
        // A constant that a type of the other version includes is neither removed nor new.
        matched.old.retain(|gone| !gone.kind.is_within(new));
        matched.new.retain(|added| !added.kind.is_within(old));
        matched
    }
}

impl Matched<'_> {
    fn pair(&mut self, rule: impl Fn(&VariantNode, &VariantNode) -> bool) {
        self.old.retain(|old| {
            let partner = self.new.iter().position(|new| rule(old, new));
            self.pairs.extend(partner.map(|partner| (*old, self.new.remove(partner))));
            partner.is_none()
        });
    }
}

impl Walk<'_> {
    fn report(&mut self, path: &str, what: impl Into<String>, effect: Effect) {
        // The effect is told of the whole value.
        let effect = if self.is_opposite { effect.swapped() } else { effect };
        self.found.push(Difference { path: path.to_owned(), what: what.into(), effect });
    }

    /// Compares parts that go the opposite way.
    fn opposite(&mut self, compare: impl FnOnce(&mut Self)) {
        let (side, is_opposite) = (self.side, self.is_opposite);
        self.side = if side == Side::Guest { Side::Host } else { Side::Guest };
        self.is_opposite = !is_opposite;
        compare(self);
        (self.side, self.is_opposite) = (side, is_opposite);
    }

    fn nodes(&mut self, old: NodeId, new: NodeId, path: &str) {
        let Values { graph, numbers } = self.values;
        if numbers[old] == numbers[new]
            || graph.is_recursive(old) && graph.is_recursive(new) && !self.visited.insert((old, new))
        {
            return;
        }
        match (graph.variants(old), graph.variants(new)) {
            ([VariantNode { kind: VariantKind::Any, .. }], new) => {
                self.report(path, format!("anything became {}", listed(new)), Effect::NARROWER);
            }
            (old, [VariantNode { kind: VariantKind::Any, .. }]) => {
                self.report(path, format!("{} became anything", listed(old)), Effect::WIDER);
            }
            (old, new) => self.unions(old, new, path),
        }
    }

    fn unions(&mut self, old: &[VariantNode], new: &[VariantNode], path: &str) {
        let many = old.len().max(new.len()) > 1;
        let matched = self.values.matched(old, new);
        for (old, new) in matched.pairs {
            let tag = if old.tag.is_empty() { &new.tag } else { &old.tag };
            let path = format!("{path}{}", if many { tag } else { "" });
            self.kinds(&old.kind, &new.kind, &path);
        }
        if let ([old], [new]) = (&matched.old[..], &matched.new[..]) {
            return self.report(path, format!("{old} became {new}"), Effect::REPLACED);
        }
        for gone in matched.old {
            self.report(path, format!("no longer allows {gone}"), Effect::NARROWER);
        }
        for added in matched.new {
            self.report(path, format!("also allows {added}"), Effect::WIDER);
        }
    }

    fn kinds(&mut self, old: &VariantKind, new: &VariantKind, path: &str) {
        match (old, new) {
            (VariantKind::Numeric(old), VariantKind::Numeric(new)) => {
                let effect = old.effect(new, self.side == Side::Host);
                if effect != Effect::NONE {
                    self.report(path, format!("{old} became {new}"), effect);
                }
            }
            (VariantKind::Text(old), VariantKind::Text(new)) => self.texts(old, new, path),
            (VariantKind::List(old), VariantKind::List(new)) => self.lists(old, new, path),
            (VariantKind::Record(old), VariantKind::Record(new)) => self.records(old, new, path),
            (VariantKind::Js(old), VariantKind::Js(new)) => {
                self.sizes("length", old.size, new.size, path);
                for (old, new) in old.parts.iter().zip(&new.parts) {
                    self.nodes(old.node, new.node, &format!("{path}{}", old.path));
                }
            }
            (VariantKind::Function(old), VariantKind::Function(new)) => self.functions(old, new, path),
            (VariantKind::Stream(old), VariantKind::Stream(new)) => {
                self.asynchronous("stream", old.is_async, new.is_async, path);
                self.nodes(old.items, new.items, &format!("{path}[]"));
            }
            _ => {}
        }
    }

    /// Compares functions as methods of the side that made them.
    fn functions(&mut self, old: &FunctionNode, new: &FunctionNode, path: &str) {
        const PARAMETERS: [&str; 4] = ["first", "second", "third", "fourth"];
        self.asynchronous("function", old.is_async, new.is_async, path);
        for index in 0..old.params.len().max(new.params.len()) {
            let name = PARAMETERS.get(index).map_or_else(|| (index + 1).to_string(), |&name| name.to_owned());
            let path = format!("{path} → {name}");
            // An argument that is not passed is null.
            let needed = |param: NodeId| !self.values.graph.is_nullable(param);
            match (old.params.get(index).copied(), new.params.get(index).copied()) {
                (Some(old), Some(new)) => self.opposite(|walk| walk.nodes(old, new, &path)),
                (Some(gone), None) => {
                    let effect = Effect { wider: false, narrower: needed(gone) };
                    self.report(&path, "parameter removed", effect);
                }
                (None, Some(added)) => {
                    let effect = Effect { wider: needed(added), narrower: false };
                    self.report(&path, "parameter added", effect);
                }
                (None, None) => {}
            }
        }
        self.nodes(old.result, new.result, &format!("{path} → result"));
    }

    /// A host takes what needs no waiting too. A guest is written for one of both.
    fn asynchronous(&mut self, what: &str, old: bool, new: bool, path: &str) {
        let (word, effect) = match (old, new) {
            (false, true) => ("asynchronous", Effect::WIDER),
            (true, false) => ("synchronous", Effect::NARROWER),
            _ => return,
        };
        let effect = if self.side == Side::Host { effect } else { Effect::REPLACED };
        self.report(path, format!("{what} became {word}"), effect);
    }

    fn sizes(&mut self, what: &str, old: Range, new: Range, path: &str) {
        let effect = old.effect(new);
        if effect != Effect::NONE {
            self.report(path, format!("{what}: {old} became {new}"), effect);
        }
    }

    fn texts(&mut self, old: &Text, new: &Text, path: &str) {
        self.sizes("length", old.length, new.length, path);
        for gone in old.patterns.difference(&new.patterns) {
            self.report(path, format!("need no longer match `{gone}`"), Effect::WIDER);
        }
        for added in new.patterns.difference(&old.patterns) {
            self.report(path, format!("must now match `{added}`"), Effect::NARROWER);
        }
    }

    fn lists(&mut self, old: &List, new: &List, path: &str) {
        self.sizes("number of items", old.size, new.size, path);
        for index in 0..old.first.len().max(new.first.len()) {
            if let (Some(old), Some(new)) = (old.item(index), new.item(index)) {
                self.nodes(old, new, &format!("{path}[{index}]"));
            }
        }
        if let (Some(old), Some(new)) = (old.rest, new.rest) {
            self.nodes(old, new, &format!("{path}[]"));
        }
    }

    fn records(&mut self, old: &Record, new: &Record, path: &str) {
        self.sizes("number of properties", old.size, new.size, path);
        let names: BTreeSet<&String> = old.properties.keys().chain(new.properties.keys()).collect();
        for name in names {
            let place = format!("{path}.{name}");
            match (old.properties.get(name), new.properties.get(name)) {
                (Some(old), Some(new)) => self.property(*old, *new, &place),
                (Some(gone), None) => {
                    let effect = Effect { wider: gone.required, narrower: new.rest.is_refused() };
                    self.report(&place, format!("{} removed", gone.word()), effect);
                    if let Rest::Of(rest) = new.rest {
                        self.nodes(gone.value, rest, &place);
                    }
                }
                (None, Some(added)) => {
                    let effect = Effect { wider: old.rest.is_refused(), narrower: added.required };
                    self.report(&place, format!("{} added", added.word()), effect);
                    if let Rest::Of(rest) = old.rest {
                        self.nodes(rest, added.value, &place);
                    }
                }
                (None, None) => {}
            }
        }
        self.patterns(old, new, path);
        self.rests(old.rest, new.rest, path);
    }

    fn property(&mut self, old: VariantProperty, new: VariantProperty, path: &str) {
        match (old.required, new.required) {
            (true, false) => self.report(path, "became optional", Effect::WIDER),
            (false, true) => self.report(path, "became required", Effect::NARROWER),
            _ => {}
        }
        self.nodes(old.value, new.value, path);
    }

    fn patterns(&mut self, old: &Record, new: &Record, path: &str) {
        let place = format!("{path}{{}}");
        for (pattern, was) in &old.patterns {
            match (new.patterns.get(pattern).copied(), new.rest) {
                (Some(is), _) | (None, Rest::Of(is)) => self.nodes(*was, is, &place),
                (None, Rest::Refused) => {
                    self.report(path, format!("no longer allows names like `{pattern}`"), Effect::NARROWER);
                }
                (None, Rest::Ignored) => {
                    self.report(path, format!("names like `{pattern}` allow anything"), Effect::WIDER);
                }
            }
        }
        for (pattern, is) in new.patterns.iter().filter(|(pattern, _)| !old.patterns.contains_key(*pattern)) {
            match old.rest {
                Rest::Of(was) => self.nodes(was, *is, &place),
                Rest::Refused => {
                    self.report(path, format!("also allows names like `{pattern}`"), Effect::WIDER);
                }
                Rest::Ignored => {
                    self.report(
                        path,
                        format!("names like `{pattern}` no longer allow anything"),
                        Effect::NARROWER,
                    );
                }
            }
        }
    }

    fn rests(&mut self, old: Rest, new: Rest, path: &str) {
        let (what, effect) = match (old, new) {
            (Rest::Of(old), Rest::Of(new)) => return self.nodes(old, new, &format!("{path}{{}}")),
            (Rest::Ignored, Rest::Ignored) | (Rest::Refused, Rest::Refused) => return,
            (_, Rest::Refused) => ("other properties are refused", Effect::NARROWER),
            (Rest::Refused, _) => ("other properties are no longer refused", Effect::WIDER),
            (Rest::Ignored, Rest::Of(_)) => ("other properties can no longer be anything", Effect::NARROWER),
            (Rest::Of(_), Rest::Ignored) => ("other properties can be anything", Effect::WIDER),
        };
        self.report(path, what, effect);
    }
}

fn listed(variants: &[VariantNode]) -> String {
    variants.iter().map(VariantNode::to_string).collect::<Vec<_>>().join(" or ")
}
