//! The ends of handles: which of them the sandbox drops, when, and what an object may do when it is dropped.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sandbox_runtime::{
    Engine, Error, Handle, LocalSandbox, Result, Sandbox, Script, async_trait, sandbox_api,
};
use slack::long;

mod slack;

#[sandbox_api(host)]
pub trait Token: Send + Sync {
    fn number(&self) -> Result<f64>;
}

#[sandbox_api(host)]
pub trait Tokens {
    fn make(&self, number: f64) -> Result<Handle<dyn Token>>;
}

#[sandbox_api(guest)]
pub trait Guest {
    /// Makes tokens, and loses all of them but the last.
    fn make(&self, count: f64) -> Result<f64>;
    /// Loses the last token too.
    fn lose(&self) -> Result<()>;
    /// Makes garbage, so that the engine collects it.
    fn litter(&self) -> Result<()>;
    async fn later(&self, count: f64) -> Result<f64>;
}

const SOURCE: &str = "
let last = null, junk = null;
export function make(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) { last = Tokens.make(i); sum += last.number(); }
  return sum;
}
export const lose = () => { last = null; };
export function litter() {
  for (let i = 0; i < 20; i++) { junk = []; for (let k = 0; k < 5000; k++) junk.push({ k, of: [k] }); }
  // Large arrays are old from the start, so the engine collects old objects too.
  for (let i = 0; i < 100; i++) junk = new Array(100000).fill(i);
  junk = null;
}
export const later = async (count) => { await null; const sum = make(count); await null; return sum; };
";

/// Counts the tokens that live.
#[derive(Clone, Default)]
struct Live(Arc<AtomicUsize>);

