//! Problem details of RFC 9457: what a program gets when its request fails.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDetails {
    /// A stable name of the kind of problem; the page of the API explains it.
    #[schema(example = "/api#problem-invalid")]
    pub r#type: String,
    /// The kind in words; the same for each problem of this type.
    pub title: String,
    pub status: u16,
    /// What happened this time, and what to do.
    pub detail: String,
    /// The ID of the request, as in the header X-Request-Id, in the history and in the log of the service.
    pub request_id: String,
    /// What exactly is wrong, where several things may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// The name to send as `confirm`, where a protected distribution asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Where it stands in the body (RFC 6901), such as `/items/3`; a parameter or header has its plain name.
    pub pointer: String,
    pub detail: String,
}

impl ProblemDetails {
    /// A problem without a request ID. [`UnfinishedProblem::finish`] adds it.
    pub fn new(kind: ProblemType, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            r#type: format!("/api#problem-{}", kind.word()),
            title: title.into(),
            status: kind.status().as_u16(),
            detail: detail.into(),
            request_id: String::new(),
            errors: Vec::new(),
            confirm: None,
        }
    }

    /// The body of the response.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl IntoResponse for ProblemDetails {
    /// A response without a body. The outermost layer writes the body, for a program or a person, with the request
    /// ID.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(UnfinishedProblem(self));
        response
    }
}

/// A problem whose response has no body yet.
#[derive(Debug, Clone)]
pub struct UnfinishedProblem(ProblemDetails);

impl UnfinishedProblem {
    /// Takes the problem out of the response. `None` if it has none.
    pub fn take(response: &mut Response) -> Option<Self> {
        response.extensions_mut().remove()
    }

    /// Writes the body in the format for this path. `page` makes an HTML page of a title, an advice and the request
    /// ID.
    pub fn finish(
        self,
        response: Response,
        path: &str,
        id: &str,
        page: impl FnOnce(&str, &str, &str) -> String,
    ) -> Response {
        let problem = ProblemDetails { request_id: id.to_owned(), ..self.0 };
        let (kind, body) = if is_for_programs(path) {
            (MEDIA_TYPE, Body::from(problem.to_json()))
        } else {
            ("text/html; charset=utf-8", Body::from(page(&problem.title, &problem.detail, id)))
        };
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        Response::from_parts(parts, body)
    }
}

/// Whether this path belongs to the API, where errors are JSON.
pub fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/")
}

impl Fault {
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

macro_rules! kinds {
    ($($name:ident = $word:literal, $status:ident, $title:literal;)*) => {
        /// The kinds of problems. Their words are a part of the API that never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ProblemType { $($name),* }

        impl ProblemType {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),* }
            }

            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),* }
            }
        }
    };
}

kinds! {
    Unreadable = "unreadable", BAD_REQUEST, "The request cannot be read";
    NoToken = "no-token", UNAUTHORIZED, "A valid token is needed";
    NotAllowed = "not-allowed", FORBIDDEN, "This is not allowed";
    OverBudget = "over-budget", FORBIDDEN, "A budget of the month does not allow it";
    NotFound = "not-found", NOT_FOUND, "It is not there";
    WrongMethod = "wrong-method", METHOD_NOT_ALLOWED, "The address does not take this method";
    TooLate = "too-late", CONFLICT, "It changed in the meantime";
    ChecksOff = "checks-off", CONFLICT, "Checks are switched off";
    Frozen = "frozen", CONFLICT, "A freeze window is in force";
    ConfirmationNeeded = "confirmation-needed", CONFLICT, "The distribution is protected";
    TooLarge = "too-large", PAYLOAD_TOO_LARGE, "That is too large";
    UnsupportedType = "unsupported-type", UNSUPPORTED_MEDIA_TYPE, "The body is not JSON";
    Invalid = "invalid", UNPROCESSABLE_ENTITY, "Something in the request needs correction";
    KeyUsed = "key-used-for-another", UNPROCESSABLE_ENTITY, "The idempotency key belongs to another request";
    TooOften = "too-often", TOO_MANY_REQUESTS, "Too many attempts";
    TooManyOfYours = "too-many-of-yours", TOO_MANY_REQUESTS, "This token or person has too many requests open";
    TooManyWaiting = "too-many-waiting", SERVICE_UNAVAILABLE, "Too many requests wait already";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The database cannot be reached at the moment";
    TooBusy = "too-busy", SERVICE_UNAVAILABLE, "Too many connections are open";
    TookTooLong = "took-too-long", SERVICE_UNAVAILABLE, "This took too long";
    Internal = "internal", INTERNAL_SERVER_ERROR, "This did not work";
}
