//! A script that calls the host: it counts the visits of pages in a store that is
//! written in Rust. The store refuses some keys; the script catches the refusal.
//!
//! ```sh
//! cargo run --example host_api
//! ```

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sandbox_runtime::{Error, Result, Sandbox, Script, sandbox_api};

/// What the host offers: the script sees it as the global `Store`.
#[sandbox_api(host)]
pub trait Store {
    fn get(&self, key: &str) -> Result<Option<String>>;
    fn set(&self, key: &str, value: &str) -> Result<()>;
    fn keys(&self) -> Result<Vec<String>>;
}

/// What the script offers.
#[sandbox_api(guest)]
pub trait Counter {
    /// Counts a visit and returns the visits of the page so far.
    fn visit(&self, page: &str) -> Result<u32>;
    /// The pages that were visited.
    fn pages(&self) -> Result<Vec<String>>;
    /// Why the store refused the last visit that it refused.
    fn last_refusal(&self) -> Result<Option<String>>;
}

const SOURCE: &str = r#"
    let refusal = null;

    export function visit(page) {
        const visits = Number(Store.get(page) ?? "0") + 1;
        try {
            Store.set(page, String(visits));
        } catch (error) {
            refusal = error.message;
            return 0;
        }
        return visits;
    }

    export const pages = () => Store.keys();

    export const lastRefusal = () => refusal;
"#;

/// A store in memory. Its clones share the entries.
#[derive(Clone, Default)]
struct MemoryStore(Arc<Mutex<BTreeMap<String, String>>>);

impl MemoryStore {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &str) -> Result<Option<String>> {
        Ok(self.entries().get(key).cloned())
    }

    fn set(&self, key: &str, value: &str) -> Result<()> {
        if !key.starts_with('/') {
            return Err(Error::public("a key starts with a slash"));
        }
        self.entries().insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn keys(&self) -> Result<Vec<String>> {
        Ok(self.entries().keys().cloned().collect())
    }
}

fn main() -> Result<()> {
    let store = MemoryStore::default();
    let sandbox = Sandbox::builder().host::<dyn Store>(store.clone()).build()?;
    let counter = sandbox.load::<dyn Counter>(Script::new("counter.js", SOURCE))?;

    for page in ["/home", "/prices", "/home", "secrets"] {
        println!("{page}: {} visits", counter.visit(page)?);
    }
    let refusal = counter.last_refusal()?;
    println!("refused: {}", refusal.as_deref().unwrap_or("nothing"));

    assert_eq!(counter.pages()?, ["/home", "/prices"]);
    assert_eq!(refusal.as_deref(), Some("a key starts with a slash"));
    // The script wrote into the very store that the host holds.
    assert_eq!(store.get("/home")?.as_deref(), Some("2"));
    Ok(())
}
