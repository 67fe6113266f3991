//! Tests of the stripper: what is stripped, what is refused, and how long the parser takes.

use super::nesting;
use super::*;

fn check(source: &str) -> Result<(), (Fault, usize)> {
    nesting::check(source).map(drop)
}

fn plain(source: &str) -> String {
    strip(source, None).unwrap_or_else(|refusal| panic!("{source}: {refusal:?}")).text
}

fn refused(source: &str) -> Refusal {
    strip(source, None).expect_err(source)
}

#[test]
fn types_become_spaces() {
    for (typed, stripped) in [
        ("const a: number = 1;", "const a         = 1;"),
        ("export const f = <T,>(x: T): T => x!;", "export const f =     (x   )    => x ;"),
        (
            "class A<T> { private readonly x: T; declare y: string }",
            "class A    {                  x   ;                   }",
        ),
        (
            "/* π */ let s: 'ä' = 'ö' as 'ö';\nlet t = `${s as string}`;",
            "/* π */ let s      = 'ö'       ;\nlet t = `${s          }`;",
        ),
    ] {
        assert_eq!(plain(typed), stripped);
    }
}

#[test]
fn byte_order_marks_stay() {
    assert_eq!(plain("\u{feff}\u{feff}let a: 1 = 1;"), "\u{feff}\u{feff}let a    = 1;");
    assert_eq!(refused("\u{feff}enum A {}").place, (1, 2));
    assert_eq!(plain("\u{feff}"), "\u{feff}");
}

#[test]
fn each_form_is_read_as_its_form() {
    let body = |is_async| ScriptFormat::Body { parameters: vec!["a".into()], is_async };
    let text = |source: &str, format: &ScriptFormat| {
        strip(source, Some(format)).map(|stripped| stripped.text).map_err(|refusal| refusal.place)
    };
    assert_eq!(text("return a as number;", &body(false)), Ok("return a          ;".into()));
    assert_eq!(text("return await (a as any);", &body(true)), Ok("return await (a       );".into()));
    assert_eq!(text("(a: string) => a;\n", &ScriptFormat::Expression), Ok("(a        ) => a;\n".into()));
    let last = ScriptFormat::LastValue { parameters: Vec::new() };
    assert_eq!(text("let a: 1 = 1;\na", &last), Ok("let a    = 1;\na".into()));
    assert_eq!(text("let a: 1 = 1;\nreturn a", &last), Err((2, 1)));
    assert_eq!(
        text("exports.a = (b: 1) => b;", &ScriptFormat::CommonJs),
        Ok("exports.a = (b   ) => b;".into())
    );
    assert_eq!(plain("function (a: number) { return a; }"), "function (a        ) { return a; }");
    assert_eq!(plain("return a as number;"), "return a          ;");
}

#[test]
fn what_is_more_than_types_is_refused_by_name() {
    use NotStripped::*;
    for (source, kind, place) in [
        ("\nenum A { B }", Enum, (2, 1)),
        ("let π: 1;  const enum A { B }", Enum, (1, 12)),
        ("namespace A { export const b = 1; }", Namespace, (1, 1)),
        ("class A {\n  constructor(private a: 1) {}\n}", ParameterProperty, (2, 23)),
        ("import a = require('a');", ImportEquals, (1, 1)),
        ("const a = 1;\nexport = a;", ExportEquals, (2, 1)),
        ("let a = <number>b;", AngleBrackets, (1, 9)),
        ("@a class B {}", Decorator, (1, 1)),
        ("if (a) { }\n/b/.test(c);", Slash, (2, 1)),
        ("while (a) /b/.test(c);", Slash, (1, 11)),
    ] {
        let refusal = refused(source);
        assert_eq!((refusal.kind, refusal.place), (Some(kind), place), "{source}: {refusal:?}");
    }
}

/// A text whose tokens could be read in two ways, or have no end, does not reach the parser.
#[test]
fn the_measure_and_the_parser_read_the_same_tokens() {
    for source in [
        "a\n/b/(",
        "a++ /b/(",
        "x! /b/(",
        "a > /[(]/",
        "for (x of /[(]/.y) {}",
        "<!-- (",
        "\n--> (",
        "\n======= (",
        "'a\n",
        "`a ${b}",
        "/* a",
        "x = /a[/]\n",
        "a)",
        "(]",
        "`${)}`",
        "y\\u{69}eld /[(]/",
    ] {
        assert!(check(source).is_err(), "{source}");
    }
    for source in [
        "a / b / c",
        "x = a[0] / (b) / 2",
        "[/[(]/, /\\//g, /[\\]/(]/u]",
        "return /[{]/.test(a)",
        "`${`${a}`}{` + '{'",
        "a.return / b",
        "#!/usr/bin/[\na",
        "// [\n/* ( */",
        "f(/'/, `'`)",
        "1. / 2",
        "...typeof /[/]/",
        "\"\\\"(\"",
        "'\\\r\n('",
        "a ? .5 / 2 : b",
        "x-->0",
        "for await (const a of b) {}",
    ] {
        assert_eq!(check(source), Ok(()), "{source}");
    }
}

