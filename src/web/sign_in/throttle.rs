//! Limits the rate of guessing passwords, codes and links.

use std::{sync::PoisonError, time::Duration};

use crate::{
    commands::{self, CommandError},
    domain::{
        actor::{Acting, Actor, Origin},
        audit::Target,
    },
    http::{error::HttpError, state::AppState},
};

/// Begins an attempt for an account. `Some` is how long to wait instead. Rejected attempts are in the history once
/// a minute.
pub async fn begin(app: &AppState, origin: &Origin, account: &str) -> Result<Option<Duration>, CommandError> {
    let now = app.context.clock.now();
    let address = origin.client_address.parse().ok();
    let begun =
        app.throttle.lock().unwrap_or_else(PoisonError::into_inner).begin(&key(account), address, now);
    let Err(wait) = begun else { return Ok(None) };
    tracing::warn!(client = origin.client_address, "a sign-in was turned away: too many tries");
    if app.minute.may_tell("throttle", now) {
        commands::refuse_sign_in(
            &app.context,
            origin,
            account,
            "too many tries; more of them are in the log",
        )
        .await?;
    }
    Ok(Some(wait))
}

/// Records that the person signed in: their own failures are forgotten, and this attempt does not count for the network.
pub fn succeeded(app: &AppState, origin: &Origin, account: &str) {
    let address = origin.client_address.parse().ok();
    app.throttle.lock().unwrap_or_else(PoisonError::into_inner).succeeded(&key(account), address);
}

/// Records that the password was right and the code is still missing. This attempt does not count, but earlier ones do.
pub fn was_right(app: &AppState, origin: &Origin, account: &str) {
    let address = origin.client_address.parse().ok();
    app.throttle.lock().unwrap_or_else(PoisonError::into_inner).was_right(&key(account), address);
}

/// The key under which an account is counted. Its length is limited, so that invented names cannot use up memory.
fn key(account: &str) -> String {
    account.chars().take(254).collect()
}

/// Begins an attempt without an account. `Some` is how long clients of this network have to wait.
pub fn begin_unnamed(app: &AppState, origin: &Origin) -> Option<Duration> {
    let now = app.context.clock.now();
    let address = origin.client_address.parse().ok();
    let mut throttle = app.throttle.lock().unwrap_or_else(PoisonError::into_inner);
    throttle.begin_unnamed(address, now).err()
}

/// Begins an attempt with a one-time link, before the link is looked up. `Err` if there were too many.
pub fn begin_link(app: &AppState, origin: &Origin) -> Result<(), HttpError> {
    let Some(wait) = begin_unnamed(app, origin) else { return Ok(()) };
    tracing::warn!(client = origin.client_address, "a one-time link was turned away: too many tries");
    Err(HttpError::TooOften(wait))
}

/// Records that the link was valid. Its owner may then mistype the form without being limited.
pub fn link_was_good(app: &AppState, origin: &Origin) {
    succeeded(app, origin, "");
}

/// Records an invalid link: each in the log, one a minute in the history.
pub async fn refuse_link(app: &AppState, origin: &Origin, what: &'static str) -> Result<(), CommandError> {
    tracing::warn!(client = origin.client_address, what, "a one-time link was not valid");
    if !app.minute.may_tell(what, app.context.clock.now()) {
        return Ok(());
    }
    let acting = Acting { actor: Actor::nobody(""), origin: origin.clone() };
    let why = "the link is not valid; more of the same within a minute are in the log only";
    commands::refuse(&app.context, &acting, &Target::act(what), None, why).await
}
