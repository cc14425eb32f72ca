//! Asks for the URLs of a run as a page of another origin does, where such an origin is set.

use std::time::Instant;

use crate::domain::checks::{CorsAnswer, CorsLook, CorsRequests, Look, UrlCheck, judge_cors, step};

use super::{
    Shared,
    configuration::configuration,
    look::Looker,
    pairs::in_pairs,
    run::{Facts, evidence},
};

impl Shared {
    /// Takes into the judgement of these URLs whether the origin that is set may read them. `looked` are the numbers of
    /// those that were looked at in this round.
    pub async fn judge_cors(
        &self,
        looker: &Looker<'_>,
        urls: &mut [UrlCheck],
        looked: &[usize],
        facts: &Facts<'_>,
    ) {
        let Some(origin) = &looker.urls.settings.cors_origin else { return };
        let looks = in_pairs(urls, looker.deadline, |check, may_look| async move {
            let requests = requests(check);
            if requests == CorsRequests::None || !looked.contains(&check.number) {
                return (None, false);
            }
            let mut look = CorsLook { origin: origin.clone(), ..CorsLook::default() };
            if !may_look {
                return (Some(look), false);
            }
            look.get = self.ask_from(looker, &check.url, origin, false).await;
            // Of a site that does not answer the GET, a preflight would tell nothing.
            let is_preflight_due = requests == CorsRequests::GetAndPreflight && look.get.is_some();
            if is_preflight_due {
                look.preflight = self.ask_from(looker, &check.url, origin, true).await;
            }
            let hung = look.get.is_none() || is_preflight_due && look.preflight.is_none();
            (Some(look), hung)
        })
        .await;
        for (check, look) in urls.iter_mut().zip(looks) {
            if let Some(look) = look {
                judge_one(check, look, facts);
            }
        }
    }

    /// One request. It counts as a look. `None` if it got no answer or was not made.
    async fn ask_from(
        &self,
        looker: &Looker<'_>,
        url: &str,
        origin: &str,
        is_preflight: bool,
    ) -> Option<CorsAnswer> {
        if Instant::now() >= looker.deadline || !self.budget.take(self.context.clock.now()) {
            return None;
        }
        looker.look_from(url, origin, is_preflight).await
    }
}

fn requests(check: &UrlCheck) -> CorsRequests {
    let answer = check.after.as_ref().and_then(Look::answer);
    match (check.judgement, answer) {
        (Some(judgement), Some(answer)) => CorsRequests::after(judgement, answer),
        _ => CorsRequests::None,
    }
}

fn judge_one(check: &mut UrlCheck, look: CorsLook, facts: &Facts<'_>) {
    let (Some(judgement), Some(mut after)) = (check.judgement, check.after.take()) else { return };
    let own = configuration(facts.distribution, &check.url);
    if let Ok(answer) = &mut after.outcome {
        answer.cors = Some(look);
        let judged = judge_cors(judgement, answer, &own);
        // The step of an error says that a browser takes it for one of CORS.
        let is_told = judged != judgement || answer.is_error();
        if let Some(cause) = judged.cause.filter(|_| is_told) {
            check.step = step(cause, &evidence(check, check.before.as_ref(), &after, &own, facts));
            check.judgement = Some(judged);
        }
    }
    check.after = Some(after);
}
