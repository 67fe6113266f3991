use sandbox_runtime::{Result, sandbox_api};

#[sandbox_api(gest, name = 1)]
pub trait Store {
    #[sandbox(rename)]
    fn get_user(&self, key: &mut String) -> Result<Option<&str>>;
    #[sandbox(on_failure = ignore)]
    fn count(&self) -> u32;
}

struct Mine;

impl Store for Mine {
    fn get_user(&self, _: &mut String) -> Result<Option<&str>> {
        Ok(None)
    }
    fn count(&self) -> u32 {
        0
    }
}

fn main() {
    let store: Box<dyn Store> = Box::new(Mine);
    store.count();
}
