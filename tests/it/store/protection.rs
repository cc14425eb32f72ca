//! Protected distributions, requests that wait, and repeats.

use std::time::Duration;

use unstale::{
    domain::{
        access::{Access, Granted, Role, Scope, grant_scope::GrantScope},
        audit::{Action, Event, ItemsRecord, Target},
        checks::ExpectedContent,
        distributions::protection::{Guard, Protection},
        id::{InvalidationId, PersonId, ProposalId, RequestKey},
        invalidations::{
            item::Item,
            proposal::{Proposal, ProposalState},
        },
    },
    store::{
        StoreError, audit,
        distributions::protections,
        invalidations::{self, DueWithin, batches, proposals},
    },
};

use super::given::{distributions, id, request};
use crate::support::{Database, all_seen, at, items, on_each_engine, uuid};

pub fn proposal(distribution: &str, asked: u64) -> Proposal {
    Proposal {
        id: ProposalId::from_trusted(uuid()),
        request_key: RequestKey::from_trusted(uuid()),
        distribution: id(distribution),
        asked_by: crate::support::acting().actor,
        behind: "p1".to_owned(),
        reason: "a new price".to_owned(),
        expected: ExpectedContent::Gone,
        warm: true,
        items: items(&["/*", "/a"]),
        first_item: Item::from_trusted("/*"),
        asked_at: at(asked),
        expires_at: at(asked + 100),
        state: ProposalState::Waiting,
        decided_by: None,
        decided_at: None,
        word: String::new(),
        invalidation: None,
    }
}

async fn a_distribution_is_not_protected_until_it_is(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    let find = async || database.get(async |conn| protections::find(conn, &id("E1")).await).await;
    assert_eq!(find().await, Protection::none(id("E1")));
    let mut new = Protection {
        distribution: id("E1"),
        guard: Guard::TypedName,
        wide_above: Some(10),
        reason_required: true,
        cool_down: Duration::from_secs(30),
    };
    database.write(async |tx| protections::set(tx, &new).await).await;
    assert_eq!(find().await, new);
    assert_eq!(database.write(async |tx| protections::hold(tx, &id("E1")).await).await, new);
    new.wide_above = None;
    new.guard = Guard::SecondPerson;
    database.write(async |tx| protections::set(tx, &new).await).await;
    assert_eq!(database.get(async |conn| protections::list(conn).await).await, [new]);
}

async fn what_somebody_has_waiting_is_counted(database: &Database) {
    distributions(database, &["E1"]).await;
    let (first, second) = (proposal("E1", 0), proposal("E1", 50));
    for new in [&first, &second] {
        database.write(async |tx| proposals::insert(tx, new).await).await;
    }
    let waiting = async |now| {
        database.get(async |conn| proposals::waiting_of(conn, &first.asked_by, at(now)).await).await
    };
    assert_eq!((waiting(60).await, waiting(100).await, waiting(150).await), (2, 1, 0));
    let by = crate::support::acting().actor;
    database.write(async |tx| proposals::decide(tx, &first.id, &by, "no", None, at(60)).await).await;
    assert_eq!(waiting(60).await, 1);
    let other = unstale::domain::actor::Actor::person(&PersonId::from_trusted("p2"), "ada@example.com");
    assert_eq!(database.get(async |conn| proposals::waiting_of(conn, &other, at(60)).await).await, 0);
}

async fn items_are_read_wherever_they_are_listed(database: &Database) {
    distributions(database, &["E1"]).await;
    let long: Vec<String> = (0..150).map(|n| format!("/long/{n:03}")).collect();
    let long = items(&long.iter().map(String::as_str).collect::<Vec<_>>());
    let proposal = Proposal { items: long.clone(), ..proposal("E1", 0) };
    database.write(async |tx| proposals::insert(tx, &proposal).await).await;
    let texts: Vec<&str> = long.iter().map(Item::as_str).collect();
    let new = request(database, "E1", 1, &[&texts]).await;
    let event = |items: &[Item]| {
        let mut event = Event::new(at(1), &crate::support::acting(), Action::ProposalMade);
        event.items = ItemsRecord::of(items);
        event
    };
    let read = async |event: &Event| database.get(async |conn| audit::items_of(conn, event).await).await;
    assert_eq!(read(&event(&long[..2])).await, long[..2]);
    assert_eq!(read(&event(&long)).await, [] as [Item; 0], "nobody has them");
    let asked_for = Event { target: Target::Proposal(proposal.id.clone()), ..event(&long) };
    assert_eq!(read(&asked_for).await, long);
    assert_eq!(read(&Event { invalidation: Some(new.id), ..event(&long) }).await, long);
}

