//! The continuous deployment policies that distributions name, and their pairs.

use unstale::{
    domain::distributions::{
        continuous_deployment::{
            ContinuousDeployment, ContinuousDeploymentPolicy, StagingPair, StagingTraffic,
        },
        distribution::Distribution,
    },
    store::distributions::{
        self,
        continuous_deployments::{self, DeploymentWanted},
    },
};

use super::given::{self, ACCOUNT, id};
use crate::support::{Database, at, distribution, on_each_engine};

fn policy(domains: &[&str]) -> ContinuousDeploymentPolicy {
    ContinuousDeploymentPolicy {
        enabled: true,
        traffic: StagingTraffic::Header("aws-cf-cd-test".to_owned()),
        staging_domains: domains.iter().map(ToString::to_string).collect(),
    }
}

async fn want(database: &Database, name: &str, policy: Option<&str>, read_for: u64) {
    let id = id(name);
    database.write(async |tx| continuous_deployments::want(tx, &id, policy, at(read_for)).await).await;
}

async fn wanted(database: &Database) -> Vec<DeploymentWanted> {
    database.get(async |conn| continuous_deployments::wanted(conn).await).await
}

async fn fill_in(database: &Database, of: &DeploymentWanted, policy: Option<&ContinuousDeploymentPolicy>) {
    database.write(async |tx| continuous_deployments::fill_in(tx, of, policy).await).await;
}

async fn find(database: &Database, name: &str) -> Option<ContinuousDeployment> {
    database.get(async |conn| continuous_deployments::find(conn, &id(name)).await).await
}

async fn pairs(database: &Database, names: &[&str]) -> Vec<StagingPair> {
    let ids: Vec<_> = names.iter().map(|name| id(name)).collect();
    let ids: Vec<_> = ids.iter().collect();
    database.get(async |conn| continuous_deployments::pairs_of(conn, &ids).await).await
}

async fn put(database: &Database, name: &str, domain: &str, staging: bool) {
    let one = Distribution { domain_name: domain.to_owned(), staging, ..distribution(name) };
    database.write(async |tx| distributions::upsert(tx, &one).await).await;
}

async fn a_policy_is_wanted_until_it_is_filled_in(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    want(database, "E1", Some("p1"), 1).await;
    want(database, "E2", None, 1).await;
    let first = wanted(database).await;
    let expected = DeploymentWanted {
        distribution: id("E1"),
        account: ACCOUNT.to_owned(),
        policy_id: "p1".to_owned(),
        read_for: at(1),
    };
    assert_eq!(first.as_slice(), std::slice::from_ref(&expected));
    let unread = ContinuousDeployment { policy_id: "p1".to_owned(), policy: None };
    assert_eq!(find(database, "E1").await, Some(unread));
    assert_eq!(find(database, "E2").await, None);
    let read = policy(&["d9.cloudfront.net", "d9.cloudfront.net"]);
    let stale = DeploymentWanted { read_for: at(0), ..expected.clone() };
    fill_in(database, &stale, Some(&read)).await;
    assert_eq!(wanted(database).await.len(), 1, "another configuration was stored meanwhile");
    fill_in(database, &expected, Some(&read)).await;
    assert!(wanted(database).await.is_empty());
    assert_eq!(find(database, "E1").await.unwrap().policy, Some(read.clone()));
    want(database, "E1", Some("p1"), 2).await;
    assert_eq!(wanted(database).await.len(), 1);
    assert_eq!(find(database, "E1").await.unwrap().policy, Some(read), "what is known stays until then");
    database.write(async |tx| distributions::set_gone(tx, &id("E1"), at(3)).await).await;
    assert!(wanted(database).await.is_empty(), "nobody asks for one that is gone");
}

async fn a_pair_is_found_from_both_sides(database: &Database) {
    given::distributions(database, &["E1", "E2", "E3"]).await;
    put(database, "E2", "d2.cloudfront.net", true).await;
    want(database, "E1", Some("p1"), 1).await;
    assert!(pairs(database, &["E1", "E2"]).await.is_empty(), "the policy is not read");
    let of = wanted(database).await.remove(0);
    let read = policy(&["d2.cloudfront.net"]);
    fill_in(database, &of, Some(&read)).await;
    let pair = StagingPair { primary: id("E1"), staging: id("E2"), policy: read };
    for names in [&["E1"][..], &["E2"], &["E1", "E2", "E3"]] {
        assert_eq!(pairs(database, names).await.as_slice(), std::slice::from_ref(&pair), "{names:?}");
    }
    assert!(pairs(database, &["E3"]).await.is_empty() && pairs(database, &[]).await.is_empty());
    put(database, "E2", "d2.cloudfront.net", false).await;
    assert!(pairs(database, &["E1"]).await.is_empty(), "only a staging distribution is one");
    put(database, "E2", "d2.cloudfront.net", true).await;
    database.write(async |tx| distributions::set_gone(tx, &id("E2"), at(3)).await).await;
    assert!(pairs(database, &["E1"]).await.is_empty(), "one that is gone is nobody's");
    put(database, "E2", "d2.cloudfront.net", true).await;
    assert_eq!(pairs(database, &["E2"]).await.len(), 1);
}

async fn another_policy_and_none_forget_what_was_known(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    put(database, "E2", "d2.cloudfront.net", true).await;
    want(database, "E1", Some("p1"), 1).await;
    let of = wanted(database).await.remove(0);
    fill_in(database, &of, Some(&policy(&["d2.cloudfront.net"]))).await;
    want(database, "E1", Some("p2"), 2).await;
    assert_eq!(find(database, "E1").await.unwrap().policy, None);
    assert!(pairs(database, &["E2"]).await.is_empty());
    let other = wanted(database).await.remove(0);
    fill_in(database, &of, Some(&policy(&["d2.cloudfront.net"]))).await;
    assert!(pairs(database, &["E2"]).await.is_empty(), "that was the answer for another policy");
    fill_in(database, &other, Some(&policy(&["d2.cloudfront.net"]))).await;
    assert_eq!(pairs(database, &["E2"]).await.len(), 1);
    // AWS no longer lists it.
    fill_in(database, &other, None).await;
    assert_eq!(find(database, "E1").await.unwrap().policy, None);
    assert!(pairs(database, &["E2"]).await.is_empty());
    fill_in(database, &other, Some(&policy(&["d2.cloudfront.net"]))).await;
    want(database, "E1", None, 3).await;
    assert_eq!(find(database, "E1").await, None);
    assert!(pairs(database, &["E2"]).await.is_empty());
}

on_each_engine!(
    a_policy_is_wanted_until_it_is_filled_in,
    a_pair_is_found_from_both_sides,
    another_policy_and_none_forget_what_was_known,
);
