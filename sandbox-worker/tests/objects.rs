//! Objects and functions of guests over links: the programs of one process give the same in others.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use callbacks::{Job as _, Program as _};
use futures_util::TryStreamExt as _;
use objects::{Caller, Jobs, Program as _, Threads, Worker as _};
use sandbox_runtime::process::Process;
use sandbox_runtime::{
    AsyncCallback, Callback, DiscardCause, Error, Handle, Items, LimitKind, Limits, Pooled, ProcessSandbox,
    Result, Sandbox, SandboxPool, Script, Stream, Trust, sandbox_api,
};
use sites::{links, runtime};
use slack::{LONG, long, worker};

#[path = "../../tests/callbacks/program.rs"]
mod callbacks;
#[path = "../../tests/objects/program.rs"]
mod objects;
mod sites;
mod slack;

fn of_objects(link: Process, limits: Limits) -> (ProcessSandbox, objects::Rows) {
    let rows = objects::Rows::default();
    let builder = Sandbox::builder().limits(limits).transport(link);
    (builder.host::<dyn objects::Table>(rows.clone()).build().unwrap(), rows)
}

fn of_callbacks(link: Process, limits: Limits) -> ProcessSandbox {
    let builder = Sandbox::builder().limits(limits).transport(link);
    builder.host::<dyn callbacks::Table>(callbacks::Rows::default()).build().unwrap()
}

#[test]
fn programs_of_objects_give_the_same() {
    for (site, link) in links() {
        for (what, expected) in objects::GIVES {
            // Objects that the host keeps end with their sandbox.
            let (sandbox, _rows) = of_objects(link.clone(), long());
            let program = sandbox.load::<dyn objects::Program>(objects::script()).unwrap();
            let given = program.run(what).unwrap_or_else(|error| panic!("{what} {site}: {error}"));
            assert_eq!(given, *expected, "{what} {site}");
        }
    }
}

#[test]
fn programs_of_callbacks_give_the_same() {
    for (site, link) in links() {
        let sandbox = of_callbacks(link, long());
        let program = sandbox.load::<dyn callbacks::Program>(callbacks::script()).unwrap();
        for (what, expected) in callbacks::GIVES {
            let given = program.run(what).unwrap_or_else(|error| panic!("{what} {site}: {error}"));
            assert_eq!(given, *expected, "{what} {site}");
        }
        let lines = program.run("wrong").unwrap();
        let start = "TypeError: Table.apply → step: expected a function, got ";
        assert!(lines.lines().count() == 5 && lines.lines().all(|line| line.starts_with(start)), "{lines}");
        assert!(program.run("constructors").unwrap().starts_with("Error: Table.apply failed"), "{site}");
    }
}

#[test]
fn what_lacks_a_method_is_refused() {
    for (_, link) in links() {
        let (sandbox, rows) = of_objects(link, long());
        let program = sandbox.load::<dyn objects::Program>(objects::script()).unwrap();
        objects::are_wrong(&program.run("wrong").unwrap());
        assert!(program.run("revoked").unwrap().starts_with("TypeError: "));
        assert!(
            program.run("list").unwrap().starts_with("111,true,TypeError: Table.sum → from: expected a Node")
        );
        // A Map of the language is data, and its own methods are none of the guest's.
        assert!(program.run("maps").unwrap().starts_with("TypeError: Table.keep → row: expected a Row"));
        // Enumerable properties are read as data too, before the methods are found.
        assert_eq!(program.run("getters").unwrap(), "3,true");
        assert!(program.run("endless").map_or(true, |text| text.contains("Error")));
        assert_eq!(program.run("alive").unwrap(), "alive");
        drop(rows);
    }
}

#[test]
fn what_a_method_throws_or_returns_is_checked() {
    for (_, link) in links() {
        let (sandbox, _) = of_objects(link, long());
        let program = sandbox.load::<dyn objects::Program>(objects::script()).unwrap();
        assert!(program.run("fails").unwrap().starts_with("Error: Table.keep failed"));
        objects::are_checked(&program);
    }
}

