//! Callbacks and streams in descriptions: in both directions, in structs and lists, and in contracts that are reached.

use std::collections::BTreeSet;
use std::fs;

use sandbox_runtime::{
    AsyncCallback, Callback, Contract, Description, Handle, Items, LocalSandbox, OwnedContract, Result,
    Script, Stream, compat, sandbox_api,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{node, typescript};
use crate::slack::long;

/// A type that reads more than it writes.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    pub id: u64,
    #[serde(default)]
    pub note: Option<String>,
}

/// A type with functions and streams, which refers to itself by the arguments of a function.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Hooks {
    /// Before each row.
    pub before: Option<Callback<fn(Row) -> Result<bool>>>,
    pub all: Vec<AsyncCallback<fn(u32, Option<String>) -> Result<Row>>>,
    pub nested: Option<Callback<fn(Hooks) -> Result<()>>>,
}

#[sandbox_api]
pub trait Cursor: Send + Sync {
    fn each(&self, visit: Callback<fn(Row, Option<u32>) -> Result<()>>) -> Result<()>;
}

#[sandbox_api(host)]
pub trait Table: Send + Sync {
    fn filter(&self, accepts: Callback<fn(Row) -> Result<bool>>) -> Result<Items<Row>>;
    fn hooks(&self, hooks: Hooks) -> Result<Hooks>;
    fn adder(&self) -> Result<Callback<fn(u32) -> Result<u64>>>;
    fn open(&self) -> Result<Handle<dyn Cursor>>;
    fn cursors(&self, cursor: Callback<fn(Handle<dyn Cursor>) -> Result<()>>) -> Result<()>;
    async fn rows(&self, load: AsyncCallback<fn(String) -> Result<Row>>) -> Result<Stream<Row>>;
    async fn merge(&self, left: Stream<Row>, right: Items<u64>) -> Result<Vec<Stream<Option<u32>>>>;
}

#[allow(dead_code, reason = "the tests need the description alone")]
#[sandbox_api(guest)]
pub trait Program {
    fn run(&self, step: Callback<fn(Row) -> Result<u64>>) -> Result<Callback<fn(u64) -> Result<Row>>>;
    async fn load(&self, load: AsyncCallback<fn() -> Result<()>>) -> Result<()>;
}

fn table() -> Description {
    <dyn Table as Contract>::describe()
}

/// Gives no object and no stream of the host, so its module needs no library of Disposable.
#[allow(dead_code, reason = "the tests need the description alone")]
#[sandbox_api(host)]
pub trait DisposableNotes: Send + Sync {
    /// Disposable, as the comment alone says.
    fn put(&self, rows: Items<Row>) -> Result<()>;
}

/// Only a type that is written with `Disposable` needs the library of the type.
#[test]
fn a_comment_needs_no_library() {
    let declarations = <dyn DisposableNotes as Contract>::describe().typescript();
    assert!(declarations.contains("Disposable, as the comment alone says."), "{declarations}");
    assert!(!declarations.contains("<reference"), "{declarations}");
}

#[test]
fn declarations_have_the_types_of_functions_and_streams() {
    let declarations = table().typescript();
    for part in [
        "/// <reference lib=\"esnext.disposable\" />\n",
        "  readonly filter: (accepts: (first: Row) => boolean) => IterableIterator<Row> & Disposable;\n",
        "  readonly adder: () => (first: number) => bigint;\n",
        "  readonly open: () => Cursor;\n",
        "  readonly cursors: (cursor: (first: Cursor) => void | null) => void;\n",
        "  readonly rows: (load: (first: string) => RowInput | Promise<RowInput>) => Promise<AsyncIterableIterator<Row> & Disposable>;\n",
        "  readonly merge: (left: AsyncIterable<RowInput> | Iterable<RowInput>, right: Iterable<bigint | number>) => \
         Promise<(AsyncIterableIterator<number | null> & Disposable)[]>;\n",
        "  readonly hooks: (hooks: HooksInput) => Hooks;\n",
        "  before: ((first: RowInput) => boolean) | null;\n",
        "  before?: ((first: Row) => boolean) | null;\n",
        "  all: ((first: number, second?: string | null) => Promise<Row>)[];\n",
        "  all: readonly ((first: number, second: string | null) => RowInput | Promise<RowInput>)[];\n",
        "  nested: ((first: HooksInput) => void) | null;\n",
        "  nested?: ((first: Hooks) => void | null) | null;\n",
        "  each(visit: (first: Row, second: number | null) => void | null): void;\n",
        "  each(visit: (first: RowInput, second?: number | null) => void): void | null;\n",
    ] {
        assert!(declarations.contains(part), "{part}\n{declarations}");
    }
    let program = <dyn Program as Contract>::typescript();
    for part in [
        "  run(step: (first: Row) => bigint): (first: bigint) => Row;\n",
        "  load(load: () => Promise<void>): void | null | Promise<void | null>;\n",
    ] {
        assert!(program.contains(part), "{part}\n{program}");
    }
}

