//! Every type against hostile values, and against those that violate its schema.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sandbox_runtime::testing::{hostile, violating_arguments};
use sandbox_runtime::{
    Direction, Error, LimitKind, Limits, Local, LocalGuest, LocalSandbox, Result, Script, sandbox_api,
};

use crate::slack::{LONG, is_quiet};
use crate::{every, for_every_type};

/// How many values each type gets in each direction.
const VALUES: usize = 10_000;
/// How many values that violate its schema each type gets in each direction.
const VIOLATING: usize = 200;
/// How many values are made by one script, unless they are for one type alone.
const BATCH: usize = 100;
/// How long a crossing may take in a debug build: on a quiet machine, and on any, for what has no bounds takes for ever.
fn longest() -> Duration {
    if is_quiet() { Duration::from_millis(50) } else { Duration::from_secs(20) }
}

macro_rules! contracts {
    ($($method:ident $js:literal $type:ty;)*) => {
        #[sandbox_api(host)]
        pub trait Take {
            /// The value as the host has it.
            $(fn $method(&self, value: $type) -> $type;)*
        }

        #[sandbox_api(guest)]
        pub trait Give {
            $(fn $method(&self) -> Result<$type>;)*
        }

        /// Gives back what it gets.
        #[sandbox_api(guest)]
        pub trait Echo {
            $(fn $method(&self, value: $type) -> Result<$type>;)*
        }

        impl Take for Taken {
            $(fn $method(&self, value: $type) -> $type {
                self.take(&value);
                value
            })*
        }

        /// Has the guest give a value, and sends it there and back again.
        fn give(guest: &dyn Give, echo: &dyn Echo, name: &str) -> Given {
            match name {
                $($js => given(guest.$method(), |value| echo.$method(value)),)*
                other => panic!("no type is called {other}"),
            }
        }

        const NAMES: &[&str] = &[$($js),*];
    };
}
for_every_type!(contracts);

/// What a guest says of each of its calls.
#[sandbox_api(host)]
pub trait Log {
    /// The value could not even be made.
    fn unmade(&self, index: u32);
    /// The call threw an error with this message.
    fn threw(&self, index: u32, message: &str);
    /// The value went to the host, and what came back went there again.
    fn accepted(&self, index: u32);
    /// What the host was given does not count.
    fn forget(&self);
    /// The call took so many milliseconds at best.
    fn slow(&self, index: u32, millis: f64);
}

#[sandbox_api(guest)]
pub trait Attack {
    /// Makes all values, and passes them to this method of the host; a call should take so many milliseconds at most.
    fn pass(&self, method: &str, longest: u32) -> Result<()>;
    /// Chooses the value that `Give` gives; says whether there is one.
    fn prepare(&self, index: u32) -> Result<bool>;
    /// Makes it anew.
    fn again(&self) -> Result<()>;
}

/// What a host was given, and what guests say of it.
#[derive(Clone, Default)]
struct Taken(Rc<RefCell<Notes>>);

#[derive(Default)]
struct Notes {
    /// The values of one test, as Rust shows them.
    values: Vec<String>,
    verdicts: HashMap<u32, &'static str>,
    problems: Vec<(u32, String)>,
}

impl Taken {
    fn take(&self, value: &dyn Debug) {
        self.0.borrow_mut().values.push(shown(value));
    }

    fn verdict(&self, index: u32, verdict: &'static str) {
        let before = self.0.borrow_mut().verdicts.insert(index, verdict);
        assert_eq!(before, None, "one verdict for each value");
    }

    fn problem(&self, index: u32, problem: impl Into<String>) {
        self.0.borrow_mut().problems.push((index, problem.into()));
    }
}

impl Log for Taken {
    fn unmade(&self, index: u32) {
        self.verdict(index, "unmade");
    }

    fn threw(&self, index: u32, message: &str) {
        self.verdict(index, if message.starts_with("Take.") { "refused" } else { "threw" });
        // So the guest is told of a panic, and of a result that is not what the contract says.
        if message.contains("(reference ") || message.contains("→ result") {
            self.problem(index, message);
        }
        let values = std::mem::take(&mut self.0.borrow_mut().values);
        if !values.is_empty() {
            self.problem(index, format!("the host got {values:?}, and did not get it again: {message}"));
        }
    }

