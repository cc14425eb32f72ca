//! Migrations: the same steps for both engines, each on tables that have rows, to the same tables in the end.

use std::{collections::BTreeSet, fs, path::Path};

use sqlx::migrate::{Migrate, Migrator};
use unstale::domain::access::ScopeKind;
use unstale::store::{
    Db, audit, distributions,
    invalidations::{self, batches},
    sign_in::people,
};

use crate::support::{Engine, Place, Raw, START, all_seen, at, on_each_engine_bare};

/// Rows as they stand in a database in use, to be written once the migration with this number has run.
///
/// A new migration gets its rows here too; a column that an older row must have is filled by the migration itself.
fn rows(after: i64) -> &'static [&'static str] {
    match after {
        1 => &[
            "INSERT INTO person (id, email, password_hash, role, scope, created_at, disabled_at) VALUES
                 ('p1', 'ada@example.com', '$argon2id$x', 'admin', 'granted', 1, NULL),
                 ('p2', 'bob@example.com', '$argon2id$y', 'viewer', 'everything', 2, 3)",
            "INSERT INTO session (token_hash, person_id, sign_in, client_address, created_at, last_seen_at, expires_at)
                 VALUES ('s1', 'p1', 'password', '192.0.2.1', 1, 2, 3)",
            "INSERT INTO set_up_link (token_hash, created_at, expires_at) VALUES ('l1', 1, 2)",
            "INSERT INTO second_step (person_id, secret, created_at, confirmed_at, last_step)
                 VALUES ('p1', 'ABCDEFGH', 1, 2, 3)",
            "INSERT INTO recovery_code (person_id, code_hash, used_at) VALUES ('p1', 'h1', NULL)",
            "INSERT INTO pending_second_factor (token_hash, person_id, tries, expires_at) VALUES ('t1', 'p1', 0, 9)",
            "INSERT INTO password_link (person_id, token_hash, expires_at) VALUES ('p2', 't2', 9)",
            "INSERT INTO identity (issuer, subject, person_id, created_at)
                 VALUES ('https://idp.example', 's1', 'p1', 1)",
            "INSERT INTO pending_second_factor (token_hash, person_id, offered, tries, expires_at)
                 VALUES ('t3', 'p1', 'ABCDEFGH', 0, 9)",
            "INSERT INTO authentication_methods (id, facts) VALUES (1, 'UNSTALE_REQUIRE_TOTP=required')",
        ],
        2 => &[
            "INSERT INTO api_token (id, name, token_hash, shown, role, made_by, made_by_name, created_at, expires_at)
                 VALUES ('t1', 'deploy', 'hash', 'unstale_abcd', 'operator', 'p1', 'ada@example.com', 1, 2)",
            "UPDATE api_token SET scope = 'granted' WHERE id = 't1'",
        ],
        3 => &[
            "INSERT INTO local_group (name, created_at) VALUES ('docs', 1)",
            "INSERT INTO person_group (person_id, group_name, source) VALUES ('p1', 'ops', 'provider')",
            "INSERT INTO person_group (person_id, group_name, source) VALUES ('p1', 'docs', 'local')",
            "INSERT INTO access_grant (id, subject_kind, subject_id, distribution_id, tag_key, tag_value, path_prefix,
                 tag_prefix, everything, created_at)
                 VALUES ('g1', 'group', 'docs', NULL, 'team', 'docs', '/docs/', NULL, FALSE, 1)",
        ],
        4 => &[
            "INSERT INTO account (id, create_next_at, read_next_at) VALUES ('123456789012', 5, 6)",
            "INSERT INTO distribution (id, account_id, arn, domain_name, aliases, comment, enabled, status, staging,
                 origins, last_modified, seen_at, gone_at, sort_name)
                 VALUES ('E1', '123456789012', 'arn:aws:cloudfront::123456789012:distribution/E1',
                 'd1.cloudfront.net', '[\"www.example.com\"]', 'Site', TRUE, 'Deployed', FALSE,
                 '[\"bucket.example.com\"]', 1, 2, NULL, 'www.example.com')",
            "UPDATE survey SET due_at = 7, finished_at = 6",
            "INSERT INTO distribution_tag (distribution_id, tag_key, tag_value) VALUES ('E1', 'team', 'docs')",
            "INSERT INTO protection (distribution_id, guard, wide_above, reason_required, cool_down_seconds)
                 VALUES ('E1', 'second_person', 100, TRUE, 30)",
            "INSERT INTO outside_reading (distribution_id, unread, older, due_at) VALUES ('E1', '[\"I9\"]', TRUE, 1)",
            "INSERT INTO account (id, create_next_at, read_next_at) VALUES ('210987654321', 5, 6)",
            "UPDATE distribution SET tenant_only = TRUE, requests_a_minute = 5200, hits_per_thousand = 962, traffic_at = 3,
                 flat_rate_plan = 'PRO' WHERE id = 'E1'",
            "INSERT INTO optional_reading (name, due_at, read_at) VALUES ('traffic', 4, 3)",
            "UPDATE distribution SET earlier_config = '{}', earlier_config_until = 3 WHERE id = 'E1'",
            "INSERT INTO continuous_deployment (distribution_id, policy_id, read_for, wanted)
                 VALUES ('E1', 'policy', 1, TRUE)",
            "INSERT INTO staging_domain (distribution_id, domain_name) VALUES ('E1', 'd2.cloudfront.net')",
        ],
        5 => &[
            "INSERT INTO invalidation (id, request_key, distribution_id, actor_kind, actor_id, actor_name, reason,
                 requested_at, item_count, first_item, items_sha256, state, ended_at)
                 VALUES ('i1', 'k1', 'E1', 'person', 'p1', 'ada@example.com', 'why', 10, 2, '/a', 'hash',
                 'in_progress', NULL)",
            "INSERT INTO batch (id, invalidation_id, distribution_id, number, caller_reference, items, path_count,
                 wildcard_count, state, attempts, created_at, due_at, first_sent_at, accepted_at, look_at,
                 cloudfront_id) VALUES
                 ('b1', 'i1', 'E1', 1, 'unstale-b1', '[\"/a\"]', 1, 0, 'in_progress', 1, 10, 10, 11, 12, 13, 'I1'),
                 ('b2', 'i1', 'E1', 2, 'unstale-b2', '[\"/b*\"]', 0, 1, 'queued', 0, 10, 10, NULL, NULL, NULL, NULL)",
            "INSERT INTO proposal (id, request_key, distribution_id, actor_kind, actor_id, actor_name, behind, reason,
                 items, items_sha256, first_item, asked_at, expires_at, state)
                 VALUES ('q1', 'k9', 'E1', 'person', 'p1', 'ada@example.com', 'p1', 'why', '[\"/*\"]', 'hash', '/*',
                 1, 2, 'waiting')",
            "INSERT INTO freeze_window (id, name, why, from_at, until_at, distributions)
                 VALUES ('f1', 'Sale', 'why', 1, 2, '[\"E1\"]')",
            "INSERT INTO idempotency (request_key, fingerprint, answer, answer_id, created_at)
             VALUES ('key-1', 'hash', 'accepted', 'i1', 1)",
        ],
        6 => &[
            r#"INSERT INTO audit_event (sequence, form, hash) VALUES (1, '{"action":"survey.failed","actor":{"id":"","kind":"service","name":"Unstale"},"at":"1970-01-01T00:00:00.000001Z","aws_request_id":"","client_address":"","cloudfront_id":"","distribution":null,"done_at":null,"idempotency_key":"","invalidation":null,"items":{"count":0,"sha256":"","shown":[]},"new":"","note":"","old":"","outcome":"failed","previous_hash":"h0","reason":"","request_id":"","requested_by":null,"run_url":"","sequence":1,"session":"","sign_in":"","target":{"id":"","kind":""},"version":1}', 'h1')"#,
            "UPDATE audit_head SET sequence = 1, hash = 'h1'",
            "INSERT INTO audit_signed_head (sequence, hash, at, public_key, signature) VALUES (1, 'h1', 2, 'key', 'sig')",
            "INSERT INTO audit_item (item_key, sequence) VALUES (7, 1)",
            "INSERT INTO saved_search (id, person_id, name, query, created_at) VALUES ('s1', 'p1', 'prices', 'q=x', 1)",
            "INSERT INTO audit_item (item_key, sequence) VALUES (8, 1)",
            "UPDATE audit_index SET sequence = 1",
        ],
        7 => &[
            "INSERT INTO check_run (id, distribution_id, invalidation_id, created_at, state, round, freshness)
                 VALUES ('c1', 'E1', 'i1', 1, 'done', 1, 'fresh')",
            "INSERT INTO url_check (run_id, number, kind, url, guessed, step) VALUES ('c1', 1, 'url', 'https://a/', FALSE, '')",
            "INSERT INTO location_check (run_id, number, location, step, silent) VALUES ('c1', 1, 'FRA50-C1', '', '{}')",
            "INSERT INTO check_up (distribution_id, asked_at, actor_kind, actor_id, actor_name, state, looked_at, looks)
                 VALUES ('E1', 1, 'person', 'p1', 'ada@example.com', 'looked', 2, '{}')",
            "INSERT INTO bucket_changes (distribution_id, due_at, looked_at, comparison) VALUES ('E1', 1, 2, '{}')",
            "INSERT INTO warming (invalidation_id, distribution_id, state) VALUES ('i1', 'E1', 'waiting')",
        ],
        8 => &[
            "INSERT INTO probe (id, name, token_hash, shown, made_by, made_by_name, created_at)
                 VALUES ('v1', 'oslo', 'hash', 'unstale_probe_abcd', '', 'somebody', 1)",
            "INSERT INTO probe_round (run_id, round, began_at) VALUES ('c1', 0, 1)",
            "INSERT INTO probe_offer (probe_id, run_id, round, offered_at, answered) VALUES ('v1', 'c1', 0, 1, TRUE)",
            "INSERT INTO vantage_check (run_id, number, probe_id, after, step) VALUES ('c1', 1, 'v1', '{}', '')",
        ],
        9 => &[
            "INSERT INTO notification_channel (id, name, kind, destination, address, signing, signing_key, rules, is_on, off_because,
                 created_at, failures, problem)
                 VALUES ('n1', 'Web', 'webhook', 'hooks.example.com', 'sealed', 'hmac', 'key', '[]', TRUE, '', 1, 0, ''),
                 ('n2', 'Mail', 'email', 'web@example.com', NULL, NULL, NULL, '[]', TRUE, '', 1, 0, ''),
                 ('n3', 'Topic', 'sns', 'arn:aws:sns:us-east-1:123456789012:web', NULL, NULL, NULL, '[]', TRUE, '', 1, 0, ''),
                 ('n4', 'Bus', 'eventbridge', 'arn:aws:events:us-east-1:123456789012:event-bus/default', NULL, NULL, NULL, '[]', TRUE, '', 1, 0, '')",
            "INSERT INTO notification_message (number, id, channel_id, topic, run_key, notices, state, created_at, due_at, tries,
                 problem, give_up_at)
                 VALUES (1, 'm1', 'n1', 'failed', '', 1, 'waiting', 1, 2, 0, '', 9)",
            "INSERT INTO notification_notice (channel_id, notice_key, message_number, invalidation_id, notice)
                 VALUES ('n1', 'k1', 1, 'i1', '{}')",
            "UPDATE notification_progress SET sequence = 1, messages = 1",
        ],
        10 => &[
            "INSERT INTO daily_sum (day, distribution_id, requested, outside, items, paths, paths_outside, many, many_paths,
                 wildcards_save, fresh, unchanged, stale, broken, unclear)
                 VALUES (20780, 'E1', 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0)",
            "INSERT INTO daily_completion (day, distribution_id, time_range, invalidations) VALUES (20780, 'E1', 9, 1)",
            "INSERT INTO monthly_count (month, kind, distribution_id, name, times, paths, most, most_on, weight)
                 VALUES (20758, 'item', 'E1', '/a', 1, 1, 1, 20780, 1)",
            "UPDATE insights_cursor SET sequence = 1",
        ],
        _ => &[],
    }
}

