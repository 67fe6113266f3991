//! Values of the right type that break what the contract asks for beyond it. Each is a typed error that names the place, in
//! both directions, and the next call works.

use every::{Bounded, refusal};
use sandbox_runtime::{BoundaryError, Direction, Error, LocalSandbox, Result, Sandbox, Script, sandbox_api};
use slack::long;

mod slack;

#[allow(dead_code, reason = "each test uses some of it")]
mod every;

/// The bounds of parameters and results, on the fast path of scalars and on the other.
#[sandbox_api]
pub trait Shop {
    fn discount(
        &self,
        #[sandbox(range(min = 0, max = 1.5))] rate: f64,
        #[sandbox(range(max = 10))] count: u32,
    ) -> Result<f64>;
    #[sandbox(returns(range(min = 0)))]
    fn total(&self, amount: f64) -> Result<f64>;
    #[sandbox(returns(length(max = 3)))]
    fn find(
        &self,
        #[sandbox(length(min = 1, max = 8), pattern("^[a-z]+$"))] text: &str,
        #[sandbox(length(max = 2))] tags: Vec<String>,
    ) -> Result<Vec<String>>;
    fn store(&self, value: &Bounded) -> Result<Bounded>;
}

/// Gives back what it is given.
struct Honest;
impl Shop for Honest {
    fn discount(&self, rate: f64, _: u32) -> Result<f64> {
        Ok(rate)
    }
    fn total(&self, amount: f64) -> Result<f64> {
        Ok(amount)
    }
    fn find(&self, text: &str, _: Vec<String>) -> Result<Vec<String>> {
        Ok(text.chars().map(String::from).collect())
    }
    fn store(&self, value: &Bounded) -> Result<Bounded> {
        Ok(Bounded { unit_price: value.unit_price + 1.0, ..value.clone() })
    }
}

#[sandbox_api(guest)]
pub trait Run {
    fn run(&self) -> Result<String>;
}

/// Runs an expression of a guest that can call a host's shop; a failure is its text.
fn at_the_shop(expression: &str) -> String {
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Shop>(Honest).build().unwrap();
    let script = format!(
        "export const run = () => {{ try {{ return JSON.stringify({expression}); }} catch (e) {{ return `${{e.name}}: ${{e.message}}`; }} }};"
    );
    sandbox.load::<dyn Run>(Script::new("run.js", script)).unwrap().run().unwrap()
}

#[test]
fn a_hosts_parameters_and_results_keep_their_bounds() {
    let table = [
        ("Shop.discount(1.5, 10)", "1.5"),
        (
            "Shop.discount(1.6, 11)",
            "TypeError: Shop.discount → rate: expected a number from 0 to 1.5, got 1.6; \
             count: expected an integer from 0 to 10 (u32), got 11",
        ),
        (
            "Shop.discount(NaN, 0)",
            "TypeError: Shop.discount → rate: expected a number from 0 to 1.5, got NaN",
        ),
        (
            "Shop.discount('1', 11)",
            "TypeError: Shop.discount → rate: expected a number from 0 to 1.5, got \"1\"; \
             count: expected an integer from 0 to 10 (u32), got 11",
        ),
        ("Shop.total(2)", "2"),
        ("Shop.find('abc', [])", "[\"a\",\"b\",\"c\"]"),
        (
            "Shop.find('ABC', ['a', 'b', 'c'])",
            "TypeError: Shop.find → text: expected a string of 1 to 8 characters that matches /^[a-z]+$/, got \"ABC\"; \
             tags: expected an array of at most 2 elements, got an array of 3 elements",
        ),
        (
            "Shop.store({ unitPrice: 101, code: 'a', counts: [1, 10] })",
            "TypeError: Shop.store → value.unitPrice: expected a number from 0 to 100, got 101; \
             value.code: expected a string of 1 to 8 characters that matches /^[A-Z]*$/, got \"a\"; \
             value.counts[1]: expected an integer from 0 to 9 (u32), got 10",
        ),
    ];
    for (expression, expected) in table {
        assert_eq!(at_the_shop(expression), expected, "{expression}");
        assert_eq!(at_the_shop("Shop.total(1)"), "1", "the next call works");
    }
}

