//! Servers on loopback, and a resolver whose answers the test chooses.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use sandbox_runtime::fetch::{DnsResolver, Resolving};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request as the server has read it: the head as it came, and the body.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// The method and the target.
    pub(crate) fn line(&self) -> String {
        let line = self.head.lines().next().unwrap_or_default();
        line.trim_end_matches(" HTTP/1.1").to_owned()
    }

    /// The values of a header, in their order.
    pub(crate) fn header(&self, name: &str) -> Vec<String> {
        let headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let named = headers.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.trim().to_owned()).collect()
    }
}

/// The answer of a server to a request.
pub(crate) enum Reply {
    /// Sends these bytes, and closes.
    Bytes(Vec<u8>),
    /// Sends the first bytes, and then the second ones again and again.
    Endless(Vec<u8>, Vec<u8>),
    /// Says nothing, and keeps the connection.
    Silence,
}

impl Reply {
    /// A response with a body.
    pub(crate) fn ok(body: &str) -> Self {
        Self::Bytes(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes())
    }

    /// A redirect.
    pub(crate) fn to(status: u16, location: &str) -> Self {
        let head = format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        Self::Bytes(head.into_bytes())
    }
}

/// A server, which lives as long as the runtime of its test.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    connections: Arc<AtomicUsize>,
    /// Is sent the count of connections that ended.
    pub(crate) ended: tokio::sync::watch::Receiver<usize>,
}

impl Server {
    pub(crate) async fn start(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (ends, ended) = tokio::sync::watch::channel(0);
        let server = Self { address, asked: Arc::default(), connections: Arc::default(), ended };
        let (serving, reply, ends) = (server.clone(), Arc::new(reply), Arc::new(ends));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.connections.fetch_add(1, Ordering::SeqCst);
                let (serving, reply, ends) = (serving.clone(), Arc::clone(&reply), Arc::clone(&ends));
                tokio::spawn(async move {
                    // A client that leaves is no error of the server.
                    let _ = serving.serve(stream, &*reply).await;
                    ends.send_modify(|count| *count += 1);
                });
            }
        });
        server
    }

    async fn serve(
        &self,
        mut stream: TcpStream,
        reply: &(dyn Fn(&Asked) -> Reply + Send + Sync),
    ) -> io::Result<()> {
        let asked = read(&mut stream).await?;
        self.asked.lock().unwrap().push(asked.clone());
        match reply(&asked) {
            Reply::Bytes(bytes) => stream.write_all(&bytes).await?,
            Reply::Endless(head, more) => {
                stream.write_all(&head).await?;
                loop {
                    stream.write_all(&more).await?;
                }
            }
            Reply::Silence => _ = stream.read(&mut [0]).await?,
        }
        stream.shutdown().await
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The URL of a path, at a name.
    pub(crate) fn at(&self, name: &str, path: &str) -> String {
        format!("http://{name}:{}{path}", self.address.port())
    }
}

async fn read(stream: &mut TcpStream) -> io::Result<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut asked = Asked { head, body: bytes[end..].to_vec() };
    let length = asked.header("content-length").first().map_or(0, |length| length.parse().unwrap());
    while asked.body.len() < length {
        if stream.read_buf(&mut asked.body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(asked)
}

/// The answers for each name: the first, then the second, and the last for ever.
#[derive(Clone, Default)]
pub(crate) struct Names(Arc<Mutex<HashMap<String, Vec<Vec<IpAddr>>>>>);

impl Names {
    pub(crate) fn with(self, name: &str, answers: &[&[&str]]) -> Self {
        let parsed = answers.iter().map(|answer| answer.iter().map(|text| text.parse().unwrap()).collect());
        self.0.lock().unwrap().insert(name.to_owned(), parsed.collect());
        self
    }
}

impl DnsResolver for Names {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        let mut names = self.0.lock().unwrap();
        let answer = names.get_mut(name).map(|answers| match answers.len() {
            1 => answers[0].clone(),
            _ => answers.remove(0),
        });
        Box::pin(async move { answer.ok_or_else(|| io::Error::other("no such name in this test")) })
    }
}
