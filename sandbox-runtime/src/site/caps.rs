//! [`SiteCaps`]: what a site can do. [`SiteRefusal`]: the errors of calls that only some sites refuse.
//!
//! Each site has one constant. A test holds the table of the guide's page `sites` equal to these constants.

use std::fmt;

use crate::error::Error;

/// The abilities of the sandboxes of one type; see [`Client::caps`](crate::Client::caps).
///
/// ```
/// use sandbox_runtime::site::{HostTypes, LocalSite, Site};
///
/// assert_eq!(LocalSite::CAPS.name, "LocalSandbox");
/// assert_eq!(LocalSite::CAPS.host_types, HostTypes::Any);
/// assert!(!LocalSite::CAPS.hardening);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SiteCaps {
    /// The name of the sandbox's type.
    pub name: &'static str,
    /// The threads that may hold the sandbox and its proxies, call them, and poll their futures.
    pub callers: Callers,
    /// Whether a synchronous call may be made on the only thread of an async runtime. The call is otherwise refused with
    /// [`Error::Blocking`], because the runtime's tasks would stop.
    pub blocks_runtime: bool,
    /// Whether contracts with `#[sandbox_api(local)]` can be loaded, and values that are not `Send`. The compiler refuses
    /// them otherwise.
    pub local_contracts: bool,
    /// The types that may implement a host contract.
    pub host_types: HostTypes,
    /// The thread that runs the synchronous host methods.
    pub host_thread: HostThread,
    /// Whether further [realms](crate::Realm) can be made.
    pub realms: bool,
    /// Whether the sink of a console may call the sandbox whose line it is given. The call is otherwise refused with
    /// [`Error::Blocking`].
    pub sink_calls: bool,
    /// Whether [`cancel_all`](crate::Client::cancel_all) ends a synchronous call whose guest computes. Otherwise that call
    /// ends by itself, or at a limit.
    pub cancels_running: bool,
    /// The clock of [`Limits::cpu`](crate::Limits::cpu).
    pub cpu: CpuLimitClock,
    /// Whether all memory is bounded, that of the engine included.
    pub process_memory: bool,
    /// Whether a call ends in time although it is inside of a built-in function that the engine does not interrupt.
    pub ends_built_ins: bool,
    /// Whether the application goes on when a guest makes the engine end its process.
    pub survives_engine: bool,
    /// Whether the guest's process is hardened.
    pub hardening: bool,
}

/// The threads that may use a sandbox.
///
/// ```
/// # use sandbox_runtime::{LocalSandbox, site::Callers};
/// assert_eq!(LocalSandbox::caps().callers.to_string(), "the thread that made it");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Callers {
    /// The thread that made the sandbox.
    OneThread,
    /// All threads: handles and proxies are `Send`, `Sync` and `Clone`.
    AnyThread,
}

/// The types that may implement a host contract.
///
/// ```
/// # use sandbox_runtime::{Sandbox, site::HostTypes};
/// assert_eq!(Sandbox::caps().host_types, HostTypes::SendOnly);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostTypes {
    /// All types.
    Any,
    /// Types that are `Send`.
    SendOnly,
}

/// The thread that runs the synchronous host methods of a sandbox.
///
/// ```
/// # use sandbox_runtime::{Sandbox, site::HostThread};
/// assert_eq!(Sandbox::caps().host_thread, HostThread::Isolate);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostThread {
    /// The thread that calls the guest.
    Caller,
    /// The thread of the isolate.
    Isolate,
}

/// The clock that [`Limits::cpu`](crate::Limits::cpu) bounds.
///
/// ```
/// # use sandbox_runtime::{Sandbox, site::CpuLimitClock};
/// assert_eq!(Sandbox::caps().cpu, CpuLimitClock::Thread);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CpuLimitClock {
    /// The CPU time of the isolate's thread.
    Thread,
    /// The CPU time of the guest's process, the engine's own threads included.
    Process,
}

impl fmt::Display for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneThread => "the thread that made it",
            Self::AnyThread => "any",
        })
    }
}

impl fmt::Display for HostTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::SendOnly => "`Send`",
        })
    }
}

impl fmt::Display for HostThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caller => "the caller's",
            Self::Isolate => "the isolate's",
        })
    }
}

impl fmt::Display for CpuLimitClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Thread => "the isolate's thread",
            Self::Process => "the process",
        })
    }
}

/// A call that only some sites refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SiteRefusal {
    /// A future is polled on another thread than that of its sandbox.
    OtherThread,
    /// An object of a guest is called on another thread than its own, which cannot be asked.
    ObjectElsewhere,
    /// A synchronous call would stop all tasks of an async runtime.
    StopsRuntime,
    /// The sink of a console calls the sandbox whose line it is given.
    #[cfg(feature = "process")]
    InsideSink,
}

