//! CloudFront's continuous deployment: a primary distribution, and the staging distribution that gets some of its requests.

use serde::{Deserialize, Serialize};

use crate::id::DistributionId;

/// What a continuous deployment policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContinuousDeploymentPolicy {
    /// Whether requests reach the staging distribution now.
    pub enabled: bool,
    pub traffic: StagingTraffic,
    /// The domain names that CloudFront gave the staging distributions. AWS allows one.
    pub staging_domains: Vec<String>,
}

/// Which requests for the primary distribution the staging distribution gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StagingTraffic {
    /// Those with this request header, whose name begins with `aws-cf-cd-`. Its value is not kept: whoever knows it gets
    /// what is not released yet.
    Header(String),
    /// Those of so many of 10,000 viewers. CloudFront sends fewer, or none, when it is busy.
    Weight(u32),
    /// The policy does not say it, or in a way that is not documented.
    Unknown,
}

impl StagingTraffic {
    /// Which requests these are, as text that goes on a sentence: "requests with the header aws-cf-cd-test".
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Header(name) => format!("requests with the header {name}"),
            Self::Weight(share) => {
                let (whole, rest) = (share / 100, share % 100);
                let percent = format!("{whole}.{rest:02}");
                let percent = percent.trim_end_matches('0').trim_end_matches('.');
                format!("the requests of up to {percent}% of viewers")
            }
            Self::Unknown => "some requests".to_owned(),
        }
    }

    /// The stable word for programs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Header(_) => "header",
            Self::Weight(_) => "weight",
            Self::Unknown => "unknown",
        }
    }
}

/// What is known of the policy that a distribution's configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContinuousDeployment {
    pub policy_id: String,
    /// `None` until it was read, and if it cannot be read.
    pub policy: Option<ContinuousDeploymentPolicy>,
}

/// A primary distribution and its staging distribution. They share no cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagingPair {
    pub primary: DistributionId,
    pub staging: DistributionId,
    pub policy: ContinuousDeploymentPolicy,
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The pair of these two, by a header.
    #[must_use]
    pub fn pair(primary: &str, staging: &str) -> StagingPair {
        StagingPair {
            primary: DistributionId::from_trusted(primary),
            staging: DistributionId::from_trusted(staging),
            policy: ContinuousDeploymentPolicy {
                enabled: true,
                traffic: StagingTraffic::Header("aws-cf-cd-test".to_owned()),
                staging_domains: vec![format!("d{}.cloudfront.net", staging.to_lowercase())],
            },
        }
    }

    #[test]
    fn the_requests_are_told_in_words() {
        for (traffic, words) in [
            (StagingTraffic::Header("aws-cf-cd-test".to_owned()), "requests with the header aws-cf-cd-test"),
            (StagingTraffic::Weight(1_500), "the requests of up to 15% of viewers"),
            (StagingTraffic::Weight(250), "the requests of up to 2.5% of viewers"),
            (StagingTraffic::Weight(5), "the requests of up to 0.05% of viewers"),
            (StagingTraffic::Weight(0), "the requests of up to 0% of viewers"),
            (StagingTraffic::Unknown, "some requests"),
        ] {
            assert_eq!(traffic.describe(), words);
        }
    }

    #[test]
    fn a_policy_is_kept_as_text() {
        let policy = pair("E1", "E2").policy;
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<ContinuousDeploymentPolicy>(&text).unwrap(), policy);
    }
}
