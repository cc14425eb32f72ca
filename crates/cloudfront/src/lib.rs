//! Calls CloudFront, CloudTrail and S3, and converts their answers to types of the domain. No other crate uses the AWS
//! SDK.

mod cache_policies;
mod client;
mod cloudtrail;
mod credentials;
mod environment;
mod error;
mod foreign;
mod http_client;
mod provider;
mod read;
mod s3;
mod settings;

pub use crate::cloudtrail::{CloudTrail, KEPT, Made};
pub use client::{
    CloudFront, Connect, CreatedInvalidation, InvalidationDetails, InvalidationStatus, InvalidationSummary,
    Page,
};
pub use environment::{AwsEnvironment, AwsEnvironmentError};
pub use s3::{ListedObject, ListedPage, ObjectHead, S3, S3Bucket, S3Error};
