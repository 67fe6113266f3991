//! Everything that a guest can reach, against `golden/graph.txt`.

use sandbox_runtime::Script;

/// The script that walks a realm.
pub(crate) fn script() -> Script {
    Script::new("graph.mjs", include_str!("graph.js"))
}

/// The lines of one text that the other does not have.
pub(crate) fn added(before: &str, after: &str) -> Vec<String> {
    let before = before.lines().collect::<std::collections::BTreeSet<_>>();
    after.lines().filter(|line| !before.contains(line)).map(str::to_owned).collect()
}

/// The lines that only one of two texts has: `-` the first, `+` the second.
pub(crate) fn difference(old: &str, new: &str) -> String {
    let marked =
        |mark: &'static str, lines: Vec<String>| lines.into_iter().map(move |line| format!("{mark}{line}\n"));
    marked("-", added(new, old)).chain(marked("+", added(old, new))).collect()
}

#[cfg(not(sandbox_leaky))]
mod golden {
    use sandbox_runtime::{Intrinsics, Limits};

    use super::{difference, script};
    use crate::host::{Tenant, Transport};

    const HEAD: &str = "The objects that a guest can reach, and what they hold; written by `BLESS=1 cargo test --test escape`.\n";

    /// What an engine adds is safe to give to a guest once somebody has looked at it. What V8 has only when it was built
    /// with Temporal is left out.
    #[test]
    #[cfg_attr(
        feature = "quickjs",
        ignore = "QuickJS does not always list all properties of what the host made"
    )]
    fn the_graph_is_the_one_that_was_looked_at() {
        assert_looked_at(Transport::Local, "graph.txt");
    }

    /// With all names of the web.
    #[test]
    #[cfg_attr(feature = "quickjs", ignore = "QuickJS does not have all of them")]
    fn the_graph_with_the_web_is_the_one_that_was_looked_at() {
        assert_looked_at(Transport::Web, "graph_web.txt");
    }

    fn assert_looked_at(transport: Transport, name: &str) {
        crate::secrets::prepare();
        let tenant = Tenant::new(transport, Limits::default(), Intrinsics::Open).expect("a sandbox");
        let look = tenant.looker(script()).expect("the script that looks around");
        let found = look.all_lines().expect("the graph");
        let found = found.lines().filter(|line| !line.contains("Temporal")).collect::<Vec<_>>();
        let found = format!("{HEAD}{}\n", found.join("\n"));
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, found).expect("the golden can be written");
            return;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        let difference = difference(&expected, &found);
        assert!(
            difference.is_empty(),
            "tests/golden/{name} differs:\n{difference}Is it safe to give to a guest? Then: BLESS=1 cargo test --test escape"
        );
        assert_eq!(
            look.problems().expect("what is wrong"),
            "",
            "objects of another realm, or contracts that can be changed"
        );
    }

    #[test]
    #[cfg_attr(
        feature = "quickjs",
        ignore = "QuickJS does not always list all properties of what the host made"
    )]
    fn the_graph_of_a_further_realm_is_the_same() {
        crate::secrets::prepare();
        for transport in [Transport::Local, Transport::Thread] {
            let tenant = Tenant::new(transport, Limits::default(), Intrinsics::Open).expect("a sandbox");
            let look = tenant.looker(script()).expect("the script that looks around");
            let further = tenant.looker_of_a_realm(script()).expect("the script that looks around");
            let (first, found) =
                (look.all_lines().expect("the graph"), further.all_lines().expect("the graph"));
            assert_eq!(difference(&first, &found), "");
            assert_eq!(further.problems().expect("what is wrong"), "");
        }
    }
}

/// The walk sees the host's realm when it is there.
#[cfg(sandbox_leaky)]
#[test]
fn the_walk_finds_the_realm_of_the_host() {
    use crate::host::{Tenant, Transport};
    let tenant =
        Tenant::new(Transport::Local, sandbox_runtime::Limits::default(), sandbox_runtime::Intrinsics::Open)
            .expect("a sandbox");
    let look = tenant.looker(script()).expect("the script that looks around");
    let (lines, problems) = (look.all_lines().expect("the graph"), look.problems().expect("what is wrong"));
    assert!(lines.contains("WebAssembly.Module.customSections: function"), "the walk stops early");
    assert!(problems.contains("Tool.add is of another realm"), "{problems}");
    assert!(problems.contains("Tool can be replaced"), "{problems}");
}