async fn a_proposal_is_decided_once_and_in_time(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    let (one, two) = (proposal("E1", 0), proposal("E2", 10));
    for new in [&one, &two] {
        database.write(async |tx| proposals::insert(tx, new).await).await;
    }
    let twice = Proposal { id: ProposalId::from_trusted(uuid()), ..one.clone() };
    let again = database.try_write(async |tx| proposals::insert(tx, &twice).await).await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
    let find = async |of: &Proposal, now| {
        database.get(async |conn| proposals::find(conn, &of.id, now).await).await.unwrap()
    };
    assert_eq!(find(&one, at(99)).await, one);
    assert_eq!(find(&one, at(100)).await.state, ProposalState::Expired);
    let by_key = database.get(async |conn| proposals::find_by_key(conn, &two.request_key, at(0)).await).await;
    assert_eq!(by_key, Some(two.clone()));
    let only = Granted { distributions: [id("E1")].into(), scope: GrantScope::whole() };
    let narrowed = Access::new(Role::Operator, Scope::Only(vec![only]));
    let waiting = async |access: &Access, now| {
        database
            .get(async |conn| {
                proposals::waiting_for(conn, &PersonId::from_trusted("nobody"), access, now).await
            })
            .await
    };
    assert_eq!((waiting(&all_seen(), at(50)).await, waiting(&narrowed, at(50)).await), (2, 1));
    assert_eq!(waiting(&all_seen(), at(105)).await, 1, "the other one has expired");
    let own = PersonId::from_trusted(&one.behind);
    let of_others =
        database.get(async |conn| proposals::waiting_for(conn, &own, &all_seen(), at(50)).await).await;
    assert_eq!(of_others, 0, "nobody decides what they asked for");
    let at_one =
        async |now| database.get(async |conn| proposals::waiting_at(conn, &id("E1"), 9, now).await).await;
    assert_eq!(at_one(at(50)).await, std::slice::from_ref(&one));
    assert_eq!(at_one(at(100)).await, [], "it has expired");
    let recent = database.get(async |conn| proposals::recent(conn, &all_seen(), 9, at(20)).await).await;
    assert_eq!(recent, [two.clone(), one.clone()]);
    let seen = database.get(async |conn| proposals::recent(conn, &narrowed, 9, at(20)).await).await;
    assert_eq!(seen, std::slice::from_ref(&one));
    let by = crate::support::acting().actor;
    let became = InvalidationId::from_trusted(uuid());
    let decide = async |of: &Proposal, became: Option<&InvalidationId>, now| {
        database.write(async |tx| proposals::decide(tx, &of.id, &by, "fine", became, now).await).await
    };
    assert!(!decide(&one, Some(&became), at(100)).await, "it has expired");
    assert!(decide(&one, Some(&became), at(99)).await);
    assert!(!decide(&one, None, at(99)).await, "it is decided");
    let decided = find(&one, at(500)).await;
    assert_eq!(decided.state, ProposalState::Approved);
    assert_eq!((decided.decided_by, decided.invalidation), (Some(by.clone()), Some(became)));
    assert!(decide(&two, None, at(20)).await);
    assert_eq!(find(&two, at(20)).await.state, ProposalState::Declined);
}

async fn a_repeat_is_found_by_its_items(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    let first = request(database, "E1", 10, &[&["/a"], &["/b"]]).await;
    let sha = unstale::domain::audit::ItemsRecord::of(&items(&["/a", "/b"])).sha256;
    let same = async |distribution: &str, after, until| {
        let due = DueWithin { after: at(after), until: at(until), asked_until: at(100) };
        database
            .get(async |conn| {
                invalidations::same_due_within(
                    conn,
                    &id(distribution),
                    &sha,
                    ExpectedContent::NewVersion,
                    false,
                    due,
                )
                .await
            })
            .await
            .map(|found| found.id)
    };
    let found = Some(first.id.clone());
    assert_eq!(same("E1", 9, 10).await, found);
    assert_eq!(same("E1", 10, 60).await, None, "it is too long ago");
    assert_eq!(same("E2", 0, 60).await, None, "that is elsewhere");
    let mut raw = database.raw().await;
    let mut set = async |what: &str| raw.run(&format!("UPDATE batch SET {what}")).await.unwrap();
    set(&format!("due_at = {}", at(5_000).as_micros())).await;
    assert_eq!(same("E1", 0, 60).await, None, "it is put off");
    assert_eq!(same("E1", 4_000, 5_000).await, found, "it is due when this one is wanted");
    set(&format!("first_sent_at = {}", at(50).as_micros())).await;
    assert_eq!(same("E1", 0, 60).await, found, "it was sent");
    let mut raw = database.raw().await;
    raw.run(&format!("UPDATE invalidation SET requested_at = {}", at(101).as_micros())).await.unwrap();
    assert_eq!(same("E1", 0, 60).await, None, "it was asked for by a clock that was ahead");
    raw.run(&format!("UPDATE invalidation SET requested_at = {}", at(10).as_micros())).await.unwrap();
    let of = database.get(async |conn| batches::items_of(conn, &first.id).await).await;
    assert_eq!(of, items(&["/a", "/b"]));
    raw.run("UPDATE invalidation SET state = 'failed'").await.unwrap();
    assert_eq!(same("E1", 0, 60).await, None, "it was refused");
}

on_each_engine!(
    what_somebody_has_waiting_is_counted,
    a_distribution_is_not_protected_until_it_is,
    items_are_read_wherever_they_are_listed,
    a_proposal_is_decided_once_and_in_time,
    a_repeat_is_found_by_its_items,
);
