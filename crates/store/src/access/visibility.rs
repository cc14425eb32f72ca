//! SQL for queries that return only what an actor may see.
//!
//! `Access::distributions` is `None` if the actor may see everything. The statement then has no condition.
//! Otherwise, the IDs of the distributions are bound as one JSON list, and a row matches if its ID is in the list.
//! No statement has a condition that a parameter turns on or off: an engine would plan for both cases and would use
//! no index.

/// The condition that a row is among the newest $2 rows of a distribution in the list $1. Both engines search an
/// index on `(distribution_id, time DESC, id DESC)` once for each distribution. There they read at most $2 rows,
/// however many rows the distribution has. PostgreSQL gets the IDs as an array, because it cannot estimate the size
/// of a set and would read the whole table to join one.
///
/// `$also` is a further condition on the row `l`. Its columns come before the time in that index.
macro_rules! is_newest_of_each {
    (sqlite, $table:literal, $time:literal, $also:expr) => {
        concat!(
            "id IN (SELECT n.id FROM json_each($1) AS d JOIN ",
            $table,
            " AS n ON n.id IN (SELECT l.id FROM ",
            $table,
            " AS l WHERE l.distribution_id = d.value",
            $also,
            " ORDER BY l.",
            $time,
            " DESC, l.id DESC LIMIT $2))"
        )
    };
    (postgres, $table:literal, $time:literal, $also:expr) => {
        concat!(
            "id = ANY (ARRAY(SELECT newest.id FROM json_array_elements_text($1::json) AS d (value)
             CROSS JOIN LATERAL (SELECT l.id FROM ",
            $table,
            " AS l WHERE l.distribution_id = d.value",
            $also,
            " ORDER BY l.",
            $time,
            " DESC, l.id DESC LIMIT $2) AS newest))"
        )
    };
}
pub(crate) use is_newest_of_each;
