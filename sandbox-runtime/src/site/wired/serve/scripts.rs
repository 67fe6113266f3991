//! The scripts that a peer has evaluated, by the hash of their content.
//!
//! A script that comes again, for another realm or after its handle was dropped, finds the code that the engine has compiled
//! of it. The host has computed the hash, and the peer trusts its host.

use std::collections::VecDeque;

use super::super::message::ScriptData;
use crate::script::{ContentHash, Script};

/// The most scripts that are kept, and the most bytes of their sources. The engine's code has about the size of a source.
const MOST: (usize, usize) = (64, 1 << 20);

/// The scripts of late. The one that was used last stands last.
#[derive(Default)]
pub(super) struct ScriptCache {
    scripts: VecDeque<(ContentHash, Script)>,
    bytes: usize,
}

impl ScriptCache {
    /// The script of a message: the known one of the same content, or a new one. `None` when the message has no entry.
    pub(super) fn script(&mut self, data: ScriptData<'_>) -> Option<Script> {
        let hash = data.hash;
        let known = self.scripts.iter().position(|(known, _)| *known == hash);
        let script = match known.and_then(|at| self.scripts.remove(at)) {
            Some((_, known)) => known,
            None => {
                let script = data.script()?;
                if length(&script) > MOST.1 {
                    return Some(script);
                }
                self.bytes += length(&script);
                script
            }
        };
        self.scripts.push_back((hash, script.clone()));
        while self.scripts.len() > MOST.0 || self.bytes > MOST.1 {
            let Some((_, oldest)) = self.scripts.pop_front() else { break };
            self.bytes -= length(&oldest);
        }
        Some(script)
    }
}

/// The bytes of a script's sources and of its globals.
fn length(script: &Script) -> usize {
    script.length() + script.globals().length()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(cache: &mut ScriptCache, script: &Script) -> Script {
        cache.script(ScriptData::of(script)).expect("it has an entry")
    }

    fn shares(one: &Script, other: &Script) -> bool {
        std::ptr::eq(one.entry(), other.entry())
    }

    #[test]
    fn a_script_of_the_same_content_is_known() {
        let cache = &mut ScriptCache::default();
        let first = sent(cache, &Script::new("a.js", "x"));
        assert_eq!(first, Script::new("a.js", "x"));
        assert!(shares(&first, &sent(cache, &Script::new("a.js", "x"))));
        for other in [Script::new("b.js", "x"), Script::new("a.js", "y"), Script::new("a.mjs", "x")] {
            assert!(!shares(&first, &sent(cache, &other)), "{other:?}");
        }
    }

    #[test]
    fn the_script_of_longest_ago_is_forgotten() {
        let cache = &mut ScriptCache::default();
        let script = |number: usize| Script::new(format!("{number}.js"), "x");
        let (oldest, used) = (sent(cache, &script(0)), sent(cache, &script(1)));
        (2..MOST.0).for_each(|number| _ = sent(cache, &script(number)));
        assert!(shares(&used, &sent(cache, &script(1))));
        // One more than there is room for.
        sent(cache, &script(MOST.0));
        assert!(!shares(&oldest, &sent(cache, &script(0))) && shares(&used, &sent(cache, &script(1))));
        assert_eq!((cache.scripts.len(), cache.bytes), (MOST.0, MOST.0));
    }

    #[test]
    fn a_long_script_is_not_kept() {
        let cache = &mut ScriptCache::default();
        sent(cache, &Script::new("short.js", "x"));
        sent(cache, &Script::new("long.js", "x".repeat(MOST.1 + 1)));
        let global = Script::new("long.js", "x").global("a", &"x".repeat(MOST.1)).expect("it is data");
        sent(cache, &global);
        assert_eq!((cache.scripts.len(), cache.bytes), (1, 1));
    }
}
