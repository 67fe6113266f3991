use sandbox_runtime::{Result, Sandbox, sandbox_api};

#[sandbox_api]
pub trait Store {
    fn get(&self, key: &str) -> Result<String>;
}

struct Empty;

fn main() {
    let _ = Sandbox::builder().host::<dyn Store>(Empty).build();
}
