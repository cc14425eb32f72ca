//! Looks at the files that the pages of a run need.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use url::Url;

use crate::domain::checks::{
    Reference, ReferenceOutcome, ReferenceSeen, UrlCheck, judge_references, needs_references, reference_step,
};

use super::{
    Shared,
    configuration::configuration,
    look::{Looker, Page},
    pairs::in_pairs,
    run::{Facts, evidence},
};

/// The references that are looked at in one round of a run, of all its pages together.
const MAX: usize = 30;
/// After so long no further reference of a round is looked at, so that a slow site does not keep its verdict waiting.
const TIME_MAX: Duration = Duration::from_secs(30);

/// The pages that were seen in a round, by the number of their URL in the run.
pub(super) type Pages = HashMap<usize, Page>;

impl Shared {
    /// Looks at the references of these pages, and takes what does not load into their judgement.
    pub async fn judge_references(
        &self,
        looker: &Looker<'_>,
        urls: &mut [UrlCheck],
        pages: &Pages,
        facts: &Facts<'_>,
    ) {
        let wanted = wanted(urls, pages);
        let outcomes = self.look_at_references(looker, &wanted).await;
        for check in urls.iter_mut().filter(|check| is_open(check)) {
            let Some(page) = pages.get(&check.number) else { continue };
            let seen = page
                .references
                .iter()
                .map(|reference| ReferenceSeen { reference, outcome: outcome(reference, &outcomes) });
            judge_page(check, &seen.collect::<Vec<_>>(), facts);
        }
    }

    /// Looks at these references, each with the page that names it.
    async fn look_at_references(
        &self,
        looker: &Looker<'_>,
        wanted: &[Wanted<'_>],
    ) -> HashMap<Url, ReferenceOutcome> {
        let deadline = looker.deadline.min(Instant::now() + TIME_MAX);
        let looked = in_pairs(wanted, deadline, |wanted, may_look| async move {
            let url = wanted.reference.url.clone();
            if !may_look || !self.budget.take(self.context.clock.now()) {
                return ((url, ReferenceOutcome::Unknown), false);
            }
            let (look, outcome) = looker.look_at_reference(wanted.reference, wanted.page).await;
            ((url, outcome), look.hung())
        });
        looked.await.into_iter().collect()
    }
}

/// A reference to look at, and the first page that names it.
struct Wanted<'a> {
    reference: &'a Reference,
    page: &'a Url,
}

fn wanted<'a>(urls: &[UrlCheck], pages: &'a Pages) -> Vec<Wanted<'a>> {
    let mut wanted: Vec<Wanted<'a>> = Vec::new();
    let open = urls.iter().filter(|check| is_open(check));
    for page in open.filter_map(|check| pages.get(&check.number)) {
        for reference in page.references.iter().filter(|reference| !reference.is_mixed) {
            let is_known = wanted.iter().any(|known| known.reference.url == reference.url);
            if !is_known && wanted.len() < MAX {
                wanted.push(Wanted { reference, page: &page.url });
            }
        }
    }
    wanted
}

/// Whether what the page's references do can change the judgement.
fn is_open(check: &UrlCheck) -> bool {
    check.judgement.is_some_and(needs_references)
}

fn outcome(reference: &Reference, outcomes: &HashMap<Url, ReferenceOutcome>) -> ReferenceOutcome {
    if reference.is_mixed {
        return ReferenceOutcome::Mixed;
    }
    outcomes.get(&reference.url).copied().unwrap_or(ReferenceOutcome::Unknown)
}

fn judge_page(check: &mut UrlCheck, seen: &[ReferenceSeen<'_>], facts: &Facts<'_>) {
    let (Some(judgement), Some(look)) = (check.judgement, &check.after) else { return };
    let judged = judge_references(judgement, seen);
    if judged == judgement {
        return;
    }
    let own = configuration(facts.distribution, &check.url);
    let evidence = evidence(check, check.before.as_ref(), look, &own, facts);
    let next = reference_step(seen, &evidence, |url| configuration(facts.distribution, url.as_str()));
    check.judgement = Some(judged);
    check.step = next;
}
