//! Turns an error of the AWS SDK into a [`Problem`]. Its kind determines what to do next.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudfront::{
    config::http::HttpResponse,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::RequestId,
};
use aws_smithy_runtime_api::client::endpoint::error::ResolveEndpointError;

use unstale_domain::{
    invalidations::problem::{
        Problem, ProblemKind,
        signature::{self, Skew, TOLERANCE},
    },
    time::Timestamp,
};
use unstale_runtime::clock::Clock;

use super::{
    credentials::{self, Missing},
    foreign,
    http_client::TunnelRefused,
};

/// The maximum length of a message that is kept from an answer.
const MESSAGE_MAX: usize = 1_000;

/// Reads an SDK error. The SDK does not retry `CreateInvalidation`, so the error is that of its only attempt.
pub(super) fn problem<E>(error: &SdkError<E, HttpResponse>) -> Problem
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let Missing { kind, code, message } = match (error, error.raw_response()) {
        (SdkError::ServiceError(_), Some(response)) => of_answer(error, response),
        _ => of_transport(error),
    };
    let request_id = error.request_id().map(str::to_owned);
    Problem { kind, code, message: message.chars().take(MESSAGE_MAX).collect(), request_id }
}

/// The error in an answer. If the answer has no error code, the kind of answer.
fn of_answer<E>(error: &SdkError<E, HttpResponse>, response: &HttpResponse) -> Missing
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let status = response.status().as_u16();
    let code = error.code().unwrap_or_default().to_owned();
    if code.is_empty() {
        return of_unreadable(error, response);
    }
    let message = error.message().unwrap_or_default().to_owned();
    let kind = kind_of_answer(&code, &message, Some(status));
    match date(response).and_then(|aws| with_clocks(kind, &code, &message, aws)) {
        Some((kind, message)) => Missing { kind, code, message },
        None => Missing { kind, code, message },
    }
}

/// An answer without a readable error code. It is unknown whether CloudFront carried out the request: a proxy may
/// refuse after CloudFront has done so.
fn of_unreadable<E>(error: &SdkError<E, HttpResponse>, response: &HttpResponse) -> Missing
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let status = response.status().as_u16();
    let read = foreign::read(response);
    let kind = match status {
        429 => ProblemKind::Throttled,
        408 | 500.. => ProblemKind::Unavailable,
        _ if read.is_page => ProblemKind::NotCloudFront,
        _ => ProblemKind::UnreadableAnswer,
    };
    let message = if read.is_page || read.is_empty {
        read.words
    } else {
        format!("{}; {}", read.words, DisplayErrorContext(error))
    };
    Missing { kind, code: String::new(), message }
}

/// The kind of an error that CloudFront returned. Sources: API reference, the common errors and the errors of each
/// operation.
pub(super) fn kind_of_answer(code: &str, message: &str, status: Option<u16>) -> ProblemKind {
    if let Some(kind) = signature::kind(code, message).or_else(|| kind_of_account(code, message)) {
        return kind;
    }
    match code {
        "AccessDenied" | "AccessDeniedException" => ProblemKind::AccessDenied,
        "NoSuchDistribution" | "EntityNotFound" => ProblemKind::NoSuchDistribution,
        "NoSuchInvalidation" => ProblemKind::NoSuchInvalidation,
        "InvalidationBatchAlreadyExists" => ProblemKind::ReferenceInUse,
        // Users reported this code instead of InvalidationBatchAlreadyExists.
        "InvalidArgument" if names_the_reference(message) => ProblemKind::ReferenceInUse,
        "InvalidArgument" => ProblemKind::InvalidArgument,
        "BatchTooLarge" => ProblemKind::BatchTooLarge,
        "TooManyInvalidationsInProgress" => ProblemKind::TooManyInProgress,
        "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => ProblemKind::ClockSkew,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequests"
        | "TooManyRequestsException"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "BandwidthLimitExceeded"
        | "RequestThrottledException"
        | "RequestThrottled" => ProblemKind::Throttled,
        // If the request was cut off, its effect is unknown, as after a 5xx.
        "ServiceUnavailable"
        | "InternalError"
        | "InternalFailure"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "OperationAborted" => ProblemKind::Unavailable,
        _ => match status {
            Some(429) => ProblemKind::Throttled,
            Some(408 | 500..) => ProblemKind::Unavailable,
            _ if code.is_empty() => ProblemKind::UnreadableAnswer,
            _ => ProblemKind::Other,
        },
    }
}

/// The kind of an error that every call of the account would get. Sources: CloudFront's common errors; S3's list of
/// error codes, which uses the same codes for the same causes.
fn kind_of_account(code: &str, message: &str) -> Option<ProblemKind> {
    Some(match code {
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => ProblemKind::ExpiredCredentials,
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "MissingAuthenticationToken"
        | "InvalidAccessKeyId"
        | "InvalidToken" => ProblemKind::BadCredentials,
        "OptInRequired"
        | "NotAuthorized"
        | "SubscriptionRequired"
        | "SubscriptionRequiredException"
        | "NotSignedUp"
        | "AccountProblem"
        | "AccountSuspended" => ProblemKind::AccountBlocked,
        "AccessDenied" if message.contains("account must be verified") => ProblemKind::AccountBlocked,
        _ => return None,
    })
}

fn names_the_reference(message: &str) -> bool {
    let folded: String = message.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    folded.contains("callerreference")
}

/// The time of the answer by the clock of AWS (RFC 9110, `Date`).
fn date(response: &HttpResponse) -> Option<Timestamp> {
    let date = jiff::fmt::rfc2822::parse(response.headers().get("date")?).ok()?;
    Some(Timestamp::from_micros(date.timestamp().as_microsecond()))
}

