//! Sessions with a peer that a test writes frame by frame.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use serde::Serialize;

use super::channel::Channel;
use super::link::{Connect, Link};
use super::message::{
    self, ConsoleLineData, Done, Evaluate, Failure, Hello, HostRefusal, Ready, WireBill, from_json, kind,
    to_json,
};
use super::serve::ServerEnd;
use super::{WiredSite, in_memory};
use crate::error::{Death, DiscardCause, Error, LimitKind, Result};
use crate::isolate::Host;
use crate::isolate::host_dispatch::{PlainHost, SentHosts};
use crate::observe::{CallBegin, CallEnd, Observer, SandboxEnd};
use crate::options::{Console, Settings};
use crate::script::Script;
use crate::time::Deadline;
use crate::wire::fault::RemoteFault;
use crate::wire::frame::{Frame, FrameError, FrameReader, FrameWriter};

/// No peer of these tests is slow, and a busy machine may be.
const GRACE: Duration = Duration::from_secs(300);

type Serve = Box<dyn FnOnce(Peer) + Send>;

/// Connects to these peers, one after the other.
struct Peers(Mutex<VecDeque<Serve>>);

impl Connect for Peers {
    fn connect(&self, _: bool, longest: usize) -> Result<Arc<dyn Link>> {
        let serve = self.0.lock().expect("no panic").pop_front().expect("another peer");
        in_memory::connect(true, longest, |end| serve(Peer::greet(end)))
    }
}

/// The peer's end of a link, after its sandbox was made.
struct Peer {
    input: FrameReader<Box<dyn Channel>>,
    output: FrameWriter<Box<dyn Channel>>,
}

impl Peer {
    fn greet(end: ServerEnd) -> Self {
        const MOST: usize = 1 << 20;
        let (input, output) = (FrameReader::new(end.input, MOST), FrameWriter::new(end.output, MOST));
        let mut peer = Self { input, output };
        peer.send(kind::HELLO, 0, &Hello { version: message::VERSION, windows: false, refusal: None });
        let setup = peer.next();
        assert_eq!(setup.kind, kind::SETUP);
        peer.send(kind::READY, setup.call, &Ready { report: None });
        peer
    }

    fn send(&mut self, kind: u8, call: u64, message: &impl Serialize) {
        let sent = self.output.send(kind, call, |body| to_json::<FrameError>(message, body));
        sent.expect("the host is there");
    }

    /// The next frame that wants an answer, or cancels a call.
    fn next(&mut self) -> Frame {
        loop {
            let frame = self.input.next().expect("a frame");
            if frame.kind != kind::FORGET {
                return frame;
            }
        }
    }

    /// Whether no frame has arrived.
    fn has_nothing(&mut self) -> bool {
        self.input.next_now().expect("the host is there").is_none()
    }

    /// The next frame, which evaluates the script of this name. Returns the number of the call.
    fn evaluates(&mut self, name: &str) -> u64 {
        let frame = self.next();
        let request: Evaluate<'static> = from_json(&frame.body).expect("a script to evaluate");
        assert_eq!(request.script.script().expect("an entry").name(), name);
        frame.call
    }

    /// Ends a host call, in the name of a guest's call.
    fn abort(&mut self, host_call: u64, body: &[u8]) {
        let sent = self.output.send(kind::HOST_ABORT, host_call, |out| {
            out.extend_from_slice(body);
            Ok::<_, FrameError>(())
        });
        sent.expect("the host is there");
    }

    fn answer(&mut self, call: u64) {
        self.send(kind::DONE, call, &Done { handle: call, exported: Vec::new(), bill: WireBill::default() });
    }

    /// Waits until the host hangs up.
    fn rest(mut self) {
        while self.input.next().is_ok() {}
    }
}

fn site(settings: Settings, peers: impl IntoIterator<Item = Serve>) -> WiredSite {
    site_of(settings, Vec::new(), peers)
}

fn site_of(settings: Settings, hosts: Vec<PlainHost>, peers: impl IntoIterator<Item = Serve>) -> WiredSite {
    // SAFETY: the hosts of these tests are `Send`, and nothing else holds them.
    let hosts = unsafe { SentHosts::new(hosts) };
    let peers = Peers(Mutex::new(peers.into_iter().collect()));
    WiredSite::start(settings, hosts, Box::new(peers), GRACE).expect("a sandbox")
}

