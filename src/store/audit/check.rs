//! How the last check of the chain in the background ended, for the page to show.

use crate::domain::time::Timestamp;

use super::super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_one},
    parts::optional_time,
};

/// The state of the checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Intact up to this event.
    pub sequence: i64,
    pub at: Option<Timestamp>,
    /// When the whole chain was last found intact.
    pub whole_at: Option<Timestamp>,
    /// The first bad event.
    pub broken_at: Option<i64>,
    /// What is wrong there.
    pub problem: String,
    /// The last signed head that was told outside.
    pub head_told: i64,
}

pub async fn check_state(conn: &mut Conn) -> Result<Checked, StoreError> {
    let (sequence, at, whole_at, broken_at, problem, head_told) = fetch_one!(
        conn,
        (i64, Option<i64>, Option<i64>, Option<i64>, String, i64),
        "SELECT sequence, at, whole_at, broken_at, problem, head_told FROM audit_check WHERE id = 1",
    )?;
    let (at, whole_at) = (optional_time(at), optional_time(whole_at));
    Ok(Checked { sequence, at, whole_at, broken_at, problem, head_told })
}

/// Notes how a check ended; what was told outside is noted by [`set_head_told`].
pub async fn set_check_state(tx: &mut Tx, checked: &Checked) -> Result<(), StoreError> {
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

/// Notes that signed heads up to this event are in the file.
pub async fn set_head_told(tx: &mut Tx, sequence: i64) -> Result<(), StoreError> {
    execute!(tx, "UPDATE audit_check SET head_told = $1 WHERE id = 1", sequence)?;
    Ok(())
}
