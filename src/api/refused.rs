//! Records the requests that the API refused, so that each attempt to act leaves exactly one event in the history.

use axum::{
    http::Method,
    response::{IntoResponse, Response},
};

use crate::{
    commands::{self, Attempt},
    domain::audit::Target,
    http::caller::Caller,
};

use super::{error::ApiError, missing_event::MissingEvent, state::Api};

/// What the request would do, in words. `None` for one that only reads.
pub fn act(method: &Method, path: &str) -> Option<&'static str> {
    match (method.as_str(), path) {
        ("POST", "/api/v1/invalidations") => Some("invalidate"),
        ("POST", "/api/v1/checks") => Some("check a distribution"),
        ("POST", _) if path.ends_with("/cancel") => Some("cancel an invalidation"),
        ("POST", _) if path.ends_with("/override-freeze") => Some("override a freeze window"),
        ("POST", _) if path.ends_with("/check-up") => Some("look at a distribution for its check-up"),
        ("POST", _) if path.ends_with("/changes") => Some("look for changed files"),
        ("PUT", _) if path.ends_with("/checks") => Some("set the checks of a distribution"),
        ("PUT", _) if path.ends_with("/paths") => Some("set the path mappings of a distribution"),
        ("POST", "/api/v1/freezes") => Some("add a freeze window"),
        ("DELETE", _) if path.starts_with("/api/v1/freezes/") => Some("remove a freeze window"),
        ("POST", "/api/v1/channels") => Some("add a notification channel"),
        ("POST", _) if path.ends_with("/test") => Some("test a notification channel"),
        ("PUT", _) if path.starts_with("/api/v1/channels/") => Some("change a notification channel"),
        ("DELETE", _) if path.starts_with("/api/v1/channels/") => Some("remove a notification channel"),
        ("PUT", "/api/v1/budgets") => Some("set a budget"),
        _ => None,
    }
}

/// Writes the missing event of a refused request. If that fails, the answer is the error of the database instead,
/// because an attempt must not go unrecorded.
pub async fn keep(api: &Api, caller: &Caller, what: &str, mut answer: Response) -> Response {
    let Some(MissingEvent { why, tried }) = answer.extensions_mut().remove() else { return answer };
    let target = Target::act(what);
    let attempt = Attempt::on(&target, tried.distribution.as_ref(), &tried.items, &tried.reason);
    match commands::refuse_attempt(&api.context, &caller.acting, &attempt, &why).await {
        Ok(()) => answer,
        Err(error) => ApiError::from(error).into_response(),
    }
}
