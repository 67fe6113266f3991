//! The declarations are read by the real TypeScript compiler, with guests that are right and guests that are wrong; the
//! right ones run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sandbox_runtime::{AsMap, AsSet, Bytes, Contract, Date, LocalSandbox, Script};

use crate::slack::long;

use super::contracts::{
    Answer, Event, Everything, Later, Line, Order, Point, Pricing, Question, Shape, Shelf, Store,
};
use super::node;

#[rustfmt::skip]
const STRICT: &[&str] = &[
    "--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "false", "--target", "es2022", "--lib",
    "es2022", "--module", "es2022", "--moduleResolution", "bundler", "--types", "", "--pretty", "false",
];

/// What the compiler says of files, with more arguments.
pub(super) fn compile(folder: &Path, arguments: &[&str]) -> (String, bool) {
    let all = [&["../../node_modules/typescript/bin/tsc"], STRICT, arguments].concat();
    node::try_run("node", &all, folder)
}

/// A folder with the declarations of the shop's contracts, and a guest.
fn folder_with(name: &str, guest: &str) -> PathBuf {
    let folder = node::folder(name);
    fs::write(folder.join("Pricing.d.ts"), <dyn Pricing as Contract>::typescript()).unwrap();
    fs::write(folder.join("Store.d.ts"), <dyn Store as Contract>::typescript()).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/describe").join(guest);
    fs::copy(source, folder.join(guest)).unwrap();
    folder
}

#[test]
fn guests_that_are_right_compile_and_run() {
    let folder = folder_with("typescript-right", "guest.ts");
    let said = compile(&folder, &["--outDir", "out", "guest.ts"]);
    assert_eq!(said, (String::new(), true));
    runs(&fs::read_to_string(folder.join("out/guest.js")).unwrap());

    let folder = folder_with("javascript-right", "guest.js");
    let said = compile(&folder, &["--noEmit", "--allowJs", "--checkJs", "guest.js"]);
    assert_eq!(said, (String::new(), true));
    runs(&fs::read_to_string(folder.join("guest.js")).unwrap());
}

fn order() -> Order {
    Order {
        order_id: 5,
        path: "a/b".to_owned(),
        lines: vec![Line { name: "a".to_owned(), count: 1 }],
        note: None,
        urgent: true,
        discount: Some(0.5),
        placed: Date::from_millis(11).unwrap(),
        seal: Bytes::from(vec![1, 2]),
        tags: AsSet(BTreeSet::from(["t".to_owned()])),
        parts: AsMap(BTreeMap::from([(7, -8)])),
    }
}

/// What both guests do.
fn runs(source: &str) {
    let shelf = Shelf::default();
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Store>(shelf.clone()).build().unwrap();
    let guest = sandbox.load::<dyn Pricing>(Script::new("guest.js", source)).unwrap();

    assert_eq!(guest.price(&order(), None).unwrap(), (1 << 60) + 4);
    let note = "note = 5 (Some(\"null true 0.5 11 -8 1\"))";
    let saved = ["[3] at 4", "[0] at 5", "[0] at 6"];
    let expected = ["number = 1 (None)", "bigint = 2 (None)", "id = 5 (None)", note];
    assert_eq!(*shelf.0.borrow(), [&expected[..], &saved].concat());

    let renamed = Order { path: "new".to_owned(), ..order() };
    assert_eq!(guest.rename(order(), "new").unwrap(), renamed);
    let short = Order {
        order_id: 9,
        lines: vec![Line { name: "b".to_owned(), count: 2 }],
        urgent: false,
        discount: None,
        seal: Bytes::from(vec![2]),
        tags: AsSet(BTreeSet::from(["new".to_owned(), "t".to_owned()])),
        parts: AsMap(BTreeMap::from([(1, 2), (3, 4)])),
        ..renamed
    };
    assert_eq!(guest.rename(Order { urgent: false, ..order() }, "new").unwrap(), short);

    let (from, to) = (Point { x: 1.0, y: 2.0 }, Point { x: 3.0, y: 4.0 });
    let rect = Event::Changed(Line { name: "rect".to_owned(), count: 3 });
    assert_eq!(guest.pick(Shape::Empty).unwrap(), Event::Opened);
    assert_eq!(guest.pick(Shape::Line(from, to.clone())).unwrap(), Event::Moved { to });
    assert_eq!(guest.pick(Shape::Rect { width: 1, height: 2 }).unwrap(), rect);
    assert_eq!(guest.pick(Shape::Circle(0.5)).unwrap(), Event::Moved { to: Point { x: 0.5, y: 0.0 } });

    let answers = [
        (Question::Number(1), Answer::One(2)),
        (Question::Text("abc".to_owned()), Answer::Two(3, "abc".to_owned())),
        (Question::Object { deep: true }, Answer::Named { big: u64::MAX }),
        (Question::Object { deep: false }, Answer::Nothing),
    ];
    for (question, answer) in answers {
        assert_eq!(guest.answer(question).unwrap(), answer);
    }
    let counted = guest.count(order().parts, order().tags).unwrap();
    assert_eq!(counted, BTreeMap::from([("7".to_owned(), -7)]));
    guest.reset().unwrap();
}

