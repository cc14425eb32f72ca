//! Why the buckets of a distribution were not compared, and what to do about it.

use serde::{Deserialize, Serialize};

use super::BucketOrigin;
use crate::checks::{bucket_of, step::is_plain};

/// Why nothing was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangesProblemName {
    ConfigurationUnknown,
    NoBucket,
    NoInvalidation,
    NoCredentials,
    ListDenied,
    BucketMissing,
    TooManyObjects,
    Refused,
    NoAnswer,
    UnreadableAnswer,
}

impl ChangesProblemName {
    pub const ALL: [Self; 10] = [
        Self::ConfigurationUnknown,
        Self::NoBucket,
        Self::NoInvalidation,
        Self::NoCredentials,
        Self::ListDenied,
        Self::BucketMissing,
        Self::TooManyObjects,
        Self::Refused,
        Self::NoAnswer,
        Self::UnreadableAnswer,
    ];

    /// The stable word, in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConfigurationUnknown => "configuration_unknown",
            Self::NoBucket => "no_bucket",
            Self::NoInvalidation => "no_invalidation",
            Self::NoCredentials => "no_credentials",
            Self::ListDenied => "list_denied",
            Self::BucketMissing => "bucket_missing",
            Self::TooManyObjects => "too_many_objects",
            Self::Refused => "refused",
            Self::NoAnswer => "no_answer",
            Self::UnreadableAnswer => "unreadable_answer",
        }
    }
}

/// Why nothing was compared, with what the words of it are filled in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesProblem {
    pub name: ChangesProblemName,
    /// The domain name of the bucket's origin. Empty if the problem is about no bucket.
    #[serde(default)]
    origin: String,
    /// How the keys of its files begin.
    #[serde(default)]
    prefix: String,
    /// What S3 said, or how it did not answer.
    #[serde(default)]
    detail: String,
}

impl ChangesProblem {
    #[must_use]
    pub fn new(name: ChangesProblemName) -> Self {
        Self { name, origin: String::new(), prefix: String::new(), detail: String::new() }
    }

    /// One about a bucket, with what S3 said.
    #[must_use]
    pub fn of_bucket(name: ChangesProblemName, origin: &BucketOrigin, detail: &str) -> Self {
        Self { name, origin: origin.domain.clone(), prefix: origin.prefix(), detail: detail.to_owned() }
    }

    fn bucket(&self) -> &str {
        bucket_of(&self.origin).filter(|name| is_plain(name)).unwrap_or("YOUR-BUCKET")
    }

    /// What was found, for people.
    #[must_use]
    pub fn found(&self) -> String {
        use ChangesProblemName as Name;
        let bucket = self.bucket();
        match self.name {
            Name::ConfigurationUnknown => {
                "The configuration of this distribution has not been read yet, so its buckets are not known.".to_owned()
            }
            Name::NoBucket => "No origin of this distribution is a bucket that can be listed.".to_owned(),
            Name::NoInvalidation => {
                "No invalidation of paths of this distribution is known, so there is no moment to compare files with.".to_owned()
            }
            Name::NoCredentials => "Unstale has no credentials for S3.".to_owned(),
            Name::ListDenied => format!("S3 does not let Unstale list the bucket {bucket}."),
            Name::BucketMissing => format!("There is no bucket {bucket}."),
            Name::TooManyObjects => "More than 50,000 objects: not compared.".to_owned(),
            Name::Refused => format!("S3 refused to list the bucket {bucket}: {}.", self.detail),
            Name::NoAnswer => format!("S3 did not list the bucket {bucket}: {}.", self.detail),
            Name::UnreadableAnswer => {
                format!("What S3 answered for the bucket {bucket} cannot be read: {}.", self.detail)
            }
        }
    }