fn settings() -> Settings {
    Settings { limits: crate::Limits { wall: GRACE, ..Default::default() }, ..Settings::default() }
}

fn script(name: &str) -> Script {
    Script::new(name, "")
}

/// While a call that was cancelled has no answer, `async` calls wait, and a synchronous one does not.
#[test]
fn no_async_call_begins_before_the_answer_to_a_cancellation() {
    /// More than the host reads in one round, after which it looks at waiting calls.
    const LINES: usize = 200;
    let (tell, told): (Sender<&str>, Receiver<&str>) = channel();
    let (go, goes): (Sender<()>, Receiver<()>) = channel();
    let serve = move |mut peer: Peer| {
        let first = peer.evaluates("first.js");
        tell.send("begun").expect("the test waits");
        let cancel = peer.next();
        assert_eq!((cancel.kind, cancel.call), (kind::CANCEL, first));
        tell.send("cancelled").expect("the test waits");
        // The second call waits in the host by now.
        goes.recv().expect("the test goes on");
        for _ in 0..LINES {
            peer.send(kind::CONSOLE, 0, &ConsoleLineData { level: 1, text: "x".into(), place: None });
        }
        goes.recv().expect("the test has seen all lines");
        assert!(peer.has_nothing(), "a call has begun");
        tell.send("nothing").expect("the test waits");
        let third = peer.evaluates("third.js");
        peer.answer(third);
        peer.answer(first);
        let second = peer.evaluates("second.js");
        peer.answer(second);
        peer.rest();
    };
    let (line, lines) = channel();
    let console = Console::sink(move |_| _ = line.send(()));
    let site = site(Settings { console, ..settings() }, [Box::new(serve) as Serve]);
    let cx = &mut Context::from_waker(Waker::noop());
    let evaluation = |name| Box::pin(site.clone().evaluate_async(None, script(name), Deadline::NEVER));
    let mut first = evaluation("first.js");
    assert!(first.as_mut().poll(cx).is_pending());
    assert_eq!(told.recv(), Ok("begun"));
    drop(first);
    assert_eq!(told.recv(), Ok("cancelled"));
    let mut second = evaluation("second.js");
    assert!(second.as_mut().poll(cx).is_pending());
    go.send(()).expect("the peer waits");
    (0..LINES).for_each(|_| lines.recv().expect("a line"));
    go.send(()).expect("the peer waits");
    assert_eq!(told.recv(), Ok("nothing"));
    let third = site.evaluate(None, &script("third.js"), Deadline::NEVER);
    third.map(drop).expect("a synchronous call begins beside");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(second).map(drop).expect("the second call begins after the answer");
}

/// The end of a host call that has answered, or that never was, is ignored. The guest's call must be under way.
#[test]
fn a_peer_ends_host_calls_of_guests_calls_alone() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let breaks: [fn(&mut Peer, u64); 3] = [
        |peer, call| peer.abort(7, &(call + 1).to_le_bytes()),
        |peer, _| peer.abort(7, &0_u64.to_le_bytes()),
        |peer, call| peer.abort(7, &call.to_le_bytes()[1..]),
    ];
    for breaks in breaks {
        let serve = move |mut peer: Peer| {
            let call = peer.evaluates("a.js");
            (0..1000).for_each(|host_call| peer.abort(host_call, &call.to_le_bytes()));
            peer.answer(call);
            let call = peer.evaluates("b.js");
            breaks(&mut peer, call);
            peer.rest();
        };
        let site = site(settings(), [Box::new(serve) as Serve]);
        let evaluation = |name| site.clone().evaluate_async(None, script(name), Deadline::NEVER);
        runtime.block_on(evaluation("a.js")).map(drop).expect("nothing was broken");
        let error = runtime.block_on(evaluation("b.js")).map(drop).expect_err("the protocol was broken");
        assert!(matches!(error, Error::Process { death: Death::Protocol { .. }, .. }), "{error:?}");
    }
}

