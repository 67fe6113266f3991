// What the macro makes of `input.rs`; see `tests/golden.rs`.

use sandbox_runtime::{Cancellation, Result, sandbox_api};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    pub sku: String,
    pub count: u32,
}
/// Orders, which take their time.
#[::sandbox_runtime::__private::async_trait]
pub trait Orders: Send + Sync {
    /// Looks one up.
    async fn find(&self, sku: &str, among: Vec<Order>) -> Result<Option<Order>>;
    /// At once.
    fn count(&self, order: &Order) -> Result<u32>;
    /// A guest that says nothing of taxes has this one.
    async fn tax(&self, order: &Order) -> Result<f64> {
        Self::__tax_default(self, order).await
    }
    async fn discount(&self, count: u32) -> u32;
    /// Not on every platform.
    #[cfg(target_os = "none")]
    async fn sync(&self, file: crate::NoSuchType) -> Result<()>;
    async fn flush_all(&self);
    /// Until its caller ends it.
    async fn watch(&self, sku: &str, ends: Cancellation) -> Result<()>;
    #[doc(hidden)]
    async fn __tax_default(&self, order: &Order) -> Result<f64> {
        Ok(f64::from(self.count(order)?) * 0.081)
    }
}
/// Implements [`Orders`] by calling a guest through the transport `T`.
#[derive(::core::clone::Clone)]
pub struct OrdersProxy<T> {
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
    impl __rt::Contract for dyn Orders {
        const SPEC: &'static __rt::ContractSpec =
            &__rt::ContractSpec::new("Orders", "Orders, which take their time.", Self::METHODS);
        const METHODS: &'static [__rt::MethodSpec] = &[
            __rt::MethodSpec::new("find", "find", "Looks one up.")
                .takes(__find::PARAMS)
                .returns(__rt::type_spec!(-> Result < Option < Order > >))
                .asynchronous(),
            __rt::MethodSpec::new("count", "count", "At once.")
                .takes(__count::PARAMS)
                .returns(__rt::type_spec!(-> Result < u32 >)),
            __rt::MethodSpec::new("tax", "tax", "A guest that says nothing of taxes has this one.")
                .takes(__tax::PARAMS)
                .returns(__rt::type_spec!(-> Result < f64 >))
                .optional()
                .asynchronous(),
            __rt::MethodSpec::new("discount", "discount", "")
                .takes(__discount::PARAMS)
                .returns(__rt::type_spec!(-> u32))
                .asynchronous(),
            #[cfg(target_os = "none")]
            __rt::MethodSpec::new("sync", "sync", "Not on every platform.")
                .takes(__sync::PARAMS)
                .returns(__rt::type_spec!(-> Result < () >))
                .asynchronous(),
            __rt::MethodSpec::new("flush", "flush_all", "").asynchronous(),
            __rt::MethodSpec::new("watch", "watch", "Until its caller ends it.")
                .takes(__watch::PARAMS)
                .returns(__rt::type_spec!(-> Result < () >))
                .asynchronous(),
        ];
    }
    struct __find;
    impl __rt::Method for __find {
        type Contract = dyn Orders;
        type Args<'a> = (
            __rt::Ref<'a, __rt::Checked<str, { __rt::lends_sent::<str>() }>>,
            (__rt::Val<__rt::Checked<Vec<Order>, { __rt::crosses_sent::<Vec<Order>>() }>>, ()),
        );
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] = &[
            __rt::ParamSpec::new("sku", __rt::Kind::Value, __rt::type_spec!(&str)),
            __rt::ParamSpec::last("among", __rt::KindProbe::<Vec<Order>>::KIND, __rt::type_spec!(Vec<Order>)),
        ];
        const INDEX: usize = __rt::index_of(<dyn Orders as __rt::Contract>::SPEC, "find");
    }
    struct __count;
    impl __rt::Method for __count {
        type Contract = dyn Orders;
        type Args<'a> = (__rt::Ref<'a, __rt::Checked<Order, { __rt::lends::<Order>() }>>, ());
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] =
            &[__rt::ParamSpec::new("order", __rt::Kind::Value, __rt::type_spec!(&Order))];
        const INDEX: usize = __rt::index_of(<dyn Orders as __rt::Contract>::SPEC, "count");
    }
    struct __tax;
    impl __rt::Method for __tax {
        type Contract = dyn Orders;
        type Args<'a> = (__rt::Ref<'a, __rt::Checked<Order, { __rt::lends_sent::<Order>() }>>, ());
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] =
            &[__rt::ParamSpec::last("order", __rt::Kind::Value, __rt::type_spec!(&Order))];
        const INDEX: usize = __rt::index_of(<dyn Orders as __rt::Contract>::SPEC, "tax");
    }
    struct __discount;
    impl __rt::Method for __discount {
        type Contract = dyn Orders;
        type Args<'a> = (__rt::Val<__rt::Checked<u32, { __rt::crosses_sent::<u32>() }>>, ());
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] =
            &[__rt::ParamSpec::last("count", __rt::KindProbe::<u32>::KIND, __rt::type_spec!(u32))];
        const INDEX: usize = __rt::index_of(<dyn Orders as __rt::Contract>::SPEC, "discount");
    }
    #[cfg(target_os = "none")]
    struct __sync;
    #[cfg(not(target_os = "none"))]
    type __sync = __rt::Absent;
    #[cfg(target_os = "none")]
    impl __rt::Method for __sync {
        type Contract = dyn Orders;
        type Args<'a> =
            (__rt::Val<__rt::Checked<crate::NoSuchType, { __rt::crosses_sent::<crate::NoSuchType>() }>>, ());
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] = &[__rt::ParamSpec::last(
            "file",
            __rt::KindProbe::<crate::NoSuchType>::KIND,
            __rt::type_spec!(crate::NoSuchType),
        )];
        const INDEX: usize = __rt::index_of(<dyn Orders as __rt::Contract>::SPEC, "sync");
    }
    struct __flush_all;
    impl __rt::Method for __flush_all {
        type Contract = dyn Orders;
        type Args<'a> = ();
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const INDEX: usize = __rt::index_of(<dyn Orders as __rt::Contract>::SPEC, "flush_all");
    }
    struct __watch;
    impl __rt::Method for __watch {
        type Contract = dyn Orders;
        type Args<'a> = (
            __rt::Ref<'a, __rt::Checked<str, { __rt::lends_sent::<str>() }>>,
            (__rt::Val<__rt::Checked<Cancellation, { __rt::crosses_sent::<Cancellation>() }>>, ()),
        );
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] = &[
            __rt::ParamSpec::new("sku", __rt::Kind::Value, __rt::type_spec!(&str)),
            __rt::ParamSpec::last(
                "ends",
                __rt::KindProbe::<Cancellation>::KIND,
                __rt::type_spec!(Cancellation),
            ),
        ];
        const INDEX: usize = __rt::index_of(<dyn Orders as __rt::Contract>::SPEC, "watch");
    }
    impl __rt::GuestMethod for __find {
        type Returns = __rt::returned!(Result<Option<Order>>, value_sent, __rt::At);
        type Value = <Self::Returns as __rt::GuestReturn>::Value;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestMethod for __count {
        type Returns = __rt::returned!(Result<u32>, value, __rt::At);
        type Value = <Self::Returns as __rt::GuestReturn>::Value;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestMethod for __tax {
        type Returns = __rt::returned!(Result<f64>, value_sent, __rt::At);
        type Value = <Self::Returns as __rt::GuestReturn>::Value;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestMethod for __discount {
        type Returns = __rt::Checked<u32, { __rt::crosses_sent::<u32>() }>;
        type Value = Self::Returns;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    #[cfg(target_os = "none")]
    impl __rt::GuestMethod for __sync {
        type Returns = __rt::returned!(Result<()>, value_sent, __rt::At);
        type Value = <Self::Returns as __rt::GuestReturn>::Value;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestMethod for __flush_all {
        type Returns = ();
        type Value = Self::Returns;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestMethod for __watch {
        type Returns = __rt::returned!(Result<()>, value_sent, __rt::At);
        type Value = <Self::Returns as __rt::GuestReturn>::Value;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestContract for dyn Orders {
        type Proxy<U> = OrdersProxy<U>;
        const CALLS: &'static [__rt::GuestCall] = &[
            __rt::GuestCall::of_async::<__find>(),
            __rt::GuestCall::of::<__count>(),
            __rt::GuestCall::of_async::<__tax>(),
            __rt::GuestCall::of_async::<__discount>(),
            #[cfg(target_os = "none")]
            __rt::GuestCall::of_async::<__sync>(),
            __rt::GuestCall::of_async::<__flush_all>(),
            __rt::GuestCall::of_async::<__watch>(),
        ];
        fn proxy<U>(transport: U) -> OrdersProxy<U> {
            OrdersProxy { transport }
        }
    }
    impl<T: __rt::WithDeadline> OrdersProxy<T> {
        /// A proxy whose calls fail once the deadline is over.
        #[must_use]
        #[allow(dead_code, reason = "not every caller has a deadline")]
        pub fn with_deadline(&self, deadline: ::std::time::Instant) -> Self {
            Self { transport: self.transport.until(deadline) }
        }
    }
    impl<T> Orders for OrdersProxy<T>
    where
        Self: Send + Sync,
        T: __rt::AsyncTransport<__find>
            + __rt::Transport<__count>
            + __rt::AsyncTransport<__tax>
            + __rt::AsyncTransport<__discount>
            + __rt::AsyncTransport<__sync>
            + __rt::AsyncTransport<__flush_all>
            + __rt::AsyncTransport<__watch>,
    {
        fn find<'life0, 'life1, 'async_trait>(
            &'life0 self,
            sku: &'life1 str,
            among: Vec<Order>,
        ) -> __rt::Boxed<'async_trait, Result<Option<Order>>>
        where
            'life0: 'async_trait,
            'life1: 'async_trait,
            Self: 'async_trait,
        {
            ::std::boxed::Box::pin(__rt::call_async(
                __find,
                &self.transport,
                (__rt::Ref(sku), (__rt::Val(among), ())),
            ))
        }
        fn count(&self, order: &Order) -> Result<u32> {
            __rt::call(__count, &self.transport, (__rt::Ref(order), ()))
        }
        fn tax<'life0, 'life1, 'async_trait>(
            &'life0 self,
            order: &'life1 Order,
        ) -> __rt::Boxed<'async_trait, Result<f64>>
        where
            'life0: 'async_trait,
            'life1: 'async_trait,
            Self: 'async_trait,
        {
            if !__rt::Exports::exports(&self.transport, <__tax as __rt::Method>::INDEX) {
                return Orders::__tax_default(self, order);
            }
            ::std::boxed::Box::pin(__rt::call_async(__tax, &self.transport, (__rt::Ref(order), ())))
        }
        fn discount<'life0, 'async_trait>(&'life0 self, count: u32) -> __rt::Boxed<'async_trait, u32>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            ::std::boxed::Box::pin(__rt::call_async_or(
                __discount,
                &self.transport,
                (__rt::Val(count), ()),
                move |_| count / 2,
            ))
        }
        #[cfg(target_os = "none")]
        fn sync<'life0, 'async_trait>(
            &'life0 self,
            file: crate::NoSuchType,
        ) -> __rt::Boxed<'async_trait, Result<()>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            ::std::boxed::Box::pin(__rt::call_async(__sync, &self.transport, (__rt::Val(file), ())))
        }
        fn flush_all<'life0, 'async_trait>(&'life0 self) -> __rt::Boxed<'async_trait, ()>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            ::std::boxed::Box::pin(__rt::call_async_or(__flush_all, &self.transport, (), |error| {
                __rt::fail(error)
            }))
        }
        fn watch<'life0, 'life1, 'async_trait>(
            &'life0 self,
            sku: &'life1 str,
            ends: Cancellation,
        ) -> __rt::Boxed<'async_trait, Result<()>>
        where
            'life0: 'async_trait,
            'life1: 'async_trait,
            Self: 'async_trait,
        {
            ::std::boxed::Box::pin(__rt::call_async(
                __watch,
                &self.transport,
                (__rt::Ref(sku), (__rt::Val(ends), ())),
            ))
        }
    }
    impl __rt::AsyncHostMethod for __find {
        fn start<R: __rt::Reply + 'static>(
            host: __rt::Hosted<Self::Contract>,
            (sku, (among, ())): Self::Owned,
            reply: R,
        ) -> impl ::core::future::Future<Output = R::Done> + 'static {
            async move {
                __rt::settle!(
                    __rt::Returns<Self>,
                    Orders::find(&*host, sku.lend(), among.0).await,
                    reply,
                    __rt::At
                )
            }
        }
    }
    impl __rt::HostMethod for __count {
        const FAST: __rt::Fast = __rt::FastProbe::<Self, Self::Owned, __rt::Returns<Self>>::FAST;
        fn invoke<R: __rt::Reply>(host: &Self::Contract, (order, ()): Self::Owned, reply: R) -> R::Done {
            __rt::settle!(__rt::Returns<Self>, Orders::count(host, order.lend()), reply, __rt::At)
        }
    }
    impl __rt::AsyncHostMethod for __tax {
        fn start<R: __rt::Reply + 'static>(
            host: __rt::Hosted<Self::Contract>,
            (order, ()): Self::Owned,
            reply: R,
        ) -> impl ::core::future::Future<Output = R::Done> + 'static {
            async move {
                __rt::settle!(__rt::Returns<Self>, Orders::tax(&*host, order.lend()).await, reply, __rt::At)
            }
        }
    }
    impl __rt::AsyncHostMethod for __discount {
        fn start<R: __rt::Reply + 'static>(
            host: __rt::Hosted<Self::Contract>,
            (count, ()): Self::Owned,
            reply: R,
        ) -> impl ::core::future::Future<Output = R::Done> + 'static {
            async move {
                __rt::settle!(__rt::Returns<Self>, Orders::discount(&*host, count.0).await, reply, __rt::At)
            }
        }
    }
    #[cfg(target_os = "none")]
    impl __rt::AsyncHostMethod for __sync {
        fn start<R: __rt::Reply + 'static>(
            host: __rt::Hosted<Self::Contract>,
            (file, ()): Self::Owned,
            reply: R,
        ) -> impl ::core::future::Future<Output = R::Done> + 'static {
            async move { __rt::settle!(__rt::Returns<Self>, Orders::sync(&*host, file.0).await, reply, __rt::At) }
        }
    }
    impl __rt::AsyncHostMethod for __flush_all {
        fn start<R: __rt::Reply + 'static>(
            host: __rt::Hosted<Self::Contract>,
            (): Self::Owned,
            reply: R,
        ) -> impl ::core::future::Future<Output = R::Done> + 'static {
            async move { __rt::settle!(__rt::Returns<Self>, Orders::flush_all(&*host).await, reply, __rt::At) }
        }
    }
    impl __rt::AsyncHostMethod for __watch {
        fn start<R: __rt::Reply + 'static>(
            host: __rt::Hosted<Self::Contract>,
            (sku, (ends, ())): Self::Owned,
            reply: R,
        ) -> impl ::core::future::Future<Output = R::Done> + 'static {
            async move {
                __rt::settle!(
                    __rt::Returns<Self>,
                    Orders::watch(&*host, sku.lend(), ends.0).await,
                    reply,
                    __rt::At
                )
            }
        }
    }
    impl __rt::HostContract for dyn Orders {
        const OPS: &'static [__rt::HostOp] = &[
            __rt::HostOp::of_async::<__find>(),
            __rt::HostOp::of::<__count>(),
            __rt::HostOp::of_async::<__tax>(),
            __rt::HostOp::of_async::<__discount>(),
            #[cfg(target_os = "none")]
            __rt::HostOp::of_async::<__sync>(),
            __rt::HostOp::of_async::<__flush_all>(),
            __rt::HostOp::of_async::<__watch>(),
        ];
    }
    impl<H: Orders + 'static> __rt::HostedBy<H> for dyn Orders {
        fn hosted(host: H) -> ::std::boxed::Box<Self> {
            ::std::boxed::Box::new(host)
        }
    }
    impl __rt::ByHandle for dyn Orders {
        const SHARE: __rt::Share<Self> = __rt::ShareProbe::<Self>::SHARE;
        const HOST: ::core::option::Option<__rt::HostParts> =
            ::core::option::Option::Some(__rt::HostParts::of::<Self>());
        const OBJECT: __rt::MakeObject<Self> = __rt::ObjectProbe::<Self>::MAKE;
    }
};
/// In one thread.
#[::sandbox_runtime::__private::async_trait(?Send)]
pub trait Ticker {
    async fn tick(&self, every: u32) -> Result<()> {
        Self::__tick_default(self, every).await
    }
    async fn count(&self) -> u64;
    #[doc(hidden)]
    async fn __tick_default(&self, every: u32) -> Result<()> {
        self.count().await;
        self.tick(every).await
    }
}
/// Implements [`Ticker`] by calling a guest through the transport `T`.
#[derive(::core::clone::Clone)]
pub struct TickerProxy<T> {
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
    impl __rt::Contract for dyn Ticker {
        const SPEC: &'static __rt::ContractSpec =
            &__rt::ContractSpec::new("Ticker", "In one thread.", Self::METHODS).guest_only();
        const METHODS: &'static [__rt::MethodSpec] = &[
            __rt::MethodSpec::new("tick", "tick", "")
                .takes(__tick::PARAMS)
                .returns(__rt::type_spec!(-> Result < () >))
                .optional()
                .asynchronous(),
            __rt::MethodSpec::new("count", "count", "").returns(__rt::type_spec!(-> u64)).asynchronous(),
        ];
    }
    struct __tick;
    impl __rt::Method for __tick {
        type Contract = dyn Ticker;
        type Args<'a> = (__rt::Val<__rt::Checked<u32, { __rt::crosses::<u32>() }>>, ());
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] =
            &[__rt::ParamSpec::last("every", __rt::KindProbe::<u32>::KIND, __rt::type_spec!(u32)).bounded(
                __rt::Bounds::NONE.range::<u32>(
                    ::core::option::Option::Some(__rt::Bound::Integer(1i64)),
                    ::core::option::Option::None,
                ),
            )];
        const INDEX: usize = __rt::index_of(<dyn Ticker as __rt::Contract>::SPEC, "tick");
    }
    struct __count;
    impl __rt::Method for __count {
        type Contract = dyn Ticker;
        type Args<'a> = ();
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const INDEX: usize = __rt::index_of(<dyn Ticker as __rt::Contract>::SPEC, "count");
    }
    impl __rt::GuestMethod for __tick {
        type Returns = __rt::returned!(Result<()>, value, __rt::At);
        type Value = <Self::Returns as __rt::GuestReturn>::Value;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestMethod for __count {
        type Returns = __rt::Checked<u64, { __rt::crosses::<u64>() }>;
        type Value = Self::Returns;
        const PACKS: __rt::Packing<Self> = __rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
    }
    impl __rt::GuestContract for dyn Ticker {
        type Proxy<U> = TickerProxy<U>;
        const CALLS: &'static [__rt::GuestCall] =
            &[__rt::GuestCall::of_async::<__tick>(), __rt::GuestCall::of_async::<__count>()];
        fn proxy<U>(transport: U) -> TickerProxy<U> {
            TickerProxy { transport }
        }
    }
    impl<T: __rt::WithDeadline> TickerProxy<T> {
        /// A proxy whose calls fail once the deadline is over.
        #[must_use]
        #[allow(dead_code, reason = "not every caller has a deadline")]
        pub fn with_deadline(&self, deadline: ::std::time::Instant) -> Self {
            Self { transport: self.transport.until(deadline) }
        }
    }
    impl<T> Ticker for TickerProxy<T>
    where
        T: __rt::LocalAsyncTransport<__tick> + __rt::LocalAsyncTransport<__count>,
    {
        fn tick<'life0, 'async_trait>(&'life0 self, every: u32) -> __rt::BoxedLocal<'async_trait, Result<()>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            if !__rt::Exports::exports(&self.transport, <__tick as __rt::Method>::INDEX) {
                return Ticker::__tick_default(self, every);
            }
            ::std::boxed::Box::pin(__rt::call_local(__tick, &self.transport, (__rt::Val(every), ())))
        }
        fn count<'life0, 'async_trait>(&'life0 self) -> __rt::BoxedLocal<'async_trait, u64>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            ::std::boxed::Box::pin(__rt::call_local_or(__count, &self.transport, (), |_| {
                ::core::default::Default::default()
            }))
        }
    }
    impl<H: Ticker + 'static> __rt::HostedBy<H> for dyn Ticker {
        fn hosted(host: H) -> ::std::boxed::Box<Self> {
            ::std::boxed::Box::new(host)
        }
    }
    impl __rt::ByHandle for dyn Ticker {
        const SHARE: __rt::Share<Self> = __rt::ShareProbe::<Self>::SHARE;
        const OBJECT: __rt::MakeObject<Self> = __rt::ObjectProbe::<Self>::MAKE;
    }
};
