//! The buttons that look again at what viewers get.

use axum::{extract::State, response::Redirect};

use crate::{
    commands::{self, CommandError},
    domain::{
        checks::CheckSettingsError,
        id::{DistributionId, InvalidationId},
    },
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::checks,
};

const AGAIN: &str = "check again";
const NOW: &str = "check a distribution";

/// `POST /invalidations/{id}/check`
pub async fn check_invalidation(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, HttpError> {
    visitor.require_operator(&app, AGAIN, None).await?;
    require_checks(&app)?;
    let Some(id) = InvalidationId::parse(&id) else { return Err(visitor.no_such(&app, AGAIN).await) };
    let run = checks::of_invalidation(&mut *app.context.db.read().await?, &id).await?;
    let done = match run {
        Some(run) => commands::check_again(&app.context, &visitor.acting, &run.id).await,
        None => Err(CommandError::NotFound),
    };
    match visitor.keep(&app, AGAIN, done).await {
        Err(CommandError::TooLate) => Err(HttpError::TooLate(
            "Its URLs are being checked already, or CloudFront has not completed it yet. Nothing was changed."
                .to_owned(),
        )),
        other => {
            other?;
            Ok(Redirect::to(&format!("/invalidations/{id}")))
        }
    }
}

/// `POST /distributions/{id}/check`
pub async fn check_distribution(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, HttpError> {
    visitor.require_operator(&app, NOW, None).await?;
    require_checks(&app)?;
    let Some(id) = DistributionId::parse(&id) else { return Err(visitor.no_such(&app, NOW).await) };
    let done = commands::check_distribution(&app.context, &visitor.acting, &id, &[]).await;
    match visitor.keep(&app, NOW, done).await {
        Err(CommandError::CheckSettings(CheckSettingsError::Staging)) => {
            Err(HttpError::TooLate(format!("Nothing was looked at: {}.", CheckSettingsError::Staging)))
        }
        other => other.map(drop).map_err(HttpError::from),
    }?;
    Ok(Redirect::to(&format!("/distributions/{id}#checks")))
}

/// Refuses where the service makes no looks: the check would wait for ever.
pub(super) fn require_checks(app: &AppState) -> Result<(), HttpError> {
    if app.options.are_checks_on {
        return Ok(());
    }
    Err(HttpError::TooLate("Checks are switched off (UNSTALE_CHECKS=off). Nothing was changed.".to_owned()))
}
