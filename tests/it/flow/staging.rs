//! Which staging distribution belongs to a primary one is read after a distribution changed, and nothing is claimed of it
//! from looks that do not see it.

use std::fs;

use cloudfront_sandbox::{
    ContinuousDeploymentPolicy, Distribution, Fault, FaultKind, StagingTraffic as Traffic,
};
use unstale::{
    commands::{self, CommandError},
    domain::{
        checks::CheckSettingsError,
        distributions::continuous_deployment::{ContinuousDeployment, StagingTraffic},
        id::DistributionId,
        invalidations::plan::Plan,
    },
    store::{checks, distributions::continuous_deployments},
};

use crate::support::{
    SHOP, World, acting, all_seen, seconds,
    staging_pair::{
        HEADER, STAGING, STAGING_DOMAIN, deploy, make_staging, pairs, policy, view_staging, with_staging,
    },
};

fn lists(world: &World) -> usize {
    let is_list = |operation: &str| operation == "ListContinuousDeploymentPolicies";
    world.sandbox.calls().iter().filter(|call| is_list(&call.operation)).count()
}

async fn known(world: &World) -> Option<ContinuousDeployment> {
    let shop = DistributionId::from_trusted(SHOP);
    world.database.get(async |conn| continuous_deployments::find(conn, &shop).await).await
}

#[tokio::test]
async fn the_policy_is_read_once_after_a_change_and_makes_a_pair() {
    let world = World::new().await;
    with_staging(&world).await;
    assert_eq!(lists(&world), 1);
    let [of_shop, of_staging] = [pairs(&world, SHOP).await, pairs(&world, STAGING).await];
    assert_eq!(of_shop, of_staging);
    assert_eq!((of_shop[0].primary.as_str(), of_shop[0].staging.as_str()), (SHOP, STAGING));
    assert_eq!(of_shop[0].policy.traffic, StagingTraffic::Header(HEADER.to_owned()));
    let kept =
        format!("{:?}", world.database.raw().await.texts("SELECT policy FROM continuous_deployment").await);
    assert!(kept.contains(HEADER) && !kept.contains("42"), "the header's value is not kept: {kept}");
    for _ in 0..3 {
        world.advance(seconds(300));
        world.live(3).await;
    }
    assert_eq!(lists(&world), 1, "nothing changed");
    // It is read again with the configuration.
    let traffic = Traffic::Weight("0.05".to_owned());
    deploy(&world, Some(ContinuousDeploymentPolicy { enabled: false, traffic, ..policy() })).await;
    let pair = pairs(&world, SHOP).await.remove(0);
    assert_eq!((lists(&world), pair.policy.enabled), (2, false));
    assert_eq!(pair.policy.traffic, StagingTraffic::Weight(500));
    deploy(&world, None).await;
    assert_eq!((lists(&world), known(&world).await, pairs(&world, STAGING).await.len()), (2, None, 0));
    world.finish().await;
}

#[tokio::test]
async fn no_list_is_read_where_no_policy_is_named() {
    let world = World::new().await;
    make_staging(&world);
    world.advance(seconds(300));
    world.survey().await;
    world.live(10).await;
    assert_eq!(lists(&world), 0);
    world.finish().await;
}

