// What the macro makes of `input.rs`; see `tests/golden.rs`.

use sandbox_runtime::{Error, Result, sandbox_api};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub count: u32,
    pub unit: Option<String>,
}
/// It has no schema, so a script is told nothing of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    pub text: String,
}
/// Prices usage.
pub(crate) trait Rule {
    /// The price without tax.
    fn net(&self, quantity: u32) -> Result<f64>;
    /// A guest that says nothing of taxes has this one.
    fn tax_rate(&self, country: &str) -> Result<f64> {
        Self::__tax_rate_default(self, country)
    }
    /// Optional too; calls what the guest exports.
    #[cfg(all(not(target_os = "none"), not(target_os = "emscripten")))]
    fn gross(&self, quantity: u32, country: &str) -> Result<f64, Error> {
        Self::__gross_default(self, quantity, country)
    }
    fn label(&self) -> String;
    /// What was sold most, of what is described and what is not.
    fn best(&self, sold: BTreeMap<String, Item>, note: Note) -> Result<Option<Item>>;
    fn percent(&self, discount: u8) -> u8;
    fn assert_sane(&self);
    #[doc(hidden)]
    fn __tax_rate_default(&self, country: &str) -> Result<f64> {
        Ok(if country == "CH" { 0.081 } else { 0.19 })
    }
    #[cfg(all(not(target_os = "none"), not(target_os = "emscripten")))]
    #[doc(hidden)]
    fn __gross_default(&self, quantity: u32, country: &str) -> Result<f64, Error> {
        Ok(self.net(quantity)? * (1.0 + self.tax_rate(country)?))
    }
}
/// Implements [`Rule`] by calling a guest through the transport `T`.
#[derive(::core::clone::Clone)]
pub(crate) struct RuleProxy<T> {
    transport: T,
}
#[allow(
    clippy::used_underscore_binding,
    deprecated,
    non_camel_case_types,
    unused_imports,
    unused_parens,
    reason = "the trait's own lints are reported there; markers have the names of methods; not all fallbacks are used"
)]
const _: () = {
    use __rt::{
        Method as _, NoFast as _, NoObject as _, NoShare as _, NotScalar as _, NotSent as _, Opaque as _,
        PlainReturn as _, Unknown as _,
    };
    use ::sandbox_runtime::__private as __rt;
    impl __rt::Contract for dyn Rule {
        const SPEC: &'static __rt::ContractSpec =
            &__rt::ContractSpec::new("Rule", "Prices usage.", Self::METHODS).guest_only();
        const METHODS: &'static [__rt::MethodSpec] = &[
            __rt::MethodSpec::new("net", "net", "The price without tax.").takes(__net::PARAMS).returns(
                __rt::type_spec!(-> Result < f64 >).bounded(__rt::Bounds::NONE.range::<Result<f64>>(
                    ::core::option::Option::Some(__rt::Bound::Integer(0i64)),
                    ::core::option::Option::None,
                )),
            ),
            __rt::MethodSpec::new("taxRate", "tax_rate", "A guest that says nothing of taxes has this one.")
                .takes(__tax_rate::PARAMS)
                .returns(__rt::type_spec!(-> Result < f64 >))
                .optional(),
            #[cfg(all(not(target_os = "none"), not(target_os = "emscripten")))]
            __rt::MethodSpec::new("gross", "gross", "Optional too; calls what the guest exports.")
                .takes(__gross::PARAMS)
                .returns(__rt::type_spec!(-> Result < f64, Error >))
                .optional(),
            __rt::MethodSpec::new("label", "label", "").returns(__rt::type_spec!(-> String)),
            __rt::MethodSpec::new(
                "best",
                "best",
                "What was sold most, of what is described and what is not.",
            )
            .takes(__best::PARAMS)
            .returns(__rt::type_spec!(-> Result < Option < Item > >)),
            __rt::MethodSpec::new("percent", "percent", "")
                .takes(__percent::PARAMS)
                .returns(__rt::type_spec!(-> u8)),
            __rt::MethodSpec::new("assertSane", "assert_sane", ""),
        ];
    }
    struct __net;
    impl __rt::Method for __net {
        type Contract = dyn Rule;
        type Args<'a> = (__rt::Val<__rt::Checked<u32, { __rt::crosses::<u32>() }>>, ());
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] =
            &[__rt::ParamSpec::new("quantity", __rt::KindProbe::<u32>::KIND, __rt::type_spec!(u32))];
        const INDEX: usize = __rt::index_of(<dyn Rule as __rt::Contract>::SPEC, "net");
    }
    struct __tax_rate;
    impl __rt::Method for __tax_rate {
        type Contract = dyn Rule;
        type Args<'a> = (__rt::Ref<'a, __rt::Checked<str, { __rt::lends::<str>() }>>, ());
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] =
            &[__rt::ParamSpec::new("country", __rt::Kind::Value, __rt::type_spec!(&str))];
        const INDEX: usize = __rt::index_of(<dyn Rule as __rt::Contract>::SPEC, "tax_rate");
    }
    #[cfg(all(not(target_os = "none"), not(target_os = "emscripten")))]
    struct __gross;
    #[cfg(not(all(not(target_os = "none"), not(target_os = "emscripten"))))]
    type __gross = __rt::Absent;
    #[cfg(all(not(target_os = "none"), not(target_os = "emscripten")))]
    impl __rt::Method for __gross {
        type Contract = dyn Rule;
        type Args<'a> = (
            __rt::Val<__rt::Checked<u32, { __rt::crosses::<u32>() }>>,
            (__rt::Ref<'a, __rt::Checked<str, { __rt::lends::<str>() }>>, ()),
        );
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] = &[
            __rt::ParamSpec::new("quantity", __rt::KindProbe::<u32>::KIND, __rt::type_spec!(u32)),
            __rt::ParamSpec::new("country", __rt::Kind::Value, __rt::type_spec!(&str)),
        ];
        const INDEX: usize = __rt::index_of(<dyn Rule as __rt::Contract>::SPEC, "gross");
    }
    struct __label;
    impl __rt::Method for __label {
        type Contract = dyn Rule;
        type Args<'a> = ();
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const INDEX: usize = __rt::index_of(<dyn Rule as __rt::Contract>::SPEC, "label");
    }
    struct __best;
    impl __rt::Method for __best {
        type Contract = dyn Rule;
        type Args<'a> = (
            __rt::Val<__rt::Checked<BTreeMap<String, Item>, { __rt::crosses::<BTreeMap<String, Item>>() }>>,
            (__rt::Val<__rt::Checked<Note, { __rt::crosses::<Note>() }>>, ()),
        );
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] = &[
            __rt::ParamSpec::new(
                "sold",
                __rt::KindProbe::<BTreeMap<String, Item>>::KIND,
                __rt::type_spec!(BTreeMap < String, Item >),
            ),
            __rt::ParamSpec::new("note", __rt::KindProbe::<Note>::KIND, __rt::type_spec!(Note)),
        ];
        const INDEX: usize = __rt::index_of(<dyn Rule as __rt::Contract>::SPEC, "best");
    }
    struct __percent;
    impl __rt::Method for __percent {
        type Contract = dyn Rule;
        type Args<'a> = (__rt::Val<__rt::Checked<u8, { __rt::crosses::<u8>() }>>, ());
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] =
            &[__rt::ParamSpec::new("discount", __rt::KindProbe::<u8>::KIND, __rt::type_spec!(u8)).bounded(
                __rt::Bounds::NONE.range::<u8>(
                    ::core::option::Option::None,
                    ::core::option::Option::Some(__rt::Bound::Integer(100i64)),
                ),
            )];
        const INDEX: usize = __rt::index_of(<dyn Rule as __rt::Contract>::SPEC, "percent");
    }
    struct __assert_sane;
    impl __rt::Method for __assert_sane {
        type Contract = dyn Rule;
        type Args<'a> = ();
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const INDEX: usize = __rt::index_of(<dyn Rule as __rt::Contract>::SPEC, "assert_sane");
    }
    impl __rt::GuestMethod for __net {
        type Returns = __rt::returned!(Result<f64>, value, __rt::At);
        type Value = <Self::Returns as __rt::GuestReturn>::Value;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestMethod for __tax_rate {
        type Returns = __rt::returned!(Result<f64>, value, __rt::At);
        type Value = <Self::Returns as __rt::GuestReturn>::Value;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    #[cfg(all(not(target_os = "none"), not(target_os = "emscripten")))]
    impl __rt::GuestMethod for __gross {
        type Returns = __rt::returned!(Result < f64, Error >, value, __rt::At);
        type Value = <Self::Returns as __rt::GuestReturn>::Value;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestMethod for __label {
        type Returns = __rt::Checked<String, { __rt::crosses::<String>() }>;
        type Value = Self::Returns;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestMethod for __best {
        type Returns = __rt::returned!(Result<Option<Item>>, value, __rt::At);
        type Value = <Self::Returns as __rt::GuestReturn>::Value;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestMethod for __percent {
        type Returns = __rt::Checked<u8, { __rt::crosses::<u8>() }>;
        type Value = Self::Returns;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestMethod for __assert_sane {
        type Returns = ();
        type Value = Self::Returns;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestContract for dyn Rule {
        type Proxy<U> = RuleProxy<U>;
        const CALLS: &'static [__rt::GuestCall] = &[
            __rt::GuestCall::of::<__net>(),
            __rt::GuestCall::of::<__tax_rate>(),
            #[cfg(all(not(target_os = "none"), not(target_os = "emscripten")))]
            __rt::GuestCall::of::<__gross>(),
            __rt::GuestCall::of::<__label>(),
            __rt::GuestCall::of::<__best>(),
            __rt::GuestCall::of::<__percent>(),
            __rt::GuestCall::of::<__assert_sane>(),
        ];
        fn proxy<U>(transport: U) -> RuleProxy<U> {
            RuleProxy { transport }
        }
    }
    impl<T: __rt::WithDeadline> RuleProxy<T> {
        /// A proxy whose calls fail once the deadline is over.
        #[must_use]
        #[allow(dead_code, reason = "not every caller has a deadline")]
        pub(crate) fn with_deadline(&self, deadline: ::std::time::Instant) -> Self {
            Self { transport: self.transport.until(deadline) }
        }
    }
    impl<T> Rule for RuleProxy<T>
    where
        T: __rt::Transport<__net>
            + __rt::Transport<__tax_rate>
            + __rt::Transport<__gross>
            + __rt::Transport<__label>
            + __rt::Transport<__best>
            + __rt::Transport<__percent>
            + __rt::Transport<__assert_sane>,
    {
        fn net(&self, quantity: u32) -> Result<f64> {
            __rt::call(__net, &self.transport, (__rt::Val(quantity), ()))
        }
        fn tax_rate(&self, country: &str) -> Result<f64> {
            if !__rt::Exports::exports(&self.transport, <__tax_rate as __rt::Method>::INDEX) {
                return Rule::__tax_rate_default(self, country);
            }
            __rt::call(__tax_rate, &self.transport, (__rt::Ref(country), ()))
        }
        #[cfg(all(not(target_os = "none"), not(target_os = "emscripten")))]
        fn gross(&self, quantity: u32, country: &str) -> Result<f64, Error> {
            if !__rt::Exports::exports(&self.transport, <__gross as __rt::Method>::INDEX) {
                return Rule::__gross_default(self, quantity, country);
            }
            __rt::call(__gross, &self.transport, (__rt::Val(quantity), (__rt::Ref(country), ())))
        }
        fn label(&self) -> String {
            __rt::call_or(__label, &self.transport, (), |_| ::core::default::Default::default())
        }
        fn best(&self, sold: BTreeMap<String, Item>, note: Note) -> Result<Option<Item>> {
            __rt::call(__best, &self.transport, (__rt::Val(sold), (__rt::Val(note), ())))
        }
        fn percent(&self, discount: u8) -> u8 {
            __rt::call_or(__percent, &self.transport, (__rt::Val(discount), ()), |_| 100 - discount)
        }
        fn assert_sane(&self) {
            __rt::call_or(__assert_sane, &self.transport, (), |error| __rt::fail(error))
        }
    }
    impl<H: Rule + 'static> __rt::HostedBy<H> for dyn Rule {
        fn hosted(host: H) -> ::std::boxed::Box<Self> {
            ::std::boxed::Box::new(host)
        }
    }
    impl __rt::ByHandle for dyn Rule {
        const SHARE: __rt::Share<Self> = __rt::ShareProbe::<Self>::SHARE;
        const OBJECT: __rt::MakeObject<Self> = __rt::ObjectProbe::<Self>::MAKE;
    }
};