/// Lines, and the codes of what is wrong with them.
pub(super) type Errors = BTreeSet<(usize, String)>;

pub(super) fn errors(said: &str, file: &str) -> Errors {
    let error = |line: &str| {
        let (place, message) = line.split_once("): error ")?;
        let (found, place) = place.split_once('(')?;
        assert_eq!(found, file, "{said}");
        Some((place.split_once(',')?.0.parse().ok()?, message.split_once(':')?.0.to_owned()))
    };
    said.lines().filter_map(error).collect()
}

/// Each line with a comment of a code is wrong.
fn marked(source: &str) -> Errors {
    let mark = |(index, line): (usize, &str)| Some((index + 1, format!("TS{}", line.split_once("// TS")?.1)));
    source.lines().enumerate().filter_map(mark).collect()
}

#[test]
fn guests_that_are_wrong_do_not_compile() {
    for (name, file) in [("typescript-wrong", "wrong.ts"), ("javascript-wrong", "wrong.js")] {
        let folder = folder_with(name, file);
        let (said, ok) = compile(&folder, &["--noEmit", "--allowJs", "--checkJs", file]);
        assert!(!ok, "{file} compiles");
        assert_eq!(errors(&said, file), marked(&fs::read_to_string(folder.join(file)).unwrap()), "{said}");
    }
}

#[test]
fn what_a_guest_is_given_it_may_give_back_whatever_its_type() {
    let folder = node::folder("typescript-back");
    let description = <dyn Everything as Contract>::describe();
    fs::write(folder.join("Everything.d.ts"), description.typescript()).unwrap();
    let names = description.methods.iter().map(|method| method.name.as_str());
    let lines = names.map(|name| {
        let unit = name.starts_with("unit");
        let back = if unit {
            "(value) => { value; }".to_owned()
        } else {
            format!("(value) => Everything.{name}(value)")
        };
        format!("guest.{name} = (value) => value;\nguest.{name} = {back};\n")
    });
    let lines = lines.collect::<String>();
    let source = format!(
        "import type {{ Everything as Guest }} from './Everything';\ndeclare const guest: Guest;\n{lines}"
    );
    fs::write(folder.join("guest.ts"), source).unwrap();
    assert_eq!(compile(&folder, &["--noEmit", "guest.ts"]), (String::new(), true));
}

#[test]
fn documentation_and_constraints_are_kept() {
    let module = <dyn Pricing as Contract>::typescript();
    let order = r#"
/**
 * An order of a customer.
 *
 * It ends a comment: *\/ and goes on.
 */
export interface OrderInput {
  /**
   * The number of the order.
   *
   * integer, -2^63 to 2^63 - 1 (i64)
   * @minimum 1
   */
  orderId: bigint | number;
"#;
    let parts = [
        order,
        "  /** @default false */\n  urgent?: boolean;",
        "  \"placed-at\": Date;\n",
        "  /** With a radius. */\n  | { Circle: number }",
        "   * @returns integer, -2^63 to 2^63 - 1 (i64); minimum 0\n",
        "  reset?(): void | null;",
    ];
    for part in parts {
        assert!(module.contains(part), "{part} is not in {module}");
    }
}

/// A guest is given promises, and may give one or a value, in `async` methods alone.
#[test]
fn asynchronous_methods_are_of_promises() {
    let folder = folder_with("typescript-later", "later.ts");
    fs::write(folder.join("Later.d.ts"), <dyn Later as Contract>::typescript()).unwrap();
    let (said, _) = compile(&folder, &["--noEmit", "later.ts"]);
    let source = fs::read_to_string(folder.join("later.ts")).unwrap();
    assert_eq!(errors(&said, "later.ts"), marked(&source), "{said}");
}
