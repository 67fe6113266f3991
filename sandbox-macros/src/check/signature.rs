//! The signature of one method.

use proc_macro2::Ident;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    FnArg, GenericArgument, Lifetime, PatType, Path, PathArguments, Receiver, ReturnType, Signature, Type,
    TypeBareFn, TypeImplTrait, TypeInfer, TypeNever, TypeParamBound, TypePtr, TypeReference, TypeTraitObject,
};

use crate::errors::Errors;
use crate::model::MethodModel;
use crate::parse::{pattern_ident, peel};

/// `outer` are the names that the trait declares.
pub(super) fn check(method: &MethodModel, outer: &[&Ident], errors: &mut Errors) {
    if let Some(future) = written_out(method) {
        errors.on(
            future,
            format!(
                "an asynchronous method is written `async fn {}(…) -> T`, without `#[async_trait]`: its future is boxed by itself",
                method.ident()
            ),
        );
        return;
    }
    qualifiers(&method.sig, errors);
    super::generics(&method.sig.generics, "a method of a contract", errors);
    receiver(method, errors);
    let own = method.sig.generics.lifetimes().map(|param| &param.lifetime.ident);
    let declared = outer.iter().copied().chain(own).collect::<Vec<_>>();
    for input in &method.sig.inputs {
        if let FnArg::Typed(typed) = input {
            param(typed, &declared, errors);
        }
    }
    if let ReturnType::Type(_, ty) = &method.sig.output {
        inside(ty, TypePlace::Return, &declared, errors);
    }
}

/// The return type of a method that gives a future and is not `async`.
///
/// It is known by its name, because the compiler would say that a future cannot cross, which is no help. What else is in
/// the signature is there for its sake, such as lifetimes.
fn written_out(method: &MethodModel) -> Option<&Type> {
    method.returns().filter(|ty| !method.is_async() && is_future(ty))
}

fn is_future(ty: &Type) -> bool {
    let named = |path: &Path, names: &[&str]| {
        path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name))
    };
    let bound = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Trait(bound) if named(&bound.path, &["Future", "IntoFuture"]));
    match peel(ty) {
        Type::ImplTrait(ty) => ty.bounds.iter().any(bound),
        Type::TraitObject(ty) => ty.bounds.iter().any(bound),
        Type::Path(ty) if named(&ty.path, &["Pin", "Box"]) => inner(&ty.path).is_some_and(is_future),
        Type::Path(ty) => named(&ty.path, &["BoxFuture", "LocalBoxFuture"]),
        _ => false,
    }
}

/// `T` of `Box<T>`.
fn inner(path: &Path) -> Option<&Type> {
    match &path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}

fn qualifiers(sig: &Signature, errors: &mut Errors) {
    if let Some(token) = &sig.constness {
        errors.on(
            token,
            "a method of a contract cannot be `const`: it is called while the program runs; remove `const`",
        );
    }
    if let Some(token) = &sig.unsafety {
        errors.on(
            token,
            "a method of a contract cannot be `unsafe`: a script cannot keep its conditions; remove `unsafe`",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.on(abi, "a method of a contract has Rust's calling convention: remove `extern`");
    }
    if let Some(variadic) = &sig.variadic {
        errors.on(variadic, "a method of a contract has a fixed number of parameters: take a `Vec<T>`");
    }
}

fn receiver(method: &MethodModel, errors: &mut Errors) {
    match &method.receiver {
        None => errors.on(
            method.ident(),
            "a method of a contract is called on a value: make `&self` its first parameter",
        ),
        Some(this) if shared(this) => explicit_lifetime(this, errors),
        Some(this) if mutable(this) => errors.on(
            this,
            "a contract is shared between calls, which may nest: take `&self`, and keep what changes in a `Cell`, `RefCell` or `Mutex`",
        ),
        Some(this) => errors.on(this, "a contract is shared between calls: take `&self`"),
    }
}

/// `&self`, or the same written in full.
fn shared(this: &Receiver) -> bool {
    match peel(&this.ty) {
        Type::Reference(reference) => reference.mutability.is_none() && is_self(&reference.elem),
        _ => false,
    }
}

fn mutable(this: &Receiver) -> bool {
    matches!(peel(&this.ty), Type::Reference(reference) if reference.mutability.is_some())
}

fn is_self(ty: &Type) -> bool {
    matches!(peel(ty), Type::Path(path) if path.path.is_ident("Self"))
}

fn explicit_lifetime(this: &Receiver, errors: &mut Errors) {
    if let Type::Reference(reference) = peel(&this.ty)
        && reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static")
    {
        errors.on(this, "a contract is borrowed for one call: take `&self`");
    }
}

fn param(typed: &PatType, declared: &[&Ident], errors: &mut Errors) {
    if pattern_ident(&typed.pat).is_none() {
        errors.on(
            &typed.pat,
            "a parameter of a contract is a plain name, which messages use: write `name: Type`",
        );
    }
    match peel(&typed.ty) {
        Type::Reference(reference) if reference.mutability.is_some() => errors.on(
            reference,
            "a guest gets a copy, so changes to it would be lost: take `&T` or `T`, and return the new value",
        ),
        Type::Reference(reference) => {
            if let Some(lifetime) = &reference.lifetime
                && !declared.contains(&&lifetime.ident)
            {
                errors.on(
                    lifetime,
                    "values cross the boundary as copies, so a lifetime says nothing: remove it",
                );
            }
            inside(&reference.elem, TypePlace::Param, declared, errors);
        }
        ty if is_unsized(ty) => {
            errors.on(
                ty,
                "a slice is not a value of its own: take it by reference, or take a `String` or `Vec<T>`",
            );
        }
        ty => inside(ty, TypePlace::Param, declared, errors),
    }
}

/// The types that the compiler would report at each of the places where a value of them cannot be.
pub(crate) fn is_unsized(ty: &Type) -> bool {
    match peel(ty) {
        Type::Slice(_) => true,
        Type::Path(path) => path.path.is_ident("str"),
        _ => false,
    }
}

/// Where a type stands, for the way out that a message names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TypePlace {
    Param,
    Return,
}

