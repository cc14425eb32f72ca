//! The people as an administrator manages them.

use std::time::Duration;

use reqwest::Method;
use unstale::{
    domain::{access::Role, network::Trusted, sign_in::person::Person},
    http::HttpOptions,
    http::authentication_methods::AuthenticationMethods,
    store::sign_in::people,
};

use crate::support::{ADMIN, Answer, Browser, TestApp, World, options, person, uuid};

const NEW: &str = "grace@example.com";
const PASSWORD: &str = "seven purple llamas knit";

async fn id_of(app: &TestApp, email: &str) -> String {
    let everybody = app.world.database.get(async |conn| people::list(conn).await).await;
    everybody.into_iter().find(|person| person.email == email).unwrap().id.to_string()
}

async fn role_of(app: &TestApp, email: &str) -> Role {
    let everybody = app.world.database.get(async |conn| people::list(conn).await).await;
    everybody.into_iter().find(|person| person.email == email).unwrap().role
}

/// Presses a form of a person's page, and expects this in the history.
async fn act(
    app: &TestApp,
    root: &Browser,
    id: &str,
    what: &str,
    fields: &[(&str, &str)],
    event: &str,
) -> Answer {
    let head = app.world.head().await;
    let answer = root.post(&format!("/settings/people/{id}/{what}"), fields).await;
    assert_eq!(app.world.events_after(head).await, [event], "{what}: {}", answer.body);
    answer
}

#[tokio::test]
async fn a_person_is_added_and_sets_their_own_password() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    let form = root.get("/settings/people").await.form("#add");
    for (email, role, words) in [
        ("grace", "operator", "Enter an e-mail address"),
        (ADMIN, "operator", "exists already"),
        (NEW, "owner", "Choose viewer, operator or admin."),
    ] {
        let head = app.world.head().await;
        let answer = root.press(&form.clone().with("email", email).with("role", role)).await;
        answer.assert_status(422).assert_says(words);
        assert_eq!(answer.attribute("#email", "value"), email);
        assert_eq!(app.world.events_after(head).await, ["act.refused"]);
    }
    let head = app.world.head().await;
    let made = root.press(&form.with("email", NEW).with("role", "viewer")).await;
    assert_eq!(app.world.events_after(head).await, ["person.added"]);
    root.get("/settings/people").await.assert_says("invited, not set yet");
    let shown = made.assert_status(200).text("#link");
    let link =
        shown.strip_prefix(&app.address).expect("the address that the administrator uses now").to_owned();
    let secret = link.split("key=").nth(1).unwrap();
    assert!(!format!("{:?}", app.world.history().await).contains(secret));

    let grace = app.stranger();
    grace.post("/sign-in", &[("email", NEW), ("password", "")]).await.assert_status(422);
    let form = grace.get(&link).await.form("form");
    grace
        .press(&form.clone().with("password", "gracegracegrace"))
        .await
        .assert_status(422)
        .assert_says("easy to guess");
    let head = app.world.head().await;
    grace.press(&form.clone().with("password", PASSWORD)).await.assert_status(303);
    assert_eq!(app.world.events_after(head).await, ["person.password_changed"]);
    assert_eq!(grace.cookie("unstale"), None, "the link sets a password and signs nobody in");
    let head = app.world.head().await;
    grace.press(&form.with("password", PASSWORD)).await.assert_status(403);
    assert_eq!(app.world.events_after(head).await, ["act.refused"]);
    grace.get(&link).await.assert_status(403);
    grace.post("/sign-in", &[("email", NEW), ("password", PASSWORD)]).await.assert_status(303);
    grace.get("/").await.assert_status(200);
    app.finish().await;
}

/// The e-mail addresses that a page of the list shows, and how many it says there are.
fn listed(answer: &Answer) -> (Vec<String>, String) {
    (answer.texts("tbody td a"), answer.text(".pagehead .quiet"))
}

