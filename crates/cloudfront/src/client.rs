//! The CloudFront client: one method for each API call that Unstale makes.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::Credentials;
use aws_sdk_cloudfront::{
    Client,
    error::SdkError,
    operation::RequestId,
    types::{self, InvalidationBatch, Paths},
};

use unstale_domain::{
    distributions::distribution::{Distribution, DistributionConfig},
    id::{CallerReference, CloudFrontInvalidationId, DistributionId},
    invalidations::{
        item::Item,
        problem::{Problem, ProblemKind},
    },
    time::Timestamp,
};

use super::{
    environment::{AwsEnvironment, REGION},
    error::problem,
    http_client,
    operation::AwsOperation,
    read,
};

/// The initial back-off of the SDK before it retries a call that only reads. There is one retry; later attempts are
/// scheduled by the due times in the database.
const SECOND_TRY: Duration = Duration::from_millis(200);

/// The time-outs of calls: for the connection, for one attempt, and for all attempts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connect {
    pub connect: Duration,
    pub attempt: Duration,
    pub operation: Duration,
}

impl Default for Connect {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            attempt: Duration::from_secs(15),
            operation: Duration::from_secs(20),
        }
    }
}

impl Connect {
    pub(super) fn timeouts(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .read_timeout(self.attempt)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.operation)
            .build()
    }
}

/// CloudFront, or a stand-in for it.
#[derive(Debug, Clone)]
pub struct CloudFront(pub(super) Client);

/// The status of an invalidation in CloudFront.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidationStatus {
    InProgress,
    Completed,
    /// A status that is not documented. It never counts as completed.
    Unknown(String),
}

impl InvalidationStatus {
    /// Ignores case and surrounding white space. The documented value is `Completed`, but an emulator returns
    /// `COMPLETED`, and XML text may have blanks around it.
    pub(super) fn read(text: &str) -> Self {
        let text = text.trim();
        if text.eq_ignore_ascii_case("Completed") {
            Self::Completed
        } else if text.eq_ignore_ascii_case("InProgress") {
            Self::InProgress
        } else {
            Self::Unknown(text.to_owned())
        }
    }
}

/// An invalidation that CloudFront accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedInvalidation {
    pub id: CloudFrontInvalidationId,
    pub request_id: Option<String>,
}

/// An invalidation with the details that `GetInvalidation` returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidationDetails {
    pub id: CloudFrontInvalidationId,
    pub status: InvalidationStatus,
    pub created_at: Timestamp,
    pub caller_reference: CallerReference,
    pub items: Vec<Item>,
}

/// A row of `ListInvalidations`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidationSummary {
    pub id: CloudFrontInvalidationId,
    pub status: InvalidationStatus,
    pub created_at: Timestamp,
}

/// One page of a list, and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub next: Option<String>,
}

impl CloudFront {
    /// Makes a client with the configuration of the environment. Makes no call.
    #[must_use]
    pub fn from_environment(environment: &AwsEnvironment, connect: Connect) -> Self {
        Self::with(aws_sdk_cloudfront::config::Builder::from(environment.sdk()), connect)
    }

    /// Makes a client for an emulator at this address with this access key, such as the one of the demo. Does not
    /// read the environment.
    #[must_use]
    pub fn at(endpoint: &str, access_key: &str, secret_key: &str, connect: Connect) -> Self {
        let credentials = Credentials::new(access_key, secret_key, None, None, "given");
        let config = aws_sdk_cloudfront::config::Builder::new()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .credentials_provider(credentials)
            .endpoint_url(endpoint)
            .http_client(http_client::direct());
        Self::with(config, connect)
    }

    fn with(config: aws_sdk_cloudfront::config::Builder, connect: Connect) -> Self {
        let config = config
            .timeout_config(connect.timeouts())
            .retry_config(RetryConfig::standard().with_max_attempts(2).with_initial_backoff(SECOND_TRY))
            .build();
        Self(Client::from_conf(config))
    }

