//! Records tokens that are not valid: each use in the log, one a minute for each token or network in the history.

use std::sync::PoisonError;

use crate::{
    commands,
    domain::{
        actor::Origin,
        causes::with_causes,
        id::TokenId,
        network::Network,
        tokens::{probe::ProbeSecret, token::TokenSecret},
    },
};

use super::state::Api;

const UNTOLD: &str = "a refused token could not be kept in the history";

/// The subject of an event about a refused token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Told {
    Token(TokenId),
    /// Unknown tokens, by the network that they came from.
    Network(Network),
}

/// Records the refusal. An error on the way is only logged, because the caller gets its answer in any case.
pub async fn tell(api: &Api, origin: &Origin, secret: &TokenSecret) {
    let client = origin.client_address.as_str();
    tracing::warn!(client, token = secret.shown(), "a token was refused");
    let is_time = |token: Option<&TokenId>| is_time(api, client, token);
    if let Err(error) = commands::refuse_token(&api.context, origin, secret, is_time).await {
        tracing::warn!(error = %with_causes(&error), "{UNTOLD}");
    }
}

/// The same for the token of a probe.
pub async fn tell_probe(api: &Api, origin: &Origin, secret: &ProbeSecret) {
    let client = origin.client_address.as_str();
    tracing::warn!(client, token = secret.shown(), "the token of a probe was refused");
    let is_time = |token: Option<&TokenId>| is_time(api, client, token);
    if let Err(error) = commands::refuse_probe(&api.context, origin, secret, is_time).await {
        tracing::warn!(error = %with_causes(&error), "{UNTOLD}");
    }
}

/// Whether this token, or an unknown one of this client's network, was not recorded within the last minute.
fn is_time(api: &Api, client: &str, token: Option<&TokenId>) -> bool {
    let network = || Told::Network(Network::of(client.parse().ok()));
    let what = token.cloned().map_or_else(network, Told::Token);
    let mut told = api.told.lock().unwrap_or_else(PoisonError::into_inner);
    told.may_tell(what, api.context.clock.now())
}