#[test]
fn a_result_is_an_object_that_the_host_keeps() {
    for (_, link) in links() {
        let (sandbox, _) = of_objects(link, long());
        let program = sandbox.load::<dyn objects::Program>(objects::script()).unwrap();
        // The object ends with its last `Arc`, and comes again as another.
        drop(objects::kept(&program));
        assert_eq!(program.run("alive").unwrap(), "alive");
        assert_eq!(program.give("given").unwrap().get("a").unwrap(), 9.5);
    }
}

#[test]
fn a_function_of_the_guest_is_kept_and_called_later() {
    for (_, link) in links() {
        let sandbox = of_callbacks(link, Limits { wall: Duration::from_millis(500), ..long() });
        let program = sandbox.load::<dyn callbacks::Program>(callbacks::script()).unwrap();
        let own = slack::again(|| program.give("own")).unwrap();
        let other = own.clone();
        let call = move || slack::again(|| other.call(4)).unwrap();
        assert_eq!(std::thread::spawn(call).join().unwrap(), 5);
        assert_eq!(slack::again(|| program.take(own.clone())).unwrap(), 0);
        assert!(own.is_same(&slack::again(|| program.give("own")).unwrap()));
        assert_eq!(slack::again(|| program.take(Callback::new(|value: u32| Ok(value * 2)))).unwrap(), 8);
        let endless = slack::again(|| program.give("endless")).unwrap();
        let error = endless.call(1).unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Wall, .. }), "{error:?}");
        assert_eq!(slack::again(|| own.call(1)).unwrap(), 2);
        sandbox.reset().unwrap();
        let error = own.call(1).unwrap_err();
        assert!(matches!(error, Error::Discarded { cause: DiscardCause::Reset, .. }), "{error:?}");
        // A function of a guest that is no more is one of the host for the next guest.
        let program = sandbox.load::<dyn callbacks::Program>(callbacks::script()).unwrap();
        let error = program.take(own).unwrap_err();
        assert!(matches!(error, Error::Discarded { .. } | Error::Guest(_)), "{error:?}");
    }
}

#[test]
fn there_is_a_limit_of_objects() {
    for (_, link) in links() {
        let (sandbox, rows) = of_objects(link, Limits { handles: 50, ..long() });
        let program = sandbox.load::<dyn objects::Program>(objects::script()).unwrap();
        assert_eq!(program.run("some").unwrap(), "done");
        let error = objects::hoards(&program, &rows);
        assert!(error.to_string().contains("of which the host held 50 of guests"), "{error}");
    }
}

#[test]
fn an_object_ends_with_a_reset_and_with_its_sandbox() {
    for (_, link) in links() {
        let (sandbox, _) = of_objects(link, long());
        let row = sandbox.load::<dyn objects::Program>(objects::script()).unwrap().give("given").unwrap();
        sandbox.reset().unwrap();
        let error = row.get("a").unwrap_err();
        assert!(matches!(error, Error::Discarded { cause: DiscardCause::Reset, .. }), "{error:?}");
        let program = sandbox.load::<dyn objects::Program>(objects::script()).unwrap();
        let error = program.is_given(row).unwrap_err();
        assert!(error.to_string().contains("expected a Row that a guest of this realm gave"), "{error}");
        let row = program.give("given").unwrap();
        let second = sandbox.realm().unwrap().load::<dyn objects::Program>(objects::script()).unwrap();
        let error = second.is_given(row.clone()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("one of another realm, of another sandbox, or of the time before a reset"),
            "{error}"
        );
        assert_eq!(row.get("a").unwrap(), 7.0);
        // A proxy keeps no sandbox.
        drop((program, second, sandbox));
        let error = row.get("a").unwrap_err();
        assert!(matches!(error, Error::Discarded { cause: DiscardCause::Closed, .. }), "{error:?}");
    }
}

