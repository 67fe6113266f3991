use sandbox_runtime::{Bytes, Date, sandbox_api};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A user, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, garde::Validate)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct User {
    /// How the user is called.
    #[garde(length(chars, min = 1, max = 64))]
    pub display_name: String,
    pub age: Option<u8>,
    /// What the user may do; nobody may do more than read until it is said.
    #[serde(default)]
    pub role: Role,
    /// The last visits, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[garde(length(max = 10))]
    pub visits: Vec<Visit>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    #[default]
    Reader,
    Writer,
    /// Writes, until the day.
    Guest {
        until: Date,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "on")]
pub enum Visit {
    Web { page: String },
    Phone { seconds: u64 },
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
