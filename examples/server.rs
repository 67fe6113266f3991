//! A server that holds the pricing rules of tenants in a pool.
//!
//! ```sh
//! cargo run --example server                     # serves itself: honest and hostile tenants over HTTP, then it ends
//! cargo run --example server -- 127.0.0.1:8080   # serves until Ctrl-C or SIGTERM
//! ```
//!
//! `server/app.rs` is the server, `server/answer.rs` says what becomes of errors, and `server/demo.rs` are its customers.

#[path = "server/answer.rs"]
mod answer;
#[path = "server/app.rs"]
mod app;
#[path = "server/client.rs"]
mod client;
#[path = "server/demo.rs"]
mod demo;

use std::error::Error as StdError;

use tokio::net::TcpListener;

type Result<T = ()> = std::result::Result<T, Box<dyn StdError + Send + Sync>>;

#[tokio::main]
async fn main() -> Result {
    match std::env::args().nth(1) {
        None => demo::run().await,
        Some(address) => {
            let listener = TcpListener::bind(&address).await?;
            println!("listening on http://{}", listener.local_addr()?);
            let app = app::router(app::pool()?);
            axum::serve(listener, app).with_graceful_shutdown(asked_to_stop()).await?;
            println!("all requests are answered");
            Ok(())
        }
    }
}

async fn asked_to_stop() {
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => _ = signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.unwrap_or_default(),
        () = terminated => {}
    }
}
