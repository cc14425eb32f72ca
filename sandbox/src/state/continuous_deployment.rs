//! Owns a continuous deployment policy, as a primary distribution names it.

use serde::{Deserialize, Serialize};

/// Which requests for a distribution its staging distribution answers. The account has each policy that a distribution
/// names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContinuousDeploymentPolicy {
    /// A UUID.
    pub id: String,
    /// Whether requests go to the staging distribution now.
    pub enabled: bool,
    /// The domains of the staging distributions.
    pub staging_domains: Vec<String>,
    /// Which requests those are.
    pub traffic: StagingTraffic,
}

/// `TrafficConfig`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum StagingTraffic {
    /// `SingleHeader`: those with this header.
    Header {
        /// It begins with `aws-cf-cd-`.
        name: String,
        /// What it has to say.
        value: String,
    },
    /// `SingleWeight`: so much of them, from `0` to `0.15`. Only shown: the edge sends nobody, as CloudFront may when it
    /// is busy.
    Weight(String),
}

impl ContinuousDeploymentPolicy {
    /// Whether a request with these headers goes to the staging distribution.
    pub(crate) fn takes<'a>(&self, header: impl Fn(&str) -> Option<&'a str>) -> bool {
        match &self.traffic {
            StagingTraffic::Header { name, value } => self.enabled && header(name) == Some(value),
            StagingTraffic::Weight(_) => false,
        }
    }

    /// Whether CloudFront would take it (API reference, `TrafficConfig`).
    pub(crate) fn is_valid(&self) -> bool {
        match &self.traffic {
            StagingTraffic::Header { name, value } => name.starts_with("aws-cf-cd-") && !value.is_empty(),
            StagingTraffic::Weight(weight) => {
                weight.parse().is_ok_and(|weight: f32| (0.0..=0.15).contains(&weight))
            }
        }
    }
}

impl Default for ContinuousDeploymentPolicy {
    fn default() -> Self {
        Self {
            id: "3a1d2c44-86d3-4a0f-9b7e-5d7f8f0b1c02".to_owned(),
            enabled: true,
            staging_domains: Vec::new(),
            traffic: StagingTraffic::Header { name: "aws-cf-cd-staging".to_owned(), value: "yes".to_owned() },
        }
    }
}
