//! The contracts of the programs, and a host whose answers the program gives.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::stream;
use sandbox_runtime::{
    AsyncCallback, Callback, Cancellation, Error, Items, Result, Script, Stream, sandbox_api,
};

#[sandbox_api(guest)]
pub trait Job {
    async fn run(&self, input: &str) -> Result<String>;
    fn now(&self, input: &str) -> Result<String>;
}

/// The guest of [`Job`], which listens to the end of its call.
#[sandbox_api(guest)]
pub trait Watched {
    async fn watched(&self, input: &str, ends: Cancellation) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Store: Send + Sync {
    /// Answers at once.
    async fn get(&self, tag: &str) -> String;
    /// Answers when the program says so.
    async fn wait(&self, tag: &str) -> Result<String>;
    fn touch(&self, tag: &str) -> String;
    /// As `wait`, until the guest has no more use for it.
    async fn held(&self, tag: &str, ends: Cancellation) -> Result<String>;
    /// The numbers from 0 to 5. The odd ones come when the program says so.
    async fn rows(&self, tag: &str) -> Stream<u32>;
    /// Waits, and calls the function twice.
    async fn ring(&self, bell: AsyncCallback<fn(u32) -> Result<String>>, tag: &str) -> Result<String>;
    fn items(&self) -> Items<u32>;
    /// Calls the function twice.
    fn apply(&self, bell: Callback<fn(u32) -> Result<String>>) -> Result<String>;
}

/// An input is `<what>:<tag>`; a right answer is the input.
const SOURCE: &str = "const kept = [];
    const right = (is, input) => { if (!is) throw new Error('mixed up'); return input; };
    export async function run(input) {
        const [what, tag] = input.split(':');
        switch (what) {
            case 'value': return input;
            case 'get': return right(await Store.get(tag) === `<${tag}>`, input);
            case 'many': for (let i = 0; i < 8; i++) right(await Store.get(tag) === `<${tag}>`); return input;
            case 'hold': return right(await Store.wait(tag) === `(${tag})`, input);
            case 'twice': await Store.wait(tag); await null; return right(await Store.wait(tag) === `(${tag})`, input);
            case 'all': return right((await Promise.all([0, 1, 2].map(() => Store.wait(tag)))).length === 3, input);
            case 'race': await Promise.race([Store.wait(tag), Store.get(tag)]); return input;
            case 'flood': for (let i = 0; i < 9; i++) Store.wait(tag).catch(() => {}); await Store.get(tag); return input;
            case 'rows': { let sum = 0; for await (const row of await Store.rows(tag)) sum += row; return right(sum === 15, input); }
            case 'leave': for await (const row of await Store.rows(tag)) if (row === 2) break; return input;
            case 'ring': return right(await Store.ring(async (n) => n + await Store.get(tag), tag) === `0<${tag}>1<${tag}>`, input);
            case 'nest': {
                const inner = async (n) => n + (await Store.get(tag)) + Store.apply((m) => Store.touch(tag) + m + [...Store.items()].length);
                return right((await Store.ring((n) => n ? inner(n) : Store.ring(inner, tag), tag)).length > 50, input);
            }
            case 'abort': {
                const ends = new AbortController();
                const held = Store.held(tag, ends.signal).catch((reason) => reason);
                await Store.get(tag);
                ends.abort(input);
                const got = await held;
                return right(got === input || got === `(${tag})` || got.message === 'refused', input);
            }
            case 'never': return new Promise(() => {});
            case 'keep': await new Promise((resolve) => kept.push(resolve)); await Store.get(tag); return input;
            case 'tell': kept.splice(0).forEach((resolve) => resolve()); return input;
            case 'throw': await null; throw new RangeError(input);
            case 'loop': for (;;) {}
            case 'late': await Store.wait(tag); for (;;) {}
            case 'spin': for (;;) await null;
            case 'bomb': { await null; const all = []; for (;;) all.push(new Array(1000).fill(all.length)); }
        }
        throw new Error('unknown');
    }
    export async function watched(input, signal) {
        const tag = input.split(':')[1];
        const told = [];
        signal.addEventListener('abort', () => { told.push(Store.touch(tag), Store.get(tag), Store.held(tag, signal).catch(() => {})); });
        signal.onabort = () => { kept.splice(0).forEach((resolve) => resolve()); throw new RangeError('of a listener'); };
        const answer = await run(input);
        return right(told.length === 0, answer);
    }
    export function now(input) {
        const [what, tag] = input.split(':');
        switch (what) {
            case 'value': return input;
            case 'get': return right(Store.touch(tag) === `[${tag}]`, input);
            case 'tell': kept.splice(0).forEach((resolve) => resolve()); return input;
            case 'ring': return right(Store.apply((n) => Store.touch(tag) + n) === `[${tag}]0[${tag}]1`, input);
            case 'nest': return right(Store.apply((n) => Store.apply((m) => m + [...Store.items()].join('') + now(`value:${n}`))).length > 40, input);
            case 'throw': throw new RangeError(input);
            case 'loop': for (;;) {}
        }
        throw new Error('unknown');
    }";

pub fn script() -> Script {
    Script::new("job.js", SOURCE)
}

/// The host methods that have not answered.
#[derive(Clone, Default)]
pub struct Board {
    slots: Arc<Mutex<Slots>>,
    /// Futures that live.
    alive: Arc<AtomicUsize>,
    emptied: Arc<Condvar>,
}

#[derive(Default)]
struct Slots {
    next: u64,
    waiting: BTreeMap<u64, Slot>,
    /// Everything answers at once.
    is_open: bool,
}

struct Slot {
    tag: String,
    answer: Option<bool>,
    waker: Option<Waker>,
}

/// A host method that waits. It is off the board when it is dropped.
struct Held {
    board: Board,
    key: u64,
}

impl Board {
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold(&self, tag: &str) -> Held {
        self.alive.fetch_add(1, Ordering::SeqCst);
        let mut slots = self.slots();
        slots.next += 1;
        let (key, tag) = (slots.next, tag.to_owned());
        slots.waiting.insert(key, Slot { tag, answer: None, waker: None });
        Held { board: self.clone(), key }
    }