const FUNCTION: &str = "a function cannot cross the boundary of a sandbox: make it a method of a contract, of a `#[sandbox_api(host)]` trait when the guest calls it, and of a `#[sandbox_api(guest)]` trait when the host does";

/// `Fn(A) -> B`, whatever its name is: only traits of functions are written with parentheses.
fn is_function(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else { return false };
    let last = bound.path.segments.last();
    last.is_some_and(|last| matches!(last.arguments, PathArguments::Parenthesized(_)))
}

fn inside(ty: &Type, place: TypePlace, declared: &[&Ident], errors: &mut Errors) {
    InsideType { place, declared, errors }.visit_type(ty);
}

/// Finds what cannot stand inside a type that crosses; below a mistake it looks no further.
struct InsideType<'a> {
    place: TypePlace,
    declared: &'a [&'a Ident],
    errors: &'a mut Errors,
}

impl<'ast> Visit<'ast> for InsideType<'_> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        let message = match self.place {
            TypePlace::Param => {
                "a reference cannot stand inside a type: only a whole parameter can be one, as in `&str`; own the value here"
            }
            TypePlace::Return => {
                "what comes back from the other side is a copy that the caller owns: return `String`, `Vec<T>` or the like"
            }
        };
        self.errors.on(reference, message);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" && !self.declared.contains(&&lifetime.ident) {
            self.errors.on(
                lifetime,
                "values cross the boundary as copies, so a type cannot borrow: use an owned type",
            );
        }
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        let message = match ty.bounds.iter().any(is_function) {
            true => FUNCTION,
            false => "`impl Trait` hides a type that a script would have to know: write the concrete type",
        };
        self.errors.on(ty, message);
    }

    // What the bounds are the traits of the runtime check: a `Box<dyn Trait>` may implement serde's traits.
    fn visit_type_trait_object(&mut self, ty: &'ast TypeTraitObject) {
        match ty.bounds.iter().any(is_function) {
            true => self.errors.on(ty, FUNCTION),
            false => visit::visit_type_trait_object(self, ty),
        }
    }

    fn visit_type_bare_fn(&mut self, ty: &'ast TypeBareFn) {
        self.errors.on(ty, FUNCTION);
    }

    fn visit_type_ptr(&mut self, ty: &'ast TypePtr) {
        self.errors.on(
            ty,
            "a raw pointer cannot cross the boundary, for a guest has no access to the host's memory: pass the data as `Bytes`, or a number that the host looks up",
        );
    }

    fn visit_type_infer(&mut self, ty: &'ast TypeInfer) {
        self.errors.on(ty, "the type must be written out");
    }

    fn visit_type_never(&mut self, ty: &'ast TypeNever) {
        self.errors.on(ty, "`!` has no value that could cross the boundary: write `()`");
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let declared = |segment: &syn::PathSegment| self.declared.contains(&&segment.ident);
        match path.segments.first() {
            Some(first) if first.ident == "Self" && path.segments.iter().any(declared) => {}
            Some(first) if first.ident == "Self" => self.errors.at(
                first.span(),
                "`Self` is the implementor, which stays on its side of the boundary: write a type that crosses",
            ),
            _ => visit::visit_path(self, path),
        }
    }
}
