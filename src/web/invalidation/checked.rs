//! The checks of an invalidation: whether viewers get the new version, as the last step of the timeline and as a table.

use crate::{
    domain::{
        checks::{CheckKind, CheckRun, CheckRunState, ExpectedContent, Freshness, UrlCheck},
        distributions::distribution::Distribution,
        invalidations::invalidation::Invalidation,
        time::Timestamp,
    },
    store::{Conn, StoreError, checks},
};

use super::{
    super::checks::CheckPanel,
    parts::{TimelineStep, is_over},
};

/// The order in which verdicts are counted.
const COUNTED: [Freshness; 6] = [
    Freshness::Fresh,
    Freshness::Unchanged,
    Freshness::Stale,
    Freshness::Broken,
    Freshness::Unclear,
    Freshness::Pending,
];

/// What the page shows of the checks.
pub struct Checked {
    pub step: TimelineStep,
    /// `None` if nobody looks.
    pub panel: Option<CheckPanel>,
    /// Whether a verdict is still to come.
    pub is_awaited: bool,
}

pub async fn read(
    conn: &mut Conn,
    invalidation: &Invalidation,
    distribution: Option<&Distribution>,
    are_checks_on: bool,
    now: Timestamp,
) -> Result<Checked, StoreError> {
    let is_staging = distribution.is_some_and(|distribution| distribution.staging);
    let settings = checks::settings::find(conn, &invalidation.distribution).await?;
    let run = checks::of_invalidation(conn, &invalidation.id).await?;
    let run = run.filter(|run| run.freshness != Freshness::Off);
    Ok(Checked {
        is_awaited: run.as_ref().is_some_and(|run| run.freshness == Freshness::Pending),
        step: step(run.as_ref(), off(are_checks_on, settings.enabled, is_staging), invalidation),
        panel: match run {
            Some(run) => Some(CheckPanel::read(conn, &run, invalidation.expected, now).await?),
            None => None,
        },
    })
}

/// Why nothing is looked at, in words. `None` if the checks are on.
const fn off(are_on_here: bool, are_on_for_distribution: bool, is_staging: bool) -> Option<&'static str> {
    match (are_on_here, are_on_for_distribution) {
        _ if is_staging => Some("not checked: looks from here do not see a staging distribution"),
        (false, _) => Some("off (UNSTALE_CHECKS=off)"),
        (true, false) => Some("off for this distribution"),
        (true, true) => None,
    }
}

/// The step. `off` says who has switched the checks off.
fn step(run: Option<&CheckRun>, off: Option<&'static str>, invalidation: &Invalidation) -> TimelineStep {
    let looks = run.filter(|run| run.state == CheckRunState::After || run.state == CheckRunState::Done);
    let done = run.is_some_and(|run| matches!(run.freshness, Freshness::Fresh | Freshness::Unchanged));
    // Nothing more is looked at, and nothing is wrong as far as anybody knows.
    let rests =
        run.is_some_and(|run| run.state == CheckRunState::Done && run.freshness == Freshness::Unclear);
    TimelineStep {
        name: "Checked",
        words: match run {
            None => match off {
                Some(off) => off.to_owned(),
                None if is_over(invalidation.state) => "not checked".to_owned(),
                None => String::new(),
            },
            Some(run) => words(run, invalidation.expected),
        },
        done,
        now: looks.is_some() && !done && !rests,
    }
}

fn words(run: &CheckRun, expected: ExpectedContent) -> String {
    match run.state {
        CheckRunState::Before => "looks before and after".to_owned(),
        CheckRunState::Waiting => "looked before, looks again after".to_owned(),
        CheckRunState::After if run.round == 0 => "looking at what viewers get".to_owned(),
        CheckRunState::After | CheckRunState::Done => counted_all(&run.urls, expected),
    }
}

/// `2 of 3 fresh, 1 stale; API answers`
fn counted_all(checks: &[UrlCheck], expected: ExpectedContent) -> String {
    let (urls, apis): (Vec<_>, Vec<_>) = checks.iter().partition(|check| check.kind == CheckKind::Url);
    let answering = apis.iter().filter(|api| api.answers()).count();
    let others: Vec<&UrlCheck> = apis.iter().copied().filter(|api| !api.answers()).collect();
    let others = counted(&others, expected);
    let of_apis = match (apis.len(), answering) {
        (0, _) => String::new(),
        (1, 1) => "API answers".to_owned(),
        (all, answering) if answering == all => format!("all {all} APIs answer"),
        (_, 0) => format!("API: {others}"),
        (all, answering) => format!("{answering} of {all} APIs answer, {others}"),
    };
    let parts = [counted(&urls, expected), of_apis];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

/// `2 of 3 fresh, 1 stale`
fn counted(urls: &[&UrlCheck], expected: ExpectedContent) -> String {
    let counts: Vec<(usize, String)> = COUNTED
        .into_iter()
        .map(|freshness| {
            (urls.iter().filter(|check| check.worst() == freshness).count(), word(freshness, expected))
        })
        .filter(|(count, _)| *count > 0)
        .collect();
    match &counts[..] {
        [(1, word)] => word.clone(),
        [(_, word)] => format!("all {} {word}", urls.len()),
        [(count, word), rest @ ..] => {
            let first = format!("{count} of {} {word}", urls.len());
            let rest = rest.iter().map(|(count, word)| format!("{count} {word}"));
            [first].into_iter().chain(rest).collect::<Vec<_>>().join(", ")
        }
        [] => String::new(),
    }
}

fn word(freshness: Freshness, expected: ExpectedContent) -> String {
    match freshness {
        Freshness::Pending => "not looked at yet".to_owned(),
        other => other.label_for(expected).to_lowercase(),
    }
}
