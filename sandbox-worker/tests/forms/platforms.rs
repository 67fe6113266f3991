//! Scripts of five kinds of platform, as their authors write them: each runs unchanged behind a contract of a few lines.
//!
//! The scripts in `scripts` are written after the platforms' public documentation: automations, rules of identity, functions
//! of events, plugins and discounts.

use sandbox_runtime::{Callback, Result, Sandbox, Script, sandbox_api};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

use super::{sites, slack::long};

#[sandbox_api(guest)]
pub(crate) trait Step {
    fn run(&self, items: Vec<Value>) -> Result<Vec<Value>>;
}

#[sandbox_api(guest)]
pub(crate) trait StepLater {
    async fn run(&self, input: Value) -> Result<Value>;
}

/// The callback of a rule: an error, the user and the context.
type Done = Callback<fn(Option<String>, Option<Value>, Option<Value>) -> Result<()>>;

#[sandbox_api(guest)]
pub(crate) trait Rule {
    fn apply(&self, user: Value, context: Value, done: Done) -> Result<()>;
}

#[sandbox_api(guest)]
pub(crate) trait Login {
    async fn on_execute_post_login(&self, event: Value) -> Result<Value>;
}

#[sandbox_api(guest)]
pub(crate) trait Destination {
    async fn on_track(&self, event: Value, settings: Value) -> Result<Value>;
    async fn on_identify(&self, event: Value, settings: Value) -> Result<Value>;
}

#[sandbox_api(guest)]
pub(crate) trait Transformation {
    fn transform_event(
        &self,
        event: Value,
        metadata: Callback<fn(Value) -> Result<Value>>,
    ) -> Result<Option<Value>>;
}

#[sandbox_api(guest)]
pub(crate) trait Plugin {
    fn apply(&self, document: Value, options: Value) -> Result<Value>;
}

#[sandbox_api(guest)]
pub(crate) trait Discount {
    fn run(&self, input: Value) -> Result<Value>;
}

#[test]
fn automations_are_bodies() {
    let items = || {
        [("a", 400), ("b", 900), ("a", 700)]
            .map(|(customer, amount)| json!({ "json": { "customer": customer, "amount": amount } }))
    };
    let source = include_str!("scripts/automation-items.js");
    let results = alike!(|builder| builder.limits(long()), |sandbox| {
        let step = sandbox.load::<dyn Step>(Script::body("step.js", ["items"], source)).unwrap();
        (step.run(items().to_vec()).unwrap(), step.run(Vec::new()).unwrap())
    });
    let line = |customer, total, vip| json!({ "json": { "customer": customer, "total": total, "vip": vip } });
    assert_eq!(results, (vec![line("a", 1100, true), line("b", 900, false)], Vec::new()));

    let source = include_str!("scripts/automation-await.js");
    let result = alike!(|builder| builder.limits(long()), |sandbox| {
        sites::runtime().block_on(async {
            let script = Script::async_body("step.js", ["inputData"], source);
            let step = sandbox.load_async::<dyn StepLater>(script).await.unwrap();
            step.run(json!({ "steps": [1, 5, 2] })).await.unwrap()
        })
    });
    assert_eq!(result, json!({ "longest": 10, "count": 3 }));
}

#[test]
fn a_rule_of_identity_is_an_expression() {
    let sandbox = Sandbox::builder().limits(long()).build().unwrap();
    let source = include_str!("scripts/identity-rule.js");
    for script in [Script::expression("rule.js", source), Script::new("rule.js", source)] {
        let rule = sandbox.load::<dyn Rule>(script).unwrap();
        let apply = |email: &str| {
            let outcome = Arc::new(Mutex::new(None));
            let told = outcome.clone();
            let done = Callback::new(move |error, user, context| {
                *told.lock().unwrap() = Some((error, user, context));
                Ok(())
            });
            let user = json!({ "email": email, "app_metadata": { "admin": true } });
            rule.apply(user, json!({}), done).unwrap();
            outcome.lock().unwrap().take().unwrap()
        };
        assert_eq!(apply("eve@example.net"), (Some("Access denied.".to_owned()), None, None));
        let (error, user, context) = apply("Ada@Example.com");
        assert_eq!((error, user.unwrap()["email"].as_str()), (None, Some("Ada@Example.com")));
        assert_eq!(context, Some(json!({ "multifactor": { "provider": "any" } })));
    }
}

