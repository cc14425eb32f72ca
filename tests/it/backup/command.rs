//! `unstale backup`, as it is run.

use tempfile::TempDir;
use unstale::store::Db;

use crate::{
    history::given::fill,
    support::{Raw, program},
};

fn run(folder: &TempDir, arguments: &[&str]) -> (i32, String, String) {
    let database = "sqlite://unstale.db";
    program::run(program::program().args(arguments).current_dir(folder).env("UNSTALE_DATABASE", database))
}

#[tokio::test]
async fn it_says_what_was_copied_and_its_exit_code_tells_whether_it_is_intact() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, complaint) = run(&folder, &["backup", "copy.db"]);
    assert!(code == 2 && complaint.contains("there is no database unstale.db"), "{complaint}");
    for (arguments, said) in [
        (["backup", "copy.db", "--database", "postgres://nobody@127.0.0.1:9/x"].as_slice(), "pg_dump"),
        (&["backup", "sqlite://copy.db"], "is an address"),
    ] {
        let (code, _, complaint) = run(&folder, arguments);
        assert!(code == 2 && complaint.contains(said), "{complaint}");
    }
    let address = format!("sqlite://{}", folder.path().join("unstale.db").display());
    let db = Db::open(&address).await.unwrap();
    let head = fill(&db, 30).await.head;
    // The service may have it open.
    let (code, said, _) = run(&folder, &["backup", "copy.db"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("30 events") && said.contains(&head.hash) && said.contains("is intact"), "{said}");
    assert_eq!(run(&folder, &["audit", "verify", "--database", "sqlite://copy.db"]).0, 0);
    let (code, _, complaint) = run(&folder, &["backup", "copy.db"]);
    assert!(code == 2 && complaint.contains("copy.db exists already"), "{complaint}");
    db.close().await;
    let mut raw = Raw::connect(&address).await;
    raw.let_events_change().await;
    raw.forge(7, "WEB-7:", "WEB-8:").await;
    let (code, said, _) = run(&folder, &["backup", "broken.db"]);
    assert!(code == 1 && said.contains("broken, as the database is: event 7: it was changed"), "{said}");
    assert!(folder.path().join("broken.db").exists());
}

#[test]
fn an_odd_name_is_a_name() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(&folder, &["user", "list"]).0, 0);
    for name in ["what?mode=memory.db", "100% safe.db", "it's #1.db", "-copy.db"] {
        let (code, said, complaint) = run(&folder, &["backup", "--", name]);
        assert_eq!(code, 0, "{name}: {said}{complaint}");
        assert!(folder.path().join(name).metadata().unwrap().len() > 0, "{name}");
    }
}
