//! How far the tests are and how long they take, from what cargo says. Nothing here runs or prints anything.
//!
//! - Each figure is a line of its own, with no cursor that moves: it reads the same on a terminal and in a log.
//! - What cargo says is looked at and handed on as it is.
//! - Estimates are of earlier runs on this machine ([`Times`]), else figures that were measured once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

/// CPU time of a first build of all tests. Measured with V8 on two processors of 2026: 186 s for what crates.io has, and 190 s for this
/// workspace; with a reserve for what is less quick.
const FIRST_BUILD: Duration = Duration::from_secs(8 * 60);
/// How long a suite takes of which nothing is known.
const SUITE: Duration = Duration::from_secs(12);

/// A suite of tests, as cargo announces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suite {
    /// Its file, or whose documentation it is.
    pub(crate) name: String,
    /// The same in all runs, and of no other suite.
    pub(crate) key: String,
}

impl Suite {
    /// The suite that begins with this line of cargo's, if one does.
    pub(crate) fn announced(line: &str) -> Option<Self> {
        let line = plain(line);
        let line = line.trim();
        if let Some(name) = line.strip_prefix("Doc-tests ") {
            return Some(Self::documentation(name));
        }
        let (name, program) = line.strip_prefix("Running ")?.strip_suffix(')')?.rsplit_once(" (")?;
        Some(Self { name: name.to_owned(), key: program.rsplit(['/', '\\']).next()?.to_owned() })
    }

    fn documentation(name: &str) -> Self {
        Self {
            name: format!("documentation of {name}"),
            key: format!("documentation of {}", name.replace('-', "_")),
        }
    }
}

/// A line without the codes of a terminal's colours.
fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, code)) = rest.split_once("\x1b[") {
        text.push_str(before);
        rest = code.find(|end: char| end.is_ascii_alphabetic()).map_or("", |end| &code[end + 1..]);
    }
    text + rest
}

/// What a build has come to, from the messages of `cargo test --no-run --message-format=json-render-diagnostics`.
#[derive(Debug, Default)]
pub(crate) struct Build {
    /// How many crates there are, if all of them are built.
    total: Option<usize>,
    seen: BTreeSet<String>,
    /// How many were not there before.
    pub(crate) compiled: usize,
    /// The keys of the suites that are built.
    pub(crate) suites: BTreeSet<String>,
}

impl Build {
    pub(crate) fn new(total: Option<usize>) -> Self {
        Self { total, ..Self::default() }
    }

    /// Takes a message, and says whether it was of a crate that has been compiled.
    pub(crate) fn take(&mut self, message: &str) -> bool {
        let Ok(message) = serde_json::from_str::<Value>(message) else { return false };
        if message["reason"] != "compiler-artifact" {
            return false;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (package, is_test) = (text(&message["package_id"]), message["profile"]["test"] == true);
        // A dependency is one crate, whatever is built of it; of this workspace each suite is one.
        let name = if is_test { text(&message["target"]["src_path"]) } else { String::new() };
        self.seen.insert(format!("{package} {name}"));
        if let (true, Some(program)) = (is_test, message["executable"].as_str()) {
            self.suites.extend(program.rsplit(['/', '\\']).next().map(str::to_owned));
        }
        let is_new = message["fresh"] == false;
        self.compiled += usize::from(is_new);
        is_new
    }

    /// Such as `built 87 of 312 crates`.
    pub(crate) fn line(&self, elapsed: Duration) -> String {
        let of = self.total.map(|total| format!(" of {}", total.max(self.seen.len()))).unwrap_or_default();
        format!("built {}{of} crates after {}", self.seen.len(), said(elapsed))
    }
}

/// How many crates a build of all tests has, and whose documentation is tested, from `cargo metadata`.
pub(crate) fn crates(metadata: &str) -> Option<(usize, BTreeSet<String>)> {
    let metadata = serde_json::from_str::<Value>(metadata).ok()?;
    let members = metadata["workspace_members"].as_array()?;
    let packages = metadata["packages"].as_array()?;
    let targets = packages.iter().filter(|package| members.contains(&package["id"]));
    let targets = targets.flat_map(|package| package["targets"].as_array().into_iter().flatten());
    let targets = targets.collect::<Vec<_>>();
    let suites = targets.iter().filter(|target| target["test"] == true).count();
    let documented = targets.iter().filter(|target| target["doctest"] == true);
    let documented = documented.filter_map(|target| target["name"].as_str());
    let documented = documented.map(|name| Suite::documentation(name).key).collect();
    Some((metadata["resolve"]["nodes"].as_array()?.len() + suites, documented))
}

/// How long a build and each suite took, when they were run last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Times {
    /// Of a build that had everything to do.
    pub(crate) build: Option<Duration>,
    pub(crate) suites: BTreeMap<String, Duration>,
}

impl Times {
    pub(crate) fn from_json(text: &str) -> Self {
        let json = serde_json::from_str::<Value>(text).unwrap_or_default();
        let time =
            |value: &Value| value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let suites = json["suites"].as_object().into_iter().flatten();
        let suites = suites.filter_map(|(key, value)| Some((key.clone(), time(value)?))).collect();
        Self { build: time(&json["build"]), suites }
    }

