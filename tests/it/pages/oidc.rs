//! Signing in with an OpenID Connect provider.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use unstale::{
    commands::{self, ExternalRules},
    domain::{
        access::Role,
        sign_in::{claims::RoleRules, person::Email},
    },
    http::HttpOptions,
    http::authentication_methods::AuthenticationMethods,
    identity::{
        Http,
        oidc::{Oidc, OidcSettings},
    },
    store::{access::groups, sign_in::people},
};

use super::bad_tokens::bad_tokens;
use crate::support::{Answer, Browser, CLIENT, Provider, SECRET, Signer, TestApp, World, acting, options};

fn rules() -> ExternalRules {
    ExternalRules {
        sign_up: true,
        link_by_email: false,
        roles: RoleRules {
            claim: Some("roles".to_owned()),
            admin: vec!["boss".to_owned()],
            operator: vec!["ops".to_owned()],
            viewer: vec!["dev".to_owned()],
            default: None,
            groups_claim: Some("teams".to_owned()),
        },
    }
}

fn settings(provider: &Provider) -> OidcSettings {
    OidcSettings {
        issuer: provider.issuer.clone(),
        client_id: CLIENT.to_owned(),
        client_secret: Some(SECRET.to_owned()),
        name: "Example SSO".to_owned(),
        scopes: "openid email".to_owned(),
        auto: false,
    }
}

async fn app_with(external: ExternalRules, change: impl FnOnce(&mut OidcSettings)) -> (TestApp, Provider) {
    let world = World::new().await;
    let provider = Provider::start(world.clock.clone()).await;
    let mut settings = settings(&provider);
    change(&mut settings);
    let oidc = Arc::new(Oidc::new(settings, Http::new().unwrap()));
    let authentication_methods =
        AuthenticationMethods { oidc: Some(oidc), external, ..AuthenticationMethods::default() };
    let options = |address: &str| HttpOptions {
        public_url: Some(address.to_owned()),
        authentication_methods,
        ..options()
    };
    (TestApp::serving(world, options).await, provider)
}

async fn app() -> (TestApp, Provider) {
    app_with(rules(), |_| {}).await
}

/// All the way there and back.
async fn sign_in(browser: &Browser, provider: &Provider) -> Answer {
    let start = browser.get("/sign-in/oidc").await;
    let back = provider.authorize(&start.leads_to().expect(&start.body));
    browser.get(&back).await
}

async fn role_of(app: &TestApp, email: &str) -> Option<Role> {
    let everybody = app.world.database.get(async |conn| people::list(conn).await).await;
    everybody.into_iter().find(|person| person.email == email).map(|person| person.role)
}

#[tokio::test]
async fn whoever_the_provider_knows_gets_a_session_and_their_role() {
    let (app, provider) = app().await;
    let browser = app.stranger();
    let page = browser.get("/sign-in?next=%2Fhistory").await;
    page.assert_says("Continue with Example SSO");
    let start = browser.get(&page.attribute("a.wide-button", "href")).await;
    let head = app.world.head().await;
    let back = browser.get(&provider.authorize(&start.leads_to().unwrap())).await;
    assert_eq!(back.leads_to().as_deref(), Some("/history"));
    assert_eq!(app.world.events_after(head).await, ["person.added", "person.signed_in"]);
    let event = app.world.history().await.pop().unwrap().event;
    assert_eq!(event.acting.origin.sign_in, "OpenID Connect");
    browser.get("/history").await.assert_status(200);
    browser.get("/settings/account").await.assert_says("You have no password here");
    assert_eq!(role_of(&app, "ada@example.com").await, Some(Role::Operator));
    assert_eq!(browser.cookie("unstale-provider"), None);
    // The same person again, also under another address.
    provider.person(json!({"sub": "ada-1", "email": "ada@other.example", "roles": "ops"}));
    sign_in(&app.stranger(), &provider).await.assert_status(303);
    assert_eq!(role_of(&app, "ada@other.example").await, None);
    // Another person, though with the same address: it is only a label, and it is taken.
    provider
        .person(json!({"sub": "eve-2", "email": "ada@example.com", "email_verified": true, "roles": "boss"}));
    let eve = sign_in(&app.stranger(), &provider).await;
    eve.assert_status(403).assert_says("An account with your e-mail address exists here already.");
    app.finish().await;
}

