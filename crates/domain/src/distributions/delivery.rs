//! How a distribution serves its viewers, as far as checks need it to tell causes apart.

use serde::{Deserialize, Serialize};

use super::{cache_policy::CachePolicy, managed_policy::ManagedPolicy};

/// The settings of a distribution's configuration that decide what viewers get.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliverySettings {
    /// Whether a web ACL of AWS WAF is attached.
    pub web_acl: bool,
    /// Its ARN, or its ID of AWS WAF Classic. `None` if none is attached, or if it is not known.
    pub web_acl_id: Option<String>,
    pub country_restriction: bool,
    /// Whether viewers must show a certificate of their own (mTLS).
    pub client_certificate_required: bool,
    pub custom_errors: Vec<CustomErrorResponse>,
    /// The cache behaviours in the order in which CloudFront tries them. The default one is the last.
    pub behaviors: Vec<Behavior>,
    /// The origins. Empty if they are not known.
    pub origins: Vec<OriginSettings>,
    /// Whether access logs go to a bucket by the older setting `Logging`. `None` if that is not known. Standard logging
    /// (v2) is not part of a distribution's configuration.
    pub legacy_logs: Option<bool>,
    /// The ID of the continuous deployment policy that it names. `None` if it names none, or if that is not known.
    pub deployment_policy: Option<String>,
}

/// One origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginSettings {
    pub domain: String,
    /// What CloudFront puts before the path of each request, such as `/site`. Empty for nothing.
    pub path: String,
    pub access: OriginAccess,
}

/// How CloudFront proves to a bucket that a request comes from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginAccess {
    /// Not at all: the origin answers everybody, or is no bucket.
    Open,
    /// By an origin access control (OAC) with this ID.
    Control(String),
    /// By an origin access identity (OAI) with this name. AWS calls that way legacy.
    Identity(String),
}

/// Which protocols viewers may use (`ViewerProtocolPolicy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewerProtocol {
    /// HTTP and HTTPS.
    Any,
    /// HTTP is answered with 403.
    HttpsOnly,
    RedirectToHttps,
}

/// When a function runs (`EventType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FunctionEvent {
    ViewerRequest,
    OriginRequest,
    OriginResponse,
    ViewerResponse,
}

impl FunctionEvent {
    pub const ALL: [Self; 4] =
        [Self::ViewerRequest, Self::OriginRequest, Self::OriginResponse, Self::ViewerResponse];

    /// CloudFront's own word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ViewerRequest => "viewer-request",
            Self::OriginRequest => "origin-request",
            Self::OriginResponse => "origin-response",
            Self::ViewerResponse => "viewer-response",
        }
    }
}

/// A function that a behaviour runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionAssociation {
    pub event: FunctionEvent,
    /// `the function rewrite` or `the Lambda function auth:3`. What a CloudFront function does may change under the same
    /// name.
    pub name: String,
}

/// One custom error response of a distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomErrorResponse {
    /// The origin's status.
    pub code: u16,
    /// The status that viewers get.
    pub response_code: Option<u16>,
    /// The path of the page that viewers get, such as `/index.html`.
    pub page: Option<String>,
}

/// One cache behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Behavior {
    /// Its path pattern; `*` for the default one.
    pub pattern: String,
    /// The domain name of its origin. `None` if it is a group of origins.
    pub origin: Option<String>,
    /// The path at the origin that stands before each request's. Empty if there is none.
    pub origin_path: String,
    /// Whether CloudFront asks the origin over HTTP alone.
    pub origin_is_http_only: bool,
    /// Whether it wants signed URLs or signed cookies.
    pub signed_required: bool,
    /// `MinTTL` in seconds. `None` if a cache policy decides.
    pub min_ttl: Option<u64>,
    /// `DefaultTTL` in seconds. `None` if a cache policy decides, or if it is not known.
    pub default_ttl: Option<u64>,
    /// `MaxTTL` in seconds. `None` if a cache policy decides, or if it is not known.
    pub max_ttl: Option<u64>,
    /// The ID of the cache policy. `None` if it has none, or if that is not known.
    pub cache_policy: Option<String>,
    /// What that policy says, where it is one of the account's own. `None` if it is not known.
    pub own_policy: Option<CachePolicy>,
    /// Whether query strings are part of the cache key. `None` if a cache policy decides, or if it is not known.
    pub query_strings: Option<bool>,
    /// Whether a function or a Lambda function sees the requests before the cache or the origin, and may change their
    /// paths.
    pub rewrites_requests: bool,
    /// The functions and Lambda functions that it runs. `None` if they are not known.
    pub functions: Option<Vec<FunctionAssociation>>,
    /// `None` if it is not known.
    pub viewer_protocol: Option<ViewerProtocol>,
    /// The methods that viewers may use. Empty if they are not known.
    pub allowed_methods: Vec<String>,
}

impl DeliverySettings {
    /// The behaviour of a path, which begins with `/`. `None` if the behaviours are not known.
    #[must_use]
    pub fn behavior_of(&self, path: &str) -> Option<&Behavior> {
        self.behaviors.iter().find(|behavior| behavior.is_for(path))
    }

