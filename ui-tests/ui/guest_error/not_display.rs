use sandbox_runtime::GuestError;

#[derive(GuestError)]
pub enum StoreError {
    #[guest]
    NotFound,
}

fn main() {}
