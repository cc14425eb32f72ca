//! What somebody without an account may make the service do: little, and not without end.

use std::time::Duration;

use unstale::{
    commands,
    domain::{access::Role, sign_in::person::Email},
};

use crate::support::{TestApp, shell};

const GOOD: &str = "seven purple llamas knit";

#[tokio::test]
async fn a_form_without_a_list_is_small() {
    let app = TestApp::new().await;
    let before = app.kept().await;
    let long = "a".repeat(17 * 1024);
    for address in ["/sign-in", "/sign-in/code", "/password", "/setup"] {
        let answer = app.stranger().post(address, &[("email", &long)]).await;
        answer.assert_status(413).assert_says("This form may be 16 KiB large.");
    }
    // With a session too: nothing but lists of items is long.
    let ada = app.operator().await;
    ada.post("/settings/account/password", &[("new", &long)]).await.assert_status(413);
    let items = format!("/{}", "a".repeat(17 * 1024));
    let listed = ada.post("/plan", &[("distribution", "x"), ("items", &items)]).await;
    assert_ne!(listed.status, 413, "a list may be long");
    let events = app.kept().await["audit_event"];
    assert_eq!(events, before["audit_event"] + 1, "the operator's sign-in only");
    app.finish().await;
}

#[tokio::test]
async fn made_up_links_cost_no_hash_and_become_slow_and_fill_no_history() {
    for (address, fields) in [
        ("/setup", [("key", "0"), ("email", "m@example.com"), ("password", GOOD)]),
        ("/password", [("key", "0"), ("email", ""), ("password", GOOD)]),
    ] {
        let app = TestApp::new().await;
        let stranger = app.stranger();
        let head = app.world.head().await;
        let key = "0".repeat(64);
        let fields = fields.map(|(name, value)| (name, if name == "key" { key.as_str() } else { value }));
        let mut statuses = Vec::new();
        for _ in 0..60 {
            statuses.push(stranger.post(address, &fields).await.status);
        }
        assert!(statuses[..30].iter().all(|status| *status == 403), "{statuses:?}");
        assert!(statuses[40..].iter().all(|status| *status == 429), "{statuses:?}");
        assert_eq!(app.world.events_after(head).await, ["act.refused"], "{address}");
        app.world.advance(Duration::from_mins(2));
        stranger.post(address, &fields).await.assert_status(403);
        assert_eq!(app.world.events_after(head).await, ["act.refused", "act.refused"]);
        app.finish().await;
    }
}

#[tokio::test]
async fn mistakes_with_a_good_link_do_not_count() {
    let app = TestApp::new().await;
    let email = Email::parse("grace@example.com").unwrap();
    let (_, link) =
        commands::invite_person(&app.world.command_context, &shell(), &email, Role::Operator).await.unwrap();
    let browser = app.stranger();
    for _ in 0..40 {
        let fields = [("key", link.reveal()), ("password", "short")];
        browser.post("/password", &fields).await.assert_status(422);
    }
    browser.post("/password", &[("key", link.reveal()), ("password", GOOD)]).await.assert_status(303);
    app.finish().await;
}
