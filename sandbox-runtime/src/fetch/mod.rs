//! [`Fetch`]: a host that lets guests ask other servers, by rules.
//!
//! [`FetchApi`] is a contract like those of an application, and `Fetch` implements it. A request goes through these parts:
//!
//! | part | what it decides |
//! |---|---|
//! | `policy` | origins and methods that are allowed, headers that a guest may set, secrets that the host adds |
//! | `redirect` | the URL of each hop, and what the next request keeps of the one before |
//! | `connection` | the addresses of the host's name, each of which is checked, and the socket to one of them |
//! | `addresses` | the addresses that are public |
//!
//! These rules hold in all of them:
//!
//! - A URL is parsed once. The parsed URL alone is compared and used.
//! - Each hop is checked as the first one is.
//! - The connection goes to an address that was checked. The name is not asked again.
//! - No setting of the environment is read, such as a proxy. `SSL_CERT_FILE` and `SSL_CERT_DIR` are the exception: they name the
//!   roots of TLS, and are read when a `Fetch` is built.
//!
//! The work is done by tasks of a runtime of tokio, which end when the guest's call does.
//!
//! `hyper` is used without a client above it. A client such as `reqwest` has pools, proxies of the environment, and redirects, and each
//! of them is a way around a check. The cost is a connection for each hop.

mod addresses;
mod builder;
mod connection;
mod contract;
mod error;
mod policy;
mod redirect;
mod resolver;

use std::sync::Arc;

use hyper::body::Bytes as BodyBytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, SET_COOKIE};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use self::builder::FetchBuilder;
pub use self::contract::{FetchApi, FetchRequest, FetchResponse, RedirectMode, ResponseBody};
pub use self::error::FetchError;
pub use self::resolver::{DnsResolver, Resolving};

use self::builder::FetchLimits;
use self::connection::Network;
use self::policy::Rules;
use self::redirect::{Final, Wanted};
use crate::{Bytes, Cancellation, sandbox_api};

/// Lets guests ask other servers, by rules: a host of [`FetchApi`].
///
/// Nothing is allowed that [`FetchBuilder::allow`] does not name. An address that is not of the public internet is refused, whatever
/// name it has. A clone is the same host, with the same [`concurrent`](FetchBuilder::concurrent) requests.
///
/// ```
/// use sandbox_runtime::fetch::{Fetch, FetchApi};
/// use sandbox_runtime::{Error, LocalSandbox, Result, Script, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Rates {
///     async fn rate(&self, currency: &str) -> Result<f64>;
/// }
///
/// # async fn rate() -> Result<()> {
/// let fetch = Fetch::builder()
///     .allow("https://rates.example.com", ["GET"])
///     .secret("https://rates.example.com", "authorization", "Bearer 5f2c")
///     .build()?;
/// let sandbox = LocalSandbox::builder().host::<dyn FetchApi>(fetch).build()?;
/// let source = "export async function rate(currency) {
///     const url = 'https://' + currency + '.example.com/';
///     const { status, text } = await Fetch.request({ url, response: 'text' });
///     return status === 200 ? Number(text) : 0;
/// }";
/// let rates = sandbox.load_async::<dyn Rates>(Script::new("rates.js", source)).await?;
/// let Err(Error::Guest(thrown)) = rates.rate("internal").await else { panic!("no rule allows this origin") };
/// assert_eq!(thrown.message, "GET https://internal.example.com is not allowed");
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(rate())?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Fetch {
    shared: Arc<FetchState>,
    runtime: Handle,
}

struct FetchState {
    policy: Rules,
    network: Network,
    limits: FetchLimits,
    turns: Semaphore,
}

impl Fetch {
    /// Rules that allow nothing, and limits: 1 MiB for a request, 8 MiB for a response, 10 s, 5 redirects, 64 requests at once.
    #[must_use]
    pub fn builder() -> FetchBuilder {
        FetchBuilder::new()
    }
}

impl std::fmt::Debug for Fetch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetch")
            .field("policy", &self.shared.policy)
            .field("limits", &self.shared.limits)
            .finish()
    }
}

