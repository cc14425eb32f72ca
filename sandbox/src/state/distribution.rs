//! Owns what the sandbox knows of one distribution.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id;

/// The account that everything in the sandbox belongs to.
pub const ACCOUNT: &str = "123456789012";

/// A distribution. Only what the API shows and what the edge obeys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Distribution {
    /// `E` and 13 capitals and digits.
    pub id: String,
    /// `d….cloudfront.net`.
    pub domain: String,
    /// The name that people know it by.
    pub comment: String,
    /// Further host names.
    pub aliases: Vec<String>,
    /// A disabled one answers every viewer with 403.
    pub enabled: bool,
    /// `Deployed` or `InProgress`.
    pub status: String,
    /// What `/` stands for; empty: nothing.
    pub default_root_object: String,
    /// The origin's header that names an object's cache tags.
    pub cache_tag_header: Option<String>,
    /// Whether the query string is part of the cache key.
    pub query_strings: bool,
    /// A staging distribution of another one.
    pub staging: bool,
    /// `direct`, or `tenant-only` for one that serves through its tenants only.
    pub connection_mode: String,
    /// `PriceClass_100`, `PriceClass_200` or `PriceClass_All`.
    pub price_class: String,
    /// The folder below the origin folder that holds its files.
    pub folder: String,
    /// What `ListTagsForResource` shows.
    pub tags: BTreeMap<String, String>,
    /// When its configuration last changed.
    pub last_modified: Timestamp,
}

impl Distribution {
    /// An enabled, deployed distribution with `index.html` as its root object and its ID as its folder.
    #[must_use]
    pub fn new(id: impl Into<String>, domain: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            folder: id.clone(),
            domain: domain.into(),
            comment: String::new(),
            aliases: Vec::new(),
            enabled: true,
            status: "Deployed".to_owned(),
            default_root_object: "index.html".to_owned(),
            cache_tag_header: None,
            query_strings: false,
            staging: false,
            connection_mode: "direct".to_owned(),
            price_class: "PriceClass_All".to_owned(),
            tags: BTreeMap::new(),
            last_modified: Timestamp::UNIX_EPOCH,
            id,
        }
    }

    /// Its Amazon resource name.
    #[must_use]
    pub fn arn(&self) -> String {
        arn(&self.id)
    }

    /// The first part of its domain.
    #[must_use]
    pub fn label(&self) -> &str {
        self.domain.split('.').next().unwrap_or(&self.domain)
    }

    pub(crate) fn is_tenant_only(&self) -> bool {
        self.connection_mode == "tenant-only"
    }

    pub(crate) fn version(&self) -> String {
        id::version(&serde_json::to_string(self).unwrap_or_default())
    }

    pub(crate) fn answers_to(&self, host: &str) -> bool {
        let local = host.strip_suffix(".localhost");
        host == self.domain
            || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(host))
            || local.is_some_and(|name| name.eq_ignore_ascii_case(&self.id) || name == self.label())
    }
}

impl Default for Distribution {
    fn default() -> Self {
        Self::new(id::distribution(), id::domain())
    }
}

pub(crate) fn arn(id: &str) -> String {
    format!("arn:aws:cloudfront::{ACCOUNT}:distribution/{id}")
}
