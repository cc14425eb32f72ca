//! Tells of tokens that let nobody in: each time in the log, once a minute for each token or network in the history.

use std::sync::PoisonError;

use crate::{
    commands,
    domain::{actor::Origin, causes::with_causes, id::TokenId, network::Network, tokens::token::TokenSecret},
};

use super::state::Api;

/// Whom the history was told of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Told {
    Token(TokenId),
    /// Tokens that are none of ours, by where they came from.
    Network(Network),
}

/// Never fails: whoever is turned away gets their answer in any case.
pub async fn tell(api: &Api, origin: &Origin, secret: &TokenSecret) {
    let client = origin.client_address.as_str();
    tracing::warn!(client, token = secret.shown(), "a token was refused");
    let is_time = |token: Option<&TokenId>| {
        let network = || Told::Network(Network::of(client.parse().ok()));
        let what = token.cloned().map_or_else(network, Told::Token);
        let mut told = api.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.may_tell(what, api.context.clock.now())
    };
    if let Err(error) = commands::refuse_token(&api.context, origin, secret, is_time).await {
        tracing::warn!(error = %with_causes(&error), "a refused token could not be kept in the history");
    }
}
