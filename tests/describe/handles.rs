//! Contracts whose handles cross: the descriptions have the contracts that are reached, and a change of one is found.

use std::fs;

use sandbox_runtime::{
    Contract, Description, Error, Handle, LocalSandbox, OwnedContract, Result, compat, sandbox_api,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{node, typescript};
use crate::slack::long;

/// A version of the contracts of a folder. `$kind` is the role of files.
macro_rules! files {
    ($name:ident $({ $($file:tt)* })? $entry:ident $length:ty) => {
        mod $name {
            use super::*;

            /// A file that is read in pieces.
            #[sandbox_api(host)]
            pub trait File: Send + Sync {
                /// The next piece.
                fn read(&self, length: $length) -> Result<Option<String>>;
                fn parent(&self) -> Result<Handle<dyn Folder>>;
                $($($file)*)?
            }

            #[derive(Serialize, Deserialize, JsonSchema)]
            pub struct $entry {
                /// The name.
                pub name: String,
                #[schemars(range(min = 1))]
                pub size: u32,
                pub file: Option<Handle<dyn File>>,
            }

            #[sandbox_api(host)]
            pub trait Folder: Send + Sync {
                fn list(&self) -> Result<Vec<$entry>>;
                async fn open(&self, name: &str) -> Result<Handle<dyn File>>;
            }

            #[sandbox_api(host)]
            pub trait Disk {
                fn root(&self) -> Result<Handle<dyn Folder>>;
                fn size(&self, file: Handle<dyn File>) -> Result<f64>;
                fn save(&self, entry: $entry) -> Result<()>;
            }

            pub(super) fn description() -> Description {
                <dyn Disk as Contract>::describe()
            }
        }
    };
}

files!(first Entry u32);
files!(renamed Item u32);
files!(wider Entry u8);
files!(more { fn name(&self) -> Result<String>; } Entry u32);

#[test]
fn a_description_has_the_contracts_that_are_reached() {
    let description = first::description();
    let names = description.handles.iter().map(|handle| handle.contract.as_str()).collect::<Vec<_>>();
    assert_eq!(names, ["File", "Folder"]);
    assert!(description.handles.iter().all(|handle| handle.host && !handle.guest));
    let handle = json!({ "type": "object", "x-js": "Handle", "x-contract": "Folder" });
    assert_eq!(description.methods[0].returns.to_guest, Some(handle));
    // The named types of all contracts are those of the description.
    assert!(description.to_guest.contains_key("Entry"), "{:?}", description.to_guest);
    let back = serde_json::to_string(&description).unwrap();
    assert_eq!(serde_json::from_str::<Description>(&back).unwrap(), description);
    // A contract without handles has none, and its JSON is as it was.
    let plain = serde_json::to_value(<dyn super::Pricing as Contract>::describe()).unwrap();
    assert_eq!(plain.get("handles"), None);
}

#[test]
fn a_contract_can_reach_itself() {
    let description = <dyn first::Folder as Contract>::describe();
    let names = description.handles.iter().map(|handle| handle.contract.as_str()).collect::<Vec<_>>();
    assert_eq!(names, ["File", "Folder"]);
    let declarations = description.typescript();
    assert!(declarations.contains("export interface Folder extends Disposable {"), "{declarations}");
    assert!(declarations.contains("export interface FolderHost {"), "{declarations}");
}

#[test]
fn declarations_have_an_interface_for_each_contract() {
    let declarations = first::description().typescript();
    let expected = "\
/**
 * A file that is read in pieces.
 *
 * The host gives objects of this interface. An object that is disposed can no longer be used.
 */
export interface File extends Disposable {
  /**
   * The next piece.
   * @param length - integer, 0 to 2^32 - 1 (u32)
   */
  read(length: number): string | null;
  parent(): Folder;
}
";
    let expected = expected.replace("0 to 2^32 - 1", "0 to 4294967295");
    assert!(declarations.contains(&expected), "{declarations}");
    assert!(declarations.contains("  open(name: string): Promise<File>;\n"), "{declarations}");
    assert!(declarations.contains("  file: File | null;\n"), "{declarations}");
    assert!(declarations.contains("  readonly size: (file: File) => number;\n"), "{declarations}");
}

#[test]
fn the_compiler_reads_the_declarations() {
    let folder = node::folder("typescript-handles");
    fs::write(folder.join("Disk.d.ts"), first::description().typescript()).unwrap();
    let right = "import type { File } from './Disk';
        export async function run(): Promise<number> {
            const root = Disk.root();
            const file: File = await root.open('a');
            const text: string | null = file.read(3);
            const [first] = file.parent().list();
            file[Symbol.dispose]();
            return Disk.size(first!.file ?? file) + (text?.length ?? 0);
        }";
    fs::write(folder.join("right.ts"), right).unwrap();
    assert_eq!(typescript::compile(&folder, &["--noEmit", "right.ts"]), (String::new(), true));
    let wrong = "import './Disk';
        Disk.size({});
        Disk.root().read(1);
        Disk.root().list()[0]!.file.read(1);
        Disk.size(Disk.root());";
    fs::write(folder.join("wrong.ts"), wrong).unwrap();
    let (said, _) = typescript::compile(&folder, &["--noEmit", "wrong.ts"]);
    let lines = typescript::errors(&said, "wrong.ts").into_iter().map(|(line, _)| line).collect::<Vec<_>>();
    assert_eq!(lines, [2, 3, 4, 5], "{said}");
}

#[test]
fn zod_and_json_schema_have_handles_as_objects() {
    let description = first::description();
    let zod = description.zod();
    assert!(
        zod.contains("result: z.custom((value) => Object(value) === value, \"expected a Folder\")"),
        "{zod}"
    );
    let schema = description.json_schema();
    assert_eq!(schema["root"]["host"]["result"]["x-contract"], "Folder");
    let read = &schema["x-handles"]["File"]["read"]["host"];
    assert_eq!(read["arguments"]["prefixItems"][0]["maximum"], u32::MAX);
}

fn told(old: &Description, new: &Description) -> Vec<String> {
    compat(old, new).changes.iter().map(ToString::to_string).collect()
}

#[test]
fn changes_of_reached_contracts_are_found() {
    let [first, renamed, wider, more] =
        [first::description(), renamed::description(), wider::description(), more::description()];
    assert_eq!(told(&first, &first), [] as [&str; 0]);
    assert_eq!(told(&first, &renamed), [] as [&str; 0]);
    assert_eq!(first.fingerprint(), renamed.fingerprint());
    // The guest passes the argument, so a narrower type breaks guests.
    assert_eq!(told(&first, &wider), ["File.read → length: uint32 became uint8 (breaks guests)"]);
    assert_eq!(told(&wider, &first), ["File.read → length: uint8 became uint32 (breaks hosts)"]);
    // The host implements the contract: an old host has no such method.
    assert_eq!(told(&first, &more), ["File.name: method added (breaks hosts)"]);
    assert_eq!(told(&more, &first), ["File.name: method removed (breaks guests)"]);
    for other in [&wider, &more] {
        assert_ne!(first.fingerprint(), other.fingerprint());
    }
}

#[test]
fn another_contract_is_another_type() {
    #[sandbox_api(host)]
    pub trait Disk {
        fn root(&self) -> Result<Handle<dyn first::File>>;
        fn size(&self, file: Handle<dyn first::File>) -> Result<f64>;
        fn save(&self, entry: first::Entry) -> Result<()>;
    }
    let changed = told(&first::description(), &<dyn Disk as Contract>::describe());
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(
        changed[0].starts_with("Disk.root → result: handle of `Folder` became handle of `File`"),
        "{changed:?}"
    );
}

#[test]
fn two_contracts_of_one_name_are_refused() {
    #[sandbox_api(host)]
    pub trait Both {
        fn one(&self) -> Result<Handle<dyn first::File>>;
        fn other(&self) -> Result<Vec<wider::Entry>>;
    }
    struct Nothing;
    impl Both for Nothing {
        fn one(&self) -> Result<Handle<dyn first::File>> {
            Err(Error::public("none"))
        }
        fn other(&self) -> Result<Vec<wider::Entry>> {
            Ok(Vec::new())
        }
    }
    let refused = LocalSandbox::builder().limits(long()).host::<dyn Both>(Nothing).build().err().unwrap();
    let text = refused.to_string();
    assert!(text.contains("handles of two contracts with the name `File` cross"), "{text}");
    assert!(text.contains("`#[sandbox_api(name = \"…\")]`"), "{text}");
}

#[test]
fn a_contract_as_data_has_no_handles() {
    let description = first::description();
    assert!(description.typescript().contains("interface File extends Disposable"));
    let refused = OwnedContract::new(description).err().unwrap().to_string();
    assert!(refused.contains("Disk.root → result"), "{refused}");
    assert!(
        refused.contains("a Folder that the host gave, a handle, which a contract as data cannot have"),
        "{refused}"
    );
}

/// A host whose values have rules, so that they are checked as data.
#[test]
fn a_value_with_a_handle_keeps_its_constraints() {
    use first::{Disk, Entry, File, Folder};

    struct Text;
    impl File for Text {
        fn read(&self, _: u32) -> Result<Option<String>> {
            Ok(Some("text".into()))
        }
        fn parent(&self) -> Result<Handle<dyn Folder>> {
            Ok(Handle::new(Text))
        }
    }
    #[sandbox_runtime::async_trait]
    impl Folder for Text {
        fn list(&self) -> Result<Vec<Entry>> {
            let entry = |size| Entry { name: "a".into(), size, file: Some(Handle::new(Text)) };
            Ok(vec![entry(1), entry(0)])
        }
        async fn open(&self, _: &str) -> Result<Handle<dyn File>> {
            Ok(Handle::new(Text))
        }
    }
    impl Disk for Text {
        fn root(&self) -> Result<Handle<dyn Folder>> {
            Ok(Handle::new(Text))
        }
        fn size(&self, file: Handle<dyn File>) -> Result<f64> {
            Ok(if file.read(1)?.is_some() { 4.0 } else { 0.0 })
        }
        fn save(&self, entry: Entry) -> Result<()> {
            entry.file.map_or(Ok(()), |file| file.read(1).map(drop))
        }
    }
    #[sandbox_api(guest)]
    pub trait Program {
        fn run(&self) -> Result<String>;
    }
    let source = "
        const told = (act) => { try { return String(act()); } catch (error) { return error.message; } };
        const file = Disk.root().parent;
        export function run() {
            const opened = Disk.root();
            return [
                told(() => opened.list()),
                told(() => Disk.save({ name: 5, size: 1, file: null })),
                told(() => Disk.save({ name: 'a', size: 1, file: opened })),
                told(() => Disk.save({ name: 5, size: 0, file: 7 })),
                told(() => Disk.size(undefined)),
            ].join('\\n');
        }";
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Disk>(Text).build().unwrap();
    let program = sandbox.load::<dyn Program>(sandbox_runtime::Script::new("disk.mjs", source)).unwrap();
    let said = program.run().unwrap();
    let lines = said.lines().collect::<Vec<_>>();
    // The host broke its own rule, and a guest is not told of it.
    assert!(lines[0].starts_with("Folder.list failed"), "{said}");
    assert!(lines[1].contains("entry.name: expected a string, got 5"), "{said}");
    assert!(lines[2].contains("entry.file: expected a File that the host gave, got an object"), "{said}");
    assert!(lines[3].contains("entry.name: expected a string, got 5"), "{said}");
    assert!(said.contains("entry.file: expected a File that the host gave or null, got 7"), "{said}");
    assert!(said.contains("file: expected a File that the host gave, got undefined"), "{said}");
}

/// A handle in each place in which null can stand for a value, or a value be absent.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Places {
    plain: Handle<dyn first::File>,
    option: Option<Handle<dyn first::File>>,
    #[serde(default)]
    defaulted: Option<Handle<dyn first::File>>,
    list: Vec<Option<Handle<dyn first::File>>>,
    pair: (Handle<dyn first::File>, Option<Handle<dyn first::File>>),
    map: std::collections::BTreeMap<String, Handle<dyn first::File>>,
    external: External,
    internal: Internal,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub enum External {
    One(Handle<dyn first::File>),
    Named { value: Option<Handle<dyn first::File>> },
}

/// serde buffers the fields of such an enum, and no buffer has a handle.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
pub enum Internal {
    Empty,
    Named { value: Option<u32> },
}

#[sandbox_api(host)]
pub trait Takes {
    fn file(&self) -> Result<Handle<dyn first::File>>;
    fn take(&self, value: Places) -> Result<Places>;
}

struct Taker;

impl Takes for Taker {
    fn file(&self) -> Result<Handle<dyn first::File>> {
        Ok(Handle::new(Unread))
    }
    fn take(&self, value: Places) -> Result<Places> {
        Ok(value)
    }
}

struct Unread;

impl first::File for Unread {
    fn read(&self, _: u32) -> Result<Option<String>> {
        Ok(None)
    }
    fn parent(&self) -> Result<Handle<dyn first::Folder>> {
        Err(Error::public("none"))
    }
}

#[sandbox_api(guest)]
pub trait Tries {
    /// A letter for each value: `g`iven back as it was, `o`ther, or `r`efused.
    fn run(&self) -> Result<String>;
}

/// The boundary and TypeScript agree on where a handle, null, undefined and an object can stand.
#[test]
fn descriptions_and_the_boundary_agree_on_places_of_handles() {
    const PLACES: [&str; 11] = [
        "plain: @",
        "option: @",
        "defaulted: @",
        "list: [@]",
        "list: [file, @, file]",
        "pair: [@, file]",
        "pair: [file, @]",
        "map: { a: @ }",
        "map: { a: file, b: @ }",
        "external: { One: @ }",
        "external: { Named: { value: @ } }",
    ];
    const USUAL: &str = "plain: file, option: null, list: [], pair: [file, null], map: {}, external: { One: file }, internal: { kind: 'Empty' }";
    let values = PLACES.iter().flat_map(|place| {
        ["file", "null", "undefined", "({})", "7"]
            .map(|value| format!("{{ {USUAL}, {} }}", place.replace('@', value)))
    });
    // A later property of an object takes the place of an earlier one, which TypeScript refuses: so only the later is written.
    let values = values.map(|value| {
        let (usual, own) = value.rsplit_once(", internal: { kind: 'Empty' }, ").unwrap();
        let name = own.split(':').next().unwrap();
        let kept = [
            "plain: file",
            "option: null",
            "list: []",
            "pair: [file, null]",
            "map: {}",
            "external: { One: file }",
        ];
        let kept = kept.into_iter().filter(|kept| !kept.starts_with(&format!("{name}:")));
        assert!(usual.starts_with("{ plain"));
        format!("{{ {}, internal: {{ kind: \"Empty\" }}, {own}", kept.collect::<Vec<_>>().join(", "))
    });
    let values = values.collect::<Vec<_>>();

    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Takes>(Taker).build().unwrap();
    let makers = values.iter().map(|value| format!("() => ({value}),\n")).collect::<String>();
    let source = format!(
        "const file = Takes.file();
        const same = (a, b) => a === b || a == null && b == null || typeof a === 'object' && a !== file && b !== file
            && [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(a[key], b[key]));
        export const run = () => [{makers}].map((make) => {{
            try {{ const given = make(); return same(given, Takes.take(given)) ? 'g' : 'o'; }} catch {{ return 'r'; }}
        }}).join('');"
    );
    let tries = sandbox.load::<dyn Tries>(sandbox_runtime::Script::new("tries.mjs", source)).unwrap();
    let said = tries.run().unwrap();
    assert!(
        said.matches('g').count() >= 20 && said.matches('r').count() >= 25 && !said.contains('o'),
        "{said}"
    );

    let folder = node::folder("handles-agree");
    fs::write(folder.join("Takes.d.ts"), <dyn Takes as Contract>::typescript()).unwrap();
    let lines = values.iter().map(|value| format!("Takes.take({value});\n")).collect::<String>();
    fs::write(folder.join("values.ts"), format!("import './Takes'; const file = Takes.file();\n{lines}"))
        .unwrap();
    let (told, _) = typescript::compile(&folder, &["--noEmit", "values.ts"]);
    let wrong = typescript::errors(&told, "values.ts").into_iter().map(|(line, _)| line);
    let wrong = wrong.collect::<std::collections::BTreeSet<_>>();
    for ((index, value), said) in values.iter().enumerate().zip(said.chars()) {
        assert_eq!(wrong.contains(&(index + 2)), said == 'r', "{value}: {said}\n{told}");
    }
}

/// A row that a guest makes.
#[allow(dead_code, reason = "the test needs the description alone")]
#[sandbox_api(guest)]
pub trait Row: Send + Sync {
    fn get(&self, column: u32) -> Result<String>;
}

/// Both sides make sinks.
#[sandbox_api]
pub trait Sink: Send + Sync {
    fn put(&self, row: Handle<dyn Row>) -> Result<u32>;
}

#[sandbox_api(host)]
pub trait Sorter {
    fn sort(&self, rows: Vec<Handle<dyn Row>>, into: Handle<dyn Sink>) -> Result<Handle<dyn Sink>>;
}

#[test]
fn objects_of_guests_have_interfaces_of_their_own() {
    let description = <dyn Sorter as Contract>::describe();
    let roles = description.handles.iter().map(|of| (of.contract.as_str(), of.guest, of.host));
    assert_eq!(roles.collect::<Vec<_>>(), [("Row", true, false), ("Sink", true, true)]);
    let declarations = description.typescript();
    for part in [
        "export interface Row {\n  /** @param column - integer, 0 to 4294967295 (u32) */\n  get(column: number): string;\n}",
        "export interface Sink extends Disposable {\n  /** @returns integer, 0 to 4294967295 (u32) */\n  put(row: Row): number;\n}",
        "export interface SinkInput {\n",
        "  readonly sort: (rows: readonly Row[], into: SinkInput) => Sink;\n",
    ] {
        assert!(declarations.contains(part), "{part}\n{declarations}");
    }
    let folder = node::folder("typescript-objects");
    fs::write(folder.join("Sorter.d.ts"), &declarations).unwrap();
    let guest = "import type { Row, SinkInput } from './Sorter';
        const row: Row = { get: (column) => String(column) };
        const sink: SinkInput = { put: (row) => row.get(1).length };
        const sorted = Sorter.sort([row, { get: () => 'a' }], sink);
        Sorter.sort([], sorted).put(row);
        Sorter.sort([{}], sink);
        Sorter.sort([], { put: 5 });";
    fs::write(folder.join("guest.ts"), guest).unwrap();
    let (said, _) = typescript::compile(&folder, &["--noEmit", "guest.ts"]);
    let lines = typescript::errors(&said, "guest.ts").into_iter().map(|(line, _)| line).collect::<Vec<_>>();
    assert_eq!(lines, [6, 7], "{said}");
}
