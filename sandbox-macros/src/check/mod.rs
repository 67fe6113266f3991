//! Reports the rules that a contract breaks, on the token that is wrong, with the remedy.
//!
//! - Only rules that tokens alone can show are checked here. Types are checked by the runtime's traits.
//! - Traits of the standard library are known by their last name, because no type is resolved yet.
//!
//! Called by `expand.rs`, after the model is made.

use std::collections::HashMap;

use proc_macro2::Ident;
use syn::{GenericParam, Generics, ItemTrait, Path, TraitItem, TypeParamBound};

use crate::errors::Errors;
use crate::model::{ContractModel, Implementer, MaxCalls, MethodModel};
use crate::names;

pub(crate) mod signature;

/// Reports every mistake that tokens alone can show.
pub(crate) fn contract(contract: &ContractModel, errors: &mut Errors) {
    name(contract, errors);
    local(contract, errors);
    function(contract, errors);
    shape(&contract.item, errors);
    let declared = declared(&contract.item);
    for bound in &contract.item.supertraits {
        supertrait(bound, &declared, errors);
    }
    for member in &contract.item.items {
        no_method(member, errors);
    }
    for method in &contract.methods {
        signature::check(method, &declared, errors);
        method_name(method, errors);
        shared_default(contract, method, errors);
        policy(method, contract.args.direction, errors);
    }
    clashes(&contract.methods, errors);
}

/// The lifetimes and types that the trait declares. Each is an error itself, so its uses are not reported.
fn declared(item: &ItemTrait) -> Vec<&Ident> {
    let types = item.items.iter().filter_map(|member| match member {
        TraitItem::Type(item) => Some(&item.ident),
        _ => None,
    });
    item.generics.lifetimes().map(|param| &param.lifetime.ident).chain(types).collect()
}

fn name(contract: &ContractModel, errors: &mut Errors) {
    let Some(why) = names::refused_contract(&contract.js_name, contract.args.direction.host()) else {
        return;
    };
    match &contract.args.name {
        Some(given) => errors.on(given, format!("{why}: choose another name")),
        None => errors.on(
            &contract.item.ident,
            format!(
                "{why}: give the contract another name in JavaScript with `#[sandbox_api(name = \"…\")]`"
            ),
        ),
    }
}

fn local(contract: &ContractModel, errors: &mut Errors) {
    if let (Some(key), false) = (&contract.args.local, contract.is_async()) {
        errors.on(
            key,
            "`local` keeps the futures of `async` methods in one thread, and this contract has no `async` method: remove `local`",
        );
    }
}

/// A global function is the only method of a contract of the host. The spec counts methods that `#[cfg]` removes.
fn function(contract: &ContractModel, errors: &mut Errors) {
    let Some(key) = &contract.args.function else { return };
    if contract.args.direction != Implementer::Host {
        errors.on(
            key,
            "`function` gives guests a global function of the host, so only the host implements the contract: write \
             `#[sandbox_api(host, function)]`",
        );
    }
    let certain = contract.methods.iter().filter(|method| method.cfgs.is_empty()).count();
    if contract.methods.is_empty() || certain > 1 {
        errors.on(
            key,
            format!(
                "a global function is the only method of its contract, and this contract has {}: keep one method, or remove \
                 `function`",
                contract.methods.len()
            ),
        );
    }
}

/// The future of a default body holds `&self`, so `Self` must be `Sync`. `async_trait` too finds the bound by its name.
fn shared_default(contract: &ContractModel, method: &MethodModel, errors: &mut Errors) {
    if method.is_async() && method.has_default && !contract.is_local() && !is_shared(&contract.item) {
        let name = &contract.item.ident;
        errors.on(
            method.ident(),
            format!(
                "the future of this default body holds `&self`, and futures move between threads: write `trait {name}: Send + Sync`, \
                 or `#[sandbox_api(local)]` for a contract whose futures stay in one thread"
            ),
        );
    }
}

/// `Sync` is among the supertraits.
pub(crate) fn is_shared(item: &ItemTrait) -> bool {
    item.supertraits.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == "Sync"),
        _ => false,
    })
}

fn shape(item: &ItemTrait, errors: &mut Errors) {
    if let Some(token) = &item.unsafety {
        errors.on(
            token,
            "a contract cannot be an `unsafe trait`, because a script cannot keep safety conditions: remove `unsafe`",
        );
    }
    if let Some(token) = &item.auto_token {
        errors.on(
            token,
            "a contract cannot be an `auto trait`, because its methods need an implementation: remove `auto`",
        );
    }
    generics(&item.generics, "a contract", errors);
}

/// Reports all generic parameters and bounds of an item as one error.
pub(crate) fn generics(generics: &Generics, what: &str, errors: &mut Errors) {
    let lifetimes_only = generics.params.iter().all(|param| matches!(param, GenericParam::Lifetime(_)));
    if !generics.params.is_empty() && lifetimes_only {
        errors.on(
            generics,
            format!("{what} cannot have lifetimes, because values cross the boundary as copies: remove them, and return owned types"),
        );
    } else if !generics.params.is_empty() {
        errors.on(
            generics,
            format!("{what} cannot be generic, because a script knows no Rust types: write the concrete types, or `serde_json::Value`"),
        );
    } else if let Some(clause) = &generics.where_clause {
        errors.on(
            clause,
            format!(
                "{what} cannot have a `where` clause, because nothing in it is generic: remove the clause"
            ),
        );
    }
}