#[test]
fn the_compiler_reads_functions_and_streams() {
    let folder = node::folder("typescript-functions");
    fs::write(folder.join("Table.d.ts"), table().typescript()).unwrap();
    fs::write(folder.join("Program.d.ts"), <dyn Program as Contract>::typescript()).unwrap();
    let right = "import './Table';
        import type { Program } from './Program';
        export async function run(): Promise<bigint> {
            let sum = Table.adder()(5);
            for (const row of Table.filter((row) => row.id > 3n && row.note === null)) sum += row.id;
            for await (const row of await Table.rows(async (name) => ({ id: name.length }))) sum += row.id;
            async function* made() { yield { id: 5 }; }
            const rows = await Table.rows((name) => ({ id: 5n, note: name }));
            for (const stream of await Table.merge(made(), [1n, 2]))
                for await (const value of stream) sum += BigInt(value ?? 0);
            await Table.merge(rows, new Set<number>());
            await Table.merge([{ id: 1 }], []);
            rows[Symbol.dispose]();
            const hooks = Table.hooks({ before: null, all: [(first, second) => ({ id: first + (second?.length ?? 0) })] });
            hooks.before?.({ id: 5n });
            sum += (await hooks.all[0]!(5)).id;
            Table.open().each((row, index) => { sum += row.id + BigInt(index ?? 0); });
            Table.cursors((cursor) => cursor.each(() => {}));
            return sum;
        }
        export const own: Program = {
            run: (step) => (first) => ({ id: step({ id: first }) }),
            load: async (load) => { await load(); },
        };";
    fs::write(folder.join("right.ts"), right).unwrap();
    assert_eq!(typescript::compile(&folder, &["--noEmit", "right.ts"]), (String::new(), true));
    let wrong = "import './Table';
        Table.filter((row: string) => true);
        Table.filter(() => 5);
        Table.filter({});
        Table.adder()('a');
        for await (const row of Table.filter(() => true)) row.name;
        await Table.merge([5], []);
        await Table.merge([], [async () => 5]);
        await Table.rows(async () => ({ note: 'a' }));
        Table.open().each((row) => row.name);
        Table.hooks({ before: (row) => row.id, all: [] });
        export {};";
    fs::write(folder.join("wrong.ts"), wrong).unwrap();
    let (said, _) = typescript::compile(&folder, &["--noEmit", "wrong.ts"]);
    let lines = typescript::errors(&said, "wrong.ts").into_iter().map(|(line, _)| line).collect::<Vec<_>>();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "{said}");
}

#[test]
fn schemas_have_the_parts_of_functions_and_streams() {
    let description = table();
    let accepts = description.methods[0].params[0].schema.to_host.as_ref().unwrap();
    let row = json!({ "$ref": "#/$defs/Row" });
    let function = json!({ "parameters": [row], "result": { "type": "boolean" } });
    assert_eq!(*accepts, json!({ "type": "object", "x-js": "Function", "x-function": function }));
    let rows = description.methods[5].returns.to_guest.as_ref().unwrap();
    assert_eq!(*rows, json!({ "type": "object", "x-js": "AsyncIterable", "x-stream": { "items": row } }));
    assert_eq!(
        description.methods[5].params[0].schema.to_host.as_ref().unwrap()["x-function"]["async"],
        true
    );
    // A contract of which functions alone lead to a type has the type in the direction of its values.
    let program = <dyn Program as Contract>::describe();
    let types = [&program.to_guest, &program.to_host].map(|types| types.contains_key("Row"));
    assert_eq!(types, [false, true]);
    // The contracts that are reached by a function are there.
    assert_eq!(description.handles.iter().map(|of| &*of.contract).collect::<Vec<_>>(), ["Cursor"]);

    let schemas = description.json_schema();
    let accepts = &schemas["filter"]["host"]["arguments"];
    let row = &accepts["prefixItems"][0]["x-function"]["parameters"][0];
    assert_eq!(*row, json!({ "$ref": "#/$defs/RowOpposite" }));
    assert_eq!(accepts["$defs"]["RowOpposite"]["required"], json!(["id", "note"]));
    let hooks = &schemas["hooks"]["host"]["arguments"]["$defs"];
    let names = hooks.as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>();
    assert_eq!(names, BTreeSet::from(["Hooks", "HooksOpposite", "Row", "RowOpposite"]));
    // A function in the arguments of a function has the types of the document again.
    let part = |name: &str, property: &str| {
        hooks[name]["properties"][property]["x-function"]["parameters"][0]["$ref"].clone()
    };
    assert_eq!(part("Hooks", "nested"), "#/$defs/HooksOpposite");
    assert_eq!(part("HooksOpposite", "nested"), "#/$defs/Hooks");
    assert_eq!(part("Hooks", "before"), "#/$defs/RowOpposite");
    // Ranges are there for validators that do not know formats.
    assert_eq!(hooks["Row"]["properties"]["id"]["maximum"], u64::MAX);
    assert_eq!(schemas["adder"]["host"]["result"]["x-function"]["parameters"][0]["maximum"], u32::MAX);
    for (_, method) in schemas.as_object().unwrap().iter().filter(|(name, _)| *name != "x-handles") {
        for place in ["arguments", "result"] {
            jsonschema::draft202012::new(&method["host"][place]).unwrap();
        }
    }
}

