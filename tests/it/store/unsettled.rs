//! What is not settled, as `/metrics` counts it.

use unstale::{
    domain::invalidations::problem::ProblemKind,
    store::invalidations::{
        self,
        batches::{self, NotAccepted},
        unsettled::{self, Unsettled, UnsettledWork},
    },
};

use super::{
    batches::{accept, claim, complete},
    given,
};
use crate::support::{Database, at, on_each_engine, problem};

async fn each_state_is_counted_with_its_oldest(database: &Database) {
    let read = async || database.get(async |conn| unsettled::work(conn).await).await;
    assert_eq!(read().await, UnsettledWork::default());
    given::distributions(database, &["E1", "E2"]).await;
    given::request(database, "E1", 30, &[&["/waits"], &["/too"]]).await;
    given::request(database, "E2", 20, &[&["/waits-longest"]]).await;
    let sending = given::request(database, "E1", 10, &[&["/sent"]]).await;
    assert!(claim(database, &sending.batches[0].id, "lease", 40).await);
    for (second, path) in [(50, "/there"), (60, "/there-too")] {
        let there = given::request(database, "E2", second, &[&[path]]).await;
        accept(database, &there.batches[0].id, path, second + 1).await;
    }
    let over = given::request(database, "E2", 5, &[&["/over"]]).await;
    accept(database, &over.batches[0].id, "over", 6).await;
    assert!(complete(database, &over.batches[0].id, 7).await);
    let doubtful = given::request(database, "E1", 8, &[&["/doubtful"]]).await;
    assert!(claim(database, &doubtful.batches[0].id, "other", 70).await);
    let trouble = problem(ProblemKind::ReferenceInUse);
    database
        .write(async |tx| {
            batches::set_not_accepted(
                tx,
                &doubtful.batches[0].id,
                "other",
                NotAccepted::NeedsALook,
                &trouble,
            )
            .await?;
            let ids = [over.id.clone(), doubtful.id.clone()];
            invalidations::refresh_states(tx, ids, at(71)).await
        })
        .await;
    let of = |count, second| Unsettled { count, since: Some(at(second)) };
    assert_eq!(
        read().await,
        UnsettledWork {
            queued: of(3, 20),
            submitting: of(1, 40),
            in_progress: of(2, 51),
            needs_a_look: of(1, 8),
        }
    );
}

async fn the_size_of_the_database_is_known(database: &Database) {
    let size = database.db.size().await.unwrap();
    assert!((100_000..1_000_000_000).contains(&size), "{size}");
}

on_each_engine!(each_state_is_counted_with_its_oldest, the_size_of_the_database_is_known);
