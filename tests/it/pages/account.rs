//! One's own account: password, second step, sessions.

use std::time::Duration;

use unstale::{
    commands,
    domain::{
        access::Role,
        sign_in::{person::Email, second_step::TotpSecret},
        time::Timestamp,
    },
    http::HttpOptions,
    http::authentication_methods::AuthenticationMethods,
};

use crate::support::{Answer, Browser, TestApp, World, acting, options};

const EMAIL: &str = "grace@example.com";
const PASSWORD: &str = "correct horse battery";
const OTHER: &str = "seven purple llamas knit";

async fn with_grace(app: TestApp) -> (TestApp, Browser) {
    let email = Email::parse(EMAIL).unwrap();
    commands::add_person(&app.world.command_context, &acting(), &email, Role::Operator, PASSWORD)
        .await
        .unwrap();
    let browser = app.stranger();
    (app, browser)
}

async fn sign_in(browser: &Browser, password: &str) -> Answer {
    browser.post("/sign-in", &[("email", EMAIL), ("password", password)]).await
}

/// The code that an authenticator shows.
fn code(typed: &str, now: Timestamp) -> String {
    TotpSecret::from_trusted(typed.replace(' ', "")).code(now).unwrap()
}

/// Turns the second step on; gives its secret and the recovery codes.
async fn turn_on(app: &TestApp, browser: &Browser) -> (String, Vec<String>) {
    let page = browser.visit("/settings/account").await;
    let begin = page.form("form[action$='/second-step']").with("current", PASSWORD);
    let offer = browser.submit(&begin).await;
    offer.assert_status(200);
    assert!(offer.attribute("img.qr", "src").starts_with("data:image/svg+xml,"));
    let secret = offer.text("#secret");
    let form = offer.form("form[action$='/confirm']").with("code", &code(&secret, app.world.now()));
    let codes = browser.press(&form).await;
    codes.assert_status(200);
    (secret, codes.texts(".codes li"))
}

#[tokio::test]
async fn right_passwords_whose_code_is_pending_are_no_failures_and_wrong_codes_are() {
    let (app, browser) = with_grace(TestApp::new().await).await;
    sign_in(&browser, PASSWORD).await;
    let (secret, _) = turn_on(&app, &browser).await;
    for _ in 0..12 {
        let answer = sign_in(&app.stranger(), PASSWORD).await;
        assert_eq!(answer.leads_to().as_deref(), Some("/sign-in/code"));
    }
    // Whoever knows the password guesses no more codes for typing it again.
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let thief = app.stranger();
        if sign_in(&thief, PASSWORD).await.status == 429 {
            statuses.push(429);
            continue;
        }
        statuses.push(thief.post("/sign-in/code", &[("code", "000000")]).await.status);
    }
    assert_eq!(statuses, [422, 422, 422, 422, 429, 429, 429, 429]);
    app.world.advance(Duration::from_secs(1_000));
    sign_in(&browser, PASSWORD).await;
    let now = app.world.now();
    browser.post("/sign-in/code", &[("code", &code(&secret, now))]).await.assert_status(303);
    app.finish().await;
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions_and_renews_this_one() {
    let (app, browser) = with_grace(TestApp::new().await).await;
    sign_in(&browser, PASSWORD).await;
    let twin = app.stranger();
    sign_in(&twin, PASSWORD).await;
    let before = browser.cookie("unstale").unwrap();
    let form = browser.get("/settings/account").await.form("form[action$='/password']");
    for (current, new, words) in [
        ("wrong horse battery", OTHER, "That is not your current password."),
        (PASSWORD, "short", "Use at least 12 characters."),
        (PASSWORD, "password1234", "easy to guess"),
        (PASSWORD, EMAIL, "easy to guess"),
    ] {
        let head = app.world.head().await;
        let answer = browser.press(&form.clone().with("current", current).with("new", new)).await;
        answer.assert_status(422).assert_says(words);
        assert!(answer.has("[aria-invalid=true]"));
        assert_eq!(app.world.events_after(head).await, ["act.refused"], "{new}");
    }
    let head = app.world.head().await;
    let answer = browser.press(&form.with("current", PASSWORD).with("new", OTHER)).await;
    assert_eq!(answer.leads_to().as_deref(), Some("/settings/account?saved=yes"));
    assert_eq!(app.world.events_after(head).await, ["person.password_changed"]);
    assert_ne!(browser.cookie("unstale").unwrap(), before);
    browser.get("/").await.assert_status(200);
    twin.get("/").await.assert_status(303);
    let old = app.stranger();
    old.set_cookie("unstale", &before);
    old.get("/").await.assert_status(303);
    sign_in(&app.stranger(), PASSWORD).await.assert_status(422);
    sign_in(&app.stranger(), OTHER).await.assert_status(303);
    let text = format!("{:?}", app.world.history().await);
    assert!(!text.contains(OTHER) && !text.contains(PASSWORD), "a password is in the history");
    app.finish().await;
}

