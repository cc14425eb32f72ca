//! Accepts one request for several distributions: all its invalidations in one transaction, or none.

use crate::{
    commands::{
        CommandContext, CommandError,
        audit::refuse::{Attempt, refuse_attempt},
    },
    domain::{
        actor::Acting, audit::Target, id::DistributionId, invalidations::invalidation::NewInvalidation,
    },
    store::StoreError,
};

use super::{earlier_request, request_invalidation, requested::Requested};

/// What came of a request for several distributions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeveralRequested {
    /// What came of each, in their order.
    All(Vec<Requested>),
    /// Nothing was added, because one distribution asks for something more or the key was used before.
    Stopped(DistributionId, Requested),
}

/// Writes all of them, or none. Dropping the caller's future does not cancel it, as for one.
pub async fn request_several(
    context: &CommandContext,
    acting: &Acting,
    all: &[NewInvalidation],
) -> Result<SeveralRequested, CommandError> {
    let (context, acting, all) = (context.clone(), acting.clone(), all.to_vec());
    let requested = tokio::spawn(async move {
        match request(&context, &acting, &all).await {
            // On PostgreSQL another connection may have written the same key since we looked; now we find it.
            Err(CommandError::Store(StoreError::Duplicate(_))) => request(&context, &acting, &all).await,
            answer => answer,
        }
    })
    .await;
    requested.unwrap_or_else(|_| Err(StoreError::interrupted().into()))
}

async fn request(
    context: &CommandContext,
    acting: &Acting,
    all: &[NewInvalidation],
) -> Result<SeveralRequested, CommandError> {
    let mut tx = context.db.begin().await?;
    let mut answers = Vec::with_capacity(all.len());
    for new in all {
        let is_replay = matches!(answers.first(), Some(Requested::Before(..) | Requested::Retried(..)));
        // What the configuration of a distribution changed since the first request adds nothing to its repetition.
        if is_replay && earlier_request::find(&mut tx, acting, new, context.clock.now()).await?.is_none() {
            continue;
        }
        match request_invalidation::within(context, &mut tx, acting, new).await {
            // The transaction is dropped, so nothing of the earlier ones is kept. Only the refusal is written.
            Err(error) => {
                drop(tx);
                return Err(refused(context, acting, new, error).await);
            }
            Ok(stopped @ (Requested::Unmet(_) | Requested::KeyUsedForAnother)) => {
                return Ok(SeveralRequested::Stopped(new.distribution.clone(), stopped));
            }
            Ok(answer) => answers.push(answer),
        }
    }
    context.commit(tx).await?;
    Ok(SeveralRequested::All(answers))
}

/// Writes what was refused, and gives the error back.
async fn refused(
    context: &CommandContext,
    acting: &Acting,
    new: &NewInvalidation,
    error: CommandError,
) -> CommandError {
    let is_refusal = matches!(
        error,
        CommandError::Hidden
            | CommandError::SessionOver
            | CommandError::NotAllowed(_)
            | CommandError::OverBudget(_)
            | CommandError::Frozen(_)
    );
    if !is_refusal {
        return error;
    }
    let (target, items) = (Target::act("invalidate"), new.items());
    let attempt = Attempt::on(&target, Some(&new.distribution), &items, &new.reason);
    match refuse_attempt(context, acting, &attempt, &error.to_string()).await {
        Ok(()) => error,
        // An act that cannot be written in the history is not answered as refused.
        Err(unwritten) => unwritten,
    }
}