/// Adds the times of both clocks to AWS's message if AWS refused a signature because of the clock and its message
/// does not say so.
fn with_clocks(
    kind: ProblemKind,
    code: &str,
    message: &str,
    aws: Timestamp,
) -> Option<(ProblemKind, String)> {
    if Skew::read(message).is_some() {
        return None;
    }
    // The SDK signs with the system clock, even if the service uses another clock.
    let ours = Clock::system().now();
    let off = Skew::between(ours, aws).span() >= TOLERANCE;
    let of_signature = signature::kind(code, message).is_some();
    let refused = kind == ProblemKind::BadCredentials && of_signature;
    // The clocks agree, so the request was late because of a delay on its way.
    let is_clock = kind == ProblemKind::ClockSkew;
    let late = is_clock && !of_signature && !off;
    let kind = if late { ProblemKind::RequestExpired } else { ProblemKind::ClockSkew };
    (is_clock || (refused && off)).then(|| (kind, signature::note(message, aws, ours)))
}

/// An error without a complete answer. Its kind depends on whether the request may have left this machine.
fn of_transport<E>(error: &SdkError<E, HttpResponse>) -> Missing
where
    E: Error + 'static,
{
    let causes = causes(error);
    let missing = causes.iter().find_map(|cause| cause.downcast_ref::<CredentialsError>());
    if let Some(missing) = missing {
        return credentials::missing(missing);
    }
    let mut message = DisplayErrorContext(error).to_string();
    if let Some(refused) = causes.iter().find_map(|cause| cause.downcast_ref::<TunnelRefused>()) {
        // At the beginning, because the end of a long message is cut off.
        message = format!("{refused} {message}");
    }
    let kind = match error {
        SdkError::ServiceError(_) | SdkError::ResponseError(_) => ProblemKind::UnreadableAnswer,
        // The SDK gets credentials before it sends anything.
        _ if message.contains("identity resolver timed out") => ProblemKind::CredentialsUnavailable,
        SdkError::ConstructionFailure(_) => ProblemKind::InvalidSettings,
        _ if causes.iter().any(|cause| cause.is::<ResolveEndpointError>()) => ProblemKind::InvalidSettings,
        SdkError::TimeoutError(_) => ProblemKind::Timeout,
        _ if is_unconnected(&causes) => ProblemKind::Network,
        _ if is_late(&causes) => ProblemKind::Timeout,
        _ => ProblemKind::ConnectionLost,
    };
    Missing { kind, code: String::new(), message }
}

/// The error and its causes.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        causes.push(cause);
        next = cause.source();
    }
    causes
}

/// Whether no connection was established.
fn is_unconnected(causes: &[&(dyn Error + 'static)]) -> bool {
    causes.iter().any(|cause| {
        let unconnected = cause.downcast_ref::<hyper_util::client::legacy::Error>();
        unconnected.is_some_and(hyper_util::client::legacy::Error::is_connect)
            || cause.to_string().contains("HTTP connect timeout")
    })
}

fn is_late(causes: &[&(dyn Error + 'static)]) -> bool {
    causes.iter().any(|cause| {
        let text = cause.to_string();
        text.contains("timeout occurred") || text.contains("timed out")
    })
}

/// Whether a call to another service failed because there was no connection or no answer.
pub(super) fn is_out_of_reach(causes: &[&(dyn Error + 'static)]) -> bool {
    is_unconnected(causes)
        || is_late(causes)
        || causes.iter().any(|cause| cause.to_string() == "dispatch failure")
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
        for code in ["RequestTimeout", "OperationAborted"] {
            assert_eq!(kind(code, ""), ProblemKind::Unavailable, "{code}");
        }
        for code in ["SlowDown", "TooManyRequests", "PriorRequestNotComplete"] {
            assert_eq!(kind(code, ""), ProblemKind::Throttled, "{code}");
        }
        assert_eq!(kind_of_answer("BrandNew", "", Some(408)), ProblemKind::Unavailable);
        let unverified = "Your account must be verified before you can add new CloudFront resources.";
        assert_eq!(kind("AccessDenied", unverified), ProblemKind::AccountBlocked);
        assert_eq!(kind_of_answer("", "", Some(429)), ProblemKind::Throttled);
        assert_eq!(kind_of_answer("BrandNew", "", Some(502)), ProblemKind::Unavailable);
    }

    #[test]
    fn a_clock_that_is_off_is_found_by_awss_date() {
        let aws = Clock::system().now().plus(TOLERANCE * 3);
        let noted = |kind, code| with_clocks(kind, code, "It does not match.", aws);
        let (kind, message) = noted(ProblemKind::BadCredentials, "SignatureDoesNotMatch").unwrap();
        assert_eq!(kind, ProblemKind::ClockSkew);
        assert!(matches!(Skew::read(&message), Some(Skew::Behind(span)) if span.as_secs().abs_diff(900) < 5));
        assert_eq!(
            noted(ProblemKind::BadCredentials, "InvalidClientTokenId"),
            None,
            "the key itself is unknown"
        );
        let skewed = noted(ProblemKind::ClockSkew, "RequestTimeTooSkewed").unwrap();
        assert_eq!(skewed.0, ProblemKind::ClockSkew);
        let now = Clock::system().now();
        let (kind, _) = with_clocks(ProblemKind::ClockSkew, "RequestExpired", "no", now).unwrap();
        assert_eq!(kind, ProblemKind::RequestExpired, "the clocks agree");
        assert_eq!(with_clocks(ProblemKind::BadCredentials, "SignatureDoesNotMatch", "no", now), None);
    }
}