#[test]
fn an_action_of_identity_is_common_js() {
    let script = Script::new("action.js", include_str!("scripts/identity-action.js"));
    let results = alike!(|builder| builder.limits(long()), |sandbox| {
        sites::runtime().block_on(async {
            let login = sandbox.load_async::<dyn Login>(script.clone()).await.unwrap();
            let event = |logins| json!({ "user": { "email": "a@b.c" }, "stats": { "logins_count": logins } });
            [
                login.on_execute_post_login(event(1)).await.unwrap(),
                login.on_execute_post_login(event(2)).await.unwrap(),
            ]
        })
    });
    assert_eq!(
        results,
        [json!({ "claims": { "https://example.com/roles": [] } }), json!({ "deny": "no role for a@b.c" })]
    );
}

#[test]
fn functions_of_events_are_global_functions() {
    let script = Script::new("destination.js", include_str!("scripts/event-function.js"));
    let results = alike!(|builder| builder.limits(long()), |sandbox| {
        sites::runtime().block_on(async {
            let destination = sandbox.load_async::<dyn Destination>(script.clone()).await.unwrap();
            let event =
                |name| json!({ "event": name, "properties": { "total": 5 }, "context": { "ip": "::1" } });
            let settings = || json!({ "source": "shop" });
            let wanted = destination.on_track(event("Order Completed"), settings()).await.unwrap();
            let other = destination.on_track(event("Page Viewed"), settings()).await.unwrap();
            let refused = destination.on_identify(event(""), settings()).await.unwrap_err().to_string();
            (wanted, other, refused)
        })
    });
    assert_eq!(results.0["properties"], json!({ "total": 5, "source": "shop" }));
    assert_eq!((&results.0["context"], &results.1), (&json!({}), &Value::Null));
    assert!(
        results.2.contains("identify is not supported") && results.2.contains("destination.js:19:"),
        "{}",
        results.2
    );
}

#[test]
fn a_transformation_of_events_is_a_module() {
    let sandbox = Sandbox::builder().limits(long()).build().unwrap();
    let script = Script::new("transformation.js", include_str!("scripts/event-transformation.js"));
    let transformation = sandbox.load::<dyn Transformation>(script).unwrap();
    let transform = |name| {
        let metadata = Callback::new(|_: Value| Ok(json!({ "sourceId": 7 })));
        transformation.transform_event(json!({ "event": name }), metadata).unwrap()
    };
    assert_eq!(transform("Order Refunded"), Some(json!({ "event": "Order Refunded", "sourceId": 7 })));
    assert_eq!(transform("Page Viewed"), None);
}

#[test]
fn plugins_are_functions_and_objects() {
    let results = alike!(|builder| builder.limits(long()), |sandbox| {
        [include_str!("scripts/plugin.js"), include_str!("scripts/plugin-object.js")].map(|source| {
            let plugin = sandbox.load::<dyn Plugin>(Script::new("plugin.js", source)).unwrap();
            plugin.apply(json!({ "title": " a title" }), json!({ "marks": 2, "length": 4 })).unwrap()
        })
    });
    let decorated = json!({ "title": "hello,  a title!!", "plugins": ["plugin"] });
    assert_eq!(results, [decorated, json!({ "title": "a ti" })]);
}

#[test]
fn a_discount_is_a_default_export() {
    let script = Script::new("discount.js", include_str!("scripts/discount.js"));
    let results = alike!(|builder| builder.limits(long()), |sandbox| {
        let discount = sandbox.load::<dyn Discount>(script.clone()).unwrap();
        [3, 12].map(|quantity| {
            let merchandise = json!({ "__typename": "ProductVariant", "id": "gid://1" });
            let line = json!({ "quantity": quantity, "merchandise": merchandise });
            discount.run(json!({ "cart": { "lines": [line] } })).unwrap()
        })
    });
    assert_eq!(results[0], json!({ "discountApplicationStrategy": "FIRST", "discounts": [] }));
    assert_eq!(results[1]["discounts"][0]["targets"][0]["productVariant"]["id"], "gid://1");
}
