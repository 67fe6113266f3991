//! The costs of the names of the web in a realm, beside a realm without them.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use sandbox_benches::contracts::First;
use sandbox_benches::ours::{called_sandbox, every_name, first, reading};
use sandbox_benches::pair::{Pairs, timed};
use sandbox_runtime::{LocalRealm, LocalSandbox, Script, Web};

fn called(sandbox: &LocalSandbox, script: Script) -> LocalRealm {
    let realm = sandbox.realm().unwrap();
    assert_eq!(realm.load::<dyn First>(script).unwrap().add(2.0, 3.0).unwrap(), 5.0);
    realm
}

fn main() {
    let mut pairs = Pairs::new("web");
    // V8 is started with this project's flags.
    drop(called_sandbox());
    let (without, with) = (LocalSandbox::builder(), LocalSandbox::builder().web(Web::node()));
    let (without, with) = (without.build().unwrap(), with.build().unwrap());
    let scripts = [
        ("web/unread", first()),
        ("web/read", every_name()),
        ("web/encoding", reading("new TextEncoder(); new TextDecoder();")),
        ("web/url", reading("new URL('a:');")),
        ("web/clone", reading("structuredClone(1);")),
        ("web/signals", reading("new AbortController();")),
        ("web/timers", reading("setTimeout;")),
        ("web/crypto", reading("crypto.randomUUID();")),
    ];
    for (id, script) in scripts {
        pairs.add(id, timed(|| called(&with, script.clone())), timed(|| called(&without, first())));
    }
    pairs.finish();
}
