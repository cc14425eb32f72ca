//! Reads what the address of a page says, in its path and behind its `?`.

use std::collections::HashSet;

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use super::error::HttpError;

/// So much of a name that comes twice is said again.
const NAME_SHOWN: usize = 60;

/// What an address asks for behind its `?`, or the error page that says why it could not be read.
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

/// What an address names in its path. One that is not even text names nothing.
#[derive(Debug)]
pub struct PathParams<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpError> {
        let named = Path::from_request_parts(parts, state).await;
        named.map(|Path(named)| Self(named)).map_err(|_| HttpError::NotFound)
    }
}

/// The first name that comes twice: which of the two counts is read one way here and another way there.
pub fn repeated_name(pairs: &[u8]) -> Option<String> {
    let mut names = HashSet::new();
    let second =
        url::form_urlencoded::parse(pairs).map(|(name, _)| name).find(|name| !names.insert(name.clone()));
    second.map(|name| format!("{:?}", name.chars().take(NAME_SHOWN).collect::<String>()))
}
