//! The page.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use super::catalog::SECTIONS;
use super::number::grouped;
use super::peers::{Peer, table};
use super::row::{Row, rows};
use crate::measure::Sample;

/// Instructions of one call, as they are committed.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Instructions {
    /// Of this project.
    pub ours: f64,
    /// Of the floor.
    pub floor: f64,
}

/// All that the page is made of.
pub struct Parts<'a> {
    /// What was measured.
    pub samples: &'a [Sample],
    /// What others take.
    pub peers: &'a [Peer],
    /// What is committed of instructions, by path.
    pub instructions: &'a BTreeMap<String, Instructions>,
    /// On what it was measured.
    pub machine: &'a [String],
    /// Whether it was measured in a hurry.
    pub is_quick: bool,
    /// What was written by hand for a section.
    pub notes: &'a dyn Fn(&str) -> Option<String>,
}

const HEAD: &str = "# Benchmarks

`cargo xtask bench` measures this and writes this page and its plots; what is written by hand
below a table is in `docs/benchmarks/notes`. Each thing is measured beside its floor, what an expert writes by hand, in the same process
and run. A ratio is this project's cost divided by the floor's: 1.00 × is as good as by hand, more is worse. Times are medians
of all; ratios are medians of those of short slices that both sides take by turns, which a noisy machine disturbs less, so they
are not always the quotients of the times.
";

const COLUMNS: &str = "| ratio | target | | this project | floor |\n|--:|---|---|--:|--:|\n";

fn line(cells: &[String; 5]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Writes the page.
#[must_use]
pub fn page(parts: &Parts<'_>) -> String {
    let sections = SECTIONS.iter().map(|section| (section, rows(section, parts.samples)));
    let sections = sections.collect::<Vec<_>>();
    let mut page = HEAD.to_owned();

    page += "\n## Targets\n\n";
    let all = sections.iter().flat_map(|(_, rows)| rows);
    let verdicts = all.filter_map(Row::is_met).collect::<Vec<_>>();
    let met = verdicts.iter().filter(|met| **met).count();
    let _ = writeln!(page, "{met} of {} are met.\n", verdicts.len());
    page += COLUMNS;
    for (section, rows) in &sections {
        for row in rows.iter().filter(|row| row.is_met().is_some()) {
            let mut cells = row.cells(section);
            cells[2] = format!("{}: {}", section.title, cells[2]);
            page += &line(&cells);
        }
    }

    page += "\n## Machine and versions\n\n";
    parts.machine.iter().for_each(|said| _ = writeln!(page, "- {said}"));
    if parts.is_quick {
        page += "- measured in a hurry (`--quick`): times vary by some tenths\n";
    }

    let notes = |page: &mut String, section: &str| {
        if let Some(notes) = (parts.notes)(section) {
            let _ = writeln!(page, "\n{}", notes.trim());
        }
    };
    for (section, rows) in &sections {
        let _ = writeln!(page, "\n## {}\n\n{}\n", section.title, section.about);
        if rows.is_empty() {
            page += "Not measured.\n";
        } else {
            page += COLUMNS;
            rows.iter().for_each(|row| page += &line(&row.cells(section)));
            let _ = writeln!(page, "\n![{}](benchmarks/{}.svg)", section.title, section.name);
        }
        notes(&mut page, section.name);
    }

    if !parts.instructions.is_empty() {
        page += "\n## Instructions\n\nOf one call, as valgrind counts them on the thread that makes it: a noisy \
                 machine changes nothing. `cargo xtask bench --instructions` fails when one of this project has grown by \
                 more than 5 %; `--bless` writes `benches/instructions.json` anew.\n\n| ratio | | this project | floor |\n|--:|---|--:|--:|\n";
        for (path, Instructions { ours, floor }) in parts.instructions {
            let (ratio, ours, floor) = (ours / floor, grouped(*ours), grouped(*floor));
            let _ = writeln!(page, "| {ratio:.2} × | `{path}` | {ours} | {floor} |");
        }
        notes(&mut page, "instructions");
    }

    let peers = table(parts.peers, parts.samples);
    if !peers.is_empty() {
        let _ = write!(
            page,
            "\n## Peers\n\nOther ways to run scripts, measured on the same machine (`cargo xtask bench --peers`). The ratio is \
             this project's time divided by theirs: less than 1.00 × is quicker than they are.\n\n{peers}"
        );
        notes(&mut page, "peers");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Side;

    #[test]
    fn the_page_has_targets_first_and_notes_where_they_belong() {
        let samples = [
            Sample::new("host-to-guest/add", Side::Ours, 230.0),
            Sample::new("host-to-guest/add", Side::Floor, 200.0),
            Sample::new("transport/sandbox", Side::Ours, 20e3),
            Sample::new("transport/sandbox", Side::Floor, 10e3),
        ];
        let instructions = [("host-to-guest/add".to_owned(), Instructions { ours: 4000.0, floor: 1000.0 })];
        let page = page(&Parts {
            samples: &samples,
            peers: &[],
            instructions: &instructions.into(),
            machine: &["a machine".to_owned()],
            is_quick: false,
            notes: &|section| (section == "transport").then(|| "By hand.\n".to_owned()),
        });
        assert!(page.contains("1 of 2 are met."), "{page}");
        let row = "| 2.00 × | ≤ 1.25 × **not met** | Thread and pool: a `Sandbox` | 20.0 µs | 10.0 µs |";
        assert!(page.contains(row), "{page}");
        assert!(page.contains("![Thread and pool](benchmarks/transport.svg)\n\nBy hand.\n"), "{page}");
        assert!(page.contains("| 4.00 × | `host-to-guest/add` | 4,000 | 1,000 |"), "{page}");
        assert_eq!(page.matches("Not measured.").count(), SECTIONS.len() - 2);
        assert!(!page.contains("## Peers"));
    }
}
