//! Finds out whether the redirects of a URL come to an end, within the hosts of its distribution.

use url::Url;

use crate::domain::checks::{CheckCause, Judgement, Look, UrlCheck, Verdict, step};

use super::{
    Shared,
    configuration::configuration,
    look::{Looker, Redirect},
    pairs::in_pairs,
    run::{Facts, evidence},
};

/// The most answers of one chain. Browsers follow 20 redirects; a loop of more than two URLs is rare.
const CHAIN_MAX: usize = 5;

/// Where a chain of redirects leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chain {
    /// Back to a URL that it came from.
    Loop,
    /// To another answer, to another site, or further than it was followed.
    Other,
    /// A request got no answer in time.
    Hung,
}

impl Shared {
    /// Judges the URLs that redirect in a circle. `looked` are the numbers of those that were looked at in this round.
    pub async fn judge_redirects(
        &self,
        looker: &Looker<'_>,
        urls: &mut [UrlCheck],
        looked: &[usize],
        facts: &Facts<'_>,
    ) {
        let chains = in_pairs(urls, looker.deadline, |check, may_look| async move {
            let is_due = may_look && looked.contains(&check.number) && may_loop(check);
            let chain = if is_due { self.follow(looker, &check.url).await } else { Chain::Other };
            (chain, chain == Chain::Hung)
        })
        .await;
        for (check, chain) in urls.iter_mut().zip(chains) {
            if chain == Chain::Loop {
                judge_loop(check, facts);
            }
        }
    }

    /// Follows the redirects of a URL from one to the next. Each request counts as a look.
    async fn follow(&self, looker: &Looker<'_>, url: &str) -> Chain {
        let Ok(mut url) = Url::parse(url) else { return Chain::Other };
        let mut seen: Vec<Url> = Vec::new();
        while seen.len() < CHAIN_MAX {
            url.set_fragment(None);
            if seen.contains(&url) {
                return Chain::Loop;
            }
            if !self.budget.take(self.context.clock.now()) {
                return Chain::Other;
            }
            let next = match looker.redirect_of(&url).await {
                // With the cookie, the next answer may be another: a browser sends it, and a look does not.
                Redirect::To { location, sets_cookie: false } => url.join(&location),
                Redirect::To { sets_cookie: true, .. } | Redirect::None => return Chain::Other,
                Redirect::Hung => return Chain::Hung,
            };
            let Ok(next) = next else { return Chain::Other };
            seen.push(std::mem::replace(&mut url, next));
        }
        Chain::Other
    }
}

/// Whether the answer is a redirect. An old one at the edge stays *stale*: that is what people can mend first.
fn may_loop(check: &UrlCheck) -> bool {
    let answer = check.after.as_ref().and_then(Look::answer);
    let is_stale = check.judgement.is_some_and(|judgement| judgement.verdict == Verdict::Stale);
    !is_stale && answer.is_some_and(|answer| answer.is_redirect() && answer.location.is_some())
}

fn judge_loop(check: &mut UrlCheck, facts: &Facts<'_>) {
    let Some(after) = &check.after else { return };
    let own = configuration(facts.distribution, &check.url);
    let cause = CheckCause::RedirectLoop;
    let step = step(cause, &evidence(check, check.before.as_ref(), after, &own, facts));
    check.step = step;
    check.judgement = Some(Judgement { verdict: Verdict::Broken, cause: Some(cause) });
}
