//! What the account's own cache policies say is read after a distribution changed, and the plan knows it.

use cloudfront_sandbox::{CachePolicy, Fault, FaultKind, KeyPart};
use unstale::domain::{
    distributions::{cache_policy::InKey, delivery::Behavior},
    invalidations::plan::{Plan, Surroundings},
};

use crate::support::{SHOP, World, seconds};

/// The shop gets a policy of its own.
async fn attach(world: &World, policy: CachePolicy) {
    let mut shop = world.sandbox.distributions().into_iter().find(|one| one.id == SHOP).unwrap();
    shop.cache_policy = Some(policy);
    shop.last_modified = "2026-11-23T10:04:00Z".parse().unwrap();
    world.sandbox.add_distribution(shop).unwrap();
    world.advance(seconds(300));
    world.survey().await;
    world.live(10).await;
}

fn lists(world: &World) -> usize {
    world.sandbox.calls().iter().filter(|call| call.operation == "ListCachePolicies").count()
}

async fn behavior(world: &World) -> Behavior {
    world.distribution(SHOP).await.config.unwrap().delivery.behaviors.pop().unwrap()
}

async fn plan(world: &World, typed: &str) -> String {
    let around = Surroundings::unmeasured(world.worker_context.settings.limits);
    format!("{:?}", Plan::work_out(typed, &world.distribution(SHOP).await, around).lines)
}

#[tokio::test]
async fn a_policy_is_read_once_after_a_change_and_the_plan_knows_its_key() {
    let world = World::new().await;
    let query_strings = KeyPart::AllExcept(vec!["utm_source".to_owned()]);
    let cookies = KeyPart::Whitelist(vec!["session".to_owned()]);
    attach(&world, CachePolicy { query_strings, cookies, ..CachePolicy::default() }).await;
    assert_eq!(lists(&world), 1);
    let policy = behavior(&world).await.own_policy.unwrap();
    assert_eq!(
        (policy.query_strings, policy.headers, policy.cookies, policy.has_variants()),
        (InKey::AllExcept, InKey::Nothing, InKey::Listed, true)
    );
    assert_eq!((policy.min_ttl, policy.default_ttl, policy.max_ttl), (1, Some(86_400), Some(31_536_000)));
    let said = plan(&world, "/a.css").await;
    assert!(said.contains("EveryQuery") && said.contains("AllVariants"), "{said}");
    for _ in 0..3 {
        world.advance(seconds(300));
        world.live(3).await;
    }
    assert_eq!(lists(&world), 1, "nothing changed");
    world.finish().await;
}

#[tokio::test]
async fn no_list_is_read_where_no_policy_is_the_accounts_own() {
    let world = World::new().await;
    world.advance(seconds(300));
    world.live(10).await;
    assert_eq!(lists(&world), 0);
    world.finish().await;
}

#[tokio::test]
async fn a_policy_with_a_largest_ttl_of_0_is_said_to_cache_nothing() {
    let world = World::new().await;
    attach(&world, CachePolicy { min_ttl: 0, default_ttl: 0, max_ttl: 0, ..CachePolicy::default() }).await;
    let said = plan(&world, "/a.css").await;
    assert!(said.contains("CachesNothing") && !said.contains("EveryQuery"), "{said}");
    world.finish().await;
}

#[tokio::test]
async fn without_the_permission_it_is_not_known_and_nothing_fails() {
    let world = World::new().await;
    world.fault(Fault::new("ListCachePolicies", FaultKind::AccessDenied));
    let before = world.head().await;
    attach(&world, CachePolicy { query_strings: KeyPart::All, ..CachePolicy::default() }).await;
    assert_eq!((lists(&world), behavior(&world).await.own_policy), (1, None));
    assert!(!plan(&world, "/a.css").await.contains("EveryQuery"));
    assert!(!world.events_after(before).await.contains(&"survey.failed"));
    world.live(60).await;
    assert_eq!(lists(&world), 1, "it is asked again after an hour");
    world.sandbox.set_faults(Vec::new());
    world.advance(seconds(3_600));
    world.live(30).await;
    assert!(behavior(&world).await.own_policy.is_some());
    world.finish().await;
}
