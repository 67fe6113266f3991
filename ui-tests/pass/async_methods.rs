//! `async fn` in contracts: both directions, beside synchronous methods, as trait objects, and by every way to implement one.

#![deny(warnings, missing_docs)]

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use sandbox_runtime::{Contract, LocalSandbox, Result, Sandbox, Script, async_trait, sandbox_api};
use serde::{Deserialize, Serialize};

/// A rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Its rate.
    pub rate: f64,
}

/// A store.
#[sandbox_api]
pub trait Store: Send + Sync {
    /// By reference and by value, in any order.
    async fn get(&self, key: &str, rule: Rule, among: &[f64], n: u32, like: &Rule) -> Result<Option<Rule>>;
    /// At once.
    fn count(&self, key: &str) -> Result<u32>;
    /// A default, which calls both kinds.
    #[expect(unused_variables, reason = "the default ignores it")]
    async fn tax(&self, key: &str, ignored: String) -> Result<f64> {
        let found = self.get(key, Rule::default(), &[], 0, &Rule { rate: 0.5 }).await?;
        Ok(found.unwrap_or_default().rate * f64::from(self.count(key)?))
    }
    /// A synchronous default.
    fn twice(&self, key: &str) -> Result<u32> {
        Ok(self.count(key)? * 2)
    }
    /// Policies hold what they need.
    #[sandbox(on_failure = value(of.to_owned()))]
    async fn word(&self, of: &str) -> String;
    /// Nothing comes back.
    #[sandbox(on_failure = default)]
    async fn reset(&self);
    /// Never there.
    #[cfg(any())]
    async fn absent(&self, key: NoSuchType) -> Result<NoSuchType>;
    /// One of two versions.
    #[cfg(not(any()))]
    async fn version(self: &Self) -> Result<u32>;
    /// The other version.
    #[cfg(any())]
    fn version(&self) -> Result<u32>;
}

/// Without supertraits.
#[sandbox_api]
pub trait Plain {
    /// A receiver with a lifetime that has no name.
    async fn get(&'_ self, key: &str) -> Result<u32>;
    /// At once.
    fn count(&self) -> Result<u32>;
}

/// In one thread.
#[sandbox_api(local)]
pub trait Local {
    /// What cannot be sent.
    async fn words(&self, words: Rc<Vec<String>>, one: &Rc<String>) -> Result<Rc<Vec<String>>>;
    /// A default, without `Sync`.
    async fn first(&self, words: Rc<Vec<String>>) -> Result<String> {
        Ok(self.words(words, &Rc::default()).await?[0].clone())
    }
    /// At once.
    fn count(&self, words: Rc<Vec<String>>) -> Result<u32>;
}

/// Only the host's.
#[sandbox_api(host)]
pub trait Clock {
    /// A plain value.
    async fn now(&self) -> f64;
    /// Nothing at all.
    async fn wait(&self);
}

macro_rules! contract_with {
    ($($methods:tt)*) => {
        /// Written by a macro.
        #[sandbox_api]
        pub trait Written: Sync { $($methods)* }
    };
}

contract_with! {
    /// Calls the other.
    async fn twice(&self, value: u32) -> Result<u32> {
        Ok(self.once(value, "a").await? * 2)
    }
    /// Is called.
    async fn once(&self, value: u32, lent: &str) -> Result<u32>;
}

macro_rules! contract_of {
    ($name:ident, $method:ident, $value:ty, $lent:ty) => {
        /// Written by a macro as a whole.
        #[sandbox_api]
        pub trait $name {
            /// With the types of its user.
            async fn $method(&self, value: $value, lent: $lent) -> Result<$value>;
        }
    };
}

contract_of!(OfStrings, take, String, &str);

mod renamed {
    pub(crate) use sandbox_runtime as runtime;

    /// Elsewhere.
    #[runtime::sandbox_api(crate = runtime, host)]
    pub trait ByUse {
        /// A number.
        async fn get(&self) -> runtime::Result<u32>;
    }

