//! Finds invalidations in the history, each one once: by their rows where those say all that is asked, or by the events
//! that match a search.
//!
//! An invalidation stands where the first of its events that match stands. Events that come later do not move it, so
//! that no page shows it again and none leaves it out.

use std::collections::{BTreeMap, HashMap};

use unstale_domain::{
    access::Access,
    audit::{
        Chained, facts,
        invalidation_search::{InvalidationSearch, PageEnd, StateFilter},
        search::{AuditQuery, What},
    },
    checks::Freshness,
    id::InvalidationId,
    invalidations::invalidation::{Invalidation, InvalidationState},
    time::Timestamp,
};

use super::{
    search::{answers, search},
    stored::{fetch_events, fetch_lines, lines_of},
};
use crate::{
    Conn, StoreError, checks,
    columns::{list_to_json, signed},
    invalidations::{self, InvalidationFilter},
};

/// The number of rows or events that one query reads.
const AT_ONCE: usize = 200;
/// How many such queries one answer makes at most.
const QUERIES: usize = 10;
/// The number of older events of one invalidation that one query reads.
const OLDER: usize = 500;

/// An invalidation that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundInvalidation {
    pub id: InvalidationId,
    /// `None` if events state it and its row is gone.
    pub row: Option<Invalidation>,
    /// What its checks say now. `None` if it has none.
    pub freshness: Option<Freshness>,
}

/// The invalidations that a query found, and where the next page begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InvalidationsFound {
    pub found: Vec<FoundInvalidation>,
    /// `None` if all were looked at.
    pub end: Option<PageEnd>,
}

/// Up to `limit` invalidations that match a query, newest first. The work for one answer is limited: where few match, a
/// page may be short or empty and still say where to go on.
pub async fn search_invalidations(
    conn: &mut Conn,
    access: &Access,
    query: &InvalidationSearch,
    limit: usize,
) -> Result<InvalidationsFound, StoreError> {
    if query.is_about_events() {
        by_events(conn, query, limit).await
    } else {
        by_rows(conn, access, query, limit).await
    }
}

/// Goes through the rows, newest first.
async fn by_rows(
    conn: &mut Conn,
    access: &Access,
    query: &InvalidationSearch,
    limit: usize,
) -> Result<InvalidationsFound, StoreError> {
    let mut filter = InvalidationFilter {
        distribution: query.events.distribution.clone(),
        state: match query.state {
            Some(StateFilter::Is(state)) => Some(state),
            Some(StateFilter::Problem) | None => None,
        },
        after: beginning(conn, query).await?,
    };
    let mut page = InvalidationsFound::default();
    // Mostly every row fits, so that the first query is enough.
    let mut at_once = limit + 1;
    for _ in 0..QUERIES {
        let rows = next_rows(conn, access, query, &filter, at_once).await?;
        let is_last = rows.len() < at_once;
        let freshness = freshness_to_filter(conn, query, &rows).await?;
        for row in rows {
            if query.events.from.is_some_and(|from| row.requested_at < from) {
                return with_freshness(conn, InvalidationsFound { end: None, ..page }).await;
            }
            filter.after = Some((row.requested_at, row.id.clone()));
            if !query.admits(&row, freshness.get(&row.id).copied()) {
                continue;
            }
            if page.found.len() == limit {
                page.end = page.found.last().map(|last| PageEnd::Invalidation(last.id.clone()));
                return with_freshness(conn, page).await;
            }
            page.found.push(FoundInvalidation { id: row.id.clone(), row: Some(row), freshness: None });
        }
        page.end = filter.after.clone().filter(|_| !is_last).map(|(_, id)| PageEnd::Invalidation(id));
        if is_last {
            break;
        }
        at_once = AT_ONCE;
    }
    with_freshness(conn, page).await
}

/// Where the rows begin: where the previous page ended, or at the end of the time that is asked for.
async fn beginning(
    conn: &mut Conn,
    query: &InvalidationSearch,
) -> Result<Option<(Timestamp, InvalidationId)>, StoreError> {
    if let Some(PageEnd::Invalidation(id)) = &query.after
        && let Some(last) = invalidations::find(conn, id).await?
        && query.sees(&last)
    {
        return Ok(Some((last.requested_at, last.id)));
    }
    // No ID comes before the empty one, so that a row of this very moment is not among them.
    Ok(query.events.until.map(|until| (until, InvalidationId::from_trusted(""))))
}

/// The next rows from the index that fits best. All other filters are applied to what it gives. Whoever sees only some
/// distributions goes through those: the rows of others must not count.
async fn next_rows(
    conn: &mut Conn,
    access: &Access,
    query: &InvalidationSearch,
    filter: &InvalidationFilter,
    limit: usize,
) -> Result<Vec<Invalidation>, StoreError> {
    let is_common = matches!(filter.state, None | Some(InvalidationState::Completed));
    if is_common && filter.distribution.is_none() && !access.is_narrowed() {
        if let Some(who) = &query.events.who {
            return invalidations::by_name(conn, who, filter.after.as_ref(), limit).await;
        }
        if query.events.outside == Some(true) {
            return invalidations::made_outside(conn, filter.after.as_ref(), limit).await;
        }
    }
    invalidations::page(conn, access, filter, limit).await
}

