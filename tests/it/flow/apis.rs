//! The API behind the site is asked as a page of the site asks it, after completion, and only by the server.

use cloudfront_sandbox::{EdgeAnswer, EdgeRule, OriginKind, View};
use unstale::{
    commands,
    domain::{
        checks::{
            ApiMethod, CheckCause, CheckKind, CheckRun, CheckRunState, Freshness, NewApi, NewCheckSettings,
            UrlCheck, Verdict,
        },
        id::DistributionId,
    },
};

use super::secrets::{everything, header, set};
use crate::support::{
    WORKSHOP, World, acting,
    checked::{check_run as run, invalidate_and_check as invalidate, publish},
};

const HOST: &str = "abc123.execute-api.us-east-1.amazonaws.com";
const API: &str = "https://abc123.execute-api.us-east-1.amazonaws.com/prod/students";
const KEY: &str = "gT5keyOfTheUsagePlan";

/// A world with an API, which answers all by these rules, and with a key for secrets.
async fn world(rules: Vec<EdgeRule>) -> World {
    let mut world = World::new().await;
    world.keep_secrets(1);
    publish(&world, "news.html", "text");
    let api = cloudfront_sandbox::Distribution {
        origin_kind: OriginKind::Custom,
        origin_domain: Some(HOST.to_owned()),
        ..world.sandbox.distributions().remove(0)
    };
    let id = "E9APIPLAYEDHERE".to_owned();
    let domain = "d9apiplayed.cloudfront.net".to_owned();
    world
        .sandbox
        .add_distribution(cloudfront_sandbox::Distribution { id, domain, aliases: Vec::new(), ..api })
        .unwrap();
    world.sandbox.set_edge_rules(rules);
    world
}

fn answer(status: u16, body: &str) -> EdgeRule {
    EdgeRule::new("*", EdgeAnswer::Origin).host(HOST).status(status).body(body).header("x-amz-apigw-id", "a=")
}

/// An answer that the site's page may read.
fn good(origin: &str) -> EdgeRule {
    answer(200, "[]").header("access-control-allow-origin", origin)
}

fn preflight(origin: &str, headers: &str) -> EdgeRule {
    good(origin).method("OPTIONS").header("access-control-allow-headers", headers)
}

async fn site(world: &World) -> String {
    format!("https://{}", world.distribution(WORKSHOP).await.domain_name)
}

async fn set_api(world: &World, method: ApiMethod, headers: &[(&str, &str)]) {
    let headers = headers.iter().map(|(name, value)| header(name, value)).collect();
    let api = NewApi { url: API.to_owned(), method, headers };
    set(world, NewCheckSettings { apis: vec![api], ..NewCheckSettings::default() }).await.unwrap();
}

/// Invalidates a page that is unchanged, and returns the run.
async fn checked(world: &World) -> CheckRun {
    let id = invalidate(world, "/news.html", || {}).await;
    run(world, &id).await
}

fn api(run: &CheckRun) -> &UrlCheck {
    run.urls.iter().find(|check| check.kind == CheckKind::Api).unwrap()
}

fn words(check: &UrlCheck) -> String {
    let judgement = check.judgement.unwrap();
    format!("{} {}", judgement.verdict.as_str(), judgement.cause.map_or("", CheckCause::as_str))
}

fn asked(world: &World) -> Vec<View> {
    world.sandbox.views().into_iter().filter(|view| view.host == HOST).collect()
}

