//! What is known of a request before the caller is identified: its ID, and where it came from.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Request},
    http::{Extensions, request::Parts},
};

use crate::domain::actor::Origin;

/// The origin of the current request, for handlers. The outermost layer sets it.
#[derive(Debug, Clone, Default)]
pub struct RequestOrigin(pub Origin);

impl RequestOrigin {
    /// Stores the origin in the request, for all handlers that come after.
    pub fn set(origin: Origin, request: &mut Request) {
        request.extensions_mut().insert(Self(origin));
    }

    /// The stored origin. Empty if the layer did not run.
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
