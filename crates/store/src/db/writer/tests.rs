//! The writer alone, beside a connection that looks at what is durable.

use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll, time::Duration};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use tokio::task::{JoinHandle, yield_now};

use unstale_domain::{
    actor::Acting,
    audit::{Action, Event},
    time::Timestamp,
};

use super::{Committed, Ordering, StoreError, Writer, WriterTransaction, run};
use crate::{
    audit,
    db::{Db, Pools, Tx},
};

/// A database with one writer, and a connection that looks at it from outside.
struct Fixture {
    writer: Writer,
    outside: SqlitePool,
    _folder: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("unstale.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(Duration::from_secs(2));
        let pool =
            async || SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await.unwrap();
        let (inside, outside) = (pool().await, pool().await);
        for sql in [
            "CREATE TABLE number (value INTEGER PRIMARY KEY)",
            "CREATE TABLE audit_head (id INTEGER PRIMARY KEY, sequence INTEGER, hash TEXT)",
            "CREATE TABLE child (value INTEGER REFERENCES number (value))",
        ] {
            sqlx::query(sql).execute(&outside).await.unwrap();
        }
        Self { writer: Writer::new(inside, Duration::from_secs(5)), outside, _folder: folder }
    }

    async fn kept(&self) -> Vec<i64> {
        let rows = sqlx::query_as("SELECT value FROM number ORDER BY value").fetch_all(&self.outside).await;
        rows.unwrap().into_iter().map(|(value,): (i64,)| value).collect()
    }

    async fn write(&self, sql: &'static str) -> WriterTransaction {
        let mut transaction = self.writer.begin().await.unwrap();
        execute(&mut transaction, sql).await.unwrap();
        transaction
    }

    /// The first of a group, which has written 1, and the second, which waits for it.
    async fn group_of_two(&self) -> (WriterTransaction, JoinHandle<WriterTransaction>) {
        let held = self.writer.begin().await.unwrap();
        let begin = || {
            let writer = self.writer.clone();
            tokio::spawn(async move { writer.begin().await.unwrap() })
        };
        let first = begin();
        self.until_waiting(1).await;
        let second = begin();
        self.until_waiting(2).await;
        drop(held);
        let mut first = first.await.unwrap();
        execute(&mut first, "INSERT INTO number VALUES (1)").await.unwrap();
        (first, second)
    }

    /// Two transactions of one group. The first has ended and waits for the second, which has the writer.
    async fn two(&self, second: &'static str) -> (JoinHandle<Committed>, WriterTransaction) {
        let (first, waits) = self.group_of_two().await;
        let first = tokio::spawn(first.commit(None));
        let mut second_one = waits.await.unwrap();
        let _ = execute(&mut second_one, second).await;
        assert!(!first.is_finished(), "it waits for the second");
        (first, second_one)
    }

    async fn until_waiting(&self, count: usize) {
        while self.writer.0.waiting.load(Ordering::Acquire) < count {
            yield_now().await;
        }
    }
}