/// What a host gives against its contract is the host's fault: the guest sees a reference, and the caller what is wrong.
#[test]
fn a_hosts_result_that_breaks_its_contract_is_the_hosts_fault() {
    let table = [
        ("Shop.total(-2)", "Shop.total", "result: expected a number ≥ 0, got -2"),
        (
            "Shop.find('abcd', [])",
            "Shop.find",
            "result: expected an array of at most 3 elements, got an array of 4 elements",
        ),
        (
            "Shop.store({ unitPrice: 100, code: 'A', counts: [] })",
            "Shop.store",
            "result.unitPrice: expected a number from 0 to 100, got 101",
        ),
    ];
    for (expression, place, expected) in table {
        let seen = at_the_shop(expression);
        assert!(seen.starts_with(&format!("Error: {place} failed (reference E")), "{expression}: {seen}");
        let script = Script::new("run.js", format!("export const run = () => `${{{expression}}}`;"));
        let local = LocalSandbox::builder().limits(long()).host::<dyn Shop>(Honest).build().unwrap();
        let sent = Sandbox::builder().limits(long()).host::<dyn Shop>(Honest).build().unwrap();
        let outcomes = [
            local.load::<dyn Run>(script.clone()).unwrap().run(),
            sent.load::<dyn Run>(script).unwrap().run(),
        ];
        for outcome in outcomes {
            let error = outcome.unwrap_err();
            let Error::HostValue(value) = &error else { panic!("{expression}: {error:?}") };
            assert_eq!(value.to_string(), format!("{place} → {expected}"));
            assert_eq!((value.direction, error.kind()), (Direction::ToGuest, "host.value"));
            assert!(error.host_error::<BoundaryError>().is_some());
        }
    }
}

#[test]
fn a_guests_parameters_and_results_keep_their_bounds() {
    let source = "export const discount = (rate) => rate; export const total = (amount) => amount;
                  export const find = (text) => [...text]; export const store = (value) => ({ ...value, unitPrice: value.unitPrice + 1 });";
    let sandbox = Sandbox::builder().limits(long()).build().unwrap();
    let shop = sandbox.load::<dyn Shop>(Script::new("shop.js", source)).unwrap();
    let bounded = |unit_price| Bounded { unit_price, code: "A".into(), counts: vec![] };
    assert_eq!(shop.discount(0.5, 10).unwrap(), 0.5);
    let found = refusal(shop.discount(-0.5, 11));
    assert_eq!(
        found,
        "rate: expected a number from 0 to 1.5, got -0.5; count: expected an integer from 0 to 10 (u32), got 11"
    );
    assert_eq!(refusal(shop.total(-1.0)), "result: expected a number ≥ 0, got -1");
    assert_eq!(shop.find("abc", vec![]).unwrap(), ["a", "b", "c"]);
    let found = refusal(shop.find("abcd", vec![]));
    assert_eq!(found, "result: expected an array of at most 3 elements, got an array of 4 elements");
    assert!(
        refusal(shop.find("ABC", vec![]))
            .starts_with("text: expected a string of 1 to 8 characters that matches")
    );
    assert_eq!(shop.store(&bounded(99.0)).unwrap(), bounded(100.0));
    let found = refusal(shop.store(&bounded(100.0)));
    assert_eq!(found, "result.unitPrice: expected a number from 0 to 100, got 101");
    let Err(Error::Value(error)) = shop.store(&bounded(-1.0)) else { panic!("it is refused") };
    assert_eq!(error.direction, Direction::ToGuest);
    assert_eq!(error.violations[0].path, "value.unitPrice");
    assert_eq!(shop.total(3.0).unwrap(), 3.0);
}

mod ruled {
    use garde::Validate;
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    fn even(value: &u32, (): &()) -> garde::Result {
        if value.is_multiple_of(2) { Ok(()) } else { Err(garde::Error::new("must be even")) }
    }

    /// Rules that no schema knows, at a depth.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct Inner {
        #[garde(custom(even))]
        pub even_number: u32,
        #[garde(range(min = 5))]
        pub five_or_more: u32,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Validate, JsonSchema)]
    pub struct Ruled {
        #[garde(dive)]
        pub parts: Vec<Inner>,
    }

    /// Described by serde alone, with rules.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Validate)]
    pub struct Undescribed {
        #[garde(range(min = 5))]
        pub amount: u32,
    }

    /// Somebody forgot the rules: they hold by the description.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub struct Forgotten {
        pub inner: Inner,
    }
}

#[sandbox_api(guest)]
pub trait Rules {
    fn ruled(&self) -> Result<ruled::Ruled>;
    fn undescribed(&self) -> Result<ruled::Undescribed>;
    fn forgotten(&self) -> Result<(ruled::Forgotten, u8)>;
}

#[test]
fn rules_of_garde_hold_wherever_they_are() {
    let rules = |value: &str| {
        let script = format!(
            "const f = () => ({value}); export default {{ ruled: f, undescribed: f, forgotten: f }};"
        );
        LocalSandbox::builder()
            .limits(long())
            .build()
            .unwrap()
            .load::<dyn Rules>(Script::new("rules.js", script))
            .unwrap()
    };
    let right = rules("{ parts: [{ evenNumber: 2, fiveOrMore: 5 }] }").ruled().unwrap();
    assert_eq!(right.parts[0].even_number, 2);
    assert_eq!(
        refusal(
            rules("{ parts: [{ evenNumber: 2, fiveOrMore: 5 }, { evenNumber: 3, fiveOrMore: 4 }] }").ruled()
        ),
        "result.parts[1].fiveOrMore: expected an integer from 5 to 4294967295 (u32), got 4; \
         result.parts[1].evenNumber: expected a value that passes its garde rule (must be even), got 3"
    );
    assert_eq!(rules("{ amount: 5 }").undescribed().unwrap().amount, 5);
    let found = refusal(rules("{ amount: 4 }").undescribed());
    assert_eq!(found, "result.amount: expected a value that passes its garde rule (lower than 5), got 4");
    let found = refusal(rules("[{ inner: { evenNumber: 1, fiveOrMore: 4 } }, 1]").forgotten());
    assert_eq!(found, "result[0].inner.fiveOrMore: expected an integer from 5 to 4294967295 (u32), got 4");
}

