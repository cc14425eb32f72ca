//! The client for the pricing plan manager, which knows the distributions on flat-rate plans; CloudFront does not return
//! that.

use std::{borrow::Cow, sync::Arc};

use serde::Deserialize;
use serde_json::json;

use unstale_domain::{
    distributions::flat_rate_plan::FlatRatePlan, id::DistributionId, invalidations::problem::Problem,
};

use super::{
    client::{Connect, Page, unreadable},
    environment::{AwsEnvironment, REGION},
    operation::AwsOperation,
    signed_call::{BodyFormat, SignedClient, SignedOperation, SignedService},
};

/// All regions use this one endpoint and are signed for its region (botocore 1.44, endpoint rules of 2025-08-05).
const SERVICE: SignedService = SignedService {
    id: "Pricing Plan Manager",
    signing_name: "pricingplanmanager",
    region: Cow::Borrowed(REGION),
    endpoint: Cow::Borrowed("https://pricingplanmanager.us-east-1.api.aws"),
    fips_endpoint: None,
    format: BodyFormat::Json("application/json"),
};
const LIST_SUBSCRIPTIONS: SignedOperation = SignedOperation {
    operation: AwsOperation::ListSubscriptions,
    path: "/v1/ListSubscriptions",
    target: None,
};

/// A client for the pricing plan manager, or for an emulator. Clones share it.
#[derive(Debug, Clone)]
pub struct PricingPlanManager(Arc<SignedClient>);

/// A distribution on a flat-rate plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricingPlanSubscription {
    pub distribution: DistributionId,
    pub plan: FlatRatePlan,
}

impl PricingPlanManager {
    /// Makes a client with the configuration of the environment. Makes no call. `None` if the service cannot be asked: there
    /// are no credentials, or only CloudFront has an endpoint of its own.
    #[must_use]
    pub fn from_environment(environment: &AwsEnvironment, connect: Connect) -> Option<Self> {
        SignedClient::from_environment(SERVICE, environment, connect).map(|client| Self(Arc::new(client)))
    }

    /// Makes a client for an emulator at this address with this access key. Does not read the environment.
    #[must_use]
    pub fn at(endpoint: &str, access_key: &str, secret_key: &str, connect: Connect) -> Self {
        Self(Arc::new(SignedClient::at(SERVICE, endpoint, (access_key, secret_key), connect)))
    }

    /// One page of the subscriptions of the account.
    pub async fn list_subscriptions(
        &self,
        next: Option<&str>,
    ) -> Result<Page<PricingPlanSubscription>, Problem> {
        let request = next.map_or_else(|| json!({}), |token| json!({ "nextToken": token }));
        let answer = self.0.call(LIST_SUBSCRIPTIONS, request.to_string()).await?;
        let page: SubscriptionPage = serde_json::from_value(answer).map_err(|_| unreadable())?;
        let rows = page.summaries.iter().flat_map(SubscriptionSummary::subscriptions).collect();
        Ok(Page { rows, next: page.next_token.filter(|token| !token.is_empty()) })
    }
}

/// The part of an answer that is read.
#[derive(Deserialize)]
struct SubscriptionPage {
    #[serde(rename = "subscriptionSummaries")]
    summaries: Vec<SubscriptionSummary>,
    #[serde(rename = "nextToken")]
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionSummary {
    plan_tier: String,
    status: String,
    #[serde(default)]
    resource_arns: Vec<String>,
}

impl SubscriptionSummary {
    /// The distributions that it covers. One that nobody has approved yet covers none. All other states may cover theirs:
    /// while a change is applied, and after one failed, the plan before it holds.
    fn subscriptions(&self) -> impl Iterator<Item = PricingPlanSubscription> {
        let covers = self.status != "PENDING_APPROVAL";
        let ids = self.resource_arns.iter().filter(move |_| covers).filter_map(|arn| distribution(arn));
        ids.map(|distribution| PricingPlanSubscription {
            distribution,
            plan: FlatRatePlan::parse(&self.plan_tier),
        })
    }
}

/// The distribution of an ARN. `None` for other resources, such as a web ACL.
fn distribution(arn: &str) -> Option<DistributionId> {
    let (service, id) = arn.split_once(":distribution/")?;
    service.contains(":cloudfront:").then(|| DistributionId::parse(id)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_distributions_that_a_plan_covers_are_read() {
        let summary = |status: &str| SubscriptionSummary {
            plan_tier: "PRO".to_owned(),
            status: status.to_owned(),
            resource_arns: vec![
                "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/b".to_owned(),
                "arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL".to_owned(),
            ],
        };
        for status in ["ACTIVE", "SYNC_IN_PROGRESS", "FAILED", "BRAND_NEW"] {
            let found: Vec<_> = summary(status).subscriptions().collect();
            assert_eq!(found.len(), 1, "{status}");
            assert_eq!((found[0].distribution.as_str(), found[0].plan.as_str()), ("E2QWRUHAPOMQZL", "PRO"));
        }
        assert_eq!(summary("PENDING_APPROVAL").subscriptions().count(), 0);
    }
}
