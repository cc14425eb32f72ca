//! The history's search for invalidations: each one once, at the first of its events that match.

use unstale::{
    domain::{
        access::{Access, Granted, Role, Scope, grant_scope::GrantScope},
        audit::{
            Action, Event, ItemsRecord,
            invalidation_search::{InvalidationSearch, PageEnd, StateFilter},
            search::{AuditQuery, What},
            visibility::Visibility,
        },
        id::InvalidationId,
        invalidations::invalidation::{InvalidationState, NewInvalidation},
    },
    store::{
        audit::{self, InvalidationsFound},
        invalidations,
    },
};

use super::given::{self, id};
use crate::support::{Database, acting, actor, all_seen, at, items, on_each_engine};

/// A request with the event that begins it.
async fn request(database: &Database, distribution: &str, when: u64, texts: &[&str]) -> NewInvalidation {
    let new = given::request(database, distribution, when, &[texts]).await;
    let mut event = Event::new(at(when), &acting(), Action::InvalidationRequested);
    event.distribution = Some(new.distribution.clone());
    event.invalidation = Some(new.id.clone());
    event.items = ItemsRecord::of(&items(texts));
    "asked for it".clone_into(&mut event.note);
    database.append(event).await;
    new
}

/// A later event of an invalidation.
async fn later(database: &Database, new: &NewInvalidation, action: Action, note: &str) {
    let mut event = Event::new(at(900), &acting(), action);
    event.distribution = Some(new.distribution.clone());
    event.invalidation = Some(new.id.clone());
    note.clone_into(&mut event.note);
    database.append(event).await;
}

fn ids(found: &InvalidationsFound) -> Vec<InvalidationId> {
    found.found.iter().map(|one| one.id.clone()).collect()
}

fn words(text: &str) -> InvalidationSearch {
    let events = AuditQuery { what: What::read(text), ..AuditQuery::default() };
    InvalidationSearch { events, ..InvalidationSearch::default() }
}

async fn each_is_found_once_where_its_first_match_stands(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let one = request(database, "E1", 1, &["/a", "/b"]).await;
    let two = request(database, "E2", 2, &["/b"]).await;
    let three = request(database, "E1", 3, &["/c"]).await;
    later(database, &one, Action::BatchAccepted, "took it, twice").await;
    later(database, &two, Action::BatchAccepted, "took it").await;
    later(database, &one, Action::BatchCompleted, "took it long").await;
    let find = async |access: &Access, query: &InvalidationSearch, limit| {
        database.get(async |conn| audit::search_invalidations(conn, access, query, limit).await).await
    };
    let all = all_seen();
    let newest_first = [three.id.clone(), two.id.clone(), one.id.clone()];
    let found = find(&all, &InvalidationSearch::default(), 9).await;
    assert_eq!((ids(&found), found.end), (newest_first.to_vec(), None));
    assert_eq!(ids(&find(&all, &words("asked"), 9).await), newest_first);
    assert_eq!(ids(&find(&all, &words("/b"), 9).await), [two.id.clone(), one.id.clone()]);
    assert_eq!(ids(&find(&all, &words("took it"), 9).await), [two.id.clone(), one.id.clone()]);
    assert_eq!(ids(&find(&all, &words("long"), 9).await), std::slice::from_ref(&one.id));
    // Page by page, while a further event that matches comes behind the first page.
    for query in [InvalidationSearch::default(), words("asked"), words("took it")] {
        let whole = ids(&find(&all, &query, 9).await);
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = find(&all, &InvalidationSearch { after, ..query.clone() }, 1).await;
            assert!(page.found.len() <= 1);
            paged.extend(ids(&page));
            later(database, &one, Action::BatchCompleted, "asked: took it").await;
            let Some(end) = page.end else { break };
            after = Some(end);
        }
        assert_eq!(paged, whole, "{query:?}");
    }
    let failed =
        InvalidationSearch { state: Some(StateFilter::Is(InvalidationState::Failed)), ..words("/b") };
    assert_eq!(ids(&find(&all, &failed, 9).await), []);
    // Whoever sees one distribution sees its invalidations, wherever the page is said to begin.
    let grant = Granted { distributions: [id("E2")].into(), scope: GrantScope::whole() };
    let narrow = Access::new(Role::Viewer, Scope::Only(vec![grant]));
    let seen = AuditQuery { visibility: Visibility::of(&actor(), &narrow), ..AuditQuery::default() };
    let query = InvalidationSearch { events: seen, ..InvalidationSearch::default() };
    assert_eq!(ids(&find(&narrow, &query, 9).await), std::slice::from_ref(&two.id));
    let after = Some(PageEnd::Invalidation(one.id.clone()));
    assert_eq!(
        ids(&find(&narrow, &InvalidationSearch { after, ..query.clone() }, 9).await),
        std::slice::from_ref(&two.id)
    );
    let count = async |access: &Access, most| {
        database.get(async |conn| invalidations::count_up_to(conn, access, most).await).await
    };
    assert_eq!((count(&all, 9).await, count(&all, 2).await, count(&narrow, 9).await), (3, 2, 1));
    let events = database.get(async |conn| audit::first_events(conn, &newest_first).await).await;
    let begun: Vec<_> = events.iter().map(|chained| chained.event.invalidation.clone().unwrap()).collect();
    assert!(events.iter().all(|chained| chained.event.action == Action::InvalidationRequested));
    assert_eq!(begun.iter().rev().collect::<Vec<_>>(), newest_first.iter().collect::<Vec<_>>());
}

