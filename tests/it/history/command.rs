//! `unstale audit verify` and `export`, as they are run.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;
use unstale::{
    domain::audit::{
        head::{HeadKey, SignedHead},
        segment::Segment,
    },
    store::{Db, audit},
};

use super::given::{fill, key};
use crate::support::{DOCS, Raw, SHOP, TestApp, WORKSHOP, at, encoded, program, seconds, uuid};

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
        run(&self.database, arguments)
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    async fn raw(&self) -> Raw {
        Raw::connect(&self.database).await
    }
}

fn run(database: &str, arguments: &[&str]) -> (i32, String, String) {
    program::run(program::program().arg("audit").args(arguments).env("UNSTALE_DATABASE", database))
}

#[tokio::test]
async fn a_csv_file_is_marked_for_spreadsheets_where_that_is_asked_for() {
    let given = Given::new(3).await;
    let text = |arguments: &[&str]| given.run(&[&["export", "--format", "csv"], arguments].concat()).1;
    let (plain, marked) = (text(&[]), text(&["--bom"]));
    assert_eq!(marked, format!("\u{feff}{plain}"));
    assert!(text(&["--bom", "--result", "done"]).starts_with("\u{feff}sequence,at,at_utc,"));
    let mut reader = csv::Reader::from_reader(plain.as_bytes());
    for row in reader.records().map(Result::unwrap) {
        assert_eq!(&row[2], row[1][..19].replace('T', " "));
    }
    let (code, _, complaint) = given.run(&["export", "--format", "jsonl", "--bom"]);
    assert!(code != 0 && complaint.contains("--bom goes only with --format csv"), "{complaint}");
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
         DELETE FROM audit_event WHERE sequence BETWEEN 1900 AND 4100",
    )
    .await
    .unwrap();
    raw.forge(100, "\"shown\":[", "\"shown\":[ ").await;
    raw.forge(4_400, "\"count\":2", "\"count\":5").await;
    for (format, lines) in [("csv", 2_300), ("jsonl", 2_299), ("ocsf", 2_299)] {
        let (code, out, complaint) = given.run(&["export", "--format", format]);
        assert_eq!((code, out.lines().count()), (0, lines), "{format}: {complaint}");
    }
    let file = given.file("damaged.jsonl");
    given.run(&["export", "--format", "jsonl", "--output", &file]);
    let (code, said, _) = given.run(&["verify", "--file", &file]);
    assert!(code == 1 && said.contains("Broken at event 100: it was changed"), "{said}");
    raw.forge(7, "\"outcome\":\"done\"", "\"outcome\":\"x\"").await;
    let (code, _, complaint) = given.run(&["export", "--format", "csv"]);
    assert!(code != 0 && complaint.contains("an outcome"), "{complaint}");
}