    /// What to do next, for people. Empty if there is nothing to do.
    #[must_use]
    pub const fn step(&self) -> &'static str {
        use ChangesProblemName as Name;
        match self.name {
            Name::ConfigurationUnknown => {
                "Wait until it has been read, or press Refresh on the page of the distributions."
            }
            Name::NoBucket => {
                "Website endpoints and other servers have no file list. Enter the files yourself."
            }
            Name::NoInvalidation => "It appears after the first invalidation of a path.",
            Name::NoCredentials => "Give the service credentials of AWS that may list the bucket.",
            Name::ListDenied => {
                "Add this statement to the policy of the role or user that Unstale runs as. If the bucket is another account's, its bucket policy needs it too, with that role as the principal."
            }
            Name::BucketMissing => "Check the domain name of the origin.",
            Name::TooManyObjects => {
                "Enter the files yourself, or give the site a bucket or an origin path of its own."
            }
            Name::Refused => {
                "Check the credentials of the service and the policies of the bucket. Unstale tries again automatically."
            }
            Name::NoAnswer | Name::UnreadableAnswer => "Unstale tries again automatically.",
        }
    }

    /// A policy to be copied. `None` if there is none.
    #[must_use]
    pub fn snippet(&self) -> Option<String> {
        (self.name == ChangesProblemName::ListDenied).then(|| self.list_statement())
    }

    /// The objects of a distribution's buckets that are compared.
    pub const OBJECTS_MAX: usize = 50_000;

    /// The statement of a policy that lets its holder list the files of the origin, as JSON (S3 user guide,
    /// "Actions, resources, and condition keys": `s3:ListBucket` is about the bucket, and `s3:prefix` narrows it).
    fn list_statement(&self) -> String {
        let partition = if self.origin.ends_with(".com.cn") { "aws-cn" } else { "aws" };
        let resource = format!("arn:{partition}:s3:::{}", self.bucket());
        let prefix = serde_json::json!(format!("{}*", self.prefix));
        let condition = if self.prefix.is_empty() {
            String::new()
        } else {
            format!(",\n  \"Condition\": {{ \"StringLike\": {{ \"s3:prefix\": {prefix} }} }}")
        };
        format!(
            "{{\n  \"Effect\": \"Allow\",\n  \"Action\": \"s3:ListBucket\",\n  \"Resource\": \"{resource}\"{condition}\n}}"
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::bucket_origins, *};
    use crate::distributions::{
        delivery::{Behavior, DeliverySettings},
        distribution::DistributionConfig,
    };

    fn origin(domain: &str, path: &str) -> BucketOrigin {
        let behavior = Behavior {
            pattern: "*".to_owned(),
            origin: Some(domain.to_owned()),
            origin_path: path.to_owned(),
            ..Behavior::default()
        };
        let delivery = DeliverySettings { behaviors: vec![behavior], ..DeliverySettings::default() };
        bucket_origins(&DistributionConfig { delivery, ..DistributionConfig::default() }).remove(0)
    }

    fn denied(domain: &str, path: &str) -> ChangesProblem {
        let origin = origin(domain, path);
        ChangesProblem::of_bucket(ChangesProblemName::ListDenied, &origin, "403 AccessDenied")
    }

    #[test]
    fn the_statement_to_add_is_filled_in() {
        let whole: Value =
            serde_json::from_str(&denied("site.s3.amazonaws.com", "").snippet().unwrap()).unwrap();
        let expected = json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::site"});
        assert_eq!(whole, expected);
        let part = denied("site.s3.cn-north-1.amazonaws.com.cn", "/v2/").snippet().unwrap();
        let part: Value = serde_json::from_str(&part).unwrap();
        assert_eq!(part["Resource"], "arn:aws-cn:s3:::site");
        assert_eq!(part["Condition"], json!({"StringLike": {"s3:prefix": "v2/*"}}));
    }

    #[test]
    fn each_has_words_and_reads_back() {
        for name in ChangesProblemName::ALL {
            let origin = origin("site.s3.amazonaws.com", "");
            let problem = ChangesProblem::of_bucket(name, &origin, "503 SlowDown");
            assert!(problem.found().ends_with('.') && problem.step().ends_with('.'), "{problem:?}");
            assert_eq!(problem.snippet().is_some(), name == ChangesProblemName::ListDenied);
            let stored = json!(problem);
            assert_eq!(stored["name"], name.as_str());
            assert_eq!(serde_json::from_value::<ChangesProblem>(stored).unwrap(), problem);
        }
        let many = ChangesProblem::new(ChangesProblemName::TooManyObjects);
        assert_eq!(ChangesProblem::OBJECTS_MAX, 50_000);
        assert_eq!(many.found(), "More than 50,000 objects: not compared.");
    }
}
