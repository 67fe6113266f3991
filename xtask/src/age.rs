//! How old the V8 is that this workspace links, and how many releases are newer.
//!
//! V8 fixes exploited bugs in most months, and RustSec lists none of them. So the age of V8 is what an application watches.
//! The registry is asked by cargo, which also refreshes cargo's index; the dates are in the index. Without a network, the
//! pinned release is told from the record below, and the newest one from what cargo's index last knew.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::v8::cargo_home;
use crate::{Result, cargo_program, workspace};

/// The release that the lock file names. A test fails until this record follows an update.
const PINNED: Release<'_> = Release { version: "150.4.0", published: "2026-07-26" };

/// The version of V8 in it.
const ENGINE: &str = "15.0.245.2";

const DAY: u64 = 24 * 60 * 60;

/// A release of the crate `v8`, and the day on which it was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Release<'a> {
    version: &'a str,
    published: &'a str,
}

/// The newest release that is known.
#[derive(Debug, PartialEq, Eq)]
struct Newest {
    version: String,
    published: Option<String>,
    /// Why the registry did not say so itself.
    unreached: Option<String>,
}

/// Prints the age. Fails when V8 is more than `most` days old.
pub(crate) fn print(most: Option<u64>) -> Result<()> {
    let newest = newest(&cargo_home()?);
    let today = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / DAY);
    let (text, age) = report(&newest, today)?;
    println!("{text}");
    match most {
        Some(most) if age > most => Err(format!(
            "V8 is {age} days old, and at most {most} days are allowed (`--most`); docs/guide/v8.md has the steps of an update"
        )),
        _ => Ok(()),
    }
}

/// The lines that are printed, and the age in days.
fn report(newest: &Newest, today: u64) -> Result<(String, u64)> {
    let Release { version, published } = PINNED;
    let day = days(published).ok_or_else(|| format!("`{published}` is no day"))?;
    let age = today.saturating_sub(day);
    let mut lines = vec![format!(
        "V8: the crate `v8` {version} has V8 {ENGINE}; it was published on {published}, {age} days ago"
    )];
    let on = newest.published.as_ref().map(|day| format!(", published on {day}")).unwrap_or_default();
    lines.push(format!("newest: the crate `v8` {}{on}", newest.version));
    if let Some(reason) = &newest.unreached {
        lines.push(format!(
            "  the registry cannot be reached ({reason}); that is what cargo's index last knew"
        ));
    }
    lines.push(match (milestone(version), milestone(&newest.version)) {
        (Some(here), Some(there)) if there > here => format!(
            "so: {} milestones of Chrome behind; docs/guide/v8.md has the steps of an update",
            there - here
        ),
        _ if newest.version != version => "so: a newer release of the same milestone of Chrome".to_owned(),
        _ => "so: there is no newer release".to_owned(),
    });
    Ok((lines.join("\n"), age))
}

/// The number of Chrome's release, which the crate's major version is.
fn milestone(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

/// The days from 1970 to a day that is written as 2026-07-26.
fn days(date: &str) -> Option<u64> {
    let mut parts = date.splitn(3, '-').map(str::parse::<u64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin in March here, so that a leap day is the last day of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    Some(days - 719_468)
}

/// The newest release that cargo can name.
fn newest(home: &Path) -> Newest {
    choose(ask(), index(home), PINNED.version)
}

/// The newest of what the registry says and what the index has. Without a network, cargo names releases that are unpacked
/// here, so an answer that is older than the index did not come from the registry.
fn choose(asked: Result<String>, index: Vec<(String, String)>, pinned: &str) -> Newest {
    let known = index.iter().map(|(version, _)| version.clone()).max_by_key(|version| key(version));
    let (version, unreached) = match (asked, known) {
        (Ok(asked), Some(known)) if key(&known) > key(&asked) => (known, Some("cargo is offline".to_owned())),
        (Ok(asked), _) => (asked, None),
        (Err(reason), known) => (known.unwrap_or_else(|| pinned.to_owned()), Some(reason)),
    };
    let published = index.into_iter().find(|(known, _)| *known == version).map(|(_, day)| day);
    Newest { version, published, unreached }
}

/// Asks the registry, as cargo is configured to.
fn ask() -> Result<String> {
    let mut cargo = Command::new(cargo_program());
    cargo.args(["info", "v8"]).env("CARGO_TERM_COLOR", "never").current_dir(workspace());
    let output = cargo.output().map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(said.lines().last().unwrap_or("cargo says nothing").trim().to_owned());
    }
    latest(&String::from_utf8_lossy(&output.stdout))
        .ok_or_else(|| "`cargo info v8` names no version".to_owned())
}

/// The newest version in what `cargo info` prints.
fn latest(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("version: "))?;
    let newest = line.split_once("(latest ").map_or(line, |(_, rest)| rest);
    Some(newest.split([' ', ')']).next()?.to_owned())
}

