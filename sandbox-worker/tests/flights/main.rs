//! Calls of `async` methods that are under way in a process side by side.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod ends;
mod guest;
mod pools;
#[path = "../slack/mod.rs"]
mod slack;
mod together;
