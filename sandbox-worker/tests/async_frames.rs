//! Stacks of `async` functions have their callers, and failures of `async` host methods name the guest's line, alike at every
//! site.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]
// QuickJS tells no `async` callers.
#![cfg(not(feature = "quickjs"))]

#[macro_use]
mod sites;
mod slack;

use sandbox_runtime::{Error, Result, Sandbox, Script, Thrown, async_trait, sandbox_api};
use slack::long;

#[sandbox_api(guest)]
pub trait Job {
    async fn run(&self) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Store: Send + Sync {
    async fn find(&self, sku: &str) -> Result<f64>;
}

struct Shelf;

#[async_trait]
impl Store for Shelf {
    async fn find(&self, sku: &str) -> Result<f64> {
        tokio::task::yield_now().await;
        if sku == "panic" { panic!("no shelf") } else { Err(Error::public(format!("no {sku}"))) }
    }
}

/// The step `STEP` is on the third line, and its callers are on the seventh and the tenth.
const PROGRAM: &str = "
const inner = async (sku) => {
  STEP
  return 'done';
};
const outer = async () => {
  return await inner('A');
};
export const run = async () => {
  const total = await outer();
  return total;
};
";

fn outcome(source: &str) -> Result<String, Box<Thrown>> {
    alike!(|builder| builder.limits(long()).host::<dyn Store>(Shelf), |sandbox| {
        sites::runtime().block_on(async {
            let job = sandbox.load_async::<dyn Job>(Script::new("job.mjs", source)).await;
            match async { job?.run().await }.await {
                Err(Error::Guest(mut thrown)) => {
                    // Each site has a reference and an error of its own.
                    thrown.source = None;
                    thrown.message = thrown.message.split(" (reference").next().unwrap().to_owned();
                    Err(thrown)
                }
                other => Ok(other.unwrap()),
            }
        })
    })
}

fn frames(thrown: &Thrown) -> Vec<(&str, usize)> {
    let frame = thrown.stack.iter().map(|frame| (frame.function.as_deref().unwrap_or("-"), frame.line));
    frame.collect()
}

const ALL: [(&str, usize); 3] = [("inner", 3), ("outer", 7), ("run", 10)];

#[test]
fn async_callers_are_in_the_stack() {
    for step in [
        "await null; throw new Error('x');",
        "await null; await null; null.x;",
        "throw new Error('x');",
        "try { await null; throw new Error('x'); } catch (cause) { cause.stack; throw cause; }",
    ] {
        let thrown = outcome(&PROGRAM.replace("STEP", step)).unwrap_err();
        assert_eq!(frames(&thrown), ALL, "{step}");
        assert!(thrown.stack.iter().all(|frame| frame.file == "job.mjs"));
    }
    let step = "await null; try { null.x } catch (cause) { throw new Error('x', { cause }); }";
    let thrown = outcome(&PROGRAM.replace("STEP", step)).unwrap_err();
    assert_eq!(frames(thrown.cause.as_deref().unwrap()), ALL);
}

#[test]
fn failures_of_async_host_methods_name_the_line_of_the_guest() {
    for step in
        ["await Store.find(sku);", "await null; return await Store.find(sku);", "await Store.find('panic');"]
    {
        let thrown = outcome(&PROGRAM.replace("STEP", step)).unwrap_err();
        assert_eq!(frames(&thrown), ALL, "{step}");
    }
    let top =
        outcome("await null;\nconst price = await Store.find('B');\nexport const run = async () => price;")
            .unwrap_err();
    assert_eq!((&*top.message, top.stack[0].line), ("no B", 2));
    let step = "try { await Store.find(sku); } catch (e) { return e.stack; }";
    let text = outcome(&PROGRAM.replace("STEP", step)).unwrap();
    assert!(text.starts_with("Error: no A\n    at inner (job.mjs:3:"), "{text}");
}

/// A guest can hide the frames of its own errors, and writes none.
#[test]
fn a_guest_writes_no_frame() {
    for step in [
        "await null; throw Object.defineProperty(new Error('x'), 'stack', { value: 'Error: x\\n    at lie (host.js:1:1)' });",
        "await null; throw Object.assign(new Error('x'), { stack: 'Error: x\\n    at lie (host.js:1:1)' });",
        "await null; throw Object.defineProperty(new Error('x'), 'stack', { get() { throw 1; } });",
        "await null; Error.prepareStackTrace = () => 'at lie (host.js:1:1)'; throw new Error('x');",
        "Error.stackTraceLimit = 0; await Store.find(sku);",
        "Object.defineProperty(Error.prototype, 'name', { get() { throw 1; } }); await Store.find(sku);",
    ] {
        let thrown = outcome(&PROGRAM.replace("STEP", step)).unwrap_err();
        assert!(thrown.stack.iter().all(|frame| frame.file == "job.mjs"), "{step}: {thrown}");
    }
}

/// The getters would not end.
#[test]
fn no_getter_of_a_stack_is_called() {
    let source = "
globalThis.calls = 0;
const trap = { get() { calls++; for (;;); }, configurable: true };
let turns = 0;
export const run = async () => {
  if (turns++ > 0) return `${calls}`;
  await null;
  const error = new Error('x');
  STEP
  throw error;
};
";
    for step in [
        "Object.defineProperty(error, 'stack', trap);",
        "delete error.stack; Object.defineProperty(Error.prototype, 'stack', trap);",
        "delete error.stack; Object.defineProperty(Object.prototype, 'stack', trap);",
        "Object.defineProperty(Error, 'stackTraceLimit', { value: 'none' }); Object.defineProperty(Object.prototype, 'get', trap);",
    ] {
        let source = source.replace("STEP", step);
        sites::runtime().block_on(async {
            let sandbox = Sandbox::builder().limits(long()).build().unwrap();
            let job = sandbox.load_async::<dyn Job>(Script::new("job.mjs", &source)).await.unwrap();
            let Err(Error::Guest(thrown)) = job.run().await else { panic!("{step}") };
            assert_eq!((&*thrown.message, &*job.run().await.unwrap()), ("x", "0"), "{step}");
        });
    }
}
