//! Scripts in TypeScript: each form gives the same at every site, errors name the places of the text, and no text harms the
//! host.

use sandbox_runtime::{
    Engine, Error, Hint, Intrinsics, LimitKind, Limits, LocalSandbox, NotStripped, SandboxPool, Script,
};

use super::slack::long;
use super::{Describe, Sum, SumLater};
use crate::sites::runtime;

/// Each form of a script, with types.
fn sums() -> Vec<Script> {
    let found = [
        ("sum.ts", "export const sum = (a: number, b: number): number => a + b;"),
        (
            "sum.mts",
            "import type { Money } from './money';\nexport default function <T>(a: T & number, b: number) { return a + b!; }",
        ),
        (
            "sum.cts",
            "interface Sum { (a: number, b: number): number }\nconst sum: Sum = (a, b) => a + b;\nmodule.exports = { sum };",
        ),
        (
            "sum.ts",
            "type Pair = [number, number];\nfunction sum(...pair: Pair): number { return pair[0] + (pair[1] as number); }",
        ),
        ("sum.ts", "export default { sum(a: number, b: number) { return a + b; } } satisfies object;"),
        ("sum.ts", "function (a: number, b?: number) { return a + b!; }"),
        (
            "sum.ts",
            "abstract class Adder { declare kind: string; protected abstract add(a: number): void }\nexports.sum = (a: any, b: any) => a + b;",
        ),
    ];
    let mut scripts = found.map(|(name, source)| Script::new(name, source)).to_vec();
    scripts.extend([
        Script::body("sum.ts", ["a", "b"], "const c: number = a + b;\nreturn c as number;"),
        Script::expression("sum.ts", "(a: number, b: number): number => a + b;"),
        Script::last_value("sum.ts", ["a", "b"], "const c: number = a + b;\nc!"),
    ]);
    scripts
}

#[test]
fn each_form_has_types_at_every_site() {
    for intrinsics in [Intrinsics::Open, Intrinsics::Frozen] {
        let results = alike!(|builder| builder.limits(long()).intrinsics(intrinsics), |sandbox| {
            let sum = |script: Script| {
                let guest = sandbox.load::<dyn Sum>(script.clone()).and_then(|guest| guest.sum(1.0, 2.0));
                guest.unwrap_or_else(|error| panic!("{script:?}: {error}"))
            };
            sums().into_iter().map(sum).collect::<Vec<_>>()
        });
        assert_eq!(results, vec![3.0; sums().len()]);
    }
}

#[test]
fn each_form_has_types_in_pools_realms_and_tasks() {
    let pool = SandboxPool::builder().limits(long()).build().unwrap();
    let local = LocalSandbox::builder().limits(long()).build().unwrap();
    for script in sums() {
        let guest = pool.tenant("a").load::<dyn Sum>(script.clone()).unwrap();
        assert_eq!(guest.sum(1.0, 2.0).unwrap(), 3.0, "{script:?}");
        let guest = local.realm().unwrap().load::<dyn Sum>(script.clone()).unwrap();
        assert_eq!(guest.sum(1.0, 2.0).unwrap(), 3.0, "{script:?}");
    }
    let source = "const c: number = await Promise.resolve(a + b);\nreturn c satisfies number;";
    let results = alike!(|builder| builder.limits(long()), |sandbox| runtime().block_on(async {
        let script = Script::async_body("sum.ts", ["a", "b"], source);
        sandbox.load_async::<dyn SumLater>(script).await.unwrap().sum(1.0, 2.0).await.unwrap()
    }));
    assert_eq!(results, 3.0);
}

/// The place of a syntax error: its line, its column, and its hint.
fn place(error: &Error) -> (usize, usize, Option<Hint>) {
    let Error::Syntax { line, column, hint, .. } = error else { panic!("{error:?}") };
    (*line, *column, *hint)
}

