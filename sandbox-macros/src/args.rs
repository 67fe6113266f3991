//! The arguments of `#[sandbox_api(…)]` and `#[sandbox(…)]`: from tokens to values of the model.
//!
//! An argument that is wrong is reported and left out, and the next one is read. Called by `expand.rs`, by `parse.rs`, and
//! by the derive of `GuestError`, which has the same syntax.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::quote;
use syn::{Expr, LitInt, LitStr, Path};

use crate::bounds;
use crate::errors::Errors;
use crate::model::{ApiArgs, BoundArgs, Implementer, MaxCalls, OnFailure, Policy};

const API_ARGUMENTS: &str = "`guest`, `host`, `local`, `function`, `name = \"…\"` and `crate = path`";
const IMPL_ARGUMENTS: &str = "`local` and `crate = path`";
const METHOD_ARGUMENTS: &str = "`rename = \"…\"`, `on_failure = panic | default | value(…)`, `max_calls = …`, `scoped`, `callback` and `returns(range(…), length(…), pattern(…))`";
const POLICIES: &str = "`on_failure` takes a policy: write `on_failure = panic`, `on_failure = default` or `on_failure = value(…)`";

/// `key`, `key = value` or `key(value)`, between two commas.
pub(crate) struct Argument {
    pub(crate) key: Ident,
    pub(crate) value: Option<TokenStream>,
    /// The value is in parentheses.
    is_list: bool,
}

/// All `#[sandbox(…)]` attributes of one method, merged.
#[derive(Default)]
pub(crate) struct MethodArgs {
    pub(crate) rename: Option<LitStr>,
    pub(crate) on_failure: Option<OnFailure>,
    pub(crate) returns: BoundArgs,
    pub(crate) max_calls: Option<MaxCalls>,
    /// `scoped`; the name is kept for its span.
    pub(crate) scoped: Option<Ident>,
    /// `callback`; the name is kept for its span.
    pub(crate) callback: Option<Ident>,
}

/// Reads the arguments of `#[sandbox_api(…)]`.
pub(crate) fn of_trait(tokens: TokenStream, errors: &mut Errors) -> ApiArgs {
    let mut args = ApiArgs::default();
    let mut seen = Vec::new();
    for argument in split(tokens, API_ARGUMENTS, errors) {
        if repeated(&argument.key, &mut seen, errors) {
            continue;
        }
        match argument.key.to_string().as_str() {
            "guest" => direction(&argument, Implementer::Guest, &mut args, errors),
            "host" => direction(&argument, Implementer::Host, &mut args, errors),
            "local" => args.local = Some(word(&argument, errors)),
            "function" => args.function = Some(word(&argument, errors)),
            "name" => args.name = string(&argument, errors),
            "crate" => args.krate = path(&argument, errors),
            other => {
                errors.at(
                    argument.key.span(),
                    format!(
                        "unknown argument `{other}`: `#[sandbox_api]` takes {API_ARGUMENTS}{}",
                        hint(other)
                    ),
                );
            }
        }
    }
    args
}

/// Reads the arguments of `#[sandbox_api(…)]` on an implementation.
pub(crate) fn of_impl(tokens: TokenStream, errors: &mut Errors) -> ApiArgs {
    let mut args = ApiArgs::default();
    let mut seen = Vec::new();
    for argument in split(tokens, IMPL_ARGUMENTS, errors) {
        let key = &argument.key;
        if repeated(key, &mut seen, errors) {
            continue;
        }
        match key.to_string().as_str() {
            "local" => args.local = Some(word(&argument, errors)),
            "crate" => args.krate = path(&argument, errors),
            of_trait @ ("guest" | "host" | "function" | "name") => errors.at(
                key.span(),
                format!("`{of_trait}` goes on the trait, not on its implementation: remove `{of_trait}` here, where `#[sandbox_api]` takes {IMPL_ARGUMENTS}"),
            ),
            other => errors.at(
                key.span(),
                format!("unknown argument `{other}`: on an implementation, `#[sandbox_api]` takes {IMPL_ARGUMENTS}"),
            ),
        }
    }
    args
}

