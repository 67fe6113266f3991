//! What was measured, and the folder where it is kept.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::{Deserialize, Serialize};

/// Which of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// This project.
    Ours,
    /// What an expert writes by hand.
    Floor,
    /// Neither: how much more the first takes, where both were measured by turns.
    Ratio,
}

/// One measurement: nanoseconds, bytes, calls a second, seconds or lines, as the catalog of the report says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The pair, such as `host-to-guest/add`.
    pub id: String,
    /// Which of the pair.
    pub side: Side,
    /// The number.
    pub value: f64,
}

impl Sample {
    /// A measurement.
    #[must_use]
    pub fn new(id: impl Into<String>, side: Side, value: f64) -> Self {
        Self { id: id.into(), side, value }
    }
}

/// Where results are kept: what `BENCH_RESULTS` names, else `bench` in the folder that cargo builds in.
#[must_use]
pub fn folder() -> PathBuf {
    env::var_os("BENCH_RESULTS").map_or_else(|| target().join("bench"), PathBuf::from)
}

/// The folder that cargo builds in.
#[must_use]
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// The folder of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Whether results are wanted soon rather than exact.
#[must_use]
pub fn is_quick() -> bool {
    env::var_os("BENCH_QUICK").is_some()
}

/// Keeps what a benchmark measured that is not criterion's, in place of what was there.
///
/// # Errors
///
/// When the folder cannot be written to.
pub fn keep(bench: &str, samples: &[Sample]) -> io::Result<()> {
    fs::create_dir_all(folder())?;
    fs::write(folder().join(format!("{bench}.json")), serde_json::to_string_pretty(samples)?)
}