    fn accepted(&self, index: u32) {
        self.verdict(index, "accepted");
        let values = std::mem::take(&mut self.0.borrow_mut().values);
        if !matches!(&values[..], [first, second] if first == second) {
            self.problem(index, format!("the host got {values:?}"));
        }
    }

    fn forget(&self) {
        self.0.borrow_mut().values.clear();
    }

    fn slow(&self, index: u32, millis: f64) {
        self.problem(index, format!("it took {millis} ms"));
    }
}

/// As Rust shows it, whatever the order is in which a HashMap or a HashSet has its elements.
fn shown(value: &dyn Debug) -> String {
    let text = format!("{value:?}");
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(inner) => {
            let mut parts = inner.split(", ").collect::<Vec<_>>();
            parts.sort_unstable();
            parts.join(", ")
        }
        None => text,
    }
}

/// So that a crossing ends within the time in a debug build; the time of a batch is that of a busy machine.
fn sandbox(taken: &Taken) -> LocalSandbox {
    let limits = Limits {
        wall: LONG,
        heap: 512 << 20,
        buffers: 512 << 20,
        value_nodes: 1_000,
        value_bytes: 1 << 18,
        ..Limits::default()
    };
    let builder = LocalSandbox::builder().limits(limits);
    builder.host::<dyn Take>(taken.clone()).host::<dyn Log>(taken.clone()).build().unwrap()
}

fn samples<V: Debug>(values: &BoxedStrategy<V>, count: usize) -> Vec<V> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| values.new_tree(&mut runner).unwrap().current()).collect()
}

/// Expressions, and the types that they are for.
struct Work {
    expressions: Vec<String>,
    types: Vec<&'static str>,
}

/// 10,000 hostile expressions for each type. Making and compiling them takes long, so types share them, but for a quarter
/// of those of types with fields, which have the names of the fields.
fn hostile_work() -> Vec<Work> {
    let mut work = Vec::new();
    let mut add = |expressions: &[String], types: &[&'static str]| {
        let batches = expressions.chunks(BATCH);
        work.extend(batches.map(|batch| Work { expressions: batch.to_vec(), types: types.to_vec() }));
    };
    let shared = samples(&hostile::<dyn Take>("boolean"), VALUES);
    let (most, others) = shared.split_at(VALUES * 3 / 4);
    let (fields, none) = NAMES.iter().partition::<Vec<&str>, _>(|name| HAVE_FIELDS.contains(name));
    add(most, NAMES);
    add(others, &none);
    for name in fields {
        add(&samples(&hostile::<dyn Take>(name), others.len()), &[name]);
    }
    work
}

/// Those whose schemas name fields.
const HAVE_FIELDS: &[&str] = &[
    "record", "strict", "bounded", "external", "adjacent", "internal", "untagged", "boxed", "counted",
    "shared",
];

/// Expressions for each type that violate its schema.
fn violating_work() -> Vec<Work> {
    let of = |name: &&'static str| {
        let Some(values) = violating_arguments::<dyn Take>(name) else {
            assert_eq!(*name, "json", "it takes anything");
            return None;
        };
        let expressions = samples(&values, VIOLATING).iter().map(|values| values[0].to_js()).collect();
        Some(Work { expressions, types: vec![name] })
    };
    NAMES.iter().filter_map(of).collect()
}

/// What became of the values of each type, as arguments of a host's method and as results of a guest's. Two threads do
/// it, as a sandbox stays where it was made.
fn attack(work: &[Work]) -> BTreeMap<&'static str, [Counts; 2]> {
    let (work, all) = (Mutex::new(work.iter()), Mutex::new(BTreeMap::new()));
    let next = || work.lock().unwrap().next();
    let threads = || {
        let attacker = Attacker::new();
        while let Some(Work { expressions, types }) = next() {
            let guest = attacker.eval(expressions);
            for name in types {
                let [host, result] = attacker.attack(&guest, name, expressions);
                let mut all = all.lock().unwrap();
                let counts = all.entry(*name).or_insert_with(<[Counts; 2]>::default);
                counts[0].add(host);
                counts[1].add(result);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            std::thread::Builder::new().stack_size(8 << 20).spawn_scoped(scope, threads).unwrap();
        }
    });
    all.into_inner().unwrap()
}

