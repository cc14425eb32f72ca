//! `unstale restore`, as it is run.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::Duration,
};

use tempfile::TempDir;
use unstale::store::{Db, instance_lock};

use crate::{
    history::given::fill,
    support::{Raw, program},
};

/// A folder with a database of so many events, and a backup of an earlier moment.
struct Given {
    folder: TempDir,
}

impl Given {
    async fn new() -> Self {
        let given = Self { folder: tempfile::tempdir().unwrap() };
        let db = Db::open(&given.address("unstale.db")).await.unwrap();
        fill(&db, 30).await;
        assert_eq!(given.run(&["backup", "backup.db"]).0, 0);
        db.close().await;
        for number in 0..10 {
            assert_eq!(given.run(&["token", "create", &format!("t{number}"), "--role", "viewer"]).0, 0);
        }
        given
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn address(&self, name: &str) -> String {
        format!("sqlite://{}", self.file(name).display())
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = program::program();
        command.args(arguments).current_dir(&self.folder).env("UNSTALE_DATABASE", "sqlite://unstale.db");
        program::run(&mut command)
    }

    /// How many events the database has, which must be intact.
    fn events(&self, name: &str) -> String {
        let (code, said, complaint) =
            self.run(&["audit", "verify", "--database", &format!("sqlite://{name}")]);
        assert_eq!(code, 0, "{said}{complaint}");
        said.split_whitespace().find(|word| word.parse::<u64>().is_ok()).unwrap().to_owned()
    }

    /// The database that was kept, with what SQLite keeps beside it.
    fn all_kept(&self) -> Vec<String> {
        let names = fs::read_dir(&self.folder).unwrap();
        let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("unstale.db.before-restore-")).collect()
    }

    fn kept(&self) -> Option<String> {
        let is_database = |name: &String| !name.ends_with("-shm") && !name.ends_with("-wal");
        let kept: Vec<String> = self.all_kept().into_iter().filter(is_database).collect();
        assert!(kept.len() <= 1, "{kept:?}");
        kept.into_iter().next()
    }
}

#[tokio::test]
async fn the_backup_takes_the_place_of_the_database_which_is_kept() {
    let given = Given::new().await;
    let (code, _, complaint) = given.run(&["restore", "backup.db"]);
    assert!(code == 2 && complaint.contains("--replace"), "{complaint}");
    assert_eq!((given.events("unstale.db").as_str(), given.kept()), ("40", None));
    let (code, said, complaint) = given.run(&["restore", "backup.db", "--replace"]);
    assert_eq!(code, 0, "{complaint}");
    for words in ["30 events, up to event 30 of 20", "is kept as", "sign in again"] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(given.events("unstale.db"), "31", "those of the backup, and that of the restore");
    assert_eq!(given.events(&given.kept().unwrap()), "40");
    assert_eq!(given.events("backup.db"), "30", "the backup is not touched");
    assert_eq!(given.file("unstale.db").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!given.file("unstale.db.unstale-restore").exists());
    let told = given.run(&["audit", "export", "--format", "jsonl"]).1;
    let last = told.lines().last().unwrap();
    assert!(last.contains("unstale.restored") && last.contains("from backup.db"), "{last}");
}

#[tokio::test]
async fn a_lost_disk_needs_no_replace() {
    let given = Given::new().await;
    fs::create_dir(given.file("new")).unwrap();
    let (code, said, complaint) =
        given.run(&["restore", "backup.db", "--database", "sqlite://new/unstale.db"]);
    assert_eq!(code, 0, "{complaint}");
    assert!(said.contains("30 batches may have been sent since") && !said.contains("is kept as"), "{said}");
    assert_eq!(given.events("new/unstale.db"), "31");
}

