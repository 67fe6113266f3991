//! Streams: values of the host that a guest takes one after the other.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_util::{StreamExt as _, stream};
use sandbox_runtime::{
    Bytes, Error, Handle, Items, LimitKind, Limits, LocalSandbox, Result, Sandbox, Script, Stream,
    sandbox_api,
};
use serde::{Deserialize, Serialize};
use slack::long;
use tokio::sync::Notify;

mod sites;
mod slack;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub number: u32,
    pub tags: Vec<String>,
}

#[derive(Serialize, Deserialize)]
pub struct Page {
    pub title: String,
    pub events: Option<Stream<Event>>,
}

#[sandbox_api(host)]
pub trait Thing: Send + Sync {
    fn id(&self) -> u32;
}

/// The streams that the guest iterates.
#[sandbox_api(host)]
pub trait Source: Send + Sync {
    async fn numbers(&self, count: u32) -> Result<Stream<f64>>;
    fn items(&self, count: u32) -> Result<Items<f64>>;
    async fn page(&self) -> Result<Page>;
    /// Values, and then an error.
    async fn fails(&self, count: u32) -> Result<Stream<u32>>;
    fn items_fail(&self, count: u32) -> Result<Items<u32>>;
    async fn panics(&self) -> Result<Stream<u32>>;
    /// Has values for ever, and never waits.
    async fn endless(&self) -> Result<Stream<u32>>;
    fn endless_items(&self) -> Result<Items<u32>>;
    /// Has no value, and waits for ever.
    async fn silent(&self) -> Result<Stream<u32>>;
    async fn texts(&self, lengths: Vec<u32>) -> Result<Stream<String>>;
    async fn things(&self, count: u32) -> Result<Stream<Handle<dyn Thing>>>;
    async fn bytes(&self, count: u32, length: u32) -> Result<Stream<Bytes>>;
    /// Gives the stream back, and adds to its values.
    async fn again(&self, numbers: Stream<f64>) -> Result<Stream<f64>>;
    fn sum(&self, items: Items<f64>) -> Result<f64>;
    /// How many values the host has made.
    fn made(&self) -> u32;
    /// How many streams of the host live.
    fn live(&self) -> u32;
    async fn moment(&self);
    /// A value after a moment.
    async fn number(&self) -> Result<f64>;
    /// Values with a moment before each.
    async fn slow(&self, count: u32) -> Result<Stream<f64>>;
}

#[sandbox_api(guest)]
pub trait Program {
    async fn run(&self, what: &str) -> Result<String>;
}

#[derive(Clone, Default)]
struct Counts {
    made: Arc<AtomicUsize>,
    live: Arc<AtomicUsize>,
    polled: Arc<Notify>,
    dropped: Arc<Notify>,
}

impl Counts {
    fn live(&self) -> usize {
        self.live.load(Ordering::SeqCst)
    }

    /// Waits until no stream lives. A thread drops what its sandbox had after the sandbox.
    async fn until_none(&self) {
        while self.live() > 0 {
            self.dropped.notified().await;
        }
    }

    /// Counts what is made of a stream, and whether it lives.
    fn of<S>(&self, inner: S) -> Counted<S> {
        self.live.fetch_add(1, Ordering::SeqCst);
        Counted { inner, counts: self.clone() }
    }
}

/// A stream or an iterator that is counted.
struct Counted<S> {
    inner: S,
    counts: Counts,
}

impl<S> Drop for Counted<S> {
    fn drop(&mut self) {
        self.counts.live.fetch_sub(1, Ordering::SeqCst);
        self.counts.dropped.notify_one();
    }
}

impl<S: futures_util::Stream + Unpin> futures_util::Stream for Counted<S> {
    type Item = S::Item;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let polled = self.inner.poll_next_unpin(cx);
        if let Poll::Ready(Some(_)) = &polled {
            self.counts.made.fetch_add(1, Ordering::SeqCst);
        }
        self.counts.polled.notify_one();
        polled
    }
}

impl<I: Iterator> Iterator for Counted<I> {
    type Item = I::Item;
    fn next(&mut self) -> Option<I::Item> {
        self.counts.made.fetch_add(1, Ordering::SeqCst);
        self.inner.next()
    }
}

struct Numbered(u32);
impl Thing for Numbered {
    fn id(&self) -> u32 {
        self.0
    }
}

