//! Refuses features that cannot be: two engines, a feature that needs an engine without one, and `process` without Unix.
//!
//! Said here and not in the library, so that it is said alone.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let on = |feature: &str| std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    let is_unix = std::env::var_os("CARGO_CFG_UNIX").is_some();
    let engines = (on("V8"), on("QUICKJS"));
    let needs = ["process", "testing", "deno_core"].into_iter().find(|name| on(&name.to_uppercase()));
    let problems = [problem(engines, needs), without_unix(on("PROCESS"), is_unix).map(Into::into)];
    for problem in problems.into_iter().flatten() {
        println!("cargo::error={problem}");
    }
}

/// The problem with these engines, V8 and QuickJS, if `needs` is a feature that needs one of them.
pub(crate) fn problem((v8, quickjs): (bool, bool), needs: Option<&str>) -> Option<String> {
    match (v8, quickjs, needs) {
        (true, true, _) => Some(
            "the features `v8` and `quickjs` are both on, and there can be one engine only; for QuickJS, write \
             `default-features = false, features = [\"quickjs\"]` wherever sandbox-runtime is a dependency"
                .into(),
        ),
        (false, false, Some(needs)) => Some(format!(
            "the feature `{needs}` needs an engine, and none is chosen; turn on one of the features `v8` (which is the default) \
             and `quickjs`, or turn `{needs}` off"
        )),
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
