use sandbox_runtime::{Result, Sandbox, sandbox_api};

pub struct Handle(*const u8);

#[sandbox_api(host)]
pub trait Store {
    fn plain(&self) -> Handle;
    fn result(&self) -> Result<Handle, String>;
}

struct Mine;

impl Store for Mine {
    fn plain(&self) -> Handle {
        Handle(std::ptr::null())
    }
    fn result(&self) -> Result<Handle, String> {
        Ok(self.plain())
    }
}

fn host() -> Result<Sandbox> {
    Sandbox::builder().host::<dyn Store>(Mine).build()
}

fn main() {
    let _ = host;
}
