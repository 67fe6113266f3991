//! The others: sandboxes that have nothing to do with a case and must not notice it.

use sandbox_runtime::{Engine, Error, Intrinsics, LimitKind, Script};

use super::graph;
use super::host::{Look, Tenant, Transport};

/// Uses the contracts with literals only, so that it says the same in any realm, however it was changed.
const ALIVE: &str = "export const attack = () => `${Tool.add(40, 2)} ${Tool.echo('e')} ${Tool.make()[1]} ${Vault.sum([1, 2])}`;";

/// What it says.
const ALIVE_SAYS: &str = "42 e null 3";

/// A sandbox that was there before the cases of its thread, and what a realm looks like.
pub(crate) struct Neighbour {
    tenant: Tenant,
    look: Box<dyn Look>,
    lines: String,
}

impl Neighbour {
    pub(crate) fn new() -> Self {
        let (tenant, look) = fresh().expect("a sandbox before all cases");
        let lines = look.all_lines().expect("its graph");
        Self { tenant, look, lines }
    }

    /// What is wrong with this one, and with one that is made now.
    pub(crate) fn findings(&self) -> Vec<String> {
        let mut findings = self.differences("the tenant before", &self.tenant, &*self.look);
        match fresh() {
            Ok((tenant, look)) => findings.extend(self.differences("the next tenant", &tenant, &*look)),
            Err(error) => findings.push(format!("no sandbox can be made any more: {error}")),
        }
        findings
    }

    fn differences(&self, who: &str, tenant: &Tenant, look: &dyn Look) -> Vec<String> {
        let mut findings =
            alive(tenant).err().map(|says| format!("{who} {says}")).into_iter().collect::<Vec<_>>();
        match patiently(|| look.all_lines()) {
            // QuickJS does not always list all properties of what the host made.
            Ok(lines) if lines == self.lines || Engine::CURRENT == Engine::QuickJs => {}
            Ok(lines) => findings.push(format!("{who} sees: {}", graph::difference(&self.lines, &lines))),
            Err(error) => findings.push(format!("{who} cannot look around: {error}")),
        }
        findings
    }
}

fn fresh() -> Result<(Tenant, Box<dyn Look>), Error> {
    let tenant = Tenant::new(Transport::Local, super::slack::long(), Intrinsics::Open)?;
    let look = tenant.looker(graph::script())?;
    Ok((tenant, look))
}

/// Tries again when the time was up: the limits of a case are tight, and the machine may be busy with others.
pub(crate) fn patiently<T>(mut attempt: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    const TRIES: usize = 10;
    for _ in 1..TRIES {
        match attempt() {
            Err(Error::Limit { kind: LimitKind::Wall, .. }) => {}
            other => return other,
        }
    }
    attempt()
}

/// Whether a guest of this sandbox can still use its contracts.
pub(crate) fn alive(tenant: &Tenant) -> Result<(), String> {
    let loaded = patiently(|| tenant.load(Script::new("alive.mjs", ALIVE)));
    let answer = loaded.and_then(|()| patiently(|| tenant.call(|guest| guest.attack())));
    match answer {
        Ok(says) if says == ALIVE_SAYS => Ok(()),
        other => Err(format!("answers {other:?}")),
    }
}
