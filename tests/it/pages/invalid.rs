//! Acts that are asked for wrongly: each is refused in words and leaves exactly one event, which says what was wrong.

use reqwest::Method;
use unstale::{
    commands,
    domain::{access::Role, sign_in::person::Email},
};

use super::routes::routes;
use crate::support::{TestApp, WORKSHOP, shell, uuid};

/// What is typed where a password belongs; no event may have it.
const TYPED: &str = "hunter2";

/// Acts that cannot be asked for wrongly, or are none.
const NEVER_WRONG: [&str; 6] = [
    "/plan",
    "/demo/change",
    "/sign-in/demo",
    "/distributions/refresh",
    "/settings/account/sessions/end-others",
    "/sign-out",
];
/// Acts of strangers, tried below.
const STRANGERS: [&str; 4] = ["/sign-in", "/sign-in/code", "/password", "/setup"];

/// A wrong form for a route, and the status that answers it. Addresses name nothing that is there.
fn wrong(path: &str) -> (Vec<(&'static str, &'static str)>, u16) {
    match path {
        "/invalidations" => (vec![("distribution", WORKSHOP), ("items", "/a*b")], 422),
        "/settings/groups" => (vec![("name", "")], 422),
        "/settings/groups/delete" | "/settings/groups/members" | "/settings/groups/members/remove" => {
            (vec![("name", "none")], 404)
        }
        "/settings/grants" => (vec![("subject", "person:none")], 422),
        "/settings/protection" => (vec![("distribution", WORKSHOP), ("guard", "wall")], 422),
        "/settings/budgets" => (vec![("scope", "planet"), ("id", WORKSHOP), ("hard_items", "1")], 422),
        "/settings/freezes" => (vec![("name", ""), ("why", "why")], 422),
        "/settings/notifications" => (vec![("name", ""), ("scope", "everything")], 422),
        "/settings/tokens" => (vec![("name", ""), ("role", "operator")], 422),
        "/settings/probes" => (vec![("name", "a b")], 422),
        "/settings/people" => (vec![("email", "nobody"), ("role", "viewer")], 422),
        "/settings/people/{id}/role" => (vec![("role", "king")], 400),
        "/history/searches" => (vec![("name", ""), ("query", "q=a")], 422),
        "/settings/account/password" => (vec![("current", TYPED), ("new", TYPED)], 422),
        "/settings/account/second-step" => (vec![("current", TYPED)], 422),
        "/settings/account/second-step/codes" | "/settings/account/second-step/remove" => {
            (vec![("current", TYPED)], 422)
        }
        // Nothing was begun.
        "/settings/account/second-step/confirm" => (vec![("code", "1")], 303),
        "/settings/account/sessions/{id}/end" => (Vec::new(), 409),
        _ => (vec![("role", "viewer"), ("word", "no")], 404),
    }
}

/// The one event since `before`: what was wrong.
async fn note_of_the_one(app: &TestApp, before: i64, what: &str) -> String {
    let left = app.world.events_after(before).await;
    let refused = left.len() == 1 && left[0].ends_with("refused");
    assert!(refused, "{what} left {left:?}");
    let mut raw = app.world.database.raw().await;
    let sql = |column: &str| format!("SELECT {column} FROM audit_event WHERE sequence > {before}");
    assert_eq!(raw.texts(&sql("outcome")).await, ["refused"], "{what}");
    let form = raw.texts(&sql("form")).await.remove(0);
    assert!(!form.contains(TYPED), "{what}: {form}");
    app.world.history().await.pop().unwrap().event.note
}

#[tokio::test]
async fn each_act_that_is_asked_for_wrongly_leaves_one_event() {
    let app = TestApp::new().await;
    let mut tried = 0;
    for route in routes().into_iter().filter(|route| route.posts) {
        if NEVER_WRONG.contains(&route.path.as_str()) || STRANGERS.contains(&route.path.as_str()) {
            continue;
        }
        let email = format!("{}@example.com", uuid());
        let admin = app.signed_in(&email, Role::Admin).await;
        let (fields, status) = wrong(&route.path);
        let before = app.world.head().await;
        let answer = admin.post(&route.address(), &fields).await;
        assert_eq!(answer.status, status, "{}: {}", route.path, answer.body);
        if status == 422 {
            let wrong = answer.count("[aria-invalid=true]");
            assert!(wrong > 0 && answer.count("[aria-invalid=true][autofocus]") == wrong, "{}", route.path);
        }
        let note = note_of_the_one(&app, before, &route.path).await;
        assert!(!note.is_empty(), "{} says nothing", route.path);
        tried += 1;
    }
    assert!(tried >= 25, "only {tried} were tried");
    app.finish().await;
}

