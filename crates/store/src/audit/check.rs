//! How the last check of the chain in the background ended, for the page to show.

use unstale_domain::{audit::head::Head, time::Timestamp};

use super::super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_one},
};
use crate::columns::{optional_time, time};

/// The state of the checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckState {
    /// Intact up to this event.
    pub sequence: i64,
    pub at: Option<Timestamp>,
    /// When the whole chain was last found intact.
    pub whole_at: Option<Timestamp>,
    /// The first bad event.
    pub broken_at: Option<i64>,
    /// What is wrong there.
    pub problem: String,
    /// The last signed head that is in the file.
    pub head_told: i64,
    /// Why the file did not get the next; empty where it did.
    pub file_problem: String,
    /// The last signed head that the webhook took.
    pub head_posted: i64,
    /// When the webhook may be told the next, where that is not at once.
    pub post_due_at: Option<Timestamp>,
    /// Why it did not take the next; empty where it did.
    pub post_problem: String,
}

#[derive(sqlx::FromRow)]
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

/// The last event as the table's own note has it, where that is there, and how the checks stand.
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

/// Notes how a check ended; what was told outside is noted by [`set_head_told`] and [`set_head_posted`].
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

/// Notes that new events up to this one were checked and are intact; what another check found broken stays so.
pub async fn set_checked(tx: &mut Tx, sequence: i64, at: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "UPDATE audit_check SET sequence = $1, at = $2 WHERE id = 1", sequence, at.as_micros())?;
    Ok(())
}

/// Notes that signed heads up to this event are in the file.
pub async fn set_head_told(tx: &mut Tx, sequence: i64) -> Result<(), StoreError> {
    execute!(tx, "UPDATE audit_check SET head_told = $1, file_problem = '' WHERE id = 1", sequence)?;
    Ok(())
}

/// Notes why signed heads cannot be added to the file; empty where there is nothing to say.
pub async fn set_file_problem(tx: &mut Tx, problem: &str) -> Result<(), StoreError> {
    execute!(tx, "UPDATE audit_check SET file_problem = $1 WHERE id = 1", problem)?;
    Ok(())
}

/// Takes up the head behind `posted` until a time, unless somebody else did or it was taken.
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

/// Notes that the webhook took signed heads up to this event.
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

/// Notes why the webhook did not take the next, and when it is tried again.
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

/// There is no webhook any more: nothing is said of it.
pub async fn forget_post_problem(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(tx, "UPDATE audit_check SET post_problem = '' WHERE id = 1")?;
    Ok(())
}
