use sandbox_runtime::{Handle, Result, sandbox_api};

#[sandbox_api(host)]
pub trait File: Send + Sync {
    fn read(&self) -> Result<String>;
}

pub struct Text;

fn main() {
    let _ = Handle::<dyn File>::new(Text);
}
