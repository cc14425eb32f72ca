//! Owns what S3 answers to a role of the account that asks for a bucket itself, past CloudFront.
//!
//! Such a request is signed in its query and names the bucket in its path: `/BUCKET/KEY?X-Amz-Signature=…`. The role
//! may read and list every bucket.

use hyper::Response;
use hyper::body::Bytes;
use hyper::http::request::Parts;

use crate::origin::s3;
use crate::state::BucketPolicy;
use crate::world::World;

/// The bucket and the path of its object. `None` if it is no such request.
pub(super) fn asked(head: &Parts) -> Option<(String, String)> {
    let is_signed = head.uri.query().is_some_and(|query| query.contains("X-Amz-Signature="));
    let (bucket, key) = head.uri.path().strip_prefix('/')?.split_once('/')?;
    is_signed.then(|| (bucket.to_owned(), format!("/{key}")))
}

pub(super) async fn answer(world: &World, bucket: &str, path: &str) -> Response<Bytes> {
    let domain = format!("{bucket}.s3.us-east-1.amazonaws.com");
    let distribution = world.shared.lock().distribution_of_origin(&domain).cloned();
    match distribution {
        Some(distribution) => {
            s3::answer(&world.folder_of(&distribution), BucketPolicy::ReadAndList, path).await
        }
        None => s3::no_such_bucket(bucket),
    }
}
