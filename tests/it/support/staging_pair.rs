//! A staging distribution of the shop, as tests of continuous deployment need it.

use cloudfront_sandbox::{ContinuousDeploymentPolicy, Distribution, StagingTraffic};
use unstale::{
    domain::{distributions::continuous_deployment::StagingPair, id::DistributionId},
    store::distributions::continuous_deployments,
};

use super::{SHOP, World, seconds};

/// Its ID comes before the shop's, so that the order of the IDs is not that of the roles.
pub const STAGING: &str = "E0TWIN2B6C8DFG";
pub const STAGING_DOMAIN: &str = "d0twin.cloudfront.net";
pub const HEADER: &str = "aws-cf-cd-release";
pub const VALUE: &str = "42";

/// A policy that names the staging distribution.
pub fn policy() -> ContinuousDeploymentPolicy {
    ContinuousDeploymentPolicy {
        id: "policy-1".to_owned(),
        enabled: true,
        staging_domains: vec![STAGING_DOMAIN.to_owned()],
        traffic: StagingTraffic::Header { name: HEADER.to_owned(), value: VALUE.to_owned() },
    }
}

/// The staging distribution is at CloudFront, and the sync has not read it yet.
pub fn make_staging(world: &World) {
    let shop = world.sandbox.distributions().into_iter().find(|known| known.id == SHOP).unwrap();
    let staging = Distribution {
        staging: true,
        comment: "Shop, next release".to_owned(),
        folder: shop.folder,
        ..Distribution::new(STAGING, STAGING_DOMAIN)
    };
    world.sandbox.add_distribution(staging).unwrap();
}

/// The shop's configuration names this policy from now on, and the sync has read what it can.
pub async fn deploy(world: &World, policy: Option<ContinuousDeploymentPolicy>) {
    let mut shop = world.sandbox.distributions().into_iter().find(|known| known.id == SHOP).unwrap();
    shop.continuous_deployment = policy;
    world.advance(seconds(300));
    shop.last_modified = world.sandbox.clock().now();
    world.sandbox.add_distribution(shop).unwrap();
    world.survey().await;
    world.live(10).await;
}

/// The shop has its staging distribution, and the sync knows it.
pub async fn with_staging(world: &World) {
    make_staging(world);
    deploy(world, Some(policy())).await;
    assert_eq!(pairs(world, SHOP).await.len(), 1);
}

/// The pairs to which a distribution belongs, as the store has them.
pub async fn pairs(world: &World, id: &str) -> Vec<StagingPair> {
    let id = DistributionId::from_trusted(id);
    world.database.get(async |conn| continuous_deployments::pairs_of(conn, &[&id]).await).await
}

/// What a viewer of the shop gets who sends the policy's header, so that the staging distribution answers.
pub async fn view_staging(world: &World, path: &str) -> String {
    let address = format!("{}{path}", world.sandbox.edge_url());
    let asked = reqwest::Client::new().get(address).header("host", "shop.example.com").header(HEADER, VALUE);
    asked.send().await.unwrap().text().await.unwrap()
}
