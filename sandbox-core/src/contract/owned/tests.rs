//! Contracts that came as data: what is refused when they are read, and the checks of values.

use serde_json::{Map, json};

use super::*;
use crate::value::{JsKind, Unrepresentable};

const PRICE: &str = r#"{
    "contract": "Rule", "guest": true, "host": false,
    "methods": [{
        "name": "price",
        "params": [{ "name": "amount", "to_guest": { "type": "number", "minimum": 1 } }],
        "returns": { "to_host": { "type": "number" } }
    }]
}"#;

const ANYTHING: &str = r#"{"contract": "Any", "guest": true, "host": true, "methods": [{
    "name": "of", "params": [{ "name": "a", "to_guest": true, "to_host": true }],
    "returns": { "to_guest": true, "to_host": true }
}]}"#;

fn refused(change: impl FnOnce(&mut Json)) -> String {
    let mut json = serde_json::from_str(PRICE).expect("it is JSON");
    change(&mut json);
    OwnedContract::from_json(&json.to_string()).expect_err("it cannot be used").to_string()
}

#[test]
fn a_contract_is_freed_with_its_last_handle() {
    let contract = OwnedContract::from_json(PRICE).expect("it is a contract");
    let (other, spec) = (contract.clone(), Arc::downgrade(contract.spec()));
    drop(contract);
    assert!(spec.upgrade().is_some(), "a handle is left");
    drop(other);
    assert!(spec.upgrade().is_none());
}

#[test]
fn a_description_that_is_none_is_refused_with_its_cause() {
    let error = OwnedContract::from_json("{").expect_err("it is no JSON").to_string();
    assert!(error.starts_with("the contract of this JSON cannot be used: it is not the JSON of"), "{error}");
    for name in ["a b", "", "1", "new", "then", "__proto__", "f(){};globalThis.x=1;g"] {
        let error = refused(|json| json["methods"][0]["name"] = name.into());
        assert!(error.contains("cannot be the name of a method"), "{name}: {error}");
    }
    for name in ["a b", "", "new", "Array", "constructor", "WebAssembly", "undefined"] {
        let error = refused(|json| (json["contract"], json["host"]) = (name.into(), true.into()));
        assert!(error.contains("cannot be the name of a contract"), "{name}: {error}");
    }
    // TypeScript knows these names, and JavaScript does not.
    for name in ["Record", "Partial", "any"] {
        let mut description: Description = serde_json::from_str(PRICE).expect("it is a description");
        (description.contract, description.guest) = (name.to_owned(), true);
        let contract = OwnedContract::new(description).expect("a guest can implement it");
        contract.of_host().expect_err("no host can");
    }
    let error = refused(|json| {
        let method = json["methods"][0].clone();
        json["methods"].as_array_mut().expect("a list").push(method);
    });
    assert!(error.ends_with("two of its methods have the name `price`"), "{error}");
    let error = refused(|json| json["methods"][0]["returns"] = Json::Object(Map::new()));
    assert!(error.ends_with("Rule.price → result has no schema `to_host`"), "{error}");
    let error = refused(|json| json["methods"][0]["returns"]["to_host"]["pattern"] = "(?=a)".into());
    assert!(error.contains("which cannot be checked"), "{error}");
}

#[test]
fn a_schema_whose_keyword_has_a_wrong_form_is_refused_with_its_place() {
    let schemas = [
        (
            json!({ "type": "number", "minimum": "five" }),
            "the keyword `minimum` of its schema must be a number",
        ),
        (json!({ "maxLength": -1 }), "the keyword `maxLength` of its schema must be an integer from 0"),
        (json!({ "enum": 5 }), "the keyword `enum` of its schema must be a list of values"),
        (json!({ "x-js": "Weird" }), "the keyword `x-js` of its schema must be one of Uint8Array, "),
        (json!({ "type": "nonsense" }), "the keyword `type` of its schema must be one of null, "),
        (json!({ "properties": 5 }), "the keyword `properties` of its schema must be an object of schemas"),
        (json!({ "required": "a" }), "the keyword `required` of its schema must be a list of texts"),
        (
            json!({ "items": { "$ref": "#/$defs/B" } }),
            "the keyword `#/$defs/B/maxItems` of its schema must be",
        ),
        (json!("number"), "its schema must be an object, `true` or `false`, and is \"number\""),
        (json!(5), "its schema must be an object, `true` or `false`, and is 5"),
    ];
    for (schema, expected) in schemas {
        let defs = json!({ "B": { "maxItems": true } });
        let error = refused(|json| {
            (json["to_guest"], json["methods"][0]["params"][0]["to_guest"]) = (defs.clone(), schema.clone());
        });
        let start = "the contract Rule cannot be used: Rule.price → amount: ";
        assert!(error.starts_with(&format!("{start}{expected}")), "{error}");
        let error = refused(|json| {
            (json["to_host"], json["methods"][0]["returns"]["to_host"]) = (defs.clone(), schema.clone());
        });
        let start = "the contract Rule cannot be used: Rule.price → result: ";
        assert!(error.starts_with(&format!("{start}{expected}")), "{error}");
    }
    // Keywords that JSON Schema does not have are ignored, and keys that a description does not have.
    let mut json: Json = serde_json::from_str(PRICE).expect("it is JSON");
    (json["more"], json["methods"][0]["params"][0]["to_guest"]["x-more"]) = (5.into(), 5.into());
    let contract = OwnedContract::from_json(&json.to_string()).expect("it is a contract");
    contract.guest_arguments(0, &[JsValue::Number(0.0)]).expect_err("the minimum is 1");
}

