//! The account's own cache policies.

use std::collections::HashMap;

use crate::{
    cloudfront::Page,
    domain::{distributions::cache_policy::CachePolicy, invalidations::problem::Problem},
    store::{
        Conn, StoreError, Tx,
        distributions::cache_policies::{self, PoliciesWanted},
    },
};

use super::{super::WorkerContext, policy_list::PolicyList};

pub(super) struct CachePolicies;

impl PolicyList for CachePolicies {
    type Policy = CachePolicy;
    type Wanted = PoliciesWanted;
    const NAME: &'static str = "cache policies";
    const PERMISSION: &'static str = "cloudfront:ListCachePolicies";

    async fn wanted(conn: &mut Conn) -> Result<Vec<PoliciesWanted>, StoreError> {
        cache_policies::wanted(conn).await
    }

    fn account(wanted: &PoliciesWanted) -> &str {
        &wanted.account
    }

    async fn page(
        context: &WorkerContext,
        marker: Option<&str>,
        _before: usize,
    ) -> Result<Page<(String, CachePolicy)>, Problem> {
        context.cloudfront.list_cache_policies(marker).await
    }

    async fn fill_in(
        tx: &mut Tx,
        mut wanted: PoliciesWanted,
        policies: &HashMap<String, CachePolicy>,
    ) -> Result<(), StoreError> {
        wanted.delivery.fill_in_policies(|id| policies.get(id).cloned());
        cache_policies::fill_in(tx, &wanted).await
    }
}
