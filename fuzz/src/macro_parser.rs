//! Bytes → the arguments and the item of `#[sandbox_api]` → the macro, which never panics, and gives items whenever it was
//! given one.

use arbitrary::{Result, Unstructured};
use proc_macro2::TokenStream;

/// What contracts are made of, and what is wrong in them.
const PARTS: &[&str] = &[
    "pub trait Api {",
    "trait A<T> {",
    "unsafe trait A: Send + 'static {",
    "pub(crate) trait r#type where Self: Sized {",
    "auto trait A {",
    "}",
    "{",
    "struct S;",
    "impl S {",
    "mod m {",
    "#[cfg(test)]",
    "#[cfg(any())]",
    "/// Docs.",
    "#[doc = \"\\u{0}\"]",
    "#[sandbox(rename = \"x\")]",
    "#[sandbox(rename = 1)]",
    "#[sandbox(on_failure = default)]",
    "#[sandbox(on_failure = panic)]",
    "#[sandbox(on_failure = value(1 + 1))]",
    "#[sandbox(returns(range(min = 0)))]",
    "#[sandbox(range(min = -1, max = 1e300))]",
    "#[sandbox(length(min = 5, max = 1))]",
    "#[sandbox(pattern(\"(\"))]",
    "#[sandbox(pattern(\"^a$\"), pattern(\"b\"))]",
    "#[sandbox]",
    "#[sandbox()]",
    "#[sandbox = 1]",
    "#[must_use]",
    "fn f(&self) -> Result<()>;",
    "fn g(&self, a: u8, b: &str) -> Result<String, Error>;",
    "fn r#move(&self);",
    "fn h(&mut self, x: &mut u8);",
    "fn i(self: Box<Self>, (a, b): (u8, u8));",
    "async fn j(&self) -> impl Sized;",
    "async fn q(&self, a: u8, b: &str) -> Result<String, Error>;",
    "async fn s(&self, b: &str) -> Result<()> { Ok(()) }",
    "fn t(&self) -> Pin<Box<dyn Future<Output = ()>>>;",
    "impl A for S {",
    "fn k<T: 'static>(&self, t: T) -> T where T: Clone;",
    "const fn l();",
    "unsafe extern \"C\" fn m(&self, ...);",
    "fn n(&self) -> u8 { 1 }",
    "fn o(&self, _: u8, a: [u8; { 1 + 1 }]) -> ! { loop {} }",
    "const X: u8 = 1;",
    "type T;",
    "some_macro!();",
    "fn p(&self, f: impl Fn(&u8) -> u8, d: &dyn std::any::Any) -> &'static str;",
    "fn f(",
    ")",
    ";",
    "-> Result<Vec<Option<&'a [u8]>>>;",
    "where",
    ",",
    "'a",
    "dyn A",
    "fn get_user(&self, #[sandbox(range(max = 5))] n: i64);",
    "fn getUser(&self);",
    "fn constructor(&self);",
    "fn __proto__(&self);",
    "fn then(&self, r#self: u8);",
    "$x",
    "_",
];

const ARGUMENTS: &[&str] = &[
    "guest",
    "host",
    "name = \"Shop\"",
    "name = \"class\"",
    "name = \"1\"",
    "name",
    "crate = a::b",
    "crate = \"a\"",
    ",",
    "=",
    "guest()",
    "host = 1",
    "\"x\"",
    "::",
    "(",
    ")",
    "unknown",
];

/// One input; says whether it was an item.
pub fn run(bytes: &[u8]) -> bool {
    // The parser recurses with what it parses, as rustc's own does.
    let bytes = &bytes[..bytes.len().min(2048)];
    let Ok((args, item)) = texts(&mut Unstructured::new(bytes)) else { return false };
    // What is no list of tokens never gets to a macro.
    let (Ok(args), Ok(item)) = (args.parse::<TokenStream>(), item.parse::<TokenStream>()) else {
        return false;
    };
    let is_item = syn::parse2::<syn::Item>(item.clone()).is_ok();
    let expanded = crate::expand::sandbox_api(args, item.clone());
    if is_item && let Err(error) = syn::parse2::<syn::File>(expanded.clone()) {
        panic!("{error}\n{item}\nbecomes\n{expanded}");
    }
    is_item
}

fn texts(bytes: &mut Unstructured<'_>) -> Result<(String, String)> {
    if bytes.ratio(1, 8)? {
        return Ok((bytes.arbitrary::<String>()?, bytes.arbitrary::<String>()?));
    }
    let args = parts(bytes, ARGUMENTS, 4)?;
    match bytes.ratio(3, 4)? {
        // Most parts are those of a body.
        true => Ok((args, format!("pub trait Api {{ {} }}", parts(bytes, PARTS, 8)?))),
        false => Ok((args, parts(bytes, PARTS, 16)?)),
    }
}

fn parts(bytes: &mut Unstructured<'_>, parts: &[&str], most: usize) -> Result<String> {
    let mut text = String::new();
    for _ in 0..bytes.int_in_range(0..=most)? {
        text.push_str(bytes.choose(parts)?);
        text.push(' ');
    }
    Ok(text)
}
