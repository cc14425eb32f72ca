//! Owns the body of `CreateInvalidation`: reading it and the rules that CloudFront has for it.

use super::errors::ApiError;
use crate::state::{ITEM_LIMIT, WILDCARD_LIMIT};
use crate::xml;

/// The longest path that CloudFront takes.
const LONGEST_PATH: usize = 4_000;
/// The longest cache tag.
const LONGEST_TAG: usize = 256;

/// An `InvalidationBatch` as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    pub caller_reference: String,
    pub items: Vec<String>,
    quantity: Option<usize>,
}

impl Batch {
    /// The batch of a caller that makes no mistake in writing it down.
    pub fn new(caller_reference: &str, items: &[&str]) -> Self {
        let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
        Self { caller_reference: caller_reference.to_owned(), quantity: Some(items.len()), items }
    }

    pub fn read(body: &[u8]) -> Result<Self, ApiError> {
        if body.trim_ascii().is_empty() {
            return Err(ApiError::missing_body());
        }
        let text = std::str::from_utf8(body).map_err(|_| ApiError::malformed_xml())?;
        let leaves = xml::leaves(text).map_err(|_| ApiError::malformed_xml())?;
        let mut batch = Self::default();
        for (path, text) in leaves {
            let Some(path) = path.strip_prefix("InvalidationBatch/") else {
                return Err(ApiError::malformed_xml());
            };
            match path {
                "CallerReference" => batch.caller_reference = text,
                "Paths/Quantity" => {
                    batch.quantity = Some(text.trim().parse().map_err(|_| ApiError::malformed_xml())?);
                }
                "Paths/Items/Path" => batch.items.push(text),
                _ => {}
            }
        }
        Ok(batch)
    }

    pub fn check(&self) -> Result<(), ApiError> {
        if self.caller_reference.is_empty() {
            return Err(ApiError::invalid_argument("The parameter CallerReference is required."));
        }
        if self.quantity != Some(self.items.len()) {
            return Err(ApiError::inconsistent_quantities());
        }
        if self.items.is_empty() {
            return Err(ApiError::invalid_argument(
                "Your request must contain at least one invalidation path.",
            ));
        }
        // Such a batch could never go through, so it gets the error that the service model has for it. With more than
        // 15 wildcards but a bearable size, users are told of too many invalidations in progress instead.
        if self.items.len() > ITEM_LIMIT + WILDCARD_LIMIT {
            return Err(ApiError::batch_too_large());
        }
        // The same item twice is taken: no report says that CloudFront minds.
        if self.items.iter().all(|item| is_valid(item)) { Ok(()) } else { Err(ApiError::invalid_path()) }
    }
}

fn is_valid(item: &str) -> bool {
    match item.strip_prefix('#') {
        Some(tag) => is_tag(tag),
        None => is_path(item),
    }
}

fn is_tag(tag: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b',';
    (1..=LONGEST_TAG).contains(&tag.len()) && tag.bytes().all(plain) && !tag.ends_with('*')
}

/// RFC 1738 calls these unsafe. `#` is left out because it only separates a fragment; `[` and `]` are unsafe there too,
/// but users have seen them accepted. `~` is refused (aws/aws-sdk#525, bep/s3deploy#46).
fn is_path(path: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_graphic() && !br#"<>"{}|\^`~"#.contains(&byte);
    path.starts_with('/') && path.len() <= LONGEST_PATH && path.bytes().all(safe)
}
