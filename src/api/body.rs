//! Reads a JSON body field by field, so that each error names its place in the body.

use crate::{
    domain::invalidations::{item::trimmed, plan::LINES_MAX},
    http::problem::{Fault, ProblemType},
};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::header,
};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{
    error::ApiError,
    strict_json::{self, Unread},
};

/// The maximum size of a body in bytes.
const BODY_MAX: usize = 2 * 1024 * 1024;
/// The most bytes of a too large body that are read and discarded. Many clients read the answer only after they
/// have sent the whole body.
const DRAINED_MAX: usize = 32 * 1024 * 1024;

/// The size in bytes above which a body needs a permit: parsed values take several times the memory of the text.
const SMALL: usize = 64 * 1024;
/// Limits the large bodies that are in memory at the same time. Each takes about 6 MiB at most. The time limit on
/// requests also limits how long a slow body holds its permit.
static LARGE_AT_ONCE: Semaphore = Semaphore::const_new(8);
/// The number of errors that are listed. The others are only counted.
const NAMED_MAX: usize = 100;

/// The fields of a JSON object that are still to be read, and the errors found so far.
#[derive(Debug)]
pub struct JsonFields {
    rest: Map<String, Value>,
    /// The first errors.
    faults: Vec<Fault>,
    /// The number of further errors.
    unnamed: usize,
    /// The permit of a large body, held while the body is in memory.
    _turn: Option<SemaphorePermit<'static>>,
}

impl<S: Send + Sync> FromRequest<S> for JsonFields {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let detail = "Send the header Content-Type: application/json. Nothing was saved or sent.";
            return Err(ApiError::new(ProblemType::UnsupportedType, detail));
        }
        let (bytes, turn) = read(request.into_body()).await?;
        let value = strict_json::read(&bytes).map_err(unread)?;
        let Value::Object(rest) = value else {
            return Err(unreadable("The body has to be a JSON object. Nothing was saved or sent."));
        };
        Ok(Self { rest, faults: Vec::new(), unnamed: 0, _turn: turn })
    }
}

fn unreadable(detail: &str) -> ApiError {
    ApiError::new(ProblemType::Unreadable, detail)
}

fn unread(why: Unread) -> ApiError {
    match why {
        Unread::Wrong(error) => {
            unreadable(&format!("The body is not JSON: {error}. Nothing was saved or sent."))
        }
        Unread::TooMany => {
            let detail = format!(
                "The body has {why}. One request takes at most {LINES_MAX} items. Nothing was saved or sent. Split the \
                 list into several requests."
            );
            ApiError::new(ProblemType::TooLarge, detail)
        }
    }
}

/// Reads a body. For a large one it waits for a permit.
async fn read(body: Body) -> Result<(Bytes, Option<SemaphorePermit<'static>>), ApiError> {
    let mut chunks = body.into_data_stream();
    let (mut kept, mut size, mut turn) = (Vec::new(), 0, None);
    while let Some(chunk) = chunks.next().await {
        let chunk =
            chunk.map_err(|_| unreadable("The body arrived incomplete. Nothing was saved or sent."))?;
        size += chunk.len();
        if size > DRAINED_MAX {
            break;
        }
        if turn.is_none() && size > SMALL {
            // The semaphore is never closed, so this does not fail.
            turn = LARGE_AT_ONCE.acquire().await.ok();
        }
        if size <= BODY_MAX {
            kept.extend_from_slice(&chunk);
        }
    }
    if size > BODY_MAX {
        let detail =
            "A body may be 2 MiB large. Nothing was saved or sent. Split the list into several requests.";
        return Err(ApiError::new(ProblemType::TooLarge, detail));
    }
    Ok((kept.into(), turn))
}

impl JsonFields {
    pub fn fault(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        if self.faults.len() < NAMED_MAX {
            self.faults.push(Fault::new(pointer, detail));
        } else {
            self.unnamed += 1;
        }
    }

    /// Whether the field is there and is not null.
    pub fn has(&self, name: &str) -> bool {
        self.rest.get(name).is_some_and(|value| !value.is_null())
    }

