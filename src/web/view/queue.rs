//! Where a queued invalidation stands, in words.

use crate::{
    domain::{
        id::DistributionId,
        invalidations::{
            invalidation::{Invalidation, InvalidationState},
            queue::ordinal,
            retry,
        },
        time::{Timestamp, span_in_words},
    },
    http::state::Web,
    store::{
        Conn, StoreError,
        invalidations::{batches, queue},
    },
};

/// What there is to say of one that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// `2nd`
    pub place: String,
    /// `starts in about 20 s`
    pub starts: String,
}

/// The place of a queued invalidation, and about when it starts.
pub async fn waiting(
    conn: &mut Conn,
    web: &Web,
    invalidation: &Invalidation,
    now: Timestamp,
) -> Result<Option<QueueView>, StoreError> {
    if !matches!(invalidation.state, InvalidationState::Queued | InvalidationState::InProgress) {
        return Ok(None);
    }
    let Some(place) = queue::place(conn, &invalidation.id).await? else { return Ok(None) };
    let distribution: &DistributionId = &invalidation.distribution;
    let in_flight = batches::in_flight(conn, distribution).await?;
    let usual = batches::usual_time(conn, distribution).await?.unwrap_or(retry::USUAL);
    let starts = place.starts_at(in_flight, web.options.limits, web.options.create, usual, now);
    let wait = starts.since(now);
    Ok(Some(QueueView {
        place: ordinal(place.ahead() + 1),
        starts: if wait.as_secs() < 1 {
            "starts in a moment".to_owned()
        } else {
            format!("starts in about {}", span_in_words(wait))
        },
    }))
}
