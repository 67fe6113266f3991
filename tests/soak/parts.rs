//! The parts of the soak but for the mixed faults.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sandbox_runtime::{Error, LimitKind, Limits, LocalSandbox, Sandbox, Script};

use crate::kills::{KINDS, Killed};
use crate::programs::program;
use crate::run::{Program, end, on_all_processors, parted, percentile};
use crate::slack::long;
use crate::{Report, Share, memory, races as race};

/// Gives growing numbers, from the seed's, to `work` on all processors, for the time of the share. `most` is the work at full
/// length, and otherwise the most that is done.
pub(crate) fn many<R: Send>(share: Share, most: u64, work: impl Fn(u64) -> R + Sync) -> Vec<R> {
    /// Numbers between two looks at the clock.
    const AT_ONCE: u64 = 16;
    let (mut next, started) = (share.seed.wrapping_mul(1_000_000), Instant::now());
    let mut done = Vec::new();
    while share.goes_on(done.len() as u64, most) {
        done.extend(on_all_processors(AT_ONCE, |number| work(next + number)));
        next += AT_ONCE;
    }
    eprintln!("soak:   {} in {:.0?}", done.len(), started.elapsed());
    done
}

/// How late something was, in a line.
fn lateness(mut late: Vec<Duration>) -> String {
    late.sort_unstable();
    let [p50, p99] = [50, 99].map(|percent| percentile(&late, percent));
    format!("late p50 {p50:.1?}, p99 {p99:.1?}, most {:.1?}", late.last().copied().unwrap_or_default())
}

pub(crate) fn endless(share: Share) -> Report {
    let limits = Limits { wall: Duration::from_millis(80), heap: 32 << 20, ..Limits::default() };
    let results = many(share, 5_000, |seed| {
        let ended = end(&program(seed), limits, Duration::from_millis(25));
        ended.map(|ended| (ended, seed)).map_err(|error| format!("seed {seed}: {error}"))
    });
    let (ended, mut broken) = parted(results);
    let late = |elapsed: Duration| elapsed.saturating_sub(limits.wall);
    let slow = ended.iter().filter(|(ended, _)| late(ended.elapsed) > Duration::from_secs(2));
    broken.extend(slow.map(|(ended, seed)| format!("seed {seed}: it ended after {:?}", ended.elapsed)));
    let of = |kind| ended.iter().filter(|(ended, _)| ended.kind == kind).count();
    let [wall, heap, stack] = [LimitKind::Wall, LimitKind::Heap, LimitKind::Stack].map(of);
    let lines = vec![
        format!("{} programs ended: {wall} by time, {heap} by heap, {stack} by stack", ended.len()),
        lateness(ended.iter().map(|(ended, _)| late(ended.elapsed)).collect()),
    ];
    Report { lines, broken }
}

