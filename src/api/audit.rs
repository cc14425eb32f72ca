//! `GET /api/v1/audit`: the history, newest first, in pages.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::invalidations::{list::find_distribution, representation::ActorShape},
    domain::{
        audit::{
            Action, Chained, Outcome, VERSION, asked,
            search::{AuditQuery, What},
            visibility::Visibility,
        },
        id::{DistributionId, InvalidationId},
    },
    http::caller::Caller,
    store::{audit, distributions},
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
/// Newest first, as far as the token may see it. It takes what the history's page takes. One answer is bounded work: where
/// little fits, a page may be short, or empty, and `next` says from where to look on.
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "listAuditEvents", tag = "History",
    params(
        ("q" = Option<String>, Query, description = "What the box of the history's page takes: a URL or a path that was touched, a tag, or words"),
        ("distribution" = Option<String>, Query, description = "Only of this distribution: its ID, ARN, domain name, alias or a URL of it"),
        ("invalidation" = Option<String>, Query, description = "Only of this invalidation"),
        ("who" = Option<String>, Query, description = "Only what this person or token did, by the name that the history has"),
        ("action" = Option<String>, Query, description = "Only this action, such as invalidation.requested"),
        ("result" = Option<String>, Query, description = "Only what ended so: done, refused or failed"),
        ("freshness" = Option<String>, Query, description = "Only checks that came to this: fresh, unchanged, unclear, stale or broken"),
        ("from" = Option<String>, Query, description = "Only from the beginning of this day in UTC, such as 2026-11-23"),
        ("until" = Option<String>, Query, description = "Only up to the end of this day in UTC"),
        ("outside" = Option<String>, Query, description = "yes: only what was made outside Unstale; no: only what was not"),
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
    let (query, named) = read(&mut params);
    params.end()?;
    let distribution = match named {
        None => None,
        Some(named) => Some(find_distribution(&api, &caller, &named).await?),
    };
    let visibility = Visibility::of(&caller.acting.actor, &caller.access);
    let query = AuditQuery { distribution, visibility, ..query };
    let mut conn = api.context.db.read().await?;
    // Only a search for a URL or a path needs the hosts and root objects of the distributions.
    let all = match query.what {
        What::Path { .. } => distributions::list(&mut conn).await?,
        What::Everything | What::Tag(_) | What::Words(_) => Vec::new(),
    };
    let query = asked::over(&all, |id| caller.access.sees(id), query);
    // One event more than the limit is read, so that a page that is exactly full is known to be the last.
    let mut found = audit::search(&mut conn, &query, limit + 1).await?;
    drop(conn);
    if found.events.len() > limit {
        found.events.truncate(limit);
        found.older = found.events.last().map(|last| last.sequence);
    }
    let next = found.older.map(|older| older.to_string());
    Ok(Json(AuditPage { items: found.events.iter().map(EventShape::new).collect(), next }))
}

/// Reads the parameters. Returns the query without the distribution, and the text that names the distribution.
fn read(params: &mut Params) -> (AuditQuery, Option<String>) {
    let day = "a day such as 2026-11-23";
    let who = |text: &str| Some(text.trim().to_owned()).filter(|name| !name.is_empty());
    let query = AuditQuery {
        what: params.read("q", "at most 4200 characters", |text| asked::what(text).ok()).unwrap_or_default(),
        invalidation: params.read("invalidation", "the ID of an invalidation", InvalidationId::parse),
        who: params.read("who", "the name of a person or a token", who),
        action: params.read("action", "an action, such as invalidation.requested", Action::parse),
        freshness: params.read("freshness", "fresh, unchanged, unclear, stale or broken", |text| {
            asked::freshness(text).ok()
        }),
        outcome: params.read("result", "done, refused or failed", Outcome::parse),
        from: params.read("from", day, |text| asked::from(text).ok()),
        until: params.read("until", day, |text| asked::until(text).ok()),
        outside: params.read("outside", "yes or no", |text| asked::outside(text).ok()),
        before: params.read("cursor", "what the page before gave as next", whole::<i64>),
        ..AuditQuery::default()
    };
    (query, params.take("distribution"))
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
