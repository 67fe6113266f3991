//! What the README and the guide say is what is tested.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const TYPES: &str = include_str!("../docs/guide/types.md");
const LIMITS: &str = include_str!("../docs/guide/limits.md");
const SMALL_ENGINE: &str = include_str!("../docs/guide/small-engine.md");

/// The rows of the table of `page` whose header begins with `header`: the cells of the first column.
fn first_column(page: &'static str, header: &str) -> Vec<&'static str> {
    let rows = page.lines().skip_while(|line| !line.starts_with(header)).skip(2);
    rows.take_while(|line| line.starts_with('|')).map(|line| line.split('|').nth(1).unwrap().trim()).collect()
}

#[test]
fn the_table_of_types_has_a_test_for_each_row() {
    // Each row, and the method of `Echo` in `values.rs` that sends the type through a guest and a host and back.
    let tested = [
        ("`bool`", "boolean"),
        ("`i8` … `i32`, `u8` … `u32`", "int8 int16 int32 uint8 uint16 uint32"),
        ("`i64`, `u64`, `i128`, `u128`, `isize`, `usize`", "int64 uint64 int128 uint128 size"),
        ("`f64`", "float64"),
        ("`f32`", "float32"),
        ("`String`, `&str`", "text"),
        ("`char`", "character"),
        ("`()`", "unit"),
        ("`Option<T>`", "option"),
        ("`Vec<T>`, slices", "list nested"),
        ("`Vec<u8>`: take `Bytes` for a Uint8Array", "numbers_of_bytes"),
        ("`[T; N]`, tuples, tuple structs", "array tuple pair"),
        ("`HashMap`, `BTreeMap`", "hash_map tree_map by_number by_level by_char by_tuple"),
        ("`HashSet`, `BTreeSet`", "hash_set tree_set"),
        ("`AsMap<C>`, `AsSet<C>` around a map or set", "js_map js_set"),
        ("`Bytes`, `&[u8]`", "bytes byte_list"),
        ("`Date`: milliseconds since 1970, to and from `SystemTime`", "date"),
        ("`SystemTime`, as serde has it: take `Date` for a Date", "system_time"),
        ("`Duration`, as serde has it: take `f64` for milliseconds", "duration"),
        ("`ErrorValue`: name, message, cause", "error"),
        ("structs", "record unit_struct newtype"),
        ("enums, in every serde representation", "external adjacent internal untagged"),
        ("`Box<T>`, `Rc<T>`, `Arc<T>`", "boxed counted shared"),
        ("`serde_json::Value`", "json"),
    ];
    // Values that stand for objects and functions are no echo: each row, and the file and the test of both directions.
    let handles = include_str!("../sandbox-worker/tests/handles.rs");
    let streams = include_str!("../sandbox-worker/tests/streams.rs");
    let alive = [
        ("`Handle<dyn Trait>`", handles, "identity_is_kept_in_both_directions"),
        (
            "`Callback<fn(A, B) -> Result<T>>`, `AsyncCallback<…>`",
            include_str!("callbacks.rs"),
            "functions_of_both_sides_are_called",
        ),
        (
            "`Stream<T>`, `Items<T>`: [values one after the other][asynchronous]",
            streams,
            "a_guest_gets_all_values_in_their_order",
        ),
    ];
    let rows = tested.map(|(row, _)| row).into_iter().chain(alive.map(|(row, ..)| row));
    assert_eq!(
        first_column(TYPES, "| Rust | JavaScript |").into_iter().collect::<BTreeSet<_>>(),
        rows.collect::<BTreeSet<_>>()
    );
    for (row, file, test) in alive {
        assert!(file.contains(&format!("fn {test}(")), "{row}: there is no test `{test}`");
    }
    let values = include_str!("values.rs");
    for method in tested.iter().flat_map(|(_, methods)| methods.split(' ')) {
        assert!(values.contains(&format!("echo.{method}(")), "`{method}` is not called in values.rs");
    }
}

#[test]
fn the_table_of_errors_has_a_row_for_each_class() {
    let file = syn::parse_file(include_str!("../sandbox-core/src/error/mod.rs")).unwrap();
    let classes = file.items.into_iter().find_map(|item| match item {
        syn::Item::Enum(item) if item.ident == "Error" => Some(item.variants),
        _ => None,
    });
    let classes = classes.unwrap().into_iter().map(|class| format!("`{}`", class.ident));
    let rows = first_column(include_str!("../docs/guide/errors.md"), "| class |");
    assert_eq!(
        rows.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(),
        classes.collect::<BTreeSet<_>>()
    );
}

#[test]
fn the_table_of_engines_has_a_test_for_each_row() {
    // Each row, and the file and the function that tests it; of bugs, those that were found by reading.
    let (engines, contract, lives) =
        (include_str!("engines.rs"), include_str!("contract.rs"), include_str!("lives.rs"));
    let isolate = include_str!("../sandbox-runtime/src/isolate/tests.rs");
    let once = include_str!("../sandbox-worker/tests/once.rs");
    let web = include_str!("../sandbox-worker/tests/web.rs");
    let nesting = include_str!("nesting.rs");
    let tested = [
        ("hot code", engines, "only_v8_compiles_what_is_hot"),
        ("`wall` is looked at", engines, "quickjs_looks_at_the_time_limit_every_ten_thousandth_step"),
        ("microtasks that multiply without end", engines, "microtasks_that_multiply_end_at_the_limit"),
        (
            "one huge allocation",
            engines,
            "one_allocation_beyond_the_heap_is_refused_by_quickjs_and_may_pass_in_v8",
        ),
        (
            "the lines of [promises][promises] that end the process",
            engines,
            "quickjs_survives_the_lines_that_end_v8",
        ),
        ("`buffers`", engines, "a_limit_of_buffers_alone_is_refused_by_quickjs"),
        ("a `Bytes` that goes to the guest", isolate, "bytes_are_moved_and_not_copied"),
        ("compiled scripts", engines, "quickjs_refuses_to_cache_scripts_on_disk"),
        (
            "the end of a [handle][handles]",
            include_str!("handle_ends.rs"),
            "a_handle_is_disposed_by_its_symbol",
        ),
        ("the stack of a guest's error", engines, "a_guest_can_write_its_own_stack_in_quickjs"),
        ("`name` and `message` of what is thrown", once, "what_is_thrown_and_what_is_no_data"),
        ("`ConsoleLine::place`", web, "only_v8_names_the_place_of_a_line"),
        ("`Error.stackTraceLimit`", engines, "a_guest_chooses_how_many_frames_an_error_has"),
        (
            "messages and columns of syntax errors, and of `import source`",
            contract,
            "a_script_that_cannot_run_says_where",
        ),
        (
            "places by a [source map][errors]",
            include_str!("../sandbox-worker/tests/source_maps.rs"),
            "only_v8_has_both_places_of_a_frame",
        ),
        ("[names of the web][web]", include_str!("web.rs"), "groups_of_v8_alone_are_refused"),
        (
            "a text of CommonJS that closes its function (`}); f(); (function () {`)",
            engines,
            "only_quickjs_runs_what_closes_a_function_of_common_js",
        ),
        (
            "a [last value][scripts] that begins with `-->`",
            include_str!("../sandbox-worker/tests/forms/attacks.rs"),
            "a_last_value_that_loads_is_no_syntax_error_later",
        ),
        ("[scripts of several files][modules]", engines, "only_v8_loads_scripts_of_several_files"),
        (
            "columns of the first line of a [last value][scripts]",
            include_str!("../sandbox-worker/tests/forms/main.rs"),
            "errors_name_the_lines_of_the_text",
        ),
        ("`Intl`", engines, "only_v8_has_the_data_of_languages"),
        ("locale and time zone", include_str!("realm.rs"), "locale_and_time_zone_are_fixed"),
        ("`usage().heap_peak`", include_str!("usage.rs"), "buffers_and_the_heap_are_on_the_bill"),
        ("memory of a dropped sandbox", lives, "sandboxes_that_are_dropped_give_their_memory_back"),
        ("sources that are nested deep", nesting, "sources_of_any_depth_end_no_process"),
        ("templates in a module", engines, "quickjs_refuses_a_module_of_very_many_substitutions"),
        ("a function that is bound again and again", engines, "quickjs_binds_a_function_five_hundred_times"),
        ("the stack of a `LocalSandbox`", engines, "quickjs_needs_a_larger_stack_of_its_callers_thread"),
        (
            "functions in functions that all call `eval`",
            nesting,
            "the_deepest_functions_that_parse_end_no_process",
        ),
        ("bugs of the engine", engines, "a_property_with_a_name_of_the_engine_is_data"),
    ];
    assert_eq!(first_column(SMALL_ENGINE, "| | V8 | QuickJS |"), tested.map(|(row, ..)| row));
    for (row, file, test) in tested {
        assert!(file.contains(&format!("fn {test}()")), "`{row}` is tested by `{test}`, which is not there");
    }
}

#[test]
fn the_table_of_limits_has_every_field() {
    let limits = format!("{:?}", sandbox_runtime::Limits::default());
    let rows = first_column(LIMITS, "| limit | default; range |").join(" ");
    let fields = limits.split(['{', ',']).skip(1).filter_map(|field| field.split(':').next()).map(str::trim);
    for field in fields {
        assert!(rows.contains(&format!("`{field}`")), "`{field}` is not in the page of limits");
    }
}

/// The documents in Markdown, from the root of the repository.
fn documents() -> Vec<String> {
    let guide = fs::read_dir("docs/guide").unwrap().map(|entry| entry.unwrap().path().display().to_string());
    let others = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/conversions.md",
        "docs/serde-v8.md",
        "docs/process.md",
    ];
    guide.chain(others.map(str::to_owned)).collect()
}

