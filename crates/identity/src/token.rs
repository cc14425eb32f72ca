//! Reads signed tokens and checks their signatures: the one place that does.

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::{Map, Value};

use unstale_domain::sign_in::claims::Claims;

use super::IdentityError;

/// The largest token.
const TOKEN_MAX: usize = 32 * 1024;

/// AWS pads its tokens, though the standard says not to.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A token as it came: nothing of it is to be believed before [`SignedToken::claims_signed_by`].
#[derive(Debug)]
pub struct SignedToken<'a> {
    header: Map<String, Value>,
    algorithm: Algorithm,
    /// Header and claims as they came, padding included: that is what was signed.
    signed: &'a str,
    claims: &'a str,
    signature: &'a str,
}

impl<'a> SignedToken<'a> {
    /// Takes a token apart. Its algorithm must be one of these; `none` and shared secrets never are.
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
        // An extension that must be understood, and is not.
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

    /// A text of the header.
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

/// The algorithms with public keys that are known here, by their names.
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