fn folder(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "migrations/sqlite",
        Engine::Postgres => "migrations/postgres",
    }
}

fn files(engine: Engine) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder(engine));
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Runs all steps, each followed by its rows.
async fn step_by_step(place: &Place, engine: Engine) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder(engine));
    let migrator = Migrator::new(folder).await.unwrap();
    let mut raw = place.raw().await;
    for migration in migrator.iter() {
        match &mut raw {
            Raw::Sqlite(connection) => {
                connection.ensure_migrations_table(&migrator.table_name).await.unwrap();
                connection.apply(&migrator.table_name, migration).await.unwrap();
            }
            Raw::Postgres(connection) => {
                connection.ensure_migrations_table(&migrator.table_name).await.unwrap();
                connection.apply(&migrator.table_name, migration).await.unwrap();
            }
        }
        for row in rows(migration.version) {
            raw.run(row).await.unwrap();
        }
    }
}

async fn a_database_in_use_is_brought_up_to_date(place: &Place, engine: Engine) {
    step_by_step(place, engine).await;
    let db = Db::open(&place.address()).await.unwrap();
    let mut conn = db.read().await.unwrap();
    let scopes: Vec<ScopeKind> =
        people::list(&mut conn).await.unwrap().into_iter().map(|person| person.scope).collect();
    assert_eq!(scopes, [ScopeKind::Granted, ScopeKind::Everything]);
    let app = distributions::list(&mut conn).await.unwrap().remove(0);
    assert_eq!(app.name(), "www.example.com");
    let asked = invalidations::recent(&mut conn, &all_seen(), 9).await.unwrap().remove(0);
    assert_eq!(asked.title(), "/a and 1 more");
    let states: Vec<_> = batches::of_invalidation(&mut conn, &asked.id).await.unwrap();
    assert_eq!(
        states.iter().map(|batch| batch.state.as_str()).collect::<Vec<_>>(),
        ["in_progress", "queued"]
    );
    assert_eq!(audit::head(&mut conn).await.unwrap(), 1);
    assert_eq!(audit::index_reached(&mut conn).await.unwrap(), 1);
    drop(conn);

    // It is not only read: work goes on in it.
    let mut tx = db.begin().await.unwrap();
    assert!(batches::set_completed(&mut tx, &states[0].id, START).await.unwrap());
    assert!(batches::claim(&mut tx, &states[1].id, "lease", START, at(60)).await.unwrap());
    let event = unstale::domain::audit::Event::new(
        START,
        &unstale::domain::actor::Acting::service(),
        unstale::domain::audit::Action::BatchCompleted,
    );
    audit::append(&mut tx, event);
    tx.commit().await.unwrap();
    assert_eq!(audit::head(&mut db.read().await.unwrap()).await.unwrap(), 2);
    db.close().await;
}

