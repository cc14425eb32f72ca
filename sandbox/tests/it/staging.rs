//! Continuous deployment: the policies, and the staging distribution's own cache.

use cloudfront_sandbox::{ContinuousDeploymentPolicy, Distribution, StagingTraffic};
use serde_json::json;

use crate::support::{SHOP, World, send};

const TWIN: &str = "E4TWIN2B6C8DFG";
const DOMAIN: &str = "d4twin.cloudfront.net";
const LIST: &str = "/2020-05-31/continuous-deployment-policy";

/// The shop with a staging distribution that serves the same files, both set over HTTP.
async fn twin(world: &World, enabled: bool) {
    let folder = world.sandbox.distributions().into_iter().find(|known| known.id == SHOP).unwrap().folder;
    world.configure(TWIN, json!({"domain": DOMAIN, "staging": true, "folder": folder})).await;
    let traffic = json!({"header": {"name": "aws-cf-cd-release", "value": "42"}});
    let policy =
        json!({"id": "policy-1", "enabled": enabled, "staging_domains": [DOMAIN], "traffic": traffic});
    world.configure(SHOP, json!({"continuous_deployment": policy})).await;
}

async fn view(world: &World, headers: &[(&str, &str)]) -> (String, String) {
    let headers = [&[("host", "shop.example.com")], headers].concat();
    let answer = send(&world.sandbox.edge_url(), "GET", "/twin.txt", &headers, "").await.unwrap();
    (answer.body.clone(), answer.source())
}

#[tokio::test]
async fn the_header_leads_to_a_cache_of_its_own() {
    let world = World::new().await;
    twin(&world, true).await;
    let header = [("aws-cf-cd-release", "42")];
    world.write(SHOP, "twin.txt", "old");
    let expected = |body: &str, source: &str| (body.to_owned(), source.to_owned());
    assert_eq!(view(&world, &[]).await, expected("old", "Miss"));
    assert_eq!(view(&world, &header).await, expected("old", "Miss"), "they share no cache");
    assert_eq!(view(&world, &header).await, expected("old", "Hit"));
    assert_eq!(view(&world, &[("aws-cf-cd-release", "41")]).await, expected("old", "Hit"), "of the shop");
    world.write(SHOP, "twin.txt", "new");
    world.invalidate(SHOP, &["/*"]).await;
    assert_eq!(view(&world, &[]).await, expected("new", "Miss"));
    assert_eq!(view(&world, &header).await, expected("old", "Hit"), "it is not invalidated with the shop");
    world.invalidate(TWIN, &["/*"]).await;
    assert_eq!(view(&world, &header).await, expected("new", "Miss"));
    let views = world.sandbox.views();
    assert_eq!(views.last().unwrap().distribution, TWIN);
    twin(&world, false).await;
    assert_eq!(view(&world, &header).await, expected("new", "Hit"), "the policy is disabled: of the shop");
    assert_eq!(world.sandbox.views().last().unwrap().distribution, SHOP);
}

#[tokio::test]
async fn nobody_reaches_a_staging_distribution_by_its_domain() {
    let world = World::new().await;
    twin(&world, true).await;
    let answer = send(&world.sandbox.edge_url(), "GET", "/", &[("host", DOMAIN)], "").await.unwrap();
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn the_configuration_names_the_policy_and_the_list_says_what_it_is() {
    let world = World::new().await;
    let empty = world.call("GET", LIST, "").await;
    assert_eq!((empty.status, empty.text("Quantity"), empty.texts("Id").len()), (200, "0", 0));
    twin(&world, true).await;
    let config = |id: &str| format!("/2020-05-31/distribution/{id}/config");
    let shop = world.call("GET", &config(SHOP), "").await;
    assert_eq!((shop.text("ContinuousDeploymentPolicyId"), shop.text("Staging")), ("policy-1", "false"));
    let staging = world.call("GET", &config(TWIN), "").await;
    assert_eq!((staging.text("ContinuousDeploymentPolicyId"), staging.text("Staging")), ("", "true"));
    let list = world.call("GET", LIST, "").await;
    assert_eq!((list.text("Id"), list.text("DnsName"), list.text("Enabled")), ("policy-1", DOMAIN, "true"));
    assert_eq!((list.text("Type"), list.text("Header")), ("SingleHeader", "aws-cf-cd-release"));
}

#[tokio::test]
async fn the_list_has_pages_and_counts_all() {
    let world = World::new().await;
    for n in 0..3 {
        let policy = ContinuousDeploymentPolicy {
            id: format!("policy-{n}"),
            traffic: StagingTraffic::Weight("0.05".to_owned()),
            ..ContinuousDeploymentPolicy::default()
        };
        let distribution = Distribution::new(format!("E{n:013}"), format!("d{n}.cloudfront.net"));
        let distribution = Distribution { continuous_deployment: Some(policy), ..distribution };
        world.sandbox.add_distribution(distribution).unwrap();
    }
    let first = world.call("GET", &format!("{LIST}?MaxItems=2"), "").await;
    assert_eq!((first.texts("Id"), first.text("NextMarker")), (vec!["policy-0", "policy-1"], "policy-1"));
    assert_eq!((first.text("Quantity"), first.text("Weight")), ("3", "0.05"));
    let second = world.call("GET", &format!("{LIST}?MaxItems=2&Marker=policy-1"), "").await;
    assert_eq!(
        (second.texts("Id"), second.text("NextMarker"), second.text("Quantity")),
        (vec!["policy-2"], "", "3")
    );
}

#[tokio::test]
async fn a_policy_that_cloudfront_would_not_take_is_refused() {
    let world = World::new().await;
    for traffic in [
        json!({"header": {"name": "x-release", "value": "42"}}),
        json!({"header": {"name": "aws-cf-cd-x", "value": ""}}),
        json!({"weight": "0.2"}),
        json!({"weight": "much"}),
    ] {
        let change = json!({"id": SHOP, "continuous_deployment": {"traffic": traffic}});
        let body = change.to_string();
        let answer = world.try_call("POST", "/_sandbox/distributions", &body).await.unwrap();
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
    }
}
