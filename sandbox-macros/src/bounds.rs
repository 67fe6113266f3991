//! Reads `range(…)`, `length(…)` and `pattern("…")`, the bounds of a parameter or a result beyond its type.
//!
//! Values must be literals, because bounds are checked here: `min` is at most `max`, and a pattern parses. Whether the type
//! can have the bound is checked by a trait of the runtime. Called by `parse.rs` and `args.rs`.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, ExprUnary, Lit, LitStr, Meta, Token, UnOp};

use crate::errors::Errors;
use crate::model::{BoundArg, BoundArgs, BoundKind, Number};

const BOUNDS: &str = "`range(min = …, max = …)`, `length(min = …, max = …)` and `pattern(\"…\")`";

/// Adds the bounds in `tokens` to `bounds`.
pub(crate) fn read(tokens: TokenStream, bounds: &mut BoundArgs, errors: &mut Errors) {
    let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
    match syn::parse::Parser::parse2(parse, tokens) {
        Ok(metas) => metas.iter().for_each(|meta| bound(meta, bounds, errors)),
        Err(error) => {
            errors.at(error.span(), format!("expected bounds: there are {BOUNDS}, separated by commas"))
        }
    }
}

fn bound(meta: &Meta, bounds: &mut BoundArgs, errors: &mut Errors) {
    let name = meta.path().get_ident().map(Ident::to_string).unwrap_or_default();
    if bounds.0.iter().any(|other| other.key == name) {
        errors.on(meta.path(), format!("`{name}` is given twice: remove one"));
        return;
    }
    let kind = match name.as_str() {
        "range" => range(meta, errors),
        "length" => length(meta, errors),
        "pattern" => pattern(meta, errors),
        _ => {
            let hint = match name.as_str() {
                "rename" | "on_failure" => "; put `#[sandbox(…)]` with this argument on the method",
                "returns" => "; put `#[sandbox(returns(…))]` on the method, for its result",
                _ => "",
            };
            errors.on(meta.path(), format!("unknown bound `{}`: there are {BOUNDS}{hint}", quote_path(meta)));
            None
        }
    };
    if let (Some(kind), Some(key)) = (kind, meta.path().get_ident()) {
        bounds.0.push(BoundArg { key: key.clone(), kind });
    }
}

fn quote_path(meta: &Meta) -> String {
    let path = meta.path();
    quote!(#path).to_string().replace(' ', "")
}

fn range(meta: &Meta, errors: &mut Errors) -> Option<BoundKind> {
    let [min, max] = limits(meta, "range", "a number", number, errors)?;
    if let (Some(min), Some(max)) = (min, max)
        && as_float(min) > as_float(max)
    {
        errors.on(meta, "no number is in this range, because `min` is greater than `max`: write the lesser bound as `min`");
    }
    Some(BoundKind::Range { min, max })
}

fn length(meta: &Meta, errors: &mut Errors) -> Option<BoundKind> {
    let whole = |expr: &Expr| match number(expr)? {
        Number::Integer(value) => u32::try_from(value).ok(),
        Number::Float(_) => None,
    };
    let [min, max] = limits(meta, "length", "a whole number up to 4294967295", whole, errors)?;
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        errors.on(meta, "no length is in these bounds, because `min` is greater than `max`: write the lesser bound as `min`");
    }
    Some(BoundKind::Length { min, max })
}

fn pattern(meta: &Meta, errors: &mut Errors) -> Option<BoundKind> {
    let literal = meta.require_list().ok().and_then(|list| list.parse_args::<LitStr>().ok());
    match &literal {
        Some(literal) => expression(literal, errors),
        None => errors.on(meta, "`pattern` takes a regular expression: write `pattern(\"^[A-Z]+$\")`"),
    }
    literal.map(BoundKind::Pattern)
}

/// Parses a pattern with the parser of the crate `regex`, so the error text is that of `regex`.
fn expression(literal: &LitStr, errors: &mut Errors) {
    if let Err(error) = regex_syntax::parse(&literal.value()) {
        errors.on(literal, format!("`pattern` takes a regular expression of the crate `regex`: {error}"));
    }
}

/// `name(min = …, max = …)`, at least one of them.
fn limits<T: Copy>(
    meta: &Meta,
    name: &str,
    what: &str,
    read: impl Fn(&Expr) -> Option<T>,
    errors: &mut Errors,
) -> Option<[Option<T>; 2]> {
    let usage = format!("`{name}` takes two bounds: write `{name}(min = …, max = …)`, or one of the two");
    let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
    let parts = meta.require_list().ok().and_then(|list| list.parse_args_with(parse).ok());
    let Some(parts) = parts.filter(|parts| !parts.is_empty()) else {
        errors.on(meta, usage);
        return None;
    };
    let mut limits = [None, None];
    for part in &parts {
        let at = ["min", "max"].iter().position(|name| part.path().is_ident(name));
        let value = part.require_name_value().ok().map(|pair| &pair.value);
        let (Some(at), Some(value)) = (at, value) else {
            errors.on(part, &usage);
            return None;
        };
        match read(value) {
            Some(value) if limits[at].is_none() => limits[at] = Some(value),
            Some(_) => errors.on(part, "this bound is given twice: remove one"),
            None => errors.on(value, format!("a bound of `{name}` must be a literal, because it is read before the program is compiled: write {what}")),
        }
    }
    Some(limits)
}

/// A number, with its sign.
fn number(expr: &Expr) -> Option<Number> {
    let (negative, literal) = match expr {
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => (true, &**expr),
        Expr::Group(group) => return number(&group.expr),
        other => (false, other),
    };
    let Expr::Lit(ExprLit { lit, .. }) = literal else { return None };
    let sign = if negative { "-" } else { "" };
    match lit {
        Lit::Int(int) => format!("{sign}{}", int.base10_digits()).parse().ok().map(Number::Integer),
        Lit::Float(float) => format!("{sign}{}", float.base10_digits()).parse().ok().map(Number::Float),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "only compared, to find bounds that are the wrong way round")]
fn as_float(number: Number) -> f64 {
    match number {
        Number::Integer(value) => value as f64,
        Number::Float(value) => value,
    }
}
