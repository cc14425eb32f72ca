//! What backups do in a bucket, and the statement of a policy that allows it.

use super::S3Prefix;

/// An action of S3 that backups need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupAction {
    List,
    Put,
    Abort,
    Get,
    Delete,
}

impl BackupAction {
    /// Its name in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::List => "s3:ListBucket",
            Self::Put => "s3:PutObject",
            Self::Abort => "s3:AbortMultipartUpload",
            Self::Get => "s3:GetObject",
            Self::Delete => "s3:DeleteObject",
        }
    }

    /// The statement of a policy that allows it below this prefix, as JSON (S3 user guide, "Actions, resources, and
    /// condition keys": `s3:ListBucket` is about the bucket, and `s3:prefix` restricts it).
    #[must_use]
    pub fn statement(self, place: &S3Prefix) -> String {
        let (bucket, prefix) = (place.bucket(), place.key_prefix());
        let (action, objects) = (self.as_str(), serde_json::json!(format!("{prefix}*")));
        let (resource, condition) = match self {
            Self::List if prefix.is_empty() => (format!("arn:aws:s3:::{bucket}"), String::new()),
            Self::List => (
                format!("arn:aws:s3:::{bucket}"),
                format!(",\n  \"Condition\": {{ \"StringLike\": {{ \"s3:prefix\": {objects} }} }}"),
            ),
            Self::Put | Self::Abort | Self::Get | Self::Delete => {
                (format!("arn:aws:s3:::{bucket}/{prefix}*"), String::new())
            }
        };
        let resource = serde_json::json!(resource);
        format!(
            "{{\n  \"Effect\": \"Allow\",\n  \"Action\": \"{action}\",\n  \"Resource\": {resource}{condition}\n}}"
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_statement_is_about_the_bucket_or_its_objects() {
        let statement = |action: BackupAction, place: &str| -> Value {
            let place = S3Prefix::parse(place).unwrap();
            serde_json::from_str(&action.statement(&place)).unwrap()
        };
        for (action, place, expected) in [
            (
                BackupAction::Put,
                "s3://backups/eu",
                json!({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::backups/eu/*"}),
            ),
            (
                BackupAction::Delete,
                "s3://backups",
                json!({"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::backups/*"}),
            ),
            (
                BackupAction::List,
                "s3://backups",
                json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::backups"}),
            ),
            (
                BackupAction::List,
                "s3://backups/eu",
                json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::backups",
                    "Condition": {"StringLike": {"s3:prefix": "eu/*"}}}),
            ),
        ] {
            assert_eq!(statement(action, place), expected);
        }
    }
}
