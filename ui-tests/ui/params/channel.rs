use sandbox_runtime::{Result, sandbox_api};

use std::sync::mpsc;

#[sandbox_api(guest)]
pub trait Store {
    fn read(&self, jobs: mpsc::Receiver<u32>, lent: &mpsc::Sender<u32>) -> Result<u32>;
    fn count(&self) -> Result<u32>;
}

fn main() {}