    /// How many futures live.
    pub fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }

    /// Waits until none lives.
    pub fn wait_until_empty(&self) {
        let slots = self.emptied.wait_while(self.slots(), |_| self.alive() > 0);
        drop(slots);
    }

    /// How many of a call do.
    pub fn of(&self, tag: &str) -> usize {
        self.slots().waiting.values().filter(|slot| slot.tag == tag).count()
    }

    /// Answers one that waits, if one does.
    pub fn answer(&self, nth: usize, how: bool) {
        let waker = {
            let mut slots = self.slots();
            let count = slots.waiting.len().max(1);
            let slot = slots.waiting.values_mut().nth(nth % count);
            slot.and_then(|slot| {
                slot.answer.get_or_insert(how);
                slot.waker.take()
            })
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// From now on everything is answered.
    pub fn open(&self) {
        let wakers = {
            let mut slots = self.slots();
            slots.is_open = true;
            slots.waiting.values_mut().filter_map(|slot| slot.waker.take()).collect::<Vec<_>>()
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Future for Held {
    type Output = bool;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let mut slots = self.board.slots();
        let is_open = slots.is_open;
        let slot = slots.waiting.get_mut(&self.key).expect("it is on the board");
        match slot.answer.or(is_open.then_some(true)) {
            Some(answer) => Poll::Ready(answer),
            None => {
                slot.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let slot = {
            let mut slots = self.board.slots();
            self.board.alive.fetch_sub(1, Ordering::SeqCst);
            self.board.emptied.notify_all();
            slots.waiting.remove(&self.key)
        };
        drop(slot);
    }
}

#[sandbox_api]
impl Store for Board {
    async fn get(&self, tag: &str) -> String {
        format!("<{tag}>")
    }
    async fn wait(&self, tag: &str) -> Result<String> {
        match self.hold(tag).await {
            true => Ok(format!("({tag})")),
            false => Err(Error::public("refused")),
        }
    }
    fn touch(&self, tag: &str) -> String {
        format!("[{tag}]")
    }
    async fn held(&self, tag: &str, _: Cancellation) -> Result<String> {
        self.wait(tag).await
    }
    async fn rows(&self, tag: &str) -> Stream<u32> {
        let (board, tag) = (self.clone(), tag.to_owned());
        Stream::new(stream::unfold(0, move |row: u32| {
            let (board, tag) = (board.clone(), tag.clone());
            async move {
                let is_there = row.is_multiple_of(2) || board.hold(&tag).await;
                let item = if is_there { Ok(row) } else { Err(Error::public("refused")) };
                (row < 6).then_some((item, row + 1))
            }
        }))
    }
    async fn ring(&self, bell: AsyncCallback<fn(u32) -> Result<String>>, tag: &str) -> Result<String> {
        self.wait(tag).await?;
        Ok(bell.call(0).await? + &bell.call(1).await?)
    }
    fn items(&self) -> Items<u32> {
        Items::new((0..9).map(Ok))
    }
    fn apply(&self, bell: Callback<fn(u32) -> Result<String>>) -> Result<String> {
        Ok(bell.call(0)? + &bell.call(1)?)
    }
}
