//! Finds events, newest first: by the items that match a URL, by words, or by filters alone.
//!
//! The work for one answer is limited. If few events match, the answer says where the next search continues.

use unstale_domain::audit::{
    Chained,
    search::{AuditQuery, What},
};

use super::{
    super::{Conn, StoreError, db::fetch_optional},
    between,
    candidates::{Page, candidates, sift},
    filters::{Filters, filtered_lines, is_filtered},
    index::{Extent, extent},
};

/// The number of events that one query reads, from the index or from those that are not indexed yet.
const CANDIDATES: usize = 200;
/// The most candidates, and the most events that are not indexed yet, that one answer reads.
const LOOKED_AT: usize = 4_000;
/// The number of candidates that the database compares with the filters in one query.
const SIFTED: usize = 5_000;
/// The most candidates that the database compares with the filters for one answer.
const SIFTED_MOST: usize = 40_000;
/// A query with several filters searches the history in windows of these sizes, counted in events. The first window
/// contains the newest events.
const WINDOWS: [i64; 4] = [20_000, 80_000, 300_000, 1_000_000];
/// How many events the order of times and the order of sequences may differ by. The clocks of replicas differ a
/// little, so an event may have an earlier time than the event before it.
const DISORDER: i64 = 10_000;

/// The events that a search found, and where the next search continues.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchResult {
    pub events: Vec<Chained>,
    /// The next search continues before this event. `None` if the search has reached the beginning of the history.
    pub older: Option<i64>,
}

/// Up to `limit` events that match a query, newest first.
pub async fn search(conn: &mut Conn, search: &AuditQuery, limit: usize) -> Result<SearchResult, StoreError> {
    let before = search.before.unwrap_or(i64::MAX);
    match search.what {
        What::Everything => filtered(conn, search, before, limit).await,
        What::Path { .. } | What::Tag(_) | What::Words(_) => by_index(conn, search, before, limit).await,
    }
}

/// Compares the events that are not indexed yet one by one, then those that the index finds.
async fn by_index(
    conn: &mut Conn,
    search: &AuditQuery,
    before: i64,
    limit: usize,
) -> Result<SearchResult, StoreError> {
    let Extent { indexed: reached, newest, living } = extent(conn, &search.item_keys(), before).await?;
    let mut found = SearchResult::default();
    let mut cursor = before.min(newest.saturating_add(1));
    let mut looked_at = 0;
    while cursor > reached + 1 {
        if looked_at >= LOOKED_AT {
            found.older = Some(cursor);
            return Ok(found);
        }
        let events = between(conn, reached, cursor, CANDIDATES).await?;
        looked_at += events.len();
        let whole = events.len() == CANDIDATES;
        cursor = events.last().filter(|_| whole).map_or(reached + 1, |last| last.sequence);
        if keep_new(conn, search, events, &mut found, limit).await? {
            return Ok(found);
        }
    }
    indexed(conn, search, &living, cursor, limit, found).await
}

/// Adds the events before `cursor` that the index finds.
async fn indexed(
    conn: &mut Conn,
    search: &AuditQuery,
    keys: &[i64],
    mut cursor: i64,
    limit: usize,
    mut found: SearchResult,
) -> Result<SearchResult, StoreError> {
    let floor = floor(conn, search).await?;
    let sifting = is_filtered(search);
    let (most, mut at_once) = if sifting {
        (SIFTED_MOST, SIFTED)
    } else {
        // Without filters, most candidates match, so one page of them is often enough.
        (LOOKED_AT, limit.min(CANDIDATES))
    };
    let mut looked_at = 0;
    loop {
        let page = if sifting {
            sift(conn, search, keys, cursor, at_once, limit - found.events.len()).await?
        } else {
            Page::of(candidates(conn, search, keys, cursor, at_once).await?)
        };
        let Some(last) = page.last else { return Ok(found) };
        looked_at += page.candidates;
        cursor = last;
        let full = keep(conn, search, page.events, &mut found, limit).await?;
        if full || page.candidates < at_once || last <= floor {
            return Ok(found);
        }
        if !sifting {
            at_once = CANDIDATES;
        }
        if looked_at >= most {
            found.older = Some(cursor);
            return Ok(found);
        }
    }
}