#[test]
fn errors_name_the_places_of_the_typed_text() {
    let source = "interface Wide { readonly a: number; b?: string[] }\n\n  export function describe(): string {\n    const a: Wide | null = null as any; throw new Error('no');\n  }";
    let outcomes = alike!(|builder| builder.limits(long()), |sandbox| {
        let guest = sandbox.load::<dyn Describe>(Script::new("a.ts", source)).unwrap();
        let Err(Error::Guest(thrown)) = guest.describe() else { panic!("the guest throws") };
        let frame = thrown.stack[0].clone();
        let broken = |source: &str| place(&sandbox.eval(Script::new("a.ts", source)).map(drop).unwrap_err());
        // The stripper refuses the first, and the engine the second.
        let broken =
            (broken("let a: number = 1;\nlet b: string = ;"), broken("let a: 1;\nlet  b: 2; let a;"));
        (frame.file, frame.line, frame.column, broken)
    });
    let column = if Engine::CURRENT == Engine::QuickJs { 17 } else { 16 };
    assert_eq!(outcomes, ("a.ts".into(), 4, 47, ((2, 17, None), (2, column, None))));
}

#[test]
fn what_cannot_be_stripped_is_refused_with_its_remedy() {
    let refused = [
        ("export enum A { B }", NotStripped::Enum),
        ("namespace A { export const b = 1; }", NotStripped::Namespace),
        ("class A { constructor(private a: number) {} }", NotStripped::ParameterProperty),
        ("import a = require('a');", NotStripped::ImportEquals),
        ("export = 1;", NotStripped::ExportEquals),
        ("let a = <any>1;", NotStripped::AngleBrackets),
        ("@sealed class A {}", NotStripped::Decorator),
        ("if (true) /a/.test('a');", NotStripped::Slash),
    ];
    let texts = alike!(|builder| builder.limits(long()), |sandbox| {
        let error = |source: &str| sandbox.eval(Script::new("a.ts", source)).map(drop).unwrap_err();
        let texts = refused.map(|(source, kind)| {
            let error = error(source);
            assert_eq!(place(&error).2, Some(Hint::NotStripped(kind)), "{source}");
            error.to_string()
        });
        // The sandbox goes on.
        let sum = sandbox.load::<dyn Sum>(sums().remove(0)).unwrap();
        assert_eq!(sum.sum(1.0, 2.0).unwrap(), 3.0);
        texts
    });
    assert_eq!(
        texts[0],
        "a.ts:1:8: SyntaxError: TypeScript enum is not supported in strip-only mode \
         (write an object: `const Color = { Red: 'red' } as const;`)"
    );
}

/// Texts that take the parser long, or overflow its stack, or make it panic.
#[test]
fn no_text_harms_the_host() {
    let nested = |open: &str, inside: &str, close: &str, count: usize| {
        format!("{}{inside}{}", open.repeat(count), close.repeat(count))
    };
    let hostile = [
        nested("(", "1", ")", 500_000),
        nested("!", "1", "", 500_000),
        nested("a?(b):c=>", "d", "", 40),
        nested("f(<A>", "x", ")", 40),
        nested("let x:A<", "T", ">", 100_000),
        nested("if(a)b;else ", "c", "", 100_000),
        nested("`${", "1", "}`", 100_000),
        nested("a\n/(", "1", ")", 10),
        // The parser panics.
        nested("(a,b=!", "(x)", ")=>1", 9),
    ];
    alike!(|builder| builder.limits(long()), |sandbox| {
        for source in &hostile {
            let outcome = sandbox.eval(Script::new("a.ts", source.clone())).map(drop);
            assert!(
                matches!(outcome, Err(Error::Syntax { .. })),
                "{}: {outcome:?}",
                &source[..20.min(source.len())]
            );
        }
        let sum = sandbox.load::<dyn Sum>(sums().remove(0)).unwrap();
        sum.sum(1.0, 2.0).unwrap()
    });
}

#[test]
fn the_length_of_a_typed_text_is_bounded_before_it_is_stripped() {
    let limits = Limits { script_bytes: 100, ..long() };
    let outcomes = alike!(|builder| builder.limits(limits), |sandbox| {
        let long = format!("export enum A {{}}{}", " ".repeat(100));
        let outcome = sandbox.eval(Script::new("a.ts", long)).map(drop);
        let sum = sandbox.load::<dyn Sum>(sums().remove(0)).unwrap();
        (matches!(outcome, Err(Error::Limit { kind: LimitKind::Script, .. })), sum.sum(1.0, 2.0).unwrap())
    });
    assert_eq!(outcomes, (true, 3.0));
}
