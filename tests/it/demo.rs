//! `unstale demo` as a newcomer starts it: with two weeks of history, which hold when they are looked into.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use unstale::{
    clock::Clock,
    domain::{checks::Freshness, id::PersonId, invalidations::invalidation::InvalidationState},
    store::{Db, checks, invalidations, invalidations::proposals, sign_in::people, tokens},
};

use crate::support::{Raw, all_seen};

const PROGRAM: &str = env!("CARGO_BIN_EXE_unstale");

/// A running demo. It is killed when it is dropped.
struct Demo(Child);

impl Demo {
    /// Starts it in this folder, and waits until it is ready.
    fn start(folder: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["demo", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .args(more)
            .env("UNSTALE_LOG", "off")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(
            lines.any(|line| line.unwrap().starts_with("Ctrl-C ends it")),
            "it ended before it was ready"
        );
        Self(child)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The folder of a demo that was not started yet.
fn new_folder() -> (TempDir, PathBuf) {
    let around = tempfile::tempdir().unwrap();
    let folder = around.path().join("demo");
    (around, folder)
}

fn database(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("unstale.db").display())
}

async fn events(folder: &Path) -> i64 {
    Raw::connect(&database(folder)).await.number("SELECT count(*) FROM audit_event").await
}

#[tokio::test]
async fn it_begins_with_two_weeks_of_history() {
    let (_around, folder) = new_folder();
    // What an interrupted start left is in nobody's way.
    fs::create_dir_all(folder.join(".first-weeks/sites")).unwrap();
    drop(Demo::start(&folder, &[]));
    assert!(!folder.join(".first-weeks").exists(), "nothing unfinished is left");

    let db = Db::open(&database(&folder)).await.unwrap();
    let mut conn = db.read().await.unwrap();
    let all = invalidations::recent(&mut conn, &all_seen(), 100).await.unwrap();
    let in_state = |state| all.iter().filter(|one| one.state == state).count();
    assert_eq!(in_state(InvalidationState::Completed) + in_state(InvalidationState::Cancelled), all.len());
    assert!(all.len() > 12 && in_state(InvalidationState::Cancelled) == 1, "{} invalidations", all.len());
    let oldest = all.iter().map(|one| one.requested_at).min().unwrap();
    let newest = all.iter().map(|one| one.requested_at).max().unwrap();
    assert!(newest.since(oldest).as_secs() / 86_400 >= 12, "{oldest} to {newest}");

    let mut results = Vec::new();
    for one in &all {
        if let Some(run) = checks::of_invalidation(&mut conn, &one.id).await.unwrap() {
            results.push(run.freshness);
        }
    }
    let with = |freshness| results.iter().filter(|result| **result == freshness).count();
    assert_eq!((with(Freshness::Stale), with(Freshness::Unclear), with(Freshness::Pending)), (1, 0, 0));
    assert!(with(Freshness::Fresh) > 8 && with(Freshness::Unchanged) > 0, "{results:?}");

    assert_eq!(people::list(&mut conn).await.unwrap().len(), 2);
    assert_eq!(tokens::list(&mut conn, 10).await.unwrap().len(), 1);
    assert_eq!(
        proposals::waiting_for(
            &mut conn,
            &PersonId::from_trusted("nobody"),
            &all_seen(),
            Clock::system().now()
        )
        .await
        .unwrap(),
        1
    );
    drop(conn);
    db.close().await;
}

#[tokio::test]
async fn its_history_is_intact_and_is_made_once() {
    let (_around, folder) = new_folder();
    drop(Demo::start(&folder, &[]));
    let verify = Command::new(PROGRAM)
        .args(["audit", "verify"])
        .env("UNSTALE_DATABASE", database(&folder))
        .output()
        .unwrap();
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stdout));
    let before = events(&folder).await;
    assert!(before > 60, "{before} events");
    drop(Demo::start(&folder, &[]));
    assert!(events(&folder).await - before < before / 2, "a second start makes no second history");
}

#[tokio::test]
async fn a_folder_that_has_something_in_it_gets_no_history_of_others() {
    let (_around, folder) = new_folder();
    drop(Demo::start(&folder, &["--empty"]));
    let db = Db::open(&database(&folder)).await.unwrap();
    assert_eq!(invalidations::recent(&mut db.read().await.unwrap(), &all_seen(), 100).await.unwrap(), []);
    db.close().await;
    drop(Demo::start(&folder, &[]));
    let db = Db::open(&database(&folder)).await.unwrap();
    assert_eq!(invalidations::recent(&mut db.read().await.unwrap(), &all_seen(), 100).await.unwrap(), []);
    db.close().await;
}

#[tokio::test]
async fn where_the_folder_cannot_be_made_it_says_so() {
    let (around, _) = new_folder();
    let file = around.path().join("a file");
    fs::write(&file, "").unwrap();
    let ended = Command::new(PROGRAM)
        .args(["demo", "--listen", "127.0.0.1:0", "--data"])
        .arg(file.join("demo"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!ended.status.success() && said.contains("a file/demo cannot be"), "{said}");
}
