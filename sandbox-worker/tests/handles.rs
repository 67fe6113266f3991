//! Handles: objects of the host that cross as values, in all sites.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use sandbox_runtime::{
    Error, Handle, LimitKind, Limits, LocalSandbox, Result, Sandbox, SandboxPool, Script, Trust, sandbox_api,
};
use serde::{Deserialize, Serialize};
use slack::{LONG, long};

mod sites;
mod slack;

/// A file that is read in pieces.
#[sandbox_api(host)]
pub trait File: Send + Sync {
    /// The next bytes, as text.
    fn read(&self, length: u32) -> Result<String>;
    fn name(&self) -> Result<String>;
}

#[derive(Serialize, Deserialize)]
pub struct Entry {
    pub name: String,
    pub file: Option<Handle<dyn File>>,
}

#[sandbox_api(host)]
pub trait Files {
    fn open(&self, name: &str) -> Result<Handle<dyn File>>;
    fn list(&self) -> Result<Vec<Entry>>;
    /// Whether it is an object that this host has made.
    fn is_own(&self, file: Handle<dyn File>) -> Result<bool>;
}

#[sandbox_api(guest)]
pub trait Reader {
    fn run(&self, what: &str) -> Result<String>;
}

/// Counts the files that live.
#[derive(Clone, Default)]
struct Live(Arc<AtomicUsize>);

impl Live {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Waits until none lives.
    fn ends(&self, place: &str) {
        let began = Instant::now();
        while self.count() > 0 {
            assert!(began.elapsed() < LONG, "{} live {place}", self.count());
            std::thread::yield_now();
        }
    }
}

struct TextFile {
    name: String,
    at: Mutex<usize>,
    live: Live,
}

impl TextFile {
    fn new(name: &str, live: &Live) -> Self {
        live.0.fetch_add(1, Ordering::SeqCst);
        Self { name: name.into(), at: Mutex::default(), live: live.clone() }
    }
}

