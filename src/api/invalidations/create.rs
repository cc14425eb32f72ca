//! `POST /api/v1/invalidations`: stores a request. A repeated request with the same key gets the same answer.

use std::convert::Infallible;

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, IntoResponseParts, Response, ResponseParts},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        body::JsonFields,
        caller::{IDEMPOTENCY_KEY, Key},
        error::ApiError,
        invalidations::{
            representation::{ActorShape, InvalidationShape},
            requests::{self, InvalidationRequest, NewInvalidationRequest},
        },
        json::Json,
        state::Api,
    },
    commands::{self, CommandError, Requested, Unmet, new_uuid},
    domain::{
        audit::attempted::attempted,
        checks::WarmingRefusal,
        distributions::{distribution::Distribution, protection::Confirmation},
        id::{DistributionId, InvalidationId, ProposalId, RequestKey},
        invalidations::{
            idempotency::{IdempotencyKey, IdempotentAnswer},
            invalidation::NewInvalidation,
            item::TargetDistribution,
            plan::{Plan, Surroundings},
        },
        time::Timestamp,
    },
    http::caller::Caller,
    http::problem::{Fault, ProblemType},
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

/// What a request is answered with.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Accepted)]
pub enum AcceptedResponse {
    Invalidation(Box<InvalidationShape>),
    Proposal(Box<ProposalShape>),
}

/// Request an invalidation
///
/// With the header `Idempotency-Key` it is harmless to send again: the same key and body get the same answer, also
/// while the first is under way, with `Idempotent-Replayed: true` and the time of the first request. Where CloudFront
/// refused all of it, the same key tries the same invalidation once more. 202: it is on disk and will be sent, or, with
/// the state `waiting_for_approval`, it waits for a second person. 200: the same items were requested within the
/// distribution's cool-down; the answer is that earlier invalidation, and nothing is sent again.
#[utoipa::path(post, path = "/api/v1/invalidations", operation_id = "requestInvalidation", tag = "Invalidations",
    request_body = NewInvalidationRequest,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters, such as a UUID"),
        ("Unstale-Run-URL" = Option<String>, Header, description = "The https address of the pipeline's own run, for the history")
    ),
    responses(
        (status = 202, body = AcceptedResponse, headers(
            ("Location" = String, description = "Where to ask how it stands"),
            ("Idempotent-Replayed" = Option<String>, description = "`true`: this is the answer to an earlier request with the same key; nothing was sent again"),
            ("Unstale-First-Request" = Option<String>, description = "When the first request with the same key was answered. Without Idempotent-Replayed CloudFront had refused all of it, and it is tried again"),
        )),
        (status = 200, body = InvalidationShape, description = "The same items were requested a moment ago"),
    ))]
pub async fn submit(
    State(api): State<Api>,
    caller: Caller,
    Key(key): Key,
    fields: JsonFields,
) -> Result<Response, ApiError> {
    let asked = InvalidationRequest::invalidation(fields, api.context.clock.now())?;
    let (items, reason) = (asked.items.clone(), asked.reason.clone());
    let tried = request(&api, &caller, key.as_ref(), asked).await;
    tried.map_err(|error| error.trying(attempted(&items.join("\n")), reason))
}

async fn request(
    api: &Api,
    caller: &Caller,
    key: Option<&IdempotencyKey>,
    asked: InvalidationRequest,
) -> Result<Response, ApiError> {
    caller.require_operator(&asked.distribution)?;
    let mut conn = api.context.db.read().await?;
    let distribution = caller.distribution(&mut conn, &asked.distribution).await?;
    let typed = asked.items.join("\n");
    let hosts = commands::host_table(&mut conn, &typed, &caller.access).await?;
    drop(conn);
    let around = Surroundings::unmeasured(api.limits);
    let plan = Plan::within(&typed, &TargetDistribution::new(&distribution, &hosts), around, &caller.access);
    if let Some(allowed) = requests::not_granted(&plan) {
        let why = format!("outside the grants, which here allow {allowed}");
        return Err(ApiError::not_allowed(why).about(Some(distribution.id)));
    }
    requests::check(&plan).map_err(|error| error.about(Some(distribution.id.clone())))?;
    asked.expected.check(&plan.items).map_err(|error| {
        ApiError::invalid(vec![Fault::new("/expected", format!("{error}."))])
            .about(Some(distribution.id.clone()))
    })?;
    let may_warm = WarmingRefusal::check(asked.warm, asked.expected, api.app.options.are_checks_on);
    may_warm.map_err(|error| {
        ApiError::invalid(vec![Fault::new("/warm", error.describe())]).about(Some(distribution.id.clone()))
    })?;
    let not_before = asked.not_before;
    let new = assemble(caller, key, plan, &distribution, asked);
    let requested = commands::request_invalidation(&api.context, &caller.acting, &new).await?;
    answer(api, caller, requested, &distribution.id, not_before).await
}

