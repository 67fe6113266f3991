//! Whether hostile tenants of a pool slow the honest ones down. Calls of honest tenants arrive at times that are drawn
//! beforehand, whether or not earlier ones were answered, and each is measured from when it should have come: by turns
//! alone, and while a tenth of all tenants do their worst, so that what else the machine does meets both alike.
//!
//! ```sh
//! cargo run --example load          # a few tenants, a few seconds
//! cargo xtask load                  # a thousand, in a release build
//! ```

use std::collections::BTreeMap;
use std::env;
use std::error::Error as StdError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sandbox_runtime::{Error, LimitKind, Limits, Pooled, Result, SandboxPool, Script, sandbox_api};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tokio::sync::{RwLock, RwLockWriteGuard};

type AnyResult<T> = std::result::Result<T, Box<dyn StdError>>;

#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Line {
    pub sku: String,
    pub quantity: u32,
    pub unit: f64,
}

#[sandbox_api(guest)]
pub trait PricingRule {
    async fn price(&self, currency: &str, lines: Vec<Line>) -> Result<f64>;
}

#[sandbox_api(host)]
pub trait Rates {
    async fn rate(&self, currency: &str) -> Result<f64>;
}

struct Bank;

#[sandbox_api]
impl Rates for Bank {
    async fn rate(&self, currency: &str) -> Result<f64> {
        match currency {
            "EUR" => Ok(0.5),
            other => Err(Error::public(format!("no rate for {other}"))),
        }
    }
}

const HONEST: &str = "
    export async function price(currency, lines) {
        const rate = await Rates.rate(currency);
        return lines.reduce((sum, line) => sum + line.quantity * line.unit * rate, 0);
    }";

/// What the hostile tenants are, how many calls each has under way, and their rules.
const HOSTILE: [(&str, usize, &str); 5] = [
    ("loops", 2, "export const price = () => { for (;;) {} };"),
    (
        "fills its heap",
        2,
        "export const price = () => { const all = []; for (;;) all.push(new Array(100).fill(1)); };",
    ),
    (
        "keeps memory",
        2,
        "const kept = [];
         export function price() {
             if (kept.length < 80) kept.push(new Array(10000).fill(kept.length));
             return JSON.stringify(kept).length;
         }",
    ),
    (
        "takes 40 ms",
        2,
        "export function price() { const end = Date.now() + 40; while (Date.now() < end); return 1; }",
    ),
    ("floods", 100, HONEST),
];

/// How large the test is.
struct Size {
    tenants: usize,
    /// How often honest tenants are measured alone and beside the others.
    rounds: usize,
    /// How long each half of a round takes.
    part: Duration,
    /// How long the hostile tenants are there before the rounds, in which all are known.
    arrival: Duration,
    /// How many calls of each honest tenant come before.
    warm_up: usize,
    memory: u64,
}

const QUICK: Size = Size {
    tenants: 40,
    rounds: 2,
    part: Duration::from_millis(500),
    arrival: Duration::from_millis(500),
    warm_up: 2,
    memory: 1 << 30,
};
const FULL: Size = Size {
    tenants: 1000,
    rounds: 8,
    part: Duration::from_secs(4),
    arrival: Duration::from_secs(10),
    warm_up: 30,
    memory: 8 << 30,
};

type Rule = Arc<PricingRuleProxy<Pooled>>;

