//! Reads what a continuous deployment policy says.

use aws_sdk_cloudfront::types;
use unstale_domain::{
    distributions::continuous_deployment::{ContinuousDeploymentPolicy, StagingTraffic},
    storable::storable,
};

/// The policy with its ID. `None` if a part is missing.
pub(crate) fn continuous_deployment_policy(
    row: &types::ContinuousDeploymentPolicySummary,
) -> Option<(String, ContinuousDeploymentPolicy)> {
    let policy = row.continuous_deployment_policy()?;
    let id = storable(policy.id().trim()).into_owned();
    let config = policy.continuous_deployment_policy_config()?;
    let domains = config.staging_distribution_dns_names()?.items();
    let read = ContinuousDeploymentPolicy {
        enabled: config.enabled(),
        traffic: config.traffic_config().map_or(StagingTraffic::Unknown, traffic),
        staging_domains: domains.iter().map(|domain| storable(domain.trim()).into_owned()).collect(),
    };
    (!id.is_empty()).then_some((id, read))
}

/// `SingleHeader` or `SingleWeight` (API reference, `TrafficConfig`). The value of the header is left out.
fn traffic(config: &types::TrafficConfig) -> StagingTraffic {
    let header = || {
        let name = config.single_header_config()?.header().trim();
        (!name.is_empty()).then(|| StagingTraffic::Header(storable(name).into_owned()))
    };
    let weight = || Some(StagingTraffic::Weight(share(config.single_weight_config()?.weight())?));
    match config.r#type() {
        types::ContinuousDeploymentPolicyType::SingleHeader => header(),
        types::ContinuousDeploymentPolicyType::SingleWeight => weight(),
        _ => None,
    }
    .unwrap_or(StagingTraffic::Unknown)
}

/// A weight from 0 to 1 in parts of 10,000. AWS allows at most 0.15.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 10,000")]
fn share(weight: f32) -> Option<u32> {
    (0.0..=1.0).contains(&weight).then(|| (weight * 10_000.0).round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_a_share_of_10_000() {
        for (weight, parts) in [(0.0, Some(0)), (0.05, Some(500)), (0.15, Some(1_500)), (0.001, Some(10))] {
            assert_eq!(share(weight), parts, "{weight}");
        }
        assert_eq!((share(-0.1), share(1.1), share(f32::NAN)), (None, None, None));
    }
}