/// A peer that hangs up ends every call under way, with a death of its own. After a reset, there is another peer.
#[test]
fn a_peer_that_hangs_up_is_disconnected() {
    let is_disconnected = |error: &Error| matches!(error, Error::Process { death: Death::Disconnected, .. });
    let leaves = |mut peer: Peer| _ = peer.evaluates("a.js");
    let serves = |mut peer: Peer| {
        let call = peer.evaluates("b.js");
        peer.answer(call);
        peer.rest();
    };
    let (tell, told) = channel();
    let leaves_an_idle_host = move |peer: Peer| {
        told.recv().expect("the test goes on");
        drop(peer);
    };
    let peers: [Serve; 5] = [
        Box::new(leaves),
        Box::new(serves),
        Box::new(leaves),
        Box::new(leaves_an_idle_host),
        Box::new(serves),
    ];
    let site = site(settings(), peers);
    let evaluate = |name| site.evaluate(None, &script(name), Deadline::NEVER).map(drop);
    let reset = || site.reset().expect("another peer");
    let error = evaluate("a.js").expect_err("the peer is gone");
    assert!(is_disconnected(&error) && error.is_final(), "{error:?}");
    assert_eq!(error.kind(), "process.disconnected");
    assert!(!site.is_live());
    let after = evaluate("b.js").expect_err("the sandbox is discarded");
    assert!(
        matches!(&after, Error::Discarded { cause: DiscardCause::Fault(fault), .. } if is_disconnected(fault)),
        "{after:?}"
    );
    reset();
    evaluate("b.js").expect("the next peer serves");
    reset();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let later = site.clone().evaluate_async(None, script("a.js"), Deadline::NEVER);
    let error = runtime.block_on(later).map(drop).expect_err("the peer is gone");
    assert!(is_disconnected(&error), "{error:?}");
    reset();
    tell.send(()).expect("the peer waits");
    while site.is_live() {
        std::thread::yield_now();
    }
    let error = evaluate("a.js").expect_err("the peer has left before");
    assert!(is_disconnected(&error), "{error:?}");
    reset();
    evaluate("b.js").expect("the next peer serves");
}

/// Sends each event of a call or of an end as a line, and the number of calls on its bill.
struct Events(Mutex<Sender<(String, u64)>>);

impl Events {
    fn tell(&self, line: impl ToString, billed: u64) {
        _ = self.0.lock().expect("no panic").send((line.to_string(), billed));
    }
}

impl Observer for Events {
    fn on_call_begin(&self, event: &CallBegin<'_>) {
        self.tell(event, 0);
    }
    fn on_call_end(&self, event: &CallEnd<'_>) {
        self.tell(event, event.bill.calls);
    }
    fn on_sandbox_end(&self, event: &SandboxEnd<'_>) {
        self.tell(event, 0);
    }
}

/// Answers a call.
type Answer = fn(&mut Peer, u64);

/// Answers its only call with `answer`, once the call is cancelled where `is_cancelled` says so.
fn ends_with(is_cancelled: bool, tell: Sender<()>, answer: Answer) -> Serve {
    Box::new(move |mut peer| {
        let call = peer.evaluates("a.js");
        tell.send(()).expect("the test waits");
        if is_cancelled {
            assert_eq!(peer.next().kind, kind::CANCEL);
        }
        answer(&mut peer, call);
        peer.rest();
    })
}

fn answers_what_is_no_answer(peer: &mut Peer, call: u64) {
    peer.send(kind::DONE, call, &"no handle");
}

fn answers_that_the_heap_is_full(peer: &mut Peer, call: u64) {
    let fault = settings().limits.exceeded(LimitKind::Heap, None);
    peer.send(
        kind::FAILURE,
        call,
        &Failure { fault: RemoteFault::of(fault, &[]), bill: WireBill::default() },
    );
}

