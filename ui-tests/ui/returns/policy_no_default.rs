use sandbox_runtime::sandbox_api;

#[derive(serde::Serialize, serde::Deserialize)]
pub struct Rate(f64);

#[sandbox_api]
pub trait Store {
    #[sandbox(on_failure = default)]
    fn get(&self) -> Rate;
}

fn main() {}