#[tokio::test]
async fn role_and_groups_are_taken_anew_and_a_change_ends_other_sessions() {
    let (app, provider) = app().await;
    let [old, new] = [app.stranger(), app.stranger()];
    provider.person(
        json!({"sub": "a", "email": "ada@example.com", "roles": ["ops", "dev"], "teams": ["web", "ops"]}),
    );
    sign_in(&old, &provider).await.assert_status(303);
    old.get("/").await.assert_status(200);
    let head = app.world.head().await;
    provider.person(json!({"sub": "a", "email": "ada@example.com", "roles": ["dev"], "teams": "qa"}));
    sign_in(&new, &provider).await.assert_status(303);
    let events = ["person.groups_changed", "person.role_changed", "person.signed_in"];
    assert_eq!(app.world.events_after(head).await, events);
    old.get("/").await.assert_status(303);
    new.get("/").await.assert_status(200);
    assert_eq!(role_of(&app, "ada@example.com").await, Some(Role::Viewer));
    let everybody = app.world.database.get(async |conn| people::list(conn).await).await;
    let told = app.world.database.get(async |conn| groups::of_person(conn, &everybody[0].id).await).await;
    assert_eq!(told, ["qa"]);
    // A role that is gone shuts out.
    let head = app.world.head().await;
    provider.person(json!({"sub": "a", "email": "ada@example.com"}));
    let refused = sign_in(&app.stranger(), &provider).await;
    refused.assert_status(403).assert_says("you have no role here");
    assert_eq!(app.world.events_after(head).await, ["person.sign_in_refused"]);
    app.finish().await;
}

#[tokio::test]
async fn claims_that_the_token_lacks_come_from_the_page_about_the_person() {
    let (app, provider) = app().await;
    provider.person(json!({"sub": "a"}));
    provider.info(json!({"sub": "a", "email": "ada@example.com", "roles": ["boss"]}));
    sign_in(&app.stranger(), &provider).await.assert_status(303);
    assert_eq!(role_of(&app, "ada@example.com").await, Some(Role::Admin));
    provider.info(json!({"sub": "somebody else", "email": "ada@example.com", "roles": ["boss"]}));
    sign_in(&app.stranger(), &provider).await.assert_status(400);
    app.finish().await;
}

#[tokio::test]
async fn an_account_is_linked_by_a_verified_address_only_where_that_is_allowed() {
    let person = |verified: Value| json!({"sub": "g", "email": "grace@example.com", "email_verified": verified, "roles": "ops"});
    for (allowed, verified, linked) in [
        (false, json!(true), false),
        (true, json!(true), true),
        (true, json!(false), false),
        (true, json!("true"), true),
        (true, json!("yes"), false),
        (true, json!(1), false),
        (true, Value::Null, false),
    ] {
        let (app, provider) = app_with(ExternalRules { link_by_email: allowed, ..rules() }, |_| {}).await;
        let email = Email::parse("grace@example.com").unwrap();
        commands::add_person(
            &app.world.command_context,
            &acting(),
            &email,
            Role::Operator,
            "correct horse battery",
        )
        .await
        .unwrap();
        provider.person(person(verified.clone()));
        let head = app.world.head().await;
        let browser = app.stranger();
        let answer = sign_in(&browser, &provider).await;
        let events = app.world.events_after(head).await;
        if linked {
            answer.assert_status(303);
            assert_eq!(events, ["person.identity_linked", "person.signed_in"]);
        } else if verified == json!(true) || verified.is_null() {
            answer.assert_status(403);
            assert_eq!(events, ["person.sign_in_refused"], "{verified}");
        } else {
            // The address is not theirs: they are somebody else, named by their subject.
            answer.assert_status(303);
            assert_eq!(role_of(&app, "g").await, Some(Role::Operator), "{verified}");
        }
        app.finish().await;
    }
}

#[tokio::test]
async fn without_sign_up_only_people_who_are_known_come_in() {
    let (app, provider) = app_with(ExternalRules { sign_up: false, ..rules() }, |_| {}).await;
    let answer = sign_in(&app.stranger(), &provider).await;
    answer.assert_status(403).assert_says("have no account here");
    assert_eq!(role_of(&app, "ada@example.com").await, None);
    app.finish().await;
}

