//! What events add to the sums.

use std::time::Duration;

use super::*;
use crate::{
    actor::Acting,
    audit::ItemsRecord,
    id::{InvalidationId, PersonId, TokenId},
    insights::range_start,
};

fn place() -> DistributionId {
    DistributionId::from_trusted("E1")
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn noon() -> Timestamp {
    at("2026-11-23T12:00:00Z")
}

fn items(texts: &[&str]) -> Vec<Item> {
    texts.iter().map(|text| Item::from_trusted(*text)).collect()
}

fn event(action: Action, actor: Actor) -> Event {
    let acting = Acting { actor, ..Acting::service() };
    Event {
        distribution: Some(place()),
        invalidation: Some(InvalidationId::from_trusted("i1")),
        ..Event::new(noon(), &acting, action)
    }
}

fn ada() -> Actor {
    Actor::person(&PersonId::from_trusted("p1"), "ada@example.com")
}

/// What one event adds.
fn counted(event: &Event, items: &[Item], batch: Option<CountedBatch>) -> Sums {
    let mut sums = Sums::default();
    sums.add(event, items, batch);
    sums
}

/// The only daily sum, and its date.
fn the_day(sums: &Sums) -> (String, DailySum) {
    assert_eq!(sums.daily.len(), 1, "{sums:?}");
    let ((day, distribution), sum) = sums.daily.first_key_value().unwrap();
    assert_eq!(*distribution, place());
    (day.date(), *sum)
}

fn occurrences(sums: &Sums) -> Vec<(CountKind, &str, u64)> {
    sums.occurrences.iter().map(|one| (one.kind, one.name.as_str(), one.paths)).collect()
}

#[test]
fn a_request_counts_for_who_asked_and_its_items() {
    let list = items(&["#Sale", "/a", "/b*"]);
    let mut request = event(Action::InvalidationRequested, ada());
    request.items = ItemsRecord::of(&list);
    let sums = counted(&request, &list, None);
    let (date, sum) = the_day(&sums);
    assert_eq!(
        (date.as_str(), sum),
        ("2026-11-23", DailySum { requested: 1, items: 3, ..DailySum::default() })
    );
    let named = [
        (CountKind::Item, "#sale", 1),
        (CountKind::Item, "/a", 1),
        (CountKind::Item, "/b*", 1),
        (CountKind::Person, "ada@example.com", 3),
    ];
    assert_eq!(occurrences(&sums), named);
    let deploy = Actor::Token { id: TokenId::from_trusted("t1"), name: "deploy".to_owned() };
    request.action = Action::ProposalApproved;
    request.requested_by = Some(deploy);
    let sums = counted(&request, &[], None);
    assert_eq!(occurrences(&sums), [(CountKind::Token, "deploy", 3)], "not who approved it");
}

#[test]
fn many_paths_show_what_a_wildcard_or_a_tag_would_have_saved() {
    let list: Vec<Item> = (0..388).map(|n| Item::from_trusted(format!("/img/{n}.png"))).collect();
    let mut request = event(Action::ProtectionOverridden, ada());
    request.items = ItemsRecord::of(&list);
    let sums = counted(&request, &list, None);
    let (_, sum) = the_day(&sums);
    assert_eq!((sum.many, sum.many_paths, sum.tags_save(), sum.wildcards_save), (1, 388, 387, 387));
    let named = [(CountKind::Wildcard, "/img/*", 388), (CountKind::Person, "ada@example.com", 388)];
    assert_eq!(occurrences(&sums), named, "the items of a long list have no names");
}

#[test]
fn what_was_made_outside_counts_when_cloudfront_made_it() {
    let list = items(&["/a", "/b"]);
    let mut seen = event(Action::InvalidationSeen, Actor::outside());
    seen.items = ItemsRecord::of(&list);
    seen.done_at = Some(at("2026-10-31T23:00:00Z"));
    let sums = counted(&seen, &list, None);
    let (date, sum) = the_day(&sums);
    let expected = DailySum { outside: 1, items: 2, paths_outside: 2, ..DailySum::default() };
    assert_eq!((date.as_str(), sum), ("2026-10-31", expected));
    let mut traced = event(Action::InvalidationTraced, Actor::Outside { name: Some("eve".to_owned()) });
    traced.done_at = seen.done_at;
    traced.items = seen.items;
    let sums = counted(&traced, &[], None);
    assert_eq!(occurrences(&sums), [(CountKind::Outside, "eve", 2)]);
    assert_eq!(sums.occurrences[0].on.date(), "2026-10-31");
    assert!(sums.daily.is_empty(), "it was counted when it was seen");
}

#[test]
fn what_was_sent_together_is_billed_and_timed_once() {
    let batch = CountedBatch {
        paths: 7,
        accepted_at: Some(at("2026-11-22T23:59:40Z")),
        is_outside: false,
        is_first: true,
    };
    let mut accepted = event(Action::BatchAccepted, Actor::Service);
    accepted.cloudfront_id = "I1".to_owned();
    let (date, sum) = the_day(&counted(&accepted, &[], Some(batch)));
    assert_eq!((date.as_str(), sum.paths), ("2026-11-22", 7));
    let mut completed = event(Action::BatchCompleted, Actor::Service);
    completed.at = at("2026-11-23T00:00:02Z");
    let range = range_of(Duration::from_secs(22));
    assert!(range_start(range) <= Duration::from_secs(22));
    let expected = BTreeMap::from([((Day::of(completed.at), place(), range), 1)]);
    assert_eq!(counted(&completed, &[], Some(batch)).completed, expected);
    for other in [
        None,
        Some(CountedBatch { is_first: false, ..batch }),
        Some(CountedBatch { is_outside: true, accepted_at: None, is_first: false, ..batch }),
    ] {
        assert_eq!(counted(&accepted, &[], other), Sums::default());
        assert_eq!(counted(&completed, &[], other), Sums::default());
    }
    let outside = Some(CountedBatch { is_outside: true, ..batch });
    assert_eq!(counted(&completed, &[], outside), Sums::default());
}

#[test]
fn a_batch_that_a_person_found_is_billed_and_one_that_is_not_there_is_not() {
    let batch = CountedBatch { paths: 7, accepted_at: None, is_outside: false, is_first: true };
    let mut resolved = event(Action::BatchResolved, ada());
    assert_eq!(counted(&resolved, &[], Some(batch)), Sums::default());
    resolved.cloudfront_id = "I1".to_owned();
    assert_eq!(the_day(&counted(&resolved, &[], Some(batch))).1.paths, 7);
}

#[test]
fn the_first_look_counts_and_later_ones_do_not() {
    let mut look = event(Action::CheckFinished, Actor::Service);
    look.old = "pending".to_owned();
    look.new = "stale".to_owned();
    let (_, sum) = the_day(&counted(&look, &[], None));
    assert_eq!((sum.stale, sum.checked(), sum.good()), (1, 1, 0));
    look.new = "unchanged".to_owned();
    assert_eq!(the_day(&counted(&look, &[], None)).1.good(), 1);
    for (old, invalidation) in [("stale", look.invalidation.clone()), ("pending", None)] {
        let other = Event { old: old.to_owned(), invalidation, ..look.clone() };
        assert_eq!(counted(&other, &[], None), Sums::default());
    }
}

#[test]
fn failures_count_by_their_cause() {
    let mut failed = event(Action::BatchFailed, Actor::Service);
    failed.note = "CloudFront refused the items".to_owned();
    let sums = counted(&failed, &[], None);
    let name = "batch.failed CloudFront refused the items";
    assert_eq!(occurrences(&sums), [(CountKind::Failure, name, 1)]);
    failed.distribution = None;
    assert_eq!(counted(&failed, &[], None), Sums::default());
}
