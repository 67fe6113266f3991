//! Streams of guests, which the host takes one item after the other.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{FutureExt as _, StreamExt as _, stream};
use sandbox_runtime::{
    Engine, Error, Items, LimitKind, Limits, LocalSandbox, Result, Sandbox, SandboxPool, Script, Stream,
    sandbox_api,
};
use serde::{Deserialize, Serialize};
use slack::long;
use tokio::sync::Semaphore;

mod sites;
mod slack;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub name: String,
    pub price: f64,
}

/// A guest's synchronous iterables.
#[sandbox_api(guest)]
pub trait Lists {
    fn items(&self, what: &str) -> Result<Items<f64>>;
    fn rows(&self, what: &str) -> Result<Items<Row>>;
    fn texts(&self, lengths: Vec<u32>) -> Result<Items<String>>;
    /// Gives streams to the host.
    fn gives(&self, what: &str) -> Result<f64>;
    fn log(&self) -> Result<Vec<String>>;
}

#[sandbox_api(guest)]
pub trait Streams {
    async fn stream(&self, what: &str) -> Result<Stream<f64>>;
    async fn transformed(&self, numbers: Stream<f64>) -> Result<Stream<f64>>;
    async fn awaits(&self, what: &str) -> Result<f64>;
    async fn log(&self) -> Result<Vec<String>>;
}

/// The host that takes streams of guests.
#[sandbox_api(host)]
pub trait Sink: Send + Sync {
    fn sum(&self, items: Items<f64>) -> Result<f64>;
    fn first(&self, items: Items<f64>) -> Result<f64>;
    fn same(&self, items: Items<f64>) -> Result<Items<f64>>;
    fn keep(&self, items: Items<f64>);
    async fn total(&self, numbers: Stream<f64>) -> Result<f64>;
    async fn doubled(&self, numbers: Stream<f64>) -> Result<Stream<f64>>;
    async fn numbers(&self, count: u32) -> Result<Stream<f64>>;
    async fn moment(&self) -> Result<f64>;
    async fn gate(&self) -> Result<()>;
    async fn silent(&self) -> Result<()>;
}

#[derive(Clone)]
struct Host {
    gate: Arc<Semaphore>,
    kept: Arc<Mutex<VecDeque<Items<f64>>>>,
}

impl Default for Host {
    fn default() -> Self {
        Self { gate: Arc::new(Semaphore::new(0)), kept: Arc::default() }
    }
}

#[sandbox_api]
impl Sink for Host {
    fn sum(&self, items: Items<f64>) -> Result<f64> {
        items.sum()
    }
    fn first(&self, mut items: Items<f64>) -> Result<f64> {
        items.next().unwrap_or(Ok(-1.0))
    }
    fn same(&self, items: Items<f64>) -> Result<Items<f64>> {
        Ok(items)
    }
    fn keep(&self, mut items: Items<f64>) {
        items.next();
        self.kept.lock().unwrap().push_back(items);
    }
    async fn total(&self, mut numbers: Stream<f64>) -> Result<f64> {
        let mut sum = 0.0;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        Ok(sum)
    }
    async fn doubled(&self, numbers: Stream<f64>) -> Result<Stream<f64>> {
        Ok(Stream::new(numbers.map(|number| Ok(number? * 2.0))))
    }
    async fn numbers(&self, count: u32) -> Result<Stream<f64>> {
        Ok(Stream::new(stream::iter((0..count).map(|n| Ok(f64::from(n))))))
    }
    async fn moment(&self) -> Result<f64> {
        tokio::task::yield_now().await;
        Ok(1.0)
    }
    async fn gate(&self) -> Result<()> {
        self.gate.acquire().await.map_err(|_| Error::public("closed"))?.forget();
        Ok(())
    }
    async fn silent(&self) -> Result<()> {
        std::future::pending().await
    }
}

