//! The other distribution of a continuous deployment, as the page of each shows it.
//!
//! Whoever may not see the staging distribution is told nothing of it.

use crate::{
    commands,
    domain::distributions::{
        continuous_deployment::{ContinuousDeployment, ContinuousDeploymentPolicy},
        distribution::Distribution,
    },
    http::session::Visitor,
    store::{Conn, StoreError, distributions::continuous_deployments},
};

/// The line of the page.
#[derive(Debug, Clone)]
pub(super) struct StagingPairView {
    /// `Staging distribution`, or `Primary distribution`.
    pub role: &'static str,
    /// The ID and the name of the other one. `None` if it is not known, or if the visitor may not see it.
    pub link: Option<(String, String)>,
    pub words: String,
}

const STAGING: &str = "Staging distribution";
const PRIMARY: &str = "Primary distribution";

impl StagingPairView {
    /// `None` if the distribution belongs to no continuous deployment, as far as the visitor may know.
    pub async fn read(
        conn: &mut Conn,
        visitor: &Visitor,
        distribution: &Distribution,
    ) -> Result<Option<Self>, StoreError> {
        if let Some((pair, primary)) = commands::primary_of(conn, distribution, &visitor.access).await? {
            let words = format!("(this one {})", reached(&pair.policy));
            return Ok(Some(Self { role: PRIMARY, link: primary.as_ref().map(link), words }));
        }
        if let Some((pair, staging)) = commands::staging_of(conn, distribution, &visitor.access).await? {
            let words = format!("has a cache of its own and {}", reached(&pair.policy));
            return Ok(Some(Self { role: STAGING, link: Some(link(&staging)), words }));
        }
        if distribution.staging {
            let words = "not known: no continuous deployment policy that was read names this one".to_owned();
            return Ok(Some(Self { role: PRIMARY, link: None, words }));
        }
        // One that is not known may be one that the visitor must not know.
        let named = continuous_deployments::find(conn, &distribution.id).await?;
        let named = named.filter(|_| !visitor.access.is_narrowed());
        Ok(named.map(|named| Self { role: STAGING, link: None, words: unknown(&named) }))
    }
}

fn link(distribution: &Distribution) -> (String, String) {
    (distribution.id.to_string(), format!("{} ({})", distribution.shown_name(), distribution.id))
}

fn reached(policy: &ContinuousDeploymentPolicy) -> String {
    if policy.enabled {
        format!("gets {}", policy.traffic.describe())
    } else {
        "gets no requests: the continuous deployment policy is disabled".to_owned()
    }
}

fn unknown(named: &ContinuousDeployment) -> String {
    match &named.policy {
        None => format!(
            "not known. The configuration names the continuous deployment policy {}. To read it, Unstale needs cloudfront:ListContinuousDeploymentPolicies on *",
            named.policy_id
        ),
        Some(policy) if policy.staging_domains.is_empty() => {
            "none: the continuous deployment policy names no domain".to_owned()
        }
        Some(policy) => {
            let state = if policy.enabled { "enabled" } else { "disabled" };
            format!(
                "not known: CloudFront lists no staging distribution {}, which the continuous deployment policy names ({state})",
                policy.staging_domains.join(", ")
            )
        }
    }
}
