//! Owns the `Marker` and `MaxItems` of the lists.

use super::errors::ApiError;
use crate::xml::Element;

/// What one page holds at most.
const LARGEST_PAGE: usize = 100;

/// Which page is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub marker: Option<String>,
    pub size: usize,
}

impl Page {
    /// Reads the query string; a page larger than 100 is cut to that.
    pub fn of(query: &str) -> Result<Self, ApiError> {
        let mut page = Self { marker: None, size: LARGEST_PAGE };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "Marker" if !value.is_empty() => page.marker = Some(value.into_owned()),
                "MaxItems" => page.size = size(&value)?,
                _ => {}
            }
        }
        Ok(page)
    }

    /// The members that every list begins with.
    pub fn head(&self, onto: Element, last: Option<&str>, truncated: bool) -> Element {
        let next = last.filter(|_| truncated).map(|last| Element::text("NextMarker", last));
        onto.leaf("Marker", self.marker.as_deref().unwrap_or_default())
            .maybe(next)
            .leaf("MaxItems", self.size)
            .leaf("IsTruncated", truncated)
    }

    pub fn unknown_marker() -> ApiError {
        ApiError::invalid_argument("The parameter Marker is not valid.")
    }
}

fn size(value: &str) -> Result<usize, ApiError> {
    match value.parse() {
        Ok(size) if size > 0 => Ok(LARGEST_PAGE.min(size)),
        _ => Err(ApiError::invalid_argument("The parameter MaxItems is not valid.")),
    }
}
