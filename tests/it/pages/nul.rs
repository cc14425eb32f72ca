//! What is no text to every database: NUL, and bytes that are no UTF-8. Both engines answer alike, and nothing breaks.

use unstale::domain::{
    actor::Actor,
    audit::{Action, Chained, Event, ItemsRecord, Target},
    id::{DistributionId, InvalidationId, PersonId},
};

use super::routes::routes;
use crate::support::{
    Database, TestApp, WORKSHOP, World, acting, at, encoded, items, on_each_engine, options, uuid,
};

/// Parts of an address that name nothing: NUL, and three ways to be no UTF-8 (half a character, a surrogate, overlong).
const ODD: [&str; 5] = ["%00", "a%00b", "%FF", "%ED%A0%80", "%C0%80"];
/// Every field of a form.
const FIELDS: [&str; 27] = [
    "alone",
    "code",
    "confirm",
    "cool_down",
    "current",
    "distribution",
    "email",
    "everything",
    "expires",
    "guard",
    "items",
    "key",
    "name",
    "new",
    "next",
    "paths",
    "person",
    "query",
    "reason",
    "request_key",
    "role",
    "subject",
    "tag",
    "tags",
    "wide_above",
    "with_tags",
    "word",
];

async fn an_address_with_such_a_part_names_nothing(app: TestApp) -> Vec<(String, u16)> {
    let admin = app.admin().await;
    let mut answers = Vec::new();
    for route in routes().into_iter().filter(|route| route.path.contains('{')) {
        for odd in ODD {
            let mut path = route.path.clone();
            for part in ["{id}", "{batch}", "{name}", "{sequence}"] {
                path = path.replace(part, odd);
            }
            if route.gets {
                let answer = admin.get(&path).await;
                assert_eq!(answer.status, 404, "{path}: {}", answer.body);
            }
            if route.posts {
                let fields = [("role", "viewer"), ("cloudfront_id", "I1"), ("word", "no")];
                let answer = admin.post(&path, &fields).await;
                assert!((400..500).contains(&answer.status), "{path}: {} {}", answer.status, answer.body);
                answers.push((path, answer.status));
            }
        }
    }
    app.finish().await;
    answers
}

async fn a_question_with_such_a_text_finds_nothing(app: TestApp) -> Vec<(String, u16)> {
    let admin = app.admin().await;
    let mut answers = Vec::new();
    let history =
        ["q", "distribution", "who", "action", "result", "freshness", "from", "until", "outside", "before"];
    for odd in ODD {
        for path in ["/history", "/history.csv", "/history.jsonl", "/history.ocsf.jsonl"] {
            for name in history {
                answers.push(format!("{path}?{name}={odd}"));
            }
            answers.push(format!("{path}?q=a{odd}b%20c&who={odd}"));
        }
        answers.push(format!("/distributions?q={odd}"));
        answers.push(format!("/distributions?after={odd}"));
        answers.push(format!("/find/distributions?find={odd}&distribution={odd}"));
        answers.push(format!("/?distribution={odd}"));
        answers.push(format!("/?repeat={odd}"));
        answers.push(format!("/approvals?made={odd}"));
        answers.push(format!("/settings/protection?distribution={odd}"));
        answers.push(format!("/sign-in?next={odd}"));
        answers.push(format!("/setup?key={odd}"));
        answers.push(format!("/password?key={odd}"));
    }
    let mut told = Vec::new();
    for path in answers {
        let status = admin.get(&path).await.status;
        told.push((path, status));
    }
    app.finish().await;
    told
}

