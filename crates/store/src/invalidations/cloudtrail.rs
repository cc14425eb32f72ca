//! Who made what was made outside: the invalidations that CloudTrail may still tell of, and how far it was read.

use unstale_domain::{
    id::{CloudFrontInvalidationId, DistributionId, InvalidationId},
    invalidations::problem::Problem,
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    columns::{self, optional_time, time},
    db::{execute, fetch_one, fetch_optional},
};

/// The state of reading CloudTrail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudTrailProgress {
    pub due_at: Timestamp,
    pub under_way: Option<UnderWay>,
    /// When CloudTrail last refused or did not answer, if it did so last.
    pub failed_at: Option<Timestamp>,
    pub problem: Option<Problem>,
}

/// A reading: newest first through the times that the untraced ones were made in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    pub begun_at: Timestamp,
    pub from: Timestamp,
    pub to: Timestamp,
    pub next: Option<String>,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    due_at: i64,
    begun_at: Option<i64>,
    from_at: Option<i64>,
    to_at: Option<i64>,
    next_token: Option<String>,
    failed_at: Option<i64>,
    problem_kind: Option<String>,
    problem_code: Option<String>,
    problem_message: Option<String>,
}

pub async fn read(conn: &mut Conn) -> Result<CloudTrailProgress, StoreError> {
    let row = fetch_one!(
        conn,
        Row,
        "SELECT due_at, begun_at, from_at, to_at, next_token, failed_at, problem_kind, problem_code, problem_message
         FROM cloudtrail_progress WHERE id = 1"
    )?;
    let under_way = match (row.begun_at, row.from_at, row.to_at) {
        (Some(begun), Some(from), Some(to)) => {
            Some(UnderWay { begun_at: time(begun), from: time(from), to: time(to), next: row.next_token })
        }
        _ => None,
    };
    Ok(CloudTrailProgress {
        due_at: time(row.due_at),
        under_way,
        failed_at: optional_time(row.failed_at),
        problem: columns::problem(row.problem_kind, row.problem_code, row.problem_message),
    })
}

/// Notes that somebody made this one outside, and nobody knows who.
pub async fn insert(tx: &mut Tx, id: &InvalidationId, made_at: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO untraced (invalidation_id, made_at, round) VALUES ($1, $2, 0)",
        id.as_str(),
        made_at.as_micros(),
    )?;
    Ok(())
}

/// When the oldest and the newest of those were made of which CloudTrail may still tell.
pub async fn span(conn: &mut Conn, since: Timestamp) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
    let (oldest, newest) = fetch_one!(
        conn,
        (Option<i64>, Option<i64>),
        "SELECT (SELECT min(made_at) FROM untraced WHERE made_at >= $1),
             (SELECT max(made_at) FROM untraced WHERE made_at >= $1)",
        since.as_micros(),
    )?;
    Ok(oldest.zip(newest).map(|(oldest, newest)| (time(oldest), time(newest))))
}

/// Claims the reading until a time, unless another worker holds it.
pub async fn claim(tx: &mut Tx, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
    let claim = "UPDATE cloudtrail_progress SET due_at = $2 WHERE id = 1 AND due_at <= $1";
    Ok(execute!(tx, claim, now.as_micros(), until.as_micros())? == 1)
}

/// Begins a reading of what was made between two times.
pub async fn begin(tx: &mut Tx, under_way: &UnderWay) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE cloudtrail_progress SET round = round + 1, begun_at = $1, from_at = $2, to_at = $3, next_token = NULL WHERE id = 1",
        under_way.begun_at.as_micros(),
        under_way.from.as_micros(),
        under_way.to.as_micros(),
    )?;
    execute!(
        tx,
        "UPDATE untraced SET round = (SELECT round FROM cloudtrail_progress WHERE id = 1) WHERE made_at BETWEEN $1 AND $2",
        under_way.from.as_micros(),
        under_way.to.as_micros(),
    )?;
    Ok(())
}

/// The untraced invalidation that CloudFront knows under this ID.
pub async fn find(
    conn: &mut Conn,
    distribution: &DistributionId,
    id: &CloudFrontInvalidationId,
) -> Result<Option<InvalidationId>, StoreError> {
    let row = fetch_optional!(
        conn,
        (String,),
        "SELECT u.invalidation_id FROM batch b JOIN untraced u ON u.invalidation_id = b.invalidation_id
         WHERE b.distribution_id = $1 AND b.cloudfront_id = $2",
        distribution.as_str(),
        id.as_str(),
    )?;
    Ok(row.map(|(id,)| InvalidationId::from_trusted(id)))
}

/// Removes an invalidation whose maker was found. `false` if another replica has removed it.
pub async fn settle(tx: &mut Tx, id: &InvalidationId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM untraced WHERE invalidation_id = $1", id.as_str())? == 1)
}

/// Notes where the next page begins and that CloudTrail answered; `false` where the reading was lost meanwhile.
pub async fn turn_page(
    tx: &mut Tx,
    held: Timestamp,
    next: Option<&str>,
    due_at: Timestamp,
) -> Result<bool, StoreError> {
    let turned = execute!(
        tx,
        "UPDATE cloudtrail_progress SET next_token = $2, due_at = $3, failed_at = NULL, problem_kind = NULL, problem_code = NULL,
             problem_message = NULL WHERE id = 1 AND due_at = $1",
        held.as_micros(),
        next,
        due_at.as_micros(),
    )?;
    Ok(turned == 1)
}

/// Ends a reading. What it looked for and did not find, though it was made before `late`, is given up.
pub async fn end(tx: &mut Tx, late: Timestamp) -> Result<u64, StoreError> {
    let given_up = execute!(
        tx,
        "DELETE FROM untraced WHERE round > 0 AND round = (SELECT round FROM cloudtrail_progress WHERE id = 1) AND made_at < $1",
        late.as_micros(),
    )?;
    execute!(
        tx,
        "UPDATE cloudtrail_progress SET begun_at = NULL, from_at = NULL, to_at = NULL, next_token = NULL WHERE id = 1"
    )?;
    Ok(given_up)
}

/// Removes the invalidations that are older than CloudTrail's event history.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "DELETE FROM untraced WHERE made_at < $1", before.as_micros())
}

/// Writes why CloudTrail gave no answer, and when to ask again.
pub async fn fail(
    tx: &mut Tx,
    problem: &Problem,
    now: Timestamp,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE cloudtrail_progress SET due_at = $2, failed_at = $1, problem_kind = $3, problem_code = $4, problem_message = $5
         WHERE id = 1",
        now.as_micros(),
        due_at.as_micros(),
        problem.kind.as_str(),
        problem.code.as_str(),
        problem.message.as_str(),
    )?;
    Ok(())
}