#[test]
fn async_methods_and_functions_are_awaited() {
    for (_, link) in links() {
        runtime().block_on(async {
            let builder = Sandbox::builder().limits(long()).transport(link);
            let builder = builder.host::<dyn Jobs>(objects::Runner);
            let sandbox = builder.host::<dyn callbacks::Store>(callbacks::Names).build().unwrap();
            let script = Script::new("worker.mjs", objects::WORKER);
            let worker = sandbox.load_async::<dyn objects::Worker>(script).await.unwrap();
            assert_eq!(worker.start(1).await.unwrap(), 211);
            let job = worker.job().await.unwrap();
            assert_eq!(job.run(4).await.unwrap(), 50);
            let both = tokio::join!(job.run(1), worker.start(2));
            assert_eq!((both.0.unwrap(), both.1.unwrap()), (20, 311));
            let load = AsyncCallback::new(|name: String| async move { Ok(name.len() as u32) });
            let script = Script::new("job.mjs", callbacks::JOB);
            let run = sandbox.load_async::<dyn callbacks::Job>(script).await.unwrap();
            assert_eq!(run.run(load).await.unwrap(), 234);
            sandbox.reset_async().await.unwrap();
            let error = job.run(4).await.unwrap_err();
            assert!(matches!(error, Error::Discarded { cause: DiscardCause::Reset, .. }), "{error:?}");
        });
    }
}

#[sandbox_api(guest)]
pub trait Loads {
    async fn load(&self) -> Result<callbacks::Load>;
}

/// A call that was made and has not begun keeps the function.
#[test]
fn a_call_that_was_made_needs_no_proxy() {
    for (_, link) in links() {
        runtime().block_on(async {
            let sandbox =
                Sandbox::builder().limits(Limits { handles: 2, ..long() }).transport(link).build().unwrap();
            let source = "export const load = async () => async (name) => name.length;";
            let loads = sandbox.load_async::<dyn Loads>(Script::new("loads.mjs", source)).await.unwrap();
            for _ in 0..5 {
                let later = loads.load().await.unwrap().call("four".into());
                let other = loads.load().await.unwrap();
                assert_eq!((later.await.unwrap(), other.call("five!".into()).await.unwrap()), (4, 5));
            }
        });
    }
}

#[test]
fn objects_that_are_dropped_on_other_threads_are_released() {
    for (_, link) in links() {
        let builder = Sandbox::builder().limits(Limits { handles: 10, ..long() }).transport(link);
        let sandbox = builder.host::<dyn Threads>(objects::Others).build().unwrap();
        let caller = sandbox.load::<dyn Caller>(Script::new("caller.mjs", objects::CALLER)).unwrap();
        assert_eq!(caller.elsewhere(100).unwrap(), 100);
    }
}

/// Lists of objects: many at once.
#[sandbox_api(guest)]
pub trait Lists {
    fn rows(&self, count: u32) -> Result<Vec<Handle<dyn objects::Row>>>;
}

const LISTS: &str =
    "export const rows = (count) => Array.from({ length: count }, (_, n) => ({ get: () => n, set() {} }));";

/// The host drops many proxies while the process is idle: they wait in a list no longer than the objects were, and the next
/// call ends them.
#[test]
fn many_objects_are_dropped_at_once() {
    for (_, link) in links() {
        let limits = Limits { handles: 3_000, value_nodes: 1_000_000, ..long() };
        let sandbox = Sandbox::builder().limits(limits).transport(link).build().unwrap();
        let lists = sandbox.load::<dyn Lists>(Script::new("lists.mjs", LISTS)).unwrap();
        for _ in 0..2 {
            let rows = lists.rows(3_000).unwrap();
            assert_eq!(rows[2_999].get("").unwrap(), 2_999.0);
            drop(rows);
        }
        let kept = lists.rows(2_000).unwrap();
        let error = lists.rows(1_001).unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Handles, .. }), "{error:?}");
        assert_eq!(kept[1].get("").unwrap(), 1.0);
    }
}

/// A process is killed at any moment while the host calls its objects: each call gets an error, and no object is left.
#[test]
fn a_kill_is_told_to_all_callers() {
    for round in 0..10 {
        let (sandbox, rows) = of_objects(worker(), long());
        let program = sandbox.load::<dyn objects::Program>(objects::script()).unwrap();
        let row = program.give("given").unwrap();
        let pid = i32::try_from(sandbox.pid().unwrap()).unwrap();
        let calls = (0..2).map(|_| objects::calls(row.clone())).collect::<Vec<_>>();
        for _ in 0..round {
            _ = program.run("instance");
        }
        // SAFETY: the process is a child of this one, which has not been reaped.
        assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0);
        for call in calls {
            let error = call.join().unwrap();
            assert!(matches!(error, Error::Process { .. } | Error::Discarded { .. }), "{error:?}");
        }
        assert!(matches!(row.get("a"), Err(Error::Discarded { .. })));
        assert!(
            rows.0.lock().unwrap().iter().all(|row| matches!(row.get("a"), Err(Error::Discarded { .. })))
        );
        sandbox.reset().unwrap();
        let program = sandbox.load::<dyn objects::Program>(objects::script()).unwrap();
        assert_eq!(program.give("given").unwrap().get("a").unwrap(), 7.0);
    }
}

