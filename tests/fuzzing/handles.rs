//! The faults that `fuzz_host` finds in the objects that a host gives.

use std::cell::Cell;

use sandbox_runtime::testing::{Fuzz, fuzz_guest, fuzz_host};
use sandbox_runtime::{Callback, Handle, HostPanic, LocalSandbox, Result, Script, sandbox_api};

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
    assert!(found.to_string().contains("Handles, callbacks and streams are never generated"), "{found}");
}
