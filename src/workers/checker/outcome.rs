//! What the verdicts of a run come to: whether a round follows, and what the history says.

use std::collections::BTreeMap;

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event},
        checks::{CheckCause, CheckKind, CheckRun, ExpectedContent, Freshness, Judgement, UrlCheck, Verdict},
        time::Timestamp,
    },
    store::{Tx, audit},
};

use super::PAUSES;

/// When the round of looks after this one is due, by the number of this one. `None` if none follows by itself.
pub(super) fn next_round(run: &CheckRun, round: u32, now: Timestamp) -> Option<Timestamp> {
    let elsewhere = || run.urls.iter().flat_map(|check| &check.elsewhere).filter_map(|one| one.judgement);
    let may_change =
        run.urls.iter().any(|check| check.judgement.is_none_or(may_change)) || elsewhere().any(may_change);
    let pause = PAUSES.get(usize::try_from(round).ok()?)?;
    (may_change && run.invalidation.is_some()).then(|| now.plus(*pause))
}

pub(super) fn is_good(check: &UrlCheck) -> bool {
    check.answers() || check.judgement.is_some_and(is_good_verdict)
}

pub(super) const fn is_good_verdict(judgement: Judgement) -> bool {
    matches!(judgement.verdict, Verdict::Fresh | Verdict::Unchanged)
}

/// Whether a later look may have a better verdict by itself.
fn may_change(judgement: Judgement) -> bool {
    !is_good_verdict(judgement) && !judgement.cause.is_some_and(CheckCause::is_lasting)
}

/// Writes into the history that a verdict was reached or has changed.
pub(super) fn tell(
    tx: &mut Tx,
    run: &CheckRun,
    freshness: Freshness,
    expected: ExpectedContent,
    now: Timestamp,
) {
    let mut event = Event::new(now, &Acting::service(), Action::CheckFinished);
    event.distribution = Some(run.distribution.clone());
    event.invalidation.clone_from(&run.invalidation);
    run.freshness.as_str().clone_into(&mut event.old);
    freshness.as_str().clone_into(&mut event.new);
    event.note = counted(&run.urls, expected);
    audit::append(tx, event);
}

/// So many URLs of each verdict, those that were seen elsewhere, and the APIs: `2 fresh, 1 stale; oslo: 3 fresh; API: 1 answers`.
fn counted(urls: &[UrlCheck], expected: ExpectedContent) -> String {
    let of_kind = |kind| urls.iter().filter(move |check| check.kind == kind);
    let own = of_kind(CheckKind::Url).filter_map(|check| check.judgement).collect::<Vec<_>>();
    let mut places = vec![counted_verdicts(&own, expected)];
    let mut elsewhere: BTreeMap<&str, Vec<Judgement>> = BTreeMap::new();
    for check in urls.iter().flat_map(|check| &check.elsewhere) {
        elsewhere.entry(&check.vantage).or_default().extend(check.judgement);
    }
    elsewhere.retain(|_, judgements| !judgements.is_empty());
    places.extend(elsewhere.iter().map(|(name, of)| format!("{name}: {}", counted_verdicts(of, expected))));
    let apis = of_kind(CheckKind::Api).filter_map(|check| check.judgement).collect::<Vec<_>>();
    let apis = counted_verdicts(&apis, expected);
    places.extend((!apis.is_empty()).then(|| format!("API: {apis}")));
    places.join("; ")
}

fn counted_verdicts(judgements: &[Judgement], expected: ExpectedContent) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for verdict in Verdict::ALL {
        for label in judgements.iter().filter(|one| one.verdict == verdict).map(|one| one.label_for(expected))
        {
            match counts.iter_mut().find(|(known, _)| *known == label) {
                Some((_, count)) => *count += 1,
                None => counts.push((label, 1)),
            }
        }
    }
    let texts = counts.iter().map(|(label, count)| format!("{count} {}", label.to_lowercase()));
    texts.collect::<Vec<_>>().join(", ")
}
