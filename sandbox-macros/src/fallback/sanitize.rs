//! Changes a trait with mistakes as little as needed for `dyn Trait` to compile.
//!
//! Members that a user implements or calls stay. A method that is not dyn-compatible gets `where Self: Sized`, which an
//! implementation need not repeat. Called by `fallback/mod.rs`.

use quote::format_ident;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    FnArg, GenericParam, ItemTrait, Receiver, ReturnType, Signature, TraitBoundModifier, TraitItem,
    TraitItemFn, TraitItemType, Type, TypeImplTrait, TypeParamBound, WherePredicate, parse_quote,
};

use super::first_of_each;
use crate::check::needs_sized;
use crate::check::signature::is_unsized;
use crate::parse::pattern_ident;

/// Returns the changed trait. `boxed` says that `async_trait` will box the futures of `async` methods.
pub(super) fn item(written: &ItemTrait, boxed: bool) -> ItemTrait {
    let mut item = written.clone();
    item.auto_token = None;
    item.supertraits = item.supertraits.into_iter().filter(leaves_unsized).collect();
    if let Some(clause) = &mut item.generics.where_clause {
        clause.predicates =
            std::mem::take(&mut clause.predicates).into_iter().filter(|it| !is_on_self(it)).collect();
    }
    item.items.retain_mut(|member| keep(member, boxed));
    first_of_each(&mut item.items);
    item
}

fn leaves_unsized(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Trait(bound) => {
            matches!(bound.modifier, TraitBoundModifier::None) && !needs_sized(&bound.path)
        }
        _ => true,
    }
}

fn is_on_self(predicate: &WherePredicate) -> bool {
    matches!(predicate, WherePredicate::Type(bound) if mentions_self(|it| it.visit_type(&bound.bounded_ty)))
}

/// Changes a member so that it can stay. Returns false for a member that must go.
fn keep(member: &mut TraitItem, boxed: bool) -> bool {
    match member {
        TraitItem::Fn(item) => method(item, boxed),
        TraitItem::Type(item) => {
            associated_type(item);
            true
        }
        // A trait with a constant is not dyn-compatible, and the members that a macro makes are unknown.
        _ => false,
    }
}

fn associated_type(item: &mut TraitItemType) {
    item.default = None;
    item.bounds.clear();
    item.colon_token = None;
    item.generics.make_where_clause().predicates.push(parse_quote!(Self: Sized));
}

fn method(item: &mut TraitItemFn, boxed: bool) -> bool {
    let sig = &mut item.sig;
    sig.constness = None;
    sig.variadic = None;
    name_parameters(sig);
    AnyReturn.visit_return_type_mut(&mut sig.output);
    if !is_dispatchable(sig, boxed) {
        sig.generics.make_where_clause().predicates.push(parse_quote!(Self: Sized));
    }
    if item.default.is_some() {
        item.default = Some(parse_quote!({ loop {} }));
    }
    // A body cannot take a slice by value, so a proxy could not have the method.
    !sig.inputs.iter().any(|input| matches!(input, FnArg::Typed(typed) if is_unsized(&typed.ty)))
}

/// Replaces patterns by names, because a method without a body cannot have patterns.
fn name_parameters(sig: &mut Signature) {
    for (position, input) in sig.inputs.iter_mut().enumerate() {
        if let FnArg::Typed(typed) = input
            && pattern_ident(&typed.pat).is_none()
        {
            let ident = format_ident!("argument_{position}");
            typed.pat = parse_quote!(#ident);
        }
        if let FnArg::Receiver(this) = input
            && this.reference.is_none()
        {
            this.mutability = None;
        }
    }
}

/// Replaces the bounds of `impl Trait` in a return type, so that the body `loop {}` fits.
struct AnyReturn;

impl VisitMut for AnyReturn {
    fn visit_type_impl_trait_mut(&mut self, ty: &mut TypeImplTrait) {
        ty.bounds = parse_quote!(Sized);
    }

    fn visit_return_type_mut(&mut self, output: &mut ReturnType) {
        visit_mut::visit_return_type_mut(self, output);
    }
}

/// Replaces `impl Trait` in the return type, which the body of a boxed future cannot determine.
pub(super) fn concrete(sig: &Signature) -> Signature {
    let mut sig = sig.clone();
    Concrete.visit_return_type_mut(&mut sig.output);
    sig
}

struct Concrete;

impl VisitMut for Concrete {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::ImplTrait(_) => *ty = parse_quote!(()),
            ty => visit_mut::visit_type_mut(self, ty),
        }
    }
}

/// Whether the method is dyn-compatible.
fn is_dispatchable(sig: &Signature, boxed: bool) -> bool {
    let by_reference = match sig.inputs.first() {
        Some(FnArg::Receiver(Receiver { colon_token, reference, .. })) => {
            colon_token.is_some() || reference.is_some()
        }
        _ => false,
    };
    let concrete = sig.generics.params.iter().all(|param| matches!(param, GenericParam::Lifetime(_)));
    by_reference && concrete && (boxed || sig.asyncness.is_none()) && !mentions_self(|it| it.visit_rest(sig))
}

/// Looks for `Self` and for `impl Trait`.
fn mentions_self(look: impl FnOnce(&mut Mentions)) -> bool {
    let mut mentions = Mentions(false);
    look(&mut mentions);
    mentions.0
}

struct Mentions(bool);

impl Mentions {
    /// Visits a signature without its receiver.
    fn visit_rest(&mut self, sig: &Signature) {
        for input in &sig.inputs {
            if let FnArg::Typed(typed) = input {
                self.visit_type(&typed.ty);
            }
        }
        self.visit_return_type(&sig.output);
    }
}

impl<'ast> Visit<'ast> for Mentions {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0 |= path.segments.first().is_some_and(|first| first.ident == "Self");
        visit::visit_path(self, path);
    }

    fn visit_type_impl_trait(&mut self, _: &'ast TypeImplTrait) {
        self.0 = true;
    }
}
