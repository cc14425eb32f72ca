//! What changed in the configuration of a distribution since its last request is read by the sync, and told until the next
//! request.

use cloudfront_sandbox::{Distribution, ErrorPage, FunctionAssociation};
use unstale::{
    commands::{self, PlanQuestion},
    domain::{access::Access, access::Role, invalidations::plan::PlanInput},
};

use crate::support::{SHOP, World, acting, options, seconds};

/// The shop's configuration changes, and the sync reads it.
async fn change(world: &World, change: impl FnOnce(&mut Distribution)) {
    world.advance(seconds(300));
    let mut shop = world.sandbox.distributions().into_iter().find(|one| one.id == SHOP).unwrap();
    change(&mut shop);
    shop.last_modified = jiff::Timestamp::from_microsecond(world.now().as_micros()).unwrap();
    world.sandbox.add_distribution(shop).unwrap();
    world.survey().await;
    world.live(10).await;
}

fn header(name: &str) -> impl FnOnce(&mut Distribution) {
    let name = name.to_owned();
    move |shop| shop.cache_tag_header = Some(name)
}

/// The codes of what a plan tells.
async fn told(world: &World) -> Vec<&'static str> {
    let distribution = world.distribution(SHOP).await;
    let (by, access) = (acting(), Access::whole(Role::Operator));
    let question = PlanQuestion {
        input: PlanInput::text("/a"),
        distribution: &distribution,
        actor: &by.actor,
        access: &access,
        throughput: options().throughput,
        not_before: None,
    };
    let mut conn = world.database.db.read().await.unwrap();
    let shown = commands::plan_to_show(&world.command_context, &mut conn, question).await.unwrap();
    let changes = shown.drift.map(|drift| drift.changes).unwrap_or_default();
    changes.iter().map(unstale::domain::distributions::drift::ConfigurationChange::code).collect()
}

async fn what_changed_is_told_until_the_next_request(world: World) {
    change(&world, header("X-First")).await;
    assert_eq!(told(&world).await, [""; 0], "there was no request yet");
    world.request_at(SHOP, "/a").await;
    assert_eq!(told(&world).await, [""; 0]);
    change(&world, header("X-Second")).await;
    assert_eq!(told(&world).await, ["tag_header"]);
    change(&world, |shop| {
        shop.error_pages = vec![ErrorPage {
            error_code: 404,
            response_page_path: Some("/404.html".to_owned()),
            response_code: None,
            error_caching_min_ttl: 10,
        }];
        "arn:aws:wafv2:us-east-1:123456789012:global/webacl/site/1".clone_into(&mut shop.web_acl);
        shop.functions = vec![FunctionAssociation {
            event_type: "viewer-request".to_owned(),
            arn: "arn:aws:cloudfront::123456789012:function/rewrite".to_owned(),
        }];
    })
    .await;
    assert_eq!(told(&world).await, ["tag_header", "error_page", "web_acl", "function"], "from both changes");
    // What somebody makes with another tool tells them nothing.
    world.console(&world.distribution(SHOP).await.id, "console", &["/b"]).await;
    world.advance(seconds(300));
    world.live(5).await;
    assert_eq!(told(&world).await.len(), 4);
    change(&world, header("X-First")).await;
    assert_eq!(told(&world).await, ["error_page", "web_acl", "function"], "it is as it was");
    world.advance(seconds(1));
    world.request_at(SHOP, "/c").await;
    assert_eq!(told(&world).await, [""; 0]);
    change(&world, header("X-Third")).await;
    assert_eq!(told(&world).await, ["tag_header"], "compared with the last request, not with the first");
    world.live(60).await;
    world.finish().await;
}

#[tokio::test]
async fn changes_are_told_until_the_next_request() {
    what_changed_is_told_until_the_next_request(World::new().await).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn changes_are_told_until_the_next_request_on_postgres() {
    what_changed_is_told_until_the_next_request(World::on_postgres().await).await;
}

#[tokio::test]
async fn what_does_not_matter_is_not_told() {
    let world = World::new().await;
    world.request_at(SHOP, "/a").await;
    change(&world, |shop| {
        shop.comment = "another".to_owned();
        shop.log_bucket = "logs.s3.amazonaws.com".to_owned();
        shop.price_class = "PriceClass_100".to_owned();
    })
    .await;
    assert_eq!(told(&world).await, [""; 0]);
    world.finish().await;
}
