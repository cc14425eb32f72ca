//! Parses the search fields of the history page and the flags of the command line into an audit query.

use std::time::Duration;

use super::{
    Action, Outcome,
    invalidation_search::StateFilter,
    search::{AuditQuery, What},
};
use crate::{
    checks::Freshness,
    distributions::{distribution::Distribution, host_table::HostTable},
    id::DistributionId,
    invalidations::invalidation::InvalidationState,
    time::Timestamp,
};

/// The maximum length of the search text, in characters.
const BOX_MAX: usize = 4_200;
const DAY: Duration = Duration::from_hours(24);

/// Why one search field is not valid. The message is for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskedError {
    #[error("That is longer than any URL; use at most 4200 characters.")]
    TooLong,
    #[error("Choose one from the list.")]
    NotOfTheList,
    #[error("Write a day such as 2026-11-23.")]
    NotADay,
}

/// Parses the search text.
///
/// Returns `Err` if the text is too long.
pub fn what(text: &str) -> Result<What, AskedError> {
    if text.chars().count() > BOX_MAX { Err(AskedError::TooLong) } else { Ok(What::read(text)) }
}

pub fn action(text: &str) -> Result<Action, AskedError> {
    Action::parse(text).ok_or(AskedError::NotOfTheList)
}

pub fn outcome(text: &str) -> Result<Outcome, AskedError> {
    Outcome::parse(text).ok_or(AskedError::NotOfTheList)
}

/// What a check can have come to, from good to bad.
pub const CAME_TO: [Freshness; 5] =
    [Freshness::Fresh, Freshness::Unchanged, Freshness::Unclear, Freshness::Stale, Freshness::Broken];

pub fn freshness(text: &str) -> Result<Freshness, AskedError> {
    Freshness::parse(text).filter(|one| CAME_TO.contains(one)).ok_or(AskedError::NotOfTheList)
}

/// Parses `yes` or `no`: whether the invalidation was made outside Unstale.
pub fn outside(text: &str) -> Result<bool, AskedError> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(AskedError::NotOfTheList),
    }
}

/// A state that an invalidation can be in now.
pub fn state(text: &str) -> Result<StateFilter, AskedError> {
    if text == StateFilter::PROBLEM.0 {
        return Ok(StateFilter::Problem);
    }
    InvalidationState::parse(text).map(StateFilter::Is).ok_or(AskedError::NotOfTheList)
}

/// The times up to now that can be asked for, with their labels.
pub const SPANS: [(&str, &str, Duration); 4] = [
    ("24h", "last 24 hours", DAY),
    ("7d", "last 7 days", Duration::from_hours(24 * 7)),
    ("14d", "last 14 days", Duration::from_hours(24 * 14)),
    ("30d", "last 30 days", Duration::from_hours(24 * 30)),
];

/// Parses one of [`SPANS`]: how long ago the time begins that is asked for.
pub fn span(text: &str) -> Result<Duration, AskedError> {
    let found = SPANS.iter().find(|(word, ..)| *word == text);
    found.map(|(.., span)| *span).ok_or(AskedError::NotOfTheList)
}

/// The start of a day in UTC.
pub fn from(text: &str) -> Result<Timestamp, AskedError> {
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day = plain.then(|| Timestamp::parse(&format!("{text}T00:00:00Z"))).flatten();
    day.ok_or(AskedError::NotADay)
}

/// The end of a day in UTC, which is the start of the next day.
pub fn until(text: &str) -> Result<Timestamp, AskedError> {
    from(text).map(|day| day.plus(DAY))
}

/// Adds to a search what it needs from the distributions that the caller may see: those that serve the URL's
/// host, and the default root object of each.
///
/// `all` must contain every distribution, because one that the caller may not see can have the most specific name
/// for the host.
#[must_use]
pub fn over(all: &[Distribution], sees: impl Fn(&DistributionId) -> bool, search: AuditQuery) -> AuditQuery {
    let serving = serving(&search.what, all).into_iter().filter(|id| sees(id)).collect::<Vec<_>>();
    let roots = roots(all).filter(|(id, _)| sees(id)).collect();
    AuditQuery { serving: (!serving.is_empty()).then_some(serving), roots, ..search }
}

/// The distributions that serve a URL's host under the most specific matching name. Deleted distributions are
/// matched separately, because they served the host earlier.
fn serving(what: &What, distributions: &[Distribution]) -> Vec<DistributionId> {
    let What::Path { host: Some(host), .. } = what else { return Vec::new() };
    let gone = HostTable::of(distributions.iter().filter(|distribution| distribution.gone_at.is_some()));
    let tables = [HostTable::of_living(distributions), gone];
    tables.iter().flat_map(|table| table.served_by(host)).cloned().collect()
}

