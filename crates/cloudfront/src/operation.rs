//! The operations of AWS that Unstale calls, and the count of their answers.

use std::{error::Error, time::Instant};

use aws_sdk_cloudfront::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use tracing::Instrument;
use unstale_domain::invalidations::problem::{Problem, ProblemKind, ProblemVerdict};
use unstale_runtime::{
    metrics::{self, CallOutcome},
    traces,
};

use super::error::problem;

/// An operation of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwsOperation {
    CreateInvalidation,
    GetInvalidation,
    ListInvalidations,
    ListDistributions,
    GetDistributionConfig,
    ListTagsForResource,
    ListCachePolicies,
    ListContinuousDeploymentPolicies,
    LookupEvents,
    GetMetricData,
    ListSubscriptions,
    Publish,
    PutEvents,
    HeadObject,
    ListObjectsV2,
    PutObject,
    CreateMultipartUpload,
    UploadPart,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    GetObject,
    DeleteObject,
}

impl AwsOperation {
    pub const ALL: [Self; 22] = [
        Self::CreateInvalidation,
        Self::GetInvalidation,
        Self::ListInvalidations,
        Self::ListDistributions,
        Self::GetDistributionConfig,
        Self::ListTagsForResource,
        Self::ListCachePolicies,
        Self::ListContinuousDeploymentPolicies,
        Self::LookupEvents,
        Self::GetMetricData,
        Self::ListSubscriptions,
        Self::Publish,
        Self::PutEvents,
        Self::HeadObject,
        Self::ListObjectsV2,
        Self::PutObject,
        Self::CreateMultipartUpload,
        Self::UploadPart,
        Self::CompleteMultipartUpload,
        Self::AbortMultipartUpload,
        Self::GetObject,
        Self::DeleteObject,
    ];

    /// Its name in AWS.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateInvalidation => "CreateInvalidation",
            Self::GetInvalidation => "GetInvalidation",
            Self::ListInvalidations => "ListInvalidations",
            Self::ListDistributions => "ListDistributions",
            Self::GetDistributionConfig => "GetDistributionConfig",
            Self::ListTagsForResource => "ListTagsForResource",
            Self::ListCachePolicies => "ListCachePolicies",
            Self::ListContinuousDeploymentPolicies => "ListContinuousDeploymentPolicies",
            Self::LookupEvents => "LookupEvents",
            Self::GetMetricData => "GetMetricData",
            Self::ListSubscriptions => "ListSubscriptions",
            Self::Publish => "Publish",
            Self::PutEvents => "PutEvents",
            Self::HeadObject => "HeadObject",
            Self::ListObjectsV2 => "ListObjectsV2",
            Self::PutObject => "PutObject",
            Self::CreateMultipartUpload => "CreateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::CompleteMultipartUpload => "CompleteMultipartUpload",
            Self::AbortMultipartUpload => "AbortMultipartUpload",
            Self::GetObject => "GetObject",
            Self::DeleteObject => "DeleteObject",
        }
    }

    /// The service that it is of, as IAM names it.
    #[must_use]
    pub const fn service(self) -> &'static str {
        match self {
            Self::CreateInvalidation
            | Self::GetInvalidation
            | Self::ListInvalidations
            | Self::ListDistributions
            | Self::GetDistributionConfig
            | Self::ListTagsForResource
            | Self::ListCachePolicies
            | Self::ListContinuousDeploymentPolicies => "cloudfront",
            Self::LookupEvents => "cloudtrail",
            Self::GetMetricData => "cloudwatch",
            Self::ListSubscriptions => "pricingplanmanager",
            Self::Publish => "sns",
            Self::PutEvents => "events",
            Self::HeadObject
            | Self::ListObjectsV2
            | Self::PutObject
            | Self::CreateMultipartUpload
            | Self::UploadPart
            | Self::CompleteMultipartUpload
            | Self::AbortMultipartUpload
            | Self::GetObject
            | Self::DeleteObject => "s3",
        }
    }

    /// Waits for the answer of a call of the SDK, and counts it. The call is boxed, because those of the SDK are large, and
    /// each future around it would hold it twice.
    pub(super) fn answered<T, E>(
        self,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> impl Future<Output = Result<T, Problem>>
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let span = traces::aws_call(self.service(), self.as_str());
        let call = Box::pin(call.instrument(span.clone()));
        async move {
            let begun = Instant::now();
            let answer = call.await.map_err(|error| problem(&error));
            self.count(
                answer.as_ref().map_or_else(|problem| outcome(problem.kind), |_| CallOutcome::Ok),
                begun,
            );
            if let Err(problem) = &answer {
                traces::failed(&span, problem.kind.as_str());
            }
            answer
        }
    }

    /// Counts a call that began at this time.
    pub(super) fn count(self, outcome: CallOutcome, begun: Instant) {
        metrics::aws_request(self.service(), self.as_str(), outcome, begun.elapsed());
    }
}

/// How a call with this problem ended.
fn outcome(kind: ProblemKind) -> CallOutcome {
    match (kind, kind.verdict()) {
        (ProblemKind::Throttled, _) => CallOutcome::Throttled,
        (ProblemKind::Network, _) | (_, ProblemVerdict::Unknown) => CallOutcome::Failed,
        _ => CallOutcome::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_aws_is_told_from_none() {
        for (kind, expected) in [
            (ProblemKind::Throttled, CallOutcome::Throttled),
            (ProblemKind::AccessDenied, CallOutcome::Refused),
            (ProblemKind::TooManyInProgress, CallOutcome::Refused),
            (ProblemKind::ReferenceInUse, CallOutcome::Refused),
            (ProblemKind::Network, CallOutcome::Failed),
            (ProblemKind::Timeout, CallOutcome::Failed),
            (ProblemKind::Unavailable, CallOutcome::Failed),
        ] {
            assert_eq!(outcome(kind), expected, "{kind:?}");
        }
    }
}