    pub(crate) struct Seven;

    #[runtime::sandbox_api(crate = runtime)]
    impl ByUse for Seven {
        async fn get(&self) -> runtime::Result<u32> {
            Ok(7)
        }
    }
}

struct Mine;

#[sandbox_api]
impl Store for Mine {
    async fn get(&self, key: &str, _: Rule, _: &[f64], n: u32, like: &Rule) -> Result<Option<Rule>> {
        std::future::ready(()).await;
        Ok((key.len() != n as usize).then(|| like.clone()))
    }
    fn count(&self, key: &str) -> Result<u32> {
        Ok(u32::try_from(key.len()).unwrap_or(0))
    }
    async fn word(&self, of: &str) -> String {
        of.to_uppercase()
    }
    async fn reset(&self) {}
    async fn version(&self) -> Result<u32> {
        Ok(1)
    }
}

#[async_trait]
impl Clock for Mine {
    async fn now(&self) -> f64 {
        0.5
    }
    async fn wait(&self) {}
}

/// Not `Sync`, and its futures are not `Send`.
struct Unshared(Rc<String>);

#[sandbox_api(local)]
impl Local for Unshared {
    async fn words(&self, words: Rc<Vec<String>>, one: &Rc<String>) -> Result<Rc<Vec<String>>> {
        let held = self.0.clone();
        std::future::ready(()).await;
        Ok(if one.len() == held.len() { words } else { Rc::default() })
    }
    fn count(&self, words: Rc<Vec<String>>) -> Result<u32> {
        Ok(u32::try_from(words.len()).unwrap_or(0))
    }
}

/// What a future gives that does not wait.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn sent<T: Send>(value: T) -> T {
    value
}

/// Each of these compiles; what a guest answers is another test's.
#[allow(dead_code, reason = "the types are what is tested")]
async fn loaded(sandbox: Sandbox, local: LocalSandbox, script: Script) -> Result<()> {
    let store: Arc<dyn Store> = Arc::new(sandbox.load::<dyn Store>(script.clone())?);
    sent(store.tax("a", String::new())).await?;
    let plain = local.load::<dyn Plain>(script.clone())?;
    let plain: &dyn Plain = &plain;
    sent(plain.get("a")).await?;
    let local: Box<dyn Local> = Box::new(local.load::<dyn Local>(script.clone())?);
    local.first(Rc::default()).await?;
    let written: Box<dyn Written + Send> = Box::new(sandbox.load::<dyn Written>(script)?);
    written.twice(2).await?;
    Ok(())
}

fn main() {
    let store: Box<dyn Store> = Box::new(Mine);
    assert_eq!(now(sent(store.tax("abc", String::new()))).ok(), Some(1.5));
    assert_eq!((now(store.word("a")), store.twice("ab").ok()), ("A".to_owned(), Some(4)));
    let local: &dyn Local = &Unshared(Rc::default());
    let words = Rc::new(vec!["a".to_owned()]);
    assert_eq!((now(local.first(words.clone())).ok(), local.count(words).ok()), (Some("a".to_owned()), Some(1)));
    let clock: &dyn Clock = &Mine;
    assert_eq!((now(clock.now()), now(clock.wait())), (0.5, ()));
    assert_eq!(now(renamed::ByUse::get(&renamed::Seven)).ok(), Some(7));

    let methods = &<dyn Store as Contract>::SPEC.methods;
    let methods = methods.iter().map(|method| (&*method.name, method.is_async, method.optional)).collect::<Vec<_>>();
    let expected = [
        ("get", true, false),
        ("count", false, false),
        ("tax", true, true),
        ("twice", false, true),
        ("word", true, false),
        ("reset", true, false),
        ("version", true, false),
    ];
    assert_eq!(methods, expected);
    assert!(Sandbox::builder().host::<dyn Store>(Mine).host::<dyn Clock>(Mine).build().is_ok());
    assert!(LocalSandbox::builder().host::<dyn Local>(Unshared(Rc::default())).build().is_ok());
}