/// Adds the arguments of one `#[sandbox(…)]` to those of the method.
pub(crate) fn of_method(tokens: TokenStream, args: &mut MethodArgs, errors: &mut Errors) {
    let mut seen = args.keys();
    for argument in split(tokens, METHOD_ARGUMENTS, errors) {
        if repeated(&argument.key, &mut seen, errors) {
            continue;
        }
        match argument.key.to_string().as_str() {
            "rename" => args.rename = string(&argument, errors),
            "on_failure" => args.on_failure = on_failure(&argument, errors),
            "max_calls" => args.max_calls = max_calls(&argument, errors),
            "scoped" => args.scoped = Some(word(&argument, errors)),
            "callback" => args.callback = Some(word(&argument, errors)),
            "returns" => match &argument.value {
                Some(value) if argument.is_list => bounds::read(value.clone(), &mut args.returns, errors),
                _ => errors.on(written(&argument), "`returns` takes bounds: write `returns(range(min = 0))`"),
            },
            "range" | "length" | "pattern" => errors.at(
                argument.key.span(),
                format!(
                    "a bound goes on a parameter, not on its method: move `{key}` there, or write `returns({key}(…))` for the result",
                    key = argument.key
                ),
            ),
            other => errors.at(
                argument.key.span(),
                format!("unknown argument `{other}`: `#[sandbox]` on a method takes {METHOD_ARGUMENTS}"),
            ),
        }
    }
}

impl MethodArgs {
    fn keys(&self) -> Vec<String> {
        let rename = self.rename.as_ref().map(|_| "rename".to_owned());
        let on_failure = self.on_failure.as_ref().map(|_| "on_failure".to_owned());
        let returns = (!self.returns.0.is_empty()).then(|| "returns".to_owned());
        let max_calls = self.max_calls.as_ref().map(|_| "max_calls".to_owned());
        let scoped = self.scoped.as_ref().map(|_| "scoped".to_owned());
        let callback = self.callback.as_ref().map(|_| "callback".to_owned());
        let first = rename.into_iter().chain(on_failure).chain(returns);
        first.chain(max_calls).chain(scoped).chain(callback).collect()
    }
}

/// The attribute that takes this argument, if `#[sandbox_api]` does not.
fn hint(key: &str) -> &'static str {
    match key {
        "rename" => {
            "; write `name = \"…\"` to name the contract, or put `#[sandbox(rename = \"…\")]` on a method"
        }
        "on_failure" => "; put `#[sandbox(on_failure = …)]` on the method",
        _ => "",
    }
}

/// Returns true, and reports it, if the key was given before.
pub(crate) fn repeated(key: &Ident, seen: &mut Vec<String>, errors: &mut Errors) -> bool {
    let name = key.to_string();
    let again = seen.contains(&name);
    if again {
        errors.at(key.span(), format!("`{name}` is given twice: remove one"));
    }
    seen.push(name);
    again
}

fn direction(argument: &Argument, direction: Implementer, args: &mut ApiArgs, errors: &mut Errors) {
    let key = word(argument, errors);
    if argument.value.is_none() && args.direction != Implementer::Both {
        errors.at(
            key.span(),
            "`guest` and `host` exclude each other: keep one, or write neither to let both sides implement the contract",
        );
    }
    args.direction = direction;
}

/// Reads an argument that has no value.
fn word(argument: &Argument, errors: &mut Errors) -> Ident {
    let key = &argument.key;
    if argument.value.is_some() {
        errors.at(key.span(), format!("`{key}` takes no value: write `{key}` alone"));
    }
    key.clone()
}

