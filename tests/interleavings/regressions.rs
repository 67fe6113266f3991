//! What programs and reading have found, each by itself.

use std::cell::OnceCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use sandbox_runtime::{Error, Limits, LocalSandbox, Result, Sandbox, Script, sandbox_api};

use crate::driver::{Guarded, block_on};
use crate::host::{Board, Job, Store, script};
use crate::slack::long;

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[sandbox_api(host, local)]
trait Fresh {
    /// Resets the sandbox of its own guest, and answers.
    async fn reset(&self) -> Result<String>;
}

struct Resets(Rc<OnceCell<LocalSandbox>>);
#[sandbox_api(local)]
impl Fresh for Resets {
    async fn reset(&self) -> Result<String> {
        self.0.get().expect("it is built").reset()?;
        Ok("done".into())
    }
}

#[test]
fn an_async_host_method_that_resets_its_own_sandbox_ends_the_call() {
    let own = Rc::new(OnceCell::new());
    let sandbox =
        LocalSandbox::builder().limits(long()).host::<dyn Fresh>(Resets(own.clone())).build().unwrap();
    assert!(own.set(sandbox.clone()).is_ok());
    let source =
        "export async function run(input) { return Fresh.reset(); } export const now = (input) => input;";
    for _ in 0..3 {
        let job = sandbox.load::<dyn Job>(Script::new("a.js", source)).unwrap();
        let ended = block_on(job.run(""));
        assert!(matches!(ended, Err(Error::Lost { .. })), "{ended:?}");
    }
    assert_eq!(sandbox.load::<dyn Job>(script()).unwrap().now("value:1").unwrap(), "value:1");
}

#[test]
fn a_shared_sandbox_that_an_async_host_method_resets_ends_the_call() {
    #[sandbox_api(host)]
    trait Anew: Send + Sync {
        async fn reset(&self) -> Result<String>;
    }
    struct Host(Arc<std::sync::OnceLock<Sandbox>>);
    #[sandbox_api]
    impl Anew for Host {
        async fn reset(&self) -> Result<String> {
            self.0.get().expect("it is built").reset()?;
            Ok("done".into())
        }
    }
    let _guarded = Guarded::new("a reset by a host method".into(), Duration::from_secs(600));
    let own = Arc::new(std::sync::OnceLock::new());
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Anew>(Host(own.clone())).build().unwrap();
    assert!(own.set(sandbox.clone()).is_ok());
    let source =
        "export async function run(input) { return Anew.reset(); } export const now = (input) => input;";
    let job = sandbox.load::<dyn Job>(Script::new("a.js", source)).unwrap();
    let ended = block_on(job.run(""));
    assert!(matches!(ended, Err(Error::Lost { .. })), "{ended:?}");
    assert_eq!(sandbox.load::<dyn Job>(script()).unwrap().now("value:1").unwrap(), "value:1");
}

/// Tells when the guest runs.
#[sandbox_api(host)]
trait Bell: Send + Sync {
    fn ring(&self);
}
struct Rings(mpsc::SyncSender<()>);
impl Bell for Rings {
    fn ring(&self) {
        _ = self.0.send(());
    }
}

const RINGS: &str =
    "export async function run(input) { Bell.ring(); for (;;) {} } export const now = (input) => input;";

fn ringing(wall: Duration) -> (Sandbox, mpsc::Receiver<()>) {
    let (ring, rung) = mpsc::sync_channel(1);
    let limits = Limits { wall, ..Limits::default() };
    (Sandbox::builder().limits(limits).host::<dyn Bell>(Rings(ring)).build().unwrap(), rung)
}

/// A guest that runs is stopped by the drop of its call, long before its limit.
fn assert_drops_stop(sandbox: &Sandbox, rung: &mpsc::Receiver<()>) {
    let job = sandbox.load::<dyn Job>(Script::new("a.js", RINGS)).unwrap();
    let mut call = job.run("");
    assert!(poll(&mut call).is_pending());
    rung.recv().unwrap();
    let began = Instant::now();
    drop(call);
    assert_eq!(job.now("x").unwrap(), "x");
    assert!(began.elapsed() < Duration::from_secs(300), "the guest went on for {:?}", began.elapsed());
}

