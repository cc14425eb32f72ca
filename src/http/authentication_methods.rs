//! The ways in: what is set up beside local accounts, and how long sessions last.

pub mod facts;

use std::sync::Arc;

use crate::{
    commands::ExternalRules,
    domain::{network::Trusted, sign_in::session::SessionLimits},
    identity::{oidc::Oidc, proxy::IdentityProxies},
};

/// How people may come in.
#[derive(Debug, Clone, Default)]
pub struct AuthenticationMethods {
    pub session: SessionLimits,
    /// Whoever signs in with a password has to have a second step.
    pub require_second_step: bool,
    /// The proxies that are believed about the client's address, and about who asks.
    pub trusted: Trusted,
    pub oidc: Option<Arc<Oidc>>,
    /// Proxies that say with each request who asks.
    pub proxies: Arc<IdentityProxies>,
    /// Who is let in by a provider or a proxy.
    pub external: ExternalRules,
}
