//! Tenants, honest and hostile, and their customers.

use sandbox_runtime::Engine;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::client::Client;
use crate::{Result, app};

const ORDER: &str = r#"{"currency":"EUR","lines":[{"sku":"cpu","quantity":8,"unit":2.0}]}"#;
const HONEST: &str = "
    export async function price({ currency, lines }) {
        const rate = await Rates.rate(currency);
        const amount = lines.reduce((sum, line) => sum + line.quantity * line.unit, 0) * rate;
        return { amount, currency };
    }";

/// The rules of hostile tenants, and what their customers get.
const HOSTILE: [(&str, &str, u16, &str); 4] = [
    ("throws", "export const price = ({ lines }) => lines[9].unit;", 422, "Guest"),
    ("lies", "export const price = () => ({ amount: -1, currency: 'gold' });", 422, "Value"),
    ("loops", "export const price = () => { for (;;) {} };", 504, "Limit.Wall"),
    (
        "fills",
        "export const price = () => { const all = []; for (;;) all.push(new Array(100).fill(1)); };",
        422,
        "Limit.Heap",
    ),
];
const HONEST_TENANTS: [&str; 4] = ["acme", "globex", "initech", "hooli"];
const LOAD: Duration = Duration::from_secs(2);

pub async fn run() -> Result {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, app::router(app::pool()?));
    let server = server.with_graceful_shutdown(async { _ = stopped.await });
    let server = tokio::spawn(server.into_future());
    println!("listening on http://{address}\n");

    talk(address).await?;
    // The small engine is for trying things out, and takes some results of calls in flight for what they are not.
    if Engine::CURRENT == Engine::V8 {
        load(address).await?;
    }

    // It is asked to stop while it works on a request, which is answered all the same.
    let mut last = Client::connect(address).await?;
    last.post("POST", "/tenants/loops/price", "x-timeout-ms: 100\r\n", ORDER).await?;
    tokio::time::sleep(Duration::from_millis(20)).await;
    _ = stop.send(());
    let answer = last.answer().await?;
    assert_eq!(answer.status, 504, "{}", answer.body);
    drop(last);
    server.await??;
    assert!(Client::connect(address).await.is_err(), "nobody listens any more");
    println!("the last request was answered ({}), and the server has stopped", answer.status);
    Ok(())
}

