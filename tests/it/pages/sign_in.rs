//! Signing in and out, and the first account.

use unstale::{
    commands,
    domain::{access::Role, sign_in::person::Email},
    http::HttpOptions,
};

use crate::support::{Answer, Browser, TestApp, World, acting, options};

const EMAIL: &str = "grace@example.com";
const PASSWORD: &str = "correct horse battery";

async fn with_grace() -> TestApp {
    let app = TestApp::new().await;
    let email = Email::parse(EMAIL).unwrap();
    commands::add_person(&app.world.command_context, &acting(), &email, Role::Operator, PASSWORD)
        .await
        .unwrap();
    app
}

async fn sign_in(browser: &Browser, email: &str, password: &str) -> Answer {
    let form = browser.get("/sign-in").await.form("form[action='/sign-in']");
    browser.press(&form.with("email", email).with("password", password)).await
}

#[tokio::test]
async fn the_right_password_opens_a_session() {
    let app = with_grace().await;
    let browser = app.stranger();
    let head = app.world.head().await;
    let answer = sign_in(&browser, " Grace@Example.COM ", PASSWORD).await;
    assert_eq!(answer.leads_to().as_deref(), Some("/"));
    assert_eq!(app.world.events_after(head).await, ["person.signed_in"]);
    let event = app.world.history().await.pop().unwrap().event;
    assert_eq!(event.acting.actor.name(), EMAIL);
    assert_eq!(event.acting.origin.sign_in, "password");
    assert_eq!(event.acting.origin.client_address, "127.0.0.1");
    assert!(!event.acting.origin.request_id.is_empty());
    browser.get("/").await.assert_status(200);
    // The secret itself is nowhere: only its hash is kept.
    let secret = browser.cookie("unstale").unwrap();
    assert_eq!(secret.len(), 64);
    let mut raw = app.world.database.raw().await;
    assert_ne!(raw.texts("SELECT token_hash FROM session").await, [secret]);
    app.finish().await;
}

#[tokio::test]
async fn every_refused_sign_in_is_one_event_and_no_session() {
    let app = with_grace().await;
    let refused = [
        (EMAIL, "wrong horse battery", "The e-mail address and the password do not match."),
        ("nobody@example.com", PASSWORD, "The e-mail address and the password do not match."),
        ("no e-mail", PASSWORD, "Enter an e-mail address such as name@example.com."),
        ("\u{0}\r\n<b>", PASSWORD, "Enter an e-mail address such as name@example.com."),
        ("", "", "Enter an e-mail address such as name@example.com."),
        (EMAIL, &"x".repeat(600), "The e-mail address and the password do not match."),
        (EMAIL, "", "The e-mail address and the password do not match."),
    ];
    for (email, password, words) in refused {
        let browser = app.stranger();
        let head = app.world.head().await;
        let answer = sign_in(&browser, email, password).await;
        answer.assert_status(422).assert_says(words);
        assert!(answer.has("[aria-invalid=true][aria-describedby]"), "{email:?}");
        assert_eq!(browser.cookie("unstale"), None);
        assert_eq!(app.world.events_after(head).await, ["person.sign_in_refused"], "{email:?}");
        let event = app.world.history().await.pop().unwrap().event;
        assert_eq!(event.outcome.as_str(), "refused");
        assert!(!event.acting.actor.name().contains(char::is_control), "{event:?}");
        // What was typed stands in the form again, but for the password.
        if email == EMAIL {
            assert_eq!(answer.attribute("#email", "value"), EMAIL);
        }
        answer.assert_silent_about(PASSWORD);
    }
    // Whether an account is there cannot be told from the answer.
    let page = |email| sign_in_page(&app, email);
    let (known, unknown) = (page(EMAIL).await, page("grape@example.com").await);
    assert_eq!(known, unknown.replace("grape@example.com", EMAIL));
    app.finish().await;
}

async fn sign_in_page(app: &TestApp, email: &'static str) -> String {
    sign_in(&app.stranger(), email, "a wrong password").await.body
}

