//! What stands beside the history: signed heads, the state of the checks, segments, and events as they are stored.

use unstale::{
    domain::{
        actor::{Acting, Actor},
        audit::{
            Action, Chained, Event, ItemsRecord,
            head::{Head, HeadKey},
            segment::Segment,
            verify::Walk,
        },
        id::DistributionId,
        invalidations::item::Item,
    },
    store::audit::{self, CheckState, IndexEntry, Scanned, StoredEvent},
};

use crate::support::{Database, Raw, at, on_each_engine};

async fn fill(database: &Database, events: usize) {
    database
        .write(async |tx| {
            for number in 1..=events {
                let mut event = Event::new(at(1), &Acting::service(), Action::SurveyFailed);
                event.note = format!("event {number}");
                audit::append(tx, event);
            }
            Ok(())
        })
        .await;
}

fn key() -> HeadKey {
    HeadKey::from_random([5; 32])
}

async fn a_signed_head_is_kept_once_and_for_ever(database: &Database) {
    let last = async || database.get(async |conn| audit::last_signed_head(conn).await).await;
    assert_eq!(last().await, None);
    let sign = |sequence, seconds| key().sign(Head { sequence, hash: "ab".repeat(32) }, at(seconds));
    let insert = async |signed| database.write(async |tx| audit::insert_signed_head(tx, &signed).await).await;
    assert!(insert(sign(3, 1)).await);
    assert!(insert(sign(7, 2)).await);
    assert!(!insert(sign(7, 3)).await, "a head is signed once");
    assert_eq!(last().await, Some(sign(7, 2)));
    let after = async |sequence, limit| {
        database.get(async |conn| audit::signed_heads(conn, sequence, limit).await).await
    };
    assert_eq!(after(0, 9).await, [sign(3, 1), sign(7, 2)]);
    assert_eq!(after(0, 1).await, [sign(3, 1)]);
    assert_eq!(after(3, 9).await, [sign(7, 2)]);
    let mut raw = database.raw().await;
    for forbidden in [
        "UPDATE audit_signed_head SET hash = 'x'",
        "DELETE FROM audit_signed_head",
        "INSERT INTO audit_signed_head SELECT * FROM audit_signed_head ON CONFLICT (sequence) DO UPDATE SET hash = 'x'",
    ] {
        assert!(raw.run(forbidden).await.is_err(), "it went through: {forbidden}");
    }
    if raw.is_postgres() {
        assert!(raw.run("TRUNCATE audit_signed_head").await.is_err());
    } else {
        let replace = "INSERT OR REPLACE INTO audit_signed_head SELECT * FROM audit_signed_head";
        assert!(raw.run(replace).await.is_err());
    }
}

async fn how_the_checks_stand_is_noted(database: &Database) {
    let read = async || database.get(async |conn| audit::check_state(conn).await).await;
    assert_eq!(read().await, CheckState::default());
    let checked = CheckState {
        sequence: 9,
        at: Some(at(1)),
        whole_at: Some(at(2)),
        broken_at: Some(4),
        problem: "it is missing".to_owned(),
        ..CheckState::default()
    };
    database.write(async |tx| audit::set_check_state(tx, &checked).await).await;
    database.write(async |tx| audit::set_head_told(tx, 7).await).await;
    assert_eq!(read().await, CheckState { head_told: 7, ..checked.clone() });
    database.write(async |tx| audit::set_file_problem(tx, "no space").await).await;
    assert_eq!(read().await.file_problem, "no space");
    database.write(async |tx| audit::set_head_told(tx, 8).await).await;
    let (head, standing) = database.get(async |conn| audit::standing(conn).await).await;
    assert_eq!(standing, CheckState { head_told: 8, ..checked.clone() });
    database.write(async |tx| audit::set_checked(tx, 11, at(5)).await).await;
    let newer = CheckState { sequence: 11, at: Some(at(5)), head_told: 8, ..checked };
    assert_eq!(read().await, newer, "what another check found broken stays so");
    let link = async || database.get(async |conn| audit::head_link(conn).await).await;
    assert!(head.is_some() && head == link().await);
    database.raw().await.run("DELETE FROM audit_head").await.unwrap();
    assert_eq!(link().await, None);
    assert_eq!(database.get(async |conn| audit::standing(conn).await).await.0, None);
    assert_eq!(read().await, newer, "the checks stand as they did");
}

