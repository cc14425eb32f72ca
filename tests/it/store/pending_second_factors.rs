//! Sign-ins that wait for their code.

use unstale::{
    domain::{
        access::Role,
        secret::{Secret, SecretHash},
        sign_in::{second_step::TotpSecret, session::PENDING_SECOND_FACTOR_LIFE},
        time::MOMENT,
    },
    store::sign_in::{
        pending_second_factors::{self, PendingSecondFactor},
        people,
    },
};

use crate::support::{Database, at, on_each_engine, person};

fn hash(byte: u8) -> SecretHash {
    Secret::from_random([byte; 32]).hash()
}

async fn half_a_sign_in_is_short_and_tried_a_few_times(database: &Database) {
    let (ada, offered) = (person("ada@example.com", Role::Admin), TotpSecret::from_random([7; 20]));
    database
        .write(async |tx| {
            people::insert(tx, &ada, "hash").await?;
            pending_second_factors::insert(tx, &hash(1), &ada.id, Some(&offered), at(0), at(10)).await
        })
        .await;
    let half = PendingSecondFactor { person: ada.clone(), offered: Some(offered) };
    let find = async |byte, now| {
        database.get(async |conn| pending_second_factors::find(conn, &hash(byte), at(now)).await).await
    };
    assert_eq!(find(1, 9).await, Some(half));
    assert_eq!(find(1, 10).await, None);
    let begun_ahead =
        at(10).minus(PENDING_SECOND_FACTOR_LIFE).minus(MOMENT).minus(std::time::Duration::from_micros(1));
    let half_of =
        database.get(async |conn| pending_second_factors::find(conn, &hash(1), begun_ahead).await).await;
    assert_eq!(half_of, None, "a clock that was ahead began it");
    assert_eq!(find(2, 0).await, None);
    let counted =
        async || database.write(async |tx| pending_second_factors::count_try(tx, &hash(1), 2).await).await;
    assert_eq!((counted().await, counted().await, counted().await), (true, true, false));
    // One that is over makes room for the next.
    database
        .write(async |tx| pending_second_factors::insert(tx, &hash(2), &ada.id, None, at(10), at(20)).await)
        .await;
    assert_eq!(find(2, 11).await.map(|half| half.offered), Some(None));
    assert_eq!(database.raw().await.number("SELECT count(*) FROM pending_second_factor").await, 1);
    database.write(async |tx| people::set_disabled(tx, &ada.id, Some(at(1))).await).await;
    assert_eq!(find(2, 11).await, None, "disabled");
    database.write(async |tx| pending_second_factors::delete_of_person(tx, &ada.id).await).await;
    assert_eq!(database.raw().await.number("SELECT count(*) FROM pending_second_factor").await, 0);
}

on_each_engine!(half_a_sign_in_is_short_and_tried_a_few_times);
