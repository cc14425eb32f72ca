//! The search of the history: by what touches a URL, by words, by filters; indexed or not.

use unstale::{
    domain::{
        actor::{Acting, Actor, ActorKind},
        audit::{
            Action, Event, ItemsRecord, Outcome,
            search::{AuditQuery, What, item_key, words_of},
            visibility::Visibility,
        },
        checks::Freshness,
        invalidations::item::Item,
    },
    store::audit::{self, IndexEntry, SearchResult},
};

use super::given::{distributions, id, request};
use crate::support::{Database, acting, at, items, on_each_engine};

fn event(seconds: u64, acting: &Acting, distribution: &str, paths: &[&str], reason: &str) -> Event {
    let mut event = Event::new(at(seconds), acting, Action::InvalidationRequested);
    event.distribution = Some(id(distribution));
    let mut paths = items(paths);
    paths.sort();
    event.items = ItemsRecord::of(&paths);
    reason.clone_into(&mut event.reason);
    event
}

/// Six events, whose numbers the tests name.
async fn fill(database: &Database) {
    let outside = Acting { actor: Actor::outside(), ..Acting::service() };
    let mut failed = event(6, &Acting::service(), "E2", &[], "");
    failed.outcome = Outcome::Failed;
    failed.action = Action::BatchFailed;
    let all = [
        event(1, &acting(), "E1", &["/images/hero.png", "/b"], "WEB-412: new gradient"),
        event(2, &acting(), "E1", &["/images/*"], "größe"),
        event(3, &outside, "E2", &["/*"], ""),
        event(4, &acting(), "E2", &["#product:tv", "/index.html"], "WEB-413, \"quotes\" & 'more'"),
        event(5, &Acting::service(), "E1", &["/images/x*"], "gradient"),
        failed,
    ];
    for event in all {
        database.append(event).await;
    }
}

async fn index(database: &Database, to: i64) {
    let from = database.get(async |conn| audit::index_reached(conn).await).await;
    let events = database.get(async |conn| audit::after(conn, from, 999).await).await;
    let events = events.iter().filter(|chained| chained.sequence <= to);
    let entries: Vec<IndexEntry> = events
        .map(|chained| IndexEntry {
            sequence: chained.sequence,
            item_keys: chained.event.items.shown.iter().map(item_key).collect(),
            words: words_of(&chained.event),
        })
        .collect();
    assert!(database.write(async |tx| audit::add_to_index(tx, from, to, &entries).await).await);
    assert!(
        !database.write(async |tx| audit::add_to_index(tx, from, to, &entries).await).await,
        "once is enough"
    );
    assert_eq!(database.get(async |conn| audit::index_reached(conn).await).await, to);
}

fn about(typed: &str) -> AuditQuery {
    let roots = vec![(id("E2"), "/index.html".to_owned())];
    AuditQuery { what: What::read(typed), roots, ..AuditQuery::default() }
}

async fn found(
    database: &Database,
    search: &AuditQuery,
    before: i64,
    limit: usize,
) -> (Vec<i64>, Option<i64>) {
    let query = AuditQuery { before: Some(before), ..search.clone() };
    let SearchResult { events, older } =
        database.get(async |conn| audit::search(conn, &query, limit).await).await;
    (events.iter().map(|chained| chained.sequence).collect(), older)
}

async fn all(database: &Database, search: &AuditQuery) -> Vec<i64> {
    let (events, older) = found(database, search, i64::MAX, 99).await;
    assert_eq!(older, None, "{search:?}");
    events
}

async fn what_touched_a_url_is_found_however_far_the_index_goes(database: &Database) {
    fill(database).await;
    for reached in [0, 2, 4, 6] {
        if reached > 0 {
            index(database, reached).await;
        }
        for (typed, expected) in [
            ("/images/hero.png", &[3_i64, 2, 1][..]),
            ("/images/x.png", &[5, 3, 2]),
            ("/b?x=1", &[3, 1]),
            ("/", &[4, 3]),
            ("/index.html", &[4, 3]),
            ("#PRODUCT:tv", &[4]),
            ("/Images/hero.png", &[3]),
            ("web-412", &[1]),
            ("WEB", &[4, 1]),
            ("gradient", &[5, 1]),
            ("gradient web", &[1]),
            ("größe", &[2]),
            ("hero.png", &[1]),
            ("ada@example.com", &[4, 2, 1]),
            ("\"quotes\" 'more'", &[4]),
            ("nothing here", &[]),
            ("'; DROP TABLE audit_event; --", &[]),
            ("* OR NOT NEAR(", &[]),
        ] {
            assert_eq!(all(database, &about(typed)).await, expected, "{typed}, indexed up to {reached}");
        }
    }
}

