//! `Fetch` as a host of guests, at every site: responses, refusals as errors of the guest's realm, and the end of a request with
//! its call.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

#[macro_use]
mod sites;
mod slack;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use sandbox_runtime::fetch::{Fetch, FetchApi};
use sandbox_runtime::{Cancellation, Error, Intrinsics, LimitKind, Limits, Result, Script, Web, sandbox_api};

#[sandbox_api(guest)]
pub trait Ask {
    async fn ask(&self, url: &str, ends: Cancellation) -> Result<String>;
}

const SOURCE: &str = "export async function ask(url, ends) {
    try {
        const { status, text, headers } = await Fetch.request({ url, response: 'text', headers: [['x-own', '1']] });
        return `${status} ${text} ${headers.length}`;
    } catch (error) {
        return `${error instanceof TypeError} ${error}`;
    }
}";

/// The global function, as scripts for browsers use it.
const GLOBAL: &str = "export async function ask(url, ends) {
    try {
        const response = await fetch(new URL(url), { headers: new Headers({ 'x-own': '1' }), signal: ends });
        const copy = response.clone();
        const parts = [response.status, response.ok, response.url === url, response.headers.get('content-length')];
        return parts.concat(await response.text(), (await copy.blob()).size, response.bodyUsed).join(' ');
    } catch (error) {
        return `${error instanceof TypeError} ${error}`;
    }
}";

/// A request that the guest aborts once the server has it.
const ABORTED: &str = "export async function ask(url, ends) {
    const own = new AbortController(), silent = fetch(new Request(`${url}/silent`, { signal: own.signal }));
    await (await fetch(`${url}/began`)).text();
    own.abort();
    const refused = await silent.catch((error) => error);
    const again = await fetch(url, { signal: own.signal }).catch((error) => error);
    return `${refused.name} ${refused instanceof DOMException} ${again === own.signal.reason} ${ends.aborted}`;
}";

/// A server that answers each path with itself, but for `/silent`, whose connections it tells of when they end. It answers
/// `/began` when a connection has asked for `/silent`.
fn server() -> (SocketAddr, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (ends, ended) = mpsc::channel();
    let (begins, began) = mpsc::channel();
    let began = Arc::new(Mutex::new(began));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, ends) = (stream.unwrap(), ends.clone());
            let (begins, began) = (begins.clone(), began.clone());
            thread::spawn(move || {
                let mut head = [0; 4096];
                let length = stream.read(&mut head).unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..length]).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                if path == "/began" {
                    began.lock().unwrap().recv_timeout(slack::LONG).unwrap();
                }
                if path == "/silent" {
                    _ = begins.send(());
                    // The request's end closes the connection.
                    while stream.read(&mut [0; 64]).is_ok_and(|length| length > 0) {}
                    _ = ends.send(());
                    return;
                }
                _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{path}", path.len());
            });
        }
    });
    (address, ended)
}

/// Rules for the server alone.
fn rules(address: SocketAddr) -> Fetch {
    let runtime = tokio::runtime::Handle::current();
    let rules = Fetch::builder().allow(&format!("http://{address}"), ["GET"]).runtime(runtime);
    rules.allow_private(move |asked| asked == address).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_and_refusals_are_alike_at_every_site() {
    let (address, _) = server();
    let urls = [format!("http://{address}/a"), "http://127.0.0.1:8/".to_owned(), "file:///".to_owned()];
    let told = alike!(|builder| builder.host::<dyn FetchApi>(rules(address)), |sandbox| {
        let guest = sandbox.load_async::<dyn Ask>(Script::new("ask.js", SOURCE)).await.unwrap();
        let mut told = Vec::new();
        for url in &urls {
            told.push(guest.ask(url, Cancellation::new()).await.unwrap());
        }
        told
    });
    let expected = [
        "200 /a 1",
        "true TypeError: GET http://127.0.0.1:8 is not allowed",
        "true TypeError: `file:///` is no URL of http or https",
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_ends_with_its_call_at_every_site() {
    let (address, ended) = server();
    let url = format!("http://{address}/silent");
    // Time for the call that comes after, on a slow machine too.
    let limits = Limits { wall: Duration::from_secs(2), ..Limits::default() };
    alike!(|builder| builder.host::<dyn FetchApi>(rules(address)).limits(limits), |sandbox| {
        let guest = sandbox.load_async::<dyn Ask>(Script::new("ask.js", SOURCE)).await.unwrap();
        let late = guest.ask(&url, Cancellation::new()).await;
        assert!(matches!(late, Err(Error::Limit { kind: LimitKind::Wall, .. })), "{late:?}");
        ended.recv_timeout(slack::LONG).expect("the connection of the call that has ended is closed");
        let next = guest.ask(&format!("http://{address}/next"), Cancellation::new()).await;
        assert_eq!(next.unwrap(), "200 /next 1");
    });
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the group")]
async fn the_global_function_asks_the_same_host_at_every_site() {
    let (address, _) = server();
    let urls = [format!("http://{address}/a"), "http://127.0.0.1:8/".to_owned(), "file:///".to_owned()];
    for intrinsics in [Intrinsics::Open, Intrinsics::Frozen] {
        let told = alike!(
            |site| {
                let site = site.host::<dyn FetchApi>(rules(address)).web(Web::all());
                site.intrinsics(intrinsics).limits(slack::long())
            },
            |sandbox| {
                let guest = sandbox.load_async::<dyn Ask>(Script::new("ask.js", GLOBAL)).await.unwrap();
                let mut told = Vec::new();
                for url in &urls {
                    told.push(guest.ask(url, Cancellation::new()).await.unwrap());
                }
                told
            }
        );
        let expected = [
            "200 true true 2 /a 2 true",
            "true TypeError: GET http://127.0.0.1:8 is not allowed",
            "true TypeError: `file:///` is no URL of http or https",
        ];
        assert_eq!(told, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the group")]
async fn a_guest_aborts_its_request_at_every_site() {
    let (address, ended) = server();
    let told = alike!(
        |site| site.host::<dyn FetchApi>(rules(address)).web(Web::all()).limits(slack::long()),
        |sandbox| {
            let guest = sandbox.load_async::<dyn Ask>(Script::new("ask.js", ABORTED)).await.unwrap();
            let told = guest.ask(&format!("http://{address}"), Cancellation::new()).await.unwrap();
            ended.recv_timeout(slack::LONG).expect("the connection of the request is closed");
            told
        }
    );
    assert_eq!(told, "AbortError true true false");
}

/// Without a host there is no function, and the error says what gives one.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS refuses the group")]
async fn without_a_host_there_are_the_classes_alone() {
    const CLASSES: &str = "export const ask = async () => `${typeof Response} ${typeof fetch}`;";
    const MISSING: &str = "export const ask = async (url) => (await fetch(url)).text();";
    alike!(|site| site.web(Web::all()).limits(slack::long()), |sandbox| {
        let guest = sandbox.load_async::<dyn Ask>(Script::new("ask.js", CLASSES)).await.unwrap();
        assert_eq!(guest.ask("", Cancellation::new()).await.unwrap(), "function undefined");
        let guest = sandbox.load_async::<dyn Ask>(Script::new("ask.js", MISSING)).await.unwrap();
        let error = guest.ask("", Cancellation::new()).await.unwrap_err().to_string();
        assert!(error.contains(".web(Web::FETCH).host::<dyn FetchApi>(…)"), "{error}");
    });
}
