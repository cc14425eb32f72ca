//! The backups that the service makes by itself.

use std::{fs, path::Path, time::Duration};

use tempfile::TempDir;
use unstale::{
    backup_status::BackupStatus,
    clock::Clock,
    domain::backups::BackupPlace,
    workers::{BackupSchedule, BackupStore, BackupWorker, Next},
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
    status: BackupStatus,
}

impl Given {
    async fn new() -> Self {
        let database = Database::new(Engine::Sqlite).await;
        let (clock, folder) = (Clock::manual(at(0)), tempfile::tempdir().unwrap());
        Self { database, clock, folder, status: BackupStatus::default() }
    }

    fn worker(&self, keep: usize) -> BackupWorker {
        let place = BackupPlace::Folder(self.folder.path().to_owned());
        let store = BackupStore::new(&place, None).unwrap();
        let schedule = BackupSchedule { place, every: EVERY, keep };
        BackupWorker::new(self.database.db.clone(), self.clock.clone(), schedule, store, self.status.clone())
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
pub async fn settle(worker: &BackupWorker, clock: &Clock) -> Duration {
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
    let failure = given.status.failure().unwrap();
    assert!(
        failure.message.contains("unstale-broken.db is broken, as the database is: event 1"),
        "{failure:?}"
    );
    given.database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_fails_is_tried_again_soon() {
    let given = Given::new().await;
    let worker = given.worker(9);
    fs::create_dir(given.folder.path().join("unstale.db.part")).unwrap();
    assert_eq!(settle(&worker, &given.clock).await, Duration::from_mins(10));
    let failure = given.status.failure().unwrap();
    assert!(failure.message.contains("unstale.db.part cannot be written"), "{failure:?}");
    assert!(failure.fix.contains("its disk is mounted"), "{failure:?}");
    fs::remove_dir(given.folder.path().join("unstale.db.part")).unwrap();
    given.clock.advance(Duration::from_mins(10));
    assert_eq!(settle(&worker, &given.clock).await, EVERY);
    assert_eq!(given.names().len(), 1);
    assert_eq!((given.status.failure(), given.status.newest()), (None, Some(given.clock.now())));
    given.database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_runs_when_the_service_stops_leaves_nothing() {
    let given = Given::new().await;
    fill(&given.database.db, 3_000).await;
    let worker = given.worker(9);
    worker.tick().await.unwrap();
    worker.end().await;
    let part = given.folder.path().join("unstale.db.part");
    assert!(!part.exists(), "{:?}", given.names());
    given.database.remove().await;
}
