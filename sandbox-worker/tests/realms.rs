//! Several realms in one process.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sandbox_runtime::process::{ProcessRealm, ProcessSandbox};
use sandbox_runtime::{Builder, DiscardCause, Error, LimitKind, Result, Sandbox, Script, sandbox_api};
use slack::{long, worker};

mod slack;

fn builder() -> Builder<ProcessSandbox> {
    Sandbox::builder().transport(worker()).limits(long())
}

#[sandbox_api(guest)]
pub trait Probe: Send + Sync {
    fn probe(&self) -> Result<String>;
    async fn later(&self) -> Result<String> {
        Ok("not there".into())
    }
}

#[sandbox_api(host)]
pub trait Outside {
    /// Calls the guest of another realm.
    fn cross(&self) -> Result<String>;
    async fn wait(&self) -> String;
}

/// What `cross` does.
type Cross = Arc<Mutex<Option<Box<dyn Fn() -> Result<String> + Send>>>>;

#[derive(Clone, Default)]
struct Host(Cross);

#[sandbox_runtime::async_trait]
impl Outside for Host {
    fn cross(&self) -> Result<String> {
        let cross = self.0.lock().unwrap().take().unwrap();
        cross()
    }

    async fn wait(&self) -> String {
        tokio::time::sleep(Duration::from_millis(1)).await;
        "waited".into()
    }
}

fn script(body: &str) -> Script {
    Script::new("probe.mjs", format!("export const probe = () => {{ {body} }};"))
}

fn run(realm: &ProcessRealm, body: &str) -> Result<String> {
    realm.load::<dyn Probe>(script(body))?.probe()
}

#[test]
fn what_a_script_does_to_its_realm_no_other_sees() {
    let sandbox = builder().build().unwrap();
    let realms = [sandbox.realm().unwrap(), sandbox.realm().unwrap()];
    let change = "globalThis.here = 1; Array.prototype.map = 1; return typeof here;";
    assert_eq!(run(&realms[0], change).unwrap(), "number");
    let look = "return `${typeof globalThis.here},${typeof [].map}`;";
    assert_eq!(run(&realms[1], look).unwrap(), "undefined,function");
    assert_eq!(run(&realms[0].clone(), look).unwrap(), "number,number", "the scripts of one realm share it");
    let main = sandbox.load::<dyn Probe>(script(look)).unwrap();
    assert_eq!(main.probe().unwrap(), "undefined,function");
}

#[test]
fn a_realm_is_made_and_called_inside_of_a_call() {
    let host = Host::default();
    let sandbox = builder().host::<dyn Outside>(host.clone()).build().unwrap();
    let inner = sandbox.clone();
    *host.0.lock().unwrap() = Some(Box::new(move || run(&inner.realm()?, "return typeof globalThis.a;")));
    let guest =
        sandbox.load::<dyn Probe>(script("globalThis.a = 1; return Outside.cross() + typeof a;")).unwrap();
    assert_eq!(guest.probe().unwrap(), "undefinednumber");
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_of_a_realm_may_wait() {
    let sandbox = builder().host::<dyn Outside>(Host::default()).build().unwrap();
    let realm = sandbox.realm_async().await.unwrap();
    let source = "const first = await Outside.wait(); export const probe = () => first;
        export const later = async () => first + await Outside.wait();";
    let guest = realm.load_async::<dyn Probe>(Script::new("probe.mjs", source)).await.unwrap();
    assert_eq!(guest.later().await.unwrap(), "waitedwaited");
    let error =
        tokio::task::spawn_blocking(move || realm.load::<dyn Probe>(Script::new("probe.mjs", source)));
    assert!(error.await.unwrap().is_err(), "nobody waits for it");
}

#[test]
fn they_share_their_fate() {
    let sandbox = builder().build().unwrap();
    let (one, other) = (sandbox.realm().unwrap(), sandbox.realm().unwrap());
    let guest = other.load::<dyn Probe>(script("return 'there';")).unwrap();
    let error = run(&one, "for (const all = [];;) all.push(new Array(1e5).fill(all.length));").unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Heap, .. } | Error::Process { .. }), "{error}");
    assert!(matches!(guest.probe(), Err(Error::Discarded { .. })));
    assert!(matches!(sandbox.realm().map(drop), Err(Error::Discarded { .. })));
    sandbox.reset().unwrap();
    let stale = run(&other, "return '';");
    assert!(matches!(stale, Err(Error::Discarded { cause: DiscardCause::Reset, .. })), "{stale:?}");
    assert_eq!(run(&sandbox.realm().unwrap(), "return 'new';").unwrap(), "new");
}

/// A realm counts for the limits of the call in which it is made, and of its own calls.
#[test]
fn a_deadline_holds_in_a_realm() {
    let sandbox = builder().build().unwrap();
    // As long as it takes to make a realm and to load a script, on a machine that does other work.
    let soon = sandbox.with_deadline(Instant::now() + Duration::from_secs(5));
    let realm = soon.realm().unwrap();
    let error = run(&realm, "for (;;);").unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error}");
    assert_eq!(run(&sandbox.realm().unwrap(), "return 'on';").unwrap(), "on");
}

/// 300 realms, each with 4 MiB that only it reaches, in a heap of 64 MiB.
#[cfg(not(feature = "quickjs"))]
#[test]
fn a_realm_that_nobody_has_is_collected() {
    let sandbox = builder().build().unwrap();
    for n in 0..300 {
        let realm = sandbox.realm().unwrap();
        let fill = "globalThis.all = new Array(5e5).fill(0.5).map((x, i) => x + i); return `${all.length}`;";
        assert_eq!(run(&realm, fill).unwrap_or_else(|error| panic!("{n}: {error}")), "500000");
    }
}
