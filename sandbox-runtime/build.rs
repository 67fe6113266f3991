//! Exactly one engine is on. Said here and not in the library, so that it is said before an engine is built.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let on = |feature: &str| std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    if let Some(problem) = problem(on("V8"), on("QUICKJS")) {
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
