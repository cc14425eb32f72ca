//! The JSON that probes and the server exchange. It is a contract: fields may be added, but never changed.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::checks::{Answer, HandedIn, HandedInLook, LookFailure};

/// The answer to a probe that asks for work.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = ProbeWork)]
pub struct ProbeWorkShape {
    /// Null while there is nothing to look at: ask again.
    pub task: Option<ProbeTaskShape>,
}

/// One round of looks.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = ProbeTask)]
pub struct ProbeTaskShape {
    /// The ID of the check.
    pub run: String,
    /// The number of the round, from 0.
    pub round: u32,
    /// The ID of the distribution.
    pub distribution: String,
    pub urls: Vec<ProbeUrlShape>,
    /// Request headers of each look.
    pub headers: BTreeMap<String, String>,
    /// A text to look for in each body, and to say whether it was found.
    pub must_contain: Option<String>,
    pub must_not_contain: Option<String>,
}

/// A URL to look at.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = ProbeUrl)]
pub struct ProbeUrlShape {
    /// Its number in the check.
    pub number: usize,
    pub url: String,
}

/// What a probe saw in one round.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbeResultsRequest {
    /// The ID of the check, as it was given.
    pub run: String,
    /// The number of the round, as it was given.
    pub round: u32,
    /// Milliseconds from when the probe got this work until it began to send this.
    pub held_ms: u64,
    /// Each URL at most once.
    #[schema(min_items = 1)]
    pub looks: Vec<ProbeLookRequest>,
}

/// One look. It has either an answer or a failure.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbeLookRequest {
    pub number: usize,
    pub url: String,
    /// Milliseconds from when the head of the answer had arrived, or the look had failed, until this was sent.
    pub ago_ms: u64,
    /// Milliseconds from before the request was sent until then.
    pub took_ms: u64,
    /// The status, what the headers said and the hash of the body, as `unstale probe` reads them.
    #[schema(value_type = Option<Object>)]
    pub answer: Option<Answer>,
    /// A word such as `connect_timeout`.
    #[schema(value_type = Option<String>)]
    pub failure: Option<LookFailure>,
}

impl ProbeResultsRequest {
    /// The looks. `Err` is the number of the first, from 0, that has not either an answer or a failure.
    pub fn into_handed_in(self) -> Result<HandedIn, usize> {
        let looks = self.looks.into_iter().enumerate().map(|(index, look)| {
            let outcome = match (look.answer, look.failure) {
                (Some(answer), None) => Ok(answer),
                (None, Some(failure)) => Err(failure),
                _ => return Err(index),
            };
            Ok(HandedInLook {
                number: look.number,
                url: look.url,
                ago: Duration::from_millis(look.ago_ms),
                took: Duration::from_millis(look.took_ms),
                outcome,
            })
        });
        Ok(HandedIn { held: Duration::from_millis(self.held_ms), looks: looks.collect::<Result<_, _>>()? })
    }
}
