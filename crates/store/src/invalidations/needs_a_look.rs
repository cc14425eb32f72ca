//! Batches for which the service could not find out whether CloudFront accepted them. A person decides.

use unstale_domain::{
    id::{BatchId, CloudFrontInvalidationId, InvalidationId},
    invalidations::transition::Transition,
    time::Timestamp,
};

use super::batches::transition_sql;
use crate::{
    Conn, StoreError, Tx,
    columns::count,
    db::{execute, fetch_one},
};

/// Writes that CloudFront has the batch. From then on it is watched like any other. `false` if the decision was
/// made before.
pub async fn set_found(
    tx: &mut Tx,
    id: &BatchId,
    cloudfront_id: &CloudFrontInvalidationId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = execute!(
        tx,
        transition_sql(
            Transition::ResolveFound,
            "cloudfront_id = $2, accepted_at = COALESCE(first_sent_at, $3), look_at = $3, problem_kind = NULL,
             problem_code = NULL, problem_message = NULL",
            "id = $1",
        ),
        id.as_str(),
        cloudfront_id.as_str(),
        now.as_micros(),
    )?;
    Ok(changed == 1)
}

/// It is not at CloudFront: it is given up, and another batch takes its place. `false` where it is settled already.
pub async fn set_given_up(tx: &mut Tx, id: &BatchId) -> Result<bool, StoreError> {
    let changed = execute!(tx, transition_sql(Transition::ResolveNotThere, "", "id = $1"), id.as_str())?;
    Ok(changed == 1)
}

/// The number of the next batch of an invalidation.
pub async fn next_number(conn: &mut Conn, id: &InvalidationId) -> Result<usize, StoreError> {
    let (last,) = fetch_one!(
        conn,
        (i64,),
        "SELECT COALESCE(max(number), 0) FROM batch WHERE invalidation_id = $1",
        id.as_str(),
    )?;
    Ok(count(last) + 1)
}
