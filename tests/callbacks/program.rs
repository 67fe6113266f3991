//! The programs of callbacks, which run in all sandboxes.

#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, reason = "each test uses some of it")]

use std::sync::{Arc, Mutex};

use sandbox_runtime::{AsyncCallback, Callback, Error, Result, Script, sandbox_api};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub struct Row {
    pub id: u32,
    pub name: String,
}

pub(crate) type Filter = Callback<fn(Row) -> Result<bool>>;
pub(crate) type Four = Callback<fn(u32, String, bool, Option<u32>) -> Result<String>>;
pub(crate) type Step = Callback<fn(u32) -> Result<u32>>;

#[derive(Serialize, Deserialize)]
pub struct Hooks {
    pub before: Option<Step>,
    pub all: Vec<Step>,
}

#[sandbox_api(host)]
pub trait Table {
    fn select(&self, filter: Filter) -> Result<Vec<String>>;
    fn adder(&self, to: u32) -> Result<Step>;
    fn apply(&self, step: Step, to: u32) -> Result<u32>;
    fn hooks(&self, hooks: Hooks) -> Result<u32>;
    fn keep(&self, step: Step) -> Result<()>;
    fn kept(&self) -> Result<Step>;
    fn four(&self, all: Four) -> Result<String>;
    fn none(&self, none: Callback<fn() -> Result<()>>) -> Result<()>;
    fn failing(&self) -> Result<Step>;
    fn callbacks_of(&self, make: Callback<fn() -> Result<Step>>) -> Result<u32>;
}

#[derive(Clone, Default)]
pub(crate) struct Rows(pub(crate) Arc<Mutex<Option<Step>>>);

impl Table for Rows {
    fn select(&self, filter: Filter) -> Result<Vec<String>> {
        let rows = ["a", "b", "c"].into_iter().zip(1..).map(|(name, id)| Row { id, name: name.into() });
        let mut found = Vec::new();
        for row in rows {
            if filter.call(row.clone())? {
                found.push(row.name);
            }
        }
        Ok(found)
    }

    fn adder(&self, to: u32) -> Result<Step> {
        Ok(Callback::new(move |more: u32| Ok(to + more)))
    }

    fn apply(&self, step: Step, to: u32) -> Result<u32> {
        step.call(to)
    }

    fn hooks(&self, hooks: Hooks) -> Result<u32> {
        let first = hooks.before.map_or(Ok(1), |before| before.call(1))?;
        hooks.all.iter().try_fold(first, |value, step| step.call(value))
    }

    fn keep(&self, step: Step) -> Result<()> {
        *self.0.lock().unwrap() = Some(step);
        Ok(())
    }

    fn kept(&self) -> Result<Step> {
        Ok(self.0.lock().unwrap().clone().unwrap())
    }

    fn four(&self, all: Four) -> Result<String> {
        all.call(1, "b".into(), true, None)
    }

    fn none(&self, none: Callback<fn() -> Result<()>>) -> Result<()> {
        none.call()
    }

    fn failing(&self) -> Result<Step> {
        Ok(Callback::new(|value: u32| match value {
            0 => Err(Error::public("zero is not a step")),
            1 => Err(Error::host("a secret")),
            _ => panic!("a panic of the host"),
        }))
    }

    fn callbacks_of(&self, make: Callback<fn() -> Result<Step>>) -> Result<u32> {
        let made = [make.call()?, make.call()?];
        made[0].call(made[1].call(1)?)
    }
}

#[sandbox_api(guest)]
pub trait Program {
    fn run(&self, what: &str) -> Result<String>;
    fn give(&self, name: &str) -> Result<Step>;
    fn take(&self, step: Step) -> Result<u32>;
}

