//! Calls of a guest that a host method of one of its calls makes: the limits are those of the outer call, at every site.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use sandbox_runtime::{
    AsyncCallback, Callback, Error, Items, LimitKind, Limits, LocalSandbox, Phase, Result, Sandbox,
    SandboxPool, Script, Stream, sandbox_api,
};
use slack::long;

mod sites;
mod slack;

#[sandbox_api(host)]
pub trait Db: Send + Sync {
    async fn each(&self, check: AsyncCallback<fn(u32) -> Result<bool>>) -> Result<u32>;
    async fn once(&self, check: AsyncCallback<fn(u32) -> Result<bool>>) -> Result<bool>;
    /// Calls it without an end.
    async fn forever(&self, check: AsyncCallback<fn(u32) -> Result<bool>>) -> Result<u32>;
    async fn forever_inside(&self, check: Callback<fn(u32) -> Result<bool>>) -> Result<u32>;
    /// Ignores errors of the callback.
    async fn quiet(&self, check: AsyncCallback<fn(u32) -> Result<bool>>) -> Result<bool>;
    async fn sum(&self, numbers: Stream<f64>) -> Result<f64>;
    async fn inside(&self, check: Callback<fn(u32) -> Result<bool>>) -> Result<u32>;
    fn each_now(&self, check: Callback<fn(u32) -> Result<bool>>) -> Result<u32>;
    fn sum_now(&self, items: Items<f64>) -> Result<f64>;
    /// Has another task call it.
    async fn apart(&self, check: AsyncCallback<fn(u32) -> Result<bool>>) -> Result<()>;
    fn tick(&self) -> u32;
    #[sandbox(max_calls = 50)]
    fn tock(&self) -> u32;
    async fn silent(&self) -> Result<u32>;
}

#[sandbox_api(guest)]
pub trait Report {
    async fn run(&self, what: &str) -> Result<f64>;
    async fn small(&self) -> Result<u32>;
}

