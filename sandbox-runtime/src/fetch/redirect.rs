//! A request with its redirects, as the Fetch standard's HTTP-redirect fetch has them.
//!
//! Each hop is compared with the rules, as the first one is. The host's secrets are added for each hop anew, and a guest's
//! `authorization` does not leave its origin.

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, LOCATION};
use hyper::{Method, StatusCode};
use url::Url;

use super::connection::{Answer, Hop, Network};
use super::contract::RedirectMode;
use super::error::{FetchError, beginning};
use super::policy::{Rules, WebOrigin, is_bad_port};

/// Headers of a body, which go with it when a redirect makes a `GET`.
const OF_BODIES: [&str; 4] = ["content-encoding", "content-language", "content-location", "content-type"];

/// The most bytes of a URL.
const MOST_URL_BYTES: usize = 16 << 10;

/// A request as the guest means it: without the host's secrets.
pub(super) struct Wanted {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The last answer of a request, and its URL.
pub(super) struct Final {
    pub(super) answer: Answer,
    pub(super) url: Url,
    pub(super) is_redirected: bool,
}

/// A URL of a request or of a redirect.
pub(super) fn parse(text: &str, base: Option<&Url>) -> Result<Url, FetchError> {
    let refused = || FetchError::Url { url: beginning(text) };
    if text.len() > MOST_URL_BYTES {
        return Err(FetchError::TooLarge { what: "URL".to_owned(), limit: MOST_URL_BYTES });
    }
    let mut url = Url::options().base_url(base).parse(text).map_err(|_| refused())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(refused());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchError::Credentials);
    }
    if let Some(port) = url.port().filter(|port| is_bad_port(*port)) {
        return Err(FetchError::Port { port });
    }
    url.set_fragment(None);
    Ok(url)
}

/// Sends a request, and follows its redirects.
pub(super) async fn follow(
    network: &Network,
    policy: &Rules,
    mode: RedirectMode,
    most: usize,
    mut wanted: Wanted,
) -> Result<Final, FetchError> {
    for count in 0..=most {
        let answer = hop(network, policy, &wanted).await?;
        let next = match mode {
            RedirectMode::Manual => None,
            _ => target(&answer, &wanted.url)?,
        };
        let Some(next) = next else {
            return Ok(Final { answer, url: wanted.url, is_redirected: count > 0 });
        };
        if mode == RedirectMode::Error {
            return refused("the request asks for an error");
        }
        if wanted.url.scheme() == "https" && next.scheme() == "http" {
            return refused("https does not become http");
        }
        redirect(&mut wanted, next, answer.response.status());
    }
    refused(&format!("there are more than {most}"))
}

fn refused<T>(reason: &str) -> Result<T, FetchError> {
    Err(FetchError::Redirect { reason: reason.to_owned() })
}

async fn hop(network: &Network, policy: &Rules, wanted: &Wanted) -> Result<Answer, FetchError> {
    let Wanted { method, url, headers, body } = wanted;
    let origin = WebOrigin::of(url).ok_or_else(|| FetchError::Url { url: beginning(url.as_str()) })?;
    policy.check(method, &origin)?;
    let mut headers = headers.clone();
    policy.add_secrets(&origin, &mut headers);
    network.send(Hop { method: method.clone(), url: url.clone(), headers, body: body.clone() }).await
}

/// The URL that an answer redirects to, if it does.
fn target(answer: &Answer, url: &Url) -> Result<Option<Url>, FetchError> {
    const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];
    let response = &answer.response;
    let location = response.headers().get(LOCATION);
    let (true, Some(location)) = (REDIRECTS.contains(&response.status().as_u16()), location) else {
        return Ok(None);
    };
    let Ok(text) = std::str::from_utf8(location.as_bytes()) else {
        return refused("its location is no text");
    };
    parse(text, Some(url)).map(Some)
}

/// Makes the next request of the one that was redirected.
fn redirect(wanted: &mut Wanted, next: Url, status: StatusCode) {
    let becomes_get = match status {
        StatusCode::SEE_OTHER => ![Method::GET, Method::HEAD].contains(&wanted.method),
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => wanted.method == Method::POST,
        _ => false,
    };
    if becomes_get {
        wanted.method = Method::GET;
        wanted.body = Bytes::new();
        for name in OF_BODIES {
            wanted.headers.remove(HeaderName::from_static(name));
        }
    }
    if WebOrigin::of(&wanted.url) != WebOrigin::of(&next) {
        wanted.headers.remove(AUTHORIZATION);
    }
    wanted.url = next;
}
