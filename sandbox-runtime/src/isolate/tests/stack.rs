//! Stacks that a thread changes, as `stacker::grow` and coroutines do.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::child::in_child;
use crate::{Error, LimitKind, Limits, LocalSandbox, Result, Script, sandbox_api};

#[sandbox_api(guest, crate = crate)]
trait Guest {
    fn work(&self) -> Result<f64>;
    fn fall(&self) -> Result<f64>;
    fn down(&self, depth: u32) -> Result<f64>;
}

#[sandbox_api(host, crate = crate)]
trait Deeper {
    fn again(&self, depth: u32) -> Result<f64>;
}

type Slot = Rc<RefCell<Option<Rc<dyn Guest>>>>;

/// Calls its guest on a stack of its own.
struct Grows(Slot);

impl Deeper for Grows {
    fn again(&self, depth: u32) -> Result<f64> {
        let guest = self.0.borrow().clone().expect("it is loaded");
        stacker::grow(2 << 20, || guest.down(depth))
    }
}

/// `work` makes three times as much garbage of old objects as the heap has room for, and throws and catches.
const SOURCE: &str = "
    export function work() {
        let kept = [];
        for (let n = 0; n < 25; n++) kept = Array.from({ length: 100000 }, (_, i) => ({ i, text: [i] }));
        try { null.x } catch { kept.push(1) }
        return kept.length;
    }
    export function fall() { return 1 + fall(); }
    export function down(depth) { return depth > 0 ? 1 + Deeper.again(depth - 1) : 0; }
";

fn sandbox() -> LocalSandbox {
    let limits = Limits { wall: Duration::from_secs(60), ..Limits::default() };
    let slot = Slot::default();
    let sandbox = LocalSandbox::builder().limits(limits).host::<dyn Deeper>(Grows(slot.clone())).build();
    let sandbox = sandbox.expect("it can be built");
    let guest = sandbox.load::<dyn Guest>(Script::new("stack.mjs", SOURCE)).expect("it is a guest");
    *slot.borrow_mut() = Some(Rc::new(guest));
    sandbox
}

fn guest(sandbox: &LocalSandbox) -> Rc<dyn Guest> {
    Rc::new(sandbox.load::<dyn Guest>(Script::new("stack.mjs", SOURCE)).expect("it is a guest"))
}

fn assert_falls(guest: &dyn Guest) {
    match guest.fall() {
        Err(Error::Guest(error)) => assert!(error.message.contains("call stack"), "{error:?}"),
        Err(Error::Limit { kind: LimitKind::Stack, .. }) => {}
        other => panic!("{other:?}"),
    }
    assert!(guest.work().is_ok(), "it goes on");
}

fn assert_refused<T: std::fmt::Debug>(result: Result<T>) {
    match result {
        Err(Error::Limit { kind: LimitKind::Stack, excess, .. }) => {
            assert!(excess.to_string().contains("own stack"), "{excess}")
        }
        Err(Error::Build { reason, .. }) => assert!(reason.contains("own stack"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn none_is_made_on_a_grown_stack() {
    in_child(module_path!(), "none_is_made_on_a_grown_stack", || {
        assert_refused(stacker::grow(4 << 20, || LocalSandbox::builder().build().map(drop)));
        let sandbox = sandbox();
        let guest = guest(&sandbox);
        assert_refused(stacker::grow(4 << 20, || sandbox.reset()));
        assert_falls(&*guest);
    });
}

#[test]
fn none_is_called_on_a_grown_stack() {
    in_child(module_path!(), "none_is_called_on_a_grown_stack", || {
        let sandbox = sandbox();
        let guest = guest(&sandbox);
        for size in [256 << 10, 2 << 20, 64 << 20] {
            assert_refused(stacker::grow(size, || guest.work()));
            assert_falls(&*guest);
        }
    });
}

#[test]
fn a_host_method_that_changes_the_stack_cannot_call_its_guest() {
    in_child(module_path!(), "a_host_method_that_changes_the_stack_cannot_call_its_guest", || {
        let sandbox = sandbox();
        let guest = guest(&sandbox);
        assert!(guest.down(1).is_err());
        assert_falls(&*guest);
        let thread = std::thread::Builder::new().stack_size(4 << 20);
        let other = thread.spawn(|| assert_falls(&*self::guest(&self::sandbox()))).expect("a thread");
        other.join().expect("it is its own");
    });
}
