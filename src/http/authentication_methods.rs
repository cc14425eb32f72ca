//! The authentication methods that are set up beside local accounts, and how long sessions last.

pub mod facts;

use std::sync::Arc;

use crate::{
    commands::ExternalRules,
    domain::{network::Trusted, sign_in::session::SessionLimits},
    identity::{oidc::Oidc, proxy::IdentityProxies},
};

/// The ways to sign in.
#[derive(Debug, Clone, Default)]
pub struct AuthenticationMethods {
    pub session: SessionLimits,
    /// Whether everybody who signs in with a password needs a second step.
    pub require_second_step: bool,
    /// The networks of the proxies whose headers are trusted for the client's address and identity.
    pub trusted: Trusted,
    pub oidc: Option<Arc<Oidc>>,
    /// The proxies that identify the person in each request.
    pub proxies: Arc<IdentityProxies>,
    /// Whom a provider or a proxy may sign in.
    pub external: ExternalRules,
}
