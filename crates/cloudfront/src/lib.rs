//! The only user of the AWS SDK: calls to CloudFront, their answers in the words of the domain.

mod client;
mod cloudtrail;
mod credentials;
mod environment;
mod error;
mod foreign;
mod http_client;
mod provider;
mod read;
mod settings;

pub use crate::cloudtrail::{CloudTrail, KEPT, Made};
pub use client::{
    CloudFront, Connect, CreatedInvalidation, InvalidationDetails, InvalidationStatus, InvalidationSummary,
    Page,
};
pub use environment::{AwsEnvironment, AwsEnvironmentError};