#[sandbox_api]
impl Source for Counts {
    async fn numbers(&self, count: u32) -> Result<Stream<f64>> {
        Ok(Stream::new(self.of(stream::iter((0..count).map(|n| Ok(f64::from(n)))))))
    }
    fn items(&self, count: u32) -> Result<Items<f64>> {
        Ok(Items::new(self.of((0..count).map(|n| Ok(f64::from(n))))))
    }
    async fn page(&self) -> Result<Page> {
        let event = |number| Event { number, tags: vec![format!("t{number}"); 3] };
        let events = Some(Stream::new(stream::iter((0..100).map(move |number| Ok(event(number))))));
        Ok(Page { title: "First".into(), events })
    }
    async fn fails(&self, count: u32) -> Result<Stream<u32>> {
        let values = (0..count).map(Ok).chain([Err(Error::public("no more paper")), Ok(7)]);
        Ok(Stream::new(self.of(stream::iter(values))))
    }
    fn items_fail(&self, count: u32) -> Result<Items<u32>> {
        let values = (0..count).map(Ok).chain([Err(Error::public("no more paper")), Ok(7)]);
        Ok(Items::new(self.of(values)))
    }
    async fn panics(&self) -> Result<Stream<u32>> {
        let values = (0..).map(|n| if n < 2 { Ok(n) } else { panic!("out of luck") });
        Ok(Stream::new(self.of(stream::iter(values))))
    }
    async fn endless(&self) -> Result<Stream<u32>> {
        Ok(Stream::new(self.of(stream::iter((0..).map(Ok)))))
    }
    fn endless_items(&self) -> Result<Items<u32>> {
        Ok(Items::new(self.of((0..).map(Ok))))
    }
    async fn silent(&self) -> Result<Stream<u32>> {
        Ok(Stream::new(self.of(stream::pending())))
    }
    async fn texts(&self, lengths: Vec<u32>) -> Result<Stream<String>> {
        let text = |length: u32| Ok("x".repeat(length as usize));
        Ok(Stream::new(stream::iter(lengths.into_iter().map(text))))
    }
    async fn things(&self, count: u32) -> Result<Stream<Handle<dyn Thing>>> {
        Ok(Stream::new(stream::iter((0..count).map(|n| Ok(Handle::new(Numbered(n)))))))
    }
    async fn bytes(&self, count: u32, length: u32) -> Result<Stream<Bytes>> {
        let piece = move |n: u32| Ok(Bytes::from(vec![n.to_le_bytes()[0]; length as usize]));
        Ok(Stream::new(self.of(stream::iter((0..count).map(piece)))))
    }
    async fn again(&self, numbers: Stream<f64>) -> Result<Stream<f64>> {
        Ok(Stream::new(numbers.map(|number| Ok(number? + 1.0))))
    }
    fn sum(&self, items: Items<f64>) -> Result<f64> {
        items.sum()
    }
    fn made(&self) -> u32 {
        self.made.load(Ordering::SeqCst).try_into().unwrap()
    }
    fn live(&self) -> u32 {
        self.live.load(Ordering::SeqCst).try_into().unwrap()
    }
    async fn moment(&self) {
        tokio::task::yield_now().await;
    }
    async fn number(&self) -> Result<f64> {
        tokio::task::yield_now().await;
        Ok(1.0)
    }
    async fn slow(&self, count: u32) -> Result<Stream<f64>> {
        let number = |_| {
            Box::pin(async {
                tokio::task::yield_now().await;
                Ok(1.0)
            })
        };
        Ok(Stream::new(self.of(stream::iter(0..count).then(number))))
    }
}

fn script() -> Script {
    Script::new("streams.mjs", include_str!("streams/program.js"))
}

/// Runs a part of the program in each kind of sandbox.
async fn in_all(what: &str, limits: Limits, check: impl AsyncFn(Result<String>, &Counts)) {
    let counts = Counts::default();
    {
        let local =
            LocalSandbox::builder().limits(limits).host::<dyn Source>(counts.clone()).build().unwrap();
        let program = local.load::<dyn Program>(script()).unwrap();
        check(program.run(what).await, &counts).await;
    }
    assert_eq!(counts.live(), 0, "in this thread: {what}");
    let counts = Counts::default();
    {
        let sandbox = Sandbox::builder().limits(limits).host::<dyn Source>(counts.clone()).build().unwrap();
        let program = sandbox.load_async::<dyn Program>(script()).await.unwrap();
        check(program.run(what).await, &counts).await;
    }
    counts.until_none().await;
}

/// Compares a program's text over links to other processes. There the guest cannot know when the host has dropped a stream.
async fn gives_away(what: &str, expected: &str) {
    for (site, link) in sites::links() {
        let counts = Counts::default();
        {
            let builder = Sandbox::builder().limits(long()).transport(link);
            let sandbox = builder.host::<dyn Source>(counts.clone()).build().unwrap();
            let program = sandbox.load_async::<dyn Program>(script()).await.unwrap();
            assert_eq!(program.run(what).await.unwrap(), expected, "{site}: {what}");
        }
        counts.until_none().await;
    }
}

async fn gives(what: &str, expected: &str) {
    in_all(what, long(), async |result, _| assert_eq!(result.unwrap(), expected, "{what}")).await;
}

