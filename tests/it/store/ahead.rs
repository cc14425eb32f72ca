//! What lies too far ahead after the clock was put back.

use unstale::{
    domain::outside::Reading,
    store::{
        ahead::{self, Ahead},
        outside,
    },
};

use super::given::{self, id};
use crate::support::{Database, at, on_each_engine};

/// Where each stands, and what its row says beside it.
const fn place(what: Ahead) -> (&'static str, &'static str, &'static str) {
    match what {
        Ahead::Leases => ("batch", "lease_until", "state = 'submitting'"),
        Ahead::FirstTries => ("batch", "due_at", "state = 'queued', attempts = 0, created_at = due_at"),
        Ahead::Retries => ("batch", "due_at", "state = 'queued', attempts = 1"),
        Ahead::Looks => ("batch", "look_at", "state = 'in_progress'"),
        Ahead::LookLeases => ("distribution", "poll_lease_until", "id = id"),
        Ahead::Accounts => ("account", "retry_at", "id = id"),
        Ahead::Survey => ("survey", "due_at", "id = id"),
        Ahead::SurveyLease => ("survey", "lease_until", "id = id"),
        Ahead::Outside => ("distribution", "outside_due_at", "id = id"),
        Ahead::OlderPages => ("outside_reading", "due_at", "older = older"),
        Ahead::Tags => ("distribution", "tags_due_at", "id = id"),
        Ahead::Trail => ("trail", "due_at", "id = id"),
        Ahead::Posts => ("audit_check", "post_due_at", "id = id"),
    }
}

async fn what_lies_too_far_ahead_is_brought_to_its_furthest(database: &Database) {
    given::sites(database, &["E1"]).await;
    given::request(database, "E1", 0, &[&["/a"]]).await;
    database.write(async |tx| outside::save(tx, &Reading::new(id("E1"), at(0))).await).await;
    let mut raw = database.raw().await;
    for what in Ahead::ALL {
        let (table, column, beside) = place(what);
        for (noted, expected) in [(999, 999), (1_000, 1_000), (5_000, 1_000)] {
            let noted = at(noted).as_micros();
            raw.run(&format!("UPDATE {table} SET {column} = {noted}")).await.unwrap();
            raw.run(&format!("UPDATE {table} SET {beside}")).await.unwrap();
            let moved = database.write(async |tx| ahead::bring_nearer(tx, what, at(1_000)).await).await;
            let now = raw.number(&format!("SELECT {column} FROM {table}")).await;
            assert_eq!(now, at(expected).as_micros(), "{what:?}");
            assert_eq!(moved, u64::from(noted != now), "{what:?}");
        }
    }
}

async fn a_time_that_somebody_chose_and_what_has_ended_stay(database: &Database) {
    given::sites(database, &["E1"]).await;
    given::request(database, "E1", 0, &[&["/a"]]).await;
    let mut raw = database.raw().await;
    let far = at(5_000).as_micros();
    for row in
        ["state = 'queued', attempts = 0", "state = 'completed', attempts = 1", "state = 'needs_a_look'"]
    {
        raw.run(&format!("UPDATE batch SET {row}, due_at = {far}, look_at = {far}, lease_until = NULL"))
            .await
            .unwrap();
        for what in Ahead::ALL {
            let moved = database.write(async |tx| ahead::bring_nearer(tx, what, at(1_000)).await).await;
            assert_eq!(moved, 0, "{what:?} of {row}");
        }
    }
}

on_each_engine!(
    what_lies_too_far_ahead_is_brought_to_its_furthest,
    a_time_that_somebody_chose_and_what_has_ended_stay,
);