impl SiteRefusal {
    pub(crate) fn error(self) -> Error {
        Error::blocking(match self {
            Self::OtherThread => {
                "a call of a `LocalSandbox` is polled on another thread than its own: await it where it was made, or use \
                 `Sandbox`"
            }
            Self::ObjectElsewhere => {
                "a guest's object is called on another thread than its sandbox's: call it on that thread, or give the method \
                 values that are `Send` and use `Sandbox`"
            }
            Self::StopsRuntime => {
                "a synchronous call on the only thread of an async runtime would stall all of its tasks: make the contract's \
                 method `async`, use the `…_async` method, make the call in `tokio::task::spawn_blocking`, or use a runtime of \
                 several threads"
            }
            #[cfg(feature = "process")]
            Self::InsideSink => {
                "a console's sink cannot call the sandbox whose line it is given, in another process: send the line to another \
                 thread"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{LocalSite, Site, ThreadSite};

    const SITES: &[SiteCaps] = &[
        LocalSite::CAPS,
        ThreadSite::CAPS,
        #[cfg(feature = "process")]
        crate::site::ProcessSite::CAPS,
    ];

    /// A row of the table: the name of its field, and what the field means.
    type Row = (&'static str, &'static str, fn(&SiteCaps) -> String);

    const ROWS: &[Row] = &[
        ("callers", "threads that may hold, call and poll", |caps| caps.callers.to_string()),
        ("blocks_runtime", "a synchronous call on the only thread of an async runtime", |caps| {
            or(caps.blocks_runtime, "runs there", "`Error::Blocking`")
        }),
        ("local_contracts", "`#[sandbox_api(local)]`, values that are not `Send`", |caps| {
            or(caps.local_contracts, "yes", "a compile error")
        }),
        ("host_types", "types that may implement a host contract", |caps| caps.host_types.to_string()),
        ("host_thread", "thread of synchronous host methods", |caps| caps.host_thread.to_string()),
        ("realms", "further realms", |caps| yes(caps.realms)),
        ("sink_calls", "the sink of a console calls its own sandbox", |caps| {
            or(caps.sink_calls, "yes", "`Error::Blocking`")
        }),
        ("cancels_running", "`cancel_all` ends a synchronous call whose guest computes", |caps| {
            or(caps.cancels_running, "yes", "at its limit")
        }),
        ("cpu", "`Limits::cpu` counts the CPU time of", |caps| caps.cpu.to_string()),
        ("process_memory", "all memory is bounded, the engine's own too", |caps| yes(caps.process_memory)),
        ("ends_built_ins", "a built-in that the engine does not interrupt is ended", |caps| {
            yes(caps.ends_built_ins)
        }),
        ("survives_engine", "the application survives the end of the engine", |caps| {
            yes(caps.survives_engine)
        }),
        ("hardening", "the guest's process is hardened", |caps| yes(caps.hardening)),
    ];

    fn or(is: bool, yes: &str, no: &str) -> String {
        if is { yes } else { no }.to_owned()
    }

    fn yes(is: bool) -> String {
        or(is, "yes", "no")
    }

    fn table() -> String {
        let mut table = "| `SiteCaps` | meaning |".to_owned();
        SITES.iter().for_each(|caps| table += &format!(" `{}` |", caps.name));
        table += &format!("\n|---|---|{}\n", "---|".repeat(SITES.len()));
        for (field, meaning, cell) in ROWS {
            let cells = SITES.iter().map(|caps| format!(" {} |", cell(caps))).collect::<String>();
            table += &format!("| `{field}` | {meaning} |{cells}\n");
        }
        table
    }

    #[cfg(feature = "process")]
    #[test]
    fn the_table_of_the_guide_is_that_of_the_code() {
        let page = include_str!("../../guide/sites.md");
        assert!(page.contains(&table()), "`docs/guide/sites.md` has this table:\n\n{}", table());
    }

    #[test]
    fn the_table_has_each_field() {
        let debug = format!("{:?}", LocalSite::CAPS);
        let fields = debug.split(['{', ',']).skip(1).filter_map(|field| field.split(':').next());
        let fields = fields.map(str::trim).filter(|field| *field != "name");
        assert_eq!(fields.collect::<Vec<_>>(), ROWS.iter().map(|row| row.0).collect::<Vec<_>>());
    }

    /// The only thread of a runtime may make the synchronous calls that the table allows there, and no others.
    #[test]
    fn calls_on_the_only_thread_of_a_runtime_are_as_the_table_says() {
        use crate::{LocalSandbox, Sandbox, Script};
        let script = || Script::new("a.js", "export const a = 1;");
        let (local, sandbox) = (LocalSandbox::builder().build(), Sandbox::builder().build());
        let (local, sandbox) = (local.expect("a sandbox"), sandbox.expect("a sandbox"));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            for (caps, outcome) in [
                (LocalSandbox::caps(), local.eval(script()).map(drop)),
                (Sandbox::caps(), sandbox.eval(script()).map(drop)),
            ] {
                match outcome {
                    Ok(()) => assert!(caps.blocks_runtime, "{}", caps.name),
                    Err(Error::Blocking { .. }) => assert!(!caps.blocks_runtime, "{}", caps.name),
                    Err(other) => panic!("{}: {other}", caps.name),
                }
            }
            sandbox.eval_async(script()).await.expect("a task may wait");
        });
    }

    /// The sink of a console may call its sandbox where the table says so.
    #[test]
    fn a_sink_calls_its_sandbox_as_the_table_says() {
        use std::sync::{Arc, Mutex, mpsc};

        use crate::{Console, Sandbox, Script};
        let own = Arc::new(Mutex::new(None::<Sandbox>));
        let (told, heard) = mpsc::channel();
        let seen = own.clone();
        let console = Console::sink(move |line| {
            let sandbox = seen.lock().expect("no panic").clone().expect("it is built");
            let outcome = sandbox.eval(Script::new("b.js", "export const b = 1;"));
            _ = told.send((line.text.to_string(), outcome.is_ok()));
        });
        let sandbox = Sandbox::builder().console(console).build().expect("a sandbox");
        *own.lock().expect("no panic") = Some(sandbox.clone());
        sandbox.eval(Script::new("a.js", "console.log('x'); export const a = 1;")).expect("it runs");
        assert_eq!(heard.recv().expect("a line"), ("x".to_owned(), Sandbox::caps().sink_calls));
        // The sink would keep its own sandbox.
        own.lock().expect("no panic").take();
    }
}