async fn a_form_with_such_a_text_is_refused_or_finds_nothing(app: TestApp) -> Vec<(String, u16)> {
    let admin = app.admin().await;
    let mut answers = Vec::new();
    for route in routes().into_iter().filter(|route| route.posts && route.path != "/sign-out") {
        let path = route.path.replace("{id}", &uuid()).replace("{batch}", &uuid());
        let nul: Vec<(&str, &str)> = FIELDS.map(|name| (name, "a\u{0}b")).into();
        let all = encoded(&nul);
        let broken = FIELDS.map(|name| format!("{name}=%FFa")).join("&");
        for body in [&all, &broken] {
            let status = admin.post_body(&path, body).await.status;
            answers.push((route.path.clone(), status));
        }
    }
    // One field at a time, where the others are right.
    let key = uuid();
    let right: [(&str, &[(&str, &str)]); 6] = [
        (
            "/invalidations",
            &[("distribution", WORKSHOP), ("items", "/a"), ("reason", "r"), ("request_key", &key)],
        ),
        ("/settings/people", &[("email", "new@example.com"), ("role", "viewer")]),
        (
            "/settings/tokens",
            &[("name", "deploy"), ("role", "viewer"), ("expires", "1d"), ("distribution", WORKSHOP)],
        ),
        ("/settings/groups", &[("name", "docs")]),
        (
            "/settings/grants",
            &[("subject", "group:x"), ("distribution", WORKSHOP), ("tag", ""), ("paths", "/")],
        ),
        ("/history/searches", &[("name", "mine"), ("query", "q=a")]),
    ];
    for (path, fields) in right {
        for wrong in 0..fields.len() {
            let mut fields = fields.to_vec();
            fields[wrong].1 = "a\u{0}b";
            answers.push((format!("{path} {}", fields[wrong].0), admin.post(path, &fields).await.status));
        }
    }
    app.finish().await;
    answers
}

async fn on_sqlite(check: impl AsyncFn(TestApp) -> Vec<(String, u16)>) -> Vec<(String, u16)> {
    let answers = check(TestApp::new().await).await;
    assert!(answers.iter().all(|(_, status)| *status < 500), "{answers:?}");
    answers
}

async fn on_both(check: impl AsyncFn(TestApp) -> Vec<(String, u16)>) {
    let sqlite = on_sqlite(&check).await;
    let postgres = check(TestApp::over(World::on_postgres().await, options()).await).await;
    let differ: Vec<_> = sqlite.iter().zip(&postgres).filter(|(one, other)| one != other).collect();
    assert!(differ.is_empty(), "{differ:?}");
}

/// Two tests of each: SQLite answers, and PostgreSQL answers the same.
macro_rules! answers_alike {
    ($($check:ident),* $(,)?) => {
        mod answers {
            $(#[tokio::test]
            async fn $check() {
                super::on_sqlite(super::$check).await;
            })*
        }
        mod answers_alike {
            $(#[tokio::test]
            #[ignore = "needs PostgreSQL: scripts/with-postgres"]
            async fn $check() {
                super::on_both(super::$check).await;
            })*
        }
    };
}

answers_alike!(
    an_address_with_such_a_part_names_nothing,
    a_question_with_such_a_text_finds_nothing,
    a_form_with_such_a_text_is_refused_or_finds_nothing
);

/// Words of programs that are believed, such as CloudFront and providers.
async fn what_is_kept_reads_back_as_it_was_hashed(database: &Database) {
    let mut event = Event::new(at(1), &acting(), Action::InvalidationSeen);
    event.acting.actor = Actor::person(&PersonId::from_trusted("p1"), "ada\0");
    "\0".clone_into(&mut event.acting.origin.user_agent);
    event.target = Target::Invalidation(InvalidationId::from_trusted("i\0"));
    event.distribution = Some(DistributionId::from_trusted("E\0"));
    event.items = ItemsRecord::of(&items(&["/a\0b"]));
    "\0".clone_into(&mut event.reason);
    "no\0te".clone_into(&mut event.note);
    let sequence = database.append(event).await;
    let read = database.get(async |conn| unstale::store::audit::find(conn, sequence).await).await.unwrap();
    assert_eq!(read.event.note, "no\u{fffd}te");
    assert_eq!(read.event.items.shown, items(&["/a\u{fffd}b"]));
    let hashed = Chained::new(read.sequence, read.event.clone(), read.previous_hash.clone());
    assert_eq!(read.hash, hashed.hash, "it is not the event that was hashed");
}

on_each_engine!(what_is_kept_reads_back_as_it_was_hashed);
