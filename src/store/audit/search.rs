//! Finds events, newest first: by the items that touch a URL, by words, or by filters alone.
//!
//! An answer is bounded work. Where little fits, it says from where to look on instead of looking for ever.

use std::{cmp::Reverse, collections::BTreeMap};

use serde_json::Value;
use sqlx::AssertSqlSafe;

use crate::domain::{
    audit::{
        Action, Chained, Outcome,
        search::{Search, What},
        sight::Sight,
    },
    id::DistributionId,
    item::Item,
    time::Timestamp,
};

use super::{
    super::{
        Conn, StoreError, batches,
        db::{fetch_all, fetch_optional},
        parts::signed,
    },
    between, fetch_events, fetch_lines,
    index::{Extent, extent},
    select_lines,
};

/// So many candidates of the index are read at once.
const CANDIDATES: usize = 200;
/// The most candidates, and the most events that are not indexed yet, that one answer looks at.
const LOOKED_AT: usize = 4_000;
/// So many keys are looked for in one statement.
const TERMS: usize = 50;
/// Filters together are looked for in windows of the history that grow.
const WINDOWS: [i64; 4] = [20_000, 80_000, 300_000, 1_000_000];
/// Clocks of replicas differ a little, so that times do not rise with every event.
const DISORDER: i64 = 10_000;

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub events: Vec<Chained>,
    /// Look on before this event; `None` where the beginning was reached.
    pub older: Option<i64>,
}

/// Up to `limit` events before a sequence that answer a search, newest first.
pub async fn search(
    conn: &mut Conn,
    search: &Search,
    before: i64,
    limit: usize,
) -> Result<Found, StoreError> {
    match search.what {
        What::Everything => filtered(conn, search, before, limit).await,
        What::Path { .. } | What::Tag(_) | What::Words(_) => by_index(conn, search, before, limit).await,
    }
}

/// The events that are not indexed yet one by one, then those that the index names.
async fn by_index(conn: &mut Conn, search: &Search, before: i64, limit: usize) -> Result<Found, StoreError> {
    let Extent { indexed: reached, newest } = extent(conn).await?;
    let mut found = Found::default();
    let mut cursor = before.min(newest.saturating_add(1));
    let mut looked_at = 0;
    let floor = floor(conn, search).await?;
    while cursor > reached + 1 {
        if looked_at >= LOOKED_AT {
            found.older = Some(cursor);
            return Ok(found);
        }
        let events = between(conn, reached, cursor, CANDIDATES).await?;
        looked_at += events.len();
        let whole = events.len() == CANDIDATES;
        cursor = events.last().filter(|_| whole).map_or(reached + 1, |last| last.sequence);
        if keep(conn, search, events, &mut found, limit).await? {
            return Ok(found);
        }
    }
    let keys = living_keys(conn, search, cursor).await?;
    // Most candidates answer, so that a page of them is often enough.
    let mut at_once = limit.min(CANDIDATES);
    loop {
        let events = candidates(conn, search, &keys, cursor, at_once).await?;
        let Some(last) = events.last().map(|chained| chained.sequence) else { return Ok(found) };
        let short = events.len() < at_once;
        at_once = CANDIDATES;
        looked_at += events.len();
        cursor = last;
        if keep(conn, search, events, &mut found, limit).await? {
            return Ok(found);
        }
        if short || last <= floor {
            return Ok(found);
        }
        if looked_at >= LOOKED_AT {
            found.older = Some(cursor);
            return Ok(found);
        }
    }
}

