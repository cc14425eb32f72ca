//! What viewers get is looked at before and after an invalidation, and what that proves is told.

use std::{fs, time::Duration};

use cloudfront_sandbox::{Distribution, EdgeAnswer, EdgeRule, ErrorPage, GeoRestriction, VIEWER_COUNTRY};
use unstale::{
    commands::{self, CommandError},
    domain::{
        audit::Action,
        checks::{CheckCause, CheckRunState, CheckSettings, Freshness, LookFailure, Verdict},
        id::{DistributionId, InvalidationId},
    },
    store::checks,
};

use crate::support::{
    SHOP, WORKSHOP, World, acting,
    checked::{
        cached, check_run as run, complete_and_check, invalidate_and_check as invalidate, publish,
        set_checks as set, unpublish,
    },
};

#[tokio::test]
async fn a_new_version_is_fresh_and_the_same_one_is_unchanged() {
    let world = World::new().await;
    publish(&world, "news.html", "old");
    cached(&world, "/news.html").await;
    let id = invalidate(&world, "/news.html", || publish(&world, "news.html", "new")).await;
    let first = run(&world, &id).await;
    assert_eq!((first.freshness, first.state), (Freshness::Fresh, CheckRunState::Done), "{first:?}");
    assert_eq!(first.urls.len(), 1);
    assert!(first.urls[0].url.ends_with("/news.html") && first.urls[0].url.starts_with("https://"));

    let id = invalidate(&world, "/news.html", || {}).await;
    let second = run(&world, &id).await;
    assert_eq!(second.freshness, Freshness::Unchanged, "{second:?}");
    assert_eq!(second.urls[0].judgement.unwrap().cause, Some(CheckCause::OriginUnchanged));
    assert!(!second.urls[0].step.is_empty());

    let told: Vec<String> = world
        .history()
        .await
        .into_iter()
        .filter(|chained| chained.event.action == Action::CheckFinished)
        .map(|chained| format!("{} {} {}", chained.event.old, chained.event.new, chained.event.note))
        .collect();
    assert_eq!(told, ["pending fresh 1 fresh", "pending unchanged 1 unchanged"]);
    world.finish().await;
}

#[tokio::test]
async fn a_missing_file_is_broken_and_looked_at_again_after_1_5_and_15_minutes() {
    let world = World::new().await;
    publish(&world, "news.html", "old");
    cached(&world, "/news.html").await;
    let id = invalidate(&world, "/news.html", || unpublish(&world, "news.html")).await;
    let mut rounds = Vec::new();
    for minute in 0..40 {
        world.check().await;
        let run = run(&world, &id).await;
        assert_eq!(run.freshness, Freshness::Broken);
        if rounds.last().is_none_or(|(_, round)| *round != run.round) {
            rounds.push((minute, run.round));
        }
        world.advance(Duration::from_mins(1));
    }
    assert_eq!(rounds, [(0, 1), (1, 2), (6, 3), (21, 4)]);
    assert_eq!(run(&world, &id).await.state, CheckRunState::Done);

    publish(&world, "news.html", "new");
    world.advance(Duration::from_mins(1));
    let check = run(&world, &id).await;
    commands::check_again(&world.command_context, &acting(), &check.id).await.unwrap();
    world.check().await;
    assert_eq!(run(&world, &id).await.freshness, Freshness::Fresh);
    assert_eq!(
        world.events(&id).await.into_iter().filter(|action| action.starts_with("check.")).collect::<Vec<_>>(),
        ["check.finished", "check.requested", "check.finished"]
    );
    world.finish().await;
}

#[tokio::test]
async fn a_wildcard_is_looked_at_by_the_urls_and_texts_that_people_set() {
    let world = World::new().await;
    world.check().await;
    publish(&world, "news.html", "build 6");
    cached(&world, "/news.html").await;
    let settings = CheckSettings {
        urls: vec!["/news.html".to_owned()],
        must_contain: Some("build 7".to_owned()),
        ..CheckSettings::default()
    };
    set(&world, &settings).await;
    let id = invalidate(&world, "/*", || publish(&world, "news.html", "build 6 again")).await;
    let missing = run(&world, &id).await;
    let judgement = missing.urls[0].judgement.unwrap();
    assert_eq!((judgement.verdict, judgement.cause), (Verdict::Broken, Some(CheckCause::TextMissing)));
    let id = invalidate(&world, "/*", || publish(&world, "news.html", "build 7")).await;
    assert_eq!(run(&world, &id).await.freshness, Freshness::Fresh);
    world.finish().await;
}

