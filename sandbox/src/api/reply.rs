//! Owns what an operation answers, before it becomes bytes on the wire.

use hyper::header::HeaderName;

use serde_json::Value;

use crate::xml::Element;

/// A document as CloudFront writes it, or as the other services do.
#[derive(Debug)]
pub(crate) enum Document {
    Xml(Element),
    Json(Value),
}

impl Document {
    pub fn written(self) -> String {
        match self {
            Self::Xml(element) => element.document(),
            Self::Json(value) => value.to_string(),
        }
    }
}

/// The answer to a call that was not refused.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(HeaderName, String)>,
    pub body: Document,
    /// The invalidation that it is about.
    pub invalidation: Option<String>,
    /// Whether the call made that invalidation.
    pub created: bool,
}

impl Reply {
    pub fn ok(body: Element) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Document::Xml(body),
            invalidation: None,
            created: false,
        }
    }

    pub fn json(body: Value) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Document::Json(body),
            invalidation: None,
            created: false,
        }
    }

    pub fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}
