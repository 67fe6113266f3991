//! `#[sandbox(scoped)]`: handles, callbacks and streams that end with the guest's call in which they crossed.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use sandbox_runtime::{
    AsyncCallback, Callback, Contract, DiscardCause, Error, Handle, Items, LocalSandbox, Result, Sandbox,
    Script, Stream, compat, sandbox_api,
};
use serde::{Deserialize, Serialize};
use sites::runtime;
use slack::long;

mod sites;
mod slack;

type Step = Callback<fn(u32) -> Result<u32>>;
type Later = AsyncCallback<fn(u32) -> Result<u32>>;

/// Objects of the host.
#[sandbox_api(host)]
pub trait Cursor: Send + Sync {
    fn next(&self) -> Result<u32>;
    async fn later(&self) -> Result<u32>;
}

/// Objects of a guest.
#[sandbox_api(guest)]
pub trait Row: Send + Sync {
    fn get(&self) -> Result<u32>;
}

#[derive(Serialize, Deserialize)]
pub struct All {
    pub cursor: Option<Handle<dyn Cursor>>,
    pub step: Option<Step>,
}

#[sandbox_api(host)]
pub trait Table: Send + Sync {
    #[sandbox(scoped)]
    fn open(&self) -> Result<Handle<dyn Cursor>>;
    #[sandbox(scoped)]
    fn all(&self) -> Result<All>;
    #[sandbox(scoped)]
    fn numbers(&self) -> Result<Items<u32>>;
    #[sandbox(scoped)]
    async fn stream(&self) -> Result<Stream<u32>>;
    #[sandbox(scoped)]
    async fn open_later(&self) -> Result<Handle<dyn Cursor>>;
    /// The object of `open`, without a scope.
    fn kept(&self) -> Result<Handle<dyn Cursor>>;
    #[sandbox(scoped)]
    fn take(&self, step: Step) -> Result<u32>;
    #[sandbox(scoped)]
    fn row(&self, row: Handle<dyn Row>) -> Result<u32>;
    #[sandbox(scoped)]
    fn first(&self, items: Items<u32>) -> Result<u32>;
    /// Takes a callback without a scope.
    fn keep(&self, step: Step) -> Result<()>;
    fn next_of(&self, cursor: Handle<dyn Cursor>) -> Result<u32>;
}

#[sandbox_api(guest)]
pub trait Program {
    fn run(&self, what: &str) -> Result<String>;
    #[sandbox(scoped)]
    fn lend(&self, cursor: Handle<dyn Cursor>, step: Step) -> Result<u32>;
    async fn wait(&self, what: &str) -> Result<String>;
    #[sandbox(scoped)]
    async fn lend_later(&self, cursor: Handle<dyn Cursor>, step: Later) -> Result<u32>;
    fn step(&self) -> Result<Step>;
}

/// The host's object, and the guest's objects that the host keeps.
#[derive(Clone)]
struct Host {
    one: Handle<dyn Cursor>,
    steps: Arc<Mutex<Vec<Step>>>,
    rows: Arc<Mutex<Vec<Handle<dyn Row>>>>,
    items: Arc<Mutex<Option<Items<u32>>>>,
}

struct Ones;

#[sandbox_api]
impl Cursor for Ones {
    fn next(&self) -> Result<u32> {
        Ok(1)
    }
    async fn later(&self) -> Result<u32> {
        Ok(2)
    }
}

impl Host {
    fn new() -> Self {
        Self { one: Handle::new(Ones), steps: Arc::default(), rows: Arc::default(), items: Arc::default() }
    }
}

#[sandbox_api]
impl Table for Host {
    fn open(&self) -> Result<Handle<dyn Cursor>> {
        Ok(self.one.clone())
    }
    fn all(&self) -> Result<All> {
        Ok(All { cursor: Some(Handle::new(Ones)), step: Some(Callback::new(|n: u32| Ok(n + 1))) })
    }
    fn numbers(&self) -> Result<Items<u32>> {
        Ok(Items::new((0..100).map(Ok)))
    }
    async fn stream(&self) -> Result<Stream<u32>> {
        Ok(Stream::new(futures_util::stream::iter((0..100).map(Ok))))
    }
    async fn open_later(&self) -> Result<Handle<dyn Cursor>> {
        Ok(Handle::new(Ones))
    }
    fn kept(&self) -> Result<Handle<dyn Cursor>> {
        Ok(self.one.clone())
    }
    fn take(&self, step: Step) -> Result<u32> {
        let got = step.call(1);
        self.steps.lock().unwrap().push(step);
        got
    }
    fn row(&self, row: Handle<dyn Row>) -> Result<u32> {
        let got = row.get();
        self.rows.lock().unwrap().push(row);
        got
    }
    fn first(&self, mut items: Items<u32>) -> Result<u32> {
        let first = items.next().expect("the guest has one");
        *self.items.lock().unwrap() = Some(items);
        first
    }
    fn keep(&self, step: Step) -> Result<()> {
        self.steps.lock().unwrap().push(step);
        Ok(())
    }
    fn next_of(&self, cursor: Handle<dyn Cursor>) -> Result<u32> {
        cursor.next()
    }
}