#[test]
fn zod_tells_functions_and_iterables_from_data() {
    let folder = node::folder("zod-functions");
    fs::write(folder.join("table.mjs"), table().zod()).unwrap();
    let script = "
        import { host } from './table.mjs';
        const values = [() => true, [], new Map(), (async function* () {})(), { id: 5 }, 'text', 7, null];
        const says = (schema) => values.map((value) => schema.safeParse(value).success ? 1 : 0).join('');
        const first = (method) => ({ safeParse: (value) => host[method].arguments.items?.[0]?.safeParse(value)
            ?? host[method].arguments.def.items[0].safeParse(value) });
        console.log(JSON.stringify([
            says(first('filter')), says(first('merge')), says(host.filter.result), says(host.rows.result), says(host.adder.result),
            host.hooks.arguments.safeParse([{ before: null, all: [async () => ({ id: 1 })] }]).success,
            host.hooks.arguments.safeParse([{ before: 5, all: [] }]).success,
        ]));";
    fs::write(folder.join("check.mjs"), script).unwrap();
    let said: Json = serde_json::from_str(&node::run("node", &["check.mjs"], &folder)).unwrap();
    assert_eq!(said, json!(["10000000", "01110000", "01100000", "00010000", "10000000", true, false]));
}

/// A version of a contract with functions and streams.
macro_rules! version {
    ($name:ident $($method:tt)*) => {
        mod $name {
            use super::*;

            #[sandbox_api]
            pub trait Both: Send + Sync {
                $($method)*
            }

            pub(super) fn describe(is_guest: bool) -> Description {
                let mut both = <dyn Both as Contract>::describe();
                (both.guest, both.host) = (is_guest, !is_guest);
                both
            }
        }
    };
}

version! { first fn give(&self, f: Callback<fn(u32) -> Result<u32>>) -> Result<Items<u32>>; }
version! { wide_argument fn give(&self, f: Callback<fn(u8) -> Result<u32>>) -> Result<Items<u32>>; }
version! { wide_result fn give(&self, f: Callback<fn(u32) -> Result<u8>>) -> Result<Items<u32>>; }
version! { waits fn give(&self, f: AsyncCallback<fn(u32) -> Result<u32>>) -> Result<Stream<u32>>; }
version! { more fn give(&self, f: Callback<fn(u32, String) -> Result<u32>>) -> Result<Items<u32>>; }
version! { optional fn give(&self, f: Callback<fn(u32, Option<String>) -> Result<u32>>) -> Result<Items<u32>>; }
version! { items fn give(&self, f: Callback<fn(u32) -> Result<u32>>) -> Result<Items<u8>>; }
version! { nested fn give(&self, f: Callback<fn(Callback<fn(u32) -> Result<u32>>) -> Result<u32>>) -> Result<Items<u32>>; }
version! { nested_wide fn give(&self, f: Callback<fn(Callback<fn(u8) -> Result<u32>>) -> Result<u32>>) -> Result<Items<u32>>; }
version! { data fn give(&self, f: u32) -> Result<Items<u32>>; }

fn told(is_guest: bool, old: fn(bool) -> Description, new: fn(bool) -> Description) -> Vec<String> {
    let (old, new) = (old(is_guest), new(is_guest));
    let there = compat(&old, &new);
    // The opposite change breaks the other side, and equal fingerprints are no change.
    let back = compat(&new, &old);
    assert_eq!((there.breaks_guests(), there.breaks_hosts()), (back.breaks_hosts(), back.breaks_guests()));
    assert_eq!(there.changes.is_empty(), old.fingerprint() == new.fingerprint());
    there.changes.iter().map(|change| change.to_string().replace("Both.give → ", "")).collect()
}