/// Beside a busy thread for each processor.
pub(crate) fn kills(share: Share) -> Report {
    const WALL: Duration = Duration::from_millis(5);
    const TARGET: Duration = Duration::from_millis(20);
    let is_over = AtomicBool::new(false);
    let mut report = Report { lines: Vec::new(), broken: Vec::new() };
    let busy = || {
        while !is_over.load(Ordering::Relaxed) {
            std::hint::spin_loop()
        }
    };
    thread::scope(|scope| {
        (0..thread::available_parallelism().map_or(2, |n| n.get())).for_each(|_| _ = scope.spawn(busy));
        let killed = KINDS.iter().map(|kind| Killed::new(*kind, WALL)).collect::<Vec<_>>();
        let mut times = 0;
        while share.goes_on(times, 1_000) {
            times += 20;
            report.broken.extend(killed.iter().filter_map(|killed| killed.kill(20).err()));
        }
        report
            .lines
            .push(format!("{times} kills of each kind beside busy threads; late by (target: p99 20 ms)"));
        for (killed, (name, _)) in killed.iter().zip(KINDS) {
            let [p50, _, p99] = killed.late();
            let missed = if p99 > TARGET { "   above the target" } else { "" };
            report.lines.push(format!("{name:<24} p50 {p50:>8.1?}   p99 {p99:>8.1?}{missed}"));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    report
}

/// Sandboxes of both kinds, made, used and dropped.
pub(crate) fn leaks(share: Share) -> Report {
    /// Cycles between two samples.
    const CYCLES: u32 = 20;
    if memory::resident().is_none() {
        return Report { broken: Vec::new(), lines: vec!["not measured: the system does not say".into()] };
    }
    const SOURCE: &str = "export const ok = () => 1; export const run = () => { throw new Error('e'); }; export const warm = run;";
    let cycle = || {
        let script = || Script::new("cycle.mjs", SOURCE);
        let sent = Sandbox::builder().limits(long()).build().unwrap().load::<dyn Program>(script()).unwrap();
        let local =
            LocalSandbox::builder().limits(long()).build().unwrap().load::<dyn Program>(script()).unwrap();
        assert!(
            [&sent as &dyn Program, &local]
                .iter()
                .all(|program| program.ok().is_ok() && program.run().is_err())
        );
    };
    // A third of the time warms up the allocators.
    let warm = Instant::now() + share.until.saturating_duration_since(Instant::now()) / 3;
    while Instant::now() < warm {
        cycle();
    }
    let mut samples = Vec::new();
    while Instant::now() < share.until && samples.len() < 500 {
        (0..CYCLES).for_each(|_| cycle());
        samples.extend(memory::resident());
    }
    let cycles = u32::try_from(samples.len()).unwrap() * CYCLES;
    let slope = if samples.len() > 2 { memory::slope(&samples) / f64::from(CYCLES) } else { 0.0 };
    let line = format!("{cycles} cycles of two sandboxes after warming up: {slope:+.0} bytes a cycle");
    // The allocator's own noise over few cycles is more than a kibibyte each.
    let is_leak = slope > 1024.0 && cycles >= 1_000;
    Report { broken: is_leak.then(|| line.clone()).into_iter().collect(), lines: vec![line] }
}

/// A tenant's script: every tenth is hostile, and the others answer with their number.
fn tenant(number: u64) -> (bool, Script) {
    let hostile = [
        "for (;;) {}",
        "const a = []; for (;;) a.push([a.length])",
        "return (function f() { return f() + 1; })()",
    ];
    let is_hostile = number.is_multiple_of(10);
    let answers = format!("return {number}");
    let body = if is_hostile { hostile[usize::try_from(number / 10 % 3).unwrap()] } else { &answers };
    let source =
        format!("export function run() {{ {body} }} export const ok = () => 1; export const warm = ok;");
    (is_hostile, Script::new("tenant.mjs", source))
}

/// Runs some tenants, all at once. Gives what went wrong.
fn hundred(numbers: std::ops::Range<u64>) -> Vec<String> {
    let limits = Limits { wall: Duration::from_millis(500), heap: 16 << 20, ..Limits::default() };
    let loaded = numbers.map(|number| {
        let (is_hostile, script) = tenant(number);
        let sandbox = Sandbox::builder().limits(limits).build().unwrap();
        (number, is_hostile, sandbox.load::<dyn Program>(script))
    });
    let loaded = loaded.collect::<Vec<_>>();
    let run = |(number, is_hostile, loaded): &(u64, bool, sandbox_runtime::Result<_>)| {
        let result = loaded.as_ref().map(|program: &_| Program::run(program));
        let is_right = match &result {
            Ok(Ok(value)) => !is_hostile && format!("{value}") == number.to_string(),
            Ok(Err(Error::Limit { .. })) => *is_hostile,
            _ => false,
        };
        (!is_right).then(|| format!("tenant {number}, hostile: {is_hostile}: {result:?}"))
    };
    thread::scope(|scope| {
        let calls = loaded.iter().map(|one| scope.spawn(move || run(one))).collect::<Vec<_>>();
        calls.into_iter().filter_map(|call| call.join().unwrap()).collect()
    })
}

/// Many sandboxes that live at once, a tenth of them hostile.
pub(crate) fn tenants(share: Share) -> Report {
    const AT_ONCE: u64 = 100;
    let mut report = Report { lines: Vec::new(), broken: Vec::new() };
    let mut done = 0;
    while share.goes_on(done, 1_000) {
        report.broken.extend(hundred(done..done + AT_ONCE));
        done += AT_ONCE;
    }
    report.lines.push(format!("{done} sandboxes, {AT_ONCE} at once, a tenth of them hostile"));
    report
}

pub(crate) fn races(share: Share) -> Report {
    let (calls, broken) = parted(many(share, 10_000, race::race));
    Report {
        lines: vec![format!("{} sandboxes with {} racing calls", calls.len(), calls.iter().sum::<usize>())],
        broken,
    }
}
