//! A contract's proxy works without an engine, and its data are there.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use sandbox_runtime::{Contract as _, Error, JsValue, Result};
use without_engine::{Line, Rule, rule};

fn answer(method: &str, args: Vec<JsValue>) -> Result<JsValue> {
    match (method, &args[..]) {
        ("price", [JsValue::Object(line), JsValue::Number(discount)]) => {
            let Some((_, JsValue::Number(quantity))) = line.get(1) else { panic!("{line:?}") };
            Ok(JsValue::Number(quantity * (1.0 - discount)))
        }
        ("label", [JsValue::String(text)]) if text == "none" => Ok(JsValue::Null),
        ("label", [JsValue::String(text)]) => Ok(JsValue::String(text.to_uppercase())),
        (method, args) => panic!("{method}({args:?})"),
    }
}

fn line() -> Line {
    Line { sku: "cpu".into(), quantity: 8 }
}

#[test]
fn calls_go_through_the_transport_and_are_checked() {
    let rule = rule(answer);
    assert_eq!(rule.price(&line(), 0.25).expect("it is allowed"), 6.0);
    let refused = rule.price(&line(), 2.0).expect_err("it is no discount");
    assert_eq!(refused.to_string(), "Rule.price → discount: expected a number from 0 to 1, got 2");
    assert!(matches!(refused, Error::Value(_)));
    assert_eq!(rule.calls().expect("the default body answers"), 0);
}

#[test]
fn async_calls_go_through_the_transport() {
    let rule = rule(answer);
    let done = |text: &str| {
        let call = pin!(rule.label(text.into()));
        match call.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => panic!("the answer is there"),
        }
    };
    assert_eq!(done("new").expect("it is a text"), "NEW");
    let refused = done("none").expect_err("null is no text").to_string();
    assert!(refused.starts_with("Rule.label → result: expected a string"), "{refused}");
}

#[test]
fn a_contract_is_described() {
    assert!(<dyn Rule>::typescript().contains("price(line: Line, discount: number): number;"));
    assert_eq!(<dyn Rule>::fingerprint().len(), 64);
}