    /// Creates an invalidation for a batch. Makes one attempt, because the queue decides about retries.
    pub async fn create_invalidation(
        &self,
        distribution: &DistributionId,
        reference: &CallerReference,
        items: &[Item],
    ) -> Result<CreatedInvalidation, Problem> {
        let quantity = i32::try_from(items.len()).unwrap_or(i32::MAX);
        let paths = Paths::builder()
            .quantity(quantity)
            .set_items(Some(items.iter().map(|item| item.as_str().to_owned()).collect()))
            .build()
            .map_err(unbuilt)?;
        let batch = InvalidationBatch::builder()
            .paths(paths)
            .caller_reference(reference.as_str())
            .build()
            .map_err(unbuilt)?;
        let once = aws_sdk_cloudfront::config::Builder::new().retry_config(RetryConfig::disabled());
        let call = self
            .0
            .create_invalidation()
            .distribution_id(distribution.as_str())
            .invalidation_batch(batch)
            .customize()
            .config_override(once)
            .send();
        let output = AwsOperation::CreateInvalidation.answered(call).await?;
        let request_id = output.request_id().map(str::to_owned);
        let taken = output.invalidation().and_then(read::invalidation);
        match taken.filter(|taken| taken.caller_reference == *reference) {
            Some(taken) => Ok(CreatedInvalidation { id: taken.id, request_id }),
            None => Err(Problem {
                kind: ProblemKind::UnreadableAnswer,
                code: String::new(),
                message: "CloudFront's answer does not name the invalidation.".to_owned(),
                request_id,
            }),
        }
    }

    /// One page of the distributions.
    pub async fn list_distributions(
        &self,
        marker: Option<&str>,
        now: Timestamp,
    ) -> Result<Page<Distribution>, Problem> {
        let call = self.0.list_distributions().set_marker(marker.map(str::to_owned)).max_items(100).send();
        let output = AwsOperation::ListDistributions.answered(call).await?;
        let whole =
            |list: &&types::DistributionList| read::is_whole(list.items(), list.quantity(), list.max_items());
        let list = output.distribution_list().filter(whole).ok_or_else(unreadable)?;
        let rows = list.items().iter().map(|row| read::distribution(row, now)).collect();
        Ok(Page { rows, next: next(list.is_truncated(), list.next_marker()) })
    }

    /// The details of a distribution that only its configuration contains.
    pub async fn distribution_config(
        &self,
        distribution: &DistributionId,
    ) -> Result<DistributionConfig, Problem> {
        let call = self.0.get_distribution_config().id(distribution.as_str()).send();
        let output = AwsOperation::GetDistributionConfig.answered(call).await?;
        output.distribution_config().map(read::config).ok_or_else(unreadable)
    }

    /// The tags that a distribution has in AWS.
    pub async fn tags(&self, arn: &str) -> Result<Vec<(String, String)>, Problem> {
        let call = self.0.list_tags_for_resource().resource(arn).send();
        let output = AwsOperation::ListTagsForResource.answered(call).await?;
        let tags = output.tags().ok_or_else(unreadable)?;
        let pair = |tag: &types::Tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned());
        Ok(tags.items().iter().map(pair).collect())
    }

    /// One invalidation, with its items.
    pub async fn get_invalidation(
        &self,
        distribution: &DistributionId,
        id: &CloudFrontInvalidationId,
    ) -> Result<InvalidationDetails, Problem> {
        let call = self.0.get_invalidation().distribution_id(distribution.as_str()).id(id.as_str()).send();
        let output = AwsOperation::GetInvalidation.answered(call).await?;
        output.invalidation().and_then(read::invalidation).ok_or_else(unreadable)
    }

    /// One page of a distribution's invalidations, newest first.
    pub async fn list_invalidations(
        &self,
        distribution: &DistributionId,
        marker: Option<&str>,
    ) -> Result<Page<InvalidationSummary>, Problem> {
        let call = self
            .0
            .list_invalidations()
            .distribution_id(distribution.as_str())
            .set_marker(marker.map(str::to_owned))
            .max_items(100)
            .send();
        let output = AwsOperation::ListInvalidations.answered(call).await?;
        let whole =
            |list: &&types::InvalidationList| read::is_whole(list.items(), list.quantity(), list.max_items());
        let list = output.invalidation_list().filter(whole).ok_or_else(unreadable)?;
        let rows = list.items().iter().map(read::listed).collect();
        Ok(Page { rows, next: next(list.is_truncated(), list.next_marker()) })
    }
}

pub(super) fn next(truncated: bool, marker: Option<&str>) -> Option<String> {
    marker.filter(|marker| truncated && !marker.is_empty()).map(str::to_owned)
}

pub(super) fn unreadable() -> Problem {
    Problem {
        kind: ProblemKind::UnreadableAnswer,
        code: String::new(),
        message: "CloudFront's answer is not whole.".to_owned(),
        request_id: None,
    }
}

fn unbuilt(error: aws_sdk_cloudfront::error::BuildError) -> Problem {
    let error: SdkError<aws_sdk_cloudfront::operation::create_invalidation::CreateInvalidationError, _> =
        SdkError::construction_failure(error);
    Problem { kind: ProblemKind::Other, ..problem(&error) }
}