fn main() -> AnyResult<()> {
    let size = if env::args().any(|argument| argument == "--full") { FULL } else { QUICK };
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build();
    // The clients of a service do not share a thread.
    let (runtime, elsewhere) = (runtime()?, runtime()?);
    let pool = {
        let _entered = runtime.enter();
        SandboxPool::builder()
            .limits(Limits { wall: Duration::from_millis(100), heap: 16 << 20, ..Limits::default() })
            .host::<dyn Rates>(|_| Box::new(Bank))
            .threads(2)
            .memory(size.memory)
            // Newcomers are served elsewhere until they have shown what they are.
            .probation(3)
            .build()?
    };

    let hostile_tenants = size.tenants.div_ceil(10).max(HOSTILE.len());
    let load = |name: String, source: &str| -> Result<Rule> {
        let script = Script::new(format!("{name}.js"), source);
        Ok(Arc::new(again(|| pool.tenant(&name).load::<dyn PricingRule>(script.clone()))?))
    };
    let began = Instant::now();
    let honest = (0..size.tenants - hostile_tenants)
        .map(|number| load(format!("honest-{number}"), HONEST))
        .collect::<Result<Vec<_>>>()?;
    // A single tenant floods. The others are as many of each kind.
    let kinds = std::iter::once(4).chain((0..4).cycle()).take(hostile_tenants);
    let hostile = kinds
        .map(|kind| {
            let (name, calls, source) = HOSTILE[kind];
            Ok((name, calls, load(format!("{name}-{}", pool.metrics().tenants), source)?))
        })
        .collect::<Result<Vec<_>>>()?;
    println!(
        "{} tenants, {} of them hostile, loaded in {:.1?}",
        size.tenants,
        hostile.len(),
        began.elapsed()
    );
    for rule in honest.iter().flat_map(|rule| std::iter::repeat_n(rule, 4)) {
        assert_eq!(again(|| runtime.block_on(rule.price("EUR", order())))?, PRICE);
    }

    let work = calibrate(&runtime, &honest, size.warm_up)?;
    let rate = 0.3 / work.as_secs_f64();
    println!(
        "a call of an honest tenant takes {work:.0?} of processor time: {rate:.0} calls/s take 30% of one\n"
    );

    let attack = Attack::begin(&elsewhere, &hostile);
    let mut coming = Measured::default();
    Arrivals::draw(rate, size.arrival, honest.len(), 0).run(&runtime, &honest, &mut coming);
    println!("hostile tenants come    {}", coming.summary());
    let (mut alone, mut beside) = (Measured::default(), Measured::default());
    let mut used = BTreeMap::<String, Duration>::new();
    for round in 1..=size.rounds {
        let arrivals = Arrivals::draw(rate, size.part, honest.len(), round as u64);
        let pause = attack.pause();
        arrivals.run(&runtime, &honest, &mut alone);
        drop(pause);
        let before = threads_time();
        arrivals.run(&runtime, &honest, &mut beside);
        for (name, time) in threads_time() {
            let time = time.saturating_sub(before.get(&name).copied().unwrap_or_default());
            *used.entry(name).or_default() += time;
        }
    }
    println!("alone                   {}", alone.summary());
    println!("beside hostile tenants  {}", beside.summary());
    let outcomes = attack.end(&elsewhere);
    let ratio = beside.percentile(0.99).as_secs_f64() / alone.percentile(0.99).as_secs_f64();
    println!("p99 beside them / p99 alone = {ratio:.2}\n");
    tell(&outcomes, &used, size.part * u32::try_from(size.rounds)?);
    println!("{:#?}", pool.metrics());

    let is_late = |error: &String| error.starts_with("Limit Wall");
    assert!(alone.failed.keys().all(is_late), "{:?}", alone.failed);
    if alone.failed.is_empty() {
        let failed: u64 = coming.failed.values().chain(beside.failed.values()).sum();
        let all = coming.latencies.len() + beside.latencies.len();
        assert!(failed as usize * 10 <= all, "{failed} of {all} honest calls failed");
    } else {
        println!(
            "honest calls were late without a hostile one: the machine does other work, and nothing can be compared"
        );
    }
    for (kind, expected) in
        [("loops", "Limit Wall"), ("fills its heap", "Limit Heap"), ("floods", "Overloaded")]
    {
        // On a busy machine a heap is not full before the time is over.
        let is_met = |outcome: &String| outcome == expected || is_late(outcome);
        assert!(
            outcomes.keys().any(|(of, outcome)| *of == kind && is_met(outcome)),
            "no tenant that {kind} got `{expected}`"
        );
    }
    Ok(())
}

/// Prints what hostile tenants got, and what the threads of the process took while they were there.
fn tell(outcomes: &Outcomes, used: &BTreeMap<String, Duration>, time: Duration) {
    println!("{:<16} {:<18} {:>8}", "hostile tenants", "outcome", "calls");
    for ((name, outcome), calls) in outcomes {
        println!("{name:<16} {outcome:<18} {calls:>8}");
    }
    println!("\nprocessor time by thread, beside hostile tenants");
    for (name, used) in used {
        let share = 100.0 * used.as_secs_f64() / time.as_secs_f64();
        if share >= 0.5 {
            println!("{name:<16} {share:>5.0}%");
        }
    }
    if let Some(resident) = resident_memory() {
        println!("\nresident memory {} MiB", resident >> 20);
    }
}

