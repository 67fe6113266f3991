//! What the page shows, in its order, and the targets.

use super::number::Unit;

/// A pair on the page.
pub struct Work {
    /// The id that it was measured with.
    pub id: &'static str,
    /// What the reader is told that it is.
    pub title: &'static str,
    /// The largest ratio to the floor that is wanted.
    pub ratio: Option<f64>,
    /// The largest value that is wanted.
    pub at_most: Option<f64>,
}

/// A part of the page.
pub struct Section {
    /// The name of its plot and of its notes.
    pub name: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What is measured, and what the floor is.
    pub about: &'static str,
    /// The unit of all its values.
    pub unit: Unit,
    /// How it is drawn.
    pub plot: Plot,
    /// The pairs.
    pub works: &'static [Work],
}

/// How a section is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Plot {
    /// A bar for each ratio.
    Ratios,
    /// A line for each side over the number that ids end with, which is a number of this.
    Over(&'static str),
}

const fn work(id: &'static str, title: &'static str) -> Work {
    Work { id, title, ratio: None, at_most: None }
}

const fn target(id: &'static str, title: &'static str, ratio: f64) -> Work {
    Work { id, title, ratio: Some(ratio), at_most: None }
}

const fn bytes(id: &'static str, title: &'static str) -> Work {
    Work { id, title, ratio: None, at_most: Some(8.0 * 1024.0 * 1024.0) }
}

