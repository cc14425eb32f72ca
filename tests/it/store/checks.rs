//! Check runs, what was seen of their URLs, and what people set for them.

use std::{collections::HashSet, time::Duration};

use unstale::{
    domain::{
        actor::Acting,
        audit::{Action, Event},
        checks::{
            Answer, ApiCheck, ApiMethod, CheckCause, CheckKind, CheckRun, CheckRunState, CheckSettings,
            EdgeLocation, Freshness, Judgement, Look, LookFailure, LookHeaders, SecretHeader, UrlCheck,
            Verdict,
        },
        id::CheckRunId,
        invalidations::invalidation::NewInvalidation,
        secrets_key::SealedSecret,
    },
    store::checks::{self, ClaimedRun},
};

use super::given::{distributions, id, request};
use crate::support::{Database, at, on_each_engine, uuid};

/// A run of an invalidation with one URL.
pub fn run(of: &NewInvalidation, created: u64) -> CheckRun {
    CheckRun {
        id: CheckRunId::parse(&uuid()).unwrap(),
        distribution: of.distribution.clone(),
        invalidation: Some(of.id.clone()),
        created_at: at(created),
        state: CheckRunState::Before,
        round: 0,
        freshness: Freshness::Pending,
        due_at: Some(at(created + 1)),
        urls: vec![UrlCheck {
            number: 1,
            kind: CheckKind::Url,
            url: "https://www.example.com/a".to_owned(),
            batch: Some(of.batches[0].id.clone()),
            guessed: false,
            before: None,
            after: None,
            judgement: None,
            step: String::new(),
            elsewhere: Vec::new(),
            silent: Vec::new(),
        }],
    }
}

fn look(status: u16) -> Look {
    let outcome = Ok(Answer { status, etag: Some("\"ü\"".to_owned()), ..Answer::default() });
    Look { at: at(5), duration: Duration::from_millis(3), outcome }
}

fn claimed(run: &CheckRun) -> ClaimedRun {
    ClaimedRun { id: run.id.clone(), lease: "lease".to_owned() }
}

async fn claim(database: &Database, run: &ClaimedRun, now: u64) -> bool {
    database.write(async |tx| checks::claim(tx, run, at(now), at(now + 300)).await).await
}

async fn insert(database: &Database, run: &CheckRun, due: u64) {
    let run = CheckRun { due_at: Some(at(due)), ..run.clone() };
    database.write(async |tx| checks::insert(tx, &run).await).await;
}

async fn find(database: &Database, run: &CheckRun) -> CheckRun {
    database.get(async |conn| checks::find(conn, &run.id).await).await.unwrap()
}

