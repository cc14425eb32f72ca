//! Takes the looks of a probe. They are stored; a worker judges them.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        checks::{HandedIn, ProbeRound},
        id::CheckRunId,
        tokens::probe::Probe,
    },
    store::checks,
};

/// Stores what a probe saw in a round that it was given. [`CommandError::NotFound`] if it was given nothing of this run,
/// [`CommandError::TooLate`] if the round is over, or the probe has handed in its looks before.
pub async fn hand_in_looks(
    context: &CommandContext,
    probe: &Probe,
    run: &CheckRunId,
    round: u32,
    handed_in: HandedIn,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let known = checks::round_of_run(&mut tx, &probe.id, run).await?.ok_or(CommandError::NotFound)?;
    if known.round != round || known.is_answered {
        return Err(CommandError::TooLate);
    }
    let offered_at = known.offered_at.ok_or(CommandError::NotFound)?;
    if now.since(offered_at) > ProbeRound::ACCEPTED {
        return Err(CommandError::TooLate);
    }
    let run = checks::find(&mut tx, run).await?.ok_or(CommandError::NotFound)?;
    let looks = handed_in.checked(&run, offered_at, now)?;
    if !checks::answer_offer(&mut tx, &probe.id, &known).await? {
        return Err(CommandError::TooLate);
    }
    for (number, look) in &looks {
        checks::set_vantage_look(&mut tx, &run.id, *number, &probe.id, look).await?;
    }
    context.commit(tx).await?;
    Ok(())
}
