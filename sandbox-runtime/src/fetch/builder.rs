//! [`FetchBuilder`]: the rules, limits and secrets of a [`Fetch`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::connection::{AllowPrivate, Network};
use super::policy::{Origins, Rule, Rules, Secret, method};
use super::resolver::{DnsResolver, System};
use super::{Fetch, FetchState};
use crate::{Error, Result};

/// Makes a [`Fetch`]. Nothing is allowed that no rule names.
pub struct FetchBuilder {
    policy: Rules,
    resolver: Arc<dyn DnsResolver>,
    allow_private: Option<AllowPrivate>,
    certificates: Vec<Vec<u8>>,
    runtime: Option<Handle>,
    limits: FetchLimits,
    problems: Vec<String>,
}

/// The limits of each request, and of all requests at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct FetchLimits {
    pub(super) request_bytes: usize,
    pub(super) response_bytes: usize,
    pub(super) timeout: Duration,
    pub(super) redirects: usize,
    pub(super) concurrent: usize,
}

impl FetchBuilder {
    pub(super) fn new() -> Self {
        let limits = FetchLimits {
            request_bytes: 1 << 20,
            response_bytes: 8 << 20,
            timeout: Duration::from_secs(10),
            redirects: 5,
            concurrent: 64,
        };
        Self {
            policy: Rules::default(),
            resolver: Arc::new(System::new()),
            allow_private: None,
            certificates: Vec::new(),
            runtime: None,
            limits,
            problems: Vec::new(),
        }
    }

    /// Allows methods at an origin: `https://api.example.com`, `https://*.example.com` for all names below, or `*` for every
    /// origin. Several rules add up. A rule is of all paths. `CONNECT` and `TRACE` cannot be allowed.
    #[must_use]
    pub fn allow<'a>(mut self, origin: &str, methods: impl IntoIterator<Item = &'a str>) -> Self {
        let origins = self.origins(origin);
        let methods = methods.into_iter().map(method).collect::<Result<Vec<_>, _>>();
        match (origins, methods) {
            (Some(origins), Ok(methods)) => self.policy.rules.push(Rule { origins, methods }),
            (_, Err(problem)) => self.problems.push(problem),
            (None, Ok(_)) => {}
        }
        self
    }

    /// Adds a header to each request to an origin, in the place of the guest's, such as `authorization`. No guest sees it, unless
    /// the server tells it. The origin is written as for [`allow`](Self::allow), and `*` is refused.
    #[must_use]
    pub fn secret(mut self, origin: &str, name: &str, value: &str) -> Self {
        let origins = self.origins(origin);
        let name_and_value = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        match (origins, name_and_value) {
            (Some(Origins::Any), _) => {
                self.problems.push(format!("the secret `{name}` has no origin: `*` would send it to all"));
            }
            (Some(origins), (Ok(name), Ok(mut value))) => {
                value.set_sensitive(true);
                self.policy.secrets.push(Secret { origins, name, value });
            }
            (_, (Err(_), _)) => self.problems.push(format!("`{name}` is no name of a header")),
            (_, (_, Err(_))) => {
                self.problems.push(format!("the secret `{name}` has a value that no header can have"))
            }
            (None, _) => {}
        }
        self
    }

    fn origins(&mut self, text: &str) -> Option<Origins> {
        Origins::parse(text).map_err(|problem| self.problems.push(problem)).ok()
    }

    /// Says which addresses may be reached although they are not public, such as those of a service in the same network. Without
    /// it none may.
    #[must_use]
    pub fn allow_private(mut self, allows: impl Fn(SocketAddr) -> bool + Send + Sync + 'static) -> Self {
        self.allow_private = Some(Arc::new(allows));
        self
    }

    /// Finds the addresses of names in the place of the operating system, which is asked for at most 32 names at once.
    #[must_use]
    pub fn resolver(mut self, resolver: impl DnsResolver + 'static) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Trusts a certificate (DER) as a root, beside those of the operating system. Where the environment has `SSL_CERT_FILE` or
    /// `SSL_CERT_DIR`, the certificates there are the roots in the place of the system's; [`build`](Self::build) reads them.
    #[must_use]
    pub fn root_certificate(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.certificates.push(der.into());
        self
    }

    /// The runtime that does the work, with its I/O and its time on. Otherwise it is the runtime in which `build` is called.
    #[must_use]
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// The most bytes of a request's body; otherwise 1 MiB.
    #[must_use]
    pub fn request_bytes(mut self, most: usize) -> Self {
        self.limits.request_bytes = most;
        self
    }

    /// The most bytes of a response's body; otherwise 8 MiB. The limits of a crossing hold as well.
    #[must_use]
    pub fn response_bytes(mut self, most: usize) -> Self {
        self.limits.response_bytes = most;
        self
    }

    /// The time of a request with its redirects and the whole response; otherwise 10 s. The limits of the guest's call hold as well.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout;
        self
    }

    /// The most redirects of a request; otherwise 5.
    #[must_use]
    pub fn redirects(mut self, most: usize) -> Self {
        self.limits.redirects = most;
        self
    }

    /// The most requests at once, of all guests of this `Fetch`; otherwise 64. A request waits for its turn in its own time.
    #[must_use]
    pub fn concurrent(mut self, most: usize) -> Self {
        self.limits.concurrent = most;
        self
    }

    /// Makes the host.
    ///
    /// # Errors
    ///
    /// [`Error::Build`] names each rule that is wrong, each certificate that cannot be read, and a runtime that is missing.
    pub fn build(self) -> Result<Fetch> {
        let Self { policy, resolver, allow_private, certificates, runtime, limits, mut problems } = self;
        let roots = roots(certificates, &mut problems);
        let runtime = runtime.or_else(|| Handle::try_current().ok());
        if runtime.is_none() {
            problems.push(
                "a `Fetch` needs a runtime of tokio: build it inside of one, or give it one with `runtime`"
                    .to_owned(),
            );
        }
        if limits.concurrent == 0 || limits.concurrent > Semaphore::MAX_PERMITS {
            problems.push(format!("`concurrent` is from 1 to {}", Semaphore::MAX_PERMITS));
        }
        let (Some(runtime), true) = (runtime, problems.is_empty()) else {
            return Err(Error::build(problems.join("\n")));
        };
        let tls = tls(roots)?;
        let network = Network { resolver, allow_private, tls, response_bytes: limits.response_bytes };
        let turns = Semaphore::new(limits.concurrent);
        Ok(Fetch { shared: Arc::new(FetchState { policy, network, limits, turns }), runtime })
    }
}

/// The roots of the operating system, and those that were given.
fn roots(certificates: Vec<Vec<u8>>, problems: &mut Vec<String>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // A root of the system that cannot be read is not trusted. Without any, `https` fails at its first request.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in certificates {
        if let Err(error) = roots.add(CertificateDer::from(certificate)) {
            problems.push(format!("a root certificate cannot be read: {error}"));
        }
    }
    roots
}

fn tls(roots: RootCertStore) -> Result<TlsConnector> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::build(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
