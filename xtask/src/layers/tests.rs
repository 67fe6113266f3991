//! The layers of the published crates hold, and the reader of `use` lines finds what it looks for.

use super::*;

#[test]
fn arrows_go_down() {
    for (name, layers) in CRATES {
        let graph = Graph::of(workspace(), name).unwrap();
        let upward = graph.upward(layers);

        assert_eq!(upward, Vec::<String>::new(), "{name}: `cargo xtask layers` prints all");
    }
}

#[test]
fn circles_are_small() {
    for (name, _) in CRATES {
        let graph = Graph::of(workspace(), name).unwrap();
        let largest = graph.circles().first().map_or(0, Vec::len);
        assert!(
            largest <= MOST_IN_CIRCLE,
            "{name}: a circle of {largest} files: `cargo xtask layers` prints its arrows"
        );
        assert_eq!(graph.circles_of_folders(), Vec::<Vec<String>>::new(), "{name}");
    }
}

fn graph(files: &[(&str, &str)]) -> Graph {
    let texts = files.iter().map(|(file, text)| {
        let file = PathBuf::from(file);
        (module_of(&file), (file, (*text).to_owned()))
    });
    Graph::of_texts(texts.collect())
}

#[test]
fn names_are_followed_to_where_they_are_defined() {
    let graph = graph(&[
        ("lib.rs", "mod a;\nmod b;\nmod c;\n"),
        ("a.rs", "//! use crate::c::C;\nuse crate::b::{self, inner::Deep as Other, Thing};\n"),
        ("b/mod.rs", "pub(crate) mod inner;\npub(crate) use inner::Thing;\n"),
        ("b/inner.rs", "pub(crate) struct Thing;\nfn f() { let text = \"crate::a\"; crate::c::call(); }\n"),
        ("c.rs", "mod d { use super::X; }\n#[cfg(test)]\nmod tests { use crate::a::A; }\n"),
    ]);
    let arrows = graph.arrows().map(|(from, to)| format!("{} {}", graph.file(from), graph.file(to)));
    assert_eq!(arrows.collect::<Vec<_>>(), ["a.rs b/mod.rs", "a.rs b/inner.rs", "b/inner.rs c.rs"]);
    assert_eq!(graph.circles(), Vec::<Vec<String>>::new());
    let layers: Layers = &[("b", "upper"), ("a c", "lower")];
    assert_eq!(
        graph.upward(layers),
        [
            "a.rs → b/mod.rs: the layer \"lower\" does not use the layer \"upper\"",
            "a.rs → b/inner.rs: the layer \"lower\" does not use the layer \"upper\""
        ]
    );
}

#[test]
fn circles_of_files_and_of_folders_are_found() {
    let graph = graph(&[
        ("a/mod.rs", "use crate::b::x::X;"),
        ("b/mod.rs", ""),
        ("a/y.rs", ""),
        ("b/x.rs", "use crate::a::y::Y;"),
        ("b/z.rs", "use super::x::X; use super::w::W;"),
        ("b/w.rs", "use super::z::Z;"),
    ]);
    assert_eq!(graph.circles(), [["b/w.rs", "b/z.rs"]]);
    assert_eq!(graph.circles_of_folders(), [["a", "b"]]);
}
