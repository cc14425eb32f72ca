//! Owns what the sandbox knows of one distribution.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::behavior::{
    BucketPolicy, Cors, ErrorPage, FunctionAssociation, GeoRestriction, OriginAccess, OriginKind,
    ViewerProtocolPolicy,
};
use super::cache_policy::CachePolicy;
use super::continuous_deployment::ContinuousDeploymentPolicy;
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
    /// The policy of the account's own that its behaviour names; none: a managed one or older settings. Only shown.
    pub cache_policy: Option<CachePolicy>,
    /// The policy that it names, which sends some of its requests to a staging distribution.
    pub continuous_deployment: Option<ContinuousDeploymentPolicy>,
    /// A staging distribution of another one: viewers cannot ask for it by its own host names.
    pub staging: bool,
    /// `direct`, or `tenant-only` for one that serves through its tenants only.
    pub connection_mode: String,
    /// `PriceClass_100`, `PriceClass_200` or `PriceClass_All`.
    pub price_class: String,
    /// The folder below the origin folder that holds its files.
    pub folder: String,
    /// What answers from that folder.
    pub origin_kind: OriginKind,
    /// The origin's domain as the API shows it; without it, one is made from the folder.
    pub origin_domain: Option<String>,
    /// What is put before the path when the origin is asked: empty, or such as `/v2`.
    pub origin_path: String,
    /// How an S3 bucket is asked.
    pub origin_access: OriginAccess,
    /// What an S3 bucket lets the distribution do.
    pub bucket_policy: BucketPolicy,
    /// What an S3 bucket lets the roles of the account do, which ask it past CloudFront.
    pub role_policy: BucketPolicy,
    /// How many objects a page of the bucket's listing has at the most; S3's are of 1,000.
    pub listing_page: usize,
    /// `CustomErrorResponses`.
    pub error_pages: Vec<ErrorPage>,
    /// The functions of its default behaviour. Only shown.
    pub functions: Vec<FunctionAssociation>,
    /// `WebACLId`; empty: none. What it blocks is said by a rule of the edge.
    pub web_acl: String,
    /// Whose viewers are served.
    pub geo_restriction: GeoRestriction,
    /// Unset, the API shows `redirect-to-https` and the edge serves everybody: most ask it without TLS.
    /// Set, the edge obeys it, and `X-Forwarded-Proto: https` marks a viewer that came by HTTPS.
    pub viewer_protocol_policy: Option<ViewerProtocolPolicy>,
    /// `GET` and `HEAD`, and those that the behaviour allows beside them.
    pub allowed_methods: Vec<String>,
    /// What other sites' scripts may read.
    pub cors: Cors,
    /// What the edge packs texts with for viewers that accept it: empty, or `gzip`.
    pub encodings: Vec<String>,
    /// Request headers that are part of the cache key.
    pub key_headers: Vec<String>,
    /// `MinTTL` in seconds: how long an object is kept whatever the origin says.
    pub min_ttl: u64,
    /// The IDs of the public keys whose signed URLs and cookies are let in; none: everybody is.
    pub trusted_keys: Vec<String>,
    /// `required` or `optional` client certificates of viewers; unset: none. The edge obeys it where it has HTTPS.
    pub client_certificates: Option<String>,
    /// The bucket of standard logs; empty: off. Only shown.
    pub log_bucket: String,
    /// What CloudWatch says that viewers ask for: so many requests in each minute.
    pub requests_a_minute: u64,
    /// How much of that the cache answers, in percent; none: its additional metrics are off.
    pub hit_rate: Option<u8>,
    /// The tier of its flat-rate plan, such as `PRO`; none: pay as you go.
    pub flat_rate_plan: Option<String>,
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
            cache_policy: None,
            continuous_deployment: None,
            staging: false,
            connection_mode: "direct".to_owned(),
            price_class: "PriceClass_All".to_owned(),
            origin_kind: OriginKind::default(),
            origin_domain: None,
            origin_path: String::new(),
            origin_access: OriginAccess::default(),
            bucket_policy: BucketPolicy::default(),
            role_policy: BucketPolicy::ReadAndList,
            listing_page: 1_000,
            error_pages: Vec::new(),
            functions: Vec::new(),
            web_acl: String::new(),
            geo_restriction: GeoRestriction::default(),
            viewer_protocol_policy: None,
            allowed_methods: vec!["HEAD".to_owned(), "GET".to_owned()],
            cors: Cors::default(),
            encodings: Vec::new(),
            key_headers: Vec::new(),
            min_ttl: 0,
            trusted_keys: Vec::new(),
            client_certificates: None,
            log_bucket: String::new(),
            requests_a_minute: 0,
            hit_rate: None,
            flat_rate_plan: None,
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

    /// The host at which its origin answers without CloudFront.
    #[must_use]
    pub fn origin_host(&self) -> String {
        let folder = self.folder.to_lowercase();
        self.origin_domain.clone().unwrap_or_else(|| match self.origin_kind {
            OriginKind::S3 => format!("{folder}.s3.us-east-1.amazonaws.com"),
            OriginKind::Website => format!("{folder}.s3-website-us-east-1.amazonaws.com"),
            OriginKind::Custom => format!("{folder}.origin.example.com"),
        })
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
