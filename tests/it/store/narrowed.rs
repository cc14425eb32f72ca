//! Lists for somebody with grants are the lists of all, less what they may not see.

use unstale::{
    domain::{
        access::{Access, Granted, Role, Scope, grant_scope::GrantScope},
        id::PersonId,
        invalidations::{invalidation::InvalidationState, proposal::Proposal},
    },
    store::{
        distributions,
        invalidations::{self, InvalidationFilter, proposals},
    },
};

use super::{given::id, growth::filled};
use crate::support::{Database, START, all_seen, on_each_engine};

fn only(distributions: &[&str]) -> Access {
    let grant = |one: &&str| Granted { distributions: [id(one)].into(), scope: GrantScope::whole() };
    Access::new(Role::Viewer, Scope::Only(distributions.iter().map(grant).collect()))
}

fn narrowed() -> [Access; 4] {
    [only(&[]), only(&["E1"]), only(&["E2", "E5"]), only(&["E9", "E4"])]
}

async fn a_list_of_invalidations_shows_what_may_be_seen(database: &Database) {
    filled::fill(database, 120).await;
    let page = async |access: &Access, wanted: &InvalidationFilter, limit| {
        database.get(async |conn| invalidations::page(conn, access, wanted, limit).await).await
    };
    let states = [
        None,
        Some(InvalidationState::Queued),
        Some(InvalidationState::InProgress),
        Some(InvalidationState::NeedsALook),
        Some(InvalidationState::Completed),
        Some(InvalidationState::Failed),
        Some(InvalidationState::Cancelled),
    ];
    let places = [None, Some(id("E1")), Some(id("E2"))];
    let middle = page(&all_seen(), &InvalidationFilter::default(), 60).await.pop().unwrap();
    let afters = [None, Some((middle.requested_at, middle.id))];
    let mut shown = 0;
    for (state, distribution, after) in states.iter().flat_map(|state| {
        let afters = &afters;
        places.iter().flat_map(move |place| afters.iter().map(move |after| (*state, place, after)))
    }) {
        let wanted = InvalidationFilter { distribution: distribution.clone(), state, after: after.clone() };
        let mut all = page(&all_seen(), &InvalidationFilter { state: None, ..wanted.clone() }, 999).await;
        all.retain(|one| state.is_none_or(|state| one.state == state));
        assert_eq!(page(&all_seen(), &wanted, 999).await, all, "{wanted:?}");
        for access in narrowed() {
            let mut expected: Vec<_> =
                all.iter().filter(|one| access.sees(&one.distribution)).cloned().collect();
            assert_eq!(page(&access, &wanted, 999).await, expected, "{access:?} {wanted:?}");
            expected.truncate(7);
            assert_eq!(page(&access, &wanted, 7).await, expected, "{access:?} {wanted:?}");
            shown += expected.len();
        }
    }
    assert!(shown > 100, "{shown}");
}

async fn proposals_and_distributions_show_what_may_be_seen(database: &Database) {
    filled::fill(database, 120).await;
    let recent = async |access: &Access, limit| {
        database.get(async |conn| proposals::recent(conn, access, limit, START).await).await
    };
    let waiting = async |access: &Access| {
        database
            .get(async |conn| {
                proposals::waiting_for(conn, &PersonId::from_trusted("nobody"), access, START).await
            })
            .await
    };
    let known =
        async |access: &Access| database.get(async |conn| distributions::known(conn, access).await).await;
    let all = recent(&all_seen(), 999).await;
    let waits = |one: &&Proposal| one.state.as_str() == "waiting";
    assert_eq!(waiting(&all_seen()).await, all.iter().filter(waits).count());
    for access in narrowed() {
        let mut seen: Vec<_> = all.iter().filter(|one| access.sees(&one.distribution)).cloned().collect();
        assert_eq!(waiting(&access).await, seen.iter().filter(waits).count());
        seen.truncate(7);
        assert_eq!(recent(&access, 7).await, seen);
        let page = database.get(async |conn| distributions::page(conn, &access, None, 9).await).await;
        assert!(page.iter().all(|one| access.sees(&one.id)));
        assert_eq!(known(&access).await.here, page.len());
    }
    assert_eq!(known(&only(&["E2", "E5"])).await.here, 2);
    assert_eq!(known(&only(&[])).await.here, 0, "nothing granted is nothing");
}

async fn what_is_used_most_is_told_from_what_may_be_seen(database: &Database) {
    filled::fill(database, 120).await;
    let used = async |access: &Access, looked_at| {
        database.get(async |conn| distributions::most_used(conn, access, looked_at, 9).await).await
    };
    // E5 has the 40 oldest, and each of the others 20 newer ones.
    assert_eq!(used(&only(&["E2", "E5"]), 999).await, [id("E5"), id("E2")]);
    assert_eq!(used(&only(&["E2", "E5"]), 30).await, [id("E2"), id("E5")]);
    assert_eq!(used(&only(&["E2", "E5"]), 20).await, [id("E2")]);
    assert!(used(&only(&[]), 999).await.is_empty());
}

on_each_engine!(
    a_list_of_invalidations_shows_what_may_be_seen,
    proposals_and_distributions_show_what_may_be_seen,
    what_is_used_most_is_told_from_what_may_be_seen,
);
