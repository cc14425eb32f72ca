//! Findings about how long CloudFront keeps what it serves.

use super::{
    super::{OriginKind, step::FilledIn},
    Finding,
    FindingName::{CachePolicy, MinTtl},
    FindingState::{Advice, Good, Unknown},
    facts::{Facts, listed, shown},
    site::{NOT_READ, READ_IT},
};
use crate::{
    distributions::{cache_policy, delivery::Behavior},
    invalidations::aws_cli::quoted,
};

/// A cache policy of AWS's own.
struct Managed {
    id: &'static str,
    name: &'static str,
    ttls: Ttls,
}

/// The least, the usual and the most time that an object is kept, in seconds.
#[derive(Clone, Copy)]
struct Ttls {
    min: u64,
    default: u64,
    max: u64,
}

const fn managed(id: &'static str, name: &'static str, [min, default, max]: [u64; 3]) -> Managed {
    Managed { id, name, ttls: Ttls { min, default, max } }
}

const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";

/// Developer guide, "Use managed cache policies".
const MANAGED: [Managed; 7] = [
    managed("658327ea-f89d-4fab-a63d-7e88639e58f6", "CachingOptimized", [1, DAY, YEAR]),
    managed(CACHING_DISABLED, "CachingDisabled", [0, 0, 0]),
    managed("b2884449-e4de-46a7-ac36-70bc7f1ddd6d", "CachingOptimizedForUncompressedObjects", [1, DAY, YEAR]),
    managed("08627262-05a9-4f76-9ded-b50ca2e3a84f", "Elemental-MediaPackage", [0, DAY, YEAR]),
    managed("83da9c7e-98b4-4e11-a168-04f0df8e2c65", "UseOriginCacheControlHeaders", [0, 0, YEAR]),
    managed(
        "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
        "UseOriginCacheControlHeaders-QueryStrings",
        [0, 0, YEAR],
    ),
    managed("2e54312d-136d-493c-8eb9-b001f22f67d2", "Amplify", [2, 2, 600]),
];

/// A minimum up to this does not keep an object that the origin wants nobody to keep for long.
const SHORT: u64 = 60;
/// The behaviours and policies that are named.
const NAMED_MAX: usize = 5;

