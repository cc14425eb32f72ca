//! Asks the origins of a run's URLs past CloudFront, where people have switched that on.

use std::time::{Duration, Instant};

use hyper::header::HeaderMap;
use url::Url;

use crate::{
    cloudfront::S3Bucket,
    domain::{
        causes::with_causes,
        checks::{Answer, Look, OriginAnswer, UrlCheck, judge_origin, needs_origin, object_key, step},
        distributions::{delivery::Behavior, distribution::Distribution},
    },
};

use super::{
    Shared,
    configuration::configuration,
    look::Looker,
    pairs::in_pairs,
    run::{Facts, evidence},
};

/// An origin that did not answer for so long is taken for one that hangs. Both clients wait longer.
const HUNG: Duration = Duration::from_secs(5);

impl Shared {
    /// Takes into the judgement of these URLs what their origins have. `looked` are the numbers of those that were
    /// looked at in this round.
    pub async fn judge_origins(
        &self,
        looker: &Looker<'_>,
        urls: &mut [UrlCheck],
        looked: &[usize],
        facts: &Facts<'_>,
    ) {
        if !looker.urls.settings.ask_origin {
            return;
        }
        let answers = in_pairs(urls, looker.deadline, |check, may_look| async move {
            let is_due = looked.contains(&check.number) && is_needed(check) && may_look;
            if !is_due || !self.budget.take(self.context.clock.now()) {
                return (None, false);
            }
            let begun = Instant::now();
            let answer = self.ask_origin(looker, &check.url).await;
            let hung = answer.is_none() && begun.elapsed() >= HUNG;
            (answer, hung)
        })
        .await;
        for (check, answer) in urls.iter_mut().zip(answers) {
            if let Some(answer) = answer {
                judge_one(check, answer, facts);
            }
        }
    }

    /// What the origin of a URL answers. `None` if it does not, or if it is not known which one that is.
    async fn ask_origin(&self, looker: &Looker<'_>, url: &str) -> Option<OriginAnswer> {
        let url = Url::parse(url).ok()?;
        let config = looker.distribution.config.as_ref()?;
        let behavior = config.delivery.behavior_of(url.path())?;
        let domain = behavior.origin.as_deref()?;
        let answer = match S3Bucket::of_origin(domain) {
            Some(bucket) => {
                let key = object_key(&behavior.origin_path, url.path(), config.root_object.as_deref())?;
                self.ask_bucket(looker.distribution, &bucket, &key).await?
            }
            None => looker.look_at_origin(&origin_url(behavior, domain, &url)?).await?,
        };
        Some(OriginAnswer::of(&answer))
    }

    async fn ask_bucket(&self, distribution: &Distribution, bucket: &S3Bucket, key: &str) -> Option<Answer> {
        match self.context.s3.as_ref()?.head(bucket, key).await {
            Ok(head) => Some(Answer::read(head.status, texts(&head.headers), None)),
            Err(error) => {
                let (distribution, error) = (&distribution.id, with_causes(&error));
                tracing::warn!(%distribution, bucket = bucket.name, %error, "a bucket could not be asked");
                None
            }
        }
    }
}

fn is_needed(check: &UrlCheck) -> bool {
    let answer = check.after.as_ref().and_then(Look::answer);
    check.judgement.zip(answer).is_some_and(|(judgement, answer)| needs_origin(judgement, answer))
}

/// The address of the same path at the origin.
fn origin_url(behavior: &Behavior, domain: &str, url: &Url) -> Option<Url> {
    let scheme = if behavior.origin_is_http_only { "http" } else { "https" };
    let origin_path = behavior.origin_path.trim_end_matches('/');
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Url::parse(&format!("{scheme}://{domain}{origin_path}{}{query}", url.path())).ok()
}

/// The headers whose values are text.
fn texts(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
}

fn judge_one(check: &mut UrlCheck, origin: OriginAnswer, facts: &Facts<'_>) {
    let (Some(judgement), Some(mut after)) = (check.judgement, check.after.take()) else { return };
    let own = configuration(facts.distribution, &check.url);
    if let Ok(answer) = &mut after.outcome {
        let judged = judge_origin(judgement, answer, &origin);
        answer.origin = Some(origin);
        if let Some(cause) = judged.cause.filter(|_| judged != judgement) {
            check.step = step(cause, &evidence(check, check.before.as_ref(), &after, &own, facts));
            check.judgement = Some(judged);
        }
    }
    check.after = Some(after);
}
