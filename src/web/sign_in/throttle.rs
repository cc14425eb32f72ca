//! Slows down whoever guesses passwords and codes.

use std::{sync::PoisonError, time::Duration};

use crate::{
    domain::actor::Origin,
    ops::{self, OpError},
};

use super::super::state::Web;

/// Begins a try for an account, or says how long to wait. What is turned away is in the history once a minute.
pub async fn begin(web: &Web, origin: &Origin, account: &str) -> Result<Option<Duration>, OpError> {
    let now = web.desk.clock.now();
    let address = origin.client_address.parse().ok();
    let begun =
        web.throttle.lock().unwrap_or_else(PoisonError::into_inner).begin(&key(account), address, now);
    let Err(wait) = begun else { return Ok(None) };
    tracing::warn!(client = origin.client_address, "a sign-in was turned away: too many tries");
    if web.minute.may_tell("throttle", now) {
        ops::refuse_sign_in(&web.desk, origin, account, "too many tries; more of them are in the log")
            .await?;
    }
    Ok(Some(wait))
}

/// It was the person.
pub fn succeeded(web: &Web, origin: &Origin, account: &str) {
    let address = origin.client_address.parse().ok();
    web.throttle.lock().unwrap_or_else(PoisonError::into_inner).succeeded(&key(account), address);
}

/// Accounts by their addresses; what cannot be one does not take memory.
fn key(account: &str) -> String {
    account.chars().take(254).collect()
}

/// May one more failure from this network be in the history, which has no account to be counted by?
pub fn begin_unnamed(web: &Web, origin: &Origin) -> bool {
    let now = web.desk.clock.now();
    let address = origin.client_address.parse().ok();
    let mut throttle = web.throttle.lock().unwrap_or_else(PoisonError::into_inner);
    throttle.begin_unnamed(address, now).is_ok()
}
