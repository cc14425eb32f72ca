//! AWS's Application Load Balancer, which signs people in and sends their identity in `x-amzn-oidc-data`.
//!
//! Source: Elastic Load Balancing user guide, "Authenticate users", "User claims encoding and signature verification".

use std::{collections::BTreeMap, time::Duration};

use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::Mutex;

use unstale_domain::{
    sign_in::claims::{Asserted, Expected, RoleRules, check},
    time::Timestamp,
};

use super::{Http, IdentityError, token::SignedToken};

/// The header with the signed claims.
pub const HEADER: &str = "x-amzn-oidc-data";
/// The minimum time between two requests for keys that are not known.
const ASK_EVERY: Duration = Duration::from_secs(10);
/// The maximum number of keys in the cache.
const KEYS_MAX: usize = 20;

/// The settings for the load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlbSettings {
    /// The load balancer: `arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID`.
    pub arn: String,
    /// The issuer that signs people in for the load balancer.
    pub issuer: String,
    pub client_id: Option<String>,
    /// The URL of the keys. If `None`, AWS's own URL for the region.
    pub keys_url: Option<String>,
}

impl AlbSettings {
    /// The URL of the region's keys.
    fn keys_url(&self) -> String {
        let region = self.arn.split(':').nth(3).unwrap_or_default();
        let own = || format!("https://public-keys.auth.elb.{region}.amazonaws.com");
        self.keys_url.clone().unwrap_or_else(own)
    }

    /// Whether this is the ARN of an Application Load Balancer.
    #[must_use]
    pub fn is_arn(text: &str) -> bool {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [arn, partition, service, region, account, rest] = parts.as_slice() else { return false };
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        *arn == "arn"
            && partition.starts_with("aws")
            && *service == "elasticloadbalancing"
            && !region.is_empty()
            && plain(region)
            && account.len() == 12
            && rest.starts_with("loadbalancer/app/")
    }
}

#[derive(Debug, Default)]
struct FetchedKeys {
    keys: BTreeMap<String, DecodingKey>,
    asked_at: Option<Timestamp>,
}

/// A load balancer.
#[derive(Debug)]
pub struct Alb {
    pub settings: AlbSettings,
    http: Http,
    known: Mutex<FetchedKeys>,
}

impl Alb {
    #[must_use]
    pub fn new(settings: AlbSettings, http: Http) -> Self {
        Self { settings, http, known: Mutex::default() }
    }

    /// The identity that the load balancer sends for this request.
    pub async fn identify(
        &self,
        text: &str,
        rules: &RoleRules,
        now: Timestamp,
    ) -> Result<Asserted, IdentityError> {
        let token = SignedToken::read(text, &[Algorithm::ES256])?;
        if token.header("signer") != Some(&self.settings.arn) {
            return Err(IdentityError::Signature("another load balancer signed it"));
        }
        let wanted = self.settings.client_id.as_deref();
        if wanted.is_some() && token.header("client") != wanted {
            return Err(IdentityError::Signature("it is for another client"));
        }
        let name = token.header("kid").filter(|name| is_key_name(name));
        let name = name.ok_or(IdentityError::Signature("it names no key"))?;
        let key = self.key(name, now).await?;
        let claims = token.claims_signed_by(&key)?;
        let expected = Expected { issuer: &self.settings.issuer, audience: None, nonce: None };
        let subject = check(&claims, &expected, now)?;
        Ok(Asserted::read(&self.settings.issuer, subject, &claims, rules))
    }

    async fn key(&self, name: &str, now: Timestamp) -> Result<Vec<DecodingKey>, IdentityError> {
        let mut known = self.known.lock().await;
        if let Some(key) = known.keys.get(name) {
            return Ok(vec![key.clone()]);
        }
        if known.asked_at.is_some_and(|at| now.is_soon_after(at, ASK_EVERY)) {
            return Ok(Vec::new());
        }
        known.asked_at = Some(now);
        let address = format!("{}/{name}", self.settings.keys_url().trim_end_matches('/'));
        let pem = self.http.get_text(&address).await?;
        let key = DecodingKey::from_ec_pem(pem.as_bytes());
        let key = key.map_err(|_| IdentityError::Signature("its key cannot be read"))?;
        if known.keys.len() >= KEYS_MAX {
            known.keys.clear();
        }
        known.keys.insert(name.to_owned(), key.clone());
        Ok(vec![key])
    }
}

/// Whether the name is a UUID. It becomes part of a URL, so nothing else is allowed.
fn is_key_name(name: &str) -> bool {
    let groups: Vec<&str> = name.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_of_the_region() {
        let arn =
            "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188";
        assert!(AlbSettings::is_arn(arn));
        let settings =
            AlbSettings { arn: arn.to_owned(), issuer: String::new(), client_id: None, keys_url: None };
        assert_eq!(settings.keys_url(), "https://public-keys.auth.elb.eu-central-1.amazonaws.com");
        for bad in ["", "arn:aws:s3:::bucket", &arn.replace("eu-central-1", "evil.example/"), &arn[..40]] {
            assert!(!AlbSettings::is_arn(bad), "{bad}");
        }
    }

    #[test]
    fn only_a_uuid_names_a_key() {
        assert!(is_key_name("01234567-89ab-cdef-0123-456789abcdef"));
        for bad in
            ["", "../../evil", "01234567-89ab-cdef-0123-456789abcde/", "0123456789abcdef0123456789abcdef"]
        {
            assert!(!is_key_name(bad), "{bad}");
        }
    }
}
