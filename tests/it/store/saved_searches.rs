//! Searches that people keep.

use unstale::{
    domain::{access::Role, audit::saved_search::SavedSearch},
    store::{audit::saved_searches, sign_in::people},
};

use crate::support::{Database, at, on_each_engine, person};

fn search(id: &str, seconds: u64) -> SavedSearch {
    SavedSearch {
        id: id.to_owned(),
        name: "ünïcode '".to_owned(),
        query: "q=%2Fa".to_owned(),
        created_at: at(seconds),
    }
}

async fn each_person_has_their_own(database: &Database) {
    let (ada, bob) = (person("ada@example.com", Role::Viewer), person("bob@example.com", Role::Viewer));
    database
        .write(async |tx| {
            people::insert(tx, &ada, "hash").await?;
            people::insert(tx, &bob, "hash").await?;
            saved_searches::insert(tx, &ada.id, &search("s2", 2)).await?;
            saved_searches::insert(tx, &ada.id, &search("s1", 1)).await
        })
        .await;
    let list = async |who| database.get(async |conn| saved_searches::list(conn, who).await).await;
    assert_eq!(list(&ada.id).await, [search("s1", 1), search("s2", 2)]);
    assert_eq!(list(&bob.id).await, []);
    let delete = async |who, id| database.write(async |tx| saved_searches::delete(tx, who, id).await).await;
    assert!(!delete(&bob.id, "s1").await, "another's stays");
    assert!(delete(&ada.id, "s1").await);
    assert!(!delete(&ada.id, "s1").await);
    assert_eq!(list(&ada.id).await, [search("s2", 2)]);
}

on_each_engine!(each_person_has_their_own);
