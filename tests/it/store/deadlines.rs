//! What lies too far ahead after the clock was put back.

use unstale::{
    domain::invalidations::outside::BackfillPosition,
    store::{
        checks,
        deadlines::{self, Deadline, MadeAhead},
        invalidations::{outside, proposals},
        tokens,
    },
};

use super::given::{self, id};
use crate::support::{Database, acting, at, on_each_engine};

/// Where each stands, and what its row says beside it.
const fn place(what: Deadline) -> (&'static str, &'static str, &'static str) {
    match what {
        Deadline::Leases => ("batch", "lease_until", "state = 'submitting'"),
        Deadline::FirstTries => ("batch", "due_at", "state = 'queued', attempts = 0, created_at = due_at"),
        Deadline::Retries => ("batch", "due_at", "state = 'queued', attempts = 1"),
        Deadline::Looks => ("batch", "look_at", "state = 'in_progress'"),
        Deadline::LookLeases => ("distribution", "poll_lease_until", "id = id"),
        Deadline::Accounts => ("account", "retry_at", "id = id"),
        Deadline::Checks => ("check_run", "due_at", "id = id"),
        Deadline::CheckLeases => ("check_run", "lease_until", "id = id"),
        Deadline::KeptChecks => ("check_run", "kept_until", "id = id"),
        Deadline::CheckUpLeases => ("check_up", "lease_until", "distribution_id = distribution_id"),
        Deadline::Listings => ("bucket_changes", "due_at", "asked_at = asked_at"),
        Deadline::ListingLeases => ("bucket_changes", "lease_until", "asked_at = asked_at"),
        Deadline::Warmings => ("warming", "due_at", "state = state"),
        Deadline::WarmingLeases => ("warming", "lease_until", "state = state"),
        Deadline::Survey => ("survey", "due_at", "id = id"),
        Deadline::SurveyLease => ("survey", "lease_until", "id = id"),
        Deadline::Outside => ("distribution", "outside_due_at", "id = id"),
        Deadline::OlderPages => ("outside_reading", "due_at", "older = older"),
        Deadline::Tags => ("distribution", "tags_due_at", "id = id"),
        Deadline::CloudTrail => ("cloudtrail_progress", "due_at", "id = id"),
        Deadline::Posts => ("audit_check", "post_due_at", "id = id"),
        Deadline::CloudTrailBegun => ("cloudtrail_progress", "begun_at", "id = id"),
        Deadline::OptionalReadings => ("optional_reading", "due_at", "name = name"),
        Deadline::Channels => ("notification_channel", "retry_at", "id = id"),
        Deadline::EarlierKeys => ("notification_channel", "earlier_until", "id = id"),
        Deadline::Messages => ("notification_message", "due_at", "id = id"),
        Deadline::MessageLeases => ("notification_message", "lease_until", "id = id"),
        Deadline::GivenUpMessages => ("notification_message", "give_up_at", "state = 'waiting'"),
        Deadline::KeptMessages => ("notification_message", "kept_until", "id = id"),
        Deadline::Turns => ("distribution", "last_claimed_at", "id = id"),
        Deadline::SessionUses => ("session", "last_seen_at", "person_id = person_id"),
        Deadline::Approvals => ("proposal", "expires_at", "id = id"),
        Deadline::Tokens => ("api_token", "created_at", "id = id"),
        Deadline::Probes => ("probe", "created_at", "id = id"),
        Deadline::SecondSteps => ("second_step", "last_step", "person_id = person_id"),
    }
}

async fn what_lies_too_far_ahead_is_brought_to_its_furthest(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let requested = given::request(database, "E1", 0, &[&["/a"]]).await;
    let run = super::checks::run(&requested, 0);
    database.write(async |tx| checks::insert(tx, &run).await).await;
    let person = acting().actor;
    database.write(async |tx| checks::check_up::ask(tx, &id("E1"), &person, at(0)).await).await;
    database.write(async |tx| checks::changes::begin(tx, &id("E1")).await).await;
    database.write(async |tx| checks::warming::insert(tx, &requested.id, &id("E1")).await).await;
    database.write(async |tx| outside::save(tx, &BackfillPosition::new(id("E1"), at(0))).await).await;
    let asked = super::protection::proposal("E1", 0);
    database.write(async |tx| proposals::insert(tx, &asked).await).await;
    let mut raw = database.raw().await;
    for row in LETS_IN {
        raw.run(row).await.unwrap();
    }
    for what in Deadline::ALL {
        let (table, column, beside) = place(what);
        // The step after now may have been used too.
        let unit = |seconds| match what {
            Deadline::SecondSteps => at(seconds).as_micros() / 30_000_000 + 1,
            _ => at(seconds).as_micros(),
        };
        for (noted, expected) in [(990, 990), (1_000, 1_000), (5_000, 1_000)] {
            let noted = unit(noted);
            raw.run(&format!("UPDATE {table} SET {column} = {noted}")).await.unwrap();
            raw.run(&format!("UPDATE {table} SET {beside}")).await.unwrap();
            let moved = database.write(async |tx| deadlines::bring_nearer(tx, what, at(1_000)).await).await;
            let now = raw.number(&format!("SELECT {column} FROM {table}")).await;
            assert_eq!(now, unit(expected), "{what:?}");
            assert_eq!(moved, u64::from(noted != now), "{what:?}");
        }
    }
}

