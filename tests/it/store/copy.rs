//! A database is copied into a file, and a file is looked at for damage.

use std::fs;

use unstale::store::{Db, invalidations, tables};

use super::given;
use crate::support::{Database, Engine, Place, Raw, on_each_engine};

async fn a_copy_has_what_the_database_had(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let sent = given::request(database, "E1", 0, &[&["/a"]]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    let is_copied = database.db.copy_to(&file).await.unwrap();
    if database.db.is_shared() {
        assert!(!is_copied && !file.exists(), "PostgreSQL is in no file");
        return;
    }
    given::request(database, "E1", 1, &[&["/later"]]).await;
    let copy = Db::open_copy(&file).await.unwrap();
    let there = invalidations::find(&mut copy.read().await.unwrap(), &sent.id).await.unwrap();
    assert_eq!(there.map(|found| found.id), Some(sent.id));
    let mut tx = copy.begin().await.unwrap();
    assert!(tables::try_to_write(&mut tx).await.is_err(), "a copy is only looked at");
    drop(tx);
    copy.close().await;
    let again = database.db.copy_to(&file).await;
    assert!(again.is_err(), "a file that has something is left alone: {again:?}");
}

async fn what_a_database_lacks_is_named(database: &Database) {
    assert_eq!(database.db.missing_objects().await.unwrap(), [""; 0]);
    if database.db.is_shared() {
        return;
    }
    database.raw().await.let_events_change().await;
    let missing = database.db.missing_objects().await.unwrap();
    assert!(missing.iter().any(|object| object.starts_with("trigger audit_event")), "{missing:?}");
}

async fn damage_is_found(database: &Database) {
    given::distributions(database, &["E1"]).await;
    assert_eq!(database.db.damages().await.unwrap(), [""; 0]);
    if database.db.is_shared() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    database.db.copy_to(&file).await.unwrap();
    let mut raw = Raw::connect(&format!("sqlite://{}", file.display())).await;
    let page = raw.number("SELECT rootpage FROM sqlite_schema WHERE name = 'distribution'").await;
    drop(raw);
    let mut bytes = fs::read(&file).unwrap();
    let begin = usize::try_from(page - 1).unwrap() * 4_096;
    bytes[begin + 8..begin + 256].fill(0x5a);
    fs::write(&file, bytes).unwrap();
    let copy = Db::open_copy(&file).await.unwrap();
    let found = copy.damages().await.unwrap();
    assert!(!found.is_empty());
    copy.close().await;
}

async fn an_earlier_copy_is_opened_and_brought_up_to_date(database: &Database) {
    if database.db.is_shared() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    fs::write(&file, "").unwrap();
    let refused = Db::open_to_copy(&file).await.unwrap_err().to_string();
    assert!(refused.contains("no tables of Unstale"), "{refused}");
    let db = Db::open_file(&file).await.unwrap();
    let first = Database { db, place: Place::new(Engine::Sqlite).await };
    given::distributions(&first, &["E1"]).await;
    let copy = Db::open_to_copy(&file).await.unwrap();
    let again = folder.path().join("again.db");
    assert!(copy.copy_to(&again).await.unwrap());
    copy.close().await;
    // The first one, which was not closed, has what was written in its log.
    let log = folder.path().join("copy.db-wal");
    assert!(log.metadata().unwrap().len() > 0);
    Db::fold(&file).await.unwrap();
    assert_eq!(log.metadata().map_or(0, |about| about.len()), 0);
    assert!(Db::fold(&folder.path().join("missing.db")).await.is_err(), "nothing is made");
    first.remove().await;
}

on_each_engine!(
    a_copy_has_what_the_database_had,
    an_earlier_copy_is_opened_and_brought_up_to_date,
    damage_is_found,
    what_a_database_lacks_is_named,
);
