//! Tables as years fill them: all that grows has so many rows. What a read returns is the same whatever the size.

use unstale::{
    domain::{
        actor::{Acting, Actor},
        audit::{
            Action, Event, ItemsRecord, Outcome, Target,
            search::{item_key, words_of},
        },
        id::{InvalidationId, PersonId},
        time::Timestamp,
    },
    store::audit::{self, IndexEntry},
};

use super::super::given;
use crate::support::{Database, START, at, items};

/// Of these five, `RARE` has none but the oldest rows: whoever goes through a table from its new end has to come to its
/// old one.
pub const OFTEN: &str = "E1";
pub const RARE: &str = "E5";
const ALL: [&str; 5] = [OFTEN, "E2", "E3", "E4", RARE];

/// Rows are an hour apart, the last one an hour before the start.
const HOUR: i64 = 3_600_000_000;

/// One row for each number `i` from 1. `{D}` is its distribution, `{T}` its time and `{AGE}` 0 for the newest.
const ROWS: &[&str] = &[
    "INTO person (id, email, password_hash, role, scope, created_at)
     SELECT 'p' || i, 'p' || i || '@example.com', 'hash', 'viewer', 'granted', {T} FROM n",
    "INTO session (token_hash, person_id, sign_in, client_address, created_at, last_seen_at, expires_at, user_agent)
     SELECT 's' || i, 'p' || i, 'password', '', {NOW}, {NOW}, {NOW} + 1000, '' FROM n",
    "INTO second_step (person_id, secret, created_at, confirmed_at, last_step)
     SELECT 'p' || i, 'AAAA', {T}, {T}, 0 FROM n",
    "INTO recovery_code (person_id, code_hash) SELECT 'p' || i, 'c' || i FROM n",
    "INTO pending_second_factor (token_hash, person_id, tries, expires_at) SELECT 'h' || i, 'p' || i, 0, {NOW} + 1000 FROM n",
    "INTO password_link (person_id, token_hash, expires_at) SELECT 'p' || i, 'l' || i, {NOW} + 1000 FROM n",
    "INTO identity (issuer, subject, person_id, created_at) SELECT 'issuer', 'u' || i, 'p' || i, {T} FROM n",
    "INTO local_group (name, created_at) SELECT 'g' || i, {T} FROM n",
    "INTO person_group (person_id, group_name, source) SELECT 'p' || i, 'g' || i, 'local' FROM n",
    "INTO person_group (person_id, group_name, source) SELECT 'p' || i, 'q' || i, 'provider' FROM n",
    "INTO access_grant (id, subject_kind, subject_id, distribution_id, everything, created_at)
     SELECT 'a' || i, 'person', 'p' || i, {D}, FALSE, {T} FROM n",
    "INTO saved_search (id, person_id, name, query, created_at) SELECT 'f' || i, 'p' || i, '', '', {T} FROM n",
    // One person's, as those of a pipeline that replaces its own; all but the last are revoked.
    "INTO api_token (id, name, token_hash, shown, role, scope, made_by, made_by_name, created_at, revoked_at)
     SELECT 't' || i, 't' || i, 't' || i, '', 'viewer', 'everything', 'p1', 'p1', {T},
         CASE WHEN {AGE} < 3 THEN NULL ELSE {T} END FROM n",
    // All by one actor, of the same items, completed but for the first three and the last ten.
    "INTO invalidation (id, request_key, distribution_id, actor_kind, actor_id, actor_name, reason, requested_at,
         item_count, first_item, items_sha256, state, ended_at)
     SELECT 'i' || i, 'k' || i, {D}, 'person', 'p1', 'p1@example.com', '', {T}, 1, '/a', 'sha256',
         CASE WHEN i <= 3 THEN 'failed' WHEN {AGE} >= 10 THEN 'completed' WHEN {AGE} % 3 = 0 THEN 'queued'
              WHEN {AGE} % 3 = 1 THEN 'in_progress' ELSE 'needs_a_look' END,
         CASE WHEN {AGE} < 10 THEN NULL ELSE {T} END FROM n",
    "INTO batch (id, invalidation_id, distribution_id, number, caller_reference, items, path_count, wildcard_count,
         state, created_at, due_at, first_sent_at, accepted_at, look_at, completed_at, cloudfront_id)
     SELECT 'b' || i, 'i' || i, {D}, 1, 'r' || i, '[\"/a\"]', 1, 0,
         CASE WHEN i <= 3 THEN 'failed' WHEN {AGE} >= 10 THEN 'completed' WHEN {AGE} % 3 = 0 THEN 'queued'
              WHEN {AGE} % 3 = 1 THEN 'in_progress' ELSE 'needs_a_look' END,
         {T}, {T}, {T}, CASE WHEN i > 3 AND {AGE} >= 10 OR {AGE} % 3 = 1 THEN {T} END,
         CASE WHEN {AGE} < 10 AND {AGE} % 3 = 1 THEN {T} END, CASE WHEN i > 3 AND {AGE} >= 10 THEN {T} + 1 END,
         CASE WHEN i > 3 AND {AGE} >= 10 OR {AGE} % 3 = 1 THEN 'C' || i END FROM n",
    // The last ten wait; of the others every second one waited until it expired.
    "INTO proposal (id, request_key, distribution_id, actor_kind, actor_id, actor_name, behind, reason, items,
         items_sha256, first_item, asked_at, expires_at, state)
     SELECT 'o' || i, 'ok' || i, {D}, 'person', 'p1', 'p1@example.com', 'p1', '', '[\"/a\"]', 'sha256', '/a', {T},
         {T} + 24 * {HOUR}, CASE WHEN {AGE} < 10 OR i % 2 = 0 THEN 'waiting' ELSE 'approved' END FROM n",
    "INTO idempotency (request_key, fingerprint, answer, answer_id, created_at)
     SELECT 'k' || i, 'print', 'accepted', 'i' || i, {T} FROM n",
    "INTO untraced (invalidation_id, made_at, round) SELECT 'i' || i, {T}, 0 FROM n",
    // The last ten are not done, and each tenth was asked for by hand.
    "INTO check_run (id, distribution_id, invalidation_id, created_at, state, round, freshness, due_at, lease, lease_until)
     SELECT 'c' || i, {D}, CASE WHEN i % 10 = 0 THEN NULL ELSE 'i' || i END, {T},
         CASE WHEN {AGE} < 10 THEN 'after' ELSE 'done' END, 1, 'fresh', CASE WHEN {AGE} < 10 THEN {T} END,
         CASE WHEN {AGE} < 3 THEN 'lease' END, CASE WHEN {AGE} < 3 THEN {NOW} + 1000 END FROM n",
    "INTO url_check (run_id, number, kind, url, batch_id, guessed, verdict, step)
     SELECT 'c' || i, 1, 'url', 'https://www.example.com/' || i, 'b' || i, FALSE, 'fresh', '' FROM n",
    "INTO location_check (run_id, number, location, after, verdict, step)
     SELECT 'c' || i, 1, 'FRA50-C1', '{\"at\":1,\"duration_us\":1,\"failure\":\"connect_timeout\"}', 'fresh', '' FROM n",
    // The last ten are due.
    "INTO warming (invalidation_id, distribution_id, state, due_at, lease, lease_until)
     SELECT 'i' || i, {D}, CASE WHEN {AGE} < 10 THEN 'running' ELSE 'done' END, CASE WHEN {AGE} < 10 THEN {T} END,
         CASE WHEN {AGE} < 3 THEN 'lease' END, CASE WHEN {AGE} < 3 THEN {NOW} + 1000 END FROM n",
    // The last one is good; the others were revoked. The first three looks are not judged yet.
    "INTO probe (id, name, token_hash, shown, made_by, made_by_name, created_at, revoked_at)
     SELECT 'v' || i, 'v' || i, 'v' || i, '', '', '', {T}, CASE WHEN {AGE} < 1 THEN NULL ELSE {T} END FROM n",
    "INTO probe_round (run_id, round, began_at) SELECT 'c' || i, 1, {T} FROM n",
    "INTO probe_offer (probe_id, run_id, round, offered_at, answered) SELECT 'v1', 'c' || i, 1, {T}, TRUE FROM n",
    "INTO vantage_check (run_id, number, probe_id, after, verdict, step)
     SELECT 'c' || i, 1, 'v1', '{\"at\":1,\"duration_us\":1,\"failure\":\"connect_timeout\"}',
         CASE WHEN i <= 3 THEN NULL ELSE 'fresh' END, '' FROM n",
    // A day each, up to the present one, 2026-11-23; and twenty names a month, which this one begins on day 20758.
    "INTO daily_sum (day, distribution_id, requested, outside, items, paths, paths_outside, many, many_paths,
         wildcards_save, fresh, unchanged, stale, broken, unclear)
     SELECT 20780 - {AGE}, {D}, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0 FROM n",
    "INTO daily_completion (day, distribution_id, time_range, invalidations) SELECT 20780 - {AGE}, {D}, 9, 1 FROM n",
    "INTO monthly_count (month, kind, distribution_id, name, times, paths, most, most_on, weight)
     SELECT 20758 - 30 * ({AGE} / 20), 'item', {D}, '/n' || i, 1, 1, 1, 20758, 1 FROM n",
    "INTO audit_signed_head (sequence, hash, at, public_key, signature) SELECT i, '', {T}, '', '' FROM n",
];

