//! Reads the sums of days: in all, by distribution and by account.

use std::collections::{BTreeMap, BTreeSet};

use unstale_domain::{
    id::DistributionId,
    insights::{CompletionTimes, DailySum, Day, DayRange},
};

use crate::{
    Conn, StoreError,
    columns::{count, list_to_json},
    db::{fetch_all, fetch_one},
};

use super::{fetch_seen, seen, unsigned};

/// Those that somebody may see. `None` means all.
type Seen<'a> = Option<&'a BTreeSet<DistributionId>>;

/// The sums of all rows with the same key. `PostgreSQL` would add up to a number of another type.
macro_rules! summed {
    ($key:literal, $seen:expr) => {
        concat!(
            "SELECT ",
            $key,
            " AS sum_of, CAST(SUM(requested) AS BIGINT) AS requested, CAST(SUM(outside) AS BIGINT) AS outside,
                 CAST(SUM(items) AS BIGINT) AS items, CAST(SUM(paths) AS BIGINT) AS paths,
                 CAST(SUM(paths_outside) AS BIGINT) AS paths_outside, CAST(SUM(many) AS BIGINT) AS many,
                 CAST(SUM(many_paths) AS BIGINT) AS many_paths,
                 CAST(SUM(wildcards_save) AS BIGINT) AS wildcards_save, CAST(SUM(fresh) AS BIGINT) AS fresh,
                 CAST(SUM(unchanged) AS BIGINT) AS unchanged, CAST(SUM(stale) AS BIGINT) AS stale,
                 CAST(SUM(broken) AS BIGINT) AS broken, CAST(SUM(unclear) AS BIGINT) AS unclear
             FROM daily_sum WHERE day >= $1 AND day < $2",
            $seen,
            " GROUP BY ",
            $key
        )
    };
}

#[derive(sqlx_macros::FromRow)]
struct Row<K> {
    sum_of: K,
    requested: i64,
    outside: i64,
    items: i64,
    paths: i64,
    paths_outside: i64,
    many: i64,
    many_paths: i64,
    wildcards_save: i64,
    fresh: i64,
    unchanged: i64,
    stale: i64,
    broken: i64,
    unclear: i64,
}

impl<K> Row<K> {
    fn sum(&self) -> DailySum {
        DailySum {
            requested: unsigned(self.requested),
            outside: unsigned(self.outside),
            items: unsigned(self.items),
            paths: unsigned(self.paths),
            paths_outside: unsigned(self.paths_outside),
            many: unsigned(self.many),
            many_paths: unsigned(self.many_paths),
            wildcards_save: unsigned(self.wildcards_save),
            fresh: unsigned(self.fresh),
            unchanged: unsigned(self.unchanged),
            stale: unsigned(self.stale),
            broken: unsigned(self.broken),
            unclear: unsigned(self.unclear),
        }
    }
}

/// The sum of each day on which something happened.
pub async fn daily_sums(
    conn: &mut Conn,
    range: DayRange,
    seen: Seen<'_>,
) -> Result<BTreeMap<Day, DailySum>, StoreError> {
    macro_rules! by_day {
        ($who:ident) => {
            summed!("day", seen!($who, "$3"))
        };
    }
    let (from, until) = (range.from.number(), range.until.number());
    let rows = fetch_seen!(conn, Row<i64>, by_day, seen, from, until)?;
    Ok(rows.into_iter().map(|row| (Day::from_number(row.sum_of), row.sum())).collect())
}

/// The sum of each distribution on which something happened.
pub async fn distribution_sums(
    conn: &mut Conn,
    range: DayRange,
    seen: Seen<'_>,
) -> Result<BTreeMap<DistributionId, DailySum>, StoreError> {
    macro_rules! by_distribution {
        ($who:ident) => {
            summed!("distribution_id", seen!($who, "$3"))
        };
    }
    let (from, until) = (range.from.number(), range.until.number());
    let rows = fetch_seen!(conn, Row<String>, by_distribution, seen, from, until)?;
    let sum = |row: Row<String>| (row.sum(), DistributionId::from_trusted(row.sum_of));
    Ok(rows.into_iter().map(sum).map(|(sum, id)| (id, sum)).collect())
}