#[tokio::test]
async fn what_was_to_be_refreshed_and_why_is_kept_with_the_refusal() {
    let app = TestApp::new().await;
    let (viewer, ada) = (app.viewer().await, app.operator().await);
    let narrowed = app.narrowed("nora@example.com", Role::Operator, &[WORKSHOP], "/docs/").await;
    app.protect(WORKSHOP, |protection| protection.reason_required = true).await;
    for (who, items, reason, status) in [
        (&viewer, "/pricing\n#tv", "WEB-7", 403),
        (&ada, "/pricing\n#tv\n/a*b", "WEB-7", 422),
        (&ada, "/pricing\n#tv", "", 422),
        (&narrowed, "/pricing\n#tv", "WEB-7", 422),
    ] {
        let before = app.world.head().await;
        let fields =
            [("distribution", WORKSHOP), ("items", items), ("reason", reason), ("request_key", &uuid())];
        who.post("/invalidations", &fields).await.assert_status(status);
        note_of_the_one(&app, before, items).await;
        let event = app.world.history().await.pop().unwrap().event;
        let shown: Vec<String> = event.items.shown.iter().map(ToString::to_string).collect();
        assert!(shown.contains(&"/pricing".to_owned()) && shown.contains(&"#tv".to_owned()), "{shown:?}");
        assert_eq!((event.items.count, event.reason.as_str()), (items.lines().count(), reason));
    }
    let found = ada.get("/history?q=%2Fpricing&result=refused").await;
    assert_eq!(found.count("tbody tr"), 4, "{}", found.body);
    app.finish().await;
}

#[tokio::test]
async fn a_form_that_cannot_be_read_leaves_one_event_of_whoever_is_signed_in() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    for (kind, body, status) in [
        ("text/plain", "a".to_owned(), 415),
        ("application/x-www-form-urlencoded", "name=a&name=b".to_owned(), 400),
        ("application/x-www-form-urlencoded", format!("name={}", "a".repeat(17 * 1024)), 413),
    ] {
        let before = app.world.head().await;
        let headers = [("content-type", kind), ("sec-fetch-site", "same-origin")];
        let answer = admin.send(Method::POST, "/settings/groups", &headers, body.into_bytes()).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        note_of_the_one(&app, before, kind).await;
        let before = app.world.head().await;
        admin.send(Method::POST, "/plan", &[("sec-fetch-site", "same-origin")], Vec::new()).await;
        assert!(app.world.events_after(before).await.is_empty(), "a plan is no act");
    }
    app.finish().await;
}

#[tokio::test]
async fn strangers_who_type_wrongly_leave_one_event_without_what_they_typed() {
    let app = TestApp::new().await;
    app.world.without_people().await;
    let email = Email::parse("grace@example.com").unwrap();
    let set_up = commands::make_set_up_link(&app.world.command_context).await.unwrap().unwrap();
    let tries = async |path: &str, fields: &[(&str, &str)], status: u16| {
        let before = app.world.head().await;
        let answer = app.stranger().post(path, fields).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        note_of_the_one(&app, before, path).await;
    };
    let key = set_up.reveal();
    tries("/setup", &[("key", key), ("email", TYPED), ("password", TYPED)], 422).await;
    tries("/setup", &[("key", key), ("email", "a@example.com"), ("password", TYPED)], 422).await;
    let (_, link) =
        commands::invite_person(&app.world.command_context, &shell(), &email, Role::Operator).await.unwrap();
    tries("/password", &[("key", link.reveal()), ("password", TYPED)], 422).await;
    tries("/sign-in", &[("email", TYPED), ("password", TYPED)], 422).await;
    tries("/sign-in", &[("email", "a@example.com"), ("password", TYPED)], 422).await;
    tries("/sign-in/code", &[("code", TYPED)], 303).await;
    app.finish().await;
}
