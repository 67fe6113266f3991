//! Bytes → the frames of a peer → a session of the host.
//!
//! The peer answers what the host asks, and sends other frames before: of every kind, with bodies as the protocol has them, and
//! with bodies that were changed. A call ends with an answer or a typed error, no code of the host is reached by a wrong frame,
//! and no object of the host is left when the peer is gone.

use std::cell::Cell;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use arbitrary::{Result, Unstructured};
use sandbox_runtime::testing::wire::{GivenNumber, KINDS, RawFrame, encode, encode_list, scripted_peer};
use sandbox_runtime::{
    AsyncCallback, Callback, Cancellation, Console, Death, Error, Handle, HandleNumber, HostPanic, Items,
    JsValue, Limits, ProcessSandbox, Sandbox, Script, Stream, Unrepresentable, sandbox_api,
};

#[sandbox_api(host)]
pub trait Thing: Send + Sync {
    fn size(&self) -> u32;
    async fn wait(&self, ends: Cancellation) -> u32;
}

#[sandbox_api(host)]
pub trait Things: Send + Sync {
    fn make(&self) -> Handle<dyn Thing>;
    fn take(&self, thing: Handle<dyn Thing>) -> u32;
    fn items(&self) -> Items<u32>;
    fn adder(&self, to: u32) -> Callback<fn(u32) -> sandbox_runtime::Result<u32>>;
    fn echo(&self, value: serde_json::Value) -> serde_json::Value;
    fn run(&self, step: Callback<fn(u32) -> sandbox_runtime::Result<u32>>) -> sandbox_runtime::Result<u32>;
    async fn rows(&self) -> Stream<u32>;
    async fn never(&self, ends: Cancellation);
    async fn each(
        &self,
        step: AsyncCallback<fn(u32) -> sandbox_runtime::Result<u32>>,
    ) -> sandbox_runtime::Result<u32>;
}

#[sandbox_api(guest)]
pub trait Rule: Send + Sync {
    fn now(&self, n: u32) -> sandbox_runtime::Result<u32>;
    fn keeps(&self, thing: Handle<dyn Thing>) -> sandbox_runtime::Result<bool>;
    async fn later(&self, ends: Cancellation) -> sandbox_runtime::Result<String>;
}

/// Counts the objects that live.
struct Counted(Arc<()>);

#[sandbox_api]
impl Thing for Counted {
    fn size(&self) -> u32 {
        1
    }
    async fn wait(&self, _: Cancellation) -> u32 {
        std::future::pending().await
    }
}

#[sandbox_api]
impl Things for Counted {
    fn make(&self) -> Handle<dyn Thing> {
        Handle::new(Self(self.0.clone()))
    }
    fn take(&self, thing: Handle<dyn Thing>) -> u32 {
        thing.size()
    }
    fn items(&self) -> Items<u32> {
        let counted = self.0.clone();
        Items::new((0..9).map(move |_| Ok(Arc::strong_count(&counted) as u32)))
    }
    fn adder(&self, to: u32) -> Callback<fn(u32) -> sandbox_runtime::Result<u32>> {
        let counted = self.0.clone();
        Callback::new(move |more: u32| {
            Ok(to.wrapping_add(more).wrapping_add(Arc::strong_count(&counted) as u32))
        })
    }
    fn echo(&self, value: serde_json::Value) -> serde_json::Value {
        value
    }
    fn run(&self, step: Callback<fn(u32) -> sandbox_runtime::Result<u32>>) -> sandbox_runtime::Result<u32> {
        Ok(step.call(1)?.wrapping_add(step.call(2)?))
    }
    async fn each(
        &self,
        step: AsyncCallback<fn(u32) -> sandbox_runtime::Result<u32>>,
    ) -> sandbox_runtime::Result<u32> {
        Ok(step.call(1).await?.wrapping_add(step.call(2).await?))
    }
    async fn rows(&self) -> Stream<u32> {
        // Each second row is waited for.
        let (counted, mut at) = (self.0.clone(), 0);
        Stream::new(futures_util::stream::poll_fn(move |cx| {
            at += 1;
            match at {
                20.. => Poll::Ready(None),
                odd if odd % 2 == 1 => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                _ => Poll::Ready(Some(Ok(Arc::strong_count(&counted) as u32))),
            }
        }))
    }
    async fn never(&self, _: Cancellation) {
        std::future::pending().await
    }
}

