//! Backups in a bucket of S3: what the service makes by itself.

use std::{fs, path::PathBuf, time::Duration};

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use unstale::{
    backup_status::BackupStatus,
    clock::Clock,
    domain::backups::{BackupPlace, S3Prefix},
    store::Db,
    workers::{BackupError, BackupSchedule, BackupStore, BackupWorker, S3Backups},
};

use super::schedule::settle;
use crate::{
    history::given::fill,
    kill::disk::SmallDisk,
    support::{
        Database, Engine, at,
        bucket_server::{BucketFault, BucketServer},
    },
};

const EVERY: Duration = Duration::from_hours(6);
const AGAIN: Duration = Duration::from_mins(10);
const PLACE: &str = "s3://backups/eu";

struct Given {
    database: Database,
    clock: Clock,
    server: BucketServer,
    status: BackupStatus,
}

impl Given {
    async fn new() -> Self {
        let database = Database::new(Engine::Sqlite).await;
        let server = BucketServer::start().await;
        Self { database, clock: Clock::manual(at(0)), server, status: BackupStatus::default() }
    }

    /// With a database that is more than one part.
    async fn large() -> Self {
        let given = Self::new().await;
        let mut raw = given.database.raw().await;
        raw.run("CREATE TABLE ballast (content BLOB)").await.unwrap();
        raw.run("INSERT INTO ballast VALUES (randomblob(18000000))").await.unwrap();
        given
    }

    fn worker(&self, keep: usize) -> BackupWorker {
        let place = BackupPlace::parse(PLACE).unwrap();
        let store = BackupStore::new(&place, Some(self.server.client())).unwrap();
        let schedule = BackupSchedule { place, every: EVERY, keep };
        BackupWorker::new(self.database.db.clone(), self.clock.clone(), schedule, store, self.status.clone())
    }

    fn backups(&self) -> S3Backups {
        S3Backups::new(self.server.client(), S3Prefix::parse(PLACE).unwrap())
    }

    /// The copy that is made beside the database.
    fn copy(&self) -> PathBuf {
        PathBuf::from(format!("{}.unstale-backup", self.database.db.file().unwrap().display()))
    }

    async fn finish(self) {
        assert!(!self.copy().exists(), "the copy beside the database is left");
        self.database.remove().await;
    }
}

/// What was uploaded is a database that is intact.
async fn assert_intact(content: &[u8], events: i64) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    fs::write(&file, content).unwrap();
    let copy = Db::open_copy(&file).await.unwrap();
    assert_eq!(copy.damages().await.unwrap(), [""; 0]);
    let head = unstale::store::audit::head(&mut copy.read().await.unwrap()).await.unwrap();
    assert_eq!(head, events);
    copy.close().await;
}

fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_go_to_the_bucket_and_the_newest_are_kept() {
    let given = Given::new().await;
    fill(&given.database.db, 30).await;
    let others = [
        "eu/notes.txt",
        "eu/unstale-20200101T000000Z.db.old",
        "eu/unstale-20990101T000000Z.db",
        "eu/old/unstale-20200101T000000Z.db",
        "unstale-20200101T000000Z.db",
    ];
    for key in others.iter().chain(&["eu/unstale-20200101T000000Z.db"]) {
        given.server.put(key, "a file");
    }
    let worker = given.worker(2);
    for _ in 0..3 {
        assert_eq!(settle(&worker, &given.clock).await, EVERY);
        given.clock.advance(EVERY);
    }
    let mut keys = given.server.keys();
    keys.retain(|key| !others.contains(&key.as_str()));
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(keys.iter().all(|key| key.starts_with("eu/unstale-2026") && key.ends_with("Z.db")), "{keys:?}");
    assert_eq!(given.server.keys().len(), 2 + others.len());
    let newest = given.server.object(&keys[1]);
    assert_eq!(newest.parts, 0);
    assert_eq!(newest.metadata["x-amz-meta-sha256"], sha256(&newest.content));
    assert_intact(&newest.content, 30).await;
    assert_eq!((given.status.failure(), given.status.removal_problem()), (None, None));
    given.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_makes_none_before_its_time() {
    let given = Given::new().await;
    settle(&given.worker(9), &given.clock).await;
    given.clock.advance(Duration::from_hours(2));
    assert_eq!(settle(&given.worker(9), &given.clock).await, Duration::from_hours(4));
    assert_eq!(given.server.keys().len(), 1);
    assert_eq!(given.status.newest(), Some(at(0)));
    given.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_one_goes_in_parts() {
    let given = Given::large().await;
    assert_eq!(settle(&given.worker(9), &given.clock).await, EVERY);
    let keys = given.server.keys();
    let object = given.server.object(&keys[0]);
    assert_eq!((keys.len(), object.parts, given.server.open_uploads()), (1, 3, 0));
    assert_eq!(object.metadata["x-amz-meta-sha256"], sha256(&object.content));
    assert_intact(&object.content, 0).await;
    given.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_overwritten() {
    for (given, looks) in
        [(Given::new().await, false), (Given::large().await, false), (Given::new().await, true)]
    {
        // Whoever looks beforehand and may not see it still overwrites nothing.
        given.server.set_fault("HeadObject", (!looks).then_some(BucketFault::Denied));
        let object = S3Prefix::parse(PLACE).unwrap().object("mine.db");
        given.server.put("eu/mine.db", "somebody's");
        let backups = given.backups();
        let refused = backups.back_up(&given.database.db, &object, &CancellationToken::new()).await;
        assert!(matches!(&refused, Err(BackupError::ObjectExists(there)) if *there == object), "{refused:?}");
        assert_eq!(given.server.object("eu/mine.db").content, "somebody's");
        let uploads = given.server.calls("PutObject") + given.server.calls("CreateMultipartUpload");
        assert_eq!(uploads, usize::from(!looks));
        assert_eq!(given.server.open_uploads(), 0);
        given.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_whose_answer_is_lost_was_made() {
    for (given, operation) in
        [(Given::new().await, "PutObject"), (Given::large().await, "CompleteMultipartUpload")]
    {
        given.server.set_fault(operation, Some(BucketFault::AnswerLost));
        assert_eq!(settle(&given.worker(9), &given.clock).await, EVERY, "{operation}");
        assert_eq!(given.server.calls(operation), 3, "{operation}");
        assert_eq!((given.server.keys().len(), given.server.open_uploads()), (1, 0), "{operation}");
        given.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_fails_leaves_nothing_and_is_tried_again() {
    let given = Given::large().await;
    let worker = given.worker(9);
    for operation in ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"] {
        for fault in [BucketFault::Denied, BucketFault::Broken] {
            given.server.set_fault(operation, Some(fault));
            assert_eq!(settle(&worker, &given.clock).await, AGAIN, "{operation}");
            assert_eq!((given.server.keys().len(), given.server.open_uploads()), (0, 0), "{operation}");
            assert!(!given.copy().exists());
            let failure = given.status.failure().unwrap();
            let word =
                if fault == BucketFault::Denied { "\"Action\": \"s3:PutObject\"" } else { "reaches S3" };
            assert!(failure.fix.contains(word), "{failure:?}");
            given.server.set_fault(operation, None);
            given.clock.advance(AGAIN);
        }
    }
    assert_eq!(settle(&worker, &given.clock).await, EVERY);
    assert_eq!((given.server.keys().len(), given.status.failure()), (1, None));
    given.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_on_its_way_when_the_service_stops_leaves_nothing() {
    for (given, operation) in [(Given::new().await, "PutObject"), (Given::large().await, "UploadPart")] {
        given.server.set_fault(operation, Some(BucketFault::Held));
        let worker = given.worker(9);
        while given.server.calls(operation) == 0 {
            worker.tick().await.unwrap();
            tokio::task::yield_now().await;
        }
        worker.end().await;
        assert_eq!(given.server.open_uploads(), 0, "{operation}");
        assert_eq!(given.server.keys(), [""; 0], "{operation}");
        given.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_removed_or_listed_is_said_and_the_backup_counts() {
    let given = Given::new().await;
    let worker = given.worker(1);
    settle(&worker, &given.clock).await;
    for (operation, words) in [
        ("DeleteObject", ["s3:DeleteObject", "lifecycle rule"]),
        ("ListObjectsV2", ["s3:ListBucket", "\"s3:prefix\": \"eu/*\""]),
    ] {
        given.server.set_fault(operation, Some(BucketFault::Denied));
        given.clock.advance(EVERY);
        assert_eq!(settle(&worker, &given.clock).await, EVERY, "{operation}");
        assert_eq!((given.status.failure(), given.status.newest()), (None, Some(given.clock.now())));
        let problem = given.status.removal_problem().unwrap();
        assert!(words.iter().all(|word| problem.fix.contains(word)), "{problem:?}");
        given.server.set_fault(operation, None);
    }
    assert_eq!(given.server.keys().len(), 3);
    given.clock.advance(EVERY);
    settle(&worker, &given.clock).await;
    assert_eq!((given.server.keys().len(), given.status.removal_problem()), (1, None));
    given.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_one_has_its_own_name_and_pushes_no_older_one_out() {
    let given = Given::new().await;
    let worker = given.worker(1);
    fill(&given.database.db, 3).await;
    settle(&worker, &given.clock).await;
    let intact = given.server.keys();
    given.server.put("eu/unstale-broken.db", "the last one");
    let mut raw = given.database.raw().await;
    raw.let_events_change().await;
    raw.forge(1, "WEB-1:", "WEB-2:").await;
    given.clock.advance(EVERY);
    assert_eq!(settle(&worker, &given.clock).await, EVERY);
    assert_eq!(given.server.keys(), [intact[0].as_str(), "eu/unstale-broken.db"]);
    assert!(given.server.object("eu/unstale-broken.db").content.len() > 1_000);
    assert!(given.status.failure().unwrap().message.contains("is broken, as the database is: event 1"));
    given.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_one_left_is_taken_over() {
    let given = Given::new().await;
    fs::write(given.copy(), vec![7; 1_000_000]).unwrap();
    assert_eq!(settle(&given.worker(9), &given.clock).await, EVERY);
    assert_eq!(given.server.keys().len(), 1);
    given.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_copy_is_made_that_would_fill_the_disk_of_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("disk");
    let Some(_disk) = SmallDisk::mount(&place) else { return };
    let db = Db::open(&format!("sqlite://{}", place.join("unstale.db").display())).await.unwrap();
    let server = BucketServer::start().await;
    let prefix = S3Prefix::parse(PLACE).unwrap();
    let backups = S3Backups::new(server.client(), prefix.clone());
    let refused = backups.back_up(&db, &prefix.object("a.db"), &CancellationToken::new()).await;
    assert!(matches!(&refused, Err(BackupError::NoRoom { .. })), "{refused:?}");
    assert!(!place.join("unstale.db.unstale-backup").exists() && server.keys().is_empty());
    db.close().await;
}
