//! The contracts, the state and the routes.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post, put};
use sandbox_runtime::{Error, Limits, Pooled, Result, SandboxPool, Script, sandbox_api};
use serde::{Deserialize, Serialize};

use crate::answer::Failure;

/// The length of a rule, and of an order.
const BODY: usize = 256 << 10;
/// What a request may take when it does not say less, with the wait for its turn.
const PATIENCE: Duration = Duration::from_secs(2);
/// The header of a request with which it says so, in milliseconds.
const TIMEOUT: &str = "x-timeout-ms";

#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct Order {
    #[garde(pattern("^[A-Z]{3}$"))]
    pub currency: String,
    #[garde(length(min = 1, max = 100), dive)]
    pub lines: Vec<Line>,
}

#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct Line {
    #[garde(length(chars, min = 1, max = 64))]
    pub sku: String,
    #[garde(range(min = 1, max = 1_000_000))]
    pub quantity: u32,
    #[garde(range(min = 0.0))]
    pub unit: f64,
}

#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema, garde::Validate)]
pub struct Price {
    #[garde(range(min = 0.0))]
    pub amount: f64,
    #[garde(pattern("^[A-Z]{3}$"))]
    pub currency: String,
}

/// What the rule of a tenant implements.
#[sandbox_api(guest)]
pub trait PricingRule {
    async fn price(&self, order: &Order) -> Result<Price>;
}

/// What rules can ask for.
#[sandbox_api(host)]
pub trait Rates {
    /// What a US dollar costs in a currency.
    async fn rate(&self, currency: &str) -> Result<f64>;
}

/// The rates of one tenant.
struct Bank {
    margin: f64,
}

#[sandbox_api]
impl Rates for Bank {
    async fn rate(&self, currency: &str) -> Result<f64> {
        // Here a server would ask another one.
        tokio::time::sleep(Duration::from_millis(1)).await;
        match currency {
            "USD" => Ok(1.0),
            "EUR" => Ok(0.5 * self.margin),
            other => Err(Error::public(format!("no rate for {other}"))),
        }
    }
}

pub fn pool() -> Result<SandboxPool> {
    SandboxPool::builder()
        .limits(Limits { wall: Duration::from_millis(200), heap: 16 << 20, ..Limits::default() })
        .host::<dyn Rates>(|tenant| Box::new(Bank { margin: if tenant == "partner" { 1.0 } else { 1.5 } }))
        .memory(256 << 20)
        .queue(16)
        .build()
}

type Rule = Arc<PricingRuleProxy<Pooled>>;

#[derive(Clone)]
struct App {
    pool: SandboxPool,
    rules: Arc<RwLock<HashMap<String, Rule>>>,
}

impl App {
    fn rule(&self, tenant: &str) -> Option<Rule> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned()
    }

    /// Gives back whether the tenant had one before.
    fn keep(&self, tenant: String, rule: Rule) -> bool {
        self.rules.write().unwrap_or_else(PoisonError::into_inner).insert(tenant, rule).is_some()
    }
}

pub fn router(pool: SandboxPool) -> Router {
    Router::new()
        .route("/tenants/{tenant}/rule", put(upload))
        .route("/tenants/{tenant}/price", post(price))
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || "ok\n"))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(App { pool, rules: Arc::default() })
}

/// The rule takes the place of the tenant's last one once it is known to implement the contract.
async fn upload(
    State(app): State<App>,
    Path(tenant): Path<String>,
    source: String,
) -> Result<StatusCode, Failure> {
    if tenant.len() > 64 {
        return Err(Failure::refused(StatusCode::BAD_REQUEST, "the name of a tenant has at most 64 bytes"));
    }
    let script = Script::new(format!("{tenant}.js"), source);
    let owner = app.pool.tenant(&tenant);
    // `load` waits for the pool, so it is called on a thread that may.
    let loading = tokio::task::spawn_blocking(move || owner.load::<dyn PricingRule>(script));
    let rule = loading.await.map_err(|_| Error::host("the upload was lost"))??;
    let had_one = app.keep(tenant, Arc::new(rule));
    Ok(if had_one { StatusCode::NO_CONTENT } else { StatusCode::CREATED })
}

/// When the client goes away, this future is dropped, and with it the call.
async fn price(
    State(app): State<App>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Json(order): Json<Order>,
) -> Result<Json<Price>, Failure> {
    let deadline = Instant::now() + timeout(&headers)?;
    let rule = app
        .rule(&tenant)
        .ok_or_else(|| Failure::refused(StatusCode::NOT_FOUND, format!("{tenant} has no rule")))?;
    Ok(Json(rule.with_deadline(deadline).price(&order).await?))
}

fn timeout(headers: &HeaderMap) -> Result<Duration, Failure> {
    let Some(asked) = headers.get(TIMEOUT) else { return Ok(PATIENCE) };
    let millis = asked.to_str().ok().and_then(|text| text.parse().ok());
    let millis = millis.ok_or_else(|| {
        Failure::refused(StatusCode::BAD_REQUEST, format!("{TIMEOUT} is a number of milliseconds"))
    })?;
    Ok(Duration::from_millis(millis).min(PATIENCE))
}

async fn metrics(State(app): State<App>) -> ([(&'static str, &'static str); 1], String) {
    let now = app.pool.metrics();
    let mut text = String::new();
    let mut line = |kind: &str, name: &str, value: u64| {
        _ = writeln!(text, "# TYPE sandbox_{name} {kind}\nsandbox_{name} {value}");
    };
    line("gauge", "tenants", now.tenants as u64);
    line("gauge", "slow_tenants", now.slow_tenants as u64);
    line("gauge", "memory_bytes", now.memory);
    line("gauge", "sandboxes", now.sandboxes);
    line("gauge", "calls_waiting", now.waiting);
    line("counter", "calls_total", now.calls);
    line("counter", "calls_failed_total", now.failed);
    line("counter", "calls_overloaded_total", now.overloaded);
    line("counter", "sandboxes_created_total", now.created);
    line("counter", "sandboxes_discarded_total", now.discarded);
    line("counter", "sandboxes_idled_total", now.idled);
    line("counter", "sandboxes_evicted_total", now.evicted);
    line("counter", "tenants_moved_total", now.moved);
    line("counter", "tenants_relocated_total", now.relocated);
    ([("content-type", "text/plain; version=0.0.4")], text)
}
