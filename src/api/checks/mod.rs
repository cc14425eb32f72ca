//! Checks: what viewers get, and what is set for them.

pub(crate) mod changes;
pub(crate) mod check_up;
pub(crate) mod representation;
pub(crate) mod settings;
pub(crate) mod show;
pub(crate) mod start;

use crate::http::problem::ProblemType;

use super::{error::ApiError, state::Api};

/// Refuses where the service makes no looks: what is asked for would wait for ever.
fn require_checks(api: &Api) -> Result<(), ApiError> {
    if api.app.options.are_checks_on {
        return Ok(());
    }
    let detail = "Checks are switched off (UNSTALE_CHECKS=off). Nothing was saved or sent.";
    Err(ApiError::new(ProblemType::ChecksOff, detail))
}