fn order() -> Vec<Line> {
    (1..=4).map(|n| Line { sku: format!("sku-{n}"), quantity: 10 + n, unit: 1.0 + f64::from(n) }).collect()
}

/// What it costs.
const PRICE: f64 = 90.0;

/// What a call of an honest tenant costs, after so many calls of each.
fn calibrate(runtime: &Runtime, honest: &[Rule], rounds: usize) -> AnyResult<Duration> {
    let lines = order();
    let call = |rule: &Rule| again(|| runtime.block_on(rule.price("EUR", lines.clone()))).map(drop);
    let round = || honest.iter().try_for_each(call);
    (0..rounds).try_for_each(|_| round())?;
    let (began, before) = (Instant::now(), total(&threads_time()));
    let mut calls = 0;
    while began.elapsed() < Duration::from_millis(500) {
        round()?;
        calls += honest.len();
    }
    let used = total(&threads_time()).saturating_sub(before);
    let used = if used.is_zero() { began.elapsed() } else { used };
    Ok(used / u32::try_from(calls)?)
}

// ---------------------------------------------------------------------------------------------------------
// Honest calls

/// When calls come, and whose.
struct Arrivals(Vec<(Duration, usize)>);

impl Arrivals {
    /// A Poisson process; the same for the same seed.
    fn draw(rate: f64, part: Duration, tenants: usize, seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        let mut at = 0.0;
        let next = std::iter::from_fn(|| {
            at -= (1.0 - numbers.next()).ln() / rate;
            Some((Duration::from_secs_f64(at), (numbers.next() * tenants as f64) as usize))
        });
        Self(next.take_while(|(at, _)| *at < part).collect())
    }

    /// Makes the calls, and adds how they went to `measured`.
    fn run(&self, runtime: &Runtime, honest: &[Rule], measured: &mut Measured) {
        let answers: Arc<[AtomicU64]> = self.0.iter().map(|_| AtomicU64::default()).collect();
        let failed = Arc::new(Counts::default());
        let lines = Arc::new(order());
        let began = Instant::now();
        let mut calls = Vec::with_capacity(self.0.len());
        for (number, (at, tenant)) in self.0.iter().enumerate() {
            let at = began + *at;
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            let (rule, lines) = (honest[*tenant].clone(), lines.clone());
            let (answers, failed) = (answers.clone(), failed.clone());
            calls.push(runtime.spawn(async move {
                let outcome = rule.price("EUR", lines.to_vec()).await;
                let nanos = u64::try_from(at.elapsed().as_nanos()).unwrap_or(u64::MAX);
                answers[number].store(nanos, Ordering::Relaxed);
                match outcome {
                    Ok(price) => assert_eq!(price, PRICE),
                    Err(error) => failed.count(describe(&error)),
                }
            }));
        }
        runtime.block_on(async {
            for call in calls {
                call.await.expect("the price is right");
            }
        });
        let latencies = answers.iter().map(|nanos| Duration::from_nanos(nanos.load(Ordering::Relaxed)));
        measured.add(latencies, failed.take());
    }
}

/// SplitMix64, as numbers from 0 to 1.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Latencies in ascending order, and what went wrong.
#[derive(Default)]
struct Measured {
    latencies: Vec<Duration>,
    failed: BTreeMap<String, u64>,
}

impl Measured {
    fn add(&mut self, latencies: impl Iterator<Item = Duration>, failed: BTreeMap<String, u64>) {
        self.latencies.extend(latencies);
        self.latencies.sort_unstable();
        for (error, times) in failed {
            *self.failed.entry(error).or_default() += times;
        }
    }

    fn percentile(&self, share: f64) -> Duration {
        let at = (self.latencies.len() as f64 * share) as usize;
        self.latencies.get(at).or(self.latencies.last()).copied().unwrap_or_default()
    }

