//! The rules of requests: origins, methods, headers and secrets.
//!
//! A rule is read once, when a [`Fetch`](super::Fetch) is built. A hop of a request is compared with the rules after the URL
//! has been parsed as the WHATWG says. So an encoding of a host that only looks different is the same host here.

use std::fmt;

use hyper::Method;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use url::{Host, Url};

use super::error::{FetchError, beginning};

/// A set of origins, as a rule names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origins {
    /// Every origin of `http` and `https`.
    Any,
    /// One origin.
    One(WebOrigin),
    /// The origins of all names below one, with at least one more label.
    Below(WebOrigin),
}

/// Scheme, host and port of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WebOrigin {
    scheme: String,
    host: Host,
    port: u16,
}

impl WebOrigin {
    /// The origin of a URL of `http` or `https`.
    pub(super) fn of(url: &Url) -> Option<Self> {
        let scheme = url.scheme();
        let host = url.host()?.to_owned();
        let port = url.port_or_known_default()?;
        matches!(scheme, "http" | "https").then(|| Self { scheme: scheme.to_owned(), host, port })
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match (self.scheme.as_str(), self.port) {
            ("http", 80) | ("https", 443) => Ok(()),
            (_, port) => write!(f, ":{port}"),
        }
    }
}

impl Origins {
    /// Reads `https://api.example.com`, `https://*.example.com` or `*`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let refused = |reason: &str| Err(format!("`{text}` is no origin: {reason}"));
        let (is_below, plain) = match text.split_once("://*.") {
            Some((scheme, rest)) => (true, format!("{scheme}://{rest}")),
            None => (false, text.to_owned()),
        };
        let Ok(url) = Url::parse(&plain) else {
            return refused("write `https://api.example.com`, or `https://*.example.com`");
        };
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return refused("an origin has no path; a rule is of all paths");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("an origin has no user; give the header with `secret`");
        }
        match WebOrigin::of(&url) {
            None => refused("the scheme is http or https"),
            Some(origin) if is_below && !matches!(origin.host, Host::Domain(_)) => {
                refused("`*.` stands before a name")
            }
            // The parsed host is looked at: `%2a` is a star as well.
            Some(origin) if origin.host.to_string().contains('*') => {
                refused("`*.` stands once, first in the host")
            }
            Some(origin) if is_bad_port(origin.port) => {
                refused("no request goes to this port, whose servers speak another protocol than HTTP")
            }
            Some(origin) if is_below => Ok(Self::Below(origin)),
            Some(origin) => Ok(Self::One(origin)),
        }
    }

    /// Whether an origin is one of them.
    pub(super) fn have(&self, origin: &WebOrigin) -> bool {
        match self {
            Self::Any => true,
            Self::One(one) => one == origin,
            Self::Below(base) => {
                let (Host::Domain(name), Host::Domain(base_name)) = (&origin.host, &base.host) else {
                    return false;
                };
                let above = name.strip_suffix(base_name.as_str()).and_then(|rest| rest.strip_suffix('.'));
                above.is_some_and(|labels| !labels.is_empty())
                    && (&origin.scheme, origin.port) == (&base.scheme, base.port)
            }
        }
    }
}

/// Origins, and the methods that are allowed there.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) origins: Origins,
    pub(super) methods: Vec<Method>,
}

/// A header that the host adds at some origins, and that no guest sees.
#[derive(Clone)]
pub(super) struct Secret {
    pub(super) origins: Origins,
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} at {:?})", self.name, self.origins)
    }
}

/// All rules.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) rules: Vec<Rule>,
    pub(super) secrets: Vec<Secret>,
}

/// The bad ports of the Fetch standard, in their order. The bytes of a request can be commands of such a server.
const BAD_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
    515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723,
    2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Whether servers of a port speak another protocol than HTTP.
pub(super) fn is_bad_port(port: u16) -> bool {
    BAD_PORTS.binary_search(&port).is_ok()
}

/// Methods that make a tunnel, or show the headers that the host added.
const NEVER: [&str; 3] = ["CONNECT", "TRACE", "TRACK"];

