//! The distributions that a visitor may see.

use crate::{
    domain::{
        distributions::{
            distribution::{Distribution, ListPosition},
            reference::DistributionReference,
        },
        id::DistributionId,
    },
    http::session::Visitor,
    store::{Conn, StoreError, distributions},
};

/// So many are read at once where words have to be looked for.
const AT_ONCE: usize = 500;

/// All that they may see.
pub async fn distributions(conn: &mut Conn, visitor: &Visitor) -> Result<Vec<Distribution>, StoreError> {
    let mut all = distributions::list(conn).await?;
    all.retain(|distribution| visitor.access.sees(&distribution.id));
    Ok(all)
}

/// One of them; `None` for one that they may not see, as if it were not there.
pub async fn distribution(
    conn: &mut Conn,
    visitor: &Visitor,
    id: &DistributionId,
) -> Result<Option<Distribution>, StoreError> {
    if visitor.access.sees(id) { distributions::find(conn, id).await } else { Ok(None) }
}

/// The one that a text names: its ID, its ARN, a host that it serves, or a URL. `None` where none is named, or several are.
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
    // Who serves a host is told by all names there are.
    let all = distributions::list(conn).await?;
    Ok(reference.find(&all, |id| visitor.access.sees(id)).ok().cloned())
}

/// Part of a list.
#[derive(Debug, Default)]
pub struct Part {
    pub distributions: Vec<Distribution>,
    /// The list goes on behind this one.
    pub next: Option<ListPosition>,
}

/// Up to `limit` of them that the words find, from behind a place on. Letters' case is told by Rust: each engine knows
/// other alphabets.
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

/// The words of a search, as [`find_distributions`] takes them.
pub fn words(query: &str) -> Vec<String> {
    query.to_lowercase().split_whitespace().map(str::to_owned).collect()
}