async fn one_at_a_time_tells_the_webhook(database: &Database) {
    let read = async || database.get(async |conn| audit::check_state(conn).await).await;
    let claim = async |posted, now, until| {
        database.write(async |tx| audit::claim_post(tx, posted, at(now), at(until)).await).await
    };
    assert!(claim(0, 0, 30).await);
    assert!(!claim(0, 29, 60).await, "somebody holds it");
    assert!(!claim(5, 31, 60).await, "not the one that was taken last");
    let posted = async |held| database.write(async |tx| audit::set_head_posted(tx, at(held), 5).await).await;
    assert!(!posted(29).await, "not the holder's");
    assert!(posted(30).await);
    let now = read().await;
    assert_eq!((now.head_posted, now.post_due_at, now.post_problem.as_str()), (5, None, ""));
    assert!(claim(5, 31, 60).await);
    let fail = async |held| {
        database
            .write(async |tx| audit::set_post_problem(tx, at(held), "the answer was 500", at(99)).await)
            .await
    };
    assert!(!fail(61).await);
    assert!(fail(60).await);
    let now = read().await;
    assert_eq!(
        (now.head_posted, now.post_due_at, now.post_problem.as_str()),
        (5, Some(at(99)), "the answer was 500")
    );
    database.write(async |tx| audit::forget_post_problem(tx).await).await;
    assert_eq!(read().await.post_problem, "");
}

fn told(scanned: &Scanned) -> Chained {
    scanned.stored().unwrap().event()
}

async fn events_are_read_as_they_are_stored(database: &Database) {
    fill(database, 3).await;
    let head = database.get(async |conn| audit::head_link(conn).await).await;
    let scan = async || database.get(async |conn| audit::scan(conn, 0, 9).await).await;
    let whole: Vec<Chained> = scan().await.iter().map(told).collect();
    assert!(whole.iter().all(Chained::is_intact));
    let stored =
        async |after, most| database.get(async |conn| audit::stored_events(conn, after, most).await).await;
    let page = stored(0, 9).await;
    assert_eq!((page.len, page.last, page.events()), (3, 3, Some(whole.clone())));
    assert_eq!(stored(1, 1).await.events().as_deref(), Some(&whole[1..2]));
    let nothing = stored(3, 9).await;
    assert_eq!((nothing.len, nothing.last, nothing.events()), (0, 0, Some(Vec::new())));
    assert_eq!(head, Some(Head { sequence: 3, hash: whole[2].hash.clone() }));
    let one = database.get(async |conn| audit::find(conn, 2).await).await;
    assert_eq!(one.as_ref(), Some(&whole[1]));
    assert_eq!(database.get(async |conn| audit::find(conn, 4).await).await, None);
    let mut raw = database.raw().await;
    raw.let_events_change().await;
    for (from, to, readable) in [
        ("\"version\":1", "\"version\":2", false),
        ("\"shown\":[]", "\"shown\":[ ]", true),
        ("\"count\":0", "\"count\":-5", false),
        ("\"survey.failed\"", "\"x\"", false),
        ("\"done\"", "\"x\"", false),
        ("\"service\"", "\"x\"", false),
        ("\"old\":\"\",", "", false),
        ("\"old\"", "\n\"old\"", true),
    ] {
        let old = raw.forge(2, from, to).await;
        let found: Vec<Chained> = scan().await.iter().map(told).collect();
        assert!(!found[1].is_intact(), "{to}");
        assert_eq!(found[1].event.action != Action::EventUnreadable, readable, "{to}");
        assert_eq!((&found[0], &found[2]), (&whole[0], &whole[2]), "{to} hides others");
        let page = stored(0, 9).await;
        assert!(readable || page.events().is_none(), "{to}");
        let mut walk = Walk::default();
        let take =
            |stored: StoredEvent<'_>| walk.take_stored(stored.sequence, stored.form, stored.hash).is_ok();
        assert!(!page.each(take), "{to}");
        let listed = database.get(async |conn| audit::after(conn, 0, 9).await).await;
        assert_eq!(listed.len(), 3, "{to} hides others in a list");
        raw.set_form(2, &old).await;
    }
    assert_eq!(scan().await.iter().map(told).collect::<Vec<_>>(), whole);
}

