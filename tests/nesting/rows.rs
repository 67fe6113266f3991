//! The table: sources that are nested, and programs that nest values.

/// A source: its head, what opens a level, its middle, what closes a level, its tail, and the greatest depth that is tried.
/// A `#` in what opens a level is the number of the level.
pub(crate) type Row = ([&'static str; 5], usize);

const ALL: usize = 1_000_000;
/// For sources whose compilation takes a time that grows with the square of their length.
const SHORT: usize = 10_000;

/// All kinds of syntax that have syntax of their own kind inside.
pub(crate) const SOURCES: &[Row] = &[
    // Brackets, closed and not.
    (["", "[", "", "]", ""], ALL),
    (["", "[", "", "", ""], ALL),
    (["", "(", "1", ")", ""], ALL),
    (["", "(", "", "", ""], ALL),
    (["", "{", "", "}", ""], ALL),
    (["", "{", "", "", ""], ALL),
    (["x=", "{a:", "1", "}", ""], ALL),
    (["x=", "{[", "1", "]:1}", ""], ALL),
    (["x=", "{[", "", "", ""], ALL),
    (["", "([{a:`${", "", "", ""], ALL),
    (["x", "[", "1", "]", ""], ALL),
    (["", "x(", "1", ")", ""], ALL),
    (["", "[...", "[]", "]", ""], ALL),
    (["", "x(...", "[]", ")", ""], ALL),
    (["", "import(", "1", ")", ""], ALL),
    // Templates.
    (["", "`${", "1", "}`", ""], ALL),
    (["", "`${", "", "", ""], ALL),
    (["x=>", "x`${", "1", "}`", ""], ALL),
    (["// `${\n", "'`${", "1", "}`", ""], ALL),
    // Operators.
    (["", "!", "1", "", ""], ALL),
    (["", "- ", "1", "", ""], ALL),
    (["", "~", "1", "", ""], ALL),
    (["", "typeof ", "1", "", ""], ALL),
    (["", "void ", "1", "", ""], ALL),
    (["", "delete ", "x.y", "", ""], ALL),
    (["", "++", "x", "", ""], ALL),
    (["async()=>", "await ", "1", "", ""], ALL),
    (["function*f(){", "yield ", "1", "", "}"], ALL),
    (["function*f(){", "yield*", "1", "", "}"], ALL),
    (["", "a?b:", "c", "", ""], ALL),
    (["", "a?", "b", ":c", ""], ALL),
    (["", "2**", "1", "", ""], ALL),
    (["", "'a'+", "'a'", "", ""], ALL),
    (["", "1,", "1", "", ""], ALL),
    (["", "1&&", "1", "", ""], SHORT),
    (["", "1||", "1", "", ""], SHORT),
    (["", "x??", "1", "", ""], SHORT),
    (["", "1 in ", "{}", "", ""], ALL),
    (["x", "?.a", "", "", ""], SHORT),
    (["x", "?.()", "", "", ""], SHORT),
    (["x", ".a", "", "", ""], SHORT),
    (["x", "()", "", "", ""], SHORT),
    (["", "new ", "x", "", ""], ALL),
    (["", "new ", "x", "()", ""], ALL),
    // Assignments and patterns.
    (["", "x=", "1", "", ""], ALL),
    (["", "x+=", "1", "", ""], ALL),
    (["", "x&&=", "1", "", ""], SHORT),
    (["", "x.a=", "1", "", ""], SHORT),
    (["", "[x]=", "1", "", ""], ALL),
    (["x=", "({x}=", "1", ")", ""], ALL),
    (["let ", "[", "x", "]", "=1"], ALL),
    (["let [", "[", "x", "]", "]=1"], ALL),
    (["let ", "{a:", "x", "}", "=1"], ALL),
    (["let ", "[x=", "1", "]", "=1"], ALL),
    (["let ", "[...", "x", "]", "=1"], ALL),
    (["", "[", "x", "]", "=1"], ALL),
    (["(", "{a:", "x", "}", "=1)"], ALL),
    (["function f(", "[", "x", "]", "){}"], ALL),
    (["(", "[", "x", "]", ")=>1"], ALL),
    (["try{}catch(", "[", "x", "]", "){}"], ALL),
    (["for(let ", "[", "x", "]", " of x);"], ALL),
    // Functions.
    (["", "a=>", "1", "", ""], ALL),
    (["", "(a)=>", "1", "", ""], ALL),
    (["", "async a=>", "1", "", ""], ALL),
    (["", "a=>{", "", "}", ""], ALL),
    (["z=>", "a=>", "z", "", ""], ALL),
    (["", "(a=", "1", ")=>1", ""], SHORT),
    (["", "function f(){", "", "}", ""], ALL),
    (["", "function f(){", "", "", ""], ALL),
    (["function f(){let z;", "function f(){", "z", "}", "}"], ALL),
    (["", "function*f(){", "", "}", ""], ALL),
    (["", "async function f(){", "", "}", ""], ALL),
    (["x=", "function(){return ", "1", "}", ""], ALL),
    (["x=", "function(a=", "1", "){}", ""], ALL),
    (["x=", "{a(){return ", "1", "}}", ""], ALL),
    (["x=", "{get a(){return ", "1", "}}", ""], ALL),
    (["", "function f(){eval('');", "", "}", ""], 200),
    // Classes.
    (["x=", "class{a=", "1", "}", ""], ALL),
    (["x=", "class extends ", "Object", "{}", ""], ALL),
    (["", "class A{static{", "", "}}", ""], ALL),
    (["x=", "class{m(){return ", "1", "}}", ""], ALL),
    (["x=", "class{[", "1", "]}", ""], ALL),
    (["", "class C{[", "", "", ""], ALL),
    (["x=", "class{#a=", "1", "}", ""], ALL),
    // Statements.
    (["", "if(1)", ";", "", ""], ALL),
    (["", "if(1);else ", ";", "", ""], ALL),
    (["", "if(1){", "", "}", ""], ALL),
    (["()=>{", "while(1)", ";", "", "}"], ALL),
    (["()=>{", "do ", ";", " while(1)", "}"], ALL),
    (["()=>{", "for(;;)", ";", "", "}"], SHORT),
    (["", "for(x in x)", ";", "", ""], SHORT),
    (["", "for(let x of x)", ";", "", ""], SHORT),
    (["", "with(1)", ";", "", ""], ALL),
    (["", "try{", "", "}finally{}", ""], ALL),
    (["", "try{", "", "", ""], ALL),
    (["", "try{}catch{", "", "}", ""], ALL),
    (["", "switch(1){case 1:", "", "}", ""], ALL),
    (["", "l#:", ";", "", ""], 100_000),
    (["", "l#:{", "", "}", ""], 100_000),
    // Regular expressions.
    (["/", "(", "", ")", "/"], ALL),
    (["/", "(?:", "", ")", "/"], ALL),
    (["/", "(?:", "a", ")*", "/"], ALL),
    (["/", "(?=", "", ")", "/"], ALL),
    (["/", "(?<=", "", ")", "/"], ALL),
    (["/", "(?i:", "", ")", "/"], ALL),
    (["/", "(?<a#>", "", ")", "/"], 100_000),
    (["/", "[", "", "]", "/v"], ALL),
    (["/", "[a--", "[a]", "]", "/v"], ALL),
    (["/", "a|", "", "", "/"], SHORT),
];

/// Programs whose values or calls are nested `N` deep.
pub(crate) const PROGRAMS: &[&str] = &[
    // Parsers that a guest can call.
    "JSON.parse('['.repeat(N) + ']'.repeat(N))",
    "JSON.parse('['.repeat(N))",
    "JSON.parse('{\"a\":'.repeat(N) + 1 + '}'.repeat(N))",
    "JSON.parse('['.repeat(N) + ']'.repeat(N), (_, x) => x)",
    "new RegExp('('.repeat(N) + ')'.repeat(N))",
    "new RegExp('(?:'.repeat(N) + ')'.repeat(N))",
    "new RegExp('(?='.repeat(N) + ')'.repeat(N)).test('')",
    "new RegExp('(?<='.repeat(N) + ')'.repeat(N)).test('')",
    "new RegExp('['.repeat(N) + ']'.repeat(N), 'v')",
    "new RegExp('[\\\\q{'.repeat(N) + '}]'.repeat(N), 'v')",
    "new RegExp('(?:a*'.repeat(100) + ')*'.repeat(100)).test('a'.repeat(100))",
    "try { Function('['.repeat(N)) } catch (e) { if (e.name === 'EvalError') return 1; throw e }",
    // Objects in objects.
    "let o = {}; for (let i = 0; i < N; i++) o = { o }; JSON.stringify(o)",
    "let o = {}; for (let i = 0; i < N; i++) o = { o }; o = null",
    "let o = {}; const f = o; for (let i = 0; i < N; i++) o = { o }; f.o = o",
    "let a = []; for (let i = 0; i < N; i++) a = [a]; a.flat(Infinity)",
    "let a = []; for (let i = 0; i < N; i++) a = [a]; String(a)",
    "let a = [1]; for (let i = 0; i < N; i++) a = [a]; a.toLocaleString()",
    "let m = new Map; for (let i = 0; i < N; i++) m = new Map([[1, m]]); m = null",
    "let e = Error('a'); for (let i = 0; i < N; i++) e = Error('a', { cause: e }); throw e",
    "let s = 'a'; for (let i = 0; i < N; i++) s = 'abcdefghijk' + s; s.charCodeAt(5)",
    "let o = {}; for (let i = 0; i < N; i++) o = Object.create(o); o.x; 'y' in o; o instanceof Array",
    // Functions in functions.
    "let f = () => 1; for (let i = 0; i < N; i++) { const g = f; f = () => g() } f()",
    "let o = { x: 1 }; for (let i = 0; i < N; i++) { const p = o; o = { get x() { return p.x } } } o.x",
    "const f = () => f(); f()",
    "const f = () => 'a'.replace('a', f); f()",
    "const f = () => 'a'.replace(/a/, f); f()",
    "const f = () => [1, 2].sort(f); f()",
    "const o = { toString() { return '' + o } }; '' + o",
    "const o = { [Symbol.toPrimitive]() { return +o } }; +o",
    "const o = { [Symbol.hasInstance]() { return 1 instanceof o } }; 1 instanceof o",
    "const o = { *[Symbol.iterator]() { yield* o } }; [...o]",
    "class A { get x() { return new A().x } } new A().x",
    "class A extends Array { static get [Symbol.species]() { return new A(1).map((x) => x) } } new A(1).map((x) => x)",
    "function* g(p) { yield* p } let p = [1]; for (let i = 0; i < N; i++) p = g(p); p.next()",
    "async function f(p) { await p } let p = 1; for (let i = 0; i < N; i++) p = f(p)",
    "let p = Promise.resolve(); for (let i = 0; i < N; i++) p = p.then(() => 1)",
    "let p = new Promise(() => {}); for (let i = 0; i < N; i++) { const q = p; p = new Promise((r) => r(q)) }",
    // Functions that are bound again.
    "let f = function () {}; for (let i = 0; i < N; i++) { f = f.bind(); Object.defineProperty(f, 'name', { value: '' }) } f()",
    "BOUND f()",
    "BOUND new f",
    "BOUND ({}) instanceof f",
    "BOUND Reflect.construct(Object, [], f)",
    "BOUND class A extends f {} new A",
    // Iterators of iterators.
    "let i = [1].values(); for (let k = 0; k < N; k++) i = i.map((x) => x); i.next()",
    "let i = [1].values(); for (let k = 0; k < N; k++) i = i.map((x) => x); [...i]",
    "let i = [1].values(); for (let k = 0; k < N; k++) i = i.map((x) => x); i.return()",
    "let i = [1].values(); for (let k = 0; k < N; k++) i = i.filter((x) => x); i.toArray()",
    "let i = [1].values(); for (let k = 0; k < N; k++) i = i.take(5); i.next()",
    "let i = [1].values(); for (let k = 0; k < N; k++) i = i.drop(0); i.next()",
    "let i = [1].values(); for (let k = 0; k < N; k++) i = i.flatMap((x) => [x]); i.next()",
    "const W = Object.getPrototypeOf(Iterator.from({ next() {} })); let i = Iterator.from({ next() { return { value: 1 } } });
     for (let k = 0; k < N; k++) {
        Object.setPrototypeOf(i, { next: W.next, return: W.return, __proto__: null }); i = Iterator.from(i);
     } i.next(); i.return()",
    "if (!Iterator.concat) return 1; let i = [1].values();
     for (let k = 0; k < N; k++) { const p = i; i = Iterator.concat({ [Symbol.iterator]() { return p } }) } i.next()",
    "if (!Iterator.concat) return 1; let f = [1, 2, 3].values(), i = f; const n = Math.min(N, 3000);
     for (let k = 0; k < n; k++) {
        const p = i; i = Iterator.concat({ [Symbol.iterator]() { return p } });
        f.next = () => ({ value: 1 }); i.next();
     } i.next()",
    "if (!Iterator.zip) return 1; let i = [1].values(); for (let k = 0; k < N; k++) i = Iterator.zip([i]); i.next()",
    // Proxies of proxies.
    "PROXY f.x",
    "PROXY f.x = 1",
    "PROXY 'x' in f",
    "PROXY delete f.x",
    "PROXY Reflect.ownKeys(f)",
    "PROXY Object.getPrototypeOf(f)",
    "PROXY Reflect.setPrototypeOf(f, null)",
    "PROXY Reflect.isExtensible(f)",
    "PROXY Reflect.preventExtensions(f)",
    "PROXY Object.getOwnPropertyDescriptor(f, 'x')",
    "PROXY Reflect.defineProperty(f, 'x', { value: 1 })",
    "PROXY f()",
    "PROXY new f",
    "PROXY Reflect.construct(Array, [], f)",
    "PROXY ({}) instanceof f",
    "PROXY Array.isArray(f)",
    "PROXY JSON.stringify(f)",
    "PROXY for (const k in f);",
    "PROXY Object.prototype.toString.call(f)",
    "PROXY f = null",
];

/// The program, with its parts written out.
pub(crate) fn program(row: &str, depth: usize) -> String {
    const BOUND: &str = "let f = function () {}; const { bind } = f;
        for (let i = 0; i < N; i++) {
            f = Reflect.apply(bind, f, []);
            Object.defineProperty(f, 'name', { value: '' });
            Object.setPrototypeOf(f, null);
        }";
    const PROXY: &str = "let f = function () {}; for (let i = 0; i < N; i++) f = new Proxy(f, {});";
    let body = row.replace("BOUND", BOUND).replace("PROXY", PROXY);
    format!("const N = {depth}; export const run = () => {{ {body}; return 1 }}")
}

/// The source, so many levels deep.
pub(crate) fn source(([head, open, middle, close, tail], _): &Row, depth: usize) -> String {
    let opened = match open.contains('#') {
        true => (0..depth).map(|level| open.replace('#', &level.to_string())).collect(),
        false => open.repeat(depth),
    };
    format!("{head}{opened}{middle}{}{tail}", close.repeat(depth))
}
