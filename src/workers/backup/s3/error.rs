//! Why S3 did not do what a backup needs, and what to do about it.

use crate::{
    cloudfront::S3Error,
    domain::backups::{BackupAction, S3Prefix},
};

/// Why S3 did not do what a backup needs.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.described())]
pub struct S3BackupError {
    attempt: Box<Attempt>,
    #[source]
    cause: S3Answer,
}

/// What was tried.
#[derive(Debug)]
struct Attempt {
    action: BackupAction,
    place: S3Prefix,
    /// The object or the place that it is about.
    about: String,
}

/// What S3 said, with its own sentence.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.said())]
struct S3Answer(S3Error);

impl S3Answer {
    fn said(&self) -> String {
        match &self.0 {
            S3Error::Refused { message, .. } if !message.is_empty() => format!("{}: {message}", self.0),
            error => error.to_string(),
        }
    }
}

/// What S3's answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Denied,
    NoCredentials,
    CredentialsRefused,
    NoBucket,
    NoObject,
    Archived,
    NotSupported,
    OtherRefusal,
    NoAnswer,
}

impl S3BackupError {
    pub(super) fn new(action: BackupAction, place: S3Prefix, about: &impl ToString, error: S3Error) -> Self {
        let attempt = Box::new(Attempt { action, place, about: about.to_string() });
        Self { attempt, cause: S3Answer(error) }
    }

    /// Whether S3 does not allow it.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.meaning() == Meaning::Denied
    }

    /// The status of an answer that refuses.
    pub(super) fn status(&self) -> Option<u16> {
        match &self.cause.0 {
            S3Error::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    fn meaning(&self) -> Meaning {
        let (status, code) = match &self.cause.0 {
            S3Error::Credentials(_) => return Meaning::NoCredentials,
            S3Error::Address(_) | S3Error::NoAnswer(_) | S3Error::TimedOut | S3Error::Unreadable(_) => {
                return Meaning::NoAnswer;
            }
            S3Error::Refused { status, code, .. } => (*status, code.as_str()),
        };
        match (status, code) {
            (_, "AccessDenied" | "AllAccessDisabled") | (403, "") => Meaning::Denied,
            (
                _,
                "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "ExpiredToken"
                | "InvalidToken"
                | "RequestTimeTooSkewed"
                | "TokenRefreshRequired",
            ) => Meaning::CredentialsRefused,
            (_, "NoSuchBucket") => Meaning::NoBucket,
            (_, "NoSuchKey") => Meaning::NoObject,
            (_, "InvalidObjectState") => Meaning::Archived,
            (501, _) => Meaning::NotSupported,
            (500.., _) => Meaning::NoAnswer,
            _ => Meaning::OtherRefusal,
        }
    }

    fn described(&self) -> String {
        let Attempt { action, place, about } = &*self.attempt;
        let action = action.as_str();
        match (self.meaning(), &self.cause.0) {
            (Meaning::Denied, _) => format!("S3 does not allow {action} on {about}"),
            (Meaning::NoBucket, _) => format!("there is no bucket {}", place.bucket()),
            (Meaning::NoObject, _) => format!("there is no object {about}"),
            (Meaning::Archived, _) => format!("{about} is archived and cannot be read at once"),
            _ => format!("{action} on {about} failed"),
        }
    }

    /// What to do about it, for people: where a permission is missing, with the statement to add.
    #[must_use]
    pub fn fix(&self) -> String {
        match self.meaning() {
            Meaning::Denied => format!(
                "Add this statement to the policy of the role or user that Unstale runs as. If the bucket is another \
                 account's, its bucket policy needs it too. Where its default encryption is SSE-KMS with a key of your own, \
                 that key has to allow kms:GenerateDataKey and kms:Decrypt.\n{}",
                self.attempt.action.statement(&self.attempt.place)
            ),
            Meaning::NoCredentials => {
                "Give it credentials of AWS: docs/OPERATIONS.md, AWS credentials, says how.".to_owned()
            }
            Meaning::CredentialsRefused => {
                "Correct the credentials of AWS, and see that the clock of this machine is right.".to_owned()
            }
            Meaning::NoBucket => "Make the bucket, or name another one. Unstale makes no buckets.".to_owned(),
            Meaning::NoObject => {
                "See which there are, for example with aws s3 ls, and name one of them.".to_owned()
            }
            Meaning::Archived => "Restore the object from the archive at S3 first.".to_owned(),
            Meaning::NotSupported => {
                "The server at AWS_ENDPOINT_URL_S3 has to support If-None-Match and SHA-256 checksums, as S3 does."
                    .to_owned()
            }
            Meaning::OtherRefusal => {
                "See that the bucket and its region are right, and that no policy of the bucket refuses it.".to_owned()
            }
            Meaning::NoAnswer => {
                "See that this machine reaches S3. The service tries again in ten minutes at the latest.".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::causes::with_causes;

    #[test]
    fn what_s3_says_is_told_with_what_to_do() {
        let place = S3Prefix::parse("s3://backups/eu").unwrap();
        let object = place.object("unstale-20261130T120000Z.db");
        let refused = |status, code: &str| {
            let (code, message) = (code.to_owned(), "its own words".to_owned());
            let error = S3Error::Refused { status, code, message };
            S3BackupError::new(BackupAction::Put, place.clone(), &object, error)
        };
        let denied = refused(403, "AccessDenied");
        assert!(denied.is_denied());
        let said = with_causes(&denied);
        assert!(said.starts_with("S3 does not allow s3:PutObject on s3://backups/eu/unstale-2026"), "{said}");
        assert!(said.ends_with("S3 answered with 403 AccessDenied: its own words"), "{said}");
        assert!(denied.fix().contains("\"arn:aws:s3:::backups/eu/*\""), "{}", denied.fix());
        for (status, code, words) in [
            (404, "NoSuchBucket", "Make the bucket"),
            (403, "InvalidAccessKeyId", "Correct the credentials"),
            (403, "InvalidObjectState", "from the archive"),
            (501, "NotImplemented", "If-None-Match"),
            (503, "SlowDown", "tries again"),
            (400, "InvalidRequest", "no policy"),
        ] {
            let error = refused(status, code);
            assert!(error.fix().contains(words) && !error.is_denied(), "{code}: {}", error.fix());
        }
    }
}
