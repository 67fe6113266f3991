//! The child.

use std::fs::File;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;

use super::*;

/// The child's own `main`.
pub(super) fn main(act: &str, plan: &str) -> ExitCode {
    let plan = serde_json::from_str::<Plan>(plan).expect("the plan");
    std::panic::set_hook(Box::new(|panic| {
        say(&format!("{panic}\n"));
        std::process::exit(3);
    }));
    if let Some(name) = act.strip_prefix("early: ") {
        let report = early(&plan).expect("early");
        assert!(
            report
                .layers()
                .iter()
                .all(|layer| layer.name != Measure::Seccomp || layer.state == LayerState::Off)
        );
        let result = attempts::find(name)();
        let result = result.map_err(|error| error.raw_os_error());
        say(&match result {
            Ok(found) => found,
            Err(Some(code)) => format!("error {code}"),
            Err(None) => "another error".into(),
        });
        return ExitCode::SUCCESS;
    }
    match denied::find(act) {
        Some(run) => {
            let mut report = early(&plan).expect("early");
            late(&plan, &mut report).expect("late");
            say("ready\n");
            run();
            let error = io::Error::last_os_error();
            say(&format!("past {error}\n"));
        }
        None => perform(act, &plan),
    }
    ExitCode::SUCCESS
}

/// Says something to the parent.
pub(super) fn say(text: &str) {
    // SAFETY: the channel is open as long as the process is, and is not closed here.
    let mut channel = ManuallyDrop::new(unsafe { File::from_raw_fd(CHANNEL) });
    channel.write_all(text.as_bytes()).expect("the parent listens");
}

fn perform(act: &str, plan: &Plan) {
    match act {
        "report" => {
            let mut report = early(plan).expect("early");
            late(plan, &mut report).expect("late");
            say(&serde_json::to_string(&report).expect("it is plain"));
        }
        "allowed" => acts::allowed(plan),
        "share" => acts::share(plan),
        "guests" => guests::run(plan),
        "times" => times(plan),
        "with a thread" => {
            let (end, wait) = std::sync::mpsc::channel::<()>();
            let other = std::thread::spawn(move || wait.recv());
            say(&error(early(plan)));
            drop(end);
            _ = other.join();
        }
        "early" => say(&error(early(plan))),
        "on another thread" => {
            let mut report = early(plan).expect("early");
            let (go, wait) = std::sync::mpsc::channel();
            let other = std::thread::spawn(move || {
                wait.recv().expect("it is told");
                drop(File::open("/etc/passwd"));
                say("past");
            });
            late(plan, &mut report).expect("late");
            say("ready");
            go.send(()).expect("it listens");
            _ = other.join();
        }
        "start a sleeper" => {
            // It has the channel as well, and says who it is.
            let mut sleeper = command("sleep", &Plan { parent: std::process::id(), ..plan.clone() });
            let mut sleeper = sleeper.stderr(Stdio::null()).spawn().expect("it starts");
            _ = sleeper.wait();
        }
        "sleep" => {
            let mut report = early(plan).expect("early");
            late(plan, &mut report).expect("late");
            say("asleep\n");
            // Longer than the parent of its parent looks.
            std::thread::sleep(Duration::from_secs(20));
        }
        other => match other.strip_prefix("lacking ") {
            Some(calls) => {
                lack(calls);
                let report = early(plan).and_then(|mut report| late(plan, &mut report).map(|()| report));
                say(&match report {
                    Ok(report) => serde_json::to_string(&report).expect("it is plain"),
                    Err(error) => error.to_string(),
                });
            }
            None => panic!("no act is called {other}"),
        },
    }
}

fn error(report: Result<HardeningReport, HardeningError>) -> String {
    report.map_or_else(|error| error.to_string(), |report| report.to_string())
}

/// From here on the kernel has some calls no more. Those are numbers with spaces between.
fn lack(calls: &str) {
    use seccompiler::{SeccompAction, SeccompFilter};
    let calls = calls.split(' ').map(|call| (call.parse().expect("a number"), Vec::new())).collect();
    let absent = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let arch = std::env::consts::ARCH.try_into().expect("it is known");
    let filter = SeccompFilter::new(calls, SeccompAction::Allow, absent, arch).expect("it is well formed");
    let filter = seccompiler::BpfProgram::try_from(filter).expect("it is short");
    seccompiler::apply_filter(&filter).expect("it is applied");
}

/// How long the two stages take, in microseconds.
fn times(plan: &Plan) {
    let begin = Instant::now();
    let mut report = early(plan).expect("early");
    let middle = Instant::now();
    let sandbox = sandbox_runtime::LocalSandbox::builder().build().expect("a sandbox");
    let built = Instant::now();
    late(plan, &mut report).expect("late");
    let end = Instant::now();
    drop(sandbox);
    let micros = [middle - begin, built - middle, end - built].map(|time| time.as_micros().to_string());
    say(&micros.join(" "));
}
