//! Commands and policies, filled in with what is known of a distribution.

use crate::{checks::EdgeConfiguration, invalidations::aws_cli::quoted};

/// The configuration whose facts stand in a command. What is not known stands there as a placeholder.
#[derive(Clone, Copy)]
pub(in crate::checks) struct FilledIn<'a>(pub &'a EdgeConfiguration);

impl<'a> FilledIn<'a> {
    /// The distribution's ID. A distribution tenant has an ID of its own, which these commands do not take.
    pub fn distribution(self) -> &'a str {
        let id = self.0.distribution.as_deref().filter(|id| !id.starts_with("dt_"));
        id.filter(|id| is_plain(id)).unwrap_or("YOUR-DISTRIBUTION")
    }

    fn account(self) -> &'a str {
        self.0.account.as_deref().filter(|id| is_plain(id)).unwrap_or("YOUR-ACCOUNT")
    }

    pub fn bucket(self) -> &'a str {
        self.0.bucket.as_deref().filter(|name| is_plain(name)).unwrap_or("YOUR-BUCKET")
    }

    /// The partition of the ARNs. Distributions in China have another domain (CloudFront in China, user guide).
    fn partition(self) -> &'static str {
        let hosts = self.0.hosts.as_deref().unwrap_or_default();
        if hosts.iter().any(|host| host.ends_with(".cloudfront.cn")) { "aws-cn" } else { "aws" }
    }

    /// The distribution's ARN.
    pub fn arn(self) -> String {
        let (partition, account) = (self.partition(), self.account());
        format!("arn:{partition}:cloudfront::{account}:distribution/{}", self.distribution())
    }

    /// The command that lists the objects whose keys begin with this one.
    pub fn list(self, key: &str) -> String {
        format!("aws s3 ls {}", quoted(&format!("s3://{}/{key}", self.bucket())))
    }

    /// The command that sets the default root object, and keeps all other settings.
    pub fn set_root_object(self) -> String {
        format!(
            "aws cloudfront update-distribution --id {} --default-root-object index.html",
            self.distribution()
        )
    }

    /// The command that shows one part of the distribution's configuration. `query` is an expression of `JMESPath`.
    pub fn show_configuration(self, query: &str) -> String {
        format!(
            "aws cloudfront get-distribution-config --id {} --query {} --output json",
            self.distribution(),
            quoted(&format!("DistributionConfig.{query}"))
        )
    }

    /// The statement of a bucket policy that lets the distribution read, as JSON (developer guide,
    /// private-content-restricting-access-to-s3).
    pub fn read_statement(self) -> String {
        let (partition, bucket, arn) = (self.partition(), self.bucket(), self.arn());
        format!(
            r#"{{
  "Effect": "Allow",
  "Principal": {{ "Service": "cloudfront.amazonaws.com" }},
  "Action": "s3:GetObject",
  "Resource": "arn:{partition}:s3:::{bucket}/*",
  "Condition": {{
    "StringEquals": {{
      "AWS:SourceArn": "{arn}"
    }}
  }}
}}"#
        )
    }
}

/// Whether the text can stand in an ARN and in a shell as it is.
pub(in crate::checks) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}
