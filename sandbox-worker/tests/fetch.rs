//! `Fetch` as a host of guests, at every site: responses, refusals as errors of the guest's realm, and the end of a request with
//! its call.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

#[macro_use]
mod sites;
mod slack;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use sandbox_runtime::fetch::{Fetch, FetchApi};
use sandbox_runtime::{Cancellation, Error, LimitKind, Limits, Result, Script, sandbox_api};

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

/// A server that answers each path with itself, but for `/silent`, whose connections it tells of when they end.
fn server() -> (SocketAddr, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (ends, ended) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, ends) = (stream.unwrap(), ends.clone());
            thread::spawn(move || {
                let mut head = [0; 4096];
                let length = stream.read(&mut head).unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..length]).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                if path == "/silent" {
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