async fn a_run_goes_from_the_looks_before_to_its_verdict(database: &Database) {
    distributions(database, &["E1"]).await;
    let requested = request(database, "E1", 0, &[&["/a"]]).await;
    let mut run = run(&requested, 1);
    insert(database, &run, 2).await;
    assert_eq!(find(database, &run).await, run);
    // A second run of the invalidation is not made.
    insert(database, &CheckRun { id: CheckRunId::parse(&uuid()).unwrap(), ..run.clone() }, 2).await;
    let found = database.get(async |conn| checks::of_invalidation(conn, &requested.id).await).await;
    assert_eq!(found.unwrap().id, run.id);

    let held = claimed(&run);
    assert!(!claim(database, &held, 1).await, "not due yet");
    assert!(claim(database, &held, 2).await);
    assert!(!claim(database, &ClaimedRun { lease: "other".to_owned(), ..held.clone() }, 3).await);
    database.write(async |tx| checks::set_before(tx, &run.id, 1, &look(200)).await).await;
    assert!(database.write(async |tx| checks::release_before(tx, &held).await).await);
    assert!(!database.write(async |tx| checks::release_before(tx, &held).await).await);
    (run.state, run.due_at, run.urls[0].before) = (CheckRunState::Waiting, None, Some(look(200)));
    assert_eq!(find(database, &run).await, run);
    assert_eq!(database.get(async |conn| checks::next_due(conn).await).await, None);

    let begin = async || database.write(async |tx| checks::begin_after(tx, &requested.id, at(9)).await).await;
    assert!(begin().await && !begin().await);
    assert_eq!(database.get(async |conn| checks::next_due(conn).await).await, Some(at(9)));
    assert!(claim(database, &held, 9).await);
    let judgement = Judgement { verdict: Verdict::Broken, cause: Some(CheckCause::NotFound) };
    let failed = Look { outcome: Err(LookFailure::AnswerTimeout), ..look(200) };
    (run.urls[0].after, run.urls[0].judgement) = (Some(failed), Some(judgement));
    "Publish it.".clone_into(&mut run.urls[0].step);
    database.write(async |tx| checks::set_after(tx, &run.id, &run.urls[0]).await).await;
    let said = async |run: &ClaimedRun| {
        database.write(async |tx| checks::set_verdict(tx, run, Freshness::Stale).await).await
    };
    assert!(said(&held).await && !said(&ClaimedRun { lease: "other".to_owned(), ..held.clone() }).await);
    let going_on = find(database, &run).await;
    assert_eq!((going_on.freshness, going_on.round, going_on.due_at), (Freshness::Stale, 0, Some(at(9))));
    assert!(!claim(database, &ClaimedRun { lease: "other".to_owned(), ..held.clone() }, 10).await);
    let finish =
        async |due| database.write(async |tx| checks::finish(tx, &held, Freshness::Broken, due).await).await;
    assert!(finish(Some(at(60))).await && !finish(None).await);
    (run.state, run.round, run.freshness, run.due_at) =
        (CheckRunState::After, 1, Freshness::Broken, Some(at(60)));
    assert_eq!(find(database, &run).await, run);

    let again = async |now| database.write(async |tx| checks::check_again(tx, &run.id, at(now)).await).await;
    assert!(again(20).await && !again(20).await, "it is due anyway");
    assert!(claim(database, &held, 20).await && finish(None).await);
    assert_eq!(find(database, &run).await.state, CheckRunState::Done);
    assert!(again(30).await);
}

