//! Looks at what a distribution serves now, without an invalidation.

use crate::{
    commands::{CommandContext, CommandError, access::authorize, new_uuid},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        checks::{CheckRun, CheckRunState, Freshness, KNOWN_RUNS, UrlCheck, sample_of_distribution},
        id::{CheckRunId, DistributionId},
    },
    store::{audit, checks, distributions},
};

/// Makes a run of the given URLs, or else of those that are set or known. It is due now. [`CommandError::CheckGoesOn`]
/// if the looks of an earlier run of this kind are still to be made, so that nobody can pile up looks.
pub async fn check_distribution(
    context: &CommandContext,
    acting: &Acting,
    id: &DistributionId,
    urls: &[String],
) -> Result<CheckRunId, CommandError> {
    let now = context.clock.now();
    let tx = context.db.begin().await?;
    let what = Target::act("check a distribution");
    let (mut tx, _) = authorize::check(context, tx, acting, &what, id, &[]).await?;
    let distribution = distributions::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    if checks::of_distribution(&mut tx, id).await?.is_some_and(|run| run.is_looking(now)) {
        return Err(CommandError::CheckGoesOn);
    }
    let settings = checks::settings::find(&mut tx, id).await?;
    let known = checks::known_urls(&mut tx, id, KNOWN_RUNS).await?;
    let picked = sample_of_distribution(&distribution, &settings, urls, &known)?;
    let run = CheckRun {
        id: CheckRunId::new(new_uuid()),
        distribution: id.clone(),
        invalidation: None,
        created_at: now,
        state: CheckRunState::After,
        round: 0,
        freshness: Freshness::Pending,
        due_at: Some(now),
        urls: UrlCheck::of_run(picked, &settings.apis),
    };
    checks::insert(&mut tx, &run).await?;
    let mut event = Event::new(now, acting, Action::CheckRequested);
    event.distribution = Some(id.clone());
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(run.id)
}
