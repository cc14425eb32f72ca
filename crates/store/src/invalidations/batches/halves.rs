//! Stores that a batch was cut in two.

use unstale_domain::{
    id::BatchId,
    invalidations::{problem::Problem, transition::Transition},
};

use super::transitions::transition_sql;
use crate::{StoreError, Tx, columns::signed, db::execute};

/// Writes that CloudFront refused the batch for its items and that two batches replace it: the one with the number
/// `first` and the next one. The caller inserts them in the same transaction. `false` if the lease was lost.
pub async fn set_cut_in_two(
    tx: &mut Tx,
    id: &BatchId,
    lease: &str,
    problem: &Problem,
    first: usize,
) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        transition_sql(
            Transition::CutInTwo,
            "lease = NULL, lease_until = NULL, problem_kind = $3, problem_code = $4, problem_message = $5,
             aws_request_id = COALESCE($6, aws_request_id), cut_into = $7",
            "id = $1 AND lease = $2",
        ),
        id.as_str(),
        lease,
        problem.kind.as_str(),
        problem.code.as_str(),
        problem.message.as_str(),
        problem.request_id.as_deref(),
        signed(first),
    )?;
    Ok(held == 1)
}