#[test]
fn a_sandbox_that_ends_while_its_objects_are_called_is_told() {
    for (_, link) in links() {
        let (sandbox, _) = of_objects(link, long());
        let row = sandbox.load::<dyn objects::Program>(objects::script()).unwrap().give("given").unwrap();
        let began = Instant::now();
        let call = objects::calls(row);
        drop(sandbox);
        let error = call.join().unwrap();
        assert!(matches!(error, Error::Discarded { .. }), "{error:?}");
        assert!(began.elapsed() < LONG);
    }
}

#[sandbox_api(host)]
pub trait Keeper: Send + Sync {
    fn keep(&self, row: Handle<dyn objects::Row>) -> Result<f64>;
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Handle<dyn objects::Row>>>>);

impl Keeper for Kept {
    fn keep(&self, row: Handle<dyn objects::Row>) -> Result<f64> {
        let value = row.get("a")?;
        self.0.lock().unwrap().push(row);
        Ok(value)
    }
}

#[sandbox_api(guest)]
pub trait Keeps {
    fn run(&self) -> Result<f64>;
}

#[test]
fn pools_of_processes_have_objects() {
    let pool = SandboxPool::builder().trust(Trust::Hostile).limits(long()).patience(LONG);
    let pool = pool.transport(worker()).host::<dyn Keeper>(|_| Box::new(Kept::default())).build().unwrap();
    let source = "export const run = () => Keeper.keep({ get: () => 6, set() {} });";
    let keeps = pool.tenant("a").load::<dyn Keeps>(Script::new("keeps.mjs", source)).unwrap();
    assert_eq!(keeps.run().unwrap(), 6.0);
}

type Adder = Callback<fn(u32) -> Result<u32>>;
type Later = AsyncCallback<fn(u32) -> Result<u32>>;

/// Objects, functions and streams of tenants, which the host calls from its own threads.
#[sandbox_api(guest)]
trait Gives {
    fn adder(&self) -> Result<Adder>;
    fn later(&self) -> Result<Later>;
    fn items(&self) -> Result<Items<u32>>;
    async fn stream(&self) -> Result<Stream<u32>>;
    fn object(&self) -> Result<Handle<dyn Counter>>;
    fn share(&self) -> Result<()>;
    fn shared(&self) -> Result<u32>;
    async fn nested(&self) -> Result<u32>;
    fn alive(&self) -> Result<bool>;
}

#[sandbox_api(guest)]
trait Counter: Send + Sync {
    fn next(&self) -> Result<u32>;
    async fn later(&self) -> Result<u32>;
}

/// A host that gives the function of one tenant to others.
#[sandbox_api(host)]
trait Share: Send + Sync {
    fn put(&self, function: Adder) -> Result<()>;
    fn call(&self) -> Result<u32>;
    async fn each(&self, function: Later) -> Result<u32>;
}

const GIVES: &str = "let count = 0;
    const add = (n) => n + 1;
    export const [adder, alive] = [() => add, () => true];
    export const later = () => async (n) => n + 2;
    export const items = () => [1, 2, 3, 4];
    export async function* stream() { for (let n = 0; n < 100; n++) yield n; }
    export const object = () => ({ next: () => ++count, later: async () => ++count });
    export const share = () => Share.put(add);
    export const shared = () => Share.call();
    export const nested = () => Share.each(async (n) => n);";

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Option<Adder>>>);

#[sandbox_api]
impl Share for Shared {
    fn put(&self, function: Adder) -> Result<()> {
        *self.0.lock().unwrap() = Some(function);
        Ok(())
    }
    fn call(&self) -> Result<u32> {
        let function = self.0.lock().unwrap().clone().unwrap();
        function.call(1)
    }
    async fn each(&self, function: Later) -> Result<u32> {
        // More calls at once than a tenant has places in its queue.
        let all = futures_util::future::try_join_all((0..200).map(|n| function.call(n))).await?;
        Ok(all.into_iter().sum())
    }
}