#[tokio::test]
async fn streams_cross_links_to_other_processes() {
    gives_away("sums", "0,1,3,6,4950,12497500").await;
    gives_away("sumsItems", "0,1,3,6,4950,12497500").await;
    gives_away("page", "First:100:t99,t99,t99:true").await;
    gives_away("ahead", "true,true,true,true,true,true").await;
    gives_away("races", "0,1,2,3,4,5,6,7,8,9,,").await;
    gives_away("large", "100000,1,2,300000,3,0").await;
    gives_away("bytes", "50:5000000:49").await;
    gives_away("things", "0,1,2,3,4,5,6,7,8,9").await;
    gives_away("poisoned", "0,1,2,3,4,5,6,7,8,9|0,1,2,3,4,5,6,7,8,9").await;
    gives_away("takesFew", "0,1,2,3|0,1,2,3").await;
    gives_away("failsAway", "0,1,2,3,4|Error: no more paper|true").await;
}

#[tokio::test]
async fn a_guest_gets_all_values_in_their_order() {
    gives("sums", "0,1,3,6,4950,12497500").await;
    gives("sumsItems", "0,1,3,6,4950,12497500").await;
    gives("page", "First:100:t99,t99,t99:true").await;
}

#[tokio::test]
async fn the_host_is_no_further_ahead_than_what_the_guest_has_taken() {
    gives("ahead", "true,true,true,true,true,true").await;
    gives("aheadItems", "true,true,true,true,true,true").await;
}

/// Over a link, the host hears of the end although the guest asks for nothing more.
#[tokio::test]
async fn a_stream_that_is_left_ends_the_requests_that_wait() {
    gives("leftWhileAsked", "true,true").await;
    gives_away("leftWhileAsked", "true,true").await;
}

