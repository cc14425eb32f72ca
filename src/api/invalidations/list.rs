//! `GET /api/v1/invalidations`: the invalidations, newest first, in pages.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        error::ApiError, invalidations::representation::InvalidationShape, json::Json, query::Params,
        state::Api,
    },
    domain::{
        checks::Freshness,
        id::{DistributionId, InvalidationId},
        invalidations::invalidation::{Invalidation, InvalidationState},
        time::Timestamp,
    },
    http::caller::Caller,
    store::invalidations::{self, InvalidationFilter},
};

use super::freshness;

/// The size of the items in bytes after which a page ends early, so that no response becomes too large.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// A page of invalidations.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InvalidationPage {
    pub items: Vec<InvalidationShape>,
    /// To be sent as `cursor` for the next page; null at the end.
    pub next: Option<String>,
}

/// List invalidations
///
/// Newest first. A page may have fewer than `limit` where they are large; `next` says whether there are more.
#[utoipa::path(get, path = "/api/v1/invalidations", operation_id = "listInvalidations", tag = "Invalidations",
    params(
        ("distribution" = Option<String>, Query, description = "Only of this distribution: its ID, ARN, domain name, alias or a URL of it"),
        ("state" = Option<String>, Query, description = "Only in this state"),
        ("cursor" = Option<String>, Query, description = "What the page before gave as next"),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 100, description = "So many at most; 50 where it is left out"),
    ),
    responses((status = 200, body = InvalidationPage)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    mut params: Params,
) -> Result<Json<InvalidationPage>, ApiError> {
    let limit = params.limit();
    let states = "queued, in_progress, completed, failed, cancelled or needs_a_look";
    let state = params.read("state", states, InvalidationState::parse);
    let after = params.read("cursor", "what the page before gave as next", parse_cursor);
    let named = params.take("distribution");
    params.end()?;
    let distribution = match named {
        None => None,
        Some(named) => Some(find_distribution(&api, &caller, &named).await?),
    };
    let mut conn = api.context.db.read().await?;
    let wanted = InvalidationFilter { distribution, state, after };
    let mut found = invalidations::page(&mut conn, &caller.access, &wanted, limit + 1).await?;
    let mut more = found.len() > limit;
    found.truncate(limit);
    let freshness = freshness::of_all(&api, &mut conn, &found).await?;
    let (mut items, mut bytes, mut last) = (Vec::with_capacity(found.len()), 0, None);
    for invalidation in &found {
        if bytes > BYTES_MAX {
            more = true;
            break;
        }
        let known = freshness.get(&invalidation.id).copied().unwrap_or(Freshness::Off);
        let shape = InvalidationShape::load_listed(&mut conn, invalidation, known, &caller.base).await?;
        bytes += shape.items.iter().map(String::len).sum::<usize>();
        items.push(shape);
        last = Some(cursor(invalidation));
    }
    Ok(Json(InvalidationPage { items, next: last.filter(|_| more) }))
}

/// The ID of the distribution that a list is limited to.
pub async fn find_distribution(api: &Api, caller: &Caller, named: &str) -> Result<DistributionId, ApiError> {
    Ok(caller.distribution(&mut *api.context.db.read().await?, named).await?.id)
}

fn cursor(invalidation: &Invalidation) -> String {
    format!("{}.{}", invalidation.requested_at.as_micros(), invalidation.id)
}

fn parse_cursor(text: &str) -> Option<(Timestamp, InvalidationId)> {
    let (at, id) = text.split_once('.')?;
    Some((Timestamp::from_micros(crate::api::query::whole(at)?), InvalidationId::parse(id)?))
}