/// Ordinary programs are of any length, with and without semicolons.
#[test]
fn the_measure_begins_anew_with_each_statement() {
    for line in [
        "const a = b + c;\n",
        "foo.bar(1)\n",
        "a.b = { c: 1, d: [2, 3] }\n",
        "if (a < b) c()\nelse d()\n",
        "export function f(a: A): B { return c; }\n",
        "interface A { a: string\n b?: () => C\n }\n",
        "case 1: return a;\n",
        "type A<T> = { [K in keyof T]: T[K] }\n",
        "x = a < b ? c : d\n",
    ] {
        assert_eq!(check(&line.repeat(20_000)), Ok(()), "{line}");
    }
    let list = format!("const a = [{}];", "{ a: -1, b: f<T>(x < y), c: (d) => d }, ".repeat(20_000));
    assert_eq!(check(&list), Ok(()));
    assert_eq!(check(&format!("const a = {{{}}}", "\"a\": { b: 1 },\n".repeat(20_000))), Ok(()));
}

/// Each nesting: how it opens, a text inside, and how it closes.
const NESTINGS: [(&str, &str, &str); 36] = [
    ("(", "1", ")"),
    ("[", "1", "]"),
    ("{", "", "}"),
    ("!", "1", ""),
    ("a=>", "1", ""),
    ("(a,b=", "1", ")=>1"),
    ("if(a)", ";", ""),
    ("if(a)b;else ", "c", ""),
    ("a?b:", "1", ""),
    ("a?(b):c=>", "1", ""),
    ("a.", "b", ""),
    ("a+", "b", ""),
    ("a", "", "()"),
    ("a", "", "!"),
    ("f<", "T", ">()"),
    ("let x:A<", "T", ">;"),
    ("async<", "", ""),
    ("f(<A>", "x", ")"),
    ("a=", "1", ""),
    ("`${", "1", "}`"),
    ("({a:", "1", "})"),
    ("class A{m(){", "", "}}"),
    ("class A extends ", "B", "{}"),
    ("a:", ";", ""),
    ("do ", ";", "while(a)"),
    ("type A=(", "B", ")"),
    ("type A=B extends C?D:", "E", ""),
    ("type A=keyof ", "B", ""),
    ("b", "", " as T"),
    ("x<y,", "z", ">(w)"),
    ("namespace A{", "", "}"),
    ("let x:(a:", "B", ")=>C"),
    ("a&&(b,", "c", ")"),
    ("new ", "A", ""),
    ("a<", "", ""),
    ("(<", "", ""),
];

/// The deepest text that the measure lets pass does not overflow the stack, and a deeper one is refused.
#[test]
fn no_nesting_is_too_deep_for_the_stack() {
    for (open, inside, close) in NESTINGS {
        let source = |count: usize| format!("{}{inside}{}", open.repeat(count), close.repeat(count));
        let counts = [3, 10, 100, 400, 510, 1_020, 1_360, 2_040, 4_090];
        let deepest = counts.into_iter().map(source).rfind(|source| check(source).is_ok());
        // The text can be a program or not, and the stripper comes back.
        _ = strip(&deepest.expect(open), Some(&ScriptFormat::CommonJs));
        assert_eq!(refused(&source(100_000)).kind, Some(NotStripped::TooDeep), "{open}");
    }
}

/// Texts that the parser can try as one thing and then as another, with the texts that close them.
const TRIED: [(&str, &str); 52] = [
    ("(infer U extends ", "?1:2)"),
    ("(infer U extends ", ")"),
    ("infer U extends ", ""),
    ("({a=(x:", ")=>1})=>1"),
    ("({a=", "})=>1"),
    ("({a=", "})"),
    ("([a=", "])=>1"),
    ("(public{a=", "})=>1"),
    ("(readonly[a=", "])"),
    ("({[b]:c=", "})=>1"),
    ("({[", "]:c})=>1"),
    ("({a:{b:c=", "}})=>1"),
    ("({b}:", ")=>1"),
    ("(a,b=", ")=>1"),
    ("(a:", ")=>1"),
    ("(...a:", ")=>1"),
    ("(a):", "=>1"),
    ("(a):", ""),
    ("a(b):", "{}"),
    ("async(a=", ")=>1"),
    ("async<T>(a=", ")=>1"),
    ("async<", ">(a)=>1"),
    ("<T,>(a=", ")=>1"),
    ("<T,>(a)=>", ""),
    ("<T extends ", ">(a)=>1"),
    ("a?(", "):b=>c"),
    ("a?(b):", "=>c"),
    ("a?(b):c=>", ":d"),
    ("a?(b=", "):c=>d:e"),
    ("(", ")"),
    ("[", "]"),
    ("[a?:", "]"),
    ("{a:", "}"),
    ("{[a:", "]:b}"),
    ("{[a in ", "]:b}"),
    ("{get a():", "}"),
    ("{set a(b:", ")}"),
    ("{a(b:", "):c}"),
    ("{new(a:", "):c}"),
    ("f<T>(", ")"),
    ("f<T>`${", "}`"),
    ("f<", ">(1)"),
    ("new f<T>(", ")"),
    ("a<b,", ">(c)"),
    ("a<", ""),
    ("new(a:", ")=>b"),
    ("A extends ", "?B:C"),
    ("`${", "}`"),
    ("import('a').b<", ">"),
    ("class extends f<", ">{}"),
    ("()=>{for(let of ", ");}"),
    ("function(a=", "):b{}"),
];