/// The targets of the links of a document.
fn targets(text: &str) -> BTreeSet<&str> {
    let inline = text.match_indices("](").map(|(at, _)| text[at + 2..].split(')').next().unwrap());
    let defined =
        text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: ")).map(|(_, target)| target);
    inline.chain(defined).collect()
}

/// Where the files of this repository are for who reads the README on crates.io, which is a page of another folder.
const FILES: &str = "https://github.com/typed-sandbox/typed-sandbox/blob/main/";

#[test]
fn links_lead_to_files_that_are_there() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for target in targets(&text) {
            let file = target.split('#').next().unwrap();
            let path = match file.strip_prefix(FILES) {
                Some(file) => Path::new(file).to_owned(),
                None if target.starts_with("http") => continue,
                None => Path::new(&document).parent().unwrap().join(file),
            };
            assert!(path.exists(), "{document}: the link to `{target}` leads nowhere");
        }
    }
}

#[test]
fn links_of_the_readme_lead_somewhere_on_crates_io() {
    for target in targets(include_str!("../README.md")) {
        assert!(
            target.starts_with("https://"),
            "README.md: `{target}` is a file of the repository alone; begin it with `{FILES}`"
        );
    }
}

#[test]
fn links_between_pages_are_defined_and_known_to_rustdoc() {
    let known = include_str!("../sandbox-runtime/src/guide.rs");
    for document in documents().into_iter().filter(|name| name == "README.md" || name.contains("guide")) {
        let text = fs::read_to_string(&document).unwrap();
        let defined = text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
        let defined: BTreeSet<&str> = defined.map(|(name, _)| name).collect();
        let used = text.match_indices("][").map(|(at, _)| text[at + 2..].split(']').next().unwrap());
        assert_eq!(used.collect::<BTreeSet<_>>(), defined, "{document}");
        for name in defined {
            assert!(
                known.contains(&format!("[{name}]: ")),
                "{document}: `guide.rs` has no target for `{name}`"
            );
        }
    }
}

