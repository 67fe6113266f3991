//! What the README says is what is tested.

const README: &str = include_str!("../README.md");

/// The rows of the table whose header begins with `header`: the cells of the first column.
fn first_column(header: &str) -> Vec<&'static str> {
    let rows = README.lines().skip_while(|line| !line.starts_with(header)).skip(2);
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
        ("`[T; N]`, tuples, tuple structs", "array tuple pair"),
        ("`HashMap`, `BTreeMap`", "hash_map tree_map by_number by_level by_char by_tuple"),
        ("`HashSet`, `BTreeSet`", "hash_set tree_set"),
        ("`AsMap<C>`, `AsSet<C>` around a map or set", "js_map js_set"),
        ("`Bytes`, `&[u8]`", "bytes byte_list"),
        ("`Date`: milliseconds since 1970, to and from `SystemTime`", "date"),
        ("`ErrorValue`: name, message, cause", "error"),
        ("structs", "record unit_struct newtype"),
        ("enums, in every serde representation", "external adjacent internal untagged"),
        ("`Box<T>`, `Rc<T>`, `Arc<T>`", "boxed counted shared"),
        ("`serde_json::Value`", "json"),
    ];
    assert_eq!(first_column("| Rust | JavaScript |"), tested.map(|(row, _)| row));
    let values = include_str!("values.rs");
    for method in tested.iter().flat_map(|(_, methods)| methods.split(' ')) {
        assert!(values.contains(&format!("echo.{method}(")), "`{method}` is not called in values.rs");
    }
}

#[test]
fn the_table_of_engines_has_a_test_for_each_row() {
    // Each row, and the file and the function that tests it; of bugs, those that were found by reading.
    let (engines, contract, lives) =
        (include_str!("engines.rs"), include_str!("contract.rs"), include_str!("lives.rs"));
    let isolate = include_str!("../sandbox-runtime/src/isolate/tests.rs");
    let tested = [
        ("hot code", engines, "only_v8_compiles_what_is_hot"),
        ("`wall` is looked at", engines, "quickjs_looks_at_the_time_limit_every_ten_thousandth_step"),
        ("microtasks that multiply without end", engines, "microtasks_that_multiply_end_at_the_limit"),
        (
            "one huge allocation",
            engines,
            "one_allocation_beyond_the_heap_is_refused_by_quickjs_and_may_pass_in_v8",
        ),
        ("the lines above that end the process", engines, "quickjs_survives_the_lines_that_end_v8"),
        ("`buffers`", engines, "a_limit_of_buffers_alone_is_refused_by_quickjs"),
        ("a `Bytes` that goes to the guest", isolate, "bytes_are_moved_and_not_copied"),
        ("compiled scripts", engines, "quickjs_refuses_to_cache_scripts_on_disk"),
        ("the stack of a guest's error", engines, "a_guest_can_write_its_own_stack_in_quickjs"),
        (
            "messages of syntax errors, and of `import source`",
            contract,
            "a_script_that_cannot_run_says_where",
        ),
        ("`Intl`", engines, "only_v8_has_the_data_of_languages"),
        ("locale and time zone", include_str!("realm.rs"), "locale_and_time_zone_are_fixed"),
        ("`usage().heap_peak`", include_str!("usage.rs"), "buffers_and_the_heap_are_on_the_bill"),
        ("memory of a dropped sandbox", lives, "sandboxes_that_are_dropped_give_their_memory_back"),
        ("bugs of the engine", engines, "a_property_with_a_name_of_the_engine_is_data"),
    ];
    assert_eq!(first_column("| | V8 | QuickJS |"), tested.map(|(row, ..)| row));
    for (row, file, test) in tested {
        assert!(file.contains(&format!("fn {test}()")), "`{row}` is tested by `{test}`, which is not there");
    }
}

#[test]
fn the_table_of_limits_has_every_field() {
    let limits = format!("{:?}", sandbox_runtime::Limits::default());
    let rows = first_column("| limit | default; range |").join(" ");
    let fields = limits.split(['{', ',']).skip(1).filter_map(|field| field.split(':').next()).map(str::trim);
    for field in fields {
        assert!(rows.contains(&format!("`{field}`")), "`{field}` is not in the README");
    }
}
