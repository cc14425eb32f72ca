//! The history.

use unstale::{
    domain::{
        access::Access,
        audit::{
            Action, Outcome,
            search::{Search, What},
            visibility::Visibility,
        },
        id::{InvalidationId, PersonId, ProposalId},
    },
    store::{
        Tx,
        audit::{self, EventFilter, saved_searches},
        invalidations::{self, batches, proposals},
    },
};

use super::{
    super::given::id,
    Measured,
    filled::{OFTEN, RARE},
    measure,
};
use crate::support::{START as NOW, actor};

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
        audit::check_state(conn),
        audit::between(conn, 0, size, 50),
        audit::after(conn, 100, 50),
        audit::sheet(conn, 100, 50),
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
        saved_searches::list(conn, &PersonId::from_trusted("p100")),
    );
    measured
}

/// Lists and searches that show somebody what they may see.
pub async fn measure_lists(tx: &mut Tx, access: &Access) -> Measured {
    let mut measured = Measured::new();
    let visibility = Visibility::of(&actor(), access);
    let seen = visibility.as_ref();
    let whole = EventFilter::default();
    let here = EventFilter { distribution: Some(id(OFTEN)), ..whole.clone() };
    let there = EventFilter { distribution: Some(id(RARE)), ..whole.clone() };
    let of_one = EventFilter { invalidation: Some(InvalidationId::from_trusted("i100")), ..whole.clone() };
    let rarely = EventFilter { action: Some(Action::BatchFailed), ..whole.clone() };
    let all = Search { visibility: visibility.clone(), ..Search::default() };
    let refused = Search { outcome: Some(Outcome::Refused), ..all.clone() };
    let by_nobody = Search { who: Some("nobody".to_owned()), ..all.clone() };
    let of_rare = Search { distribution: Some(id(RARE)), ..all.clone() };
    let path = Search { what: What::read("/a"), ..all.clone() };
    let words = Search { what: What::read("i100"), ..all.clone() };
    let end = i64::MAX;
    measure!(
        measured,
        tx,
        |conn| audit::page_seen_by(conn, seen, &whole, end, 50),
        audit::page_seen_by(conn, seen, &here, end, 50),
        audit::page_seen_by(conn, seen, &there, end, 50),
        audit::page_seen_by(conn, seen, &of_one, end, 50),
        audit::page_seen_by(conn, seen, &rarely, end, 50),
        audit::search(conn, &all, end, 50),
        audit::search(conn, &refused, end, 50),
        audit::search(conn, &by_nobody, end, 50),
        audit::search(conn, &of_rare, end, 50),
        audit::search(conn, &path, end, 50),
        audit::search(conn, &words, end, 50),
    );
    measured
}