/// A method that a rule can allow. Names are in upper case, so that `patch` is no method beside `PATCH`.
pub(super) fn method(name: &str) -> Result<Method, String> {
    let upper = name.to_ascii_uppercase();
    match Method::from_bytes(upper.as_bytes()) {
        Ok(method) if !NEVER.contains(&method.as_str()) => Ok(method),
        Ok(method) => Err(format!("{method} is never allowed")),
        Err(_) => Err(format!("`{}` is no method of HTTP", beginning(name))),
    }
}

/// The headers that a guest's request cannot have: those of the connection, of its length and encoding, and of a browser's own
/// knowledge. The list is the one of the Fetch standard (forbidden request-headers). A guest's header is left out, as a browser does.
fn is_forbidden(name: &HeaderName) -> bool {
    const NAMES: [&str; 23] = [
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "access-control-request-private-network",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-http-method-override",
    ];
    let name = name.as_str();
    NAMES.contains(&name)
        || ["proxy-", "sec-"].iter().any(|prefix| name.starts_with(prefix))
        // A server that reads them would run another method than the one that was allowed.
        || ["x-http-method", "x-method-override"].contains(&name)
}

/// The most headers of a request.
const MOST_HEADERS: usize = 100;

/// The most bytes of all names and values of a request's headers.
const MOST_HEADER_BYTES: usize = 64 << 10;

/// Reads the headers of a guest.
pub(super) fn headers(given: &[(String, String)]) -> Result<HeaderMap, FetchError> {
    let refused = |name: &str, reason: &str| {
        Err(FetchError::Header { header: beginning(name), reason: reason.to_owned() })
    };
    let mut headers = HeaderMap::new();
    let mut bytes = 0;
    for (index, (name, value)) in given.iter().enumerate() {
        bytes += name.len() + value.len();
        if index >= MOST_HEADERS || bytes > MOST_HEADER_BYTES {
            return refused(
                name,
                &format!("a request has at most {MOST_HEADERS} headers of {MOST_HEADER_BYTES} bytes in all"),
            );
        }
        let Ok(key) = HeaderName::from_bytes(name.as_bytes()) else {
            return refused(name, "the name is no token of HTTP");
        };
        let Ok(value) = HeaderValue::from_str(value) else {
            return refused(name, "the value has a control character or one beyond ASCII");
        };
        if !is_forbidden(&key) {
            headers.append(key, value);
        }
    }
    Ok(headers)
}

impl Rules {
    /// Whether a method may be sent to an origin.
    pub(super) fn check(&self, method: &Method, origin: &WebOrigin) -> Result<(), FetchError> {
        let allows = |rule: &Rule| rule.methods.contains(method) && rule.origins.have(origin);
        match self.rules.iter().any(allows) {
            true => Ok(()),
            false => Err(FetchError::NotAllowed {
                method: method.to_string(),
                origin: beginning(&origin.to_string()),
            }),
        }
    }

