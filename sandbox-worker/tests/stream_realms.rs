//! Ends of streams in a sandbox of several realms: the guest of one realm does not spend the time of another.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use sandbox_runtime::{Items, Limits, LocalSandbox, Result, Sandbox, Script, Stream, sandbox_api};
use slack::long;

mod sites;
mod slack;

#[sandbox_api(guest)]
pub trait Lists {
    fn items(&self, what: &str) -> Result<Items<f64>>;
    /// How many streams of the realm were told of their end.
    fn ends(&self) -> Result<u32>;
    /// Has the host drop the streams that it kept, and gives this many.
    fn gives(&self, count: u32) -> Result<u32>;
}

#[sandbox_api(guest)]
pub trait Feeds {
    async fn stream(&self, what: &str) -> Result<Stream<f64>>;
    async fn ends(&self) -> Result<u32>;
}

#[sandbox_api(host)]
pub trait Sink: Send + Sync {
    fn first(&self, items: Items<f64>) -> Result<f64>;
    fn drop_kept(&self);
    fn note(&self);
}

#[derive(Clone, Default)]
struct Host {
    kept: Arc<Mutex<Vec<Items<f64>>>>,
    notes: Arc<Mutex<u32>>,
}

#[sandbox_api]
impl Sink for Host {
    fn first(&self, mut items: Items<f64>) -> Result<f64> {
        items.next().unwrap_or(Ok(-1.0))
    }
    fn drop_kept(&self) {
        let kept = std::mem::take(&mut *self.kept.lock().unwrap());
        drop(kept);
    }
    fn note(&self) {
        *self.notes.lock().unwrap() += 1;
    }
}

const SOURCE: &str = r#"
let told = 0;
const stop = (what) => {
  told++;
  if (what === "notes") Sink.note();
  if (what === "endless") for (;;);
  return {};
};
const next = () => ({ value: 1, done: false });
export const items = (what) => ({ [Symbol.iterator]: () => ({ next, return: () => stop(what) }) });
export const stream = (what) => ({
  [Symbol.asyncIterator]: () => ({ next: async () => next(), return: async () => stop(what) }),
});
export const ends = () => told;
export const gives = (count) => {
  Sink.dropKept();
  let sum = 0;
  for (let n = 0; n < count; n++) sum += Sink.first(items("quiet"));
  return sum;
};
"#;

fn script() -> Script {
    Script::new("streams.mjs", SOURCE)
}

/// The grace of a realm is 200 ms.
fn limits() -> Limits {
    Limits { wall: Duration::from_secs(4), ..long() }
}

fn begun(lists: &dyn Lists, what: &str) -> Items<f64> {
    let mut items = lists.items(what).unwrap();
    assert_eq!(items.next().unwrap().unwrap(), 1.0);
    items
}

/// Waits until a realm's streams were told of this many ends. Each call gives the sandbox a turn.
fn wait_for(lists: &dyn Lists, ends: u32, site: &str) {
    let began = Instant::now();
    while lists.ends().unwrap() != ends {
        assert!(began.elapsed() < slack::LONG, "{site}: {} ends of {ends}", lists.ends().unwrap());
    }
}

/// Two realms of a sandbox in a `LocalSandbox`, in a `Sandbox`, and at the end of each link.
fn at_sites(limits: Limits, check: impl Fn(&dyn Lists, &dyn Lists, &Host, &str)) {
    in_this_process(limits, &check);
    for (site, link) in sites::links() {
        let host = Host::default();
        let builder = Sandbox::builder().limits(limits).transport(link);
        let sandbox = builder.host::<dyn Sink>(host.clone()).build().unwrap();
        let realms = [sandbox.realm().unwrap(), sandbox.realm().unwrap()];
        let [one, other] = realms.each_ref().map(|realm| realm.load::<dyn Lists>(script()).unwrap());
        check(&one, &other, &host, site);
    }
}

