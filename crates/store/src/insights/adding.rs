//! Adds what events say to the sums, in one transaction with the cursor.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use unstale_domain::{
    id::DistributionId,
    insights::{
        CountKind, Day, MonthlyCount, MonthlyCounts,
        counting::{Occurrence, Sums},
    },
};

use crate::{
    Conn, StoreError, Tx,
    columns::{list_to_json, signed as signed_count},
    db::{execute, fetch_all, insert_all},
};

use super::{signed, unsigned};

/// The counts that share a bounded list of names.
type Group = (Day, CountKind, DistributionId);

/// Adds the sums of all events after `from` up to and including `to`. `false` if another replica has already added them; then
/// nothing was changed.
pub async fn add(tx: &mut Tx, from: i64, to: i64, sums: &Sums) -> Result<bool, StoreError> {
    let moved = "UPDATE insights_cursor SET sequence = $2 WHERE id = 1 AND sequence = $1";
    if execute!(tx, moved, from, to)? == 0 {
        return Ok(false);
    }
    add_occurrences(tx, &sums.occurrences).await?;
    add_daily(tx, sums).await?;
    add_completed(tx, sums).await?;
    Ok(true)
}

async fn add_daily(tx: &mut Tx, sums: &Sums) -> Result<(), StoreError> {
    const INTO: &str =
        "INSERT INTO daily_sum (day, distribution_id, requested, outside, items, paths, paths_outside, many,
         many_paths, wildcards_save, fresh, unchanged, stale, broken, unclear) ";
    const ADD: &str = " ON CONFLICT (day, distribution_id) DO UPDATE SET
         requested = daily_sum.requested + excluded.requested, outside = daily_sum.outside + excluded.outside,
         items = daily_sum.items + excluded.items, paths = daily_sum.paths + excluded.paths,
         paths_outside = daily_sum.paths_outside + excluded.paths_outside, many = daily_sum.many + excluded.many,
         many_paths = daily_sum.many_paths + excluded.many_paths,
         wildcards_save = daily_sum.wildcards_save + excluded.wildcards_save, fresh = daily_sum.fresh + excluded.fresh,
         unchanged = daily_sum.unchanged + excluded.unchanged, stale = daily_sum.stale + excluded.stale,
         broken = daily_sum.broken + excluded.broken, unclear = daily_sum.unclear + excluded.unclear";
    let rows: Vec<_> = sums.daily.iter().collect();
    insert_all!(
        tx,
        INTO,
        rows,
        |((day, distribution), sum)| [
            day.number(),
            distribution.as_str(),
            signed(sum.requested),
            signed(sum.outside),
            signed(sum.items),
            signed(sum.paths),
            signed(sum.paths_outside),
            signed(sum.many),
            signed(sum.many_paths),
            signed(sum.wildcards_save),
            signed(sum.fresh),
            signed(sum.unchanged),
            signed(sum.stale),
            signed(sum.broken),
            signed(sum.unclear),
        ],
        ADD
    );
    Ok(())
}

async fn add_completed(tx: &mut Tx, sums: &Sums) -> Result<(), StoreError> {
    const INTO: &str = "INSERT INTO daily_completion (day, distribution_id, time_range, invalidations) ";
    const ADD: &str = " ON CONFLICT (day, distribution_id, time_range) DO UPDATE SET
         invalidations = daily_completion.invalidations + excluded.invalidations";
    let rows: Vec<_> = sums.completed.iter().collect();
    insert_all!(
        tx,
        INTO,
        rows,
        |((day, distribution, range), invalidations)| [
            day.number(),
            distribution.as_str(),
            signed_count(*range),
            signed(**invalidations),
        ],
        ADD
    );
    Ok(())
}

/// Adds the occurrences in their order. Whoever moved the cursor is alone until the transaction ends, so what is read here is
/// what is written.
async fn add_occurrences(tx: &mut Tx, occurrences: &[Occurrence]) -> Result<(), StoreError> {
    let group = |one: &Occurrence| (one.on.month(), one.kind, one.distribution.clone());
    let groups: BTreeSet<Group> = occurrences.iter().map(group).collect();
    if groups.is_empty() {
        return Ok(());
    }
    let before = read_groups(tx, &groups).await?;
    let mut after = before.clone();
    for one in occurrences {
        after.entry(group(one)).or_default().add(&one.name, one.paths, one.on);
    }
    let mut changed: Vec<(&Group, &str, MonthlyCount)> = Vec::new();
    for (group, counts) in &after {
        let earlier = before.get(group).map(|counts| &counts.names);
        if let Some(earlier) = earlier {
            let left = earlier.keys().filter(|name| !counts.names.contains_key(*name));
            leave(tx, group, &left.collect::<Vec<_>>()).await?;
        }
        for (name, count) in &counts.names {
            if earlier.and_then(|names| names.get(name)) != Some(count) {
                changed.push((group, name.as_str(), *count));
            }
        }
    }
    write(tx, &changed).await
}

