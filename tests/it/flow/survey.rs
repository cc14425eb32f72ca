//! The catalogue of distributions is read from CloudFront and kept up to date.

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::{
    commands,
    domain::{distributions::distribution::DistributionReadiness, invalidations::problem::ProblemKind},
    store::distributions::{self, survey},
};

use crate::support::{DOCS, Database, Engine, SHOP, Setup, WORKSHOP, World, acting, at, seconds};

async fn unread() -> World {
    World::unread(Database::new(Engine::Sqlite).await, Setup::default()).await
}

/// Surveys for a minute, a second at a time: what is read keeps the account's pace.
async fn survey_on(world: &World) {
    for _ in 0..60 {
        world.survey().await;
        world.advance(seconds(1));
    }
}

async fn row(world: &World) -> survey::Survey {
    world.database.get(async |conn| survey::read(conn).await).await
}

#[tokio::test]
async fn all_distributions_are_read_with_their_configuration() {
    let world = unread().await;
    world.survey().await;
    assert_eq!(row(&world).await.finished_at, Some(at(0)));
    survey_on(&world).await;
    let all = world.database.get(async |conn| distributions::list(conn).await).await;
    assert_eq!(all.len(), world.sandbox.distributions().len());
    let shop = world.distribution(SHOP).await;
    assert_eq!(shop.name(), "shop.example.com");
    assert_eq!(shop.account(), "123456789012");
    assert_eq!(shop.readiness(), DistributionReadiness::Ready);
    let config = shop.config.unwrap();
    assert_eq!(config.root_object.as_deref(), Some("index.html"));
    assert_eq!(config.tag_header.as_deref(), Some("x-amz-meta-cache-tag"));
    assert_eq!(world.distribution(WORKSHOP).await.config.unwrap().tag_header, None);
    assert_eq!(world.distribution(DOCS).await.aliases, ["docs.example.com", "help.example.com"]);
    assert_eq!(world.events_after(0).await, ["distribution.seen"; 5]);
    world.finish().await;
}

#[tokio::test]
async fn more_than_a_page_of_them_is_read() {
    let world = unread().await;
    for number in 0..230 {
        let distribution = cloudfront_sandbox::Distribution::new(
            format!("EMANY{number:09}"),
            format!("dmany{number}.cloudfront.net"),
        );
        let distribution = cloudfront_sandbox::Distribution { folder: "many".to_owned(), ..distribution };
        world.sandbox.add_distribution(distribution).unwrap();
    }
    world.survey().await;
    let all = world.database.get(async |conn| distributions::list(conn).await).await;
    assert_eq!(all.len(), 235);
    for _ in 0..5 {
        survey_on(&world).await;
    }
    let all = world.database.get(async |conn| distributions::list(conn).await).await;
    assert!(all.iter().all(|distribution| distribution.config.is_some()));
    world.finish().await;
}

#[tokio::test]
async fn a_configuration_is_read_again_only_after_a_change() {
    let world = World::new().await;
    world.advance(seconds(300));
    world.survey().await;
    let configs = || {
        let calls = world.sandbox.calls();
        calls.iter().filter(|call| call.operation == "GetDistributionConfig").count()
    };
    assert_eq!(configs(), 0);
    let mut shop = world.sandbox.distributions().into_iter().find(|one| one.id == SHOP).unwrap();
    shop.default_root_object = "start.html".to_owned();
    shop.last_modified = "2026-11-23T10:04:00Z".parse().unwrap();
    world.sandbox.add_distribution(shop).unwrap();
    world.advance(seconds(300));
    world.survey().await;
    assert_eq!(configs(), 1);
    assert_eq!(world.distribution(SHOP).await.config.unwrap().root_object.as_deref(), Some("start.html"));
    world.finish().await;
}

#[tokio::test]
async fn a_failing_survey_is_told_once_and_recovers_by_itself() {
    for (kind, problem) in [
        (FaultKind::AccessDenied, ProblemKind::AccessDenied),
        (FaultKind::Expired, ProblemKind::ExpiredCredentials),
        (FaultKind::Malformed, ProblemKind::UnreadableAnswer),
    ] {
        let world = World::new().await;
        let before = world.head().await;
        world.fault(Fault::new("ListDistributions", kind));
        world.advance(seconds(300));
        for _ in 0..4 {
            world.survey().await;
            world.advance(seconds(15));
        }
        assert_eq!(row(&world).await.problem.unwrap().kind, problem);
        assert_eq!(row(&world).await.finished_at, Some(at(0)), "what was read stays");
        assert_eq!(world.events_after(before).await, ["survey.failed"]);
        world.sandbox.set_faults(Vec::new());
        world.survey().await;
        assert_eq!(row(&world).await.problem, None);
        assert_eq!(world.events_after(before).await, ["survey.failed", "survey.recovered"]);
        let all = world.database.get(async |conn| distributions::list(conn).await).await;
        assert!(all.iter().all(|distribution| distribution.gone_at.is_none()), "a failure makes nothing go");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_page_that_fails_makes_nothing_go() {
    let world = unread().await;
    for number in 0..120 {
        let distribution = cloudfront_sandbox::Distribution::new(
            format!("EMANY{number:09}"),
            format!("dmany{number}.cloudfront.net"),
        );
        let distribution = cloudfront_sandbox::Distribution { folder: "many".to_owned(), ..distribution };
        world.sandbox.add_distribution(distribution).unwrap();
    }
    world.survey().await;
    world.advance(seconds(300));
    // The first page is answered, the second one is not.
    let pass = Fault::new("ListDistributions", FaultKind::Slow).times(1);
    world.sandbox.set_faults(vec![pass, Fault::new("ListDistributions", FaultKind::AccessDenied)]);
    world.survey().await;
    let all = world.database.get(async |conn| distributions::list(conn).await).await;
    assert_eq!(all.iter().filter(|distribution| distribution.gone_at.is_some()).count(), 0);
    assert!(row(&world).await.problem.is_some());
    world.finish().await;
}

#[tokio::test]
async fn a_person_can_have_it_read_now() {
    let world = World::new().await;
    world.advance(seconds(10));
    world.survey().await;
    assert!(world.sandbox.calls().iter().all(|call| call.operation != "ListDistributions"));
    commands::refresh_distributions(&world.command_context, &acting()).await.unwrap();
    world.survey().await;
    assert_eq!(row(&world).await.finished_at, Some(at(10)));
    world.finish().await;
}
