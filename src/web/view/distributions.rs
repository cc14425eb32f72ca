//! The distributions that a visitor may see.

use crate::{
    domain::{
        access::grant::GrantPlace,
        distributions::{
            distribution::{Distribution, ListPosition},
            reference::DistributionReference,
        },
        id::DistributionId,
    },
    http::session::Visitor,
    store::{Conn, StoreError, distributions},
};

/// The number of distributions that one query reads if words are searched for.
const AT_ONCE: usize = 500;

/// All distributions that the visitor may see.
pub async fn distributions(conn: &mut Conn, visitor: &Visitor) -> Result<Vec<Distribution>, StoreError> {
    let mut all = distributions::list(conn).await?;
    all.retain(|distribution| visitor.access.sees(&distribution.id));
    Ok(all)
}

/// One distribution. `None` if the visitor may not see it, as if it did not exist.
pub async fn distribution(
    conn: &mut Conn,
    visitor: &Visitor,
    id: &DistributionId,
) -> Result<Option<Distribution>, StoreError> {
    if visitor.access.sees(id) { distributions::find(conn, id).await } else { Ok(None) }
}

/// The distribution of an event, for its name. Empty if the event has none, or if the visitor may not see it.
pub async fn distributions_of(
    conn: &mut Conn,
    visitor: &Visitor,
    id: Option<&DistributionId>,
) -> Result<Vec<Distribution>, StoreError> {
    let Some(id) = id else { return Ok(Vec::new()) };
    Ok(distribution(conn, visitor, id).await?.into_iter().collect())
}

/// The distribution that a text names: by its ID, its ARN, a host that it serves, or a URL. `None` if the text
/// names none or several.
pub async fn named_distribution(
    conn: &mut Conn,
    visitor: &Visitor,
    text: &str,
) -> Result<Option<Distribution>, StoreError> {
    let Ok(reference) = DistributionReference::parse(text) else { return Ok(None) };
    if let DistributionReference::Id(id) = &reference
        && let Some(distribution) = distribution(conn, visitor, id).await?
    {
        return Ok(Some(distribution));
    }
    // Wildcard aliases overlap, so all distributions are needed to know which of them serves a host.
    let all = distributions::list(conn).await?;
    Ok(reference.find(&all, |id| visitor.access.sees(id)).ok().cloned())
}

/// One page of a list.
#[derive(Debug, Default)]
pub struct Part {
    pub distributions: Vec<Distribution>,
    /// The position after which the list goes on. `None` at its end.
    pub next: Option<ListPosition>,
}

/// Up to `limit` distributions that all words find, starting after a position. Rust compares letter case here,
/// because PostgreSQL and SQLite differ for letters outside of ASCII.
pub async fn find_distributions(
    conn: &mut Conn,
    visitor: &Visitor,
    words: &[String],
    after: Option<ListPosition>,
    limit: usize,
) -> Result<Part, StoreError> {
    let at_once = if words.is_empty() { limit + 1 } else { AT_ONCE };
    let (mut part, mut place) = (Part::default(), after);
    loop {
        let some = distributions::page(conn, &visitor.access, place.as_ref(), at_once).await?;
        let Some(last) = some.last().map(ListPosition::of) else { return Ok(part) };
        let all = some.len() < at_once;
        for distribution in some.into_iter().filter(|distribution| distribution.is_found_by(words)) {
            if part.distributions.len() == limit {
                part.next = part.distributions.last().map(ListPosition::of);
                return Ok(part);
            }
            part.distributions.push(distribution);
        }
        if all {
            return Ok(part);
        }
        place = Some(last);
    }
}

/// The words of a search in the form that [`find_distributions`] takes.
pub fn words(query: &str) -> Vec<String> {
    query.to_lowercase().split_whitespace().map(str::to_owned).collect()
}

/// The name of a distribution, or its ID if it is unknown.
pub fn name_of(all: &[Distribution], id: &DistributionId) -> String {
    all.iter()
        .find(|distribution| distribution.id == *id)
        .map_or_else(|| id.to_string(), Distribution::shown_name)
}

/// Where a grant holds, with the distribution by its name.
pub fn name_of_place(place: &GrantPlace, all: &[Distribution]) -> String {
    match place {
        GrantPlace::Distribution(id) => name_of(all, id),
        tagged @ GrantPlace::Tagged { .. } => tagged.to_string(),
    }
}
