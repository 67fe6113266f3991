//! Reads what criterion and the other benchmarks have measured.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::Value;

use crate::measure::{Sample, Side};

/// All measurements in the folder of results.
///
/// # Errors
///
/// When a file is there and cannot be read.
pub fn samples(folder: &Path) -> io::Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for (file, value) in files(folder, "json")? {
        match serde_json::from_value::<Vec<Sample>>(value) {
            Ok(more) => samples.extend(more),
            Err(error) => return Err(io::Error::other(format!("{}: {error}", file.display()))),
        }
    }
    visit(&folder.join("criterion"), &mut samples)?;
    Ok(samples)
}

/// The files with this extension, parsed.
fn files(folder: &Path, extension: &str) -> io::Result<Vec<(PathBuf, Value)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            let value = serde_json::from_str(&fs::read_to_string(&path)?)?;
            all.push((path, value));
        }
    }
    Ok(all)
}

/// Looks for the folders `new` of criterion.
fn visit(folder: &Path, samples: &mut Vec<Sample>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.ends_with("new") {
            let read = |name: &str| -> io::Result<Value> {
                Ok(serde_json::from_str(&fs::read_to_string(path.join(name))?)?)
            };
            samples.extend(sample(&read("benchmark.json")?, &read("estimates.json")?));
        } else if path.is_dir() {
            visit(&path, samples)?;
        }
    }
    Ok(())
}

/// What criterion says of one benchmark: the median, in nanoseconds.
fn sample(benchmark: &Value, estimates: &Value) -> Option<Sample> {
    let side = match benchmark["function_id"].as_str()? {
        "ours" => Side::Ours,
        "floor" => Side::Floor,
        _ => return None,
    };
    let median = estimates["median"]["point_estimate"].as_f64()?;
    Some(Sample::new(benchmark["group_id"].as_str()?, side, median))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_criterion_the_median_counts() {
        let benchmark = json!({ "group_id": "start/realm", "function_id": "floor" });
        let estimates = json!({ "mean": { "point_estimate": 9.0 }, "median": { "point_estimate": 4.5 } });
        assert_eq!(sample(&benchmark, &estimates), Some(Sample::new("start/realm", Side::Floor, 4.5)));
        assert_eq!(sample(&json!({ "group_id": "a", "function_id": "b" }), &estimates), None);
    }
}
