//! Searches that people save, for themselves or for everyone.

use unstale::{
    domain::{access::Role, audit::saved_search::SavedSearch},
    store::{audit::saved_searches, sign_in::people},
};

use crate::support::{Database, at, on_each_engine, person};

fn search(id: &str, seconds: u64, for_everyone: bool) -> SavedSearch {
    SavedSearch {
        id: id.to_owned(),
        name: "ünïcode '".to_owned(),
        query: "q=%2Fa&when=7d".to_owned(),
        created_at: at(seconds),
        for_everyone,
    }
}

async fn each_person_has_their_own_and_all_have_some_in_common(database: &Database) {
    let (ada, bob) = (person("ada@example.com", Role::Viewer), person("bob@example.com", Role::Viewer));
    database
        .write(async |tx| {
            people::insert(tx, &ada, "hash").await?;
            people::insert(tx, &bob, "hash").await?;
            saved_searches::insert(tx, &ada.id, &search("s2", 2, false)).await?;
            saved_searches::insert(tx, &ada.id, &search("s4", 4, true)).await?;
            saved_searches::insert(tx, &bob.id, &search("s3", 3, true)).await?;
            saved_searches::insert(tx, &ada.id, &search("s1", 1, false)).await
        })
        .await;
    let own = async |who| database.get(async |conn| saved_searches::own(conn, who).await).await;
    let common = async || database.get(async |conn| saved_searches::for_everyone(conn).await).await;
    assert_eq!(own(&ada.id).await, [search("s1", 1, false), search("s2", 2, false)]);
    assert_eq!(own(&bob.id).await, []);
    assert_eq!(common().await, [search("s3", 3, true), search("s4", 4, true)]);
    database.write(async |tx| saved_searches::delete(tx, "s1").await).await;
    database.write(async |tx| saved_searches::delete(tx, "s3").await).await;
    assert_eq!(own(&ada.id).await, [search("s2", 2, false)]);
    assert_eq!(common().await, [search("s4", 4, true)]);
}

on_each_engine!(each_person_has_their_own_and_all_have_some_in_common);
