//! Owns what S3 answers to a role of the account that asks for a bucket itself, past CloudFront.
//!
//! Such a request is signed in its query and names the bucket in its path: `/BUCKET/KEY?X-Amz-Signature=…`, or
//! `/BUCKET/?list-type=2&X-Amz-Signature=…` for its listing. What the role may do is said by `role_policy`.

use hyper::Response;
use hyper::body::Bytes;
use hyper::http::request::Parts;

use super::{list_objects, log, meet};
use crate::body;
use crate::faults::FaultKind;
use crate::origin::s3;
use crate::server::{Body, BreakOff, Connection};
use crate::state::{Call, Distribution};
use crate::world::World;

/// A request for a bucket, as it was understood.
pub(super) struct Asked {
    bucket: String,
    /// The path of its object; `/` for the bucket itself.
    path: String,
    /// The query of a listing.
    listing: Option<String>,
}

impl Asked {
    /// `None` if it is no such request.
    pub fn of(head: &Parts) -> Option<Self> {
        let query = head.uri.query().filter(|query| query.contains("X-Amz-Signature="))?;
        let (bucket, key) = head.uri.path().strip_prefix('/')?.split_once('/')?;
        let is_listing = key.is_empty() && query.split('&').any(|pair| pair == "list-type=2");
        Some(Self {
            bucket: bucket.to_owned(),
            path: format!("/{key}"),
            listing: is_listing.then(|| query.to_owned()),
        })
    }
}

/// Answers it, or breaks its connection.
pub(super) async fn handle(
    world: &World,
    asked: &Asked,
    connection: &Connection,
) -> Result<Response<Body>, BreakOff> {
    let domain = format!("{}.s3.us-east-1.amazonaws.com", asked.bucket);
    let distribution = world.shared.lock().distribution_of_origin(&domain).cloned();
    let operation = if asked.listing.is_some() { "ListObjectsV2" } else { "HeadObject" };
    let mut call = Call {
        at: world.clock.now(),
        operation: operation.to_owned(),
        distribution: distribution.as_ref().map(|distribution| distribution.id.clone()),
        ..Call::default()
    };
    let fault = meet(world, &mut call, connection).await?.map(|fault| fault.kind);
    let response = match distribution {
        _ if fault == Some(FaultKind::ServerError) => s3::slow_down(),
        _ if fault == Some(FaultKind::Expired) => s3::expired_token(),
        _ if fault == Some(FaultKind::AccessDenied) => s3::access_denied(),
        Some(distribution) => answer(world, &distribution, asked).await,
        None => s3::no_such_bucket(&asked.bucket),
    };
    call.status = Some(response.status().as_u16());
    log(&mut world.shared.lock(), call);
    let response = match fault {
        Some(FaultKind::Malformed) => response.map(|_| Bytes::from_static(b"<ListBucketResult><Contents>")),
        _ => response,
    };
    Ok(response.map(body::full))
}

async fn answer(world: &World, distribution: &Distribution, asked: &Asked) -> Response<Bytes> {
    let folder = world.folder_of(distribution);
    match &asked.listing {
        Some(query) => list_objects::answer(&folder, distribution, &asked.bucket, query).await,
        None => s3::answer(&folder, distribution.role_policy, &asked.path).await,
    }
}
