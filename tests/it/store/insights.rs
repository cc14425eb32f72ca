//! The sums of the insights: added once, read by month, and only for whom one may see.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use unstale::{
    domain::{
        distributions::flat_rate_plan::FlatRatePlan,
        id::{BatchId, DistributionId},
        insights::{
            CountKind, DailySum, Day, DayRange, NAMES_MAX,
            counting::{CountedBatch, Occurrence, Sums},
            range_of,
        },
        invalidations::monthly_budget::Month,
    },
    store::{distributions::flat_rate_plans, insights, invalidations::batches},
};

use super::{
    batches::accept,
    given::{self, ACCOUNT, id},
};
use crate::support::{Database, START, at, new_batch, on_each_engine};

fn today() -> Day {
    Day::of(START)
}

fn month() -> DayRange {
    DayRange::month_of(START)
}

fn only(place: &str) -> BTreeSet<DistributionId> {
    BTreeSet::from([id(place)])
}

fn sum(requested: u64, paths: u64, paths_outside: u64) -> DailySum {
    DailySum { requested, items: requested, paths, paths_outside, fresh: 1, ..DailySum::default() }
}

/// Two days of two distributions, and one of the month before.
fn sums() -> Sums {
    let (first, last_month) = (month().from, month().month_before().from);
    let daily = [
        ((first, id("E1")), sum(1, 10, 0)),
        ((today(), id("E1")), sum(2, 20, 5)),
        ((today(), id("E2")), sum(3, 30, 0)),
        ((last_month, id("E1")), sum(9, 99, 0)),
    ];
    let range = range_of(Duration::from_secs(22));
    let completed =
        [((today(), id("E1"), range), 4), ((today(), id("E2"), range), 1), ((last_month, id("E1"), 7), 1)];
    Sums { daily: daily.into(), completed: completed.into(), occurrences: Vec::new() }
}

async fn add(database: &Database, from: i64, to: i64, sums: &Sums) -> bool {
    database.write(async |tx| insights::add(tx, from, to, sums).await).await
}

async fn sums_are_added_once(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let counted = async || database.get(async |conn| insights::counted(conn).await).await;
    let first = async || database.get(async |conn| insights::first_day(conn).await).await;
    assert_eq!((counted().await, first().await), (0, None));
    assert!(add(database, 0, 5, &sums()).await);
    assert!(!add(database, 0, 5, &sums()).await, "another replica was first");
    assert!(add(database, 5, 6, &sums()).await);
    assert_eq!((counted().await, first().await), (6, Some(month().month_before().from)));
    let days = database.get(async |conn| insights::daily_sums(conn, month(), None).await).await;
    let mut both = sum(2, 20, 5);
    both += sum(3, 30, 0);
    let twice = |sum: DailySum| {
        let mut twice = sum;
        twice += sum;
        twice
    };
    assert_eq!(days, BTreeMap::from([(month().from, twice(sum(1, 10, 0))), (today(), twice(both))]));
}

async fn a_month_is_read_for_what_one_may_see(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    assert!(add(database, 0, 5, &sums()).await);
    let second = only("E2");
    let days = database.get(async |conn| insights::daily_sums(conn, month(), Some(&second)).await).await;
    assert_eq!(days, BTreeMap::from([(today(), sum(3, 30, 0))]));
    let all = database.get(async |conn| insights::distribution_sums(conn, month(), None).await).await;
    assert_eq!(all.keys().map(DistributionId::as_str).collect::<Vec<_>>(), ["E1", "E2"]);
    assert_eq!((all[&id("E1")].paths, all[&id("E1")].paths_outside), (30, 5));
    let one = database
        .get(async |conn| insights::distribution_sums(conn, DayRange::day(today()), Some(&second)).await);
    assert_eq!(one.await, BTreeMap::from([(id("E2"), sum(3, 30, 0))]));
    let times =
        async |seen| database.get(async |conn| insights::completion_times(conn, month(), seen).await).await;
    assert_eq!((times(None).await.total(), times(Some(&second)).await.total()), (5, 1));
    let nothing = BTreeSet::new();
    assert_eq!(times(Some(&nothing)).await.total(), 0);
}

async fn an_account_is_billed_for_all_its_distributions(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    assert!(add(database, 0, 5, &sums()).await);
    let accounts = async |range, seen| {
        let read = database.get(async |conn| insights::account_months(conn, range, seen).await).await;
        read.into_iter().map(|one| (one.account, one.paths, one.on_flat_rate_plans)).collect::<Vec<_>>()
    };
    let account = ACCOUNT.to_owned();
    let whole = [(account.clone(), 65, 0)];
    assert_eq!(accounts(month(), None).await, whole);
    let second = only("E2");
    assert_eq!(accounts(month(), Some(&second)).await, whole, "they share its free paths");
    let other = only("E9");
    assert_eq!(accounts(month(), Some(&other)).await, []);
    assert_eq!(accounts(month().month_before(), None).await, [(account.clone(), 99, 0)]);
    let plans = [(id("E2"), FlatRatePlan::parse("PRO"))];
    database.write(async |tx| flat_rate_plans::replace(tx, &plans).await).await;
    assert_eq!(accounts(month(), None).await, [(account, 35, 30)]);
}

fn occurrence(kind: CountKind, place: &str, name: &str, paths: u64) -> Occurrence {
    Occurrence { kind, distribution: id(place), on: today(), name: name.to_owned(), paths }
}

