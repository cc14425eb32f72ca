//! AWS accounts: the pace at which each may be called, and whether it is paused.

use unstale_domain::{
    invalidations::{pace::Pace, problem::Problem},
    time::Timestamp,
};

use super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all, fetch_one},
};
use crate::columns::{self, time};

/// A paused account. Nothing is sent to it for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    pub account: String,
    pub since: Timestamp,
    pub retry_at: Timestamp,
    pub problem: Problem,
}

/// Inserts the account's row if there is none.
pub async fn ensure(tx: &mut Tx, account: &str) -> Result<(), StoreError> {
    execute!(tx, "INSERT INTO account (id) VALUES ($1) ON CONFLICT (id) DO NOTHING", account)?;
    Ok(())
}

/// Locks the account's row until the transaction ends. Returns when its next create and its next read are due.
///
/// A transaction that sends for an account or changes its pace takes this lock before the lock on any other row. So
/// replicas wait for each other here, and none of them overlooks what another one sends.
pub async fn lock(tx: &mut Tx, account: &str) -> Result<(Timestamp, Timestamp), StoreError> {
    let select = if tx.is_postgres() {
        "SELECT create_next_at, read_next_at FROM account WHERE id = $1 FOR NO KEY UPDATE"
    } else {
        "SELECT create_next_at, read_next_at FROM account WHERE id = $1"
    };
    let (create, read) = fetch_one!(tx, (i64, i64), select, account)?;
    Ok((time(create), time(read)))
}

/// Takes one create from the pace. The inner `Err` is the time from which on a create is within the pace.
///
/// A create does not wait for the pace of all calls (`all`), but counts against it. Calls that only read get what
/// is left.
pub async fn take_create(
    tx: &mut Tx,
    account: &str,
    create: Pace,
    all: Pace,
    now: Timestamp,
) -> Result<Result<(), Timestamp>, StoreError> {
    let (create_next, all_next) = lock(tx, account).await?;
    let next = match create.take(create_next, now) {
        Ok(next) => next,
        Err(wait) => return Ok(Err(wait)),
    };
    execute!(
        tx,
        "UPDATE account SET create_next_at = $2, read_next_at = $3 WHERE id = $1",
        account,
        next.as_micros(),
        all.charge(all_next, now, 1).as_micros(),
    )?;
    Ok(Ok(()))
}

/// Takes one call that only reads from the pace. The inner `Err` is the time from which on such a call is within
/// the pace.
pub async fn take_read(
    tx: &mut Tx,
    account: &str,
    all: Pace,
    now: Timestamp,
) -> Result<Result<(), Timestamp>, StoreError> {
    let (_, next_at) = lock(tx, account).await?;
    match all.take(next_at, now) {
        Ok(next) => {
            set_read_next(tx, account, next).await?;
            Ok(Ok(()))
        }
        Err(wait) => Ok(Err(wait)),
    }
}

/// Charges the reading calls that were made in addition to the one that was taken.
pub async fn charge_reads(
    tx: &mut Tx,
    account: &str,
    pace: Pace,
    calls: u32,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (_, next_at) = lock(tx, account).await?;
    set_read_next(tx, account, pace.charge(next_at, now, calls)).await
}

/// Stores whether AWS asked for a slower pace. If it did (`throttled`), calls that only read wait for a while, and
/// longer after each such answer in a row.
pub async fn note_answer(
    tx: &mut Tx,
    account: &str,
    pace: Pace,
    throttled: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !throttled {
        execute!(tx, "UPDATE account SET read_throttles = 0 WHERE id = $1 AND read_throttles > 0", account)?;
        return Ok(());
    }
    let (_, next_at) = lock(tx, account).await?;
    let (before,) = fetch_one!(tx, (i64,), "SELECT read_throttles FROM account WHERE id = $1", account)?;
    execute!(tx, "UPDATE account SET read_throttles = read_throttles + 1 WHERE id = $1", account)?;
    let before = u32::try_from(before).unwrap_or(u32::MAX);
    set_read_next(tx, account, pace.back_off(next_at, now, before)).await
}

async fn set_read_next(tx: &mut Tx, account: &str, next: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "UPDATE account SET read_next_at = $2 WHERE id = $1", account, next.as_micros())?;
    Ok(())
}

/// Pauses an account's queue until `retry_at`. Returns whether it was running before.
pub async fn pause(
    tx: &mut Tx,
    account: &str,
    problem: &Problem,
    now: Timestamp,
    retry_at: Timestamp,
) -> Result<bool, StoreError> {
    let (paused,) = fetch_one!(
        tx,
        (i64,),
        "SELECT count(*) FROM account WHERE id = $1 AND paused_at IS NOT NULL",
        account
    )?;
    execute!(
        tx,
        "UPDATE account SET paused_at = COALESCE(paused_at, $2), retry_at = $3,
             problem_kind = $4, problem_code = $5, problem_message = $6
         WHERE id = $1",
        account,
        now.as_micros(),
        retry_at.as_micros(),
        problem.kind.as_str(),
        problem.code.as_str(),
        problem.message.as_str(),
    )?;
    Ok(paused == 0)
}

/// Resumes an account. Returns whether it was paused.
pub async fn resume(tx: &mut Tx, account: &str) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "UPDATE account SET paused_at = NULL, retry_at = NULL,
             problem_kind = NULL, problem_code = NULL, problem_message = NULL
         WHERE id = $1 AND paused_at IS NOT NULL",
        account,
    )?;
    Ok(touched == 1)
}

#[derive(sqlx_macros::FromRow)]
struct PauseRow {
    id: String,
    paused_at: i64,
    retry_at: i64,
    problem_kind: Option<String>,
    problem_code: Option<String>,
    problem_message: Option<String>,
}

/// The accounts that are paused now.
pub async fn paused(conn: &mut Conn) -> Result<Vec<Pause>, StoreError> {
    let rows = fetch_all!(
        conn,
        PauseRow,
        "SELECT id, paused_at, retry_at, problem_kind, problem_code, problem_message
         FROM account WHERE paused_at IS NOT NULL ORDER BY id"
    )?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Pause {
                account: row.id,
                since: time(row.paused_at),
                retry_at: time(row.retry_at),
                problem: columns::problem(row.problem_kind, row.problem_code, row.problem_message)?,
            })
        })
        .collect())
}