#[test]
fn a_reset_whose_future_is_dropped_leaves_a_sandbox_whose_calls_can_be_cancelled() {
    let (sandbox, rung) = ringing(Duration::from_secs(600));
    let mut reset = Box::pin(sandbox.reset_async());
    _ = poll(&mut reset);
    drop(reset);
    assert_drops_stop(&sandbox, &rung);
}

#[test]
fn resets_from_several_threads_leave_a_sandbox_whose_calls_can_be_cancelled() {
    let (sandbox, rung) = ringing(Duration::from_secs(600));
    for _ in 0..4 {
        std::thread::scope(|scope| (0..4).for_each(|_| _ = scope.spawn(|| sandbox.reset().unwrap())));
        assert_drops_stop(&sandbox, &rung);
    }
}

#[test]
fn a_bill_has_no_call_of_before_the_reset() {
    let board = Board::default();
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Store>(board.clone()).build().unwrap();
    let job = sandbox.load::<dyn Job>(script()).unwrap();
    let (mut one, mut other) = (job.run("hold:1"), job.run("hold:2"));
    assert!(poll(&mut one).is_pending() && poll(&mut other).is_pending());
    sandbox.reset().unwrap();
    drop(one);
    assert!(matches!(block_on(other), Err(Error::Lost { .. })));
    assert_eq!((sandbox.usage().total.calls, board.alive()), (0, 0));
}

/// What is thrown while a promise is resolved, or anywhere else, is the guest's affair: V8 must not print it.
#[test]
fn nothing_that_a_guest_throws_is_printed() {
    const CHILD: &str = "INTERLEAVINGS_CHILD";
    const TEXT: &str = "text-of-the-guest";
    if std::env::var_os(CHILD).is_none() {
        let name = "regressions::nothing_that_a_guest_throws_is_printed";
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        let output = child.args([name, "--exact", "--nocapture"]).env(CHILD, "1").output().unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        assert!(output.status.success() && said[0].contains("1 passed"), "{said:?}");
        assert!(!said.concat().contains(TEXT), "{said:?}");
        return;
    }
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Store>(Board::default()).build().unwrap();
    let getter = format!("{{ configurable: true, get() {{ throw new Error('{TEXT}'); }} }}");
    for body in [
        format!(
            "Object.defineProperty(String.prototype, 'then', {getter}); const all = Store.get('a'); await all;"
        ),
        format!(
            "Object.defineProperty(Object.prototype, 'then', {getter}); await Store.get('a'); return {{}};"
        ),
        format!("await Store.wait({{ get length() {{ throw new Error('{TEXT}'); }} }});"),
        format!("Promise.reject(new Error('{TEXT}')); return Object.defineProperty({{}}, 'then', {getter});"),
        format!("await Store.get('a'); throw new Error('{TEXT}');"),
    ] {
        let source = format!("export async function run(input) {{ {body} }} export const now = () => '';");
        let job = sandbox.load::<dyn Job>(Script::new("a.js", source)).unwrap();
        _ = block_on(job.run(""));
    }
    #[sandbox_api(host)]
    trait Gives: Send + Sync {
        async fn list(&self) -> Vec<u8>;
    }
    struct Host;
    #[sandbox_api]
    impl Gives for Host {
        async fn list(&self) -> Vec<u8> {
            vec![1]
        }
    }
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Gives>(Host).build().unwrap();
    let source = format!(
        "export async function run(input) {{ Object.defineProperty(Object.prototype, 'then', {getter}); await Gives.list(); }}
        export const now = (input) => input;"
    );
    let job = sandbox.load::<dyn Job>(Script::new("a.js", source)).unwrap();
    let thrown = block_on(job.run(""));
    assert!(matches!(&thrown, Err(Error::Guest(thrown)) if thrown.message == TEXT), "{thrown:?}");
    assert_eq!(job.now("x").unwrap(), "x");
}
