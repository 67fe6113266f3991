//! Frozen intrinsics: no script of a realm can change what ECMAScript defines for another.
//!
//! On V8 a property of an intrinsic becomes a *native data property* whose setter refuses. V8 treats such a property as data:
//! on an object that inherits it, an assignment defines the object's own property. On the intrinsic itself, strict code gets a
//! TypeError, sloppy code is ignored, and `Reflect.set` returns false. The properties of the table
//! `isolate::engine::plain_intrinsics` are constants instead.
//!
//! An object with properties of the first kind is sealed, because V8 would make them read-only when it freezes the object.
//! Arrays stay fast by that: V8 stores beyond the end of an array slowly when a prototype of the array is frozen.
//!
//! On QuickJS a program does it with accessors of JavaScript, so there a getter and a setter are seen.

#[cfg(not(feature = "quickjs"))]
mod guard;
#[cfg(not(feature = "quickjs"))]
mod plan;
#[cfg(feature = "quickjs")]
mod quickjs;
#[cfg(not(feature = "quickjs"))]
mod v8;

#[cfg(feature = "quickjs")]
pub(super) use quickjs::{context, freeze};
#[cfg(not(feature = "quickjs"))]
pub(super) use v8::{context, freeze};

/// The names and makers of intrinsics that no global leads to.
const NAMES: &str = include_str!("../../engine/intrinsics.js");
