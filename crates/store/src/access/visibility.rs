//! How a query shows only what an actor may see.
//!
//! `Access::distributions` is `None` for everything: that is a statement without a condition. The IDs of some go in as one
//! bound list of JSON, and a row fits if its ID is in it. No statement has a condition that may be set or not: an engine
//! plans for both, and then no index serves.

/// The condition that a row's ID is one of the newest of each distribution of the list $1, no more than $2 of each: both
/// engines go down an index on `(distribution_id, time DESC, id DESC)` once for each distribution and read no more there,
/// however many there are. PostgreSQL gets the IDs as an array: it would rather read a whole table than join a set whose
/// size it cannot tell.
///
/// `$also` is a further condition on the row `l`, whose columns stand before the time in that index.
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
