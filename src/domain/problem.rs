//! What went wrong at CloudFront, and what a person can do about it, in their words.

/// The kinds of trouble that a call to CloudFront can meet.
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
    /// No connection came about: nothing was sent.
    Network,
    /// The connection broke before the answer was whole.
    ConnectionLost,
    Timeout,
    /// This server's clock is too far from AWS's.
    ClockSkew,
    Throttled,
    TooManyInProgress,
    Unavailable,
    /// The caller reference belongs to an earlier invalidation.
    ReferenceInUse,
    /// CloudFront answered, but not so that it can be read.
    UnreadableAnswer,
    Other,
}

const ALL: [ProblemKind; 18] = [
    ProblemKind::AccessDenied,
    ProblemKind::NoSuchDistribution,
    ProblemKind::NoSuchInvalidation,
    ProblemKind::InvalidArgument,
    ProblemKind::BatchTooLarge,
    ProblemKind::ExpiredCredentials,
    ProblemKind::BadCredentials,
    ProblemKind::NoCredentials,
    ProblemKind::Network,
    ProblemKind::ConnectionLost,
    ProblemKind::Timeout,
    ProblemKind::ClockSkew,
    ProblemKind::Throttled,
    ProblemKind::TooManyInProgress,
    ProblemKind::Unavailable,
    ProblemKind::ReferenceInUse,
    ProblemKind::UnreadableAnswer,
    ProblemKind::Other,
];

/// What a problem with `CreateInvalidation` says of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// CloudFront refused this batch for good.
    Refused,
    /// AWS refuses the account as a whole: nothing was taken, and nothing else would be.
    AccountRefused,
    /// CloudFront has nothing of it; the same again later.
    TryAgain,
    /// CloudFront may have it: the same reference has to be asked for again.
    Unknown,
    /// CloudFront has an earlier invalidation with this caller reference: it has to be found.
    Earlier,
}