#[tokio::test]
async fn an_error_comes_behind_the_values_and_ends_the_stream() {
    gives("fails", "0,1,2,3,4|Error: no more paper|true|0").await;
    gives("failsItems", "0,1,2,3,4|Error: no more paper|true|0").await;
    in_all("panics", long(), async |result, _| {
        let text = result.unwrap();
        assert!(text.starts_with("0,1|Error: Stream.next failed (reference E"), "{text}");
        assert!(text.ends_with("|true|0"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn the_host_drops_a_stream_when_the_guest_is_done_with_it() {
    gives("leaves", "1,0,1,0").await;
    gives("leavesItems", "1,0,1,0").await;
    gives("ends", "1,0").await;
    gives("endsItems", "1,0").await;
}

#[tokio::test]
async fn a_guest_that_stops_a_stream_that_waits_gets_its_end() {
    gives("stopsSilent", "true,true,0").await;
}

#[tokio::test]
async fn requests_are_answered_in_their_order() {
    gives("races", "0,1,2,3,4,5,6,7,8,9,,").await;
}

#[tokio::test]
async fn a_stream_is_iterated_once() {
    in_all("twice", long(), async |result, _| {
        let text = result.unwrap();
        let lines = text.lines().collect::<Vec<_>>();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines.iter().all(|line| line.starts_with("TypeError: a stream is iterated once")), "{text}");
    })
    .await;
}

#[tokio::test]
async fn values_of_any_size_cross() {
    gives("large", "100000,1,2,300000,3,0").await;
    let limits = Limits { value_bytes: 1000, value_text: 900, value_nodes: 10, value_items: 8, ..long() };
    in_all("small", limits, async |result, _| {
        let text = result.unwrap();
        let (texts, error) = text.split_once('|').unwrap();
        assert_eq!(texts, "900,1,2,899,3,4,5,6,7,8,9");
        assert!(error.starts_with("Error: Stream.next failed"), "{error}");
    })
    .await;
    gives("bytes", "50:5000000:49").await;
}

#[tokio::test]
async fn handles_cross_in_streams() {
    gives("things", "0,1,2,3,4,5,6,7,8,9").await;
}

#[tokio::test]
async fn a_stream_that_nothing_was_taken_of_goes_back_to_the_host() {
    gives("again", "6|10|45").await;
    in_all("againRead", long(), async |result, _| {
        let text = result.unwrap();
        assert!(text.lines().count() == 6, "{text}");
        assert!(text.lines().all(|line| line.starts_with("TypeError: ")), "{text}");
    })
    .await;
}

#[tokio::test]
async fn a_guest_that_changes_every_intrinsic_gets_the_same_values() {
    gives("poisoned", "0,1,2,3,4,5,6,7,8,9|0,1,2,3,4,5,6,7,8,9").await;
}

#[tokio::test]
async fn setters_of_indices_see_no_list() {
    gives("indices", "3 values, 0 sets").await;
}

#[tokio::test]
async fn a_guest_cannot_change_a_stream_or_make_one() {
    gives("frozen", "true,true,true,true,true,,true,true,true,true,true,,").await;
    in_all("stolen", long(), async |result, _| {
        let text = result.unwrap();
        assert!(
            text.lines().count() == 8 && text.lines().all(|line| line.starts_with("TypeError: ")),
            "{text}"
        );
    })
    .await;
}

#[tokio::test]
async fn each_request_of_a_batch_counts_as_a_call_of_the_host() {
    let limits = Limits { host_calls: 9, ..long() };
    in_all("sumOf:120", limits, async |result, _| assert_eq!(result.unwrap(), "7140")).await;
    in_all("sumOf:2000", limits, async |result, _| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::HostCalls, .. }), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn an_endless_stream_ends_with_the_limits_of_its_call() {
    let limits = Limits { host_calls: 1000, ..long() };
    for what in ["endless", "endlessItems"] {
        in_all(what, limits, async |result, _| {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::Limit { kind: LimitKind::HostCalls, .. }), "{error:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn the_end_of_a_call_drops_the_stream_that_it_waits_for() {
    let counts = Counts::default();
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Source>(counts.clone()).build().unwrap();
    let program = sandbox.load_async::<dyn Program>(script()).await.unwrap();
    {
        let call = std::pin::pin!(program.run("waits"));
        let polled = counts.polled.notified();
        futures_util::future::select(call, std::pin::pin!(polled)).await;
        assert_eq!(counts.live(), 1);
    }
    assert_eq!(program.run("sumOf:4").await.unwrap(), "6");
    assert_eq!(counts.live(), 0);
}

#[tokio::test]
async fn a_stream_lives_until_a_reset() {
    let counts = Counts::default();
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Source>(counts.clone()).build().unwrap();
    let program = sandbox.load::<dyn Program>(script()).unwrap();
    assert_eq!(program.run("keeps").await.unwrap(), "0,0");
    assert_eq!(program.run("kept").await.unwrap(), "1,1");
    assert_eq!(counts.live(), 2);
    sandbox.reset().unwrap();
    assert_eq!(counts.live(), 0);
}

#[tokio::test]
async fn a_host_takes_the_values_as_of_any_stream() {
    let numbers = Stream::new(stream::iter([Ok(1), Ok(2), Err(Error::public("end")), Ok(3)]));
    let taken = numbers.map(|number| number.ok()).collect::<Vec<_>>().await;
    assert_eq!(taken, [Some(1), Some(2), None]);
    let items = Items::new([Ok(1), Err(Error::public("end")), Ok(3)]);
    assert_eq!(items.map(Result::ok).collect::<Vec<_>>(), [Some(1), None]);
}

#[test]
fn no_other_format_has_streams() {
    let error = serde_json::to_string(&Stream::new(stream::iter([Ok(1)]))).unwrap_err().to_string();
    assert!(error.contains("a handle of `Stream` crosses as an argument or a result"), "{error}");
    let error = serde_json::from_str::<Items<u32>>("[]").unwrap_err().to_string();
    assert!(error.contains("a handle of `Items` is read from a guest's value"), "{error}");
}

/// A value of `/proc/self/status`, in bytes.
fn status(name: &str) -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|value| value.parse::<usize>().ok()).unwrap_or_default() * 1024
}

/// The figures of the guide: `cargo test --release -p sandbox-worker --test streams -- --ignored --nocapture figures`.
#[tokio::test]
#[ignore = "measures, on a machine that does nothing else"]
async fn figures() {
    let counts = Counts::default();
    let limits = Limits { cpu: slack::LONG, ..long() };
    let sandbox = Sandbox::builder().limits(limits).host::<dyn Source>(counts.clone()).build().unwrap();
    let program = sandbox.load_async::<dyn Program>(script()).await.unwrap();
    let timed = async |what: &str, count: u32| {
        let mut best = f64::MAX;
        for _ in 0..5 {
            let began = std::time::Instant::now();
            program.run(what).await.unwrap();
            best = best.min(began.elapsed().as_secs_f64() * 1e9 / f64::from(count));
        }
        println!("{what}: {best:.0} ns each");
    };
    timed("calls:100000", 100_000).await;
    timed("singles:100000", 100_000).await;
    timed("sumOf:1000000", 1_000_000).await;
    timed("sumOfItems:1000000", 1_000_000).await;
    timed("noStream:1000000", 1_000_000).await;
    for what in ["bytesOf:65536", "textsOf:65536", "bytesOf:4096"] {
        program.run(&what.replace("Of:", "Of:16:")).await.unwrap();
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let before = status("VmRSS:");
        let began = std::time::Instant::now();
        program.run(&what.replace("Of:", "Of:1073741824:")).await.unwrap();
        let (took, more) = (began.elapsed(), status("VmHWM:").saturating_sub(before));
        println!("1 GiB, {what} a value: {} KiB more resident at most, {took:?}", more / 1024);
    }
}
