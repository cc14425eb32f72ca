//! The backups that the service makes by itself.

use std::{fs, path::Path, time::Duration};

use tempfile::TempDir;
use unstale::{
    clock::Clock,
    workers::{BackupSchedule, BackupWorker, Next},
};

use crate::{
    history::given::fill,
    support::{Database, Engine, at},
};

const EVERY: Duration = Duration::from_hours(6);

struct Given {
    database: Database,
    clock: Clock,
    folder: TempDir,
}

impl Given {
    async fn new() -> Self {
        let database = Database::new(Engine::Sqlite).await;
        Self { database, clock: Clock::manual(at(0)), folder: tempfile::tempdir().unwrap() }
    }

    fn worker(&self, keep: usize) -> BackupWorker {
        let schedule = BackupSchedule { folder: self.folder.path().to_owned(), every: EVERY, keep };
        BackupWorker::new(self.database.db.clone(), self.clock.clone(), schedule)
    }

    fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = files.collect();
    names.sort();
    names
}

/// Ticks until no backup runs. Returns how long the worker rests then.
async fn settle(worker: &BackupWorker, clock: &Clock) -> Duration {
    loop {
        match worker.tick().await.unwrap() {
            Next::At(due) if due.since(clock.now()) > Duration::from_secs(1) => {
                return due.since(clock.now());
            }
            // A backup is made by other threads; the clock of the test stands still.
            _ => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_made_at_once_and_then_every_few_hours_and_the_newest_are_kept() {
    let given = Given::new().await;
    let worker = given.worker(2);
    assert_eq!(settle(&worker, &given.clock).await, EVERY);
    let first = given.names();
    assert_eq!(first.len(), 1);
    given.clock.advance(EVERY.checked_sub(Duration::from_secs(2)).unwrap());
    assert_eq!(settle(&worker, &given.clock).await, Duration::from_secs(2));
    assert_eq!(given.names(), first, "it is not due yet");
    for _ in 0..3 {
        given.clock.advance(EVERY);
        assert_eq!(settle(&worker, &given.clock).await, EVERY);
    }
    let kept = given.names();
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept.iter().all(|name| *name > first[0]), "{kept:?}");
    given.database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_makes_none_before_its_time() {
    let given = Given::new().await;
    settle(&given.worker(9), &given.clock).await;
    given.clock.advance(Duration::from_hours(2));
    assert_eq!(settle(&given.worker(9), &given.clock).await, Duration::from_hours(4));
    assert_eq!(given.names().len(), 1);
    given.clock.put_back(Duration::from_hours(100));
    assert_eq!(settle(&given.worker(9), &given.clock).await, EVERY, "the clock was put back");
    given.database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_one_is_set_aside_and_pushes_no_older_one_out() {
    let given = Given::new().await;
    let worker = given.worker(1);
    fill(&given.database.db, 3).await;
    settle(&worker, &given.clock).await;
    let intact = given.names();
    let mut raw = given.database.raw().await;
    raw.let_events_change().await;
    raw.forge(1, "WEB-1:", "WEB-2:").await;
    for _ in 0..2 {
        given.clock.advance(EVERY);
        assert_eq!(settle(&worker, &given.clock).await, EVERY);
    }
    assert_eq!(given.names(), [intact[0].as_str(), "unstale-broken.db"]);
    given.database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_fails_is_tried_again_soon() {
    let given = Given::new().await;
    let worker = given.worker(9);
    fs::create_dir(given.folder.path().join("unstale.db.part")).unwrap();
    assert_eq!(settle(&worker, &given.clock).await, Duration::from_mins(10));
    fs::remove_dir(given.folder.path().join("unstale.db.part")).unwrap();
    given.clock.advance(Duration::from_mins(10));
    assert_eq!(settle(&worker, &given.clock).await, EVERY);
    assert_eq!(given.names().len(), 1);
    given.database.remove().await;
}