#[tokio::test]
async fn with_a_second_step_the_password_alone_opens_nothing() {
    let (app, browser) = with_grace(TestApp::new().await).await;
    sign_in(&browser, PASSWORD).await;
    let head = app.world.head().await;
    let (secret, codes) = turn_on(&app, &browser).await;
    assert_eq!(codes.len(), 8);
    let events = ["person.second_step_offered", "person.second_step_on"];
    assert_eq!(app.world.events_after(head).await, events);
    let text = format!("{:?}", app.world.history().await);
    assert!(!text.contains(&secret.replace(' ', "")) && !text.contains(&codes[0]));

    let half = app.stranger();
    let head = app.world.head().await;
    let answer =
        half.post("/sign-in", &[("email", EMAIL), ("password", PASSWORD), ("next", "/history")]).await;
    assert_eq!(answer.leads_to().as_deref(), Some("/sign-in/code?next=%2Fhistory"));
    assert_eq!(half.cookie("unstale"), None);
    assert_eq!(app.world.events_after(head).await, ["person.code_asked"]);
    // What there is opens nothing, under either name.
    half.get("/history").await.assert_status(303);
    half.set_cookie("unstale", &half.cookie("unstale-half").unwrap());
    half.get("/history").await.assert_status(303);
    half.set_cookie("unstale", "");
    let page = half.get("/sign-in/code?next=%2Fhistory").await;
    let form = page.assert_status(200).form("form");
    assert!(!page.has("img.qr"), "the secret is shown to somebody who only has the password");

    // The code that turned it on was used.
    let used = half.press(&form.clone().with("code", &code(&secret, app.world.now()))).await;
    used.assert_status(422).assert_says("was used before");
    app.world.advance(Duration::from_secs(30));
    let now = code(&secret, app.world.now());
    let head = app.world.head().await;
    let done = half.press(&form.clone().with("code", &now)).await;
    assert_eq!(done.leads_to().as_deref(), Some("/history"));
    assert_eq!(app.world.events_after(head).await, ["person.signed_in"]);
    half.get("/history").await.assert_status(200);
    assert_eq!(half.cookie("unstale-half"), None);

    // The same code does not work for anybody a second time.
    let twin = app.stranger();
    sign_in(&twin, PASSWORD).await;
    twin.post("/sign-in/code", &[("code", &now)]).await.assert_status(422);
    // A recovery code does, once, however it is typed.
    let typed = format!(" {} ", codes[3].to_uppercase());
    twin.post("/sign-in/code", &[("code", &typed)]).await.assert_status(303);
    twin.get("/settings/account").await.assert_says("7 of 8 recovery codes are left");
    let third = app.stranger();
    sign_in(&third, PASSWORD).await;
    third.post("/sign-in/code", &[("code", &codes[3])]).await.assert_status(422);
    app.finish().await;
}

