use sandbox_runtime::sandbox_api;

#[sandbox_api]
pub trait Store {
    #[sandbox(on_failure = panic)]
    fn get(&self) -> u32 {
        1
    }
}

fn main() {}