/// The program. On QuickJS it changes no setter of an index, for that engine calls it.
fn script() -> Script {
    let source = include_str!("guest_streams/program.js");
    Script::new(
        "streams.mjs",
        match Engine::CURRENT {
            Engine::QuickJs => source.replace(r#""0", "1", "2", "3", "#, ""),
            _ => source.to_owned(),
        },
    )
}

/// Checks in a `LocalSandbox` and in a `Sandbox`, where no runtime is.
fn in_both(limits: Limits, check: impl Fn(&dyn Lists, &Host)) {
    let host = Host::default();
    let local = LocalSandbox::builder().limits(limits).host::<dyn Sink>(host.clone()).build().unwrap();
    check(&local.load::<dyn Lists>(script()).unwrap(), &host);
    drop(local);
    let host = Host::default();
    let sandbox = Sandbox::builder().limits(limits).host::<dyn Sink>(host.clone()).build().unwrap();
    check(&sandbox.load::<dyn Lists>(script()).unwrap(), &host);
}

/// Runs a program of an asynchronous contract in all sites.
async fn in_both_async(limits: Limits, check: impl AsyncFn(&dyn Streams, &Host)) {
    let host = Host::default();
    let local = LocalSandbox::builder().limits(limits).host::<dyn Sink>(host.clone()).build().unwrap();
    check(&local.load::<dyn Streams>(script()).unwrap(), &host).await;
    drop(local);
    let host = Host::default();
    let sandbox = Sandbox::builder().limits(limits).host::<dyn Sink>(host.clone()).build().unwrap();
    check(&sandbox.load_async::<dyn Streams>(script()).await.unwrap(), &host).await;
}

fn numbers(to: u32) -> Vec<f64> {
    (0..to).map(f64::from).collect()
}

fn all(items: Items<f64>) -> Vec<f64> {
    items.map(Result::unwrap).collect()
}

async fn all_of(stream: Stream<f64>) -> Vec<f64> {
    stream.map(Result::unwrap).collect().await
}

/// The log, once it has this entry. A stream that was dropped on another thread is ended in a turn of its own.
fn log_with(lists: &dyn Lists, entry: &str) -> Vec<String> {
    let (mut log, began) = (Vec::new(), Instant::now());
    while !log.iter().any(|noted| noted == entry) {
        assert!(began.elapsed() < slack::LONG, "no {entry} in {log:?}");
        log.extend(lists.log().unwrap());
    }
    log
}

async fn stream_log_with(streams: &dyn Streams, entry: &str) -> Vec<String> {
    let (mut log, began) = (Vec::new(), Instant::now());
    while !log.iter().any(|noted| noted == entry) {
        assert!(began.elapsed() < slack::LONG, "no {entry} in {log:?}");
        log.extend(streams.log().await.unwrap());
    }
    log
}

#[test]
fn every_iterable_is_items() {
    in_both(long(), |lists, _| {
        assert_eq!(all(lists.items("generator").unwrap()), numbers(100));
        for what in ["array", "set", "numbers", "proxy"] {
            assert_eq!(all(lists.items(what).unwrap()), [1.0, 2.0, 3.0], "{what}");
        }
        assert!(all(lists.items("empty").unwrap()).is_empty());
        assert_eq!(lists.items("changes").unwrap().take(9).map(Result::unwrap).sum::<f64>(), 9.0);
        assert_eq!(all(lists.items("calls").unwrap()), [3.0, 6.0]);
        let rows = lists.rows("").unwrap().map(Result::unwrap).collect::<Vec<_>>();
        assert_eq!((rows.len(), &rows[2999]), (3000, &Row { name: "row 2999".into(), price: 2999.0 }));
    });
}

#[test]
fn other_values_are_refused() {
    in_both(long(), |lists, _| {
        for what in ["notIterable", "text"] {
            let error = lists.items(what).unwrap_err();
            assert!(matches!(error, Error::Value(_)), "{error:?}");
            assert!(error.to_string().contains("Lists.items → result: expected an iterable"), "{error}");
        }
        for what in ["noNext", "noIterator", "getterThrows"] {
            let error = lists.items(what).unwrap_err();
            assert!(matches!(error, Error::Guest(_)), "{what}: {error:?}");
        }
        for what in ["noResult", "doneThrows"] {
            let mut items = lists.items(what).unwrap();
            assert!(matches!(items.next(), Some(Err(Error::Guest(_)))), "{what}");
            assert!(items.next().is_none(), "{what}");
        }
        assert_eq!(all(lists.items("array").unwrap()).len(), 3);
    });
}

#[test]
fn a_generator_runs_when_the_host_asks_and_is_no_further_ahead_than_what_was_taken() {
    in_both(long(), |lists, _| {
        let mut items = lists.items("endless").unwrap();
        assert_eq!(lists.log().unwrap(), Vec::<String>::new());
        let mut made = 0;
        for taken in 1..500 {
            items.next().unwrap().unwrap();
            made += lists.log().unwrap().len();
            assert!(made >= taken && made <= 2 * taken, "{made} of {taken}");
        }
    });
}

#[test]
fn the_end_of_the_hosts_iterator_runs_the_guests_finally() {
    in_both(long(), |lists, _| {
        let mut items = lists.items("endless").unwrap();
        items.next().unwrap().unwrap();
        drop(items);
        let log = log_with(lists, "end of count");
        assert_eq!(log, ["count 0", "end of count"]);
        // One that is over is ended once.
        assert_eq!(all(lists.items("reads").unwrap()).len(), 3);
        drop(lists.items("generator").unwrap());
        let log = lists.log().unwrap();
        assert_eq!(log.iter().filter(|noted| *noted == "end of count").count(), 1, "{log:?}");
    });
}

#[test]
fn an_error_comes_behind_the_items_before_it() {
    in_both(long(), |lists, _| {
        let mut items = lists.items("throws").unwrap();
        let taken = items.by_ref().take(4).map(Result::unwrap).collect::<Vec<_>>();
        assert_eq!(taken, [1.0, 2.0, 3.0, 4.0]);
        let error = items.next().unwrap().unwrap_err();
        assert!(
            matches!(&error, Error::Guest(thrown) if thrown.message.contains("out of paper")),
            "{error:?}"
        );
        assert!(items.next().is_none());

        let mut items = lists.items("wrong").unwrap();
        assert_eq!(items.by_ref().take(6).map(Result::unwrap).collect::<Vec<_>>(), numbers(6));
        let error = items.next().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "Items.next → items[6]: expected a number, got \"six\"");
        assert!(items.next().is_none());

        let mut items = lists.rows("wrong").unwrap();
        assert_eq!(items.by_ref().take(3).map(Result::unwrap).count(), 3);
        let error = items.next().unwrap().unwrap_err();
        assert!(error.to_string().contains("items[3].price: expected a number"), "{error}");
    });
}

