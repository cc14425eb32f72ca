//! The result of the last background verification of the chain, which the history page shows, and how far the
//! signed heads were published.

use unstale_domain::{audit::head::Head, time::Timestamp};

use super::super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_one},
};
use crate::columns::{optional_time, time};

/// What the last verification found, and which signed heads were published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckState {
    /// The chain is intact up to and including this event.
    pub sequence: i64,
    pub at: Option<Timestamp>,
    /// When the whole chain was last found intact.
    pub whole_at: Option<Timestamp>,
    /// The sequence of the first bad event. `None` if the chain is intact.
    pub broken_at: Option<i64>,
    /// What is wrong with that event. Empty if the chain is intact.
    pub problem: String,
    /// The sequence of the last signed head that is in the file.
    pub head_told: i64,
    /// Why the next signed head could not be added to the file. Empty if there is no problem.
    pub file_problem: String,
    /// The sequence of the last signed head that the webhook accepted.
    pub head_posted: i64,
    /// The earliest time at which the next signed head may be posted. `None` means at once.
    pub post_due_at: Option<Timestamp>,
    /// Why the webhook did not accept the next signed head. Empty if there is no problem.
    pub post_problem: String,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    head_sequence: Option<i64>,
    head_hash: Option<String>,
    sequence: i64,
    at: Option<i64>,
    whole_at: Option<i64>,
    broken_at: Option<i64>,
    problem: String,
    head_told: i64,
    file_problem: String,
    head_posted: i64,
    post_due_at: i64,
    post_problem: String,
}

pub async fn check_state(conn: &mut Conn) -> Result<CheckState, StoreError> {
    Ok(standing(conn).await?.1)
}

/// The last event as `audit_head` states it, and the state of the checks. The last event is `None` if somebody
/// deleted its row in `audit_head`.
pub async fn standing(conn: &mut Conn) -> Result<(Option<Head>, CheckState), StoreError> {
    let row = fetch_one!(
        conn,
        Row,
        "SELECT h.sequence AS head_sequence, h.hash AS head_hash, c.sequence, c.at, c.whole_at, c.broken_at,
             c.problem, c.head_told, c.file_problem, c.head_posted, c.post_due_at, c.post_problem
         FROM audit_check c LEFT JOIN audit_head h ON h.id = 1 WHERE c.id = 1",
    )?;
    let head = row.head_sequence.zip(row.head_hash).map(|(sequence, hash)| Head { sequence, hash });
    let checked = CheckState {
        sequence: row.sequence,
        at: optional_time(row.at),
        whole_at: optional_time(row.whole_at),
        broken_at: row.broken_at,
        problem: row.problem,
        head_told: row.head_told,
        file_problem: row.file_problem,
        head_posted: row.head_posted,
        post_due_at: Some(row.post_due_at).filter(|at| *at > 0).map(time),
        post_problem: row.post_problem,
    };
    Ok((head, checked))
}

/// Stores the result of a verification. What was published is stored by [`set_head_told`] and [`set_head_posted`].
pub async fn set_check_state(tx: &mut Tx, checked: &CheckState) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE audit_check SET sequence = $1, at = $2, whole_at = $3, broken_at = $4, problem = $5 WHERE id = 1",
        checked.sequence,
        checked.at.map(Timestamp::as_micros),
        checked.whole_at.map(Timestamp::as_micros),
        checked.broken_at,
        checked.problem.as_str(),
    )?;
    Ok(())
}

/// Stores that the new events up to this one are intact. If an earlier verification found a bad event, that result
/// stays.
pub async fn set_checked(tx: &mut Tx, sequence: i64, at: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "UPDATE audit_check SET sequence = $1, at = $2 WHERE id = 1", sequence, at.as_micros())?;
    Ok(())
}

/// Stores that the signed heads up to this event are in the file.
pub async fn set_head_told(tx: &mut Tx, sequence: i64) -> Result<(), StoreError> {
    execute!(tx, "UPDATE audit_check SET head_told = $1, file_problem = '' WHERE id = 1", sequence)?;
    Ok(())
}

/// Stores why signed heads cannot be added to the file. An empty text means that there is no problem.
pub async fn set_file_problem(tx: &mut Tx, problem: &str) -> Result<(), StoreError> {
    execute!(tx, "UPDATE audit_check SET file_problem = $1 WHERE id = 1", problem)?;
    Ok(())
}

/// Claims the signed head after `posted` until a time. `false` if another replica holds the claim or has already
/// posted that head.
pub async fn claim_post(
    tx: &mut Tx,
    posted: i64,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let claimed = execute!(
        tx,
        "UPDATE audit_check SET post_due_at = $3 WHERE id = 1 AND head_posted = $1 AND post_due_at <= $2",
        posted,
        now.as_micros(),
        until.as_micros(),
    )?;
    Ok(claimed == 1)
}

/// Stores that the webhook accepted the signed heads up to this event. `held` is the time until which the head was
/// claimed. `false` if the claim was lost.
pub async fn set_head_posted(tx: &mut Tx, held: Timestamp, sequence: i64) -> Result<bool, StoreError> {
    let noted = execute!(
        tx,
        "UPDATE audit_check SET head_posted = $2, post_due_at = 0, post_problem = ''
         WHERE id = 1 AND post_due_at = $1",
        held.as_micros(),
        sequence,
    )?;
    Ok(noted == 1)
}

/// Stores why the webhook did not accept the next signed head, and when it is posted again. `held` is the time
/// until which the head was claimed. `false` if the claim was lost.
pub async fn set_post_problem(
    tx: &mut Tx,
    held: Timestamp,
    problem: &str,
    due_at: Timestamp,
) -> Result<bool, StoreError> {
    let noted = execute!(
        tx,
        "UPDATE audit_check SET post_problem = $2, post_due_at = $3 WHERE id = 1 AND post_due_at = $1",
        held.as_micros(),
        problem,
        due_at.as_micros(),
    )?;
    Ok(noted == 1)
}

/// Clears the webhook's problem. It no longer matters once no webhook is configured.
pub async fn forget_post_problem(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(tx, "UPDATE audit_check SET post_problem = '' WHERE id = 1")?;
    Ok(())
}
