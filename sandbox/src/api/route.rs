//! Owns the map from method and path to operation.

use hyper::Method;
use percent_encoding::percent_decode_str;

use crate::state::arn;

/// An operation of the API, with what its path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    CreateInvalidation {
        distribution: String,
    },
    GetInvalidation {
        distribution: String,
        id: String,
    },
    ListInvalidations {
        distribution: String,
    },
    ListDistributions,
    GetDistribution {
        distribution: String,
    },
    GetDistributionConfig {
        distribution: String,
    },
    ListTagsForResource,
    ListCachePolicies,
    /// CloudTrail's.
    LookupEvents,
}

/// Does the header name CloudTrail's one operation? Some programs write the service's whole name, some only its end.
pub(crate) fn is_lookup(target: &str) -> bool {
    let name = "CloudTrail_20131101.LookupEvents";
    target.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

impl Operation {
    pub fn of(method: &Method, path: &str) -> Option<Self> {
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let rest = path.strip_prefix("/2020-05-31/")?.trim_end_matches('/');
        let steps: Vec<&str> = rest.split('/').collect();
        Some(match (method.as_str(), steps.as_slice()) {
            ("GET", ["distribution"]) => Self::ListDistributions,
            ("GET", ["distribution", id]) => Self::GetDistribution { distribution: (*id).into() },
            ("GET", ["distribution", id, "config"]) => {
                Self::GetDistributionConfig { distribution: (*id).into() }
            }
            ("POST", ["distribution", id, "invalidation"]) => {
                Self::CreateInvalidation { distribution: (*id).into() }
            }
            ("GET", ["distribution", id, "invalidation"]) => {
                Self::ListInvalidations { distribution: (*id).into() }
            }
            ("GET", ["distribution", distribution, "invalidation", id]) => {
                Self::GetInvalidation { distribution: (*distribution).into(), id: (*id).into() }
            }
            ("GET", ["cache-policy"]) => Self::ListCachePolicies,
            ("GET", ["tagging"]) => Self::ListTagsForResource,
            _ => return None,
        })
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::CreateInvalidation { .. } => "CreateInvalidation",
            Self::GetInvalidation { .. } => "GetInvalidation",
            Self::ListInvalidations { .. } => "ListInvalidations",
            Self::ListDistributions => "ListDistributions",
            Self::GetDistribution { .. } => "GetDistribution",
            Self::GetDistributionConfig { .. } => "GetDistributionConfig",
            Self::ListTagsForResource => "ListTagsForResource",
            Self::ListCachePolicies => "ListCachePolicies",
            Self::LookupEvents => "LookupEvents",
        }
    }

    pub fn distribution(&self) -> Option<&str> {
        match self {
            Self::CreateInvalidation { distribution }
            | Self::GetInvalidation { distribution, .. }
            | Self::ListInvalidations { distribution }
            | Self::GetDistribution { distribution }
            | Self::GetDistributionConfig { distribution } => Some(distribution),
            Self::ListDistributions
            | Self::ListTagsForResource
            | Self::ListCachePolicies
            | Self::LookupEvents => None,
        }
    }

    /// The service that it is an operation of, as signatures name it.
    pub fn service(&self) -> &'static str {
        if *self == Self::LookupEvents { "cloudtrail" } else { "cloudfront" }
    }

    /// What an IAM policy would have to allow it on.
    pub fn resource(&self) -> String {
        arn(self.distribution().unwrap_or("*"))
    }
}
