//! The position of a queued invalidation, in words.

use std::{collections::HashMap, time::Duration};

use crate::{
    domain::{
        id::{DistributionId, InvalidationId},
        invalidations::{
            invalidation::{Invalidation, InvalidationState},
            queue::{QueuePosition, ordinal},
            retry,
        },
        time::{Timestamp, span_in_words},
    },
    http::state::AppState,
    store::{
        Conn, StoreError,
        invalidations::{batches, queue},
    },
};

/// The position of an invalidation, and when it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// `2nd`
    pub place: String,
    /// `starts in about 20 s`
    pub starts: String,
}

/// The position of an invalidation, and about when it starts. `None` if it is not queued.
pub async fn waiting(
    conn: &mut Conn,
    app: &AppState,
    invalidation: &Invalidation,
    now: Timestamp,
) -> Result<Option<QueueView>, StoreError> {
    if !matches!(invalidation.state, InvalidationState::Queued | InvalidationState::InProgress) {
        return Ok(None);
    }
    let usual = batches::usual_times(conn, &[&invalidation.distribution]).await?;
    Ok(all_waiting(conn, app, &[invalidation], &usual, now).await?.remove(&invalidation.id))
}

/// The positions of the queued ones among these invalidations, read together.
pub async fn all_waiting(
    conn: &mut Conn,
    app: &AppState,
    invalidations: &[&Invalidation],
    usual: &HashMap<DistributionId, Duration>,
    now: Timestamp,
) -> Result<HashMap<InvalidationId, QueueView>, StoreError> {
    let ids: Vec<_> = invalidations.iter().map(|one| &one.id).collect();
    let places = queue::places(conn, &ids).await?;
    let distributions: Vec<_> = invalidations.iter().map(|one| &one.distribution).collect();
    let loads = batches::loads_in_flight(conn, &distributions).await?;
    let view = |one: &&Invalidation| {
        let in_flight = loads.get(&one.distribution).copied().unwrap_or_default();
        let usual = usual.get(&one.distribution).copied().unwrap_or(retry::USUAL);
        let place = places.get(&one.id)?;
        let starts = place.starts_at(in_flight, app.options.throughput, usual, now);
        Some((one.id.clone(), QueueView::new(place, starts.since(now))))
    };
    Ok(invalidations.iter().filter_map(view).collect())
}

/// `starts in about 20 s`
pub fn starts_in(wait: Duration) -> String {
    if wait.as_secs() < 1 {
        return "starts in a moment".to_owned();
    }
    format!("starts in about {}", span_in_words(wait))
}

impl QueueView {
    fn new(place: &QueuePosition, wait: Duration) -> Self {
        Self { place: ordinal(place.ahead() + 1), starts: starts_in(wait) }
    }
}