/// Fills what grows with so many rows each, more than 100.
pub async fn fill(database: &Database, size: i64) {
    given::distributions(database, &ALL).await;
    let mut raw = database.raw().await;
    for rows in ROWS {
        let rows = rows
            .replace("{D}", "(CASE WHEN i <= 40 THEN 'E5' ELSE 'E' || (1 + i % 4) END)")
            .replace("{T}", "({NOW} - (1 + {AGE}) * {HOUR})")
            .replace("{AGE}", &format!("({size} - i)"))
            .replace("{HOUR}", &HOUR.to_string())
            .replace("{NOW}", &START.as_micros().to_string());
        let numbers = format!(
            "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {size})"
        );
        raw.run(&format!("{numbers} INSERT {rows}")).await.unwrap();
    }
    let budgets = "INSERT INTO monthly_budget (scope_kind, scope_id, hard_items) VALUES
        ('account', '123456789012', 9), ('distribution', 'E1', 9), ('person', 'p1', 9), ('group', 'g1', 9)";
    raw.run(budgets).await.unwrap();
    let (from, until) = (START.as_micros() - HOUR, START.as_micros() + HOUR);
    let freeze = format!(
        "INSERT INTO freeze_window (id, name, why, from_at, until_at) VALUES ('f1', 'x', 'y', {from}, {until})"
    );
    raw.run(&freeze).await.unwrap();
    let channel = "INSERT INTO notification_channel (id, name, kind, destination, address, rules, is_on, off_because, created_at,
             failures, problem)
         VALUES ('c1', 'Ops', 'slack', 'a.example.com', 'x', '[]', 1 = 1, '', 1, 0, '')";
    raw.run(channel).await.unwrap();
    // One in ten waits.
    let messages = format!(
        "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {size})
         INSERT INTO notification_message (number, id, channel_id, topic, run_key, notices, state, created_at, due_at,
             tries, problem, give_up_at, kept_until)
         SELECT i, 'm' || i, 'c1', 'failed', '', 1, CASE WHEN i % 10 = 0 THEN 'waiting' ELSE 'delivered' END, i,
             CASE WHEN i % 10 = 0 THEN i END, 0, '', i, CASE WHEN i % 10 > 0 THEN i END FROM n"
    );
    raw.run(&messages).await.unwrap();
    write_history(database, size).await;
    raw.run("ANALYZE").await.unwrap();
}