impl Live {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

struct Numbered(f64, Live);

impl Numbered {
    fn new(number: f64, live: &Live) -> Self {
        live.0.fetch_add(1, Ordering::SeqCst);
        Self(number, live.clone())
    }
}

impl Drop for Numbered {
    fn drop(&mut self) {
        self.1.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Token for Numbered {
    fn number(&self) -> Result<f64> {
        Ok(self.0)
    }
}

impl Tokens for Live {
    fn make(&self, number: f64) -> Result<Handle<dyn Token>> {
        Ok(Handle::new(Numbered::new(number, self)))
    }
}

fn script() -> Script {
    Script::new("tokens.mjs", SOURCE)
}

/// Calls the guest until the engine has collected what the guest has lost.
fn until(what: &str, live: &Live, count: usize, mut call: impl FnMut()) {
    for _ in 0..500 {
        if live.count() == count {
            return;
        }
        call();
    }
    panic!("{what}: {} tokens live, and not {count}", live.count());
}

/// Has the engine collect garbage. V8 does when there is enough of it, and QuickJS at the end of some calls.
fn collect(guest: &dyn Guest) {
    match Engine::CURRENT {
        Engine::QuickJs => _ = guest.make(0.0).unwrap(),
        _ => guest.litter().unwrap(),
    }
}

/// The number of handles that are made and lost. `SANDBOX_HANDLES=1000000` is the whole promise.
fn many() -> usize {
    std::env::var("SANDBOX_HANDLES").ok().and_then(|many| many.parse().ok()).unwrap_or(20_000)
}

fn wait<R>(future: impl Future<Output = R>) -> R {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

const PIECE: usize = 4_000;

#[test]
fn a_handle_is_disposed_by_its_symbol() {
    let live = Live::default();
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Tokens>(live.clone()).build().unwrap();
    let source = "let token; export const make = (n) => { token = Tokens.make(n); return token.number(); };
        export const lose = () => token[Symbol.dispose]();
        export const litter = () => {};
        export const later = async (count) => count;";
    let guest = sandbox.load::<dyn Guest>(Script::new("token.mjs", source)).unwrap();
    assert_eq!((guest.make(3.0).unwrap(), live.count()), (3.0, 1));
    assert_eq!((guest.lose().unwrap(), live.count()), ((), 0));
    drop((guest, sandbox));
    assert_eq!(live.count(), 0);
}

#[test]
fn handles_that_were_lost_end_with_a_later_call() {
    let live = Live::default();
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Tokens>(live.clone()).build().unwrap();
    let guest = sandbox.load::<dyn Guest>(script()).unwrap();
    let mut most = 0;
    for _ in 0..many().div_ceil(PIECE) {
        guest.make(PIECE as f64).unwrap();
        most = most.max(live.count());
    }
    assert!(most <= 10_000, "{most} tokens lived at once");
    until("in this thread", &live, 1, || collect(&guest));
    assert_eq!(guest.make(0.0).unwrap(), 0.0);
    guest.lose().unwrap();
    until("in this thread, after the last", &live, 0, || collect(&guest));
}

#[test]
fn handles_that_were_lost_end_in_a_thread_too() {
    let live = Live::default();
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Tokens>(live.clone()).build().unwrap();
    let guest = sandbox.load::<dyn Guest>(script()).unwrap();
    for _ in 0..many().div_ceil(PIECE) {
        guest.make(PIECE as f64).unwrap();
    }
    guest.lose().unwrap();
    until("in a thread", &live, 0, || collect(&guest));
}

#[test]
fn handles_end_in_the_turns_of_asynchronous_calls() {
    let live = Live::default();
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Tokens>(live.clone()).build().unwrap();
    let guest = sandbox.load::<dyn Guest>(script()).unwrap();
    assert_eq!(wait(guest.later(100.0)).unwrap(), 4950.0);
    guest.lose().unwrap();
    until("in a flight", &live, 0, || collect(&guest));
}

#[test]
fn handles_end_with_their_realm() {
    let live = Live::default();
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Tokens>(live.clone()).build().unwrap();
    let main = sandbox.load::<dyn Guest>(script()).unwrap();
    assert_eq!(main.make(1.0).unwrap(), 0.0);
    let realm = sandbox.realm().unwrap();
    let guest = realm.load::<dyn Guest>(script()).unwrap();
    assert_eq!(guest.make(1.0).unwrap(), 0.0);
    assert_eq!(live.count(), 2);
    drop((guest, realm));
    assert_eq!(live.count(), 1);
    assert_eq!(main.make(1.0).unwrap(), 0.0);
}

#[test]
fn a_realm_of_a_heap_that_is_gone_ends_no_handle() {
    let live = Live::default();
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Tokens>(live.clone()).build().unwrap();
    let before = sandbox.load::<dyn Guest>(script()).unwrap();
    sandbox.reset().unwrap();
    let after = sandbox.load::<dyn Guest>(script()).unwrap();
    assert_eq!(after.make(1.0).unwrap(), 0.0);
    drop(before);
    assert_eq!(live.count(), 1);
}

/// The work of a token when it is dropped.
type AtDrop = Rc<RefCell<Option<Box<dyn Fn() -> String>>>>;

struct Acting(AtDrop, Rc<RefCell<Vec<String>>>);

impl Drop for Acting {
    fn drop(&mut self) {
        if let Some(act) = &*self.0.borrow() {
            self.1.borrow_mut().push(act());
        }
    }
}

/// A token of one thread.
#[sandbox_api(host)]
pub trait Local {
    fn number(&self) -> Result<f64>;
}

impl Local for Acting {
    fn number(&self) -> Result<f64> {
        Ok(1.0)
    }
}

#[sandbox_api(host)]
pub trait Locals {
    fn make(&self) -> Result<Handle<dyn Local>>;
}

impl Locals for (AtDrop, Rc<RefCell<Vec<String>>>) {
    fn make(&self) -> Result<Handle<dyn Local>> {
        Ok(Handle::new(Acting(self.0.clone(), self.1.clone())))
    }
}

#[sandbox_api(guest)]
pub trait User {
    fn keep(&self) -> Result<f64>;
    fn dispose(&self) -> Result<f64>;
    fn other(&self) -> Result<f64>;
}

const USER: &str = "
let kept;
export const keep = () => (kept = Locals.make()).number();
export const dispose = () => { const made = Locals.make(); made[Symbol.dispose]?.(); return made.number === undefined ? 0 : 2; };
export const other = () => 3;
";

/// Has an object call the guest, or reset the sandbox, or panic, when it is dropped at each place where it can be.
#[test]
fn an_object_can_use_its_sandbox_when_it_is_dropped() {
    let (act, said) = (AtDrop::default(), Rc::new(RefCell::new(Vec::new())));
    let host = (act.clone(), said.clone());
    let sandbox = Rc::new(LocalSandbox::builder().limits(long()).host::<dyn Locals>(host).build().unwrap());
    let load = || Rc::new(sandbox.load::<dyn User>(Script::new("user.mjs", USER)).unwrap());
    let of: Rc<RefCell<Weak<_>>> = Rc::default();
    let told = |result: Result<f64>| match result {
        Ok(number) => number.to_string(),
        Err(error) => error.to_string(),
    };
    let (calls, resets) = (of.clone(), Rc::downgrade(&sandbox));
    type Acts = Vec<Box<dyn Fn() -> Option<Box<dyn Fn() -> String>>>>;
    let acts: Acts = vec![
        Box::new(move || {
            let calls = calls.clone();
            Some(Box::new(move || {
                calls.borrow().upgrade().map_or("none".into(), |user| told(User::other(&*user)))
            }))
        }),
        Box::new(move || {
            let resets = resets.clone();
            Some(Box::new(move || match resets.upgrade().map(|sandbox| sandbox.reset()) {
                None => "none".into(),
                Some(Ok(())) => "reset".into(),
                Some(Err(error)) => error.to_string(),
            }))
        }),
        Box::new(|| Some(Box::new(|| panic!("on purpose")))),
    ];
    for make in &acts {
        // While the guest runs: by the guest. Afterwards: by a reset.
        let user = load();
        *of.borrow_mut() = Rc::downgrade(&user);
        *act.borrow_mut() = make();
        assert_eq!(user.dispose().unwrap(), 2.0);
        // Several are dropped at once.
        assert_eq!(user.keep().unwrap() + user.keep().unwrap(), 2.0);
        sandbox.reset().unwrap();
        *act.borrow_mut() = None;
        sandbox.reset().unwrap();
        assert_eq!(load().other().unwrap(), 3.0);
    }
    let said = said.borrow().join(" ");
    assert!(said.contains("3"), "{said}");
    assert!(said.contains("reset"), "{said}");
}

#[test]
fn handles_end_when_their_sandbox_is_dropped_or_discarded() {
    let live = Live::default();
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Tokens>(live.clone()).build().unwrap();
    let guest = sandbox.load::<dyn Guest>(script()).unwrap();
    assert_eq!(guest.make(3.0).unwrap(), 3.0);
    drop((guest, sandbox));
    assert_eq!(live.count(), 0);
}

/// The text of an error names the limit, and the call that reaches it ends.
#[test]
fn asynchronous_hosts_give_handles() {
    #[sandbox_api(host)]
    pub trait Source: Send + Sync {
        async fn open(&self, number: f64) -> Result<Handle<dyn Slow>>;
    }
    #[sandbox_api(host)]
    pub trait Slow: Send + Sync {
        async fn number(&self) -> Result<f64>;
    }
    #[sandbox_api(guest)]
    pub trait Flow {
        async fn run(&self) -> Result<f64>;
    }
    #[async_trait]
    impl Source for Live {
        async fn open(&self, number: f64) -> Result<Handle<dyn Slow>> {
            Ok(Handle::new(Numbered::new(number, self)))
        }
    }
    #[async_trait]
    impl Slow for Numbered {
        async fn number(&self) -> Result<f64> {
            Ok(self.0)
        }
    }
    let live = Live::default();
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Source>(live.clone()).build().unwrap();
    let source = "export async function run() {
        const one = await Source.open(20), two = await Source.open(1);
        const sum = await one.number() + await two.number();
        const pending = two.number();
        two[Symbol.dispose]?.();
        return sum + await pending;
    }";
    let flow = sandbox.load::<dyn Flow>(Script::new("flow.mjs", source)).unwrap();
    assert_eq!(wait(flow.run()).unwrap(), 22.0);
    drop((flow, sandbox));
    assert_eq!(live.count(), 0);
}

#[test]
fn a_fault_of_the_guest_ends_its_handles_with_the_heap() {
    let live = Live::default();
    let limits = sandbox_runtime::Limits { heap: 16 << 20, buffers: 16 << 20, ..long() };
    let sandbox = LocalSandbox::builder().limits(limits).host::<dyn Tokens>(live.clone()).build().unwrap();
    let source = "let kept; export const make = (n) => { kept = Tokens.make(n); const all = []; for (;;) all.push([n]); };
        export const lose = () => {}, litter = lose, later = async () => 0;";
    let guest = sandbox.load::<dyn Guest>(Script::new("full.mjs", source)).unwrap();
    let error = guest.make(1.0).unwrap_err();
    assert!(matches!(error, Error::Limit { .. }), "{error:?}");
    assert_eq!(live.count(), 0);
    sandbox.reset().unwrap();
    let guest = sandbox.load::<dyn Guest>(script()).unwrap();
    assert_eq!(guest.make(2.0).unwrap(), 1.0);
}
