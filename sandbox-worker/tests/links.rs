//! The properties of every link, whatever the link is made of: a process, and pipes in memory without shared memory or a shared clock.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sandbox_runtime::testing::in_memory;
use sandbox_runtime::{Bytes, Error, LimitKind, Result, Sandbox, SandboxPool, Script, Trust, sandbox_api};
use serde::{Serialize, Serializer};
use slack::{LONG, long as limits};

#[macro_use]
mod sites;
mod slack;

#[sandbox_api(guest)]
pub trait Echo {
    fn text(&self, text: &str) -> Result<String>;
    fn bytes(&self, bytes: Bytes) -> Result<Bytes>;
    async fn later(&self, text: &str) -> Result<String>;
    fn endless(&self) -> Result<()>;
}

#[sandbox_api(host)]
pub trait Store {
    fn keep(&self, text: String) -> String;
    async fn fetch(&self, text: String) -> String;
}

#[sandbox_api(host)]
pub trait Patient {
    async fn fetch(&self, text: String) -> String;
}

struct Shelf;

#[sandbox_runtime::async_trait]
impl Store for Shelf {
    fn keep(&self, text: String) -> String {
        text
    }

    async fn fetch(&self, text: String) -> String {
        tokio::time::sleep(Duration::from_millis(1)).await;
        text
    }
}

#[sandbox_runtime::async_trait]
impl Patient for Shelf {
    async fn fetch(&self, text: String) -> String {
        tokio::time::sleep(Duration::from_millis(1)).await;
        text
    }
}

fn echo() -> Script {
    Script::new(
        "echo.mjs",
        "export const text = (text) => Store.keep(text); export const bytes = (bytes) => bytes;
         export const later = async (text) => (await Store.fetch(text)) + '!'; export const endless = () => { for (;;); };",
    )
}

/// More than a link holds at once, in both directions, and with calls beside each other.
#[tokio::test(flavor = "multi_thread")]
async fn long_values_cross_with_shared_memory_and_without() {
    let told = alike!(|builder| builder.limits(limits()).host::<dyn Store>(Shelf), |sandbox| {
        let echo = sandbox.load_async::<dyn Echo>(echo()).await.unwrap();
        let mut told = Vec::new();
        for length in [10, (32 << 10) - 1, 32 << 10, 1 << 20] {
            let text = "ä".repeat(length / 2);
            told.push(tokio::task::block_in_place(|| echo.text(&text).unwrap() == text));
            let bytes = Bytes::from(vec![7_u8; length]);
            told.push(tokio::task::block_in_place(|| echo.bytes(bytes.clone()).unwrap() == bytes));
            let all = futures_util::future::join_all((0..4).map(|_| echo.later(&text))).await;
            told.extend(all.into_iter().map(|later| later.unwrap() == format!("{text}!")));
        }
        told
    });
    assert!(told.iter().all(|is_same| *is_same), "{told:?}");
}

/// The time that is left is sent, where the sides have no common clock.
#[test]
fn deadlines_are_kept_without_a_common_clock() {
    alike!(|builder| builder.limits(limits()).host::<dyn Store>(Shelf), |sandbox| {
        let echo = sandbox.load::<dyn Echo>(echo()).unwrap();
        let began = Instant::now();
        let error = echo.with_deadline(began + Duration::from_millis(50)).endless().unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error:?}");
        assert!(began.elapsed() < LONG);
        assert_eq!(echo.with_deadline(Instant::now() + LONG).text("a").unwrap(), "a");
        let passed = echo.with_deadline(began).text("a").unwrap_err();
        assert!(matches!(passed, Error::Limit { kind: LimitKind::Deadline, .. }), "{passed:?}");
    });
}

/// A reset makes another link. A guest of the old one cannot be called.
#[test]
fn a_reset_makes_a_new_link() {
    alike!(|builder| builder.limits(limits()).host::<dyn Store>(Shelf), |sandbox| {
        let old = sandbox.load::<dyn Echo>(echo()).unwrap();
        assert_eq!(old.text("a").unwrap(), "a");
        sandbox.reset().unwrap();
        let gone = old.text("a").unwrap_err();
        assert!(matches!(gone, Error::Discarded { .. }), "{gone:?}");
        assert_eq!(sandbox.load::<dyn Echo>(echo()).unwrap().text("b").unwrap(), "b");
    });
}