/// Keeps what answers. `true` once the page is full.
async fn keep(
    conn: &mut Conn,
    search: &Search,
    events: Vec<Chained>,
    found: &mut Found,
    limit: usize,
) -> Result<bool, StoreError> {
    for chained in events {
        if search.admits(&chained.event) && answers(conn, search, &chained).await? {
            let sequence = chained.sequence;
            found.events.push(chained);
            if found.events.len() == limit {
                found.older = Some(sequence).filter(|sequence| *sequence > 1);
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Long lists of items stand in the batches only.
async fn answers(conn: &mut Conn, search: &Search, chained: &Chained) -> Result<bool, StoreError> {
    let event = &chained.event;
    let elsewhere = event.items.shown.is_empty() && event.items.count > 0;
    match (&search.what, &event.invalidation) {
        (What::Path { .. } | What::Tag(_), Some(invalidation)) if elsewhere => {
            let batches = batches::of_invalidation(conn, invalidation).await?;
            let items: Vec<Item> = batches.into_iter().flat_map(|batch| batch.items).collect();
            Ok(search.answers(event, &items))
        }
        _ => Ok(search.answers(event, &event.items.shown)),
    }
}

/// Of all items that would touch a URL, the ones that anybody ever named.
async fn living_keys(conn: &mut Conn, search: &Search, before: i64) -> Result<Vec<i64>, StoreError> {
    let keys = Value::from(search.item_keys()).to_string();
    let living = if conn.is_postgres() {
        "SELECT k.item_key FROM (SELECT value::bigint AS item_key FROM json_array_elements_text($1::json)) k
         WHERE EXISTS (SELECT 1 FROM audit_item i WHERE i.item_key = k.item_key AND i.sequence < $2)"
    } else {
        "SELECT value FROM json_each($1) k
         WHERE EXISTS (SELECT 1 FROM audit_item i WHERE i.item_key = k.value AND i.sequence < $2)"
    };
    let rows = fetch_all!(conn, (i64,), living, keys, before)?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// The next candidates, newest first.
async fn candidates(
    conn: &mut Conn,
    search: &Search,
    keys: &[i64],
    before: i64,
    limit: usize,
) -> Result<Vec<Chained>, StoreError> {
    let tokens = search.tokens();
    if !tokens.is_empty() {
        return with_words(conn, &tokens, before, limit).await;
    }
    let mut all = BTreeMap::new();
    for some in keys.chunks(TERMS) {
        let events = with_keys(conn, some, before, limit).await?;
        all.extend(events.into_iter().map(|chained| (Reverse(chained.sequence), chained)));
    }
    Ok(all.into_values().take(limit).collect())
}

/// The newest of each key, then the newest of those: one that touches everything must not be read to its beginning.
async fn with_keys(
    conn: &mut Conn,
    keys: &[i64],
    before: i64,
    limit: usize,
) -> Result<Vec<Chained>, StoreError> {
    let key = |n| {
        if conn.is_postgres() {
            format!("CAST($3::json ->> {n} AS BIGINT)")
        } else {
            format!("json_extract($3, '$[{n}]')")
        }
    };
    let newest = |n| {
        format!(
            "SELECT sequence FROM (SELECT sequence FROM audit_item WHERE item_key = {} AND sequence < $1
                 ORDER BY sequence DESC LIMIT $2) AS newest",
            key(n)
        )
    };
    let each: Vec<String> = (0..keys.len()).map(newest).collect();
    let sql = format!(
        "{} ({} ORDER BY sequence DESC LIMIT $2) ORDER BY sequence DESC",
        select_lines!(conn, "WHERE sequence IN"),
        each.join(" UNION ")
    );
    fetch_lines!(conn, AssertSqlSafe(sql), before, signed(limit), Value::from(keys).to_string())
}

async fn with_words(
    conn: &mut Conn,
    tokens: &[String],
    before: i64,
    limit: usize,
) -> Result<Vec<Chained>, StoreError> {
    // Tokens are letters and digits only, so that quoting them is all there is to do.
    if conn.is_postgres() {
        let all: Vec<String> = tokens.iter().map(|token| format!("'{token}'")).collect();
        fetch_events!(
            conn,
            "WHERE sequence IN (SELECT sequence FROM audit_words WHERE words @@ $1::tsquery AND sequence < $2
                 ORDER BY sequence DESC LIMIT $3) ORDER BY sequence DESC",
            all.join(" & "),
            before,
            signed(limit)
        )
    } else {
        let all: Vec<String> = tokens.iter().map(|token| format!("\"{token}\"")).collect();
        fetch_events!(
            conn,
            "WHERE sequence IN (SELECT rowid FROM audit_words WHERE audit_words MATCH $1 AND rowid < $2
                 ORDER BY rowid DESC LIMIT $3) ORDER BY sequence DESC",
            all.join(" AND "),
            before,
            signed(limit)
        )
    }
}

/// Filters alone: one is answered from its index; several are looked for in windows.
async fn filtered(conn: &mut Conn, search: &Search, before: i64, limit: usize) -> Result<Found, StoreError> {
    let floor = floor(conn, search).await?;
    let mut top = ceiling(conn, search, before).await?;
    let mut found = Found::default();
    let windows: &[i64] = if filters(search) > 1 || search.sight.is_some() { &WINDOWS } else { &[i64::MAX] };
    for window in windows {
        let bottom = top.saturating_sub(*window).max(floor);
        let wanted = limit - found.events.len();
        found.events.extend(window_of(conn, search, bottom, top, wanted).await?);
        if found.events.len() == limit {
            found.older = found.events.last().map(|last| last.sequence).filter(|last| *last > 1);
            return Ok(found);
        }
        if bottom <= floor {
            return Ok(found);
        }
        top = bottom;
    }
    found.older = Some(top);
    Ok(found)
}

fn filters(search: &Search) -> usize {
    [
        search.distribution.is_some(),
        search.who.is_some(),
        search.action.is_some(),
        search.outcome.is_some(),
        search.outside.is_some(),
        search.sight.is_some(),
    ]
    .into_iter()
    .filter(|set| *set)
    .count()
}

/// No event before this one can be as late as the search wants.
async fn floor(conn: &mut Conn, search: &Search) -> Result<i64, StoreError> {
    let Some(from) = search.from else { return Ok(0) };
    let first = "SELECT sequence FROM audit_event WHERE at >= $1 ORDER BY at LIMIT 1";
    let row = fetch_optional!(conn, (i64,), first, from.as_micros())?;
    Ok(row.map_or(i64::MAX, |row| row.0.saturating_sub(DISORDER).max(0)))
}

/// No event from this one on can be as early as the search wants.
async fn ceiling(conn: &mut Conn, search: &Search, before: i64) -> Result<i64, StoreError> {
    let newest = super::head(conn).await?.saturating_add(1).min(before);
    let Some(until) = search.until else { return Ok(newest) };
    let last = "SELECT sequence FROM audit_event WHERE at < $1 ORDER BY at DESC LIMIT 1";
    let row = fetch_optional!(conn, (i64,), last, until.as_micros())?;
    Ok(row.map_or(0, |row| row.0.saturating_add(DISORDER).min(newest)))
}

/// The newest of a window, without `top` and with `bottom`. Each filter stands in the text only where it is set, so
/// that its index is used; the parameter is named all the same.
async fn window_of(
    conn: &mut Conn,
    search: &Search,
    bottom: i64,
    top: i64,
    limit: usize,
) -> Result<Vec<Chained>, StoreError> {
    let when = |set: bool, filter: &'static str, unset: &'static str| if set { filter } else { unset };
    let distribution =
        when(search.distribution.is_some(), "distribution_id = $3", "CAST($3 AS TEXT) IS NULL");
    let who = when(search.who.is_some(), "actor_name = $4", "CAST($4 AS TEXT) IS NULL");
    let action = when(search.action.is_some(), "action = $5", "CAST($5 AS TEXT) IS NULL");
    let outcome = match search.outcome {
        None => "CAST($6 AS TEXT) IS NULL",
        Some(Outcome::Done) => "outcome = $6",
        // What is rare has an index of its own, which is used where the text says that it may be.
        Some(_) => "outcome = $6 AND outcome <> 'done'",
    };
    let outside = match search.outside {
        Some(true) => "actor_kind = 'outside'",
        Some(false) => "actor_kind <> 'outside'",
        None => "1 = 1",
    };
    let from = when(search.from.is_some(), "at >= $7", "CAST($7 AS BIGINT) IS NULL");
    let until = when(search.until.is_some(), "at < $8", "CAST($8 AS BIGINT) IS NULL");
    let sight = sight(conn.is_postgres(), search.sight.is_some());
    let sql = format!(
        "{} AND {distribution} AND {who} AND {action} AND {outcome} AND {outside} AND {from} AND {until} AND {sight}
         ORDER BY sequence DESC LIMIT $9",
        select_lines!(conn, "WHERE sequence >= $1 AND sequence < $2"),
    );
    fetch_lines!(
        conn,
        AssertSqlSafe(sql),
        bottom,
        top,
        search.distribution.as_ref().map(DistributionId::as_str),
        search.who.as_deref(),
        search.action.map(Action::as_str),
        search.outcome.map(Outcome::as_str),
        search.from.map(Timestamp::as_micros),
        search.until.map(Timestamp::as_micros),
        signed(limit),
        search.sight.as_ref().map(|sight| sight.kind.as_str()),
        search.sight.as_ref().map(|sight| sight.id.as_str()),
        search.sight.as_ref().map(distributions),
    )
}

/// What somebody may see, as [`Sight::admits`] says it; its parameters are $10 to $12.
const fn sight(postgres: bool, narrowed: bool) -> &'static str {
    match (narrowed, postgres) {
        (false, _) => "CAST($10 AS TEXT) IS NULL AND CAST($11 AS TEXT) IS NULL AND CAST($12 AS TEXT) IS NULL",
        (true, false) => {
            "((distribution_id IS NULL AND actor_kind = $10 AND actor_id = $11)
              OR distribution_id IN (SELECT value FROM json_each($12)))"
        }
        (true, true) => {
            "((distribution_id IS NULL AND actor_kind = $10 AND actor_id = $11)
              OR distribution_id IN (SELECT value FROM json_array_elements_text(CAST($12 AS json))))"
        }
    }
}

fn distributions(sight: &Sight) -> String {
    let ids: Vec<&str> = sight.distributions.iter().map(DistributionId::as_str).collect();
    Value::from(ids).to_string()
}