fn supertrait(bound: &TypeParamBound, declared: &[&Ident], errors: &mut Errors) {
    match bound {
        TypeParamBound::Trait(bound) if matches!(bound.modifier, syn::TraitBoundModifier::Maybe(_)) => {
            errors.on(bound, "a contract is used as `dyn Trait`, which is `?Sized` already: remove this bound");
        }
        TypeParamBound::Trait(bound) if needs_sized(&bound.path) => errors.on(
            bound,
            "a contract is used as `dyn Trait`, and this supertrait needs a sized `Self`: remove the supertrait",
        ),
        TypeParamBound::Lifetime(lifetime) if lifetime.ident != "static" && !declared.contains(&&lifetime.ident) => {
            errors.on(lifetime, "a contract is kept for as long as its sandbox, so it cannot borrow: remove this lifetime, or write `'static`");
        }
        _ => {}
    }
}

/// Whether a supertrait of the standard library makes the trait not dyn-compatible. The compiler would report the
/// supertrait at each use of the trait.
pub(crate) fn needs_sized(path: &Path) -> bool {
    const SIZED: &[&str] =
        &["Sized", "Clone", "Copy", "Default", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash"];
    path.segments.last().is_some_and(|last| SIZED.iter().any(|name| last.ident == name))
}

fn no_method(member: &TraitItem, errors: &mut Errors) {
    match member {
        TraitItem::Fn(_) => {}
        TraitItem::Const(item) => errors.on(
            &item.ident,
            "a contract cannot have associated constants, because a script cannot provide one: make it a method",
        ),
        TraitItem::Type(item) => errors.on(
            &item.ident,
            "a contract cannot have associated types, because a script knows no Rust types: write the concrete type in the methods",
        ),
        TraitItem::Macro(item) => errors.on(
            &item.mac.path,
            "a macro hides its methods from `#[sandbox_api]`: write the methods of a contract out",
        ),
        other => errors.on(other, "a contract has methods only: remove this item"),
    }
}

fn method_name(method: &MethodModel, errors: &mut Errors) {
    let Some(why) = names::refused_method(&method.js_name) else { return };
    match &method.rename {
        Some(given) => errors.on(given, format!("{why}: choose another name")),
        None => errors.on(
            method.ident(),
            format!("{why}: give the method another name in JavaScript with `#[sandbox(rename = \"…\")]`"),
        ),
    }
}

fn policy(method: &MethodModel, direction: Implementer, errors: &mut Errors) {
    if let ([first, ..], None) = (&method.bounds.0[..], method.returns()) {
        errors.on(
            &first.key,
            "this method returns no value, so `returns(…)` has nothing to check: remove `returns(…)`",
        );
    }
    if let (Some(MaxCalls { key, .. }), Implementer::Guest) = (&method.max_calls, direction) {
        errors.on(
            key,
            "`max_calls` limits how often a guest calls the host, and only a guest implements this contract: remove `max_calls`",
        );
    }
    if let Some(key) = &method.callback {
        callback(method, key, direction, errors);
    }
    match &method.on_failure {
        Some(policy) if direction == Implementer::Host => errors.on(
            &policy.key,
            "`on_failure` says what a caller gets when a guest fails, and only the host implements this contract: remove `on_failure`",
        ),
        Some(policy) if method.has_default => errors.on(
            &policy.key,
            "a method has a default body or `on_failure`, not both: remove `on_failure` and return a `Result`, or remove the body",
        ),
        None if direction.guest() && method.returns().is_none() => errors.on(
            method.ident(),
            "a guest can always fail, so this method must return a `Result`: write `-> sandbox_runtime::Result<()>`, \
             declare what a failure becomes with `#[sandbox(on_failure = panic | default | value(…))]`, \
             or let only the host implement the contract with `#[sandbox_api(host)]`",
        ),
        _ => {}
    }
}

/// A guest's function that calls back gives its result later, so only an `async` method of a guest has one.
fn callback(method: &MethodModel, key: &Ident, direction: Implementer, errors: &mut Errors) {
    if direction != Implementer::Guest {
        errors.on(
            key,
            "`callback` is for methods that a guest alone implements: write `#[sandbox_api(guest)]`, or remove `callback`",
        );
    }
    if !method.is_async() {
        errors.on(key, "a function that calls back gives its result later: make the method `async`, or remove `callback`");
    }
}

/// Reports methods that share a JavaScript name. Methods that both have `#[cfg]` may be versions of one.
fn clashes(methods: &[MethodModel], errors: &mut Errors) {
    let mut first: HashMap<&str, &MethodModel> = HashMap::new();
    for method in methods {
        let Some(before) = first.insert(&method.js_name, method) else { continue };
        if !before.cfgs.is_empty() && !method.cfgs.is_empty() {
            continue;
        }
        let (name, other) = (&method.js_name, &before.rust_name);
        let message = if *other == method.rust_name {
            format!("`{other}` is declared twice: rename or remove one")
        } else {
            format!(
                "`{other}` has the JavaScript name `{name}` too: give this one another with `#[sandbox(rename = \"…\")]`"
            )
        };
        match &method.rename {
            Some(given) => errors.on(given, message),
            None => errors.on(method.ident(), message),
        }
    }
}