const GROUPS: &str =
    "SELECT c.month, c.kind, c.distribution_id, c.name, c.times, c.paths, c.most, c.most_on, c.weight
    FROM json_each($1) AS g CROSS JOIN monthly_count AS c
    WHERE c.month = json_extract(g.value, '$[0]') AND c.kind = json_extract(g.value, '$[1]')
      AND c.distribution_id = json_extract(g.value, '$[2]')";
const POSTGRES_GROUPS: &str =
    "SELECT c.month, c.kind, c.distribution_id, c.name, c.times, c.paths, c.most, c.most_on, c.weight
    FROM json_array_elements($1::json) AS g (value) CROSS JOIN LATERAL
        (SELECT * FROM monthly_count AS m WHERE m.month = (g.value->>0)::bigint AND m.kind = g.value->>1
             AND m.distribution_id = g.value->>2) AS c";

#[derive(sqlx_macros::FromRow)]
struct Row {
    month: i64,
    kind: String,
    distribution_id: String,
    name: String,
    times: i64,
    paths: i64,
    most: i64,
    most_on: i64,
    weight: i64,
}

async fn read_groups(
    conn: &mut Conn,
    groups: &BTreeSet<Group>,
) -> Result<BTreeMap<Group, MonthlyCounts>, StoreError> {
    let asked = groups
        .iter()
        .map(|(month, kind, distribution)| json!([month.number(), kind.as_str(), distribution.as_str()]));
    let asked = Value::from(asked.collect::<Vec<_>>()).to_string();
    let sql = if conn.is_postgres() { POSTGRES_GROUPS } else { GROUPS };
    let rows = fetch_all!(conn, Row, sql, asked)?;
    let mut read: BTreeMap<Group, MonthlyCounts> = BTreeMap::new();
    for row in rows {
        let kind = CountKind::parse(&row.kind)
            .ok_or_else(|| StoreError::unreadable("what is counted", &row.kind))?;
        let distribution = DistributionId::from_trusted(row.distribution_id);
        let count = MonthlyCount {
            times: unsigned(row.times),
            paths: unsigned(row.paths),
            most: unsigned(row.most),
            most_on: Day::from_number(row.most_on),
            weight: unsigned(row.weight),
        };
        let counts = read.entry((Day::from_number(row.month), kind, distribution)).or_default();
        counts.names.insert(row.name, count);
    }
    Ok(read)
}

/// Deletes the names that gave up their places.
async fn leave(tx: &mut Tx, group: &Group, names: &[&String]) -> Result<(), StoreError> {
    if names.is_empty() {
        return Ok(());
    }
    let sql = if tx.is_postgres() {
        "DELETE FROM monthly_count WHERE month = $1 AND kind = $2 AND distribution_id = $3
         AND name = ANY (ARRAY(SELECT json_array_elements_text($4::json)))"
    } else {
        "DELETE FROM monthly_count WHERE month = $1 AND kind = $2 AND distribution_id = $3
         AND name IN (SELECT value FROM json_each($4))"
    };
    let (month, kind, distribution) = group;
    execute!(tx, sql, month.number(), kind.as_str(), distribution.as_str(), list_to_json(names))?;
    Ok(())
}

async fn write(tx: &mut Tx, changed: &[(&Group, &str, MonthlyCount)]) -> Result<(), StoreError> {
    const INTO: &str = "INSERT INTO monthly_count (month, kind, distribution_id, name, times, paths, most, most_on, weight) ";
    const SET: &str =
        " ON CONFLICT (month, kind, distribution_id, name) DO UPDATE SET times = excluded.times,
         paths = excluded.paths, most = excluded.most, most_on = excluded.most_on, weight = excluded.weight";
    insert_all!(
        tx,
        INTO,
        changed,
        |((month, kind, distribution), name, count)| [
            month.number(),
            kind.as_str(),
            distribution.as_str(),
            *name,
            signed(count.times),
            signed(count.paths),
            signed(count.most),
            count.most_on.number(),
            signed(count.weight),
        ],
        SET
    );
    Ok(())
}
