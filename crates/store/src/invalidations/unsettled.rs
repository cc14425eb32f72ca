//! How many batches and invalidations are not settled, and since when. For `/metrics`.

use unstale_domain::time::Timestamp;

use crate::{
    Conn, StoreError,
    columns::optional_time,
    db::{fetch_all, fetch_one},
};

/// What is in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unsettled {
    pub count: i64,
    /// Since when the oldest of them is in it. `None` if there are none.
    pub since: Option<Timestamp>,
}

impl Unsettled {
    fn of((count, since): (i64, Option<i64>)) -> Self {
        Self { count, since: optional_time(since) }
    }
}

/// What is not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnsettledWork {
    /// Batches that wait to be sent, since they were due. The oldest may be due in the future.
    pub queued: Unsettled,
    /// Batches that are being sent, since the first attempt.
    pub submitting: Unsettled,
    /// Batches that CloudFront has and has not completed, since it accepted them.
    pub in_progress: Unsettled,
    /// Invalidations of which a person has to find out whether CloudFront has them, since they were requested.
    pub needs_a_look: Unsettled,
}

pub async fn work(conn: &mut Conn) -> Result<UnsettledWork, StoreError> {
    let unsent = fetch_all!(
        conn,
        (String, i64, Option<i64>),
        "SELECT state, count(*), min(CASE state WHEN 'queued' THEN due_at ELSE COALESCE(first_sent_at, due_at) END)
         FROM batch WHERE state IN ('queued', 'submitting') GROUP BY state"
    )?;
    let unsent = |wanted: &str| {
        let row = unsent.iter().find(|(state, ..)| state == wanted);
        row.map_or_else(Unsettled::default, |(_, count, since)| Unsettled::of((*count, *since)))
    };
    let in_progress = fetch_one!(
        conn,
        (i64, Option<i64>),
        "SELECT count(*), min(accepted_at) FROM batch WHERE state = 'in_progress'"
    )?;
    // The first condition is that of the index.
    let needs_a_look = fetch_one!(
        conn,
        (i64, Option<i64>),
        "SELECT count(*), min(requested_at) FROM invalidation
         WHERE state IN ('queued', 'in_progress', 'needs_a_look') AND state = 'needs_a_look'"
    )?;
    Ok(UnsettledWork {
        queued: unsent("queued"),
        submitting: unsent("submitting"),
        in_progress: Unsettled::of(in_progress),
        needs_a_look: Unsettled::of(needs_a_look),
    })
}
