use sandbox_runtime::{Bytes, sandbox_api};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    pub age: Option<u8>,
}

/// A key-value store.
///
/// Keys are case-sensitive.
#[sandbox_api(host, name = "Kv")]
pub trait Store: Send + Sync {
    /// Reads a user.
    fn get_user(&self, key: &str) -> Option<User>;
    /// Writes a user, and says whether there was one.
    fn put_user(&self, key: &str, user: &User) -> Result<bool, String>;
    #[sandbox(rename = "blob")]
    fn read_blob(&self, key: &str, offset: u32, limit: u64) -> Result<Bytes, std::io::Error>;
    /// Not on every platform.
    #[cfg(target_os = "none")]
    fn fsync(&self, file: crate::NoSuchType) -> Result<(), String>;
    /// A method with a default that hosts may keep.
    fn count(&self) -> u64 {
        0
    }
}