/// The value of `key = "…"`.
pub(crate) fn string(argument: &Argument, errors: &mut Errors) -> Option<LitStr> {
    let Argument { key, value, is_list } = argument;
    let parsed = value.clone().filter(|_| !is_list).map(syn::parse2::<LitStr>);
    match parsed {
        Some(Ok(literal)) => Some(literal),
        _ => {
            errors.on(written(argument), format!("`{key}` takes a string: write `{key} = \"…\"`"));
            None
        }
    }
}

/// The value of `crate = path`.
pub(crate) fn path(argument: &Argument, errors: &mut Errors) -> Option<Path> {
    let value = argument.value.clone().filter(|_| !argument.is_list).unwrap_or_default();
    if let Ok(path) = syn::parse::Parser::parse2(Path::parse_mod_style, value.clone()) {
        return Some(path);
    }
    errors.on(written(argument), "`crate` takes a path, without quotes: write `crate = my::path`");
    // The path in quotes is used all the same, so that the rest of the expansion finds the crate.
    syn::parse2::<LitStr>(value).ok()?.parse_with(Path::parse_mod_style).ok()
}

fn on_failure(argument: &Argument, errors: &mut Errors) -> Option<OnFailure> {
    let policy = argument.value.clone().filter(|_| !argument.is_list).and_then(policy);
    if policy.is_none() {
        errors.on(written(argument), POLICIES);
    }
    Some(OnFailure { key: argument.key.clone(), policy: policy.unwrap_or(Policy::Panic) })
}

/// The value of `max_calls = 100`.
fn max_calls(argument: &Argument, errors: &mut Errors) -> Option<MaxCalls> {
    let parsed = argument.value.clone().filter(|_| !argument.is_list).map(syn::parse2::<LitInt>);
    let most = parsed.and_then(Result::ok).and_then(|literal| literal.base10_parse::<u64>().ok());
    if most.is_none() {
        errors.on(written(argument), "`max_calls` takes a whole number of calls: write `max_calls = 100`");
    }
    Some(MaxCalls { key: argument.key.clone(), most: most.unwrap_or(0) })
}

fn policy(value: TokenStream) -> Option<Policy> {
    let mut tokens = value.into_iter();
    let policy = match (tokens.next()?, tokens.next()) {
        (TokenTree::Ident(name), None) if name == "panic" => Policy::Panic,
        (TokenTree::Ident(name), None) if name == "default" => Policy::Default(name.span()),
        (TokenTree::Ident(name), Some(TokenTree::Group(group))) if name == "value" => {
            Policy::Value(Box::new(syn::parse2::<Expr>(group.stream()).ok()?))
        }
        _ => return None,
    };
    tokens.next().is_none().then_some(policy)
}

/// The tokens of an argument, for an error's span.
fn written(argument: &Argument) -> TokenStream {
    let Argument { key, value, is_list } = argument;
    if *is_list { quote!(#key (#value)) } else { quote!(#key #value) }
}

/// Splits the tokens at commas. A part that is no argument is reported and left out.
pub(crate) fn split(tokens: TokenStream, allowed: &str, errors: &mut Errors) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(start) = rest.peek().map(TokenTree::span) {
        let part: Vec<TokenTree> = rest.by_ref().take_while(|token| !is(token, ',')).collect();
        match argument(&part) {
            Some(argument) => arguments.push(argument),
            None => {
                errors.at(start, format!("expected an argument: there are {allowed}, separated by commas"))
            }
        }
    }
    arguments
}

fn argument(part: &[TokenTree]) -> Option<Argument> {
    match part {
        [TokenTree::Ident(key)] => Some(Argument { key: key.clone(), value: None, is_list: false }),
        [TokenTree::Ident(key), equals, value @ ..] if is(equals, '=') => {
            Some(Argument { key: key.clone(), value: Some(value.iter().cloned().collect()), is_list: false })
        }
        [TokenTree::Ident(key), TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
            Some(Argument { key: key.clone(), value: Some(group.stream()), is_list: true })
        }
        _ => None,
    }
}

fn is(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}
