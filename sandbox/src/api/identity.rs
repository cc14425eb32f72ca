//! Owns who is calling: the access key of a Signature Version 4 header. The signature itself is not verified.

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;

use super::errors::ApiError;
use super::route::Operation;

/// The access key that signed the request to a service.
pub(crate) fn access_key(headers: &HeaderMap, service: &str) -> Result<String, ApiError> {
    let header = headers.get(AUTHORIZATION).ok_or_else(ApiError::missing_token)?;
    let fields =
        header.to_str().ok().and_then(|header| header.strip_prefix("AWS4-HMAC-SHA256 ")).ok_or_else(
            || ApiError::incomplete_signature("Authorization header requires 'AWS4-HMAC-SHA256'."),
        )?;
    let field = |name: &str| {
        let value = fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
        value.ok_or_else(|| {
            ApiError::incomplete_signature(format!("Authorization header requires '{name}' parameter."))
        })
    };
    field("Signature")?;
    field("SignedHeaders")?;
    let scope: Vec<&str> = field("Credential")?.split('/').collect();
    match scope.as_slice() {
        [key, _date, _region, signed, "aws4_request"] if *signed == service => Ok((*key).to_owned()),
        [_, _, _, _, "aws4_request"] => Err(ApiError::wrong_service(service)),
        _ => Err(ApiError::incomplete_signature("Credential must have exactly 5 slash-delimited elements.")),
    }
}

/// Access keys that tell by their first letters how they fare.
pub(crate) fn check(access_key: &str, operation: &Operation) -> Result<(), ApiError> {
    match access_key {
        key if key.starts_with("AKIAEXPIRED") => Err(ApiError::expired_token()),
        key if key.starts_with("AKIAINVALID") => Err(ApiError::invalid_token()),
        key if key.starts_with("AKIADENIED") => {
            Err(ApiError::access_denied(&operation.action(), &operation.resource()))
        }
        _ => Ok(()),
    }
}
