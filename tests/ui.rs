//! What the contract macro says of each mistake, and what it takes without a word.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the messages anew; read them before you commit them. A name
//! behind the command, as in `cargo test --test ui -- ui trybuild=params`, runs the cases whose path contains it.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui-tests/ui/*/*.rs");
    cases.pass("ui-tests/pass/*.rs");
}
