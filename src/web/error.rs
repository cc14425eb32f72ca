//! What a person sees when something is not as it should be: words, and a request ID to quote.

use std::time::Duration;

use axum::{
    Extension,
    extract::OriginalUri,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use serde_json::json;

use crate::{
    commands::{CommandError, Sort},
    domain::causes::with_causes,
    store::StoreError,
};

use super::{layers::RequestId, view};

/// Why a page is not what was asked for.
#[derive(Debug)]
pub enum WebError {
    NotFound,
    WrongMethod,
    NotAllowed {
        what: String,
        advice: String,
    },
    /// What was sent cannot be read.
    BadRequest(String),
    TooLarge,
    /// A form without a list of items.
    FormTooLarge,
    UnsupportedType,
    /// It has gone on since the page was shown.
    TooLate(String),
    /// The session ended while the request was under way.
    SessionOver,
    /// Too many tries; so long until the next one.
    TooOften(Duration),
    /// There is no room for it now; what it is and what to do.
    Busy(String),
    /// The database is out of reach.
    Unavailable(String),
    /// The disk of the database is full.
    Full(String),
    /// The database's file is not the one that was opened.
    Displaced(String),
    /// Who asks cannot be found out now.
    ProviderAway(String),
    /// It was not done within the time that a request may take.
    TookTooLong,
    /// The cause is for the log only.
    Internal(String),
}

impl From<StoreError> for WebError {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Full(_)) {
            Self::Full(with_causes(&error))
        } else if error.is_passing() {
            Self::Unavailable(with_causes(&error))
        } else {
            Self::Internal(with_causes(&error))
        }
    }
}

impl From<CommandError> for WebError {
    fn from(error: CommandError) -> Self {
        let error = match error {
            CommandError::Store(error @ StoreError::Full(_)) => return error.into(),
            other => other,
        };
        let words = with_causes(&error);
        match error.sort() {
            Sort::NotFound => Self::NotFound,
            Sort::SessionOver => Self::SessionOver,
            Sort::NotAllowed => Self::NotAllowed {
                what: "This is not allowed".to_owned(),
                advice: format!(
                    "It was refused: {words}. Nothing was kept or sent. The attempt is in the history."
                ),
            },
            Sort::TooLate => Self::TooLate(words),
            Sort::Wrong => Self::BadRequest(words),
            Sort::Away => Self::Unavailable(words),
            Sort::Busy => Self::Busy(words),
            Sort::Internal => Self::Internal(words),
        }
    }
}

impl From<askama::Error> for WebError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(format!("a template could not be rendered: {}", with_causes(&error)))
    }
}

