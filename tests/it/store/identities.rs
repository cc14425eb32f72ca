//! Who people are to providers, and the groups that these tell.

use unstale::{
    domain::access::Role,
    store::{
        StoreError,
        access::groups,
        sign_in::{identities, people},
    },
};

use crate::support::{Database, at, on_each_engine, person};

async fn a_subject_is_one_person_of_one_issuer(database: &Database) {
    let ada = person("ada@example.com", Role::Admin);
    database
        .write(async |tx| {
            people::insert(tx, &ada, "").await?;
            identities::insert(tx, "https://a.example", "s", &ada.id, at(0)).await
        })
        .await;
    let find = async |issuer: &str, subject: &str| {
        database.get(async |conn| identities::find(conn, issuer, subject).await).await
    };
    assert_eq!(find("https://a.example", "s").await, Some(ada.clone()));
    assert_eq!(find("https://a.example/", "s").await, None);
    assert_eq!(find("https://a.example", "S").await, None);
    let again = database
        .try_write(async |tx| identities::insert(tx, "https://a.example", "s", &ada.id, at(0)).await)
        .await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
    let of = database.get(async |conn| identities::of_person(conn, &ada.id).await).await;
    assert_eq!(of, [("https://a.example".to_owned(), "s".to_owned())]);
}

async fn provided_groups_replace_only_each_other(database: &Database) {
    let ada = person("ada@example.com", Role::Admin);
    database.write(async |tx| people::insert(tx, &ada, "").await).await;
    let mut raw = database.raw().await;
    for group in ["ops", "web"] {
        raw.run(&format!("INSERT INTO person_group VALUES ('{}', '{group}', 'local')", ada.id))
            .await
            .unwrap();
    }
    let told = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    for names in [told(&["dev", "ops"]), told(&["qa"])] {
        database.write(async |tx| groups::replace_provided(tx, &ada.id, &names).await).await;
        assert_eq!(database.get(async |conn| groups::provided(conn, &ada.id).await).await, names);
    }
    assert_eq!(database.get(async |conn| groups::of_person(conn, &ada.id).await).await, ["ops", "qa", "web"]);
}

on_each_engine!(a_subject_is_one_person_of_one_issuer, provided_groups_replace_only_each_other);
