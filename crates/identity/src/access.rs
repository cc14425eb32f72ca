//! Cloudflare Access, which signs people in and sends their identity in `Cf-Access-Jwt-Assertion`.

use jsonwebtoken::Algorithm;

use unstale_domain::{
    sign_in::claims::{Asserted, Expected, RoleRules, check},
    time::Timestamp,
};

use super::{Http, IdentityError, keys::Keys, token::SignedToken};

/// The header with the signed claims.
pub const HEADER: &str = "cf-access-jwt-assertion";

/// The settings for Cloudflare Access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudflareAccessSettings {
    /// The URL of the team, which is the issuer: `https://team.cloudflareaccess.com`.
    pub team: String,
    /// The application's audience tag.
    pub audience: String,
}

/// A team at Cloudflare.
#[derive(Debug)]
pub struct CloudflareAccess {
    pub settings: CloudflareAccessSettings,
    http: Http,
    keys: Keys,
}

impl CloudflareAccess {
    #[must_use]
    pub fn new(settings: CloudflareAccessSettings, http: Http) -> Self {
        Self { settings, http, keys: Keys::default() }
    }

    /// The identity that Cloudflare sends for this request.
    pub async fn identify(
        &self,
        text: &str,
        rules: &RoleRules,
        now: Timestamp,
    ) -> Result<Asserted, IdentityError> {
        let token = SignedToken::read(text, &[Algorithm::RS256])?;
        let address = format!("{}/cdn-cgi/access/certs", self.settings.team);
        let keys = self.keys.of(&self.http, &address, &token, now).await?;
        let claims = token.claims_signed_by(&keys)?;
        let expected =
            Expected { issuer: &self.settings.team, audience: Some(&self.settings.audience), nonce: None };
        let subject = check(&claims, &expected, now)?;
        Ok(Asserted::read(&self.settings.team, subject, &claims, rules))
    }
}
