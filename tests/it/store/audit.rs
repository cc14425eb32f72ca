//! The history: appended in a chain, never changed.

use unstale::{
    domain::{
        actor::{Acting, Actor, Via},
        audit::{Action, Chained, Event, GENESIS, ItemsRecord, Outcome, Target},
        id::InvalidationId,
    },
    store::{StoreError, audit},
};

use super::given::id;
use crate::support::{Database, Raw, acting, at, items, on_each_engine};

fn event(note: &str) -> Event {
    Event { note: note.to_owned(), ..Event::new(at(1), &Acting::service(), Action::SurveyFailed) }
}

async fn an_event_is_read_as_it_was_written(database: &Database) {
    let mut full = Event::new(at(1), &acting(), Action::InvalidationRequested);
    full.target = Target::Invalidation(InvalidationId::from_trusted("i-1"));
    full.distribution = Some(id("E1"));
    full.invalidation = Some(InvalidationId::from_trusted("i-1"));
    full.items = ItemsRecord::of(&items(&["/a", "/ü \"quoted\"", "#tag"]));
    "because ünïcode \u{1f600} \\ ' \" ;".clone_into(&mut full.reason);
    full.outcome = Outcome::Refused;
    "a note".clone_into(&mut full.note);
    "aws".clone_into(&mut full.aws_request_id);
    "I1".clone_into(&mut full.cloudfront_id);
    "old".clone_into(&mut full.old);
    "new".clone_into(&mut full.new);
    full.done_at = Some(at(0));
    full.requested_by = Some(Actor::nobody("asker"));
    full.acting.origin.via =
        Via { run_url: "https://ci.example.com/1".to_owned(), idempotency_key: "k".to_owned() };
    let bare = Event { acting: Acting { actor: Actor::nobody("x"), ..Acting::service() }, ..event("") };
    assert_eq!(database.append(full.clone()).await, 1);
    assert_eq!(database.append(bare.clone()).await, 2);
    let read = database.get(async |conn| audit::after(conn, 0, 9).await).await;
    assert_eq!(read.iter().map(|chained| &chained.event).collect::<Vec<_>>(), [&full, &bare]);
    assert!(read.iter().all(Chained::is_intact));
}

async fn each_event_names_the_one_before(database: &Database) {
    let head = async || database.get(async |conn| audit::head(conn).await).await;
    assert_eq!(head().await, 0);
    for note in ["one", "two", "three"] {
        database.append(event(note)).await;
    }
    assert_eq!(head().await, 3);
    let read = database.get(async |conn| audit::after(conn, 0, 9).await).await;
    assert_eq!(read[0].previous_hash, GENESIS);
    assert_eq!(read[1].previous_hash, read[0].hash);
    assert_eq!(read[2].previous_hash, read[1].hash);
}

async fn what_is_rolled_back_leaves_no_gap(database: &Database) {
    database.append(event("one")).await;
    let never = database.try_write(async |tx| {
        audit::append(tx, event("never"));
        Err::<(), _>(StoreError::interrupted())
    });
    assert!(never.await.is_err());
    assert_eq!(database.append(event("two")).await, 2);
    let read = database.get(async |conn| audit::after(conn, 0, 9).await).await;
    assert_eq!(read[1].previous_hash, read[0].hash);
}

async fn the_history_is_read_in_pages(database: &Database) {
    for note in ["1", "2", "3", "4"] {
        database.append(event(note)).await;
    }
    let notes = |read: Vec<Chained>| read.into_iter().map(|one| one.event.note).collect::<Vec<_>>();
    let between = async |after, before, limit| {
        notes(database.get(async |conn| audit::between(conn, after, before, limit).await).await)
    };
    assert_eq!(between(0, i64::MAX, 2).await, ["4", "3"]);
    assert_eq!(between(0, 3, 9).await, ["2", "1"]);
    assert_eq!(between(1, 4, 9).await, ["3", "2"]);
    assert_eq!(between(3, 4, 9).await, [""; 0]);
    assert_eq!(between(4, i64::MAX, 9).await, [""; 0]);
    let after = async |sequence, limit| {
        notes(database.get(async |conn| audit::after(conn, sequence, limit).await).await)
    };
    assert_eq!(after(0, 3).await, ["1", "2", "3"]);
    assert_eq!(after(3, 3).await, ["4"]);
    assert_eq!(after(4, 3).await, [""; 0]);
}

async fn an_invalidation_has_its_own_history(database: &Database) {
    for (note, name) in [("1", Some("i-1")), ("2", None), ("3", Some("i-2")), ("4", Some("i-1"))] {
        let invalidation = name.map(InvalidationId::from_trusted);
        database.append(Event { invalidation, ..event(note) }).await;
    }
    let of = async |limit| {
        let one = InvalidationId::from_trusted("i-1");
        let read = database.get(async |conn| audit::of_invalidation(conn, &one, limit).await).await;
        read.into_iter().map(|one| one.event.note).collect::<Vec<_>>()
    };
    assert_eq!(of(9).await, ["1", "4"]);
    assert_eq!(of(1).await, ["1"]);
}

