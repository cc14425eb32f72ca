//! One backup.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use unstale::{
    domain::audit::{Action, Event, Target},
    store::{Db, audit},
    workers::{Backup, BackupError, back_up},
};

use crate::{
    history::given::{event, fill},
    kill::disk::SmallDisk,
    support::{Database, Engine},
};

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn back_up(&self, db: &Db) -> Result<Backup, BackupError> {
        back_up(db, &self.0.path().join("copy.db.part"), &self.0.path().join("copy.db")).await
    }

    fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.0.path()).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_whole_while_others_write() {
    let (database, folder) = (Database::new(Engine::Sqlite).await, Folder::new());
    fill(&database.db, 3_000).await;
    let db = database.db.clone();
    let writing = tokio::spawn(async move {
        for number in 3_001.. {
            let mut tx = db.begin().await.unwrap();
            audit::append(&mut tx, event_alone(number));
            tx.commit().await.unwrap();
        }
    });
    let mut copies = Vec::new();
    for _ in 0..5 {
        let made = folder.back_up(&database.db).await.unwrap();
        assert_eq!(made.flaw, None);
        assert_eq!(i64::try_from(made.events).unwrap(), made.last.sequence);
        assert_eq!(made.length, made.file.metadata().unwrap().len());
        assert_eq!(made.file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.files(), ["copy.db"]);
        assert_eq!(head_of(&made.file).await, made.last.sequence);
        copies.push(made.last.sequence);
        fs::remove_file(&made.file).unwrap();
    }
    writing.abort();
    assert!(copies.is_sorted() && copies[0] >= 3_000 && copies[4] > copies[0], "{copies:?}");
    database.remove().await;
}

/// An event of which no table has anything.
fn event_alone(number: u64) -> Event {
    Event { invalidation: None, target: Target::None, action: Action::SignedOut, ..event(number) }
}

async fn head_of(file: &Path) -> i64 {
    let copy = Db::open_copy(file).await.unwrap();
    let head = audit::head(&mut copy.read().await.unwrap()).await.unwrap();
    copy.close().await;
    head
}

#[tokio::test]
async fn nothing_is_overwritten_and_what_an_ended_backup_left_is_taken_over() {
    let (database, folder) = (Database::new(Engine::Sqlite).await, Folder::new());
    fs::write(folder.0.path().join("copy.db.part"), "half a copy").unwrap();
    fs::set_permissions(folder.0.path().join("copy.db.part"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(folder.0.path().join("copy.db.part-journal"), "what SQLite kept beside it").unwrap();
    let made = folder.back_up(&database.db).await.unwrap();
    assert_eq!(made.file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&made.file).unwrap();
    assert!(matches!(folder.back_up(&database.db).await, Err(BackupError::Exists(_))));
    assert_eq!(fs::read(folder.0.path().join("copy.db")).unwrap(), before);
    assert_eq!(folder.files(), ["copy.db"]);
    database.remove().await;
}

#[tokio::test]
async fn one_that_ended_before_its_first_name_was_taken_away_stays_whole() {
    let (database, folder) = (Database::new(Engine::Sqlite).await, Folder::new());
    let made = folder.back_up(&database.db).await.unwrap();
    let part = folder.0.path().join("copy.db.part");
    fs::hard_link(&made.file, &part).unwrap();
    let before = fs::read(&made.file).unwrap();
    // A second copy of the same would not show that it went into the first one's file.
    fill(&database.db, 5).await;
    back_up(&database.db, &part, &folder.0.path().join("next.db")).await.unwrap();
    assert!(fs::read(&made.file).unwrap() == before, "the next copy went into the finished one");
    assert!(!part.exists() && folder.0.path().join("next.db").exists());
    database.remove().await;
}

#[tokio::test]
async fn a_symbolic_link_leads_to_no_other_file() {
    let (database, folder) = (Database::new(Engine::Sqlite).await, Folder::new());
    let other = folder.0.path().join("other");
    fs::write(&other, "kept").unwrap();
    std::os::unix::fs::symlink(&other, folder.0.path().join("copy.db.part")).unwrap();
    assert!(matches!(folder.back_up(&database.db).await, Err(BackupError::File(..))));
    assert_eq!(fs::read_to_string(&other).unwrap(), "kept");
    database.remove().await;
}

#[tokio::test]
async fn a_full_disk_is_said_and_left_as_it_was() {
    let (database, folder) = (Database::new(Engine::Sqlite).await, Folder::new());
    fill(&database.db, 3_000).await;
    let place = folder.0.path().join("disk");
    let Some(_disk) = SmallDisk::mount(&place) else { return };
    let copy = place.join("copy.db");
    let refused = back_up(&database.db, &place.join("copy.db.part"), &copy).await;
    assert!(matches!(&refused, Err(BackupError::Full(file)) if *file == copy), "{refused:?}");
    assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
    database.remove().await;
}

#[tokio::test]
async fn one_that_is_given_up_leaves_nothing() {
    let (database, folder) = (Database::new(Engine::Sqlite).await, Folder::new());
    fill(&database.db, 3_000).await;
    let mut given_up = Box::pin(folder.back_up(&database.db));
    while folder.files().is_empty() {
        assert!(tokio::time::timeout(Duration::from_millis(1), &mut given_up).await.is_err());
    }
    drop(given_up);
    // SQLite's own thread may be in the middle of a step, and takes its journal away when it ends that.
    let deadline = Instant::now() + Duration::from_secs(20);
    while !folder.files().is_empty() {
        assert!(Instant::now() < deadline, "{:?}", folder.files());
        tokio::task::yield_now().await;
    }
    database.remove().await;
}

#[tokio::test]
async fn two_backups_do_not_write_into_one_file() {
    let (database, folder) = (Database::new(Engine::Sqlite).await, Folder::new());
    let other = fs::File::create(folder.0.path().join("copy.db.part")).unwrap();
    other.lock().unwrap();
    assert!(matches!(folder.back_up(&database.db).await, Err(BackupError::Running(_))));
    drop(other);
    folder.back_up(&database.db).await.unwrap();
    database.remove().await;
}

#[tokio::test]
async fn a_broken_history_is_copied_and_said() {
    let (database, folder) = (Database::new(Engine::Sqlite).await, Folder::new());
    fill(&database.db, 30).await;
    let mut raw = database.raw().await;
    raw.let_events_change().await;
    raw.forge(7, "WEB-7:", "WEB-8:").await;
    let made = folder.back_up(&database.db).await.unwrap();
    let flaw = made.flaw.unwrap();
    assert!(flaw.starts_with("event 7: it was changed"), "{flaw}");
    assert_eq!(made.events, 6);
    assert_eq!(folder.files(), ["copy.db"], "it may be the last copy that there is");
    database.remove().await;
}

#[tokio::test]
async fn a_copy_that_cannot_be_written_leaves_nothing() {
    let (database, folder) = (Database::new(Engine::Sqlite).await, Folder::new());
    let nowhere = folder.0.path().join("nowhere");
    let made = back_up(&database.db, &nowhere.join("copy.db.part"), &nowhere.join("copy.db")).await;
    assert!(matches!(made, Err(BackupError::File(..))), "{made:?}");
    assert!(folder.files().is_empty());
    database.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn postgres_is_not_copied_into_a_file() {
    let (database, folder) = (Database::new(Engine::Postgres).await, Folder::new());
    assert!(matches!(folder.back_up(&database.db).await, Err(BackupError::NotAFile)));
    assert!(folder.files().is_empty());
    assert!(database.db.damages().await.unwrap().is_empty());
    database.remove().await;
}
