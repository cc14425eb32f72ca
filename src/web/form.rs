//! Reads forms within size limits, and gives fields back as they were typed with a message at each.

use std::fmt::Display;

use axum::{
    RequestExt,
    body::{Body, Bytes},
    extract::{Form, FromRequest, Request},
    http::{HeaderMap, header},
};
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;
use tokio_stream::StreamExt;

use crate::http::{error::HttpError, params::repeated_name, state::AppState};

use super::refused_forms::FormSender;

/// The most bytes of a form. It is small, because forms of strangers are read before they are authenticated.
const SMALL: usize = 16 * 1024;
/// The most bytes of a form with a list of items.
pub const LIST: usize = 2 * 1024 * 1024;
/// The most bytes of a too large form that are read and discarded. A browser shows the answer only after it has
/// sent the whole form.
const DRAINED_MAX: usize = 32 * 1024 * 1024;

/// The content of a form. The rejection is an error page that says why it cannot be read.
#[derive(Debug)]
pub struct FormBody<T, const MAX: usize = SMALL>(pub T);

impl<T, const MAX: usize> FromRequest<AppState> for FormBody<T, MAX>
where
    T: DeserializeOwned + Send + 'static,
{
    type Rejection = HttpError;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, HttpError> {
        let sender = FormSender::of(&request);
        match read_form(request, MAX).await {
            Ok(form) => Ok(Self(form)),
            Err(error) => {
                sender.refuse_unreadable(app).await?;
                Err(error)
            }
        }
    }
}

async fn read_form<T: DeserializeOwned + 'static>(request: Request, max: usize) -> Result<T, HttpError> {
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return Err(HttpError::UnsupportedType);
    }
    let (parts, body) = request.into_parts();
    let bytes = read(&parts.headers, body, max).await?;
    if percent_decode(&bytes).decode_utf8().is_err() {
        // A lossy reading would turn a letter in another encoding into a different path.
        let why = "The form is not in UTF-8. Nothing was saved or sent.";
        return Err(HttpError::BadRequest(why.to_owned()));
    }
    if let Some(name) = repeated_name(&bytes) {
        let why = format!("The field {name} is in the form twice. Nothing was saved or sent.");
        return Err(HttpError::BadRequest(why));
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    match request.extract::<Form<T>, _>().await {
        Ok(Form(form)) => Ok(form),
        Err(rejection) => Err(HttpError::BadRequest(format!(
            "The form differs from the one that this page sends ({rejection}). Nothing was saved or sent."
        ))),
    }
}

/// Reads a body of at most `max` bytes. A larger one is read without being kept, see [`DRAINED_MAX`], and then
/// refused.
async fn read(headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes, HttpError> {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let too_large = || if max == LIST { HttpError::TooLarge } else { HttpError::FormTooLarge };
    if said.is_some_and(|said: usize| said > DRAINED_MAX) {
        return Err(too_large());
    }
    let room = if said.is_some_and(|said| said > max) { 0 } else { max };
    let mut chunks = body.into_data_stream();
    let mut kept = Vec::new();
    let mut size = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| {
            HttpError::BadRequest("The form arrived incomplete. Nothing was saved or sent.".to_owned())
        })?;
        size += chunk.len();
        if size > DRAINED_MAX {
            return Err(too_large());
        }
        if size <= room {
            kept.extend_from_slice(&chunk);
        } else {
            kept = Vec::new();
        }
    }
    if size > room { Err(too_large()) } else { Ok(kept.into()) }
}

/// A field as it was typed, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    pub value: String,
    pub error: Option<String>,
}

impl Field {
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: None }
    }

    /// Returns the value of `Ok`. Stores the message of `Err` beside what was typed, and returns `None`.
    pub fn check<T, E: Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.error = Some(error.to_string())).ok()
    }
}
