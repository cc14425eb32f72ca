//! Calls CloudFront, CloudTrail, CloudWatch, S3, SNS, EventBridge and the pricing plan manager, and converts their answers to types of the
//! domain. No other crate uses the AWS SDK.

mod cache_policies;
mod client;
mod cloudtrail;
mod cloudwatch;
mod continuous_deployment;
mod credentials;
mod environment;
mod error;
mod foreign;
mod http_client;
mod operation;
mod pricing_plans;
mod provider;
mod publisher;
mod read;
mod s3;
mod settings;
mod signed_call;

pub use crate::cloudtrail::{CloudTrail, KEPT, Made};
pub use client::{
    CloudFront, Connect, CreatedInvalidation, InvalidationDetails, InvalidationStatus, InvalidationSummary,
    Page,
};
pub use cloudwatch::{CloudWatch, METRICS_A_CALL};
pub use environment::{AwsEnvironment, AwsEnvironmentError};
pub use operation::AwsOperation;
pub use pricing_plans::{PricingPlanManager, PricingPlanSubscription};
pub use publisher::{PublishError, Publisher};
pub use s3::{
    HashedContent, ListedObject, ListedPage, MultipartUpload, NewObject, ObjectHead, S3, S3Bucket,
    S3Download, S3Error, UploadedPart,
};
