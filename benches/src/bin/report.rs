//! Writes `docs/benchmarks.md` and its plots from what was measured last; `cargo xtask bench` runs it.

#![allow(clippy::print_stderr, reason = "what it does is said on the terminal")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;

use sandbox_benches::measure::{folder, is_quick, workspace};
use sandbox_benches::report::catalog::SECTIONS;
use sandbox_benches::report::page::{Instructions, Parts, page};
use sandbox_benches::report::row::rows;
use sandbox_benches::report::{collect, machine, peers, plot};

fn main() -> Result<(), Box<dyn Error>> {
    let samples = collect::samples(&folder())?;
    let docs = workspace().join("docs");
    fs::create_dir_all(docs.join("benchmarks"))?;
    for section in &SECTIONS {
        let rows = rows(section, &samples);
        if !rows.is_empty() {
            let file = docs.join("benchmarks").join(section.name).with_extension("svg");
            fs::write(file, plot::plot(section, &rows)?)?;
        }
    }
    let instructions = fs::read_to_string(workspace().join("benches/instructions.json"));
    let instructions = instructions.map_or_else(
        |_| Ok(BTreeMap::new()),
        |text| serde_json::from_str::<BTreeMap<String, Instructions>>(&text),
    )?;
    let peers = peers::parse(&fs::read_to_string(folder().join("peers.jsonl")).unwrap_or_default());
    let text = page(&Parts {
        samples: &samples,
        peers: &peers,
        instructions: &instructions,
        machine: &machine::lines(),
        is_quick: is_quick(),
        notes: &|section| {
            fs::read_to_string(docs.join("benchmarks/notes").join(section).with_extension("md")).ok()
        },
    });
    fs::write(docs.join("benchmarks.md"), text)?;
    eprintln!("wrote docs/benchmarks.md and docs/benchmarks/*.svg");
    Ok(())
}