#[sandbox_api(crate = crate)]
impl FetchApi for Fetch {
    async fn request(&self, request: FetchRequest, _: Cancellation) -> Result<FetchResponse, FetchError> {
        let shared = Arc::clone(&self.shared);
        // The set aborts its task when the call's future is dropped.
        let mut task = JoinSet::new();
        task.spawn_on(async move { shared.request(request).await }, &self.runtime);
        match task.join_next().await {
            Some(Ok(outcome)) => outcome,
            Some(Err(error)) => Err(unfinished(&error.to_string())),
            None => Err(unfinished("the task of the request has not begun")),
        }
    }
}

/// The request's task has ended without an outcome: its runtime has shut down.
fn unfinished(reason: &str) -> FetchError {
    FetchError::Network { host: "the server".to_owned(), reason: reason.to_owned() }
}

impl FetchState {
    /// A request within its time.
    async fn request(&self, request: FetchRequest) -> Result<FetchResponse, FetchError> {
        let timeout = self.limits.timeout;
        let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        match tokio::time::timeout(timeout, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(FetchError::Timeout { millis }),
        }
    }

    async fn exchange(&self, request: FetchRequest) -> Result<FetchResponse, FetchError> {
        let (mode, wants) = (request.redirect, request.response);
        let wanted = self.wanted(request)?;
        let Ok(_turn) = self.turns.acquire().await else {
            return Err(unfinished("the semaphore of requests is closed"));
        };
        let most = self.limits.redirects;
        let Final { answer, url, is_redirected } =
            redirect::follow(&self.network, &self.policy, mode, most, wanted).await?;
        let status = answer.response.status();
        let headers = shown(answer.response.headers());
        let body = self.network.body(answer, &url).await?;
        let (body, text) = match wants {
            ResponseBody::Bytes => (Some(Bytes::new(body)), None),
            ResponseBody::Text => (None, Some(decoded(&body, self.limits.response_bytes)?)),
        };
        Ok(FetchResponse {
            status: status.as_u16(),
            status_text: status.canonical_reason().unwrap_or_default().to_owned(),
            url: url.into(),
            redirected: is_redirected,
            headers,
            body,
            text,
        })
    }

    /// Reads what a guest asks for.
    fn wanted(&self, request: FetchRequest) -> Result<Wanted, FetchError> {
        let url = redirect::parse(&request.url, None)?;
        let method = request.method.as_deref().unwrap_or("GET");
        let method = policy::method(method).map_err(|_| FetchError::NotAllowed {
            method: error::beginning(method),
            origin: error::beginning(&url.origin().ascii_serialization()),
        })?;
        let mut headers = policy::headers(&request.headers)?;
        let body = match (request.body, request.text) {
            (Some(_), Some(_)) => return Err(FetchError::TwoBodies),
            (Some(body), None) => body.into_vec(),
            (None, Some(text)) => {
                headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("text/plain;charset=UTF-8"));
                text.into_bytes()
            }
            (None, None) => Vec::new(),
        };
        let limit = self.limits.request_bytes;
        match body.len() > limit {
            true => Err(FetchError::TooLarge { what: "request".to_owned(), limit }),
            false => Ok(Wanted { method, url, headers, body: BodyBytes::from(body) }),
        }
    }
}

/// The headers that a guest sees. Bytes beyond ASCII are read as Latin-1, as the Fetch standard says.
fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let seen = headers.iter().filter(|(name, _)| **name != SET_COOKIE);
    let text = |value: &HeaderValue| value.as_bytes().iter().copied().map(char::from).collect();
    seen.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// UTF-8 without its mark. A byte that is none becomes U+FFFD, which has three: the limit holds for the text as well.
fn decoded(body: &[u8], limit: usize) -> Result<String, FetchError> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let replacement =
        |invalid: &[u8]| if invalid.is_empty() { 0 } else { char::REPLACEMENT_CHARACTER.len_utf8() };
    let length =
        body.utf8_chunks().map(|chunk| chunk.valid().len() + replacement(chunk.invalid())).sum::<usize>();
    match length > limit {
        true => Err(FetchError::TooLarge { what: "response".to_owned(), limit }),
        false => Ok(String::from_utf8_lossy(body).into_owned()),
    }
}
