//! Programs that never end on their own, the same ones for the same seed.
//!
//! V8 looks at whether it is to stop at the end of each turn of a loop, and its compilers take that look out where they
//! believe that a loop is short. So each program has a function `hot(n, step)` whose loop ends after `n` turns when
//! `step` is 1. `warm` calls it until all compilers have had it; `run` calls it with a step of 0, and the same code never
//! ends.

mod pieces;
pub mod random;

use pieces::{
    ARRAYS, CALLS, CARRIERS, EXPRESSIONS, GENERATORS, GROWING, LOCALS, LOOPS, NESTS, OBJECTS, PRELUDE,
    SCALARS,
};
use random::Random;

/// The program of a seed: a module that exports `warm`, `run` and `ok`.
pub fn program(seed: u64) -> String {
    let mut writer = Writer { random: Random::new(seed), names: 0, grows: false };
    writer.grows = writer.random.percent(12);
    let (hot, run) = match writer.random.below(10) {
        0 => writer.recursion(),
        1 => writer.asynchronous(),
        2 => writer.microtasks(),
        3 => writer.generator(),
        _ => writer.carried(),
    };
    // What grows must not fill the heap before it is endless.
    module(&hot, &run, if writer.grows { 12 } else { 40 })
}

/// A module around a function `hot(n, step)` and the body of `run`; when it is run hot, its loop has so many turns.
pub fn module(hot: &str, run: &str, turns: usize) -> String {
    format!(
        "{PRELUDE}{hot}
export function ok() {{ return 1; }}
export function warm() {{ N = cfg.n = {turns}; for (let k = 0; k < 20; k++) hot({turns}, 1); return 1; }}
export function run() {{ N = cfg.n = 1e9; STEP = cfg.step = 0; {run} }}\n"
    )
}

/// What can be done with a function that never ends.
const RUNS: &[&str] = &[
    "hot(1e9, 0); return 1;",
    "for (;;) hot(1e9, 0);",
    "for (;;) { try { hot(1e9, 0); } catch {} }",
    "for (;;) { try { hot(1e9, 0); } finally { continue; } }",
];

struct Writer {
    random: Random,
    /// How many names there are.
    names: usize,
    /// Whether the heap may grow.
    grows: bool,
}

impl Writer {
    fn name(&mut self, letter: char) -> String {
        self.names += 1;
        format!("{letter}{}", self.names)
    }

    /// Puts names, numbers and expressions into a piece; `counter` is the variable of the innermost loop.
    fn fill(&mut self, piece: &str, counter: &str) -> String {
        let mut text = String::new();
        let mut rest = piece;
        while let Some(at) = rest.find('@') {
            text.push_str(&rest[..at]);
            match rest.as_bytes()[at + 1] {
                b'i' => text.push_str(counter),
                b'k' => text.push_str(&(1 + self.random.below(9)).to_string()),
                b'n' => text.push_str(&self.random.below(5000).to_string()),
                b'e' => {
                    let expression = self.random.pick(EXPRESSIONS);
                    text.push_str(&self.fill(expression, counter));
                }
                other => panic!("`@{}` in {piece}", char::from(other)),
            }
            rest = &rest[at + 2..];
        }
        text + rest
    }

    /// Names the loop of a piece and puts a body into it.
    fn around(&mut self, piece: &str, counter: &str, body: impl FnOnce(&mut Self, &str) -> String) -> String {
        let (inner, label) = (self.name('i'), self.name('L'));
        let counts = piece.contains("@j");
        let body = body(self, if counts { &inner } else { counter });
        let (before, after) = piece.split_once("@b").expect("a piece with a body");
        let [before, after] = [before, after].map(|part| {
            let named = part.replace("@j", &inner).replace("@l", &label);
            self.fill(&named, counter)
        });
        format!("{before}{body}{after}")
    }

    fn statement(&mut self, counter: &str, depth: usize) -> String {
        if depth > 0 && self.random.percent(30) {
            let nest = self.random.pick(NESTS);
            let nested = self.around(nest, counter, |writer, counter| writer.body(counter, depth - 1));
            return format!("{{ {nested} }}");
        }
        let group = match self.random.below(if self.grows { 6 } else { 5 }) {
            0 => SCALARS,
            1 | 2 => ARRAYS,
            3 => OBJECTS,
            4 => CALLS,
            _ => GROWING,
        };
        let piece = self.random.pick(group);
        format!("{{ {} }}", self.fill(piece, counter))
    }

