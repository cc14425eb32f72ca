//! Reads what occurred most often in a month.

use std::collections::BTreeSet;

use unstale_domain::{
    id::DistributionId,
    insights::{CountKind, Day},
};

use crate::{Conn, StoreError, columns::signed, db::fetch_all};

use super::{seen, unsigned};

/// How often something occurred on one distribution in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopCount {
    pub distribution: DistributionId,
    pub name: String,
    pub times: u64,
    pub paths: u64,
    /// The most paths at one time, and the day of it.
    pub most: u64,
    pub most_on: Day,
}

/// How often something occurred in a month, on all distributions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopName {
    pub name: String,
    pub times: u64,
    pub paths: u64,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    distribution_id: String,
    name: String,
    times: i64,
    paths: i64,
    most: i64,
    most_on: i64,
}

macro_rules! each {
    ($who:ident) => {
        concat!(
            "SELECT distribution_id, name, times, paths, most, most_on FROM monthly_count
             WHERE month = $1 AND kind = $2",
            seen!($who, "$4"),
            " ORDER BY paths DESC, distribution_id, name LIMIT $3"
        )
    };
}

macro_rules! together {
    ($who:ident) => {
        concat!(
            "SELECT name, CAST(SUM(times) AS BIGINT), CAST(SUM(paths) AS BIGINT) FROM monthly_count
             WHERE month = $1 AND kind = $2",
            seen!($who, "$4"),
            " GROUP BY name ORDER BY SUM(times) DESC, SUM(paths) DESC, name LIMIT $3"
        )
    };
}

/// Reads at most `$limit` rows of a month and a kind.
macro_rules! fetch_tops {
    ($conn:expr, $row:ty, $sql:ident, $seen:expr, $month:expr, $kind:expr, $limit:expr) => {{
        let (month, kind, limit) = ($month.number(), $kind.as_str(), signed($limit));
        match $seen {
            None => fetch_all!($conn, $row, $sql!(all), month, kind, limit),
            Some(seen) => {
                let sql = if $conn.is_postgres() { $sql!(postgres) } else { $sql!(sqlite) };
                fetch_all!($conn, $row, sql, month, kind, limit, $crate::columns::list_to_json(seen))
            }
        }
    }};
}

/// The names with the most paths in a month, each of one distribution. `month` is its first day.
pub async fn top_counts(
    conn: &mut Conn,
    month: Day,
    kind: CountKind,
    seen: Option<&BTreeSet<DistributionId>>,
    limit: usize,
) -> Result<Vec<TopCount>, StoreError> {
    let rows = fetch_tops!(conn, Row, each, seen, month, kind, limit)?;
    let top = |row: Row| TopCount {
        distribution: DistributionId::from_trusted(row.distribution_id),
        name: row.name,
        times: unsigned(row.times),
        paths: unsigned(row.paths),
        most: unsigned(row.most),
        most_on: Day::from_number(row.most_on),
    };
    Ok(rows.into_iter().map(top).collect())
}

/// The names that occurred most often in a month, over all distributions. `month` is its first day.
pub async fn top_names(
    conn: &mut Conn,
    month: Day,
    kind: CountKind,
    seen: Option<&BTreeSet<DistributionId>>,
    limit: usize,
) -> Result<Vec<TopName>, StoreError> {
    let rows = fetch_tops!(conn, (String, i64, i64), together, seen, month, kind, limit)?;
    let top = |(name, times, paths)| TopName { name, times: unsigned(times), paths: unsigned(paths) };
    Ok(rows.into_iter().map(top).collect())
}