#[tokio::test]
async fn half_a_sign_in_ends_after_minutes_and_a_few_codes() {
    let (app, browser) = with_grace(TestApp::new().await).await;
    sign_in(&browser, PASSWORD).await;
    let (secret, _) = turn_on(&app, &browser).await;
    let late = app.stranger();
    sign_in(&late, PASSWORD).await;
    app.world.advance(unstale::domain::sign_in::session::PENDING_SECOND_FACTOR_LIFE);
    let answer = late.post("/sign-in/code", &[("code", &code(&secret, app.world.now()))]).await;
    assert_eq!(answer.leads_to().as_deref(), Some("/sign-in"));
    late.get("/sign-in/code").await.assert_status(303);

    let guesser = app.stranger();
    sign_in(&guesser, PASSWORD).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        app.world.advance(Duration::from_secs(40));
        let head = app.world.head().await;
        statuses.push(guesser.post("/sign-in/code", &[("code", "000000")]).await.status);
        assert_eq!(app.world.events_after(head).await, ["person.sign_in_refused"]);
    }
    assert_eq!(statuses, [422, 422, 422, 422, 422, 303]);
    // Without any half a sign-in it is the same.
    let head = app.world.head().await;
    let stranger = app.stranger();
    let answer = stranger.post("/sign-in/code", &[("code", "000000")]).await;
    assert_eq!(answer.leads_to().as_deref(), Some("/sign-in"));
    assert_eq!(app.world.events_after(head).await, ["person.sign_in_refused"]);
    app.finish().await;
}

#[tokio::test]
async fn a_session_alone_begins_no_second_step() {
    let (app, browser) = with_grace(TestApp::new().await).await;
    sign_in(&browser, PASSWORD).await;
    let form = browser.get("/settings/account").await.form("form[action$='/second-step']");
    let head = app.world.head().await;
    let wrong = browser.press(&form.with("current", "wrong horse battery")).await;
    wrong.assert_status(422).assert_says("That is not your current password.");
    assert_eq!(app.world.events_after(head).await, ["act.refused"]);
    assert_eq!(
        browser.get("/settings/account/second-step").await.leads_to().as_deref(),
        Some("/settings/account")
    );
    app.finish().await;
}

#[tokio::test]
async fn the_second_step_is_taken_away_with_the_password_only() {
    let (app, browser) = with_grace(TestApp::new().await).await;
    sign_in(&browser, PASSWORD).await;
    let (_, codes) = turn_on(&app, &browser).await;
    let path = "/settings/account/second-step";
    let wrong = browser.post(&format!("{path}/remove"), &[("current", "wrong horse battery")]).await;
    wrong.assert_status(422).assert_says("That is not your current password.");
    let again = browser.post(path, &[]).await;
    again.assert_status(409).assert_says("it is on already");
    let fresh = browser.post(&format!("{path}/codes"), &[("current", PASSWORD)]).await;
    let fresh = fresh.assert_status(200).texts(".codes li");
    assert!(fresh.iter().all(|code| !codes.contains(code)), "{fresh:?}");
    let head = app.world.head().await;
    let twin = app.signed_in("other@example.com", Role::Viewer).await;
    browser.post(&format!("{path}/remove"), &[("current", PASSWORD)]).await.assert_status(303);
    let events = ["person.signed_in", "person.second_step_off"];
    assert_eq!(app.world.events_after(head).await, events);
    browser.get("/settings/account").await.assert_status(200);
    twin.get("/").await.assert_status(200);
    let answer = sign_in(&app.stranger(), PASSWORD).await;
    assert_eq!(answer.leads_to().as_deref(), Some("/"));
    app.finish().await;
}

#[tokio::test]
async fn where_it_is_required_the_second_step_is_set_up_before_anything_opens() {
    let authentication_methods =
        AuthenticationMethods { require_second_step: true, ..AuthenticationMethods::default() };
    let app = TestApp::over(World::new().await, HttpOptions { authentication_methods, ..options() }).await;
    let (app, browser) = with_grace(app).await;
    let answer = sign_in(&browser, PASSWORD).await;
    assert_eq!(answer.leads_to().as_deref(), Some("/sign-in/code"));
    browser.get("/").await.assert_status(303);
    let page = browser.get("/sign-in/code").await;
    let secret = page.text("#secret");
    let form = page.form("form").with("code", &code(&secret, app.world.now()));
    let head = app.world.head().await;
    let done = browser.press(&form).await;
    done.assert_status(200);
    assert_eq!(done.count(".codes li"), 8);
    let events = ["person.second_step_on", "person.signed_in"];
    assert_eq!(app.world.events_after(head).await, events);
    browser.get("/").await.assert_status(200);
    app.finish().await;
}

