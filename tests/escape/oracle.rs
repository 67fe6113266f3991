//! The one judge of all cases.

use std::time::{Duration, Instant};

use sandbox_runtime::testing::canary;
use sandbox_runtime::{Error, LimitKind, Result};

use super::corpus::{Case, Outcome};
use super::graph;
use super::host::{Look, Tenant, Transport};
use super::secrets;
use super::slack::is_in_time;
use super::tenants::{self, Neighbour};

/// How much later than at its limit a call may end, on a quiet machine.
const SLACK: Duration = Duration::from_secs(2);

/// What became of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    /// What it gained, and must not have.
    pub(crate) gained: Vec<String>,
    /// The case itself used what it gained; the rest was found by a look around.
    pub(crate) used_it: bool,
    /// What is not as the case says itself.
    pub(crate) unexpected: Vec<String>,
    pub(crate) took: Duration,
}

/// Runs a case, and looks at everything that it could have changed.
pub(crate) fn judge(case: &Case, transport: Transport, neighbour: &Neighbour) -> Verdict {
    let mut verdict = Verdict::default();
    let tenant =
        Tenant::new(transport, case.limits(), case.intrinsics).expect("a sandbox with the limits of a case");
    let look = tenants::patiently(|| tenant.looker(graph::script())).expect("the script that looks around");
    let before = tenants::patiently(|| look.problems()).expect("what there is to see before");
    let called = canary::calls_here();
    let started = Instant::now();
    let outcome = run(case, &tenant);
    verdict.took = started.elapsed();
    if canary::calls_here() != called {
        verdict.gained.push("the undeclared op was called".into());
    }
    verdict.gained.extend(said(&outcome));
    verdict.used_it = !verdict.gained.is_empty();
    verdict.unexpected.extend(not_as_declared(case, &outcome, verdict.took));
    let goes_on = outcome.as_ref().err().is_none_or(|error| !error.is_final());
    verdict.gained.extend(goes_on.then(|| aftermath(case, &tenant, &*look, &before)).into_iter().flatten());
    drop((look, tenant));
    verdict.gained.extend(neighbour.findings());
    #[cfg(not(sandbox_leaky))]
    verdict.gained.extend(before.lines().map(|problem| format!("before it ran: {problem}")));
    verdict
}

/// What a case left behind in a sandbox that can be called again.
fn aftermath(case: &Case, tenant: &Tenant, look: &dyn Look, before: &str) -> Vec<String> {
    let mut findings = match tenants::patiently(|| look.problems()) {
        Ok(after) => graph::added(before, &after),
        // It was ended for its time with a heap that was all but full.
        Err(error) if error.is_final() && case.expected.contains(&Outcome::Heap) => return Vec::new(),
        Err(error) => vec![format!("its graph cannot be walked: {error}")],
    };
    findings.extend(tenants::alive(tenant).err().map(|says| format!("the sandbox {says}")));
    findings
}

/// All that the guest says.
fn run(case: &Case, tenant: &Tenant) -> Result<String> {
    let said = if case.is_awaited() {
        tenant.load_and_await(case.script())?
    } else {
        tenant.load(case.script())?;
        tenant.call(|guest| guest.attack())?
    };
    Ok(said + "\n" + &tenant.call(|guest| guest.later())?)
}

/// What is wrong with what a guest said.
fn said(outcome: &Result<String>) -> Vec<String> {
    let (shown, all) = match outcome {
        Ok(said) => (said.clone(), said.clone()),
        Err(error) => (error.to_string(), format!("{error} {error:?}")),
    };
    let mut findings = Vec::new();
    findings.extend(shown.lines().find(|line| line.contains("ESCAPED: ")).map(str::to_owned));
    if all.contains(secrets::of_file()) {
        findings.push("the canary file was read".into());
    }
    if shown.contains(secrets::HOST_TEXT) {
        findings.push("the guest has the text of a host's error".into());
    }
    findings
}

fn not_as_declared(case: &Case, outcome: &Result<String>, took: Duration) -> Option<String> {
    let Some(found) = outcome_of(outcome) else {
        return Some(format!("it ended as nothing should: {outcome:?}"));
    };
    if !case.expected.contains(&found) {
        return Some(format!("expected {:?}, got {outcome:?}", case.expected));
    }
    if let Some(says) = case.says.as_ref().filter(|says| !has_said(outcome, says)) {
        return Some(format!("it does not say `{says}`, but {outcome:?}"));
    }
    let late = case.limits().wall + SLACK;
    (!is_in_time(took, late)).then(|| format!("it took {took:?}, and not {late:?}"))
}

/// Whether all that was returned is this text, or an error has it.
fn has_said(outcome: &Result<String>, says: &str) -> bool {
    match outcome {
        Ok(said) => said.trim() == says,
        Err(error) => error.to_string().contains(says),
    }
}

fn outcome_of(outcome: &Result<String>) -> Option<Outcome> {
    Some(match outcome {
        Ok(_) => Outcome::Ok,
        Err(Error::Guest(_)) => Outcome::Guest,
        Err(Error::Syntax { .. }) => Outcome::Syntax,
        Err(Error::Mismatch { .. }) => Outcome::Mismatch,
        Err(Error::Value(_)) => Outcome::Value,
        Err(Error::Limit { kind: LimitKind::Wall, .. }) => Outcome::Wall,
        Err(Error::Limit { kind: LimitKind::Heap, .. }) => Outcome::Heap,
        Err(Error::Limit { kind: LimitKind::Stack, .. }) => Outcome::Stack,
        Err(Error::Limit { kind: LimitKind::Pending, .. }) => Outcome::Pending,
        Err(_) => return None,
    })
}