#[tokio::test]
async fn many_people_are_searched_ordered_and_paged() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    let added = app.world.now().plus(Duration::from_mins(1));
    for number in 0..150_u32 {
        let role = if number == 77 { Role::Viewer } else { Role::Operator };
        let email = format!("person_{number:03}@example.com");
        let person = Person {
            created_at: added.plus(Duration::from_secs((150 - number).into())),
            ..person(&email, role)
        };
        app.world.database.write(async |tx| people::insert(tx, &person, "").await).await;
    }
    let (all, says) = listed(&root.get("/settings/people").await);
    assert_eq!((all.len(), says.as_str()), (100, "152"));
    assert!(all.is_sorted(), "{all:?}");

    let next = root.get("/settings/people").await.attribute("nav.pager a", "href");
    let second = root.get(&next).await;
    assert_eq!(listed(&second).0.len(), 52);
    assert!(all.last().unwrap() < &listed(&second).0[0]);
    assert_eq!(second.texts("nav.pager a"), ["First page"]);

    let found = root.get("/settings/people?q=_07").await;
    let (found, says) = listed(&found);
    assert_eq!((found.len(), says.as_str()), (10, "10 of 152"));
    assert_eq!(
        listed(&root.get("/settings/people?q=%25").await).0.len(),
        0,
        "a percent sign stands for itself"
    );
    root.get("/settings/people?q=nobody").await.assert_says("Nobody has this in the e-mail address.");

    let by_role = root.get("/settings/people?q=person&sort=-role").await;
    assert_eq!(listed(&by_role).0[0], "person_077@example.com");
    assert_eq!(by_role.attributes("th[aria-sort]", "aria-sort"), ["none", "descending", "none"]);
    let first = by_role.attributes("th .sort", "href");
    assert_eq!(first[1], "/settings/people?q=person&sort=role");
    let by_time = root.get("/settings/people?q=person&sort=since").await;
    assert_eq!(listed(&by_time).0[0], "person_149@example.com");
    assert_eq!(listed(&root.get("/settings/people?sort=dancing").await).0, all);
    app.finish().await;
}

#[tokio::test]
async fn each_act_is_one_event_and_ends_the_sessions_that_it_must() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    let ada = app.operator().await;
    let id = id_of(&app, "ada@example.com").await;
    let page = root.get(&format!("/settings/people/{id}")).await;
    page.assert_status(200).assert_says("ada@example.com");
    ada.get("/").await.assert_status(200);

    act(&app, &root, &id, "role", &[("role", "viewer")], "person.role_changed").await.assert_status(303);
    let event = app.world.history().await.pop().unwrap().event;
    assert_eq!((event.old.as_str(), event.new.as_str()), ("operator", "viewer"));
    assert_eq!((event.acting.actor.name(), event.target.id()), (ADMIN, id.as_str()));
    ada.get("/").await.assert_status(303);

    act(&app, &root, &id, "role", &[("role", "viewer")], "act.refused").await.assert_status(409);
    act(&app, &root, &id, "role", &[("role", "king")], "act.refused").await.assert_status(400);
    act(&app, &root, &id, "second-step/remove", &[], "act.refused").await.assert_status(409);
    act(&app, &root, &id, "enable", &[], "act.refused").await.assert_status(409);
    act(&app, &root, &id, "sessions/end", &[], "person.sessions_ended").await.assert_status(303);
    act(&app, &root, &id, "disable", &[], "person.disabled").await.assert_status(303);
    act(&app, &root, &id, "disable", &[], "act.refused").await.assert_status(409);
    root.get("/settings/people").await.assert_says("disabled");
    act(&app, &root, &id, "enable", &[], "person.enabled").await.assert_status(303);
    let reset = act(&app, &root, &id, "reset-password", &[], "person.password_reset").await;
    reset.assert_status(200).assert_says("The old password no longer works");
    for what in ["role", "disable", "enable", "reset-password", "second-step/remove", "sessions/end"] {
        act(&app, &root, "nobody", what, &[("role", "viewer")], "act.refused").await.assert_status(404);
    }
    root.get("/settings/people/nobody").await.assert_status(404);
    app.finish().await;
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    let id = id_of(&app, ADMIN).await;
    for (what, fields) in [("role", [("role", "viewer")]), ("disable", [("role", "")])] {
        let answer = act(&app, &root, &id, what, &fields, "act.refused").await;
        answer.assert_status(409).assert_says("the only administrator who is not disabled");
    }
    // A disabled one does not count.
    let eve = app.signed_in("eve@example.com", Role::Admin).await;
    let eve_id = id_of(&app, "eve@example.com").await;
    act(&app, &root, &eve_id, "disable", &[], "person.disabled").await;
    act(&app, &root, &id, "disable", &[], "act.refused").await.assert_status(409);
    eve.get("/").await.assert_status(303);
    // With another one it goes.
    act(&app, &root, &eve_id, "enable", &[], "person.enabled").await;
    act(&app, &root, &id, "role", &[("role", "viewer")], "person.role_changed").await.assert_status(303);
    assert_eq!(role_of(&app, ADMIN).await, Role::Viewer);
    root.get("/").await.assert_status(303);
    app.finish().await;
}

