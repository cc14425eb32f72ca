//! Invalidations as rows of a list, and as those in flight.

use std::{collections::HashMap, time::Duration};

use crate::domain::{
    actor::ActorKind,
    checks::{ExpectedContent, Freshness},
    distributions::distribution::Distribution,
    id::InvalidationId,
    invalidations::{
        invalidation::{Invalidation, InvalidationState},
        ticket::{Piece, Tickets, pieces},
    },
    time::{Timestamp, span_in_words},
};

use super::{ElapsedView, QueueView, When, distributions::name_of};

/// A state and its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusView {
    /// The value of the attribute `data-state`.
    pub state: &'static str,
    pub words: String,
}

impl StatusView {
    pub fn of(invalidation: &Invalidation) -> Self {
        let state = invalidation.state;
        let words = match invalidation.took() {
            Some(took) => format!("Completed in {}", span_in_words(took)),
            None => state.label().to_owned(),
        };
        Self { state: state.as_str(), words }
    }

    /// What viewers get. `None` if nobody looked.
    pub fn of_freshness(freshness: Freshness, expected: ExpectedContent) -> Option<Self> {
        let is_known = freshness != Freshness::Off;
        is_known.then(|| Self { state: freshness.as_str(), words: freshness.label_for(expected).to_owned() })
    }
}

/// What all rows of a list are made with.
pub struct RowContext<'a> {
    pub distributions: &'a [Distribution],
    pub tickets: Option<&'a Tickets>,
    /// The invalidations that differ from what the history recorded.
    pub contradicted: &'a [InvalidationId],
    /// What viewers get after each invalidation that has checks.
    pub freshness: &'a HashMap<InvalidationId, Freshness>,
    pub now: Timestamp,
}

/// An invalidation in a list.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: String,
    pub when: When,
    pub distribution_id: String,
    pub distribution: String,
    pub first_item: String,
    pub more: usize,
    pub who: String,
    pub outside: bool,
    pub reason: Vec<Piece>,
    pub status: StatusView,
    /// What viewers get. `None` if nobody looked.
    pub freshness: Option<StatusView>,
    pub failed: bool,
}

/// The rows of a list.
pub fn rows(list: &[Invalidation], around: &RowContext<'_>) -> Vec<Row> {
    list.iter().map(|invalidation| row(invalidation, around)).collect()
}

/// A row. If the invalidation differs from what the history recorded, the row shows none of the changed data.
fn row(invalidation: &Invalidation, around: &RowContext<'_>) -> Row {
    let row = as_kept(invalidation, around);
    if !around.contradicted.contains(&invalidation.id) {
        return row;
    }
    Row {
        first_item: "Differs from the history".to_owned(),
        more: 0,
        who: String::new(),
        outside: false,
        reason: Vec::new(),
        ..row
    }
}

fn as_kept(invalidation: &Invalidation, around: &RowContext<'_>) -> Row {
    Row {
        id: invalidation.id.to_string(),
        when: When::new(invalidation.requested_at, around.now),
        distribution_id: invalidation.distribution.to_string(),
        distribution: name_of(around.distributions, &invalidation.distribution),
        first_item: invalidation.first_item.to_string(),
        more: invalidation.item_count.saturating_sub(1),
        who: invalidation.requested_by.name().to_owned(),
        outside: invalidation.requested_by.kind() == ActorKind::Outside,
        reason: pieces(around.tickets, &invalidation.reason),
        status: StatusView::of(invalidation),
        freshness: around
            .freshness
            .get(&invalidation.id)
            .and_then(|one| StatusView::of_freshness(*one, invalidation.expected)),
        failed: matches!(invalidation.state, InvalidationState::Failed | InvalidationState::NeedsALook),
    }
}

/// An invalidation in flight, with its progress by the usual time of its distribution.
#[derive(Debug, Clone)]
pub struct Flight {
    pub row: Row,
    pub moving: bool,
    /// `2nd, starts in about 20 s`, if it is queued.
    pub waiting: Option<QueueView>,
    pub elapsed: ElapsedView,
}

impl Flight {
    pub fn new(
        invalidation: &Invalidation,
        around: &RowContext<'_>,
        usual: Option<Duration>,
        waiting: Option<QueueView>,
    ) -> Self {
        Self {
            row: row(invalidation, around),
            moving: invalidation.state == InvalidationState::InProgress,
            waiting: waiting.filter(|_| invalidation.state == InvalidationState::Queued),
            elapsed: ElapsedView::new(invalidation.requested_at, usual, around.now),
        }
    }
}