const SOURCE: &str = r#"
const told = (act) => { try { return String(act()); } catch (error) { return `${error.name}: ${error.message}`; } };
const own = (n) => n + 10;
const row = { get: () => 7 };
let kept, other, ended = 0;
function* numbers() { try { for (let n = 5;; n++) yield n; } finally { ended++; } }
const acts = {
  open() { kept = Table.open(); return [kept.next(), kept.next(), Table.nextOf(kept), Table.open() === kept]; },
  all() { const { cursor, step } = Table.all(); [kept, other] = [cursor, step]; return [cursor.next(), step(1)]; },
  numbers() { kept = Table.numbers(); return [kept.next().value, kept.next().value]; },
  next() { return [told(() => kept.next()), told(() => Table.nextOf(kept))]; },
  value() { return [told(() => { for (let n = 0; n < 4; n++) kept.next(); })]; },
  step() { return [told(() => other(1))]; },
  twice() { kept = Table.open(); Table.kept(); return [kept.next()]; },
  take() { return [Table.take(own), Table.row(row)]; },
  first() { return [Table.first(numbers()), ended]; },
  ended() { return [ended]; },
  takeAndKeep() { Table.keep(own); return [Table.take(own)]; },
  fresh() { const again = Table.open(); return [again.next(), again === kept]; },
};
export const run = (what) => acts[what]().join("; ");
export function lend(cursor, step) { [kept, other] = [cursor, step]; return cursor.next() + step(1); }
export const step = () => own;
const waits = {
  async open() { kept = await Table.openLater(); return [await kept.later(), kept.next()]; },
  async stream() { kept = await Table.stream(); return [(await kept.next()).value, (await kept.next()).value]; },
  async values() { try { for (let n = 0; n < 4; n++) await kept.next(); return ["all"]; } catch (error) { return [error.message]; } },
  async later() { try { return [await kept.later()]; } catch (error) { return [error.message]; } },
};
export const wait = async (what) => (await waits[what]()).join("; ");
export async function lendLater(cursor, step) { [kept, other] = [cursor, step]; return await cursor.later() + await step(1); }
"#;

const ENDED: &str = "the handle was disposed, or ended with its call";

fn source() -> Script {
    Script::new("scoped.mjs", SOURCE)
}

/// The programs of every site.
fn programs<P: Program>(program: &P, host: &Host, gives_objects: bool) -> Result<()> {
    assert_eq!(program.run("open")?, "1; 1; 1; true");
    let said = program.run("next")?;
    assert!(said.starts_with(&format!("TypeError: Cursor.next: {ENDED}; TypeError: ")), "{said}");
    // Over a link, the host does not know how the handle ended.
    assert!(said.contains("expected a Cursor, got one that was disposed"), "{said}");
    // A new crossing is a new object.
    assert_eq!(program.run("fresh")?, "1; false");

    assert_eq!(program.run("all")?, "1; 2");
    assert!(program.run("next")?.contains(ENDED));
    assert_eq!(program.run("step")?, format!("TypeError: Callback.call: {ENDED}"));

    // The values that crossed already are there.
    assert_eq!(program.run("numbers")?, "0; 1");
    assert_eq!(program.run("value")?, format!("TypeError: Items.next: {ENDED}"));

    // A handle that crosses without a scope stays.
    assert_eq!(program.run("twice")?, "1");
    assert_eq!(program.run("next")?, "1; 1");

    let step = Callback::new(|n: u32| Ok(n + 1));
    assert_eq!(program.lend(Handle::new(Ones), step)?, 3);
    assert!(program.run("next")?.contains(ENDED));
    assert!(program.run("step")?.contains(ENDED));

    if gives_objects {
        assert_eq!(program.run("take")?, "11; 7");
        ended(host.steps.lock().unwrap().pop().unwrap().call(1));
        ended(host.rows.lock().unwrap().pop().unwrap().get());
        // The guest of a stream is told of the end.
        assert_eq!(program.run("first")?, "5; 0");
        ended(host.items.lock().unwrap().as_mut().unwrap().next().unwrap());
        assert_eq!(program.run("ended")?, "1");
        // A function that crosses without a scope stays, in whatever order.
        assert_eq!(program.run("takeAndKeep")?, "11");
        let [kept, taken] = <[Step; 2]>::try_from(std::mem::take(&mut *host.steps.lock().unwrap())).unwrap();
        assert!(kept.is_same(&taken));
        assert_eq!(kept.call(5)?, 15);
        // The sandbox goes on.
        assert_eq!(program.step()?.call(1)?, 11);
    }
    Ok(())
}