/// Types whose written form is not the one that is read, and bounds that look like a type's own.
mod uneven {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    pub struct Login {
        #[serde(skip_serializing)]
        #[schemars(length(min = 8))]
        pub password: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        #[schemars(length(min = 1))]
        pub note: String,
    }

    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(untagged)]
    pub enum Buffered {
        Text { text: String },
        Single { single: f32 },
    }
}

#[sandbox_api]
pub trait Uneven {
    fn login(&self, value: uneven::Login) -> Result<()>;
    fn letter(&self, #[sandbox(length(min = 1, max = 1))] value: &str) -> Result<()>;
    fn single(&self, #[sandbox(range(max = 0.1))] value: f32) -> Result<()>;
    fn buffered(&self, value: uneven::Buffered) -> Result<()>;
}

impl Uneven for Honest {
    fn login(&self, _: uneven::Login) -> Result<()> {
        Ok(())
    }
    fn letter(&self, _: &str) -> Result<()> {
        Ok(())
    }
    fn single(&self, _: f32) -> Result<()> {
        Ok(())
    }
    fn buffered(&self, _: uneven::Buffered) -> Result<()> {
        Ok(())
    }
}

#[test]
fn constraints_hold_for_what_is_read_and_never_written() {
    let table = [
        ("login({ password: '12345678', note: 'a' })", None),
        (
            "login({ password: 'x' })",
            Some("value.password: expected a string of at least 8 characters, got \"x\" (1 character)"),
        ),
        (
            "login({ password: '12345678', note: '' })",
            Some("value.note: expected a string of at least 1 character"),
        ),
        ("letter('a')", None),
        ("letter('abc')", Some("value: expected a string of 1 character, got \"abc\"")),
        ("letter('')", Some("value: expected a string of 1 character, got \"\"")),
        ("single(0.1)", None),
        ("single(0.2)", Some("value: expected a number ≤ 0.1")),
        ("buffered({ text: 'A' })", None),
        ("buffered({ text: new Uint8Array([65]) })", Some("value.text: expected a string, got a Uint8Array")),
        (
            "buffered({ single: 1e300 })",
            Some("value.single: expected a number in the range of f32, got 1e+300"),
        ),
    ];
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Uneven>(Honest).build().unwrap();
    for (call, expected) in table {
        let script = format!(
            "export const run = () => {{ try {{ return `${{Uneven.{call}}}`; }} catch (e) {{ return e.message; }} }};"
        );
        let said = sandbox.load::<dyn Run>(Script::new("run.js", script)).unwrap().run().unwrap();
        match expected {
            None => assert_eq!(said, "undefined", "{call}"),
            Some(expected) => assert!(
                said.split_once(" → ").is_some_and(|(_, said)| said.starts_with(expected)),
                "{call}: {said}"
            ),
        }
    }
}

mod unreadable {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    pub struct Lookahead {
        #[schemars(regex(pattern = "^(?!a)"))]
        pub text: String,
    }
}

#[sandbox_api]
pub trait Unreadable {
    fn text(&self, value: unreadable::Lookahead) -> Result<()>;
}

impl Unreadable for () {
    fn text(&self, _: unreadable::Lookahead) -> Result<()> {
        Ok(())
    }
}

/// A pattern that is described and cannot be checked would be a promise that nobody keeps.
#[test]
fn a_pattern_that_cannot_be_checked_is_no_contract() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let guest = sandbox.load::<dyn Unreadable>(Script::new("a.js", "export const text = () => {};"));
    let Err(Error::Contract { contract, reason, .. }) = guest.map(drop) else { panic!("it is no contract") };
    assert_eq!(contract, "Unreadable");
    let hosts = [
        LocalSandbox::builder().limits(long()).host::<dyn Unreadable>(()).build().map(drop),
        Sandbox::builder().limits(long()).host::<dyn Unreadable>(()).build().map(drop),
    ];
    for outcome in hosts {
        let Err(Error::Build { reason: of_host, .. }) = outcome else { panic!("it is no contract") };
        assert_eq!(of_host, reason);
        assert!(
            reason.starts_with("Unreadable.text → value is described with the pattern /^(?!a)/"),
            "{reason}"
        );
    }
}
