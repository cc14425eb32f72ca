//! The HTTP client for identity providers: it follows no redirects, and has a time-out and a size limit for
//! answers.

use std::{net::IpAddr, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, Uri, body::Bytes, header};
use serde_json::Value;

use unstale_domain::causes::with_causes;
use unstale_outgoing::{self as http, OutgoingClient};

use super::IdentityError;

/// The time-out for a whole answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum size of an answer, in bytes.
const ANSWER_MAX: usize = 256 * 1024;

/// A client. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Http(OutgoingClient);

/// Whether secrets may be sent to this address and keys may be read from it. Plain HTTP is allowed only within this
/// machine.
#[must_use]
pub fn is_safe_address(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else { return false };
    let loopback = || {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    bare && match url.scheme() {
        "https" => url.has_host(),
        "http" => loopback(),
        _ => false,
    }
}

impl Http {
    /// Makes a client that trusts the certificates of this system and uses the proxies of the environment.
    pub fn new() -> Result<Self, IdentityError> {
        http::client().map(Self).map_err(|error| IdentityError::Unreachable(with_causes(&error)))
    }

    /// Gets JSON, with this bearer token if there is one.
    pub async fn get_json(&self, address: &str, bearer: Option<&str>) -> Result<Value, IdentityError> {
        let mut request = Request::get(uri(address)?).header(header::ACCEPT, "application/json");
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Full::default()).map_err(|error| unreachable(address, &error))?;
        let (status, body) = self.send(address, request).await?;
        if status != 200 {
            return Err(IdentityError::Unreachable(format!("{address} answered with {status}")));
        }
        read_json(address, &body)
    }

    /// Gets text.
    pub async fn get_text(&self, address: &str) -> Result<String, IdentityError> {
        let request = Request::get(uri(address)?).body(Full::default());
        let (status, body) =
            self.send(address, request.map_err(|error| unreachable(address, &error))?).await?;
        if status != 200 {
            return Err(IdentityError::Unreachable(format!("{address} answered with {status}")));
        }
        String::from_utf8(body.to_vec()).map_err(|_| IdentityError::Unreadable("a key is not text"))
    }

    /// Sends a form. Returns the status and the JSON of the answer.
    pub async fn post_form(
        &self,
        address: &str,
        fields: &[(&str, &str)],
        authorization: Option<&str>,
    ) -> Result<(u16, Value), IdentityError> {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(uri(address)?)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json");
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(Full::from(form)).map_err(|error| unreachable(address, &error))?;
        let (status, body) = self.send(address, request).await?;
        Ok((status, read_json(address, &body)?))
    }

    async fn send(
        &self,
        address: &str,
        request: Request<Full<Bytes>>,
    ) -> Result<(u16, Bytes), IdentityError> {
        let work = async {
            let response =
                self.0.request(request).await.map_err(|error| unreachable(address, &with_causes(&error)))?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
            Ok((status, body.map_err(|error| unreachable(address, &error))?.to_bytes()))
        };
        let answer = tokio::time::timeout(TIMEOUT, work).await;
        answer.unwrap_or_else(|_| Err(unreachable(address, &"no answer in time")))
    }
}

fn uri(address: &str) -> Result<Uri, IdentityError> {
    if !is_safe_address(address) {
        return Err(IdentityError::Unreachable(format!("{address} is not https")));
    }
    address.parse().map_err(|error| unreachable(address, &error))
}

fn read_json(address: &str, body: &[u8]) -> Result<Value, IdentityError> {
    serde_json::from_slice(body).map_err(|_| unreachable(address, &"the answer is not JSON"))
}

fn unreachable(address: &str, error: &dyn std::fmt::Display) -> IdentityError {
    // The query of a URL may contain a secret.
    let address = address.split('?').next().unwrap_or_default();
    IdentityError::Unreachable(format!("{address}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_within_this_machine() {
        for safe in ["https://idp.example/a", "http://127.0.0.1:1/", "http://[::1]/", "http://localhost:8/x"]
        {
            assert!(is_safe_address(safe), "{safe}");
        }
        for unsafe_one in [
            "http://idp.example/",
            "http://127.0.0.1.evil.example/",
            "ftp://localhost/",
            "https://user:word@idp.example/",
            "file:///etc/passwd",
            "idp.example",
        ] {
            assert!(!is_safe_address(unsafe_one), "{unsafe_one}");
        }
    }
}