/// Counts the futures of host methods that live.
#[derive(Clone, Default)]
struct Rows {
    live: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

struct Alive(Rows);

impl Rows {
    fn begin(&self) -> Alive {
        self.most.fetch_max(self.live.fetch_add(1, SeqCst) + 1, SeqCst);
        Alive(self.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, SeqCst);
    }
}

#[sandbox_api]
impl Db for Rows {
    async fn each(&self, check: AsyncCallback<fn(u32) -> Result<bool>>) -> Result<u32> {
        let _alive = self.begin();
        let mut count = 0;
        for row in 0..20 {
            count += u32::from(check.call(row).await?);
        }
        Ok(count)
    }
    async fn once(&self, check: AsyncCallback<fn(u32) -> Result<bool>>) -> Result<bool> {
        let _alive = self.begin();
        check.call(1).await
    }
    async fn forever(&self, check: AsyncCallback<fn(u32) -> Result<bool>>) -> Result<u32> {
        let _alive = self.begin();
        loop {
            check.call(1).await?;
        }
    }
    async fn forever_inside(&self, check: Callback<fn(u32) -> Result<bool>>) -> Result<u32> {
        let _alive = self.begin();
        loop {
            check.call(1)?;
        }
    }
    async fn quiet(&self, check: AsyncCallback<fn(u32) -> Result<bool>>) -> Result<bool> {
        let _alive = self.begin();
        Ok(check.call(1).await.unwrap_or(false))
    }
    async fn sum(&self, mut numbers: Stream<f64>) -> Result<f64> {
        let _alive = self.begin();
        let mut sum = 0.0;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        Ok(sum)
    }
    async fn inside(&self, check: Callback<fn(u32) -> Result<bool>>) -> Result<u32> {
        let _alive = self.begin();
        (0..20).map(|row| check.call(row).map(u32::from)).sum()
    }
    fn each_now(&self, check: Callback<fn(u32) -> Result<bool>>) -> Result<u32> {
        (0..20).map(|row| check.call(row).map(u32::from)).sum()
    }
    fn sum_now(&self, items: Items<f64>) -> Result<f64> {
        items.sum()
    }
    async fn apart(&self, check: AsyncCallback<fn(u32) -> Result<bool>>) -> Result<()> {
        tokio::spawn(async move { check.call(1).await });
        Ok(())
    }
    fn tick(&self) -> u32 {
        1
    }
    fn tock(&self) -> u32 {
        1
    }
    async fn silent(&self) -> Result<u32> {
        let _alive = self.begin();
        std::future::pending().await
    }
}

const PROGRAM: &str = r"
    const never = () => new Promise(() => {});
    const burn = () => { const end = Date.now() + 60; while (Date.now() < end); return true; };
    const ticks = () => { for (let i = 0; i < 50; i++) Db.tick(); return true; };
    const tocks = () => { for (let i = 0; i < 5; i++) Db.tock(); return true; };
    const bomb = async () => { for (let i = 0; i < 90; i++) Db.once(bomb); await never(); };
    const deep = async () => await Db.once(deep);
    const numbers = async function* (make) { for (let i = 0; i < 20; i++) { make(); yield 1; } };
    const loop = () => { for (;;); };
    const programs = {
        bomb: () => { bomb(); return never(); },
        bombInside: () => Db.once(async () => { for (let i = 0; i < 90; i++) Db.once(async () => {
            for (let i = 0; i < 90; i++) Db.silent(); await never(); }); await never(); }),
        deep: () => Db.once(deep),
        loop: async () => loop(),
        loopInCallback: () => Db.each(async () => loop()),
        loopInQuietCallback: () => Db.quiet(async () => loop()),
        loopInStream: () => Db.sum((async function* () { yield 1; loop(); })()),
        loopInside: () => Db.inside(loop),
        loopNow: async () => Db.eachNow(loop),
        loopInItems: async () => Db.sumNow((function* () { yield 1; loop(); })()),
        endlessStream: () => Db.sum((async function* () { for (;;) yield 1; })()),
        never: () => Db.each(never),
        ticksInCallback: () => Db.each(async () => ticks()),
        ticksInStream: () => Db.sum(numbers(ticks)),
        ticksInside: () => Db.inside(ticks),
        ticksNow: async () => Db.eachNow(ticks),
        tocksInCallback: () => Db.each(async () => tocks()),
        tocksInside: () => Db.inside(tocks),
        burnInCallback: () => Db.forever(async () => burn()),
        burnInStream: () => Db.sum((async function* () { for (;;) { burn(); yield 1; } })()),
        burnInside: () => Db.foreverInside(burn),
        callback: () => Db.each(async () => { await Db.once(async () => true); Db.tick(); return true; }),
        caught: async () => { try { await Db.once(async () => { throw new Error('mine'); }); } catch { return 7; } },
    };
    export const run = async what => Number(await programs[what]());
    export const small = async () => 1;
";

fn script() -> Script {
    Script::new("nested.js", PROGRAM)
}

/// Calls one program at each site, and then a trivial one. Gives the outcomes.
macro_rules! at_sites {
    ($limits:expr, $what:expr, |$site:ident, $outcome:ident, $rows:ident| $check:expr) => {{
        let limits = || $limits;
        at_sites!(@site "local", LocalSandbox::builder().limits(limits()), $what, |$site, $outcome, $rows| $check);
        at_sites!(@site "thread", Sandbox::builder().limits(limits()), $what, |$site, $outcome, $rows| $check);
        {
            let rows = Rows::default();
            let own = rows.clone();
            let pool = SandboxPool::builder().limits(limits()).threads(1);
            let pool = pool.host::<dyn Db>(move |_| Box::new(own.clone())).build().unwrap();
            let report = pool.tenant("a").load_async::<dyn Report>(script()).await.unwrap();
            let other = pool.tenant("b").load_async::<dyn Report>(script()).await.unwrap();
            at_sites!(@call "pool", report, other, rows, $what, |$site, $outcome, $rows| $check);
        }
        for (name, link) in sites::links() {
            at_sites!(@site name, Sandbox::builder().transport(link).limits(limits()), $what,
                |$site, $outcome, $rows| $check);
        }
    }};
    (@site $name:expr, $builder:expr, $what:expr, |$site:ident, $outcome:ident, $rows:ident| $check:expr) => {{
        let rows = Rows::default();
        let sandbox = $builder.host::<dyn Db>(rows.clone()).build().unwrap();
        let report = sandbox.load_async::<dyn Report>(script()).await.unwrap();
        at_sites!(@call $name, report, report, rows, $what, |$site, $outcome, $rows| $check);
    }};
    (@call $name:expr, $report:expr, $other:expr, $all:expr, $what:expr,
        |$site:ident, $outcome:ident, $rows:ident| $check:expr) => {{
        let ($site, $rows) = ($name, &$all);
        // A tenant that has used its time is moved to threads that run when others leave time.
        for _ in 0..if $site == "pool" { 1 } else { 2 } {
            let began = Instant::now();
            let $outcome = $report.run($what).await;
            println!("{} {}: {:?} in {:?}", $site, $what, $outcome.as_ref().map_err(ToString::to_string), began.elapsed());
            $check;
            assert_eq!($other.small().await.unwrap(), 1, "{} {}", $site, $what);
            let began = Instant::now();
            while $rows.live.load(SeqCst) > 0 {
                assert!(began.elapsed() < slack::LONG, "{} {}: futures are left", $site, $what);
                assert_eq!($report.small().await.unwrap(), 1);
            }
        }
    }};
}

/// The limit that a call met.
#[track_caller]
fn met(site: &str, what: &str, outcome: &Result<f64>) -> (LimitKind, Option<Phase>) {
    match outcome {
        Err(Error::Limit { kind, excess, .. }) => (*kind, excess.phase),
        other => panic!("{site} {what}: {other:?}"),
    }
}

#[test]
fn host_methods_of_nested_calls_wait_together() {
    sites::runtime().block_on(async {
        for what in ["bomb", "bombInside"] {
            at_sites!(Limits { pending: 100, ..long() }, what, |site, outcome, rows| {
                assert_eq!(met(site, what, &outcome).0, LimitKind::Pending, "{site} {what}");
                assert!(rows.most.load(SeqCst) <= 100, "{site} {what}: {}", rows.most.load(SeqCst));
            });
        }
    });
}

#[test]
fn a_recursion_through_the_host_is_a_full_stack() {
    sites::runtime().block_on(async {
        at_sites!(long(), "deep", |site, outcome, rows| {
            assert_eq!(met(site, "deep", &outcome).0, LimitKind::Stack, "{site}");
            assert!(outcome.unwrap_err().to_string().contains("32 deep"), "{site}");
            assert!(rows.most.load(SeqCst) <= 33, "{site}: {}", rows.most.load(SeqCst));
        });
    });
}

#[test]
fn a_guest_that_loops_in_a_nested_call_is_told_as_looping() {
    sites::runtime().block_on(async {
        let limits = || Limits { wall: Duration::from_millis(300), ..long() };
        for what in [
            "loop",
            "loopInCallback",
            "loopInQuietCallback",
            "loopInStream",
            "loopInside",
            "loopNow",
            "loopInItems",
        ] {
            at_sites!(limits(), what, |site, outcome, _rows| {
                let (kind, phase) = met(site, what, &outcome);
                assert_eq!(kind, LimitKind::Wall, "{site} {what}");
                assert!(
                    !matches!(phase, Some(Phase::InHost | Phase::AwaitsHost)),
                    "{site} {what}: {phase:?}"
                );
            });
        }
    });
}

#[test]
fn nested_calls_end_at_the_wall_of_the_outer_call() {
    sites::runtime().block_on(async {
        let limits = || Limits { wall: Duration::from_millis(300), ..long() };
        for what in ["endlessStream", "never"] {
            at_sites!(limits(), what, |site, outcome, _rows| {
                assert_eq!(met(site, what, &outcome).0, LimitKind::Wall, "{site} {what}");
            });
        }
    });
}

#[test]
fn nested_calls_take_host_calls_of_the_outer_call() {
    sites::runtime().block_on(async {
        for what in ["ticksInCallback", "ticksInStream", "ticksInside", "ticksNow"] {
            at_sites!(Limits { host_calls: 300, ..long() }, what, |site, outcome, _rows| {
                assert_eq!(met(site, what, &outcome).0, LimitKind::HostCalls, "{site} {what}");
            });
        }
        for what in ["tocksInCallback", "tocksInside"] {
            at_sites!(long(), what, |site, outcome, _rows| {
                assert_eq!(met(site, what, &outcome).0, LimitKind::HostCalls, "{site} {what}");
            });
        }
    });
}

#[test]
fn nested_calls_take_cpu_time_of_the_outer_call() {
    sites::runtime().block_on(async {
        for what in ["burnInCallback", "burnInStream", "burnInside"] {
            let limits = || Limits { cpu: Duration::from_millis(250), ..long() };
            at_sites!(limits(), what, |site, outcome, _rows| {
                assert_eq!(met(site, what, &outcome).0, LimitKind::Cpu, "{site} {what}");
            });
        }
    });
}

#[test]
fn nested_calls_within_the_limits_give_their_results() {
    sites::runtime().block_on(async {
        at_sites!(long(), "callback", |site, outcome, _rows| assert_eq!(outcome.unwrap(), 20.0, "{site}"));
        at_sites!(long(), "caught", |site, outcome, _rows| assert_eq!(outcome.unwrap(), 7.0, "{site}"));
    });
}
