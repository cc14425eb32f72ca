//! `GET /api/v1/distributions`: the distributions that the caller may see, in pages, and one by itself.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{
        distributions::{
            continuous_deployment::StagingPair,
            distribution::{Distribution, DistributionReadiness},
            host::in_unicode,
            traffic::Traffic,
        },
        id::DistributionId,
    },
    http::caller::Caller,
    store::{
        Conn, StoreError,
        distributions::{self, continuous_deployments},
    },
};

use super::{caller::NamedPath, error::ApiError, json::Json, query::Params, state::Api};

/// A CloudFront distribution, as Unstale last read it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Distribution)]
pub struct DistributionShape {
    #[schema(example = "E2QWRUHAPOMQZL")]
    pub id: String,
    /// Its page, for people.
    pub url: String,
    /// The name that people know it by.
    pub name: String,
    pub domain_name: String,
    pub aliases: Vec<String>,
    /// The aliases that have another spelling in Unicode, in that one.
    pub aliases_in_unicode: Vec<String>,
    pub comment: String,
    /// `ready`, `deploying`, `disabled`, `tenant_only` (no requests are taken for it) or `gone`.
    pub state: String,
    /// A staging distribution has a cache of its own.
    pub staging: bool,
    /// The ID of the staging distribution that its continuous deployment policy names. Null if there is none, if it is not
    /// known, or if the token may not see it.
    #[schema(example = "EDFDVBD6EXAMPLE")]
    pub staging_distribution: Option<String>,
    /// Of a staging distribution: the ID of the distribution through which viewers reach it. Null as above.
    pub primary_distribution: Option<String>,
    /// What the token may refresh there, in words.
    pub allowed: String,
    /// What viewers ask of it. Null if that is not known.
    pub traffic: Option<TrafficShape>,
    /// The tier of the flat-rate plan that it is on. Null if it is on none, or if that is not known.
    #[schema(example = "PRO")]
    pub flat_rate_plan: Option<String>,
    /// When CloudFront last named it.
    #[schema(format = DateTime)]
    pub seen_at: String,
}

/// What viewers ask of a distribution, on average over an hour.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Traffic)]
pub struct TrafficShape {
    /// CloudWatch's `Requests`.
    #[schema(example = 5218)]
    pub requests_a_minute: u64,
    /// How much of that the cache answers, in percent (CloudWatch's `CacheHitRate`). Null if the additional metrics of the
    /// distribution are off, and of one that is not busy.
    #[schema(example = 96.2)]
    pub hit_rate: Option<f64>,
    /// The end of the hour over which it was measured.
    #[schema(format = DateTime)]
    pub measured_at: String,
}

impl TrafficShape {
    pub fn new(traffic: &Traffic) -> Self {
        Self {
            requests_a_minute: traffic.requests_a_minute,
            hit_rate: traffic.hits_per_thousand.map(|hits| f64::from(hits.min(1_000)) / 10.0),
            measured_at: traffic.measured_at.to_string(),
        }
    }
}

/// A page of distributions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DistributionPage {
    pub items: Vec<DistributionShape>,
    /// To be sent as `cursor` for the next page; null at the end.
    pub next: Option<String>,
}

/// List distributions
///
/// Those that the token may see, by their IDs.
#[utoipa::path(get, path = "/api/v1/distributions", operation_id = "listDistributions", tag = "Distributions",
    params(
        ("cursor" = Option<String>, Query, description = "What the page before gave as next"),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 100, description = "So many at most; 50 where it is left out"),
    ),
    responses((status = 200, body = DistributionPage)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    mut params: Params,
) -> Result<Json<DistributionPage>, ApiError> {
    let limit = params.limit();
    let after = params.read("cursor", "what the page before gave as next", DistributionId::parse);
    params.end()?;
    let mut conn = api.context.db.read().await?;
    let mut found = distributions::list(&mut conn).await?;
    found.retain(|distribution| {
        caller.access.sees(&distribution.id) && after.as_ref().is_none_or(|after| distribution.id > *after)
    });
    found.sort_by(|a, b| a.id.cmp(&b.id));
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let items = DistributionShape::of_all(&mut conn, &found, &caller).await?;
    Ok(Json(DistributionPage { items, next }))
}

/// Read a distribution
///
/// By its ID, its ARN, or a host that it serves.
#[utoipa::path(get, path = "/api/v1/distributions/{id}", operation_id = "readDistribution", tag = "Distributions",
    params(("id" = String, Path, description = "Its ID, or a host that it serves")),
    responses((status = 200, body = DistributionShape)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    path: NamedPath,
    params: Params,
) -> Result<Json<DistributionShape>, ApiError> {
    params.end()?;
    let found = caller.distribution_at(&api, path).await?;
    let mut conn = api.context.db.read().await?;
    let pairs = continuous_deployments::pairs_of(&mut conn, &[&found.id]).await?;
    Ok(Json(DistributionShape::new(&found, &pairs, &caller)))
}

impl DistributionShape {
    async fn of_all(conn: &mut Conn, all: &[Distribution], caller: &Caller) -> Result<Vec<Self>, StoreError> {
        let ids: Vec<&DistributionId> = all.iter().map(|distribution| &distribution.id).collect();
        let pairs = continuous_deployments::pairs_of(conn, &ids).await?;
        Ok(all.iter().map(|distribution| Self::new(distribution, &pairs, caller)).collect())
    }

    /// One distribution, with the pairs to which it may belong.
    fn new(distribution: &Distribution, pairs: &[StagingPair], caller: &Caller) -> Self {
        let seen = |id: &DistributionId| caller.access.sees(id).then(|| id.to_string());
        let staging = pairs.iter().filter(|pair| pair.primary == distribution.id);
        let primary = pairs.iter().filter(|pair| pair.staging == distribution.id);
        let state = match distribution.readiness() {
            DistributionReadiness::Ready => "ready",
            DistributionReadiness::Deploying => "deploying",
            DistributionReadiness::Disabled => "disabled",
            DistributionReadiness::TenantOnly => "tenant_only",
            DistributionReadiness::Gone => "gone",
        };
        Self {
            id: distribution.id.to_string(),
            url: format!("{}/distributions/{}", caller.base, distribution.id),
            name: distribution.name().to_owned(),
            domain_name: distribution.domain_name.clone(),
            aliases: distribution.aliases.clone(),
            aliases_in_unicode: distribution.aliases.iter().filter_map(|alias| in_unicode(alias)).collect(),
            comment: distribution.comment.clone(),
            state: state.to_owned(),
            staging: distribution.staging,
            staging_distribution: staging.map(|pair| &pair.staging).find_map(seen),
            primary_distribution: primary.map(|pair| &pair.primary).find_map(seen),
            allowed: caller.access.describe(&distribution.id),
            traffic: distribution.traffic.as_ref().map(TrafficShape::new),
            flat_rate_plan: distribution.flat_rate_plan.as_ref().map(|plan| plan.as_str().to_owned()),
            seen_at: distribution.seen_at.to_string(),
        }
    }
}
