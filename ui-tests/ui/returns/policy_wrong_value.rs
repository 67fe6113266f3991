use sandbox_runtime::sandbox_api;

#[sandbox_api]
pub trait Store {
    #[sandbox(on_failure = value("none"))]
    fn get(&self) -> u32;
}

fn main() {}