/// A module with a function for each expression.
fn makers(expressions: &[String]) -> String {
    let each = expressions.iter().map(|expression| format!("() => ({expression}),\n"));
    format!("const makers = [\n{}];\n", each.collect::<String>())
}

/// Each value is made, and passed to the host; then the host asks for it as a result.
const GUEST: &str = r#"
const { now } = Date, { String } = globalThis;
const made = [];
let at = 0;
const text = (error) => { try { return String(error.message) } catch { return "hostile itself" } };
const once = (take, index) => {
  try { made[index] = { value: makers[index]() } } catch { return [0, "unmade", ""] }
  const { value } = made[index], start = now();
  try {
    take(take(value));
    return [now() - start, "accepted", ""];
  } catch (error) {
    return [now() - start, "threw", text(error).slice(0, 1000).toWellFormed()];
  }
};
export const pass = (method, longest) => makers.forEach((_, index) => {
  made[index] = undefined;
  let [best, verdict, message] = once(Take[method], index);
  Log[verdict](index, message);
  for (let retry = 0; best > longest && retry < 3; retry++) {
    best = Math.min(best, once(Take[method], index)[0]);
    Log.forget();
  }
  if (best > longest) Log.slow(index, best);
});
export const prepare = (index) => (at = index, made[index] !== undefined);
export const again = () => { made[at] = { value: makers[at]() } };
const give = () => made[at].value;
"#;

/// What became of the values of one type.
#[derive(Debug, Default)]
struct Counts {
    unmade: usize,
    accepted: usize,
    /// Refused by the boundary.
    refused: usize,
    /// Code of the guest threw while its value was read.
    threw: usize,
    problems: Vec<String>,
    /// What was accepted.
    taken: Vec<String>,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.unmade += other.unmade;
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.threw += other.threw;
        self.problems.extend(other.problems);
        self.taken.extend(other.taken);
    }

    fn count(&mut self, verdict: &str, expression: &str) {
        match verdict {
            "unmade" => self.unmade += 1,
            "accepted" => {
                self.accepted += 1;
                self.taken.push(expression.to_owned());
            }
            "refused" => self.refused += 1,
            "threw" => self.threw += 1,
            other => panic!("{other} is no verdict"),
        }
    }

    /// What a guest said of the arguments of a batch.
    fn note(&mut self, notes: Notes, batch: &[String]) {
        assert_eq!(notes.verdicts.len(), batch.len(), "every value has a verdict");
        for (index, problem) in &notes.problems {
            self.problems.push(format!("{}: {problem}", batch[*index as usize]));
        }
        for (index, verdict) in &notes.verdicts {
            self.count(verdict, &batch[*index as usize]);
        }
    }

    /// Has the guest give a result, several times when it takes long.
    fn result(&mut self, name: &str, expression: &str, attack: &dyn Attack, give: impl Fn() -> Given) {
        let timed = || {
            let start = Instant::now();
            let given = give();
            (start.elapsed(), given)
        };
        let (mut best, given) = timed();
        for _ in 0..3 {
            if best > longest() {
                attack.again().unwrap();
                best = best.min(timed().0);
            }
        }
        let (verdict, mut problem) = given.verdict(name);
        if best > longest() {
            problem = Some(format!("it took {best:?}"));
        }
        self.problems.extend(problem.map(|problem| format!("{expression}: {problem}")));
        self.count(verdict, expression);
    }

    /// Nothing was wrong, and all of the values ran.
    fn check(&self, name: &str, values: usize) {
        let problems = self.problems.iter().take(20).map(|problem| format!("\n{problem}"));
        assert!(self.problems.is_empty(), "{name}: {}", problems.collect::<String>());
        let all = self.unmade + self.accepted + self.refused + self.threw;
        assert_eq!(all, values, "{name}: {self:?}");
    }

    fn check_hostile(&self, name: &str) {
        self.check(name, VALUES);
        assert!(self.unmade < VALUES / 100, "{name}: all but a few can be made: {self:?}");
        assert!(self.refused > VALUES / 10, "{name}: {self:?}");
    }

    fn check_violating(&self, name: &str) {
        self.check(name, VIOLATING);
        assert_eq!(self.refused, VIOLATING, "{name}: {:?}", self.taken);
    }
}

