//! One request over one connection, to an address that was checked.
//!
//! A hop resolves the name, checks every address, connects to one of them, and speaks HTTP/1.1 over that socket, inside of TLS for
//! `https`. No pool, no proxy of the environment and no cookie is between. So nothing but the checked address can answer.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT_ENCODING, CONTENT_LENGTH, HOST, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Host, Url};

use super::addresses::is_public;
use super::error::FetchError;
use super::resolver::DnsResolver;
use crate::shown::Shown;

/// The time of one attempt to connect, while there are other addresses.
const ATTEMPT: Duration = Duration::from_secs(3);

/// How many addresses of a name are tried. All of them are checked.
const MOST_ADDRESSES: usize = 8;

/// The most headers of a response.
const MOST_HEADERS: usize = 128;

/// The most bytes of the head of a response.
const HEAD_BYTES: usize = 64 << 10;

/// Says which addresses that are not public may be reached.
pub(super) type AllowPrivate = Arc<dyn Fn(SocketAddr) -> bool + Send + Sync>;

/// How the network is reached.
#[derive(Clone)]
pub(super) struct Network {
    pub(super) resolver: Arc<dyn DnsResolver>,
    pub(super) allow_private: Option<AllowPrivate>,
    pub(super) tls: TlsConnector,
    pub(super) response_bytes: usize,
}

/// One request to one URL.
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The response of a hop, whose body has not been read.
pub(super) struct Answer {
    pub(super) response: Response<Incoming>,
    /// Reads the socket while the answer lives.
    _connection: JoinSet<()>,
}

impl Network {
    /// Sends the request, and waits for the head of the response.
    pub(super) async fn send(&self, hop: Hop) -> Result<Answer, FetchError> {
        let stream = self.connect(&hop.url).await?;
        match hop.url.scheme() {
            "https" => {
                let name = server_name(&hop.url)?;
                let stream =
                    self.tls.connect(name, stream).await.map_err(|error| failed(&hop.url, &error))?;
                exchange(stream, hop).await
            }
            _ => exchange(stream, hop).await,
        }
    }

    async fn connect(&self, url: &Url) -> Result<TcpStream, FetchError> {
        let addresses = self.addresses(url).await?;
        let mut last = None;
        for (index, address) in addresses.iter().enumerate() {
            let connecting = TcpStream::connect(address);
            let outcome = match index + 1 < addresses.len() {
                true => {
                    tokio::time::timeout(ATTEMPT, connecting).await.unwrap_or_else(|late| Err(late.into()))
                }
                false => connecting.await,
            };
            match outcome {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        let reason = last.map_or_else(|| "the name has no address".to_owned(), |error| error.to_string());
        Err(FetchError::Network { host: host(url), reason })
    }

    /// The addresses of a URL's host. One that may not be reached refuses all: a name of the internet has no such address.
    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let port = url.port_or_known_default().unwrap_or(0);
        let found = match url.host() {
            Some(Host::Ipv4(address)) => vec![IpAddr::V4(address)],
            Some(Host::Ipv6(address)) => vec![IpAddr::V6(address)],
            Some(Host::Domain(name)) => {
                self.resolver.resolve(name).await.map_err(|error| failed(url, &error))?
            }
            None => Vec::new(),
        };
        let addresses = found.into_iter().map(|address| SocketAddr::new(address, port)).collect::<Vec<_>>();
        match addresses.iter().find(|address| !self.may_reach(**address)) {
            Some(address) => Err(FetchError::Address { host: host(url), address: address.to_string() }),
            None => Ok(addresses.into_iter().take(MOST_ADDRESSES).collect()),
        }
    }

    fn may_reach(&self, address: SocketAddr) -> bool {
        is_public(address.ip()) || self.allow_private.as_ref().is_some_and(|allows| allows(address))
    }

    /// The body of an answer, up to the limit.
    pub(super) async fn body(&self, answer: Answer, url: &Url) -> Result<Vec<u8>, FetchError> {
        let limit = self.response_bytes;
        let too_large = || FetchError::TooLarge { what: "response".to_owned(), limit };
        let Answer { response, _connection } = answer;
        let mut body = response.into_body();
        if body.size_hint().lower() > limit as u64 {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            // Trailers are left out.
            let Ok(data) = frame.map_err(|error| failed(url, &error))?.into_data() else { continue };
            if bytes.len() + data.len() > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    }
}

/// Speaks HTTP/1.1 over a stream.
async fn exchange<S>(stream: S, hop: Hop) -> Result<Answer, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Hop { method, url, headers, body } = hop;
    let failed = |error: hyper::Error| failed(&url, &error);
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(MOST_HEADERS)
        .max_buf_size(HEAD_BYTES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(failed)?;
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        // The error arrives at the request, too.
        let _ = connection.await;
    });
    let request = request(method, &url, headers, body)?;
    let response = sender.send_request(request).await.map_err(failed)?;
    match response.status() {
        StatusCode::SWITCHING_PROTOCOLS => Err(FetchError::Network {
            host: host(&url),
            reason: "the server speaks another protocol".to_owned(),
        }),
        _ => Ok(Answer { response, _connection: driver }),
    }
}

/// The request with the headers of the connection.
fn request(
    method: Method,
    url: &Url,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, FetchError> {
    let unreadable = |error: hyper::http::Error| failed(url, &error);
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let has_body = !body.is_empty() || [Method::POST, Method::PUT, Method::PATCH].contains(&method);
    let length = body.len();
    let mut request =
        Request::builder().method(method).uri(target).body(Full::new(body)).map_err(unreadable)?;
    *request.headers_mut() = headers;
    let own = request.headers_mut();
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    own.insert(HOST, HeaderValue::from_str(authority).map_err(|error| unreadable(error.into()))?);
    // A body arrives as it was sent: no small text becomes a large one.
    own.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if has_body {
        own.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(request)
}

/// The name that a certificate has to have.
fn server_name(url: &Url) -> Result<ServerName<'static>, FetchError> {
    match url.host() {
        Some(Host::Domain(name)) => {
            ServerName::try_from(name.to_owned()).map_err(|error| failed(url, &error))
        }
        Some(Host::Ipv4(address)) => Ok(IpAddr::V4(address).into()),
        Some(Host::Ipv6(address)) => Ok(IpAddr::V6(address).into()),
        None => Err(FetchError::Network { host: String::new(), reason: "the URL has no host".to_owned() }),
    }
}

fn host(url: &Url) -> String {
    super::error::beginning(url.host_str().unwrap_or_default())
}

fn failed(url: &Url, error: &dyn std::error::Error) -> FetchError {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let reason = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    // A reason can have text of the server, such as a name of its certificate.
    FetchError::Network { host: host(url), reason: Shown(&reason).to_string() }
}