/// One event of each invalidation, of ten actions and ten people; the first of all were refused.
async fn write_history(database: &Database, size: i64) {
    let actions: Vec<Action> =
        Action::written().filter(|action| *action != Action::BatchFailed).take(10).collect();
    let events = (1..=size).map(|i| {
        let tenth = usize::try_from(i % 10).unwrap();
        let name = format!("p{tenth}");
        let actor = Actor::person(&PersonId::from_trusted(name.as_str()), &format!("{name}@example.com"));
        let acting = Acting { actor, ..Acting::service() };
        let place = if i <= 40 { RARE.to_owned() } else { format!("E{}", 1 + i % 4) };
        let mut event = Event::new(at(0), &acting, actions[tenth]);
        event.at = Timestamp::from_micros(START.as_micros() - (1 + size - i) * HOUR);
        event.target = Target::Invalidation(InvalidationId::from_trusted(format!("i{i}")));
        event.distribution = Some(given::id(&place));
        event.invalidation = Some(InvalidationId::from_trusted(format!("i{i}")));
        event.items = ItemsRecord::of(&items(&["/a"]));
        if i <= 3 {
            event.outcome = Outcome::Refused;
        }
        event
    });
    let events: Vec<Event> = events.collect();
    database
        .write(async |tx| {
            for event in events {
                audit::append(tx, event);
            }
            Ok(())
        })
        .await;
    let events = database.get(async |conn| audit::after(conn, 0, usize::MAX).await).await;
    let entries = events.iter().map(|chained| IndexEntry {
        sequence: chained.sequence,
        item_keys: chained.event.items.shown.iter().map(item_key).collect(),
        words: words_of(&chained.event),
    });
    let entries: Vec<IndexEntry> = entries.collect();
    database.write(async |tx| audit::add_to_index(tx, 0, size, &entries).await).await;
}