async fn a_time_that_somebody_chose_and_what_has_ended_stay(database: &Database) {
    given::distributions(database, &["E1"]).await;
    given::request(database, "E1", 0, &[&["/a"]]).await;
    let mut raw = database.raw().await;
    let far = at(5_000).as_micros();
    for row in
        ["state = 'queued', attempts = 0", "state = 'completed', attempts = 1", "state = 'needs_a_look'"]
    {
        raw.run(&format!("UPDATE batch SET {row}, due_at = {far}, look_at = {far}, lease_until = NULL"))
            .await
            .unwrap();
        for what in Deadline::ALL {
            let moved = database.write(async |tx| deadlines::bring_nearer(tx, what, at(1_000)).await).await;
            assert_eq!(moved, 0, "{what:?} of {row}");
        }
    }
}

/// Rows of what lets people in and of what no function inserts alone, each of the first moment.
const LETS_IN: [&str; 11] = [
    "INSERT INTO person (id, email, password_hash, role, created_at) VALUES ('p1', 'ada@example.com', '', 'admin', 1)",
    "INSERT INTO session (token_hash, person_id, sign_in, client_address, created_at, last_seen_at, expires_at)
         VALUES ('s1', 'p1', 'password', '', 1, 1, 9)",
    "INSERT INTO set_up_link (token_hash, created_at, expires_at) VALUES ('l1', 1, 9)",
    "INSERT INTO password_link (person_id, token_hash, expires_at) VALUES ('p1', 't1', 9)",
    "INSERT INTO pending_second_factor (token_hash, person_id, tries, expires_at) VALUES ('h1', 'p1', 0, 9)",
    "INSERT INTO second_step (person_id, secret, created_at, last_step) VALUES ('p1', 'ABCD', 1, 1)",
    "INSERT INTO api_token (id, name, token_hash, shown, role, made_by, made_by_name, created_at, expires_at)
         VALUES ('t1', 'deploy', 'hash', '', 'operator', '', '', 1, 8)",
    "INSERT INTO probe (id, name, token_hash, shown, made_by, made_by_name, created_at, expires_at)
         VALUES ('v1', 'oslo', 'hash', '', '', '', 1, 8)",
    "INSERT INTO optional_reading (name, due_at) VALUES ('traffic', 1)",
    "INSERT INTO notification_channel (id, name, kind, destination, address, rules, is_on, off_because, created_at, failures,
             problem)
         VALUES ('c1', 'Ops', 'slack', 'a.example.com', 'x', '[]', 1 = 1, '', 1, 0, '')",
    "INSERT INTO notification_message (number, id, channel_id, topic, run_key, notices, state, created_at, due_at, tries,
             problem, give_up_at)
         VALUES (1, 'm1', 'c1', 'failed', '', 1, 'waiting', 1, 1, 0, '', 1)",
];

async fn what_lets_people_in_and_was_made_ahead_is_over(database: &Database) {
    let mut raw = database.raw().await;
    for row in LETS_IN {
        raw.run(row).await.unwrap();
    }
    for (what, table, column) in [
        (MadeAhead::Sessions, "session", "created_at"),
        (MadeAhead::SetUpLinks, "set_up_link", "created_at"),
        (MadeAhead::PasswordLinks, "password_link", "expires_at"),
        (MadeAhead::PendingSecondFactors, "pending_second_factor", "expires_at"),
    ] {
        assert!(MadeAhead::ALL.contains(&what));
        for (noted, ended) in [(1_000, 0), (1_001, 1)] {
            raw.run(&format!("UPDATE {table} SET {column} = {}", at(noted).as_micros())).await.unwrap();
            let gone = database.write(async |tx| deadlines::end(tx, what, at(1_000)).await).await;
            assert_eq!(gone, ended, "{what:?}");
            assert_eq!(raw.number(&format!("SELECT count(*) FROM {table}")).await, i64::from(ended == 0));
        }
    }
}

async fn a_token_that_was_made_ahead_lasts_as_long_as_was_chosen(database: &Database) {
    let mut raw = database.raw().await;
    raw.run(LETS_IN[6]).await.unwrap();
    let made = format!(
        "UPDATE api_token SET created_at = {}, expires_at = {}",
        at(5_000).as_micros(),
        at(6_000).as_micros()
    );
    raw.run(&made).await.unwrap();
    database.write(async |tx| deadlines::bring_nearer(tx, Deadline::Tokens, at(100)).await).await;
    let tokens = database.get(async |conn| tokens::list(conn, 9).await).await;
    assert_eq!((tokens[0].created_at, tokens[0].expires_at), (at(100), Some(at(1_100))));
}

on_each_engine!(
    what_lets_people_in_and_was_made_ahead_is_over,
    a_token_that_was_made_ahead_lasts_as_long_as_was_chosen,
    what_lies_too_far_ahead_is_brought_to_its_furthest,
    a_time_that_somebody_chose_and_what_has_ended_stay,
);
