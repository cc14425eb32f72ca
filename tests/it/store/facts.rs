//! What events state, beside what the tables hold of it.

use unstale::{
    domain::{
        access::{Access, Role},
        audit::{Action, Event, ItemsRecord, Target, verify::Flaw},
        id::{InvalidationId, ProposalId},
        invalidations::invalidation::NewInvalidation,
    },
    store::{
        StoreError, audit,
        invalidations::{self, batches, proposals},
        tables::{self, Tables},
    },
};

use super::given::{distributions, request};
use crate::support::{Database, acting, at, items, on_each_engine, proposal_made, uuid};

fn stated(new: &NewInvalidation) -> Event {
    let mut event = Event::new(at(1), &acting(), Action::InvalidationRequested);
    event.target = Target::Invalidation(new.id.clone());
    event.distribution = Some(new.distribution.clone());
    event.invalidation = Some(new.id.clone());
    event.items = ItemsRecord::of(&new.items());
    event.reason.clone_from(&new.reason);
    event
}

async fn what_events_state_is_held_against_the_rows(database: &Database) {
    distributions(database, &["E1"]).await;
    let one = request(database, "E1", 1, &[&["/a"], &["/b"]]).await;
    let two = request(database, "E1", 1, &[&["/c"]]).await;
    let unstated = async || database.get(async |conn| audit::unstated_invalidation(conn).await).await;
    database.append(stated(&one)).await;
    assert_eq!(unstated().await, Some(two.id.clone()));
    database.append(stated(&two)).await;
    assert_eq!(unstated().await, None);

    let ids = [one.id.clone(), two.id.clone(), InvalidationId::from_trusted(uuid())];
    let mut rows = database.get(async |conn| invalidations::find_all(conn, &ids).await).await;
    rows.sort_by_key(|row| std::cmp::Reverse(row.item_count));
    assert_eq!(rows.iter().map(|row| &row.id).collect::<Vec<_>>(), [&one.id, &two.id]);
    let found = database.get(async |conn| batches::of_invalidations(conn, &ids).await).await;
    let of_one: Vec<_> = found.iter().filter(|batch| batch.invalidation == one.id).cloned().collect();
    assert_eq!(of_one.iter().map(|batch| batch.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(found.len(), 3);
    let events = database.get(async |conn| audit::of_invalidations(conn, &ids).await).await;
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2]);
    let stating = async |after, numbers| {
        let events = database.get(async |conn| audit::stating(conn, after, numbers).await).await;
        events.iter().map(|event| event.sequence).collect::<Vec<_>>()
    };
    assert_eq!(
        (stating(0, 9).await, stating(0, 1).await, stating(1, 9).await),
        (vec![1, 2], vec![1], vec![2])
    );

    let contradiction = async || database.get(async |conn| audit::contradiction(conn, &one.id).await).await;
    assert_eq!(contradiction().await, None);
    let listed = async || {
        let mut rows = database.get(async |conn| invalidations::find_all(conn, &ids).await).await;
        rows.sort_by_key(|row| std::cmp::Reverse(row.item_count));
        database.get(async |conn| audit::contradicted(conn, &rows).await).await
    };
    assert_eq!(listed().await, []);
    assert_eq!(database.get(async |conn| audit::contradicted(conn, &[]).await).await, []);
    for column in ["reason", "actor_name", "first_item"] {
        let mut raw = database.raw().await;
        let set = |value: &str| format!("UPDATE invalidation SET {column} = {value} WHERE item_count = 1");
        let before = raw.texts(&format!("SELECT {column} FROM invalidation WHERE item_count = 1")).await;
        raw.run(&set("'/false'")).await.unwrap();
        assert_eq!(listed().await, std::slice::from_ref(&two.id), "{column}");
        raw.run(&set(&format!("'{}'", before[0]))).await.unwrap();
    }
    assert_eq!(listed().await, []);
    database.raw().await.run("UPDATE batch SET items = '[]' WHERE number = 2").await.unwrap();
    let found = contradiction().await.unwrap();
    assert!(found.sequence == 1 && matches!(found.flaw, Flaw::Tables(_)), "{found}");
    let of = async |row| database.get(async |conn| audit::contradiction_of(conn, row, &of_one).await).await;
    assert_eq!(of(&rows[0]).await, None, "these rows were read before");
    let listed =
        async |event: &Event| database.get(async |conn| audit::items_as_recorded(conn, event).await).await;
    assert_eq!(listed(&stated(&one)).await, Some(items(&["/a", "/b"])), "few stand in the event");
    let mut long = stated(&two);
    long.items.shown.clear();
    assert_eq!(listed(&long).await, Some(items(&["/c"])));
    database.raw().await.run("UPDATE batch SET items = '[\"/d\"]'").await.unwrap();
    assert_eq!(listed(&long).await, None);

    // A list that cannot be read stops nothing but who would act on it.
    database.raw().await.run("UPDATE batch SET items = 'xx'").await.unwrap();
    assert_eq!(listed(&long).await, None);
    assert!(matches!(contradiction().await.unwrap().flaw, Flaw::Tables(_)));
    let found = database.get(async |conn| batches::of_invalidations(conn, &ids).await).await;
    assert!(found.len() == 3 && found.iter().all(|batch| batch.items.is_empty()));
    let items = batches::items_of(&mut database.db.read().await.unwrap(), &one.id).await;
    assert!(matches!(items, Err(StoreError::Unreadable(_))), "{items:?}");
}

