//! The configured authenticating proxies, and the identities that they send.

use hyper::{HeaderMap, header::HeaderName};

use unstale_domain::{
    sign_in::claims::{Asserted, RoleRules},
    time::Timestamp,
};

use super::{
    IdentityError,
    access::{self, CloudflareAccess},
    alb::{self, Alb},
    headers::{self, HeaderProblem},
    user_header::UserHeader,
};

/// The proxies. Each request is identified independently.
#[derive(Debug, Default)]
pub struct IdentityProxies {
    pub alb: Option<Alb>,
    pub access: Option<CloudflareAccess>,
    pub header: Option<UserHeader>,
}

/// Why a request with identity headers was not identified.
#[derive(Debug)]
pub enum ProxyIdentityError {
    Headers(HeaderProblem),
    /// The identity cannot be checked now.
    Unreachable(String),
    /// The identity was checked and is not valid.
    NotGood(IdentityError),
}

impl IdentityProxies {
    /// Whether no proxy is configured.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.alb.is_none() && self.access.is_none() && self.header.is_none()
    }

    /// The names of the identity headers. Only the proxies may send them.
    #[must_use]
    pub fn guarded(&self) -> Vec<HeaderName> {
        let mut names = Vec::new();
        if self.alb.is_some() {
            names.push(HeaderName::from_static(alb::HEADER));
        }
        if self.access.is_some() {
            names.push(HeaderName::from_static(access::HEADER));
        }
        if let Some(header) = &self.header {
            names.extend([header.user.clone(), header.secret_header.clone()]);
            names.extend(header.groups.clone());
        }
        names
    }

    /// Checks the headers of a request from any peer. Returns whether it has an identity header.
    pub fn check(&self, headers: &HeaderMap, peer_is_trusted: bool) -> Result<bool, HeaderProblem> {
        if self.is_empty() {
            return Ok(false);
        }
        headers::check(headers, &self.guarded(), peer_is_trusted)
    }

    /// The identity that a proxy sends, and the method. The headers must have been [checked](Self::check) before.
    pub async fn identify(
        &self,
        headers: &HeaderMap,
        rules: &RoleRules,
        now: Timestamp,
    ) -> Result<Option<(Asserted, &'static str)>, ProxyIdentityError> {
        let alb = self.alb.as_ref().zip(headers.get(alb::HEADER));
        let access = self.access.as_ref().zip(headers.get(access::HEADER));
        let user = self.header.as_ref().filter(|header| headers.contains_key(&header.user));
        if usize::from(alb.is_some()) + usize::from(access.is_some()) + usize::from(user.is_some()) > 1 {
            return Err(ProxyIdentityError::Headers(HeaderProblem::Several));
        }
        let recognised = if let Some((alb, value)) = alb {
            alb.identify(value.to_str().unwrap_or_default(), rules, now)
                .await
                .map(|who| (who, "AWS load balancer"))
        } else if let Some((access, value)) = access {
            access
                .identify(value.to_str().unwrap_or_default(), rules, now)
                .await
                .map(|who| (who, "Cloudflare Access"))
        } else if let Some(header) = user {
            header.identify(headers).map(|who| (who, "proxy header"))
        } else {
            return Ok(None);
        };
        recognised.map(Some).map_err(|error| match error {
            IdentityError::Unreachable(why) => ProxyIdentityError::Unreachable(why),
            other => ProxyIdentityError::NotGood(other),
        })
    }
}
