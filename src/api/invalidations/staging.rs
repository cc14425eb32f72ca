//! The staging distribution of a continuous deployment, in plans and in requests.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        error::ApiError,
        invalidations::{requests, wanted::WantedItems},
        state::Api,
    },
    commands::{self, PlacedInput},
    domain::invalidations::plan::{StagingOffer, Surroundings},
    http::caller::Caller,
    store::Conn,
};

/// A staging distribution, which has a cache of its own.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StagingOffer)]
pub struct StagingShape {
    /// Its ID.
    #[schema(example = "EDFDVBD6EXAMPLE")]
    pub distribution: String,
    /// Which requests for the primary distribution it gets: `header`, those with the policy's header; `weight`, a share of
    /// them; or `unknown`.
    pub traffic: &'static str,
    /// How many paths would be billed in addition with `"staging": true`.
    pub paths: usize,
    /// Whether the token may refresh these items there.
    pub allowed: bool,
    /// The same for people.
    pub text: String,
}

impl StagingShape {
    pub fn new(offer: &StagingOffer) -> Self {
        Self {
            distribution: offer.staging.to_string(),
            traffic: offer.traffic.as_str(),
            paths: offer.items,
            allowed: offer.is_allowed,
            text: offer.describe(),
        }
    }
}

/// What was asked for, with the same for the staging distributions if that is wanted.
pub(super) async fn staged(
    api: &Api,
    caller: &Caller,
    conn: &mut Conn,
    wanted: &WantedItems,
    placed: PlacedInput,
) -> Result<PlacedInput, ApiError> {
    if !wanted.staging {
        return Ok(placed);
    }
    let around = Surroundings::unmeasured(api.throughput.limits);
    let parts = commands::with_staging(conn, placed.parts, around, &caller.access).await?;
    Ok(PlacedInput { parts: parts.ok_or_else(requests::no_staging)?, unplaced: placed.unplaced })
}
