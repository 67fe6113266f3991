//! [`FetchApi`]: the contract of a guest that asks other servers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FetchError;
use crate::{Bytes, Cancellation, sandbox_api};

/// Requests of a guest. [`Fetch`](super::Fetch) implements it. The guest has it as `Fetch`.
#[sandbox_api(host, name = "Fetch", crate = crate)]
pub trait FetchApi: Send + Sync {
    /// Sends a request, follows its redirects, and reads the whole response. A guest that aborts the signal of its request ends it.
    ///
    /// # Errors
    ///
    /// The rules do not allow the request, a limit is reached, or the server cannot be reached. A status such as 404 is no error.
    async fn request(&self, request: FetchRequest, ends: Cancellation) -> Result<FetchResponse, FetchError>;
}

/// A request of a guest: `{ url }`, and what else it has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FetchRequest {
    /// An absolute URL of `http` or `https`.
    pub url: String,
    /// The method; otherwise `GET`.
    #[serde(default)]
    pub method: Option<String>,
    /// Names and values, in their order.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    pub body: Option<Bytes>,
    /// The body as a text, which is sent as UTF-8. A request has one of both.
    #[serde(default)]
    pub text: Option<String>,
    /// Whether redirects are followed.
    #[serde(default)]
    pub redirect: RedirectMode,
    /// How the body of the response arrives.
    #[serde(default)]
    pub response: ResponseBody,
}

/// The answer to a response that redirects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RedirectMode {
    /// The redirect is followed, if the rules allow where it goes.
    #[default]
    Follow,
    /// The request fails.
    Error,
    /// The response arrives as it is.
    Manual,
}

/// How the body of a response arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResponseBody {
    /// As a `Uint8Array`, in `body`.
    #[default]
    Bytes,
    /// As a string, in `text`: UTF-8 without its mark, and U+FFFD for what is none.
    Text,
}

/// The response to a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FetchResponse {
    /// The status, from 200 to 599.
    pub status: u16,
    /// The usual words for the status.
    pub status_text: String,
    /// The URL that answered, without its fragment.
    pub url: String,
    /// Whether a redirect was followed.
    pub redirected: bool,
    /// Names in lower case, and values, in the server's order. `set-cookie` is left out: it can be the host's own.
    pub headers: Vec<(String, String)>,
    /// The bytes, if they were asked for.
    pub body: Option<Bytes>,
    /// The text, if it was asked for.
    pub text: Option<String>,
}