impl Drop for TextFile {
    fn drop(&mut self) {
        self.live.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl File for TextFile {
    fn read(&self, length: u32) -> Result<String> {
        let text = "The quick brown fox";
        let mut at = self.at.lock().unwrap();
        let from = *at;
        *at = text.len().min(from + length as usize);
        Ok(text[from..*at].to_owned())
    }

    fn name(&self) -> Result<String> {
        Ok(self.name.clone())
    }
}

struct Folder {
    shared: Arc<dyn File>,
    live: Live,
}

impl Folder {
    fn new(live: &Live) -> Self {
        Self { shared: Arc::new(TextFile::new("shared", live)), live: live.clone() }
    }
}

impl Files for Folder {
    fn open(&self, name: &str) -> Result<Handle<dyn File>> {
        Ok(match name {
            "shared" => self.shared.clone().into(),
            name => Handle::new(TextFile::new(name, &self.live)),
        })
    }

    fn list(&self) -> Result<Vec<Entry>> {
        let entry = |name: &str, file| Entry { name: name.into(), file };
        Ok(vec![entry("shared", Some(self.shared.clone().into())), entry("none", None)])
    }

    fn is_own(&self, file: Handle<dyn File>) -> Result<bool> {
        Ok(Arc::ptr_eq(&file.into_arc(), &self.shared))
    }
}

const SOURCE: &str = r#"
const error = (run) => { try { return run(); } catch (e) { return `${e.name}: ${e.message}`; } };
let kept = null;
const acts = {
  reads() { const file = Files.open("a"); return [file.read(3), file.read(6), file.name()].join("|"); },
  same() { return Files.open("shared") === Files.open("shared") && Files.open("a") !== Files.open("a"); },
  listed() { const [a, b] = Files.list(); return a.file === Files.open("shared") && b.file === null; },
  back() { return Files.isOwn(Files.open("shared")) + "," + Files.isOwn(Files.open("a")); },
  forged() {
    const file = Files.open("shared");
    const forgeries = [{}, null, 1, Object.create(file), new Proxy(file, {}), { ...file }, structure(file)];
    return forgeries.map((f) => error(() => Files.isOwn(f))).join("\n");
  },
  stolen() {
    const file = Files.open("shared");
    return [{}, Object.create(file), new Proxy(file, {}), undefined].map((o) => error(() => file.read.call(o, 1))).join("\n");
  },
  frozen() {
    "use strict";
    const file = Files.open("shared"), proto = Object.getPrototypeOf(file);
    return [Object.isFrozen(file), Object.isFrozen(proto), Object.getPrototypeOf(proto), file.constructor, Object.isFrozen(file.read)].join();
  },
  disposed() {
    const file = Files.open("a");
    file[Symbol.dispose]();
    file[Symbol.dispose]();
    return [error(() => file.read(1)), error(() => Files.isOwn(file))].join("\n");
  },
  wrong() { return error(() => Files.open("a").read("x")); },
  extra() { return Files.open("a").read(3, 77); },
  keep() { kept = Files.open("kept"); return kept.name(); },
  kept() { return kept.name(); },
  many() { for (let i = 0; i < 10000; i++) Files.open("b" + i).name(); return "done"; },
  hoards() { const all = []; for (;;) all.push(Files.open("b")); },
};
const structure = (file) => ({ read: file.read, name: file.name });
export const run = (what) => String(acts[what]());
"#;

/// Runs a part of the program in each kind of sandbox.
fn in_all(what: &str, limits: Limits, check: impl Fn(Result<String>, &Live)) {
    let script = || Script::new("files.mjs", SOURCE);
    let live = Live::default();
    {
        let local =
            LocalSandbox::builder().limits(limits).host::<dyn Files>(Folder::new(&live)).build().unwrap();
        let reader = local.load::<dyn Reader>(script()).unwrap();
        check(reader.run(what), &live);
    }
    live.ends(&format!("in this thread: {what}"));
    {
        let sandbox =
            Sandbox::builder().limits(limits).host::<dyn Files>(Folder::new(&live)).build().unwrap();
        let reader = sandbox.load::<dyn Reader>(script()).unwrap();
        check(reader.run(what), &live);
    }
    live.ends(&format!("in a thread: {what}"));
    for (site, link) in sites::links() {
        {
            let builder = Sandbox::builder().transport(link).limits(limits);
            let sandbox = builder.host::<dyn Files>(Folder::new(&live)).build().unwrap();
            let reader = sandbox.load::<dyn Reader>(script()).unwrap();
            check(reader.run(what), &live);
        }
        live.ends(&format!("{site}: {what}"));
    }
    for (trust, is_here) in
        [(Trust::Tenants, true), (Trust::SameTenant, false), (Trust::Tenants, false), (Trust::Hostile, false)]
    {
        {
            let own = live.clone();
            let builder = SandboxPool::builder().trust(trust).limits(limits).patience(LONG).slow(LONG);
            let builder = if is_here { builder } else { builder.transport(slack::worker()) };
            let pool = builder.host::<dyn Files>(move |_| Box::new(Folder::new(&own))).build().unwrap();
            let reader = pool.tenant("a").load::<dyn Reader>(script()).unwrap();
            check(reader.run(what), &live);
        }
        live.ends(&format!("in a pool of {trust:?}, here: {is_here}: {what}"));
    }
}

fn gives(what: &str, expected: &str) {
    in_all(what, long(), |result, _| assert_eq!(result.unwrap(), expected, "{what}"));
}

#[test]
fn a_guest_calls_the_methods_of_a_handle() {
    gives("reads", "The| quick|a");
}

#[test]
fn identity_is_kept_in_both_directions() {
    gives("same", "true");
    gives("listed", "true");
    gives("back", "true,false");
}

#[test]
fn nothing_else_is_a_handle() {
    in_all("forged", long(), |result, _| {
        let lines = result.unwrap();
        let lines = lines.lines().collect::<Vec<_>>();
        assert_eq!(lines.len(), 7, "{lines:?}");
        assert!(
            lines
                .iter()
                .all(|line| line.starts_with("TypeError: ") && line.contains("a File that the host gave")),
            "{lines:?}"
        );
    });
}

#[test]
fn a_method_is_called_on_its_own_object_alone() {
    in_all("stolen", long(), |result, _| {
        let lines = result.unwrap();
        assert!(lines.lines().count() == 4 && lines.lines().all(|line| line == ANOTHER_THIS), "{lines}");
    });
}

const ANOTHER_THIS: &str = "TypeError: File.read was called with another `this`: call it as a method of the object that the host gave";

#[test]
fn a_guest_cannot_change_a_handle() {
    gives("frozen", "true,true,,,true");
}

#[test]
fn a_handle_that_was_disposed_is_over() {
    in_all("disposed", long(), |result, live| {
        let lines = result.unwrap();
        let lines = lines.lines().collect::<Vec<_>>();
        assert!(lines[0].contains("File.read: the handle was disposed"), "{lines:?}");
        assert!(lines[1].contains("one that was disposed"), "{lines:?}");
        assert_eq!(live.count(), 1, "the host dropped it");
    });
}

#[test]
fn arguments_are_checked_and_no_more_are_passed() {
    in_all("wrong", long(), |result, _| {
        let text = result.unwrap();
        assert!(text.contains("File.read → length: expected an integer"), "{text}");
    });
    gives("extra", "The");
}

#[test]
fn objects_that_no_guest_has_any_more_are_dropped() {
    let limits = Limits { handles: 1_000, ..long() };
    in_all("many", limits, |result, live| {
        assert_eq!(result.unwrap(), "done");
        assert!(live.count() < 1_010, "{} of 10,000 live", live.count());
    });
}

/// `SANDBOX_HANDLES=1000000` is the whole promise.
#[test]
fn handles_that_were_lost_end_in_a_process_too() {
    const PIECE: usize = 10_000;
    let many = std::env::var("SANDBOX_HANDLES").ok().and_then(|many| many.parse().ok()).unwrap_or(PIECE);
    let live = Live::default();
    {
        let limits = Limits { handles: 1_000, cpu: LONG, ..long() };
        let builder = Sandbox::builder().transport(slack::worker()).limits(limits);
        let sandbox = builder.host::<dyn Files>(Folder::new(&live)).build().unwrap();
        let reader = sandbox.load::<dyn Reader>(Script::new("files.mjs", SOURCE)).unwrap();
        for _ in 0..many.div_ceil(PIECE) {
            assert_eq!(reader.run("many").unwrap(), "done");
            assert!(live.count() < 1_010, "{} live", live.count());
        }
    }
    live.ends("in a process");
}

#[test]
fn there_is_a_limit_of_handles() {
    let limits = Limits { handles: 50, ..long() };
    in_all("hoards", limits, |result, live| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Handles, .. }), "{error:?}");
        let text = "more than 50 handles of hosts and guests were live at once (`Limits::handles`), of which the host held 0 of \
                    guests: let the host drop handles that it keeps and guests dispose theirs, or call `reset`";
        assert!(error.to_string().contains(text), "{error}");
        assert!(live.count() <= 52, "{}", live.count());
    });
}

#[test]
fn a_handle_lives_until_a_reset() {
    let live = Live::default();
    let sandbox =
        LocalSandbox::builder().limits(long()).host::<dyn Files>(Folder::new(&live)).build().unwrap();
    let reader = sandbox.load::<dyn Reader>(Script::new("files.mjs", SOURCE)).unwrap();
    assert_eq!(reader.run("keep").unwrap(), "kept");
    assert_eq!(reader.run("kept").unwrap(), "kept");
    assert_eq!(live.count(), 2);
    sandbox.reset().unwrap();
    assert_eq!(live.count(), 1);
}

#[test]
fn no_other_format_has_handles() {
    let file = Handle::<dyn File>::new(TextFile::new("a", &Live::default()));
    let error = serde_json::to_string(&file).unwrap_err().to_string();
    assert!(error.contains("a handle of `File` crosses as an argument or a result"), "{error}");
    let error = serde_json::from_str::<Handle<dyn File>>("null").unwrap_err().to_string();
    assert!(error.contains("a handle of `File` is read from a guest's value"), "{error}");
    let again = file.clone();
    assert!(again.is_same(&file));
}