/// The arguments of a function go the opposite way, and those of a function among them the same way again.
#[test]
fn changes_follow_the_direction_of_each_value() {
    // The guest gives the function, and the host calls it.
    let host = |old, new| told(false, old, new);
    // The host gives the function, and the guest calls it.
    let guest = |old, new| told(true, old, new);
    let first: fn(bool) -> Description = first::describe;
    let none: [&str; 0] = [];
    assert_eq!(host(first, first), none);
    assert_eq!(host(first, wide_argument::describe), ["f → first: uint32 became uint8 (breaks hosts)"]);
    assert_eq!(guest(first, wide_argument::describe), ["f → first: uint32 became uint8 (breaks guests)"]);
    assert_eq!(host(first, wide_result::describe), ["f → result: uint32 became uint8 (breaks guests)"]);
    assert_eq!(guest(first, wide_result::describe), ["f → result: uint32 became uint8 (breaks hosts)"]);
    assert_eq!(
        host(first, waits::describe),
        [
            "f: function became asynchronous (breaks hosts)",
            "result: stream became asynchronous (breaks guests and hosts)"
        ]
    );
    assert_eq!(
        guest(first, waits::describe),
        [
            "f: function became asynchronous (breaks guests and hosts)",
            "result: stream became asynchronous (breaks hosts)"
        ]
    );
    assert_eq!(host(first, more::describe), ["f → second: parameter added (breaks hosts)"]);
    assert_eq!(guest(first, more::describe), ["f → second: parameter added (breaks guests)"]);
    assert_eq!(host(first, optional::describe), ["f → second: parameter added (breaks nobody)"]);
    assert_eq!(host(first, items::describe), ["result[]: uint32 became uint8 (breaks hosts)"]);
    assert_eq!(guest(first, items::describe), ["result[]: uint32 became uint8 (breaks guests)"]);
    assert_eq!(
        host(nested::describe, nested_wide::describe),
        ["f → first → first: uint32 became uint8 (breaks guests)"]
    );
    assert_eq!(host(first, data::describe), ["f: function became uint32 (breaks guests and hosts)"]);
}

#[test]
fn a_contract_as_data_has_no_functions_and_no_streams() {
    #[sandbox_api(host)]
    pub trait Streams: Send + Sync {
        async fn rows(&self) -> Result<Stream<u32>>;
    }
    for (refused, what) in [
        (OwnedContract::of::<dyn Program>(), "Program.run → step is described with a function, which"),
        (
            OwnedContract::of::<dyn Streams>(),
            "Streams.rows → result is described with an async iterable, or an iterable, which",
        ),
    ] {
        let text = refused.err().unwrap().to_string();
        assert!(text.contains(what) && text.contains("a contract as data cannot have"), "{text}");
    }
}

/// A type with rules beside a function, so that the values are checked as data.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Job {
    #[schemars(range(min = 1))]
    pub size: u32,
    pub done: Option<Callback<fn(u32) -> Result<u32>>>,
}

#[sandbox_api(host)]
pub trait Jobs {
    fn run(&self, job: Job) -> Result<u32>;
    fn job(&self, size: u32) -> Result<Job>;
}

struct Runs;

impl Jobs for Runs {
    fn run(&self, job: Job) -> Result<u32> {
        job.done.map_or(Ok(0), |done| done.call(job.size))
    }
    fn job(&self, size: u32) -> Result<Job> {
        Ok(Job { size, done: Some(Callback::new(|size: u32| Ok(size + 1))) })
    }
}

#[sandbox_api(guest)]
pub trait Told {
    fn told(&self) -> Result<Vec<String>>;
}

#[test]
fn a_value_with_a_function_keeps_its_constraints() {
    let source = "
        const told = (act) => { try { return String(act()); } catch (error) { return error.message; } };
        export default { told: () => [
            told(() => Jobs.run({ size: 2, done: (size) => size * 2 })),
            told(() => Jobs.run({ size: 2, done: new Proxy((size) => size * 3, {}) })),
            told(() => Jobs.run(Jobs.job(3))),
            told(() => Jobs.run({ size: 0, done: (size) => size })),
            told(() => Jobs.run({ size: 0, done: 5 })),
            told(() => Jobs.job(0)),
        ] };";
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Jobs>(Runs).build().unwrap();
    let told = sandbox.load::<dyn Told>(Script::new("jobs.mjs", source)).unwrap().told().unwrap();
    assert_eq!(told[..3], ["4", "6", "4"], "{told:?}");
    assert!(told[3].contains("job.size: expected an integer from 1 to 4294967295 (u32), got 0"), "{told:?}");
    assert!(told[4].contains("job.done: expected a function or null, got 5"), "{told:?}");
    assert!(told[5].starts_with("Jobs.job failed"), "{told:?}");
}
