use std::cell::Cell;

use sandbox_runtime::{Result, sandbox_api};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub struct Counter {
    count: Cell<u32>,
}

#[sandbox_api(host)]
pub trait Count {
    async fn count(&self, counter: &Counter) -> Result<u32>;
}

fn main() {}
