//! Refuses features that cannot be: exactly one engine is on, and `process` needs Unix.
//!
//! Said here and not in the library, so that it is said before an engine is built, and alone.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let on = |feature: &str| std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    let is_unix = std::env::var_os("CARGO_CFG_UNIX").is_some();
    let problems = [problem(on("V8"), on("QUICKJS")), without_unix(on("PROCESS"), is_unix)];
    for problem in problems.into_iter().flatten() {
        println!("cargo::error={problem}");
    }
}

/// What is wrong with these features.
pub(crate) fn problem(v8: bool, quickjs: bool) -> Option<&'static str> {
    match (v8, quickjs) {
        (true, true) => Some(
            "the features `v8` and `quickjs` are both on, and there can be one engine only; for QuickJS, write \
             `default-features = false, features = [\"quickjs\"]` wherever sandbox-runtime is a dependency",
        ),
        (false, false) => {
            Some("no engine is chosen; turn on one of the features `v8` (which is the default) and `quickjs`")
        }
        _ => None,
    }
}

/// The reason why this system refuses the feature `process`.
pub(crate) fn without_unix(process: bool, is_unix: bool) -> Option<&'static str> {
    (process && !is_unix).then_some(
        "the feature `process` needs Unix, whose calls start a child process and talk to it; without the feature, guests run in \
         isolates and on threads of this system as well",
    )
}
