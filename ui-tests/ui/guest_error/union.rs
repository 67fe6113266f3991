use sandbox_runtime::GuestError;

#[derive(GuestError)]
pub union StoreError {
    code: u32,
}

fn main() {}
