//! The account's continuous deployment policies: from them it is known which staging distribution belongs to a primary one.

use std::collections::HashMap;

use crate::{
    cloudfront::Page,
    domain::{
        distributions::continuous_deployment::ContinuousDeploymentPolicy, invalidations::problem::Problem,
    },
    store::{
        Conn, StoreError, Tx,
        distributions::continuous_deployments::{self, DeploymentWanted},
    },
};

use super::{super::WorkerContext, policy_list::PolicyList};

pub(super) struct DeploymentPolicies;

impl PolicyList for DeploymentPolicies {
    type Policy = ContinuousDeploymentPolicy;
    type Wanted = DeploymentWanted;
    const NAME: &'static str = "continuous deployment policies";
    const PERMISSION: &'static str = "cloudfront:ListContinuousDeploymentPolicies";

    async fn wanted(conn: &mut Conn) -> Result<Vec<DeploymentWanted>, StoreError> {
        continuous_deployments::wanted(conn).await
    }

    fn account(wanted: &DeploymentWanted) -> &str {
        &wanted.account
    }

    async fn page(
        context: &WorkerContext,
        marker: Option<&str>,
        before: usize,
    ) -> Result<Page<(String, ContinuousDeploymentPolicy)>, Problem> {
        context.cloudfront.list_continuous_deployment_policies(marker, before).await
    }

    async fn fill_in(
        tx: &mut Tx,
        wanted: DeploymentWanted,
        policies: &HashMap<String, ContinuousDeploymentPolicy>,
    ) -> Result<(), StoreError> {
        continuous_deployments::fill_in(tx, &wanted, policies.get(&wanted.policy_id)).await
    }
}
