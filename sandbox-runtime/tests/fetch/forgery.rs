//! Requests that are meant to reach what no rule allows: private addresses by other spellings, names, redirects and rebinding.

use sandbox_runtime::Cancellation;
use sandbox_runtime::fetch::{Fetch, FetchApi, FetchError};

use super::get;
use super::server::{Names, Reply, Server};

/// Hosts that are a private address, or lead to one.
const HOSTS: [&str; 54] = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0x7f.1",
    "00000177.0.0.1",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "１２７.０.０.１",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "0",
    "0.0.0.0",
    "0x0",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "loc%61lhost",
    "ｌｏｃａｌｈｏｓｔ",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[fec0::1]",
    "[ff02::1]",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "168.63.129.16",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "100.100.100.200",
    "100.64.0.1",
    "192.0.0.192",
    "198.18.0.1",
    "metadata.test",
    "local.test",
    "six.test",
    "mapped.test",
    "both.test",
];

/// The resolver of these tests: each name is public at first sight, and leads to a private address.
fn names() -> Names {
    Names::default()
        .with("localhost", &[&["127.0.0.1", "::1"]])
        .with("localhost.", &[&["127.0.0.1"]])
        .with("metadata.test", &[&["169.254.169.254"]])
        .with("local.test", &[&["127.0.0.1"]])
        .with("six.test", &[&["::1"]])
        .with("mapped.test", &[&["::ffff:127.0.0.1"]])
        .with("both.test", &[&["93.184.216.34", "127.0.0.1"]])
}

/// The variant of an error.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Why {
    NotAllowed,
    Url,
    Credentials,
    Address,
    Other,
}

impl Why {
    fn of(error: &FetchError) -> Self {
        match error {
            FetchError::NotAllowed { .. } => Self::NotAllowed,
            FetchError::Url { .. } => Self::Url,
            FetchError::Credentials => Self::Credentials,
            FetchError::Address { .. } => Self::Address,
            _ => Self::Other,
        }
    }
}

/// URLs whose host looks like one that is allowed, or that have another scheme. None is `http://api.test/`.
const LOOK_ALIKE: [(&str, Why); 22] = [
    ("http://api.test@local.test/", Why::Credentials),
    ("http://api.test:80@local.test/", Why::Credentials),
    ("http://user:password@api.test/", Why::Credentials),
    ("http://local.test#@api.test/", Why::NotAllowed),
    ("http://local.test?@api.test/", Why::NotAllowed),
    ("http://local.test\\@api.test/", Why::NotAllowed),
    ("http://api.test.local.test/", Why::NotAllowed),
    ("http://local.test/http://api.test/", Why::NotAllowed),
    ("http://api.test:81/", Why::NotAllowed),
    ("https://api.test/", Why::NotAllowed),
    ("http://api.test%2elocal.test/", Why::NotAllowed),
    ("http://api.test%00.local.test/", Why::Url),
    ("http://api.test\u{2024}local.test/", Why::Url),
    ("http://xapi.test/", Why::NotAllowed),
    ("http://API.TEST./", Why::NotAllowed),
    ("file:///etc/passwd", Why::Url),
    ("gopher://api.test/", Why::Url),
    ("ftp://api.test/", Why::Url),
    ("data:text/plain,a", Why::Url),
    ("javascript:1", Why::Url),
    ("//api.test/", Why::Url),
    ("", Why::Url),
];

