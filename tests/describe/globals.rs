//! Free globals in declarations: values, and functions of the host.

use sandbox_runtime::{AsMap, Contract, Date, GlobalTypes, OwnedContract, compat, sandbox_api};
use std::collections::BTreeMap;

/// Gives the output of another node.
#[sandbox_api(host, function, name = "$")]
pub trait Nodes {
    /// The output of a node.
    fn node(&self, name: &str) -> Option<f64>;
}

mod before {
    use super::*;

    #[sandbox_api(host, name = "$")]
    pub trait Nodes {
        fn node(&self, name: &str) -> Option<f64>;
    }
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Configuration {
    domains: Vec<String>,
    since: Date,
    rates: AsMap<BTreeMap<String, f64>>,
}

#[test]
fn a_function_is_declared_as_one() {
    let module = <dyn Nodes as Contract>::typescript();
    assert!(module.contains("export type $Host = (name: string) => number | null;"), "{module}");
    assert!(
        module.contains("declare global {\n  /** Gives the output of another node. */\n  const $: $Host;\n}"),
        "{module}"
    );
    assert!(module.contains("The host implements this function as the global `$`."), "{module}");
}

#[test]
fn a_function_is_another_global_than_an_object() {
    let (old, new) = (<dyn before::Nodes as Contract>::describe(), <dyn Nodes as Contract>::describe());
    assert_ne!(old.fingerprint(), new.fingerprint());
    for (one, other, what) in [(&old, &new, "a function"), (&new, &old, "an object")] {
        let change = compat(one, other);
        assert!(change.breaks_guests() && change.breaks_hosts(), "{change}");
        assert!(change.to_string().contains(&format!("became {what}")), "{change}");
    }
    assert!(compat(&new, &new).changes.is_empty());
}

#[test]
fn a_function_survives_as_data() {
    let description = <dyn Nodes as Contract>::describe();
    let json = serde_json::to_value(&description).unwrap();
    assert_eq!(json["is_function"], true);
    assert!(OwnedContract::new(serde_json::from_value(json.clone()).unwrap()).is_ok());
    let mut wrong = json;
    wrong["methods"] = serde_json::json!([]);
    let refused = OwnedContract::new(serde_json::from_value(wrong).unwrap()).unwrap_err().to_string();
    assert!(refused.contains("a global function is the only method"), "{refused}");
}

#[test]
fn values_are_declared_with_their_types() {
    let types = GlobalTypes::new().value::<Configuration>("configuration").value::<[u8; 2]>("Configuration2");
    let module = types.value::<String>("tenant").typescript();
    let configuration = "export interface Configuration {\n  domains: string[];\n  since: Date;\n  rates: Map<string, number>;\n}";
    assert!(module.contains(configuration), "{module}");
    assert!(module.contains("  const configuration: Configuration;\n"), "{module}");
    assert!(module.contains("  const tenant: string;\n"), "{module}");
    let class = GlobalTypes::new().error_class("PaymentError").typescript();
    assert!(class.contains("declare global {\n  class PaymentError extends Error {}\n}"), "{class}");
    let plain = GlobalTypes::new().value::<bool>("test").typescript();
    assert!(plain.ends_with("declare global {\n  const test: boolean;\n}\n\nexport {};\n"), "{plain}");
}
