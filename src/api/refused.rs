//! What a program tried and was not let do is in the history: each act leaves exactly one event, however it ended.

use axum::{
    http::Method,
    response::{IntoResponse, Response},
};

use crate::{
    commands::{self, Attempt},
    domain::{audit::Target, id::DistributionId, invalidations::item::Item},
    http::caller::Caller,
};

use super::{error::ApiError, state::Api};

/// What an answer still has to leave in the history, where the request was an act.
#[derive(Debug, Clone)]
pub struct Untold {
    pub why: String,
    pub tried: RefusedRequest,
}

/// What was to be refreshed, where and why.
#[derive(Debug, Clone, Default)]
pub struct RefusedRequest {
    pub distribution: Option<DistributionId>,
    pub items: Vec<Item>,
    pub reason: String,
}

/// What the request would do; `None` for one that only looks.
pub fn act(method: &Method, path: &str) -> Option<&'static str> {
    if *method != Method::POST {
        return None;
    }
    match path {
        "/api/v1/invalidations" => Some("invalidate"),
        _ if path.ends_with("/cancel") => Some("cancel an invalidation"),
        _ => None,
    }
}

/// Writes the event that the answer lacks. What cannot be kept in the history is answered as what it is: the database
/// is out of reach.
pub async fn keep(api: &Api, caller: &Caller, what: &str, mut answer: Response) -> Response {
    let Some(Untold { why, tried }) = answer.extensions_mut().remove() else { return answer };
    let target = Target::act(what);
    let attempt = Attempt::on(&target, tried.distribution.as_ref(), &tried.items, &tried.reason);
    match commands::refuse_attempt(&api.context, &caller.acting, &attempt, &why).await {
        Ok(()) => answer,
        Err(error) => ApiError::from(error).into_response(),
    }
}