async fn a_request_for_approval_that_is_gone_is_named(database: &Database) {
    let mut event = Event::new(at(1), &acting(), Action::ProposalMade);
    event.target = Target::Proposal(ProposalId::from_trusted(uuid()).clone());
    database.append(event).await;
    let asked = database.get(async |conn| audit::find(conn, 1).await).await.unwrap();
    let found = database.get(async |conn| audit::proposal_contradiction(conn, &asked, at(2)).await).await;
    assert!(found.unwrap().to_string().contains("is not in the database"));
}

async fn a_request_for_approval_that_no_event_asks_for_is_named(database: &Database) {
    distributions(database, &["E1"]).await;
    let asked = super::protection::proposal("E1", 1);
    database.write(async |tx| proposals::insert(tx, &asked).await).await;
    let found =
        async || database.get(async |conn| audit::contradiction_of_proposal(conn, &asked, at(2)).await).await;
    assert!(found().await.unwrap().to_string().contains("no event asks for"));
    let unstated = async || database.get(async |conn| audit::unstated_proposal(conn).await).await;
    assert_eq!(unstated().await, Some(asked.id.clone()));
    database.append(proposal_made(&asked)).await;
    assert_eq!((found().await, unstated().await), (None, None));
    database.raw().await.run("UPDATE proposal SET items = '[\"/false\"]'").await.unwrap();
    assert!(found().await.unwrap().to_string().contains("list of items"));
    database.raw().await.run("UPDATE proposal SET items = 'xx'").await.unwrap();
    assert!(found().await.unwrap().to_string().contains("cannot be read"));
    let recent =
        database.get(async |conn| proposals::recent(conn, &Access::whole(Role::Admin), 9, at(2)).await).await;
    assert_eq!(recent[0].items, [], "the list of all does not stop for one");
}

async fn the_tables_are_of_this_program_and_may_be_written(database: &Database) {
    let standing = async || database.get(async |conn| tables::standing(conn).await).await;
    assert_eq!(standing().await, Tables::Current);
    database.write(async |tx| tables::try_to_write(tx).await).await;
    let mut raw = database.raw().await;
    assert_eq!(raw.number("SELECT count(*) FROM idempotency").await, 0, "nothing is left");
    raw.run("UPDATE _sqlx_migrations SET version = 9000 WHERE version = 1").await.unwrap();
    assert!(matches!(standing().await, Tables::Newer { there: 9_000, .. }));
    raw.run("DELETE FROM _sqlx_migrations WHERE version > 2").await.unwrap();
    assert!(matches!(standing().await, Tables::Older { there: 2, .. }));
    raw.run("DELETE FROM _sqlx_migrations").await.unwrap();
    assert_eq!(standing().await, Tables::None);
}

on_each_engine!(
    what_events_state_is_held_against_the_rows,
    a_request_for_approval_that_is_gone_is_named,
    a_request_for_approval_that_no_event_asks_for_is_named,
    the_tables_are_of_this_program_and_may_be_written,
);