#[tokio::test]
async fn an_api_that_answers_is_asked_once_with_its_key_and_makes_nothing_unclear() {
    let world = world(Vec::new()).await;
    let origin = site(&world).await;
    world.sandbox.set_edge_rules(vec![
        preflight(&origin, "X-Api-Key"),
        good(&origin).request_header(&format!("x-api-key: {KEY}")),
        answer(403, r#"{"message":"Forbidden"}"#),
    ]);
    set_api(&world, ApiMethod::Get, &[("x-api-key", KEY), ("Accept", "application/json")]).await;
    let run = checked(&world).await;
    assert_eq!(words(api(&run)), "unclear answers", "{run:?}");
    assert_eq!((api(&run).step.as_str(), &api(&run).before), ("", &None));
    assert_eq!((run.freshness, run.state), (Freshness::Unchanged, CheckRunState::Done));

    let asked = asked(&world);
    assert_eq!(asked.iter().map(|view| view.method.as_str()).collect::<Vec<_>>(), ["GET", "OPTIONS"]);
    let [get, options] = &asked[..] else { unreachable!() };
    let sent = |view: &View, name: &str| view.headers.get(name).cloned().unwrap_or_default();
    assert_eq!((sent(get, "origin"), sent(get, "x-api-key")), (origin.clone(), KEY.to_owned()));
    assert_eq!((sent(options, "origin"), sent(options, "x-api-key")), (origin, String::new()));
    assert_eq!(sent(options, "access-control-request-headers"), "x-api-key");
    let others = world.sandbox.views().into_iter().filter(|view| view.host != HOST);
    assert!(others.into_iter().all(|view| !view.headers.contains_key("x-api-key")), "its API alone gets it");
    assert!(!everything(&world).await.contains(KEY));
    let note = world.history().await.pop().unwrap().event.note;
    assert_eq!(note, "1 unchanged; API: 1 answers");
    world.finish().await;
}

#[tokio::test]
async fn each_error_of_an_api_has_its_cause_and_its_step() {
    let forbidden = r#"{"message":"Forbidden"}"#;
    let cases = [
        (answer(403, forbidden), "broken api_key_required", "usage plan has this stage"),
        (
            answer(403, r#"{"message":"Missing Authentication Token"}"#),
            "broken not_found",
            "the stage and the method",
        ),
        (
            answer(429, r#"{"message":"Limit Exceeded"}"#).header("retry-after", "60"),
            "broken api_quota_exceeded",
            "asks to wait 60 s",
        ),
        (
            answer(429, r#"{"message":"Too Many Requests"}"#).header("retry-after", "2"),
            "broken too_many_requests",
            "asks to wait 2 s",
        ),
        (answer(502, r#"{"message":"Internal server error"}"#), "broken origin_failed", "statusCode"),
        (answer(500, "oops"), "broken origin_failed", "log of the function"),
        (answer(504, r#"{"message":"Endpoint request timed out"}"#), "broken origin_timeout", "29 s"),
        (answer(401, r#"{"message":"Unauthorized"}"#), "broken credentials_required", "Authorization"),
        (answer(200, "[]"), "broken cors_missing", "Access-Control-Allow-Origin: https://"),
        (good("https://other.example"), "broken cors_other_origin", "https://other.example"),
        (good("*").status(301).header("location", "https://b.example/"), "unclear redirected", "b.example"),
    ];
    for (rule, expected, step) in cases {
        let world = world(vec![rule]).await;
        set_api(&world, ApiMethod::Get, &[("x-api-key", KEY)]).await;
        let run = checked(&world).await;
        let api = api(&run);
        assert_eq!(words(api), expected, "{api:?}");
        assert!(api.step.contains(step), "{expected}: {}", api.step);
        let hidden = api.step.contains("Browsers report this error as one of CORS");
        let answer = api.after.as_ref().unwrap().answer().unwrap();
        assert_eq!(hidden, answer.is_error(), "{}", api.step);
        assert_eq!(run.freshness.as_str(), expected.split(' ').next().unwrap());
        // After an error or a redirect no preflight follows, and no redirect is followed.
        let requests = if answer.status == 200 { 2 } else { 1 };
        assert_eq!(asked(&world).len(), requests, "{expected}");
        world.finish().await;
    }
}

#[tokio::test]
async fn the_step_for_a_missing_key_is_another_one_than_for_a_wrong_key() {
    let world = world(vec![answer(403, r#"{"message":"Forbidden"}"#)]).await;
    set_api(&world, ApiMethod::Get, &[]).await;
    let run = checked(&world).await;
    assert!(api(&run).step.starts_with("Set the header x-api-key for this API"), "{}", api(&run).step);
    // An answer to HEAD has no body: the type of the error tells.
    world.sandbox.set_edge_rules(vec![answer(403, "").header("x-amzn-errortype", "ForbiddenException")]);
    set_api(&world, ApiMethod::Head, &[("x-api-key", KEY)]).await;
    let run = checked(&world).await;
    assert_eq!(words(api(&run)), "broken api_key_required");
    assert!(api(&run).step.contains("get-usage-plans --region us-east-1"), "{}", api(&run).step);
    assert_eq!(asked(&world).last().unwrap().method, "HEAD");
    world.finish().await;
}

#[tokio::test]
async fn a_preflight_that_fails_breaks_what_answers_otherwise() {
    let missing = r#"{"message":"Missing Authentication Token"}"#;
    for (rule, expected, step) in [
        (answer(403, missing), "broken cors_preflight_refused", "Add the method OPTIONS"),
        (answer(403, r#"{"message":"Forbidden"}"#), "broken cors_preflight_refused", "without an API key"),
        (preflight("*", "content-type"), "broken cors_header_not_allowed", "Add x-api-key to"),
        (preflight("*", "*"), "unclear answers", ""),
    ] {
        let world = world(vec![rule.method("OPTIONS"), good("*")]).await;
        set_api(&world, ApiMethod::Get, &[("x-api-key", KEY)]).await;
        let run = checked(&world).await;
        assert_eq!(words(api(&run)), expected);
        assert!(api(&run).step.contains(step), "{}", api(&run).step);
        // The preflight alone says the same.
        set_api(&world, ApiMethod::Options, &[("x-api-key", KEY)]).await;
        let run = checked(&world).await;
        assert_eq!(words(api(&run)), expected);
        assert!(
            asked(&world)
                .iter()
                .filter(|v| v.method == "OPTIONS")
                .all(|v| !v.headers.contains_key("x-api-key"))
        );
        world.finish().await;
    }
}

#[tokio::test]
async fn a_request_that_browsers_make_without_a_preflight_needs_none() {
    let world = world(vec![answer(403, "").method("OPTIONS"), good("*")]).await;
    set_api(&world, ApiMethod::Get, &[("Accept", "application/json")]).await;
    assert_eq!(words(api(&checked(&world).await)), "unclear answers");
    assert_eq!(asked(&world).len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_key_that_cannot_be_read_or_an_api_that_was_removed_is_not_asked() {
    let mut world = world(vec![good("*")]).await;
    set_api(&world, ApiMethod::Get, &[("x-api-key", KEY)]).await;
    world.keep_secrets(2);
    let found = checked(&world).await;
    assert_eq!(words(api(&found)), "unclear secret_not_read");
    assert_eq!(found.freshness, Freshness::Unclear);
    assert_eq!(asked(&world).len(), 0);

    world.keep_secrets(1);
    let workshop = DistributionId::parse(WORKSHOP).unwrap();
    let id = commands::check_distribution(&world.command_context, &acting(), &workshop, &[]).await.unwrap();
    set(&world, NewCheckSettings::default()).await.unwrap();
    world.check().await;
    let found = world.database.get(async |conn| unstale::store::checks::find(conn, &id).await).await.unwrap();
    assert_eq!((words(api(&found)).as_str(), asked(&world).len()), ("unclear not_looked", 0));
    world.finish().await;
}

#[tokio::test]
async fn check_now_looks_at_the_api_too_and_a_broken_one_is_looked_at_again() {
    let world = world(vec![answer(500, "oops")]).await;
    set_api(&world, ApiMethod::Get, &[]).await;
    let workshop = DistributionId::parse(WORKSHOP).unwrap();
    let id = commands::check_distribution(&world.command_context, &acting(), &workshop, &[]).await.unwrap();
    world.check().await;
    let found = world.database.get(async |conn| unstale::store::checks::find(conn, &id).await).await.unwrap();
    assert_eq!((words(api(&found)).as_str(), found.freshness), ("broken origin_failed", Freshness::Broken));

    let run = checked(&world).await;
    assert_eq!((run.freshness, run.state), (Freshness::Broken, CheckRunState::After));
    let site = run.urls.iter().find(|check| check.kind == CheckKind::Url).unwrap();
    assert_eq!(site.judgement.unwrap().verdict, Verdict::Unchanged);
    world.sandbox.set_edge_rules(vec![good("*")]);
    let before = world.sandbox.views().len();
    world.advance(std::time::Duration::from_mins(1));
    world.check().await;
    let again = self::run(&world, run.invalidation.as_ref().unwrap()).await;
    assert_eq!((again.freshness, again.state), (Freshness::Unchanged, CheckRunState::Done));
    assert_eq!(world.sandbox.views().len() - before, 1, "what is good is not looked at again");
    world.finish().await;
}