#[test]
fn every_page_of_the_guide_is_a_module_and_on_the_front_page() {
    let (modules, readme) = (include_str!("../sandbox-runtime/src/guide.rs"), include_str!("../README.md"));
    for page in fs::read_dir("docs/guide").unwrap() {
        let name = page.unwrap().file_name().into_string().unwrap();
        assert!(modules.contains(&format!("\"{name}\";")), "{name} is no module of `guide`");
        assert!(readme.contains(&format!("docs/guide/{name}")), "{name} is not in the README");
    }
}

#[test]
fn the_table_of_promises_says_what_side_channels_are_left() {
    let promises = include_str!("../docs/guide/promises.md");
    let row = promises.lines().find(|line| line.starts_with("| side channels")).expect("it has a row");
    let cells = row.split('|').map(str::trim).collect::<Vec<_>>();
    let [_, promise, here, away, _] = cells[..] else { panic!("a promise and two places: {row}") };
    assert!(promise.contains("Spectre"), "{promise}");
    assert!(here.starts_with("**no**") && here.contains("`Trust::Tenants`"), "{here}");
    assert!(here.contains("frozen or coarse clock") && here.contains("no boundary"), "{here}");
    assert!(away.contains("address space of its own"), "{away}");
    assert!(away.contains("caches") && away.contains("hyperthreads"), "{away}");
}

