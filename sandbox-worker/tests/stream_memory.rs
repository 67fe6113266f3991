//! Streams of buffers, longer than all buffers may be together: those that were read are collected on the way, at every site.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]
#![cfg_attr(feature = "quickjs", allow(unused, reason = "buffers are a part of the heap there"))]

#[macro_use]
mod sites;
mod slack;

use futures_util::{StreamExt as _, stream};
use sandbox_runtime::{Bytes, Items, Limits, Result, Script, Stream, sandbox_api};
use slack::{LONG, long};

const PIECE: usize = 64 << 10;
/// The pieces of a stream: 32 MiB.
const COUNT: u32 = 512;
/// The buffers of a guest that are in use at once, at most.
const MOST: u64 = 6 << 20;

#[sandbox_api(host)]
pub trait Pieces: Send + Sync {
    async fn give(&self, count: u32) -> Result<Stream<Bytes>>;
    async fn take(&self, pieces: Stream<Bytes>) -> Result<f64>;
    fn items(&self, count: u32) -> Result<Items<Bytes>>;
    fn take_items(&self, pieces: Items<Bytes>) -> Result<f64>;
}

struct Host;

fn pieces(count: u32) -> impl Iterator<Item = Result<Bytes>> {
    (0..count).map(|_| Ok(Bytes::new(vec![1; PIECE])))
}

#[sandbox_api]
impl Pieces for Host {
    async fn give(&self, count: u32) -> Result<Stream<Bytes>> {
        Ok(Stream::new(stream::iter(pieces(count))))
    }
    async fn take(&self, mut pieces: Stream<Bytes>) -> Result<f64> {
        let mut sum = 0;
        while let Some(piece) = pieces.next().await {
            sum += piece?.len();
        }
        Ok(sum as f64)
    }
    fn items(&self, count: u32) -> Result<Items<Bytes>> {
        Ok(Items::new(pieces(count)))
    }
    fn take_items(&self, pieces: Items<Bytes>) -> Result<f64> {
        Ok(pieces.map(|piece| piece.map(|piece| piece.len())).sum::<Result<usize>>()? as f64)
    }
}

#[sandbox_api(guest)]
pub trait Reader {
    async fn run(&self, name: &str, count: u32) -> Result<f64>;
}

const SCRIPT: &str = "
function* pieces(count) { for (let i = 0; i < count; i++) yield new Uint8Array(65536).fill(1); }
async function* awaited(count) { yield* pieces(count); }
const kept = [];
const ways = {
    give: async (count) => { let sum = 0; for await (const piece of await Pieces.give(count)) sum += piece.length; return sum; },
    take: (count) => Pieces.take(awaited(count)),
    items: (count) => { let sum = 0; for (const piece of Pieces.items(count)) sum += piece.length; return sum; },
    takeItems: (count) => Pieces.takeItems(pieces(count)),
    keep: async (count) => { for await (const piece of await Pieces.give(count)) kept.push(piece); return kept.at(-1)[0]; },
};
export const run = async (name, count) => ways[name](count);";

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(feature = "quickjs", ignore = "buffers are a part of the heap there")]
async fn a_long_stream_of_buffers_keeps_few_of_them() {
    let limits = Limits { cpu: LONG, ..long() };
    alike!(|site| site.limits(limits).host::<dyn Pieces>(Host), |sandbox| {
        let guest = sandbox.load_async::<dyn Reader>(Script::new("pieces.mjs", SCRIPT)).await.unwrap();
        let mut sums = Vec::new();
        for name in ["give", "take", "items", "takeItems"] {
            sums.push(guest.run(name, COUNT).await.unwrap());
            let peak = sandbox.usage().last.buffers_peak;
            assert!(peak <= MOST, "{name}: {peak} bytes at once");
        }
        assert!(sums.iter().all(|sum| *sum == f64::from(COUNT) * PIECE as f64), "{sums:?}");
        sums
    });
}

/// Buffers that the guest keeps are not taken away, up to the limit.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(feature = "quickjs", ignore = "buffers are a part of the heap there")]
async fn a_guest_can_keep_the_buffers_of_a_stream() {
    let limits = Limits { cpu: LONG, ..long() };
    alike!(|site| site.limits(limits).host::<dyn Pieces>(Host), |sandbox| {
        let guest = sandbox.load_async::<dyn Reader>(Script::new("pieces.mjs", SCRIPT)).await.unwrap();
        let last = guest.run("keep", COUNT).await.unwrap();
        let peak = sandbox.usage().last.buffers_peak;
        assert!(peak >= u64::from(COUNT) * PIECE as u64, "{peak} bytes at once");
        last
    });
}