    /// Puts the host's headers for an origin in the place of the guest's.
    pub(super) fn add_secrets(&self, origin: &WebOrigin, headers: &mut HeaderMap) {
        for secret in self.secrets.iter().filter(|secret| secret.origins.have(origin)) {
            headers.insert(secret.name.clone(), secret.value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> WebOrigin {
        WebOrigin::of(&Url::parse(url).expect("it is there")).expect("it is there")
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let one = Origins::parse("https://api.example.com").expect("it is there");
        for same in [
            "https://api.example.com/v1?q#f",
            "HTTPS://API.EXAMPLE.COM:443/",
            "https://api%2eexample.com/",
            "https://ａｐｉ.example.com",
        ] {
            assert!(one.have(&origin(same)), "{same}");
        }
        for other in [
            "http://api.example.com",
            "https://api.example.com:8443",
            "https://example.com",
            "https://api.example.com.evil.test",
            "https://evil.test/https://api.example.com",
            "https://api.example.com./",
            "https://xapi.example.com",
        ] {
            assert!(!one.have(&origin(other)), "{other}");
        }
    }

    #[test]
    fn a_star_is_at_least_one_label() {
        let below = Origins::parse("https://*.example.com").expect("it is there");
        for inside in ["https://a.example.com", "https://a.b.example.com/x"] {
            assert!(below.have(&origin(inside)), "{inside}");
        }
        for outside in [
            "https://example.com",
            "https://badexample.com",
            "https://.example.com",
            "http://a.example.com",
            "https://a.example.com:444",
            "https://a.example.com.evil.test",
        ] {
            assert!(!below.have(&origin(outside)), "{outside}");
        }
    }

    #[test]
    fn a_rule_that_is_no_origin_is_refused() {
        for text in [
            "",
            "api.example.com",
            "ftp://a.b",
            "https://a.b/path",
            "https://a.b?q",
            "https://u:p@a.b",
            "https://*.127.0.0.1",
            "https://a.*.b",
            "https://*.*.b",
            "https://*.a.*.b",
            "https://%2a.b",
            "https://*.%2A.b",
            "https://a.b:25",
            "http://*.b:6667",
            "https://*",
            "file:///etc",
            "**",
        ] {
            assert!(Origins::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bad_ports_are_in_their_order() {
        assert!(BAD_PORTS.is_sorted());
        for port in [0, 22, 25, 6667, 10080] {
            assert!(is_bad_port(port), "{port}");
        }
        for port in [80, 443, 3000, 6379, 8080, u16::MAX] {
            assert!(!is_bad_port(port), "{port}");
        }
    }

    #[test]
    fn methods_are_in_upper_case_and_never_tunnels() {
        assert_eq!(method("get").expect("it is there"), Method::GET);
        assert_eq!(method("patch").expect("it is there"), Method::PATCH);
        for name in ["CONNECT", "trace", "Track", "", "GE T", "GET\r\n"] {
            assert!(method(name).is_err(), "{name}");
        }
    }

    #[test]
    fn headers_of_the_connection_are_left_out_and_broken_ones_refused() {
        let given = |name: &str, value: &str| headers(&[(name.to_owned(), value.to_owned())]);
        for name in [
            "Host",
            "content-length",
            "Transfer-Encoding",
            "Proxy-Authorization",
            "sec-fetch-site",
            "X-HTTP-Method-Override",
        ] {
            assert!(given(name, "1").expect("it is there").is_empty(), "{name}");
        }
        assert_eq!(given("X-Own", "1").expect("it is there").len(), 1);
        for (name, value) in
            [("a b", "1"), ("a:b", "1"), ("", "1"), ("a\r\nhost", "1"), ("a", "1\r\nhost: b"), ("a", "\0")]
        {
            assert!(matches!(given(name, value), Err(FetchError::Header { .. })), "{name:?} {value:?}");
        }
        let many = vec![("a".to_owned(), String::new()); MOST_HEADERS + 1];
        assert!(matches!(headers(&many), Err(FetchError::Header { .. })));
        assert!(matches!(given("a", &"x".repeat(MOST_HEADER_BYTES)), Err(FetchError::Header { .. })));
    }

    #[test]
    fn a_secret_takes_the_place_of_the_guests_header_and_is_not_shown() {
        let secret = Secret {
            origins: Origins::parse("https://a.test").expect("it is there"),
            name: HeaderName::from_static("authorization"),
            value: HeaderValue::from_static("Bearer hidden"),
        };
        let policy = Rules { secrets: vec![secret], ..Rules::default() };
        assert!(!format!("{policy:?}").contains("hidden"));
        let mut headers =
            headers(&[("Authorization".into(), "mine".into()), ("authorization".into(), "too".into())])
                .expect("it is there");
        policy.add_secrets(&origin("https://b.test"), &mut headers);
        assert_eq!(headers.get_all("authorization").iter().count(), 2);
        policy.add_secrets(&origin("https://a.test"), &mut headers);
        let all = headers.get_all("authorization").iter().collect::<Vec<_>>();
        assert_eq!(all, ["Bearer hidden"]);
    }
}
