use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(function)]
pub trait Either {
    fn node(&self) -> Result<u32>;
}

#[sandbox_api(host, function)]
pub trait Several {
    fn node(&self) -> u32;
    fn edge(&self) -> u32;
}

#[sandbox_api(host, function = "node")]
pub trait Named {
    fn node(&self) -> u32;
}

fn main() {}
