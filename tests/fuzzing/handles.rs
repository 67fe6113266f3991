//! The faults that `fuzz_host` finds in the objects that a host gives.

use std::cell::Cell;

use futures_util::StreamExt as _;
use sandbox_runtime::testing::{Fuzz, fuzz_guest, fuzz_host};
use sandbox_runtime::{
    AsyncCallback, Callback, Handle, HostPanic, Items, LocalSandbox, Result, Script, Stream, sandbox_api,
};

#[sandbox_api(host)]
pub trait Cursor {
    fn next(&self, most: u8) -> Result<Option<u32>>;
    fn rest(&self) -> Result<Vec<Handle<dyn Cursor>>>;
}

#[sandbox_api(host)]
pub trait Table {
    fn open(&self, from: u8) -> Result<Handle<dyn Cursor>>;
    fn all(&self) -> Result<Vec<Option<Handle<dyn Cursor>>>>;
    fn count(&self, cursor: Handle<dyn Cursor>) -> Result<u32>;
}

/// A cursor that may panic when it is read again.
struct Rows {
    reads: Cell<u32>,
    panics: bool,
}

fn rows(panics: bool) -> Handle<dyn Cursor> {
    Handle::new(Rows { reads: Cell::new(0), panics })
}

impl Cursor for Rows {
    fn next(&self, _: u8) -> Result<Option<u32>> {
        self.reads.set(self.reads.get() + 1);
        assert!(!self.panics || self.reads.get() < 2, "read again");
        Ok(Some(self.reads.get()))
    }
    fn rest(&self) -> Result<Vec<Handle<dyn Cursor>>> {
        Ok(vec![rows(self.panics)])
    }
}

/// A table, and whether its cursors panic.
struct Rowed(bool);

impl Table for Rowed {
    fn open(&self, _: u8) -> Result<Handle<dyn Cursor>> {
        Ok(rows(self.0))
    }
    fn all(&self) -> Result<Vec<Option<Handle<dyn Cursor>>>> {
        Ok(vec![Some(rows(false)), None])
    }
    fn count(&self, cursor: Handle<dyn Cursor>) -> Result<u32> {
        Ok(cursor.next(1)?.unwrap_or(0))
    }
}

#[test]
fn a_host_whose_handles_are_misused_passes() {
    let report = fuzz_host::<dyn Table>(Rowed(false)).unwrap();
    let [open, all, count] = &report.methods[..] else { panic!("{report}") };
    assert!(open.calls >= 256 && open.failed == 0 && all.failed == 0, "{report}");
    // No data are a handle, so only hostile arguments are tried, and all are refused.
    assert!(count.calls == 0 && count.refused >= 256, "{report}");
}

#[test]
fn a_panic_of_a_handle_is_found() {
    let found = fuzz_host::<dyn Table>(Rowed(true)).unwrap_err();
    assert_eq!(found.method, Some("open"), "{found}");
    assert!(found.to_string().starts_with("Table.open("), "{found}");
    assert!(found.error.host_error::<HostPanic>().is_some(), "{found}");
}

#[allow(dead_code, reason = "the fuzzer calls it")]
#[sandbox_api(guest)]
pub trait Sum {
    fn sum(&self, from: u8, most: u8) -> Result<u32>;
}

/// A guest with handles of a host. `body` uses the cursor.
fn sums(body: &str) -> Script {
    let source = format!(
        "export function sum(from, most) {{
            const cursor = Table.open(from);
            {body}
        }}"
    );
    Script::new("sum.mjs", source)
}

#[test]
fn a_guest_that_uses_handles_right_passes() {
    let fuzz = Fuzz::new().sandbox(|| LocalSandbox::builder().host::<dyn Table>(Rowed(false)));
    let right = "const sum = cursor.next(most) + cursor.rest()[0].next(most) + Table.count(cursor);
        cursor[Symbol.dispose]?.();
        return sum;";
    let report = fuzz.guest::<dyn Sum>(sums(right)).unwrap();
    assert_eq!((report.methods[0].calls, report.methods[0].failed), (256, 0));
}

#[test]
fn a_misuse_of_handles_is_found() {
    let fuzz = Fuzz::new().sandbox(|| LocalSandbox::builder().host::<dyn Table>(Rowed(false)));
    for (misuse, what) in [
        ("return Table.count({ next: cursor.next });", "expected a Cursor that the host gave, got an object"),
        ("return cursor.next.call({}, most);", "TypeError"),
        ("return cursor.next(-1 - most);", "most: expected an integer from 0 to 255 (u8)"),
        (
            "return cursor;",
            "result: expected an integer from 0 to 4294967295 (u32), got an object of the host",
        ),
    ] {
        let found = fuzz.guest::<dyn Sum>(sums(misuse)).unwrap_err();
        assert_eq!((found.method, found.call.as_str()), (Some("sum"), "sum(0, 0)"), "{found}");
        assert!(found.to_string().contains(what), "{found}");
    }
}