async fn opening_again_changes_nothing(place: &Place, _: Engine) {
    Db::open(&place.address()).await.unwrap().close().await;
    let steps = "SELECT count(*) FROM _sqlx_migrations";
    let before = place.raw().await.number(steps).await;
    Db::open(&place.address()).await.unwrap().close().await;
    assert_eq!(place.raw().await.number(steps).await, before);
}

async fn a_changed_step_is_refused(place: &Place, _: Engine) {
    Db::open(&place.address()).await.unwrap().close().await;
    let mut raw = place.raw().await;
    let checksum = if raw.is_postgres() { "'\\x00'::bytea" } else { "x'00'" };
    raw.run(&format!("UPDATE _sqlx_migrations SET checksum = {checksum} WHERE version = 1")).await.unwrap();
    let opened = Db::open(&place.address()).await;
    assert!(matches!(opened, Err(unstale::store::StoreError::Migration(_))), "{opened:?}");
}

on_each_engine_bare!(
    a_database_in_use_is_brought_up_to_date,
    opening_again_changes_nothing,
    a_changed_step_is_refused,
);

#[test]
fn both_engines_have_the_same_steps() {
    let sqlite = files(Engine::Sqlite);
    assert_eq!(sqlite, files(Engine::Postgres));
    for (index, name) in sqlite.iter().enumerate() {
        assert!(name.starts_with(&format!("{:04}_", index + 1)), "{name} is out of order");
        assert!(Path::new(name).extension().is_some_and(|extension| extension == "sql"), "{name}");
    }
}