async fn one_run_of_a_distribution_is_claimed_at_a_time(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    let mut runs = Vec::new();
    for (number, distribution) in ["E1", "E1", "E2"].into_iter().enumerate() {
        let requested = request(database, distribution, 0, &[&["/a"]]).await;
        let run = run(&requested, 1);
        insert(database, &run, 2 + number as u64).await;
        runs.push(run);
    }
    let due = async |now| {
        let due = database.get(async |conn| checks::due_runs(conn, at(now), 9).await).await;
        due.into_iter().map(|(id, _)| runs.iter().position(|run| run.id == id).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(due(3).await, [0, 1]);
    assert_eq!(due(9).await, [0, 1, 2]);
    assert!(claim(database, &claimed(&runs[0]), 9).await);
    assert_eq!(due(9).await, [2]);
    // The process that held it is gone.
    assert_eq!(due(310).await, [0, 1, 2]);
    database.write(async |tx| checks::release_all(tx).await).await;
    assert_eq!(due(9).await, [0, 1, 2]);
    assert!(claim(database, &claimed(&runs[0]), 9).await);
    assert_eq!(database.get(async |conn| checks::open_runs(conn, 2).await).await, 2);
    assert_eq!(database.get(async |conn| checks::open_runs(conn, 9).await).await, 3);
    let invalidation = runs[1].invalidation.clone().unwrap();
    let give_up = async || database.write(async |tx| checks::give_up(tx, &invalidation).await).await;
    assert!(give_up().await && !give_up().await);
    assert_eq!(database.get(async |conn| checks::open_runs(conn, 9).await).await, 2);
    let ids: Vec<_> = runs.iter().filter_map(|run| run.invalidation.as_ref()).collect();
    let known = database.get(async |conn| checks::freshness_of(conn, &ids).await).await;
    assert_eq!((known.len(), known[ids[1]], known[ids[2]]), (3, Freshness::Off, Freshness::Pending));
}

async fn good_urls_of_earlier_runs_are_known(database: &Database) {
    distributions(database, &["E1"]).await;
    for (created, verdict) in
        [(1, Verdict::Fresh), (2, Verdict::Broken), (3, Verdict::Unclear), (4, Verdict::Fresh)]
    {
        let requested = request(database, "E1", 0, &[&["/a"]]).await;
        let mut run = run(&requested, created);
        run.urls[0].url = format!("https://www.example.com/{}", created % 3);
        run.urls[0].judgement = Some(Judgement { verdict, cause: None });
        insert(database, &run, 2).await;
        database.write(async |tx| checks::set_after(tx, &run.id, &run.urls[0]).await).await;
    }
    let known = async |runs| database.get(async |conn| checks::known_urls(conn, &id("E1"), runs).await).await;
    assert_eq!(known(9).await, ["https://www.example.com/1", "https://www.example.com/0"]);
    assert_eq!(known(1).await, ["https://www.example.com/1"]);
    let none = database.get(async |conn| checks::of_distribution(conn, &id("E1")).await).await;
    assert_eq!(none, None);
    let requested = request(database, "E1", 0, &[&["/a"]]).await;
    let mut without = CheckRun { invalidation: None, ..run(&requested, 8) };
    without.urls[0].batch = None;
    insert(database, &without, 9).await;
    let found = database.get(async |conn| checks::of_distribution(conn, &id("E1")).await).await;
    assert_eq!(found, Some(without));
}

async fn the_last_answer_of_earlier_runs_is_known(database: &Database) {
    distributions(database, &["E1"]).await;
    let mut last = None;
    for (created, seen) in
        [(1, look(200)), (2, look(404)), (3, Look { outcome: Err(LookFailure::TlsFailed), ..look(1) })]
    {
        let requested = request(database, "E1", 0, &[&["/a"]]).await;
        let mut run = run(&requested, created);
        run.urls[0].after = Some(seen);
        insert(database, &run, 2).await;
        database.write(async |tx| checks::set_after(tx, &run.id, &run.urls[0]).await).await;
        last = Some(run);
    }
    let last = last.unwrap();
    let url = &last.urls[0].url;
    let earlier = database.get(async |conn| checks::earlier_looks(conn, &last, 9).await).await;
    assert_eq!(earlier[url], look(404));
    let newer = CheckRun { created_at: at(1), ..last.clone() };
    let earlier = database.get(async |conn| checks::earlier_looks(conn, &newer, 9).await).await;
    assert_eq!(earlier[url], look(200));
}

async fn the_history_tells_what_is_new_once(database: &Database) {
    distributions(database, &["E1"]).await;
    assert_eq!(database.get(async |conn| checks::cursor(conn).await).await, None);
    let requested = request(database, "E1", 0, &[&["/a"]]).await;
    let other = request(database, "E1", 0, &[&["/b"]]).await;
    let mut event = Event::new(at(1), &Acting::service(), Action::BatchCompleted);
    event.invalidation = Some(requested.id.clone());
    let mut told = event.clone();
    told.action = Action::CheckFinished;
    let first = database.append(event.clone()).await;
    let second = database.append(event).await;
    let third = database.append(told).await;
    let news = async |after| database.get(async |conn| checks::news(conn, after, 100).await).await;
    let found = news(first - 1).await;
    assert_eq!(
        (found.invalidations, found.last, found.more),
        (vec![requested.id.clone()], Some(third), false)
    );
    assert_eq!(news(second).await.invalidations, []);
    let unread = async || {
        let both = [&requested.id, &other.id];
        database.get(async |conn| checks::unread(conn, &both).await).await
    };
    assert_eq!(unread().await, HashSet::from([requested.id.clone()]));
    let few = database.get(async |conn| checks::news(conn, first - 1, 1).await).await;
    assert_eq!((few.last, few.more), (Some(first), true));
    let set =
        async |seen, sequence| database.write(async |tx| checks::set_cursor(tx, seen, sequence).await).await;
    assert!(set(None, first).await && !set(None, second).await);
    assert_eq!(unread().await, HashSet::from([requested.id.clone()]), "two of its events are unread");
    assert!(!set(Some(second), third).await && set(Some(first), third).await);
    assert_eq!(unread().await, HashSet::new());
    assert_eq!(database.get(async |conn| checks::cursor(conn).await).await, Some(third));
}

const API: &str = "https://api.example.com/prod";

fn headers() -> LookHeaders {
    let value = SealedSecret::from_stored("AQ==".to_owned());
    LookHeaders {
        plain: vec![("X-Preview".to_owned(), "\"1\"".to_owned())],
        secret: vec![SecretHeader { name: "x-api-key".to_owned(), value }],
    }
}

async fn settings_are_the_default_until_they_are_set(database: &Database) {
    distributions(database, &["E1"]).await;
    let find = async || database.get(async |conn| checks::settings::find(conn, &id("E1")).await).await;
    assert_eq!(find().await, CheckSettings::default());
    let mut new = CheckSettings {
        enabled: false,
        host: Some("www.example.com".to_owned()),
        urls: vec!["/a".to_owned()],
        headers: headers(),
        must_contain: Some("ü".to_owned()),
        must_not_contain: None,
        cors_origin: Some("https://app.example.com".to_owned()),
        ask_origin: true,
        compressed: true,
        edge_locations: vec![EdgeLocation::parse("FRA50-C1").unwrap(), EdgeLocation::parse("PRG50").unwrap()],
        apis: vec![
            ApiCheck { url: API.to_owned(), method: ApiMethod::Head, headers: headers() },
            ApiCheck { url: format!("{API}/2"), method: ApiMethod::Options, headers: LookHeaders::default() },
        ],
    };
    for _ in 0..2 {
        database.write(async |tx| checks::settings::set(tx, &id("E1"), &new).await).await;
        assert_eq!(find().await, new);
        new = CheckSettings { enabled: true, host: None, ..new };
    }
}

async fn runs_are_deleted_when_their_time_has_passed_and_evidence_is_kept(database: &Database) {
    distributions(database, &["E1"]).await;
    let mut runs = Vec::new();
    for (number, path) in ["/a", "/b", "/c"].into_iter().enumerate() {
        let requested = request(database, "E1", number as u64, &[&[path]]).await;
        if path == "/b" {
            let gone = format!("UPDATE invalidation SET expected = 'gone' WHERE id = '{}'", requested.id);
            database.raw().await.run(&gone).await.unwrap();
        }
        let run = CheckRun { state: CheckRunState::Done, ..run(&requested, number as u64) };
        insert(database, &run, 1).await;
        runs.push(run);
    }
    let by_hand = CheckRun { id: CheckRunId::parse(&uuid()).unwrap(), invalidation: None, ..runs[0].clone() };
    insert(database, &by_hand, 1).await;
    let days = |days: u64| at(days * 24 * 60 * 60);
    let expired = async |now, limit| database.get(async |conn| checks::expired(conn, now, limit).await).await;
    let delete =
        async |now, limit| database.write(async |tx| checks::delete_expired(tx, now, limit).await).await;
    assert!(expired(days(29), 9).await.is_empty());
    assert_eq!(expired(days(31), 9).await, std::slice::from_ref(&by_hand.id));
    assert_eq!(delete(days(31), 9).await, 1);
    assert_eq!(expired(days(400), 9).await, [runs[0].id.clone(), runs[2].id.clone()]);
    assert_eq!((delete(days(400), 1).await, delete(days(400), 9).await), (1, 1));
    assert_eq!(delete(days(4_000), 9).await, 0, "what was gone stays on record");
    assert_eq!(find(database, &runs[1]).await.urls.len(), 1);
    let mut raw = database.raw().await;
    for table in ["check_run", "url_check"] {
        assert_eq!(raw.number(&format!("SELECT count(*) FROM {table}")).await, 1, "{table}");
    }
}

async fn a_run_that_goes_on_is_not_deleted(database: &Database) {
    distributions(database, &["E1"]).await;
    let requested = request(database, "E1", 0, &[&["/a"]]).await;
    insert(database, &run(&requested, 0), 1).await;
    let far = at(400 * 24 * 60 * 60);
    assert_eq!(database.write(async |tx| checks::delete_expired(tx, far, 9).await).await, 0);
}

on_each_engine!(
    runs_are_deleted_when_their_time_has_passed_and_evidence_is_kept,
    a_run_that_goes_on_is_not_deleted,
    a_run_goes_from_the_looks_before_to_its_verdict,
    one_run_of_a_distribution_is_claimed_at_a_time,
    good_urls_of_earlier_runs_are_known,
    the_last_answer_of_earlier_runs_is_known,
    the_history_tells_what_is_new_once,
    settings_are_the_default_until_they_are_set,
);
