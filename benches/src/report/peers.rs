//! What other ways to run scripts take, as a program that is not part of this package prints it: a JSON object a line.

use serde::Deserialize;

use super::number::Unit;
use crate::measure::{Sample, Side};

/// One line.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Peer {
    /// Its name.
    pub peer: String,
    /// Its version.
    pub version: String,
    /// What it does, one of [`WORKS`].
    pub work: String,
    /// `ns`, `us`, `ms` or `s`.
    pub unit: String,
    /// The median.
    pub median: f64,
    /// The least.
    pub best: f64,
    /// What is special.
    #[serde(default)]
    pub note: String,
}

/// The works of peers: name, the pair whose side `ours` is compared, and a title.
pub const WORKS: [(&str, &str, &str); 5] = [
    ("add", "host-to-guest/add", "host → guest, `(f64, f64) -> f64`"),
    ("greet", "host-to-guest/greet-10", "host → guest, a short text in and out"),
    ("order", "host-to-guest/order", "host → guest, a struct of 10 fields in and out"),
    ("host_add", "guest-to-host/add", "guest → host in a loop, `(f64, f64) -> f64`"),
    ("start", "start/sandbox", "a new sandbox to its first call"),
];

/// The lines that are of peers; others are left out.
#[must_use]
pub fn parse(text: &str) -> Vec<Peer> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

impl Peer {
    /// The median in nanoseconds.
    fn nanos(&self) -> Option<f64> {
        let factor = match &self.unit[..] {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            _ => return None,
        };
        Some(self.median * factor)
    }
}

/// A table of all peers, nothing where there are none.
#[must_use]
pub fn table(peers: &[Peer], samples: &[Sample]) -> String {
    let mut lines = Vec::new();
    for (name, id, title) in WORKS {
        let ours = samples.iter().find(|sample| sample.id == id && sample.side == Side::Ours);
        let Some(ours) = ours.map(|sample| sample.value) else { continue };
        let mut found = peers.iter().filter(|peer| peer.work == name);
        lines.extend(found.by_ref().filter_map(|peer| {
            let nanos = peer.nanos()?;
            let (ratio, ours, theirs) =
                (ours / nanos, Unit::Nanos.show("", ours), Unit::Nanos.show("", nanos));
            let note = &peer.note;
            Some(format!(
                "| {ratio:.2} × | {title} | {} {} | {ours} | {theirs} | {note} |\n",
                peer.peer, peer.version
            ))
        }));
    }
    if lines.is_empty() {
        return String::new();
    }
    format!("| ratio | work | peer | this project | peer | |\n|--:|---|---|--:|--:|---|\n{}", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_compared_with_ours() {
        let text = r#"{"peer":"rquickjs","version":"0.9.0","work":"add","unit":"us","median":0.25,"best":0.2,"note":"no limits"}
            what a build says
            {"peer":"other","version":"1","work":"dance","unit":"ns","median":1.0,"best":1.0}"#;
        let peers = parse(text);
        assert_eq!(peers.len(), 2);
        let samples = [Sample::new("host-to-guest/add", Side::Ours, 500.0)];
        let table = table(&peers, &samples);
        let line =
            "| 2.00 × | host → guest, `(f64, f64) -> f64` | rquickjs 0.9.0 | 500 ns | 250 ns | no limits |";
        assert_eq!(table.lines().nth(2), Some(line));
        assert_eq!(table.lines().count(), 3);
        assert_eq!(super::table(&[], &samples), "");
    }
}
