//! Where a queued invalidation stands: what goes before it, and what it waits for.

use std::collections::HashMap;

use unstale_domain::{
    id::{DistributionId, InvalidationId},
    invalidations::{
        batching::Load,
        queue::{MergeableBatches, QueuePosition},
    },
    time::Timestamp,
};

use crate::{
    Conn, StoreError,
    columns::{count, list_to_json, optional_time, time},
    db::{fetch_all, fetch_optional},
};

use super::batches::may_merge;

#[derive(sqlx_macros::FromRow)]
struct Row {
    invalidation_id: String,
    due_at: i64,
    path_count: i64,
    wildcard_count: i64,
    #[sqlx(flatten)]
    around: Around,
}

/// What a batch waits for.
#[derive(sqlx_macros::FromRow)]
struct Around {
    create_next_at: i64,
    retry_at: Option<i64>,
    before_here: i64,
    mergeable: i64,
    mergeable_paths: i64,
    mergeable_wildcards: i64,
    oldest_in_progress: Option<i64>,
}

/// `$what` of the queued batches `o` of the distribution `d` for which `$which` holds.
macro_rules! earlier {
    ($what:literal, $which:expr) => {
        concat!(
            "(SELECT ",
            $what,
            " FROM batch o WHERE o.distribution_id = d.id AND o.state IN ('queued', 'submitting')
                AND o.state = 'queued' AND ",
            $which,
            ")"
        )
    };
}

/// The columns of [`Around`], where `d` is the distribution and `a` its account: which batches `o` are due before, and
/// which of these may be merged with the batch.
macro_rules! around {
    ($earlier:literal, $mergeable:expr) => {
        concat!(
            "a.create_next_at, a.retry_at, ",
            earlier!("count(*)", $earlier),
            " AS before_here, ",
            earlier!("count(*)", concat!($earlier, " AND ", $mergeable)),
            " AS mergeable, ",
            earlier!(
                "CAST(COALESCE(SUM(o.path_count), 0) AS BIGINT)",
                concat!($earlier, " AND ", $mergeable)
            ),
            " AS mergeable_paths, ",
            earlier!(
                "CAST(COALESCE(SUM(o.wildcard_count), 0) AS BIGINT)",
                concat!($earlier, " AND ", $mergeable)
            ),
            " AS mergeable_wildcards,
             (SELECT min(w.accepted_at) FROM batch w
              WHERE w.distribution_id = d.id AND w.state = 'in_progress') AS oldest_in_progress"
        )
    };
}

/// The next queued batch `b` of each invalidation of the list $1, where `m` is the invalidation's own: `b` is what it was
/// merged into, or itself.
macro_rules! is_next_of_each {
    (sqlite) => {
        is_next_of_each!("IN (SELECT value FROM json_each($1))")
    };
    (postgres) => {
        is_next_of_each!("= ANY (ARRAY(SELECT json_array_elements_text($1::json)))")
    };
    ($listed:literal) => {
        concat!(
            " WHERE b.state = 'queued' AND m.number = (SELECT min(q.number) FROM batch q
                 LEFT JOIN batch s ON s.id = q.merged_into
                 WHERE q.invalidation_id = m.invalidation_id AND COALESCE(s.state, q.state) = 'queued')
               AND m.invalidation_id ",
            $listed
        )
    };
}

/// SQLite uses the index of what is to be sent only where its own condition on the state is there too.
macro_rules! places_of {
    ($engine:ident) => {
        concat!(
            "SELECT m.invalidation_id, b.due_at, b.path_count, b.wildcard_count, ",
            around!(
                "(o.number < b.number OR (o.number = b.number AND o.created_at < b.created_at))
                 AND (o.attempts > 0 OR o.due_at <= b.due_at)",
                concat!(may_merge!("b."), " AND ", may_merge!("o."))
            ),
            "
             FROM batch m JOIN batch b ON b.id = COALESCE(m.merged_into, m.id)
             JOIN distribution d ON d.id = b.distribution_id JOIN account a ON a.id = d.account_id",
            is_next_of_each!($engine)
        )
    };
}
macro_rules! elsewhere_of {
    ($engine:ident) => {
        concat!(
            "SELECT m.invalidation_id, count(*) FROM batch m JOIN batch b ON b.id = COALESCE(m.merged_into, m.id)
             JOIN distribution d ON d.id = b.distribution_id
             JOIN distribution e ON e.account_id = d.account_id AND e.id <> d.id
             JOIN batch o ON o.distribution_id = e.id AND o.state IN ('queued', 'submitting')
                 AND o.state = 'queued' AND (o.attempts > 0 OR o.due_at <= b.due_at)",
            is_next_of_each!($engine),
            " GROUP BY m.invalidation_id, e.id"
        )
    };
}

