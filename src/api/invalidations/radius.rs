//! How much a request empties, as the API says it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::distributions::TrafficShape,
    domain::invalidations::radius::{BlastRadius, Reach},
};

/// How much of what viewers ask for a wide request empties from the cache.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BlastRadius)]
pub struct RadiusShape {
    /// `everything`, or `prefixes` for wildcards of the top level.
    pub reach: &'static str,
    /// The wildcards of the top level. Empty for `everything`.
    pub prefixes: Vec<String>,
    /// What viewers ask of the whole distribution.
    pub traffic: TrafficShape,
    /// How many requests a minute go to the origin that the cache answers now. Null if that is not known: of a prefix
    /// CloudWatch does not tell it, and without the hit rate it is at most `traffic.requests_a_minute`.
    #[schema(example = 5019)]
    pub to_origin_a_minute: Option<u64>,
    /// The same for people.
    pub words: String,
}

impl RadiusShape {
    pub fn new(radius: &BlastRadius) -> Self {
        let (reach, prefixes) = match &radius.reach {
            Reach::Everything => ("everything", Vec::new()),
            Reach::Prefixes(prefixes) => ("prefixes", prefixes.iter().map(ToString::to_string).collect()),
        };
        Self {
            reach,
            prefixes,
            traffic: TrafficShape::new(&radius.traffic),
            to_origin_a_minute: radius.to_origin_a_minute(),
            words: radius.describe(),
        }
    }
}
