//! The functions of `intrinsics` on QuickJS: each calls a function that the current realm has captured.

use deno_core::v8;

use crate::isolate::Isolate;
use crate::isolate::engine::{EngineIntrinsics, Resolver};

/// Calls one of the functions that the current realm captured.
fn own<'s>(
    scope: &v8::PinScope<'s, '_>,
    which: impl FnOnce(&EngineIntrinsics) -> &v8::Global<v8::Function>,
    arguments: &[v8::Local<'_, v8::Value>],
) -> Option<v8::Local<'s, v8::Value>> {
    let function =
        Isolate::current(scope)?.with_intrinsics(scope, |own| v8::Local::new(scope, which(own)))?;
    function.call(scope, v8::undefined(scope).into(), arguments)
}

/// The sign and the magnitude of a BigInt of at most 128 bits.
pub(crate) fn big_value(
    scope: &v8::PinScope<'_, '_>,
    bigint: v8::Local<'_, v8::BigInt>,
) -> Option<(bool, u128)> {
    let parts = own(scope, |own| &own.split, &[bigint.into()])?.try_cast::<v8::Object>().ok()?;
    let negative = parts.get_index(scope, 0)?.is_true();
    let mut size = 0;
    for at in (1..=4).rev() {
        size = size << 32 | u128::from(parts.get_index(scope, at)?.uint32_value(scope)?);
    }
    Some((negative, size))
}

/// A BigInt of two words, the lower first.
#[expect(clippy::cast_possible_truncation, reason = "the halves are taken apart")]
pub(crate) fn big<'s>(
    scope: &v8::PinScope<'s, '_>,
    negative: bool,
    words: [u64; 2],
) -> Option<v8::Local<'s, v8::BigInt>> {
    let negative = v8::Boolean::new(scope, negative).into();
    let part = |part: u64| v8::Integer::new_from_unsigned(scope, part as u32).into();
    let [low, high] = words;
    let arguments = [negative, part(low), part(low >> 32), part(high), part(high >> 32)];
    own(scope, |own| &own.join, &arguments)?.try_cast().ok()
}

/// The names of an object's own enumerable properties. The engine's own list of them is filled by assignment, so setters of a guest
/// get the names.
pub(crate) fn names<'s>(
    scope: &v8::PinScope<'s, '_>,
    object: v8::Local<'s, v8::Object>,
) -> Option<v8::Local<'s, v8::Array>> {
    own(scope, |own| &own.names, &[object.into()])?.try_cast().ok()
}

/// A typed array whose length the engine knows. After its buffer has been resized, the engine still answers the old length,
/// and a copy would read beyond the end. This function returns a copy with the length that the guest sees.
pub(crate) fn settled<'s>(
    scope: &v8::PinScope<'s, '_>,
    view: v8::Local<'s, v8::TypedArray>,
) -> Option<v8::Local<'s, v8::TypedArray>> {
    own(scope, |own| &own.settle, &[view.into()])?.try_cast().ok()
}

/// How many entries a Map has. The engine's own answer is the property `size`, which a guest can redefine.
pub(crate) fn map_size(scope: &v8::PinScope<'_, '_>, map: v8::Local<'_, v8::Map>) -> usize {
    size(scope, map.into(), true)
}

/// How many elements a Set has.
pub(crate) fn set_size(scope: &v8::PinScope<'_, '_>, set: v8::Local<'_, v8::Set>) -> usize {
    size(scope, set.into(), false)
}

fn size(scope: &v8::PinScope<'_, '_>, collection: v8::Local<'_, v8::Value>, is_map: bool) -> usize {
    let is_map = v8::Boolean::new(scope, is_map).into();
    let size = own(scope, |own| &own.size, &[collection, is_map]).and_then(|size| size.number_value(scope));
    // Without memory for the answer the collection counts as endless.
    size.map_or(usize::MAX, |size| size as usize)
}

/// The keys and values of a Map in turn. The engine's own way calls the guest's `forEach`.
pub(crate) fn map_items<'s>(
    scope: &v8::PinScope<'s, '_>,
    map: v8::Local<'s, v8::Map>,
) -> Option<v8::Local<'s, v8::Array>> {
    items(scope, map.into(), true)
}

/// The elements of a Set.
pub(crate) fn set_items<'s>(
    scope: &v8::PinScope<'s, '_>,
    set: v8::Local<'s, v8::Set>,
) -> Option<v8::Local<'s, v8::Array>> {
    items(scope, set.into(), false)
}

fn items<'s>(
    scope: &v8::PinScope<'s, '_>,
    collection: v8::Local<'s, v8::Value>,
    is_map: bool,
) -> Option<v8::Local<'s, v8::Array>> {
    let is_map = v8::Boolean::new(scope, is_map).into();
    own(scope, |own| &own.items, &[collection, is_map])?.try_cast().ok()
}

impl<'s> Resolver<'s> {
    pub(crate) fn new(scope: &v8::PinScope<'s, '_>) -> Option<Self> {
        let parts = own(scope, |own| &own.promising, &[])?.try_cast::<v8::Object>().ok()?;
        Some(Self {
            promise: parts.get_index(scope, 0)?.try_cast().ok()?,
            resolve: parts.get_index(scope, 1)?.try_cast().ok()?,
            reject: parts.get_index(scope, 2)?.try_cast().ok()?,
        })
    }
}
