//! Several at once: one wins, nobody overwrites, the history keeps no gap.

use tokio::task::JoinSet;
use unstale::{
    domain::{
        actor::Acting,
        audit::{Action, Chained, Event},
        invalidations::{invalidation::InvalidationState, pace::Pace},
    },
    store::{
        accounts, audit,
        invalidations::{self, batches},
    },
};

use super::given::{self, ACCOUNT, states};
use crate::support::{Database, Engine, at, on_each_engine};

const AT_ONCE: usize = 8;

async fn of_many_claims_one_wins(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let batch = given::request(database, "E1", 0, &[&["/a"]]).await.batches.remove(0).id;
    let mut tasks = JoinSet::new();
    for number in 0..AT_ONCE {
        let (db, batch) = (database.db.clone(), batch.clone());
        tasks.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let claimed =
                batches::claim(&mut tx, &batch, &format!("lease {number}"), at(1), at(61)).await.unwrap();
            tokio::task::yield_now().await;
            tx.commit().await.unwrap();
            claimed
        });
    }
    let won = tasks.join_all().await.into_iter().filter(|claimed| *claimed).count();
    assert_eq!(won, 1);
}

async fn the_pace_holds_for_all_together(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let pace = Pace::new(0.5, 3);
    let mut tasks = JoinSet::new();
    for _ in 0..AT_ONCE {
        let db = database.db.clone();
        tasks.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let taken = accounts::take_create(&mut tx, ACCOUNT, pace, pace, at(0)).await.unwrap();
            tokio::task::yield_now().await;
            tx.commit().await.unwrap();
            taken.is_ok()
        });
    }
    let taken = tasks.join_all().await.into_iter().filter(|taken| *taken).count();
    assert_eq!(taken, 3);
}

async fn charges_of_many_add_up(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let pace = Pace::new(1.0, 3);
    let mut tasks = JoinSet::new();
    for _ in 0..AT_ONCE {
        let db = database.db.clone();
        tasks.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            accounts::charge_reads(&mut tx, ACCOUNT, pace, 1, at(0)).await.unwrap();
            tokio::task::yield_now().await;
            tx.commit().await.unwrap();
        });
    }
    tasks.join_all().await;
    let next_at = database.raw().await.number("SELECT read_next_at FROM account").await;
    assert_eq!(next_at, at(8).as_micros());
}

async fn the_history_of_many_writers_has_no_gap(database: &Database) {
    let mut tasks = JoinSet::new();
    for writer in 0..AT_ONCE {
        let db = database.db.clone();
        tasks.spawn(async move {
            for number in 0..5 {
                let mut tx = db.begin().await.unwrap();
                let mut event = Event::new(at(1), &Acting::service(), Action::SurveyFailed);
                event.note = format!("{writer}: {number}");
                audit::append(&mut tx, event);
                tokio::task::yield_now().await;
                // Every other one changes its mind.
                if number % 2 == 0 {
                    tx.commit().await.unwrap();
                }
            }
        });
    }
    tasks.join_all().await;
    let read = database.get(async |conn| audit::after(conn, 0, 1_000).await).await;
    assert_eq!(read.len(), AT_ONCE * 3);
    assert!(read.iter().all(Chained::is_intact));
    for pair in read.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence + 1);
        assert_eq!(pair[1].previous_hash, pair[0].hash);
    }
}

/// Two batches of one invalidation end in two transactions at once: the second must not overlook the first.
///
/// `SQLite` lets one transaction write at a time.
#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn batches_that_end_together_end_their_invalidation() {
    let database = Database::new(Engine::Postgres).await;
    given::distributions(&database, &["E1"]).await;
    let new = given::request(&database, "E1", 0, &[&["/1"], &["/2"]]).await;
    let mut raw = database.raw().await;
    raw.run("UPDATE batch SET state = 'in_progress'").await.unwrap();
    let (mut first, mut second) = (database.begin().await, database.begin().await);
    assert!(batches::set_completed(&mut first, &new.batches[0].id, at(5)).await.unwrap());
    assert!(batches::set_completed(&mut second, &new.batches[1].id, at(5)).await.unwrap());
    invalidations::refresh_state(&mut first, &new.id, at(5)).await.unwrap();
    let id = new.id.clone();
    let waiting = tokio::spawn(async move {
        invalidations::refresh_state(&mut second, &id, at(5)).await.unwrap();
        second.commit().await.unwrap();
    });
    raw.until_waiting(1).await;
    first.commit().await.unwrap();
    waiting.await.unwrap();
    assert_eq!(states(&database, &new.id).await, ["completed"; 2]);
    let found = database.get(async |conn| invalidations::find(conn, &new.id).await).await.unwrap();
    assert_eq!(found.state, InvalidationState::Completed);
    database.remove().await;
}

on_each_engine!(
    of_many_claims_one_wins,
    the_pace_holds_for_all_together,
    charges_of_many_add_up,
    the_history_of_many_writers_has_no_gap,
);
