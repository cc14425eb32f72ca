//! What the readings that need an optional permission have in common: when they are due, and what a problem means.

use std::time::Duration;

use crate::{
    domain::{
        invalidations::problem::{Problem, ProblemKind},
        time::Timestamp,
    },
    store::{
        StoreError, Tx,
        distributions::optional_readings::{self, OptionalReading, OptionalReadingState},
    },
};

use super::super::{Next, WorkerContext};

/// The time between two readings. CloudWatch bills each metric that is asked for, so that it is not short.
const READING_EVERY: Duration = Duration::from_hours(1);
/// The time after a failure before it is read again.
const AFTER_FAILURE: Duration = Duration::from_mins(10);
/// The time after AWS denied access. Permissions rarely change within minutes.
const AFTER_REFUSAL: Duration = Duration::from_hours(1);
/// How long a reading is held: longer than all its calls can take.
const HELD: Duration = Duration::from_mins(5);

/// The state of a reading that is due. Otherwise when it is.
pub(super) async fn due(
    context: &WorkerContext,
    what: OptionalReading,
) -> Result<Result<OptionalReadingState, Timestamp>, StoreError> {
    let state = optional_readings::read(&mut *context.db.read().await?, what).await?;
    let later = state.due_at.filter(|due_at| *due_at > context.clock.now());
    Ok(later.map_or(Ok(state), Err))
}

/// Claims a reading that is due. `false` if another process holds it.
pub(super) async fn claim(context: &WorkerContext, what: OptionalReading) -> Result<bool, StoreError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let claimed = optional_readings::claim(&mut tx, what, now, now.plus(HELD)).await?;
    tx.commit().await?;
    Ok(claimed)
}

/// Whether something is still known of a reading that is not made any more.
pub(super) async fn is_left(context: &WorkerContext, what: OptionalReading) -> Result<bool, StoreError> {
    let state = optional_readings::read(&mut *context.db.read().await?, what).await?;
    Ok(state.read_at.is_some())
}

/// Writes what came of a reading. `replace` writes what was read in place of what was known; if AWS denies access, that is
/// nothing.
pub(super) async fn settle<T>(
    context: &WorkerContext,
    what: OptionalReading,
    before: &OptionalReadingState,
    read: Result<Vec<T>, Problem>,
    replace: impl AsyncFn(&mut Tx, &[T]) -> Result<(), StoreError>,
) -> Result<Next, StoreError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    match read {
        Ok(read) => {
            replace(&mut tx, &read).await?;
            optional_readings::finish(&mut tx, what, now, now.plus(READING_EVERY)).await?;
        }
        Err(problem) => {
            if fail(&mut tx, what, before, &problem, now).await? {
                replace(&mut tx, &[]).await?;
            }
        }
    }
    tx.commit().await?;
    context.notifier.notify();
    Ok(Next::Again)
}

/// Writes why it could not be read, and logs that once. `true` if AWS denied access: what was read before is then not
/// known any more.
async fn fail(
    tx: &mut Tx,
    what: OptionalReading,
    before: &OptionalReadingState,
    problem: &Problem,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let denied = problem.kind == ProblemKind::AccessDenied;
    let is_new = before.problem.as_ref().is_none_or(|before| before.kind != problem.kind);
    let permission = what.permission();
    if is_new && denied {
        tracing::info!(permission, said = problem.message, "an optional permission is missing");
    } else if is_new {
        tracing::warn!(
            permission,
            kind = problem.kind.as_str(),
            said = problem.message,
            "what this permission is for could not be read; it is tried again"
        );
    }
    let pause = if denied { AFTER_REFUSAL } else { AFTER_FAILURE };
    optional_readings::fail(tx, what, problem, now.plus(pause)).await?;
    if denied {
        optional_readings::forget(tx, what).await?;
    }
    Ok(denied)
}
