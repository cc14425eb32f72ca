//! The only user of the AWS SDK: calls to CloudFront, their answers in the words of the domain.

mod client;
mod environment;
mod error;
mod http_client;
mod read;
mod trail;

pub use client::{Accepted, CloudFront, Connect, Listed, Page, Seen, Status};
pub use environment::{AwsEnvironment, AwsEnvironmentError};
pub use trail::{CloudTrail, KEPT, Made};