fn in_this_process(limits: Limits, check: &impl Fn(&dyn Lists, &dyn Lists, &Host, &str)) {
    let host = Host::default();
    let local = LocalSandbox::builder().limits(limits).host::<dyn Sink>(host.clone()).build().unwrap();
    let realms = [local.realm().unwrap(), local.realm().unwrap()];
    let [one, other] = realms.each_ref().map(|realm| realm.load::<dyn Lists>(script()).unwrap());
    check(&one, &other, &host, "in a local sandbox");
    let host = Host::default();
    let sandbox = Sandbox::builder().limits(limits).host::<dyn Sink>(host.clone()).build().unwrap();
    let realms = [sandbox.realm().unwrap(), sandbox.realm().unwrap()];
    let [one, other] = realms.each_ref().map(|realm| realm.load::<dyn Lists>(script()).unwrap());
    check(&one, &other, &host, "in a thread");
}

#[test]
fn an_endless_return_ends_no_call_of_another_realm_and_silences_no_other_realm() {
    at_sites(limits(), |one, other, _, site| {
        drop(begun(one, "endless"));
        for _ in 0..3 {
            assert_eq!(other.ends().unwrap(), 0, "{site}");
        }
        drop(begun(other, "quiet"));
        wait_for(other, 1, site);
        assert_eq!(one.ends().unwrap(), 1, "{site}");
        // The realm has exceeded its grace, so its streams are told of no further end.
        drop(begun(one, "quiet"));
        assert_eq!(other.ends().unwrap(), 1, "{site}");
        assert_eq!(one.ends().unwrap(), 1, "{site}");
    });
}

#[test]
fn a_realm_that_makes_no_call_is_told_of_ends() {
    at_sites(long(), |one, other, host, site| {
        drop(begun(one, "notes"));
        drop(begun(one, "notes"));
        let began = Instant::now();
        while *host.notes.lock().unwrap() != 2 {
            assert!(began.elapsed() < slack::LONG, "{site}");
            assert_eq!(other.ends().unwrap(), 0, "{site}");
        }
        assert_eq!(one.ends().unwrap(), 2, "{site}");
    });
}

#[test]
fn a_full_table_runs_ends_of_the_callers_realm_only() {
    let check = |one: &dyn Lists, other: &dyn Lists, host: &Host, site: &str| {
        host.kept.lock().unwrap().push(begun(one, "endless"));
        assert_eq!(other.gives(100).unwrap(), 100, "{site}");
        wait_for(other, 100, site);
        wait_for(one, 1, site);
    };
    in_this_process(Limits { handles: 20, ..limits() }, &check);
}

#[tokio::test]
async fn asynchronous_calls_of_another_realm_are_not_ended() {
    for (site, link) in sites::links() {
        let host = Host::default();
        let builder = Sandbox::builder().limits(limits()).transport(link);
        let sandbox = builder.host::<dyn Sink>(host.clone()).build().unwrap();
        let realms = [sandbox.realm_async().await.unwrap(), sandbox.realm_async().await.unwrap()];
        let one = realms[0].load_async::<dyn Feeds>(script()).await.unwrap();
        let other = realms[1].load_async::<dyn Feeds>(script()).await.unwrap();
        for what in ["notes", "endless"] {
            let mut stream = one.stream(what).await.unwrap();
            assert_eq!(stream.next().await.unwrap().unwrap(), 1.0, "{site}");
            drop(stream);
            for _ in 0..3 {
                assert_eq!(other.ends().await.unwrap(), 0, "{site}: {what}");
            }
        }
        assert_eq!(*host.notes.lock().unwrap(), 1, "{site}");
        assert_eq!(one.ends().await.unwrap(), 2, "{site}");
        let mut stream = other.stream("quiet").await.unwrap();
        stream.next().await.unwrap().unwrap();
        drop(stream);
        let began = Instant::now();
        while other.ends().await.unwrap() != 1 {
            assert!(began.elapsed() < slack::LONG, "{site}");
        }
    }
}
