//! What a client is told of an error.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use sandbox_runtime::{Error, LimitKind};
use serde_json::{Value, json};

pub struct Failure {
    status: StatusCode,
    kind: String,
    message: String,
    /// More that there is to say, by name.
    details: Vec<(&'static str, Value)>,
}

impl Failure {
    /// A request that no guest was asked about.
    pub fn refused(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, kind: "Request".to_owned(), message: message.into(), details: Vec::new() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (status, kind) = match &error {
            Error::Syntax { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "Syntax"),
            Error::Mismatch { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "Mismatch"),
            Error::Guest(_) => (StatusCode::UNPROCESSABLE_ENTITY, "Guest"),
            Error::Value(_) => (StatusCode::UNPROCESSABLE_ENTITY, "Value"),
            Error::Limit { kind: LimitKind::Wall | LimitKind::Cpu | LimitKind::Deadline, .. } => {
                (StatusCode::GATEWAY_TIMEOUT, "Limit")
            }
            Error::Limit { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "Limit"),
            Error::Overloaded { .. } => (StatusCode::SERVICE_UNAVAILABLE, "Overloaded"),
            // A call that was under way beside the one that filled the heap; the next one has a sandbox again.
            Error::Lost { .. } => (StatusCode::SERVICE_UNAVAILABLE, "Lost"),
            Error::Discarded { .. } => (StatusCode::SERVICE_UNAVAILABLE, "Discarded"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "Internal"),
        };
        let kind = match &error {
            Error::Limit { kind: limit, .. } => format!("{kind}.{limit:?}"),
            _ => kind.to_owned(),
        };
        let (place, message, mut details) = match &error {
            Error::Guest(thrown) => {
                let stack = thrown.stack.iter().map(ToString::to_string).collect::<Vec<_>>();
                let name = thrown.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
                (thrown.place.as_ref(), name + &thrown.message, vec![("stack", json!(stack))])
            }
            Error::Value(wrong) => {
                let violations = wrong.violations.iter().map(|violation| {
                    json!({"path": violation.path, "expected": violation.expected, "found": violation.found})
                });
                (Some(&wrong.place), error.to_string(), vec![("violations", violations.collect())])
            }
            Error::Syntax { message, line, column, .. } => {
                (None, message.clone(), vec![("line", json!(line)), ("column", json!(column))])
            }
            Error::Limit { place, excess, .. } => (place.as_ref(), excess.to_string(), Vec::new()),
            _ if status == StatusCode::INTERNAL_SERVER_ERROR => {
                eprintln!("{error}");
                (None, "the server has failed".to_owned(), Vec::new())
            }
            _ => (None, error.to_string(), Vec::new()),
        };
        details.extend(place.map(|place| ("place", json!(place.to_string()))));
        Self { status, kind, message, details }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut error = json!({"kind": self.kind, "message": self.message});
        self.details.into_iter().for_each(|(name, value)| error[name] = value);
        let answer = (self.status, Json(json!({"error": error})));
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE => ([(RETRY_AFTER, "1")], answer).into_response(),
            _ => answer.into_response(),
        }
    }
}