/// One request after the other.
async fn talk(address: SocketAddr) -> Result {
    let mut client = Client::connect(address).await?;
    for tenant in HONEST_TENANTS {
        let answer = client.send("PUT", &rule_of(tenant), HONEST).await?;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    for (tenant, source, ..) in HOSTILE {
        let answer = client.send("PUT", &rule_of(tenant), source).await?;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    assert_eq!(client.send("PUT", &rule_of("acme"), HONEST).await?.status, 204);

    for (what, source) in
        [("no JavaScript", "export const price = ("), ("no rule", "export const prize = 1;")]
    {
        let answer = client.send("PUT", &rule_of("acme"), source).await?;
        assert_eq!(answer.status, 422);
        println!("{what:<14} {} {}", answer.status, answer.body);
    }
    let answer = client.send("POST", &price_of("nobody"), ORDER).await?;
    assert_eq!(answer.status, 404);
    println!("{:<14} {} {}", "nobody", answer.status, answer.body);

    let answer = client.send("POST", &price_of("acme"), ORDER).await?;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"amount":12.0,"currency":"EUR"}"#));
    println!("{:<14} {} {}", "acme", answer.status, answer.body);
    let nothing = r#"{"currency":"EUR","lines":[]}"#;
    let answer = client.send("POST", &price_of("acme"), nothing).await?;
    assert_eq!(answer.status, 422, "{}", answer.body);
    println!("{:<14} {} {}", "acme, no lines", answer.status, answer.body);
    for (tenant, _, status, kind) in HOSTILE {
        let answer = client.send("POST", &price_of(tenant), ORDER).await?;
        println!("{tenant:<14} {} {}", answer.status, answer.body);
        let body: Value = serde_json::from_str(&answer.body)?;
        let told = (answer.status, body["error"]["kind"].as_str());
        // On a slow machine, a guest that fills its heap meets the limit of time first.
        let is_late = tenant == "fills" && told == (504, Some("Limit.Wall"));
        assert!(is_late || told == (status, Some(kind)), "{tenant}: {told:?}");
    }
    client.post("POST", &price_of("loops"), "x-timeout-ms: 20\r\n", ORDER).await?;
    let answer = client.answer().await?;
    assert_eq!(answer.status, 504, "{}", answer.body);
    println!("{:<14} {} {}", "loops, 20 ms", answer.status, answer.body);

    let mut gone = Client::connect(address).await?;
    gone.post("POST", &price_of("loops"), "", ORDER).await?;
    tokio::time::sleep(Duration::from_millis(20)).await;
    drop(gone);
    Ok(())
}

/// Many connections at once.
async fn load(address: SocketAddr) -> Result {
    let until = Instant::now() + LOAD;
    let honest = HONEST_TENANTS.into_iter().map(|tenant| (tenant, true, 2));
    // More than there is room for: some get 503.
    let hostile =
        HOSTILE.into_iter().map(|(tenant, ..)| (tenant, false, if tenant == "loops" { 20 } else { 2 }));
    let mut customers = tokio::task::JoinSet::new();
    for (tenant, is_honest, connections) in honest.chain(hostile) {
        for _ in 0..connections {
            customers.spawn(async move {
                Result::Ok((tenant, is_honest, customer(address, tenant, until).await?))
            });
        }
    }
    let mut latencies = Vec::new();
    let mut counts = BTreeMap::<_, BTreeMap<u16, u32>>::new();
    while let Some(customer) = customers.join_next().await {
        let (tenant, is_honest, answers) = customer??;
        for (status, latency) in answers {
            *counts.entry((!is_honest, tenant)).or_default().entry(status).or_default() += 1;
            latencies.extend(is_honest.then_some(latency));
        }
    }
    latencies.sort();
    let at = |share: f64| latencies[(latencies.len() as f64 * share) as usize];
    let rate = latencies.len() as f64 / LOAD.as_secs_f64();
    println!("\n{rate:.0} honest prices/s, p50 {:.1?}, p99 {:.1?}; answers by status:", at(0.5), at(0.99));
    for ((_, tenant), statuses) in &counts {
        println!("{tenant:<14} {statuses:?}");
    }
    let metrics = Client::connect(address).await?.send("GET", "/metrics", "").await?;
    let lines = metrics.body.lines().filter(|line| !line.starts_with('#'));
    println!("\n{}\n", lines.collect::<Vec<_>>().join("\n"));

    for ((is_hostile, tenant), statuses) in counts {
        let expected =
            HOSTILE.iter().find(|(known, ..)| *known == tenant).map_or(200, |(_, _, status, _)| *status);
        // On a busy machine any call may meet the limit of time, or find no room.
        let is_known = |status: &u16| [expected, 503, 504].contains(status);
        assert!(statuses.keys().all(is_known), "{tenant}: {statuses:?}");
        let honest = statuses.get(&200).copied().unwrap_or_default();
        assert!(is_hostile || 2 * honest > statuses.values().sum(), "{tenant}: {statuses:?}");
    }
    Ok(())
}

/// Asks for a price again and again.
async fn customer(address: SocketAddr, tenant: &str, until: Instant) -> Result<Vec<(u16, Duration)>> {
    let mut client = Client::connect(address).await?;
    let mut answers = Vec::new();
    while Instant::now() < until {
        let asked = Instant::now();
        let answer = client.send("POST", &price_of(tenant), ORDER).await?;
        answers.push((answer.status, asked.elapsed()));
        if answer.status == 200 {
            assert_eq!(answer.body, r#"{"amount":12.0,"currency":"EUR"}"#);
        }
        if answer.header("retry-after").is_some() {
            // A second, for whoever has more time than this.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(answers)
}

fn rule_of(tenant: &str) -> String {
    format!("/tenants/{tenant}/rule")
}

fn price_of(tenant: &str) -> String {
    format!("/tenants/{tenant}/price")
}