    pub(crate) fn to_json(&self) -> String {
        let suites = self.suites.iter().map(|(key, time)| (key.clone(), time.as_secs_f64().into()));
        let suites = Value::Object(suites.collect());
        serde_json::json!({ "build": self.build.map(|time| time.as_secs_f64()), "suites": suites })
            .to_string()
    }

    /// What is to be expected of a first build.
    pub(crate) fn first_build(&self, processors: usize) -> String {
        match self.build {
            Some(time) => format!("the last full build took {} on this machine", said(time)),
            None => {
                let time = FIRST_BUILD / u32::try_from(processors).unwrap_or(1).max(1);
                let s = if processors == 1 { "" } else { "s" };
                format!("a first build takes about {} on {processors} processor{s}", said(time))
            }
        }
    }

    fn of(&self, key: &str) -> Duration {
        self.suites.get(key).copied().unwrap_or(SUITE)
    }

    fn of_all<'a>(&self, keys: impl IntoIterator<Item = &'a String>) -> Duration {
        keys.into_iter().map(|key| self.of(key)).sum()
    }
}

/// The suites of a run.
#[derive(Debug)]
pub(crate) struct Run {
    /// Those that are still to begin.
    left: BTreeSet<String>,
    total: usize,
    before: Times,
    current: Option<(Suite, Duration)>,
    done: Vec<(Suite, Duration)>,
}

impl Run {
    pub(crate) fn new(suites: BTreeSet<String>, before: Times) -> Self {
        Self { total: suites.len(), left: suites, before, current: None, done: Vec::new() }
    }

    /// How many there are, and how long they take.
    pub(crate) fn plan(&self) -> String {
        format!("{} suites, about {}", self.total, said(self.before.of_all(&self.left)))
    }

    /// A suite begins, so much time after the first did. Gives what is said of it.
    pub(crate) fn begins(&mut self, suite: Suite, elapsed: Duration) -> String {
        self.ends(elapsed);
        let left = self.before.of(&suite.key)
            + self.before.of_all(self.left.iter().filter(|key| **key != suite.key));
        self.left.remove(&suite.key);
        let nth = self.done.len() + 1;
        let line = format!(
            "suite {nth} of {}, {}: after {}, about {} left",
            self.total.max(nth),
            suite.name,
            said(elapsed),
            said(left)
        );
        self.current = Some((suite, elapsed));
        line
    }

    /// The last one that has begun is over.
    pub(crate) fn ends(&mut self, elapsed: Duration) {
        self.done.extend(self.current.take().map(|(suite, began)| (suite, elapsed.saturating_sub(began))));
    }

    /// What took how long, the slowest first.
    pub(crate) fn summary(&self) -> String {
        let mut slowest = self.done.iter().collect::<Vec<_>>();
        slowest.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        let slowest = slowest.iter().take(5).map(|(suite, time)| format!("{} {}", suite.name, said(*time)));
        let all = said(self.done.iter().map(|(_, time)| *time).sum());
        let slowest = slowest.collect::<Vec<_>>().join(", ");
        format!(
            "{} of {} suites in {all}; the slowest: {slowest}",
            self.done.len(),
            self.total.max(self.done.len())
        )
    }

    /// What is known for the next run: `build` is the time of one that had everything to do.
    pub(crate) fn times(self, build: Option<Duration>) -> Times {
        let mut times = Times { build: build.or(self.before.build), ..self.before };
        times.suites.extend(self.done.into_iter().map(|(suite, time)| (suite.key, time)));
        times
    }
}