#[tokio::test]
async fn no_spelling_of_a_private_address_is_reached() {
    let trap = Server::start(|_| Reply::ok("private")).await;
    // Every origin is allowed, so that the addresses alone decide.
    let fetch = Fetch::builder().allow("*", ["GET"]).resolver(names()).build().unwrap();
    for host in HOSTS {
        let error = fetch.request(get(trap.at(host, "/")), Cancellation::new()).await.unwrap_err();
        assert!(matches!(error, FetchError::Address { .. }), "{host}: {error:?}");
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn no_url_is_an_allowed_origin_by_its_looks() {
    let fetch = Fetch::builder().allow("http://api.test", ["GET"]).resolver(names()).build().unwrap();
    for (url, why) in LOOK_ALIKE {
        let error = fetch.request(get(url.to_owned()), Cancellation::new()).await.unwrap_err();
        assert_eq!(Why::of(&error), why, "{url}: {error:?}");
    }
}

/// A redirect is a request like the first one: rule, address, scheme.
#[tokio::test]
async fn no_redirect_leads_where_no_request_may_go() {
    let trap = Server::start(|_| Reply::ok("private")).await;
    let port = trap.address.port();
    // By the rules of all origins, and by those of the first one alone.
    let targets = [
        (format!("http://127.0.0.1:{port}/"), Why::Address, Why::NotAllowed),
        (format!("http://[::ffff:127.0.0.1]:{port}/"), Why::Address, Why::NotAllowed),
        (format!("//127.0.0.1:{port}/"), Why::Address, Why::NotAllowed),
        (format!("\\\\127.0.0.1:{port}\\"), Why::Address, Why::NotAllowed),
        (format!("http://local.test:{port}/"), Why::Address, Why::NotAllowed),
        (format!("http://user@local.test:{port}/"), Why::Credentials, Why::Credentials),
        ("http://169.254.169.254/latest/meta-data/".to_owned(), Why::Address, Why::NotAllowed),
        ("file:///etc/passwd".to_owned(), Why::Url, Why::Url),
        ("gopher://127.0.0.1:6379/_INFO".to_owned(), Why::Url, Why::Url),
        ("data:text/plain,a".to_owned(), Why::Url, Why::Url),
    ];
    for (target, by_address, by_origin) in targets {
        let to = target.clone();
        let server = Server::start(move |_| Reply::to(302, &to)).await;
        let address = server.address;
        let fetch = Fetch::builder()
            .allow("*", ["GET"])
            .resolver(names().with("api.test", &[&["127.0.0.1"]]))
            .allow_private(move |asked| asked == address)
            .build()
            .unwrap();
        let error = fetch.request(get(server.at("api.test", "/")), Cancellation::new()).await.unwrap_err();
        assert_eq!((Why::of(&error), server.connections()), (by_address, 1), "{target}: {error:?}");
        // The rules of origins hold for a redirect as well.
        let narrow = Fetch::builder()
            .allow(&server.at("api.test", ""), ["GET"])
            .resolver(names().with("api.test", &[&["127.0.0.1"]]))
            .allow_private(|_| true)
            .build()
            .unwrap();
        let error = narrow.request(get(server.at("api.test", "/")), Cancellation::new()).await.unwrap_err();
        assert_eq!((Why::of(&error), server.connections()), (by_origin, 2), "{target}: {error:?}");
    }
    assert_eq!(trap.connections(), 0);
}

/// The name is public when it is checked, and private when it is asked again.
#[tokio::test]
async fn a_name_is_asked_once_and_the_checked_address_is_used() {
    let private = Server::start(|_| Reply::ok("private")).await;
    let public = Server::start(|_| Reply::to(302, "/again")).await;
    let address = public.address;
    let rebinding = |first: &str| {
        // The second answer would be the trap's: another address of loopback at which a server of every address listens.
        Fetch::builder()
            .allow("*", ["GET"])
            .resolver(Names::default().with("api.test", &[&[first], &["127.0.0.2"]]))
            .allow_private(move |asked| asked == address)
            .build()
            .unwrap()
    };
    // The hop after the redirect asks again, and the new answer is refused.
    let error = rebinding("127.0.0.1")
        .request(get(public.at("api.test", "/")), Cancellation::new())
        .await
        .unwrap_err();
    assert!(matches!(error, FetchError::Address { .. }), "{error:?}");
    assert_eq!((public.connections(), private.connections()), (1, 0));
}

#[tokio::test]
async fn an_error_tells_a_guest_no_address() {
    use sandbox_runtime::GuestError as _;
    let fetch = Fetch::builder().allow("*", ["GET"]).resolver(names()).build().unwrap();
    let error =
        fetch.request(get("http://metadata.test/".to_owned()), Cancellation::new()).await.unwrap_err();
    assert!(error.to_string().contains("169.254.169.254"), "{error}");
    let view = error.for_guest().unwrap();
    assert!(!format!("{view:?}").contains("169.254"), "{view:?}");
}
