//! Hardened processes, seen from outside: this test's own executable, started again.

#![expect(clippy::print_stdout, reason = "a harness says what it does")]

mod acts;
mod attempts;
mod child;
mod denied;
mod guests;

use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::panic::catch_unwind;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use sandbox_runtime::__private::harden::{Plan, early, late};
use sandbox_runtime::process::{Hardening, HardeningError, HardeningReport, LayerState, Measure};

/// The tests of the parent.
const TESTS: &[(&str, fn())] = &[
    ("a_call_that_is_not_on_the_list_kills_by_sigsys", a_call_that_is_not_on_the_list_kills_by_sigsys),
    ("what_is_allowed_goes_on", what_is_allowed_goes_on),
    ("a_panic_says_its_message_and_no_more", a_panic_says_its_message_and_no_more),
    ("memory_of_the_parent_is_shared", memory_of_the_parent_is_shared),
    ("guests_run_under_the_filter", guests_run_under_the_filter),
    ("guests_run_in_namespaces_of_their_own", guests_run_in_namespaces_of_their_own),
    ("landlock_keeps_files_closed", landlock_keeps_files_closed),
    ("landlock_keeps_ports_closed", landlock_keeps_ports_closed),
    ("landlock_keeps_other_processes_out_of_reach", landlock_keeps_other_processes_out_of_reach),
    ("the_parent_cannot_be_traced", the_parent_cannot_be_traced),
    ("root_has_no_capabilities", root_has_no_capabilities),
    ("no_program_gives_rights", no_program_gives_rights),
    ("descriptors_of_the_parent_are_closed", descriptors_of_the_parent_are_closed),
    ("it_has_a_session_of_its_own", it_has_a_session_of_its_own),
    ("resources_are_limited", resources_are_limited),
    ("cpu_time_is_limited", cpu_time_is_limited),
    ("it_is_closed_to_others_of_its_user", it_is_closed_to_others_of_its_user),
    ("a_network_namespace_has_no_network", a_network_namespace_has_no_network),
    ("it_dies_with_its_parent", it_dies_with_its_parent),
    ("an_orphan_does_not_begin", an_orphan_does_not_begin),
    ("a_process_with_threads_is_not_hardened", a_process_with_threads_is_not_hardened),
    ("the_filter_is_for_threads_that_were_there_before", the_filter_is_for_threads_that_were_there_before),
    ("what_is_missing_is_said", what_is_missing_is_said),
    ("the_report_is_of_this_kernel", the_report_is_of_this_kernel),
    ("how_long_it_takes", how_long_it_takes),
];

pub(super) fn main() -> ExitCode {
    if let (Ok(act), Ok(plan)) = (std::env::var("ACT"), std::env::var("PLAN")) {
        return child::main(&act, &plan);
    }
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let mut failed = 0;
    for (name, test) in TESTS.iter().filter(|(name, _)| name.contains(&filter)) {
        let begin = Instant::now();
        let is_well = catch_unwind(test).is_ok();
        failed += u8::from(!is_well);
        let result = if is_well { "ok" } else { "FAILED" };
        println!("test {name} ... {result} ({:.1?})", begin.elapsed());
    }
    println!("{failed} failed");
    ExitCode::from(failed)
}

/// The descriptor of a child's channel: far from those that a process opens by itself.
const CHANNEL: i32 = 200;

/// The descriptor of a file that a parent forgets to close.
const LEAKED: i32 = 201;

/// How a child has ended, and what it said.
#[derive(Debug)]
struct Ended {
    status: ExitStatus,
    said: String,
    stderr: String,
}

impl Ended {
    /// What it said, when it has ended by itself.
    #[track_caller]
    fn well(self) -> String {
        assert_eq!(self.status.code(), Some(0), "{self:#?}");
        self.said
    }

    #[track_caller]
    fn by(&self, signal: i32) {
        assert_eq!(self.status.signal(), Some(signal), "{self:#?}");
    }
}

fn plan() -> Plan {
    Plan { keeps_stderr: true, ..Plan::new(std::process::id(), CHANNEL) }
}