async fn filters_narrow_alone_and_together(database: &Database) {
    fill(database).await;
    index(database, 6).await;
    let everything = AuditQuery::default();
    assert_eq!(all(database, &everything).await, [6, 5, 4, 3, 2, 1]);
    let cases: [(AuditQuery, &[i64]); 12] = [
        (with(|s| s.distribution = Some(id("E2"))), &[6, 4, 3]),
        (with(|s| s.who = Some("ada@example.com".to_owned())), &[4, 2, 1]),
        (with(|s| s.action = Some(Action::BatchFailed)), &[6]),
        (with(|s| s.outcome = Some(Outcome::Failed)), &[6]),
        (with(|s| s.outside = Some(true)), &[3]),
        (with(|s| s.outside = Some(false)), &[6, 5, 4, 2, 1]),
        (with(|s| s.from = Some(at(4))), &[6, 5, 4]),
        (with(|s| s.until = Some(at(3))), &[2, 1]),
        (with(|s| (s.from, s.until) = (Some(at(9)), None)), &[]),
        (with(|s| (s.distribution, s.who) = (Some(id("E2")), Some("ada@example.com".to_owned()))), &[4]),
        (with(|s| (s.what, s.distribution) = (What::read("/images/a"), Some(id("E1")))), &[2]),
        (with(|s| (s.what, s.from) = (What::read("gradient"), Some(at(3)))), &[5]),
    ];
    for (search, expected) in cases {
        assert_eq!(all(database, &search).await, expected, "{search:?}");
        let (first, older) = found(database, &search, i64::MAX, 1).await;
        assert_eq!(first.first(), expected.first(), "{search:?}");
        if let Some(older) = older {
            assert_eq!(found(database, &search, older, 99).await.0, expected[1..], "{search:?}");
        }
    }
}

/// The search with this change.
fn with(change: impl FnOnce(&mut AuditQuery)) -> AuditQuery {
    let mut search = AuditQuery::default();
    change(&mut search);
    search
}

async fn checks_are_found_by_what_they_came_to(database: &Database) {
    fill(database).await;
    for (distribution, action, new) in [
        ("E1", Action::CheckFinished, "stale"),
        ("E2", Action::CheckFinished, "stale"),
        ("E2", Action::CheckFinished, "fresh"),
        ("E2", Action::DistributionChanged, "stale"),
    ] {
        let mut event = event(7, &Acting::service(), distribution, &[], "");
        (event.action, event.new) = (action, new.to_owned());
        database.append(event).await;
    }
    let stale = with(|search| search.freshness = Some(Freshness::Stale));
    assert_eq!(all(database, &stale).await, [8, 7]);
    let here = AuditQuery { distribution: Some(id("E2")), ..stale.clone() };
    assert_eq!(all(database, &here).await, [8]);
    assert_eq!(all(database, &with(|search| search.freshness = Some(Freshness::Broken))).await, [0; 0]);
}

async fn nobody_finds_what_they_may_not_see(database: &Database) {
    fill(database).await;
    index(database, 5).await;
    let mut own = Event::new(at(7), &acting(), Action::SearchSaved);
    "web mine".clone_into(&mut own.reason);
    database.append(own).await;
    let mut others = Event::new(at(8), &Acting::service(), Action::SetUp);
    "web theirs".clone_into(&mut others.reason);
    database.append(others).await;
    let visibility =
        Some(Visibility { kind: ActorKind::Person, id: "p1".to_owned(), distributions: [id("E1")].into() });
    for (typed, expected) in
        [("", &[7_i64, 5, 2, 1][..]), ("/images/x.png", &[5, 2]), ("web", &[7, 1]), ("product", &[])]
    {
        let search = AuditQuery { visibility: visibility.clone(), ..about(typed) };
        assert_eq!(all(database, &search).await, expected, "{typed}");
    }
}

/// Every third event is of E1, and every other one has its words in the order that is looked for.
async fn a_page_of_a_narrow_search_leaves_nothing_out(database: &Database) {
    let words = |n: u64| if n.is_multiple_of(2) { "new price" } else { "price new" };
    for number in 1..=60 {
        let distribution = if number % 3 == 0 { "E1" } else { "E2" };
        database.append(event(number, &acting(), distribution, &["/a", "#tv"], words(number))).await;
    }
    index(database, 60).await;
    let narrow = |typed| AuditQuery { distribution: Some(id("E1")), ..about(typed) };
    let of_both = |n: &i64| n % 3 == 0 && n % 2 == 0;
    let wanted: Vec<i64> = (1..=60).rev().filter(of_both).collect();
    let of_one: Vec<i64> = (1..=60).rev().filter(|n| n % 3 == 0).collect();
    for (search, wanted) in
        [(narrow("new-price"), &wanted), (narrow("/a"), &of_one), (narrow("/b #TV"), &of_one)]
    {
        for limit in [1, 2, 3, 7, 99] {
            let (mut got, mut before) = (Vec::new(), Some(i64::MAX));
            while let Some(cursor) = before {
                let (events, older) = found(database, &search, cursor, limit).await;
                got.extend(events);
                before = older;
            }
            assert_eq!(got, *wanted, "{limit} at once");
        }
    }
}

