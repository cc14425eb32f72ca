//! What is known of a request before anybody knows who asks: its ID, and where it came from.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Request},
    http::{Extensions, request::Parts},
};

use crate::domain::actor::Origin;

/// The origin of the request at hand, for handlers. The outermost layer sets it.
#[derive(Debug, Clone, Default)]
pub struct RequestOrigin(pub Origin);

impl RequestOrigin {
    /// Makes it known to all that the request goes through from here on.
    pub fn set(origin: Origin, request: &mut Request) {
        request.extensions_mut().insert(Self(origin));
    }

    /// What was set; empty outside of the layers.
    pub fn of(extensions: &Extensions) -> Origin {
        extensions.get::<Self>().cloned().unwrap_or_default().0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestOrigin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Self::of(&parts.extensions)))
    }
}
