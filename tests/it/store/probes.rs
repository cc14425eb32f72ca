//! Probes with their tokens, the rounds that they are given, and what they saw.

use std::time::Duration;

use unstale::{
    domain::{
        checks::{
            Answer, CheckCause, CheckRun, CheckRunState, Freshness, Judgement, Look, ProbeRound,
            VantageCheck, Verdict,
        },
        id::{CheckRunId, TokenId},
        secret::SecretHash,
        tokens::probe::Probe,
    },
    store::{
        StoreError,
        checks::{self, ClaimedRun},
        deadlines::{self, Deadline},
        probes,
    },
};

use super::{
    checks::run,
    given::{distributions, request},
};
use crate::support::{Database, at, on_each_engine};

fn probe(name: &str) -> Probe {
    Probe {
        id: TokenId::from_trusted(format!("id of {name}")),
        name: name.to_owned(),
        shown: "unstale_probe_abcd…".to_owned(),
        made_by: "p9".to_owned(),
        made_by_name: "ada@example.com".to_owned(),
        created_at: at(1),
        expires_at: Some(at(1_000)),
        contact_at: None,
        revoked_at: None,
    }
}

fn hash(name: &str) -> SecretHash {
    SecretHash::of(name.as_bytes())
}

async fn keep(database: &Database, name: &str) -> Probe {
    let probe = probe(name);
    database.write(async |tx| probes::insert(tx, &probe, &hash(name)).await).await;
    probe
}

async fn a_probe_is_found_by_its_secrets_hash_and_listed_until_it_is_revoked(database: &Database) {
    let (bergen, oslo) = (keep(database, "bergen").await, keep(database, "oslo").await);
    let by_hash =
        async |name: &str| database.get(async |conn| probes::find_by_hash(conn, &hash(name)).await).await;
    assert_eq!(by_hash("oslo").await, Some(oslo.clone()));
    assert_eq!(by_hash("guessed").await, None);
    assert_eq!(database.get(async |conn| probes::find(conn, &oslo.id).await).await, Some(oslo.clone()));
    let again = Probe { id: TokenId::from_trusted("another"), ..oslo.clone() };
    let twice = database.try_write(async |tx| probes::insert(tx, &again, &hash("other")).await).await;
    assert!(matches!(twice, Err(StoreError::Duplicate(_))), "{twice:?}");

    database.write(async |tx| probes::touch(tx, &oslo.id, at(7)).await).await;
    let revoke = async |now| database.write(async |tx| probes::revoke(tx, &bergen.id, at(now)).await).await;
    assert!(revoke(5).await);
    assert!(!revoke(6).await, "once is enough");
    let list = database.get(async |conn| probes::list(conn, 10).await).await;
    assert_eq!(
        list,
        [Probe { contact_at: Some(at(7)), ..oslo }, Probe { revoked_at: Some(at(5)), ..bergen }]
    );
    assert_eq!(database.get(async |conn| probes::list(conn, 1).await).await.len(), 1);
}

async fn a_probe_that_was_made_ahead_lasts_as_long_as_was_chosen(database: &Database) {
    let ahead = Probe { created_at: at(5_000), expires_at: Some(at(6_000)), ..probe("oslo") };
    database.write(async |tx| probes::insert(tx, &ahead, &hash("oslo")).await).await;
    database.write(async |tx| deadlines::bring_nearer(tx, Deadline::Probes, at(100)).await).await;
    let list = database.get(async |conn| probes::list(conn, 9).await).await;
    assert_eq!((list[0].created_at, list[0].expires_at), (at(100), Some(at(1_100))));
}

/// A run whose looks after completion are due, and that a worker has claimed.
async fn claimed(database: &Database) -> (CheckRun, ClaimedRun) {
    distributions(database, &["E1"]).await;
    let requested = request(database, "E1", 0, &[&["/a"]]).await;
    let run = CheckRun { state: CheckRunState::After, due_at: Some(at(2)), ..run(&requested, 1) };
    database.write(async |tx| checks::insert(tx, &run).await).await;
    let held = ClaimedRun { id: run.id.clone(), lease: "lease".to_owned() };
    assert!(database.write(async |tx| checks::claim(tx, &held, at(2), at(302)).await).await);
    (run, held)
}

async fn begin(database: &Database, run: &CheckRunId, now: u64) {
    database.write(async |tx| checks::begin_round(tx, run, at(now)).await).await;
}

async fn rounds(database: &Database, probe: &Probe, since: u64) -> Vec<ProbeRound> {
    database.get(async |conn| checks::rounds_for_probe(conn, &probe.id, at(since), 10).await).await
}

