//! Each change of a configuration that matters for an invalidation, and what it means.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    delivery::{CustomErrorResponse, DeliverySettings, FunctionAssociation, FunctionEvent},
    distribution::DistributionConfig,
};
use crate::time::Timestamp;

/// The number of path patterns that are named of one change.
const PATTERNS_MAX: usize = 5;

/// A change of a configuration that matters for an invalidation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigurationChange {
    /// The response header with the cache tags.
    TagHeader {
        from: Option<String>,
        to: Option<String>,
    },
    RootObject {
        from: Option<String>,
        to: Option<String>,
    },
    /// The custom error response of one status.
    ErrorPage {
        code: u16,
        from: Option<CustomErrorResponse>,
        to: Option<CustomErrorResponse>,
    },
    /// The ARN or the ID of the web ACL. Empty where one is attached whose ID is not known.
    WebAcl {
        from: Option<String>,
        to: Option<String>,
    },
    /// What runs at an event, for these path patterns. Sorted names.
    Function {
        event: FunctionEvent,
        patterns: Vec<String>,
        from: Vec<String>,
        to: Vec<String>,
    },
    /// What CloudFront puts before the path when it asks the origin, for these path patterns.
    OriginPath {
        patterns: Vec<String>,
        from: String,
        to: String,
    },
}

/// What changed from one configuration to the other: each thing once, in a fixed order. What one of them does not know is
/// no change.
#[must_use]
pub fn changes(from: &DistributionConfig, to: &DistributionConfig) -> Vec<ConfigurationChange> {
    let mut found = Vec::new();
    // The names of header fields do not distinguish between capitals and small letters (RFC 9110, 5.1).
    let folded = |header: &Option<String>| header.as_ref().map(|name| name.to_ascii_lowercase());
    if folded(&from.tag_header) != folded(&to.tag_header) {
        found.push(ConfigurationChange::TagHeader {
            from: from.tag_header.clone(),
            to: to.tag_header.clone(),
        });
    }
    if from.root_object != to.root_object {
        found.push(ConfigurationChange::RootObject {
            from: from.root_object.clone(),
            to: to.root_object.clone(),
        });
    }
    error_pages(&from.delivery, &to.delivery, &mut found);
    web_acl(&from.delivery, &to.delivery, &mut found);
    functions(&from.delivery, &to.delivery, &mut found);
    origin_paths(&from.delivery, &to.delivery, &mut found);
    found
}

fn error_pages(from: &DeliverySettings, to: &DeliverySettings, found: &mut Vec<ConfigurationChange>) {
    let by_code = |settings: &DeliverySettings| -> BTreeMap<u16, CustomErrorResponse> {
        settings.custom_errors.iter().map(|one| (one.code, one.clone())).collect()
    };
    let (from, to) = (by_code(from), by_code(to));
    let codes: BTreeSet<u16> = from.keys().chain(to.keys()).copied().collect();
    for code in codes {
        let (from, to) = (from.get(&code).cloned(), to.get(&code).cloned());
        if from != to {
            found.push(ConfigurationChange::ErrorPage { code, from, to });
        }
    }
}

fn web_acl(from: &DeliverySettings, to: &DeliverySettings, found: &mut Vec<ConfigurationChange>) {
    let id = |settings: &DeliverySettings| {
        settings.web_acl.then(|| settings.web_acl_id.clone().unwrap_or_default())
    };
    let is_unknown = |id: &Option<String>| id.as_deref() == Some("");
    let (from, to) = (id(from), id(to));
    let are_both_there = from.is_some() && to.is_some();
    if from != to && !(are_both_there && (is_unknown(&from) || is_unknown(&to))) {
        found.push(ConfigurationChange::WebAcl { from, to });
    }
}

/// What runs at one event, by path pattern. A behaviour whose functions are not known is left out.
fn running(settings: &DeliverySettings, event: FunctionEvent) -> BTreeMap<&str, Option<Vec<String>>> {
    let names = |all: &Vec<FunctionAssociation>| {
        let mut names: Vec<String> =
            all.iter().filter(|one| one.event == event).map(|one| one.name.clone()).collect();
        names.sort();
        names
    };
    let of = settings.behaviors.iter();
    of.map(|behavior| (behavior.pattern.as_str(), behavior.functions.as_ref().map(names))).collect()
}