fn pool_of_shared(trust: Trust, shared: &Shared) -> SandboxPool {
    let shared = shared.clone();
    let pool = SandboxPool::builder().trust(trust).threads(3).limits(long()).patience(LONG).slow(LONG);
    let pool = if trust == Trust::Hostile { pool.transport(worker()) } else { pool };
    pool.host::<dyn Share>(move |_| Box::new(shared.clone())).build().unwrap()
}

fn gives(pool: &SandboxPool, tenant: &str) -> GivesProxy<Pooled> {
    pool.tenant(tenant).load::<dyn Gives>(Script::new("gives.mjs", GIVES)).unwrap()
}

#[test]
fn objects_of_tenants_are_called_from_any_thread() {
    for trust in [Trust::SameTenant, Trust::Tenants, Trust::Hostile] {
        let shared = Shared::default();
        let pool = pool_of_shared(trust, &shared);
        let given = gives(&pool, "a");
        assert_eq!(given.adder().unwrap().call(1).unwrap(), 2);
        let items = given.items().unwrap().collect::<Result<Vec<_>>>();
        assert_eq!(items.unwrap(), [1, 2, 3, 4], "{trust:?}");
        let object = given.object().unwrap();
        assert_eq!(object.next().unwrap(), 1);
        let other = object.clone();
        assert_eq!(std::thread::spawn(move || other.next()).join().unwrap().unwrap(), 2);
        runtime().block_on(async {
            assert!(matches!(given.alive(), Err(Error::Blocking { .. })), "{trust:?}");
            assert_eq!(object.later().await.unwrap(), 3);
            let stream = given.stream().await.unwrap();
            assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap(), (0..100).collect::<Vec<_>>());
            assert_eq!(given.nested().await.unwrap(), (0..200).sum::<u32>(), "{trust:?}");
        });
        let later = given.later().unwrap();
        assert_eq!(runtime().block_on(later.call(1)).unwrap(), 3);
        // A function of one tenant is called by the hosts of others, on all threads and inside of their calls.
        given.share().unwrap();
        for other in 0..8 {
            let other = gives(&pool, &format!("b{other}"));
            assert_eq!(other.shared().unwrap(), 2, "{trust:?}");
        }
        assert_eq!(given.shared().unwrap(), 2, "{trust:?}");
        let function = shared.0.lock().unwrap().take().unwrap();
        assert_eq!(pool.metrics().waiting, 0, "{trust:?}");
        drop((given, pool));
        let ended = function.call(1);
        assert!(matches!(ended, Err(Error::Discarded { .. })), "{trust:?}: {ended:?}");
        assert!(matches!(object.next(), Err(Error::Discarded { .. })), "{trust:?}");
    }
}

/// A function that loops is judged as a call of its tenant. The tenant moves, and its objects of before are discarded.
#[test]
fn a_tenant_whose_function_loops_is_slow() {
    let limits = Limits { cpu: Duration::from_secs(1), ..long() };
    let pool = SandboxPool::builder().threads(2).limits(limits).patience(LONG).slow(LONG);
    let pool = pool.host::<dyn Share>(|_| Box::new(Shared::default())).build().unwrap();
    let source = format!("{GIVES}\n export const loops = () => (n) => {{ for (;;); }};");
    let source = source.replace("adder, alive]", "_, alive]").replace("loops", "adder");
    let given = pool.tenant("a").load::<dyn Gives>(Script::new("gives.mjs", source)).unwrap();
    let other = gives(&pool, "b");
    let (object, adder, add) = (given.object().unwrap(), given.adder().unwrap(), other.adder().unwrap());
    let looped = adder.call(1);
    assert!(matches!(looped, Err(Error::Limit { kind: LimitKind::Cpu, .. })), "{looped:?}");
    assert_eq!((pool.metrics().slow_tenants, pool.metrics().failed), (1, 1));
    assert!(given.alive().unwrap());
    assert!(matches!(object.next(), Err(Error::Discarded { .. })));
    assert!(matches!(runtime().block_on(object.later()), Err(Error::Discarded { .. })));
    assert_eq!(given.object().unwrap().next().unwrap(), 1);
    assert_eq!(add.call(1).unwrap(), 2);
    assert_eq!(pool.metrics().waiting, 0);
}
