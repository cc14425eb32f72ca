//! Looks at the compressed copies of a run's URLs, where people have switched that on.

use crate::domain::checks::{
    CompressedAnswer, Look, UrlCheck, judge, judge_compressed, needs_compressed, step,
};

use super::{
    Shared,
    configuration::configuration,
    look::Looker,
    pairs::in_pairs,
    run::{Facts, evidence},
};

impl Shared {
    /// Takes into the judgement of these URLs what viewers get that accept compressed answers. `looked` are the numbers
    /// of those that were looked at in this round.
    pub async fn judge_compressed_copies(
        &self,
        looker: &Looker<'_>,
        urls: &mut [UrlCheck],
        looked: &[usize],
        facts: &Facts<'_>,
    ) {
        if !looker.urls.settings.compressed {
            return;
        }
        let looks = in_pairs(urls, looker.deadline, |check, may_look| async move {
            let is_due = looked.contains(&check.number) && is_needed(check) && may_look;
            if !is_due || !self.budget.take(self.context.clock.now()) {
                return (None, false);
            }
            let (look, encoding) = looker.look_at_compressed(&check.url).await;
            let hung = look.hung();
            (Some((look, encoding)), hung)
        })
        .await;
        for (check, seen) in urls.iter_mut().zip(looks) {
            if let Some((look, encoding)) = seen {
                judge_one(check, &look, encoding.as_deref(), facts);
            }
        }
    }
}

fn is_needed(check: &UrlCheck) -> bool {
    let answer = check.after.as_ref().and_then(Look::answer);
    check.judgement.zip(answer).is_some_and(|(judgement, answer)| needs_compressed(judgement, answer))
}

/// The compressed copy is judged by itself: its content cannot be compared with that of the plain one.
fn judge_one(check: &mut UrlCheck, look: &Look, encoding: Option<&str>, facts: &Facts<'_>) {
    let (Some(plain), Some(answer)) = (check.judgement, look.answer()) else { return };
    let own = configuration(facts.distribution, &check.url);
    let evidence = evidence(check, None, look, &own, facts);
    let judged = judge_compressed(plain, judge(&evidence));
    if let Some(cause) = judged.cause.filter(|_| judged != plain) {
        check.step = step(cause, &evidence);
        check.judgement = Some(judged);
    }
    if let Some(Ok(plain)) = check.after.as_mut().map(|after| after.outcome.as_mut()) {
        plain.compressed = Some(Box::new(CompressedAnswer::of(answer, encoding)));
    }
}
