//! One-time links for passwords.

use unstale::{
    domain::{
        access::Role,
        secret::{Secret, SecretHash},
        sign_in::session::LINK_LIFE,
        time::MOMENT,
    },
    store::sign_in::{password_links, people},
};

use crate::support::{Database, at, on_each_engine, person};

fn hash(byte: u8) -> SecretHash {
    Secret::from_random([byte; 32]).hash()
}

async fn a_person_has_one_link_that_ends(database: &Database) {
    let ada = person("ada@example.com", Role::Admin);
    database.write(async |tx| people::insert(tx, &ada, "").await).await;
    for byte in [1, 2] {
        database.write(async |tx| password_links::replace(tx, &ada.id, &hash(byte), at(10)).await).await;
    }
    let find = async |byte, now| {
        database.get(async |conn| password_links::find(conn, &hash(byte), at(now)).await).await
    };
    assert_eq!(find(1, 0).await, None, "the newer one replaced it");
    assert_eq!(find(2, 9).await, Some(ada.clone()));
    let invited = async |now| database.get(async |conn| password_links::invited(conn, at(now)).await).await;
    assert_eq!((invited(9).await, invited(10).await), (vec![ada.id.clone()], vec![]));
    assert_eq!(find(2, 10).await, None);
    let made_ahead = at(10).minus(LINK_LIFE).minus(MOMENT).minus(std::time::Duration::from_micros(1));
    let found = database.get(async |conn| password_links::find(conn, &hash(2), made_ahead).await).await;
    assert_eq!(found, None, "a clock that was ahead made it");
    let delete = async || database.write(async |tx| password_links::delete(tx, &ada.id).await).await;
    assert!(delete().await);
    assert!(!delete().await);
    assert_eq!(find(2, 9).await, None);
}

on_each_engine!(a_person_has_one_link_that_ends);
