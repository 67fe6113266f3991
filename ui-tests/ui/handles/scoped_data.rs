use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(host)]
pub trait Table {
    #[sandbox(scoped)]
    fn names(&self, prefix: &str, most: Option<u32>) -> Result<Vec<String>>;
    #[sandbox(scoped)]
    fn clear(&self);
}

fn main() {}