async fn each_round_is_given_to_each_probe_until_it_answers(database: &Database) {
    let (run, held) = claimed(database).await;
    let began = async || database.get(async |conn| checks::round_began(conn, &run.id).await).await;
    begin(database, &run.id, 2).await;
    assert_eq!(began().await, None, "there is no probe");
    let (oslo, rome) = (keep(database, "oslo").await, keep(database, "rome").await);
    begin(database, &run.id, 3).await;
    assert_eq!(began().await, Some(at(3)));
    let first =
        ProbeRound { run: run.id.clone(), round: 0, began_at: at(3), offered_at: None, is_answered: false };
    assert_eq!(rounds(database, &oslo, 2).await, std::slice::from_ref(&first));
    assert_eq!(rounds(database, &oslo, 3).await, [], "it began too long ago");
    let answer = async |probe: &Probe, round: &ProbeRound| {
        database.write(async |tx| checks::answer_offer(tx, &probe.id, round).await).await
    };
    assert!(!answer(&oslo, &first).await, "it was not given that");
    let offer = async |now, round: &ProbeRound| {
        database.write(async |tx| checks::offer(tx, &oslo.id, round, at(now)).await).await;
    };
    offer(4, &first).await;
    offer(5, &first).await;
    assert_eq!(rounds(database, &oslo, 2).await[0].offered_at, Some(at(5)), "it is given again");
    assert_eq!(rounds(database, &rome, 2).await[0].offered_at, None);
    assert!(answer(&oslo, &first).await && !answer(&oslo, &first).await);
    let known = async || {
        database.get(async |conn| checks::round_of_run(conn, &oslo.id, &run.id).await).await.unwrap()
    };
    assert!(known().await.is_answered);
    assert_eq!(rounds(database, &oslo, 2).await, []);
    offer(6, &first).await;
    assert!(known().await.is_answered, "an answer stays one");
    assert_eq!(rounds(database, &rome, 2).await.len(), 1);

    let finished =
        database.write(async |tx| checks::finish(tx, &held, Freshness::Stale, Some(at(60))).await).await;
    assert!(finished);
    begin(database, &run.id, 60).await;
    let second = rounds(database, &oslo, 2).await.remove(0);
    assert_eq!((second.round, second.began_at, second.is_answered), (1, at(60), false));
    assert!(!answer(&oslo, &first).await && !answer(&oslo, &second).await);
    offer(61, &second).await;
    assert!(answer(&oslo, &second).await);
}

async fn looks_before_completion_are_not_for_probes(database: &Database) {
    keep(database, "oslo").await;
    distributions(database, &["E1"]).await;
    let requested = request(database, "E1", 0, &[&["/a"]]).await;
    let run = run(&requested, 1);
    database.write(async |tx| checks::insert(tx, &run).await).await;
    begin(database, &run.id, 2).await;
    assert_eq!(database.get(async |conn| checks::round_began(conn, &run.id).await).await, None);
}

async fn what_a_probe_saw_is_judged_and_replaced_by_what_it_sees_later(database: &Database) {
    let (run, held) = claimed(database).await;
    let (rome, oslo) = (keep(database, "rome").await, keep(database, "oslo").await);
    let look = |status: u16| Look {
        at: at(5),
        duration: Duration::from_millis(3),
        outcome: Ok(Answer { status, pop: Some("OSL50-C1".to_owned()), ..Answer::default() }),
    };
    let see = async |probe: &Probe, status| {
        let look = look(status);
        let (id, run) = (&probe.id, &run.id);
        database.write(async |tx| checks::set_vantage_look(tx, run, 1, id, &look).await).await;
    };
    let unjudged = async || database.get(async |conn| checks::unjudged_runs(conn, 9).await).await;
    let elsewhere = async || {
        database.get(async |conn| checks::find(conn, &run.id).await).await.unwrap().urls[0].elsewhere.clone()
    };
    see(&rome, 200).await;
    see(&oslo, 404).await;
    assert_eq!(unjudged().await, std::slice::from_ref(&run.id));
    let seen = elsewhere().await;
    let names: Vec<&str> = seen.iter().map(|check| check.vantage.as_str()).collect();
    assert_eq!((names, &seen[0].after, seen[0].judgement), (vec!["oslo", "rome"], &look(404), None));
    let read = database.get(async |conn| checks::vantage_checks(conn, &run.id).await).await;
    assert_eq!(read[&1], seen);

    let judgement = Judgement { verdict: Verdict::Broken, cause: Some(CheckCause::NotFound) };
    let judged = VantageCheck { judgement: Some(judgement), step: "Ask.".to_owned(), ..seen[0].clone() };
    let store = async |check: &VantageCheck| {
        database.write(async |tx| checks::set_vantage_verdict(tx, &run.id, 1, check).await).await;
    };
    store(&judged).await;
    assert_eq!(elsewhere().await, [judged.clone(), seen[1].clone()]);
    see(&oslo, 200).await;
    store(&judged).await;
    assert_eq!(elsewhere().await[0].judgement, None, "the verdict is of another look");
    for check in elsewhere().await {
        let fresh = Judgement { verdict: Verdict::Fresh, cause: None };
        store(&VantageCheck { judgement: Some(fresh), ..check }).await;
    }
    assert_eq!(unjudged().await, []);

    database.write(async |tx| checks::lock(tx, &run.id).await).await;
    let set = async |freshness, due| {
        database.write(async |tx| checks::set_freshness(tx, &run.id, freshness, due).await).await;
        let found = database.get(async |conn| checks::find(conn, &run.id).await).await.unwrap();
        (found.freshness, found.state, found.due_at)
    };
    let planned = set(Freshness::Stale, Some(at(99))).await;
    assert_eq!(planned, (Freshness::Stale, CheckRunState::After, Some(at(2))), "what is planned stays");
    assert!(database.write(async |tx| checks::finish(tx, &held, Freshness::Fresh, None).await).await);
    assert_eq!(set(Freshness::Fresh, None).await, (Freshness::Fresh, CheckRunState::Done, None));
    let again = set(Freshness::Stale, Some(at(99))).await;
    assert_eq!(again, (Freshness::Stale, CheckRunState::After, Some(at(99))));
}

on_each_engine!(
    a_probe_is_found_by_its_secrets_hash_and_listed_until_it_is_revoked,
    a_probe_that_was_made_ahead_lasts_as_long_as_was_chosen,
    each_round_is_given_to_each_probe_until_it_answers,
    looks_before_completion_are_not_for_probes,
    what_a_probe_saw_is_judged_and_replaced_by_what_it_sees_later,
);
