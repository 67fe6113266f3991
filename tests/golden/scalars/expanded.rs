// What the macro makes of `input.rs`; see `tests/golden.rs`.

use sandbox_runtime::{Result, sandbox_api};
/// Arithmetic.
pub trait MathApi {
    /// The sum.
    fn add(&self, a: f64, b: f64) -> Result<f64>;
    fn is_even(&self, n: i32) -> Result<bool>;
    fn reset(&self) -> Result<()>;
}
/// Implements [`MathApi`] by calling a guest through the transport `T`.
#[derive(::core::clone::Clone)]
pub struct MathApiProxy<T> {
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
    impl __rt::Contract for dyn MathApi {
        const SPEC: &'static __rt::ContractSpec =
            &__rt::ContractSpec::new("MathApi", "Arithmetic.", Self::METHODS);
        const METHODS: &'static [__rt::MethodSpec] = &[
            __rt::MethodSpec::new("add", "add", "The sum.")
                .takes(__add::PARAMS)
                .returns(__rt::type_spec!(-> Result < f64 >)),
            __rt::MethodSpec::new("isEven", "is_even", "")
                .takes(__is_even::PARAMS)
                .returns(__rt::type_spec!(-> Result < bool >)),
            __rt::MethodSpec::new("reset", "reset", "").returns(__rt::type_spec!(-> Result < () >)),
        ];
    }
    struct __add;
    impl __rt::Method for __add {
        type Contract = dyn MathApi;
        type Args<'a> = (
            __rt::Val<__rt::Checked<f64, { __rt::crosses::<f64>() }>>,
            (__rt::Val<__rt::Checked<f64, { __rt::crosses::<f64>() }>>, ()),
        );
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] = &[
            __rt::ParamSpec::new("a", __rt::KindProbe::<f64>::KIND, __rt::type_spec!(f64)),
            __rt::ParamSpec::new("b", __rt::KindProbe::<f64>::KIND, __rt::type_spec!(f64)),
        ];
        const INDEX: usize = __rt::index_of(<dyn MathApi as __rt::Contract>::SPEC, "add");
    }
    struct __is_even;
    impl __rt::Method for __is_even {
        type Contract = dyn MathApi;
        type Args<'a> = (__rt::Val<__rt::Checked<i32, { __rt::crosses::<i32>() }>>, ());
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] =
            &[__rt::ParamSpec::new("n", __rt::KindProbe::<i32>::KIND, __rt::type_spec!(i32))];
        const INDEX: usize = __rt::index_of(<dyn MathApi as __rt::Contract>::SPEC, "is_even");
    }
    struct __reset;
    impl __rt::Method for __reset {
        type Contract = dyn MathApi;
        type Args<'a> = ();
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const INDEX: usize = __rt::index_of(<dyn MathApi as __rt::Contract>::SPEC, "reset");
    }
    impl __rt::GuestMethod for __add {
        type Returns = __rt::returned!(Result<f64>, value, __rt::At);
        type Value = <Self::Returns as __rt::GuestReturn>::Value;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestMethod for __is_even {
        type Returns = __rt::returned!(Result<bool>, value, __rt::At);
        type Value = <Self::Returns as __rt::GuestReturn>::Value;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestMethod for __reset {
        type Returns = __rt::returned!(Result<()>, value, __rt::At);
        type Value = <Self::Returns as __rt::GuestReturn>::Value;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestContract for dyn MathApi {
        type Proxy<U> = MathApiProxy<U>;
        const CALLS: &'static [__rt::GuestCall] = &[
            __rt::GuestCall::of::<__add>(),
            __rt::GuestCall::of::<__is_even>(),
            __rt::GuestCall::of::<__reset>(),
        ];
        fn proxy<U>(transport: U) -> MathApiProxy<U> {
            MathApiProxy { transport }
        }
    }
    impl<T: __rt::WithDeadline> MathApiProxy<T> {
        /// A proxy whose calls fail once the deadline is over.
        #[must_use]
        #[allow(dead_code, reason = "not every caller has a deadline")]
        pub fn with_deadline(&self, deadline: ::std::time::Instant) -> Self {
            Self { transport: self.transport.until(deadline) }
        }
    }
    impl<T> MathApi for MathApiProxy<T>
    where
        T: __rt::Transport<__add> + __rt::Transport<__is_even> + __rt::Transport<__reset>,
    {
        fn add(&self, a: f64, b: f64) -> Result<f64> {
            __rt::call(__add, &self.transport, (__rt::Val(a), (__rt::Val(b), ())))
        }
        fn is_even(&self, n: i32) -> Result<bool> {
            __rt::call(__is_even, &self.transport, (__rt::Val(n), ()))
        }
        fn reset(&self) -> Result<()> {
            __rt::call(__reset, &self.transport, ())
        }
    }
    impl __rt::HostMethod for __add {
        const FAST: __rt::Fast = __rt::FastProbe::<Self, Self::Owned, __rt::Returns<Self>>::FAST;
        fn invoke<R: __rt::Reply>(host: &Self::Contract, (a, (b, ())): Self::Owned, reply: R) -> R::Done {
            __rt::settle!(__rt::Returns<Self>, MathApi::add(host, a.0, b.0), reply, __rt::At)
        }
    }
    impl __rt::HostMethod for __is_even {
        const FAST: __rt::Fast = __rt::FastProbe::<Self, Self::Owned, __rt::Returns<Self>>::FAST;
        fn invoke<R: __rt::Reply>(host: &Self::Contract, (n, ()): Self::Owned, reply: R) -> R::Done {
            __rt::settle!(__rt::Returns<Self>, MathApi::is_even(host, n.0), reply, __rt::At)
        }
    }
    impl __rt::HostMethod for __reset {
        const FAST: __rt::Fast = __rt::FastProbe::<Self, Self::Owned, __rt::Returns<Self>>::FAST;
        fn invoke<R: __rt::Reply>(host: &Self::Contract, (): Self::Owned, reply: R) -> R::Done {
            __rt::settle!(__rt::Returns<Self>, MathApi::reset(host), reply, __rt::At)
        }
    }
    impl __rt::HostContract for dyn MathApi {
        const OPS: &'static [__rt::HostOp] =
            &[__rt::HostOp::of::<__add>(), __rt::HostOp::of::<__is_even>(), __rt::HostOp::of::<__reset>()];
    }
    impl<H: MathApi + 'static> __rt::HostedBy<H> for dyn MathApi {
        fn hosted(host: H) -> ::std::boxed::Box<Self> {
            ::std::boxed::Box::new(host)
        }
    }
    impl __rt::ByHandle for dyn MathApi {
        const SHARE: __rt::Share<Self> = __rt::ShareProbe::<Self>::SHARE;
        const HOST: ::core::option::Option<__rt::HostParts> =
            ::core::option::Option::Some(__rt::HostParts::of::<Self>());
        const OBJECT: __rt::MakeObject<Self> = __rt::ObjectProbe::<Self>::MAKE;
    }
};