#[test]
fn items_of_any_size_cross() {
    let limits = Limits { value_bytes: 1000, value_text: 900, value_nodes: 10, value_items: 8, ..long() };
    in_both(limits, |lists, _| {
        let lengths = vec![1, 2, 900, 3, 4, 5, 900, 900, 6, 7, 8, 9, 10, 600, 700];
        let texts = lists.texts(lengths[..7].to_vec()).unwrap().map(|text| text.unwrap().len());
        assert_eq!(texts.collect::<Vec<_>>(), [1, 2, 900, 3, 4, 5, 900]);
        let mut texts = lists.texts(vec![1, 2, 3, 901, 4]).unwrap();
        assert_eq!(texts.by_ref().take(3).map(Result::unwrap).map(|text| text.len()).sum::<usize>(), 6);
        let error = texts.next().unwrap().unwrap_err();
        assert!(error.to_string().contains("items[3]"), "{error}");
        assert!(texts.next().is_none());
    });
}

#[test]
fn a_guest_gives_items_to_the_host() {
    in_both(long(), |lists, _| {
        assert_eq!(lists.gives("sum").unwrap(), 6.0);
        assert_eq!(lists.gives("firsts").unwrap(), 0.0);
        let log = log_with(lists, "end of count");
        assert_eq!(log.iter().filter(|noted| *noted == "end of count").count(), 50);
        assert_eq!(lists.gives("same").unwrap(), 10.0);
        assert_eq!(lists.gives("sameRead").unwrap(), 3.0);
    });
}

#[test]
fn streams_that_the_host_has_dropped_in_a_call_do_not_fill_the_table() {
    in_both(Limits { handles: 40, ..long() }, |lists, _| {
        assert_eq!(lists.gives("many").unwrap(), 0.0);
        let log = log_with(lists, "end of many");
        assert_eq!(log.iter().filter(|noted| *noted == "end of many").count(), 300);
    });
}

