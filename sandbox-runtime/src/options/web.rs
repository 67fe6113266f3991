//! [`Web`]: the names of the web that a guest gets.

use std::fmt;
use std::ops::BitOr;

/// The names of browsers and of node that a guest gets beside ECMAScript. Each is absent unless the builder gives it.
///
/// The value of a name is made when a guest first reads the name. So a realm in which no script reads them costs little more
/// than a realm without them. The guide has a page with all names.
///
/// ```
/// use sandbox_runtime::{Result, Sandbox, Script, Web, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Probe { fn probe(&self) -> Result<bool>; }
///
/// let sandbox = Sandbox::builder().web(Web::SELF | Web::TIMERS).build()?;
/// let guest = sandbox.load::<dyn Probe>(Script::new("p.js", "export const probe = () => self === globalThis;"))?;
/// assert!(guest.probe()?);
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Web(u32);

/// Makes a constant for each group of names, and the list of all groups.
macro_rules! groups {
    ($($(#[$doc:meta])* $NAME:ident = $bit:literal;)*) => {
        impl Web {
            $($(#[$doc])* pub const $NAME: Self = Self(1 << $bit);)*

            const GROUPS: &[(&str, Self)] = &[$((stringify!($NAME), Self::$NAME)),*];
        }
    };
}

groups! {
    /// `self`: the global object, by its name in browsers and workers.
    SELF = 0;
    /// `global`: the global object, by its name in node.
    GLOBAL = 1;
    /// `TextEncoder` and `TextDecoder`, for utf-8, utf-16le, utf-16be and windows-1252.
    ENCODING = 2;
    /// `atob` and `btoa`.
    BASE64 = 3;
    /// `URL` and `URLSearchParams`.
    URL = 4;
    /// `structuredClone`.
    CLONE = 5;
    /// `DOMException`, the class of the errors of other groups. They have the class without this group, too.
    ERRORS = 6;
    /// `crypto` with `getRandomValues`, `randomUUID`, and digests and HMAC of `subtle`. The numbers are those of
    /// [`Builder::random`](crate::Builder::random): a seed gives a fixed sequence.
    CRYPTO = 7;
    /// `queueMicrotask`.
    TASKS = 8;
    /// `performance.now`, by [`Builder::clock`](crate::Builder::clock).
    PERFORMANCE = 9;
    /// `process.env.NODE_ENV`, which is `production`.
    PROCESS = 10;
    /// `Event`, `CustomEvent` and `EventTarget`.
    EVENTS = 11;
    /// `AbortController` and `AbortSignal`. Guests whose contracts take a [`Cancellation`](crate::Cancellation) have the same
    /// classes without this group.
    ABORT = 12;
    /// `setTimeout`, `setInterval`, `setImmediate`, `clearTimeout`, `clearInterval` and `clearImmediate`, and `AbortSignal.timeout`.
    ///
    /// Timers run in `async` calls. They end with the call whose code has set them. In a synchronous call they never run.
    TIMERS = 13;
    /// `Buffer` of node.
    BUFFER = 14;
    /// `Headers`, `Request`, `Response`, `Blob`, `File` and `FormData`, and the function `fetch` where a host has the contract
    /// `Fetch`, as the host of the feature `fetch` has. Bodies are read whole.
    FETCH = 15;
    /// `MessageChannel`, `MessagePort` and `MessageEvent`. A message has a turn of its own in `async` calls, as a timer has.
    MESSAGES = 16;
}

impl Web {
    /// The name of the contract of timers, which no guest has as a global.
    pub(crate) const TIMERS_HOST: &str = "sandbox_timers";

    /// The contract that `fetch` asks.
    pub(crate) const FETCH_HOST: &str = "Fetch";

    /// No name. The default.
    #[must_use]
    pub const fn none() -> Self {
        Self(0)
    }

    /// The names that scripts for any platform use: `self`, texts as bytes, Base64, URLs, `structuredClone`,
    /// `queueMicrotask`, events and signals.
    #[must_use]
    pub const fn minimal() -> Self {
        Self::SELF
            .and(Self::ENCODING)
            .and(Self::BASE64)
            .and(Self::URL)
            .and(Self::CLONE)
            .and(Self::ERRORS)
            .and(Self::TASKS)
            .and(Self::EVENTS)
            .and(Self::ABORT)
    }

    /// All names of the web: also `crypto`, `performance`, timers, messages, and the classes of `fetch`.
    #[must_use]
    pub const fn all() -> Self {
        Self::minimal()
            .and(Self::CRYPTO)
            .and(Self::PERFORMANCE)
            .and(Self::TIMERS)
            .and(Self::FETCH)
            .and(Self::MESSAGES)
    }

    /// All names of the web, and those of node: `global`, `process` and `Buffer`.
    #[must_use]
    pub const fn node() -> Self {
        Self::all().and(Self::GLOBAL).and(Self::PROCESS).and(Self::BUFFER)
    }

    /// These names and `other`.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These names without `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The group with this name, such as `"URL"`.
    ///
    /// ```
    /// use sandbox_runtime::Web;
    ///
    /// assert_eq!(Web::group("URL"), Some(Web::URL));
    /// assert_eq!(Web::group("DOM"), None);
    /// ```
    #[must_use]
    pub fn group(name: &str) -> Option<Self> {
        Self::GROUPS.iter().find(|(known, _)| *known == name).map(|(_, group)| *group)
    }

    /// Whether a name of these waits for a time.
    pub(crate) const fn has_timers(self) -> bool {
        self.contains(Self::TIMERS) || self.contains(Self::MESSAGES)
    }

    /// Whether all names of `other` are among these.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The groups that need an engine which V8 alone is.
    #[cfg(feature = "quickjs")]
    pub(crate) const fn of_v8(self) -> Self {
        const BOTH: [Web; 9] = [
            Web::SELF,
            Web::GLOBAL,
            Web::ERRORS,
            Web::TASKS,
            Web::PERFORMANCE,
            Web::PROCESS,
            Web::EVENTS,
            Web::ABORT,
            Web::TIMERS,
        ];
        let (mut rest, mut nth) = (self, 0);
        while nth < BOTH.len() {
            rest = rest.without(BOTH[nth]);
            nth += 1;
        }
        rest
    }

    /// The groups as the protocol of a link has them.
    #[cfg(feature = "process")]
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// The groups of the protocol of a link.
    #[cfg(feature = "process")]
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

impl BitOr for Web {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.and(other)
    }
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = Self::GROUPS.iter().filter(|(_, group)| self.contains(*group));
        f.debug_set().entries(groups.map(|(name, _)| name)).finish()
    }
}