/// What became of a value that a guest gave.
enum Given {
    Accepted { first: String, again: Result<String> },
    Refused(Error),
}

impl Given {
    /// The verdict, and what is wrong.
    fn verdict(self, name: &str) -> (&'static str, Option<String>) {
        match self {
            Self::Accepted { first, again: Ok(again) } if again == first => ("accepted", None),
            Self::Accepted { first, again } => ("accepted", Some(format!("{first} came back as {again:?}"))),
            Self::Refused(Error::Guest(_) | Error::Limit { kind: LimitKind::Stack, .. }) => ("threw", None),
            Self::Refused(Error::Value(error)) => {
                let is_told = error.place.method == name && !error.violations.is_empty();
                let is_right = is_told && error.direction == Direction::ToHost;
                ("refused", (!is_right).then(|| format!("{error:?}")))
            }
            Self::Refused(other) => ("refused", Some(other.to_string())),
        }
    }
}

fn given<T: Debug>(first: Result<T>, echo: impl FnOnce(T) -> Result<T>) -> Given {
    match first {
        Ok(value) => {
            let first = shown(&value);
            Given::Accepted { first, again: echo(value).map(|value| shown(&value)) }
        }
        Err(error) => Given::Refused(error),
    }
}

/// A sandbox, with the host and all that its guests say.
struct Attacker {
    sandbox: LocalSandbox,
    taken: Taken,
    echo: EchoProxy<Local>,
}

impl Attacker {
    fn new() -> Self {
        let taken = Taken::default();
        let sandbox = sandbox(&taken);
        let echo = sandbox.load::<dyn Echo>(Script::new("echo.mjs", exports("(value) => value"))).unwrap();
        Self { sandbox, taken, echo }
    }

    fn eval(&self, expressions: &[String]) -> LocalGuest {
        let script = makers(expressions) + GUEST + &exports("give");
        self.sandbox.eval(Script::new("attack.mjs", script)).unwrap()
    }

    fn attack(&self, guest: &LocalGuest, name: &str, expressions: &[String]) -> [Counts; 2] {
        let (attack, giver) = (guest.bind::<dyn Attack>().unwrap(), guest.bind::<dyn Give>().unwrap());
        let millis = u32::try_from(longest().as_millis()).unwrap();
        attack.pass(name, millis).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (mut host, mut result) = (Counts::default(), Counts::default());
        host.note(std::mem::take(&mut *self.taken.0.borrow_mut()), expressions);
        for (index, expression) in (0..).zip(expressions) {
            match attack.prepare(index).unwrap() {
                true => result.result(name, expression, &attack, || give(&giver, &self.echo, name)),
                false => result.count("unmade", expression),
            }
        }
        [host, result]
    }
}

/// A default object with each type's method.
fn exports(value: &str) -> String {
    let each = NAMES.iter().map(|name| format!("{name}: {value}, "));
    format!("export default {{ {} }};", each.collect::<String>())
}

#[test]
fn hostile_values_are_refused_or_right() {
    let counts = attack(&hostile_work());
    assert_eq!(counts.len(), NAMES.len());
    for (name, counts) in counts {
        counts.iter().for_each(|counts| counts.check_hostile(name));
    }
}

#[test]
fn what_violates_a_schema_is_refused() {
    let counts = attack(&violating_work());
    assert_eq!(counts.len(), NAMES.len() - 1);
    for (name, counts) in counts {
        counts.iter().for_each(|counts| counts.check_violating(name));
    }
}
