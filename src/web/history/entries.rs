//! Invalidations as entries of the history: what came of each. Their events come when a reader asks for them.

use std::collections::HashMap;

use crate::{
    domain::{
        audit::{Chained, facts, search::AuditQuery},
        id::InvalidationId,
        invalidations::invalidation::Invalidation,
    },
    store::audit::FoundInvalidation,
};

use super::{
    super::view::{self, RowContext, StatusView, When},
    row::{self, HistoryRowContext},
};

/// An invalidation in the history.
pub struct HistoryEntry {
    pub row: view::Row,
    /// The items, such as `/images/* and 2 more`. In a search for a URL, the one that touches it comes first.
    pub items: String,
    /// How that item touches what was searched for. Empty without such a search.
    pub touch: &'static str,
    /// Whether the entry is highlighted: a protection was overridden.
    pub stands_out: bool,
}

/// The entries of what was found. `first` are the first events of these invalidations.
pub fn entries(
    found: &[FoundInvalidation],
    first: &[Chained],
    around: &HistoryRowContext<'_>,
) -> Vec<HistoryEntry> {
    let rows: Vec<Invalidation> = found.iter().filter_map(|one| one.row.clone()).collect();
    let contradicted = facts::contradicted(first, &rows);
    let first: HashMap<&InvalidationId, &Chained> =
        first.iter().filter_map(|chained| Some((chained.event.invalidation.as_ref()?, chained))).collect();
    let freshness = found.iter().filter_map(|one| Some((one.id.clone(), one.freshness?))).collect();
    let context = RowContext {
        distributions: around.distributions,
        tickets: around.tickets,
        contradicted: &contradicted,
        freshness: &freshness,
        now: around.now,
    };
    let mut rows = view::rows(&rows, &context).into_iter();
    let mut entries = Vec::with_capacity(found.len());
    for one in found {
        let first = first.get(&one.id).copied();
        let entry = match one.row {
            Some(_) => rows.next().map(|row| entry(row, first, contradicted.contains(&one.id), around)),
            None => first.map(|first| missing(&one.id, first, around)),
        };
        entries.extend(entry);
    }
    entries
}

fn entry(
    row: view::Row,
    first: Option<&Chained>,
    is_contradicted: bool,
    around: &HistoryRowContext<'_>,
) -> HistoryEntry {
    let search = around.search.filter(|_| !is_contradicted);
    let found = search.zip(first).and_then(|(search, first)| touching(first, search));
    let (item, touch) = found.unwrap_or_else(|| (row.first_item.clone(), ""));
    HistoryEntry {
        items: if row.more > 0 { format!("{item} and {} more", row.more) } else { item },
        row,
        touch,
        stands_out: first.is_some_and(|first| row::stands_out(&first.event)),
    }
}

/// The item that touches what was searched for, and how. The items of a long list are not in the event.
fn touching(first: &Chained, search: &AuditQuery) -> Option<(String, &'static str)> {
    let event = Some(&first.event).filter(|event| facts::begins(event))?;
    let place = event.distribution.as_ref();
    event.items.shown.iter().find_map(|item| Some((item.to_string(), search.touch(item, place)?.label())))
}

/// An invalidation that events state and that is not in its table any more.
fn missing(id: &InvalidationId, first: &Chained, around: &HistoryRowContext<'_>) -> HistoryEntry {
    let event = &first.event;
    HistoryEntry {
        row: view::Row {
            id: id.to_string(),
            when: When::new(event.done_at(), around.now),
            distribution_id: event.distribution.as_ref().map(ToString::to_string).unwrap_or_default(),
            distribution: row::place(event, around.distributions),
            first_item: "Differs from the history".to_owned(),
            more: 0,
            who: String::new(),
            outside: false,
            reason: Vec::new(),
            status: StatusView { state: "failed", words: "Not in the database".to_owned() },
            freshness: None,
            failed: true,
        },
        items: "Differs from the history".to_owned(),
        touch: "",
        stands_out: row::stands_out(event),
    }
}
