//! A guest whose thread gets nearly no processor time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::{Amount, Error, LimitKind, Phase};
use crate::isolate::cpu;
use crate::{Limits, LocalSandbox, Script};

/// Keeps this thread on processor 0. Returns whether the system does so.
fn stay_on_one_processor() -> bool {
    // SAFETY: an empty set of processors is all zeros.
    let mut one: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: 0 is within the set.
    unsafe { libc::CPU_SET(0, &mut one) };
    // SAFETY: the pointer is to a local variable of this size. 0 is the calling thread.
    unsafe { libc::sched_setaffinity(0, size_of_val(&one), &raw const one) == 0 }
}

/// A guest that others leave no processor time is not told as one that loops.
#[test]
fn a_guest_without_processor_time_is_starved() {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let others = (0..2).map(|_| {
            scope.spawn(|| {
                let is_one = stay_on_one_processor();
                while is_one && !is_over.load(Ordering::SeqCst) {
                    std::hint::spin_loop();
                }
            })
        });
        let others = others.collect::<Vec<_>>();
        let guest = scope.spawn(|| {
            let limits = Limits { wall: Duration::from_secs(2), ..Limits::default() };
            let sandbox = LocalSandbox::builder().limits(limits).build().expect("a sandbox");
            let is_one = stay_on_one_processor();
            cpu::yield_to_others();
            let error = sandbox.eval(Script::new("loop.js", "for (;;);")).map(drop).expect_err("it is ended");
            is_over.store(true, Ordering::SeqCst);
            assert_eq!(
                sandbox.eval(Script::new("on.js", "1")).map(drop).map_err(|error| error.kind()),
                Ok(())
            );
            (is_one, error)
        });
        let (is_one, error) = guest.join().expect("it does not panic");
        others.into_iter().for_each(|other| other.join().expect("it does not panic"));
        let Error::Limit { kind: LimitKind::Wall, excess, .. } = &error else { panic!("{error:?}") };
        if !is_one {
            return;
        }
        assert_eq!(excess.phase, Some(Phase::Starved), "{error}");
        let Some(Amount::Time(cpu)) = excess.met else { panic!("{error:?}") };
        assert!(cpu < Duration::from_millis(200), "{error}");
        let text = error.to_string();
        assert!(text.contains(" of processor time in 2,000 ms: the machine is busy"), "{text}");
    });
}