/// What an account was billed for in a range of days, as far as Unstale knows.
#[derive(Debug, Clone, PartialEq, Eq, sqlx_macros::FromRow)]
struct AccountRow {
    account_id: String,
    billed: i64,
    unpriced: i64,
}

/// What CloudFront took from an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountMonth {
    /// The ID of the account. Empty while it is not known.
    pub account: String,
    pub paths: u64,
    /// Those of distributions that are on flat-rate plans now. AWS does not say how it counts them.
    pub on_flat_rate_plans: u64,
}

macro_rules! by_account {
    ($accounts:expr) => {
        concat!(
            "SELECT d.account_id,
                 CAST(COALESCE(SUM(CASE WHEN d.flat_rate_plan IS NULL THEN s.paths + s.paths_outside END), 0) AS BIGINT)
                     AS billed,
                 CAST(COALESCE(SUM(CASE WHEN d.flat_rate_plan IS NOT NULL THEN s.paths + s.paths_outside END), 0)
                     AS BIGINT) AS unpriced
             FROM daily_sum s JOIN distribution d ON d.id = s.distribution_id
             WHERE s.day >= $1 AND s.day < $2",
            $accounts,
            " GROUP BY d.account_id ORDER BY d.account_id"
        )
    };
}

/// What CloudFront took from each account that has a distribution among those that somebody may see. All distributions of an
/// account count, because they share its free paths.
pub async fn account_months(
    conn: &mut Conn,
    range: DayRange,
    seen: Seen<'_>,
) -> Result<Vec<AccountMonth>, StoreError> {
    let (from, until) = (range.from.number(), range.until.number());
    let rows = match seen {
        None => fetch_all!(conn, AccountRow, by_account!(""), from, until),
        Some(seen) => {
            let sql = if conn.is_postgres() {
                by_account!(
                    " AND d.account_id IN (SELECT v.account_id FROM distribution v
                          WHERE v.id = ANY (ARRAY(SELECT json_array_elements_text($3::json))))"
                )
            } else {
                by_account!(
                    " AND d.account_id IN (SELECT v.account_id FROM distribution v
                          WHERE v.id IN (SELECT value FROM json_each($3)))"
                )
            };
            fetch_all!(conn, AccountRow, sql, from, until, list_to_json(seen))
        }
    }?;
    let account = |row: AccountRow| AccountMonth {
        account: row.account_id,
        paths: unsigned(row.billed),
        on_flat_rate_plans: unsigned(row.unpriced),
    };
    Ok(rows.into_iter().map(account).collect())
}

macro_rules! completions {
    ($who:ident) => {
        concat!(
            "SELECT time_range, CAST(SUM(invalidations) AS BIGINT) FROM daily_completion
             WHERE day >= $1 AND day < $2",
            seen!($who, "$3"),
            " GROUP BY time_range"
        )
    };
}

/// How long invalidations took that completed on these days.
pub async fn completion_times(
    conn: &mut Conn,
    range: DayRange,
    seen: Seen<'_>,
) -> Result<CompletionTimes, StoreError> {
    let (from, until) = (range.from.number(), range.until.number());
    let rows = fetch_seen!(conn, (i64, i64), completions, seen, from, until)?;
    let mut times = CompletionTimes::default();
    for (range, invalidations) in rows {
        times.add(count(range), unsigned(invalidations));
    }
    Ok(times)
}

/// The first day that has a sum. `None` if there is none yet.
pub async fn first_day(conn: &mut Conn) -> Result<Option<Day>, StoreError> {
    let (day,) = fetch_one!(conn, (Option<i64>,), "SELECT min(day) FROM daily_sum")?;
    Ok(day.map(Day::from_number))
}