impl ProblemKind {
    /// What this kind of problem says of a batch that was being sent.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::AccessDenied
            | Self::NoSuchDistribution
            | Self::NoSuchInvalidation
            | Self::InvalidArgument
            | Self::BatchTooLarge
            | Self::Other => Verdict::Refused,
            Self::ExpiredCredentials | Self::BadCredentials | Self::NoCredentials | Self::ClockSkew => {
                Verdict::AccountRefused
            }
            Self::Network | Self::Throttled | Self::TooManyInProgress => Verdict::TryAgain,
            // A 5xx may come after the act.
            Self::ConnectionLost | Self::Timeout | Self::Unavailable | Self::UnreadableAnswer => {
                Verdict::Unknown
            }
            Self::ReferenceInUse => Verdict::Earlier,
        }
    }

    /// A stable word for the database and for programs.
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
            Self::Network => "network",
            Self::ConnectionLost => "connection_lost",
            Self::Timeout => "timeout",
            Self::ClockSkew => "clock_skew",
            Self::Throttled => "throttled",
            Self::TooManyInProgress => "too_many_in_progress",
            Self::Unavailable => "unavailable",
            Self::ReferenceInUse => "reference_in_use",
            Self::UnreadableAnswer => "unreadable_answer",
            Self::Other => "other",
        }
    }

    /// Reads what [`ProblemKind::as_str`] wrote; anything else is `Other`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        ALL.into_iter().find(|kind| kind.as_str() == text).unwrap_or(Self::Other)
    }

    /// What it is, in a few words.
    #[must_use]
    pub const fn headline(self) -> &'static str {
        match self {
            Self::AccessDenied => "AWS does not let Unstale do this",
            Self::NoSuchDistribution => "CloudFront does not know this distribution",
            Self::NoSuchInvalidation => "CloudFront no longer knows this invalidation",
            Self::InvalidArgument => "CloudFront refused the items",
            Self::BatchTooLarge => "The batch is larger than CloudFront takes",
            Self::ExpiredCredentials => "The AWS credentials have expired",
            Self::BadCredentials => "AWS does not accept the credentials",
            Self::NoCredentials => "Unstale has no AWS credentials",
            Self::Network => "AWS is out of reach",
            Self::ConnectionLost => "The connection to AWS broke before it answered",
            Self::Timeout => "AWS did not answer in time",
            Self::ClockSkew => "This server's clock is wrong",
            Self::Throttled => "AWS asks for a slower pace",
            Self::TooManyInProgress => {
                "The distribution has as many invalidations in progress as CloudFront allows"
            }
            Self::Unavailable => "CloudFront is unavailable for the moment",
            Self::ReferenceInUse => "CloudFront has this caller reference already",
            Self::UnreadableAnswer => "CloudFront's answer could not be read",
            Self::Other => "CloudFront answered with an error",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::AccessDenied => {
                "Add this statement to the policy of the role or user that Unstale runs as, then press Retry."
            }
            Self::NoSuchDistribution => {
                "It may have been deleted, or it belongs to another AWS account than Unstale's credentials. Refresh the distributions and check the account."
            }
            Self::NoSuchInvalidation => {
                "Look at the distribution in the AWS console. If viewers still get the old version, make it again."
            }
            Self::InvalidArgument => {
                "Nothing was sent to the edge. CloudFront's message says which item it did not like; mend it with Repeat."
            }
            Self::BatchTooLarge => "Split the request into smaller ones.",
            Self::ExpiredCredentials => {
                "Renew them where Unstale gets them: sign in again for SSO, or issue a new session token. Unstale goes on by itself within a minute."
            }
            Self::BadCredentials => {
                "Check the access key and its secret, and that the key is active. Unstale goes on by itself within a minute."
            }
            Self::NoCredentials => {
                "Give Unstale a role (EC2, ECS, EKS), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Then restart it; what is queued stays queued."
            }
            Self::ClockSkew => {
                "AWS accepts requests whose time is within five minutes of its own. Set this server's clock, best with NTP."
            }
            Self::Network | Self::ConnectionLost | Self::Timeout => {
                "Unstale tries again by itself. If it lasts, check this server's way to cloudfront.amazonaws.com, port 443, and a proxy if there is one."
            }
            Self::Throttled | Self::Unavailable => {
                "Nothing to do: Unstale tries again by itself, more and more slowly."
            }
            Self::TooManyInProgress => "Nothing to do: Unstale goes on as soon as others have completed.",
            Self::ReferenceInUse => "Unstale looks for the earlier invalidation with the same reference.",
            Self::UnreadableAnswer => {
                "Unstale asks again with the same caller reference, so that nothing is sent twice."
            }
            Self::Other => "CloudFront's own words are below. Press Retry once the cause is mended.",
        }
    }
}

/// A problem as it happened once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub kind: ProblemKind,
    /// AWS's own code, such as `AccessDenied`; empty where there was no answer.
    pub code: String,
    /// AWS's own words, or the client's.
    pub message: String,
    /// AWS's request ID, where there was an answer.
    pub request_id: Option<String>,
}

/// The statement that lets a role do what Unstale does with one distribution, as JSON to paste.
#[must_use]
pub fn policy_statement(distribution_arn: &str) -> String {
    format!(
        r#"{{
  "Effect": "Allow",
  "Action": [
    "cloudfront:CreateInvalidation",
    "cloudfront:GetInvalidation",
    "cloudfront:ListInvalidations",
    "cloudfront:GetDistributionConfig",
    "cloudfront:ListTagsForResource"
  ],
  "Resource": "{distribution_arn}"
}}"#
    )
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

    #[test]
    fn the_policy_statement_is_json() {
        let statement = policy_statement("arn:aws:cloudfront::123456789012:distribution/E1");
        let json: serde_json::Value = serde_json::from_str(&statement).unwrap();
        assert_eq!(json["Resource"], "arn:aws:cloudfront::123456789012:distribution/E1");
    }
}
