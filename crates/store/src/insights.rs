//! The sums for the insights: of each day and distribution, and of each month. They are made of the events of the
//! history, in order and each once.

mod adding;
mod batches;
mod sums;
mod tops;

pub use adding::add;
pub use batches::counted_batches;
pub use sums::{AccountMonth, account_months, completion_times, daily_sums, distribution_sums, first_day};
pub use tops::{TopCount, TopName, top_counts, top_names};

use super::{Conn, StoreError, db::fetch_one};

/// The sequence of the last event that is in the sums.
pub async fn counted(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(fetch_one!(conn, (i64,), "SELECT sequence FROM insights_cursor WHERE id = 1")?.0)
}

/// A condition on the distributions that somebody may see, after the others of a statement. There is none if they see all;
/// otherwise the IDs are bound as one JSON list in this place.
macro_rules! seen {
    (all, $place:literal) => {
        ""
    };
    (sqlite, $place:literal) => {
        concat!(" AND distribution_id IN (SELECT value FROM json_each(", $place, "))")
    };
    (postgres, $place:literal) => {
        concat!(" AND distribution_id = ANY (ARRAY(SELECT json_array_elements_text(", $place, "::json)))")
    };
}
use seen;

/// Reads all rows of a statement with two parameters, for those distributions of which somebody may see.
macro_rules! fetch_seen {
    ($conn:expr, $row:ty, $sql:ident, $seen:expr, $one:expr, $other:expr) => {
        match $seen {
            None => $crate::db::fetch_all!($conn, $row, $sql!(all), $one, $other),
            Some(seen) => {
                let sql = if $conn.is_postgres() { $sql!(postgres) } else { $sql!(sqlite) };
                $crate::db::fetch_all!($conn, $row, sql, $one, $other, $crate::columns::list_to_json(seen))
            }
        }
    };
}
use fetch_seen;

/// Reads a sum, which is never negative.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
