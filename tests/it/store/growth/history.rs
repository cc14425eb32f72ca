//! The history.

use unstale::{
    domain::{
        access::Access,
        audit::{
            Action, Outcome,
            invalidation_search::{InvalidationSearch, PageEnd, StateFilter},
            search::{AuditQuery, What},
            visibility::Visibility,
        },
        checks::Freshness,
        id::{InvalidationId, PersonId, ProposalId},
        invalidations::{invalidation::InvalidationState, item::Item},
    },
    store::{
        Tx,
        audit::{self, saved_searches},
        invalidations::{self, batches, proposals},
    },
};

use super::{
    super::given::id,
    Measured,
    filled::{OFTEN, RARE},
    measure,
};
use crate::support::{START as NOW, actor, at};

/// Reads of single events, of parts of the chain, and of what it says of one invalidation.
pub async fn measure_events(tx: &mut Tx, size: i64) -> Measured {
    let mut measured = Measured::new();
    let one = InvalidationId::from_trusted("i100");
    let row = invalidations::find(tx, &one).await.unwrap().unwrap();
    let rows =
        [row.clone(), invalidations::find(tx, &InvalidationId::from_trusted("i101")).await.unwrap().unwrap()];
    let own = batches::of_invalidation(tx, &one).await.unwrap();
    let proposal = proposals::find(tx, &ProposalId::from_trusted("o100"), NOW).await.unwrap().unwrap();
    let stated = audit::find(tx, 100).await.unwrap().unwrap();
    let ids = [one.clone()];
    measure!(
        measured,
        tx,
        |conn| audit::head(conn),
        audit::head_link(conn),
        audit::standing(conn),
        audit::follows_forms(conn),
        audit::check_state(conn),
        audit::between(conn, 0, size, 50),
        audit::after(conn, 100, 50),
        audit::stored_events(conn, 100, 50),
        audit::scan(conn, 100, 50),
        audit::find(conn, 100),
        audit::stating(conn, 100, 50),
        audit::of_invalidation(conn, &one, 50),
        audit::of_invalidations(conn, &ids),
        audit::maker(conn, &one),
        audit::contradicted(conn, &rows),
        audit::contradiction(conn, &one),
        audit::contradiction_of(conn, &row, &own),
        audit::proposal_contradiction(conn, &stated, NOW),
        audit::contradiction_of_proposal(conn, &proposal, NOW),
        audit::unstated_invalidation(conn),
        audit::unstated_proposal(conn),
        audit::signed_heads(conn, 100, 50),
        audit::last_signed_head(conn),
        audit::index_reached(conn),
        audit::missing_from_index(conn, &[]),
        audit::items_as_recorded(conn, &stated.event),
        audit::items_of(conn, &stated.event),
        audit::segments(conn),
        audit::first_sequence(conn),
        saved_searches::own(conn, &PersonId::from_trusted("p100")),
        saved_searches::for_everyone(conn),
        audit::first_events(conn, &ids),
    );
    measured
}

/// Lists and searches that show somebody what they may see.
pub async fn measure_lists(tx: &mut Tx, access: &Access) -> Measured {
    let mut measured = Measured::new();
    let visibility = Visibility::of(&actor(), access);
    let all = AuditQuery { visibility, ..AuditQuery::default() };
    let here = AuditQuery { distribution: Some(id(OFTEN)), ..all.clone() };
    let there = AuditQuery { distribution: Some(id(RARE)), ..all.clone() };
    let of_one = AuditQuery { invalidation: Some(InvalidationId::from_trusted("i100")), ..all.clone() };
    let rarely = AuditQuery { action: Some(Action::BatchFailed), ..all.clone() };
    let refused = AuditQuery { outcome: Some(Outcome::Refused), ..all.clone() };
    let stale = AuditQuery { freshness: Some(Freshness::Stale), ..all.clone() };
    let by_nobody = AuditQuery { who: Some("nobody".to_owned()), ..all.clone() };
    let path = AuditQuery { what: What::read("/a"), ..all.clone() };
    let words = AuditQuery { what: What::read("i100"), ..all.clone() };
    let about_access = AuditQuery { about_access: true, ..all.clone() };
    let of =
        |events: &AuditQuery| InvalidationSearch { events: events.clone(), ..InvalidationSearch::default() };
    let newest = of(&all);
    let of_there = of(&there);
    let next = InvalidationSearch {
        after: Some(PageEnd::Invalidation(InvalidationId::from_trusted("i100"))),
        ..of(&all)
    };
    let failed = InvalidationSearch { state: Some(StateFilter::Is(InvalidationState::Failed)), ..of(&all) };
    let problem = InvalidationSearch { state: Some(StateFilter::Problem), ..of(&all) };
    let by_somebody = of(&AuditQuery { who: Some("p1@example.com".to_owned()), ..all.clone() });
    let by_none = of(&by_nobody);
    let from_outside = of(&AuditQuery { outside: Some(true), ..all.clone() });
    let in_time = of(&AuditQuery { from: Some(at(0)), until: Some(at(9)), ..all.clone() });
    let came_to = of(&stale);
    let touching = of(&path);
    let with_words = of(&words);
    let often_asked = [Item::from_trusted("/a")];
    measure!(
        measured,
        tx,
        |conn| audit::search(conn, &all, 50),
        audit::known_items(conn, &id(RARE), &often_asked),
        audit::search(conn, &here, 50),
        audit::search(conn, &there, 50),
        audit::search(conn, &of_one, 50),
        audit::search(conn, &rarely, 50),
        audit::search(conn, &refused, 50),
        audit::search(conn, &stale, 50),
        audit::search(conn, &by_nobody, 50),
        audit::search(conn, &path, 50),
        audit::search(conn, &words, 50),
        audit::search(conn, &about_access, 50),
        audit::search_invalidations(conn, access, &newest, 50),
        audit::search_invalidations(conn, access, &of_there, 50),
        audit::search_invalidations(conn, access, &next, 50),
        audit::search_invalidations(conn, access, &failed, 50),
        audit::search_invalidations(conn, access, &problem, 50),
        audit::search_invalidations(conn, access, &by_somebody, 50),
        audit::search_invalidations(conn, access, &by_none, 50),
        audit::search_invalidations(conn, access, &from_outside, 50),
        audit::search_invalidations(conn, access, &in_time, 50),
        audit::search_invalidations(conn, access, &came_to, 50),
        audit::search_invalidations(conn, access, &touching, 50),
        audit::search_invalidations(conn, access, &with_words, 50),
        invalidations::count_up_to(conn, access, 100),
        invalidations::by_name(conn, "p1@example.com", None, 50),
        invalidations::made_outside(conn, None, 50),
    );
    measured
}
