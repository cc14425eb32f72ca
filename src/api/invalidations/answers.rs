//! What a request is answered with: the invalidation or proposal, and whether it was requested before.

use std::convert::Infallible;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, IntoResponseParts, Response, ResponseParts},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        error::ApiError,
        invalidations::representation::{ActorShape, InvalidationShape},
        json::Json,
        state::Api,
    },
    commands::CommandError,
    domain::{
        id::{InvalidationId, ProposalId},
        invalidations::{idempotency::IdempotentAnswer, invalidation::NewInvalidation},
        time::Timestamp,
    },
    http::caller::Caller,
    store::invalidations::{self, proposals},
};

/// The header of a replayed answer to an earlier request with the same key. Its value is `true`.
pub const REPLAYED: &str = "idempotent-replayed";
/// The header with the time of the earlier request.
pub const FIRST_REQUEST: &str = "unstale-first-request";

/// A request on a protected distribution, which a second person has to approve.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Proposal)]
pub struct ProposalShape {
    /// The ID of the proposal: it has no invalidation yet.
    pub id: String,
    /// Where a second person approves it.
    pub url: String,
    /// Always `waiting_for_approval`.
    pub state: String,
    pub distribution: String,
    pub items: Vec<String>,
    pub reason: String,
    /// What viewers must get: `new_version`, `gone`, or `sha256:` and a hash.
    pub expected: String,
    /// Whether its URLs are fetched once when the invalidation has completed.
    pub warm: bool,
    pub requested_by: ActorShape,
    #[schema(format = DateTime)]
    pub requested_at: String,
    /// It can be approved until then.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// What a request is answered with: an invalidation or a proposal, or one of them for each distribution.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Accepted)]
pub enum AcceptedResponse {
    Invalidation(Box<InvalidationShape>),
    Proposal(Box<ProposalShape>),
    Parts(AcceptedPartsShape),
}

/// What a request for several distributions is answered with.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AcceptedParts)]
pub struct AcceptedPartsShape {
    /// An invalidation or a proposal for each distribution, in the order of their IDs.
    #[schema(no_recursion)]
    pub invalidations: Vec<AcceptedResponse>,
}

/// Adds headers that say that a request with the same key came before, and when.
pub(super) struct FirstRequest {
    pub at: Timestamp,
    /// Whether nothing was sent again.
    pub replayed: bool,
}

impl IntoResponseParts for FirstRequest {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        if self.replayed {
            parts.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        if let Ok(at) = HeaderValue::try_from(self.at.to_string()) {
            parts.headers_mut().insert(FIRST_REQUEST, at);
        }
        Ok(parts)
    }
}

/// One invalidation or proposal, and how it is answered alone.
pub(super) enum Accepted {
    /// It will be sent.
    Queued(InvalidationId, Box<InvalidationShape>),
    /// An earlier one of the same items.
    HeldBack(InvalidationId, Box<InvalidationShape>),
    Proposed(Box<ProposalShape>),
}

impl Accepted {
    pub(super) fn into_body(self) -> AcceptedResponse {
        match self {
            Self::Queued(_, shape) | Self::HeldBack(_, shape) => AcceptedResponse::Invalidation(shape),
            Self::Proposed(shape) => AcceptedResponse::Proposal(shape),
        }
    }
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        match self {
            Self::Queued(id, shape) => {
                let body = Json(AcceptedResponse::Invalidation(shape));
                (StatusCode::ACCEPTED, location(&id), body).into_response()
            }
            Self::HeldBack(id, shape) => (StatusCode::OK, location(&id), Json(*shape)).into_response(),
            Self::Proposed(shape) => {
                let body = Json(AcceptedResponse::Proposal(shape));
                (StatusCode::ACCEPTED, body).into_response()
            }
        }
    }
}

/// The answer of an earlier request with the same key, once more.
pub(super) async fn before(
    api: &Api,
    caller: &Caller,
    answer: &IdempotentAnswer,
    not_before: Option<Timestamp>,
) -> Result<Accepted, ApiError> {
    match answer {
        IdempotentAnswer::Accepted(id) => accepted(api, caller, id, not_before).await,
        IdempotentAnswer::HeldBack(id) => held_back(api, caller, id).await,
        IdempotentAnswer::Proposed(id) => proposed(api, caller, id).await,
    }
}

/// The invalidation in the state in which it was accepted, so that each repetition gets the same answer.
pub(super) async fn accepted(
    api: &Api,
    caller: &Caller,
    id: &InvalidationId,
    not_before: Option<Timestamp>,
) -> Result<Accepted, ApiError> {
    let mut conn = api.context.db.read().await?;
    let found = invalidations::find(&mut conn, id).await?.ok_or(CommandError::NotFound)?;
    let base = &caller.base;
    let shape = InvalidationShape::load_as_accepted(api, &mut conn, &found, not_before, base).await?;
    Ok(Accepted::Queued(id.clone(), Box::new(shape)))
}

/// The invalidation that was accepted at this time.
pub(super) async fn newly_accepted(
    api: &Api,
    caller: &Caller,
    new: &NewInvalidation,
    at: Timestamp,
) -> Result<Accepted, ApiError> {
    let by = &caller.acting.actor;
    let shape = InvalidationShape::load_new(api, new, (by, at), &caller.base).await?;
    Ok(Accepted::Queued(new.id.clone(), Box::new(shape)))
}

/// The earlier invalidation of the same items, in its current state.
pub(super) async fn held_back(api: &Api, caller: &Caller, id: &InvalidationId) -> Result<Accepted, ApiError> {
    let mut conn = api.context.db.read().await?;
    let found = invalidations::find(&mut conn, id).await?.ok_or(CommandError::NotFound)?;
    let shape = InvalidationShape::load(api, &mut conn, &found, &caller.base).await?;
    Ok(Accepted::HeldBack(id.clone(), Box::new(shape)))
}

fn location(id: &InvalidationId) -> [(HeaderName, HeaderValue); 1] {
    let address = HeaderValue::from_str(&format!("/api/v1/invalidations/{id}"));
    [(header::LOCATION, address.unwrap_or_else(|_| HeaderValue::from_static("/api/v1/invalidations")))]
}

pub(super) async fn proposed(api: &Api, caller: &Caller, id: &ProposalId) -> Result<Accepted, ApiError> {
    let now = api.context.clock.now();
    let found =
        proposals::find(&mut *api.context.db.read().await?, id, now).await?.ok_or(CommandError::NotFound)?;
    let shape = ProposalShape {
        id: found.id.to_string(),
        url: format!("{}/approvals", caller.base),
        state: "waiting_for_approval".to_owned(),
        distribution: found.distribution.to_string(),
        items: found.items.iter().map(ToString::to_string).collect(),
        reason: found.reason.clone(),
        expected: found.expected.to_string(),
        warm: found.warm,
        requested_by: ActorShape::new(&found.asked_by),
        requested_at: found.asked_at.to_string(),
        expires_at: found.expires_at.to_string(),
    };
    Ok(Accepted::Proposed(Box::new(shape)))
}
