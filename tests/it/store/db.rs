//! How a database is opened, and what SQLite is asked for.

use unstale::store::{
    Db, StoreError,
    instance_lock::{self, LockError},
    invalidations::batches,
};

use super::given;
use crate::support::{Database, Engine, on_each_engine};

async fn what_is_dropped_leaves_no_trace(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let new = crate::support::new_invalidation("E1", vec![crate::support::items(&["/a"])]);
    let mut tx = database.begin().await;
    given::write(&mut tx, &new, 0).await.unwrap();
    assert!(batches::find(&mut tx, &new.batches[0].id).await.unwrap().is_some(), "it sees its own work");
    drop(tx);
    assert_eq!(given::states(database, &new.id).await, [""; 0]);
}

async fn a_database_can_be_opened_again(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let again = Db::open(&database.place.address()).await.unwrap();
    let distributions = unstale::store::distributions::list(&mut again.read().await.unwrap()).await.unwrap();
    assert_eq!(distributions.len(), 1);
    assert_eq!(again.is_shared(), database.raw().await.is_postgres());
    assert_eq!(again.file().is_some(), !again.is_shared());
    again.close().await;
}

async fn looking_at_one_writes_nothing(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let looked_at = Db::open_to_look(&database.place.address()).await.unwrap();
    let distributions =
        unstale::store::distributions::list(&mut looked_at.read().await.unwrap()).await.unwrap();
    assert_eq!(distributions.len(), 1);
    let Ok(mut tx) = looked_at.begin().await else { return looked_at.close().await };
    let new = crate::support::new_invalidation("E1", vec![crate::support::items(&["/a"])]);
    let written = match given::write(&mut tx, &new, 0).await {
        Ok(()) => tx.commit().await,
        Err(error) => {
            drop(tx);
            Err(error)
        }
    };
    assert!(written.is_err(), "{written:?}");
    looked_at.close().await;
}

on_each_engine!(
    what_is_dropped_leaves_no_trace,
    a_database_can_be_opened_again,
    looking_at_one_writes_nothing
);

#[tokio::test]
async fn a_copy_in_a_folder_that_may_not_be_written_can_be_looked_at() {
    let database = Database::new(Engine::Sqlite).await;
    given::distributions(&database, &["E1"]).await;
    database.db.close().await;
    let address = database.place.address();
    let file = address.trim_start_matches("sqlite://");
    let before = std::fs::read(file).unwrap();
    Db::open_to_look(&address).await.unwrap().close().await;
    assert!(std::fs::read(file).unwrap() == before);
    for gone in ["sqlite:///nowhere/unstale.db", "mysql://somewhere/unstale"] {
        assert!(Db::open_to_look(gone).await.is_err(), "{gone}");
    }
}

#[tokio::test]
async fn another_kind_of_address_is_refused() {
    let refused = Db::open("mysql://somewhere/unstale").await;
    assert!(matches!(refused, Err(StoreError::Address(_))), "{refused:?}");
    assert!(!refused.unwrap_err().is_passing());
}

#[tokio::test]
async fn a_server_that_is_away_is_a_passing_trouble() {
    // Nothing listens on the discard port.
    let refused = Db::open("postgres://unstale@127.0.0.1:9/unstale").await;
    assert!(refused.unwrap_err().is_passing());
}

#[tokio::test]
async fn sqlite_is_set_up_to_keep_what_it_was_told() {
    let database = Database::new(Engine::Sqlite).await;
    let mut raw = database.raw().await;
    assert_eq!(raw.texts("PRAGMA journal_mode").await, ["wal"]);
    given::distributions(&database, &["E1"]).await;
    let broken = raw.run("PRAGMA foreign_key_check").await;
    assert!(broken.is_ok());
    let tables = "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 \
                  AND name NOT LIKE 'sqlite%' AND name NOT LIKE '_sqlx%'";
    assert_eq!(raw.number(tables).await, 0, "every table is STRICT");
    database.remove().await;
}

#[tokio::test]
async fn one_service_at_a_time_works_on_an_sqlite_file() {
    let database = Database::new(Engine::Sqlite).await;
    let file = database.db.file().unwrap().to_owned();
    let first = instance_lock::take(&file).unwrap();
    let second = instance_lock::take(&file);
    assert!(matches!(second, Err(LockError::Held(_))), "{second:?}");
    drop(first);
    instance_lock::take(&file).unwrap();
    database.remove().await;
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_on_the_machine_reads_a_new_database() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&format!("sqlite://{}", folder.path().join("unstale.db").display())).await.unwrap();
    for name in ["unstale.db", "unstale.db-wal", "unstale.db-shm"] {
        let mode = folder.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    db.close().await;
}