async fn an_event_that_cannot_be_read_hides_no_other(database: &Database) {
    fill(database).await;
    let mut raw = database.raw().await;
    raw.let_events_change().await;
    let action = raw.texts("SELECT action FROM audit_event WHERE sequence = 4").await.remove(0);
    raw.forge(4, &action, "of.a.newer.version").await;
    assert_eq!(all(database, &AuditQuery::default()).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(all(database, &about("gradient")).await, [5, 1], "also where it is not indexed yet");
    let events = database.get(async |conn| audit::after(conn, 0, 99).await).await;
    let bad = &events[3].event;
    assert_eq!((bad.action, bad.distribution.clone()), (Action::EventUnreadable, Some(id("E2"))));
    assert!(bad.note.contains("of.a.newer.version") && !events[3].is_intact(), "{}", bad.note);
    let one = database.get(async |conn| audit::find(conn, 4).await).await;
    assert_eq!(one.as_ref(), Some(&events[3]));
    let handed_on = audit::readable(events).unwrap_err().to_string();
    assert!(handed_on.contains("event 4"), "{handed_on}");
}

async fn items_of_a_long_list_are_found_in_their_batches(database: &Database) {
    distributions(database, &["E1"]).await;
    let long: Vec<String> = (0..150).map(|n| format!("/long/{n:03}")).collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    let new = request(database, "E1", 1, &[&long]).await;
    let mut event = event(1, &acting(), "E1", &long, "");
    event.invalidation = Some(new.id);
    assert_eq!(event.items.shown, [] as [Item; 0]);
    database.append(event).await;
    assert_eq!(all(database, &about("/long/077")).await, [1]);
    assert_eq!(all(database, &about("/long/150")).await, [] as [i64; 0]);
}

async fn what_the_index_lacks_is_named_and_made_anew(database: &Database) {
    fill(database).await;
    index(database, 6).await;
    let entry = |sequence, key| IndexEntry { sequence, item_keys: vec![key], words: vec!["a".to_owned()] };
    let known = item_key(&Item::from_trusted("/*"));
    let missing = async |entries: &[IndexEntry]| {
        database.get(async |conn| audit::missing_from_index(conn, entries).await).await
    };
    assert_eq!(missing(&[]).await, None);
    assert_eq!(missing(&[entry(3, known)]).await, None);
    assert_eq!(missing(&[entry(3, known), entry(5, known), entry(4, known)]).await, Some(4));
    assert_eq!(missing(&[IndexEntry { sequence: 9, ..IndexEntry::default() }]).await, Some(9), "its words");
    database.write(async |tx| audit::reindex_after(tx, 2).await).await;
    database.write(async |tx| audit::reindex_after(tx, 5).await).await;
    assert_eq!(
        database.get(async |conn| audit::index_reached(conn).await).await,
        2,
        "it never goes on by that"
    );
    index(database, 6).await;
    assert_eq!(all(database, &about("gradient")).await, [5, 1]);
    assert_eq!(all(database, &about("/images/x.png")).await, [5, 3, 2]);
}

async fn an_answer_is_bounded_work(database: &Database) {
    database
        .write(async |tx| {
            for number in 0..4_500 {
                let reason = if number == 0 { "needle" } else { "hay" };
                audit::append(tx, event(1, &acting(), "E1", &[], reason));
            }
            Ok(())
        })
        .await;
    let (events, older) = found(database, &about("needle"), i64::MAX, 9).await;
    assert!(events.is_empty(), "it is not looked for without end");
    let (events, older) = found(database, &about("needle"), older.unwrap(), 9).await;
    assert_eq!((events, older), (vec![1], None));
}

async fn an_item_is_known_where_its_distribution_had_it(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    fill(database).await;
    index(database, 6).await;
    let asked = items(&["/images/hero.png", "/images/*", "/index.html", "/b", "/nowhere"]);
    let known = async |distribution: &str| {
        let distribution = id(distribution);
        let known = database.get(async |conn| audit::known_items(conn, &distribution, &asked).await).await;
        let mut known: Vec<_> = known.into_iter().map(Item::as_str).map(str::to_owned).collect();
        known.sort();
        known
    };
    assert_eq!(known("E1").await, ["/b", "/images/*", "/images/hero.png"]);
    assert_eq!(known("E2").await, ["/index.html"]);
    let nothing =
        database.get(async |conn| audit::known_items(conn, &id("E1"), []).await.map(|all| all.len())).await;
    assert_eq!(nothing, 0);
}

on_each_engine!(
    an_item_is_known_where_its_distribution_had_it,
    what_touched_a_url_is_found_however_far_the_index_goes,
    filters_narrow_alone_and_together,
    checks_are_found_by_what_they_came_to,
    nobody_finds_what_they_may_not_see,
    a_page_of_a_narrow_search_leaves_nothing_out,
    an_event_that_cannot_be_read_hides_no_other,
    items_of_a_long_list_are_found_in_their_batches,
    what_the_index_lacks_is_named_and_made_anew,
    an_answer_is_bounded_work,
);
