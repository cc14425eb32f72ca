//! Finds events, newest first: by the items that touch a URL, by words, or by filters alone.
//!
//! An answer is bounded work. Where little fits, it says from where to look on instead of looking for ever.

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

/// So many candidates of the index are read at once.
const CANDIDATES: usize = 200;
/// The most candidates, and the most events that are not indexed yet, that one answer reads.
const LOOKED_AT: usize = 4_000;
/// So many candidates are held against the filters at once, in the database.
const SIFTED: usize = 5_000;
/// The most candidates that the database holds against the filters for one answer.
const SIFTED_MOST: usize = 40_000;
/// Filters together are looked for in windows of the history that grow.
const WINDOWS: [i64; 4] = [20_000, 80_000, 300_000, 1_000_000];
/// Clocks of replicas differ a little, so that times do not rise with every event.
const DISORDER: i64 = 10_000;

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchResult {
    pub events: Vec<Chained>,
    /// Look on before this event; `None` where the beginning was reached.
    pub older: Option<i64>,
}

/// Up to `limit` events that answer a query, newest first.
pub async fn search(conn: &mut Conn, search: &AuditQuery, limit: usize) -> Result<SearchResult, StoreError> {
    let before = search.before.unwrap_or(i64::MAX);
    match search.what {
        What::Everything => filtered(conn, search, before, limit).await,
        What::Path { .. } | What::Tag(_) | What::Words(_) => by_index(conn, search, before, limit).await,
    }
}

/// The events that are not indexed yet one by one, then those that the index names.
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

/// Adds what the index names before an event.
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
        // Most candidates answer, so that a page of them is often enough.
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

/// Keeps what answers of events that are not indexed yet. `true` once the page is full.
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

/// The same of events that the index names: that one names an item of a long list is what the index says. Only whether
/// that is the root object of its own distribution it does not know.
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

/// `true` where it fills the page.
fn push(chained: Chained, found: &mut SearchResult, limit: usize) -> bool {
    let sequence = chained.sequence;
    found.events.push(chained);
    let full = found.events.len() == limit;
    if full {
        found.older = Some(sequence).filter(|sequence| *sequence > 1);
    }
    full
}

/// Long lists of items stand elsewhere.
async fn answers(conn: &mut Conn, search: &AuditQuery, chained: &Chained) -> Result<bool, StoreError> {
    let event = &chained.event;
    match &search.what {
        What::Path { .. } | What::Tag(_) if event.items.shown.is_empty() => {
            Ok(search.answers(event, &super::items_of(conn, event).await?))
        }
        _ => Ok(search.answers(event, &event.items.shown)),
    }
}

/// Filters alone: one is answered from its index; several are looked for in windows.
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
        // What was made outside before the search's end may have been seen long after it.
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

/// Adds what there is between two events, window by window from the newer one on. `found.older` says from where to look
/// on where it did not come to the end.
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

/// No event before this one can be as late as the search wants.
async fn floor(conn: &mut Conn, search: &AuditQuery) -> Result<i64, StoreError> {
    let Some(from) = search.from else { return Ok(0) };
    let first = "SELECT sequence FROM audit_event WHERE at >= $1 ORDER BY at LIMIT 1";
    let row = fetch_optional!(conn, (i64,), first, from.to_string())?;
    Ok(row.map_or(i64::MAX, |row| row.0.saturating_sub(DISORDER).max(0)))
}

/// No event from this one on can be as early as the search wants.
async fn ceiling(conn: &mut Conn, search: &AuditQuery, before: i64) -> Result<i64, StoreError> {
    // Only windows and a time need to know where the end is.
    if search.until.is_none() && !Filters::are_many(search) {
        return Ok(before);
    }
    let newest = super::head(conn).await?.saturating_add(1).min(before);
    let Some(until) = search.until else { return Ok(newest) };
    let last = "SELECT sequence FROM audit_event WHERE at < $1 ORDER BY at DESC LIMIT 1";
    let row = fetch_optional!(conn, (i64,), last, until.to_string())?;
    Ok(row.map_or(0, |row| row.0.saturating_add(DISORDER).min(newest)))
}

/// The newest of a window, without `top` and with `bottom`.
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
