//! Guesses of passwords: they become slow for who guesses, and for nobody else.

use std::{collections::BTreeMap, time::Duration};

use reqwest::Method;
use unstale::{
    commands,
    domain::{access::Role, network::Trusted, sign_in::person::Email},
    http::HttpOptions,
    http::authentication_methods::AuthenticationMethods,
};

use crate::support::{Answer, Browser, TestApp, World, acting, encoded, options};

const EMAIL: &str = "grace@example.com";
const PASSWORD: &str = "correct horse battery";

async fn app() -> TestApp {
    let authentication_methods = AuthenticationMethods {
        trusted: Trusted::parse("127.0.0.0/8").unwrap(),
        ..AuthenticationMethods::default()
    };
    let app = TestApp::over(World::new().await, HttpOptions { authentication_methods, ..options() }).await;
    let email = Email::parse(EMAIL).unwrap();
    commands::add_person(&app.world.command_context, &acting(), &email, Role::Operator, PASSWORD)
        .await
        .unwrap();
    app
}

async fn sign_in(browser: &Browser, from: &str, email: &str, password: &str) -> Answer {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("x-forwarded-for", from),
    ];
    let body = encoded(&[("email", email), ("password", password)]).into_bytes();
    browser.send(Method::POST, "/sign-in", &headers, body).await
}

/// Two thousand, or as many as `UNSTALE_GUESSES` says, within a thousand seconds of the clock.
#[tokio::test]
async fn thousands_of_guesses_cost_a_few_hashes_and_delay_nobody_else() {
    let app = app().await;
    let head = app.world.head().await;
    let browser = app.stranger();
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    let guesses = std::env::var("UNSTALE_GUESSES").map_or(2_000_usize, |text| text.parse().unwrap());
    let pause = Duration::from_secs(1_000) / u32::try_from(guesses).unwrap();
    for n in 0..guesses {
        // One account from one network, then a hundred from another.
        let (from, email) = if n < guesses / 2 {
            (format!("203.0.113.{}", n % 250), EMAIL.to_owned())
        } else {
            (format!("2001:db8::{n:x}"), format!("p{}@example.com", n % 100))
        };
        let answer = sign_in(&browser, &from, &email, "a wrong password").await;
        if answer.status == 429 {
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=900).contains(&wait), "{wait}");
            answer.assert_says("Too many attempts from your network.");
        }
        *statuses.entry(answer.status).or_default() += 1;
        app.world.advance(pause);
    }
    // Only what was answered with 422 was hashed.
    assert_eq!(statuses.keys().copied().collect::<Vec<_>>(), [422, 429]);
    assert!(statuses[&422] <= 80, "{statuses:?}");
    let events = app.world.events_after(head).await.len();
    assert!(events <= 120, "{events} events");
    // The person herself, from elsewhere, is not delayed.
    let answer = sign_in(&browser, "198.51.100.4", EMAIL, PASSWORD).await;
    assert_eq!(answer.leads_to().as_deref(), Some("/"));
    // Nor for ever from there.
    app.world.advance(Duration::from_hours(1));
    sign_in(&browser, "203.0.113.7", EMAIL, PASSWORD).await.assert_status(303);
    app.finish().await;
}

#[tokio::test]
async fn a_hundred_guesses_at_once_are_no_more_than_one_after_the_other() {
    let app = app().await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let browser = app.stranger();
        guesses
            .spawn(async move { sign_in(&browser, "203.0.113.9", EMAIL, "a wrong password").await.status });
    }
    let statuses = guesses.join_all().await;
    assert!(statuses.iter().filter(|status| **status == 422).count() <= 5, "{statuses:?}");
    app.finish().await;
}

#[tokio::test]
async fn what_was_typed_is_kept_when_it_is_too_soon() {
    let app = app().await;
    let browser = app.stranger();
    for _ in 0..6 {
        sign_in(&browser, "203.0.113.9", EMAIL, "a wrong password").await;
    }
    let answer = sign_in(&browser, "203.0.113.9", EMAIL, PASSWORD).await;
    answer.assert_status(429);
    assert_eq!(answer.attribute("#email", "value"), EMAIL);
    app.finish().await;
}