#[test]
fn callbacks_are_not_generated() {
    type Step = Callback<fn(u32) -> Result<u32>>;
    #[allow(dead_code, reason = "the fuzzer calls it")]
    #[sandbox_api(guest)]
    pub trait Each {
        fn each(&self, step: Step) -> Result<u32>;
        fn maybe(&self, step: Option<Step>) -> Result<u32>;
    }
    let script =
        Script::new("each.mjs", "export const maybe = () => 1; export const each = (step) => step(1);");
    let found = fuzz_guest::<dyn Each>(script).unwrap_err();
    assert_eq!((found.method, found.call.as_str()), (None, "each(…)"), "{found}");
    assert!(found.to_string().contains("no arguments of `each` could be made"), "{found}");
    assert!(
        found.to_string().contains("Handles, callbacks and streams of a host are never generated"),
        "{found}"
    );
}

#[sandbox_api(guest)]
pub trait Visitor: Send + Sync {
    fn visit(&self, row: u32) -> Result<bool>;
}

/// A host that takes what guests make.
#[sandbox_api(host)]
pub trait Walk: Send + Sync {
    fn each(&self, most: u8, step: Callback<fn(u32) -> Result<u8>>) -> Result<u32>;
    fn total(&self, items: Items<u8>) -> Result<u32>;
    fn visit(&self, visitor: Handle<dyn Visitor>) -> Result<bool>;
    async fn later(&self, step: AsyncCallback<fn(u32) -> Result<String>>) -> Result<u32>;
    async fn sum(&self, numbers: Stream<u8>) -> Result<u32>;
}

/// How often each method got to its end, and the sum of items at which the host panics.
#[derive(Default)]
struct Walked {
    ends: std::sync::Mutex<std::collections::BTreeMap<&'static str, u32>>,
    panics_above: Option<u32>,
}

impl Walked {
    fn ends(&self, method: &'static str, sum: u32) -> u32 {
        assert!(self.panics_above.is_none_or(|most| sum <= most), "a sum of {sum}");
        *self.ends.lock().unwrap().entry(method).or_default() += 1;
        sum
    }
}

#[sandbox_api]
impl Walk for std::sync::Arc<Walked> {
    fn each(&self, most: u8, step: Callback<fn(u32) -> Result<u8>>) -> Result<u32> {
        let sum = (0..u32::from(most % 4)).map(|row| step.call(row).map(u32::from)).sum::<Result<u32>>()?;
        Ok(self.ends("each", sum))
    }
    fn total(&self, items: Items<u8>) -> Result<u32> {
        let sum = items.map(|item| item.map(u32::from)).sum::<Result<u32>>()?;
        Ok(self.ends("total", sum))
    }
    fn visit(&self, visitor: Handle<dyn Visitor>) -> Result<bool> {
        let went = visitor.visit(1)? && visitor.visit(2)?;
        self.ends("visit", 0);
        Ok(went)
    }
    async fn later(&self, step: AsyncCallback<fn(u32) -> Result<String>>) -> Result<u32> {
        let text = step.call(1).await?;
        Ok(self.ends("later", u32::from(!text.is_empty())))
    }
    async fn sum(&self, mut numbers: Stream<u8>) -> Result<u32> {
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            sum += u32::from(number?);
        }
        Ok(self.ends("sum", sum))
    }
}

#[test]
fn what_guests_make_reaches_a_host() {
    let walked = std::sync::Arc::<Walked>::default();
    let report = fuzz_host::<dyn Walk>(walked.clone()).unwrap();
    assert!(report.methods.iter().all(|method| method.calls >= 100 && method.failed >= 20), "{report}");
    let ends = walked.ends.lock().unwrap();
    for method in ["each", "total", "later", "sum"] {
        assert!(ends.get(method).is_some_and(|ends| *ends >= 50), "{method}: {ends:?}");
    }
}

/// The list that makes a host panic is shrunk.
#[test]
fn a_panic_for_items_of_a_guest_is_found() {
    let walked = std::sync::Arc::new(Walked { panics_above: Some(200), ..Walked::default() });
    let found = fuzz_host::<dyn Walk>(walked).unwrap_err();
    assert!(found.error.host_error::<HostPanic>().is_some(), "{found}");
    assert!(found.call.starts_with("Walk.each(") || found.call.starts_with("Walk.total("), "{found}");
}
