//! What waits in somebody's name.

use std::collections::HashMap;

use unstale::{
    domain::{
        actor::{Actor, ActorKind},
        id::{PersonId, TokenId},
    },
    store::invalidations::{batches, proposals, waiting},
};

use super::{given, protection::proposal};
use crate::support::{Database, acting, at, on_each_engine};

async fn what_is_queued_or_waits_for_a_second_person_waits(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let ada = acting().actor;
    let of = async |actor: &Actor, limit| {
        database.get(async |conn| waiting::invalidations_of(conn, actor, limit).await).await
    };
    let counts =
        async |now| database.get(async |conn| waiting::counts(conn, ActorKind::Person, at(now)).await).await;
    assert_eq!((of(&ada, 9).await, counts(0).await), (Vec::new(), HashMap::new()));
    let first = given::request(database, "E1", 1, &[&["/a"], &["/b"]]).await;
    let second = given::request(database, "E1", 2, &[&["/c"]]).await;
    assert_eq!(of(&ada, 9).await, [first.id.clone(), second.id.clone()]);
    assert_eq!(of(&ada, 1).await, std::slice::from_ref(&first.id), "the oldest first");
    assert_eq!(of(&Actor::person(&PersonId::from_trusted("p2"), ada.name()), 9).await, []);
    assert_eq!(
        of(&Actor::Token { id: TokenId::from_trusted("p1"), name: ada.name().to_owned() }, 9).await,
        []
    );

    let asked = proposal("E1", 0);
    database.write(async |tx| proposals::insert(tx, &asked).await).await;
    let proposals_of =
        async |now| database.get(async |conn| waiting::proposals_of(conn, &ada, at(now), 9).await).await;
    assert_eq!(proposals_of(99).await, std::slice::from_ref(&asked.id));
    assert_eq!(proposals_of(100).await, [], "it has expired");
    assert_eq!(counts(99).await, HashMap::from([(ada.id().to_owned(), 3)]));

    // What CloudFront may have does not wait any more.
    let claimed = &first.batches[0].id;
    database.write(async |tx| batches::claim(tx, claimed, "lease", at(3), at(60)).await).await;
    assert_eq!(of(&ada, 9).await.len(), 2, "its other batch does");
    database.write(async |tx| batches::cancel_queued(tx, &first.id).await).await;
    assert_eq!(of(&ada, 9).await, [second.id]);
    assert_eq!(counts(100).await, HashMap::from([(ada.id().to_owned(), 1)]));
}

async fn what_was_asked_for_by_a_clock_that_was_ahead_waits_for_nobody(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let ada = acting().actor;
    let asked = proposal("E1", 365 * 24 * 60 * 60);
    database.write(async |tx| proposals::insert(tx, &asked).await).await;
    let of = database.get(async |conn| waiting::proposals_of(conn, &ada, at(0), 9).await).await;
    assert_eq!(of, []);
    let counts = database.get(async |conn| waiting::counts(conn, ActorKind::Person, at(0)).await).await;
    assert_eq!(counts, HashMap::new());
    let all = crate::support::all_seen();
    assert_eq!(
        database
            .get(async |conn| proposals::waiting_for(conn, &PersonId::from_trusted("nobody"), &all, at(0))
                .await)
            .await,
        0
    );
    assert_eq!(database.get(async |conn| proposals::waiting_of(conn, &ada, at(0)).await).await, 0);
    let decided =
        database.write(async |tx| proposals::decide(tx, &asked.id, &ada, "", None, at(0)).await).await;
    assert!(!decided, "nobody approves it next year");
}

on_each_engine!(
    what_is_queued_or_waits_for_a_second_person_waits,
    what_was_asked_for_by_a_clock_that_was_ahead_waits_for_nobody,
);
