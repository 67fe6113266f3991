//! A table that a guest reads in pieces: the guest gives a function that chooses rows, the host gives a cursor, and the guest
//! disposes it.
//!
//! `cargo run --example cursor`

use std::sync::Mutex;

use sandbox_runtime::schemars::{self, JsonSchema};
use sandbox_runtime::{Callback, Contract, Error, Handle, Limits, Result, Sandbox, Script, sandbox_api};
use serde::{Deserialize, Serialize};

/// A row of the table.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    pub city: String,
    pub people: u32,
}

/// Rows in pieces. The guest gets an object with this method, and the host keeps the rows.
#[sandbox_api(host)]
pub trait Cursor: Send + Sync {
    /// The next rows, at most `most`; none at the end.
    fn next(&self, most: u32) -> Result<Vec<Row>>;
}

/// The table: the global `Cities` of a guest.
#[sandbox_api(host, name = "Cities")]
pub trait Table {
    /// The rows that the function wants.
    fn open(&self, wanted: Callback<fn(Row) -> Result<bool>>) -> Result<Handle<dyn Cursor>>;
}

/// A tenant's script.
#[sandbox_api(guest)]
pub trait Report {
    fn run(&self, least: u32) -> Result<String>;
}

struct Rows {
    chosen: usize,
    rest: Mutex<Vec<Row>>,
}

impl Cursor for Rows {
    fn next(&self, most: u32) -> Result<Vec<Row>> {
        let mut rest = self.rest.lock().map_err(|_| Error::host("a reader panicked"))?;
        let taken = rest.len().min(most as usize);
        Ok(rest.drain(..taken).collect())
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        let left = self.rest.get_mut().map_or(0, |rest| rest.len());
        println!("a cursor of {} rows is closed, with {left} rows that nobody read", self.chosen);
    }
}

struct Cities(Vec<Row>);

impl Table for Cities {
    fn open(&self, wanted: Callback<fn(Row) -> Result<bool>>) -> Result<Handle<dyn Cursor>> {
        let mut rows = Vec::new();
        for row in &self.0 {
            // Each is a call of the guest, within the limits of the call that waits for this method.
            if wanted.call(row.clone())? {
                rows.push(row.clone());
            }
        }
        Ok(Handle::new(Rows { chosen: rows.len(), rest: Mutex::new(rows) }))
    }
}

const SCRIPT: &str = "
export function run(least) {
    const cursor = Cities.open((row) => row.people >= least);
    let count = 0, people = 0, rows;
    while ((rows = cursor.next(100)).length > 0) {
        for (const row of rows) { count++; people += row.people; }
        // The guest has seen enough, and the host need not wait for a collection.
        if (people > 1e9) break;
    }
    cursor[Symbol.dispose]?.();
    return `${count} cities with ${people} people`;
}";

fn main() -> Result<()> {
    let rows = (0..1_000).map(|index| Row { city: format!("city {index}"), people: index * 5_000 });
    let sandbox = Sandbox::builder()
        .limits(Limits { handles: 10, ..Limits::default() })
        .host::<dyn Table>(Cities(rows.collect()))
        .build()?;
    let report = sandbox.load::<dyn Report>(Script::new("report.mjs", SCRIPT))?;
    println!("{}", report.run(4_000_000)?);
    println!("{}", report.run(0)?);
    println!(
        "\nThe author of the script gets these declarations:\n\n{}",
        <dyn Table as Contract>::typescript()
    );
    Ok(())
}
