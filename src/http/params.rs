//! Reads the path and the query of a page's address.

use std::collections::HashSet;

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use super::error::HttpError;

/// The number of characters of a repeated name that the error shows.
const NAME_SHOWN: usize = 60;

/// The query of an address. The rejection is an error page that says why it cannot be read.
#[derive(Debug)]
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryParams<T> {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        if let Some(name) = repeated_name(parts.uri.query().unwrap_or_default().as_bytes()) {
            return Err(HttpError::BadRequest(format!("The address has {name} twice.")));
        }
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(rejection) => Err(HttpError::BadRequest(format!(
                "The address asks for something that is not there to ask for ({rejection})."
            ))),
        }
    }
}

/// The parameters in the path. If one cannot be read, the answer is 404: no such thing exists.
#[derive(Debug)]
pub struct PathParams<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        let named = Path::from_request_parts(parts, state).await;
        named.map(|Path(named)| Self(named)).map_err(|_| HttpError::NotFound)
    }
}

/// The first name that comes twice in form data. Such data is refused, because readers differ in which of the two
/// counts.
pub fn repeated_name(pairs: &[u8]) -> Option<String> {
    let mut names = HashSet::new();
    let second =
        url::form_urlencoded::parse(pairs).map(|(name, _)| name).find(|name| !names.insert(name.clone()));
    second.map(|name| format!("{:?}", name.chars().take(NAME_SHOWN).collect::<String>()))
}
