//! On both engines a connection for reading does not write, whatever is asked of it.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::{Db, StoreError, execute, fetch_optional};

/// No function of the store can ask for this: what writes takes a `Tx`.
const WRITE: &str = "UPDATE survey SET due_at = due_at + 1 WHERE id = 1 RETURNING due_at";

async fn a_reader_does_not_write(address: &str) {
    let db = Db::open(address).await.unwrap();
    for _ in 0..2 {
        let mut reader = db.read().await.unwrap();
        let refused = fetch_optional!(reader, (i64,), WRITE);
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    let mut tx = db.begin().await.unwrap();
    assert_eq!(execute!(tx, WRITE).unwrap(), 1, "who writes does");
    tx.commit().await.unwrap();
    let mut reader = db.read().await.unwrap();
    let found = fetch_optional!(reader, (i64,), "SELECT due_at FROM survey").unwrap();
    assert_eq!(found, Some((1,)));
    drop(reader);
    db.close().await;
}

#[tokio::test]
async fn a_reader_of_sqlite_does_not_write() {
    let folder = tempfile::tempdir().unwrap();
    a_reader_does_not_write(&format!("sqlite://{}", folder.path().join("unstale.db").display())).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn a_reader_of_postgres_does_not_write() {
    let server = std::env::var("UNSTALE_TEST_POSTGRES").unwrap();
    let name = format!("unstale_readers_{}", std::process::id());
    let mut beside = PgConnection::connect(&server).await.unwrap();
    beside.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    a_reader_does_not_write(&server.replacen("/postgres?", &format!("/{name}?"), 1)).await;
    beside.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
}
