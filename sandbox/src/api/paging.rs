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

    /// The rows of this page, and whether others follow. The marker is the ID of the last row of the page before.
    pub fn rows<'a, T>(&self, all: &'a [T], id: impl Fn(&T) -> &str) -> Result<(&'a [T], bool), ApiError> {
        let start = match &self.marker {
            Some(marker) => {
                1 + all.iter().position(|row| id(row) == marker).ok_or_else(Self::unknown_marker)?
            }
            None => 0,
        };
        let end = all.len().min(start + self.size);
        Ok((&all[start..end], end < all.len()))
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
