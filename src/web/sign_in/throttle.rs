//! Slows down whoever guesses passwords and codes.

use std::{sync::PoisonError, time::Duration};

use crate::{
    commands::{self, CommandError},
    domain::{
        actor::{Acting, Actor, Origin},
        audit::Target,
    },
    http::{error::HttpError, state::AppState},
};

/// Begins a try for an account, or says how long to wait. What is turned away is in the history once a minute.
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

/// It was the person.
pub fn succeeded(app: &AppState, origin: &Origin, account: &str) {
    let address = origin.client_address.parse().ok();
    app.throttle.lock().unwrap_or_else(PoisonError::into_inner).succeeded(&key(account), address);
}

/// The password was right, and the code is still to come.
pub fn was_right(app: &AppState, origin: &Origin, account: &str) {
    let address = origin.client_address.parse().ok();
    app.throttle.lock().unwrap_or_else(PoisonError::into_inner).was_right(&key(account), address);
}

/// Accounts by their addresses; what cannot be one does not take memory.
fn key(account: &str) -> String {
    account.chars().take(254).collect()
}

/// Begins a try that has no account to be counted by, or says how long this network has to wait.
pub fn begin_unnamed(app: &AppState, origin: &Origin) -> Option<Duration> {
    let now = app.context.clock.now();
    let address = origin.client_address.parse().ok();
    let mut throttle = app.throttle.lock().unwrap_or_else(PoisonError::into_inner);
    throttle.begin_unnamed(address, now).err()
}

/// Begins a try with a one-time link. Whether the link is good is looked at before any work is done for it.
pub fn begin_link(app: &AppState, origin: &Origin) -> Result<(), HttpError> {
    let Some(wait) = begin_unnamed(app, origin) else { return Ok(()) };
    tracing::warn!(client = origin.client_address, "a one-time link was turned away: too many tries");
    Err(HttpError::TooOften(wait))
}

/// The link was good: whoever has it makes mistakes too, and they do not count.
pub fn link_was_good(app: &AppState, origin: &Origin) {
    succeeded(app, origin, "");
}

/// Keeps a link that is not good in the log, and in the history once a minute.
pub async fn refuse_link(app: &AppState, origin: &Origin, what: &'static str) -> Result<(), CommandError> {
    tracing::warn!(client = origin.client_address, what, "a one-time link was not good");
    if !app.minute.may_tell(what, app.context.clock.now()) {
        return Ok(());
    }
    let acting = Acting { actor: Actor::nobody(""), origin: origin.clone() };
    let why = "the link is not good; more of the same within a minute are in the log only";
    commands::refuse(&app.context, &acting, &Target::act(what), None, why).await
}
