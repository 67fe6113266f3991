//! `Bill::host_time` is the same wherever a guest runs: the time of methods of the host, as far as the guest waits for their return.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use sandbox_runtime::process::Process;
use sandbox_runtime::{Bill, Limits, LocalSandbox, Result, Sandbox, SandboxPool, Script, Trust, sandbox_api};

#[sandbox_api(host)]
pub trait Desk {
    fn wait(&self, micros: f64);
    async fn later(&self, millis: f64);
}

#[sandbox_api(guest)]
pub trait Job {
    fn once(&self) -> Result<f64>;
    fn often(&self) -> Result<f64>;
    fn busy(&self) -> Result<f64>;
    async fn awaits(&self) -> Result<f64>;
}

struct Waits;

#[sandbox_runtime::async_trait]
impl Desk for Waits {
    fn wait(&self, micros: f64) {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs_f64(micros / 1e6) {
            std::hint::spin_loop();
        }
    }

    async fn later(&self, millis: f64) {
        // Whoever polls it may have no timers.
        let (done, is_done) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs_f64(millis / 1e3));
            done.send(())
        });
        is_done.await.unwrap();
    }
}

const SOURCE: &str = "
    export const once = () => { Desk.wait(60_000); return 1; };
    export const often = () => { for (let i = 0; i < 600; i++) Desk.wait(100); return 1; };
    export const busy = () => {
        // A busy machine can make the host's part long, so the guest's part begins after it.
        Desk.wait(100);
        const end = Date.now() + 80;
        while (Date.now() < end);
        return 1;
    };
    export const awaits = async () => { await Desk.later(100); return 1; };
";

/// What each of the methods is billed.
fn check(transport: &str, job: &dyn Job, runtime: &tokio::runtime::Runtime, last: impl Fn() -> Bill) {
    /// A clock that goes on every 2 ms, and a thread that is not always there.
    const ABOUT: Duration = Duration::from_millis(25);
    let bill = |name: &str, value: Result<f64>| {
        assert_eq!(value.unwrap(), 1.0, "{transport}: {name}");
        let bill = last();
        assert!(bill.host_time <= bill.wall, "{transport}: {name}: {bill:?}");
        (bill.host_time, bill.wall.checked_sub(bill.host_time).unwrap())
    };
    let millis = Duration::from_millis;
    let (host, _) = bill("once", job.once());
    assert!(host >= millis(60) - ABOUT, "{transport}: one long method: {host:?}");
    let (host, _) = bill("often", job.often());
    assert!(host >= millis(60) - ABOUT, "{transport}: many short ones: {host:?}");
    let (_, guest) = bill("busy", job.busy());
    assert!(guest >= millis(80) - ABOUT, "{transport}: a guest that computes: {guest:?}");
    let (_, guest) = bill("awaits", runtime.block_on(job.awaits()));
    assert!(guest >= millis(100) - ABOUT, "{transport}: a guest that awaits: {guest:?}");
}

#[test]
fn the_time_of_the_host_is_one_thing() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let limits =
        || Limits { wall: Duration::from_secs(60), cpu: Duration::from_secs(60), ..Limits::default() };
    let script = || Script::new("job.js", SOURCE);
    let process = || Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker"));

    let local = LocalSandbox::builder().limits(limits()).host::<dyn Desk>(Waits).build().unwrap();
    check("here", &local.load::<dyn Job>(script()).unwrap(), &runtime, || local.usage().last);
    let thread = Sandbox::builder().limits(limits()).host::<dyn Desk>(Waits).build().unwrap();
    check("thread", &thread.load::<dyn Job>(script()).unwrap(), &runtime, || thread.usage().last);
    let away =
        Sandbox::builder().limits(limits()).transport(process()).host::<dyn Desk>(Waits).build().unwrap();
    check("process", &away.load::<dyn Job>(script()).unwrap(), &runtime, || away.usage().last);
    let pool = SandboxPool::builder().limits(limits()).host::<dyn Desk>(|_| Box::new(Waits)).build().unwrap();
    let tenant = pool.tenant("a");
    check("pool", &tenant.load::<dyn Job>(script()).unwrap(), &runtime, || tenant.usage().last);
    let pool = SandboxPool::builder().trust(Trust::Hostile).transport(process()).limits(limits());
    let pool = pool.host::<dyn Desk>(|_| Box::new(Waits)).build().unwrap();
    let tenant = pool.tenant("a");
    check("pool of processes", &tenant.load::<dyn Job>(script()).unwrap(), &runtime, || tenant.usage().last);
}