#[test]
fn a_return_that_misbehaves_hurts_nobody() {
    for what in ["returnThrows", "returnIsNumber", "returnLies", "returnGives", "returnNeverEnds"] {
        let limits = if what == "returnNeverEnds" {
            Limits { wall: Duration::from_secs(4), ..long() }
        } else {
            long()
        };
        in_both(limits, |lists, _| {
            let mut items = lists.items(what).unwrap();
            assert_eq!(items.next().unwrap().unwrap(), 0.0);
            drop(items);
            match what {
                "returnIsNumber" => {}
                "returnLies" => assert_eq!(log_with(lists, "get"), ["get"]),
                _ => assert!(!log_with(lists, "return").is_empty()),
            }
            assert_eq!(all(lists.items("array").unwrap()).len(), 3, "{what}");
        });
    }
}

#[test]
fn a_guest_that_changes_every_intrinsic_gives_the_same_items() {
    in_both(long(), |lists, _| {
        assert_eq!(all(lists.items("poisoned").unwrap()), numbers(20));
        assert_eq!(all(lists.items("stolen").unwrap()), [0.0]);
    });
}

/// A batch is a call of the guest, and so is the end.
#[test]
fn each_batch_is_on_the_bill() {
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Sink>(Host::default()).build().unwrap();
    let lists = sandbox.load::<dyn Lists>(script()).unwrap();
    let calls = || sandbox.usage().total.calls;
    let before = calls();
    let mut items = lists.items("endless").unwrap();
    assert_eq!(calls(), before + 1);
    items.next().unwrap().unwrap();
    assert_eq!(calls(), before + 2);
    drop(items);
    assert_eq!(calls(), before + 3);
    let before = calls();
    // Batches of 1 and 2, and the end that comes with the last one.
    assert!(all(lists.items("array").unwrap()).len() == 3 && calls() <= before + 4);
}

/// A request of a stream is a call of the tenant, from any thread.
#[test]
fn a_tenant_of_a_pool_gives_streams() {
    let pool = SandboxPool::builder().limits(long()).patience(slack::LONG).slow(slack::LONG);
    let pool = pool.host::<dyn Sink>(|_| Box::new(Host::default())).build().unwrap();
    let lists = pool.tenant("a").load::<dyn Lists>(script()).unwrap();
    assert_eq!(lists.gives("sum").unwrap(), 6.0);
    assert_eq!(lists.gives("same").unwrap(), 10.0);
    assert_eq!(lists.gives("firsts").unwrap(), 0.0);
    assert_eq!(all(lists.items("array").unwrap()).len(), 3);
    assert_eq!(lists.gives("sum").unwrap(), 6.0);
}

#[test]
fn a_batch_has_the_limits_of_a_call() {
    let limits = Limits { wall: Duration::from_secs(2), ..long() };
    in_both(limits, |lists, _| {
        let mut items = lists.items("slow").unwrap();
        assert_eq!(items.next().unwrap().unwrap(), 1.0);
        let error = items.next().unwrap().unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Wall | LimitKind::Cpu, .. }), "{error:?}");
        assert!(items.next().is_none());
        assert_eq!(all(lists.items("array").unwrap()).len(), 3);
    });
}

#[test]
fn the_end_of_a_heap_is_an_error_of_its_streams() {
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Sink>(Host::default()).build().unwrap();
    let lists = sandbox.load::<dyn Lists>(script()).unwrap();
    let mut items = lists.items("endless").unwrap();
    let unread = lists.items("endless").unwrap();
    items.next().unwrap().unwrap();
    sandbox.reset().unwrap();
    assert!(matches!(items.next(), Some(Err(Error::Discarded { .. }))));
    assert!(items.next().is_none());
    drop((items, unread));
    assert_eq!(all(sandbox.load::<dyn Lists>(script()).unwrap().items("array").unwrap()).len(), 3);

    let sandbox = Sandbox::builder().limits(long()).host::<dyn Sink>(Host::default()).build().unwrap();
    let lists = sandbox.load::<dyn Lists>(script()).unwrap();
    let mut items = lists.items("endless").unwrap();
    items.next().unwrap().unwrap();
    drop((lists, sandbox));
    assert!(matches!(items.next(), Some(Err(Error::Discarded { .. }))));
}

