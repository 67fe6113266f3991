//! Files of TypeScript: each form gives the same at every site, errors name the places of the texts with types, and no number
//! of files takes the stripper long.

use sandbox_runtime::{Error, Hint, LocalSandbox, Modules, NotStripped, SandboxPool, Script};

use super::{Say as _, Shop, long, refused, said, script};

/// A plugin as authors write it.
fn plugin() -> Script {
    let modules = Modules::new()
        .file(
            "main.ts",
            "import type { Rates } from './types';\nimport { taxOf } from './lib/tax.js';\nimport rates from './rates.json' with { type: 'json' };\n\
             export const price = (net: number): number => net + taxOf(net, rates as Rates);\n\
             export { currency } from 'money';",
        )
        .file("types.ts", "export interface Rates { readonly standard: number }\nexport type Net = number;")
        .file(
            "lib/tax.ts",
            "import { type Net, type Rates } from '../types.js';\nimport round from './round.mjs';\n\
             export function taxOf(net: Net, { standard }: Rates) { return round(net * standard) satisfies number; }",
        )
        .file("lib/round.mts", "const round: (value: number) => number = Math.round;\nexport default round;")
        .file("lib/money.cts", "const code: string = require('./code');\nexports.currency = (): string => code!;")
        .file("lib/code.ts", "type Code = 'EUR' | 'USD';\nmodule.exports = 'EUR' as Code;")
        .json("rates.json", r#"{ "standard": 0.25 }"#)
        .import("money", "lib/money.cts");
    Script::modules(modules, "main.ts").unwrap()
}

#[test]
fn files_have_types_at_every_site() {
    let results = alike!(|builder| builder.limits(long()), |sandbox| {
        let shop = sandbox.load::<dyn Shop>(plugin()).unwrap();
        (shop.price(10.0).unwrap(), shop.currency().unwrap())
    });
    assert_eq!(results, (13.0, "EUR".to_owned()));
    let pool = SandboxPool::builder().limits(long()).build().unwrap();
    assert_eq!(pool.tenant("a").load::<dyn Shop>(plugin()).unwrap().price(10.0).unwrap(), 13.0);
    let local = LocalSandbox::builder().limits(long()).build().unwrap();
    assert_eq!(local.realm().unwrap().load::<dyn Shop>(plugin()).unwrap().currency().unwrap(), "EUR");
}

#[test]
fn a_file_is_named_as_it_is_or_as_the_compiler_would_name_it() {
    let say = "import { a } from 'FILE';\nexport const say = (): string => a;";
    for (specifier, name) in [
        ("./a.ts", "a.ts"),
        ("./a.js", "a.ts"),
        ("./a.mts", "a.mts"),
        ("./a.mjs", "a.mts"),
        ("./a.cts", "a.cts"),
        ("./a.cjs", "a.cts"),
        ("../lib/a.js", "lib/a.ts"),
    ] {
        let source = say.replace("FILE", specifier);
        let main = if name.contains('/') { "folder/main.ts" } else { "main.ts" };
        let exported = match name.ends_with(".cts") {
            true => "exports.a = 'a' as string;",
            false => "export const a: string = 'a';",
        };
        assert_eq!(said(&[(main, &source), (name, exported)]), "a", "{specifier}");
    }
    assert_eq!(
        said(&[("main.ts", &say.replace("FILE", "./lib/.js")), ("lib/.ts", "export const a: string = 'a';")]),
        "a"
    );
    // JavaScript of the name itself comes first.
    let main = say.replace("FILE", "./a.js");
    let both = [("main.js", &*main.replace(": string", "")), ("a.ts", "export const a = 'ts';")];
    assert_eq!(said(&both), "ts");
    assert_eq!(said(&[both[0], both[1], ("a.js", "export const a = 'js';")]), "js");
    let required =
        "const a: { a: string } = require('./a');\nexports.say = (): string => a.a + require('./lib').b;";
    let files = [("main.cts", required), ("a.ts", "exports.a = 'a' as const;")];
    assert_eq!(said(&[files[0], files[1], ("lib/index.ts", "export let b: string = 'b';")]), "ab");
    let imported = "export const say = async () => {};\nconst { a }: any = await import('./a.js');\nif (a !== 'a') throw a;";
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    sandbox.eval(script(&[("main.ts", imported), ("a.ts", "export const a: string = 'a';")])).unwrap();
}

#[test]
fn errors_name_the_file_and_the_place_of_the_typed_text() {
    let stack = alike!(|builder| builder.limits(long()), |sandbox| {
        let files = [
            ("main.ts", "import { fail } from './lib/a.js';\n\nexport const say = (): string => fail();"),
            (
                "lib/a.ts",
                "interface Wide { a: number }\nexport function fail(): never {\n  const a: Wide | null = null; throw new Error('no');\n}",
            ),
        ];
        let Err(Error::Guest(thrown)) = sandbox.load::<dyn super::Say>(script(&files)).unwrap().say() else {
            panic!("it throws")
        };
        let places =
            thrown.stack.iter().map(|frame| format!("{}:{}:{}", frame.file, frame.line, frame.column));
        places.collect::<Vec<_>>()
    });
    assert_eq!(stack, ["lib/a.ts:3:38", "main.ts:3:34"]);

    let place = |files: &[(&str, &str)]| {
        let error = refused(files);
        let Error::Syntax { script: file, line, column, hint, .. } = &error else { panic!("{error:?}") };
        let frame = error.code_frame(&script(files)).expect("the place is in the script");
        (file.clone(), *line, *column, *hint, frame)
    };
    let main = ("main.ts", "import './a.js';");
    // The stripper refuses the first, and the engine the second.
    let (file, line, column, hint, frame) = place(&[main, ("a.ts", "let a: number = 1;\nlet b: string = ;")]);
    assert_eq!((&*file, line, column, hint), ("a.ts", 2, 17, None));
    assert!(frame.contains("let b: string = ;"), "{frame}");
    let (file, line, column, hint, frame) =
        place(&[main, ("a.ts", "let a: 1;\nlet  b: 2; let a;\nexport {}")]);
    assert_eq!((&*file, line, column, hint), ("a.ts", 2, 16, None));
    assert!(frame.contains("let  b: 2;"), "{frame}");

    let error = refused(&[("main.ts", "type A = 1;\n import './b.js';"), ("a.ts", "")]);
    let Error::Guest(thrown) = &error else { panic!("{error:?}") };
    assert!(thrown.message.contains("the script has no module `b.js`"), "{thrown:?}");
    let frame = &thrown.stack[0];
    assert_eq!((&*frame.file, frame.line, frame.column), ("main.ts", 2, 9));
}

/// Each file is refused by its name, the entry and files that none imports among them.
#[test]
fn a_file_that_cannot_be_stripped_is_refused_by_name() {
    let say = "export const say = (): string => 'a';";
    for (files, place, kind) in [
        ([("main.ts", say), ("lib/a.ts", "\n export enum A { B }")], ("lib/a.ts", 2, 9), NotStripped::Enum),
        ([("main.ts", "enum A { B }"), ("a.ts", say)], ("main.ts", 1, 1), NotStripped::Enum),
        (
            [("main.js", "import './a.cts';"), ("a.cts", "export = 1;")],
            ("a.cts", 1, 1),
            NotStripped::ExportEquals,
        ),
    ] {
        let error = refused(&files);
        let Error::Syntax { script: file, line, column, hint, .. } = &error else { panic!("{error:?}") };
        assert_eq!((&**file, *line, *column), place);
        assert_eq!(*hint, Some(Hint::NotStripped(kind)));
    }
    let error = refused(&[("main.ts", say), ("lib/a.ts", "enum A { B }")]);
    let text = "lib/a.ts:1:1: SyntaxError: TypeScript enum is not supported in strip-only mode \
                (write an object: `const Color = { Red: 'red' } as const;`)";
    assert_eq!(error.to_string(), text);
}

/// The engine finds no export of a type that is imported without `type`.
#[test]
fn an_import_of_a_type_without_type_has_its_remedy() {
    let error = refused(&[
        ("main.ts", "\nimport { Rate } from './types.js';\nexport const say = (): Rate => 'a';"),
        ("types.ts", "export type Rate = string;"),
    ]);
    let Error::Syntax { script: file, line, hint, .. } = &error else { panic!("{error:?}") };
    assert_eq!((&**file, *line, *hint), ("main.ts", 2, Some(Hint::ImportOfType)));
    assert!(error.to_string().contains("`import type { Name } from"), "{error}");
    // A file of JavaScript has no types to import.
    let error = refused(&[("main.js", "import { rate } from './a.ts';"), ("a.ts", "export let rates: 1;")]);
    assert!(matches!(error, Error::Syntax { hint: None, .. }), "{error:?}");
}

/// The effort of the parser is bounded for all files together, or thousands of small files would take minutes.
#[test]
fn many_files_share_the_bound_of_the_stripper() {
    let nested = |count: usize| format!("{}d{};", "a?(b):c=>".repeat(count), "");
    let most = (1..).find(|count| {
        let files = [("main.ts", "export const say = () => 'a';"), ("a.ts", &*nested(*count))];
        let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
        sandbox.eval(script(&files)).is_err_and(|error| matches!(error, Error::Syntax { .. }))
    });
    let most = most.expect("a bound is there") - 1;
    let text = nested(most);
    let files = (0..Modules::MOST_FILES - 1)
        .fold(Modules::new().file("main.ts", ""), |all, number| all.file(format!("{number}.ts"), &*text));
    let many = Script::modules(files, "main.ts").unwrap();
    alike!(|builder| builder.limits(long()), |sandbox| {
        let error = sandbox.eval(many.clone()).map(drop).unwrap_err();
        let Error::Syntax { script: file, hint, .. } = &error else { panic!("{error:?}") };
        assert_eq!(*hint, Some(Hint::NotStripped(NotStripped::TooDeep)), "{error}");
        assert!(file.ends_with(".ts") && file != "main.ts", "{file}");
        sandbox.load::<dyn Shop>(plugin()).unwrap().price(10.0).unwrap()
    });
}

/// Types that the parser reads once are no part of the shared bound.
#[test]
fn as_many_files_as_a_script_can_have_are_stripped() {
    let source = "export interface A<T> { a: T[]; b(c: number): Map<string, T> }\nexport const a = <T,>(b: A<T>): T => b.a[0]!;";
    let main =
        "import { a } from './7.js';\nexport const say = (): string => a({ a: ['said'], b: null as any });";
    let files = (0..Modules::MOST_FILES - 1)
        .fold(Modules::new().file("main.ts", main), |all, number| all.file(format!("{number}.ts"), source));
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let guest = sandbox.load::<dyn super::Say>(Script::modules(files, "main.ts").unwrap()).unwrap();
    assert_eq!(guest.say().unwrap(), "said");
}

#[test]
fn a_folder_has_typescript_and_no_declarations() {
    let folder = std::env::temp_dir().join(format!("modules-typescript-{}", std::process::id()));
    _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("lib")).unwrap();
    for (name, source) in [
        ("main.ts", "import { a } from './lib/a.mjs';\nexport const say = (): string => a;"),
        ("lib/a.mts", "export const a: string = 'a';"),
        ("lib/a.d.mts", "export declare const a: string;"),
        ("b.d.ts", "declare const b: string;\nexport = b;"),
        ("c.d.cts", "export = 1;"),
    ] {
        std::fs::write(folder.join(name), source).unwrap();
    }
    let modules = Modules::from_folder(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    let modules = modules.unwrap();
    assert_eq!(modules.names().collect::<Vec<_>>(), ["lib/a.mts", "main.ts"]);
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let guest = sandbox.load::<dyn super::Say>(Script::modules(modules, "main.ts").unwrap()).unwrap();
    assert_eq!(guest.say().unwrap(), "a");
}
