//! The functions of `intrinsics` on V8, which needs no function of the realm.

use deno_core::v8;

use crate::isolate::engine::Resolver;

/// Returns the typed array itself: V8 knows the length of each one.
pub(crate) fn settled<'s>(
    _: &v8::PinScope<'s, '_>,
    view: v8::Local<'s, v8::TypedArray>,
) -> Option<v8::Local<'s, v8::TypedArray>> {
    Some(view)
}

/// The names of an object's own enumerable properties, without symbols.
pub(crate) fn names<'s>(
    scope: &v8::PinScope<'s, '_>,
    object: v8::Local<'s, v8::Object>,
) -> Option<v8::Local<'s, v8::Array>> {
    let wanted = v8::GetPropertyNamesArgsBuilder::new()
        .mode(v8::KeyCollectionMode::OwnOnly)
        .property_filter(v8::PropertyFilter::ONLY_ENUMERABLE | v8::PropertyFilter::SKIP_SYMBOLS)
        .index_filter(v8::IndexFilter::IncludeIndices)
        .key_conversion(v8::KeyConversionMode::ConvertToString)
        .build();
    object.get_own_property_names(scope, wanted)
}

/// How many entries a Map has.
pub(crate) fn map_size(_: &v8::PinScope<'_, '_>, map: v8::Local<'_, v8::Map>) -> usize {
    map.size()
}

/// How many elements a Set has.
pub(crate) fn set_size(_: &v8::PinScope<'_, '_>, set: v8::Local<'_, v8::Set>) -> usize {
    set.size()
}

/// The keys and values of a Map in turn.
pub(crate) fn map_items<'s>(
    scope: &v8::PinScope<'s, '_>,
    map: v8::Local<'s, v8::Map>,
) -> Option<v8::Local<'s, v8::Array>> {
    Some(map.as_array(scope))
}

/// The elements of a Set.
pub(crate) fn set_items<'s>(
    scope: &v8::PinScope<'s, '_>,
    set: v8::Local<'s, v8::Set>,
) -> Option<v8::Local<'s, v8::Array>> {
    Some(set.as_array(scope))
}

/// The sign and the magnitude of a BigInt of at most 128 bits.
pub(crate) fn big_value(_: &v8::PinScope<'_, '_>, bigint: v8::Local<'_, v8::BigInt>) -> Option<(bool, u128)> {
    if bigint.word_count() > 2 {
        return None;
    }
    let mut words = [0; 2];
    let (negative, _) = bigint.to_words_array(&mut words);
    Some((negative, u128::from(words[0]) | u128::from(words[1]) << 64))
}

/// A BigInt of two words, the lower first.
pub(crate) fn big<'s>(
    scope: &v8::PinScope<'s, '_>,
    negative: bool,
    words: [u64; 2],
) -> Option<v8::Local<'s, v8::BigInt>> {
    v8::BigInt::new_from_words(scope, negative, &words)
}

impl<'s> Resolver<'s> {
    pub(crate) fn new(scope: &v8::PinScope<'s, '_>) -> Option<Self> {
        v8::PromiseResolver::new(scope).map(Self)
    }
}
