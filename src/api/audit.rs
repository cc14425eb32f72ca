//! `GET /api/v1/audit`: the history, newest first, in pages.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::invalidations::{list::find_distribution, representation::ActorShape},
    domain::{
        audit::{Action, Chained, VERSION, visibility::Visibility},
        id::{DistributionId, InvalidationId},
    },
    http::caller::Caller,
    store::audit::{self, EventFilter},
};

use super::{
    error::ApiError,
    json::Json,
    query::{Params, whole},
    state::Api,
};

/// One line of the history.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct EventShape {
    /// Its place in the history, from 1.
    pub sequence: i64,
    #[schema(format = DateTime)]
    pub at: String,
    /// A stable word, such as `invalidation.requested`.
    pub action: String,
    pub actor: ActorShape,
    /// What it acted on.
    pub target: TargetShape,
    pub distribution: Option<String>,
    pub invalidation: Option<String>,
    /// The items themselves where they are at most 100.
    pub items: Vec<String>,
    pub item_count: usize,
    /// SHA-256 over the sorted items, each followed by a line feed; empty where there are none.
    pub items_sha256: String,
    pub reason: String,
    /// `done`, `refused` or `failed`.
    pub outcome: String,
    /// What there is to say about it, in words.
    pub note: String,
    /// What it was before and what it became, such as a state.
    pub old: String,
    pub new: String,
    pub client_address: String,
    /// The way of sign-in: `token`, `password`, `command line`, …
    pub sign_in: String,
    /// The handle of the session, or the ID of the token.
    pub session: String,
    pub request_id: String,
    pub aws_request_id: String,
    pub cloudfront_id: String,
    /// When it was done, where that is another time than `at`: of what was made outside, when CloudFront took it.
    #[schema(format = DateTime)]
    pub done_at: Option<String>,
    /// The page of the program's run, as its request named it; empty where it did not.
    pub run_url: String,
    /// The idempotency key of the program's request; empty where it sent none.
    pub idempotency_key: String,
    /// Who asked for what somebody else approved.
    pub requested_by: Option<ActorShape>,
    /// The version of the canonical form that is under the hash.
    pub version: i64,
    /// The hash of the event before it, and its own.
    pub previous_hash: String,
    pub hash: String,
}

/// What an event acted on.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Target)]
pub struct TargetShape {
    pub kind: String,
    pub id: String,
}

/// A page of the history.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditPage {
    pub items: Vec<EventShape>,
    /// To be sent as `cursor` for the next page; null at the end.
    pub next: Option<String>,
}

/// Read the history
///
/// Newest first, as far as the token may see it.
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "listAuditEvents", tag = "History",
    params(
        ("distribution" = Option<String>, Query, description = "Only of this distribution: its ID, ARN, domain name, alias or a URL of it"),
        ("invalidation" = Option<String>, Query, description = "Only of this invalidation"),
        ("action" = Option<String>, Query, description = "Only this action, such as invalidation.requested"),
        ("cursor" = Option<String>, Query, description = "What the page before gave as next"),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 100, description = "So many at most; 50 where it is left out"),
    ),
    responses((status = 200, body = AuditPage)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    mut params: Params,
) -> Result<Json<AuditPage>, ApiError> {
    let limit = params.limit();
    let before = params.read("cursor", "what the page before gave as next", whole::<i64>);
    let invalidation = params.read("invalidation", "the ID of an invalidation", InvalidationId::parse);
    let action = params.read("action", "an action, such as invalidation.requested", Action::parse);
    let named = params.take("distribution");
    params.end()?;
    let distribution = match named {
        None => None,
        Some(named) => Some(find_distribution(&api, &caller, &named).await?),
    };
    let wanted = EventFilter { distribution, invalidation, action };
    let mut conn = api.context.db.read().await?;
    let before = before.unwrap_or(i64::MAX);
    let visibility = Visibility::of(&caller.acting.actor, &caller.access);
    let mut found = audit::page_seen_by(&mut conn, visibility.as_ref(), &wanted, before, limit + 1).await?;
    drop(conn);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.sequence.to_string());
    Ok(Json(AuditPage { items: found.iter().map(EventShape::new).collect(), next }))
}

impl EventShape {
    pub fn new(chained: &Chained) -> Self {
        let event = &chained.event;
        let origin = &event.acting.origin;
        Self {
            sequence: chained.sequence,
            at: event.at.to_string(),
            action: event.action.as_str().to_owned(),
            actor: ActorShape::new(&event.acting.actor),
            target: TargetShape { kind: event.target.kind().to_owned(), id: event.target.id().to_owned() },
            distribution: event.distribution.as_ref().map(DistributionId::to_string),
            invalidation: event.invalidation.as_ref().map(InvalidationId::to_string),
            items: event.items.shown.iter().map(ToString::to_string).collect(),
            item_count: event.items.count,
            items_sha256: event.items.sha256.clone(),
            reason: event.reason.clone(),
            outcome: event.outcome.as_str().to_owned(),
            note: event.note.clone(),
            old: event.old.clone(),
            new: event.new.clone(),
            client_address: origin.client_address.clone(),
            sign_in: origin.sign_in.clone(),
            session: origin.session.clone(),
            request_id: origin.request_id.clone(),
            aws_request_id: event.aws_request_id.clone(),
            cloudfront_id: event.cloudfront_id.clone(),
            done_at: event.done_at.map(|at| at.to_string()),
            run_url: origin.via.run_url.clone(),
            idempotency_key: origin.via.idempotency_key.clone(),
            requested_by: event.requested_by.as_ref().map(ActorShape::new),
            version: VERSION,
            previous_hash: chained.previous_hash.clone(),
            hash: chained.hash.clone(),
        }
    }
}
