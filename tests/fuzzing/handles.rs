//! The faults that `fuzz_host` finds in the objects that a host gives.

use std::cell::Cell;

use sandbox_runtime::testing::fuzz_host;
use sandbox_runtime::{Handle, HostPanic, Result, sandbox_api};

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
