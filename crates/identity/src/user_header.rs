//! A proxy that signs people in and sends their name in a plain header, together with a secret that only it knows.

use hyper::{HeaderMap, header::HeaderName};

use unstale_domain::sign_in::{
    claims::{Asserted, groups},
    second_step::same,
};

use super::IdentityError;

/// The issuer of the names that a proxy sends.
const ISSUER: &str = "proxy";
const NAME_MAX: usize = 254;

/// The settings for the headers.
#[derive(Clone)]
pub struct UserHeader {
    pub user: HeaderName,
    pub groups: Option<HeaderName>,
    pub secret_header: HeaderName,
    pub secret: String,
}

impl std::fmt::Debug for UserHeader {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "UserHeader({})", self.user)
    }
}

impl UserHeader {
    /// The identity that the proxy sends. The name alone proves nothing, so the secret is required.
    pub fn identify(&self, headers: &HeaderMap) -> Result<Asserted, IdentityError> {
        let secret = headers.get(&self.secret_header).map_or(&b""[..], |value| value.as_bytes());
        if !same(secret, self.secret.as_bytes()) {
            return Err(IdentityError::Signature("the proxy's secret is missing or wrong"));
        }
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let name = text(&self.user).map(str::trim).filter(|name| {
            !name.is_empty()
                && name.len() <= NAME_MAX
                && !name.contains([',', ';'])
                && !name.contains(char::is_control)
        });
        let name = name.ok_or(IdentityError::Unreadable("the name cannot be one"))?;
        // Without the header, the groups are unknown. An empty header means that there are no groups.
        let told = self
            .groups
            .as_ref()
            .and_then(text)
            .map(|list| groups(list.split([',', ';']).map(str::to_owned).collect()));
        Ok(Asserted {
            issuer: ISSUER.to_owned(),
            subject: name.to_owned(),
            email: Some(name.to_owned()),
            email_verified: None,
            role_values: told.clone().unwrap_or_default(),
            groups: told,
        })
    }
}
