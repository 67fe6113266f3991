//! Each site has the whole facade, and the futures of a site that moves between threads are `Send`.

use std::time::Duration;

use crate::client::{Client, LocalSandbox, Sandbox};
use crate::contract::GuestContract;
use crate::script::ScriptModule;
use crate::site::{Callers, Site};
use crate::{Error, Limits, Result, Script, sandbox_api};

#[sandbox_api(guest, crate = crate)]
trait Counter {
    fn next(&self) -> Result<u32>;
}

/// A contract that is not `Send` itself, which the future of its load must not store.
#[sandbox_api(guest, crate = crate)]
trait LaterMethod {
    async fn next(&self) -> Result<u32>;
}

const COUNTER: &str = "globalThis.n = 0; export const next = () => ++n;";

/// Limits that a busy machine does not reach.
fn long() -> Limits {
    Limits { wall: Duration::from_secs(300), ..Limits::default() }
}

fn script() -> Script {
    Script::new("counter.mjs", COUNTER)
}

/// Each way to load a script, in each order, by a task.
async fn whole_facade<S: Site>(sandbox: &Client<S>) -> Result<Vec<u32>>
where
    <dyn Counter as GuestContract>::Proxy<S::Transport>: Counter,
{
    let first = sandbox.load_async::<dyn Counter>(script()).await?;
    let guest = sandbox.eval_async(script()).await?;
    let (second, third) = (guest.bind_async::<dyn Counter>().await?, guest.bind::<dyn Counter>()?);
    let realm = sandbox.realm_async().await?;
    let (fourth, fifth) =
        (realm.load_async::<dyn Counter>(script()).await?, realm.eval_async(script()).await?);
    let fifth = fifth.bind::<dyn Counter>()?;
    let counts = [first.next()?, second.next()?, third.next()?, fourth.next()?, fifth.next()?];
    sandbox.reset_async().await?;
    assert_eq!(sandbox.usage().total.calls, 0, "the bill is new");
    for (name, gone) in [("a proxy", first.next().map(drop)), ("a realm", realm.eval(script()).map(drop))] {
        assert!(matches!(gone, Err(Error::Discarded { .. })), "{name}: {gone:?}");
    }
    assert_eq!(sandbox.load::<dyn Counter>(script())?.next()?, 1, "the sandbox goes on");
    Ok(counts.to_vec())
}

/// Two scripts share the first realm, and `globalThis.n` begins anew with each evaluation.
const COUNTS: [u32; 5] = [1, 2, 3, 1, 2];

#[test]
fn a_local_sandbox_has_the_whole_facade() {
    let sandbox = LocalSandbox::builder().limits(long()).build().expect("a sandbox");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert_eq!(runtime.block_on(whole_facade(&sandbox)).expect("it works"), COUNTS);
}

#[test]
fn a_sandbox_on_a_thread_has_the_whole_facade() {
    let sandbox = Sandbox::builder().limits(long()).build().expect("a sandbox");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    // The task moves between threads, so its future is `Send`.
    let task = runtime.spawn(async move { whole_facade(&sandbox).await });
    assert_eq!(runtime.block_on(task).expect("no panic").expect("it works"), COUNTS);
}

/// The futures and handles of a site are `Send` if its callers are any thread; checked by the compiler, nothing runs.
#[test]
fn futures_of_a_site_for_any_thread_are_send() {
    fn is_send<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync + Clone>(_: &T) {}
    macro_rules! check {
        ($sandbox:ty) => {
            _ = |sandbox: &$sandbox| {
                is_shared(sandbox);
                is_send(&sandbox.eval_async(script()));
                is_send(&sandbox.load_async::<dyn Counter>(script()));
                is_send(&sandbox.load_async::<dyn LaterMethod>(script()));
                is_send(&sandbox.realm_async());
                is_send(&sandbox.reset_async());
                let (guest, realm) = (sandbox.eval(script())?, sandbox.realm()?);
                is_shared(&guest);
                is_send(&guest.bind_async::<dyn LaterMethod>());
                is_send(&guest.bind::<dyn LaterMethod>()?.next());
                is_shared(&realm);
                is_send(&realm.eval_async(script()));
                is_send(&realm.load_async::<dyn LaterMethod>(script()));
                Ok::<(), Error>(())
            };
            assert_eq!(<$sandbox>::caps().callers, Callers::AnyThread);
        };
    }
    check!(Sandbox);
    #[cfg(feature = "process")]
    check!(crate::ProcessSandbox);
}

