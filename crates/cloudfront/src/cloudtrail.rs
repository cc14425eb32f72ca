//! The CloudTrail client. CloudTrail records who made an invalidation; CloudFront does not return that.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_credential_types::Credentials;
use aws_sdk_cloudtrail::{
    Client,
    primitives::DateTime,
    types::{Event, LookupAttribute, LookupAttributeKey},
};
use serde::Deserialize;

use unstale_domain::{
    id::{CloudFrontInvalidationId, DistributionId},
    invalidations::problem::Problem,
    time::Timestamp,
};

use super::{
    client::{Connect, Page, unreadable},
    environment::{AwsEnvironment, REGION},
    http_client,
    operation::AwsOperation,
};

/// How long CloudTrail keeps its event history (`LookupEvents`, API reference).
pub const KEPT: Duration = Duration::from_hours(24 * 90);
/// The number of rows in one page: the maximum of `LookupEvents`.
const ROWS: i32 = 50;
/// The maximum length of a stored name, in characters. Longer names are cut, because names are shown and searched.
const NAME_MAX: usize = 300;

/// A client for CloudTrail in the region that records CloudFront's calls, or for an emulator.
#[derive(Debug, Clone)]
pub struct CloudTrail(Client);

/// An invalidation as CloudTrail recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub distribution: DistributionId,
    pub invalidation: CloudFrontInvalidationId,
    /// The ARN of the caller. If there is none, the AWS service, the principal ID or the user name.
    pub by: String,
    pub at: Timestamp,
    /// The source address of the call.
    pub address: String,
    pub program: String,
    pub request_id: String,
    /// The ID of the event in CloudTrail.
    pub event_id: String,
}

impl CloudTrail {
    /// Makes a client with the configuration of the environment. Makes no call.
    #[must_use]
    pub fn from_environment(environment: &AwsEnvironment, connect: Connect) -> Self {
        // CloudTrail records the calls of global services in this region, whatever region is set (CloudTrail user
        // guide).
        let region = Region::new(REGION);
        Self::with(aws_sdk_cloudtrail::config::Builder::from(environment.sdk()).region(region), connect)
    }

    /// Makes a client for an emulator at this address with this access key. Does not read the environment.
    #[must_use]
    pub fn at(endpoint: &str, access_key: &str, secret_key: &str, connect: Connect) -> Self {
        let credentials = Credentials::new(access_key, secret_key, None, None, "given");
        let config = aws_sdk_cloudtrail::config::Builder::new()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .credentials_provider(credentials)
            .endpoint_url(endpoint)
            .http_client(http_client::direct());
        Self::with(config, connect)
    }

    fn with(config: aws_sdk_cloudtrail::config::Builder, connect: Connect) -> Self {
        let config = config
            .timeout_config(connect.timeouts())
            // No retries: CloudTrail allows two calls a second, and the caller keeps to that pace.
            .retry_config(RetryConfig::disabled())
            .build();
        Self(Client::from_conf(config))
    }

    /// One page of the invalidations that were made between two times, newest first. Calls that CloudFront refused
    /// are left out.
    pub async fn made(
        &self,
        from: Timestamp,
        to: Timestamp,
        next: Option<&str>,
    ) -> Result<Page<Made>, Problem> {
        let name = LookupAttribute::builder()
            .attribute_key(LookupAttributeKey::EventName)
            .attribute_value("CreateInvalidation")
            .build()
            .map_err(|_| unreadable())?;
        let call = self
            .0
            .lookup_events()
            .lookup_attributes(name)
            .start_time(date(from))
            .end_time(date(to))
            .max_results(ROWS)
            .set_next_token(next.map(str::to_owned))
            .send();
        let output = AwsOperation::LookupEvents.answered(call).await?;
        let rows = output.events().iter().filter_map(made).collect();
        let next = output.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        Ok(Page { rows, next })
    }
}

fn date(at: Timestamp) -> DateTime {
    DateTime::from_secs(at.as_micros().div_euclid(1_000_000))
}

/// The fields that are read from an event (CloudTrail record contents).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Record {
    user_identity: UserIdentity,
    #[serde(rename = "sourceIPAddress")]
    source: Option<String>,
    user_agent: Option<String>,
    #[serde(rename = "requestID")]
    request_id: Option<String>,
    #[serde(rename = "eventID")]
    event_id: Option<String>,
    request_parameters: Option<Parameters>,
    response_elements: Option<Elements>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UserIdentity {
    arn: Option<String>,
    invoked_by: Option<String>,
    principal_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Parameters {
    distribution_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Elements {
    invalidation: Option<ResponseInvalidation>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResponseInvalidation {
    id: Option<String>,
}

/// `None` if the call made no invalidation, or if the record cannot be parsed.
fn made(event: &Event) -> Option<Made> {
    let record: Record = serde_json::from_str(event.cloud_trail_event()?).ok()?;
    let id = record.response_elements?.invalidation?.id?;
    let distribution = record.request_parameters?.distribution_id?;
    let who = record.user_identity;
    let by = who.arn.or(who.invoked_by).or(who.principal_id).or_else(|| event.username().map(str::to_owned));
    let at = event.event_time().map_or(0, |at| at.secs().saturating_mul(1_000_000));
    Some(Made {
        distribution: DistributionId::from_trusted(distribution),
        invalidation: CloudFrontInvalidationId::from_trusted(id),
        by: cut(by?),
        at: Timestamp::from_micros(at),
        address: record.source.map(cut).unwrap_or_default(),
        program: record.user_agent.map(cut).unwrap_or_default(),
        request_id: record.request_id.map(cut).unwrap_or_default(),
        event_id: record.event_id.map(cut).unwrap_or_default(),
    })
}

fn cut(text: String) -> String {
    if text.chars().count() > NAME_MAX { text.chars().take(NAME_MAX).collect() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(record: &str) -> Option<Made> {
        made(&Event::builder().username("ada").cloud_trail_event(record).build())
    }

    #[test]
    fn who_made_it_is_told_as_well_as_it_is_known() {
        let record = |identity: &str| {
            format!(
                r#"{{"userIdentity":{identity},"sourceIPAddress":"192.0.2.1","userAgent":"aws-cli/2",
                "requestParameters":{{"distributionId":"E1"}},
                "responseElements":{{"invalidation":{{"id":"I1","status":"InProgress"}},"location":"x"}}}}"#
            )
        };
        for (identity, by) in [
            (
                r#"{"type":"IAMUser","arn":"arn:aws:iam::1:user/ada","principalId":"AIDA"}"#,
                "arn:aws:iam::1:user/ada",
            ),
            (r#"{"type":"AWSService","invokedBy":"amplify.amazonaws.com"}"#, "amplify.amazonaws.com"),
            (r#"{"type":"AWSAccount","principalId":"AIDA","accountId":"1"}"#, "AIDA"),
            ("{}", "ada"),
        ] {
            let made = read(&record(identity)).unwrap();
            assert_eq!((made.by.as_str(), made.address.as_str()), (by, "192.0.2.1"));
            assert_eq!((made.distribution.as_str(), made.invalidation.as_str()), ("E1", "I1"));
        }
    }

    #[test]
    fn a_call_that_made_nothing_is_passed_over() {
        for record in [
            r#"{"errorCode":"AccessDenied","requestParameters":{"distributionId":"E1"},"responseElements":null}"#,
            r#"{"requestParameters":null,"responseElements":{"invalidation":{"id":"I1"}}}"#,
            "{}",
            "not JSON",
            "",
        ] {
            assert_eq!(read(record), None, "{record}");
        }
    }
}
