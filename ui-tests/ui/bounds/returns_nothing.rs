use sandbox_runtime::sandbox_api;

#[sandbox_api(host)]
pub trait Shop {
    #[sandbox(returns(range(min = 0)))]
    fn find(&self);
}

fn main() {}