pub(crate) const SOURCE: &str = r#"
const error = (run) => { try { return run(); } catch (e) { return `${e.name}: ${e.message}`; } };
const own = (n) => n + 1;
const acts = {
  select() { return Table.select((row) => row.id !== 2 && row.name.length === 1); },
  adder() { const add = Table.adder(5); return [typeof add, add(2), Table.apply(add, 10)]; },
  frozen() {
    "use strict";
    const add = Table.adder(5);
    return [Object.isFrozen(add), Object.getPrototypeOf(add) === Function.prototype, "prototype" in add,
      error(() => new add(1)), error(() => { add.x = 1; })];
  },
  same() { Table.keep(own); const kept = Table.kept() === own; const a = Table.adder(1); Table.keep(a); return [kept, Table.kept() === a]; },
  hooks() { return [Table.hooks({ all: [] }), Table.hooks({ before: (n) => n + 1, all: [(n) => n * 10, Table.adder(3)] })]; },
  wrong() {
    return [null, 1, {}, { call: own }, "own"].map((f) => error(() => Table.apply(f, 1))).join("\n");
  },
  four() { return Table.four((...all) => all.map((one) => String(one)).join()); },
  none() { let called = 0; Table.none(function () { "use strict"; called += this === undefined && arguments.length === 0; }); return called; },
  badly() { return error(() => Table.adder(1)("x")); },
  failing() { const f = Table.failing(); return [0, 1, 2].map((n) => error(() => f(n))).join("\n"); },
  constructors() { return error(() => Table.apply(class { constructor() {} }, 1)); },
  proxy() { return Table.apply(new Proxy(own, {}), 41); },
  pollution() {
    const call = Function.prototype.call, get = Object.getOwnPropertyDescriptor(Function.prototype, "name");
    Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => 99;
    Object.prototype.call = () => 98;
    Object.defineProperty(Object.prototype, "number", { get() { return 97; }, configurable: true });
    const all = [Table.apply(own, 1), Table.adder(1)(1)];
    delete Object.prototype.call; delete Object.prototype.number;
    Function.prototype.call = call;
    return all;
  },
  nested() {
    const down = (n) => n === 0 ? 7 : Table.apply(down, n - 1);
    return Table.apply(down, 10);
  },
  makes() { return Table.callbacksOf(() => (n) => n * 3); },
  many() { for (let i = 0; i < 20000; i++) { Table.apply(() => 1, 1); Table.adder(i)(1); } return "done"; },
  some() { for (let i = 0; i < 500; i++) { Table.apply(() => 1, 1); Table.adder(i)(1); } return "done"; },
  hoards() { const all = []; for (;;) all.push(Table.adder(1)); },
};
export const run = (what) => String(acts[what]());
const others = { own, endless: () => { for (;;); }, throws: () => { throw new RangeError("no step"); }, badly: () => -1 };
export const give = (name) => others[name];
export const take = (step) => step === own ? 0 : step(4);
"#;

pub(crate) fn script() -> Script {
    Script::new("callbacks.mjs", SOURCE)
}

/// Parts of the program, and what each gives in all sandboxes.
pub(crate) const GIVES: &[(&str, &str)] = &[
    ("select", "a,c"),
    ("four", "1,b,true,null"),
    ("none", "1"),
    ("proxy", "42"),
    ("makes", "9"),
    ("adder", "function,7,15"),
    ("hooks", "1,23"),
    ("same", "true,true"),
    ("pollution", "2,2"),
    ("nested", "7"),
    ("some", "done"),
];

pub(crate) type Load = AsyncCallback<fn(String) -> Result<u32>>;

#[sandbox_api(host)]
pub trait Store: Send + Sync {
    async fn each(&self, load: Load) -> Result<u32>;
    async fn loader(&self) -> Result<Load>;
}

pub(crate) struct Names;

#[sandbox_api]
impl Store for Names {
    async fn each(&self, load: Load) -> Result<u32> {
        Ok(load.call("a".into()).await? + load.call("bc".into()).await?)
    }

    async fn loader(&self) -> Result<Load> {
        Ok(AsyncCallback::new(|name: String| async move {
            tokio::task::yield_now().await;
            u32::try_from(name.len()).map_err(|_| Error::host("long"))
        }))
    }
}

#[sandbox_api(guest)]
pub trait Job {
    async fn run(&self, load: Load) -> Result<u32>;
}

pub(crate) const JOB: &str = r#"
export async function run(load) {
  const own = async (name) => 10 * await load(name);
  const loader = await Store.loader();
  return await Store.each(own) + await loader("four") + await Store.each((name) => 100);
}
"#;