#[tokio::test]
async fn an_invalidation_that_is_cancelled_or_switched_off_has_no_check() {
    let world = World::new().await;
    world.check().await;
    let id = world.request("/news.html").await;
    world.check().await;
    commands::cancel_invalidation(&world.command_context, &acting(), &id).await.unwrap();
    world.check().await;
    assert_eq!(run(&world, &id).await.freshness, Freshness::Off);
    set(&world, &CheckSettings { enabled: false, ..CheckSettings::default() }).await;
    let id = invalidate(&world, "/index.html", || {}).await;
    assert_eq!(world.database.get(async |conn| checks::of_invalidation(conn, &id).await).await, None);
    world.finish().await;
}

#[tokio::test]
async fn a_life_that_ends_while_it_looks_is_made_up_for() {
    let mut world = World::new().await;
    world.check().await;
    publish(&world, "news.html", "old");
    cached(&world, "/news.html").await;
    let id = world.request("/news.html").await;
    world.check().await;
    publish(&world, "news.html", "new");
    world.submit().await;
    world.advance(Duration::from_secs(25));
    world.poll().await;
    world.advance(Duration::from_secs(1));
    // The service ends here. What it did not take in stands in the history.
    world.restart().await;
    world.check().await;
    assert_eq!(run(&world, &id).await.urls[0].judgement.unwrap().verdict, Verdict::Fresh);
    world.finish().await;
}

/// The verdict and the cause of the first URL, in their words.
pub(super) async fn verdict(world: &World, id: &InvalidationId) -> String {
    let check = run(world, id).await.urls.remove(0);
    let judgement = check.judgement.unwrap();
    let words = format!("{} {}", judgement.verdict.as_str(), judgement.cause.map_or("", CheckCause::as_str));
    assert_eq!(check.step.is_empty(), judgement.cause.is_none(), "{words}: {}", check.step);
    words
}

#[tokio::test]
async fn an_edge_that_goes_on_serving_the_old_version_is_stale() {
    let world = World::new().await;
    publish(&world, "news.html", "old");
    cached(&world, "/news.html").await;
    let keeps = EdgeRule { ignores_invalidations: true, ..EdgeRule::new("/news.html", EdgeAnswer::Usual) };
    world.sandbox.set_edge_rules(vec![keeps]);
    let id = invalidate(&world, "/news.html", || publish(&world, "news.html", "new")).await;
    assert_eq!(verdict(&world, &id).await, "stale old_at_edge");
    // It is looked at again by itself, and the verdict changes.
    world.sandbox.set_edge_rules(Vec::new());
    let again = invalidate(&world, "/news.html", || {}).await;
    assert_eq!(verdict(&world, &again).await, "fresh ");
    world.advance(Duration::from_mins(1));
    world.check().await;
    assert_eq!(run(&world, &id).await.freshness, Freshness::Fresh);
    world.finish().await;
}