#[test]
fn bounds_without_a_fraction_are_integers_however_they_are_written() {
    let mut json: Json = serde_json::from_str(PRICE).expect("it is JSON");
    let schema =
        json!({ "type": "array", "maxItems": 1.0, "items": { "type": "integer", "multipleOf": 2.0 } });
    json["methods"][0]["params"][0]["to_guest"] = schema;
    let contract = OwnedContract::from_json(&json.to_string()).expect("it is a contract");
    let list = |items: &[i128]| JsValue::Array(items.iter().map(|item| JsValue::bigint(*item)).collect());
    contract.guest_arguments(0, &[list(&[4])]).expect("it is allowed");
    contract.guest_arguments(0, &[list(&[3])]).expect_err("3 is odd");
    contract.guest_arguments(0, &[list(&[4, 4])]).expect_err("it is too long");
}

#[test]
fn a_contract_of_neither_side_is_refused() {
    let error = refused(|json| json["guest"] = false.into());
    assert_eq!(
        error,
        "the contract Rule cannot be used: neither guests nor the host implement it: set `guest` or `host` to true"
    );
}

#[test]
fn a_text_of_the_json_makes_no_line() {
    const EVIL: &str = "a\nb\u{1b}[2J";
    let errors = [
        refused(|json| json["contract"] = EVIL.into()),
        refused(|json| json["methods"][0]["name"] = EVIL.into()),
        refused(|json| {
            json["methods"][0]["params"][0] = json!({ "name": EVIL, "to_guest": { "minimum": EVIL } });
        }),
        refused(|json| json["methods"][0]["returns"]["to_host"] = json!({ "properties": { EVIL: 5 } })),
        refused(|json| json["methods"][0]["returns"]["to_host"] = json!({ "$ref": EVIL })),
        refused(|json| json["methods"][0]["returns"]["to_host"] = json!({ "pattern": format!("({EVIL}") })),
        refused(|json| json["guest"] = EVIL.into()),
        OwnedContract::from_json(PRICE)
            .and_then(|contract| contract.method(EVIL))
            .expect_err("there is none")
            .to_string(),
    ];
    for error in errors {
        assert!(error.contains("a\\nb"), "{error}");
        assert!(!error.chars().any(crate::shown::is_unseen), "{error:?}");
    }
}

/// Rust writes no `undefined`: `None` is `null`, and a field that is left out is not there.
#[test]
fn values_to_the_guest_have_the_form_that_rust_writes() {
    let contract = OwnedContract::from_json(ANYTHING).expect("it is a contract");
    let none = || JsValue::Undefined;
    let some = || JsValue::Bool(true);
    let given = JsValue::Array(vec![
        none(),
        JsValue::Object(vec![("a".into(), none()), ("b".into(), some()), ("c".into(), vec![none()].into())]),
        JsValue::Map(vec![(some(), none())]),
        JsValue::Set(vec![none()]),
    ]);
    let null = || JsValue::Null;
    let written = JsValue::Array(vec![
        null(),
        JsValue::Object(vec![("b".into(), some()), ("c".into(), vec![null()].into())]),
        JsValue::Map(vec![(some(), null())]),
        JsValue::Set(vec![null()]),
    ]);
    for (given, written) in [(none(), null()), (given, written)] {
        let args = contract.guest_arguments(0, std::slice::from_ref(&given)).expect("it is allowed");
        assert_eq!(args, std::slice::from_ref(&written));
        assert_eq!(contract.host_result(0, given).expect("it is allowed"), written);
    }
}

#[test]
fn values_are_checked_by_the_schemas() {
    let contract = OwnedContract::from_json(PRICE).expect("it is a contract");
    let price = contract.method("price").expect("there is one");
    contract.guest_arguments(price, &[JsValue::Number(1.0)]).expect("it is allowed");
    contract.check_result(price, &JsValue::Number(0.5)).expect("it is allowed");
    let text = |error: ValueError| {
        let place = crate::error::Place::new("Rule", "price");
        error.into_error(&place, crate::error::Direction::ToGuest).to_string()
    };
    for (args, expected) in [
        (vec![JsValue::Number(0.0)], "amount: expected "),
        (vec![JsValue::Null], "amount: expected "),
        (vec![], "arguments: expected 1 argument, got 0 arguments"),
        (vec![JsValue::Null; 2], "arguments: expected 1 argument, got 2 arguments"),
    ] {
        let error = text(contract.guest_arguments(price, &args).expect_err("it is refused"));
        assert!(error.contains(expected), "{error}");
    }
    let contract_of_anything = OwnedContract::from_json(ANYTHING).expect("it is a contract");
    let function = JsValue::Other(Unrepresentable::Kind(JsKind::Function));
    let inner = JsValue::Object(vec![("b".into(), vec![JsValue::Null, function].into())]);
    for (error, place) in [
        (contract_of_anything.guest_arguments(0, std::slice::from_ref(&inner)).map(drop), "a.b[1]"),
        (contract_of_anything.check_result(0, &inner), "result.b[1]"),
        (contract_of_anything.host_arguments(0, vec![inner.clone()]).map(drop), "a.b[1]"),
        (contract_of_anything.host_result(0, inner.clone()).map(drop), "result.b[1]"),
    ] {
        let error = text(error.expect_err("it is no data"));
        assert!(
            error.ends_with(&format!("{place}: expected a value that can cross, got a function")),
            "{error}"
        );
    }
    let error = text(contract.check_result(price, &JsValue::Null).expect_err("it is refused"));
    assert!(error.contains("result: expected a number"), "{error}");
    let error = contract.method("prize").expect_err("there is none").to_string();
    assert_eq!(
        error,
        "Rule.prize → method: expected the name of a method, which is one of `price`, got \"prize\""
    );
}