#[tokio::test]
async fn without_the_permission_it_is_not_known_and_nothing_fails() {
    let world = World::new().await;
    world.fault(Fault::new("ListContinuousDeploymentPolicies", FaultKind::AccessDenied));
    let before = world.head().await;
    make_staging(&world);
    deploy(&world, Some(policy())).await;
    let unread = ContinuousDeployment { policy_id: "policy-1".to_owned(), policy: None };
    assert_eq!((lists(&world), known(&world).await), (1, Some(unread)));
    assert!(pairs(&world, SHOP).await.is_empty());
    assert!(!world.events_after(before).await.contains(&"survey.failed"));
    world.live(60).await;
    assert_eq!(lists(&world), 1, "it is asked again after an hour");
    world.sandbox.set_faults(Vec::new());
    world.advance(seconds(3_600));
    world.live(30).await;
    assert_eq!(pairs(&world, SHOP).await.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn throttling_and_an_answer_that_breaks_off_lose_nothing() {
    let world = World::new().await;
    with_staging(&world).await;
    for kind in [FaultKind::Throttle, FaultKind::Truncated, FaultKind::ServerError] {
        // The SDK asks more than once by itself.
        world.fault(Fault::new("ListContinuousDeploymentPolicies", kind));
        deploy(&world, Some(policy())).await;
        assert_eq!(pairs(&world, SHOP).await.len(), 1, "what was known stays");
        world.sandbox.set_faults(Vec::new());
        world.advance(seconds(300));
        world.live(30).await;
        let wanted = world.database.get(async |conn| continuous_deployments::wanted(conn).await).await;
        assert!(wanted.is_empty(), "{wanted:?}");
    }
    assert_eq!(pairs(&world, SHOP).await.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_domain_that_nobody_has_makes_no_pair_until_it_is_listed() {
    let world = World::new().await;
    deploy(&world, Some(policy())).await;
    let named = known(&world).await.unwrap().policy.unwrap();
    assert_eq!((named.staging_domains, lists(&world)), (vec![STAGING_DOMAIN.to_owned()], 1));
    assert!(pairs(&world, SHOP).await.is_empty());
    make_staging(&world);
    world.advance(seconds(300));
    world.survey().await;
    assert_eq!((pairs(&world, SHOP).await.len(), lists(&world)), (1, 1));
    world.sandbox.remove_distribution(STAGING);
    world.advance(seconds(300));
    world.survey().await;
    assert!(pairs(&world, SHOP).await.is_empty(), "one that is gone is nobody's staging distribution");
    world.finish().await;
}

#[tokio::test]
async fn policies_on_a_second_page_are_found() {
    let world = World::new().await;
    for n in 0..105 {
        let policy =
            ContinuousDeploymentPolicy { id: format!("other-{n}"), staging_domains: Vec::new(), ..policy() };
        let other = Distribution {
            continuous_deployment: Some(policy),
            ..Distribution::new(format!("E9{n:012}"), format!("d9{n}.cloudfront.net"))
        };
        world.sandbox.add_distribution(other).unwrap();
    }
    let (last, domain) = ("E9LAST00000000", "d9last.cloudfront.net");
    let of_last = Distribution { continuous_deployment: Some(policy()), ..Distribution::new(last, domain) };
    world.sandbox.add_distribution(of_last).unwrap();
    make_staging(&world);
    world.advance(seconds(300));
    // All configurations without the pace, and then the policies of those that were read after the first list.
    for _ in 0..3 {
        world.survey_at_once().await;
        world.advance(seconds(60));
    }
    assert_eq!(pairs(&world, STAGING).await.len(), 1);
    assert_eq!(pairs(&world, STAGING).await[0].primary.as_str(), last);
    let wanted = world.database.get(async |conn| continuous_deployments::wanted(conn).await).await;
    assert!(wanted.is_empty(), "{wanted:?}");
    world.finish().await;
}

#[tokio::test]
async fn without_asking_for_it_the_staging_distribution_keeps_the_old_copy() {
    let world = World::new().await;
    with_staging(&world).await;
    let file = world.sandbox.origin_of(SHOP).unwrap().join("twin.txt");
    let shop = async || world.view(SHOP, "/twin.txt").await.text().await.unwrap();
    fs::write(&file, "old").unwrap();
    assert_eq!((shop().await.as_str(), view_staging(&world, "/twin.txt").await.as_str()), ("old", "old"));
    fs::write(&file, "new").unwrap();
    world.request_at(SHOP, "/twin.txt").await;
    world.live(60).await;
    assert_eq!((shop().await.as_str(), view_staging(&world, "/twin.txt").await.as_str()), ("new", "old"));
    world.request_at(STAGING, "/twin.txt").await;
    world.live(60).await;
    assert_eq!(view_staging(&world, "/twin.txt").await, "new");
    world.finish().await;
}

#[tokio::test]
async fn nothing_is_claimed_of_a_staging_distribution() {
    let world = World::new().await;
    with_staging(&world).await;
    let id = world.request_at(STAGING, "/index.html").await;
    world.check().await;
    world.live(60).await;
    world.check().await;
    let run = world.database.get(async |conn| checks::of_invalidation(conn, &id).await).await;
    assert_eq!((world.state(&id).await, run), ("completed", None), "looks at its host would see nothing");
    let staging = DistributionId::from_trusted(STAGING);
    let looked = commands::check_distribution(&world.command_context, &acting(), &staging, &[]).await;
    assert!(matches!(looked, Err(CommandError::CheckSettings(CheckSettingsError::Staging))), "{looked:?}");
    let asked = commands::ask_for_check_up(&world.command_context, &acting(), &staging).await;
    assert!(matches!(asked, Err(CommandError::TooLate)), "{asked:?}");
    assert!(world.sandbox.views().is_empty(), "{:?}", world.sandbox.views());
    world.finish().await;
}

#[tokio::test]
async fn the_staging_distribution_gets_the_same_items_and_only_for_whom_sees_it() {
    let world = World::new().await;
    with_staging(&world).await;
    let shop = world.distribution(SHOP).await;
    let around =
        unstale::domain::invalidations::plan::Surroundings::unmeasured(world.worker_context.settings.limits);
    let parts = async |access: &unstale::domain::access::Access, typed: &str| {
        let input = unstale::domain::invalidations::plan::PlanInput::text(typed);
        let parts = vec![(shop.clone(), input)];
        let mut conn = world.database.db.read().await.unwrap();
        let parts = commands::with_staging(&mut conn, parts, around, access).await.unwrap()?;
        let mut items = Vec::new();
        for (distribution, input) in parts {
            let plan: Plan = commands::plan(&mut conn, input, &distribution, around, access).await.unwrap();
            items.push((distribution.id.to_string(), plan.items.iter().map(ToString::to_string).collect()));
        }
        Some(items)
    };
    let whole = unstale::domain::access::Access::whole(unstale::domain::access::Role::Operator);
    let items: Vec<String> = vec!["/a".to_owned(), "/b*".to_owned()];
    let both = vec![(STAGING.to_owned(), items.clone()), (SHOP.to_owned(), items)];
    assert_eq!(parts(&whole, "/a\n/b*\n/bc").await, Some(both));
    let broken = parts(&whole, "/a\n/b*c").await.unwrap();
    assert_eq!(broken.len(), 1, "what cannot be sent is said of the shop alone: {broken:?}");
    assert_eq!(parts(&unstale::domain::access::Access::nothing(), "/a").await, None);
    assert!(parts(&all_seen(), "/a").await.is_some());
    world.finish().await;
}
