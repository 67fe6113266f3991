//! Two versions of a contract, each a trait of its own: what a change breaks, and whether it changes the fingerprint.

use sandbox_runtime::{Compatibility, Contract, Description, LocalSandbox, Script, compat};

use crate::slack::long;

use super::contracts::{Everything, Later, Pricing, Store};

/// A version of the contract `Rule`, with its types.
macro_rules! version {
    ($name:ident { $($item:item)* }) => {
        mod $name {
            use sandbox_runtime::{Result, sandbox_api};
            use schemars::JsonSchema;
            use serde::{Deserialize, Serialize};

            $(#[allow(dead_code, reason = "not every version is called")] $item)*

            pub(super) fn description() -> sandbox_runtime::Description {
                <dyn Rule as sandbox_runtime::Contract>::describe()
            }
        }
    };
}

version! {
    first {
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        pub struct Usage { pub units: u32, pub plan: Plan }
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        pub enum Plan { Free, Paid }
        #[sandbox_api(guest)]
        pub trait Rule {
            fn price(&self, usage: Usage) -> Result<u32>;
            fn label(&self) -> Result<String>;
        }
    }
}

version! {
    asynchronous {
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        pub struct Usage { pub units: u32, pub plan: Plan }
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        pub enum Plan { Free, Paid }
        #[sandbox_api(guest)]
        pub trait Rule {
            async fn price(&self, usage: Usage) -> Result<u32>;
            fn label(&self) -> Result<String>;
        }
    }
}

version! {
    documented {
        /// What was used.
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        pub struct Consumption {
            /// On which terms.
            pub plan: Terms,
            pub units: u32,
        }
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        pub enum Terms { Paid, Free }
        /// How a tenant prices.
        #[sandbox_api(guest)]
        pub trait Rule {
            /// For people.
            fn label(&self) -> Result<String>;
            /// In cents.
            fn price(&self, consumption: Consumption) -> Result<u32>;
        }
    }
}

version! {
    grown {
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        pub struct Usage { pub units: u32, pub plan: Plan }
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        pub enum Plan { Free, Paid }
        #[sandbox_api(guest)]
        pub trait Rule {
            fn price(&self, usage: Usage) -> Result<u32>;
            fn label(&self) -> Result<String>;
            fn hint(&self) -> Result<String> { Ok("none".to_owned()) }
        }
    }
}

version! {
    widened {
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        pub struct Usage { pub units: u32, pub plan: Plan }
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        pub enum Plan { Free, Paid, Trial }
        #[sandbox_api(guest)]
        pub trait Rule {
            fn price(&self, usage: Usage) -> Result<u16>;
            fn label(&self) -> Result<String>;
        }
    }
}

version! {
    loosened {
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        pub struct Usage { pub units: u8, pub plan: Plan, pub region: String }
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        pub enum Plan { Free, Paid }
        #[sandbox_api(guest)]
        pub trait Rule {
            fn price(&self, usage: Usage) -> Result<u32>;
            fn label(&self) -> Result<Option<String>>;
        }
    }
}

/// The comparison, which is the same of what was written and read again.
fn compared(old: &Description, new: &Description) -> Compatibility {
    let again = |description: &Description| {
        let text = serde_json::to_string_pretty(description).unwrap();
        let read: Description = serde_json::from_str(&text).unwrap();
        assert_eq!(&read, description);
        assert_eq!(read.fingerprint(), description.fingerprint());
        read
    };
    let found = compat(old, new);
    assert_eq!(compat(&again(old), &again(new)), found);
    let swapped = compat(new, old);
    assert_eq!(
        (swapped.breaks_guests(), swapped.breaks_hosts()),
        (found.breaks_hosts(), found.breaks_guests())
    );
    found
}

#[test]
fn a_change_says_whom_it_breaks() {
    let table = [
        (
            documented::description(),
            "Rule.price → usage: parameter renamed to `consumption` (breaks nobody)\n",
        ),
        (grown::description(), "Rule.hint: optional method added (breaks nobody)\n"),
        (
            widened::description(),
            "Rule.price → usage.plan: also allows \"Trial\" (breaks guests)\n\
             Rule.price → result: uint32 became uint16 (breaks guests)\n",
        ),
        (
            loosened::description(),
            "Rule.price → usage.region: required property added (breaks hosts)\n\
             Rule.price → usage.units: uint32 became uint8 (breaks hosts)\n\
             Rule.label → result: also allows null (breaks hosts)\n",
        ),
    ];
    for (new, expected) in table {
        assert_eq!(compared(&first::description(), &new).to_string(), expected);
    }
}

/// Calls a script as the host of a version does; `None` if that fails.
macro_rules! called {
    ($version:ident, $script:expr, { $($field:ident: $value:expr),* }) => {{
        use $version::{Plan, Rule, Usage};
        let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
        let guest = sandbox.load::<dyn Rule>(Script::new("rule.js", $script)).unwrap();
        let price = guest.price(Usage { plan: Plan::Paid, $($field: $value),* });
        price.ok().map(u64::from).zip(guest.label().ok())
    }};
}

#[test]
fn what_is_said_to_break_does_and_nothing_else() {
    let old = "export const price = ({ units }) => units * 1000; export const label = () => 'old';";
    let old_fits = Some((100_000, "old".to_owned()));
    assert_eq!(called!(first, old, { units: 100 }), old_fits);
    assert_eq!(called!(grown, old, { units: 100 }), old_fits);
    assert_eq!(called!(widened, old, { units: 100 }), None);
    let loosened = called!(loosened, old, { units: 100, region: "CH".to_owned() });
    assert_eq!(loosened.map(|(price, _)| price), Some(100_000));

    // Scripts of each new version, on the host of the old one.
    let grown =
        "export const price = () => 1; export const label = () => 'new'; export const hint = () => 'a';";
    let widened =
        "export const price = ({ plan }) => plan === 'Trial' ? 0 : 1; export const label = () => 'new';";
    let loosened = "export const price = ({ region }) => region.length; export const label = () => null;";
    let new_fits = Some((1, "new".to_owned()));
    assert_eq!(called!(first, grown, { units: 1 }), new_fits);
    assert_eq!(called!(first, widened, { units: 1 }), new_fits);
    assert_eq!(called!(first, loosened, { units: 1 }), None);
}

#[test]
fn a_fingerprint_is_of_what_matters_alone() {
    let first = first::description().fingerprint();
    assert_eq!(first, documented::description().fingerprint());
    assert_eq!(first.len(), 64);
    for other in [grown::description(), widened::description(), loosened::description()] {
        assert_ne!(first, other.fingerprint(), "{other:?}");
    }
}

#[test]
fn every_description_is_read_as_it_was_written() {
    for description in [
        <dyn Everything as Contract>::describe(),
        <dyn Pricing as Contract>::describe(),
        <dyn Store as Contract>::describe(),
        <dyn Later as Contract>::describe(),
    ] {
        assert_eq!(compared(&description, &description), Compatibility::default());
    }
}

#[test]
fn a_promise_is_a_change_and_its_absence_is_not_said() {
    let (first, asynchronous) = (first::description(), asynchronous::description());
    let became = compared(&first, &asynchronous).to_string();
    assert_eq!(became, "Rule.price: method became asynchronous (breaks hosts)\n");
    let became = compared(&asynchronous, &first).to_string();
    assert_eq!(became, "Rule.price: method became synchronous (breaks guests)\n");
    assert_ne!(first.fingerprint(), asynchronous.fingerprint());

    let said =
        |description: &Description| serde_json::to_string(description).unwrap().matches("is_async").count();
    assert_eq!((said(&first), said(&asynchronous)), (0, 1));
    // The schema is that of what the promise gives.
    assert_eq!(first.json_schema(), asynchronous.json_schema());
    assert_eq!(first.zod(), asynchronous.zod());
}
