//! The search and the filters of the history page, as flags of `unstale audit export`.

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};

use crate::domain::{
    audit::{
        Action, Outcome,
        asked::{self, AskedError},
        search::{AuditQuery, What},
    },
    checks::Freshness,
    distributions::{
        distribution::Distribution,
        reference::{DistributionReference, NotFound},
    },
    id::DistributionId,
    time::Timestamp,
};

#[derive(Debug, Args)]
pub struct Filters {
    /// What the box of the history's page takes: a URL or a path, a tag, or words.
    #[arg(long, value_name = "TEXT", value_parser = what)]
    search: Option<What>,
    /// Only events of this distribution: its ID, its ARN, a host that it serves, or a URL of it.
    #[arg(long, value_name = "ID-or-domain", value_parser = DistributionReference::parse)]
    distribution: Option<DistributionReference>,
    /// Only what this person or token did, by the name that the history has, such as ada@example.com.
    #[arg(long, value_name = "NAME", value_parser = name)]
    who: Option<String>,
    /// Only this action, such as invalidation.requested; one that does not exist is answered with the list.
    #[arg(long, hide_possible_values = true, value_parser = one_of(actions(), asked::action))]
    action: Option<Action>,
    /// Only what ended so.
    #[arg(long, value_parser = one_of(["done", "refused", "failed"], asked::outcome))]
    result: Option<Outcome>,
    /// Only checks that came to this.
    #[arg(long, value_parser = one_of(asked::CAME_TO.map(Freshness::as_str), asked::freshness))]
    freshness: Option<Freshness>,
    /// Only from the beginning of this day in UTC, such as 2026-11-23.
    #[arg(long, value_name = "DAY", value_parser = asked::from)]
    from: Option<Timestamp>,
    /// Only up to the end of this day in UTC.
    #[arg(long, value_name = "DAY", value_parser = asked::until)]
    until: Option<Timestamp>,
    /// Only what was made outside Unstale, or only what was not.
    #[arg(long, value_parser = one_of(["yes", "no"], asked::outside))]
    outside: Option<bool>,
}

impl Filters {
    /// The query for these flags. Without any flag it finds everything. `Err` if no distribution has the given
    /// name.
    pub fn search(self, distributions: &[Distribution]) -> Result<AuditQuery, NotFound> {
        let named = self.distribution.map(|named| find(&named, distributions)).transpose()?;
        let search = AuditQuery {
            what: self.search.unwrap_or_default(),
            distribution: named,
            who: self.who,
            action: self.action,
            outcome: self.result,
            freshness: self.freshness,
            from: self.from,
            until: self.until,
            outside: self.outside,
            ..AuditQuery::default()
        };
        Ok(asked::over(distributions, |_| true, search))
    }
}

/// Parses a search. A text without anything to search for would find everything, and is more likely a mistake.
fn what(text: &str) -> Result<What, String> {
    match asked::what(text).map_err(|error| error.to_string())? {
        What::Everything => Err("Write a URL, a path, a tag or words, such as /index.html.".to_owned()),
        what => Ok(what),
    }
}

/// The ID of the named distribution. An unknown ID is taken as it is, because the history may have events of a
/// deleted distribution.
fn find(named: &DistributionReference, distributions: &[Distribution]) -> Result<DistributionId, NotFound> {
    match (named.find(distributions, |_| true), named) {
        (Ok(distribution), _) => Ok(distribution.id.clone()),
        (Err(_), DistributionReference::Id(id)) => Ok(id.clone()),
        (Err(error), _) => Err(error),
    }
}

fn name(text: &str) -> Result<String, &'static str> {
    let name = text.trim();
    if name.is_empty() { Err("Write a name, such as ada@example.com.") } else { Ok(name.to_owned()) }
}

fn actions() -> impl Iterator<Item = &'static str> {
    Action::written().map(Action::as_str)
}

/// A parser for one word of a list. Its error shows the list.
fn one_of<T: Clone + Send + Sync + 'static>(
    words: impl IntoIterator<Item = &'static str>,
    read: fn(&str) -> Result<T, AskedError>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words).try_map(move |word| read(&word))
}
