//! Checks the signature of one method: qualifiers, receiver, parameters and return type.
//!
//! A type is refused here only for its syntax: references inside of types, functions, pointers, `impl Trait`, `Self`.
//! Whether any other type crosses is decided by the runtime's traits. Called by `check/mod.rs`.

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

/// Reports the mistakes of a signature. `outer` are the names that the trait declares.
pub(super) fn check(method: &MethodModel, outer: &[&Ident], errors: &mut Errors) {
    if let Some(future) = written_out(method) {
        errors.on(
            future,
            format!(
                "a method of a contract cannot return a future: write `async fn {}(…) -> T`, whose future `#[sandbox_api]` boxes",
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

/// The return type of a method that returns a future and is not `async`.
///
/// The future is known by its name: the compiler's error, that a future cannot cross, would not say to write `async`. The
/// rest of such a signature is not checked, because lifetimes in it are there for the future.
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
            "a method of a contract cannot be `const`, because a call runs the code of the other side: remove `const`",
        );
    }
    if let Some(token) = &sig.unsafety {
        errors.on(
            token,
            "a method of a contract cannot be `unsafe`, because a script cannot keep safety conditions: remove `unsafe`",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.on(abi, "a method of a contract must have Rust's calling convention: remove `extern`");
    }
    if let Some(variadic) = &sig.variadic {
        errors.on(variadic, "a method of a contract must have a fixed number of parameters: take a `Vec<T>`");
    }
}

fn receiver(method: &MethodModel, errors: &mut Errors) {
    match &method.receiver {
        None => errors.on(
            method.ident(),
            "a method of a contract needs a receiver, because it is called on a value: make `&self` its first parameter",
        ),
        Some(this) if shared(this) => explicit_lifetime(this, errors),
        Some(this) if mutable(this) => errors.on(
            this,
            "a contract is shared between calls, which may nest: take `&self`, and keep mutable state in a `Cell`, `RefCell` or `Mutex`",
        ),
        Some(this) => errors.on(this, "a contract is shared between calls: take `&self`"),
    }
}

/// Whether the receiver is `&self`, or `self: &Self`.
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
        errors.on(this, "a call borrows the contract only while it runs: take `&self`, without `'static`");
    }
}

fn param(typed: &PatType, declared: &[&Ident], errors: &mut Errors) {
    if pattern_ident(&typed.pat).is_none() {
        errors.on(
            &typed.pat,
            "a parameter of a contract must be a plain name, because errors and descriptions show it: write `name: Type`",
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
                    "values cross the boundary as copies, so this lifetime has no meaning: remove the lifetime",
                );
            }
            inside(&reference.elem, TypePlace::Param, declared, errors);
        }
        ty if is_unsized(ty) => {
            errors.on(
                ty,
                "a slice cannot be passed by value, because its size is unknown: take `&str` or `&[T]`, or an owned `String` or `Vec<T>`",
            );
        }
        ty => inside(ty, TypePlace::Param, declared, errors),
    }
}

/// Whether the type is unsized by its syntax. The compiler would report such a type at each use.
pub(crate) fn is_unsized(ty: &Type) -> bool {
    match peel(ty) {
        Type::Slice(_) => true,
        Type::Path(path) => path.path.is_ident("str"),
        _ => false,
    }
}

/// The place of a type in a signature, which decides the remedy that an error names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TypePlace {
    Param,
    Return,
}

const FUNCTION: &str = "a function cannot cross the boundary of a sandbox by itself: write `Callback<fn(A) -> Result<T>>` or `AsyncCallback<fn(A) -> Result<T>>`, or make it a method of a contract";

/// Whether the result of a function is a type with an argument, such as `Result<T>`.
fn has_argument(output: &ReturnType) -> bool {
    let ReturnType::Type(_, ty) = output else { return false };
    let Type::Path(path) = peel(ty) else { return false };
    path.path.segments.last().is_some_and(|last| !last.arguments.is_empty())
}

/// Whether the bound is `Fn(A) -> B`. Only the traits of functions are written with parentheses.
fn is_function(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else { return false };
    let last = bound.path.segments.last();
    last.is_some_and(|last| matches!(last.arguments, PathArguments::Parenthesized(_)))
}

fn inside(ty: &Type, place: TypePlace, declared: &[&Ident], errors: &mut Errors) {
    InsideType { place, declared, errors }.visit_type(ty);
}

/// Reports syntax that cannot be inside of a type that crosses. Types inside of a reported one are not visited.
struct InsideType<'a> {
    place: TypePlace,
    declared: &'a [&'a Ident],
    errors: &'a mut Errors,
}

impl<'ast> Visit<'ast> for InsideType<'_> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        let message = match self.place {
            TypePlace::Param => {
                "a reference cannot stand inside another type, because the value is copied: own the value here; a whole parameter can be a reference, as in `&str`"
            }
            TypePlace::Return => {
                "a result is a copy that the caller owns, so it cannot hold a reference: return `String`, `Vec<T>` or another owned type"
            }
        };
        self.errors.on(reference, message);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" && !self.declared.contains(&&lifetime.ident) {
            self.errors.on(
                lifetime,
                "values cross the boundary as copies, so this type cannot borrow: use an owned type",
            );
        }
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        let message = match ty.bounds.iter().any(is_function) {
            true => FUNCTION,
            false => "`impl Trait` hides the type, which the boundary must know: write the concrete type",
        };
        self.errors.on(ty, message);
    }

    // A `Box<dyn Trait>` may implement serde's traits, which the runtime's traits check.
    fn visit_type_trait_object(&mut self, ty: &'ast TypeTraitObject) {
        match ty.bounds.iter().any(is_function) {
            true => self.errors.on(ty, FUNCTION),
            false => visit::visit_type_trait_object(self, ty),
        }
    }

    fn visit_type_bare_fn(&mut self, ty: &'ast TypeBareFn) {
        self.errors.on(ty, FUNCTION);
    }

    // The argument of another type may be the signature of a callback, which the runtime's traits check. The result of a
    // callback has an argument itself, as in `Result<T>`.
    fn visit_generic_argument(&mut self, argument: &'ast GenericArgument) {
        match argument {
            GenericArgument::Type(Type::BareFn(signature)) if has_argument(&signature.output) => {
                visit::visit_type_bare_fn(self, signature);
            }
            argument => visit::visit_generic_argument(self, argument),
        }
    }

    fn visit_type_ptr(&mut self, ty: &'ast TypePtr) {
        self.errors.on(
            ty,
            "a raw pointer cannot cross the boundary, because a guest cannot read the host's memory: pass the data as `Bytes`, or a number that the host looks up",
        );
    }

    fn visit_type_infer(&mut self, ty: &'ast TypeInfer) {
        self.errors.on(ty, "`_` names no type that could cross the boundary: write the type");
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
                "`Self` is the type that implements the contract, and does not cross the boundary: write a type that crosses",
            ),
            _ => visit::visit_path(self, path),
        }
    }
}
