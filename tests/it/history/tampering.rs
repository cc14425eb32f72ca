//! Random edits by somebody who owns the database or the file: each is found, given the last signed head.
//!
//! `UNSTALE_EDITS` and `UNSTALE_EVENTS` make it the long form, see `scripts/torture`.

use std::time::Duration;

use tokio::time::timeout;
use unstale::{
    domain::{
        audit::{
            Chained, GENESIS, export,
            head::{HeadKey, SignedHead},
            segment::Segment,
            verify::Walk,
        },
        time::Timestamp,
    },
    store::{Db, audit},
    workers::{CheckError, TrustedHeads},
};

use super::given::{all, fill, key, verify, verify_with};
use crate::{
    simulation::rng::Rng,
    support::{Database, Engine, Raw, at},
};

/// A form that is none, or of another event, goes in all the same.
const UNCHECKED: &str = "PRAGMA ignore_check_constraints = ON";
const MINUTE: Duration = Duration::from_mins(1);

/// What is stored of an event; the other columns follow from the form.
const COLUMNS: [&str; 2] = ["form", "hash"];

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// One statement list that does harm, and what it is.
async fn harm(raw: &mut Raw, rng: &mut Rng, events: u64) -> (String, String) {
    let victim = 1 + rng.below(events);
    let other = 1 + (victim - 1 + 1 + rng.below(events - 1)) % events;
    let hash_of = |sequence: u64| format!("(SELECT hash FROM audit_event WHERE sequence = {sequence})");
    match rng.below(7) {
        0..=2 => bit(raw, rng, victim).await,
        3 => {
            (format!("event {victim} deleted"), format!("DELETE FROM audit_event WHERE sequence = {victim}"))
        }
        4 => {
            let up = format!(
                "UPDATE audit_event SET sequence = -sequence - 1 WHERE sequence > {victim};
                 UPDATE audit_event SET sequence = -sequence WHERE sequence < 0;"
            );
            let columns = COLUMNS.join(", ");
            let copy = format!(
                "INSERT INTO audit_event (sequence, {columns}) SELECT {victim} + 1, {columns} FROM audit_event
                 WHERE sequence = {other} + CASE WHEN {other} > {victim} THEN 1 ELSE 0 END;
                 UPDATE audit_head SET sequence = {events} + 1, hash = {}",
                hash_of(events + 1)
            );
            (format!("event {other} inserted behind {victim}"), up + &copy)
        }
        5 => {
            let swap = format!(
                "UPDATE audit_event SET sequence = -1 WHERE sequence = {victim};
                 UPDATE audit_event SET sequence = {victim} WHERE sequence = {other};
                 UPDATE audit_event SET sequence = {other} WHERE sequence = -1"
            );
            (format!("events {victim} and {other} swapped"), swap)
        }
        _ => {
            let left = victim - 1;
            let head = if left == 0 { format!("'{GENESIS}'") } else { hash_of(left) };
            let cut = format!(
                "DELETE FROM audit_event WHERE sequence > {left}; DELETE FROM audit_signed_head;
                 UPDATE audit_head SET sequence = {left}, hash = {head}"
            );
            (format!("cut off after event {left}"), cut)
        }
    }
}

/// One bit of the form or the hash of one event.
async fn bit(raw: &mut Raw, rng: &mut Rng, victim: u64) -> (String, String) {
    let column = rng.pick(&COLUMNS);
    let what = format!("a bit of {column} of event {victim}");
    let sql = format!("SELECT hex({column}) FROM audit_event WHERE sequence = {victim}");
    let mut hex = raw.texts(&sql).await.remove(0).into_bytes();
    let at = usize::try_from(rng.below(hex.len() as u64)).unwrap();
    let digit = u8::try_from(char::from(hex[at]).to_digit(16).unwrap()).unwrap() ^ (1 << rng.below(4));
    hex[at] = format!("{digit:X}").into_bytes()[0];
    let hex = String::from_utf8(hex).unwrap();
    (what, format!("UPDATE audit_event SET {column} = CAST(x'{hex}' AS TEXT) WHERE sequence = {victim}"))
}