fn ended(outcome: Result<u32>) {
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::Discarded { cause: DiscardCause::CallEnded, .. }), "{error:?}");
    assert!(error.to_string().starts_with("the object ended with its call"), "{error}");
    assert!(!error.is_final());
}

async fn waiting<P: Program>(program: &P) -> Result<()> {
    assert_eq!(program.wait("open").await?, "2; 1");
    assert_eq!(program.wait("later").await?, format!("Cursor.later: {ENDED}"));
    assert_eq!(program.wait("stream").await?, "0; 1");
    assert_eq!(program.wait("values").await?, format!("Stream.next: {ENDED}"));
    let step = AsyncCallback::new(|n: u32| async move { Ok(n + 1) });
    assert_eq!(program.lend_later(Handle::new(Ones), step).await?, 4);
    assert_eq!(program.wait("later").await?, format!("Cursor.later: {ENDED}"));
    Ok(())
}

#[test]
fn handles_end_with_the_call_of_a_scoped_method() {
    let host = Host::new();
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Table>(host.clone()).build().unwrap();
    let program = sandbox.load::<dyn Program>(source()).unwrap();
    programs(&program, &host, true).unwrap();
    runtime().block_on(waiting(&program)).unwrap();

    let host = Host::new();
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Table>(host.clone()).build().unwrap();
    let program = sandbox.load::<dyn Program>(source()).unwrap();
    programs(&program, &host, true).unwrap();
    runtime().block_on(waiting(&program)).unwrap();
}

#[test]
fn handles_of_the_host_end_over_links() {
    for (_, link) in sites::links() {
        let host = Host::new();
        let sandbox = Sandbox::builder().transport(link).limits(long()).host::<dyn Table>(host.clone());
        let sandbox = sandbox.build().unwrap();
        let program = sandbox.load::<dyn Program>(source()).unwrap();
        programs(&program, &host, false).unwrap();
        runtime().block_on(waiting(&program)).unwrap();
        // An object of the guest stays there, where nobody ends it with the call.
        let refused = program.run("take").unwrap_err().to_string();
        assert!(
            refused.contains("Table.take → step: expected a Callback that ends with its call"),
            "{refused}"
        );
        assert!(refused.contains("got an object of a guest in another process"), "{refused}");
        assert_eq!(program.step().unwrap().call(1).unwrap(), 11);
    }
}

/// The host's object is dropped when the call ends, and not when the guest's object is collected.
#[test]
fn the_objects_of_a_call_are_dropped_at_its_end() {
    struct Told(Arc<Mutex<u32>>);
    #[sandbox_api]
    impl Cursor for Told {
        fn next(&self) -> Result<u32> {
            Ok(1)
        }
        async fn later(&self) -> Result<u32> {
            Ok(1)
        }
    }
    impl Drop for Told {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Table>(Host::new()).build().unwrap();
    let program = sandbox.load::<dyn Program>(source()).unwrap();
    let dropped = Arc::new(Mutex::new(0));
    let step = || Callback::new(|n: u32| Ok(n));
    for ends in 1..4 {
        assert_eq!(program.lend(Handle::new(Told(dropped.clone())), step()).unwrap(), 2);
        assert_eq!(*dropped.lock().unwrap(), ends);
    }
    let later = AsyncCallback::new(|n: u32| async move { Ok(n) });
    assert_eq!(runtime().block_on(program.lend_later(Handle::new(Told(dropped.clone())), later)).unwrap(), 2);
    assert_eq!(*dropped.lock().unwrap(), 4);
    // A call that ends with an error ends them too.
    let throws =
        "export function lend() { throw 1; } export const run = 0, wait = 0, lendLater = 0, step = 0;";
    let throws = throws.replace("= 0", "= () => 0");
    let program = sandbox.load::<dyn Program>(Script::new("throws.mjs", throws)).unwrap();
    assert!(program.lend(Handle::new(Told(dropped.clone())), step()).is_err());
    assert_eq!(*dropped.lock().unwrap(), 5);
}

#[test]
fn a_scope_is_described() {
    mod other {
        use super::*;
        #[sandbox_api(host)]
        pub(crate) trait Lends {
            fn open(&self) -> Result<Handle<dyn Cursor>>;
        }
    }
    #[sandbox_api(host)]
    pub(crate) trait Lends {
        #[sandbox(scoped)]
        fn open(&self) -> Result<Handle<dyn Cursor>>;
    }
    let [scoped, other] = [<dyn Lends as Contract>::describe(), <dyn other::Lends as Contract>::describe()];
    assert!(scoped.methods[0].is_scoped && !other.methods[0].is_scoped);
    assert!(
        scoped.typescript().contains("functions and streams of this method end with the call of the guest.")
    );
    let told = |old, new| compat(old, new).changes.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(told(&other, &scoped), ["Lends.open: handles end with the call (breaks guests)"]);
    assert_eq!(told(&scoped, &other), ["Lends.open: handles outlive the call (breaks hosts)"]);
    assert_ne!(scoped.fingerprint(), other.fingerprint());
}
