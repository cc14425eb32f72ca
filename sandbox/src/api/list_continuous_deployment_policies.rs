//! `ListContinuousDeploymentPolicies`: the policies that distributions name.

use super::errors::ApiError;
use super::get_invalidation::time;
use super::paging::Page;
use super::reply::Reply;
use super::shapes::texts;
use crate::state::{ContinuousDeploymentPolicy, Distribution, StagingTraffic, State};
use crate::xml::Element;

pub(crate) fn answer(state: &State, query: &str) -> Result<Reply, ApiError> {
    let page = Page::of(query)?;
    let mut all: Vec<(&Distribution, &ContinuousDeploymentPolicy)> = Vec::new();
    for distribution in &state.distributions {
        let policy = distribution.continuous_deployment.as_ref();
        let policy = policy.filter(|policy| all.iter().all(|(_, known)| known.id != policy.id));
        all.extend(policy.map(|policy| (distribution, policy)));
    }
    let (rows, truncated) = page.rows(&all, |(_, known)| &known.id)?;
    let next = rows.last().filter(|_| truncated);
    // It has neither `Marker` nor `IsTruncated`, and its `Quantity` is the number of all policies of the account
    // (API reference, `ContinuousDeploymentPolicyList`).
    let list = Element::new("ContinuousDeploymentPolicyList")
        .maybe(next.map(|(_, last)| Element::text("NextMarker", &last.id)))
        .leaf("MaxItems", page.size)
        .leaf("Quantity", all.len());
    let items = rows.iter().map(|(distribution, policy)| summary(distribution, policy));
    Ok(Reply::ok(if rows.is_empty() { list } else { list.child(Element::new("Items").children(items)) }))
}

fn summary(distribution: &Distribution, policy: &ContinuousDeploymentPolicy) -> Element {
    let domains: Vec<&str> = policy.staging_domains.iter().map(String::as_str).collect();
    let config = Element::new("ContinuousDeploymentPolicyConfig")
        .child(texts("StagingDistributionDnsNames", "DnsName", &domains))
        .leaf("Enabled", policy.enabled)
        .child(traffic(&policy.traffic));
    let policy = Element::new("ContinuousDeploymentPolicy")
        .leaf("Id", &policy.id)
        .leaf("LastModifiedTime", time(distribution.last_modified))
        .child(config);
    Element::new("ContinuousDeploymentPolicySummary").child(policy)
}

fn traffic(traffic: &StagingTraffic) -> Element {
    let config = Element::new("TrafficConfig");
    match traffic {
        StagingTraffic::Weight(weight) => config
            .child(Element::new("SingleWeightConfig").leaf("Weight", weight))
            .leaf("Type", "SingleWeight"),
        StagingTraffic::Header { name, value } => config
            .child(Element::new("SingleHeaderConfig").leaf("Header", name).leaf("Value", value))
            .leaf("Type", "SingleHeader"),
    }
}
