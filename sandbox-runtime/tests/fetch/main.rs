//! `Fetch`: what is asked, what is refused, and what ends. Servers are on loopback, and nothing leaves the machine.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod forgery;
mod server;
mod tls;

use std::time::Duration;

use sandbox_runtime::fetch::{
    Fetch, FetchApi, FetchBuilder, FetchError, FetchRequest, FetchResponse, RedirectMode, ResponseBody,
};
use sandbox_runtime::{Bytes, Cancellation, Error};
use server::{Names, Reply, Server};

/// A name of the tests, which leads to loopback.
const NAME: &str = "api.test";

/// Rules for `GET` and `POST` at a server, whose name is [`NAME`].
fn rules(server: &Server) -> FetchBuilder {
    let address = server.address;
    Fetch::builder()
        .allow(&server.at(NAME, ""), ["GET", "POST"])
        .resolver(Names::default().with(NAME, &[&["127.0.0.1"]]))
        .allow_private(move |asked| asked == address)
}

fn get(url: String) -> FetchRequest {
    FetchRequest { url, response: ResponseBody::Text, ..FetchRequest::default() }
}

fn text(response: &FetchResponse) -> &str {
    response.text.as_deref().unwrap()
}

#[tokio::test]
async fn a_request_arrives_as_it_was_made_and_so_does_the_response() {
    let server = Server::start(|_| {
        Reply::Bytes(
            b"HTTP/1.1 418 Short\r\nX-Two: a\r\nx-two: b\xe9\r\nSet-Cookie: s=1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
                .to_vec(),
        )
    })
    .await;
    let fetch = rules(&server).build().unwrap();
    let request = FetchRequest {
        url: server.at(NAME, "/a%20b/../c?q=1&é#part"),
        method: Some("post".into()),
        headers: vec![("X-Own".into(), "1".into()), ("Host".into(), "evil.test".into())],
        text: Some("{\"ü\":1}".into()),
        ..FetchRequest::default()
    };
    let response = fetch.request(request, Cancellation::new()).await.unwrap();
    assert_eq!(response.status, 418);
    assert_eq!(response.body, Some(Bytes::new(*b"abcde")));
    assert_eq!(response.url, server.at(NAME, "/c?q=1&%C3%A9"));
    let two = response.headers.iter().filter(|(name, _)| name == "x-two").map(|(_, value)| value.as_str());
    assert_eq!(two.collect::<Vec<_>>(), ["a", "bé"]);
    assert!(response.headers.iter().all(|(name, _)| name != "set-cookie"), "{:?}", response.headers);
    let [asked] = &server.asked()[..] else { panic!("one request") };
    assert_eq!(asked.line(), "POST /c?q=1&%C3%A9");
    assert_eq!(asked.header("host"), [format!("{NAME}:{}", server.address.port())]);
    assert_eq!(asked.header("x-own"), ["1"]);
    assert_eq!(asked.header("content-type"), ["text/plain;charset=UTF-8"]);
    assert_eq!(asked.header("accept-encoding"), ["identity"]);
    assert_eq!(asked.body, "{\"ü\":1}".as_bytes());
}

#[tokio::test]
async fn a_text_is_utf_8_without_its_mark() {
    let server = Server::start(|_| {
        Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n\xEF\xBB\xBFa\xFFb\n".to_vec())
    })
    .await;
    let fetch = rules(&server).build().unwrap();
    assert_eq!(
        text(&fetch.request(get(server.at(NAME, "/")), Cancellation::new()).await.unwrap()),
        "a\u{FFFD}b\n"
    );
}