/// The state of a peer, from which its frames are made.
#[derive(Default)]
pub struct Known {
    /// The number of the guest's call, or 0 where the host waits for the call without polling.
    call: u64,
    /// The numbers of the host's objects, with those of their contracts.
    handles: Vec<(u64, u16)>,
    /// The last number of a crossing of a guest's object.
    crossing: Cell<u64>,
}

/// Makes the body of a frame.
pub type Body = fn(&mut Unstructured<'_>, &Known) -> Result<Vec<u8>>;

/// Each kind of frame, and what its body is made of.
pub const BODIES: &[(&str, Body)] = &[
    // A peer that sends a frame of the host breaks the protocol, whatever is in it.
    ("SETUP", any),
    ("EVALUATE", any),
    ("BIND", any),
    ("CALL", any),
    ("HOST_VALUE", any),
    ("HOST_REFUSAL", any),
    ("FORGET", any),
    ("REALM", any),
    ("CANCEL", any),
    ("CONTRACT", any),
    ("OBJECT", any),
    ("DROP", any),
    ("HELLO", |_, _| Ok(br#"{"version":16,"windows":true,"refusal":null}"#.to_vec())),
    ("READY", |_, _| Ok(br#"{"report":null}"#.to_vec())),
    ("DONE", done),
    ("VALUE", |source, known| Ok([vec![0; BILL], encode(&value(source, known)?)].concat())),
    ("FAILURE", failure),
    ("HOST_CALL", |source, known| {
        let contract = if source.ratio(15, 16)? { 0 } else { source.arbitrary()? };
        let (head, args) = (head(source, known, contract)?, args(source, known)?);
        Ok([head, args].concat())
    }),
    ("HANDLE_CALL", |source, known| {
        let (number, contract) = handle(source, known)?;
        let (head, args) = (head(source, known, contract)?, args(source, known)?);
        Ok([head, number.to_le_bytes().to_vec(), args].concat())
    }),
    ("RELEASE", |source, known| {
        let (number, _) = handle(source, known)?;
        let count = if source.ratio(7, 8)? { 1 } else { source.arbitrary()? };
        Ok([number.to_le_bytes(), u64::to_le_bytes(count)].concat())
    }),
    ("CONSOLE", |_, _| {
        Ok(br#"{"level":2,"text":"a line","place":{"function":"f","place":["a.js",1,2],"original":["a.ts",1,2]}}"#.to_vec())
    }),
    ("HOST_ABORT", |source, known| Ok(owner(source, known)?.to_le_bytes().to_vec())),
];

/// The kinds that a peer may send without being asked, the frequent ones more than once.
const UNASKED: &[&str] = &[
    "HOST_CALL",
    "HOST_CALL",
    "HOST_CALL",
    "HANDLE_CALL",
    "HANDLE_CALL",
    "RELEASE",
    "CONSOLE",
    "HOST_ABORT",
];
const ANSWERS: &[&str] = &["DONE", "VALUE", "FAILURE"];

/// The bytes of a bill.
const BILL: usize = 96;
const BILL_JSON: &str = "[0,0,0,0,0,0,0,0,0,0,0,0]";

fn any(source: &mut Unstructured<'_>, _: &Known) -> Result<Vec<u8>> {
    let length = source.int_in_range(0..=40usize)?.min(source.len());
    Ok(source.bytes(length)?.to_vec())
}

/// The guest's call under way more often than another.
fn owner(source: &mut Unstructured<'_>, known: &Known) -> Result<u64> {
    if source.ratio(31, 32)? { Ok(known.call) } else { source.arbitrary() }
}

/// A handle that the peer has more often than another.
fn handle(source: &mut Unstructured<'_>, known: &Known) -> Result<(u64, u16)> {
    if known.handles.is_empty() || source.ratio(1, 16)? {
        return Ok((source.int_in_range(0..=3)?, source.int_in_range(0..=3)?));
    }
    source.choose(&known.handles).copied()
}

fn done(source: &mut Unstructured<'_>, known: &Known) -> Result<Vec<u8>> {
    let call = known.call;
    let methods = source.choose(&["[true,true,true]", "[true,false,true]", "[]"])?;
    Ok(format!(r#"{{"handle":{call},"exported":{methods},"bill":{BILL_JSON}}}"#).into_bytes())
}

fn failure(source: &mut Unstructured<'_>, _: &Known) -> Result<Vec<u8>> {
    const GUEST: &str = r#"{"Guest":{"name":"Error","message":"m","stack":[[null,"a.js",1,1]],"value":[18,8,1,0,0,0,0,0,0,0,0,0],"cause":null,"errors":[],"properties":[["code",[18,8,1,0,0,0,0,0,0,0,0,0]]],"source":1}}"#;
    let fault = source.choose(&[
        GUEST,
        r#""Blocking""#,
        r#"{"Build":"no"}"#,
        r#"{"Lost":{"Discarded":{"Lost":"Blocking"}}}"#,
        r#"{"Syntax":{"script":"a.js","message":"m","line":1,"column":1}}"#,
        r#"{"Mismatch":{"script":"a.js","problems":[[0,null],[9,"x"]],"exports":["x"]}}"#,
        r#"{"Value":{"place":["Things","echo"],"to_host":true,"violations":[["a","b","c"]],"truncated":true,"of_host":false}}"#,
        r#"{"Limit":{"kind":3,"phase":null,"met":1,"method":null,"is_of_method":false,"script":null,"place":["Rule","now"]}}"#,
        r#"{"Limit":{"kind":10,"phase":9,"met":null,"method":["Things","make"],"is_of_method":true,"script":"x","place":null}}"#,
    ])?;
    Ok(format!(r#"{{"fault":{fault},"bill":{BILL_JSON}}}"#).into_bytes())
}

/// The numbers at the head of a host call.
fn head(source: &mut Unstructured<'_>, known: &Known, contract: u16) -> Result<Vec<u8>> {
    /// The synchronous methods of the host come first, and so do those of its objects.
    const SYNCHRONOUS: u16 = 5;
    let method = match (contract, known.call) {
        _ if source.ratio(1, 32)? => source.arbitrary()?,
        (0, 0) => source.int_in_range(0..=SYNCHRONOUS)?,
        (0, _) => source.int_in_range(0..=SYNCHRONOUS + 3)?,
        (_, 0) => 0,
        _ => source.int_in_range(0..=1)?,
    };
    let owner = owner(source, known)?;
    Ok([&contract.to_le_bytes()[..], &method.to_le_bytes(), &owner.to_le_bytes()].concat())
}

fn args(source: &mut Unstructured<'_>, known: &Known) -> Result<Vec<u8>> {
    let count = source.int_in_range(0..=4u8)?;
    let values = (0..count).map(|_| value(source, known)).collect::<Result<Vec<_>>>()?;
    Ok(encode_list(&values))
}

fn value(source: &mut Unstructured<'_>, known: &Known) -> Result<JsValue> {
    Ok(match source.int_in_range(0..=8u8)? {
        0 => JsValue::Undefined,
        1 => JsValue::Bool(source.arbitrary()?),
        2 | 3 => JsValue::Number(source.arbitrary::<u8>()?.into()),
        4 => JsValue::String("text".into()),
        5 => JsValue::Array(vec![value(source, known)?]),
        6 | 7 => {
            known.crossing.set(known.crossing.get() + 1);
            let crossing = if source.ratio(31, 32)? { known.crossing.get() } else { source.arbitrary()? };
            let object = source.int_in_range(0..=3)? + u64::from(source.ratio(31, 32)?);
            JsValue::given(GivenNumber { crossing, object }, JsValue::Undefined)
        }
        _ => {
            let (number, contract) = handle(source, known)?;
            JsValue::Other(Unrepresentable::Handle(HandleNumber::new(number, contract)))
        }
    })
}

/// The number of a kind.
fn kind(name: &str) -> u8 {
    KINDS.iter().find(|(known, _)| *known == name).expect("a kind of frame").1
}

/// A peer whose frames are made from bytes. Without bytes, the peer answers what it is asked, and does nothing else.
struct Peer(Mutex<(Vec<u8>, Known)>);

impl Peer {
    fn answer(&self, (asked, call, body): RawFrame) -> Option<Vec<RawFrame>> {
        let (left, known) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if asked == kind("EVALUATE") {
            // Another peer.
            *known = Known::default();
        }
        let waits = || body.windows(12).any(|bytes| bytes == br#""waits":true"#);
        known.call = match asked {
            _ if asked == kind("EVALUATE") && waits() || asked == kind("CALL") && body.get(8) == Some(&2) => {
                call
            }
            _ if asked < kind("HOST_VALUE") => 0,
            _ => known.call,
        };
        // A handle in a value: its tags, its number, and the number of its contract.
        let handles = body.windows(12).filter_map(|bytes| match bytes {
            [18, 8, number @ .., a, b] => {
                Some((u64::from_le_bytes(number.try_into().ok()?), u16::from_le_bytes([*a, *b])))
            }
            _ => None,
        });
        known.handles.extend(handles);
        let asked = (asked, call, &*body);
        if left.is_empty() {
            return Some(Self::right(asked).into_iter().collect());
        }
        let bytes = std::mem::take(left);
        let mut source = Unstructured::new(&bytes);
        let frames = Self::frames(&mut source, known, asked);
        *left = source.take_rest().to_vec();
        frames.unwrap_or_else(|_| Some(Self::right(asked).into_iter().collect()))
    }

    /// The right answer to a question.
    fn right((asked, call, sent): (u8, u64, &[u8])) -> Option<RawFrame> {
        let body =
            |methods| format!(r#"{{"handle":{call},"exported":{methods},"bill":{BILL_JSON}}}"#).into_bytes();
        // A request of a host method has another bit.
        let asked = asked & !0x40;
        if ["EVALUATE", "BIND", "REALM"].into_iter().any(|name| kind(name) == asked) {
            return Some((kind("DONE"), call, body("[true,true,true]")));
        }
        if asked == kind("OBJECT") {
            return Some((kind("DONE"), call, body("[true]")));
        }
        // The number of the method follows the handle of the contract.
        let value = match sent.get(8) {
            Some(0) => JsValue::Number(1.0),
            Some(1) => JsValue::Bool(true),
            _ => JsValue::String("later".into()),
        };
        (kind("CALL") == asked).then(|| (kind("VALUE"), call, [vec![0; BILL], encode(&value)].concat()))
    }

    /// The frames after one of the host; `None` where the peer hangs up.
    fn frames(
        source: &mut Unstructured<'_>,
        known: &Known,
        asked: (u8, u64, &[u8]),
    ) -> Result<Option<Vec<RawFrame>>> {
        let mut frames = Vec::new();
        for _ in 0..source.int_in_range(0..=2u8)? {
            let name = match source.ratio(31, 32)? {
                true if known.handles.is_empty() => "HOST_CALL",
                true => source.choose(UNASKED)?,
                false => source.choose(BODIES)?.0,
            };
            // Host calls have numbers of their own.
            frames.push(Self::frame(source, known, name, None)?);
        }
        match (Self::right(asked), source.int_in_range(0..=31u8)?) {
            (_, 31) => return Ok(None),
            (Some(_), 1) => {
                let name = source.choose(ANSWERS)?;
                frames.push(Self::frame(source, known, name, Some(asked.1))?);
            }
            (right, _) => frames.extend(right),
        }
        Ok(Some(frames))
    }

    fn frame(
        source: &mut Unstructured<'_>,
        known: &Known,
        name: &str,
        call: Option<u64>,
    ) -> Result<RawFrame> {
        let (_, body) = BODIES.iter().find(|(known, _)| *known == name).expect("a kind of frame");
        let mut body = body(source, known)?;
        if source.ratio(1, 16)? && !body.is_empty() {
            let at = source.choose_index(body.len())?;
            match source.arbitrary()? {
                0..16 => body.truncate(at),
                changed => body[at] ^= changed,
            }
        }
        Ok((kind(name), call.map_or_else(|| source.int_in_range(0..=8), Ok)?, body))
    }
}

/// One input; says how many calls were answered.
pub fn run(bytes: &[u8]) -> usize {
    let held = Arc::new(());
    let peer = Peer(Mutex::new((bytes.to_vec(), Known::default())));
    // No call is waited for so long: a peer hangs up where it does not answer.
    let limits = Limits { wall: Duration::from_secs(60), handles: 4, ..Limits::default() };
    let console = Console::Capture;
    let process = scripted_peer(move |frame| peer.answer(frame)).grace(Duration::from_secs(60));
    let counted = Counted(held.clone());
    let sandbox = Sandbox::builder()
        .limits(limits)
        .console(console)
        .transport(process)
        .host::<dyn Things>(counted)
        .build();
    let sandbox = sandbox.expect("the peer greets");
    let mut answered = 0;
    for _ in 0..3 {
        answered += calls(&sandbox, &held);
        sandbox.reset().expect("another peer");
    }
    drop(sandbox);
    let until = Instant::now() + Duration::from_secs(60);
    while Arc::strong_count(&held) > 1 {
        assert!(Instant::now() < until, "{} objects of the host are left", Arc::strong_count(&held) - 1);
        std::thread::yield_now();
    }
    answered
}

/// Calls of each kind; says how many were answered.
fn calls(sandbox: &ProcessSandbox, held: &Arc<()>) -> usize {
    let rule = match sandbox.load::<dyn Rule>(Script::new("rule.js", "")) {
        Ok(rule) => rule,
        Err(error) => {
            check::<()>(Err(error));
            return 0;
        }
    };
    let mut answered = 0;
    answered += check(rule.now(1));
    answered += check(rule.keeps(Handle::new(Counted(held.clone()))));
    answered += block_on(async {
        let mut dropped = Box::pin(rule.later(Cancellation::new()));
        let first = std::future::poll_fn(|cx| Poll::Ready(dropped.as_mut().poll(cx))).await;
        let mut answered = match first {
            Poll::Ready(outcome) => check(outcome),
            Poll::Pending => 0,
        };
        drop(dropped);
        let ends = Cancellation::new();
        let (one, other) = (rule.later(ends.clone()), rule.later(Cancellation::new()));
        ends.cancel();
        answered += check(one.await);
        answered + check(other.await)
    });
    answered + check(rule.now(2))
}

/// Says whether there was an answer. Otherwise the error is one that a peer can cause.
fn check<T>(outcome: sandbox_runtime::Result<T>) -> usize {
    let error = match outcome {
        Ok(_) => return 1,
        Err(error) => error,
    };
    assert!(error.host_error::<HostPanic>().is_none(), "{error:?}");
    match error {
        Error::Process { death: Death::Protocol { .. } | Death::Disconnected, .. } => {}
        Error::Process { .. } | Error::Panicked { .. } => panic!("{error:?}"),
        _ => {}
    }
    0
}

/// Waits for a future on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}