/// The place of each invalidation's next queued batch; one of which none is queued has no place. What is put off until
/// after it is due is not before it.
pub async fn places(
    conn: &mut Conn,
    ids: &[&InvalidationId],
) -> Result<HashMap<InvalidationId, QueuePosition>, StoreError> {
    let list = list_to_json(ids);
    let (places, elsewhere) = if conn.is_postgres() {
        (places_of!(postgres), elsewhere_of!(postgres))
    } else {
        (places_of!(sqlite), elsewhere_of!(sqlite))
    };
    let rows = fetch_all!(conn, Row, places, &list)?;
    let mut found: HashMap<InvalidationId, QueuePosition> = rows.into_iter().map(Row::into_place).collect();
    if found.is_empty() {
        return Ok(found);
    }
    for (id, queued) in fetch_all!(conn, (String, i64), elsewhere, &list)? {
        if let Some(place) = found.get_mut(&InvalidationId::from_trusted(id)) {
            place.elsewhere.push(count(queued));
        }
    }
    Ok(found)
}

/// The place of one invalidation's next queued batch; `None` where none is queued.
pub async fn place(conn: &mut Conn, id: &InvalidationId) -> Result<Option<QueuePosition>, StoreError> {
    Ok(places(conn, &[id]).await?.remove(id))
}

/// The place that the first batch of a new request with this load would have. `None` where the distribution is not known.
pub async fn place_of_new(
    conn: &mut Conn,
    distribution: &DistributionId,
    load: Load,
    now: Timestamp,
) -> Result<Option<QueuePosition>, StoreError> {
    let row = fetch_optional!(
        conn,
        Around,
        concat!(
            "SELECT ",
            around!("o.number = 1 AND (o.attempts > 0 OR o.due_at <= $2)", may_merge!("o.")),
            " FROM distribution d JOIN account a ON a.id = d.account_id WHERE d.id = $1"
        ),
        distribution.as_str(),
        now.as_micros(),
    )?;
    let Some(row) = row else { return Ok(None) };
    let elsewhere = fetch_all!(
        conn,
        (i64,),
        "SELECT count(*) FROM distribution d
         JOIN distribution e ON e.account_id = d.account_id AND e.id <> d.id
         JOIN batch o ON o.distribution_id = e.id AND o.state IN ('queued', 'submitting')
             AND o.state = 'queued' AND (o.attempts > 0 OR o.due_at <= $2)
         WHERE d.id = $1 GROUP BY e.id",
        distribution.as_str(),
        now.as_micros(),
    )?;
    let elsewhere = elsewhere.into_iter().map(|(queued,)| count(queued)).collect();
    Ok(Some(row.into_place(load, now, elsewhere)))
}

impl Around {
    fn into_place(self, load: Load, due_at: Timestamp, elsewhere: Vec<usize>) -> QueuePosition {
        QueuePosition {
            before_here: count(self.before_here),
            mergeable_here: MergeableBatches {
                count: count(self.mergeable),
                load: Load { paths: count(self.mergeable_paths), wildcards: count(self.mergeable_wildcards) },
            },
            elsewhere,
            load,
            due_at,
            next_call_at: time(self.create_next_at),
            paused_until: optional_time(self.retry_at),
            oldest_in_progress: optional_time(self.oldest_in_progress),
        }
    }
}

impl Row {
    fn into_place(self) -> (InvalidationId, QueuePosition) {
        let load = Load { paths: count(self.path_count), wildcards: count(self.wildcard_count) };
        let place = self.around.into_place(load, time(self.due_at), Vec::new());
        (InvalidationId::from_trusted(self.invalidation_id), place)
    }
}