/// The lines of a document's list of dependencies, by their crates.
fn dependencies(text: &str) -> BTreeMap<&str, &str> {
    let (_, list) = text.split_once("```toml\n").expect("it has a list");
    let list = list.split("```").next().unwrap().lines();
    list.filter_map(|line| Some((line.split_once(" = ")?.0, line.split('#').next()?.trim()))).collect()
}

#[test]
fn the_lists_of_dependencies_are_one() {
    let readme = dependencies(include_str!("../README.md"));
    let guide = dependencies(include_str!("../docs/guide/application.md"));
    assert!(readme.len() >= 4, "{readme:?}");
    for (name, line) in readme {
        assert_eq!(guide.get(name), Some(&line), "{name}");
    }
}

#[test]
fn the_address_of_v8_has_the_version_of_the_lock_file() {
    let (_, lock) =
        include_str!("../Cargo.lock").split_once("name = \"v8\"\nversion = \"").expect("it is locked");
    let version = lock.split('"').next().unwrap();
    let page = include_str!("../docs/guide/application.md");
    let named = page.split("/releases/download/v").skip(1).map(|rest| rest.split('/').next().unwrap());
    assert_eq!(named.collect::<Vec<_>>(), [version; 2], "the addresses in application.md");
}

/// The names of the `pub use` items of a module's text, without those that rustdoc hides.
fn exported(text: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut is_hidden = false;
    for statement in text.split_inclusive([';', ']']) {
        let statement = statement.trim();
        if statement.ends_with("#[doc(hidden)]") {
            is_hidden = true;
            continue;
        }
        let items = statement.rsplit_once("pub use ").map(|(_, items)| items.trim_end_matches(';'));
        if let Some(items) = items.filter(|_| !is_hidden) {
            let parts = items.split([',', '{', '}']).map(str::trim);
            let parts = parts.filter(|part| !part.is_empty() && !part.ends_with("::"));
            names.extend(parts.filter_map(|part| part.rsplit("::").next()));
        }
        is_hidden = is_hidden && !statement.ends_with(';');
    }
    names
}

#[test]
fn the_front_page_has_each_item_under_a_task() {
    const LIB: &str = include_str!("../sandbox-runtime/src/lib.rs");
    let rows = LIB
        .lines()
        .filter(|line| line.contains("| [`") || line.contains("[`sandbox_api`]"))
        .collect::<Vec<_>>()
        .join("\n");
    let exported = exported(LIB);
    assert!(exported.len() > 50 && exported.contains("Sandbox"), "{exported:?}");
    let missing = exported
        .iter()
        .filter(|name| !rows.contains(&format!("`{name}`")) && !rows.contains(&format!("({name})`")));
    assert_eq!(
        missing.collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "a row of \"Items by task\" in `sandbox-runtime/src/lib.rs` has each of these"
    );
}
