//! The requests that an invalidation was sent together with, as its page names them.

use std::collections::BTreeSet;

use crate::{
    domain::{
        access::Access,
        invalidations::invalidation::{Batch, Invalidation},
    },
    store::{
        Conn, StoreError,
        invalidations::{self, batches},
    },
};

/// The number of other requests that are named. The rest is counted.
const NAMED: usize = 5;

/// Another request that went in the same call to CloudFront.
#[derive(Debug, Clone)]
pub struct OtherRequest {
    pub id: String,
    pub title: String,
    pub who: String,
}

/// That an invalidation was sent together with others.
#[derive(Debug, Clone)]
pub struct TogetherView {
    pub words: &'static str,
    pub others: Vec<OtherRequest>,
    pub hidden: usize,
    /// CloudFront's ID of what they were sent in, if it is one and known.
    pub cloudfront_id: Option<String>,
}

impl TogetherView {
    /// `None` if it was sent by itself. Only what the viewer may see is named.
    pub async fn read(
        conn: &mut Conn,
        access: &Access,
        invalidation: &Invalidation,
        own: &[Batch],
    ) -> Result<Option<Self>, StoreError> {
        let merged: Vec<&Batch> = own.iter().filter(|batch| batch.merged_into.is_some()).collect();
        if merged.is_empty() {
            return Ok(None);
        }
        let ids = batches::sent_together(conn, &invalidation.id).await?;
        let mut others = invalidations::find_all(conn, &ids[..ids.len().min(NAMED)]).await?;
        others.retain(|other| access.sees(&other.distribution));
        others.sort_by_key(|other| (other.requested_at, other.id.clone()));
        let at_cloudfront: BTreeSet<_> =
            merged.iter().filter_map(|batch| batch.cloudfront_id.as_ref()).collect();
        let is_sent = merged.iter().all(|batch| batch.accepted_at.is_some());
        Ok(Some(Self {
            words: if is_sent { "Sent together with" } else { "Is sent together with" },
            hidden: ids.len() - others.len(),
            cloudfront_id: at_cloudfront
                .first()
                .filter(|_| at_cloudfront.len() == 1)
                .map(ToString::to_string),
            others: others
                .into_iter()
                .map(|other| OtherRequest {
                    id: other.id.to_string(),
                    title: other.title(),
                    who: other.requested_by.name().to_owned(),
                })
                .collect(),
        }))
    }
}