    /// Whether a behaviour has a cache policy of the account's own.
    #[must_use]
    pub fn has_own_policies(&self) -> bool {
        self.behaviors.iter().any(|behavior| behavior.own_policy_id().is_some())
    }

    /// Fills in what the account's own policies say, as `policy_of` knows it by their IDs. What it does not know stays as
    /// it is.
    pub fn fill_in_policies(&mut self, policy_of: impl Fn(&str) -> Option<CachePolicy>) {
        for behavior in &mut self.behaviors {
            if let Some(known) = behavior.own_policy_id().and_then(&policy_of) {
                behavior.own_policy = Some(known);
            }
        }
    }

    /// What is known of the policy with this ID.
    #[must_use]
    pub fn policy(&self, id: &str) -> Option<&CachePolicy> {
        let named = |behavior: &&Behavior| behavior.cache_policy.as_deref() == Some(id);
        self.behaviors.iter().filter(named).find_map(|behavior| behavior.own_policy.as_ref())
    }
}

impl Behavior {
    /// The ID of its cache policy, if that is one of the account's own.
    #[must_use]
    pub fn own_policy_id(&self) -> Option<&str> {
        self.cache_policy.as_deref().filter(|id| ManagedPolicy::of_id(id).is_none())
    }

    /// Whether query strings are part of the cache key. `None` if that is not known.
    #[must_use]
    pub fn keys_query_strings(&self) -> Option<bool> {
        let managed = || self.cache_policy.as_deref().and_then(ManagedPolicy::of_id);
        self.query_strings
            .or_else(|| self.own_policy.as_ref().map(|policy| policy.query_strings.splits()))
            .or_else(|| managed().map(ManagedPolicy::keys_query_strings))
    }

    /// The longest time in seconds that an object is kept, by the behaviour's own setting or a policy of the account's own.
    #[must_use]
    pub fn longest_ttl(&self) -> Option<u64> {
        self.max_ttl.or_else(|| self.own_policy.as_ref()?.max_ttl)
    }

    /// Path patterns have `*` and `?`, count upper and lower case, and may leave out the first `/` (developer guide,
    /// "Path pattern").
    fn is_for(&self, path: &str) -> bool {
        let pattern = self.pattern.strip_prefix('/').unwrap_or(&self.pattern);
        matches(pattern.as_bytes(), path.strip_prefix('/').unwrap_or(path).as_bytes())
    }
}

/// Whether the text fits a pattern with `*` for any text and `?` for one character. Takes at most the product of both
/// lengths in steps.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut in_text) = (0, 0);
    // Where to go on if what followed the last `*` does not fit.
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match pattern.get(at) {
            // The pattern of most behaviours ends so.
            Some(b'*') if at + 1 == pattern.len() => return true,
            Some(b'*') => {
                star = Some((at + 1, in_text));
                at += 1;
            }
            Some(b'?') => (at, in_text) = (at + 1, in_text + 1),
            Some(letter) if *letter == text[in_text] => (at, in_text) = (at + 1, in_text + 1),
            _ => {
                let Some((after, begun)) = star else { return false };
                star = Some((after, begun + 1));
                (at, in_text) = (after, begun + 1);
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pattern_that_fits_decides() {
        let behaviors = ["images/*.jpg", "/api/*", "a??.html", "*"];
        let behaviors =
            behaviors.map(|pattern| Behavior { pattern: pattern.to_owned(), ..Behavior::default() });
        let settings = DeliverySettings { behaviors: behaviors.into(), ..DeliverySettings::default() };
        for (path, pattern) in [
            ("/images/a/b.jpg", "images/*.jpg"),
            ("/images/.jpg.jpg", "images/*.jpg"),
            ("/images/a.JPG", "*"),
            ("/api/", "/api/*"),
            ("/api", "*"),
            ("/a12.html", "a??.html"),
            ("/a1.html", "*"),
            ("/", "*"),
        ] {
            assert_eq!(settings.behavior_of(path).unwrap().pattern, pattern, "{path}");
        }
        assert_eq!(DeliverySettings::default().behavior_of("/"), None);
    }

    #[test]
    fn what_an_earlier_version_stored_is_read_and_what_it_lacks_is_not_known() {
        let stored = r#"{"web_acl":true,"custom_errors":[{"code":403,"response_code":200,"page":"/e.html"}],
            "behaviors":[{"pattern":"*","origin":"site.s3.amazonaws.com","min_ttl":60}]}"#;
        let settings: DeliverySettings = serde_json::from_str(stored).unwrap();
        assert!(settings.web_acl && settings.origins.is_empty() && settings.legacy_logs.is_none());
        let behavior = &settings.behaviors[0];
        assert_eq!((behavior.min_ttl, behavior.max_ttl, &behavior.cache_policy), (Some(60), None, &None));
        assert_eq!(behavior.viewer_protocol, None);
    }

    #[test]
    fn a_hostile_pattern_is_not_slow() {
        let pattern = "*a".repeat(127);
        assert!(!matches(pattern.as_bytes(), "a".repeat(100).as_bytes()));
        assert!(matches(b"**", b"") && !matches(b"", b"a") && matches(b"", b""));
    }
}