/// A version as numbers, to be compared.
fn key(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

/// The releases in cargo's index with their days. The form of the index's files is cargo's own, so a file that cannot be
/// read says nothing.
fn index(home: &Path) -> Vec<(String, String)> {
    let Ok(indexes) = fs::read_dir(home.join("registry/index")) else { return Vec::new() };
    let files = indexes.filter_map(|entry| fs::read(entry.ok()?.path().join(".cache/2/v8")).ok());
    files.flat_map(|file| releases(&file)).collect()
}

fn releases(file: &[u8]) -> Vec<(String, String)> {
    let release = |part: &[u8]| {
        let entry = serde_json::from_slice::<serde_json::Value>(part).ok()?;
        let day = entry.get("pubtime")?.as_str()?.split('T').next()?;
        let is_yanked = entry.get("yanked")?.as_bool()?;
        (!is_yanked).then(|| Some((entry.get("vers")?.as_str()?.to_owned(), day.to_owned())))?
    };
    file.split(|byte| *byte == 0).filter_map(release).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v8::Library;

    fn known(version: &str, published: Option<&str>) -> Newest {
        Newest { version: version.into(), published: published.map(str::to_owned), unreached: None }
    }

    #[test]
    fn the_record_is_of_the_version_that_is_locked() {
        assert_eq!(
            Library::of_this_machine().unwrap().version(),
            PINNED.version,
            "record its day in `PINNED`"
        );
        let folder = crate::source_build::package_folder(workspace(), "v8", PINNED.version).unwrap();
        let header = fs::read_to_string(folder.join("v8/include/v8-version.h")).unwrap();
        let part = |name: &str| {
            let line = header.lines().find_map(|line| line.strip_prefix(&format!("#define V8_{name} ")));
            line.unwrap().trim().to_owned()
        };
        let parts = ["MAJOR_VERSION", "MINOR_VERSION", "BUILD_NUMBER", "PATCH_LEVEL"].map(part);
        assert_eq!(parts.join("."), ENGINE);
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(days("1970-01-01"), Some(0));
        assert_eq!(days("2000-02-29"), Some(11_016));
        assert_eq!(days("2000-03-01"), Some(11_017));
        assert_eq!(days("2026-07-26").unwrap() - days("2025-07-26").unwrap(), 365);
        for wrong in ["", "2026-13-01", "2026-07", "2026-07-x", "1969-12-31"] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_report_says_how_old_v8_is_and_how_far_behind() {
        let today = days(PINNED.published).unwrap() + 30;
        let (text, age) = report(&known("152.2.0", Some("2026-08-21")), today).unwrap();
        assert_eq!(age, 30);
        assert!(text.contains("30 days ago") && text.contains("152.2.0, published on 2026-08-21"), "{text}");
        assert!(text.contains("so: 2 milestones"), "{text}");
        let (text, _) = report(&known("150.9.0", None), today).unwrap();
        assert!(text.ends_with("a newer release of the same milestone of Chrome"), "{text}");
        let unreached = Some("no network".to_owned());
        let (text, _) = report(&Newest { unreached, ..known(PINNED.version, None) }, today).unwrap();
        assert!(
            text.contains("cannot be reached (no network)") && text.ends_with("no newer release"),
            "{text}"
        );
    }

    #[test]
    fn the_newest_version_is_read_from_what_cargo_says() {
        let text = "v8\nRust bindings to V8\nversion: 150.4.0 (latest 152.2.0)\nlicense: MIT\n";
        assert_eq!(latest(text).as_deref(), Some("152.2.0"));
        assert_eq!(latest("version: 152.2.0\n").as_deref(), Some("152.2.0"));
        assert_eq!(latest("license: MIT\n"), None);
        assert!(key("152.10.0") > key("152.9.1"));
    }

    #[test]
    fn an_answer_that_is_older_than_the_index_is_none() {
        let index =
            || vec![("1.0.0".to_owned(), "2026-01-01".to_owned()), ("1.2.0".into(), "2026-02-01".into())];
        let asked = |version: &str| choose(Ok(version.to_owned()), index(), "1.0.0");
        assert_eq!(asked("1.3.0"), known("1.3.0", None));
        assert_eq!(asked("1.2.0"), known("1.2.0", Some("2026-02-01")));
        let offline = asked("1.0.0");
        assert_eq!((offline.version.as_str(), offline.published.as_deref()), ("1.2.0", Some("2026-02-01")));
        assert!(offline.unreached.is_some());
        let unreached = choose(Err("no network".into()), Vec::new(), "1.0.0");
        assert_eq!(
            (unreached.version.as_str(), unreached.unreached.as_deref()),
            ("1.0.0", Some("no network"))
        );
    }

    #[test]
    fn days_of_releases_are_read_from_the_index() {
        let entry = |version: &str, rest: &str| format!("{{\"vers\": \"{version}\", \"yanked\": {rest}}}");
        let file = [
            "\u{3}binary".to_owned(),
            entry("1.0.0", "false, \"pubtime\": \"2026-07-26T09:39:13Z\""),
            entry("1.1.0", "true, \"pubtime\": \"2026-08-26T09:39:13Z\""),
            entry("1.2.0", "false"),
        ];
        let found = releases(file.join("\0").as_bytes());
        assert_eq!(found, [("1.0.0".to_owned(), "2026-07-26".to_owned())]);
        assert_eq!(index(Path::new("/no/such/home")), []);
    }
}