async fn is_pending<F: Future>(future: &mut Pin<Box<F>>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

async fn execute(transaction: &mut WriterTransaction, sql: &'static str) -> Result<(), StoreError> {
    run(transaction.connection().await?, sql).await?;
    transaction.answered();
    Ok(())
}

const SECOND: &str = "INSERT INTO number VALUES (2)";

#[tokio::test]
async fn those_that_come_together_share_a_commit() {
    let fixture = Fixture::new().await;
    let (first, second) = fixture.two(SECOND).await;
    assert_eq!(fixture.kept().await, [0; 0], "nothing is durable, and nobody was told that it is");
    second.commit(None).await.unwrap();
    assert_eq!(fixture.kept().await, [1, 2]);
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn one_that_is_dropped_takes_nothing_with_it() {
    let fixture = Fixture::new().await;
    let (first, second) = fixture.two(SECOND).await;
    drop(second);
    first.await.unwrap().unwrap();
    assert_eq!(fixture.kept().await, [1]);
    fixture.write("INSERT INTO number VALUES (3)").await.commit(None).await.unwrap();
    assert_eq!(fixture.kept().await, [1, 3]);
}

#[tokio::test]
async fn a_caller_that_stops_waiting_leaves_no_group_without_a_commit() {
    let fixture = Fixture::new().await;
    let held = fixture.writer.begin().await.unwrap();
    let first = tokio::spawn({
        let writer = fixture.writer.clone();
        async move { writer.begin().await.unwrap() }
    });
    fixture.until_waiting(1).await;
    let mut waits = Box::pin(fixture.writer.begin());
    assert!(is_pending(&mut waits).await);
    drop(held);
    let mut first = first.await.unwrap();
    execute(&mut first, "INSERT INTO number VALUES (1)").await.unwrap();
    let first = tokio::spawn(first.commit(None));
    while fixture.writer.group().is_empty() {
        yield_now().await;
    }
    drop(waits);
    first.await.unwrap().unwrap();
    assert_eq!(fixture.kept().await, [1]);
}

#[tokio::test]
async fn one_that_comes_later_waits_for_the_next_commit() {
    let fixture = Fixture::new().await;
    let first = fixture.write("INSERT INTO number VALUES (1)").await;
    let mut late = Box::pin(fixture.writer.begin());
    assert!(is_pending(&mut late).await);
    first.commit(None).await.unwrap();
    assert_eq!(fixture.kept().await, [1], "the first did not wait for it");
    late.await.unwrap();
}

#[tokio::test]
async fn a_commit_that_has_begun_goes_on_without_the_caller() {
    let fixture = Fixture::new().await;
    let mut commit = Box::pin(fixture.write("INSERT INTO number VALUES (1)").await.commit(None));
    assert!(is_pending(&mut commit).await);
    drop(commit);
    fixture.write(SECOND).await.commit(None).await.unwrap();
    assert_eq!(fixture.kept().await, [1, 2]);
}

#[tokio::test]
async fn one_that_ended_is_committed_with_its_group_without_the_caller() {
    let fixture = Fixture::new().await;
    let (first, second) = fixture.group_of_two().await;
    let mut commit = Box::pin(first.commit(None));
    assert!(is_pending(&mut commit).await);
    drop(commit);
    let mut second = second.await.unwrap();
    execute(&mut second, SECOND).await.unwrap();
    second.commit(None).await.unwrap();
    assert_eq!(fixture.kept().await, [1, 2]);
}

#[tokio::test]
async fn a_commit_that_fails_is_the_error_of_the_one_that_made_it_fail() {
    let fixture = Fixture::new().await;
    let orphan = "PRAGMA defer_foreign_keys = ON; INSERT INTO child VALUES (9)";
    let (first, second) = fixture.two(orphan).await;
    assert!(matches!(second.commit(None).await, Err(StoreError::Database(_))));
    first.await.unwrap().unwrap();
    assert_eq!(fixture.kept().await, [1]);
    fixture.write(SECOND).await.commit(None).await.unwrap();
    assert_eq!(fixture.kept().await, [1, 2]);
}

/// As SQLite does by itself where the disk is full.
const ALL_ROLLED_BACK: &str = "INSERT OR ROLLBACK INTO number VALUES (1)";

#[tokio::test]
async fn what_was_rolled_back_behind_us_is_told_to_all() {
    for goes_on in [false, true] {
        let fixture = Fixture::new().await;
        let (first, second) = fixture.two(ALL_ROLLED_BACK).await;
        if goes_on {
            assert!(second.commit(None).await.is_err());
        } else {
            drop(second);
        }
        let told = first.await.unwrap().expect_err("nothing of it is there");
        assert!(told.is_passing(), "it may try again: {told:?}");
        assert_eq!(fixture.kept().await, [0; 0]);
        fixture.write(SECOND).await.commit(None).await.unwrap();
        assert_eq!(fixture.kept().await, [2]);
    }
}

#[tokio::test]
async fn after_an_error_nothing_more_is_written() {
    let fixture = Fixture::new().await;
    fixture.write("INSERT INTO number VALUES (1)").await.commit(None).await.unwrap();
    let mut transaction = fixture.write(SECOND).await;
    assert!(execute(&mut transaction, ALL_ROLLED_BACK).await.is_err());
    // SQLite would keep it at once: no transaction is open any more.
    assert!(execute(&mut transaction, "INSERT INTO number VALUES (3)").await.is_err());
    transaction.inserts().push("INSERT INTO number VALUES (4); ");
    assert!(transaction.commit(None).await.is_err());
    assert_eq!(fixture.kept().await, [1]);
}

#[tokio::test]
async fn inserts_are_sent_before_the_next_statement_and_with_the_commit() {
    let fixture = Fixture::new().await;
    let mut transaction = fixture.writer.begin().await.unwrap();
    transaction.inserts().push("INSERT INTO number VALUES (").push_bind(1).push("); ");
    transaction.inserts().push("INSERT INTO number VALUES (").push_bind(2).push("); ");
    execute(&mut transaction, "DELETE FROM number WHERE value = 1").await.unwrap();
    transaction.inserts().push("INSERT INTO number VALUES (").push_bind(3).push("); ");
    transaction.commit(None).await.unwrap();
    assert_eq!(fixture.kept().await, [2, 3]);
}

#[tokio::test]
async fn an_insert_that_fails_at_the_commit_is_the_error_of_its_own_transaction() {
    let fixture = Fixture::new().await;
    let (first, mut second) = fixture.two(SECOND).await;
    second.inserts().push("INSERT INTO number VALUES (1); ");
    assert!(matches!(second.commit(None).await, Err(StoreError::Duplicate(_))));
    first.await.unwrap().unwrap();
    assert_eq!(fixture.kept().await, [1]);
}

#[tokio::test]
async fn one_that_is_dropped_alone_lets_other_processes_write() {
    let fixture = Fixture::new().await;
    drop(fixture.write("INSERT INTO number VALUES (1)").await);
    sqlx::query(SECOND).execute(&fixture.outside).await.unwrap();
    assert_eq!(fixture.kept().await, [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_each_is_kept_that_was_told_so() {
    let fixture = Arc::new(Fixture::new().await);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200_i64 {
        let writer = fixture.writer.clone();
        tasks.spawn(async move {
            let mut transaction = writer.begin().await.unwrap();
            transaction.inserts().push("INSERT INTO number VALUES (").push_bind(number).push("); ");
            // Every third changes its mind, half of them after the insert was sent.
            if number % 3 == 0 {
                if number % 2 == 0 {
                    execute(&mut transaction, "SELECT 1").await.unwrap();
                }
                drop(transaction);
                return None;
            }
            transaction.commit(None).await.unwrap();
            Some(number)
        });
    }
    let mut told: Vec<i64> = tasks.join_all().await.into_iter().flatten().collect();
    told.sort_unstable();
    assert_eq!(fixture.kept().await, told);
    fixture.writer.close().await;
    assert!(matches!(fixture.writer.begin().await, Err(StoreError::Unavailable(_))), "it is closed");
}

/// The note of each event that is there.
async fn history(db: &Db) -> Vec<String> {
    let events = audit::after(&mut db.read().await.unwrap(), 0, 9).await.unwrap();
    assert!(events.iter().all(unstale_domain::audit::Chained::is_intact));
    events.into_iter().map(|chained| chained.event.note).collect()
}

fn append(tx: &mut Tx, note: &str) {
    let mut event = Event::new(Timestamp::from_micros(1), &Acting::service(), Action::ActRefused);
    note.clone_into(&mut event.note);
    audit::append(tx, event);
}

#[tokio::test]
async fn the_history_has_the_events_of_those_that_are_kept() {
    for last_is_kept in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite://{}", folder.path().join("unstale.db").display());
        let db = Db::open(&address).await.unwrap();
        let Pools::Sqlite { write: writer, .. } = &db.0 else { panic!("it is SQLite") };
        let held = db.begin().await.unwrap();
        let begin = |db: Db| tokio::spawn(async move { db.begin().await.unwrap() });
        let (first, last) = (begin(db.clone()), begin(db.clone()));
        while writer.0.waiting.load(Ordering::Acquire) < 2 {
            yield_now().await;
        }
        drop(held);
        let mut first = first.await.unwrap();
        append(&mut first, "first");
        let first = tokio::spawn(first.commit());
        let mut last = last.await.unwrap();
        append(&mut last, "last");
        assert_eq!(history(&db).await, [""; 0]);
        if last_is_kept {
            last.commit().await.unwrap();
        } else {
            drop(last);
        }
        first.await.unwrap().unwrap();
        let kept: &[&str] = if last_is_kept { &["first", "last"] } else { &["first"] };
        assert_eq!(history(&db).await, kept);
        db.close().await;
    }
}
