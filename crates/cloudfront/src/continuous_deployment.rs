//! Lists the account's continuous deployment policies.

use aws_sdk_cloudfront::types;

use unstale_domain::{
    distributions::continuous_deployment::ContinuousDeploymentPolicy, invalidations::problem::Problem,
};

use super::{
    client::{CloudFront, Page, next, unreadable},
    operation::AwsOperation,
    read,
};

impl CloudFront {
    /// One page of the account's continuous deployment policies, by their IDs. `before` is how many the earlier pages had.
    pub async fn list_continuous_deployment_policies(
        &self,
        marker: Option<&str>,
        before: usize,
    ) -> Result<Page<(String, ContinuousDeploymentPolicy)>, Problem> {
        let call = self
            .0
            .list_continuous_deployment_policies()
            .set_marker(marker.map(str::to_owned))
            .max_items(100)
            .send();
        let output = AwsOperation::ListContinuousDeploymentPolicies.answered(call).await?;
        let list = output.continuous_deployment_policy_list().ok_or_else(unreadable)?;
        if !is_whole(list, before) {
            return Err(unreadable());
        }
        // One that cannot be read makes the answer unreadable: left out, it would be taken for one that is gone.
        let rows: Option<Vec<_>> = list.items().iter().map(read::continuous_deployment_policy).collect();
        let rows = rows.ok_or_else(unreadable)?;
        // This list has no `IsTruncated`: there is a next page if it says where that begins.
        Ok(Page { rows, next: next(true, list.next_marker()) })
    }
}

/// Whether the page has all its rows. The SDK parses truncated XML as a shorter list, and `Quantity` is documented as the
/// number of all policies of the account, where other lists have that of the page.
fn is_whole(list: &types::ContinuousDeploymentPolicyList, before: usize) -> bool {
    let rows = list.items().len();
    let counted = |count: usize| usize::try_from(list.quantity()) == Ok(count);
    let goes_on = next(true, list.next_marker()).is_some();
    let is_full = usize::try_from(list.max_items()) == Ok(rows);
    list.max_items() > 0 && (counted(rows) || if goes_on { is_full } else { counted(before + rows) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rows: usize, quantity: i32, goes_on: bool) -> types::ContinuousDeploymentPolicyList {
        let row = types::ContinuousDeploymentPolicySummary::builder().build();
        types::ContinuousDeploymentPolicyList::builder()
            .max_items(2)
            .quantity(quantity)
            .set_items(Some(vec![row; rows]))
            .set_next_marker(goes_on.then(|| "next".to_owned()))
            .build()
            .unwrap()
    }

    #[test]
    fn a_page_is_whole_by_either_meaning_of_its_quantity() {
        for (rows, quantity, goes_on, before, whole) in [
            (0, 0, false, 0, true),
            (2, 2, true, 0, true),
            (2, 5, true, 0, true),
            (1, 5, true, 0, false),
            (1, 5, false, 4, true),
            (1, 1, false, 4, true),
            (0, 5, false, 4, false),
            (1, 2, false, 0, false),
        ] {
            let list = list(rows, quantity, goes_on);
            assert_eq!(is_whole(&list, before), whole, "{rows} {quantity} {goes_on} {before}");
        }
    }
}
