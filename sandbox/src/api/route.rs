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
    ListContinuousDeploymentPolicies,
    /// CloudTrail's.
    LookupEvents,
    /// CloudWatch's.
    GetMetricData,
    /// The pricing plan manager's.
    ListSubscriptions,
}

/// How the answers of an operation are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// CloudFront's own.
    Xml,
    /// JSON in which the body of an error has its code, and this content type.
    AwsJson(&'static str),
    /// JSON in which a header of an error has its code.
    RestJson,
}

impl Operation {
    /// The operation that the header `X-Amz-Target` names. Some programs write the service's whole name, some only its end.
    pub fn of_target(target: &str) -> Option<Self> {
        let is = |name: &str| {
            target.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        if is("CloudTrail_20131101.LookupEvents") {
            Some(Self::LookupEvents)
        } else if is("GraniteServiceVersion20100801.GetMetricData") {
            Some(Self::GetMetricData)
        } else {
            None
        }
    }

    pub fn of(method: &Method, path: &str) -> Option<Self> {
        let path = percent_decode_str(path).decode_utf8().ok()?;
        if method == Method::POST && path == "/v1/ListSubscriptions" {
            return Some(Self::ListSubscriptions);
        }
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
            ("GET", ["continuous-deployment-policy"]) => Self::ListContinuousDeploymentPolicies,
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
            Self::ListContinuousDeploymentPolicies => "ListContinuousDeploymentPolicies",
            Self::LookupEvents => "LookupEvents",
            Self::GetMetricData => "GetMetricData",
            Self::ListSubscriptions => "ListSubscriptions",
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
            | Self::ListContinuousDeploymentPolicies
            | Self::LookupEvents
            | Self::GetMetricData
            | Self::ListSubscriptions => None,
        }
    }

    /// The service that it is an operation of, as signatures name it.
    pub fn service(&self) -> &'static str {
        match self {
            Self::LookupEvents => "cloudtrail",
            Self::GetMetricData => "monitoring",
            Self::ListSubscriptions => "pricingplanmanager",
            _ => "cloudfront",
        }
    }

    /// The action of an IAM policy that allows it.
    pub fn action(&self) -> String {
        let prefix = if *self == Self::GetMetricData { "cloudwatch" } else { self.service() };
        format!("{prefix}:{}", self.name())
    }

    pub fn dialect(&self) -> Dialect {
        match self {
            Self::LookupEvents => Dialect::AwsJson("application/x-amz-json-1.1"),
            Self::GetMetricData => Dialect::AwsJson("application/x-amz-json-1.0"),
            Self::ListSubscriptions => Dialect::RestJson,
            _ => Dialect::Xml,
        }
    }

    /// What an IAM policy would have to allow it on.
    pub fn resource(&self) -> String {
        match self.dialect() {
            // These have no resources.
            Dialect::AwsJson(_) | Dialect::RestJson if *self != Self::LookupEvents => "*".to_owned(),
            _ => arn(self.distribution().unwrap_or("*")),
        }
    }
}
