//! Makes the looks of one run, judges them, and stores what they prove.

use std::{collections::HashMap, time::Instant};

use crate::{
    domain::{
        checks::{
            CheckCause, CheckKind, CheckRun, CheckRunState, EdgeConfiguration, Evidence, ExpectedContent,
            Judgement, KNOWN_RUNS, Look, UrlCheck, Verdict, XCache, judge, step,
        },
        distributions::distribution::Distribution,
        id::BatchId,
        invalidations::halves,
        time::Timestamp,
    },
    store::{
        Conn, StoreError,
        checks::{self, ClaimedRun},
        distributions,
        invalidations::{self, batches},
    },
};

use super::{
    Shared,
    configuration::configuration,
    look::{Looker, Seen, UrlLooker},
    outcome::is_good,
    pairs::{LOOKING, in_pairs},
    references::Pages,
    secrets::open_own,
};

/// What judging needs besides the looks.
pub(super) struct Facts<'a> {
    /// When CloudFront accepted and completed the items of each batch.
    times: HashMap<BatchId, (Option<Timestamp>, Option<Timestamp>)>,
    /// What earlier runs saw, by URL.
    earlier: HashMap<String, Look>,
    pub distribution: &'a Distribution,
    /// What viewers must get.
    pub expected: ExpectedContent,
}

impl<'a> Facts<'a> {
    pub async fn read(
        conn: &mut Conn,
        run: &CheckRun,
        distribution: &'a Distribution,
    ) -> Result<Self, StoreError> {
        let (batches, invalidation) = match &run.invalidation {
            Some(id) => (batches::of_invalidation(conn, id).await?, invalidations::find(conn, id).await?),
            None => (Vec::new(), None),
        };
        Ok(Self {
            times: batches
                .iter()
                .map(|batch| (batch.id.clone(), halves::accepted_and_completed(batch, &batches)))
                .collect(),
            earlier: checks::earlier_looks(conn, run, KNOWN_RUNS).await?,
            distribution,
            expected: invalidation.map_or(ExpectedContent::NewVersion, |invalidation| invalidation.expected),
        })
    }
}

impl Shared {
    /// Makes the looks that are due for a run, and stores them.
    pub async fn check(&self, claimed: &ClaimedRun) -> Result<(), StoreError> {
        let mut conn = self.context.db.read().await?;
        let Some(run) = checks::find(&mut conn, &claimed.id).await? else { return Ok(()) };
        let Some(distribution) = distributions::find(&mut conn, &run.distribution).await? else {
            return Ok(());
        };
        let settings = checks::settings::find(&mut conn, &run.distribution).await?;
        let secrets = open_own(&settings.headers.secret, &distribution.id, self.secrets_key.as_deref());
        let urls = UrlLooker::without_secrets(&self.edge, &self.context.clock, &settings);
        let looker = Looker {
            urls: urls.with_secrets(secrets),
            distribution: &distribution,
            deadline: Instant::now() + LOOKING,
        };
        if run.state == CheckRunState::Before {
            drop(conn);
            return self.look_before(claimed, &run, &looker).await;
        }
        let facts = Facts::read(&mut conn, &run, &distribution).await?;
        drop(conn);
        self.look_after(claimed, run, &looker, &facts).await
    }

    async fn look_before(
        &self,
        claimed: &ClaimedRun,
        run: &CheckRun,
        looker: &Looker<'_>,
    ) -> Result<(), StoreError> {
        // An API does not change with an invalidation.
        let urls: Vec<&UrlCheck> = run.urls.iter().filter(|check| check.kind == CheckKind::Url).collect();
        let looks = self.look_at(looker, &urls).await;
        let mut tx = self.context.db.begin().await?;
        for (check, seen) in urls.iter().zip(&looks) {
            checks::set_before(&mut tx, &run.id, check.number, &seen.look).await?;
        }
        if checks::release_before(&mut tx, claimed).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    async fn look_after(
        &self,
        claimed: &ClaimedRun,
        mut run: CheckRun,
        looker: &Looker<'_>,
        facts: &Facts<'_>,
    ) -> Result<(), StoreError> {
        let mut all: Vec<UrlCheck> = run.urls.iter().filter(|check| !is_good(check)).cloned().collect();
        // Somebody asked to look again although all is good.
        if all.is_empty() {
            all.clone_from(&run.urls);
        }
        let (mut open, mut apis): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|check| check.kind == CheckKind::Url);
        let looked: Vec<usize> = open.iter().map(|check| check.number).collect();
        let mut pages = Pages::new();
        self.look_and_judge(looker, &mut open, facts, &mut pages).await;
        // A second request usually gets the copy that the first one made the edge cache, with its age.
        let mut again: Vec<UrlCheck> =
            open.iter().filter(|check| was_fetched_just_now(check)).cloned().collect();
        self.look_and_judge(looker, &mut again, facts, &mut pages).await;
        put_back(&mut run, open.into_iter().chain(again));
        self.judge_redirects(looker, &mut run.urls, &looked, facts).await;
        self.judge_compressed_copies(looker, &mut run.urls, &looked, facts).await;
        self.judge_references(looker, &mut run.urls, &pages, facts).await;
        self.judge_cors(looker, &mut run.urls, &looked, facts).await;
        self.judge_origins(looker, &mut run.urls, &looked, facts).await;
        self.look_at_apis(looker, &mut apis, facts).await;
        put_back(&mut run, apis);
        let are_locations_due = !looker.urls.settings.edge_locations.is_empty();
        let is_ours = self.store(claimed, &run, facts.expected, !are_locations_due).await?;
        if !is_ours || !are_locations_due {
            return Ok(());
        }
        // Nobody waits for other edge locations.
        self.context.notifier.notify();
        let seen = self.look_at_locations(looker, &run, facts).await;
        self.store_locations(claimed, &run, &seen, facts.expected).await
    }

