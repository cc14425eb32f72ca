//! `unstale audit verify` and `export`, as they are run.

use std::process::{Command, Output};

use tempfile::TempDir;
use unstale::{domain::audit::head::SignedHead, store::Db};

use super::given::{fill, key};
use crate::support::Raw;

struct Given {
    folder: TempDir,
    database: String,
    head: SignedHead,
}

impl Given {
    async fn new(events: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("unstale.db").display());
        let db = Db::open(&database).await.unwrap();
        let head = fill(&db, events).await;
        db.close().await;
        Self { folder, database, head }
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_unstale"))
            .arg("audit")
            .args(arguments)
            .env("UNSTALE_DATABASE", &self.database)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    async fn raw(&self) -> Raw {
        Raw::connect(&self.database).await
    }
}

#[tokio::test]
async fn an_intact_database_and_its_export_verify() {
    let given = Given::new(30).await;
    let (code, said, _) = given.run(&["verify"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Intact: 30 events") && said.contains("1 known heads fit"), "{said}");
    let file = given.file("all.jsonl");
    assert_eq!(given.run(&["export", "--format", "jsonl", "--output", &file]).0, 0);
    let (line, public) = (given.head.line(), key().public());
    // Off line: another database address that leads nowhere.
    let (code, said, _) =
        given.run(&["verify", "--file", &file, "--head", &line, "--public-key", public.as_str()]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("up to event 30"), "{said}");
    let heads = given.file("heads.jsonl");
    std::fs::write(&heads, line + "\n").unwrap();
    assert_eq!(given.run(&["verify", "--file", &file, "--head", &heads]).0, 0);
    let short = format!("30:{}", given.head.head.hash);
    assert_eq!(given.run(&["verify", "--head", &short]).0, 0);
}

#[tokio::test]
async fn a_broken_one_exits_with_1_and_names_the_event() {
    let given = Given::new(30).await;
    let file = given.file("all.jsonl");
    given.run(&["export", "--format", "jsonl", "--output", &file]);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("WEB-7:", "WEB-8:", 1)).unwrap();
    let (code, said, _) = given.run(&["verify", "--file", &file]);
    assert_eq!(code, 1);
    assert!(said.contains("Broken at event 7: it was changed"), "{said}");
    let part: String = text.lines().rev().step_by(3).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, part).unwrap();
    assert_eq!(given.run(&["verify", "--file", &file]).0, 1, "a part is not the whole");
    assert_eq!(given.run(&["verify", "--file", &file, "--part"]).0, 0);
    let cut: String = text.lines().take(20).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, cut).unwrap();
    assert_eq!(given.run(&["verify", "--file", &file]).0, 0, "by itself it looks whole");
    let (code, said, _) = given.run(&["verify", "--file", &file, "--head", &given.head.line()]);
    assert_eq!(code, 1);
    assert!(said.contains("event 21: it is missing: a signed head says that there were 30 events"), "{said}");
    let mut raw = given.raw().await;
    raw.run("DROP TRIGGER audit_event_is_not_deleted; DELETE FROM audit_event WHERE sequence = 12")
        .await
        .unwrap();
    drop(raw);
    let (code, said, _) = given.run(&["verify"]);
    assert_eq!(code, 1);
    assert!(said.contains("Broken at event 12: it is missing"), "{said}");
}

#[tokio::test]
async fn what_could_not_be_checked_exits_with_2() {
    let given = Given::new(3).await;
    let other = "00".repeat(32);
    for arguments in [
        &["verify", "--database", "sqlite:///no/such/file.db"][..],
        &["verify", "--database", "mysql://x"],
        &["verify", "--file", "/no/such/file"],
        &["verify", "--head", "nonsense"],
        &["verify", "--public-key", "nonsense"],
    ] {
        let (code, said, complaint) = given.run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {said}");
        assert!(complaint.starts_with("unstale: ") && complaint.lines().count() == 1, "{complaint}");
    }
    // A head under another key than the one that is trusted is no proof.
    let (code, said, _) = given.run(&["verify", "--public-key", &other.replacen("00", "58", 0)]);
    assert!(code == 1 || code == 2, "{said}");
}

#[tokio::test]
async fn each_form_has_every_event() {
    let given = Given::new(2_500).await;
    for (format, lines) in [("csv", 2_501), ("jsonl", 2_500), ("ocsf", 2_500)] {
        let (code, out, complaint) = given.run(&["export", "--format", format]);
        assert_eq!(code, 0, "{complaint}");
        assert_eq!(out.lines().count(), lines, "{format}");
    }
    assert_ne!(given.run(&["export", "--format", "csv", "--output", "/no/such/folder/x"]).0, 0);
}

#[tokio::test]
async fn an_export_of_a_damaged_history_has_what_is_left_once_and_shows_the_damage() {
    let given = Given::new(4_500).await;
    let mut raw = given.raw().await;
    raw.run(
        "DROP TRIGGER audit_event_is_not_deleted; DROP TRIGGER audit_event_is_not_updated;
         UPDATE audit_event SET items_shown = '[ ]' WHERE sequence = 100;
         UPDATE audit_event SET items_count = -5 WHERE sequence = 4400;
         DELETE FROM audit_event WHERE sequence BETWEEN 1900 AND 4100",
    )
    .await
    .unwrap();
    for (format, lines) in [("csv", 2_300), ("jsonl", 2_299), ("ocsf", 2_299)] {
        let (code, out, complaint) = given.run(&["export", "--format", format]);
        assert_eq!((code, out.lines().count()), (0, lines), "{format}: {complaint}");
    }
    let file = given.file("damaged.jsonl");
    given.run(&["export", "--format", "jsonl", "--output", &file]);
    let (code, said, _) = given.run(&["verify", "--file", &file]);
    assert!(code == 1 && said.contains("Broken at event 100: it was changed"), "{said}");
    raw.run("UPDATE audit_event SET outcome = 'x' WHERE sequence = 7").await.unwrap();
    let (code, _, complaint) = given.run(&["export", "--format", "csv"]);
    assert!(code != 0 && complaint.contains("an outcome"), "{complaint}");
}