/// No text makes the parser go back without a bound: otherwise the time doubles with each nesting, and these tests do not end.
fn strip_deepest(nestings: &[(&str, &str)], surroundings: usize) {
    let surroundings = [("type A=", "B"), ("x=", "1 2"), ("x=", "b"), ("type A=", "1 2")][surroundings % 4];
    let source = |count: usize| {
        let open: String = nestings.iter().map(|(open, _)| *open).collect();
        let close: String = nestings.iter().rev().map(|(_, close)| *close).collect();
        let (before, inside) = surroundings;
        format!("{before}{}{inside}{}", open.repeat(count), close.repeat(count))
    };
    // The deepest text that passes takes the longest time.
    let counts = [40, 30, 24, 20, 16, 12, 9, 7, 5, 4, 3, 2, 1];
    if let Some(deepest) = counts.into_iter().map(source).find(|source| check(source).is_ok()) {
        _ = strip(&deepest, Some(&ScriptFormat::Module));
    }
}

#[test]
fn no_two_nestings_make_the_parser_read_without_a_bound() {
    for (index, first) in TRIED.into_iter().enumerate() {
        for (other, second) in TRIED.into_iter().enumerate().skip(index) {
            strip_deepest(&[first, second], index + other);
        }
    }
}

#[test]
fn no_nestings_by_chance_make_the_parser_read_without_a_bound() {
    let mut state = 1_u64;
    let mut chance = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for index in 0..500 {
        let nestings: Vec<_> = (0..3 + chance(4)).map(|_| TRIED[chance(TRIED.len())]).collect();
        strip_deepest(&nestings, index);
    }
}

/// A refusal names where the parser stopped.
#[test]
fn a_text_that_the_parser_reads_again_too_often_is_refused_with_a_place() {
    for (open, close) in
        [("(infer U extends ", "?1:2)"), ("({a=(x:", ")=>1})=>1"), ("([a=", "])=>1"), ("({[b]:c=", "})=>1")]
    {
        let source = |count| format!("let a: 1 = 1;\ntype A={}B{}", open.repeat(count), close.repeat(count));
        let refusal = refused(&source(40));
        assert_eq!((refusal.kind, refusal.place.0), (Some(NotStripped::TooDeep), 2), "{open}: {refusal:?}");
        assert!(refusal.place.1 > open.len() * 4, "{open}: {refusal:?}");
        assert_eq!(check(&source(4)), Ok(()));
    }
}

/// Nestings that programs have.
#[test]
fn what_programs_nest_passes() {
    for source in [
        "type A<T> = T extends (infer U extends string) ? U : T extends [infer V extends 1, infer W extends 2] ? 1 : 2;",
        "let a = <T,>(b: T) => <U,>(c: U) => <V,>(d: V) => <W,>(e: W) => <X,>(f: X) => 1;",
        &format!("let a = {}1{};", "{ a: [".repeat(40), "] }".repeat(40)),
        &format!("{}1{};", "a.b((c: D): E => { return ".repeat(40), " })".repeat(40)),
        &format!("{}1{};", "a.b<C>((c) => { return ".repeat(9), " })".repeat(9)),
        &format!("{}1{};", "a.b((c) => ({ d: ".repeat(8), " }))".repeat(8)),
        &format!("{}{}", "class A { m(): B<C> { return ".repeat(12), "}}".repeat(12)),
        &format!("type A = {}B{};", "{ a: C<".repeat(12), "> }".repeat(12)),
        &format!("type A = {}B{};", "(a: C) => D<".repeat(12), ">".repeat(12)),
        &format!("(function () {{ {} }})();", "if (a) { b = ((c + d) * (e)); }\n".repeat(20_000)),
        &format!(
            "export default (): A => ({{ {} }})",
            "m(a: b): C { return a.map((d): E => ({ d })) },".repeat(5_000)
        ),
        &"export const a = async <T>(b: T): Promise<T> => { await c<T>({ d: b }); }\n".repeat(5_000),
    ] {
        assert_eq!(check(source), Ok(()), "{}", source.chars().take(80).collect::<String>());
    }
}

#[test]
fn a_place_counts_lines_of_all_kinds_and_utf_16() {
    assert_eq!(place("", 0), (1, 1));
    assert_eq!(place("a\r\nb\rc\u{2028}d\n😀e", 15), (5, 3));
    assert_eq!(place("ab", 9), (1, 3));
}
