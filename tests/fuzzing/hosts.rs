//! What `fuzz_host` finds in hosts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use sandbox_runtime::testing::{Fuzz, fuzz_host};
use sandbox_runtime::{Error, HostPanic, LimitKind, Limits, LocalSandbox, Result, sandbox_api};

use crate::slack::{is_quiet, long};

/// What a call has of the processor. A slow host takes twice as much, and all others a hundredth of it.
const CPU: Duration = Duration::from_millis(50);

/// Computes for so long, of which other work of the machine is no part.
fn compute(time: Duration) {
    let spent = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
    };
    let until = spent() + time;
    while spent() < until {}
}

#[sandbox_api(host)]
pub trait Store {
    fn put(&self, #[sandbox(length(min = 1, max = 8))] key: &str, count: u16) -> Result<u32>;
    fn get(&self, keys: Vec<String>) -> Result<BTreeMap<String, u32>, String>;
    #[sandbox(returns(range(max = 100)))]
    fn share(&self, part: u8, whole: u8) -> u8;
    fn clear(&self);
}

/// A host, and how it goes wrong.
#[derive(Default)]
struct Shop {
    stock: RefCell<BTreeMap<String, u32>>,
    fault: &'static str,
}

impl Shop {
    fn with(fault: &'static str) -> Self {
        Self { fault, ..Self::default() }
    }
}

impl Store for Shop {
    fn put(&self, key: &str, count: u16) -> Result<u32> {
        assert!((1..=8).contains(&key.chars().count()), "the boundary let {key:?} through");
        assert!(self.fault != "panic" || count != u16::MAX, "as many as there can be");
        if self.fault == "slow" && count > 40_000 {
            compute(CPU * 2);
        }
        *self.stock.borrow_mut().entry(key.to_owned()).or_default() = count.into();
        Ok(count.into())
    }

    fn get(&self, keys: Vec<String>) -> Result<BTreeMap<String, u32>, String> {
        let stock = self.stock.borrow();
        let of = |key: String| Some((key.clone(), *stock.get(&key)?));
        let found = keys.into_iter().map(|key| of(key).ok_or("no such key"));
        Ok(found.collect::<Result<_, _>>()?)
    }

    fn share(&self, part: u8, whole: u8) -> u8 {
        let percent = if whole == 0 { 0 } else { u32::from(part) * 100 / u32::from(whole) };
        let most = if self.fault == "share" { 200 } else { 100 };
        u8::try_from(percent.min(most)).unwrap()
    }

    fn clear(&self) {
        self.stock.borrow_mut().clear();
    }
}

#[test]
fn a_good_host_passes() {
    let report = fuzz_host::<dyn Store>(Shop::default()).unwrap();
    let [put, get, share, clear] = &report.methods[..] else { panic!("{report}") };
    assert!(put.calls >= 256 && put.refused > 256 && put.failed == 0, "{report}");
    assert!(get.calls >= 256 && get.refused > 256 && get.failed > 100, "{report}");
    assert!(share.calls >= 256 && share.refused > 256 && share.failed == 0, "{report}");
    assert_eq!(clear.to_string(), "clear: 256 calls");
}

#[test]
fn a_panic_is_found() {
    let found = fuzz_host::<dyn Store>(Shop::with("panic")).unwrap_err();
    assert_eq!(found.to_string(), "Store.put(\"a\", 65535): the method panicked");
    assert!(found.error.host_error::<HostPanic>().is_some());
}

#[test]
fn a_result_out_of_its_bounds_is_found() {
    let found = fuzz_host::<dyn Store>(Shop::with("share")).unwrap_err();
    assert_eq!(
        found.to_string(),
        "Store.share(2, 1): a host method broke its contract: Store.share → result: expected an integer from 0 to 100 (u8), got 200"
    );
    assert!(matches!(found.error, Error::HostValue(_)));
}

#[cfg(target_os = "linux")]
#[test]
fn a_slow_host_is_found() {
    let limits = Limits { cpu: CPU, ..long() };
    let fuzz = Fuzz::new().sandbox(move || LocalSandbox::builder().limits(limits));
    let found = fuzz.host::<dyn Store>(Shop::with("slow")).unwrap_err();
    assert!(matches!(found.error, Error::Limit { kind: LimitKind::Cpu, .. }), "{found}");
    // Shrinking has ten seconds, and each of its steps takes more than the limit.
    let count = found.call.strip_prefix("Store.put(\"a\", ");
    let count = count.and_then(|call| call.strip_suffix(')')?.parse::<u16>().ok());
    assert!(found.call.starts_with("Store.put("), "{found}");
    assert!(count == Some(40_001) || !is_quiet() && count.is_none_or(|count| count > 40_001), "{found}");
}

/// Its own reading is no contract's: more values reach the host than the description allows.
mod careless {
    use super::*;
    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Serialize, Deserialize)]
    #[serde(transparent)]
    pub struct Even(i32);

    impl JsonSchema for Even {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "Even".into()
        }
        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "integer", "format": "int32", "enum": [0, 2, 4] })
        }
    }

    #[sandbox_api(host)]
    pub trait Halves {
        fn half(&self, of: Even);
    }
    impl Halves for () {
        fn half(&self, _: Even) {}
    }
}