#[tokio::test]
async fn a_method_that_no_rule_names_is_not_sent() {
    let server = Server::start(|_| Reply::ok("")).await;
    let fetch = rules(&server).build().unwrap();
    for method in ["DELETE", "connect", "TRACE", "G T", ""] {
        let request = FetchRequest { method: Some(method.into()), ..get(server.at(NAME, "/")) };
        let error = fetch.request(request, Cancellation::new()).await.unwrap_err();
        assert!(matches!(error, FetchError::NotAllowed { .. }), "{method}: {error}");
    }
    assert_eq!(server.connections(), 0);
    assert_eq!(fetch.request(get(server.at(NAME, "/")), Cancellation::new()).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_secret_is_sent_to_its_origin_alone() {
    let other = Server::start(|_| Reply::ok("other")).await;
    let there = other.at("other.test", "/");
    let server = Server::start(move |asked| match asked.line().as_str() {
        "GET /away" => Reply::to(302, &there),
        "GET /same" => Reply::to(302, "/"),
        _ => Reply::ok("own"),
    })
    .await;
    let fetch = Fetch::builder()
        .allow("*", ["GET"])
        .secret(&server.at(NAME, ""), "Authorization", "Bearer hidden")
        .resolver(Names::default().with(NAME, &[&["127.0.0.1"]]).with("other.test", &[&["127.0.0.1"]]))
        .allow_private(|address| address.ip().is_loopback())
        .build()
        .unwrap();
    assert!(!format!("{fetch:?}").contains("hidden"));
    let mine = |path| FetchRequest {
        headers: vec![("authorization".into(), "mine".into()), ("x-own".into(), "1".into())],
        ..get(server.at(NAME, path))
    };
    assert_eq!(text(&fetch.request(mine("/same"), Cancellation::new()).await.unwrap()), "own");
    for asked in server.asked() {
        assert_eq!(asked.header("authorization"), ["Bearer hidden"]);
    }
    let response = fetch.request(mine("/away"), Cancellation::new()).await.unwrap();
    assert_eq!((text(&response), response.redirected), ("other", true));
    let [asked] = &other.asked()[..] else { panic!("one request") };
    // The guest's own header stays at its origin, and another one goes on.
    assert!(asked.header("authorization").is_empty() && asked.header("x-own") == ["1"], "{asked:?}");
}

#[tokio::test]
async fn redirects_change_methods_as_the_standard_says() {
    for (status, method, then) in [
        (301, "POST", "GET /end"),
        (302, "POST", "GET /end"),
        (303, "POST", "GET /end"),
        (307, "POST", "POST /end"),
        (308, "POST", "POST /end"),
        (303, "GET", "GET /end"),
    ] {
        let server = Server::start(move |asked| match asked.line().ends_with("/end") {
            true => Reply::ok("end"),
            false => Reply::to(status, "end#part"),
        })
        .await;
        let fetch = rules(&server).build().unwrap();
        let body = (method == "POST").then(|| "body".to_owned());
        let request =
            FetchRequest { method: Some(method.into()), text: body, ..get(server.at(NAME, "/begin")) };
        let response = fetch.request(request, Cancellation::new()).await.unwrap();
        assert_eq!((text(&response), response.redirected), ("end", true));
        let last = server.asked().pop().unwrap();
        assert_eq!(last.line(), then, "{status}");
        assert_eq!(last.body.is_empty(), then.starts_with("GET"), "{status}");
        assert_eq!(last.header("content-type").is_empty(), then.starts_with("GET"), "{status}");
    }
}

#[tokio::test]
async fn redirects_are_counted_refused_or_shown() {
    let server = Server::start(|asked| match asked.line().as_str() {
        "GET /nowhere" => Reply::Bytes(b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n".to_vec()),
        _ => Reply::to(302, "/again"),
    })
    .await;
    let fetch = rules(&server).redirects(3).build().unwrap();
    let error = fetch.request(get(server.at(NAME, "/")), Cancellation::new()).await.unwrap_err();
    assert_eq!(error, FetchError::Redirect { reason: "there are more than 3".into() });
    assert_eq!(server.connections(), 4);
    let request = FetchRequest { redirect: RedirectMode::Error, ..get(server.at(NAME, "/")) };
    assert!(matches!(fetch.request(request, Cancellation::new()).await, Err(FetchError::Redirect { .. })));
    let request = FetchRequest { redirect: RedirectMode::Manual, ..get(server.at(NAME, "/")) };
    let response = fetch.request(request, Cancellation::new()).await.unwrap();
    assert!(response.headers.contains(&("location".into(), "/again".into())), "{response:?}");
    assert_eq!(
        fetch.request(get(server.at(NAME, "/nowhere")), Cancellation::new()).await.unwrap().status,
        302
    );
}

#[tokio::test]
async fn sizes_are_bounded_and_the_next_request_is_answered() {
    let server = Server::start(|asked| match asked.line().as_str() {
        "GET /told" => Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n".to_vec()),
        "GET /chunks" => Reply::Endless(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(),
            b"400\r\n".iter().copied().chain([b'x'; 0x400]).chain(*b"\r\n").collect(),
        ),
        "GET /head" => Reply::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: 0123456789\r\n".to_vec()),
        "GET /line" => Reply::Endless(b"HTTP/1.1 200 ".to_vec(), vec![b'x'; 1024]),
        // Each byte becomes three, in a text.
        "GET /no-text" => Reply::Bytes([&b"HTTP/1.1 200 OK\r\n\r\n"[..], &[0xFF; 1366]].concat()),
        "GET /until-the-end" => Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 1024]),
        _ => Reply::ok("ok"),
    })
    .await;
    let fetch = rules(&server).request_bytes(8).response_bytes(4096).build().unwrap();
    for path in ["/told", "/chunks", "/until-the-end", "/no-text"] {
        let error = fetch.request(get(server.at(NAME, path)), Cancellation::new()).await.unwrap_err();
        assert_eq!(error, FetchError::TooLarge { what: "response".into(), limit: 4096 }, "{path}");
    }
    let bytes = FetchRequest { response: ResponseBody::Bytes, ..get(server.at(NAME, "/no-text")) };
    assert_eq!(fetch.request(bytes, Cancellation::new()).await.unwrap().body, Some(Bytes::new([0xFF; 1366])));
    for path in ["/head", "/line"] {
        let error = fetch.request(get(server.at(NAME, path)), Cancellation::new()).await.unwrap_err();
        assert!(matches!(error, FetchError::Network { .. }), "{path}: {error}");
    }
    let large = FetchRequest { text: Some("123456789".into()), ..get(server.at(NAME, "/")) };
    assert_eq!(
        fetch.request(large, Cancellation::new()).await,
        Err(FetchError::TooLarge { what: "request".into(), limit: 8 })
    );
    let long = get(server.at(NAME, &format!("/{}", "x".repeat(1 << 20))));
    assert_eq!(
        fetch.request(long, Cancellation::new()).await,
        Err(FetchError::TooLarge { what: "URL".into(), limit: 16_384 })
    );
    assert_eq!(text(&fetch.request(get(server.at(NAME, "/")), Cancellation::new()).await.unwrap()), "ok");
}

#[tokio::test]
async fn no_request_goes_to_a_port_of_another_protocol() {
    let server = Server::start(|asked| match asked.line().as_str() {
        "GET /mail" => Reply::to(302, "http://api.test:25/"),
        _ => Reply::ok("ok"),
    })
    .await;
    let address = server.address;
    let fetch = Fetch::builder()
        .allow("*", ["GET", "POST"])
        .resolver(Names::default().with(NAME, &[&["127.0.0.1"]]))
        .allow_private(move |asked| asked == address)
        .build()
        .unwrap();
    for (url, port) in [
        ("http://api.test:25/".to_owned(), 25),
        ("https://api.test:22/".to_owned(), 22),
        ("http://api.test:0/".to_owned(), 0),
        ("http://127.0.0.1:10080/".to_owned(), 10080),
        ("https://api.test:006667/".to_owned(), 6667),
        (server.at(NAME, "/mail"), 25),
    ] {
        assert_eq!(
            fetch.request(get(url.clone()), Cancellation::new()).await,
            Err(FetchError::Port { port }),
            "{url}"
        );
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(text(&fetch.request(get(server.at(NAME, "/")), Cancellation::new()).await.unwrap()), "ok");
}

/// A name with many addresses keeps a request for no longer than one with eight does.
#[tokio::test]
async fn eight_addresses_of_a_name_are_tried() {
    let server = Server::start(|_| Reply::ok("ok")).await;
    // Nothing listens at these, so each attempt fails at once.
    let others = (2..=9).map(|last| format!("127.0.0.{last}")).collect::<Vec<_>>();
    let mut all = others.iter().map(String::as_str).collect::<Vec<_>>();
    all.push("127.0.0.1");
    let fetch = Fetch::builder()
        .allow("*", ["GET"])
        .resolver(Names::default().with("nine.test", &[&all]).with("eight.test", &[&all[1..]]))
        .allow_private(|asked| asked.ip().is_loopback())
        .build()
        .unwrap();
    let outcome = fetch.request(get(server.at("nine.test", "/")), Cancellation::new()).await;
    assert!(matches!(outcome, Err(FetchError::Network { .. })), "{outcome:?}");
    assert_eq!(server.connections(), 0);
    assert_eq!(
        text(&fetch.request(get(server.at("eight.test", "/")), Cancellation::new()).await.unwrap()),
        "ok"
    );
}

/// An address that may not be reached refuses its name, wherever it stands.
#[tokio::test]
async fn addresses_that_are_not_tried_are_checked() {
    let server = Server::start(|_| Reply::ok("ok")).await;
    let address = server.address;
    let all = ["127.0.0.1"; 8].into_iter().chain(["168.63.129.16"]).collect::<Vec<_>>();
    let fetch = Fetch::builder()
        .allow("*", ["GET"])
        .resolver(Names::default().with(NAME, &[&all]))
        .allow_private(move |asked| asked == address)
        .build()
        .unwrap();
    let outcome = fetch.request(get(server.at(NAME, "/")), Cancellation::new()).await;
    assert!(
        matches!(&outcome, Err(FetchError::Address { address, .. }) if address.starts_with("168.63.129.16:")),
        "{outcome:?}"
    );
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn texts_of_guests_in_errors_have_no_control_characters() {
    let server = Server::start(|_| Reply::ok("")).await;
    let fetch = rules(&server).build().unwrap();
    let evil = "\n2026 INFO all is well\u{1b}[2J\u{202e}";
    let shown = "\\n2026 INFO all is well\\u{1b}[2J\\u{202e}";
    let url = fetch.request(get(format!("x:{evil}")), Cancellation::new()).await;
    assert_eq!(url, Err(FetchError::Url { url: format!("x:{shown}") }));
    let method = FetchRequest { method: Some(evil.into()), ..get(server.at(NAME, "/")) };
    let method = fetch.request(method, Cancellation::new()).await;
    assert!(matches!(&method, Err(FetchError::NotAllowed { method, .. }) if method == shown), "{method:?}");
    let header = FetchRequest { headers: vec![(evil.into(), "1".into())], ..get(server.at(NAME, "/")) };
    let header = fetch.request(header, Cancellation::new()).await;
    assert!(matches!(&header, Err(FetchError::Header { header, .. }) if header == shown), "{header:?}");
    assert_eq!(server.connections(), 0);
    assert_eq!(fetch.request(get(server.at(NAME, "/")), Cancellation::new()).await.unwrap().status, 200);
}

#[tokio::test]
async fn slow_servers_end_with_the_time_of_the_request() {
    let server = Server::start(|asked| match asked.line().as_str() {
        "GET /silent" => Reply::Silence,
        "GET /continue" => Reply::Endless(Vec::new(), b"HTTP/1.1 103 Early\r\n\r\n".to_vec()),
        _ => Reply::ok("ok"),
    })
    .await;
    let fetch = rules(&server).timeout(Duration::from_millis(50)).build().unwrap();
    for path in ["/silent", "/continue"] {
        let error = fetch.request(get(server.at(NAME, path)), Cancellation::new()).await.unwrap_err();
        assert_eq!(error, FetchError::Timeout { millis: 50 }, "{path}");
    }
}

#[tokio::test]
async fn a_request_that_is_dropped_closes_its_connection() {
    let server = Server::start(|_| Reply::Silence).await;
    let fetch = rules(&server).concurrent(1).build().unwrap();
    let mut ended = server.ended.clone();
    for count in 1..=3 {
        let (other, url) = (fetch.clone(), server.at(NAME, "/"));
        let task = tokio::spawn(async move { other.request(get(url), Cancellation::new()).await });
        while server.asked().len() < count {
            tokio::task::yield_now().await;
        }
        task.abort();
        // The server sees the end of the stream, and the turn of the dropped request is free for the next one.
        ended.wait_for(|ends| *ends == count).await.unwrap();
    }
}

#[tokio::test]
async fn responses_that_are_none_are_errors() {
    let server = Server::start(|asked| {
        let bytes: &[u8] = match asked.line().as_str() {
            "GET /0" => b"",
            "GET /1" => b"ICY 200 OK\r\n\r\n",
            "GET /2" => b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
            "GET /3" => b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            "GET /4" => b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
            "GET /5" => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            "GET /6" => b"HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
            "GET /7" => b"<html>no head</html>",
            _ => b"HTTP/1.1 302 Found\r\nlocation: http://[\r\ncontent-length: 0\r\n\r\n",
        };
        Reply::Bytes(bytes.to_vec())
    })
    .await;
    let fetch = rules(&server).build().unwrap();
    for number in 0..8 {
        let outcome = fetch.request(get(server.at(NAME, &format!("/{number}"))), Cancellation::new()).await;
        assert!(matches!(outcome, Err(FetchError::Network { .. })), "{number}: {outcome:?}");
    }
    let outcome = fetch.request(get(server.at(NAME, "/8")), Cancellation::new()).await;
    assert!(matches!(outcome, Err(FetchError::Url { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_request_has_one_body() {
    let server = Server::start(|_| Reply::ok("")).await;
    let fetch = rules(&server).build().unwrap();
    let body = Some(Bytes::new(*b"a"));
    let request = FetchRequest { body, text: Some("a".into()), ..get(server.at(NAME, "/")) };
    assert_eq!(fetch.request(request, Cancellation::new()).await, Err(FetchError::TwoBodies));
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_builder_names_all_that_is_wrong() {
    let builder = Fetch::builder()
        .allow("api.example.com", ["GET"])
        .allow("https://api.example.com", ["CONNECT"])
        .secret("*", "authorization", "x")
        .secret("https://a.test", "a b", "x")
        .secret("https://a.test", "a", "x\r\nb: c")
        .root_certificate(*b"no certificate")
        .concurrent(0);
    let Err(Error::Build { reason, .. }) = builder.build() else { panic!("nothing of it is right") };
    for part in [
        "`api.example.com`",
        "CONNECT",
        "`authorization`",
        "`a b`",
        "`a`",
        "certificate",
        "runtime",
        "concurrent",
    ] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
    assert_eq!(reason.lines().count(), 8, "{reason}");
}
