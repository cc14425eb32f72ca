//! Owns what an operation answers, before it becomes bytes on the wire.

use hyper::header::HeaderName;

use crate::xml::Element;

/// The answer to a call that was not refused.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(HeaderName, String)>,
    pub body: Element,
    /// The invalidation that it is about.
    pub invalidation: Option<String>,
    /// Whether the call made that invalidation.
    pub created: bool,
}

impl Reply {
    pub fn ok(body: Element) -> Self {
        Self { status: 200, headers: Vec::new(), body, invalidation: None, created: false }
    }

    pub fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}