async fn lists_by_name_and_of_what_was_made_outside_go_on_after_a_row(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let (one, two) = (
        given::request(database, "E1", 1, &[&["/a"]]).await,
        given::request(database, "E1", 2, &[&["/b"]]).await,
    );
    let name = actor().name().to_owned();
    let by = async |who: &str, after: Option<&NewInvalidation>| {
        let after = after.map(|new| (at(if new.id == one.id { 1 } else { 2 }), new.id.clone()));
        let rows =
            database.get(async |conn| invalidations::by_name(conn, who, after.as_ref(), 9).await).await;
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(by(&name, None).await, [two.id.clone(), one.id.clone()]);
    assert_eq!(by(&name, Some(&two)).await, std::slice::from_ref(&one.id));
    assert_eq!(by(&name, Some(&one)).await, []);
    assert_eq!(by("nobody", None).await, []);
    let outside = async || database.get(async |conn| invalidations::made_outside(conn, None, 9).await).await;
    assert_eq!(outside().await, []);
    let made =
        format!("UPDATE invalidation SET actor_kind = 'outside', actor_id = '' WHERE id = '{}'", one.id);
    database.raw().await.run(&made).await.unwrap();
    assert_eq!(
        outside().await.into_iter().map(|row| row.id).collect::<Vec<_>>(),
        std::slice::from_ref(&one.id)
    );
}

async fn a_problem_is_found_whether_cloudfront_or_the_checks_say_it(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let stale = request(database, "E1", 1, &["/a"]).await;
    let fresh = request(database, "E1", 2, &["/b"]).await;
    let refused = request(database, "E1", 3, &["/c"]).await;
    request(database, "E1", 4, &["/d"]).await;
    let mut raw = database.raw().await;
    for (run, of, freshness) in [("c1", &stale, "stale"), ("c2", &fresh, "fresh")] {
        let sql = format!(
            "INSERT INTO check_run (id, distribution_id, invalidation_id, created_at, state, round, freshness)
             VALUES ('{run}', 'E1', '{}', 1, 'done', 1, '{freshness}')",
            of.id
        );
        raw.run(&sql).await.unwrap();
    }
    raw.run(&format!("UPDATE invalidation SET state = 'failed' WHERE id = '{}'", refused.id)).await.unwrap();
    let all = all_seen();
    for query in [InvalidationSearch::default(), words("asked")] {
        let query = InvalidationSearch { state: Some(StateFilter::Problem), ..query };
        let find = async |limit| {
            database.get(async |conn| audit::search_invalidations(conn, &all, &query, limit).await).await
        };
        assert_eq!(ids(&find(9).await), [refused.id.clone(), stale.id.clone()]);
        let first = find(1).await;
        assert!(ids(&first) == [refused.id.clone()] && first.end.is_some(), "{first:?}");
    }
}

on_each_engine!(
    a_problem_is_found_whether_cloudfront_or_the_checks_say_it,
    each_is_found_once_where_its_first_match_stands,
    lists_by_name_and_of_what_was_made_outside_go_on_after_a_row,
);