#[test]
fn streams_that_the_host_keeps_are_read_after_the_call() {
    in_both(long(), |lists, host| {
        lists.gives("kept").unwrap();
        let mut kept = host.kept.lock().unwrap().pop_front().unwrap();
        assert_eq!(kept.next().unwrap().unwrap(), 1.0);
        assert_eq!(kept.count(), 8);
    });
}

#[tokio::test]
async fn every_iterable_is_a_stream() {
    in_both_async(long(), async |streams, _| {
        for what in ["generator", "list"] {
            assert_eq!(all_of(streams.stream(what).await.unwrap()).await, numbers(100), "{what}");
        }
        for what in ["array", "promises"] {
            assert_eq!(all_of(streams.stream(what).await.unwrap()).await, [1.0, 2.0, 3.0], "{what}");
        }
        assert_eq!(all_of(streams.stream("waits").await.unwrap()).await, numbers(20));
        let thenable = streams.stream("thenable").await.unwrap().take(5);
        assert_eq!(thenable.map(Result::unwrap).collect::<Vec<_>>().await, [1.0; 5]);
        let error = streams.stream("notIterable").await.unwrap_err();
        assert!(error.to_string().contains("expected an async iterable, or an iterable"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_guest_that_changes_every_intrinsic_gives_the_same_stream() {
    in_both_async(long(), async |streams, _| {
        let mut stream = streams.stream("poisoned").await.unwrap();
        for n in numbers(20) {
            assert_eq!(stream.next().await.unwrap().unwrap(), n);
        }
        assert!(stream.next().await.is_none());
        drop(stream);
    })
    .await;
}

#[tokio::test]
async fn a_guest_transforms_a_stream_of_the_host() {
    in_both_async(long(), async |streams, _| {
        let source = Stream::new(stream::iter((0..1000).map(|n| Ok(f64::from(n)))));
        let transformed = all_of(streams.transformed(source).await.unwrap()).await;
        assert_eq!(transformed, (0..500).map(|n| f64::from(n * 20)).collect::<Vec<_>>());
        // Its end drops the host's.
        let counted = Arc::new(());
        let kept = counted.clone();
        let source = Stream::new(stream::iter((0..).map(move |n| {
            let _ = &kept;
            Ok(f64::from(n))
        })));
        let mut transformed = streams.transformed(source).await.unwrap();
        assert_eq!(transformed.next().await.unwrap().unwrap(), 0.0);
        assert_eq!(Arc::strong_count(&counted), 2);
        drop(transformed);
        stream_log_with(streams, "end of transformed").await;
        assert_eq!(Arc::strong_count(&counted), 1);
    })
    .await;
}

#[tokio::test]
async fn a_guest_gives_streams_to_the_host() {
    in_both_async(long(), async |streams, _| {
        assert_eq!(streams.awaits("total").await.unwrap(), 499_500.0);
        assert_eq!(streams.awaits("totalOfList").await.unwrap(), 6.0);
        assert_eq!(streams.awaits("doubled").await.unwrap(), 9900.0);
        // The guest has begun to read a stream of the host, and gives the rest back.
        assert_eq!(streams.awaits("rest").await.unwrap(), 44.0);
    })
    .await;
}

#[tokio::test]
async fn an_item_that_is_there_is_not_held_back() {
    in_both_async(long(), async |streams, host| {
        let mut bursts = streams.stream("bursts").await.unwrap();
        for burst in 0..4 {
            for n in 0..3 {
                assert_eq!(bursts.next().await.unwrap().unwrap(), f64::from(3 * burst + n));
            }
            host.gate.add_permits(1);
        }
        assert!(bursts.next().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn an_error_ends_a_stream() {
    in_both_async(long(), async |streams, _| {
        let mut stream = streams.stream("throws").await.unwrap();
        for n in [1.0, 2.0, 3.0] {
            assert_eq!(stream.next().await.unwrap().unwrap(), n);
        }
        assert!(matches!(stream.next().await, Some(Err(Error::Guest(_)))));
        assert!(stream.next().await.is_none());
        let mut stream = streams.stream("wrong").await.unwrap();
        for n in numbers(6) {
            assert_eq!(stream.next().await.unwrap().unwrap(), n);
        }
        let error = stream.next().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "Stream.next → items[6]: expected a number, got \"six\"");
        assert!(stream.next().await.is_none());
        let mut stream = streams.stream("rejects").await.unwrap();
        assert!(matches!(stream.next().await, Some(Err(Error::Guest(_)))));
        assert!(stream.next().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn the_end_of_the_hosts_stream_runs_the_guests_finally() {
    in_both_async(long(), async |streams, _| {
        let mut stream = streams.stream("endless").await.unwrap();
        stream.next().await.unwrap().unwrap();
        drop(stream);
        assert_eq!(stream_log_with(streams, "end of events").await, ["end of events"]);
        let mut stream = streams.stream("late").await.unwrap();
        stream.next().await.unwrap().unwrap();
        drop(stream);
        assert_eq!(stream_log_with(streams, "end of end").await, ["begin of end", "end of end"]);
        for what in ["returnRejects", "returnNeverSettles"] {
            let mut stream = streams.stream(what).await.unwrap();
            stream.next().await.unwrap().unwrap();
            drop(stream);
            assert_eq!(stream_log_with(streams, "return").await, ["return"], "{what}");
        }
        // A generator that waits for the host is not resumed.
        let mut stream = streams.stream("silent").await.unwrap();
        stream.next().await.unwrap().unwrap();
        assert!(stream.next().now_or_never().is_none());
        drop(stream);
        assert_eq!(all_of(streams.stream("array").await.unwrap()).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn an_item_that_never_comes_ends_with_the_limits_of_a_call() {
    in_both_async(Limits { wall: Duration::from_secs(2), ..long() }, async |streams, _| {
        let mut stream = streams.stream("never").await.unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap(), 1.0);
        let error = stream.next().await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Wall, .. }), "{error:?}");
        assert!(stream.next().await.is_none());
    })
    .await;
}

/// Checks over links to other processes.
fn over_links(check: impl Fn(&dyn Lists, &str)) {
    for (site, link) in sites::links() {
        let builder = Sandbox::builder().limits(long()).transport(link);
        let sandbox = builder.host::<dyn Sink>(Host::default()).build().unwrap();
        check(&sandbox.load::<dyn Lists>(script()).unwrap(), site);
    }
}

#[test]
fn items_of_a_guest_cross_links() {
    over_links(|lists, site| {
        assert_eq!(all(lists.items("generator").unwrap()), numbers(100), "{site}");
        assert_eq!(all(lists.items("calls").unwrap()), [3.0, 6.0], "{site}");
        let texts = lists.texts(vec![1, 2, 100_000, 3, 0]).unwrap().map(|text| text.unwrap().len());
        assert_eq!(texts.collect::<Vec<_>>(), [1, 2, 100_000, 3, 0], "{site}");
        assert_eq!(lists.gives("sumOfGenerator").unwrap(), 780.0, "{site}");
        assert_eq!(lists.gives("firsts").unwrap(), 0.0, "{site}");
        assert_eq!(lists.gives("same").unwrap(), 10.0, "{site}");
        assert_eq!(all(lists.items("values").unwrap()), [1.0, 2.0, 3.0], "{site}");
        let error = lists.items("text").unwrap_err();
        assert!(error.to_string().contains("expected an iterable"), "{site}: {error}");
    });
}

#[test]
fn errors_and_ends_of_items_cross_links() {
    over_links(|lists, site| {
        let mut items = lists.items("throws").unwrap();
        assert_eq!(items.by_ref().take(4).map(Result::unwrap).count(), 4, "{site}");
        assert!(matches!(items.next(), Some(Err(Error::Guest(_)))), "{site}");
        assert!(items.next().is_none(), "{site}");
        let mut items = lists.items("wrong").unwrap();
        assert_eq!(items.by_ref().take(6).map(Result::unwrap).collect::<Vec<_>>(), numbers(6), "{site}");
        let error = items.next().unwrap().unwrap_err().to_string();
        assert_eq!(error, "Items.next → items[6]: expected a number, got \"six\"", "{site}");
        lists.log().unwrap();
        let mut items = lists.items("endless").unwrap();
        items.next().unwrap().unwrap();
        drop(items);
        assert_eq!(log_with(lists, "end of count"), ["count 0", "end of count"], "{site}");
        // A `return` that calls the host.
        let mut items = lists.items("returnGives").unwrap();
        items.next().unwrap().unwrap();
        drop(items);
        assert_eq!(log_with(lists, "return")[0], "return", "{site}");
        assert_eq!(lists.gives("sumOfGenerator").unwrap(), 780.0, "{site}");
    });
}

#[tokio::test]
async fn streams_of_a_guest_cross_links() {
    for (site, link) in sites::links() {
        let host = Host::default();
        let builder = Sandbox::builder().limits(long()).transport(link);
        let sandbox = builder.host::<dyn Sink>(host.clone()).build().unwrap();
        let streams = sandbox.load_async::<dyn Streams>(script()).await.unwrap();
        for what in ["generator", "list"] {
            assert_eq!(all_of(streams.stream(what).await.unwrap()).await, numbers(100), "{site}: {what}");
        }
        assert_eq!(all_of(streams.stream("waits").await.unwrap()).await, numbers(20), "{site}");
        assert_eq!(streams.awaits("total").await.unwrap(), 499_500.0, "{site}");
        assert_eq!(streams.awaits("doubled").await.unwrap(), 9900.0, "{site}");
        let source = Stream::new(stream::iter((0..1000).map(|n| Ok(f64::from(n)))));
        let transformed = all_of(streams.transformed(source).await.unwrap()).await;
        assert_eq!(transformed, (0..500).map(|n| f64::from(n * 20)).collect::<Vec<_>>(), "{site}");
        let mut bursts = streams.stream("bursts").await.unwrap();
        for n in numbers(12) {
            assert_eq!(bursts.next().await.unwrap().unwrap(), n, "{site}");
            if n % 3.0 == 2.0 {
                host.gate.add_permits(1);
            }
        }
        assert!(bursts.next().await.is_none(), "{site}");
        let mut stream = streams.stream("throws").await.unwrap();
        assert_eq!(stream.by_ref().take(3).map(Result::unwrap).count().await, 3, "{site}");
        assert!(matches!(stream.next().await, Some(Err(Error::Guest(_)))), "{site}");
        streams.log().await.unwrap();
        let mut stream = streams.stream("endless").await.unwrap();
        stream.next().await.unwrap().unwrap();
        drop(stream);
        assert_eq!(stream_log_with(&streams, "end of events").await, ["end of events"], "{site}");
        // Its `finally` calls the host, which takes a stream.
        let mut stream = streams.stream("closes").await.unwrap();
        stream.next().await.unwrap().unwrap();
        drop(stream);
        stream_log_with(&streams, "end of closes, 3").await;
        let mut stream = streams.stream("endless").await.unwrap();
        stream.next().await.unwrap().unwrap();
        drop((streams, sandbox));
        let mut last = None;
        while let Some(item) = stream.next().await {
            last = Some(item);
        }
        assert!(matches!(last, Some(Err(Error::Discarded { .. }))), "{site}: {last:?}");
    }
}

/// The figures of the guide: `cargo test --release -p sandbox-worker --test guest_streams -- --ignored --nocapture figures`.
#[tokio::test]
#[ignore = "measures, on a machine that does nothing else"]
async fn figures() {
    let limits = Limits { cpu: slack::LONG, ..long() };
    let sandbox = Sandbox::builder().limits(limits).host::<dyn Sink>(Host::default()).build().unwrap();
    let streams = sandbox.load_async::<dyn Streams>(script()).await.unwrap();
    for what in ["endless", "list"] {
        let mut best = f64::MAX;
        for _ in 0..5 {
            let most = if what == "list" { 100 } else { 100_000 };
            let stream = streams.stream(what).await.unwrap();
            let began = Instant::now();
            let count = stream.take(most).map(Result::unwrap).count().await;
            best = best.min(began.elapsed().as_secs_f64() * 1e9 / count as f64);
        }
        println!("stream {what}: {best:.0} ns each");
    }
    let local = LocalSandbox::builder().limits(limits).host::<dyn Sink>(Host::default()).build().unwrap();
    let lists = local.load::<dyn Lists>(script()).unwrap();
    for what in ["returnIsNumber", "endless"] {
        let mut best = f64::MAX;
        for _ in 0..5 {
            let items = lists.items(what).unwrap();
            let began = Instant::now();
            let count = items.take(100_000).map(Result::unwrap).count();
            best = best.min(began.elapsed().as_secs_f64() * 1e9 / count as f64);
        }
        println!("items {what}: {best:.0} ns each");
    }
}
