//! Checks the crates of the lock file against `deny.toml` and against published advisories.
//!
//! The checks are those of cargo-deny, or else of cargo-audit. The command fails where neither is installed, because an
//! audit that did not happen is no good news. RustSec's database has no advisories of V8: `cargo xtask v8 age` is for it.

use std::process::Command;

use crate::{Result, cargo_program, say, tools, workspace};

/// How to get what is missing.
const HELP: &str = "install cargo-deny with `cargo install --locked cargo-deny`, and run `cargo xtask audit` again; \
                    its first run downloads the database https://github.com/RustSec/advisory-db";

/// One run of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Check {
    what: &'static str,
    arguments: Vec<&'static str>,
    /// The advice when the check fails.
    remedy: &'static str,
}

/// The runs of the tools that are here. Cargo's own variable asks for no network, and the database is then what was
/// downloaded before.
fn checks(has_deny: bool, has_audit: bool, is_offline: bool) -> Result<Vec<Check>> {
    let deny = |checks: &[&'static str]| {
        let offline = is_offline.then_some("--offline");
        ["deny", "--locked"]
            .into_iter()
            .chain(offline)
            .chain(["check"])
            .chain(checks.iter().copied())
            .collect()
    };
    let advisories = "without a network, the database must be there already: `cargo deny fetch` downloads it";
    match (has_deny, has_audit) {
        (true, _) => Ok(vec![
            Check {
                what: "licences, bans and sources",
                arguments: deny(&["licenses", "bans", "sources"]),
                remedy: "the rules are in deny.toml",
            },
            Check { what: "advisories", arguments: deny(&["advisories"]), remedy: advisories },
        ]),
        (false, true) => Ok(vec![Check {
            what: "advisories alone",
            arguments: ["audit"].into_iter().chain(is_offline.then_some("--no-fetch")).collect(),
            remedy: "without a network, the database must be there already: `cargo audit` downloads it",
        }]),
        (false, false) => Err(format!("neither cargo-deny nor cargo-audit is installed: {HELP}")),
    }
}

/// Runs all checks, and says which of them failed.
pub(crate) fn run() -> Result<()> {
    let is_offline = std::env::var("CARGO_NET_OFFLINE").is_ok_and(|value| value == "true" || value == "1");
    let checks = checks(tools::is_program("cargo-deny"), tools::is_program("cargo-audit"), is_offline)?;
    let mut failed = Vec::new();
    for check in &checks {
        say(&format!("{}: cargo {}", check.what, check.arguments.join(" ")));
        let status = Command::new(cargo_program()).args(&check.arguments).current_dir(workspace()).status();
        let status = status.map_err(|error| format!("cargo cannot be run: {error}"))?;
        if !status.success() {
            failed.push(format!("{} ({})", check.what, check.remedy));
        }
    }
    say("advisories of V8 itself are in no database of crates: `cargo xtask v8 age` says how old V8 is");
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("the audit failed for {}; what was found is above", failed.join(", and for "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_tool_that_is_here_is_taken() {
        let both = checks(true, true, false).unwrap();
        assert_eq!(both, checks(true, false, false).unwrap());
        let lines = both.iter().map(|check| check.arguments.join(" ")).collect::<Vec<_>>();
        assert_eq!(lines, ["deny --locked check licenses bans sources", "deny --locked check advisories"]);
        assert_eq!(checks(false, true, true).unwrap()[0].arguments, ["audit", "--no-fetch"]);
        let offline = checks(true, false, true).unwrap();
        assert!(offline.iter().all(|check| check.arguments.contains(&"--offline")));
        let error = checks(false, false, false).unwrap_err();
        assert!(error.contains("cargo install --locked cargo-deny"), "{error}");
    }

    fn file(name: &str) -> String {
        std::fs::read_to_string(workspace().join(name)).unwrap()
    }

    #[test]
    fn the_lock_file_has_one_v8_and_one_source() {
        let (lock, rules) = (file("Cargo.lock"), file("deny.toml"));
        for engine in ["v8", "deno_core", "serde_v8"] {
            assert_eq!(lock.matches(&format!("\nname = \"{engine}\"\n")).count(), 1, "{engine}");
            assert!(
                rules.contains(&format!("crate = \"{engine}\", deny-multiple-versions = true")),
                "{engine}"
            );
        }
        let sources = lock.lines().filter_map(|line| line.strip_prefix("source = "));
        let sources = sources.collect::<std::collections::BTreeSet<_>>();
        assert_eq!(sources.len(), 1, "{sources:?}");
    }

    /// The texts in quotes between `start` and the next bracket that closes.
    fn quoted<'a>(rules: &'a str, start: &str) -> Vec<&'a str> {
        let (_, rest) = rules.split_once(start).unwrap();
        rest.split(']').next().unwrap().split('"').skip(1).step_by(2).collect()
    }

    /// Whether one of these licences is enough. Where `AND` and `OR` stand without brackets, `OR` binds first: an
    /// expression that is read too strictly is seen.
    fn is_enough(license: &str, allowed: &[&str]) -> bool {
        let license = license.replace('/', " OR ");
        let part = |part: &str| {
            part.trim_matches(['(', ')', ' ']).split(" OR ").any(|one| allowed.contains(&one.trim()))
        };
        license.split(" AND ").all(part)
    }

    #[test]
    fn licences_are_read_as_expressions() {
        for enough in ["MIT", "GPL-3.0/MIT", "ISC OR GPL-3.0", "(GPL-3.0 OR MIT) AND ISC"] {
            assert!(is_enough(enough, &["MIT", "ISC"]), "{enough}");
        }
        for wrong in ["GPL-3.0", "MIT AND GPL-3.0", "MIT WITH exception"] {
            assert!(!is_enough(wrong, &["MIT", "ISC"]), "{wrong}");
        }
    }

    /// Cargo-deny finds this where it is installed. The rules are true without it.
    #[test]
    fn the_licences_of_all_crates_are_those_of_the_rules() {
        let rules = file("deny.toml");
        let (allowed, excepted) = (quoted(&rules, "\nallow = ["), quoted(&rules, "exceptions = [{"));
        let mut cargo = Command::new(cargo_program());
        cargo.args(["metadata", "--quiet", "--locked", "--format-version", "1"]).current_dir(workspace());
        let output = tools::output(&mut cargo).unwrap();
        let metadata = serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let mut used = std::collections::BTreeSet::new();
        for package in packages {
            let (name, license) = (package["name"].as_str().unwrap(), package["license"].as_str());
            let license = license.unwrap_or_else(|| panic!("{name} names no licence"));
            let is_excepted = excepted.first() == Some(&name) && excepted.contains(&license);
            assert!(is_excepted || is_enough(license, &allowed), "{name}: {license}");
            used.extend(allowed.iter().filter(|one| !is_enough(license, &without(&allowed, one))));
        }
        assert_eq!(used, allowed.iter().collect(), "a licence that no crate needs is allowed");
    }

    fn without<'a>(allowed: &[&'a str], one: &str) -> Vec<&'a str> {
        allowed.iter().copied().filter(|other| *other != one).collect()
    }
}
