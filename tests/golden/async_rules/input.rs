use sandbox_runtime::{Cancellation, Result, sandbox_api};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    pub sku: String,
    pub count: u32,
}

/// Orders, which take their time.
#[sandbox_api]
pub trait Orders: Send + Sync {
    /// Looks one up.
    async fn find(&self, sku: &str, among: Vec<Order>) -> Result<Option<Order>>;
    /// At once.
    fn count(&self, order: &Order) -> Result<u32>;
    /// A guest that says nothing of taxes has this one.
    async fn tax(&self, order: &Order) -> Result<f64> {
        Ok(f64::from(self.count(order)?) * 0.081)
    }
    #[sandbox(on_failure = value(count / 2))]
    async fn discount(&self, count: u32) -> u32;
    /// Not on every platform.
    #[cfg(target_os = "none")]
    async fn sync(&self, file: crate::NoSuchType) -> Result<()>;
    #[sandbox(on_failure = panic, rename = "flush")]
    async fn flush_all(&self);
    /// Until its caller ends it.
    async fn watch(&self, sku: &str, ends: Cancellation) -> Result<()>;
}

/// In one thread.
#[sandbox_api(guest, local)]
pub trait Ticker {
    async fn tick(&self, #[sandbox(range(min = 1))] every: u32) -> Result<()> {
        self.count().await;
        self.tick(every).await
    }
    #[sandbox(on_failure = default)]
    async fn count(&self) -> u64;
}