#[test]
fn every_step_is_taken_with_rows_in_the_tables() {
    let last = i64::try_from(files(Engine::Sqlite).len()).unwrap();
    for version in 1..last {
        assert!(!rows(version).is_empty(), "the step after {version} meets no rows of it: add some");
    }
}

/// Every table but the words of the history, which each engine indexes in its own way, with its columns, each with whether it may be empty.
async fn tables(place: &Place) -> BTreeSet<String> {
    Db::open(&place.address()).await.unwrap().close().await;
    let mut raw = place.raw().await;
    let columns = if raw.is_postgres() {
        "SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'NO' THEN ' filled' ELSE '' END
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'
         AND table_name NOT LIKE 'audit\\_words%'"
    } else {
        "SELECT t.name || '.' || c.name || CASE c.\"notnull\" WHEN 1 THEN ' filled' ELSE '' END
         FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'
         AND t.name NOT LIKE 'audit\\_words%' ESCAPE '\\'"
    };
    raw.texts(columns).await.into_iter().collect()
}

/// Every index by name; the ones that a constraint brings along have names of the engine's.
async fn indexes(place: &Place) -> BTreeSet<String> {
    let mut raw = place.raw().await;
    let indexes = if raw.is_postgres() {
        "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public'
         AND indexname NOT LIKE '%\\_key' AND indexname NOT LIKE '%\\_pkey'
         AND indexname NOT LIKE 'audit\\_words%'"
    } else {
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE 'sqlite%'"
    };
    raw.texts(indexes).await.into_iter().collect()
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn both_engines_end_with_the_same_tables() {
    let postgres = Place::new(Engine::Postgres).await;
    let sqlite = Place::new(Engine::Sqlite).await;
    let expected = tables(&sqlite).await;
    assert!(expected.len() > 80, "only {} columns were found", expected.len());
    assert_eq!(tables(&postgres).await, expected);
    assert_eq!(indexes(&postgres).await, indexes(&sqlite).await);
    postgres.remove().await;
}