/// Takes away what forbids an edit, and the indexes, which only make it slow: no check asks them.
async fn open_for_harm(raw: &mut Raw) {
    raw.run(UNCHECKED).await.unwrap();
    let triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
    for trigger in raw.texts(triggers).await {
        raw.run(&format!("DROP TRIGGER {trigger}")).await.unwrap();
    }
    let indexes = "SELECT name FROM sqlite_schema
                   WHERE type = 'index' AND tbl_name = 'audit_event' AND sql IS NOT NULL";
    for index in raw.texts(indexes).await {
        raw.run(&format!("DROP INDEX {index}")).await.unwrap();
    }
}

#[tokio::test]
async fn every_random_edit_of_a_database_is_found() {
    let (events, edits) = (setting("UNSTALE_EVENTS", 250), setting("UNSTALE_EDITS", 50));
    let database = Database::new(Engine::Sqlite).await;
    let head = fill(&database.db, events).await;
    assert_eq!(verify(&database.db, &head).await.unwrap(), events);
    open_for_harm(&mut database.raw().await).await;
    assert_eq!(verify(&database.db, &head).await.unwrap(), events, "a false alarm");
    database.db.close().await;
    let folder = tempfile::tempdir().unwrap();
    let mut rng = Rng::new(setting("UNSTALE_EDIT_SEED", 1));
    for edit in 0..edits {
        let copy = folder.path().join("copy.db");
        let whole = database.place.address().trim_start_matches("sqlite://").to_owned();
        std::fs::copy(&whole, &copy).unwrap();
        let address = format!("sqlite://{}", copy.display());
        let mut raw = Raw::connect(&address).await;
        raw.run(UNCHECKED).await.unwrap();
        let (what, sql) = harm(&mut raw, &mut rng, events).await;
        raw.run(&sql).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        drop(raw);
        let db = Db::open(&address).await.unwrap();
        let found = verify(&db, &head).await;
        assert!(matches!(found, Err(CheckError::Broken(_))), "edit {edit}, {what}, was not found: {found:?}");
        db.close().await;
        for left in ["copy.db", "copy.db-wal", "copy.db-shm"] {
            let _ = std::fs::remove_file(folder.path().join(left));
        }
    }
}

#[tokio::test]
async fn what_a_text_hides_or_is_not_is_found() {
    let hidden = "form = form || char(0) || 'and more'";
    let blob = "form = CAST(form AS BLOB)";
    let hash = "hash = CAST(hash AS BLOB)";
    let spaced = "form = form || ' '";
    let other = "form = replace(form, '/a', '\\u002fa')";
    let lines = "form = replace(form, ',', ',' || char(10))";
    for change in [hidden, blob, hash, spaced, other, lines] {
        let database = Database::new(Engine::Sqlite).await;
        let head = fill(&database.db, 20).await;
        let mut raw = database.raw().await;
        open_for_harm(&mut raw).await;
        // A table of which the types are no longer held to.
        raw.run(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = 'audit_event';
             PRAGMA writable_schema = RESET",
        )
        .await
        .unwrap();
        raw.run(&format!("UPDATE audit_event SET {change} WHERE sequence = 7")).await.unwrap();
        let found = verify(&database.db, &head).await;
        let Err(CheckError::Broken(broken)) = found else { panic!("{change}: {found:?}") };
        assert_eq!(broken.sequence, 7, "{change}: {broken}");
        drop(raw);
        database.remove().await;
    }
}

#[tokio::test]
async fn a_table_of_which_the_columns_say_something_else_is_found() {
    let database = Database::new(Engine::Sqlite).await;
    let head = fill(&database.db, 9).await;
    let hide = "PRAGMA writable_schema = ON;
                UPDATE sqlite_schema SET sql = replace(sql, 'THEN form ->> ''$.distribution''',
                    'THEN CASE WHEN sequence <> 7 THEN form ->> ''$.distribution'' END')
                WHERE name = 'audit_event';
                PRAGMA writable_schema = RESET";
    let mut raw = database.raw().await;
    raw.run(hide).await.unwrap();
    let hidden = "SELECT count(*) FROM audit_event NOT INDEXED WHERE distribution_id IS NULL";
    assert_eq!(raw.number(hidden).await, 1, "a filter passes it by");
    is_found(&database, &head, "columns of another table", 1).await;
    drop(raw);
    database.remove().await;
}

