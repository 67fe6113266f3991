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
        ("`Bytes`, `&[u8]`", "bytes byte_list"),
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
fn the_table_of_limits_has_every_field() {
    let limits = format!("{:?}", sandbox_runtime::Limits::default());
    let rows = first_column("| limit | default; range |").join(" ");
    let fields = limits.split(['{', ',']).skip(1).filter_map(|field| field.split(':').next()).map(str::trim);
    for field in fields {
        assert!(rows.contains(&format!("`{field}`")), "`{field}` is not in the README");
    }
}