    fn summary(&self) -> String {
        let [p50, p99, p999, most] = [0.5, 0.99, 0.999, 1.0]
            .map(|share| format!("{:>8.2}", self.percentile(share).as_secs_f64() * 1e3));
        let failed = match self.failed.is_empty() {
            true => String::new(),
            false => format!(", failed: {:?}", self.failed),
        };
        format!(
            "{:>6} calls, ms: p50 {p50}, p99 {p99}, p99.9 {p999}, most {most}{failed}",
            self.latencies.len()
        )
    }
}

// ---------------------------------------------------------------------------------------------------------
// Hostile calls

struct Counts<K>(Mutex<BTreeMap<K, u64>>);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord> Counts<K> {
    fn count(&self, key: K) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
    }

    fn take(&self) -> BTreeMap<K, u64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How many calls of each kind of tenant ended how.
type Outcomes = BTreeMap<(&'static str, String), u64>;

/// Calls hostile tenants all the time. Who has no room for a call is asked again a little later.
struct Attack {
    outcomes: Arc<Counts<(&'static str, String)>>,
    /// Whether it is over. Who calls reads it for as long as the call takes.
    is_over: Arc<RwLock<bool>>,
    callers: Vec<tokio::task::JoinHandle<()>>,
}

impl Attack {
    fn begin(runtime: &Runtime, hostile: &[(&'static str, usize, Rule)]) -> Self {
        let outcomes = Arc::new(Counts::default());
        let is_over = Arc::new(RwLock::new(false));
        let lines = Arc::new(order());
        let mut callers = Vec::new();
        for (name, calls, rule) in hostile {
            for _ in 0..*calls {
                let (name, rule, lines) = (*name, rule.clone(), lines.clone());
                let (outcomes, is_over) = (outcomes.clone(), is_over.clone());
                callers.push(runtime.spawn(async move {
                    loop {
                        let is_over = is_over.read().await;
                        if *is_over {
                            return;
                        }
                        let outcome = rule.price("EUR", lines.to_vec()).await;
                        if let Err(Error::Overloaded { .. }) = outcome {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        outcomes.count((
                            name,
                            outcome.map_or_else(|error| describe(&error), |_| "priced".into()),
                        ));
                    }
                }));
            }
        }
        Self { outcomes, is_over, callers }
    }

    /// Waits until no call is under way; none begins before the result is dropped.
    fn pause(&self) -> RwLockWriteGuard<'_, bool> {
        self.is_over.blocking_write()
    }

    fn end(self, runtime: &Runtime) -> Outcomes {
        *self.pause() = true;
        runtime.block_on(async {
            for caller in self.callers {
                caller.await.expect("a caller does not panic");
            }
        });
        self.outcomes.take()
    }
}

/// Makes a call again while its time is over, as on a machine that does other work.
fn again<T>(mut call: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 0..100 {
        match call() {
            Err(Error::Limit { kind: LimitKind::Wall, .. }) => {}
            outcome => return outcome,
        }
    }
    call()
}

fn describe(error: &Error) -> String {
    match error {
        Error::Limit { kind: LimitKind::Wall, place: None, .. } => "Limit Wall, waiting".to_owned(),
        Error::Limit { kind, .. } => format!("Limit {kind:?}"),
        Error::Overloaded { .. } => "Overloaded".to_owned(),
        Error::Discarded { .. } => "Discarded".to_owned(),
        Error::Lost { .. } => "Lost".to_owned(),
        other => other.to_string(),
    }
}

// ---------------------------------------------------------------------------------------------------------
// What Linux tells of the process; nothing elsewhere

/// The processor time of the threads of each name.
fn threads_time() -> BTreeMap<String, Duration> {
    let mut times = BTreeMap::<_, Duration>::new();
    for thread in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let read = |file| std::fs::read_to_string(thread.path().join(file)).unwrap_or_default();
        let nanos = read("schedstat").split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0);
        *times.entry(read("comm").trim().to_owned()).or_default() += Duration::from_nanos(nanos);
    }
    times
}

fn total(times: &BTreeMap<String, Duration>) -> Duration {
    times.values().sum()
}

fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib << 10)
}
