//! Children that do not keep to the protocol.

use std::time::{Duration, Instant};

use sandbox_runtime::Death;

use super::counts;
use super::line::{Line, billed, frame, value};

/// A name, what the child does when it is called, and whether it has to end so.
pub(crate) type Child = (&'static str, fn(&mut Line, u64), fn(&Death) -> bool);

pub(crate) const CHILDREN: &[Child] = &[
    ("garbage", |line, _| line.raw(&[0xff; 64]), is_protocol),
    ("half-a-frame", |line, call| line.raw(&frame(0x83, call, &[0; 105])[..50]), is_overdue),
    (
        "half-a-frame-and-gone",
        |line, call| {
            line.raw(&frame(0x83, call, &[0; 105])[..50]);
            std::process::exit(7);
        },
        |death| matches!(death, Death::Exit { code: 7, .. }),
    ),
    ("a-frame-too-short", |line, _| line.raw(&[8, 0, 0, 0, 0x83, 0, 0, 0, 0, 0, 0, 0, 0]), is_protocol),
    (
        "a-frame-of-four-gigabytes",
        |line, _| line.raw(&[0xff, 0xff, 0xff, 0xff, 0x83, 0, 0, 0, 0, 0, 0, 0, 0]),
        is_protocol,
    ),
    ("a-closed-channel", |line, _| line.close(), is_protocol),
    ("another-call", |line, call| line.frame(0x83, call + 1, &value(1.0)), is_protocol),
    ("an-aside-beyond-the-window", |line, call| line.aside(call, 12, 64 << 20, 32 << 10), is_protocol),
    ("an-aside-too-short", |line, call| line.aside(call, 12, 0, 100), is_protocol),
    (
        "an-aside-without-a-length",
        |line, call| line.frame(0x83, call, &[&[0; 96][..], &[19, 12]].concat()),
        is_protocol,
    ),
    ("an-aside-of-a-number", |line, call| line.aside(call, 4, 0, 32 << 10), is_protocol),
    ("an-aside-of-everything", |line, call| line.aside(call, 12, 0, 64 << 20), is_protocol),
    (WINDOWLESS, |line, call| line.aside(call, 12, 0, 32 << 10), is_protocol),
    ("an-unknown-kind", |line, call| line.frame(0x99, call, &[]), is_protocol),
    ("a-kind-of-the-parent", |line, call| line.frame(5, call, &[]), is_protocol),
    ("no-value", |line, call| line.frame(0x83, call, &[0; 96]), is_protocol),
    ("an-unknown-tag", |line, call| line.frame(0x83, call, &[0xee; 97]), is_protocol),
    (
        "something-after-the-value",
        |line, call| line.frame(0x83, call, &[value(1.0), vec![0]].concat()),
        is_protocol,
    ),
    (
        "a-done-in-the-place-of-a-value",
        |line, call| {
            line.frame(0x82, call, br#"{"handle":1,"exported":[],"bill":[0,0,0,0,0,0,0,0,0,0,0,0]}"#);
        },
        is_protocol,
    ),
    ("no-json", |line, call| line.frame(0x84, call, b"{"), is_protocol),
    (
        "a-limit-that-there-is-not",
        |line, call| {
            line.frame(0x84, call, br#"{"fault":{"Limit":{"kind":99,"limit":"","place":null}},"bill":[0,0,0,0,0,0,0,0,0,0,0,0]}"#);
        },
        is_protocol,
    ),
    (
        "a-place-that-there-is-not",
        |line, call| {
            line.frame(0x84, call, br#"{"fault":{"Limit":{"kind":0,"limit":"","place":["Bank","transfer"]}},"bill":[0,0,0,0,0,0,0,0,0,0,0,0]}"#);
        },
        is_protocol,
    ),
    (
        "a-call-that-cannot-be-built",
        |line, call| {
            line.frame(0x84, call, br#"{"fault":{"Build":"on purpose"},"bill":[0,0,0,0,0,0,0,0,0,0,0,0]}"#);
        },
        is_protocol,
    ),
    (
        "a-loss-of-a-loss",
        |line, call| {
            let fault = r#"{"Lost":{"Discarded":{"Syntax":{"script":"","message":"","line":0,"column":0}}}}"#;
            line.frame(
                0x84,
                call,
                format!(r#"{{"fault":{fault},"bill":[0,0,0,0,0,0,0,0,0,0,0,0]}}"#).as_bytes(),
            );
        },
        is_protocol,
    ),
    (
        "faults-in-faults",
        |line, call| {
            let fault =
                format!(r#"{}{{"Build":""}}{}"#, r#"{"Discarded":"#.repeat(100_000), "}".repeat(100_000));
            line.frame(
                0x84,
                call,
                format!(r#"{{"fault":{fault},"bill":[0,0,0,0,0,0,0,0,0,0,0,0]}}"#).as_bytes(),
            );
        },
        is_protocol,
    ),
    ("a-host-that-there-is-not", |line, _| line.asks(1, [9, 0], 0, &[0]), is_protocol),
    ("a-method-that-there-is-not", |line, _| line.asks(1, [0, 9], 0, &[0]), is_protocol),
    ("a-host-call-of-nothing", |line, _| line.frame(0x85, 1, &[]), is_protocol),
    ("a-method-to-wait-for-where-nobody-does", |line, call| line.asks(1, NEVER, call, &[0]), is_protocol),
    (
        "a-flood-of-host-calls",
        |line, _| loop {
            line.asks(1, [0, 0], 0, &[1, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
            line.skip();
        },
        // On a machine that is busy its time is over before.
        |death| is_protocol(death) || is_overdue(death),
    ),
    (
        "too-many-calls-of-one-method",
        |line, _| loop {
            line.asks(1, [1, 0], 0, &[0]);
            line.skip();
        },
        is_protocol,
    ),
    (
        "host-calls-without-end",
        |line, _| loop {
            line.asks(1, [1, 1], 0, &[0]);
            line.skip();
        },
        is_overdue,
    ),
    // Each of them takes a while that is the host's, and the time of the call is over.
    (
        "host-calls-that-take-a-while-without-end",
        |line, _| loop {
            line.asks(1, SLOW, 0, &[0]);
            line.skip();
        },
        is_overdue,
    ),
    (
        "host-calls-that-are-not-waited-for",
        |line, _| {
            for _ in 0..1000 {
                line.asks(1, SLOW, 0, &[0]);
            }
            loop {
                line.skip();
            }
        },
        // The host sees it once the time of the call is over; whoever has said less by then is overdue.
        |death| is_protocol(death) || is_overdue(death),
    ),
    (
        "host-calls-that-call-the-guest-without-end",
        |line, _| loop {
            line.asks(1, AGAIN, 0, &[0]);
            let (_, inner, _) = line.next();
            std::thread::sleep(Duration::from_millis(100));
            line.frame(0x83, inner, &value(1.0));
            line.skip();
        },
        is_overdue,
    ),
    ("a-handle-that-was-not-given", |line, call| line.frame(0x83, call, &named(1, FILE)), is_protocol),
    ("a-handle-of-no-contract", |line, call| line.frame(0x83, call, &named(0, 99)), is_protocol),
    ("half-a-handle", |line, call| line.frame(0x83, call, &named(0, FILE)[..104]), is_protocol),
    (
        "a-handle-of-another-contract",
        |line, _| {
            opens(line);
            takes(line, 1, 0);
        },
        is_protocol,
    ),
    (
        "a-handle-that-is-over",
        |line, _| {
            opens(line);
            line.frame(0x88, 0, &released(1, 1));
            takes(line, 1, FILE);
        },
        is_protocol,
    ),
    ("a-call-of-a-handle-that-was-not-given", |line, _| reads(line, FILE, 1), is_protocol),
    (
        "a-call-of-a-handle-of-another-contract",
        |line, _| {
            opens(line);
            reads(line, 0, 1);
        },
        is_protocol,
    ),
    (
        "a-call-of-a-handle-that-is-over",
        |line, _| {
            opens(line);
            reads(line, FILE, 1);
            line.skip();
            line.frame(0x88, 0, &released(1, 1));
            reads(line, FILE, 1);
        },
        is_protocol,
    ),
    ("a-call-of-half-a-handle", |line, _| line.frame(0x89, 1, &[0; 19]), is_protocol),
    ("a-release-of-nothing", |line, _| line.frame(0x88, 0, &released(1, 1)), is_protocol),
    ("an-empty-release", |line, _| line.frame(0x88, 0, &[]), is_protocol),
    ("half-a-release", |line, _| line.frame(0x88, 0, &released(1, 1)[..15]), is_protocol),
    (
        "a-release-of-more-than-was-given",
        |line, _| {
            opens(line);
            line.frame(0x88, 0, &released(1, 2));
        },
        is_protocol,
    ),
    (
        "a-release-of-no-count",
        |line, _| {
            opens(line);
            line.frame(0x88, 0, &released(1, 0));
        },
        is_protocol,
    ),
    (
        "a-release-that-comes-twice",
        |line, _| {
            opens(line);
            line.frame(0x88, 0, &[released(1, 1), released(1, 1)].concat());
        },
        is_protocol,
    ),
    (
        "handles-without-end",
        |line, _| {
            line.asks(1, OPEN, 0, &[0]);
            line.skip();
            line.skip();
            loop {
                line.asks(1, OPEN, 0, &[0]);
                line.skip();
            }
        },
        is_protocol,
    ),
    (
        "an-object-of-the-guest-as-one-of-the-host",
        |line, call| line.frame(0x83, call, &named(1, 0xffff)),
        is_protocol,
    ),
    ("an-object-of-number-zero", |line, _| keeps(line, &object(0, 1)), is_protocol),
    ("an-object-without-a-number", |line, _| keeps(line, &object(1, 0)), is_protocol),
    ("half-an-object", |line, call| line.frame(0x83, call, &result(&object(1, 1)[..17])), is_protocol),
    (
        "an-object-without-data",
        |line, call| line.frame(0x83, call, &result(&object(1, 1)[..18])),
        is_protocol,
    ),
    (
        "an-object-in-an-object",
        |line, call| line.frame(0x83, call, &result(&[&object(1, 1)[..18], &object(2, 2)[..]].concat())),
        is_protocol,
    ),
    (
        "objects-in-objects-without-end",
        |line, call| line.frame(0x83, call, &result(&object(1, 1)[..18].repeat(10_000))),
        is_protocol,
    ),
    (
        "an-object-without-its-methods",
        |line, _| {
            keeps(line, &object(1, 1));
            binds(line, "");
        },
        is_protocol,
    ),
    (
        "an-answer-for-an-object-that-is-none",
        |line, _| {
            keeps(line, &object(1, 1));
            let (_, call, _) = line.next();
            line.frame(0x83, call, &value(1.0));
        },
        is_protocol,
    ),
    (
        "an-object-that-is-never-bound",
        |line, _| {
            keeps(line, &object(1, 1));
            line.skip();
            line.skip();
        },
        is_overdue,
    ),
    (
        "a-crossing-of-two-objects",
        |line, _| {
            keeps(line, &object(1, 1));
            binds(line, "true");
            line.skip();
            keeps(line, &object(1, 2));
        },
        is_protocol,
    ),
    (
        "objects-without-end",
        |line, _| {
            for number in 1.. {
                keeps(line, &object(number, number));
                binds(line, "true");
                line.skip();
            }
        },
        is_protocol,
    ),
    // Each crossing of an iterable is a stream of its own.
    (
        "streams-without-end",
        |line, _| {
            for crossing in 1.. {
                line.asks(2, LIST, 0, &[&[1][..], &object(crossing, 1)].concat());
                binds(line, "true,true");
                line.skip();
            }
        },
        is_protocol,
    ),
    ("a-line-of-nothing", |line, _| line.frame(0x86, 0, &[]), is_protocol),
    (
        "a-flood-of-the-console",
        |line, _| loop {
            line.frame(0x86, 0, format!(r#"{{"level":0,"text":"{}"}}"#, "x".repeat(60_000)).as_bytes());
        },
        is_protocol,
    ),
    (
        "a-flood-of-nothing",
        |line, _| loop {
            line.raw(&frame(0x86, 0, br#"{"level":0,"text":""}"#).repeat(1000));
        },
        |death| is_protocol(death) || is_overdue(death),
    ),
    (
        "a-byte-now-and-then",
        |line, call| {
            for byte in frame(0x83, call, &value(1.0)) {
                line.raw(&[byte]);
                std::thread::sleep(Duration::from_millis(10));
            }
        },
        is_overdue,
    ),
    (
        "silence",
        |_, _| loop {
            std::thread::park();
        },
        is_overdue,
    ),
    // In one step, which no look from outside comes in time for.
    #[cfg(target_os = "linux")]
    ("memory-at-once", |_, _| at_once(1 << 30), |death| matches!(death, Death::Exit { code: REFUSED, .. })),
    #[cfg(target_os = "linux")]
    (
        "memory-that-it-may-have",
        |_, _| at_once(64 << 20),
        |death| matches!(death, Death::Exit { code: GIVEN, .. }),
    ),
    ("no-memory", |_, _| std::process::exit(12), |death| matches!(death, Death::Memory { .. })),
    ("an-end", |_, _| std::process::exit(3), |death| matches!(death, Death::Exit { code: 3, .. })),
    (
        "an-abort",
        |_, _| std::process::abort(),
        |death| matches!(death, Death::Signal { signal: libc::SIGABRT, .. }),
    ),
    (
        "a-wrong-address",
        |_, _| {
            // SAFETY: there is none: this is what is to be caught.
            unsafe { std::ptr::without_provenance_mut::<u8>(8).write_volatile(1) };
        },
        |death| matches!(death, Death::Signal { signal: libc::SIGSEGV, .. }),
    ),
    (
        "a-full-stack",
        |_, _| {
            println!("{}", deeper(0));
        },
        |death| matches!(death, Death::Signal { signal: libc::SIGABRT | libc::SIGSEGV, .. }),
    ),
];

pub(crate) type Stillborn = (&'static str, fn(&mut Line));

/// One that answers with the number of its process, and ends.
pub(crate) const NUMBERED: &str = "its-number-and-an-end";

/// One that has no windows, and says that a value is in one.
pub(crate) const WINDOWLESS: &str = "an-aside-without-windows";

/// One of an older version.
pub(crate) const OLDER: &str = "a-hello-of-another-version";

/// One that bills what it likes.
pub(crate) const BILLS: &str = "bills-without-end";

/// Children that cost much memory, most of them with little of their own.
#[cfg(target_os = "linux")]
pub(crate) const HOARDERS: &[Child] = &[
    (
        "too-much-memory",
        |_, _| {
            let mut all = Vec::new();
            loop {
                all.push(vec![1_u8; 1 << 18]);
                // Not so quick that the kernel stops it first.
                std::thread::sleep(Duration::from_millis(4));
            }
        },
        counts::is_memory,
    ),
    (
        "page-tables",
        |_, _| {
            // A read of one byte takes a page for 2 MiB of addresses, and none of memory.
            let _some = vec![1_u8; 24 << 20];
            let start = addresses(30 << 30);
            for at in (0..30 << 30).step_by(2 << 20) {
                // SAFETY: inside of what was mapped, which may be read.
                unsafe { start.add(at).read_volatile() };
            }
            std::thread::park();
        },
        counts::is_memory,
    ),
    (
        "addresses-without-end",
        |_, _| loop {
            addresses(8 << 30);
        },
        |death| matches!(death, Death::Exit { code: REFUSED, .. }),
    ),
    (
        "windows-that-it-has-written-and-dropped",
        |_, _| {
            const SIZE: usize = (64 << 20) + (512 << 10);
            for descriptor in [1, 2] {
                let access = libc::PROT_READ | libc::PROT_WRITE;
                // SAFETY: new memory, of the whole file, which only this process writes here.
                unsafe {
                    let start =
                        libc::mmap(std::ptr::null_mut(), SIZE, access, libc::MAP_SHARED, descriptor, 0);
                    assert_ne!(start, libc::MAP_FAILED);
                    for at in (0..SIZE).step_by(1 << 20) {
                        let length = (1 << 20).min(SIZE - at);
                        start.byte_add(at).cast::<u8>().write_bytes(7, length);
                        libc::madvise(start.byte_add(at), length, libc::MADV_DONTNEED);
                    }
                }
            }
            std::thread::park();
        },
        counts::is_memory,
    ),
];

/// Addresses that can be read, and take no memory.
#[cfg(target_os = "linux")]
fn addresses(length: usize) -> *const u8 {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: the kernel chooses a place that nothing else has.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), length, libc::PROT_READ, flags, -1, 0) };
    if start == libc::MAP_FAILED {
        std::process::exit(REFUSED);
    }
    start.cast_const().cast()
}

/// Children that answer well, and then do something else.
pub(crate) const IDLERS: &[Stillborn] = &[
    ("computing-when-idle", |_| {
        loop {
            std::hint::spin_loop();
        }
    }),
    ("filling-memory-when-idle", |_| {
        let mut all = Vec::new();
        loop {
            all.push(vec![1_u8; 1 << 20]);
            // Not so quick that the kernel stops it first.
            std::thread::sleep(Duration::from_millis(4));
        }
    }),
    ("an-end-when-idle", |_| std::process::exit(3)),
    // Not in one go.
    ("computing-now-and-then", |_| {
        loop {
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(400) {
                std::hint::spin_loop();
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }),
    #[cfg(target_os = "linux")]
    ("computing-under-a-name-that-is-no-text", |_| {
        // SAFETY: the name ends with 0.
        unsafe { libc::prctl(libc::PR_SET_NAME, c"\xff\xfe) 1 2".as_ptr()) };
        loop {
            std::hint::spin_loop();
        }
    }),
    #[cfg(target_os = "linux")]
    ("an-end-of-the-first-thread-alone", |_| {
        std::thread::spawn(|| {
            loop {
                std::thread::park();
            }
        });
        // SAFETY: the thread has nothing that anybody else needs.
        unsafe { libc::syscall(libc::SYS_exit, 0) };
    }),
    #[cfg(target_os = "linux")]
    ("many-threads", |_| {
        for _ in 0..200 {
            // As small as can be: what they may take together the kernel bounds.
            let thread = std::thread::Builder::new().stack_size(64 << 10).spawn(|| {
                loop {
                    std::thread::park();
                }
            });
            thread.unwrap();
        }
        loop {
            std::thread::park();
        }
    }),
];

/// The numbers of the method that takes a while, and of that which calls the guest.
const SLOW: [u16; 2] = [1, 2];
const AGAIN: [u16; 2] = [1, 3];
/// The numbers of the method that never answers.
const NEVER: [u16; 2] = [2, 0];

/// The same, when they are called by somebody who waits for a promise.
pub(crate) const AWAITED: &[Child] = &[
    (
        "more-to-wait-for-than-may-be",
        |line, call| {
            for id in 1..100_000 {
                line.asks(id, NEVER, call, &[0]);
            }
        },
        is_protocol,
    ),
    (
        // Calls that are answered, and the answers are not read.
        "much-to-say-and-nothing-to-hear",
        |line, call| {
            let args = [&[1, 12, 0x80, 0x80, 0x80, 0x04][..], &vec![7; 8 << 20]].concat();
            for id in 1..1000 {
                line.asks(id, [2, 1], call, &args);
            }
        },
        is_overdue,
    ),
    (
        "the-same-number-twice",
        |line, call| {
            line.asks(1, NEVER, call, &[0]);
            line.asks(1, NEVER, call, &[0]);
            line.frame(0x83, call + 1, &value(1.0));
        },
        is_protocol,
    ),
    ("a-method-for-a-call-that-there-is-not", |line, call| line.asks(1, NEVER, call + 1, &[0]), is_protocol),
    (
        "an-answer-given-twice",
        |line, call| {
            line.frame(0x83, call + 1, &value(1.0));
            line.frame(0x83, call, &value(1.0));
        },
        is_protocol,
    ),
    (
        "silence-while-it-is-waited-for-a-method",
        |line, call| {
            line.asks(1, NEVER, call, &[0]);
            // It is told that it takes too long, and says nothing.
            line.skip();
        },
        is_overdue,
    ),
    (
        "half-a-frame-while-it-is-waited-for-a-method",
        |line, call| {
            line.asks(1, NEVER, call, &[0]);
            line.raw(&frame(0x83, call, &[0; 105])[..50]);
        },
        is_overdue,
    ),
    (
        "an-end-while-it-is-waited-for-a-method",
        |line, call| {
            line.asks(1, NEVER, call, &[0]);
            std::process::exit(7);
        },
        |death| matches!(death, Death::Exit { code: 7, .. }),
    ),
];

/// The number of the next call.
fn called(line: &mut Line) -> u64 {
    loop {
        if let (4, call, _) = line.next() {
            return call;
        }
    }
}

/// Has the host know that the first call is there, and gives its number.
fn is_there(line: &mut Line) -> u64 {
    let call = called(line);
    line.asks(1, [1, 0], call, &[0]);
    line.skip();
    call
}

/// Children that are called by several at once; see `beside`.
pub(crate) const BESIDE: &[Stillborn] = &[
    // Once the other call begins it reads nothing more, and says what has no length.
    ("lines-of-nothing-without-end", |line| {
        is_there(line);
        line.byte();
        let many = frame(0x86, 0, &[]).repeat(20_000);
        loop {
            line.raw(&many);
        }
    }),
    // The first waits, the others are over at once, and the last asks for what all together may have.
    ("what-all-may-have-for-one", |line| {
        let mut calls = vec![is_there(line)];
        while calls.len() < 10 {
            calls.push(called(line));
            if calls.len() < 10 {
                line.frame(0x83, calls[calls.len() - 1], &value(1.0));
            }
        }
        for _ in 0..50 {
            line.asks(1, [1, 0], calls[9], &[0]);
            line.skip();
        }
    }),
    // It has much to say, reads nothing, and then says that it has said all.
    ("much-to-say-and-an-end-of-it", |line| {
        let call = called(line);
        let args = [&[1, 12, 0x80, 0x80, 0xc0, 0x03][..], &vec![7; 7 << 20]].concat();
        for id in 1..30 {
            line.asks(id, [2, 1], call, &args);
        }
        std::thread::sleep(Duration::from_millis(500));
        // SAFETY: of a descriptor that is open.
        unsafe { libc::shutdown(0, libc::SHUT_WR) };
        loop {
            std::thread::park();
        }
    }),
];

/// Children that do not come as far as being called.
pub(crate) const STILLBORN: &[Stillborn] = &[
    ("no-hello", |line| line.frame(0x82, 0, b"{}")),
    (OLDER, |line| line.frame(0x81, 0, br#"{"version":5,"refusal":null}"#)),
    ("a-hello-of-nothing", |line| line.frame(0x81, 0, b"")),
    ("an-end-before-hello", |_| {}),
    ("no-report-of-its-hardening", |line| {
        hello(line, true);
        let (_, call, _) = line.next();
        line.frame(0x87, call, br#"{"report":null}"#);
        line.skip();
    }),
];

/// The number of the contract of files, behind those of the hosts.
const FILE: u16 = 4;
/// The method that gives a file, and the one that takes a file.
const OPEN: [u16; 2] = [3, 0];
const TAKE: [u16; 2] = [3, 1];
/// The method that keeps an object of the guest.
const KEEP: [u16; 2] = [3, 2];
/// The method that keeps a stream of the guest.
const LIST: [u16; 2] = [3, 3];

/// An empty bill and a handle.
fn named(number: u64, contract: u16) -> Vec<u8> {
    [&[0; 96][..], &handle(number, contract)].concat()
}

fn handle(number: u64, contract: u16) -> Vec<u8> {
    [&[18, 8][..], &number.to_le_bytes(), &contract.to_le_bytes()].concat()
}

/// An object of the guest, whose data are empty.
fn object(crossing: u64, number: u64) -> Vec<u8> {
    [&[18, 9][..], &crossing.to_le_bytes(), &number.to_le_bytes(), &[9, 0]].concat()
}

/// An empty bill and a value.
fn result(value: &[u8]) -> Vec<u8> {
    [&[0; 96][..], value].concat()
}

fn keeps(line: &mut Line, object: &[u8]) {
    line.asks(2, KEEP, 0, &[&[1][..], object].concat());
}

/// Answers the request to bind a contract to an object, inside of the host's method.
fn binds(line: &mut Line, exported: &str) {
    let (kind, call, contract) = line.next();
    assert!(kind == 0x4b && contract.starts_with(br#"{"object":"#), "{kind} {contract:?}");
    let done = format!(r#"{{"handle":1,"exported":[{exported}],"bill":[0,0,0,0,0,0,0,0,0,0,0,0]}}"#);
    line.frame(0x82, call, done.as_bytes());
}

fn released(number: u64, count: u64) -> Vec<u8> {
    [number.to_le_bytes(), count.to_le_bytes()].concat()
}

/// Gets the first file: its contract, and its handle.
fn opens(line: &mut Line) {
    line.asks(1, OPEN, 0, &[0]);
    let (kind, _, contract) = line.next();
    assert!(kind == 0x0a && contract.starts_with(br#"{"number":4,"#), "{contract:?}");
    let (kind, _, value) = line.next();
    assert!(kind == 0x05 && value[8..] == handle(1, FILE), "{value:?}");
}

fn takes(line: &mut Line, number: u64, contract: u16) {
    line.asks(2, TAKE, 0, &[&[1][..], &handle(number, contract)].concat());
}

fn reads(line: &mut Line, contract: u16, number: u64) {
    let numbers = [contract.to_le_bytes(), [0; 2]].concat();
    line.frame(0x89, 3, &[&numbers[..], &[0; 8], &number.to_le_bytes(), &[0]].concat());
}

fn hello(line: &mut Line, windows: bool) {
    let hello = format!(r#"{{"version":18,"windows":{windows},"refusal":null}}"#);
    line.frame(0x81, 0, hello.as_bytes());
}

fn is_protocol(death: &Death) -> bool {
    matches!(death, Death::Protocol { .. })
}

fn is_overdue(death: &Death) -> bool {
    matches!(death, Death::Overdue)
}

#[expect(unconditional_recursion, reason = "it is to fill the stack")]
fn deeper(n: u64) -> u64 {
    std::hint::black_box([n; 64])[0] + deeper(std::hint::black_box(n + 1))
}

/// What a child exits with that was refused memory, or was not.
#[cfg(target_os = "linux")]
const REFUSED: i32 = 40;
#[cfg(target_os = "linux")]
const GIVEN: i32 = 41;

/// Asks for so many bytes that can be written.
#[cfg(target_os = "linux")]
fn at_once(bytes: usize) {
    let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: the kernel chooses a place that nothing else has.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, flags, -1, 0) };
    std::process::exit(if start == libc::MAP_FAILED { REFUSED } else { GIVEN });
}

pub(crate) fn child(name: &str) {
    let mut line = Line::own();
    if let Some((_, act)) = STILLBORN.iter().find(|(known, _)| *known == name) {
        return act(&mut line);
    }
    let beside = BESIDE.iter().find(|(known, _)| *known == name);
    let idler = IDLERS.iter().find(|(known, _)| *known == name);
    #[cfg(target_os = "linux")]
    let all = CHILDREN.iter().chain(AWAITED).chain(HOARDERS);
    #[cfg(not(target_os = "linux"))]
    let all = CHILDREN.iter().chain(AWAITED);
    let act = all.clone().find(|(known, ..)| *known == name).map(|child| child.1);
    hello(&mut line, name != WINDOWLESS);
    let (1, call, _) = line.next() else { panic!("a setup") };
    line.frame(0x87, call, br#"{"report":{"layers":[]}}"#);
    let (mut made, mut calls) = (0, 0);
    loop {
        match line.next() {
            (2 | 3, call, _) if name == BILLS => {
                let done = format!(r#"{{"handle":1,"exported":[true],"bill":{:?}}}"#, [u64::MAX; 12]);
                line.frame(0x82, call, done.as_bytes());
            }
            (4, call, body) if name == BILLS => {
                // The number that it is called with is the last of the body.
                if body.ends_with(&(-1.0_f64).to_le_bytes()) {
                    let failure = format!(r#"{{"fault":"Blocking","bill":{:?}}}"#, [u64::MAX; 12]);
                    line.frame(0x84, call, failure.as_bytes());
                } else {
                    line.frame(0x83, call, &billed(calls / 2));
                }
                calls += 1;
            }
            (2 | 3, call, _) => {
                line.frame(0x82, call, br#"{"handle":1,"exported":[true],"bill":[0,0,0,0,0,0,0,0,0,0,0,0]}"#);
                made += 1;
                // A script is loaded for each contract, and bound.
                if let Some((_, act)) = beside
                    && made == 4
                {
                    act(&mut line);
                }
            }
            (4, call, _) if name == NUMBERED => {
                line.frame(0x83, call, &value(std::process::id().into()));
                std::process::exit(3);
            }
            (4, call, _) => {
                if let Some((_, act)) = idler {
                    line.frame(0x83, call, &value(1.0));
                    act(&mut line);
                }
                act.unwrap()(&mut line, call);
                std::thread::sleep(Duration::from_secs(10));
            }
            _ => {}
        }
    }
}
