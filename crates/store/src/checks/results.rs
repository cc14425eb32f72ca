//! Stores what was seen of a URL.

use unstale_domain::{
    checks::{CheckCause, Look, UrlCheck},
    id::CheckRunId,
};

use crate::{StoreError, Tx, columns::signed, db::execute};

/// Stores the look before anything was cleared.
pub async fn set_before(tx: &mut Tx, run: &CheckRunId, number: usize, look: &Look) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE url_check SET before = $3 WHERE run_id = $1 AND number = $2",
        run.as_str(),
        signed(number),
        look.to_json(),
    )?;
    Ok(())
}

/// Stores the look after completion, the one that it was compared with, the verdict, and the next step.
pub async fn set_after(tx: &mut Tx, run: &CheckRunId, check: &UrlCheck) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE url_check SET after = $3, verdict = $4, cause = $5, step = $6, before = $7
         WHERE run_id = $1 AND number = $2",
        run.as_str(),
        signed(check.number),
        check.after.as_ref().map(Look::to_json),
        check.judgement.map(|judgement| judgement.verdict.as_str()),
        check.judgement.and_then(|judgement| judgement.cause).map(CheckCause::as_str),
        check.step.as_str(),
        check.before.as_ref().map(Look::to_json),
    )?;
    Ok(())
}
