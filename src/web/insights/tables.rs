//! The tables of the page.

use crate::{
    domain::{audit::Action, checks::Freshness, id::DistributionId, insights::CountKind, time::Timestamp},
    store::insights::{TopCount, TopName},
    web::view::{grouped, percent},
};

use super::reading::{MonthSums, ROWS};

/// A distribution, by its share of the paths.
pub struct DistributionRow {
    /// `None` for all that are not listed.
    pub id: Option<DistributionId>,
    pub name: String,
    pub invalidations: String,
    pub paths: String,
    pub share: String,
    /// The share as a whole number of percent, for the bar.
    pub part: u64,
}

pub fn distributions(sums: &MonthSums) -> Vec<DistributionRow> {
    let whole = sums.total.all_paths();
    let row = |id: Option<&DistributionId>, name: String, invalidations: u64, paths: u64| DistributionRow {
        id: id.cloned(),
        name,
        invalidations: grouped(invalidations),
        paths: grouped(paths),
        share: percent(paths, whole).unwrap_or_default(),
        part: (paths * 100).checked_div(whole).unwrap_or(0),
    };
    let listed = sums.distributions.iter().take(ROWS);
    let mut rows: Vec<DistributionRow> =
        listed.map(|(id, sum)| row(Some(id), sums.name(id), sum.invalidations(), sum.all_paths())).collect();
    let others = sums.distributions.get(ROWS..).unwrap_or_default();
    if !others.is_empty() {
        let invalidations = others.iter().map(|(_, sum)| sum.invalidations()).sum();
        let paths = others.iter().map(|(_, sum)| sum.all_paths()).sum();
        rows.push(row(None, format!("{} others", grouped(others.len() as u64)), invalidations, paths));
    }
    rows
}

/// A path or a wildcard of a distribution.
pub struct CountRow {
    pub distribution: DistributionId,
    pub place: String,
    pub name: String,
    pub times: String,
    pub paths: String,
    /// How many paths less the wildcard would have cost.
    pub saved: String,
}

pub fn counts(sums: &MonthSums, counts: &[TopCount]) -> Vec<CountRow> {
    let row = |count: &TopCount| CountRow {
        distribution: count.distribution.clone(),
        place: sums.name(&count.distribution),
        name: count.name.clone(),
        times: grouped(count.times),
        paths: grouped(count.paths),
        saved: grouped(count.paths.saturating_sub(count.times)),
    };
    counts.iter().map(row).collect()
}

/// How many items of the month are not in the list of the most frequent ones. `None` if all are.
pub fn other_items(sums: &MonthSums) -> Option<String> {
    let listed: u64 = sums.items.iter().map(|count| count.times).sum();
    let others = sums.total.items.saturating_sub(listed);
    (others > 0).then(|| grouped(others))
}

/// Somebody who requested.
pub struct RequesterRow {
    pub name: String,
    pub kind: &'static str,
    pub invalidations: String,
    pub paths: String,
}

pub fn requesters(sums: &MonthSums) -> Vec<RequesterRow> {
    let mut all: Vec<_> = sums.requesters.iter().collect();
    all.sort_by_key(|(_, top)| std::cmp::Reverse((top.times, top.paths)));
    let row = |(kind, top): &(CountKind, TopName)| RequesterRow {
        name: top.name.clone(),
        kind: requester(*kind),
        invalidations: grouped(top.times),
        paths: grouped(top.paths),
    };
    let mut rows: Vec<RequesterRow> = all.into_iter().take(ROWS).map(row).collect();
    let traced = sums.requesters.iter().filter(|(kind, _)| *kind == CountKind::Outside);
    let (times, paths) =
        traced.fold((0, 0), |(times, paths), (_, top)| (times + top.times, paths + top.paths));
    let unknown = sums.total.outside.saturating_sub(times);
    if unknown > 0 {
        rows.push(RequesterRow {
            name: "Not known".to_owned(),
            kind: requester(CountKind::Outside),
            invalidations: grouped(unknown),
            paths: grouped(sums.total.paths_outside.saturating_sub(paths)),
        });
    }
    rows
}

const fn requester(kind: CountKind) -> &'static str {
    match kind {
        CountKind::Person => "person",
        CountKind::Token => "API token",
        CountKind::Outside => "outside Unstale",
        CountKind::Item | CountKind::Wildcard | CountKind::Failure => "",
    }
}

/// What CloudFront did not do, and why.
pub struct FailureRow {
    pub what: String,
    pub cause: String,
    pub batches: String,
}

pub fn failures(sums: &MonthSums) -> Vec<FailureRow> {
    let row = |top: &TopName| {
        let (what, cause) = what_and_cause(&top.name);
        FailureRow { what, cause, batches: grouped(top.times) }
    };
    sums.failures.iter().map(row).collect()
}

/// The label of the action and the cause, of the name under which a failure is counted.
pub fn what_and_cause(name: &str) -> (String, String) {
    let (word, cause) = name.split_once(' ').unwrap_or((name, ""));
    let what = Action::parse(word).map_or_else(|| word.to_owned(), |action| action.label().to_owned());
    (what, cause.to_owned())
}

/// What first looks came to.
pub struct LookRow {
    pub freshness: &'static str,
    pub label: &'static str,
    pub invalidations: String,
    pub share: String,
}

pub fn looks(sums: &MonthSums) -> Vec<LookRow> {
    let total = &sums.total;
    let row = |(freshness, invalidations): (Freshness, u64)| LookRow {
        freshness: freshness.as_str(),
        label: freshness.label(),
        invalidations: grouped(invalidations),
        share: percent(invalidations, total.checked()).unwrap_or_default(),
    };
    let all = [
        (Freshness::Fresh, total.fresh),
        (Freshness::Unchanged, total.unchanged),
        (Freshness::Stale, total.stale),
        (Freshness::Broken, total.broken),
        (Freshness::Unclear, total.unclear),
    ];
    all.into_iter().filter(|(_, invalidations)| *invalidations > 0).map(row).collect()
}

/// What one wildcard in place of many paths would have cost.
pub struct WildcardAdvice {
    pub place: String,
    pub paths: String,
    pub folder: String,
    pub wildcard: String,
    /// `14 November`
    pub day: String,
}

/// The wildcard that would have saved the most. `None` if none would have.
pub fn wildcard_advice(sums: &MonthSums) -> Option<WildcardAdvice> {
    let count = sums.wildcards.iter().max_by_key(|count| count.most)?;
    Some(WildcardAdvice {
        place: sums.name(&count.distribution),
        paths: grouped(count.most),
        folder: count.name.trim_end_matches('*').to_owned(),
        wildcard: count.name.clone(),
        day: day_of_month(count.most_on.start()),
    })
}

fn day_of_month(at: Timestamp) -> String {
    let date = at.date();
    let day = date.rsplit('-').next().unwrap_or_default().trim_start_matches('0');
    format!("{day} {}", at.month_name())
}
