//! Bytes → the request of a guest → a `Fetch` whose rules allow one name, whose address no request may reach.
//!
//! Nothing is sent. A request ends with a refusal, or with the address of the name that is allowed. A resolver that is asked for
//! another name has been asked for an origin that no rule names.

use std::io;
use std::net::Ipv4Addr;
use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use sandbox_runtime::fetch::{DnsResolver, Fetch, FetchApi, FetchError, FetchRequest, Resolving};
use sandbox_runtime::{Bytes, Cancellation};
use tokio::runtime::{Builder, Runtime};

/// The one name of the rules.
const NAME: &str = "api.test";

/// The parts of URLs, and the parts that hide a host in them.
const PARTS: &[&str] = &[
    "http://",
    "https://",
    "HTTP:",
    "//",
    "/",
    "\\",
    "@",
    ":",
    "#",
    "?",
    "%",
    "%2e",
    "%00",
    "%40",
    ".",
    "api.test",
    "API.TEST",
    "api.test.",
    "xn--",
    "evil.test",
    "127.0.0.1",
    "0x7f.1",
    "[::1]",
    "[",
    "]",
    "localhost",
    "80",
    "443",
    ":80",
    "user:pw@",
    "\t",
    "\n",
    "\u{ad}",
    "\u{2024}",
    "ａｐｉ",
    "①",
    "-",
    "_",
    "*",
    "file:",
    "data:,",
    "javascript:",
    "a",
    "1",
    " ",
];

/// Names and values of headers, and what splits them.
const HEADERS: &[&str] =
    &["host", "x-a", "Authorization", ":", "\r\n", "\0", "é", " ", "", "transfer-encoding", "chunked", "a"];

/// Made once: the roots of the operating system are read by each.
static FETCH: LazyLock<Fetch> = LazyLock::new(|| {
    let rules = Fetch::builder().allow("http://api.test", ["GET", "POST"]).resolver(Strict);
    rules.runtime(RUNTIME.handle().clone()).build().expect("the rules are right")
});

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime"));

struct Strict;

impl DnsResolver for Strict {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        assert_eq!(name, NAME, "no rule allows this name");
        Box::pin(async { Ok::<_, io::Error>(vec![Ipv4Addr::LOCALHOST.into()]) })
    }
}

/// One input; says whether its URL was that of the rules.
pub fn run(bytes: &[u8]) -> usize {
    let Ok(request) = request(&mut Unstructured::new(bytes)) else { return 0 };
    match RUNTIME.block_on(FETCH.request(request, Cancellation::new())) {
        Err(FetchError::Address { host, .. }) => {
            assert_eq!(host, NAME);
            1
        }
        Err(_) => 0,
        Ok(response) => panic!("no server has been asked: {response:?}"),
    }
}

fn request(bytes: &mut Unstructured<'_>) -> Result<FetchRequest> {
    let url = match bytes.ratio(1, 8)? {
        true => bytes.arbitrary::<String>()?,
        false => parts(bytes, PARTS, 6)?,
    };
    let method =
        bytes.ratio(1, 4)?.then(|| parts(bytes, &["GET", "post", "TRACE", "\r\n", " "], 2)).transpose()?;
    let count = bytes.int_in_range(0..=3)?;
    let headers = (0..count).map(|_| Ok((parts(bytes, HEADERS, 2)?, parts(bytes, HEADERS, 3)?)));
    let headers = headers.collect::<Result<_>>()?;
    let body = bytes.ratio(1, 8)?.then(|| bytes.arbitrary::<Vec<u8>>()).transpose()?.map(Bytes::new);
    Ok(FetchRequest { url, method, headers, body, ..FetchRequest::default() })
}

/// Parts side by side. Half of all URLs begin as the rules have it.
fn parts(bytes: &mut Unstructured<'_>, parts: &[&str], most: usize) -> Result<String> {
    let mut text = String::new();
    if parts.len() > 20 && bytes.ratio(1, 2)? {
        text.push_str("http://api.test");
    }
    for _ in 0..bytes.int_in_range(0..=most)? {
        text.push_str(bytes.choose(parts)?);
    }
    Ok(text)
}
