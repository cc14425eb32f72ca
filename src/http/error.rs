//! The errors that a person sees: a message, and a request ID to quote.

use std::time::Duration;

use askama::Template;
use axum::{
    extract::OriginalUri,
    http::{HeaderValue, Method, header},
    response::{IntoResponse, Response},
};

use crate::{
    commands::{CommandError, Sort},
    domain::causes::with_causes,
    store::StoreError,
};

use super::problem::{ProblemDetails, ProblemType};

/// Why a request gets an error instead of its page.
#[derive(Debug)]
pub enum HttpError {
    NotFound,
    WrongMethod,
    NotAllowed {
        what: String,
        advice: String,
    },
    /// The request cannot be read.
    BadRequest(String),
    TooLarge,
    /// A form that has no list of items, so that its limit is smaller.
    FormTooLarge,
    UnsupportedType,
    /// The state has changed since the page was shown.
    TooLate(String),
    /// The session ended during the request.
    SessionOver,
    /// Too many attempts; the time until the next one is allowed.
    TooOften(Duration),
    /// There is no capacity now. The text says for what, and what to do.
    Busy(String),
    /// The database cannot be reached. The text is for the log.
    Unavailable(String),
    /// The disk of the database is full. The text is for the log.
    Full(String),
    /// The file of the database is not the one that was opened. The text is for the log.
    Displaced(String),
    /// The identity cannot be checked, because the provider does not answer. The text is for the log.
    ProviderAway(String),
    /// The request took longer than is allowed.
    TookTooLong,
    /// An unexpected error. The text is for the log only.
    Internal(String),
}

impl From<StoreError> for HttpError {
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

impl From<CommandError> for HttpError {
    fn from(error: CommandError) -> Self {
        let error = match error {
            // A full disk gets its own message; the sort of the error would only say that the database is away.
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
                    "It was refused: {words}. Nothing was saved or sent. The attempt is in the history."
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

impl From<askama::Error> for HttpError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(format!("a template could not be rendered: {}", with_causes(&error)))
    }
}

impl HttpError {
    /// The kind of the error for programs. It determines the status.
    const fn problem_type(&self) -> ProblemType {
        match self {
            Self::NotFound => ProblemType::NotFound,
            Self::SessionOver => ProblemType::NoToken,
            Self::WrongMethod => ProblemType::WrongMethod,
            Self::NotAllowed { .. } => ProblemType::NotAllowed,
            Self::BadRequest(_) => ProblemType::Unreadable,
            Self::TooLarge | Self::FormTooLarge => ProblemType::TooLarge,
            Self::UnsupportedType => ProblemType::UnsupportedType,
            Self::TooLate(_) => ProblemType::TooLate,
            Self::TooOften(_) => ProblemType::TooOften,
            Self::Busy(_)
            | Self::Unavailable(_)
            | Self::Full(_)
            | Self::Displaced(_)
            | Self::ProviderAway(_) => ProblemType::Unavailable,
            Self::TookTooLong => ProblemType::TookTooLong,
            Self::Internal(_) => ProblemType::Internal,
        }
    }

    /// The title, and the text that says what to do next.
    fn title_and_detail(self) -> (String, String) {
        let pair = |title: &str, advice: &str| (title.to_owned(), advice.to_owned());
        match self {
            Self::NotFound => pair(
                "There is no such page",
                "The address may have a typing error, or the page no longer exists.",
            ),
            Self::WrongMethod => pair(
                "This address is not a page to open",
                "It only accepts a form. Go back to the page with the form.",
            ),
            Self::NotAllowed { what, advice } => (what, advice),
            Self::BadRequest(why) => ("This could not be read".to_owned(), why),
            Self::TooLarge => pair(
                "That is too large",
                "A form may be 2 MiB large. Nothing was saved or sent. Split the list into several requests.",
            ),
            Self::FormTooLarge => pair(
                "That is too large",
                "This form may be 16 KiB large. Nothing was saved or sent. Go back and shorten what you typed.",
            ),
            Self::UnsupportedType => pair(
                "This could not be read",
                "The address takes a form (application/x-www-form-urlencoded). Nothing was saved or sent.",
            ),
            Self::TooOften(wait) => (
                "Too many attempts".to_owned(),
                format!("Wait {} s, then try again. Nothing was changed.", wait.as_secs().max(1)),
            ),
            Self::SessionOver => pair(
                "Your session has ended",
                "Nothing was saved or sent. Sign in, go back to the form and send it again.",
            ),
            Self::TooLate(why) => ("It changed in the meantime".to_owned(), why),
            Self::Busy(why) => ("This cannot be accepted now".to_owned(), why),
            Self::Displaced(_) => pair(
                "The database's file is not where it was",
                "It was removed, replaced or closed to writing while Unstale runs. Nothing was saved, and nothing is sent to CloudFront. Unstale's log says what the operator of this server has to do.",
            ),
            Self::Unavailable(_) => pair(
                "The database cannot be reached at the moment",
                "Nothing was saved or sent. Go back and try again in a few seconds.",
            ),
            Self::Full(_) => pair(
                "The disk of the database is full",
                "Nothing was saved or sent. The operator of this server has to free space. Then go back and try again.",
            ),
            Self::ProviderAway(_) => pair(
                "Your sign-in cannot be checked at the moment",
                "Nothing was saved or sent. The other side does not answer; the cause is in Unstale's log. Try again in a few seconds.",
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

/// The cause of an error response for the log. [`super::layers`] logs it with the request ID.
#[derive(Debug, Clone)]
pub struct Cause(pub String);

impl Cause {
    /// Stores the cause in the response, so that it is logged.
    pub fn tell(self, response: &mut Response) {
        response.extensions_mut().insert(self);
    }

    /// The cause in this response, if it has one.
    pub fn of(response: &Response) -> Option<&str> {
        response.extensions().get().map(|Self(cause)| cause.as_str())
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
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
        let kind = self.problem_type();
        let (title, detail) = self.title_and_detail();
        let mut response = ProblemDetails::new(kind, title, detail).into_response();
        if let Some(cause) = cause {
            cause.tell(&mut response);
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    title: &'a str,
    advice: &'a str,
    request_id: &'a str,
    /// Whether the browser has a session, so that its links lead somewhere.
    has_session: bool,
}

/// An error page. It needs neither a session nor the database.
pub fn error_page(title: &str, advice: &str, request_id: &str, has_session: bool) -> String {
    let page = ErrorPage { title, advice, request_id, has_session };
    page.render().unwrap_or_else(|_| format!("{title}\n\n{advice}\n\nRequest {request_id}\n"))
}

/// Answers an address that has no route.
pub async fn not_found() -> HttpError {
    HttpError::NotFound
}

/// Answers a known address that does not take this method.
pub async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> HttpError {
    tracing::debug!(%method, path = uri.path(), "wrong method");
    HttpError::WrongMethod
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_page_is_inert() {
        let page = error_page("<script>", "a & b", "0197", true);
        assert!(page.contains("&#60;script&#62;") && page.contains("0197"), "{page}");
        assert!(!page.contains("<script>"));
    }
}