fn functions(from: &DeliverySettings, to: &DeliverySettings, found: &mut Vec<ConfigurationChange>) {
    for event in FunctionEvent::ALL {
        let (before, after) = (running(from, event), running(to, event));
        let patterns: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        // The same change of several behaviours is one.
        let mut same: BTreeMap<(Vec<String>, Vec<String>), Vec<String>> = BTreeMap::new();
        for pattern in patterns {
            // A behaviour that is not there runs nothing.
            let of = |all: &BTreeMap<&str, Option<Vec<String>>>| {
                all.get(pattern).cloned().unwrap_or(Some(Vec::new()))
            };
            if let (Some(from), Some(to)) = (of(&before), of(&after))
                && from != to
            {
                same.entry((from, to)).or_default().push(pattern.to_owned());
            }
        }
        found.extend(same.into_iter().map(|((from, to), patterns)| ConfigurationChange::Function {
            event,
            patterns,
            from,
            to,
        }));
    }
}

fn origin_paths(from: &DeliverySettings, to: &DeliverySettings, found: &mut Vec<ConfigurationChange>) {
    let before: BTreeMap<&str, &str> =
        from.behaviors.iter().map(|one| (one.pattern.as_str(), one.origin_path.as_str())).collect();
    let mut same: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for behavior in &to.behaviors {
        let Some(earlier) = before.get(behavior.pattern.as_str()) else { continue };
        if *earlier != behavior.origin_path {
            let key = ((*earlier).to_owned(), behavior.origin_path.clone());
            same.entry(key).or_default().push(behavior.pattern.clone());
        }
    }
    found.extend(same.into_iter().map(|((from, to), patterns)| ConfigurationChange::OriginPath {
        patterns,
        from,
        to,
    }));
}

impl ConfigurationChange {
    /// The stable word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TagHeader { .. } => "tag_header",
            Self::RootObject { .. } => "root_object",
            Self::ErrorPage { .. } => "error_page",
            Self::WebAcl { .. } => "web_acl",
            Self::Function { .. } => "function",
            Self::OriginPath { .. } => "origin_path",
        }
    }

    /// Whether its text names paths of the distribution.
    #[must_use]
    pub const fn names_paths(&self) -> bool {
        match self {
            Self::TagHeader { .. } | Self::WebAcl { .. } => false,
            Self::RootObject { .. }
            | Self::ErrorPage { .. }
            | Self::Function { .. }
            | Self::OriginPath { .. } => true,
        }
    }

    /// What changed since the last request, and what that means for this one.
    #[must_use]
    pub fn text(&self, since: Timestamp) -> String {
        let (what, meaning) = match self {
            Self::TagHeader { from, to } => tag_header(from.as_deref(), to.as_deref()),
            Self::RootObject { from, to } => root_object(from.as_deref(), to.as_deref()),
            Self::ErrorPage { code, from, to } => error_page(*code, from.as_ref(), to.as_ref()),
            Self::WebAcl { from, to } => web_acl_text(from.as_deref(), to.as_deref()),
            Self::Function { event, patterns, from, to } => function(*event, patterns, from, to),
            Self::OriginPath { patterns, from, to } => origin_path(patterns, from, to),
        };
        format!("{what} since the last request on {} UTC: {meaning}.", since.to_the_minute())
    }
}

/// CloudFront keeps the tags that an object had when it was cached: changing the header's name does not touch what is
/// already cached (API reference, `CacheTagConfig`).
fn tag_header(from: Option<&str>, to: Option<&str>) -> (String, String) {
    match (from, to) {
        (Some(from), Some(to)) => (
            format!("The tag header changed from {from} to {to}"),
            format!(
                "objects that are cached with tags under {from} are not reached by tags until they are fetched again; a path or a wildcard reaches them"
            ),
        ),
        (Some(from), None) => (
            format!("The tag header {from} was removed"),
            "what is cached from now on has no tags; a path or a wildcard reaches it".to_owned(),
        ),
        (None, to) => (
            format!("The tag header {} was set", to.unwrap_or_default()),
            "objects that were cached before have no tags; a path or a wildcard reaches them".to_owned(),
        ),
    }
}

