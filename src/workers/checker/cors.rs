//! Asks for the URLs of a run as a page of another origin does, where such an origin is set.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use futures_util::{StreamExt, stream};

use crate::domain::checks::{CorsAnswer, CorsLook, CorsRequests, Look, UrlCheck, judge_cors, step};

use super::{
    Shared,
    configuration::configuration,
    look::Looker,
    run::{AT_ONCE, Facts, HANGING, evidence},
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
        let Some(origin) = &looker.settings.cors_origin else { return };
        let silent = AtomicUsize::new(0);
        let one = async |check: &UrlCheck| {
            let requests = requests(check);
            if requests == CorsRequests::None || !looked.contains(&check.number) {
                return None;
            }
            let get = self.ask_from(looker, &check.url, origin, false, &silent).await;
            let preflight = match requests {
                CorsRequests::GetAndPreflight => {
                    self.ask_from(looker, &check.url, origin, true, &silent).await
                }
                CorsRequests::Get | CorsRequests::None => None,
            };
            Some(CorsLook { origin: origin.clone(), get, preflight })
        };
        let looks: Vec<Option<CorsLook>> =
            stream::iter(urls.iter().map(one)).buffered(AT_ONCE).collect().await;
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
        silent: &AtomicUsize,
    ) -> Option<CorsAnswer> {
        let is_late = Instant::now() >= looker.deadline || silent.load(Ordering::Relaxed) >= HANGING;
        if is_late || !self.budget.take(self.context.clock.now()) {
            return None;
        }
        let answer = looker.look_from(url, origin, is_preflight).await;
        if answer.is_none() {
            silent.fetch_add(1, Ordering::Relaxed);
        }
        answer
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