/// An answer that ends the sandbox ends it before the call, for observers. Whether the caller is there makes no difference.
#[test]
fn a_call_whose_answer_ends_the_sandbox_ends_after_it() {
    let answers: [(Answer, &str); 2] =
        [(answers_what_is_no_answer, "process.protocol"), (answers_that_the_heap_is_full, "limit.heap")];
    for ((answer, kind), is_gone) in answers.into_iter().flat_map(|answer| [(answer, false), (answer, true)])
    {
        let ((tell, told), (event, events)) = (channel(), channel());
        let mut settings = settings();
        settings.observers.add(Events(Mutex::new(event)));
        let serves = |mut peer: Peer| {
            let call = peer.evaluates("b.js");
            peer.answer(call);
            peer.rest();
        };
        let site = site(settings, [ends_with(is_gone, tell, answer), Box::new(serves)]);
        let cx = &mut Context::from_waker(Waker::noop());
        let mut call = Box::pin(site.clone().evaluate_async(None, script("a.js"), Deadline::NEVER));
        assert!(call.as_mut().poll(cx).is_pending());
        told.recv().expect("the call has begun");
        let outcome = match is_gone {
            true => "cancelled".to_owned(),
            false => {
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                let error = runtime.block_on(&mut call).map(drop).expect_err("the sandbox is gone");
                assert!(error.is_final() && error.kind() == kind, "{error:?}");
                kind.to_owned()
            }
        };
        drop(call);
        let events = events.iter().take(3).collect::<Vec<_>>();
        let [begins, gone, ends] = &events[..] else { panic!("{events:?}") };
        assert_eq!(begins.0, "call 1 begins: evaluation of a.js");
        assert!(gone.0.starts_with("sandbox ") && gone.0.ends_with(&format!(" ends: {kind}")), "{events:?}");
        assert_eq!(ends.0, format!("call 1 ends: evaluation of a.js: {outcome}"), "{events:?}");
        assert_eq!(ends.1, site.usage().total.calls, "{kind}");
        assert!(!site.is_live());
        site.reset().expect("another peer");
        site.evaluate(None, &script("b.js"), Deadline::NEVER).map(drop).expect("the next peer serves");
    }
}

#[crate::sandbox_api(host, crate = crate)]
trait Thing: Send + Sync {
    fn nothing(&self);
}

#[crate::sandbox_api(host, crate = crate)]
trait Things {
    fn make(&self) -> crate::Handle<dyn Thing>;
}

/// Counts the things that live.
struct Counted(Arc<()>);

impl Thing for Counted {
    fn nothing(&self) {}
}

impl Things for Counted {
    fn make(&self) -> crate::Handle<dyn Thing> {
        crate::Handle::new(Self(self.0.clone()))
    }
}

impl Peer {
    /// Asks for a thing. Returns the answer.
    fn makes(&mut self) -> Frame {
        let sent = self.output.send(kind::HOST_CALL, 1, |body| {
            // The numbers of the contract and of the method, the synchronous call, and no arguments.
            body.extend([0; 13]);
            Ok::<_, FrameError>(())
        });
        sent.expect("the host is there");
        let frame = self.next();
        if frame.kind == kind::CONTRACT { self.next() } else { frame }
    }

    fn releases(&mut self, numbers: impl Iterator<Item = u64>) {
        let pairs = numbers.flat_map(|number| [number.to_le_bytes(), 1_u64.to_le_bytes()].concat());
        let sent = self.output.send(kind::RELEASE, 0, |body| {
            body.extend(pairs);
            Ok::<_, FrameError>(())
        });
        sent.expect("the host is there");
    }
}

/// A peer that releases nothing makes the host keep twice the limit, and no more. After a release there is room again.
#[test]
fn a_peer_that_releases_nothing_gets_no_more() {
    const MOST: usize = 10;
    let mine = Arc::new(());
    let counted = mine.clone();
    let serve = move |mut peer: Peer| {
        let call = peer.evaluates("a.js");
        for round in 0..3_u64 {
            for nth in 0..2 * MOST {
                let frame = peer.makes();
                assert_eq!(frame.kind, kind::HOST_VALUE, "{nth}");
            }
            for _ in 0..100 {
                let frame = peer.makes();
                assert_eq!(frame.kind, kind::HOST_REFUSAL);
                let refusal: HostRefusal = from_json(&frame.body).expect("a refusal");
                assert!(refusal.ends);
                // One of the test, of the closure, and of the host.
                assert!(Arc::strong_count(&counted) <= 2 * MOST + 4, "{}", Arc::strong_count(&counted));
            }
            let first = 1 + round * 2 * MOST as u64;
            peer.releases(first..first + 2 * MOST as u64);
        }
        peer.answer(call);
        peer.rest();
    };
    let mut settings = settings();
    settings.limits.handles = MOST;
    let host = Host::new::<dyn Things>(Box::new(Counted(mine.clone()))).expect("a host");
    let site = site_of(settings, vec![host.into()], [Box::new(serve) as Serve]);
    site.evaluate(None, &script("a.js"), Deadline::NEVER).map(drop).expect("the peer keeps to the protocol");
    assert!(Arc::strong_count(&mine) <= 3, "{}", Arc::strong_count(&mine));
    drop(site);
}