/// All parts of the page.
pub const SECTIONS: [Section; 13] = [
    Section {
        name: "host-to-guest",
        title: "Host → guest",
        about: "A method of a contract through `&dyn Trait`, in a `LocalSandbox`. The floor: the same functions in a bare \
                isolate, by `v8::Function::call` with handles that are kept, `serde_v8` for structs, and a backing store from \
                the vector for bytes. It has no limit, no check and no error.",
        unit: Unit::Nanos,
        plot: Plot::Ratios,
        works: &[
            target("host-to-guest/add", "`(f64, f64) -> f64`", 1.15),
            target("host-to-guest/greet-10", "`(&str) -> String`, 10 bytes", 1.15),
            target("host-to-guest/greet-1000", "`(&str) -> String`, 1,000 bytes", 1.15),
            target("host-to-guest/order", "a struct of 10 fields in and out", 1.15),
            work("host-to-guest/lines", "1,000 structs in and out"),
            work("host-to-guest/move-64k", "`Bytes` of 64 KiB, the call alone (median)"),
            Work {
                id: "host-to-guest/move-1m",
                title: "`Bytes` of 1 MiB, the call alone (median)",
                ratio: None,
                at_most: Some(2000.0),
            },
            work("host-to-guest/bytes-64k", "`Bytes` of 64 KiB, with giving the memory back"),
            work("host-to-guest/bytes-1m", "`Bytes` of 1 MiB, with giving the memory back"),
        ],
    },
    Section {
        name: "guest-to-host",
        title: "Guest → host",
        about: "A call of a host method in a hot loop of the guest. The floor: the same loop that calls an op of deno_core by \
                hand, `#[op2(fast)]` for numbers, `#[op2]` with `#[string]`, `#[serde]` and `#[buffer(copy)]` for the others. \
                The last row lends bytes: `#[buffer]` copies none.",
        unit: Unit::Nanos,
        plot: Plot::Ratios,
        works: &[
            target("guest-to-host/add", "`(f64, f64) -> f64`", 1.05),
            work("guest-to-host/greet-10", "`(&str) -> String`, 10 bytes"),
            work("guest-to-host/greet-1000", "`(&str) -> String`, 1,000 bytes"),
            target("guest-to-host/order", "a struct of 10 fields in and out", 1.10),
            work("guest-to-host/lines", "1,000 structs in and out"),
            work("guest-to-host/bytes-64k", "`Bytes` of 64 KiB"),
            work("guest-to-host/bytes-1m", "`Bytes` of 1 MiB"),
            work("guest-to-host/lend-1m", "`&[u8]` of 1 MiB"),
        ],
    },
    Section {
        name: "async",
        title: "Asynchronous calls",
        about: "An `async` method of a `LocalSandbox`, awaited by tokio's `block_on`. The floor: a function that gives a promise, \
                and the microtasks run; it awaits no host.",
        unit: Unit::Nanos,
        plot: Plot::Ratios,
        works: &[
            work("async/add", "`async (f64, f64) -> f64`"),
            work("async/ask", "the same with one `await` of an `async` host method"),
        ],
    },
    Section {
        name: "handles",
        title: "Handles, callbacks and streams",
        about: "In a `LocalSandbox`, each value or call. The floor is the same of the project where nothing crosses as an object: \
                the contract's own method in the same loop, the guest's own method, and one `async` call for each value. For \
                values that are there, the floor is a generator of the guest itself.",
        unit: Unit::Nanos,
        plot: Plot::Ratios,
        works: &[
            target("handles/method", "a method of a host's handle, `(f64, f64) -> f64`", 1.2),
            target("handles/callback", "a callback of the host, `(f64, f64) -> f64`", 1.2),
            target("handles/object", "a method of a guest's object", 1.2),
            target("streams/slow", "a value of a stream that each waits for", 1.5),
            Work {
                id: "streams/numbers",
                title: "a number of a stream, where it is there",
                ratio: None,
                at_most: Some(100.0),
            },
            work("streams/items", "a number of a synchronous iterator"),
        ],
    },
    Section {
        name: "bulk",
        title: "A gibibyte through a stream",
        about: "By how much the resident memory grows at most (`RssAnon`, with that of the guest's process) while 1 GiB goes through a \
                `Stream<Bytes>` in pieces of 64 KiB, in an `async` call. The floor: the same pieces over a bounded channel to \
                another thread.",
        unit: Unit::Bytes,
        plot: Plot::Ratios,
        works: &[
            bytes("bulk/thread-give", "to the guest of a thread"),
            bytes("bulk/thread-take", "from the guest of a thread"),
            bytes("bulk/process-give", "to the guest of a process"),
            bytes("bulk/process-take", "from the guest of a process"),
        ],
    },
    Section {
        name: "cancel",
        title: "Cancellation",
        about: "The time from a call by which a guest aborts a signal, until the host's future that waits has been dropped. The floor: \
                a message over a channel to another thread.",
        unit: Unit::Nanos,
        plot: Plot::Ratios,
        works: &[
            Work { id: "cancel/thread", title: "a guest of a thread", ratio: None, at_most: Some(1e6) },
            Work { id: "cancel/process", title: "a guest of a process", ratio: None, at_most: Some(1e6) },
        ],
    },
    Section {
        name: "start",
        title: "Start",
        about: "Until a script has been loaded and called once. The floor: a bare isolate from V8's own snapshot and a context, \
                or a bare context in an isolate that there is, which compile and call the same function.",
        unit: Unit::Nanos,
        plot: Plot::Ratios,
        works: &[
            work("start/process", "a new process"),
            Work { id: "start/sandbox", title: "a new sandbox", ratio: Some(1.3), at_most: Some(3e6) },
            work("start/frozen", "the same with frozen intrinsics"),
            Work { id: "start/realm", title: "a new realm", ratio: Some(1.3), at_most: Some(300e3) },
            work("start/realm-with-host", "the same with a host contract of six methods"),
            work("start/bind", "`bind` of a script to a contract of five methods"),
            work(
                "start/script-again",
                "a clone of a script of 2,000 functions, beside an equal text that is compiled anew",
            ),
            work("start/modules-again", "the same of 20 files with 100 functions each"),
            work("start/error-stack", "`new Error().stack`, ten calls deep"),
        ],
    },
    Section {
        name: "web",
        title: "The names of the web",
        about: "A new realm with `Builder::web`, until a script has been loaded and called once. The floor: the same realm without \
                `web`, whose script reads no name either.",
        unit: Unit::Nanos,
        plot: Plot::Ratios,
        works: &[
            target("web/unread", "`Web::node()`, of which no name is read", 1.2),
            work("web/read", "`Web::node()`, of which every name is read"),
            work("web/encoding", "`new TextEncoder()` and `new TextDecoder()`"),
            work("web/url", "`new URL('a:')`"),
            work("web/clone", "`structuredClone(1)`"),
            work("web/signals", "`new AbortController()`"),
            work("web/timers", "`setTimeout`, read"),
            work("web/crypto", "`crypto.randomUUID()`"),
        ],
    },
    Section {
        name: "memory",
        title: "Memory",
        about: "Resident bytes of each of so many that have been called once (`RssAnon` of a process of its own). The floor: a \
                bare isolate with a context, or a bare context; of a realm with names of the web, a realm without.",
        unit: Unit::Bytes,
        plot: Plot::Over("how many there are"),
        works: &[
            target("memory/sandbox/1", "a sandbox, of 1", 1.2),
            target("memory/sandbox/100", "a sandbox, of 100", 1.2),
            target("memory/sandbox/1000", "a sandbox, of 1,000", 1.2),
            work("memory/realm/1", "a realm, of 1"),
            work("memory/realm/100", "a realm, of 100"),
            work("memory/realm/1000", "a realm, of 1,000"),
            work("memory/web/100", "a realm with `Web::node()`, of 100, whose script reads no name"),
            work("memory/web-read/100", "the same, whose script reads every name"),
        ],
    },
    Section {
        name: "transport",
        title: "Thread and pool",
        about: "One call of `(f64, f64) -> f64` to another thread and back. The floor: a round trip of a number over two bounded \
                channels of the standard library, with nothing done on the other side.",
        unit: Unit::Nanos,
        plot: Plot::Ratios,
        works: &[
            target("transport/sandbox", "a `Sandbox`", 1.25),
            work("transport/pool", "a tenant of a `SandboxPool`"),
            work("transport/async", "an `async` method of a `Sandbox`"),
        ],
    },
    Section {
        name: "process",
        title: "Process",
        about: "One call to another process and back. The floor: as many bytes as the frames of the call have, or as the value has, over a \
                Unix socket to a process that sends as many back, with nothing done on the other side.",
        unit: Unit::Nanos,
        plot: Plot::Ratios,
        works: &[
            target("process/scalar", "`(f64, f64) -> f64`", 1.5),
            target("process/bytes/65536", "64 KiB of bytes in and out", 1.5),
            target("process/bytes/1048576", "1 MiB of bytes in and out", 1.5),
            work("process/async", "`async (f64, f64) -> f64`, alone"),
            work("process/together", "50 calls of it at once"),
        ],
    },
    Section {
        name: "scale",
        title: "Many tenants",
        about: "Calls of `(f64, f64) -> f64` a second of a `SandboxPool` with two threads and two clients, which call every \
                tenant in turn. The floor: two threads with channels that hold a bare isolate for each tenant. The ratio is \
                that of the time of a call.",
        unit: Unit::PerSecond,
        plot: Plot::Over("tenants"),
        works: &[
            work("scale/1", "1 tenant"),
            work("scale/10", "10 tenants"),
            work("scale/100", "100 tenants"),
            work("scale/1000", "1,000 tenants"),
        ],
    },
    Section {
        name: "compile",
        title: "The macro at compile time",
        about: "What a host contract of so many methods (numbers, text, structs, bytes) adds to a crate that has none: seconds of a \
                build that is not optimised, and lines after expansion. The floor: the same trait, and an `#[op2]` by hand for \
                each method.",
        unit: Unit::SecondsAndLines,
        plot: Plot::Over("methods"),
        works: &[
            target("compile/seconds-1", "1 method", 0.5),
            target("compile/seconds-10", "10 methods", 0.5),
            target("compile/seconds-100", "100 methods", 0.5),
            work("compile/lines-1", "1 method, lines"),
            work("compile/lines-10", "10 methods, lines"),
            work("compile/lines-100", "100 methods, lines"),
        ],
    },
];
