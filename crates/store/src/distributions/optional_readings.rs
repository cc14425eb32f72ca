//! When what needs an optional permission of AWS is read next, and how the last reading ended.

use unstale_domain::{invalidations::problem::Problem, time::Timestamp};

use crate::{
    Conn, StoreError, Tx,
    columns::{self, optional_time, time},
    db::{execute, fetch_optional},
};

/// What is read of all distributions at once, if AWS allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionalReading {
    /// What viewers ask of them, from CloudWatch.
    Traffic,
    /// Which of them are on flat-rate plans.
    FlatRatePlans,
}

impl OptionalReading {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Traffic => "traffic",
            Self::FlatRatePlans => "flat_rate_plans",
        }
    }

    /// The permission that it needs.
    #[must_use]
    pub const fn permission(self) -> &'static str {
        match self {
            Self::Traffic => "cloudwatch:GetMetricData",
            Self::FlatRatePlans => "pricingplanmanager:ListSubscriptions",
        }
    }
}

/// How a reading stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionalReadingState {
    /// `None` before the first reading.
    pub due_at: Option<Timestamp>,
    /// When it was last read. `None` if what was read is not known any more, because AWS denied access.
    pub read_at: Option<Timestamp>,
    /// Why it could not be read, if it failed last.
    pub problem: Option<Problem>,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    due_at: i64,
    read_at: Option<i64>,
    problem_kind: Option<String>,
    problem_code: Option<String>,
    problem_message: Option<String>,
}

pub async fn read(conn: &mut Conn, what: OptionalReading) -> Result<OptionalReadingState, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        "SELECT due_at, read_at, problem_kind, problem_code, problem_message FROM optional_reading WHERE name = $1",
        what.as_str(),
    )?;
    Ok(row.map_or_else(OptionalReadingState::default, |row| OptionalReadingState {
        due_at: Some(time(row.due_at)),
        read_at: optional_time(row.read_at),
        problem: columns::problem(row.problem_kind, row.problem_code, row.problem_message),
    }))
}

/// Claims a reading that is due until a time. `false` if it is not due, or if another process holds it.
pub async fn claim(
    tx: &mut Tx,
    what: OptionalReading,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let claimed = execute!(
        tx,
        "INSERT INTO optional_reading (name, due_at) VALUES ($1, $3)
         ON CONFLICT (name) DO UPDATE SET due_at = $3 WHERE optional_reading.due_at <= $2",
        what.as_str(),
        now.as_micros(),
        until.as_micros(),
    )?;
    Ok(claimed == 1)
}

/// Writes that it was read.
pub async fn finish(
    tx: &mut Tx,
    what: OptionalReading,
    now: Timestamp,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE optional_reading SET read_at = $2, due_at = $3, problem_kind = NULL, problem_code = NULL,
             problem_message = NULL WHERE name = $1",
        what.as_str(),
        now.as_micros(),
        due_at.as_micros(),
    )?;
    Ok(())
}

/// Writes that it could not be read. What was read before stays.
pub async fn fail(
    tx: &mut Tx,
    what: OptionalReading,
    problem: &Problem,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE optional_reading SET due_at = $2, problem_kind = $3, problem_code = $4, problem_message = $5
         WHERE name = $1",
        what.as_str(),
        due_at.as_micros(),
        problem.kind.as_str(),
        problem.code.as_str(),
        problem.message.as_str(),
    )?;
    Ok(())
}

/// Writes that what was read is not known any more. The problem stays.
pub async fn forget(tx: &mut Tx, what: OptionalReading) -> Result<(), StoreError> {
    execute!(tx, "UPDATE optional_reading SET read_at = NULL WHERE name = $1", what.as_str())?;
    Ok(())
}

/// Has it read as soon as possible, because there is a distribution that the last reading did not have. After a failure it
/// waits as long as before.
pub async fn hurry(tx: &mut Tx, what: OptionalReading, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE optional_reading SET due_at = $2 WHERE name = $1 AND due_at > $2 AND problem_kind IS NULL",
        what.as_str(),
        now.as_micros(),
    )?;
    Ok(())
}
