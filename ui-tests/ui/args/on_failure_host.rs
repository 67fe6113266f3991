use sandbox_runtime::sandbox_api;

#[sandbox_api(host)]
pub trait Store {
    #[sandbox(on_failure = panic)]
    fn get(&self) -> u32;
}

fn main() {}
