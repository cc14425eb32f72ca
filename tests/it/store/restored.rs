//! What a restored backup holds that may have been sent since.

use unstale::{
    domain::{access::Role, secret::SecretHash},
    store::{
        invalidations::batches,
        sign_in::{password_links, people, sessions},
    },
};

use super::{
    batches::{accept, claim},
    given::{self, id},
};
use crate::support::{Database, Raw, at, items, on_each_engine, person};

async fn marked(raw: &mut Raw) -> Vec<String> {
    raw.texts(
        "SELECT i.first_item FROM batch b JOIN invalidation i ON i.id = b.invalidation_id
               WHERE b.restored_from IS NOT NULL AND b.alone ORDER BY i.first_item",
    )
    .await
}

async fn what_was_due_is_marked(database: &Database) {
    given::distributions(database, &["E1"]).await;
    given::request(database, "E1", 10, &[&["/queued"]]).await;
    let sending = given::request(database, "E1", 11, &[&["/sending"]]).await;
    assert!(claim(database, &sending.batches[0].id, "lease", 12).await);
    let there = given::request(database, "E1", 13, &[&["/there"]]).await;
    accept(database, &there.batches[0].id, "I1", 14).await;
    given::request(database, "E1", 90, &[&["/later"]]).await;
    let due = database.write(async |tx| batches::mark_restored(tx, at(20)).await).await;
    assert_eq!(due, 2);
    assert_eq!(marked(&mut database.raw().await).await, ["/queued", "/sending"]);
    let sent =
        database.get(async |conn| batches::sent_for(conn, &sending.batches[0].id).await).await.unwrap();
    assert_eq!((sent.restored_from, sent.is_merged), (Some(at(12)), false), "since its first call");
}

async fn what_cloudfront_accepted_since_is_known(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    for (distribution, path, taken, second) in [
        ("E1", "/before", "I1", 10),
        ("E1", "/a", "I2", 20),
        ("E1", "/img/*", "I3", 30),
        ("E2", "/b", "I4", 40),
    ] {
        let request = given::request(database, distribution, second, &[&[path]]).await;
        accept(database, &request.batches[0].id, taken, second + 1).await;
    }
    given::request(database, "E1", 50, &[&["/waits"]]).await;
    let accepted = database.get(async |conn| batches::accepted_since(conn, &id("E1"), at(21)).await).await;
    assert!(accepted.refresh_all(&items(&["/a", "/img/x.png"])));
    for other in ["/before", "/b", "/waits"] {
        assert!(!accepted.refresh_all(&items(&[other])), "{other}");
    }
}

async fn everybody_is_signed_out(database: &Database) {
    let ada = person("ada@example.com", Role::Viewer);
    database.write(async |tx| people::insert(tx, &ada, "").await).await;
    given::session(database, &ada, &SecretHash::of(b"session")).await;
    let link = SecretHash::of(b"link");
    database.write(async |tx| password_links::replace(tx, &ada.id, &link, at(900)).await).await;
    assert_eq!(database.write(async |tx| sessions::delete_all(tx).await).await, 1);
    let mut raw = database.raw().await;
    for table in ["session", "password_link", "pending_second_factor"] {
        assert_eq!(raw.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
}

on_each_engine!(what_was_due_is_marked, what_cloudfront_accepted_since_is_known, everybody_is_signed_out);
