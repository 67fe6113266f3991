//! Exactly one engine is on. Said here and not in the library, so that it is said before the engine is built.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let on = |feature: &str| std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    match (on("V8"), on("QUICKJS")) {
        (true, true) => println!(
            "cargo::error=sandbox-runtime: the features `v8` and `quickjs` are both on, and there can be one engine only; \
             for `quickjs`, write `default-features = false, features = [\"quickjs\"]` wherever sandbox-runtime is a dependency"
        ),
        (false, false) => println!(
            "cargo::error=sandbox-runtime: no engine is chosen; turn on one of its features `v8` (the default) and `quickjs`"
        ),
        _ => {}
    }
}