#[tokio::test]
async fn a_gap_wider_than_what_is_read_at_once_is_found() {
    for (from, to) in [(1, 250), (2, 250), (100, 299), (1, 300)] {
        let database = Database::new(Engine::Sqlite).await;
        let head = fill(&database.db, 300).await;
        let mut raw = database.raw().await;
        open_for_harm(&mut raw).await;
        raw.run(&format!("DELETE FROM audit_event WHERE sequence BETWEEN {from} AND {to}")).await.unwrap();
        let with_head = verify(&database.db, &head).await;
        // Without any signed head it is the note of the last event that leads on over the gap.
        raw.run("DELETE FROM audit_signed_head").await.unwrap();
        let without = timeout(MINUTE, verify_with(&database.db, &TrustedHeads::default())).await;
        for found in [with_head, without.expect("it goes round in circles")] {
            let Err(CheckError::Broken(broken)) = found else { panic!("{from} to {to}: {found:?}") };
            assert_eq!(broken.sequence, from, "{broken}");
        }
        database.remove().await;
    }
}

/// What breaks a database whoever holds it, with and without a key that is known.
async fn is_found(database: &Database, head: &SignedHead, what: &str, at: i64) {
    let service = TrustedHeads { segment_keys: vec![key().public()], ..TrustedHeads::default() };
    for found in [verify(&database.db, head).await, verify_with(&database.db, &service).await] {
        let Err(CheckError::Broken(broken)) = found else { panic!("{what}: {found:?}") };
        assert_eq!(broken.sequence, at, "{what}: {broken}");
    }
}

#[tokio::test]
async fn an_event_before_the_first_is_found() {
    for number in [0, -7] {
        let database = Database::new(Engine::Sqlite).await;
        let head = fill(&database.db, 9).await;
        // No trigger forbids to add a row.
        let insert = format!(
            "INSERT INTO audit_event (sequence, form, hash)
             SELECT {number}, replace(form, '\"sequence\":1', '\"sequence\":{number}'), hash FROM audit_event
             WHERE sequence = 1"
        );
        database.raw().await.run(&insert).await.unwrap();
        is_found(&database, &head, &format!("event {number}"), number).await;
        database.remove().await;
    }
}

/// A segment as somebody without the service's key can make one, with what the triggers then let go.
async fn drop_under(database: &Database, by: &HeadKey, last: i64) {
    let end = database.get(async |conn| audit::find(conn, last).await).await.unwrap();
    let segment = Segment {
        first: 1,
        last,
        last_hash: end.hash,
        file: "unstale-history-1.jsonl".to_owned(),
        file_sha256: "cd".repeat(32),
        at: at(9),
    };
    let signed = segment.sign(by);
    database.write(async |tx| audit::insert_segment(tx, &signed).await).await;
    let mut raw = database.raw().await;
    raw.run(&format!("DELETE FROM audit_event WHERE sequence <= {last}")).await.unwrap();
}

#[tokio::test]
async fn a_segment_under_another_key_hides_nothing() {
    let database = Database::new(Engine::Sqlite).await;
    let head = fill(&database.db, 30).await;
    drop_under(&database, &HeadKey::from_random([1; 32]), 10).await;
    is_found(&database, &head, "dropped under another key", 1).await;
    database.remove().await;

    let database = Database::new(Engine::Sqlite).await;
    let head = fill(&database.db, 30).await;
    drop_under(&database, &key(), 10).await;
    assert_eq!(verify(&database.db, &head).await.unwrap(), 20, "a false alarm");
    let mut raw = database.raw().await;
    open_for_harm(&mut raw).await;
    // One that is dropped does not come back as another.
    let insert = "INSERT INTO audit_event (sequence, form, hash) SELECT 5, form, hash FROM audit_event WHERE sequence = 20";
    raw.run(insert).await.unwrap();
    is_found(&database, &head, "an event of what was dropped", 5).await;
    database.remove().await;
}