    async fn look_and_judge(
        &self,
        looker: &Looker<'_>,
        urls: &mut [UrlCheck],
        facts: &Facts<'_>,
        pages: &mut Pages,
    ) {
        let looks = self.look_at(looker, &urls.iter().collect::<Vec<_>>()).await;
        for (check, Seen { look, page }) in urls.iter_mut().zip(looks) {
            judge_one(check, look, facts);
            // What counts is the page of the last look.
            pages.remove(&check.number);
            pages.extend(page.map(|page| (check.number, page)));
        }
    }

    /// Looks at these URLs, and returns the looks in their order.
    async fn look_at(&self, looker: &Looker<'_>, urls: &[&UrlCheck]) -> Vec<Seen> {
        in_pairs(urls, looker.deadline, |check, may_look| async move {
            let now = self.context.clock.now();
            if !may_look || !self.budget.take(now) {
                return (Seen { look: Look::not_made(now), page: None }, false);
            }
            let seen = looker.look(&check.url).await;
            let hung = seen.look.hung();
            (seen, hung)
        })
        .await
    }
}

/// Takes the checks that were looked at into their run.
fn put_back(run: &mut CheckRun, looked: impl IntoIterator<Item = UrlCheck>) {
    for check in looked {
        if let Some(known) = run.urls.iter_mut().find(|known| known.number == check.number) {
            *known = check;
        }
    }
}

/// Whether nothing is proved because the edge had no copy: the look itself made it fetch one.
fn was_fetched_just_now(check: &UrlCheck) -> bool {
    let is_unproved = check
        .judgement
        .is_some_and(|one| one.verdict == Verdict::Unclear && one.cause == Some(CheckCause::NoAge));
    let answer = check.after.as_ref().and_then(Look::answer);
    is_unproved && answer.is_some_and(|answer| answer.x_cache == Some(XCache::Miss))
}

pub(super) fn judge_one(check: &mut UrlCheck, look: Look, facts: &Facts<'_>) {
    let mut judged = judge_against(check, check.before.as_ref(), &look, facts);
    let earlier = facts.earlier.get(&check.url).filter(|_| compares_with_nothing(check, judged.0));
    if let Some(earlier) = earlier {
        judged = judge_against(check, Some(earlier), &look, facts);
        check.before = Some(earlier.clone());
    }
    let (judgement, step) = judged;
    check.judgement = Some(judgement);
    check.step = step;
    check.after = Some(look);
}

/// Whether the look before shows nothing of what viewers got before: it failed or came too late, or the edge had no
/// copy, so that the look itself made it fetch what the origin has now. An earlier run may have seen it.
fn compares_with_nothing(check: &UrlCheck, judgement: Judgement) -> bool {
    let answer = check.before.as_ref().and_then(Look::answer);
    let was_fetched = answer.is_some_and(|answer| answer.x_cache == Some(XCache::Miss));
    match judgement.cause {
        Some(CheckCause::NothingToCompare) => true,
        Some(CheckCause::OriginUnchanged) => was_fetched,
        _ => false,
    }
}

fn judge_against(
    check: &UrlCheck,
    before: Option<&Look>,
    after: &Look,
    facts: &Facts<'_>,
) -> (Judgement, String) {
    let configuration = configuration(facts.distribution, &check.url);
    let evidence = evidence(check, before, after, &configuration, facts);
    let judgement = judge(&evidence);
    (judgement, judgement.cause.map(|cause| step(cause, &evidence)).unwrap_or_default())
}

/// What is known of a URL with this look after the invalidation.
pub(super) fn evidence<'a>(
    check: &'a UrlCheck,
    before: Option<&'a Look>,
    after: &'a Look,
    configuration: &'a EdgeConfiguration,
    facts: &Facts<'_>,
) -> Evidence<'a> {
    let times = check.batch.as_ref().and_then(|id| facts.times.get(id)).copied();
    let (accepted_at, completed_at) = times.unwrap_or_default();
    Evidence {
        url: &check.url,
        accepted_at,
        completed_at,
        before,
        after,
        expected: facts.expected,
        is_guessed: check.guessed,
        configuration,
    }
}
