//! Invalidations as entries of the history: what came of each, and its events.

use std::collections::HashMap;

use crate::{
    domain::{
        audit::{Chained, facts, search::AuditQuery},
        id::InvalidationId,
        invalidations::invalidation::Invalidation,
    },
    store::{
        Conn, StoreError,
        audit::{self, FoundInvalidation},
    },
};

use super::{
    super::view::{self, RowContext, StatusView, When},
    row::{self, EventRow, HistoryRowContext},
};

/// The number of events that are shown below an invalidation. Its own page has all.
const EVENTS: usize = 12;

/// An invalidation in the history.
pub struct HistoryEntry {
    pub row: view::Row,
    /// The items, such as `/images/* and 2 more`. In a search for a URL, the one that touches it comes first.
    pub items: String,
    /// How that item touches what was searched for. Empty without such a search.
    pub touch: &'static str,
    pub events: Vec<EventRow>,
    /// Whether the entry is highlighted: a protection was overridden.
    pub stands_out: bool,
    /// Whether there may be more events than are shown.
    pub has_more: bool,
}

/// Reads what the entries show besides their rows.
pub async fn entries(
    conn: &mut Conn,
    found: &[FoundInvalidation],
    around: &HistoryRowContext<'_>,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let rows: Vec<Invalidation> = found.iter().filter_map(|one| one.row.clone()).collect();
    let contradicted = audit::contradicted(conn, &rows).await?;
    let ids: Vec<InvalidationId> = found.iter().map(|one| one.id.clone()).collect();
    let mut events: HashMap<InvalidationId, Vec<Chained>> = HashMap::new();
    for chained in audit::first_events(conn, &ids, EVENTS).await? {
        if let Some(id) = chained.event.invalidation.clone() {
            events.entry(id).or_default().push(chained);
        }
    }
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
        let events = events.remove(&one.id).unwrap_or_default();
        let entry = match one.row {
            Some(_) => rows.next().map(|row| entry(row, &events, contradicted.contains(&one.id), around)),
            None => missing(&one.id, &events, around),
        };
        entries.extend(entry);
    }
    Ok(entries)
}

fn entry(
    row: view::Row,
    events: &[Chained],
    is_contradicted: bool,
    around: &HistoryRowContext<'_>,
) -> HistoryEntry {
    let found = around.search.filter(|_| !is_contradicted).and_then(|search| touching(events, search));
    let (item, touch) = found.unwrap_or_else(|| (row.first_item.clone(), ""));
    HistoryEntry {
        items: if row.more > 0 { format!("{item} and {} more", row.more) } else { item },
        row,
        touch,
        has_more: events.len() == EVENTS,
        stands_out: events.iter().any(|chained| row::stands_out(&chained.event)),
        events: events.iter().map(|chained| row::row(chained, around)).collect(),
    }
}

/// The item that touches what was searched for, and how. The items of a long list are not in the event.
fn touching(events: &[Chained], search: &AuditQuery) -> Option<(String, &'static str)> {
    let first = events.iter().find(|chained| facts::begins(&chained.event))?;
    let place = first.event.distribution.as_ref();
    let shown = &first.event.items.shown;
    shown.iter().find_map(|item| Some((item.to_string(), search.touch(item, place)?.label())))
}

/// An invalidation that events state and that is not in its table any more.
fn missing(id: &InvalidationId, events: &[Chained], around: &HistoryRowContext<'_>) -> Option<HistoryEntry> {
    let first = &events.first()?.event;
    Some(HistoryEntry {
        row: view::Row {
            id: id.to_string(),
            when: When::new(first.done_at(), around.now),
            distribution_id: first.distribution.as_ref().map(ToString::to_string).unwrap_or_default(),
            distribution: row::place(first, around.distributions),
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
        has_more: events.len() == EVENTS,
        stands_out: events.iter().any(|chained| row::stands_out(&chained.event)),
        events: events.iter().map(|chained| row::row(chained, around)).collect(),
    })
}
