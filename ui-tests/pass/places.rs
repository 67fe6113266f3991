//! Contracts in modules, in functions, of every visibility, with private types, beside each other.

#![deny(warnings)]
#![allow(dead_code, reason = "not all contracts are used")]

use sandbox_runtime::{Contract, GuestContract, HostContract, sandbox_api};

mod rules {
    use sandbox_runtime::{Result, sandbox_api};
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Serialize, Deserialize)]
    struct Private;

    #[derive(Clone, Serialize, Deserialize)]
    pub(crate) struct Shared;

    #[sandbox_api]
    trait OfPrivate {
        fn get(&self, a: Private, b: &Private) -> Result<Private>;
    }

    #[sandbox_api]
    pub(crate) trait OfShared: Send + Sync {
        fn get(&self, a: Shared, b: &Shared) -> Result<Shared>;
    }

    pub mod deep {
        use crate::renamed::runtime::sandbox_api;

        #[sandbox_api(crate = crate::renamed::runtime)]
        pub(in crate::rules) trait Deep {
            fn get(&self, a: super::Private) -> crate::renamed::runtime::Result<super::Shared>;
        }
    }

    #[sandbox_api]
    pub trait Public {
        fn get(&self) -> Result<u32>;
    }
}

mod renamed {
    pub(crate) use sandbox_runtime as runtime;

    mod inside {
        use super::runtime;

        #[runtime::sandbox_api(crate = runtime)]
        pub trait ByUse {
            fn get(&self) -> runtime::Result<u32>;
        }

        #[runtime::sandbox_api(crate = super::runtime)]
        pub trait BySuper {
            fn get(&self) -> runtime::Result<u32>;
        }

        #[runtime::sandbox_api(crate = ::sandbox_runtime)]
        pub trait ByRoot {
            fn get(&self) -> runtime::Result<u32>;
        }
    }
}

mod supertraits {
    use std::fmt::{self, Debug, Display};

    use sandbox_runtime::{Result, sandbox_api};

    pub trait Named {
        fn name(&self) -> String {
            "unnamed".to_owned()
        }
    }

    impl<T> Named for ShownProxy<T> {}

    impl<T> Debug for ShownProxy<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.name())
        }
    }

    impl<T> Display for ShownProxy<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a proxy")
        }
    }

    #[sandbox_api]
    pub trait Shown: Debug + Display + Named + Send + Sync + 'static {
        fn get(&self) -> Result<u32> {
            Ok(u32::try_from(self.name().len()).unwrap_or(0))
        }
    }

    pub fn load(sandbox: &sandbox_runtime::Sandbox) -> Result<Box<dyn Shown>> {
        Ok(Box::new(sandbox.load::<dyn Shown>(sandbox_runtime::Script::new("a.js", ""))?))
    }
}

fn both<C: ?Sized + GuestContract + HostContract>() -> &'static str {
    &C::SPEC.name
}

fn main() {
    #[sandbox_api]
    trait Local {
        fn get(&self) -> sandbox_runtime::Result<u32>;
    }

    assert_eq!(both::<dyn Local>(), "Local");
    assert_eq!(both::<dyn rules::Public>(), "Public");
    assert_eq!(<dyn rules::OfShared as Contract>::SPEC.methods[0].rust_name, "get");
    assert_eq!(both::<dyn supertraits::Shown>(), "Shown");
    let _ = supertraits::load;
}
