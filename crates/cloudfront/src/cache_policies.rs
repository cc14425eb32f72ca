//! Lists the account's own cache policies.

use aws_sdk_cloudfront::types;

use unstale_domain::{distributions::cache_policy::CachePolicy, invalidations::problem::Problem};

use super::{
    client::{CloudFront, Page, next, unreadable},
    operation::AwsOperation,
    read,
};

impl CloudFront {
    /// One page of the account's own cache policies, by their IDs. Those that cannot be read are left out.
    pub async fn list_cache_policies(
        &self,
        marker: Option<&str>,
    ) -> Result<Page<(String, CachePolicy)>, Problem> {
        let call = self
            .0
            .list_cache_policies()
            .r#type(types::CachePolicyType::Custom)
            .set_marker(marker.map(str::to_owned))
            .max_items(100)
            .send();
        let output = AwsOperation::ListCachePolicies.answered(call).await?;
        let whole =
            |list: &&types::CachePolicyList| read::is_whole(list.items(), list.quantity(), list.max_items());
        let list = output.cache_policy_list().filter(whole).ok_or_else(unreadable)?;
        let rows = list.items().iter().filter_map(read::cache_policy).collect();
        // This list has no `IsTruncated`: there is a next page if it says where that begins.
        Ok(Page { rows, next: next(true, list.next_marker()) })
    }
}