    fn body(&mut self, counter: &str, depth: usize) -> String {
        let most = if depth == 2 { 4 } else { 2 };
        let count = 1 + self.random.below(most);
        let statements = (0..count).map(|_| self.statement(counter, depth)).collect::<Vec<_>>();
        format!("\n    {}\n  ", statements.join("\n    "))
    }

    /// A loop without end; `last` is put behind its body.
    fn endless(&mut self, last: &str) -> String {
        let piece = self.random.pick(LOOPS);
        self.around(piece, "x", |writer, counter| {
            // Half of the bodies are short: what is short is what compilers unroll, peel and inline.
            let body = if writer.random.percent(50) {
                writer.statement(counter, 1)
            } else {
                writer.body(counter, 2)
            };
            body + &last.replace("@i", counter)
        })
    }

    fn function(body: &str) -> String {
        format!("function hot(n, step) {{\n  {LOCALS}  {body}\n  return x;\n}}")
    }

    fn carried(&mut self) -> (String, String) {
        let carrier = if self.random.percent(45) { "@b" } else { self.random.pick(CARRIERS) };
        let body = self.around(carrier, "x", |writer, _| writer.endless(""));
        (Self::function(&body), self.random.pick(RUNS).to_owned())
    }

    fn generator(&mut self) -> (String, String) {
        let carrier = self.random.pick(GENERATORS);
        let body = self.around(carrier, "x", |writer, _| writer.endless(" yield @i;"));
        (Self::function(&body), self.random.pick(RUNS).to_owned())
    }

    /// Functions that call themselves or each other; some begin again when the stack is full.
    fn recursion(&mut self) -> (String, String) {
        let (one, two) = (self.body("k", 1), self.body("k", 1));
        let bodies = [
            format!("const f = (k) => {{ {one} return k >= n ? 0 : 1 + f(k + step); }};"),
            format!(
                "const f = (k) => {{ {one} return k >= n ? 0 : g(k + step); }}; const g = (k) => {{ {two} return f(k) + 1; }};"
            ),
            format!("const f = (k) => {{ {one} return k >= n ? 0 : [k + step].map(f)[0]; }};"),
            format!(
                "const o2 = {{ k: 0, get f() {{ const k = (this.k += step); {one} return k >= n ? 0 : this.f; }} }}; const f = () => o2.f;"
            ),
        ];
        let body = format!("{} x = f(0) | 0;", self.random.pick(&bodies.each_ref().map(String::as_str)));
        (Self::function(&body), self.random.pick(RUNS).to_owned())
    }

    /// An async function that waits in its loop.
    fn asynchronous(&mut self) -> (String, String) {
        // All that `warm` starts is alive at once.
        self.grows = false;
        let ways = [
            "for await (const @j of later(n, step)) { @b }",
            "for await (const @j of counting(n, step)) { @b }",
            "for (let @j = 0; @j < n; @j += step) { @b await @j; }",
            "let @j = 0; while (@j < n) { @j += step; await null; @b }",
            "let @j = 0; while (@j < n) { try { @b await Promise.reject(1); } catch { @j += step; continue; } }",
        ];
        let piece = self.random.pick(&ways);
        let body = self.around(piece, "x", |writer, counter| writer.body(counter, 2));
        (format!("async {}", Self::function(&body)), "hot(1e9, 0); return 1;".to_owned())
    }

    /// Microtasks that make the next ones.
    fn microtasks(&mut self) -> (String, String) {
        self.grows = false;
        let body = self.body("k", 2);
        let ways = [
            "if (k < n) Promise.resolve(k + step).then(again);",
            "if (k < n) return Promise.resolve(k + step).then(again);",
            "if (k < n) ({ then(done) { done(k + step); } }, Promise.resolve({ then(done) { done(k + step); } }).then(again));",
            "if (k < n) Promise.reject(k + step).catch(again).finally(() => {});",
            "if (k < n) Promise.all([k + step, 1]).then(([k]) => again(k));",
            "if (k < n) (async () => { await 1; again(k + step); })();",
        ];
        let next = self.random.pick(&ways);
        let body = format!("const again = (k) => {{ {body} {next} }};\n  again(0);");
        (Self::function(&body), "hot(1e9, 0); return 1;".to_owned())
    }
}
