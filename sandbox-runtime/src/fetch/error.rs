//! [`FetchError`]: why a request was not made, or has no response.

use crate::GuestError;
use crate::shown::Shown;

/// Why a request was not made, or has no response. A guest gets a `TypeError`, as from every `fetch`.
///
/// A message names what the guest itself said: a URL, an origin, a method. Addresses and the errors of the system are seen by the
/// host alone, in its log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, GuestError)]
#[guest(crate = crate)]
#[non_exhaustive]
pub enum FetchError {
    /// The text is no URL of `http` or `https`.
    #[error("`{url}` is no URL of http or https")]
    #[guest(class = "TypeError", message = "`{url}` is no URL of http or https")]
    Url {
        /// The first 200 characters of the text, unseen ones escaped.
        #[guest]
        url: String,
    },
    /// The URL has a user or a password.
    #[error("a URL with a user or a password is refused; send an `authorization` header")]
    #[guest(
        class = "TypeError",
        message = "a URL with a user or a password is refused; send an `authorization` header"
    )]
    Credentials,
    /// No rule allows the method at the origin.
    #[error("{method} {origin} is not allowed")]
    #[guest(class = "TypeError", message = "{method} {origin} is not allowed")]
    NotAllowed {
        /// The method, in upper case.
        #[guest]
        method: String,
        /// Scheme, host and port.
        #[guest]
        origin: String,
    },
    /// The port is one of another protocol than HTTP (bad ports of the Fetch standard).
    #[error("port {port} is refused: its servers speak another protocol than HTTP")]
    #[guest(
        class = "TypeError",
        message = "port {port} is refused: its servers speak another protocol than HTTP"
    )]
    Port {
        /// The port of the URL.
        #[guest]
        port: u16,
    },
    /// A name of a header, its value, or the size of all is refused.
    #[error("the header `{header}` is refused: {reason}")]
    #[guest(class = "TypeError", message = "the header `{header}` is refused: {reason}")]
    Header {
        /// The first 200 characters of the name, unseen ones escaped.
        #[guest]
        header: String,
        /// Why.
        #[guest]
        reason: String,
    },
    /// A request has a body as bytes and one as a text.
    #[error("a request has `body` or `text`, and not both")]
    #[guest(class = "TypeError", message = "a request has `body` or `text`, and not both")]
    TwoBodies,
    /// A request or a response is larger than its limit.
    #[error("the {what} is larger than {limit} bytes")]
    #[guest(class = "TypeError", message = "the {what} is larger than {limit} bytes")]
    TooLarge {
        /// The part that is too large, such as `request` or `response`.
        #[guest]
        what: String,
        /// The limit, in bytes.
        #[guest]
        limit: usize,
    },
    /// The response redirects, and may not be followed.
    #[error("the redirect is not followed: {reason}")]
    #[guest(class = "TypeError", message = "the redirect is not followed: {reason}")]
    Redirect {
        /// Why.
        #[guest]
        reason: String,
    },
    /// The host has no address of the public internet, or none that is allowed.
    #[error("{host} has an address that is not allowed: {address}")]
    #[guest(class = "TypeError", message = "{host} cannot be reached")]
    Address {
        /// The host of the URL.
        #[guest]
        host: String,
        /// The address, which a guest does not see.
        address: String,
    },
    /// The host has no address, refuses the connection, or does not speak HTTP.
    #[error("{host} cannot be reached: {reason}")]
    #[guest(class = "TypeError", message = "{host} cannot be reached")]
    Network {
        /// The host of the URL.
        #[guest]
        host: String,
        /// The error of the system, which a guest does not see.
        reason: String,
    },
    /// The request has had its time.
    #[error("no response within {millis} ms")]
    #[guest(class = "TypeError", message = "no response within {millis} ms")]
    Timeout {
        /// The limit, in milliseconds.
        #[guest]
        millis: u64,
    },
}

/// The first 200 characters of a guest's text. Unseen ones are escaped, so that a text forges no line of a log.
pub(super) fn beginning(text: &str) -> String {
    let end = text.char_indices().nth(200).map_or(text.len(), |(at, _)| at);
    Shown(&text[..end]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_a_guest_is_short_and_seen() {
        assert_eq!(beginning("a\r\nb\u{1b}[2J\u{202e}é"), "a\\r\\nb\\u{1b}[2J\\u{202e}é");
        assert_eq!(beginning(&"é".repeat(300)), "é".repeat(200));
        assert_eq!(beginning(&"\n".repeat(300)), "\\n".repeat(200));
    }
}