#[tokio::test]
async fn a_disabled_person_is_not_let_in_by_the_provider_either() {
    let (app, provider) = app().await;
    sign_in(&app.stranger(), &provider).await.assert_status(303);
    app.world.database.raw().await.run("UPDATE person SET disabled_at = 1").await.unwrap();
    let head = app.world.head().await;
    let answer = sign_in(&app.stranger(), &provider).await;
    answer.assert_status(403).assert_says("Your account here is disabled.");
    assert_eq!(app.world.events_after(head).await, ["person.sign_in_refused"]);
    app.finish().await;
}

#[tokio::test]
async fn every_public_key_algorithm_that_is_announced_is_taken() {
    let (app, provider) = app().await;
    for (alg, kid, signer) in
        [("RS256", "rsa", Signer::Rsa), ("PS256", "rsa", Signer::Pss), ("ES256", "ec", Signer::Ec)]
    {
        provider.twist(move |draft| {
            draft.header = json!({"alg": alg, "kid": kid});
            draft.signer = signer.clone();
        });
        sign_in(&app.stranger(), &provider).await.assert_status(303);
    }
    // Without a name every key is tried.
    provider.twist(|draft| draft.header = json!({"alg": "RS256"}));
    sign_in(&app.stranger(), &provider).await.assert_status(303);
    app.finish().await;
}

#[tokio::test]
async fn tokens_that_must_not_be_believed_are_not() {
    let (app, provider) = app().await;
    let bad = bad_tokens();
    assert!(bad.len() >= 40);
    for (what, twist) in bad {
        provider.twist(twist);
        let browser = app.stranger();
        let head = app.world.head().await;
        let answer = sign_in(&browser, &provider).await;
        answer.assert_status(502).assert_says("could not be verified").assert_silent_about("eyJ");
        assert_eq!(browser.cookie("unstale"), None, "{what}");
        assert_eq!(app.world.events_after(head).await, ["person.sign_in_refused"], "{what}");
        app.world.advance(Duration::from_mins(2));
    }
    assert_eq!(role_of(&app, "ada@example.com").await, None);
    // And the provider still works when it does right.
    provider.straight();
    sign_in(&app.stranger(), &provider).await.assert_status(303);
    app.finish().await;
}

