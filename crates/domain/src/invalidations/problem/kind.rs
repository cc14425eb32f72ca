//! The kinds of problems, and what each means for a batch that was being sent.

/// The kinds of problems that a call to CloudFront can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    AccessDenied,
    NoSuchDistribution,
    NoSuchInvalidation,
    InvalidArgument,
    BatchTooLarge,
    ExpiredCredentials,
    BadCredentials,
    NoCredentials,
    /// The session of IAM Identity Center (AWS SSO) is missing or has expired.
    SignInNeeded,
    /// The program that `credential_process` names returned no credentials.
    CredentialProcess,
    /// No configuration file contains the profile that is set.
    ProfileMissing,
    /// The file with the web identity token cannot be read.
    TokenFile,
    /// STS does not let Unstale assume the role.
    RoleRefused,
    /// The credentials are not available for another reason.
    CredentialsUnavailable,
    /// Requests are signed for a region or a service that this endpoint of AWS does not accept.
    WrongScope,
    /// The SDK could not build a request from the settings. Nothing was sent.
    InvalidSettings,
    /// AWS does not serve the account, because it is suspended or may not use CloudFront.
    AccountBlocked,
    /// The request took so long to reach AWS that its signature had expired, although the clocks agree.
    RequestExpired,
    /// There was no connection. Nothing was sent.
    Network,
    /// The connection was lost before the whole response was received.
    ConnectionLost,
    Timeout,
    /// This server's clock differs too much from AWS's clock.
    ClockSkew,
    Throttled,
    TooManyInProgress,
    Unavailable,
    /// The caller reference belongs to an earlier invalidation.
    ReferenceInUse,
    /// The response of CloudFront could not be parsed.
    UnreadableAnswer,
    /// The response is not from CloudFront but from something in between, such as a proxy.
    NotCloudFront,
    Other,
}

pub(super) const ALL: [ProblemKind; 29] = [
    ProblemKind::AccessDenied,
    ProblemKind::NoSuchDistribution,
    ProblemKind::NoSuchInvalidation,
    ProblemKind::InvalidArgument,
    ProblemKind::BatchTooLarge,
    ProblemKind::ExpiredCredentials,
    ProblemKind::BadCredentials,
    ProblemKind::NoCredentials,
    ProblemKind::SignInNeeded,
    ProblemKind::CredentialProcess,
    ProblemKind::ProfileMissing,
    ProblemKind::TokenFile,
    ProblemKind::RoleRefused,
    ProblemKind::CredentialsUnavailable,
    ProblemKind::WrongScope,
    ProblemKind::InvalidSettings,
    ProblemKind::AccountBlocked,
    ProblemKind::RequestExpired,
    ProblemKind::Network,
    ProblemKind::ConnectionLost,
    ProblemKind::Timeout,
    ProblemKind::ClockSkew,
    ProblemKind::Throttled,
    ProblemKind::TooManyInProgress,
    ProblemKind::Unavailable,
    ProblemKind::ReferenceInUse,
    ProblemKind::UnreadableAnswer,
    ProblemKind::NotCloudFront,
    ProblemKind::Other,
];

/// What a problem with `CreateInvalidation` means for the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemVerdict {
    /// CloudFront refused this batch. A repeated call would have the same result.
    Refused,
    /// AWS refuses all calls of the account. It did not accept this batch and would not accept another one.
    AccountRefused,
    /// CloudFront does not have the batch. The call is repeated later.
    TryAgain,
    /// CloudFront may have the batch. The call must be repeated with the same caller reference.
    Unknown,
    /// CloudFront has an earlier invalidation with this caller reference. It must be found.
    Earlier,
}

impl ProblemKind {
    /// What this kind of problem means for a batch that was being sent.
    #[must_use]
    pub const fn verdict(self) -> ProblemVerdict {
        match self {
            Self::AccessDenied
            | Self::NoSuchDistribution
            | Self::NoSuchInvalidation
            | Self::InvalidArgument
            | Self::BatchTooLarge
            | Self::Other => ProblemVerdict::Refused,
            Self::ExpiredCredentials
            | Self::BadCredentials
            | Self::NoCredentials
            | Self::SignInNeeded
            | Self::CredentialProcess
            | Self::ProfileMissing
            | Self::TokenFile
            | Self::RoleRefused
            | Self::CredentialsUnavailable
            | Self::WrongScope
            | Self::InvalidSettings
            | Self::AccountBlocked
            | Self::RequestExpired
            | Self::ClockSkew => ProblemVerdict::AccountRefused,
            Self::Network | Self::Throttled | Self::TooManyInProgress => ProblemVerdict::TryAgain,
            // CloudFront may have made the invalidation before it returned a 5xx.
            Self::ConnectionLost
            | Self::Timeout
            | Self::Unavailable
            | Self::UnreadableAnswer
            | Self::NotCloudFront => ProblemVerdict::Unknown,
            Self::ReferenceInUse => ProblemVerdict::Earlier,
        }
    }