fn root_object(from: Option<&str>, to: Option<&str>) -> (String, String) {
    let named = |object: Option<&str>| object.map_or_else(|| "nothing".to_owned(), |name| format!("/{name}"));
    (
        format!("The default root object changed from {} to {}", named(from), named(to)),
        "what viewers get at / is another page; its copy at the edge may be the earlier one".to_owned(),
    )
}

fn error_page(
    code: u16,
    from: Option<&CustomErrorResponse>,
    to: Option<&CustomErrorResponse>,
) -> (String, String) {
    let page = |one: &CustomErrorResponse| {
        let answer = one.response_code.unwrap_or(one.code);
        let page = one.page.clone().unwrap_or_else(|| "no page".to_owned());
        format!("{page} with {answer}")
    };
    let meaning = "an error that is cached at the edge may still show the earlier one".to_owned();
    match (from, to) {
        (Some(from), Some(to)) => {
            (format!("The error page for {code} changed from {} to {}", page(from), page(to)), meaning)
        }
        (Some(from), None) => (
            format!("The error page for {code}, {}, was removed", page(from)),
            "viewers get the origin's own error".to_owned(),
        ),
        (None, to) => {
            let to = to.map(page).unwrap_or_default();
            (
                format!("An error page for {code} was set, {to}"),
                format!("viewers get it in place of the origin's error; {meaning}"),
            )
        }
    }
}

fn web_acl_text(from: Option<&str>, to: Option<&str>) -> (String, String) {
    let what = match (from, to) {
        (Some(_), Some(_)) => "The web ACL changed",
        (Some(_), None) => "The web ACL was removed",
        (None, _) => "A web ACL was attached",
    };
    let meaning = if to.is_some() {
        "it may refuse viewers, and the looks after this request, with 403"
    } else {
        "what it refused with 403 is served now"
    };
    (what.to_owned(), meaning.to_owned())
}

fn function(event: FunctionEvent, patterns: &[String], from: &[String], to: &[String]) -> (String, String) {
    let (at, places) = (event.label(), places(patterns));
    let what = match (from, to) {
        (from, []) => format!("{} no longer runs at {at} for {places}", from.join(" and ")),
        ([], to) => format!("{} now runs at {at} for {places}", to.join(" and ")),
        (from, to) => {
            format!("{} now runs at {at} for {places} in place of {}", to.join(" and "), from.join(" and "))
        }
    };
    // A name begins with a small letter.
    let what = what.replacen('t', "T", usize::from(what.starts_with('t')));
    // Developer guide, "Invalidate files": of a function on viewer requests that changes the URI, both have to be invalidated.
    let meaning = match (event, to) {
        (FunctionEvent::ViewerRequest, []) => {
            "what it rewrote is cached under the path that it made; send that path too".to_owned()
        }
        (FunctionEvent::ViewerRequest, _) => {
            "what it rewrites is cached under the path that it makes; send both paths".to_owned()
        }
        (FunctionEvent::OriginRequest, _) => {
            "the origin may be asked for another file than before; what is cached came from the earlier one"
                .to_owned()
        }
        (FunctionEvent::OriginResponse, _) => {
            "what is cached was made before; only what is fetched again passes through the change".to_owned()
        }
        (FunctionEvent::ViewerResponse, _) => {
            "viewers may get other headers than before, whatever is cached".to_owned()
        }
    };
    (what, meaning)
}

fn origin_path(patterns: &[String], from: &str, to: &str) -> (String, String) {
    let named = |path: &str| if path.is_empty() { "/".to_owned() } else { path.to_owned() };
    (
        format!("The origin path for {} changed from {} to {}", places(patterns), named(from), named(to)),
        format!("what is cached came from {} until it is refreshed", named(from)),
    )
}

/// `/api/*, /img/* and 2 more patterns`
fn places(patterns: &[String]) -> String {
    let name = |pattern: &String| {
        if pattern == "*" { "the default behaviour".to_owned() } else { pattern.clone() }
    };
    let shown = patterns.iter().take(PATTERNS_MAX).map(name).collect::<Vec<_>>().join(", ");
    match patterns.len().saturating_sub(PATTERNS_MAX) {
        0 => shown,
        1 => format!("{shown} and 1 more pattern"),
        more => format!("{shown} and {more} more patterns"),
    }
}
