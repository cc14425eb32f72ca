//! When the distributions were last read from CloudFront, and when they are next.

use unstale_domain::{invalidations::problem::Problem, time::Timestamp};

use crate::{
    Conn, StoreError, Tx,
    columns::{self, optional_time, time},
    db::{execute, fetch_one},
};

/// How the catalogue of distributions stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    pub due_at: Timestamp,
    /// When all distributions were last read.
    pub finished_at: Option<Timestamp>,
    /// When reading them failed, if it did so last.
    pub failed_at: Option<Timestamp>,
    pub problem: Option<Problem>,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    due_at: i64,
    finished_at: Option<i64>,
    failed_at: Option<i64>,
    problem_kind: Option<String>,
    problem_code: Option<String>,
    problem_message: Option<String>,
}

pub async fn read(conn: &mut Conn) -> Result<Survey, StoreError> {
    let row = fetch_one!(
        conn,
        Row,
        "SELECT due_at, finished_at, failed_at, problem_kind, problem_code, problem_message FROM survey WHERE id = 1"
    )?;
    Ok(Survey {
        due_at: time(row.due_at),
        finished_at: optional_time(row.finished_at),
        failed_at: optional_time(row.failed_at),
        problem: columns::problem(row.problem_kind, row.problem_code, row.problem_message),
    })
}

/// Requests a survey as soon as possible.
pub async fn request(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "UPDATE survey SET due_at = $1 WHERE id = 1 AND due_at > $1", now.as_micros())?;
    Ok(())
}

/// Claims the survey if it is due and no worker holds it.
pub async fn claim(tx: &mut Tx, lease: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
    let claimed = execute!(
        tx,
        "UPDATE survey SET lease = $1, lease_until = $3
         WHERE id = 1 AND due_at <= $2 AND (lease_until IS NULL OR lease_until <= $2)",
        lease,
        now.as_micros(),
        until.as_micros(),
    )?;
    Ok(claimed == 1)
}

/// Extends the lease of the survey. `false` if the lease was lost.
pub async fn extend(tx: &mut Tx, lease: &str, until: Timestamp) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        "UPDATE survey SET lease_until = $2 WHERE id = 1 AND lease = $1",
        lease,
        until.as_micros(),
    )?;
    Ok(held == 1)
}

/// Writes that all distributions were read.
pub async fn finish(tx: &mut Tx, lease: &str, now: Timestamp, due_at: Timestamp) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        "UPDATE survey SET lease = NULL, lease_until = NULL, finished_at = $2, due_at = $3, failed_at = NULL,
             problem_kind = NULL, problem_code = NULL, problem_message = NULL
         WHERE id = 1 AND lease = $1",
        lease,
        now.as_micros(),
        due_at.as_micros(),
    )?;
    Ok(held == 1)
}

/// Writes that the survey failed.
pub async fn fail(
    tx: &mut Tx,
    lease: &str,
    problem: &Problem,
    now: Timestamp,
    due_at: Timestamp,
) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        "UPDATE survey SET lease = NULL, lease_until = NULL, failed_at = $2, due_at = $3,
             problem_kind = $4, problem_code = $5, problem_message = $6
         WHERE id = 1 AND lease = $1",
        lease,
        now.as_micros(),
        due_at.as_micros(),
        problem.kind.as_str(),
        problem.code.as_str(),
        problem.message.as_str(),
    )?;
    Ok(held == 1)
}