/// Its description asks for more than it reads, and the boundary keeps that.
#[test]
fn what_is_described_holds_although_the_type_reads_more() {
    fuzz_host::<dyn careless::Halves>(()).unwrap();
}

/// The methods of `async` hosts are awaited, in a runtime with timers.
mod later {
    use super::*;

    #[sandbox_api(host)]
    pub trait Later: Send + Sync {
        async fn put(&self, #[sandbox(length(min = 1, max = 8))] key: &str, count: u16) -> Result<u32>;
        #[sandbox(returns(range(max = 100)))]
        async fn share(&self, part: u8, whole: u8) -> u8;
    }

    pub struct Shop(pub &'static str);
    #[sandbox_api]
    impl Later for Shop {
        async fn put(&self, key: &str, count: u16) -> Result<u32> {
            assert!((1..=8).contains(&key.chars().count()), "the boundary let {key:?} through");
            tokio::time::sleep(Duration::from_micros(10)).await;
            assert!(self.0 != "panic" || count != u16::MAX, "as many as there can be");
            if self.0 == "never" && count > 40_000 {
                std::future::pending::<()>().await;
            }
            if count == 0 { Err(Error::public("none")) } else { Ok(count.into()) }
        }
        async fn share(&self, part: u8, whole: u8) -> u8 {
            let percent = if whole == 0 { 0 } else { u32::from(part) * 100 / u32::from(whole) };
            u8::try_from(percent.min(if self.0 == "share" { 200 } else { 100 })).unwrap()
        }
    }
}

#[test]
fn async_methods_are_awaited() {
    let report = fuzz_host::<dyn later::Later>(later::Shop("")).unwrap();
    let [put, share] = &report.methods[..] else { panic!("{report}") };
    assert!(put.calls >= 256 && put.refused > 256 && put.failed > 0, "{report}");
    assert!(share.calls >= 256 && share.refused > 256 && share.failed == 0, "{report}");
}

#[test]
fn faults_of_async_methods_are_found() {
    let found = fuzz_host::<dyn later::Later>(later::Shop("panic")).unwrap_err();
    assert_eq!(found.to_string(), "Later.put(\"a\", 65535): the method panicked");
    let found = fuzz_host::<dyn later::Later>(later::Shop("share")).unwrap_err();
    assert_eq!(found.call, "Later.share(2, 1)");
    assert!(matches!(found.error, Error::HostValue(_)), "{found}");
    let limits = Limits { wall: Duration::from_millis(30), ..Limits::default() };
    let fuzz = Fuzz::new().cases(64).sandbox(move || LocalSandbox::builder().limits(limits));
    let found = fuzz.host::<dyn later::Later>(later::Shop("never")).unwrap_err();
    assert!(matches!(found.error, Error::Limit { kind: LimitKind::Wall, .. }), "{found}");
}

/// Hosts that take values of every size.
mod large {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;
    use sandbox_runtime::{AsMap, AsSet, Bytes};
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeSet;

    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, garde::Validate)]
    #[garde(allow_unvalidated)]
    pub struct Row {
        #[garde(length(chars, max = 3000))]
        pub text: String,
        #[garde(length(max = 2000))]
        pub tags: Vec<String>,
        pub seal: Bytes,
        pub parts: Option<AsMap<BTreeMap<String, String>>>,
    }