    /// A text field that may be missing or null.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.rest.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => {
                self.fault(format!("/{name}"), "has to be text.");
                None
            }
        }
    }

    /// A text field that is required.
    pub fn needed_text(&mut self, name: &str) -> String {
        if self.rest.get(name).is_none_or(Value::is_null) {
            self.fault(format!("/{name}"), "is missing.");
        }
        self.text(name).unwrap_or_default()
    }

    /// A list of texts of one line each. It is required and must not be empty.
    pub fn needed_lines(&mut self, name: &str, most: usize) -> Vec<String> {
        let list = match self.rest.remove(name) {
            Some(Value::Array(list)) => list,
            None | Some(Value::Null) => {
                self.fault(format!("/{name}"), "is missing.");
                return Vec::new();
            }
            Some(_) => {
                self.fault(format!("/{name}"), "has to be a list of texts.");
                return Vec::new();
            }
        };
        if list.is_empty() {
            self.fault(format!("/{name}"), "is empty; write at least one path or tag.");
        } else if list.len() > most {
            let detail = format!("has {} lines; one request takes at most {most}.", list.len());
            self.fault(format!("/{name}"), detail);
            return Vec::new();
        }
        list.into_iter().enumerate().filter_map(|(index, value)| self.line(name, index, value)).collect()
    }

    fn line(&mut self, name: &str, index: usize, value: Value) -> Option<String> {
        let wrong = match value {
            Value::String(text) if trimmed(&text).is_empty() => "is empty.",
            Value::String(text) => {
                // Items that were read from a file often end with a line end.
                let line = text.trim_matches(['\n', '\r']);
                // Looked for one by one, which is several times as fast as for both together.
                if !line.contains('\n') && !line.contains('\r') {
                    return Some(if line.len() == text.len() { text } else { line.to_owned() });
                }
                "has more than one line; write a text for each."
            }
            _ => "has to be text.",
        };
        self.fault(format!("/{name}/{index}"), wrong);
        None
    }

    /// A list of texts of one line each. It may be missing, null or empty.
    pub fn lines(&mut self, name: &str, most: usize) -> Vec<String> {
        let is_given = match self.rest.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::Array(list)) => !list.is_empty(),
            Some(_) => true,
        };
        if is_given {
            return self.needed_lines(name, most);
        }
        self.rest.remove(name);
        Vec::new()
    }

    /// `true` or `false`. `None` if it is missing or null.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        match self.rest.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::Bool(flag)) => Some(flag),
            Some(_) => {
                self.fault(format!("/{name}"), "has to be true or false.");
                None
            }
        }
    }

    /// A whole number that is not negative. `None` if it is missing or null.
    pub fn whole_number(&mut self, name: &str) -> Option<u64> {
        let value = self.rest.remove(name).filter(|value| !value.is_null())?;
        if value.as_u64().is_none() {
            self.fault(format!("/{name}"), "has to be a whole number that is not negative.");
        }
        value.as_u64()
    }

    /// An object of texts, as pairs of name and text. It may be missing or null.
    pub fn texts_by_name(&mut self, name: &str) -> Vec<(String, String)> {
        let object = match self.rest.remove(name) {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Object(object)) => object,
            Some(_) => {
                self.fault(format!("/{name}"), "has to be an object of texts.");
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for (key, value) in object {
            if let Value::String(text) = value {
                texts.push((key, text));
            } else {
                self.fault(format!("/{name}/{}", escaped(&key)), "has to be text.");
            }
        }
        texts
    }

    /// A list of objects, of at most `most`, each read by `read`. It may be missing or null.
    pub fn objects<T>(&mut self, name: &str, most: usize, read: impl Fn(&mut Self) -> T) -> Vec<T> {
        let list = match self.rest.remove(name) {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(list)) if list.len() <= most => list,
            Some(Value::Array(list)) => {
                self.fault(format!("/{name}"), format!("has {} entries; {most} at most.", list.len()));
                return Vec::new();
            }
            Some(_) => {
                self.fault(format!("/{name}"), "has to be a list of objects.");
                return Vec::new();
            }
        };
        let mut all = Vec::new();
        for (index, value) in list.into_iter().enumerate() {
            let Value::Object(rest) = value else {
                self.fault(format!("/{name}/{index}"), "has to be an object.");
                continue;
            };
            let mut inner = Self { rest, faults: Vec::new(), unnamed: 0, _turn: None };
            all.push(read(&mut inner));
            inner.refuse_the_rest();
            self.unnamed += inner.unnamed;
            for Fault { pointer, detail } in inner.faults {
                self.fault(format!("/{name}/{index}{pointer}"), detail);
            }
        }
        all
    }

    /// All fields as one value. The error says which of them is missing, unknown or of another kind.
    pub fn parsed<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        let parsed = serde_json::from_value(Value::Object(self.rest));
        parsed.map_err(|error| {
            ApiError::invalid(vec![Fault::new("", format!("The body has an error: {error}."))])
        })
    }

    fn refuse_the_rest(&mut self) {
        for name in std::mem::take(&mut self.rest).into_iter().map(|(name, _)| name) {
            self.fault(format!("/{}", escaped(&name)), "is not a field of this request.");
        }
    }

    /// Returns all errors, including one for each field that was not read, because it is unknown.
    pub fn end(mut self) -> Result<(), ApiError> {
        self.refuse_the_rest();
        if self.faults.is_empty() { Ok(()) } else { Err(ApiError::invalid_of(self.faults, self.unnamed)) }
    }
}

/// A name as a part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
