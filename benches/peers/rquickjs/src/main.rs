//! QuickJS-NG through rquickjs.
//!
//! rquickjs gives no advice on speed. A function is held inside of one `Context::with`, so no call pays for the
//! runtime's lock; values cross by its own conversions (`IntoJs`, `FromJs`), as its documentation recommends.

use std::hint::black_box;

use measure::Peer;
use rquickjs::function::Func;
use rquickjs::{Context, FromJs, Function, IntoJs, Result, Runtime};

/// What crosses in `order`: ten fields, numbers, strings and booleans.
#[derive(Clone, Debug, PartialEq, IntoJs, FromJs)]
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

fn main() -> Result<()> {
    let peer = Peer::of_crate("rquickjs");
    let runtime = Runtime::new()?;
    let context = Context::full(&runtime)?;
    context.with(|ctx| -> Result<()> {
        // `add`: two numbers in, one out.
        let add: Function = ctx.eval("(a, b) => a + b")?;
        assert_eq!(add.call::<_, f64>((1.5, 2.25))?, 3.75);
        peer.calls("add", "", 1_000_000, || add.call::<_, f64>(black_box((1.5, 2.25))));

        // `greet`: ten bytes in as a `&str`, a new `String` out.
        let greet: Function = ctx.eval("(name) => 'Hello, ' + name")?;
        assert_eq!(greet.call::<_, String>(("0123456789",))?, "Hello, 0123456789");
        peer.calls("greet", "", 200_000, || greet.call::<_, String>((black_box("0123456789"),)));

        // `order`: a struct in and out. `IntoJs` takes it by value, so the clone is part of the call.
        let total: Function = ctx.eval("(o) => ({ ...o, total: o.price * o.quantity })")?;
        let order = order();
        assert_eq!(total.call::<_, Order>((order.clone(),))?, Order { total: 30.0, ..order.clone() });
        peer.calls("order", "derived IntoJs and FromJs; includes a clone of the struct", 50_000, || {
            total.call::<_, Order>((black_box(&order).clone(),))
        });

        // `host_add`: the guest's loop calls a function of the host in each turn.
        ctx.globals().set("hostAdd", Func::new(|a: f64, b: f64| a + b))?;
        let run: Function = ctx.eval(
            "(n) => { let sum = 0; for (let i = 0; i < n; i++) sum = hostAdd(sum, 1.5); return sum; }",
        )?;
        assert_eq!(run.call::<_, f64>((4,))?, 6.0);
        peer.turns("host_add", "", 200_000, |turns| run.call::<_, f64>((turns,)));
        Ok(())
    })?;

    // `start`: a runtime with its context, the script, one call.
    assert_eq!(start()?.1, 3.75);
    peer.starts("", 50, start, || {});
    Ok(())
}

fn start() -> Result<(Context, f64)> {
    let context = Context::full(&Runtime::new()?)?;
    let sum = context.with(|ctx| ctx.eval::<Function, _>("(a, b) => a + b")?.call((1.5, 2.25)))?;
    Ok((context, sum))
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