async fn add_all(database: &Database, from: i64, occurrences: Vec<Occurrence>) {
    let sums = Sums { occurrences, ..Sums::default() };
    assert!(add(database, from, from + 1, &sums).await);
}

async fn names_are_counted_and_added_up(database: &Database) {
    let hostile = "/ü'\"%_\u{1f30d}";
    for from in 0..3 {
        let of_each = [
            occurrence(CountKind::Item, "E1", "/a", 1),
            occurrence(CountKind::Item, "E2", "/a", 1),
            occurrence(CountKind::Item, "E1", hostile, 1),
            occurrence(CountKind::Wildcard, "E1", "/img/*", 100 * (u64::try_from(from).unwrap() + 1)),
        ];
        let mut all = of_each.to_vec();
        all.push(occurrence(CountKind::Item, "E1", "/a", 1));
        add_all(database, from, all).await;
    }
    let top = async |kind, seen, limit| {
        let read =
            database.get(async |conn| insights::top_counts(conn, month().from, kind, seen, limit).await);
        let read = read.await;
        read.into_iter().map(|one| (one.distribution.to_string(), one.name, one.times)).collect::<Vec<_>>()
    };
    let row = |place: &str, name: &str, times| (place.to_owned(), name.to_owned(), times);
    assert_eq!(top(CountKind::Item, None, 1).await, [row("E1", "/a", 6)]);
    assert_eq!(
        top(CountKind::Item, None, 9).await,
        [row("E1", "/a", 6), row("E1", hostile, 3), row("E2", "/a", 3)]
    );
    let second = only("E2");
    assert_eq!(top(CountKind::Item, Some(&second), 9).await, [row("E2", "/a", 3)]);
    let names = async |seen| {
        let read = database
            .get(async |conn| insights::top_names(conn, month().from, CountKind::Item, seen, 9).await);
        read.await.into_iter().map(|one| (one.name, one.times, one.paths)).collect::<Vec<_>>()
    };
    assert_eq!(names(None).await, [("/a".to_owned(), 9, 9), (hostile.to_owned(), 3, 3)]);
    assert_eq!(names(Some(&second)).await, [("/a".to_owned(), 3, 3)]);
    let wildcards = database
        .get(async |conn| insights::top_counts(conn, month().from, CountKind::Wildcard, None, 9).await)
        .await;
    assert_eq!((wildcards[0].paths, wildcards[0].most, wildcards[0].most_on), (600, 300, today()));
    let earlier = month().month_before().from;
    let before =
        database.get(async |conn| insights::top_counts(conn, earlier, CountKind::Item, None, 9).await);
    assert_eq!(before.await, []);
}

async fn a_month_keeps_a_bounded_number_of_names(database: &Database) {
    for part in 0..6 {
        let mut all: Vec<Occurrence> =
            (0..100).map(|n| occurrence(CountKind::Item, "E1", &format!("/{part}/{n}"), 1)).collect();
        all.push(occurrence(CountKind::Item, "E1", "/often", 1));
        add_all(database, part, all).await;
    }
    let kept = database
        .get(async |conn| insights::top_counts(conn, month().from, CountKind::Item, None, 1_000).await)
        .await;
    assert_eq!(kept.len(), NAMES_MAX);
    assert_eq!((kept[0].name.as_str(), kept[0].times), ("/often", 6));
    let mut raw = database.raw().await;
    let rows = raw.number("SELECT count(*) FROM monthly_count").await;
    assert_eq!(rows, i64::try_from(NAMES_MAX).unwrap(), "those that left are gone");
}

async fn what_was_sent_together_counts_with_its_first_batch(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let alone = given::request(database, "E1", 0, &[&["/x", "/y*"]]).await;
    accept(database, &alone.batches[0].id, "I0", 3).await;
    let parts = [
        given::request(database, "E1", 1, &[&["/a"]]).await,
        given::request(database, "E1", 2, &[&["/a", "/b"]]).await,
    ];
    let ids: Vec<&BatchId> = parts.iter().map(|new| &new.batches[0].id).collect();
    let unsent = database.get(async |conn| batches::unsent(conn, &ids).await).await;
    let merged = new_batch(&["/a", "/b", "/c"]);
    assert!(database.write(async |tx| batches::merge(tx, &unsent, &merged).await).await);
    accept(database, &merged.id, "I1", 5).await;
    let asked = [ids[0], ids[1], &alone.batches[0].id, &merged.id];
    let read = database.get(async |conn| insights::counted_batches(conn, &asked).await).await;
    let batch = |paths, accepted, is_first| CountedBatch {
        paths,
        accepted_at: Some(at(accepted)),
        is_outside: false,
        is_first,
    };
    assert_eq!(read.get(&alone.batches[0].id), Some(&batch(2, 3, true)));
    assert_eq!(read.get(ids[0]), Some(&batch(3, 5, true)));
    assert_eq!(read.get(ids[1]), Some(&batch(3, 5, false)));
    assert_eq!(read.get(&merged.id), None, "it is no invalidation's own");
    let Month { start, end } = Month::of(START);
    let taken = database.get(async |conn| batches::taken_between(conn, ACCOUNT, start, end).await).await;
    let counted: u64 = read.values().filter(|batch| batch.is_first).map(|batch| batch.paths).sum();
    assert_eq!(counted, taken.billed);
}

on_each_engine!(
    sums_are_added_once,
    a_month_is_read_for_what_one_may_see,
    an_account_is_billed_for_all_its_distributions,
    names_are_counted_and_added_up,
    a_month_keeps_a_bounded_number_of_names,
    what_was_sent_together_counts_with_its_first_batch,
);
