//! Reads the query of an address. It accepts only known parameters, each once.

use crate::http::problem::Fault;

use std::{collections::BTreeMap, time::Duration};

use axum::{extract::FromRequestParts, http::request::Parts};

use super::error::ApiError;

/// The default and the maximum number of items on a page.
const PAGE: usize = 50;
const PAGE_MAX: usize = 100;
/// The maximum wait, in seconds.
const WAIT_MAX: u64 = 60;

/// The parameters that are still to be read, and the errors found so far.
#[derive(Debug)]
pub struct Params {
    rest: BTreeMap<String, String>,
    faults: Vec<Fault>,
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let mut params = Self { rest: BTreeMap::new(), faults: Vec::new() };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if params.rest.insert(name.to_string(), value.into_owned()).is_some() {
                params.faults.push(Fault::new(name, "appears twice."));
            }
        }
        Ok(params)
    }
}

impl Params {
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.rest.remove(name)
    }

    /// A parameter that `read` parses. `wanted` describes a valid value for the error.
    pub fn read<T>(&mut self, name: &str, wanted: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.take(name)?;
        let value = read(&text);
        if value.is_none() {
            self.faults.push(Fault::new(name, format!("has to be {wanted}.")));
        }
        value
    }

    /// The number of items that the page should have.
    pub fn limit(&mut self) -> usize {
        let wanted = format!("a number from 1 to {PAGE_MAX}");
        let read = |text: &str| whole(text).filter(|limit| (1..=PAGE_MAX).contains(limit));
        self.read("limit", &wanted, read).unwrap_or(PAGE)
    }

    /// How long the request may wait. Zero if it should not wait.
    pub fn wait(&mut self) -> Duration {
        let read = |text: &str| whole::<u64>(text).filter(|seconds| *seconds <= WAIT_MAX);
        let wanted = format!("a number of seconds from 0 to {WAIT_MAX}");
        self.read("wait", &wanted, read).map_or(Duration::ZERO, Duration::from_secs)
    }

    /// Returns all errors, including one for each parameter that was not read, because it is unknown.
    pub fn end(mut self) -> Result<(), ApiError> {
        let unknown =
            self.rest.into_keys().map(|name| Fault::new(name, "is not a parameter of this address."));
        self.faults.extend(unknown);
        if self.faults.is_empty() { Ok(()) } else { Err(ApiError::invalid(self.faults)) }
    }
}

/// A number of digits only. `None` for a sign or an empty text too, which `parse` might accept.
pub fn whole<T: std::str::FromStr>(text: &str) -> Option<T> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