#[tokio::test]
async fn what_must_not_be_restored_changes_nothing() {
    let given = Given::new().await;
    fs::write(given.file("text.db"), "no database").unwrap();
    fs::write(given.file("empty.db"), "").unwrap();
    fs::copy(given.file("backup.db"), given.file("open.db")).unwrap();
    fs::copy(given.file("backup.db"), given.file("forged.db")).unwrap();
    forge(&given.address("forged.db")).await;
    let whole = fs::read(given.file("backup.db")).unwrap();
    fs::write(given.file("half.db"), &whole[..whole.len() / 2]).unwrap();
    Raw::connect(&given.address("open.db")).await.let_events_change().await;
    for (file, expected, words) in [
        ("forged.db", 1, "event 7: it was changed"),
        ("text.db", 1, "file is not a database"),
        ("half.db", 1, "cannot be restored"),
        ("empty.db", 1, "no tables of Unstale"),
        ("open.db", 1, "it lacks the trigger"),
        ("missing.db", 2, "missing.db cannot be read"),
        ("unstale.db", 2, "is the database itself"),
        (".", 2, "is no file"),
    ] {
        let (code, _, complaint) = given.run(&["restore", file, "--replace"]);
        assert!(code == expected && complaint.contains(words), "{file}: {code} {complaint}");
        assert_eq!((given.events("unstale.db").as_str(), given.kept()), ("40", None), "{file}");
        assert!(!given.file("unstale.db.unstale-restore").exists(), "{file}");
    }
    let (code, _, complaint) = given.run(&["restore", "forged.db", "--database", "sqlite://other.db"]);
    assert!(
        code == 1 && !given.file("other.db").exists() && !given.file("other.db.lock").exists(),
        "{complaint}"
    );
    let (code, _, complaint) = given.run(&["restore", "backup.db", "--database", "sqlite://no/u.db"]);
    assert!(code == 2 && complaint.contains("there is no folder no"), "{complaint}");
    let (code, _, complaint) =
        given.run(&["restore", "backup.db", "--database", "postgres://nobody@127.0.0.1:9/x"]);
    assert!(code == 2 && complaint.contains("pg_restore"), "{complaint}");
}

#[tokio::test]
async fn a_service_that_runs_keeps_its_database() {
    let given = Given::new().await;
    let lock = instance_lock::take(&given.file("unstale.db")).unwrap();
    let (code, _, complaint) = given.run(&["restore", "backup.db", "--replace"]);
    assert!(code == 2 && complaint.contains("another Unstale is serving"), "{complaint}");
    assert_eq!((given.events("unstale.db").as_str(), given.kept()), ("40", None));
    drop(lock);
    assert_eq!(given.run(&["restore", "backup.db", "--replace"]).0, 0);
}

#[tokio::test]
async fn a_damaged_database_is_replaced_and_kept() {
    let given = Given::new().await;
    fs::write(given.file("unstale.db"), vec![7; 20_000]).unwrap();
    fs::write(given.file("unstale.db-wal"), "what was written last").unwrap();
    assert_eq!(given.run(&["restore", "backup.db", "--replace"]).0, 0);
    assert_eq!(given.events("unstale.db"), "31");
    let kept = given.all_kept();
    assert_eq!(kept.len(), 2, "with its log: {kept:?}");
}

/// Changes an event, and puts the triggers back that forbid it.
async fn forge(address: &str) {
    let mut raw = Raw::connect(address).await;
    let triggers = raw.texts("SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name").await;
    raw.let_events_change().await;
    raw.forge(7, "WEB-7:", "WEB-8:").await;
    let there = raw.texts("SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name").await;
    for trigger in triggers.iter().filter(|trigger| !there.contains(trigger)) {
        raw.run(trigger).await.unwrap();
    }
}

/// It is killed at many moments: the database is the one before or the one of the backup, and always whole.
#[tokio::test]
async fn killed_at_any_moment_it_leaves_a_whole_database() {
    let given = Given::new().await;
    let copy = |from: &Path, to: &str| fs::copy(from, given.file(to)).unwrap();
    copy(&given.file("unstale.db"), "pristine.db");
    let mut ended = [0, 0];
    for round in 0..24 {
        copy(&given.file("pristine.db"), "unstale.db");
        let mut command = program::program();
        command.args(["restore", "backup.db", "--replace"]).current_dir(&given.folder);
        command.env("UNSTALE_DATABASE", "sqlite://unstale.db").stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = command.spawn().unwrap();
        thread::sleep(Duration::from_millis(5 * round));
        let _ = running.kill();
        running.wait().unwrap();
        match given.events("unstale.db").as_str() {
            "40" => ended[0] += 1,
            "31" => ended[1] += 1,
            other => panic!("{other} events after {round}"),
        }
        if let Some(kept) = given.kept() {
            assert_eq!(given.events(&kept), "40");
            for name in given.all_kept() {
                fs::remove_file(given.file(&name)).unwrap();
            }
        }
    }
    assert!(ended[0] > 0, "{ended:?}");
    assert_eq!(
        given.run(&["restore", "backup.db", "--replace"]).0,
        0,
        "what a killed one left is no obstacle"
    );
    assert_eq!(given.events("unstale.db"), "31");
}
