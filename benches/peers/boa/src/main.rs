//! Boa, an engine written in Rust.
//!
//! Boa gives no advice on speed for those who embed it. Values cross by its own typed functions (`JsFunction::typed`,
//! `IntoJsFunctionCopied`) and by the derived `TryIntoJs` and `TryFromJs`.

use std::hint::black_box;

use boa_engine::object::builtins::{JsFunction, TypedJsFunction};
use boa_engine::value::{TryFromJs, TryIntoJs};
use boa_engine::{
    Context, IntoJsFunctionCopied, JsNativeError, JsResult, JsString, JsValue, Source, js_string,
};
use measure::Peer;

/// What crosses in `order`: ten fields, numbers, strings and booleans.
#[derive(Clone, Debug, PartialEq, TryIntoJs, TryFromJs)]
struct Order {
    id: f64,
    customer: String,
    product: String,
    currency: String,
    price: f64,
    quantity: f64,
    discount: f64,
    total: f64,
    paid: bool,
    gift: bool,
}

fn main() -> JsResult<()> {
    let peer = Peer::of_crate("boa_engine");
    let context = &mut Context::default();

    // `add`: two numbers in, one out.
    let add: TypedJsFunction<(f64, f64), f64> = function("(a, b) => a + b", context)?.typed();
    assert_eq!(add.call(context, (1.5, 2.25))?, 3.75);
    peer.calls("add", "", 1_000_000, || add.call(context, black_box((1.5, 2.25))));

    // `greet`: ten bytes in as a `&str`, a new `String` out.
    let greet = function("(name) => 'Hello, ' + name", context)?;
    let mut call_greet = |name: &str| {
        let greeting = greet.call(&JsValue::undefined(), &[JsString::from(name).into()], context)?;
        String::try_from_js(&greeting, context)
    };
    assert_eq!(call_greet("0123456789")?, "Hello, 0123456789");
    peer.calls("greet", "", 200_000, || call_greet(black_box("0123456789")));

    // `order`: a struct in and out.
    let total = function("(o) => ({ ...o, total: o.price * o.quantity })", context)?;
    let order = order();
    let mut call_total = |order: &Order| {
        let argument = order.try_into_js(context)?;
        let result = total.call(&JsValue::undefined(), &[argument], context)?;
        Order::try_from_js(&result, context)
    };
    assert_eq!(call_total(&order)?, Order { total: 30.0, ..order.clone() });
    peer.calls("order", "derived TryIntoJs and TryFromJs", 50_000, || call_total(black_box(&order)));

    // `host_add`: the guest's loop calls a function of the host in each turn.
    let host_add = (|a: f64, b: f64| a + b).into_js_function_copied(context);
    context.register_global_callable(js_string!("hostAdd"), 2, host_add)?;
    let run: TypedJsFunction<(u32,), f64> = function(
        "(n) => { let sum = 0; for (let i = 0; i < n; i++) sum = hostAdd(sum, 1.5); return sum; }",
        context,
    )?
    .typed();
    assert_eq!(run.call(context, (4,))?, 6.0);
    peer.turns("host_add", "", 200_000, |turns| run.call(context, (turns,)));

    // `start`: a context, which is Boa's whole engine; the script; one call. The heap is of the thread, and what a
    // context leaves is collected later: it is collected at once here, outside of what is measured.
    assert_eq!(start()?.1, 3.75);
    peer.starts("", 50, start, boa_engine::gc::force_collect);
    Ok(())
}

fn start() -> JsResult<(Context, f64)> {
    let mut context = Context::default();
    let add: TypedJsFunction<(f64, f64), f64> = function("(a, b) => a + b", &mut context)?.typed();
    let sum = add.call(&mut context, (1.5, 2.25))?;
    Ok((context, sum))
}

/// The function that a script evaluates to.
fn function(source: &str, context: &mut Context) -> JsResult<JsFunction> {
    let value = context.eval(Source::from_bytes(source))?;
    let function = value.as_object().and_then(JsFunction::from_object);
    function.ok_or_else(|| JsNativeError::typ().with_message("not a function").into())
}

fn order() -> Order {
    Order {
        id: 4711.0,
        customer: "Ada Lovelace".into(),
        product: "Analytical engine".into(),
        currency: "EUR".into(),
        price: 7.5,
        quantity: 4.0,
        discount: 0.25,
        total: 0.0,
        paid: true,
        gift: false,
    }
}
