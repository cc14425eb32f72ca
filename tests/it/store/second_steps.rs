//! Second steps and recovery codes.

use unstale::{
    domain::{
        access::Role,
        sign_in::{
            person::Person,
            second_step::{RecoveryCode, TotpSecret},
        },
    },
    store::sign_in::{people, second_steps},
};

use crate::support::{Database, at, on_each_engine, person};

async fn ada(database: &Database) -> Person {
    let ada = person("ada@example.com", Role::Admin);
    database.write(async |tx| people::insert(tx, &ada, "hash").await).await;
    ada
}

async fn a_step_is_offered_confirmed_and_used_once(database: &Database) {
    let ada = ada(database).await;
    let (first, second) = (TotpSecret::from_random([1; 20]), TotpSecret::from_random([2; 20]));
    let offer = async |secret: &TotpSecret| {
        database.write(async |tx| second_steps::offer(tx, &ada.id, secret, at(0)).await).await
    };
    let find = async || database.get(async |conn| second_steps::find(conn, &ada.id).await).await;
    let on = async || database.get(async |conn| second_steps::people(conn).await).await.len();
    let use_step =
        async |step| database.write(async |tx| second_steps::use_step(tx, &ada.id, step).await).await;
    let confirm =
        async || database.write(async |tx| second_steps::confirm(tx, &ada.id, 7, at(1)).await).await;
    assert_eq!(find().await, None);
    assert!(!confirm().await, "nothing was offered");
    assert!(offer(&first).await && offer(&second).await);
    assert!(!use_step(8).await, "it is not on yet");
    assert_eq!((find().await.unwrap().secret, on().await), (second.clone(), 0));
    assert!(confirm().await);
    assert!(!confirm().await);
    assert!(!offer(&first).await, "it is on");
    let step = find().await.unwrap();
    assert_eq!((step.secret, step.confirmed_at, step.last_step), (second, Some(at(1)), 7));
    assert_eq!(on().await, 1);
    assert_eq!((use_step(7).await, use_step(9).await, use_step(9).await), (false, true, false));
    let delete = async || database.write(async |tx| second_steps::delete(tx, &ada.id).await).await;
    assert_eq!((delete().await, delete().await, find().await), (true, false, None));
}

async fn an_offer_is_taken_away_and_a_step_that_is_on_stays(database: &Database) {
    let ada = ada(database).await;
    let find = async || database.get(async |conn| second_steps::find(conn, &ada.id).await).await;
    let secret = TotpSecret::from_random([1; 20]);
    let take = async || database.write(async |tx| second_steps::delete_offer(tx, &ada.id).await).await;
    database.write(async |tx| second_steps::offer(tx, &ada.id, &secret, at(0)).await).await;
    take().await;
    assert_eq!(find().await, None);
    database.write(async |tx| second_steps::offer(tx, &ada.id, &secret, at(0)).await).await;
    database.write(async |tx| second_steps::confirm(tx, &ada.id, 7, at(1)).await).await;
    take().await;
    assert!(find().await.is_some());
}

async fn a_recovery_code_works_once(database: &Database) {
    let ada = ada(database).await;
    let hashes: Vec<_> = (1..=3).map(|byte| RecoveryCode::from_random([byte; 24]).hash()).collect();
    let replace = async |from: usize| {
        database.write(async |tx| second_steps::replace_codes(tx, &ada.id, &hashes[from..]).await).await;
    };
    let left = async || database.get(async |conn| second_steps::codes_left(conn, &ada.id).await).await;
    let used = async |n: usize| {
        database.write(async |tx| second_steps::use_code(tx, &ada.id, &hashes[n], at(1)).await).await
    };
    replace(0).await;
    assert_eq!(left().await, 3);
    assert_eq!((used(0).await, used(0).await, left().await), (true, false, 2));
    replace(1).await;
    assert_eq!((used(0).await, used(2).await, left().await), (false, true, 1));
}

on_each_engine!(
    a_step_is_offered_confirmed_and_used_once,
    an_offer_is_taken_away_and_a_step_that_is_on_stays,
    a_recovery_code_works_once,
);
