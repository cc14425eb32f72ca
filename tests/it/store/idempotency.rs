//! Keys of programs, pages of lists, and batches that are put off.

use unstale::{
    domain::{
        access::{Access, Granted, Role, Scope, grant_scope::GrantScope},
        actor::{Acting, Actor, Via},
        audit::{Action, Event, search::AuditQuery, visibility::Visibility},
        id::{InvalidationId, RequestKey},
        invalidations::{
            idempotency::{IdempotencyRecord, IdempotentAnswer},
            invalidation::InvalidationState,
        },
    },
    store::{
        StoreError, audit,
        invalidations::{
            self, idempotency,
            preconditions::{self, Asking},
        },
    },
};

use super::given::{self, id};
use crate::support::{Database, acting, all_seen, at, on_each_engine, uuid};

fn only(distribution: &str) -> Access {
    Access::new(
        Role::Viewer,
        Scope::Only(vec![Granted { distributions: [id(distribution)].into(), scope: GrantScope::whole() }]),
    )
}

async fn a_key_keeps_its_first_answer(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let (free, never) = (RequestKey::parse(&uuid()).unwrap(), RequestKey::parse(&uuid()).unwrap());
    let key = given::request(database, "E1", 1, &[&["/a"]]).await.request_key;
    let used = async || {
        let mut used = Vec::new();
        for key in [&free, &key, &never] {
            let before =
                database.write(async |tx| preconditions::hold(tx, Asking::Other, &id("E1"), key).await).await;
            used.push(before.key_used);
        }
        used
    };
    assert_eq!(used().await, [false, true, false], "by an invalidation");
    let find = async || database.get(async |conn| idempotency::find(conn, &key).await).await;
    assert_eq!(find().await, None);
    let answer = IdempotentAnswer::HeldBack(InvalidationId::from_trusted(uuid()));
    let kept = IdempotencyRecord { fingerprint: "abc".to_owned(), answer, at: at(1) };
    database.write(async |tx| idempotency::insert(tx, &key, &kept).await).await;
    assert_eq!(find().await.as_ref(), Some(&kept));
    database.write(async |tx| idempotency::insert(tx, &free, &kept).await).await;
    assert_eq!(used().await, [true, true, false], "by a kept answer");
    let again = database.try_write(async |tx| idempotency::insert(tx, &key, &kept).await).await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
}

async fn a_list_goes_on_where_it_ended(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    for when in [1, 2, 2] {
        given::request(database, "E1", when, &[&["/a"]]).await;
    }
    given::request(database, "E2", 3, &[&["/b"]]).await;
    let page = async |access: Access, wanted: invalidations::InvalidationFilter| {
        database.get(async |conn| invalidations::page(conn, &access, &wanted, 2).await).await
    };
    let mut wanted = invalidations::InvalidationFilter::default();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let found = page(all_seen(), wanted.clone()).await;
        let Some(last) = found.last() else { break };
        wanted.after = Some((last.requested_at, last.id.clone()));
        seen.extend(found.into_iter().map(|one| one.id));
    }
    let all = database.get(async |conn| invalidations::recent(conn, &all_seen(), 9).await).await;
    assert_eq!(seen, all.iter().map(|one| one.id.clone()).collect::<Vec<_>>());
    let of_site = invalidations::InvalidationFilter { distribution: Some(id("E2")), ..Default::default() };
    assert_eq!(page(all_seen(), of_site.clone()).await.len(), 1);
    assert_eq!(page(only("E1"), of_site).await, []);
    let mut of_one = invalidations::InvalidationFilter::default();
    let first = page(only("E1"), of_one.clone()).await;
    assert_eq!(first.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), seen[1..3]);
    of_one.after = first.last().map(|last| (last.requested_at, last.id.clone()));
    let rest = page(only("E1"), of_one).await;
    assert_eq!(rest.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), seen[3..]);
    assert_eq!(page(Access::nothing(), invalidations::InvalidationFilter::default()).await, []);
    let queued =
        invalidations::InvalidationFilter { state: Some(InvalidationState::Queued), ..Default::default() };
    assert_eq!(page(only("E2"), queued.clone()).await.len(), 1);
    assert_eq!(page(all_seen(), queued).await.len(), 2, "a page is full");
    let done =
        invalidations::InvalidationFilter { state: Some(InvalidationState::Completed), ..Default::default() };
    assert_eq!(page(all_seen(), done).await, []);
}

async fn the_history_is_narrowed_to_what_is_wanted(database: &Database) {
    for (action, distribution) in [
        (Action::InvalidationRequested, Some("E1")),
        (Action::BatchAccepted, Some("E1")),
        (Action::InvalidationRequested, Some("E2")),
        (Action::SurveyFailed, None),
    ] {
        let mut event = Event::new(at(1), &Acting::service(), action);
        event.distribution = distribution.map(id);
        event.invalidation = distribution.map(InvalidationId::from_trusted);
        database.append(event).await;
    }
    let found = async |access: Access, wanted: AuditQuery, before: i64| {
        let visibility = Visibility::of(&Actor::nobody(""), &access);
        let query = AuditQuery { visibility, before: Some(before), ..wanted };
        let page = database.get(async |conn| audit::search(conn, &query, 9).await).await;
        page.events.into_iter().map(|chained| chained.sequence).collect::<Vec<_>>()
    };
    let all = AuditQuery::default();
    assert_eq!(found(all_seen(), all.clone(), i64::MAX).await, [4, 3, 2, 1]);
    assert_eq!(found(all_seen(), all.clone(), 3).await, [2, 1]);
    assert_eq!(found(only("E1"), all.clone(), i64::MAX).await, [2, 1]);
    let requested = AuditQuery { action: Some(Action::InvalidationRequested), ..all.clone() };
    assert_eq!(found(all_seen(), requested, i64::MAX).await, [3, 1]);
    let of_site = AuditQuery { distribution: Some(id("E2")), ..all.clone() };
    assert_eq!(found(all_seen(), of_site, i64::MAX).await, [3]);
    let of_one = AuditQuery { invalidation: Some(InvalidationId::from_trusted("E1")), ..all };
    assert_eq!(found(all_seen(), of_one, i64::MAX).await, [2, 1]);
}

async fn what_a_program_said_stands_in_its_own_fields(database: &Database) {
    let mut from = acting();
    from.origin.via =
        Via { run_url: "https://ci.example.com/1".to_owned(), idempotency_key: "key-1".to_owned() };
    for note in ["", "confirmed"] {
        let event = Event { note: note.to_owned(), ..Event::new(at(1), &from, Action::ActRefused) };
        database.append(event).await;
    }
    let read = database.get(async |conn| audit::after(conn, 0, 9).await).await;
    let notes: Vec<&str> = read.iter().map(|chained| chained.event.note.as_str()).collect();
    assert_eq!(notes, ["", "confirmed"]);
    assert!(read.iter().all(|chained| chained.event.acting.origin.via == from.origin.via));
    let said = "confirmed; run https://ci.example.com/1; idempotency key key-1";
    assert_eq!(read[1].event.remarks(), said, "pages say all of it");
    assert!(read.iter().all(unstale::domain::audit::Chained::is_intact));
}

on_each_engine!(
    a_key_keeps_its_first_answer,
    a_list_goes_on_where_it_ended,
    the_history_is_narrowed_to_what_is_wanted,
    what_a_program_said_stands_in_its_own_fields,
);
