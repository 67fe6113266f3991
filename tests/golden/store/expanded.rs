// What the macro makes of `input.rs`; see `tests/golden.rs`.

use sandbox_runtime::{Bytes, Date, sandbox_api};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
/// A user, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, garde::Validate)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct User {
    /// How the user is called.
    #[garde(length(chars, min = 1, max = 64))]
    pub display_name: String,
    pub age: Option<u8>,
    /// What the user may do; nobody may do more than read until it is said.
    #[serde(default)]
    pub role: Role,
    /// The last visits, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[garde(length(max = 10))]
    pub visits: Vec<Visit>,
}
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    #[default]
    Reader,
    Writer,
    /// Writes, until the day.
    Guest {
        until: Date,
    },
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "on")]
pub enum Visit {
    Web { page: String },
    Phone { seconds: u64 },
}
/// A key-value store.
///
/// Keys are case-sensitive.
pub trait Store: Send + Sync {
    /// Reads a user.
    fn get_user(&self, key: &str) -> Option<User>;
    /// Writes a user, and says whether there was one.
    fn put_user(&self, key: &str, user: &User) -> Result<bool, String>;
    fn read_blob(&self, key: &str, offset: u32, limit: u64) -> Result<Bytes, std::io::Error>;
    /// Not on every platform.
    #[cfg(target_os = "none")]
    fn fsync(&self, file: crate::NoSuchType) -> Result<(), String>;
    /// A method with a default that hosts may keep.
    fn count(&self) -> u64 {
        0
    }
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
    impl __rt::Contract for dyn Store {
        const SPEC: &'static __rt::ContractSpec =
            &__rt::ContractSpec::new("Kv", "A key-value store.\n\nKeys are case-sensitive.", Self::METHODS)
                .host_only();
        const METHODS: &'static [__rt::MethodSpec] = &[
            __rt::MethodSpec::new("getUser", "get_user", "Reads a user.")
                .takes(__get_user::PARAMS)
                .returns(__rt::type_spec!(-> Option < User >)),
            __rt::MethodSpec::new("putUser", "put_user", "Writes a user, and says whether there was one.")
                .takes(__put_user::PARAMS)
                .returns(__rt::type_spec!(-> Result < bool, String >)),
            __rt::MethodSpec::new("blob", "read_blob", "")
                .takes(__read_blob::PARAMS)
                .returns(__rt::type_spec!(-> Result < Bytes, std::io::Error >)),
            #[cfg(target_os = "none")]
            __rt::MethodSpec::new("fsync", "fsync", "Not on every platform.")
                .takes(__fsync::PARAMS)
                .returns(__rt::type_spec!(-> Result < (), String >)),
            __rt::MethodSpec::new("count", "count", "A method with a default that hosts may keep.")
                .returns(__rt::type_spec!(-> u64))
                .optional(),
        ];
    }
    struct __get_user;
    impl __rt::Method for __get_user {
        type Contract = dyn Store;
        type Args<'a> = (__rt::Ref<'a, __rt::Checked<str, { __rt::lends::<str>() }>>, ());
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] =
            &[__rt::ParamSpec::new("key", __rt::Kind::Value, __rt::type_spec!(&str))];
        const INDEX: usize = __rt::index_of(<dyn Store as __rt::Contract>::SPEC, "get_user");
    }
    struct __put_user;
    impl __rt::Method for __put_user {
        type Contract = dyn Store;
        type Args<'a> = (
            __rt::Ref<'a, __rt::Checked<str, { __rt::lends::<str>() }>>,
            (__rt::Ref<'a, __rt::Checked<User, { __rt::lends::<User>() }>>, ()),
        );
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] = &[
            __rt::ParamSpec::new("key", __rt::Kind::Value, __rt::type_spec!(&str)),
            __rt::ParamSpec::new("user", __rt::Kind::Value, __rt::type_spec!(&User)),
        ];
        const INDEX: usize = __rt::index_of(<dyn Store as __rt::Contract>::SPEC, "put_user");
    }
    struct __read_blob;
    impl __rt::Method for __read_blob {
        type Contract = dyn Store;
        type Args<'a> = (
            __rt::Ref<'a, __rt::Checked<str, { __rt::lends::<str>() }>>,
            (
                __rt::Val<__rt::Checked<u32, { __rt::crosses::<u32>() }>>,
                (__rt::Val<__rt::Checked<u64, { __rt::crosses::<u64>() }>>, ()),
            ),
        );
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] = &[
            __rt::ParamSpec::new("key", __rt::Kind::Value, __rt::type_spec!(&str)),
            __rt::ParamSpec::new("offset", __rt::KindProbe::<u32>::KIND, __rt::type_spec!(u32)),
            __rt::ParamSpec::new("limit", __rt::KindProbe::<u64>::KIND, __rt::type_spec!(u64)),
        ];
        const INDEX: usize = __rt::index_of(<dyn Store as __rt::Contract>::SPEC, "read_blob");
    }
    #[cfg(target_os = "none")]
    struct __fsync;
    #[cfg(not(target_os = "none"))]
    type __fsync = __rt::Absent;
    #[cfg(target_os = "none")]
    impl __rt::Method for __fsync {
        type Contract = dyn Store;
        type Args<'a> =
            (__rt::Val<__rt::Checked<crate::NoSuchType, { __rt::crosses::<crate::NoSuchType>() }>>, ());
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const PARAMS: &'static [__rt::ParamSpec] = &[__rt::ParamSpec::new(
            "file",
            __rt::KindProbe::<crate::NoSuchType>::KIND,
            __rt::type_spec!(crate::NoSuchType),
        )];
        const INDEX: usize = __rt::index_of(<dyn Store as __rt::Contract>::SPEC, "fsync");
    }
    struct __count;
    impl __rt::Method for __count {
        type Contract = dyn Store;
        type Args<'a> = ();
        type Owned = <Self::Args<'static> as __rt::Arguments>::Owned;
        const INDEX: usize = __rt::index_of(<dyn Store as __rt::Contract>::SPEC, "count");
    }
    impl __rt::HostMethod for __get_user {
        const FAST: __rt::Fast = __rt::FastProbe::<Self, Self::Owned, Option<User>>::FAST;
        fn invoke<R: __rt::Reply>(host: &Self::Contract, (key, ()): Self::Owned, reply: R) -> R::Done {
            __rt::settle!(Option<User>, Store::get_user(host, key.lend()), reply, __rt::At)
        }
    }
    impl __rt::HostMethod for __put_user {
        const FAST: __rt::Fast = __rt::FastProbe::<Self, Self::Owned, Result<bool, String>>::FAST;
        fn invoke<R: __rt::Reply>(
            host: &Self::Contract,
            (key, (user, ())): Self::Owned,
            reply: R,
        ) -> R::Done {
            __rt::settle!(
                Result < bool, String >, Store::put_user(host, key.lend(), user.lend()),
                reply, __rt::At
            )
        }
    }
    impl __rt::HostMethod for __read_blob {
        const FAST: __rt::Fast = __rt::FastProbe::<Self, Self::Owned, Result<Bytes, std::io::Error>>::FAST;
        fn invoke<R: __rt::Reply>(
            host: &Self::Contract,
            (key, (offset, (limit, ()))): Self::Owned,
            reply: R,
        ) -> R::Done {
            __rt::settle!(
                Result < Bytes, std::io::Error >, Store::read_blob(host, key.lend(),
                offset.0, limit.0), reply, __rt::At
            )
        }
    }
    #[cfg(target_os = "none")]
    impl __rt::HostMethod for __fsync {
        const FAST: __rt::Fast = __rt::FastProbe::<Self, Self::Owned, Result<(), String>>::FAST;
        fn invoke<R: __rt::Reply>(host: &Self::Contract, (file, ()): Self::Owned, reply: R) -> R::Done {
            __rt::settle!(
                Result < (), String >, Store::fsync(host, file.0), reply, __rt::At
            )
        }
    }
    impl __rt::HostMethod for __count {
        const FAST: __rt::Fast = __rt::FastProbe::<Self, Self::Owned, u64>::FAST;
        fn invoke<R: __rt::Reply>(host: &Self::Contract, (): Self::Owned, reply: R) -> R::Done {
            __rt::settle!(u64, Store::count(host), reply, __rt::At)
        }
    }
    impl __rt::HostContract for dyn Store {
        const OPS: &'static [__rt::HostOp] = &[
            __rt::HostOp::of::<__get_user>(),
            __rt::HostOp::of::<__put_user>(),
            __rt::HostOp::of::<__read_blob>(),
            #[cfg(target_os = "none")]
            __rt::HostOp::of::<__fsync>(),
            __rt::HostOp::of::<__count>(),
        ];
    }
    impl<H: Store + 'static> __rt::HostedBy<H> for dyn Store {
        fn hosted(host: H) -> ::std::boxed::Box<Self> {
            ::std::boxed::Box::new(host)
        }
    }
    impl __rt::ByHandle for dyn Store {
        const SHARE: __rt::Share<Self> = __rt::ShareProbe::<Self>::SHARE;
        const HOST: ::core::option::Option<__rt::HostParts> =
            ::core::option::Option::Some(__rt::HostParts::of::<Self>());
    }
};