#[tokio::test]
async fn each_answer_has_its_verdict_and_its_cause() {
    for (answer, expected) in [
        (EdgeAnswer::MissingKey, "broken signature_required"),
        // What the configuration has not is not believed.
        (EdgeAnswer::WafBlock, "broken other_refusal"),
        (EdgeAnswer::SignatureRefused, "broken other_refusal"),
        (EdgeAnswer::S3AccessDenied, "broken object_missing_or_denied"),
        (EdgeAnswer::S3NoSuchKey, "broken object_missing"),
        (EdgeAnswer::OriginUnreachable, "broken origin_not_connected"),
        (EdgeAnswer::OriginUnresolved, "broken origin_not_resolved"),
        (EdgeAnswer::OriginTimeout, "broken origin_timeout"),
        (EdgeAnswer::FunctionError, "broken function_failed"),
        (EdgeAnswer::LambdaError, "broken function_failed"),
        (EdgeAnswer::LimitExceeded, "broken limit_exceeded"),
        (EdgeAnswer::Reset, "broken protocol_error"),
        (EdgeAnswer::Close, "broken protocol_error"),
        (EdgeAnswer::Hang, "broken answer_timeout"),
    ] {
        let world = World::copied(crate::support::Setup::default()).await;
        cached(&world, "/index.html").await;
        let id = invalidate(&world, "/index.html", || {
            world.sandbox.set_edge_rules(vec![EdgeRule::new("*", answer)]);
        })
        .await;
        assert_eq!(verdict(&world, &id).await, expected, "{answer:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_site_that_hangs_is_asked_twice_and_holds_no_other() {
    let world = World::new().await;
    world.check().await;
    world.sandbox.set_edge_rules(vec![EdgeRule::new("*", EdgeAnswer::Hang).distribution(WORKSHOP)]);
    let hanging = world.request("/a\n/b\n/c\n/d\n/e").await;
    let other = world.request_at(SHOP, "/index.html").await;
    world.check().await;
    let failures: Vec<_> = run(&world, &hanging)
        .await
        .urls
        .into_iter()
        .map(|check| check.before.unwrap().outcome.unwrap_err())
        .collect();
    let mut expected = vec![LookFailure::NotLooked; 5];
    expected[..2].fill(LookFailure::AnswerTimeout);
    assert_eq!(failures, expected);
    assert!(run(&world, &other).await.urls[0].before.as_ref().unwrap().outcome.is_ok());
    world.finish().await;
}

#[tokio::test]
async fn a_url_is_asked_at_most_twice_after_completion() {
    let world = World::new().await;
    publish(&world, "news.html", "old");
    world.check().await;
    let id = world.request("/news.html").await;
    world.check().await;
    world.submit().await;
    world.advance(Duration::from_secs(25));
    world.poll().await;
    world.advance(Duration::from_secs(1));
    let before = world.sandbox.views().len();
    world.check().await;
    // Nothing was at the edge before, and the same is there now.
    assert_eq!(verdict(&world, &id).await, "unchanged origin_unchanged");
    assert_eq!(world.sandbox.views().len() - before, 2);
    world.finish().await;
}

/// Changes the distribution in CloudFront, and lets the service read it.
pub(super) async fn configure(world: &World, change: impl FnOnce(&mut Distribution)) {
    let mut distributions = world.sandbox.distributions();
    let mut workshop = distributions.remove(distributions.iter().position(|one| one.id == WORKSHOP).unwrap());
    change(&mut workshop);
    let now = world.now().as_micros();
    workshop.last_modified = jiff::Timestamp::from_microsecond(now).unwrap();
    world.sandbox.add_distribution(workshop).unwrap();
    world.advance(Duration::from_mins(6));
    world.survey_at_once().await;
}

/// What single-page applications set: the index in place of a file that is not there.
fn index_for_missing() -> ErrorPage {
    ErrorPage {
        error_code: 403,
        response_code: Some(200),
        response_page_path: Some("/index.html".to_owned()),
        error_caching_min_ttl: 10,
    }
}

#[tokio::test]
async fn the_configuration_decides_between_causes() {
    let world = World::new().await;
    world.check().await;
    configure(&world, |workshop| workshop.error_pages = vec![index_for_missing()]).await;
    publish(&world, "app.js", "old");
    let folder = world.sandbox.origin_of(WORKSHOP).unwrap();
    let id = invalidate(&world, "/app.js", || fs::remove_file(folder.join("app.js")).unwrap()).await;
    assert_eq!(verdict(&world, &id).await, "broken hidden_missing_file");

    configure(&world, |workshop| {
        workshop.error_pages.clear();
        workshop.web_acl = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/site/1".to_owned();
    })
    .await;
    world.sandbox.set_edge_rules(vec![EdgeRule::new("*", EdgeAnswer::WafBlock)]);
    let id = invalidate(&world, "/index.html", || {}).await;
    assert_eq!(verdict(&world, &id).await, "broken blocked_by_waf");

    world.sandbox.set_edge_rules(Vec::new());
    configure(&world, |workshop| {
        workshop.geo_restriction = GeoRestriction::Blacklist(vec![VIEWER_COUNTRY.to_owned()]);
    })
    .await;
    let id = invalidate(&world, "/index.html", || {}).await;
    assert_eq!(verdict(&world, &id).await, "broken blocked_by_country");
    world.finish().await;
}

#[tokio::test]
async fn where_the_edge_had_no_copy_an_earlier_check_is_compared_with() {
    let world = World::new().await;
    publish(&world, "news.html", "old");
    let id = invalidate(&world, "/news.html", || {}).await;
    assert_eq!(verdict(&world, &id).await, "unchanged origin_unchanged");
    // Nobody views it for longer than the edge keeps it, and it is published before anybody invalidates it.
    world.advance(Duration::from_hours(48));
    publish(&world, "news.html", "new");
    let id = invalidate(&world, "/news.html", || {}).await;
    assert_eq!(verdict(&world, &id).await, "fresh ");
    world.finish().await;
}

#[tokio::test]
async fn what_time_does_not_change_is_not_looked_at_again() {
    let world = World::new().await;
    world.check().await;
    let id = invalidate(&world, "/no-such-folder/*", || {}).await;
    assert_eq!(verdict(&world, &id).await, "unclear guessed_url");
    assert_eq!(run(&world, &id).await.state, CheckRunState::Done);
    world.finish().await;
}

#[tokio::test]
async fn a_redirect_is_judged_by_itself_and_not_by_its_target() {
    let world = World::new().await;
    publish(&world, "news.html", "old");
    cached(&world, "/news.html").await;
    world.advance(Duration::from_mins(5));
    let to = EdgeRule::new("/old", EdgeAnswer::Origin).status(301).header("Location", "/news.html");
    world.sandbox.set_edge_rules(vec![to]);
    // The target is much older than the invalidation of the redirect.
    let id = invalidate(&world, "/old", || {}).await;
    let judged = verdict(&world, &id).await;
    assert!(!judged.starts_with("stale") && !judged.starts_with("fresh"), "{judged}");
    world.finish().await;
}

#[tokio::test]
async fn an_error_page_with_the_text_that_must_appear_is_not_fresh() {
    let world = World::new().await;
    world.check().await;
    configure(&world, |workshop| workshop.error_pages = vec![index_for_missing()]).await;
    publish(&world, "news.html", "build 1");
    publish(&world, "index.html", "build 2");
    set(&world, &CheckSettings { must_contain: Some("build 2".to_owned()), ..CheckSettings::default() })
        .await;
    cached(&world, "/news.html").await;
    let id = invalidate(&world, "/news.html", || unpublish(&world, "news.html")).await;
    assert!(!verdict(&world, &id).await.starts_with("fresh"));
    world.finish().await;
}

#[tokio::test]
async fn a_check_by_hand_waits_for_the_one_before_and_a_cancelled_invalidation_has_none() {
    let world = World::new().await;
    world.check().await;
    let workshop = DistributionId::parse(WORKSHOP).unwrap();
    let start =
        async || commands::check_distribution(&world.command_context, &acting(), &workshop, &[]).await;
    start().await.unwrap();
    assert!(matches!(start().await, Err(CommandError::CheckGoesOn)));
    world.check().await;
    start().await.unwrap();

    let id = world.request("/news.html").await;
    world.check().await;
    commands::cancel_invalidation(&world.command_context, &acting(), &id).await.unwrap();
    world.check().await;
    let off = run(&world, &id).await;
    let again = commands::check_again(&world.command_context, &acting(), &off.id).await;
    assert!(matches!(again, Err(CommandError::TooLate)));
    world.finish().await;
}

#[tokio::test]
async fn a_host_that_the_distribution_has_lost_is_not_asked() {
    let world = World::new().await;
    world.check().await;
    let lost = CheckSettings { host: Some("lost.example.com".to_owned()), ..CheckSettings::default() };
    set(&world, &lost).await;
    let id = invalidate(&world, "/news.html", || {}).await;
    assert!(run(&world, &id).await.urls[0].url.contains("cloudfront.net"));
    world.finish().await;
}

#[tokio::test]
async fn a_url_whose_host_was_lost_since_it_was_picked_is_not_asked() {
    let world = World::new().await;
    world.check().await;
    configure(&world, |workshop| workshop.aliases = vec!["www.example.com".to_owned()]).await;
    let id = world.request("/news.html").await;
    world.check().await;
    assert_eq!(run(&world, &id).await.urls[0].url, "https://www.example.com/news.html");
    configure(&world, |workshop| workshop.aliases.clear()).await;
    let before = world.sandbox.views().len();
    complete_and_check(&world, &id).await;
    assert_eq!(verdict(&world, &id).await, "unclear not_looked");
    assert_eq!(world.sandbox.views().len(), before);
    world.finish().await;
}