/// What the checks of these rows say now, where the filter asks for it.
async fn freshness_to_filter(
    conn: &mut Conn,
    query: &InvalidationSearch,
    rows: &[Invalidation],
) -> Result<HashMap<InvalidationId, Freshness>, StoreError> {
    if query.state != Some(StateFilter::Problem) {
        return Ok(HashMap::new());
    }
    let ids: Vec<_> = rows.iter().map(|row| &row.id).collect();
    checks::freshness_of(conn, &ids).await
}

async fn with_freshness(
    conn: &mut Conn,
    mut page: InvalidationsFound,
) -> Result<InvalidationsFound, StoreError> {
    let ids: Vec<_> = page.found.iter().map(|one| &one.id).collect();
    let mut known = checks::freshness_of(conn, &ids).await?;
    for one in &mut page.found {
        one.freshness = known.remove(&one.id);
    }
    Ok(page)
}

/// Goes through the events that match, newest first.
async fn by_events(
    conn: &mut Conn,
    query: &InvalidationSearch,
    limit: usize,
) -> Result<InvalidationsFound, StoreError> {
    let mut search_query = query.search();
    if let Some(PageEnd::Event(before)) = query.after {
        search_query.before = Some(before);
    }
    let mut page = InvalidationsFound::default();
    let mut last = None;
    for _ in 0..QUERIES {
        let events = search(conn, &search_query, AT_ONCE).await?;
        // One that gave fewer has done all the work that one answer may do.
        let is_enough = events.events.len() < AT_ONCE;
        for (sequence, found) in firsts(conn, query, &search_query, events.events).await? {
            if page.found.len() == limit {
                page.end = last.map(PageEnd::Event);
                return Ok(page);
            }
            last = Some(sequence);
            page.found.push(found);
        }
        page.end = events.older.map(PageEnd::Event);
        if is_enough || events.older.is_none() {
            break;
        }
        search_query.before = events.older;
    }
    Ok(page)
}

/// The invalidations whose first match is among these events and which pass the filters, each with the sequence of that
/// event, newest first.
async fn firsts(
    conn: &mut Conn,
    query: &InvalidationSearch,
    search_query: &AuditQuery,
    events: Vec<Chained>,
) -> Result<Vec<(i64, FoundInvalidation)>, StoreError> {
    let mut oldest: BTreeMap<InvalidationId, Chained> = BTreeMap::new();
    for chained in events {
        if let Some(id) = chained.event.invalidation.clone() {
            oldest.insert(id, chained);
        }
    }
    let ids: Vec<InvalidationId> = oldest.keys().cloned().collect();
    let rows = invalidations::find_all(conn, &ids).await?;
    let mut rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    let mut known = checks::freshness_of(conn, &ids.iter().collect::<Vec<_>>()).await?;
    let mut candidates: Vec<(InvalidationId, Chained)> = oldest.into_iter().collect();
    candidates.sort_by_key(|(_, chained)| std::cmp::Reverse(chained.sequence));
    let mut found = Vec::new();
    for (id, chained) in candidates {
        let (row, freshness) = (rows.remove(&id), known.remove(&id));
        // One whose row is gone is shown whatever the filters: they cannot be applied, and it must not be overlooked.
        let passes = row.as_ref().is_none_or(|row| query.admits(row, freshness));
        if passes && is_first(conn, search_query, &chained).await? {
            found.push((chained.sequence, FoundInvalidation { id, row, freshness }));
        }
    }
    Ok(found)
}

/// Whether no older event of the same invalidation matches.
async fn is_first(conn: &mut Conn, search_query: &AuditQuery, chained: &Chained) -> Result<bool, StoreError> {
    let Some(id) = chained.event.invalidation.as_ref().filter(|_| !facts::begins(&chained.event)) else {
        return Ok(true);
    };
    // The event that begins an invalidation has all its items, so that it matches if any of them does.
    let is_about_items = matches!(search_query.what, What::Path { .. } | What::Tag(_));
    let mut after = 0;
    loop {
        let older: Vec<Chained> = fetch_events!(
            conn,
            "WHERE invalidation_id = $1 AND sequence > $2 AND sequence < $3 ORDER BY sequence LIMIT $4",
            id.as_str(),
            after,
            chained.sequence,
            signed(OLDER),
        )?;
        let is_last = older.len() < OLDER;
        for one in older {
            after = one.sequence;
            let begins = is_about_items && facts::begins(&one.event);
            if begins || (search_query.admits(&one.event) && answers(conn, search_query, &one).await?) {
                return Ok(false);
            }
        }
        if is_last {
            return Ok(true);
        }
    }
}

/// The first event of each of these invalidations, oldest first.
pub async fn first_events(conn: &mut Conn, ids: &[InvalidationId]) -> Result<Vec<Chained>, StoreError> {
    let sql = if conn.is_postgres() { FIRST_POSTGRES } else { FIRST_SQLITE };
    fetch_lines!(conn, sql, list_to_json(ids))
}

const FIRST_SQLITE: &str = lines_of!(
    sqlite,
    "WHERE sequence IN (SELECT (SELECT sequence FROM audit_event WHERE invalidation_id = d.value
         ORDER BY sequence LIMIT 1) FROM json_each($1) AS d) ORDER BY sequence"
);
const FIRST_POSTGRES: &str = lines_of!(
    postgres,
    "WHERE sequence = ANY (ARRAY(SELECT n.sequence FROM json_array_elements_text($1::json) AS d (value)
         CROSS JOIN LATERAL (SELECT sequence FROM audit_event WHERE invalidation_id = d.value
             ORDER BY sequence LIMIT 1) AS n)) ORDER BY sequence"
);