/// What a database handed over in another spelling would be called changed, or leave the house as nobody can verify it.
async fn each_character_is_handed_over_as_it_is_stored(database: &Database) {
    let controls: String = (1..0x20).chain(0x7f..0xa0).filter_map(char::from_u32).collect();
    let texts = [
        controls.as_str(),
        "\"quotes\", \\back\\ and /slash/",
        "ünï🦀\u{2028}\u{feff}\u{202e}",
        "\\u0041",
        "",
    ];
    let mut written = Vec::new();
    for text in texts {
        let acting = Acting { actor: Actor::nobody(text), ..Acting::service() };
        let mut event = Event::new(at(1), &acting, Action::SurveyFailed);
        event.items = ItemsRecord::of(&[Item::from_trusted(text), Item::from_trusted("/b")]);
        event.distribution = (!text.is_empty()).then(|| DistributionId::from_trusted(text));
        text.clone_into(&mut event.note);
        written.push(event.clone());
        database.append(event).await;
    }
    let stored = database.get(async |conn| audit::stored_events(conn, 0, 9).await).await;
    let events = stored.events().unwrap();
    assert!(events.iter().all(Chained::is_intact));
    assert_eq!(events.iter().map(|chained| chained.event.clone()).collect::<Vec<_>>(), written);
    let mut raw = database.raw().await;
    let places = raw.texts("SELECT COALESCE(distribution_id, '') FROM audit_event ORDER BY sequence").await;
    assert_eq!(places, texts, "and so are the columns");
    assert!(!stored.each(|_| false), "nobody wanted more");
}

async fn only_events_of_a_kept_segment_may_go(database: &Database) {
    fill(database, 6).await;
    let first = async || database.get(async |conn| audit::first_sequence(conn).await).await;
    assert_eq!(first().await, 1);
    let mut raw = database.raw().await;
    assert!(raw.run("DELETE FROM audit_event WHERE sequence = 1").await.is_err());
    let segment = Segment {
        first: 1,
        last: 4,
        last_hash: "ab".repeat(32),
        file: "audit-1-4.jsonl".to_owned(),
        file_sha256: "cd".repeat(32),
        at: at(9),
    };
    let signed = segment.sign(&key());
    assert!(database.write(async |tx| audit::insert_segment(tx, &signed).await).await);
    for first in [1, 4, 6] {
        let other = Segment { first, last: 9, ..signed.segment.clone() }.sign(&key());
        let kept = database.write(async |tx| audit::insert_segment(tx, &other).await).await;
        assert!(!kept, "one from event {first} on does not follow on it");
    }
    assert_eq!(database.get(async |conn| audit::segments(conn).await).await, [signed]);
    assert!(raw.run("DELETE FROM audit_event WHERE sequence = 5").await.is_err());
    assert!(raw.run("UPDATE audit_event SET hash = 'x' WHERE sequence = 1").await.is_err());
    assert!(raw.run("DELETE FROM audit_segment").await.is_err());
    assert!(raw.run("UPDATE audit_segment SET last_sequence = 6").await.is_err());
    let entries: Vec<IndexEntry> = (1..=6)
        .map(|sequence| IndexEntry { sequence, item_keys: vec![7, -8], words: vec!["a".to_owned()] })
        .collect();
    database.write(async |tx| audit::add_to_index(tx, 0, 6, &entries).await).await;
    let drop_to = async |first, last| {
        database.write(async |tx| audit::drop_segment_events(tx, first, last, &entries).await).await
    };
    let left = async |raw: &mut Raw| raw.number("SELECT count(*) FROM audit_item").await;
    assert_eq!(drop_to(1, 3).await, 3);
    assert_eq!((first().await, left(&mut raw).await), (4, 6));
    assert_eq!(drop_to(4, 4).await, 1);
    assert_eq!(drop_to(4, 4).await, 0);
    assert_eq!((first().await, left(&mut raw).await), (5, 4));
    assert_eq!(raw.number("SELECT min(sequence) FROM audit_item").await, 5);
}

on_each_engine!(
    a_signed_head_is_kept_once_and_for_ever,
    how_the_checks_stand_is_noted,
    one_at_a_time_tells_the_webhook,
    events_are_read_as_they_are_stored,
    each_character_is_handed_over_as_it_is_stored,
    only_events_of_a_kept_segment_may_go,
);