fn assemble(
    caller: &Caller,
    key: Option<&IdempotencyKey>,
    plan: Plan,
    distribution: &Distribution,
    asked: InvalidationRequest,
) -> NewInvalidation {
    let key = key.map(|key| key.request_key(&caller.acting.actor));
    let fingerprint = key.is_some().then_some(asked.fingerprint);
    let key = key.unwrap_or_else(|| RequestKey::new(new_uuid()));
    let first = plan.lines.iter().find_map(|line| line.item_to_send().cloned());
    let first = first.unwrap_or_else(|| plan.items[0].clone());
    let mut new = NewInvalidation::from_batches(
        distribution.id.clone(),
        plan.batches,
        first,
        asked.reason,
        key,
        new_uuid,
    );
    new.confirmation = asked.confirm.map_or(Confirmation::None, Confirmation::Typed);
    new.not_before = asked.not_before;
    (new.expected, new.warm) = (asked.expected, asked.warm);
    new.fingerprint = fingerprint;
    new
}

async fn answer(
    api: &Api,
    caller: &Caller,
    requested: Requested,
    distribution: &DistributionId,
    not_before: Option<Timestamp>,
) -> Result<Response, ApiError> {
    let from_before = |at: Timestamp, replayed: bool| FirstRequest { at, replayed };
    match requested {
        Requested::New(id) => accepted(api, caller, &id, not_before).await,
        Requested::HeldBack(id) => held_back(api, caller, &id).await,
        Requested::Proposed(id) => proposed(api, caller, &id).await,
        Requested::Retried(id, at) => {
            // A retry is sent as soon as possible. The time that was chosen for the first attempt has passed.
            Ok((from_before(at, false), accepted(api, caller, &id, None).await?).into_response())
        }
        Requested::Before(answer, at) => {
            let same = match answer {
                IdempotentAnswer::Accepted(id) => accepted(api, caller, &id, not_before).await?,
                IdempotentAnswer::HeldBack(id) => held_back(api, caller, &id).await?,
                IdempotentAnswer::Proposed(id) => proposed(api, caller, &id).await?,
            };
            Ok((from_before(at, true), same).into_response())
        }
        Requested::KeyUsedForAnother => {
            let detail = "A request with this Idempotency-Key and another body was taken before. Nothing was kept or sent. Use a new key for a new request.";
            Err(ApiError::new(ProblemType::KeyUsed, detail).about(Some(distribution.clone())))
        }
        Requested::Unmet(unmet) => Err(missing(unmet).about(Some(distribution.clone()))),
    }
}

/// Adds headers that say that a request with the same key came before, and when.
struct FirstRequest {
    at: Timestamp,
    /// Whether nothing was sent again.
    replayed: bool,
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

/// The invalidation in the state in which it was accepted, so that each repetition gets the same answer.
async fn accepted(
    api: &Api,
    caller: &Caller,
    id: &InvalidationId,
    not_before: Option<Timestamp>,
) -> Result<Response, ApiError> {
    let mut conn = api.context.db.read().await?;
    let found = invalidations::find(&mut conn, id).await?.ok_or(CommandError::NotFound)?;
    let base = &caller.base;
    let shape = InvalidationShape::load_as_accepted(api, &mut conn, &found, not_before, base).await?;
    let body = Json(AcceptedResponse::Invalidation(Box::new(shape)));
    Ok((StatusCode::ACCEPTED, location(id), body).into_response())
}

/// The earlier invalidation of the same items, in its current state.
async fn held_back(api: &Api, caller: &Caller, id: &InvalidationId) -> Result<Response, ApiError> {
    let mut conn = api.context.db.read().await?;
    let found = invalidations::find(&mut conn, id).await?.ok_or(CommandError::NotFound)?;
    let shape = InvalidationShape::load(api, &mut conn, &found, &caller.base).await?;
    Ok((StatusCode::OK, location(id), Json(shape)).into_response())
}

fn location(id: &InvalidationId) -> [(HeaderName, HeaderValue); 1] {
    let address = HeaderValue::from_str(&format!("/api/v1/invalidations/{id}"));
    [(header::LOCATION, address.unwrap_or_else(|_| HeaderValue::from_static("/api/v1/invalidations")))]
}

async fn proposed(api: &Api, caller: &Caller, id: &ProposalId) -> Result<Response, ApiError> {
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
    let body = Json(AcceptedResponse::Proposal(Box::new(shape)));
    Ok((StatusCode::ACCEPTED, body).into_response())
}

/// The error for what a protected distribution still asks for.
fn missing(unmet: Unmet) -> ApiError {
    match unmet {
        Unmet::Reason => ApiError::invalid(vec![Fault::new("/reason", "is needed for this distribution.")]),
        Unmet::Now => {
            let detail = "cannot be used here: a second person decides when this goes.";
            ApiError::invalid(vec![Fault::new("/not_before", detail)])
        }
        Unmet::Name(name) => {
            let detail = format!(
                "This request is wide and the distribution is protected. Nothing was kept or sent. Send it again with \"confirm\": \"{name}\" if that is what you mean; a new {IDEMPOTENCY_KEY} is not needed."
            );
            ApiError::new(ProblemType::ConfirmationNeeded, detail).confirm(name)
        }
    }
}