impl WebError {
    const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SessionOver => StatusCode::UNAUTHORIZED,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAllowed { .. } => StatusCode::FORBIDDEN,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge | Self::FormTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLate(_) => StatusCode::CONFLICT,
            Self::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy(_)
            | Self::Unavailable(_)
            | Self::Full(_)
            | Self::Displaced(_)
            | Self::ProviderAway(_)
            | Self::TookTooLong => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What programs know the kind of error by; the API's own errors use the same words.
    const fn word(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::SessionOver => "no-token",
            Self::WrongMethod => "wrong-method",
            Self::NotAllowed { .. } => "not-allowed",
            Self::BadRequest(_) => "unreadable",
            Self::TooLarge | Self::FormTooLarge => "too-large",
            Self::UnsupportedType => "unsupported-type",
            Self::TooLate(_) => "too-late",
            Self::TooOften(_) => "too-often",
            Self::Busy(_)
            | Self::Unavailable(_)
            | Self::Full(_)
            | Self::Displaced(_)
            | Self::ProviderAway(_) => "unavailable",
            Self::TookTooLong => "took-too-long",
            Self::Internal(_) => "internal",
        }
    }

    /// The heading and what to do next.
    fn title_and_detail(self) -> (String, String) {
        let pair = |title: &str, advice: &str| (title.to_owned(), advice.to_owned());
        match self {
            Self::NotFound => pair(
                "There is no such page",
                "It may have been mistyped, or what it showed is not there any more.",
            ),
            Self::WrongMethod => pair(
                "This address is not a page to open",
                "It only takes what a form sends. Go back to the page with the form.",
            ),
            Self::NotAllowed { what, advice } => (what, advice),
            Self::BadRequest(why) => ("This could not be read".to_owned(), why),
            Self::TooLarge => pair(
                "That is too much at once",
                "A form may be 2 MiB large. Nothing was kept or sent. Split the list into several requests.",
            ),
            Self::FormTooLarge => pair(
                "That is too much at once",
                "This form may be 16 KiB large. Nothing was kept or sent. Go back and shorten what you typed.",
            ),
            Self::UnsupportedType => pair(
                "This could not be read",
                "The address takes a form (application/x-www-form-urlencoded). Nothing was kept or sent.",
            ),
            Self::TooOften(wait) => (
                "Too many tries".to_owned(),
                format!("Wait {} s, then try again. Nothing was changed.", wait.as_secs().max(1)),
            ),
            Self::SessionOver => pair(
                "Your session is over",
                "Nothing was kept or sent. Sign in, go back to the form and send it again.",
            ),
            Self::TooLate(why) => ("It has gone on meanwhile".to_owned(), why),
            Self::Busy(why) => ("There is no room for this now".to_owned(), why),
            Self::Displaced(_) => pair(
                "The database's file is not where it was",
                "It was removed, replaced or closed to writing while Unstale runs. Nothing was kept, and nothing is sent to CloudFront. Unstale's log says what to do; whoever runs it has to act.",
            ),
            Self::Unavailable(_) => pair(
                "The database is out of reach for the moment",
                "Nothing was kept or sent. Go back and try again in a few seconds.",
            ),
            Self::Full(_) => pair(
                "The disk of the database is full",
                "Nothing was kept or sent. Whoever runs Unstale has to free space; then go back and try again.",
            ),
            Self::ProviderAway(_) => pair(
                "Who you are cannot be checked for the moment",
                "Nothing was kept or sent. The other side does not answer; the cause is in Unstale's log. Try again in a few seconds.",
            ),
            Self::TookTooLong => pair(
                "This took too long",
                "It may be done yet. Look in the history whether it was before you try again.",
            ),
            Self::Internal(_) => pair(
                "This did not work",
                "The cause is in Unstale's log under the request ID below. Look in the history whether anything was done before you try again.",
            ),
        }
    }
}

/// What the log should say of an answer; [`super::layers`] writes it with the request ID.
#[derive(Debug, Clone)]
pub struct Cause(pub String);

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let status = self.status();
        let cause = match &self {
            Self::Internal(cause)
            | Self::Unavailable(cause)
            | Self::Full(cause)
            | Self::Displaced(cause)
            | Self::ProviderAway(cause) => Some(Cause(cause.clone())),
            _ => None,
        };
        let retry_after = match &self {
            Self::TooOften(wait) => Some(wait.as_secs().max(1)),
            Self::Busy(_) | Self::Unavailable(_) | Self::ProviderAway(_) | Self::TookTooLong => Some(5),
            Self::Displaced(_) | Self::Full(_) => Some(60),
            _ => None,
        };
        let word = self.word();
        let (title, advice) = self.title_and_detail();
        let mut response = (status, Extension(PendingErrorPage { word, title, advice })).into_response();
        if let Some(cause) = cause {
            response.extensions_mut().insert(cause);
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// An error page that still lacks its request ID.
#[derive(Debug, Clone)]
pub struct PendingErrorPage {
    pub word: &'static str,
    pub title: String,
    pub advice: String,
}

impl PendingErrorPage {
    /// The page, with the ID that the request went by.
    pub fn finish(self, response: Response, id: &RequestId) -> Response {
        let page = view::error_page(&self.title, &self.advice, id.as_str());
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        Response::from_parts(parts, page.into())
    }

    /// The same for a program, after RFC 9457.
    pub fn finish_for_program(self, response: Response, id: &RequestId) -> Response {
        let (mut parts, _) = response.into_parts();
        let problem = json!({
            "type": format!("/api#problem-{}", self.word),
            "title": self.title,
            "status": parts.status.as_u16(),
            "detail": self.advice,
            "request_id": id.as_str(),
        });
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        Response::from_parts(parts, problem.to_string().into())
    }
}

/// Any address that the route table does not know.
pub async fn not_found() -> WebError {
    WebError::NotFound
}

/// A known address, asked in a way that it does not take.
pub async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> WebError {
    tracing::debug!(%method, path = uri.path(), "wrong method");
    WebError::WrongMethod
}