/// Such as `40 s`, `2 min 5 s` and `1 h 10 min`.
pub(crate) fn said(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes @ 10.., _) | (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn suite(name: &str, key: &str) -> Suite {
        Suite { name: name.into(), key: key.into() }
    }

    #[test]
    fn a_suite_is_known_by_the_line_with_which_cargo_begins_it() {
        let cases = [
            ("     Running tests/pool.rs (target/debug/deps/pool-217f)\n", "tests/pool.rs", "pool-217f"),
            (
                "     Running unittests src/lib.rs (/t/debug/deps/xtask-79)",
                "unittests src/lib.rs",
                "xtask-79",
            ),
            ("\x1b[1m\x1b[92m     Running\x1b[0m tests/a b.rs (target/x/a-1)\r\n", "tests/a b.rs", "a-1"),
            (
                "\x1b[1m\x1b[92m   Doc-tests\x1b[0m sandbox_runtime\n",
                "documentation of sandbox_runtime",
                "documentation of sandbox_runtime",
            ),
        ];
        for (line, name, key) in cases {
            assert_eq!(Suite::announced(line), Some(suite(name, key)), "{line:?}");
        }
        for line in [
            "",
            "running 3 tests",
            "   Compiling xtask v0.0.0 (/work)",
            "Running late",
            "test a (b)",
            "\x1b[",
        ] {
            assert_eq!(Suite::announced(line), None, "{line:?}");
        }
    }

    fn artifact(package: &str, path: &str, is_test: bool, is_fresh: bool) -> String {
        let executable = if is_test { format!("\"/target/debug/deps/{path}-1\"") } else { "null".into() };
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"{package}","target":{{"src_path":"{path}"}},"profile":{{"test":{is_test}}},"executable":{executable},"fresh":{is_fresh}}}"#
        )
    }

    #[test]
    fn crates_are_counted_once_and_suites_each() {
        let mut build = Build::new(Some(4));
        assert!(build.take(&artifact("serde", "build.rs", false, false)));
        assert!(
            build.take(&artifact("serde", "lib.rs", false, false)),
            "one with a build script is one crate"
        );
        assert!(!build.take(&artifact("syn", "lib.rs", false, true)));
        assert_eq!(build.line(seconds(65)), "built 2 of 4 crates after 1 min 5 s");
        for path in ["a", "b", "c"] {
            build.take(&artifact("own", path, true, false));
        }
        assert_eq!(build.line(seconds(1)), "built 5 of 5 crates after 1 s", "never more than all");
        assert_eq!(build.suites.into_iter().collect::<Vec<_>>(), ["a-1", "b-1", "c-1"]);
        assert_eq!(build.compiled, 5);
        let mut build = Build::new(None);
        for other in ["", "warning: no json", r#"{"reason":"build-finished","success":true}"#, "[]", "{}"] {
            assert!(!build.take(other), "{other}");
        }
        assert_eq!(build.line(seconds(0)), "built 0 crates after 0 s");
    }

    #[test]
    fn the_number_of_crates_is_that_of_cargos_metadata() {
        let metadata = r#"{"workspace_members":["own"],"resolve":{"nodes":[{},{},{}]},"packages":[
            {"id":"own","targets":[{"name":"a-b","test":true,"doctest":true},{"name":"c","test":false},{"name":"d","test":true}]},
            {"id":"serde","targets":[{"name":"serde","test":true,"doctest":true}]}]}"#;
        let documented = BTreeSet::from(["documentation of a_b".to_owned()]);
        assert_eq!(crates(metadata), Some((3 + 2, documented)));
        assert_eq!(crates("{}"), None);
        assert_eq!(crates("no json"), None);
    }

    #[test]
    fn the_time_that_is_left_is_that_of_the_last_run() {
        let suites = BTreeSet::from(["a-1", "b-1", "c-1"].map(str::to_owned));
        let before = Times {
            suites: BTreeMap::from([("a-1".into(), seconds(10)), ("b-1".into(), seconds(100))]),
            build: None,
        };
        let mut run = Run::new(suites, before);
        assert_eq!(run.plan(), format!("3 suites, about {}", said(seconds(110) + SUITE)));
        let line = run.begins(suite("tests/a.rs", "a-1"), seconds(0));
        assert_eq!(
            line,
            format!("suite 1 of 3, tests/a.rs: after 0 s, about {} left", said(seconds(110) + SUITE))
        );
        let line = run.begins(suite("tests/b.rs", "b-1"), seconds(20));
        assert_eq!(
            line,
            format!("suite 2 of 3, tests/b.rs: after 20 s, about {} left", said(seconds(100) + SUITE))
        );
        run.ends(seconds(50));
        assert_eq!(run.summary(), "2 of 3 suites in 50 s; the slowest: tests/b.rs 30 s, tests/a.rs 20 s");
        let times = run.times(Some(seconds(600)));
        assert_eq!((times.of("a-1"), times.of("b-1"), times.of("c-1")), (seconds(20), seconds(30), SUITE));
        assert_eq!(Times::from_json(&times.to_json()), times);
    }

    #[test]
    fn a_suite_that_nobody_announced_is_counted() {
        let mut run = Run::new(BTreeSet::new(), Times::default());
        let line = run.begins(suite("tests/a.rs", "a-1"), seconds(0));
        assert_eq!(line, format!("suite 1 of 1, tests/a.rs: after 0 s, about {} left", said(SUITE)));
    }

    #[test]
    fn what_is_no_file_of_times_is_as_good_as_none() {
        for text in ["", "{}", "[]", r#"{"build":-1,"suites":{"a":"b"}}"#] {
            assert_eq!(Times::from_json(text), Times::default(), "{text}");
        }
        let first = Times::default().first_build(2);
        assert_eq!(first, format!("a first build takes about {} on 2 processors", said(FIRST_BUILD / 2)));
        assert!(Times::default().first_build(1).ends_with("on 1 processor"));
        let known = Times { build: Some(seconds(300)), ..Times::default() };
        assert_eq!(known.first_build(2), "the last full build took 5 min on this machine");
    }

    #[test]
    fn times_are_said_in_their_units() {
        let cases = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (125, "2 min 5 s"),
            (754, "12 min"),
            (4200, "1 h 10 min"),
        ];
        for (count, expected) in cases {
            assert_eq!(said(seconds(count)), expected);
        }
    }
}