#[tokio::test]
async fn an_export_of_everything_says_on_standard_error_how_far_it_goes() {
    let given = Given::new(30).await;
    let file = given.file("all.jsonl");
    let export = ["export", "--format", "jsonl", "--output", file.as_str()];
    let whole =
        format!("unstale: 30 events written: 1 to 30, the last with hash {}.\n", given.head.head.hash);
    assert_eq!(given.run(&export), (0, String::new(), whole.clone()));
    for (format, lines) in [("csv", 31), ("jsonl", 30), ("ocsf", 30)] {
        let (code, out, told) = given.run(&["export", "--format", format]);
        assert_eq!((code, out.lines().count(), &told), (0, lines, &whole), "{format}");
    }
    let mut raw = given.raw().await;
    raw.run("DROP TRIGGER audit_event_is_not_deleted; DELETE FROM audit_event WHERE sequence <= 10")
        .await
        .unwrap();
    let (code, _, told) = given.run(&export);
    assert!(code == 0 && told.contains("20 events written: 11 to 30, the last with hash"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    let command = told.split("unstale audit ").nth(1).unwrap();
    let words: Vec<&str> = command.split_whitespace().take(5).collect();
    assert_eq!(words[..4], ["verify", "--file", file.as_str(), "--after"], "{told}");
    let (code, said, _) = given.run(&words);
    assert!(code == 0 && said.contains("20 events"), "{said}");
    let (_, _, told) = given.run(&["export", "--format", "csv"]);
    assert!(told.contains("11 to 30") && !told.contains("--after"), "{told}");
    raw.run("DELETE FROM audit_event").await.unwrap();
    let empty = "unstale: The history is empty: no event was written.\n".to_owned();
    assert_eq!(given.run(&export), (0, String::new(), empty));
}

#[tokio::test]
async fn a_search_of_many_pages_is_exported_newest_first_and_verifies_as_a_part() {
    let given = Given::new(2_500).await;
    let (_, all, _) = given.run(&["export", "--format", "jsonl"]);
    let file = given.file("search.jsonl");
    let told = format!(
        "unstale: 2500 events written, newest first. unstale audit verify --file {file} --part verifies it.\n"
    );
    let export = ["export", "--format", "jsonl", "--result", "done", "--output", file.as_str()];
    assert_eq!(given.run(&export), (0, String::new(), told));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.lines().eq(all.lines().rev()), "{} lines", text.lines().count());
    assert_eq!(given.run(&["verify", "--file", &file, "--part"]).0, 0);
    let (code, out, told) = given.run(&["export", "--format", "csv", "--who", "nobody@example.com"]);
    assert_eq!((code, out.lines().count()), (0, 1), "only the names of the columns");
    assert_eq!(told, "unstale: Nothing fits: no event was written.\n");
}

#[tokio::test]
async fn a_flag_that_is_not_right_is_refused_and_the_file_stays_as_it_was() {
    let given = Given::new(3).await;
    let file = given.file("kept.jsonl");
    std::fs::write(&file, "kept").unwrap();
    for (flag, value, words) in [
        ("--search", "", "such as /index.html"),
        ("--search", "\"'", "such as /index.html"),
        ("--search", &"x".repeat(4_300), "use at most 4200 characters"),
        ("--distribution", "E1/../x", "such as E2QWRUHAPOMQZL"),
        ("--who", " ", "such as ada@example.com"),
        ("--action", "person.dancing", "person.signed_in"),
        ("--result", "maybe", "done, refused, failed"),
        ("--from", "yesterday", "Write a day such as 2026-11-23."),
        ("--until", "2026-13-40", "Write a day such as 2026-11-23."),
        ("--outside", "x", "yes, no"),
        ("--freshness", "pending", "fresh, unchanged, unclear, stale, broken"),
    ] {
        let (code, out, complaint) =
            given.run(&["export", "--format", "jsonl", "--output", &file, flag, value]);
        assert_eq!((code, out.as_str()), (2, ""), "{flag} {value}");
        assert!(complaint.contains(flag) && complaint.contains(words), "{complaint}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept", "{flag} {value}");
    }
}

/// A history in which each filter finds something and leaves something out.
async fn searched() -> TestApp {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    for (distribution, items, reason) in
        [(DOCS, "/a", "WEB-412"), (SHOP, "/images/*", "WEB-413"), (WORKSHOP, "/b", "WEB-412 again")]
    {
        let fields =
            [("distribution", distribution), ("items", items), ("reason", reason), ("request_key", &uuid())];
        ada.post("/invalidations", &fields).await.assert_status(303);
    }
    app.console(SHOP, "console", &["/outside"]).await;
    app.world.live(25).await;
    app.world.advance(seconds(86_400));
    app.world.survey().await;
    app.world.request_at(DOCS, "/later").await;
    app
}

#[tokio::test]
async fn a_search_is_exported_as_the_page_has_it() {
    let app = searched().await;
    let vera = app.viewer().await;
    let database = app.world.database.place.address();
    let (_, all, _) = run(&database, &["export", "--format", "jsonl"]);
    for filters in [
        &[("q", "WEB-412")][..],
        &[("q", "https://docs.example.com/a")],
        &[("distribution", SHOP)],
        &[("who", "ada@example.com")],
        &[("action", "batch.accepted")],
        &[("result", "done"), ("outside", "yes")],
        &[("outside", "no")],
        &[("from", "2026-11-24")],
        &[("q", "WEB-412"), ("distribution", DOCS), ("until", "2026-11-23")],
    ] {
        let flags = filters.iter().flat_map(|&(name, value)| {
            let flag = if name == "q" { "search" } else { name };
            [format!("--{flag}"), value.to_owned()]
        });
        let flags: Vec<String> = flags.collect();
        let mut arguments = vec!["export", "--format", "jsonl"];
        arguments.extend(flags.iter().map(String::as_str));
        let (code, out, told) = run(&database, &arguments);
        assert_eq!(code, 0, "{told}");
        assert!(!out.is_empty() && out.len() < all.len(), "{filters:?}: {out}");
        let asked = encoded(filters);
        assert_eq!(out, vera.get(&format!("/history.jsonl?{asked}")).await.body, "{filters:?}");
        let rows = vera.get(&format!("/history?tab=everything&{asked}")).await.attributes("tbody tr", "id");
        let lines = out.lines().map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("event-{}", line["event"]["sequence"])
        });
        assert_eq!(lines.take(100).collect::<Vec<_>>(), rows, "{filters:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn looking_changes_nothing_and_needs_a_database_of_this_version() {
    let given = Given::new(30).await;
    let file = given.file("unstale.db");
    let before = std::fs::read(&file).unwrap();
    for arguments in [&["verify"][..], &["export", "--format", "csv"]] {
        assert_eq!(given.run(arguments).0, 0);
        assert!(std::fs::read(&file).unwrap() == before, "{arguments:?} wrote to it");
    }
    given.raw().await.run("UPDATE _sqlx_migrations SET version = 9000 WHERE version = 1").await.unwrap();
    let (code, _, said) = given.run(&["verify"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("are of version 9000"), "{said}");
}

#[tokio::test]
async fn what_was_dropped_is_told_and_heads_before_it_need_a_key() {
    let given = Given::new(30).await;
    let db = Db::open(&given.database).await.unwrap();
    let events = super::given::all(&db).await;
    let segment = Segment {
        first: 1,
        last: 10,
        last_hash: events[9].hash.clone(),
        file: "unstale-history-1-10.jsonl".to_owned(),
        file_sha256: "cd".repeat(32),
        at: at(9),
    };
    let mut tx = db.begin().await.unwrap();
    audit::insert_segment(&mut tx, &segment.sign(&key())).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let (code, said, _) = given.run(&["verify"]);
    assert_eq!(code, 0, "what is still to be dropped leads to what was signed: {said}");
    given.raw().await.run("DELETE FROM audit_event WHERE sequence <= 10").await.unwrap();
    let (code, said, _) = given.run(&["verify"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Events 1 to 10 were exported to unstale-history-1-10.jsonl"), "{said}");
    assert!(said.contains(key().public().as_str()) && said.contains("Intact: 20 events"), "{said}");
    let before = format!("5:{}", events[4].hash);
    let (code, _, said) = given.run(&["verify", "--head", &before]);
    assert_eq!(code, 2, "a head of what is gone proves nothing here: {said}");
    let public = key().public();
    let (code, said, _) = given.run(&["verify", "--head", &before, "--public-key", public.as_str()]);
    assert!(code == 0 && said.contains("1 known heads are of events that were dropped"), "{said}");
    let other = HeadKey::from_random([1; 32]).public();
    assert_eq!(given.run(&["verify", "--public-key", other.as_str()]).0, 1);
    let end = format!("10:{}", "ab".repeat(32));
    assert_eq!(given.run(&["verify", "--head", &end]).0, 1, "the segment ends with another hash");
}

#[tokio::test]
async fn a_file_may_be_a_pipe() {
    let given = Given::new(30).await;
    let (_, all, _) = given.run(&["export", "--format", "jsonl"]);
    let mut verify = Command::new(env!("CARGO_BIN_EXE_unstale"))
        .args(["audit", "verify", "--file", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    verify.stdin.take().unwrap().write_all(all.as_bytes()).unwrap();
    let Output { status, stdout, .. } = verify.wait_with_output().unwrap();
    assert!(
        status.success() && stdout.starts_with(b"Intact: 30 events"),
        "{}",
        String::from_utf8_lossy(&stdout)
    );
}

#[tokio::test]
async fn an_export_in_a_form_without_hashes_says_which_form_can_be_verified() {
    let given = Given::new(3).await;
    for (form, name) in [("csv", "CSV"), ("ocsf", "OCSF")] {
        let (file, said) = (given.file(form), format!("is an export as {name}"));
        let (_, all, _) = given.run(&["export", "--format", form]);
        for text in [all.clone(), format!("\u{feff}{all}")].iter().filter(|_| form == "csv").chain([&all]) {
            std::fs::write(&file, text).unwrap();
            let (code, _, error) = given.run(&["verify", "--file", &file]);
            assert!(code == 2 && error.contains(&said) && error.contains("JSON Lines"), "{code} {error}");
        }
    }
}

#[tokio::test]
async fn a_file_that_begins_late_says_how_to_check_it() {
    let given = Given::new(30).await;
    let file = given.file("late.jsonl");
    let (_, all, _) = given.run(&["export", "--format", "jsonl"]);
    let late: String = all.split_inclusive('\n').skip(10).collect();
    std::fs::write(&file, late).unwrap();
    let (code, said, _) = given.run(&["verify", "--file", &file]);
    assert_eq!(code, 1, "{said}");
    let db = Db::open(&given.database).await.unwrap();
    let after = format!("10:{}", super::given::all(&db).await[9].hash);
    db.close().await;
    assert!(said.contains(&format!("--after {after}")) && said.contains("--part"), "{said}");
    assert!(said.starts_with("Not verified: ") && !said.contains("Broken"), "{said}");
    assert_eq!(given.run(&["verify", "--file", &file, "--after", &after]).0, 0);
}

#[tokio::test]
async fn an_export_that_fails_leaves_no_file_that_looks_whole() {
    let given = Given::new(2_500).await;
    let mut raw = given.raw().await;
    raw.let_events_change().await;
    let whole = raw.forge(2_200, "\"shown\":[", "\"list\":[").await;
    let who = &["--who", "ada@example.com"][..];
    for (format, more) in [("csv", &[][..]), ("ocsf", &[]), ("csv", who), ("jsonl", who), ("ocsf", who)] {
        fails_and_leaves_no_file(&given, format, more);
    }
    // Lines are verified without their being understood; what is no JSON cannot be.
    raw.run("PRAGMA ignore_check_constraints = ON").await.unwrap();
    raw.set_form(2_200, whole.strip_suffix('}').unwrap()).await;
    for format in ["csv", "jsonl", "ocsf"] {
        fails_and_leaves_no_file(&given, format, &[]);
    }
    let left: Vec<_> =
        std::fs::read_dir(given.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("part")), "{left:?}");
}

#[track_caller]
fn fails_and_leaves_no_file(given: &Given, format: &str, more: &[&str]) {
    let (new, old) = (given.file(&format!("new.{format}")), given.file(&format!("old.{format}")));
    std::fs::write(&old, "what was there").unwrap();
    for file in [&new, &old] {
        let arguments = [&["export", "--format", format, "--output", file.as_str()], more].concat();
        let (code, _, said) = given.run(&arguments);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("2200"), "it names the event: {said}");
    }
    assert!(!std::path::Path::new(&new).exists());
    assert_eq!(std::fs::read_to_string(&old).unwrap(), "what was there");
    let arguments = [&["export", "--format", format], more].concat();
    assert_eq!(given.run(&arguments).0, 1, "to standard output too");
}
