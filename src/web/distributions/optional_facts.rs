//! What optional permissions of AWS tell about a distribution, as its page shows it.

use crate::{
    domain::{distributions::distribution::Distribution, invalidations::problem::ProblemKind},
    store::distributions::optional_readings::{OptionalReading, OptionalReadingState},
};

/// How much viewers ask for.
pub(super) fn traffic(distribution: &Distribution, state: &OptionalReadingState) -> String {
    match &distribution.traffic {
        Some(traffic) => {
            let hits = if traffic.hits_per_thousand.is_none() { "; its hit rate is not known" } else { "" };
            format!(
                "{}{hits}, in the hour before {} UTC",
                traffic.describe(),
                traffic.measured_at.to_the_minute()
            )
        }
        None => unknown(OptionalReading::Traffic, state),
    }
}

/// How its paths are billed.
pub(super) fn price(distribution: &Distribution, state: &OptionalReadingState) -> String {
    match &distribution.flat_rate_plan {
        Some(plan) => plan.describe(),
        None if state.read_at.is_some() => "by the path: it is on no flat-rate plan".to_owned(),
        None => {
            format!("whether it is on a flat-rate plan is {}", unknown(OptionalReading::FlatRatePlans, state))
        }
    }
}

/// Why it is not known, and what to do.
fn unknown(what: OptionalReading, state: &OptionalReadingState) -> String {
    match state.problem.as_ref().map(|problem| problem.kind) {
        Some(ProblemKind::AccessDenied) => {
            format!("not known. To read it, Unstale needs {} on *", what.permission())
        }
        Some(kind) => format!("not known: {}", kind.headline()),
        None => "not known".to_owned(),
    }
}