/// The path of each distribution's default root object. Distributions without one are left out.
fn roots(distributions: &[Distribution]) -> impl Iterator<Item = (DistributionId, String)> {
    let root = |distribution: &Distribution| {
        let object = distribution.config.as_ref()?.root_object.as_deref()?.trim_start_matches('/');
        (!object.is_empty()).then(|| (distribution.id.clone(), format!("/{object}")))
    };
    distributions.iter().filter_map(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distributions::distribution::{DistributionConfig, tests::sample};

    fn distribution(id: &str, alias: &str, root_object: Option<&str>) -> Distribution {
        let root_object = root_object.map(str::to_owned);
        Distribution {
            id: DistributionId::from_trusted(id),
            aliases: vec![alias.to_owned()],
            config: Some(DistributionConfig { root_object, ..DistributionConfig::default() }),
            ..sample()
        }
    }

    fn asked_over(distributions: &[Distribution], typed: &str) -> AuditQuery {
        over(distributions, |_| true, AuditQuery { what: What::read(typed), ..AuditQuery::default() })
    }

    #[test]
    fn a_day_is_read_from_its_first_moment_to_the_one_behind_it() {
        let day = from("2026-11-23").unwrap();
        assert_eq!(day.to_string(), "2026-11-23T00:00:00.000000Z");
        assert_eq!(until("2026-11-23").unwrap().to_string(), "2026-11-24T00:00:00.000000Z");
        for bad in ["", "yesterday", "2026-13-40", "2026-11-2", "20261123T0", "2026-11-23T10:00:00Z"] {
            assert_eq!(
                (from(bad), until(bad)),
                (Err(AskedError::NotADay), Err(AskedError::NotADay)),
                "{bad}"
            );
        }
    }

    #[test]
    fn what_is_none_of_the_words_and_a_text_without_end_are_told() {
        assert_eq!(action("person.signed_in"), Ok(Action::SignedIn));
        assert_eq!(action("person.dancing"), Err(AskedError::NotOfTheList));
        assert_eq!(
            (outcome("failed"), outcome("maybe")),
            (Ok(Outcome::Failed), Err(AskedError::NotOfTheList))
        );
        assert_eq!(freshness("stale"), Ok(Freshness::Stale));
        for word in ["off", "pending", "Stale", ""] {
            assert_eq!(freshness(word), Err(AskedError::NotOfTheList), "{word}");
        }
        assert_eq!((outside("yes"), outside("no")), (Ok(true), Ok(false)));
        assert_eq!(outside("x"), Err(AskedError::NotOfTheList));
        assert_eq!(state("failed"), Ok(StateFilter::Is(InvalidationState::Failed)));
        assert_eq!(state("problem"), Ok(StateFilter::Problem));
        assert_eq!(state("done"), Err(AskedError::NotOfTheList));
        assert_eq!(span("7d"), Ok(Duration::from_hours(168)));
        assert_eq!(span("dates"), Err(AskedError::NotOfTheList));
        assert!(what(&"ü".repeat(BOX_MAX)).is_ok());
        assert_eq!(what(&"x".repeat(BOX_MAX + 1)), Err(AskedError::TooLong));
    }

    #[test]
    fn a_search_knows_who_serves_the_host_and_each_ones_own_root() {
        let distributions = [
            distribution("E1", "a.example.com", Some("index.html")),
            distribution("E2", "b.example.com", Some("/start/home.html")),
            distribution("E3", "a.example.com", Some("")),
            distribution("E4", "c.example.com", None),
            Distribution { config: None, ..distribution("E5", "d.example.com", None) },
        ];
        let over = |typed: &str| asked_over(&distributions, typed);
        let id = DistributionId::from_trusted;
        let search = over("https://a.example.com/x");
        assert_eq!(search.serving, Some(vec![id("E1"), id("E3")]));
        let roots = [("E1", "/index.html"), ("E2", "/start/home.html")];
        assert_eq!(search.roots, roots.map(|(distribution, root)| (id(distribution), root.to_owned())));
        let distributions = [
            distribution("E6", "*.apps.example.com", None),
            distribution("E7", "b.apps.example.com", None),
            Distribution {
                gone_at: Some(Timestamp::from_micros(1)),
                ..distribution("E8", "*.apps.example.com", None)
            },
            distribution("E9", "xn--bcher-kva.example", None),
        ];
        let serving = |typed: &str| asked_over(&distributions, typed).serving;
        assert_eq!(serving("https://a.apps.example.com/x"), Some(vec![id("E6"), id("E8")]));
        assert_eq!(serving("https://b.apps.example.com/x"), Some(vec![id("E7"), id("E8")]));
        let hidden = |typed: &str| {
            let search = AuditQuery { what: What::read(typed), ..AuditQuery::default() };
            super::over(&distributions, |seen| seen.as_str() != "E7" && seen.as_str() != "E8", search).serving
        };
        assert_eq!(hidden("https://b.apps.example.com/x"), None, "the wildcard does not stand in for it");
        for typed in ["https://bücher.example/x", "Bücher.Example/x", "https://xn--bcher-kva.example./x"] {
            assert_eq!(serving(typed), Some(vec![id("E9")]), "{typed}");
        }
        for typed in ["https://nobody.example.com/x", "/x", "words"] {
            assert_eq!(over(typed).serving, None, "{typed}");
        }
        assert!(over("").is_everything());
    }
}
