//! What decides on a request before its items do, read at once.

use unstale::{
    domain::{
        access::{Access, Role},
        distributions::{
            distribution::Distribution,
            protection::{Guard, Protection},
        },
        id::{RequestKey, TokenId},
        invalidations::{
            item::Item,
            monthly_budget::{BudgetKind, BudgetScope, MonthlyBudget},
        },
        secret::{Secret, SecretHash},
        sign_in::person::Person,
    },
    store::{
        access::{self, grants},
        distributions::{self, protections},
        invalidations::{
            monthly_budgets,
            preconditions::{self, Asking, Preconditions},
            proposals,
        },
        sign_in::{people, sessions},
        tokens,
    },
};

use super::{
    given::{self, id, request},
    protection::proposal,
};
use crate::support::{Database, at, distribution, on_each_engine, person, seconds, uuid};

fn new_key() -> RequestKey {
    RequestKey::from_trusted(uuid())
}

async fn what_there_is_of_a_distribution_and_a_key(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let hold = async |distribution: &str, key: &RequestKey| {
        database.write(async |tx| preconditions::hold(tx, Asking::Other, &id(distribution), key).await).await
    };
    let nothing = |distribution: &str| Preconditions {
        access: None,
        token: None,
        key_used: false,
        tenant_only: false,
        has_budgets: false,
        protection: Protection::none(id(distribution)),
    };
    assert_eq!(hold("E1", &new_key()).await, nothing("E1"));
    assert_eq!(hold("E9", &new_key()).await, nothing("E9"), "no such distribution");
    let protection = Protection {
        guard: Guard::TypedName,
        wide_above: Some(10),
        reason_required: true,
        cool_down: seconds(30),
        ..Protection::none(id("E1"))
    };
    database.write(async |tx| protections::set(tx, &protection).await).await;
    let tenants = Distribution { tenant_only: true, ..distribution("E2") };
    database.write(async |tx| distributions::upsert(tx, &tenants).await).await;
    assert_eq!(hold("E1", &new_key()).await, Preconditions { protection, ..nothing("E1") });
    assert_eq!(hold("E2", &new_key()).await, Preconditions { tenant_only: true, ..nothing("E2") });
    let budget = MonthlyBudget {
        scope: BudgetScope { kind: BudgetKind::Distribution, id: "E1".to_owned() },
        name: "E1".to_owned(),
        soft_items: None,
        hard_items: Some(5),
    };
    database.write(async |tx| monthly_budgets::set(tx, &budget).await).await;
    assert!(hold("E2", &new_key()).await.has_budgets, "it says whether to ask for budgets, not whose");
    let (invalidation, waits) = (request(database, "E2", 1, &[&["/a"]]).await, proposal("E1", 0));
    database.write(async |tx| proposals::insert(tx, &waits).await).await;
    for key in [&invalidation.request_key, &waits.request_key] {
        assert!(hold("E2", key).await.key_used);
    }
}

async fn sign_in(database: &Database, email: &str, byte: u8) -> (Person, SecretHash) {
    let (person, hash) = (person(email, Role::Operator), Secret::from_random([byte; 32]).hash());
    database.write(async |tx| people::insert(tx, &person, "hash").await).await;
    given::session(database, &person, &hash).await;
    (person, hash)
}

async fn the_access_is_that_of_the_person_with_the_session(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let (ada, of_ada) = sign_in(database, "ada@example.com", 1).await;
    let (_, of_eve) = sign_in(database, "eve@example.com", 2).await;
    let hold = async |handle: &str| {
        let asks = Asking::Person(&ada.id, handle);
        let key = new_key();
        database.write(async |tx| preconditions::hold(tx, asks, &id("E1"), &key).await).await.access
    };
    let of_person = async || database.get(async |conn| access::of_person(conn, &ada.id).await).await;
    let whole = hold(&of_ada.handle()).await;
    assert_eq!(whole, of_person().await);
    assert!(whole.is_some_and(|access| access.sees(&id("E2"))));
    assert_eq!(hold(&of_eve.handle()).await, None, "another's session");
    let narrow = super::access::grant(&format!("person:{}", ada.id), super::access::at_site("E1"), "/docs/");
    database.write(async |tx| grants::insert(tx, &narrow, at(0)).await).await;
    let narrowed = hold(&of_ada.handle()).await;
    assert_eq!(narrowed, of_person().await);
    let narrowed = narrowed.unwrap();
    assert!(narrowed.covers(&id("E1"), &Item::from_trusted("/docs/a")) && !narrowed.sees(&id("E2")));
    database.write(async |tx| people::set_disabled(tx, &ada.id, Some(at(2))).await).await;
    assert_eq!(hold(&of_ada.handle()).await, Some(Access::nothing()), "disabled");
    database.write(async |tx| sessions::delete_of_person(tx, &ada.id, None).await).await;
    assert_eq!(hold(&of_ada.handle()).await, None, "the session has ended");
}

async fn the_token_is_the_one_that_asks(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let token = super::tokens::keep(database, "deploy").await;
    super::tokens::keep(database, "another").await;
    let hold = async |token: &TokenId| {
        let key = new_key();
        let asks = Asking::Token(token);
        database.write(async |tx| preconditions::hold(tx, asks, &id("E1"), &key).await).await.token
    };
    let find = async || database.get(async |conn| tokens::find(conn, &token.id).await).await;
    assert_eq!(hold(&token.id).await, Some(token.clone()));
    let narrow = super::access::grant(&format!("token:{}", token.id), super::access::at_site("E1"), "/docs/");
    database.write(async |tx| grants::insert(tx, &narrow, at(0)).await).await;
    database.write(async |tx| tokens::touch(tx, &token.id, at(3)).await).await;
    database.write(async |tx| tokens::revoke(tx, &token.id, at(4)).await).await;
    let held = hold(&token.id).await;
    assert!(held.as_ref().is_some_and(|token| token.has_grants), "{held:?}");
    assert_eq!(held, find().await);
    assert_eq!(hold(&TokenId::from_trusted("none")).await, None);
}

on_each_engine!(
    what_there_is_of_a_distribution_and_a_key,
    the_access_is_that_of_the_person_with_the_session,
    the_token_is_the_one_that_asks,
);