/// Both at once.
async fn two_administrators_demote_each_other(world: World) {
    let [one, other] =
        ["one@example.com", "other@example.com"].map(|email| crate::support::person(email, Role::Admin));
    for person in [&one, &other] {
        world.database.write(async |tx| people::insert(tx, person, "x").await).await;
    }
    let demote = |id| {
        let command_context = world.command_context.clone();
        async move {
            unstale::commands::change_role(&command_context, &crate::support::shell(), id, Role::Viewer).await
        }
    };
    let (first, second) = tokio::join!(demote(&one.id), demote(&other.id));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    world.finish().await;
}

#[tokio::test]
async fn two_administrators_who_demote_each_other_leave_one() {
    two_administrators_demote_each_other(World::new().await).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn two_administrators_who_demote_each_other_leave_one_on_postgres() {
    two_administrators_demote_each_other(World::on_postgres().await).await;
}

#[tokio::test]
async fn only_an_administrator_manages_people() {
    let app = TestApp::new().await;
    let id = {
        app.admin().await;
        id_of(&app, ADMIN).await
    };
    for browser in [app.operator().await, app.viewer().await] {
        for path in ["/settings/people".to_owned(), format!("/settings/people/{id}")] {
            let head = app.world.head().await;
            browser.get(&path).await.assert_status(403).assert_silent_about(ADMIN);
            assert_eq!(app.world.events_after(head).await, ["act.refused"], "{path}");
        }
        for what in ["role", "disable", "enable", "reset-password", "second-step/remove", "sessions/end"] {
            let answer = act(&app, &browser, &id, what, &[("role", "viewer")], "act.refused").await;
            answer.assert_status(403).assert_says("This is for administrators");
        }
        let head = app.world.head().await;
        browser.post("/settings/people", &[("email", NEW), ("role", "admin")]).await.assert_status(403);
        assert_eq!(app.world.events_after(head).await, ["act.refused"]);
        assert!(!browser.get("/settings/account").await.has("a[href='/settings/people']"));
    }
    assert_eq!(role_of(&app, ADMIN).await, Role::Admin);
    app.finish().await;
}

/// What the page says the link is, to somebody who comes over this proxy.
async fn link_of(app: &TestApp, headers: &[(&str, &str)]) -> String {
    let root = app.signed_in(&format!("{}@example.com", uuid()), Role::Admin).await;
    root.set_cookie("__Host-unstale", &root.cookie("unstale").unwrap());
    let body = crate::support::encoded(&[("email", &format!("{}@example.com", uuid())), ("role", "viewer")]);
    let mut all =
        vec![("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    all.extend_from_slice(headers);
    let made = root.send(Method::POST, "/settings/people", &all, body.into_bytes()).await;
    made.assert_status(200).text("#link").split("/password?").next().unwrap().to_owned()
}

#[tokio::test]
async fn a_link_begins_with_the_address_that_the_administrator_uses() {
    let plain = TestApp::new().await;
    assert_eq!(link_of(&plain, &[]).await, plain.address);
    let hosted = [("host", "unstale.example.com")];
    assert_eq!(link_of(&plain, &hosted).await, "http://unstale.example.com");
    // Nobody but a trusted proxy says more of it.
    let forwarded =
        [("host", "10.0.0.7:8080"), ("x-forwarded-host", "u.example.com"), ("x-forwarded-proto", "https")];
    assert_eq!(link_of(&plain, &forwarded).await, "http://10.0.0.7:8080");
    plain.finish().await;

    let authentication_methods = AuthenticationMethods {
        trusted: Trusted::parse("127.0.0.0/8").unwrap(),
        ..AuthenticationMethods::default()
    };
    let behind = TestApp::over(World::new().await, HttpOptions { authentication_methods, ..options() }).await;
    assert_eq!(link_of(&behind, &forwarded).await, "https://u.example.com");
    let evil = [("host", "u.example.com"), ("x-forwarded-host", "evil.example/x?")];
    assert_eq!(link_of(&behind, &evil).await, "", "what is no host begins no link");
    behind.finish().await;

    let known = HttpOptions { public_url: Some("https://known.example.com".to_owned()), ..options() };
    let known = TestApp::over(World::new().await, known).await;
    assert_eq!(link_of(&known, &forwarded).await, "https://known.example.com");
    known.finish().await;
}