#[tokio::test]
async fn what_one_sign_in_is_offered_is_no_others() {
    let authentication_methods =
        AuthenticationMethods { require_second_step: true, ..AuthenticationMethods::default() };
    let app = TestApp::over(World::new().await, HttpOptions { authentication_methods, ..options() }).await;
    let (app, thief) = with_grace(app).await;
    let grace = app.stranger();
    // Somebody who has her password looks at what they are offered, and waits.
    sign_in(&thief, PASSWORD).await;
    let theirs = thief.get("/sign-in/code").await;
    sign_in(&grace, PASSWORD).await;
    let hers = grace.get("/sign-in/code").await;
    assert_ne!(theirs.text("#secret"), hers.text("#secret"));
    assert_eq!(thief.get("/sign-in/code").await.text("#secret"), theirs.text("#secret"));
    // Neither disturbs the other, and a code of the one is no code of the other.
    let now = app.world.now();
    let wrong = grace.press(&hers.form("form").with("code", &code(&theirs.text("#secret"), now))).await;
    wrong.assert_status(422);
    grace.press(&hers.form("form").with("code", &code(&hers.text("#secret"), now))).await.assert_status(200);
    grace.get("/").await.assert_status(200);
    let late = thief.press(&theirs.form("form").with("code", &code(&theirs.text("#secret"), now))).await;
    assert_eq!(late.leads_to().as_deref(), Some("/sign-in"));
    app.world.advance(Duration::from_secs(30));
    sign_in(&thief, PASSWORD).await;
    let page = thief.get("/sign-in/code").await;
    assert!(!page.has("#secret"), "what is on is not shown");
    let old = code(&theirs.text("#secret"), app.world.now());
    thief.press(&page.form("form").with("code", &old)).await.assert_status(422);
    app.finish().await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all() {
    let (app, browser) = with_grace(TestApp::new().await).await;
    sign_in(&browser, PASSWORD).await;
    let others: Vec<Browser> = (0..3).map(|_| app.stranger()).collect();
    for other in &others {
        app.world.advance(Duration::from_mins(1));
        sign_in(other, PASSWORD).await;
    }
    let page = browser.get("/settings/account").await;
    assert_eq!(page.count("form[action$='/end']"), 3);
    page.assert_says("this one").assert_says("a program without a name");
    let form = page.form("form[action$='/end']");
    let head = app.world.head().await;
    browser.press(&form).await.assert_status(303);
    assert_eq!(app.world.events_after(head).await, ["person.sessions_ended"]);
    others[2].get("/").await.assert_status(303);
    others[1].get("/").await.assert_status(200);
    // Twice is too late, and nobody ends another person's.
    browser.press(&form).await.assert_status(409);
    let eve = app.signed_in("eve@example.com", Role::Admin).await;
    let theirs = browser.get("/settings/account").await.form("form[action$='/end']");
    let head = app.world.head().await;
    eve.press(&theirs).await.assert_status(409);
    assert_eq!(app.world.events_after(head).await, ["act.refused"]);
    browser.post("/settings/account/sessions/end-others", &[]).await.assert_status(303);
    for other in &others {
        other.get("/").await.assert_status(303);
    }
    browser.get("/").await.assert_status(200);
    eve.get("/").await.assert_status(200);
    app.finish().await;
}

#[tokio::test]
async fn somebody_without_a_local_password_is_told_so() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    app.world.database.raw().await.run("UPDATE person SET password_hash = ''").await.unwrap();
    let page = ada.get("/settings/account").await;
    page.assert_says("You have no password here: you sign in with another service.");
    assert!(!page.has("#second-step") && !page.has("#current"));
    let head = app.world.head().await;
    ada.post("/settings/account/password", &[("current", ""), ("new", OTHER)]).await.assert_status(422);
    ada.post("/settings/account/second-step", &[]).await.assert_status(409);
    assert_eq!(app.world.events_after(head).await, ["act.refused", "act.refused"]);
    sign_in(&app.stranger(), "").await.assert_status(422);
    app.finish().await;
}
