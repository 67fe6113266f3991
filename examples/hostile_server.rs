//! A server whose tenants attack the engine itself: axum, `#[tokio::main]` and `Trust::Hostile` together.
//!
//! Each tenant has a process, which is this executable started again. So `main` is no `async fn`: `process::init()` comes before
//! the runtime and its threads, and does not return in a child.
//!
//! ```sh
//! cargo run --example hostile_server                     # is its own customer, and ends
//! cargo run --example hostile_server -- 127.0.0.1:8080   # serves until it is interrupted
//! ```

#[path = "server/client.rs"]
mod client;

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{post, put};
use client::Client;
use sandbox_runtime::{Error, LimitKind, Limits, Pooled, SandboxPool, Script, Trust, process, sandbox_api};
use tokio::net::TcpListener;

type Result<T = ()> = std::result::Result<T, Box<dyn StdError + Send + Sync>>;

/// What a tenant uploads.
#[sandbox_api(guest)]
pub trait PricingRule {
    /// The price of so many.
    async fn price(&self, quantity: u32) -> sandbox_runtime::Result<f64>;
}

fn main() -> Result {
    process::init(); // first thing: in a child, it does not return
    serve()
}

#[tokio::main]
async fn serve() -> Result {
    match std::env::args().nth(1) {
        None => demo().await,
        Some(address) => {
            let listener = TcpListener::bind(address).await?;
            println!("listening on http://{}", listener.local_addr()?);
            Ok(axum::serve(listener, router()?).await?)
        }
    }
}

// ---------------------------------------------------------------------------------------------------------
// The server

type Rule = Arc<PricingRuleProxy<Pooled>>;

#[derive(Clone)]
struct App {
    pool: SandboxPool,
    rules: Arc<RwLock<HashMap<String, Rule>>>,
}

fn router() -> Result<Router> {
    let limits = Limits { wall: Duration::from_millis(200), ..Limits::default() };
    let pool = SandboxPool::builder().trust(Trust::Hostile).limits(limits).build()?;
    let app = App { pool, rules: Arc::default() };
    let routes = Router::new().route("/tenants/{tenant}/rule", put(upload));
    Ok(routes.route("/tenants/{tenant}/price", post(price)).with_state(app))
}

async fn upload(
    State(app): State<App>,
    Path(tenant): Path<String>,
    source: String,
) -> std::result::Result<StatusCode, Failure> {
    let script = Script::new(format!("{tenant}.js"), source);
    let rule = app.pool.tenant(&tenant).load_async::<dyn PricingRule>(script).await.map_err(failure)?;
    app.rules.write().unwrap_or_else(PoisonError::into_inner).insert(tenant, Arc::new(rule));
    Ok(StatusCode::CREATED)
}

async fn price(
    State(app): State<App>,
    Path(tenant): Path<String>,
    quantity: String,
) -> std::result::Result<String, Failure> {
    let rule = app.rules.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
    let rule = rule.ok_or_else(|| (StatusCode::NOT_FOUND, "the tenant has no rule".to_owned()))?;
    let quantity =
        quantity.parse().map_err(|error| (StatusCode::BAD_REQUEST, format!("quantity: {error}")))?;
    // A process that ends takes its own calls with it. The next call of the tenant has another.
    Ok(rule.price(quantity).await.map_err(failure)?.to_string())
}

/// What the customer of a tenant is told.
type Failure = (StatusCode, String);

fn failure(error: Error) -> Failure {
    let status = match &error {
        Error::Limit { kind: LimitKind::Wall | LimitKind::Cpu | LimitKind::Deadline, .. } => {
            StatusCode::GATEWAY_TIMEOUT
        }
        Error::Overloaded { .. } => StatusCode::SERVICE_UNAVAILABLE,
        // The rule is wrong, meets a limit, or has ended its process.
        Error::Syntax { .. } | Error::Mismatch { .. } | Error::Guest(_) | Error::Value(_) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Error::Limit { .. } | Error::Process { .. } | Error::Discarded { .. } | Error::Lost { .. } => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        _ => {
            eprintln!("{error}");
            return (StatusCode::INTERNAL_SERVER_ERROR, "the server has failed".to_owned());
        }
    };
    (status, error.to_string())
}

// ---------------------------------------------------------------------------------------------------------
// Its customers

/// What hostile tenants upload: one line each, of which the first two end the process of V8 in which they run.
const HOSTILE: [(&str, &str); 4] = [
    ("holes", "const a = []; a.length = 2 ** 26; return a.fill(0.5).map((x) => ({ x })).length;"),
    ("pieces", "return 'x'.repeat(2 ** 28).split('').length;"),
    ("loops", "for (;;);"),
    ("fills", "const a = []; for (;;) a.push(new Array(1e6).fill(a.length));"),
];

async fn demo() -> Result {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(axum::serve(listener, router()?).into_future());

    let mut client = Client::connect(address).await?;
    let honest = ("shop", "return quantity * 9.5;");
    for (tenant, body) in HOSTILE.into_iter().chain([honest]) {
        let source = format!("export const price = (quantity) => {{ {body} }};");
        let answer = client.send("PUT", &format!("/tenants/{tenant}/rule"), &source).await?;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    for (tenant, _) in HOSTILE {
        let mut elsewhere = Client::connect(address).await?;
        let path = format!("/tenants/{tenant}/price");
        elsewhere.post("POST", &path, "", "1").await?;
        // While the hostile rule does its worst, the shop is asked.
        let answer = client.send("POST", "/tenants/shop/price", "3").await?;
        assert_eq!((answer.status, answer.body.as_str()), (200, "28.5"));
        let ended = elsewhere.answer().await?;
        println!("{tenant:<8} {} {}", ended.status, ended.body);
        assert!([422, 504].contains(&ended.status), "{tenant}: {} {}", ended.status, ended.body);
    }
    let answer = client.send("POST", "/tenants/shop/price", "2").await?;
    assert_eq!((answer.status, answer.body.as_str()), (200, "19"));
    println!("shop     {} {}; this process is {}, and lives", answer.status, answer.body, std::process::id());
    server.abort();
    Ok(())
}
