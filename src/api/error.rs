//! Why the API did not do what it was asked, and what the history has to say of it.

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

use super::refused::{RefusedRequest, Untold};

/// So many of the things that are wrong stand in the history.
const TOLD_MAX: usize = 10;

/// A problem that still lacks its request ID.
#[derive(Debug)]
pub struct ApiError {
    kind: ProblemType,
    detail: String,
    errors: Vec<Fault>,
    confirm: Option<String>,
    /// For the log, or for the history: what programs are not told.
    cause: Option<String>,
    history: History,
}

/// What of it is in the history.
#[derive(Debug)]
enum History {
    /// Nothing yet.
    Untold,
    /// Nothing yet, and this was tried.
    UntoldOf(Box<RefusedRequest>),
    /// Its event is there, or it needs none.
    Told,
}

impl ApiError {
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { kind, detail, errors: Vec::new(), confirm: None, cause: None, history: History::Untold }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemType::NotFound, format!("There is no such {what}, or this token may not see it."))
    }

    /// No distribution was found by the name that was given.
    pub fn no_distribution(why: &NotFound) -> Self {
        let words = match why {
            NotFound::Unread(_) | NotFound::Ambiguous { .. } => format!("{why}."),
            _ => format!("{why}, or this token may not see it."),
        };
        Self::new(ProblemType::NotFound, words)
    }

    /// Role or grants do not allow it.
    pub fn not_allowed(why: String) -> Self {
        let detail = format!("It was refused: {why}. Nothing was kept or sent.");
        Self::new(ProblemType::NotAllowed, detail).because(why)
    }

    #[cfg(test)]
    pub const fn kind(&self) -> ProblemType {
        self.kind
    }

    /// The event of it says this of why.
    pub fn because(self, why: impl Into<String>) -> Self {
        Self { cause: Some(why.into()), ..self }
    }

    /// The event of it names this distribution.
    pub fn about(self, distribution: Option<DistributionId>) -> Self {
        let history =
            History::UntoldOf(Box::new(RefusedRequest { distribution, ..RefusedRequest::default() }));
        Self { history, ..self }
    }

    /// The event of it names these items and this reason too.
    pub fn trying(self, items: Vec<Item>, reason: String) -> Self {
        let distribution = match self.history {
            History::Told => return self,
            History::Untold => None,
            History::UntoldOf(tried) => tried.distribution,
        };
        Self { history: History::UntoldOf(Box::new(RefusedRequest { distribution, items, reason })), ..self }
    }

    /// Its event is there already, or it needs none.
    pub fn told(self) -> Self {
        Self { history: History::Told, ..self }
    }

    /// What its event has to say.
    fn untold(&self) -> Option<Untold> {
        let tried = match &self.history {
            _ if !self.kind.status().is_client_error() => return None,
            History::Told => return None,
            History::Untold => RefusedRequest::default(),
            History::UntoldOf(tried) => tried.as_ref().clone(),
        };
        let words = |fault: &Fault| format!("{} {}", fault.pointer, fault.detail);
        let why = match (&self.cause, self.errors.as_slice()) {
            (Some(cause), _) => cause.clone(),
            (None, []) => self.kind.title().to_owned(),
            (None, errors) => errors.iter().take(TOLD_MAX).map(words).collect::<Vec<_>>().join(" "),
        };
        Some(Untold { why, tried })
    }

    /// These things are wrong.
    pub fn invalid(errors: Vec<Fault>) -> Self {
        Self::invalid_of(errors, 0)
    }

    /// These things are wrong, and so many besides that are not named.
    pub fn invalid_of(errors: Vec<Fault>, unnamed: usize) -> Self {
        let detail = match errors.as_slice() {
            named if unnamed > 0 => format!(
                "{} things need mending; the first {} are named in errors. Nothing was kept or sent.",
                named.len() + unnamed,
                named.len()
            ),
            [one] => format!("{} {} Nothing was kept or sent.", one.pointer, one.detail),
            many => format!(
                "{} things need mending; each is named in errors. Nothing was kept or sent.",
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
                "The disk of the database is full. Nothing was kept or sent. Whoever runs Unstale has to free space; \
                 then try again."
            } else {
                "Nothing was kept or sent. Try again in a few seconds."
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
        let untold = self.untold();
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
        if let Some(untold) = untold {
            response.extensions_mut().insert(untold);
        }
        if let Some(cause) = self.cause.filter(|_| self.kind.status().is_server_error()) {
            Cause(cause).tell(&mut response);
        }
        response
    }
}

/// Any address below `/api/` that the route table does not know.
pub async fn not_found() -> ApiError {
    ApiError::new(ProblemType::NotFound, "There is no such address. The page at /api lists them.").told()
}

/// A known address, asked in a way that it does not take.
pub async fn wrong_method() -> ApiError {
    ApiError::new(ProblemType::WrongMethod, "The page at /api says which methods it takes.").told()
}