/// Adds the events that match the query, also those whose long list of items is stored elsewhere and must be read.
/// Returns `true` once the page is full.
async fn keep_new(
    conn: &mut Conn,
    search: &AuditQuery,
    events: Vec<Chained>,
    found: &mut SearchResult,
    limit: usize,
) -> Result<bool, StoreError> {
    for chained in events {
        if search.admits(&chained.event)
            && answers(conn, search, &chained).await?
            && push(chained, found, limit)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Adds the events from the index that match the query. Returns `true` once the page is full.
///
/// The index has already found the item in a long list, so the list is not read. But the index does not know which
/// path is the root object of which distribution. So a search for such a path reads the lists.
async fn keep(
    conn: &mut Conn,
    search: &AuditQuery,
    events: Vec<Chained>,
    found: &mut SearchResult,
    limit: usize,
) -> Result<bool, StoreError> {
    if search.is_about_a_root() {
        return keep_new(conn, search, events, found, limit).await;
    }
    Ok(events.into_iter().any(|chained| {
        let event = &chained.event;
        let listed_elsewhere = event.items.shown.is_empty() && event.items.count > 0;
        let about_items = matches!(search.what, What::Path { .. } | What::Tag(_));
        let answers = (about_items && listed_elsewhere) || search.answers(event, &event.items.shown);
        search.admits(event) && answers && push(chained, found, limit)
    }))
}

/// Adds an event. Returns `true` if the page is then full.
fn push(chained: Chained, found: &mut SearchResult, limit: usize) -> bool {
    let sequence = chained.sequence;
    found.events.push(chained);
    let full = found.events.len() == limit;
    if full {
        found.older = Some(sequence).filter(|sequence| *sequence > 1);
    }
    full
}

/// Whether an event matches the item or the words of the search. A long list of items is stored elsewhere and is
/// read first.
pub(super) async fn answers(
    conn: &mut Conn,
    search: &AuditQuery,
    chained: &Chained,
) -> Result<bool, StoreError> {
    let event = &chained.event;
    match &search.what {
        What::Path { .. } | What::Tag(_) if event.items.shown.is_empty() => {
            Ok(search.answers(event, &super::items_of(conn, event).await?))
        }
        _ => Ok(search.answers(event, &event.items.shown)),
    }
}

/// Finds events by filters alone. A single filter is answered from its index. Several filters are searched for in
/// windows.
async fn filtered(
    conn: &mut Conn,
    search: &AuditQuery,
    before: i64,
    limit: usize,
) -> Result<SearchResult, StoreError> {
    let floor = floor(conn, search).await?;
    let top = ceiling(conn, search, before).await?;
    let mut found = SearchResult::default();
    if search.until.is_some() && search.outside != Some(false) {
        // An invalidation that was made outside before `until` may have been found long after it, so later events
        // are searched as well.
        let newest = super::head(conn).await?.saturating_add(1).min(before);
        let outside = AuditQuery { outside: Some(true), ..search.clone() };
        in_windows(conn, &outside, &WINDOWS, top, newest, limit, &mut found).await?;
        if found.older.is_some() {
            return Ok(found);
        }
    }
    let windows: &[i64] = if Filters::are_many(search) { &WINDOWS } else { &[i64::MAX] };
    in_windows(conn, search, windows, floor, top, limit, &mut found).await?;
    Ok(found)
}

/// Adds the matching events from `floor` on and before `top`, window by window, newest first. If the windows end
/// after `floor`, `found.older` says where the next search continues.
async fn in_windows(
    conn: &mut Conn,
    search: &AuditQuery,
    windows: &[i64],
    floor: i64,
    mut top: i64,
    limit: usize,
    found: &mut SearchResult,
) -> Result<(), StoreError> {
    for window in windows {
        let bottom = top.saturating_sub(*window).max(floor);
        let wanted = limit - found.events.len();
        found.events.extend(window_of(conn, search, bottom, top, wanted).await?);
        if found.events.len() == limit {
            found.older = found.events.last().map(|last| last.sequence).filter(|last| *last > 1);
            return Ok(());
        }
        if bottom <= floor {
            return Ok(());
        }
        top = bottom;
    }
    found.older = Some(top);
    Ok(())
}

/// The sequence before which no event is late enough for the search.
async fn floor(conn: &mut Conn, search: &AuditQuery) -> Result<i64, StoreError> {
    let Some(from) = search.from else { return Ok(0) };
    let first = "SELECT sequence FROM audit_event WHERE at >= $1 ORDER BY at LIMIT 1";
    let row = fetch_optional!(conn, (i64,), first, from.to_string())?;
    Ok(row.map_or(i64::MAX, |row| row.0.saturating_sub(DISORDER).max(0)))
}

/// The sequence from which on no event is early enough for the search.
async fn ceiling(conn: &mut Conn, search: &AuditQuery, before: i64) -> Result<i64, StoreError> {
    // The end of the history is needed only for windows and for a search with an end time.
    if search.until.is_none() && !Filters::are_many(search) {
        return Ok(before);
    }
    let newest = super::head(conn).await?.saturating_add(1).min(before);
    let Some(until) = search.until else { return Ok(newest) };
    let last = "SELECT sequence FROM audit_event WHERE at < $1 ORDER BY at DESC LIMIT 1";
    let row = fetch_optional!(conn, (i64,), last, until.to_string())?;
    Ok(row.map_or(0, |row| row.0.saturating_add(DISORDER).min(newest)))
}

/// The newest matching events from `bottom` on and before `top`.
async fn window_of(
    conn: &mut Conn,
    search: &AuditQuery,
    bottom: i64,
    top: i64,
    limit: usize,
) -> Result<Vec<Chained>, StoreError> {
    let filters = Filters::of(conn.is_postgres(), search);
    filtered_lines!(conn, &filters, filters.newest(), bottom, top, limit)
}