#[tokio::test]
async fn an_answer_to_another_question_is_not_taken() {
    let (app, provider) = app().await;
    let [ada, eve] = [app.stranger(), app.stranger()];
    let ask = async |browser: &Browser| {
        let start = browser.get("/sign-in/oidc").await;
        provider.authorize(&start.leads_to().unwrap())
    };
    // Eve's answer in Ada's browser would sign Ada in as Eve.
    let eves = ask(&eve).await;
    ask(&ada).await;
    ada.get(&eves).await.assert_status(400).assert_says("started in another browser");
    // Without a question of its own there is no answer, nor twice the same.
    app.stranger().get(&eves).await.assert_status(400);
    let adas = ask(&ada).await;
    ada.get(&adas).await.assert_status(303);
    ada.get(&adas).await.assert_status(400);
    // Nor after a while.
    let late = ask(&ada).await;
    app.world.advance(Duration::from_mins(16));
    ada.get(&late).await.assert_status(400);
    for change in ["state=", "iss=", "code="] {
        let good = ask(&eve).await;
        let (before, after) = good.split_once(change).unwrap();
        let rest = after.split_once('&').map_or("", |(_, rest)| rest);
        for value in ["", "x", "https%3A%2F%2Fevil.example"] {
            let browser = app.stranger();
            browser.set_cookie("unstale-provider", &eve.cookie("unstale-provider").unwrap());
            let answer = browser.get(&format!("{before}{change}{value}&{rest}")).await;
            assert!(matches!(answer.status, 400 | 403), "{change}{value}: {}", answer.status);
            assert_eq!(browser.cookie("unstale"), None, "{change}{value}");
        }
        // RFC 9207: where it is announced, it has to be there.
        let browser = app.stranger();
        browser.set_cookie("unstale-provider", &eve.cookie("unstale-provider").unwrap());
        assert!(browser.get(&format!("{before}{rest}")).await.status >= 400);
    }
    for cookie in ["", "x", "a.b.c.d.e", &format!("{0}.{0}.{0}.9999999999999999.Lw.x", "0".repeat(64))] {
        let browser = app.stranger();
        browser.set_cookie("unstale-provider", cookie);
        browser.get("/sign-in/oidc/callback?code=x&state=y").await.assert_status(400);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_stranger_cannot_fill_the_history_with_made_up_answers() {
    let (app, _provider) = app().await;
    let head = app.world.head().await;
    for _ in 0..200 {
        app.stranger().get("/sign-in/oidc/callback?code=x&state=y").await.assert_status(400);
    }
    let events = app.world.events_after(head).await.len();
    assert!((1..=31).contains(&events), "{events}");
    app.finish().await;
}

#[tokio::test]
async fn what_the_provider_refuses_is_said_and_kept() {
    let (app, provider) = app().await;
    let browser = app.stranger();
    let start = browser.get("/sign-in/oidc").await;
    let back = provider.authorize(&start.leads_to().unwrap());
    let state = back.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let issuer = back.split("iss=").nth(1).unwrap();
    let path = format!(
        "/sign-in/oidc/callback?error=access_denied&error_description=%3Cb%3Enot%0Atoday&state={state}&iss={issuer}"
    );
    let head = app.world.head().await;
    let answer = browser.get(&path).await;
    answer.assert_status(403).assert_says("Example SSO did not sign you in.").assert_silent_about("<b>not");
    assert_eq!(app.world.events_after(head).await, ["person.sign_in_refused"]);
    let note = app.world.history().await.pop().unwrap().event.note;
    assert!(note.contains("access_denied") && !note.contains('\n'), "{note}");
    app.finish().await;
}

#[tokio::test]
async fn new_keys_are_found_and_made_up_ones_do_not_make_us_ask() {
    let (app, provider) = app().await;
    sign_in(&app.stranger(), &provider).await.assert_status(303);
    assert_eq!(provider.asked_for_keys(), 1);
    // A flood of made-up names within a minute.
    provider.twist(|draft| draft.header["kid"] = uuid::Uuid::new_v4().to_string().into());
    for _ in 0..50 {
        sign_in(&app.stranger(), &provider).await.assert_status(502);
    }
    assert_eq!(provider.asked_for_keys(), 1);
    app.world.advance(Duration::from_secs(61));
    for _ in 0..50 {
        sign_in(&app.stranger(), &provider).await.assert_status(502);
    }
    assert_eq!(provider.asked_for_keys(), 2);
    // The provider changes its key.
    app.world.advance(Duration::from_secs(61));
    provider.publish(&Signer::OtherRsa, "newer");
    provider.twist(|draft| {
        draft.header["kid"] = "newer".into();
        draft.signer = Signer::OtherRsa;
    });
    sign_in(&app.stranger(), &provider).await.assert_status(303);
    // The old one is no longer good.
    provider.straight();
    sign_in(&app.stranger(), &provider).await.assert_status(502);
    app.finish().await;
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_and_asked_again() {
    let (app, provider) = app().await;
    provider.away(true);
    let answer = app.stranger().get("/sign-in/oidc").await;
    answer.assert_status(502).assert_says("Example SSO does not answer. Try again in a moment.");
    assert!(answer.has("form[action='/sign-in'] input[type=password]"), "local accounts still work");
    provider.away(false);
    app.world.advance(Duration::from_secs(6));
    sign_in(&app.stranger(), &provider).await.assert_status(303);
    app.finish().await;
}

#[tokio::test]
async fn the_issuer_is_exactly_the_one_that_is_set_up() {
    for change in ["/", "x"] {
        let (app, provider) = app().await;
        provider.metadata("issuer", format!("{}{change}", provider.issuer).into());
        app.stranger().get("/sign-in/oidc").await.assert_status(502);
        app.finish().await;
    }
    // Some providers' names end with a slash; then both have it.
    let (app, provider) = app_with(rules(), |settings| settings.issuer.push('/')).await;
    let with_slash = format!("{}/", provider.issuer);
    provider.metadata("issuer", with_slash.clone().into());
    let browser = app.stranger();
    let start = browser.get("/sign-in/oidc").await;
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let back = provider.authorize(&start.leads_to().unwrap());
    let back = back.replace(&encode(&provider.issuer), &encode(&with_slash));
    browser.get(&back).await.assert_status(303);
    // Its addresses are safe ones.
    let (unsafe_site, provider) = self::app().await;
    provider.metadata("token_endpoint", "http://idp.example/token".into());
    unsafe_site.stranger().get("/sign-in/oidc").await.assert_status(502);
    unsafe_site.finish().await;
    app.finish().await;
}

#[tokio::test]
async fn the_secret_goes_in_the_form_where_the_provider_wants_it_there() {
    let (app, provider) = app().await;
    provider.metadata("token_endpoint_auth_methods_supported", json!(["client_secret_post"]));
    sign_in(&app.stranger(), &provider).await.assert_status(303);
    app.finish().await;
    let (app, provider) =
        app_with(rules(), |settings| settings.client_secret = Some("wrong".to_owned())).await;
    sign_in(&app.stranger(), &provider).await.assert_status(403).assert_silent_about("invalid_client");
    app.finish().await;
}

#[tokio::test]
async fn people_are_sent_straight_on_where_that_is_set() {
    let (app, provider) = app_with(rules(), |settings| settings.auto = true).await;
    let browser = app.stranger();
    assert_eq!(
        browser.get("/sign-in?next=%2Fhistory").await.leads_to().as_deref(),
        Some("/sign-in/oidc?next=%2Fhistory")
    );
    browser.get("/sign-in?stay=1").await.assert_status(200).assert_says("Continue with Example SSO");
    sign_in(&browser, &provider).await.assert_status(303);
    assert_eq!(browser.post("/sign-out", &[]).await.leads_to().as_deref(), Some("/sign-in?stay=1"));
    app.finish().await;
}

#[tokio::test]
async fn without_a_provider_there_is_no_such_page() {
    let app = TestApp::new().await;
    for path in ["/sign-in/oidc", "/sign-in/oidc/callback?code=x&state=y"] {
        app.stranger().get(path).await.assert_status(404);
    }
    app.finish().await;
}

#[tokio::test]
async fn administrators_see_what_is_set_and_check_the_provider() {
    let (app, provider) = app().await;
    let admin = app.admin().await;
    let page = admin.get("/settings/sign-in").await;
    page.assert_status(200)
        .assert_says(&provider.issuer)
        .assert_says(CLIENT)
        .assert_says("UNSTALE_OIDC_CLIENT_SECRET")
        .assert_says(&format!("{}/sign-in/oidc/callback", app.address))
        .assert_says("boss")
        .assert_says("not asked yet")
        .assert_silent_about(SECRET);
    let head = app.world.head().await;
    let check = page.form("form[action='/settings/sign-in/check']");
    let done = admin.submit(&check).await;
    done.assert_status(200).assert_says("answers").assert_says("read");
    assert_eq!(app.world.events_after(head).await, ["sign_in.provider_checked"]);
    let event = app.world.history().await.pop().unwrap().event;
    assert_eq!((event.outcome.as_str(), event.target.id()), ("done", provider.issuer.as_str()));
    assert!(event.note.starts_with("it answers, with "), "{}", event.note);
    // It is asked anew, and what was known stays good where it does not answer.
    provider.away(true);
    let done = admin.submit(&check).await;
    done.assert_says("does not answer");
    let event = app.world.history().await.pop().unwrap().event;
    assert_eq!(event.outcome.as_str(), "failed");
    assert!(!event.note.is_empty());
    app.stranger().get("/sign-in/oidc").await.assert_status(303);
    app.finish().await;
}

#[tokio::test]
async fn a_start_tells_what_changed_among_the_ways_in() {
    let world = World::new().await;
    let lines = |authentication_methods: AuthenticationMethods| authentication_methods.lines();
    let (before, after) = (
        AuthenticationMethods::default(),
        AuthenticationMethods { require_second_step: true, ..AuthenticationMethods::default() },
    );
    let head = world.head().await;
    for authentication_methods in [before.clone(), before, after] {
        commands::record_authentication_methods(&world.command_context, &lines(authentication_methods))
            .await
            .unwrap();
    }
    assert_eq!(world.events_after(head).await, ["sign_in.changed"; 2], "what stays as it is leaves no event");
    let event = world.history().await.pop().unwrap().event;
    assert_eq!(event.old, "UNSTALE_REQUIRE_TOTP=as each person likes");
    assert_eq!(event.new, "UNSTALE_REQUIRE_TOTP=required");
    world.finish().await;
}
