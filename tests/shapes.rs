//! Structs cross by functions of the realm once a few have crossed. What a guest sees and does is the same before and after.
#![allow(missing_docs, reason = "a test")]
#![allow(clippy::unwrap_used, reason = "a test")]

use sandbox_runtime::{Error, LocalSandbox, Result, Script, sandbox_api};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use slack::long;

mod slack;

/// So many calls that functions are there in the last of them.
const CALLS: usize = 12;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    id: u32,
    price: f64,
    #[serde(rename = "customer's name")]
    customer: String,
    note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Strict {
    a: u32,
    b: u32,
    c: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Odd {
    #[serde(rename = "__proto__")]
    proto: u32,
    #[serde(rename = "constructor")]
    constructor: u32,
    #[serde(rename = "\"}); throw 1; ({\"")]
    quoted: u32,
}

#[sandbox_api(guest)]
pub trait Shapes {
    fn seen(&self, order: &Order) -> Result<String>;
    fn same(&self, order: &Order) -> Result<Order>;
    fn strict(&self, turn: u32) -> Result<Strict>;
    fn odd(&self, odd: &Odd) -> Result<Odd>;
}

fn order() -> Order {
    Order { id: 7, price: 12.5, customer: "Ada".into(), note: None }
}

/// A guest whose methods are these, after `before`.
fn guest(before: &str, methods: &str) -> Box<dyn Shapes> {
    let rest = "const none = () => { throw new Error('not here') };";
    let all = ["seen", "same", "strict", "odd"];
    let missing = all.iter().filter(|name| !methods.contains(&format!("export const {name} ")));
    let missing = missing.map(|name| format!("export const {name} = none;")).collect::<String>();
    let script = Script::new("shapes.mjs", format!("{before}\n{rest}\n{methods}\n{missing}"));
    Box::new(LocalSandbox::builder().limits(long()).build().unwrap().load::<dyn Shapes>(script).unwrap())
}

#[test]
fn an_object_of_the_host_is_plain_whoever_makes_it() {
    let seen = "export const seen = (order) => {
        const fields = Object.entries(Object.getOwnPropertyDescriptors(order)).map(([name, { value, writable, enumerable, configurable }]) =>
            `${name}=${value},${writable},${enumerable},${configurable}`);
        order.more = 1; delete order.id;
        return [...fields, Object.getPrototypeOf(order) === Object.prototype, Object.keys(order)].join(' ');
    };";
    let spoiled = "for (const name of ['id', 'price', 'note']) Object.defineProperty(Object.prototype, name, {
        set() { throw new Error('a setter was called') }, get() { throw new Error('a getter was called') } });";
    let expected = "id=7,true,true,true price=12.5,true,true,true customer's name=Ada,true,true,true \
                    note=null,true,true,true true price,customer's name,note,more";
    for before in ["", spoiled] {
        let guest = guest(before, seen);
        for _ in 0..CALLS {
            assert_eq!(guest.seen(&order()).unwrap(), expected);
        }
    }
}

#[test]
fn names_are_only_names() {
    let guest = guest(
        "",
        "export const odd = (odd) => {
            if (Object.getPrototypeOf(odd) !== Object.prototype || !Object.hasOwn(odd, '__proto__')) throw new Error('set');
            return odd;
        };",
    );
    let odd = Odd { proto: 1, constructor: 2, quoted: 3 };
    for _ in 0..CALLS {
        assert_eq!(guest.odd(&odd).unwrap(), odd);
    }
}

#[test]
fn own_properties_are_read_whatever_their_order_and_company() {
    let same = "let turn = 0;
        export const same = (order) => {
            turn += 1;
            const { id, price, note, ...name } = order;
            if (turn % 4 === 1) return order;
            if (turn % 4 === 2) return { note, ...name, price, id, extra: Symbol() };
            if (turn % 4 === 3) return { id, price, ...name, note: undefined };
            return Object.assign(Object.create({ price: 'inherited' }), order);
        };";
    let spoiled =
        "Object.keys = () => []; Array.prototype[Symbol.iterator] = null; Object.prototype.id = 99;";
    for before in ["", spoiled] {
        let guest = guest(before, same);
        for _ in 0..4 * CALLS {
            assert_eq!(guest.same(&order()).unwrap(), order());
        }
    }
}

#[test]
fn what_is_not_own_is_missing() {
    let guest = guest(
        "Object.prototype.price = 1; let turn = 0;",
        "export const same = (order) => {
            turn += 1;
            if (turn <= 10) return order;
            delete order.price;
            return order;
        };",
    );
    for turn in 0..2 * CALLS {
        match (turn < 10, guest.same(&order())) {
            (true, outcome) => assert_eq!(outcome.unwrap(), order()),
            (false, Err(Error::Value(error))) => {
                assert!(error.to_string().contains("price"), "{error}");
            }
            (false, other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn unknown_fields_are_refused_by_a_type_that_does() {
    let guest = guest(
        "",
        "export const strict = (turn) => turn % 3 === 2 ? { a: 1, b: 2, c: 3, d: 4 } : { a: 1, b: 2, c: turn % 3 === 1 ? '3' : 3 };",
    );
    for turn in 0..3 * u32::try_from(CALLS).unwrap() {
        match (turn % 3, guest.strict(turn)) {
            (0, outcome) => assert_eq!(outcome.unwrap(), Strict { a: 1, b: 2, c: 3 }),
            (1, Err(Error::Value(error))) => {
                assert!(error.to_string().contains("result.c"), "{error}");
            }
            (2, Err(Error::Value(error))) => assert!(error.to_string().contains('d'), "{error}"),
            (_, other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn getters_run_once_in_order_and_see_nothing_of_the_host() {
    // A module is strict, and then nobody sees a caller.
    let sloppy = "let log = [];
        exports.seen = () => { const all = log.join(' '); log = []; return all; };
        exports.same = (order) => {
            const fields = {};
            for (const name of Object.keys(order)) {
                Object.defineProperty(fields, name, { enumerable: true, get: function getter() {
                    log.push([name.slice(0, 5), getter.caller, new Error().stack.includes('sandbox:'), arguments.length].join());
                    return order[name];
                } });
            }
            return fields;
        };
        exports.strict = exports.odd = () => 1;";
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let guest = sandbox.load::<dyn Shapes>(Script::new("sloppy.cjs", sloppy)).unwrap();
    for _ in 0..CALLS {
        assert_eq!(guest.same(&order()).unwrap(), order());
        assert_eq!(guest.seen(&order()).unwrap(), "id,,false,0 price,,false,0 custo,,false,0 note,,false,0");
    }
}

#[test]
fn what_a_getter_throws_is_the_guests_error_and_ends_nothing() {
    let guest = guest(
        "let turn = 0;",
        "export const same = (order) => ++turn % 2 ? order : { ...order, get price() { throw new RangeError('no price') } };",
    );
    for turn in 0..2 * CALLS {
        match (turn % 2, guest.same(&order())) {
            (0, outcome) => assert_eq!(outcome.unwrap(), order()),
            (_, Err(Error::Guest(thrown))) => assert_eq!(thrown.message, "no price"),
            (_, other) => panic!("{other:?}"),
        }
    }
}
