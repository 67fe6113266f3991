use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api]
pub trait Store {
    async fn get<'a>(&'a self, key: &'a str) -> Result<&'a str>;
    async fn put<T>(&mut self, (key, value): (String, T)) -> Result<()> {
        Ok(())
    }
    async fn delete(self, keys: impl Iterator<Item = u32>) -> impl ToString;
    async unsafe fn clear(self: &'static Self);
}

fn main() {}