async fn an_event_cannot_be_changed_removed_or_replaced(database: &Database) {
    for note in ["one", "two"] {
        database.append(event(note)).await;
    }
    let before = database.get(async |conn| audit::after(conn, 0, 9).await).await;
    let forged = "replace(form, '\"note\":\"one\"', '\"note\":\"other\"')";
    let mut forbidden = vec![
        format!("UPDATE audit_event SET form = {forged} WHERE sequence = 1"),
        "UPDATE audit_event SET hash = 'x'".to_owned(),
        "UPDATE audit_event SET action = 'x'".to_owned(),
        "UPDATE audit_event SET distribution_id = NULL WHERE sequence = 1".to_owned(),
        "DELETE FROM audit_event WHERE sequence = 2".to_owned(),
        "DELETE FROM audit_event".to_owned(),
        format!(
            "INSERT INTO audit_event (sequence, form, hash) SELECT 1, {forged}, hash FROM audit_event \
             WHERE sequence = 1"
        ),
        format!(
            "INSERT INTO audit_event (sequence, form, hash) SELECT 1, {forged}, hash FROM audit_event \
             WHERE sequence = 1 ON CONFLICT (sequence) DO UPDATE SET hash = 'forged'"
        ),
    ];
    let mut raw = database.raw().await;
    if raw.is_postgres() {
        forbidden.push("TRUNCATE audit_event".to_owned());
        forbidden.push("TRUNCATE audit_event CASCADE".to_owned());
    } else {
        forbidden.push(format!(
            "INSERT OR REPLACE INTO audit_event (sequence, form, hash) \
             SELECT 1, {forged}, hash FROM audit_event WHERE sequence = 1"
        ));
        forbidden.push("UPDATE OR REPLACE audit_event SET sequence = 1 WHERE sequence = 2".to_owned());
    }
    for statement in forbidden {
        assert!(raw.run(&statement).await.is_err(), "it went through: {statement}");
    }
    let after = database.get(async |conn| audit::after(conn, 0, 9).await).await;
    assert_eq!(after, before);
}

async fn no_column_says_anything_else_than_the_form(database: &Database) {
    let mut event = event("one");
    event.distribution = Some(id("E1"));
    event.done_at = Some(at(7));
    database.append(event).await;
    let mut raw = database.raw().await;
    raw.let_events_change().await;
    for column in ["at", "done_at", "actor_name", "action", "distribution_id", "outcome"] {
        let change = format!("UPDATE audit_event SET {column} = 'x'");
        assert!(raw.run(&change).await.is_err(), "it went through: {change}");
    }
    let inserted =
        "INSERT INTO audit_event (sequence, form, hash, action) VALUES (9, '{\"sequence\":9}', 'x', 'y')";
    assert!(raw.run(inserted).await.is_err(), "a column was given");
    for form in ["{\"sequence\":8}", "{}", "no JSON"] {
        let insert = format!("INSERT INTO audit_event (sequence, form, hash) VALUES (9, '{form}', 'x')");
        assert!(raw.run(&insert).await.is_err(), "{form} is not the form of event 9");
    }
    // Whatever form is put there, the columns are those of it.
    raw.forge(1, "survey.failed", "survey.recovered").await;
    raw.forge(1, "\"E1\"", "null").await;
    let read = async |raw: &mut Raw, what: &str| raw.texts(&format!("SELECT {what} FROM audit_event")).await;
    assert_eq!(read(&mut raw, "action").await, ["survey.recovered"]);
    assert_eq!(read(&mut raw, "COALESCE(distribution_id, 'none')").await, ["none"]);
    assert_eq!(read(&mut raw, "at").await, [at(1).to_string()]);
    assert_eq!(read(&mut raw, "done_at").await, [at(7).to_string()]);
}

/// No statement makes a column say something else; another table does.
async fn another_table_is_told_from_the_one_that_was_made(database: &Database) {
    let follows = async || database.get(async |conn| audit::follows_forms(conn).await).await;
    database.append(event("one")).await;
    assert!(follows().await);
    let mut raw = database.raw().await;
    let changed = if raw.is_postgres() {
        "ALTER TABLE audit_event ALTER COLUMN distribution_id DROP EXPRESSION"
    } else {
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, '$.distribution', '$.note') WHERE name = 'audit_event';
         PRAGMA writable_schema = RESET"
    };
    raw.run(changed).await.unwrap();
    assert!(!follows().await);
}

on_each_engine!(
    another_table_is_told_from_the_one_that_was_made,
    no_column_says_anything_else_than_the_form,
    an_event_is_read_as_it_was_written,
    each_event_names_the_one_before,
    what_is_rolled_back_leaves_no_gap,
    the_history_is_read_in_pages,
    an_invalidation_has_its_own_history,
    an_event_cannot_be_changed_removed_or_replaced,
);