/// No site evaluates a part of a script.
fn refuses_several_modules<S: Site>(sandbox: &Client<S>)
where
    <dyn Counter as GuestContract>::Proxy<S::Transport>: Counter,
{
    let module = |name: &str, source: &str| ScriptModule::new(name.to_owned(), source.to_owned(), None, None);
    let modules = vec![module("a.mjs", COUNTER), module("b.mjs", "export const b = 1;")];
    let bundle = Script::of_modules(modules, 0, None).expect("the entry is there");
    let error = sandbox.eval(bundle.clone()).map(drop).expect_err("it has two modules");
    assert!(
        matches!(&error, Error::Syntax { script, message, .. } if script == "a.mjs" && message.contains("2 modules")),
        "{error:?}"
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    let later = runtime.block_on(sandbox.eval_async(bundle)).map(drop).expect_err("it has two modules");
    assert_eq!(later.to_string(), error.to_string());
    let counter = sandbox.load::<dyn Counter>(script()).expect("the sandbox goes on");
    assert_eq!(counter.next().expect("it counts"), 1);
}

#[test]
fn a_script_of_several_modules_is_refused() {
    refuses_several_modules(&LocalSandbox::builder().limits(long()).build().expect("a sandbox"));
    refuses_several_modules(&Sandbox::builder().limits(long()).build().expect("a sandbox"));
    #[cfg(all(feature = "process", feature = "testing"))]
    refuses_several_modules(
        &Sandbox::builder()
            .limits(long())
            .transport(crate::process::in_memory(true))
            .build()
            .expect("a sandbox"),
    );
}

/// Nothing is left of contracts that came as data, on either side of a link, once nobody uses them.
#[cfg(all(feature = "process", feature = "testing"))]
#[test]
fn contracts_as_data_are_freed_with_their_last_user() {
    use crate::isolate::method_info::tests::{COUNTED, made_and_live};
    use crate::{Contract as _, JsValue, OwnedContract};

    const MANY: usize = 10_000;
    let sandbox = Sandbox::builder()
        .limits(long())
        .transport(crate::testing::in_memory(true))
        .build()
        .expect("a sandbox");
    let guest = sandbox.eval(Script::new("counter.mjs", COUNTER)).expect("it works");
    let mut description = <dyn Counter>::describe();
    for number in 0..MANY {
        description.contract = format!("{COUNTED}{number}");
        let contract = OwnedContract::new(description.clone()).expect("it is a contract");
        let counter = guest.bind_untyped(&contract).expect("the script implements it");
        if number % 1_000 == 0 {
            assert!(matches!(counter.call("next", &[]), Ok(JsValue::Number(_))));
        }
    }
    // The peer forgets what was dropped before it serves the next request.
    sandbox.eval(script()).expect("it works");
    assert_eq!(made_and_live(), (2 * MANY, 0), "each was made on both sides");
}

/// The macro and the core know the names that no host contract may have, and no global of a realm is missing.
#[test]
fn no_host_contract_hides_a_global_of_a_realm() {
    use sandbox_core::schema::{GLOBALS, is_contract_name};
    let of_macro = include_str!("../../../sandbox-macros/src/names.rs");
    let (_, rest) = of_macro.split_once("const GLOBALS: &[&str] = &[").expect("the macro has the list");
    let (list, _) = rest.split_once("];").expect("the list ends");
    let list = list.split(',').map(|name| name.trim().trim_matches('"')).filter(|name| !name.is_empty());
    assert_eq!(list.collect::<Vec<_>>(), GLOBALS);

    #[sandbox_api(guest, crate = crate)]
    trait Globals {
        fn names(&self) -> Result<Vec<String>>;
    }
    let builder = LocalSandbox::builder().limits(long()).console(crate::Console::Capture);
    let builder = builder.allow(crate::Permission::Eval);
    let sandbox = match crate::Engine::CURRENT {
        crate::Engine::V8 => builder.allow(crate::Permission::WebAssembly),
        _ => builder,
    };
    let sandbox = sandbox.build();
    let source =
        "export const names = () => Reflect.ownKeys(globalThis).filter((key) => typeof key === 'string');";
    let globals = sandbox.expect("a sandbox").load::<dyn Globals>(Script::new("names.mjs", source));
    let names = globals.expect("it loads").names().expect("it runs");
    assert!(names.len() > 50 && names.iter().any(|name| name == "console"), "{names:?}");
    let free = names.iter().filter(|name| name.as_str() != "eval" && is_contract_name(name, true));
    assert_eq!(free.collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(is_contract_name("Record", true) && is_contract_name("WebAssembly", false));
}
