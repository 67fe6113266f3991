//! The words for integers with more than 32 bits, which JavaScript has as BigInts.
//!
//! Both readers of values and the checks by schemas use them, so a refused value has one text.

/// The least and the greatest integer of a Rust type, such as `0` and `2^64 - 1`.
pub fn ends(rust: &str) -> [&'static str; 2] {
    match rust {
        "i64" | "isize" => ["-2^63", "2^63 - 1"],
        "i128" => ["-2^127", "2^127 - 1"],
        "u128" => ["0", "2^128 - 1"],
        _ => ["0", "2^64 - 1"],
    }
}

/// The forms that a guest may give for a Rust type.
pub fn accepted(rust: &str) -> String {
    let [least, greatest] = ends(rust);
    format!("a BigInt from {least} to {greatest}, or an integer up to 2^53 - 1")
}
