//! Parses signed tokens and checks their signatures. No other module does this.

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::{Map, Value};

use unstale_domain::sign_in::claims::Claims;

use super::IdentityError;

/// The maximum size of a token, in bytes.
const TOKEN_MAX: usize = 32 * 1024;

/// Accepts padding: AWS pads its tokens, although the standard forbids it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A token whose signature has not been checked. Nothing in it may be trusted before
/// [`SignedToken::claims_signed_by`].
#[derive(Debug)]
pub struct SignedToken<'a> {
    header: Map<String, Value>,
    algorithm: Algorithm,
    /// The header and claims as received, with padding, because the signature covers these bytes.
    signed: &'a str,
    claims: &'a str,
    signature: &'a str,
}

impl<'a> SignedToken<'a> {
    /// Parses a token. Its algorithm must be one of `allowed`, which never contains `none` or algorithms with a
    /// shared secret.
    pub fn read(text: &'a str, allowed: &[Algorithm]) -> Result<Self, IdentityError> {
        if text.len() > TOKEN_MAX {
            return Err(IdentityError::Unreadable("it is too long"));
        }
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(IdentityError::Unreadable("it does not have three parts"));
        };
        let signed = &text[..header.len() + 1 + claims.len()];
        let header = object(header)?;
        // `crit` names extensions that a recipient must support. None is supported here.
        if header.contains_key("crit") {
            return Err(IdentityError::Unreadable("it asks for an extension"));
        }
        let named = header.get("alg").and_then(Value::as_str).and_then(algorithm);
        let algorithm = named.filter(|named| allowed.contains(named));
        let algorithm = algorithm.ok_or(IdentityError::Signature("its algorithm is not allowed"))?;
        Ok(Self { header, algorithm, signed, claims, signature })
    }

    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// A string of the token's header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// The claims, if one of these keys signed them.
    pub fn claims_signed_by(&self, keys: &[DecodingKey]) -> Result<Claims, IdentityError> {
        let signature = self.signature.trim_end_matches('=');
        let good = keys.iter().any(|key| {
            let fits = key.family() == self.algorithm.family();
            fits && matches!(crypto::verify(signature, self.signed.as_bytes(), key, self.algorithm), Ok(true))
        });
        if good { object(self.claims) } else { Err(IdentityError::Signature("no known key signed it")) }
    }
}

/// The algorithm with this name. `None` if it is unknown or does not use a public key.
pub fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "RS256" => Some(Algorithm::RS256),
        "RS384" => Some(Algorithm::RS384),
        "RS512" => Some(Algorithm::RS512),
        "PS256" => Some(Algorithm::PS256),
        "PS384" => Some(Algorithm::PS384),
        "PS512" => Some(Algorithm::PS512),
        "ES256" => Some(Algorithm::ES256),
        "ES384" => Some(Algorithm::ES384),
        "EdDSA" => Some(Algorithm::EdDSA),
        _ => None,
    }
}

fn object(part: &str) -> Result<Map<String, Value>, IdentityError> {
    let bytes = BASE64.decode(part).map_err(|_| IdentityError::Unreadable("it is not base64url"))?;
    serde_json::from_slice(&bytes).map_err(|_| IdentityError::Unreadable("it is not JSON"))
}