    #[sandbox_api(host)]
    pub trait Archive {
        fn text(&self, #[sandbox(length(min = 3000, max = 4000))] text: &str) -> u32;
        fn rows(&self, #[sandbox(length(max = 1000))] rows: Vec<Row>) -> Vec<Row>;
        fn bytes(&self, #[sandbox(length(max = 4000))] bytes: &[u8], words: AsSet<BTreeSet<String>>)
        -> Bytes;
        fn table(&self, rows: BTreeMap<String, Row>, #[sandbox(range(max = 9))] count: u8) -> u8;
    }

    /// Counts its calls; a fault is found in rows alone.
    #[derive(Clone, Default)]
    pub struct Shelf {
        pub calls: Rc<Cell<u32>>,
        pub has_fault: bool,
    }

    impl Shelf {
        fn called(&self) {
            self.calls.set(self.calls.get() + 1);
        }
    }

    impl Archive for Shelf {
        fn text(&self, text: &str) -> u32 {
            self.called();
            text.chars().count().try_into().unwrap()
        }
        fn rows(&self, rows: Vec<Row>) -> Vec<Row> {
            self.called();
            assert!(!self.has_fault || rows.iter().all(|row| row.text.chars().count() < 17), "a long text");
            rows
        }
        fn bytes(&self, bytes: &[u8], _: AsSet<BTreeSet<String>>) -> Bytes {
            self.called();
            bytes.into()
        }
        fn table(&self, _: BTreeMap<String, Row>, count: u8) -> u8 {
            self.called();
            count
        }
    }
}

/// Many of the values are longer than the longest script.
fn short_scripts() -> Fuzz {
    let limits = Limits { script_bytes: 1024, ..long() };
    Fuzz::new().cases(24).sandbox(move || LocalSandbox::builder().limits(limits))
}

#[test]
fn a_good_host_of_large_values_passes_after_so_many_calls() {
    let shelf = large::Shelf::default();
    let report = short_scripts().host::<dyn large::Archive>(shelf.clone()).unwrap();
    // Of each method: the valid argument lists, and those of the hostile ones that are valid after all.
    assert!((4 * 24..=2 * 4 * 24).contains(&shelf.calls.get()), "{} calls: {report}", shelf.calls.get());
    assert!(report.methods.iter().all(|method| method.calls >= 24 && method.refused >= 24), "{report}");
}

#[test]
fn a_fault_in_large_values_is_shrunk_to_the_simplest_call() {
    let shelf = large::Shelf { has_fault: true, ..large::Shelf::default() };
    let found = short_scripts().host::<dyn large::Archive>(shelf).unwrap_err();
    let text = "a".repeat(17);
    // A list without elements may come in another form than an Array.
    let (begin, end) =
        (format!("Archive.rows([{{\"text\": \"{text}\", \"tags\": "), "\"seal\": new Uint8Array([])}])");
    assert!(found.call.starts_with(&begin) && found.call.ends_with(end), "{found}");
    assert!(found.call.len() <= begin.len() + "new Uint8Array([]), ".len() + end.len(), "{found}");
}

#[test]
fn shrinking_is_bounded_by_steps_and_by_time() {
    let fuzz = [
        short_scripts().max_shrink_iters(10),
        short_scripts().max_shrink_iters(u32::MAX).max_shrink_time(Duration::from_millis(1)),
    ];
    for fuzz in fuzz {
        let shelf = large::Shelf { has_fault: true, ..large::Shelf::default() };
        let found = fuzz.host::<dyn large::Archive>(shelf.clone()).unwrap_err();
        assert!(found.call.starts_with("Archive.rows(") && found.error.host_error::<HostPanic>().is_some());
    }
}
