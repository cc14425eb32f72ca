//! Looks at what a distribution serves now, without an invalidation.

use crate::{
    commands::{CommandContext, CommandError, access::authorize, new_uuid},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        checks::{CheckRun, CheckRunState, Freshness, SampleUrl, UrlCheck, sample_of_distribution},
        id::{CheckRunId, DistributionId},
        time::Timestamp,
    },
    store::{StoreError, Tx, audit, checks, distributions},
};

/// The runs of a distribution from which known URLs are taken.
const KNOWN_RUNS: usize = 20;

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
    if is_looking(&mut tx, id, now).await? {
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
        urls: picked.into_iter().zip(1..).map(|(one, number)| url_check(one, number)).collect(),
    };
    checks::insert(&mut tx, &run, Some(now)).await?;
    let mut event = Event::new(now, acting, Action::CheckRequested);
    event.distribution = Some(id.clone());
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(run.id)
}

async fn is_looking(tx: &mut Tx, id: &DistributionId, now: Timestamp) -> Result<bool, StoreError> {
    let Some(run) = checks::of_distribution(tx, id).await? else { return Ok(false) };
    let due_at = checks::due_at(tx, &run.id).await?;
    Ok(run.state != CheckRunState::Done && due_at.is_some_and(|due| due <= now))
}

fn url_check(one: SampleUrl, number: usize) -> UrlCheck {
    UrlCheck {
        number,
        url: one.url,
        batch: one.batch,
        guessed: one.guessed,
        before: None,
        after: None,
        judgement: None,
        step: String::new(),
    }
}
