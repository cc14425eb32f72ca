//! The errors of the API, and what the history records about each.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use crate::{
    commands::{CommandError, Sort},
    domain::{
        causes::with_causes, distributions::reference::NotFound, id::DistributionId,
        invalidations::item::Item,
    },
    http::{
        error::Cause,
        problem::{Fault, ProblemDetails, ProblemType},
    },
    store::StoreError,
};

use super::missing_event::{MissingEvent, RefusedRequest};

/// The number of errors in a request that the history lists.
const TOLD_MAX: usize = 10;

/// An error of the API. Its request ID is added later.
#[derive(Debug)]
pub struct ApiError {
    kind: ProblemType,
    detail: String,
    errors: Vec<Fault>,
    confirm: Option<String>,
    /// The cause for the log or the history. The response does not contain it.
    cause: Option<String>,
    history: History,
}

/// What the history has of this error.
#[derive(Debug)]
enum History {
    /// No event yet.
    Missing,
    /// No event yet. The event will name this request.
    MissingOf(Box<RefusedRequest>),
    /// The event is written, or none is needed.
    Told,
}

impl ApiError {
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { kind, detail, errors: Vec::new(), confirm: None, cause: None, history: History::Missing }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemType::NotFound, format!("There is no such {what}, or this token may not see it."))
    }

    /// No distribution was found for the given name.
    pub fn no_distribution(why: &NotFound) -> Self {
        let words = match why {
            NotFound::Unread(_) | NotFound::Ambiguous { .. } => format!("{why}."),
            _ => format!("{why}, or this token may not see it."),
        };
        Self::new(ProblemType::NotFound, words)
    }

    /// The role or the grants do not allow the request.
    pub fn not_allowed(why: String) -> Self {
        let detail = format!("It was refused: {why}. Nothing was saved or sent.");
        Self::new(ProblemType::NotAllowed, detail).because(why)
    }

    #[cfg(test)]
    pub const fn kind(&self) -> ProblemType {
        self.kind
    }

    /// Sets the reason that the event will have.
    pub fn because(self, why: impl Into<String>) -> Self {
        Self { cause: Some(why.into()), ..self }
    }

    /// Sets the distribution that the event will name.
    pub fn about(self, distribution: Option<DistributionId>) -> Self {
        let history =
            History::MissingOf(Box::new(RefusedRequest { distribution, ..RefusedRequest::default() }));
        Self { history, ..self }
    }

    /// Sets the items and the reason of the request that the event will name.
    pub fn trying(self, items: Vec<Item>, reason: String) -> Self {
        let distribution = match self.history {
            History::Told => return self,
            History::Missing => None,
            History::MissingOf(tried) => tried.distribution,
        };
        Self { history: History::MissingOf(Box::new(RefusedRequest { distribution, items, reason })), ..self }
    }

    /// Marks that the event is already written, or that none is needed.
    pub fn told(self) -> Self {
        Self { history: History::Told, ..self }
    }

    /// What the event must contain. `None` if no event is needed.
    fn missing_event(&self) -> Option<MissingEvent> {
        let tried = match &self.history {
            _ if !self.kind.status().is_client_error() => return None,
            History::Told => return None,
            History::Missing => RefusedRequest::default(),
            History::MissingOf(tried) => tried.as_ref().clone(),
        };
        let words = |fault: &Fault| format!("{} {}", fault.pointer, fault.detail);
        let why = match (&self.cause, self.errors.as_slice()) {
            (Some(cause), _) => cause.clone(),
            (None, []) => self.kind.title().to_owned(),
            (None, errors) => errors.iter().take(TOLD_MAX).map(words).collect::<Vec<_>>().join(" "),
        };
        Some(MissingEvent { why, tried })
    }

    /// The request has these errors.
    pub fn invalid(errors: Vec<Fault>) -> Self {
        Self::invalid_of(errors, 0)
    }

    /// The request has these errors, and `unnamed` more that are not listed.
    pub fn invalid_of(errors: Vec<Fault>, unnamed: usize) -> Self {
        let detail = match errors.as_slice() {
            named if unnamed > 0 => format!(
                "{} things need correction; the first {} are named in errors. Nothing was saved or sent.",
                named.len() + unnamed,
                named.len()
            ),
            [one] => format!("{} {} Nothing was saved or sent.", one.pointer, one.detail),
            many => format!(
                "{} things need correction; each is named in errors. Nothing was saved or sent.",
                many.len()
            ),
        };
        Self { errors, ..Self::new(ProblemType::Invalid, detail) }
    }

    pub fn confirm(self, name: String) -> Self {
        Self { confirm: Some(name), ..self }
    }

    pub fn internal(cause: String) -> Self {
        let detail = "The cause is in the log of the service under this request ID. Look in the history whether anything was done before you try again.";
        Self { cause: Some(cause), ..Self::new(ProblemType::Internal, detail) }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_passing() {
            let detail = if matches!(error, StoreError::Full(_)) {
                "The disk of the database is full. Nothing was saved or sent. The operator of this server has to free space; \
                 then try again."
            } else {
                "Nothing was saved or sent. Try again in a few seconds."
            };
            Self { cause: Some(with_causes(&error)), ..Self::new(ProblemType::Unavailable, detail) }
        } else {
            Self::internal(with_causes(&error))
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        let error = match error {
            CommandError::Store(error) => return error.into(),
            CommandError::OverBudget(why) => {
                let detail = format!("It was refused: {why}. Nothing was saved or sent.");
                return Self::new(ProblemType::OverBudget, detail).told();
            }
            CommandError::Frozen(refusal) => {
                let detail = format!(
                    "It was refused: {refusal}. Nothing was saved or sent. To send it anyway, send it again with \"override_freeze\": true and a reason."
                );
                return Self::new(ProblemType::Frozen, detail).told();
            }
            other => other,
        };
        let words = with_causes(&error);
        match error.sort() {
            Sort::NotFound => Self::not_found("thing").told(),
            Sort::NotAllowed => Self::not_allowed(words).told(),
            Sort::SessionOver => Self::new(ProblemType::NoToken, words).told(),
            Sort::TooLate => Self::new(ProblemType::TooLate, words),
            Sort::Wrong => Self::new(ProblemType::Unreadable, words),
            Sort::Away | Sort::Busy | Sort::Internal => Self::internal(words),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let missing_event = self.missing_event();
        let problem = ProblemDetails {
            errors: self.errors,
            confirm: self.confirm,
            ..ProblemDetails::new(self.kind, self.kind.title(), self.detail)
        };
        let mut response = problem.into_response();
        let wait = match self.kind {
            ProblemType::TooManyOfYours | ProblemType::TooManyWaiting | ProblemType::Unavailable => Some(5),
            _ => None,
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == ProblemType::NoToken {
            let how = HeaderValue::from_static("Bearer realm=\"Unstale\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
        }
        if let Some(event) = missing_event {
            response.extensions_mut().insert(event);
        }
        if let Some(cause) = self.cause.filter(|_| self.kind.status().is_server_error()) {
            Cause(cause).tell(&mut response);
        }
        response
    }
}

/// Answers an address below `/api/` that has no route.
pub async fn not_found() -> ApiError {
    ApiError::new(ProblemType::NotFound, "There is no such address. The page at /api lists them.").told()
}

/// Answers a known address that does not take this method.
pub async fn wrong_method() -> ApiError {
    ApiError::new(ProblemType::WrongMethod, "The page at /api says which methods it takes.").told()
}