#[tokio::test]
async fn a_key_that_is_none_breaks_its_head_and_not_the_check() {
    let database = Database::new(Engine::Sqlite).await;
    let head = fill(&database.db, 9).await;
    let mut raw = database.raw().await;
    open_for_harm(&mut raw).await;
    raw.run("UPDATE audit_signed_head SET public_key = 'none'").await.unwrap();
    is_found(&database, &head, "a key that is none", 9).await;
    database.remove().await;
}

/// Changes an event and makes all later hashes fit.
fn rewritten(whole: &[Chained], victim: usize) -> Vec<Chained> {
    let mut forged = whole.to_vec();
    "nobody did this".clone_into(&mut forged[victim].event.reason);
    for index in victim..forged.len() {
        let previous = if index == 0 { GENESIS.to_owned() } else { forged[index - 1].hash.clone() };
        forged[index] = Chained::new(forged[index].sequence, forged[index].event.clone(), previous);
    }
    forged
}

#[tokio::test]
async fn a_chain_that_was_rewritten_as_a_whole_is_found() {
    let database = Database::new(Engine::Sqlite).await;
    let head = fill(&database.db, 60).await;
    let whole = all(&database.db).await;
    let mut raw = database.raw().await;
    open_for_harm(&mut raw).await;
    for victim in [0, 30, 59] {
        let forged = rewritten(&whole, victim);
        let mut tx = database.db.begin().await.unwrap();
        tx = {
            drop(tx);
            raw.run("DELETE FROM audit_event; DELETE FROM audit_signed_head").await.unwrap();
            raw.run(&format!("UPDATE audit_head SET sequence = 0, hash = '{GENESIS}'")).await.unwrap();
            database.db.begin().await.unwrap()
        };
        for chained in &forged {
            unstale::store::audit::append(&mut tx, chained.event.clone());
        }
        tx.commit().await.unwrap();
        let found = verify(&database.db, &head).await;
        let Err(CheckError::Broken(broken)) = found else { panic!("{victim}: {found:?}") };
        assert_eq!(broken.sequence, 60, "{broken}");
    }
    database.remove().await;
}

fn verify_file(text: &[u8], head: &SignedHead) -> bool {
    let mut walk = Walk::default();
    let known = walk.require_signed_head(head, &[key().public()]);
    let lines = text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n');
    let mut taken =
        lines.map(|line| std::str::from_utf8(line).is_ok_and(|line| walk.take_line(line).is_ok()));
    let all = taken.all(|taken| taken);
    drop(taken);
    known.is_ok() && all && walk.end().is_ok()
}

#[tokio::test]
async fn every_random_edit_of_an_export_is_found() {
    let database = Database::new(Engine::Sqlite).await;
    let head = fill(&database.db, 100).await;
    let lines: Vec<String> = all(&database.db).await.iter().map(export::jsonl).collect();
    database.remove().await;
    let text = |lines: &[String]| (lines.join("\n") + "\n").into_bytes();
    assert!(verify_file(&text(&lines), &head), "a false alarm");
    let mut rng = Rng::new(2);
    let below = |rng: &mut Rng, end: usize| usize::try_from(rng.below(end as u64)).unwrap();
    for edit in 0..setting("UNSTALE_EDITS", 150) {
        let mut changed = lines.clone();
        let line = below(&mut rng, lines.len());
        let bytes = match rng.below(6) {
            0 => {
                changed.remove(line);
                text(&changed)
            }
            1 => {
                changed.insert(below(&mut rng, lines.len()), lines[line].clone());
                text(&changed)
            }
            2 => {
                changed.swap(line, (line + 1 + below(&mut rng, lines.len() - 1)) % lines.len());
                text(&changed)
            }
            3 => {
                changed.truncate(line);
                text(&changed)
            }
            _ => {
                let mut bytes = text(&lines);
                let at = below(&mut rng, bytes.len());
                bytes[at] ^= 1 << rng.below(8);
                bytes
            }
        };
        assert!(!verify_file(&bytes, &head), "edit {edit} was not found");
    }
}

#[test]
fn an_end_cut_in_the_middle_of_a_line_is_found() {
    let head = key().sign(
        unstale::domain::audit::head::Head { sequence: 1, hash: "ab".repeat(32) },
        Timestamp::from_micros(1),
    );
    assert!(!verify_file(b"{\"event\":{\"sequence\":1", &head));
    assert!(!verify_file(b"", &head));
}
