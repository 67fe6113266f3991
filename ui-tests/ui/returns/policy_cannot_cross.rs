use sandbox_runtime::sandbox_api;

pub struct Handle(*const u8);

#[sandbox_api]
pub trait Store {
    #[sandbox(on_failure = panic)]
    fn get(&self) -> Handle;
}

fn main() {}