/// This executable again, which is to do `act`.
fn command(act: &str, plan: &Plan) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("it is running"));
    // The last is asked for by the small engine.
    command
        .env_clear()
        .env("V82JSC_NO_BC_CACHE", "1")
        .env("ACT", act)
        .env("PLAN", serde_json::to_string(plan).expect("it is plain"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Leaves the child what this process closes on exec.
fn give(command: &mut Command, descriptor: i32, number: i32) {
    // SAFETY: between fork and exec, a system call. The number is one that nothing uses.
    let give = move || match unsafe { libc::dup2(descriptor, number) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    };
    // SAFETY: the function is a system call and allocates nothing.
    unsafe { command.pre_exec(give) };
}

fn run(act: &str, plan: &Plan) -> Ended {
    run_with(act, plan, |_| {})
}

fn run_with(act: &str, plan: &Plan, change: impl FnOnce(&mut Command)) -> Ended {
    let (mine, theirs) = UnixStream::pair().expect("a pair");
    let mut command = command(act, plan);
    give(&mut command, theirs.as_raw_fd(), CHANNEL);
    change(&mut command);
    let mut child = command.spawn().expect("it starts");
    drop((command, theirs));
    let stderr = child.stderr.take().expect("it is piped");
    let stderr = std::thread::spawn(move || text(stderr));
    mine.set_read_timeout(Some(Duration::from_secs(300))).expect("it is not 0");
    let said = text(&mine);
    // A second of CPU time is a minute on a machine that does much else.
    let end = Instant::now() + Duration::from_secs(300);
    let status = loop {
        match child.try_wait().expect("it is a child") {
            Some(status) => break status,
            None if Instant::now() > end => child.kill().expect("it can be"),
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    Ended { status, said, stderr: stderr.join().expect("no panic") }
}

fn text(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    // What came before an error is what there is.
    _ = from.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What this kernel has, by a child that tried.
fn report(plan: &Plan) -> HardeningReport {
    serde_json::from_str(&run("report", plan).well()).expect("a report")
}

/// The acts, each of which ends a process that has the filter, and none that has not.
fn a_call_that_is_not_on_the_list_kills_by_sigsys() {
    let with = plan();
    let without = Plan { without: vec![Measure::Seccomp], ..plan() };
    let mut wrong = Vec::new();
    for (act, _) in denied::DENIED {
        let ended = run(act, &with);
        if ended.status.signal() != Some(libc::SIGSYS) || !ended.said.ends_with("ready\n") {
            wrong.push(format!("{act} with the filter: {ended:?}"));
        }
        let ended = run(act, &without);
        if ended.status.code() != Some(0) || !ended.said.contains("ready\npast ") {
            wrong.push(format!("{act} without the filter: {ended:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // And the next one works.
    run("guests", &with).well();
}

/// What the list allows does its work.
fn what_is_allowed_goes_on() {
    assert_eq!(run("allowed", &plan()).well(), "all\n");
}

/// The names of a backtrace would be in a file.
fn a_panic_says_its_message_and_no_more() {
    let ended = run_with("allowed", &plan(), |command| _ = command.env("RUST_BACKTRACE", "1"));
    assert!(ended.stderr.contains("on purpose") && !ended.stderr.contains("backtrace"), "{ended:#?}");
    assert_eq!(ended.well(), "all\n");
}

/// What the parent will send over the channel.
fn memory_of_the_parent_is_shared() {
    use std::io::{Seek, SeekFrom};
    let mut file = attempts::memfd().expect("memory");
    file.write_all(b"guest").expect("it can be written");
    // The descriptor comes another way here.
    let plan = Plan { without: vec![Measure::Descriptors], ..plan() };
    let ended = run_with("share", &plan, |command| give(command, file.as_raw_fd(), LEAKED));
    assert_eq!(ended.well(), "all\n");
    file.seek(SeekFrom::Start(0)).expect("it can be");
    assert_eq!(text(file), "tseug");
}

fn guests_run_under_the_filter() {
    assert_eq!(run("guests", &plan()).well(), "all\n");
}

fn guests_run_in_namespaces_of_their_own() {
    let plan = Plan { namespaces: true, ..plan() };
    assert_eq!(run("guests", &plan).well(), "all\n");
}

/// What an attempt gives in a child that has everything but what is named, and but the filter.
fn attempt(name: &str, without: &[Measure], change: impl FnOnce(&mut Command)) -> Ended {
    let without = [without, &[Measure::Seccomp]].concat();
    run_with(&format!("early: {name}"), &Plan { without, ..plan() }, change)
}

/// An attempt fails because of this measure alone.
#[track_caller]
fn caught(name: &str, measures: &[Measure], as_what: &str, otherwise: &str, change: fn(&mut Command)) {
    if let Some(reason) = missing(measures) {
        // Said by the report, then, and not passed over.
        println!("    {name}: {reason}");
        assert_eq!(attempt(name, &[], change).well(), otherwise, "{name}");
        return;
    }
    assert_eq!(attempt(name, &[], change).well(), as_what, "{name}");
    assert_eq!(attempt(name, measures, change).well(), otherwise, "{name} without {measures:?}");
}

/// What this kernel says that it has not.
fn missing(measures: &[Measure]) -> Option<String> {
    let report = report(&Plan { namespaces: true, ..plan() });
    measures.iter().find_map(|measure| match report.state(*measure) {
        LayerState::Unavailable { reason } => Some(format!("no {measure} here: {reason}")),
        _ => None,
    })
}

/// The version of Landlock.
fn landlock() -> u32 {
    match report(&plan()).state(Measure::Landlock) {
        LayerState::Active { detail } => {
            let version = detail.trim_start_matches("version ").split(':').next();
            version.and_then(|version| version.parse().ok()).expect("its version")
        }
        _ => 0,
    }
}

fn error(code: i32) -> String {
    format!("error {code}")
}

fn is_root() -> bool {
    // SAFETY: no arguments.
    unsafe { libc::geteuid() == 0 }
}

fn landlock_keeps_files_closed() {
    for name in ["read a file", "write a file", "list a directory", "execute"] {
        caught(name, &[Measure::Landlock], &error(libc::EACCES), "well", |command| {
            _ = command.env("PATH", "/bin").env("FILE", attempted_file());
        });
    }
    _ = std::fs::remove_file(attempted_file());
}

/// A file that this run alone writes: the system refuses a file of another run, and not for Landlock.
fn attempted_file() -> PathBuf {
    std::env::temp_dir().join(format!("typed-sandbox-attempt-{}", std::process::id()))
}

fn landlock_keeps_ports_closed() {
    if landlock() < 4 {
        println!("    Landlock {} knows nothing of TCP", landlock());
        return;
    }
    static LISTENER: std::sync::LazyLock<std::net::TcpListener> =
        std::sync::LazyLock::new(|| std::net::TcpListener::bind("127.0.0.1:0").expect("a port"));
    let port = |command: &mut Command| {
        command.env("PORT", LISTENER.local_addr().expect("an address").port().to_string());
    };
    caught("connect by TCP", &[Measure::Landlock], &error(libc::EACCES), "well", port);
    caught("listen by TCP", &[Measure::Landlock], &error(libc::EACCES), "well", port);
}

fn landlock_keeps_other_processes_out_of_reach() {
    if landlock() < 6 {
        println!("    Landlock {} knows nothing of signals", landlock());
        return;
    }
    caught("signal the parent", &[Measure::Landlock], &error(libc::EPERM), "0", |_| {});
    static NAME: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| format!("typed-sandbox-{}", std::process::id()));
    let address =
        <std::os::unix::net::SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(&*NAME)
            .expect("a name");
    let _listener = std::os::unix::net::UnixListener::bind_addr(&address).expect("it is new");
    let name = |command: &mut Command| _ = command.env("NAME", &*NAME);
    caught("connect to an abstract name", &[Measure::Landlock], &error(libc::EPERM), "well", name);
}

/// By Landlock, and by the lack of capabilities where the parent is not dumpable.
fn the_parent_cannot_be_traced() {
    let all = [Measure::Landlock, Measure::Capabilities];
    if std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").is_ok_and(|scope| scope.trim() != "0") {
        println!("    Yama forbids it as well");
        return;
    }
    caught("trace the parent", &all, &error(libc::EPERM), "0", |_| {});
}

fn root_has_no_capabilities() {
    let otherwise = if is_root() { "0".to_owned() } else { error(libc::EPERM) };
    caught("use a capability", &[Measure::Capabilities], &error(libc::EPERM), &otherwise, |_| {});
}

fn no_program_gives_rights() {
    // Who restricts itself by Landlock has no privileges for it.
    let without = [Measure::NoNewPrivileges, Measure::Landlock, Measure::Capabilities];
    caught("no new privileges", &without, "1", "0", |_| {});
    if !is_root() {
        println!("    only root can make a program that gives rights");
        return;
    }
    let id = std::env::temp_dir().join(format!("typed-sandbox-id-{}", std::process::id()));
    std::fs::copy("/usr/bin/id", &id).expect("it is copied");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o4755);
    std::fs::set_permissions(&id, mode).expect("it is set-user-id");
    let gains = |without: &[Measure]| {
        let ended =
            attempt("gain rights", without, |command| _ = command.env("ID", &id).uid(65534).gid(65534));
        ended.well()
    };
    let others = [Measure::Landlock, Measure::Capabilities];
    let found = (gains(&others), gains(&without));
    std::fs::remove_file(&id).expect("it is there");
    assert_eq!(found, ("65534".to_owned(), "0".to_owned()));
}

fn descriptors_of_the_parent_are_closed() {
    fn leak(command: &mut Command) {
        static FILE: std::sync::LazyLock<std::fs::File> =
            std::sync::LazyLock::new(|| std::fs::File::open("/etc/passwd").expect("it is there"));
        give(command, FILE.as_raw_fd(), LEAKED);
    }
    caught("a descriptor of the parent", &[Measure::Descriptors], &error(libc::EBADF), "0", leak);
    let piped = |command: &mut Command| _ = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    caught("standard input", &[Measure::Descriptors], "[true, true]", "[false, false]", piped);
    // Where the kernel is older than the call that closes a range, too.
    let old = Plan { without: vec![Measure::Seccomp], ..plan() };
    let ended = run_with(&format!("lacking {}", libc::SYS_close_range), &old, leak).well();
    let report = serde_json::from_str::<HardeningReport>(&ended).expect("a report");
    assert!(report.is_active(Measure::Descriptors), "{report}");
}

fn it_has_a_session_of_its_own() {
    caught("session", &[Measure::ProcessGroup], "true", "false", |_| {});
}

fn resources_are_limited() {
    caught("open many", &[Measure::Limits], "65", "many", |_| {});
    caught("write to a file that is there", &[Measure::Limits], &error(libc::EFBIG), "well", |_| {});
    // Where standard error cannot be a file, it is a violation.
    let strict = Plan { without: vec![Measure::Seccomp], keeps_stderr: false, ..plan() };
    run("early: write to a file that is there", &strict).by(libc::SIGXFSZ);
}

fn cpu_time_is_limited() {
    let plan = Plan { cpu_seconds: Some(1), ..plan() };
    run("early: compute", &plan).by(libc::SIGXCPU);
}

fn it_is_closed_to_others_of_its_user() {
    caught("dumpable", &[Measure::NotDumpable], "0", "1", |_| {});
}

fn a_network_namespace_has_no_network() {
    let with = Plan { namespaces: true, without: vec![Measure::Seccomp], ..plan() };
    if let Some(reason) = missing(&[Measure::NetworkNamespace]) {
        println!("    {reason}");
        return;
    }
    assert_eq!(run("early: connect by UDP", &with).well(), error(libc::ENETUNREACH));
    assert_eq!(run("early: connect by UDP", &Plan { namespaces: false, ..with }).well(), "well");
}

/// The parent is killed, and its child is gone with it.
fn it_dies_with_its_parent() {
    for namespaces in [false, true] {
        for without in [None, Some(Measure::DiesWithParent)] {
            let plan = Plan { namespaces, without: without.into_iter().collect(), ..plan() };
            let (mut mine, theirs) = UnixStream::pair().expect("a pair");
            let mut middle = command("start a sleeper", &plan);
            give(&mut middle, theirs.as_raw_fd(), CHANNEL);
            let mut child = middle.stderr(Stdio::null()).spawn().expect("it starts");
            drop((middle, theirs));
            let mut said = [0; 7];
            mine.read_exact(&mut said).expect("it says something");
            assert_eq!(&said, b"asleep\n");
            child.kill().expect("it is a child");
            child.wait().expect("it is a child");
            // The end of the channel, of which nobody else has the other side.
            // The kernel needs a processor for it, and a sleeper that lives says nothing.
            let time = if without.is_none() { 60 } else { 1 };
            mine.set_read_timeout(Some(Duration::from_secs(time))).expect("it is not 0");
            let end = mine.read(&mut said).map_err(|error| error.kind());
            let wanted = if without.is_none() { Ok(0) } else { Err(io::ErrorKind::WouldBlock) };
            assert_eq!(end, wanted, "{namespaces} {without:?}");
        }
    }
}

fn an_orphan_does_not_begin() {
    let said = run("early", &Plan { parent: 1, ..plan() }).well();
    assert_eq!(said, HardeningError::Orphaned.to_string());
}

fn a_process_with_threads_is_not_hardened() {
    let said = run("with a thread", &plan()).well();
    assert!(
        said.contains("this one is not alone: it has 2 threads. Call `sandbox_runtime::process::init()`"),
        "{said}"
    );
}

fn the_filter_is_for_threads_that_were_there_before() {
    let ended = run("on another thread", &plan());
    ended.by(libc::SIGSYS);
    assert_eq!(ended.said, "ready");
    let ended = run("on another thread", &Plan { without: vec![Measure::Seccomp], ..plan() });
    assert_eq!(ended.well(), "readypast");
}

/// A kernel that has no Landlock, no filter or no namespaces: what is missing is in the report, or is the error.
fn what_is_missing_is_said() {
    let lacking = [
        (Measure::Landlock, libc::SYS_landlock_create_ruleset, "this kernel has no Landlock"),
        (Measure::UserNamespace, libc::SYS_unshare, "Function not implemented"),
        (Measure::Capabilities, libc::SYS_capset, "Function not implemented"),
        (Measure::ProcessGroup, libc::SYS_setsid, "Function not implemented"),
        (Measure::Seccomp, libc::SYS_seccomp, "Function not implemented"),
    ];
    for (measure, call, reason) in lacking {
        let act = format!("lacking {call}");
        let plan = Plan { namespaces: measure == Measure::UserNamespace, ..plan() };
        let report = serde_json::from_str::<HardeningReport>(&run(&act, &plan).well()).expect("a report");
        assert!(!report.is_complete() && !report.is_active(measure), "{report}");
        let LayerState::Unavailable { reason: said } = report.state(measure) else { panic!("{report}") };
        assert!(said.contains(reason), "{said}");
        let said = run(&act, &Plan { policy: Hardening::Required, ..plan }).well();
        let start = format!("the hardening `{measure}` is required and not available here: ");
        assert!(said.starts_with(&start) && said.contains(reason), "{said}");
    }
    // What is not asked for may be missing.
    let act = format!("lacking {}", libc::SYS_unshare);
    let report = run(&act, &Plan { policy: Hardening::Required, ..plan() }).well();
    assert!(serde_json::from_str::<HardeningReport>(&report).expect("a report").is_complete());
}

/// On this machine.
fn the_report_is_of_this_kernel() {
    let all = report(&Plan { namespaces: true, cpu_seconds: Some(100), ..plan() });
    println!("{all}");
    // The parent limits memory.
    let mut asked = all.layers().iter().filter(|layer| layer.name != Measure::MemoryLimit);
    assert!(asked.all(|layer| layer.state != LayerState::Off), "{all}");
    let some = report(&plan());
    assert_eq!(some.state(Measure::UserNamespace), &LayerState::Off);
    assert_eq!(some.layers().iter().filter(|layer| layer.state == LayerState::Off).count(), 5, "{some}");
}

/// Not a promise: it says how long it takes.
fn how_long_it_takes() {
    let mut all = (0..9).map(|_| run("times", &plan()).well()).collect::<Vec<_>>();
    all.sort();
    println!("    early, engine, late in µs: {}", all.join(", "));
}
