//! Guests' functions that give their result by a callback of Node's kind, at every site.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

#[macro_use]
#[path = "sites/mod.rs"]
mod sites;
#[path = "slack/mod.rs"]
mod slack;

use std::time::Duration;

use sandbox_runtime::{Error, Intrinsics, Limits, Phase, Result, Script, sandbox_api};
use slack::long;

#[sandbox_api(guest)]
pub trait Hook {
    #[sandbox(callback)]
    async fn on_event(&self, event: &str) -> Result<Option<String>>;
}

#[sandbox_api(host)]
pub trait Store {
    async fn load(&self, key: &str) -> Result<String>;
}

#[sandbox_api]
impl Store for () {
    async fn load(&self, key: &str) -> Result<String> {
        Ok(format!("loaded {key}"))
    }
}

/// Functions and what a call of each gives.
const HOOKS: [(&str, &str); 15] = [
    ("function onEvent(event, callback) { callback(null, `got ${event}`); }", "got e"),
    (
        "function onEvent(event, callback) { Promise.resolve().then(() => callback(undefined, 'later')); }",
        "later",
    ),
    (
        "exports.onEvent = (event, callback) => Store.load(event).then((text) => callback(null, text));",
        "loaded e",
    ),
    ("exports.onEvent = (event, callback) => callback();", "nothing"),
    ("exports.onEvent = (event, callback) => callback(null, null);", "nothing"),
    ("exports.onEvent = (event, callback) => callback(null, Promise.resolve('awaited'));", "awaited"),
    ("exports.onEvent = (event, callback) => callback(new TypeError('refused'));", "TypeError refused"),
    ("exports.onEvent = (event, callback) => callback('a text');", "Error \"a text\""),
    (
        "exports.onEvent = (event, callback) => { callback(null, 'one'); callback(null, 'two'); callback(new Error('three')); };",
        "one",
    ),
    ("exports.onEvent = (event, callback) => { callback(null, 'one'); throw new Error('after'); };", "one"),
    ("exports.onEvent = (event, callback) => { throw new RangeError('before'); };", "RangeError before"),
    ("exports.onEvent = (event, callback) => { callback(null, 'one'); return 'two'; };", "one"),
    ("exports.onEvent = (event, callback) => callback(null, 5);", "value"),
    (
        "exports.onEvent = function (event, callback) { callback(null, `${this.kind} ${arguments.length} ${callback.name}`); }; exports.kind = 'own';",
        "own 2 callback",
    ),
    (
        "Promise = function () { throw 1 }; Object.defineProperty(Object.prototype, 'promise', { get() { throw 2 } }); \
      exports.onEvent = (event, callback) => callback(null, 'unharmed');",
        "unharmed",
    ),
];

async fn told(hook: &impl Hook) -> String {
    match hook.on_event("e").await {
        Ok(Some(text)) => text,
        Ok(None) => "nothing".to_owned(),
        Err(Error::Guest(thrown)) => {
            format!("{} {}", thrown.name.as_deref().unwrap_or("Error"), thrown.message)
        }
        Err(Error::Value(_)) => "value".to_owned(),
        Err(other) => other.to_string(),
    }
}

#[test]
fn the_first_call_of_the_callback_is_the_result() {
    for intrinsics in [Intrinsics::Open, Intrinsics::Frozen] {
        alike!(|builder| builder.limits(long()).intrinsics(intrinsics).host::<dyn Store>(()), |sandbox| {
            sites::runtime().block_on(async {
                for (source, expected) in HOOKS {
                    let is_hostile = expected == "unharmed";
                    if is_hostile && intrinsics == Intrinsics::Frozen {
                        continue;
                    }
                    let realm = sandbox.realm_async().await.unwrap();
                    let hook = realm.load_async::<dyn Hook>(Script::new("hook.cjs", source)).await.unwrap();
                    assert_eq!(told(&hook).await, expected, "{source}");
                }
            });
        });
    }
}

/// A function that never calls back ends with its call, and a callback that is kept reaches no later call.
#[test]
fn a_function_that_never_calls_back_is_ended_by_the_limits() {
    let limits = Limits { wall: Duration::from_millis(200), ..Limits::default() };
    let source = "
        let kept;
        exports.onEvent = (event, callback) => {
            if (kept === undefined) kept = callback;
            else { kept(null, 'stolen'); callback(null, 'own'); }
        };
    ";
    let found = alike!(|builder| builder.limits(limits), |sandbox| {
        sites::runtime().block_on(async {
            let hook = sandbox.load_async::<dyn Hook>(Script::new("hook.cjs", source)).await.unwrap();
            let Err(Error::Limit { excess, .. }) = hook.on_event("e").await else { panic!("it never ends") };
            (excess.phase, told(&hook).await)
        })
    });
    assert_eq!(found, (Some(Phase::AwaitsPromise), "own".to_owned()));
}
