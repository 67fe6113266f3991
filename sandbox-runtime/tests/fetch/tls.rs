//! `https`: certificates are those of the name, and the name is checked at the address that was checked.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use sandbox_runtime::Cancellation;
use sandbox_runtime::fetch::{Fetch, FetchApi, FetchBuilder, FetchError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::server::{Names, Reply, Server};
use super::{get, text};

/// A server of `https` that gives one response to each connection.
struct Secure {
    port: u16,
    certificate: Vec<u8>,
}

impl Secure {
    /// With a certificate for a name.
    async fn start(name: &str, response: &'static str) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut stream = acceptor.accept(stream).await?;
                    _ = stream.read(&mut [0; 4096]).await?;
                    stream.write_all(response.as_bytes()).await?;
                    stream.shutdown().await
                });
            }
        });
        Self { port, certificate: cert.der().to_vec() }
    }

    fn rules(&self) -> FetchBuilder {
        Fetch::builder()
            .allow("*", ["GET"])
            .resolver(
                Names::default().with("api.test", &[&["127.0.0.1"]]).with("other.test", &[&["127.0.0.1"]]),
            )
            .allow_private(|address| address.ip().is_loopback())
    }

    fn url(&self, name: &str) -> String {
        format!("https://{name}:{}/", self.port)
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn a_certificate_is_trusted_for_its_name_alone() {
    let server = Secure::start("api.test", OK).await;
    let trusting = server.rules().root_certificate(server.certificate.clone()).build().unwrap();
    let response = trusting.request(get(server.url("api.test")), Cancellation::new()).await.unwrap();
    assert_eq!(text(&response), "ok");
    for (name, fetch) in [
        ("other.test", trusting.clone()),
        ("127.0.0.1", trusting.clone()),
        ("api.test", server.rules().build().unwrap()),
    ] {
        let error = fetch.request(get(server.url(name)), Cancellation::new()).await.unwrap_err();
        assert!(matches!(error, FetchError::Network { .. }), "{name}: {error}");
    }
    assert_eq!(trusting.request(get(server.url("api.test")), Cancellation::new()).await.unwrap().status, 200);
}

#[tokio::test]
async fn https_does_not_become_http() {
    let server = Secure::start(
        "api.test",
        "HTTP/1.1 302 F\r\nlocation: http://api.test/\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let fetch = server.rules().root_certificate(server.certificate.clone()).build().unwrap();
    let error = fetch.request(get(server.url("api.test")), Cancellation::new()).await.unwrap_err();
    assert_eq!(error, FetchError::Redirect { reason: "https does not become http".into() });
}

#[tokio::test]
async fn a_server_without_tls_is_no_https() {
    let server = Server::start(|_| Reply::ok("plain")).await;
    let fetch = Fetch::builder()
        .allow("*", ["GET"])
        .allow_private(|address| address.ip().is_loopback())
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    let url = format!("https://127.0.0.1:{}/", server.address.port());
    let error = fetch.request(get(url), Cancellation::new()).await.unwrap_err();
    assert!(matches!(error, FetchError::Network { .. } | FetchError::Timeout { .. }), "{error}");
}
