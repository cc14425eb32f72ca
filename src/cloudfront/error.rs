//! What an error of the AWS SDK means: one [`Problem`] whose kind says how to go on.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudfront::{
    config::http::HttpResponse,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::RequestId,
};

use crate::domain::problem::{Problem, ProblemKind};

/// The longest message that is kept of an answer.
const MESSAGE_MAX: usize = 1_000;

/// Reads an SDK error. The SDK does not retry `CreateInvalidation`, so the error is that of its only attempt.
pub(super) fn problem<E>(error: &SdkError<E, HttpResponse>) -> Problem
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    let code = error.code().unwrap_or_default().to_owned();
    let message = match error.message() {
        Some(message) => message.to_owned(),
        None => DisplayErrorContext(error).to_string(),
    };
    let kind = match error {
        SdkError::ServiceError(_) => kind_of_answer(&code, &message, status),
        SdkError::ResponseError(_) => ProblemKind::UnreadableAnswer,
        SdkError::TimeoutError(_) => ProblemKind::Timeout,
        _ => kind_of_transport(error),
    };
    let request_id = error.request_id().map(str::to_owned);
    Problem { kind, code, message: message.chars().take(MESSAGE_MAX).collect(), request_id }
}

/// The kind of an answer that CloudFront gave. Sources: API reference, common errors and each operation's own.
fn kind_of_answer(code: &str, message: &str, status: Option<u16>) -> ProblemKind {
    match code {
        "AccessDenied" | "AccessDeniedException" => ProblemKind::AccessDenied,
        "NoSuchDistribution" | "EntityNotFound" => ProblemKind::NoSuchDistribution,
        "NoSuchInvalidation" => ProblemKind::NoSuchInvalidation,
        "InvalidationBatchAlreadyExists" => ProblemKind::ReferenceInUse,
        // Users saw this in place of InvalidationBatchAlreadyExists.
        "InvalidArgument" if names_the_reference(message) => ProblemKind::ReferenceInUse,
        "InvalidArgument" => ProblemKind::InvalidArgument,
        "BatchTooLarge" => ProblemKind::BatchTooLarge,
        "TooManyInvalidationsInProgress" => ProblemKind::TooManyInProgress,
        "ExpiredToken" | "ExpiredTokenException" => ProblemKind::ExpiredCredentials,
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken"
        | "InvalidAccessKeyId"
        | "IncompleteSignature"
        | "OptInRequired" => ProblemKind::BadCredentials,
        "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => ProblemKind::ClockSkew,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "RequestThrottled" => ProblemKind::Throttled,
        "ServiceUnavailable" | "InternalError" | "InternalFailure" => ProblemKind::Unavailable,
        _ => match status {
            Some(429) => ProblemKind::Throttled,
            Some(500..) => ProblemKind::Unavailable,
            _ if code.is_empty() => ProblemKind::UnreadableAnswer,
            _ => ProblemKind::Other,
        },
    }
}

fn names_the_reference(message: &str) -> bool {
    let folded: String = message.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    folded.contains("callerreference")
}

/// The kind of an error without an answer: did anything leave this machine?
fn kind_of_transport(error: &(dyn Error + 'static)) -> ProblemKind {
    let mut credentials = None;
    let mut connect = false;
    let mut timeout = false;
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<CredentialsError>() {
            credentials = Some(matches!(error, CredentialsError::CredentialsNotLoaded(_)));
        }
        if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            connect |= error.is_connect();
        }
        let text = error.to_string();
        connect |= text.contains("HTTP connect timeout");
        timeout |= text.contains("timeout occurred") || text.contains("timed out");
        next = error.source();
    }
    match credentials {
        Some(true) => ProblemKind::NoCredentials,
        Some(false) => ProblemKind::BadCredentials,
        None if connect => ProblemKind::Network,
        None if timeout => ProblemKind::Timeout,
        None => ProblemKind::ConnectionLost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart_by_their_code() {
        let kind = |code, message| kind_of_answer(code, message, Some(400));
        assert_eq!(kind("AccessDenied", ""), ProblemKind::AccessDenied);
        assert_eq!(kind("InvalidArgument", "The path /a b is not valid"), ProblemKind::InvalidArgument);
        assert_eq!(
            kind("InvalidArgument", "Your request contains a caller reference that was used"),
            ProblemKind::ReferenceInUse
        );
        assert_eq!(kind("Throttling", "Rate exceeded"), ProblemKind::Throttled);
        assert_eq!(kind("", ""), ProblemKind::UnreadableAnswer);
        assert_eq!(kind("BrandNew", ""), ProblemKind::Other);
        assert_eq!(kind_of_answer("", "", Some(429)), ProblemKind::Throttled);
        assert_eq!(kind_of_answer("BrandNew", "", Some(502)), ProblemKind::Unavailable);
    }
}
