//! The guide: one page for each task. Begin with [`getting_started`].
//!
//! The pages are the files of `docs/guide`, and each example in them is tested.

/// The targets of the links between pages, which are files where the pages are read in the repository.
macro_rules! links {
    () => {
        concat!(
            "[advisories]: crate::guide::advisories\n",
            "[application]: crate::guide::application\n",
            "[asynchronous]: crate::guide::asynchronous\n",
            "[contracts]: crate::guide::contracts\n",
            "[deno-core-example]: https://github.com/typed-sandbox/typed-sandbox/blob/main/examples/deno_core.rs\n",
            "[descriptions]: crate::guide::descriptions\n",
            "[error-type]: crate::Error\n",
            "[errors]: crate::guide::errors\n",
            "[fetch]: https://github.com/typed-sandbox/typed-sandbox/blob/main/docs/guide/fetch.md\n",
            "[getting-started]: crate::guide::getting_started\n",
            "[glossary]: crate::guide::glossary\n",
            "[handles]: crate::guide::handles\n",
            "[guest-world]: crate::guide::guest_world\n",
            "[limits]: crate::guide::limits\n",
            "[hostile-server]: https://github.com/typed-sandbox/typed-sandbox/blob/main/examples/hostile_server.rs\n",
            "[migrating]: crate::guide::migrating\n",
            "[modules]: crate::guide::modules\n",
            "[observing]: crate::guide::observing\n",
            "[pools]: crate::guide::pools\n",
            "[processes]: crate::guide::processes\n",
            "[promises]: crate::guide::promises\n",
            "[scripts]: crate::guide::scripts\n",
            "[sites]: crate::guide::sites\n",
            "[small-engine]: crate::guide::small_engine\n",
            "[speed]: crate::guide::speed\n",
            "[testing]: crate::guide::testing\n",
            "[types]: crate::guide::types\n",
            "[v8]: crate::guide::v8\n",
            "[web]: crate::guide::web\n",
            "[architecture]: https://github.com/typed-sandbox/typed-sandbox/blob/main/ARCHITECTURE.md\n",
            "[benchmarks]: https://github.com/typed-sandbox/typed-sandbox/blob/main/docs/benchmarks.md\n",
            "[changelog]: https://github.com/typed-sandbox/typed-sandbox/blob/main/CHANGELOG.md\n",
            "[contributing]: https://github.com/typed-sandbox/typed-sandbox/blob/main/CONTRIBUTING.md\n",
            "[conversions]: https://github.com/typed-sandbox/typed-sandbox/blob/main/docs/conversions.md\n",
            "[libraries]: https://github.com/typed-sandbox/typed-sandbox/blob/main/docs/libraries.md\n",
            "[protocol]: https://github.com/typed-sandbox/typed-sandbox/blob/main/docs/process.md\n",
            "[realms]: https://github.com/typed-sandbox/typed-sandbox/blob/main/examples/realms.rs\n",
            "[rows]: https://github.com/typed-sandbox/typed-sandbox/blob/main/tests/web/rows.txt\n",
            "[security]: https://github.com/typed-sandbox/typed-sandbox/blob/main/SECURITY.md\n",
            "[serde-v8]: https://github.com/typed-sandbox/typed-sandbox/blob/main/docs/serde-v8.md\n",
            "[server]: https://github.com/typed-sandbox/typed-sandbox/blob/main/examples/server.rs\n",
            "[ui-tests]: https://github.com/typed-sandbox/typed-sandbox/blob/main/ui-tests\n",
            "\n",
        )
    };
}
pub(crate) use links;

macro_rules! pages {
    ($($(#[$attribute:meta])* $name:ident $file:literal;)*) => {$(
        $(#[$attribute])*
        #[doc = links!()]
        #[doc = include_str!(concat!("../guide/", $file))]
        pub mod $name {}
    )*};
}

pages! {
    getting_started "getting-started.md";
    application "application.md";
    contracts "contracts.md";
    scripts "scripts.md";
    modules "modules.md";
    types "types.md";
    errors "errors.md";
    asynchronous "asynchronous.md";
    #[cfg(all(feature = "_engine", feature = "fetch"))]
    fetch "fetch.md";
    sites "sites.md";
    pools "pools.md";
    processes "processes.md";
    limits "limits.md";
    observing "observing.md";
    promises "promises.md";
    advisories "advisories.md";
    guest_world "guest-world.md";
    web "web.md";
    descriptions "descriptions.md";
    testing "testing.md";
    speed "speed.md";
    small_engine "small-engine.md";
    migrating "migrating.md";
    v8 "v8.md";
    handles "handles.md";
    glossary "glossary.md";
}