#[tokio::test]
async fn a_password_in_the_wrong_field_is_not_in_the_history() {
    let app = with_grace().await;
    let head = app.world.head().await;
    sign_in(&app.stranger(), PASSWORD, "x").await.assert_status(422);
    assert_eq!(app.world.events_after(head).await, ["person.sign_in_refused"]);
    assert!(!format!("{:?}", app.world.history().await).contains(PASSWORD));
    sign_in(&app.stranger(), "nobody@example.com", "x").await.assert_status(422);
    let event = app.world.history().await.pop().unwrap().event;
    assert_eq!(event.acting.actor.name(), "nobody@example.com", "an address is worth knowing");
    app.finish().await;
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let twin = app.stranger();
    twin.set_cookie("unstale", &ada.cookie("unstale").unwrap());
    let form = ada.get("/").await.form("form[action='/sign-out']");
    let head = app.world.head().await;
    let answer = ada.press(&form).await;
    assert_eq!(answer.leads_to().as_deref(), Some("/sign-in"));
    assert_eq!(ada.cookie("unstale"), None, "the browser still has the cookie");
    assert_eq!(app.world.events_after(head).await, ["person.signed_out"]);
    twin.get("/").await.assert_status(303);
    twin.post("/sign-out", &[]).await.assert_status(401);
    assert_eq!(app.world.head().await, head + 1);
    app.finish().await;
}