/// What decides how long a behaviour keeps an object.
enum Keeping<'a> {
    Managed(&'static Managed),
    /// A policy of the account's own of which is known what it says.
    Own(&'a cache_policy::CachePolicy),
    /// A policy of the account's own, by its ID.
    OwnPolicy(&'a str),
    /// The older settings of the behaviour itself. The usual and the most may not be known.
    Legacy {
        min: u64,
        default: Option<u64>,
        max: Option<u64>,
    },
    NotKnown,
}

impl<'a> Keeping<'a> {
    fn of(behavior: &'a Behavior) -> Self {
        match (behavior.cache_policy.as_deref(), behavior.min_ttl) {
            (Some(id), _) => {
                let known = MANAGED.iter().find(|policy| policy.id.eq_ignore_ascii_case(id));
                let own = behavior.own_policy.as_ref().map_or(Self::OwnPolicy(id), Self::Own);
                known.map_or(own, Self::Managed)
            }
            (None, Some(min)) => Self::Legacy { min, default: behavior.default_ttl, max: behavior.max_ttl },
            (None, None) => Self::NotKnown,
        }
    }

    const fn min(&self) -> Option<u64> {
        match self {
            Self::Managed(policy) => Some(policy.ttls.min),
            Self::Own(policy) => Some(policy.min_ttl),
            Self::Legacy { min, .. } => Some(*min),
            Self::OwnPolicy(_) | Self::NotKnown => None,
        }
    }

    fn in_words(&self) -> String {
        let times = |ttls: Ttls| {
            format!(
                "at least {}, {} where the origin says nothing, at most {}",
                time_in_words(ttls.min),
                time_in_words(ttls.default),
                time_in_words(ttls.max)
            )
        };
        match self {
            Self::Managed(policy) if policy.id == CACHING_DISABLED => {
                format!("{}, nothing is kept", policy.name)
            }
            Self::Managed(policy) => format!("{}, kept {}", policy.name, times(policy.ttls)),
            Self::Own(cache_policy::CachePolicy {
                name,
                min_ttl: min,
                default_ttl: Some(default),
                max_ttl: Some(max),
                ..
            }) => {
                let ttls = Ttls { min: *min, default: *default, max: *max };
                format!("{}, kept {}", shown(name), times(ttls))
            }
            Self::Own(policy) => {
                format!("{}, kept at least {}", shown(&policy.name), time_in_words(policy.min_ttl))
            }
            Self::OwnPolicy(id) => format!("policy {}, which is not known", shown(id)),
            Self::Legacy { min, default: Some(default), max: Some(max) } => {
                format!("older settings, kept {}", times(Ttls { min: *min, default: *default, max: *max }))
            }
            Self::Legacy { min, .. } => format!("older settings, kept at least {}", time_in_words(*min)),
            Self::NotKnown => "not read yet".to_owned(),
        }
    }
}

pub(super) fn cache_policy(facts: &Facts<'_>) -> Finding {
    let Some(delivery) = facts.delivery else {
        return not_read(CachePolicy, facts);
    };
    let all: Vec<(&Behavior, Keeping<'_>)> =
        delivery.behaviors.iter().map(|behavior| (behavior, Keeping::of(behavior))).collect();
    let words: Vec<String> = all
        .iter()
        .map(|(behavior, keeping)| format!("{}: {}", shown(&behavior.pattern), keeping.in_words()))
        .collect();
    let found = format!("{}.", listed_by_semicolons(&words));
    let own: Vec<&str> = all
        .iter()
        .filter_map(|(_, keeping)| if let Keeping::OwnPolicy(id) = keeping { Some(*id) } else { None })
        .collect();
    if !own.is_empty() {
        return Finding::new(CachePolicy, Unknown, found)
            .step("Look up the policy: its times decide how long viewers get an old version without an invalidation. Unstale reads policies where it has cloudfront:ListCachePolicies.")
            .snippet(look_up(&own));
    }
    if all.iter().any(|(_, keeping)| matches!(keeping, Keeping::NotKnown)) {
        return Finding::new(CachePolicy, Unknown, found)
            .step("Look with this command.")
            .snippet(FilledIn(&facts.filling).show_configuration(POLICIES));
    }
    let is_wasted = |behavior: &Behavior| {
        behavior.cache_policy.as_deref() == Some(CACHING_DISABLED)
            && behavior.origin.as_deref().is_some_and(|origin| OriginKind::of(origin) == OriginKind::S3)
    };
    if all.iter().any(|(behavior, _)| is_wasted(behavior)) {
        return Finding::new(CachePolicy, Advice, found)
            .step("Choose CachingOptimized for the files of a bucket: with CachingDisabled each request goes to the bucket, and an invalidation has nothing to clear. CachingDisabled is meant for APIs and pages that differ for each viewer.");
    }
    Finding::new(CachePolicy, Good, found)
}

pub(super) fn min_ttl(facts: &Facts<'_>) -> Finding {
    let Some(delivery) = facts.delivery else {
        return not_read(MinTtl, facts);
    };
    let all: Vec<(&Behavior, Keeping<'_>)> =
        delivery.behaviors.iter().map(|behavior| (behavior, Keeping::of(behavior))).collect();
    let long = all.iter().filter_map(|(behavior, keeping)| {
        let min = keeping.min().filter(|min| *min > SHORT)?;
        Some(format!("{} for {}", shown(&behavior.pattern), time_in_words(min)))
    });
    let long: Vec<String> = long.collect();
    if !long.is_empty() {
        return Finding::new(
            MinTtl,
            Advice,
            format!("Objects are kept even where the origin forbids it with no-store, no-cache or private: {}.", listed(&long, NAMED_MAX)),
        )
        .step("Set the minimum TTL to 0, or to 1 s with the policy CachingOptimized, so that the origin's Cache-Control decides. Then invalidate what viewers should get again.")
        .snippet(FilledIn(&facts.filling).show_configuration(POLICIES));
    }
    let unknown: Vec<String> = all
        .iter()
        .filter(|(_, keeping)| keeping.min().is_none())
        .map(|(behavior, _)| shown(&behavior.pattern))
        .collect();
    if !unknown.is_empty() {
        let own: Vec<&str> =
            delivery.behaviors.iter().filter_map(|behavior| behavior.cache_policy.as_deref()).collect();
        let snippet = if own.is_empty() {
            FilledIn(&facts.filling).show_configuration(POLICIES)
        } else {
            look_up(&own)
        };
        return Finding::new(
            MinTtl,
            Unknown,
            format!(
                "The minimum TTL of {} is not known. Unstale reads policies where it has cloudfront:ListCachePolicies.",
                listed(&unknown, NAMED_MAX)
            ),
        )
        .step("Look it up: a minimum above 0 keeps objects even where the origin says no-store.")
        .snippet(snippet);
    }
    let longest = all.iter().filter_map(|(_, keeping)| keeping.min()).max().unwrap_or_default();
    let found = if longest == 0 {
        "It is 0 everywhere, so the origin's Cache-Control decides what is kept.".to_owned()
    } else {
        format!(
            "It is at most {}, so what the origin forbids to keep is kept no longer than that.",
            time_in_words(longest)
        )
    };
    Finding::new(MinTtl, Good, found)
}

/// Where the policies and times of all behaviours stand.
const POLICIES: &str =
    "[DefaultCacheBehavior,CacheBehaviors.Items[]][].[PathPattern,CachePolicyId,MinTTL,DefaultTTL,MaxTTL]";

fn not_read(name: super::FindingName, facts: &Facts<'_>) -> Finding {
    Finding::new(name, Unknown, NOT_READ)
        .step(READ_IT)
        .snippet(FilledIn(&facts.filling).show_configuration(POLICIES))
}

/// The commands that show these policies, each once, without those of AWS's own.
fn look_up(ids: &[&str]) -> String {
    let mut own: Vec<&str> = Vec::new();
    for id in ids {
        let is_managed = MANAGED.iter().any(|policy| policy.id.eq_ignore_ascii_case(id));
        if !is_managed && !own.contains(id) && own.len() < NAMED_MAX {
            own.push(id);
        }
    }
    let commands =
        own.iter().map(|id| format!("aws cloudfront get-cache-policy --id {}", quoted(&shown(id))));
    commands.collect::<Vec<_>>().join("\n")
}

fn listed_by_semicolons(words: &[String]) -> String {
    let text = words.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join("; ");
    match words.len().saturating_sub(NAMED_MAX) {
        0 => text,
        more => format!("{text}; and {more} more behaviors"),
    }
}

/// `1 day`, `365 days`, `10 min`: the largest unit that has no rest.
fn time_in_words(seconds: u64) -> String {
    match seconds {
        DAY => "1 day".to_owned(),
        3_600 => "1 hour".to_owned(),
        1.. if seconds.is_multiple_of(DAY) => format!("{} days", seconds / DAY),
        1.. if seconds.is_multiple_of(3_600) => format!("{} hours", seconds / 3_600),
        1.. if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}