/// A thread has no process, and no hardening.
#[test]
fn a_link_tells_what_it_knows_of_its_peer() {
    for (site, link) in sites::links() {
        let sandbox = Sandbox::builder().limits(limits()).transport(link).build().unwrap();
        let is_process = site == "in a process";
        assert_eq!(
            (sandbox.pid().is_some(), sandbox.hardening().is_some()),
            (is_process, is_process),
            "{site}"
        );
    }
}

type Hook = Arc<dyn Fn() + Send + Sync>;
static HOOK: Mutex<Option<Hook>> = Mutex::new(None);

/// A value that runs a hook when it is written.
#[derive(serde::Deserialize)]
pub struct Hooked;

impl Serialize for Hooked {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let hook = HOOK.lock().unwrap().clone();
        hook.inspect(|hook| hook());
        serializer.serialize_str("hooked")
    }
}

#[sandbox_api(guest)]
pub trait Takes {
    fn takes(&self, text: &str, hooked: Hooked) -> Result<String>;
}

/// The inner call is refused, and neither the outer one nor the next one is disturbed.
#[test]
fn a_value_cannot_call_the_sandbox_that_it_is_written_for() {
    for (site, link) in sites::links() {
        let sandbox = Sandbox::builder().limits(limits()).transport(link).build().unwrap();
        let source = "export const takes = (text, hooked) => text + hooked;";
        let takes = Arc::new(sandbox.load::<dyn Takes>(Script::new("takes.js", source)).unwrap());
        let (inner, told) = (sandbox.clone(), Arc::<Mutex<Vec<Error>>>::default());
        let into = told.clone();
        let hook = move || into.lock().unwrap().extend(inner.eval(Script::new("a.js", "")).map(drop).err());
        *HOOK.lock().unwrap() = Some(Arc::new(hook));
        let text = "x".repeat(1 << 20);
        let taken = takes.takes(&text, Hooked).unwrap();
        *HOOK.lock().unwrap() = None;
        assert!(taken.len() == text.len() + 6 && taken.starts_with(&text), "{site}");
        let told = std::mem::take(&mut *told.lock().unwrap());
        assert!(
            !told.is_empty() && told.iter().all(|error| matches!(error, Error::Blocking { .. })),
            "{told:?}"
        );
        assert_eq!(takes.takes("a", Hooked).unwrap(), "ahooked", "{site}");
    }
}

/// Hosts that no guest could wait for are refused when the sandbox is made, and others are not.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_cannot_call_back_takes_async_hosts_alone() {
    let builder = || Sandbox::builder().limits(limits()).transport(in_memory(false));
    let error = builder().host::<dyn Store>(Shelf).build().map(drop).unwrap_err();
    assert!(matches!(error, Error::Build { .. }), "{error:?}");
    assert!(error.to_string().contains("`Store.keep`") && error.to_string().contains("`async`"), "{error}");
    let sandbox = builder().host::<dyn Patient>(Shelf).build().unwrap();
    let source = "export const text = (text) => text; export const bytes = (bytes) => bytes;
        export const later = (text) => Patient.fetch(text); export const endless = () => {};";
    let echo = sandbox.load_async::<dyn Echo>(Script::new("echo.mjs", source)).await.unwrap();
    assert_eq!(echo.later("a").await.unwrap(), "a");
}

/// The task of a pool's thread learns of frames, of room, and of the end of a link.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_waits_for_any_link() {
    for (site, link) in sites::links() {
        let pool = SandboxPool::builder()
            .trust(Trust::Hostile)
            .threads(1)
            .limits(limits())
            .patience(LONG)
            .transport(link)
            .host::<dyn Store>(|_| Box::new(Shelf))
            .build()
            .unwrap();
        let mut tenants = Vec::new();
        for key in ["a", "b"] {
            tenants.push(pool.tenant(key).load_async::<dyn Echo>(echo()).await.unwrap());
        }
        let text = "x".repeat(1 << 20);
        for _ in 0..3 {
            let all = futures_util::future::join_all(tenants.iter().map(|echo| echo.later(&text))).await;
            for later in all {
                assert_eq!(later.unwrap().len(), text.len() + 1, "{site}");
            }
        }
    }
}