#[tokio::test]
async fn signing_in_leads_on_to_our_own_pages_only() {
    let app = with_grace().await;
    let leads = async |next: &str| {
        let browser = app.stranger();
        let page = browser.get(&format!("/sign-in?{}", crate::support::encoded(&[("next", next)]))).await;
        let form = page.form("form[action='/sign-in']").with("email", EMAIL).with("password", PASSWORD);
        browser.press(&form).await.leads_to().unwrap()
    };
    assert_eq!(leads("/history?before=7").await, "/history?before=7");
    for foreign in ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example"] {
        assert_eq!(leads(foreign).await, "/", "{foreign:?}");
    }
    // Also where the form itself was changed.
    for foreign in ["//evil.example", "/\u{0}", "/\r\nset-cookie: a=b", "javascript:alert(1)"] {
        let fields = [("email", EMAIL), ("password", PASSWORD), ("next", foreign)];
        let answer = app.stranger().post("/sign-in", &fields).await;
        assert_eq!(answer.leads_to().as_deref(), Some("/"), "{foreign:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn the_cookie_is_bound_to_this_host() {
    let app = with_grace().await;
    let answer = sign_in(&app.stranger(), EMAIL, PASSWORD).await;
    assert_eq!(flags(&answer), ("unstale".to_owned(), vec!["HttpOnly", "Path=/", "SameSite=Lax"]));
    app.finish().await;

    let https = HttpOptions { public_url: Some("https://u.example.com".to_owned()), ..options() };
    let app = TestApp::over(World::new().await, https).await;
    let email = Email::parse(EMAIL).unwrap();
    commands::add_person(&app.world.command_context, &acting(), &email, Role::Viewer, PASSWORD)
        .await
        .unwrap();
    let browser = app.stranger().at("https://u.example.com");
    let answer = sign_in(&browser, EMAIL, PASSWORD).await;
    let wanted = vec!["HttpOnly", "Path=/", "SameSite=Lax", "Secure"];
    assert_eq!(flags(&answer), ("__Host-unstale".to_owned(), wanted));
    browser.get("/").await.assert_status(200);
    let answer = browser.post("/sign-out", &[]).await;
    let removal = answer.header("set-cookie").unwrap();
    assert!(removal.starts_with("__Host-unstale=;") && removal.contains("Secure"), "{removal}");
    app.finish().await;
}

fn flags(answer: &Answer) -> (String, Vec<&str>) {
    let mut parts = answer.header("set-cookie").unwrap().split("; ");
    let name = parts.next().unwrap().split('=').next().unwrap().to_owned();
    let mut flags: Vec<&str> = parts.collect();
    flags.sort_unstable();
    (name, flags)
}

#[tokio::test]
async fn the_set_up_link_works_once() {
    let app = TestApp::new().await;
    app.world.without_people().await;
    app.stranger().get("/sign-in").await.assert_says("There is no account yet.");
    let old = commands::make_set_up_link(&app.world.command_context).await.unwrap().unwrap();
    let link = commands::make_set_up_link(&app.world.command_context).await.unwrap().unwrap();
    let address = |secret: &str| format!("/setup?key={secret}");
    let browser = app.stranger();
    browser.get(&address(old.reveal())).await.assert_status(403);
    browser.get(&address(&"0".repeat(64))).await.assert_status(403);

    let page = browser.get(&address(link.reveal())).await;
    let form = page.assert_status(200).form("form[action='/setup']");
    let short = browser.press(&form.clone().with("email", EMAIL).with("password", "short")).await;
    short.assert_status(422).assert_says("Use at least 12 characters.");
    let bad = browser.press(&form.clone().with("email", "grace").with("password", PASSWORD)).await;
    bad.assert_status(422).assert_says("Enter an e-mail address such as name@example.com.");
    assert_eq!(bad.attribute("#email", "value"), "grace");

    let head = app.world.head().await;
    let filled = form.with("email", EMAIL).with("password", PASSWORD);
    assert_eq!(browser.press(&filled).await.leads_to().as_deref(), Some("/"));
    let events = app.world.events_after(head).await;
    assert_eq!(events, ["person.added", "unstale.set_up", "person.signed_in"]);
    browser.get("/").await.assert_status(200);

    let second = app.stranger();
    second.get(&address(link.reveal())).await.assert_status(403);
    let head = app.world.head().await;
    let again = second.press(&filled.with("email", "mallory@example.com")).await;
    again.assert_status(403).assert_says("This link is no longer valid");
    assert_eq!(second.cookie("unstale"), None);
    assert_eq!(app.world.events_after(head).await, ["act.refused"]);
    assert_eq!(app.world.database.raw().await.number("SELECT count(*) FROM person").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn the_set_up_link_is_good_for_a_day() {
    let app = TestApp::new().await;
    app.world.without_people().await;
    let link = commands::make_set_up_link(&app.world.command_context).await.unwrap().unwrap();
    let address = format!("/setup?key={}", link.reveal());
    app.world.advance(std::time::Duration::from_hours(23));
    app.stranger().get(&address).await.assert_status(200);
    app.world.advance(std::time::Duration::from_hours(2));
    app.stranger().get(&address).await.assert_status(403);
    app.finish().await;
}

#[tokio::test]
async fn signing_in_anew_ends_the_session_that_the_browser_had() {
    let app = with_grace().await;
    let (browser, twin) = (app.stranger(), app.stranger());
    sign_in(&twin, EMAIL, PASSWORD).await;
    sign_in(&browser, EMAIL, PASSWORD).await;
    let (first, thief) = (browser.cookie("unstale").unwrap(), app.stranger());
    thief.set_cookie("unstale", &first);
    thief.get("/").await.assert_status(200);
    // A wrong password ends nothing.
    browser.post("/sign-in", &[("email", EMAIL), ("password", "wrong")]).await.assert_status(422);
    browser.get("/").await.assert_status(200);
    let head = app.world.head().await;
    let answer = browser.post("/sign-in", &[("email", EMAIL), ("password", PASSWORD)]).await;
    answer.assert_status(303);
    assert_eq!(app.world.events_after(head).await, ["person.signed_in"]);
    let note = app.world.history().await.pop().unwrap().event.note;
    assert!(note.starts_with("in place of session "), "{note}");
    thief.get("/").await.assert_status(303);
    for other in [&browser, &twin] {
        other.get("/").await.assert_status(200);
    }
    // Also somebody else's, at a machine that people share.
    let grace = browser.cookie("unstale").unwrap();
    thief.set_cookie("unstale", &grace);
    let eve = Email::parse("eve@example.com").unwrap();
    commands::add_person(&app.world.command_context, &acting(), &eve, Role::Viewer, PASSWORD).await.unwrap();
    browser.post("/sign-in", &[("email", "eve@example.com"), ("password", PASSWORD)]).await;
    thief.get("/").await.assert_status(303);
    app.finish().await;
}
