//! What a contract is described with: TypeScript, Zod, JSON Schema, and data that two versions are compared by. The
//! texts themselves are among the goldens; here they are put to use.

use std::fs;
use std::time::Duration;

use sandbox_runtime::Contract;
use serde_json::{Value as Json, json};

#[path = "describe/agreement.rs"]
mod agreement;
#[path = "describe/contracts.rs"]
mod contracts;
#[allow(dead_code, reason = "each test uses some of it")]
mod every;
#[allow(clippy::type_complexity, reason = "signatures are described")]
#[path = "describe/functions.rs"]
mod functions;
#[path = "describe/globals.rs"]
mod globals;
#[path = "describe/handles.rs"]
mod handles;
#[path = "describe/json_schema.rs"]
mod json_schema;
#[allow(dead_code, reason = "each test uses some of it")]
mod node;
mod slack;
#[path = "describe/typescript.rs"]
mod typescript;
#[path = "describe/versions.rs"]
mod versions;

use contracts::{Everything, Pricing, Store};

/// Runs a module in a folder with the Zod modules of all contracts, and reads what it prints.
fn zod(name: &str, script: &str) -> Json {
    let folder = node::folder(name);
    fs::write(folder.join("pricing.mjs"), <dyn Pricing as Contract>::zod()).unwrap();
    fs::write(folder.join("store.mjs"), <dyn Store as Contract>::zod()).unwrap();
    fs::write(folder.join("everything.mjs"), <dyn Everything as Contract>::zod()).unwrap();
    fs::write(folder.join("check.mjs"), script).unwrap();
    serde_json::from_str(&node::run("node", &["check.mjs"], &folder)).unwrap()
}

#[test]
fn zod_modules_have_a_schema_for_each_method_and_type() {
    let script = "
        import * as pricing from './pricing.mjs';
        import * as store from './store.mjs';
        import * as everything from './everything.mjs';
        const methods = (side) => side && Object.keys(side);
        console.log(JSON.stringify([pricing, store, everything].map(({ guest, host }) => [methods(guest), methods(host)])
            .concat([Object.keys(pricing).filter((name) => !['guest', 'host'].includes(name))])));
    ";
    let names = |methods: &[sandbox_runtime::MethodSpec]| {
        methods.iter().map(|method| Json::from(&*method.name)).collect::<Json>()
    };
    let [pricing, store, everything] = [
        &*<dyn Pricing as Contract>::SPEC.methods,
        &*<dyn Store as Contract>::SPEC.methods,
        &*<dyn Everything as Contract>::SPEC.methods,
    ]
    .map(names);
    // Of what goes one way only there is one schema, and two of what differs.
    let types = ["Answer", "Event", "Line", "Order", "OrderInput", "Point", "Question", "Shape"];
    assert_eq!(
        zod("zod-modules", script),
        json!([[pricing, null], [null, store], [everything, everything], types])
    );
}

#[test]
fn messages_of_zod_say_where_and_what() {
    let script = r#"
        import { guest } from './pricing.mjs';
        import { host } from './store.mjs';
        const issues = (schema, value) =>
            schema.safeParse(value).error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
        const order = {
            orderId: 0, path: "A", lines: [{ name: "a", count: "12" }], "placed-at": 5, seal: new Uint8Array(1),
            tags: ["a", 1], parts: { 1: "b" },
        };
        console.log(JSON.stringify([
            issues(guest.rename.result, order),
            issues(guest.price.result, -1n),
            issues(guest.pick.result, { kind: "Moved", to: { x: 1, y: 2n } }),
            issues(guest.answer.result, { t: "Two", c: [1] }),
            issues(guest.price.arguments, [{}, null]).length,
            issues(host.put.arguments, ["", 0.5, 1]),
            issues(host.save.arguments, [[1], new Date(NaN)]),
        ]));
    "#;
    let expected = json!([
        [
            "orderId: expected a number of at least 1, got 0",
            "path: expected a string that matches /^[a-z]+(/[a-z]+)*$/, got \"A\"",
            "lines.0.count: expected an integer in the range of u32, got \"12\"",
            "placed-at: expected a Date, got 5",
            "tags.1: expected a string, got 1",
            "parts.1: expected a BigInt, or an integer up to 2^53 - 1, in the range of i64, got \"b\"",
        ],
        [": expected a number of at least 0, got -1n"],
        ["to.y: expected a number, got 2n"],
        [
            "c: expected an array, a Set or a typed array that is still there of 2 elements, got an object (Array)"
        ],
        9,
        [
            "0: expected at least 1 characters (not 0), got \"\"",
            "1: expected a BigInt, or an integer up to 2^53 - 1, in the range of i64, got 0.5",
            "2: expected a string, got 1",
        ],
        [
            "0: expected a Uint8Array, a Uint8ClampedArray, an ArrayBuffer or a DataView, got an object (Array)",
            "1: expected a valid Date, got an object (Date)",
        ],
    ]);
    assert_eq!(zod("zod-messages", script), expected);
}

/// The output ends when the last process that may write to it is gone.
#[test]
fn a_program_that_does_not_end_is_killed_with_its_children() {
    let endless =
        "require('node:child_process').spawn(process.execPath, ['-e', 'for (;;) {}'], { stdio: 'inherit' })
        .on('spawn', () => { console.log('spawned'); for (;;) {} });";
    let folder = node::folder("endless");
    let (said, ok) = node::try_run_for(Duration::from_secs(2), "node", &["-e", endless], &folder);
    assert!(!ok && said.ends_with("node did not end within 2000 ms, and was killed\n"), "{said}");
    let (said, ok) = node::try_run("no-such-program", &[], &folder);
    assert!(!ok && said.starts_with("no-such-program cannot be run: "), "{said}");
}