    /// The stable word for the database and for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::NoSuchDistribution => "no_such_distribution",
            Self::NoSuchInvalidation => "no_such_invalidation",
            Self::InvalidArgument => "invalid_argument",
            Self::BatchTooLarge => "batch_too_large",
            Self::ExpiredCredentials => "expired_credentials",
            Self::BadCredentials => "bad_credentials",
            Self::NoCredentials => "no_credentials",
            Self::SignInNeeded => "sign_in_needed",
            Self::CredentialProcess => "credential_process",
            Self::ProfileMissing => "profile_missing",
            Self::TokenFile => "token_file",
            Self::RoleRefused => "role_refused",
            Self::CredentialsUnavailable => "credentials_unavailable",
            Self::WrongScope => "wrong_scope",
            Self::InvalidSettings => "invalid_settings",
            Self::AccountBlocked => "account_blocked",
            Self::RequestExpired => "request_expired",
            Self::Network => "network",
            Self::ConnectionLost => "connection_lost",
            Self::Timeout => "timeout",
            Self::ClockSkew => "clock_skew",
            Self::Throttled => "throttled",
            Self::TooManyInProgress => "too_many_in_progress",
            Self::Unavailable => "unavailable",
            Self::ReferenceInUse => "reference_in_use",
            Self::UnreadableAnswer => "unreadable_answer",
            Self::NotCloudFront => "not_cloudfront",
            Self::Other => "other",
        }
    }

    /// Reads what [`ProblemKind::as_str`] wrote; anything else is `Other`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        ALL.into_iter().find(|kind| kind.as_str() == text).unwrap_or(Self::Other)
    }

    /// A short description for people.
    #[must_use]
    pub const fn headline(self) -> &'static str {
        match self {
            Self::AccessDenied => "AWS does not let Unstale do this",
            Self::NoSuchDistribution => "CloudFront does not know this distribution",
            Self::NoSuchInvalidation => "CloudFront no longer knows this invalidation",
            Self::InvalidArgument => "CloudFront refused the items",
            Self::BatchTooLarge => "The batch is larger than CloudFront accepts",
            Self::ExpiredCredentials => "The AWS credentials have expired",
            Self::BadCredentials => "AWS does not accept the credentials",
            Self::NoCredentials => "Unstale has no AWS credentials",
            Self::SignInNeeded => "The AWS sign-in has expired",
            Self::CredentialProcess => "The program for the AWS credentials failed",
            Self::ProfileMissing => "The AWS profile is not defined",
            Self::TokenFile => "The web identity token cannot be read",
            Self::RoleRefused => "AWS does not let Unstale assume its role",
            Self::CredentialsUnavailable => "The AWS credentials could not be read",
            Self::WrongScope => "Requests are signed for a region that AWS does not accept",
            Self::InvalidSettings => "No request can be made with the AWS settings",
            Self::AccountBlocked => "AWS does not serve this account",
            Self::RequestExpired => "Requests reach AWS too late",
            Self::Network => "AWS cannot be reached",
            Self::ConnectionLost => "The connection to AWS broke before it answered",
            Self::Timeout => "AWS did not answer in time",
            Self::ClockSkew => "This server's clock is wrong",
            Self::Throttled => "AWS asks for a slower pace",
            Self::TooManyInProgress => {
                "The distribution has as many invalidations in progress as CloudFront allows"
            }
            Self::Unavailable => "CloudFront is unavailable at the moment",
            Self::ReferenceInUse => "CloudFront has this caller reference already",
            Self::UnreadableAnswer => "CloudFront's answer could not be read",
            Self::NotCloudFront => "Another server answered in place of CloudFront",
            Self::Other => "CloudFront answered with an error",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back() {
        for kind in ALL {
            assert_eq!(ProblemKind::parse(kind.as_str()), kind);
        }
        assert_eq!(ProblemKind::parse("newer"), ProblemKind::Other);
    }
}
