use sandbox_runtime::sandbox_api;

#[sandbox_api]
pub trait Store {
    #[sandbox(on_failure = ignore)]
    fn first(&self) -> u32;
    #[sandbox(on_failure = value)]
    fn second(&self) -> u32;
    #[sandbox(on_failure = value())]
    fn third(&self) -> u32;
    #[sandbox(on_failure)]
    fn fourth(&self) -> u32;
}

fn main() {}
