//! `unstale copy`, as it is run: from SQLite into PostgreSQL and back.

use std::{
    path::Path,
    process::{Child, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;
use unstale::store::{Db, instance_lock};

use crate::{
    history::given::fill,
    support::{Engine, Place, Raw, program},
};

fn address(folder: &TempDir, file: &str) -> String {
    format!("sqlite://{}", folder.path().join(file).display())
}

/// A database of SQLite with a history of so many events, and the hash of the last.
async fn with_history(folder: &TempDir, events: u64) -> (String, String) {
    let address = address(folder, "unstale.db");
    let db = Db::open(&address).await.unwrap();
    let head = fill(&db, events).await.head;
    db.close().await;
    (address, head.hash)
}

fn copy(from: &str, to: &str) -> (i32, String, String) {
    program::run(program::program().args(["copy", from, to]))
}

/// The last line of what the check of the history says.
fn verified(address: &str) -> (i32, String) {
    let (code, said, _) = program::run(program::program().args(["audit", "verify", "--database", address]));
    (code, said)
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn a_history_goes_to_postgres_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let (from, hash) = with_history(&folder, 40).await;
    let place = Place::new(Engine::Postgres).await;
    let (code, said, complaint) = copy(&from, &place.address());
    assert_eq!(code, 0, "{said}{complaint}");
    assert!(said.contains("40 events") && said.contains(&hash) && said.contains("is intact"), "{said}");
    assert!(said.contains("Do not start it on sqlite://"), "{said}");
    let back = address(&folder, "back.db");
    let (code, said, complaint) = copy(&place.address(), &back);
    assert_eq!(code, 0, "{said}{complaint}");
    assert!(said.contains(&hash), "{said}");
    for database in [from.as_str(), &place.address(), &back] {
        let (code, said) = verified(database);
        assert!(code == 0 && said.contains(&hash), "{database}: {said}");
    }
    // It can be served: it has what a new one has, and writes go on behind the last event.
    let token = ["token", "create", "deploy", "--role", "viewer", "--database", &back];
    assert_eq!(program::run(program::program().args(token)).0, 0);
    assert_eq!(verified(&back).0, 0);
    let (code, _, complaint) = copy(&from, &place.address());
    assert!(code == 2 && complaint.contains("has rows already"), "{complaint}");
    place.remove().await;
}

#[tokio::test]
async fn nothing_is_copied_where_it_would_be_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let (from, _) = with_history(&folder, 3).await;
    let to = address(&folder, "copied.db");
    std::fs::write(folder.path().join("there.db"), "something").unwrap();
    for (from, to, said) in [
        (&*address(&folder, "missing.db"), &*to, "there is no database"),
        (&from, &address(&folder, "there.db"), "there.db exists already"),
        (&from, &from, "exists already"),
        ("sqlite::memory:", &to, "in memory"),
        (&from, "sqlite::memory:", "in memory"),
        ("unstale.db", &to, "use sqlite://FILE or postgres://"),
        (&from, "mysql://nobody@127.0.0.1/x", "use sqlite://FILE or postgres://"),
        (&from, "postgres://nobody@127.0.0.1:9/x", "out of reach"),
        (&from, &address(&folder, "missing/copied.db"), "cannot be written"),
    ] {
        let (code, _, complaint) = copy(from, to);
        assert!(code == 2 && complaint.contains(said), "{from} {to}: {complaint}");
    }
    assert!(!folder.path().join("missing.db").exists());
    let lock = instance_lock::take(&folder.path().join("unstale.db")).unwrap();
    let (code, _, complaint) = copy(&from, &to);
    assert!(code == 2 && complaint.contains("another Unstale is serving"), "{complaint}");
    drop(lock);
    assert_eq!(copy(&from, &to).0, 0);
    let left = std::fs::read_dir(folder.path()).unwrap();
    let left: Vec<_> = left
        .map(|file| file.unwrap().file_name())
        .filter(|name| name.to_string_lossy().contains("part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_broken_history_is_copied_as_it_is_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let (from, _) = with_history(&folder, 9).await;
    let mut raw = Raw::connect(&from).await;
    raw.let_events_change().await;
    raw.forge(7, "WEB-7:", "WEB-8:").await;
    let to = address(&folder, "copied.db");
    let (code, said, _) = copy(&from, &to);
    assert!(code == 1 && said.contains("broken, in both: event 7: it was changed"), "{said}");
    assert_eq!(verified(&to).0, 1);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn a_database_that_is_used_is_neither_copied_nor_filled() {
    let folder = tempfile::tempdir().unwrap();
    let (from, _) = with_history(&folder, 3).await;
    let place = Place::new(Engine::Postgres).await;
    let used = Db::open(&place.address()).await.unwrap();
    let _connection = used.read().await.unwrap();
    for (from, to, said) in [
        (&*from, &*place.address(), "another Unstale uses the database to copy into: stop the service"),
        (
            &place.address(),
            &address(&folder, "copied.db"),
            "another Unstale uses the database to copy: stop the service",
        ),
    ] {
        let (code, _, complaint) = copy(from, to);
        assert!(code == 2 && complaint.contains(said), "{complaint}");
    }
    place.remove().await;
}

/// A copy that is under way.
fn begin(from: &str, to: &str) -> Child {
    let mut copy = program::program();
    copy.args(["copy", from, to]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn a_copy_that_is_killed_leaves_nothing_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let (from, hash) = with_history(&folder, 6_000).await;
    let place = Place::new(Engine::Postgres).await;
    let (to, back) = (place.address(), address(&folder, "back.db"));
    kill_at_moments(&from, &to);
    // What was copied to the end before the kill came is complete.
    let (code, _, complaint) = copy(&from, &to);
    assert!(code == 0 || complaint.contains("has rows already"), "{complaint}");
    let (code, said) = verified(&to);
    assert!(code == 0 && said.contains(&hash), "{said}");
    kill_at_moments(&to, &back);
    let is_there = folder.path().join("back.db").exists();
    assert!(is_there || copy(&to, &back).0 == 0);
    let (code, said) = verified(&back);
    assert!(code == 0 && said.contains(&hash), "{said}");
    assert!(!Path::new(&folder.path().join("back.db.unstale-part")).exists());
    place.remove().await;
}

/// Kills a copy after a while, longer each time, so that one ends in each of its steps.
fn kill_at_moments(from: &str, to: &str) {
    for step in 0..12 {
        let mut copy = begin(from, to);
        thread::sleep(Duration::from_millis(40 * step));
        copy.kill().unwrap();
        copy.wait().unwrap();
    }
}
