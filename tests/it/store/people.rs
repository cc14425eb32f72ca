//! People and the set-up link.

use unstale::{
    domain::{
        access::Role,
        secret::{Secret, SecretHash},
        sign_in::person::{Email, Person},
    },
    store::{
        StoreError,
        sign_in::people::{self, PeopleColumn},
    },
};

use crate::support::{Database, at, on_each_engine, person};

fn hash(byte: u8) -> SecretHash {
    Secret::from_random([byte; 32]).hash()
}

async fn people_are_found_by_their_address(database: &Database) {
    let (zoe, ada) = (person("zoe@example.com", Role::Viewer), person("ada@example.com", Role::Admin));
    assert!(database.get(async |conn| people::is_empty(conn).await).await);
    database
        .write(async |tx| {
            people::insert(tx, &zoe, "hash of zoe").await?;
            people::insert(tx, &ada, "hash of ada").await
        })
        .await;
    assert!(!database.get(async |conn| people::is_empty(conn).await).await);
    let email = Email::parse("Ada@Example.com").unwrap();
    let found = database.get(async |conn| people::find(conn, &email).await).await;
    assert_eq!(found, Some((ada.clone(), "hash of ada".to_owned())));
    let nobody = Email::parse("eve@example.com").unwrap();
    assert_eq!(database.get(async |conn| people::find(conn, &nobody).await).await, None);
    assert_eq!(database.get(async |conn| people::list(conn).await).await, [ada, zoe]);
}

async fn people_are_searched_and_ordered(database: &Database) {
    let all = [
        ("zoe@a.example", Role::Viewer, 1),
        ("ada@b.example", Role::Admin, 3),
        ("a_b@a.example", Role::Viewer, 2),
    ];
    for (email, role, since) in all {
        let person = Person { created_at: at(since), ..person(email, role) };
        database.write(async |tx| people::insert(tx, &person, "").await).await;
    }
    let page = async |text, order, from| {
        let found = database.get(async |conn| people::page(conn, text, order, from).await).await;
        found.into_iter().map(|person| person.email).collect::<Vec<_>>()
    };
    let (ada, underscore, zoe) = ("ada@b.example", "a_b@a.example", "zoe@a.example");
    assert_eq!(page("", (PeopleColumn::Since, false), (0, 9)).await, [zoe, underscore, ada]);
    assert_eq!(page("", (PeopleColumn::Since, true), (1, 1)).await, [underscore]);
    assert_eq!(page("", (PeopleColumn::Role, false), (0, 1)).await, [ada]);
    assert_eq!(page("", (PeopleColumn::Role, true), (2, 9)).await, [ada]);
    assert_eq!(page("@A.", (PeopleColumn::Email, true), (0, 1)).await, [zoe]);
    for (text, expected) in [("a_", 1), ("%", 0), ("\\", 0), ("@a", 2), ("", 3)] {
        assert_eq!(page(text, (PeopleColumn::Email, false), (0, 9)).await.len(), expected, "{text}");
        assert_eq!(database.get(async |conn| people::count(conn, text).await).await, expected, "{text}");
    }
}

async fn an_address_belongs_to_one_person(database: &Database) {
    let first = person("ada@example.com", Role::Admin);
    database.write(async |tx| people::insert(tx, &first, "hash").await).await;
    let second = person("ada@example.com", Role::Viewer);
    let again = database.try_write(async |tx| people::insert(tx, &second, "hash").await).await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
    assert_eq!(database.get(async |conn| people::list(conn).await).await, [first]);
}

async fn a_set_up_link_is_used_once(database: &Database) {
    database.write(async |tx| people::replace_set_up_link(tx, &hash(1), at(0), at(100)).await).await;
    let good = async |byte, now| {
        database.get(async |conn| people::set_up_link_is_good(conn, &hash(byte), now).await).await
    };
    assert!(good(1, at(99)).await);
    assert!(!good(1, at(100)).await, "it is over at its end");
    let ahead = at(0).minus(std::time::Duration::from_secs(61));
    assert!(!good(1, ahead).await, "a clock that was ahead made it");
    let used = database.write(async |tx| people::use_set_up_link(tx, &hash(1), ahead).await).await;
    assert!(!used, "nor is it used");
    assert!(!good(2, at(0)).await, "another secret is no link");
    let used = async |byte, now| {
        database.write(async |tx| people::use_set_up_link(tx, &hash(byte), now).await).await
    };
    assert!(!used(2, at(1)).await);
    assert!(!used(1, at(100)).await);
    assert!(used(1, at(1)).await);
    assert!(!used(1, at(1)).await, "it is used up");
}

async fn a_new_set_up_link_ends_the_one_before(database: &Database) {
    database.write(async |tx| people::replace_set_up_link(tx, &hash(1), at(0), at(100)).await).await;
    database.write(async |tx| people::replace_set_up_link(tx, &hash(2), at(0), at(100)).await).await;
    let good = async |byte| {
        database.get(async |conn| people::set_up_link_is_good(conn, &hash(byte), at(1)).await).await
    };
    assert!(!good(1).await);
    assert!(good(2).await);
}

async fn what_an_administrator_changes_is_kept(database: &Database) {
    let (ada, eve) = (person("ada@example.com", Role::Admin), person("eve@example.com", Role::Admin));
    database
        .write(async |tx| {
            people::insert(tx, &ada, "hash").await?;
            people::insert(tx, &eve, "").await
        })
        .await;
    let admins = async || database.write(async |tx| people::lock_admins(tx).await).await.len();
    assert_eq!(admins().await, 2);
    let with_password = database.get(async |conn| people::with_password(conn).await).await;
    assert_eq!(with_password, std::slice::from_ref(&ada.id));
    database.write(async |tx| people::set_disabled(tx, &ada.id, Some(at(3))).await).await;
    assert_eq!(admins().await, 1);
    database.write(async |tx| people::set_disabled(tx, &ada.id, None).await).await;
    database.write(async |tx| people::set_role(tx, &ada.id, Role::Viewer).await).await;
    database.write(async |tx| people::set_password(tx, &ada.id, "other").await).await;
    let found = database.get(async |conn| people::find_by_id(conn, &ada.id).await).await;
    assert_eq!(
        found,
        Some((unstale::domain::sign_in::person::Person { role: Role::Viewer, ..ada }, "other".to_owned()))
    );
    assert_eq!(admins().await, 1);
    let nobody = unstale::domain::id::PersonId::from_trusted("nobody");
    assert_eq!(database.get(async |conn| people::find_by_id(conn, &nobody).await).await, None);
}

on_each_engine!(
    what_an_administrator_changes_is_kept,
    people_are_found_by_their_address,
    people_are_searched_and_ordered,
    an_address_belongs_to_one_person,
    a_set_up_link_is_used_once,
    a_new_set_up_link_ends_the_one_before,
);
