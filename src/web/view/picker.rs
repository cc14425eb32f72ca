//! The distributions that a form offers. If there are too many, it offers the most used ones, or those that words
//! find.

use crate::{
    domain::distributions::distribution::Distribution,
    http::session::Visitor,
    store::{Conn, StoreError, distributions},
};

use super::distributions::{Part, find_distributions, named_distribution, words};

/// The maximum number of distributions that a form offers.
const OFFERED: usize = 100;
/// The number of recent invalidations that are counted to find the most used distributions.
const LOOKED_AT: usize = 1_000;

/// An option of the list.
#[derive(Debug, Clone)]
pub struct DistributionChoice {
    pub id: String,
    /// The name of the distribution.
    pub name: String,
    /// The name, the comment, the ID and the state, as far as they are needed.
    pub label: String,
    /// The text in which a script searches.
    pub search: String,
    pub chosen: bool,
}

/// The list that a form offers.
#[derive(Debug, Clone, Default)]
pub struct Picker {
    pub choices: Vec<DistributionChoice>,
    /// Whether the list has all distributions.
    pub all: bool,
    pub known: usize,
    /// The words that were searched for.
    pub find: String,
    /// The text of the list if nothing is chosen.
    pub prompt: String,
    pub any_chosen: bool,
}

/// What a form should offer.
#[derive(Debug, Clone, Copy, Default)]
pub struct PickerQuery<'a> {
    /// A distribution that is offered in any case.
    pub chosen: Option<&'a Distribution>,
    /// The words to search for, if not all are offered.
    pub find: &'a str,
    /// Whether to include distributions that CloudFront no longer lists.
    pub gone: bool,
}

pub async fn picker(
    conn: &mut Conn,
    visitor: &Visitor,
    wanted: PickerQuery<'_>,
) -> Result<Picker, StoreError> {
    let known = distributions::known(conn, &visitor.access).await?;
    let number = if wanted.gone { known.here + known.gone } else { known.here };
    let all = number <= OFFERED;
    let words = words(if all { "" } else { wanted.find });
    let (mut distributions, more) = if all || !words.is_empty() {
        let Part { mut distributions, next } =
            find_distributions(conn, visitor, &words, None, OFFERED).await?;
        distributions.retain(|distribution| wanted.gone || distribution.gone_at.is_none());
        (distributions, next.is_some())
    } else {
        (most_used(conn, visitor).await?, true)
    };
    let found = distributions.len();
    if let Some(chosen) =
        wanted.chosen.filter(|chosen| distributions.iter().all(|distribution| distribution.id != chosen.id))
    {
        distributions.insert(0, chosen.clone());
    }
    if all {
        distributions.sort_by_key(|distribution| {
            (distribution.readiness().warning().is_some(), distribution.name().to_lowercase())
        });
    }
    let is_chosen =
        |distribution: &Distribution| wanted.chosen.is_some_and(|chosen| chosen.id == distribution.id);
    Ok(Picker {
        choices: distributions
            .iter()
            .map(|distribution| choice(distribution, is_chosen(distribution), all))
            .collect(),
        all,
        known: number,
        find: if all { String::new() } else { wanted.find.trim().to_owned() },
        prompt: prompt(all || words.is_empty(), found, more),
        any_chosen: wanted.chosen.is_some(),
    })
}

/// What is chosen after words were typed: the earlier choice if the words find it, otherwise the only distribution
/// that they find. `None` if they find several, because a person has to choose then.
pub async fn choose_by_words(
    conn: &mut Conn,
    visitor: &Visitor,
    chosen: Option<Distribution>,
    find: &str,
) -> Result<Option<Distribution>, StoreError> {
    let words = words(find);
    if chosen.as_ref().is_some_and(|chosen| chosen.is_found_by(&words)) || words.is_empty() {
        return Ok(chosen);
    }
    if let Some(named) =
        named_distribution(conn, visitor, find).await?.filter(|distribution| distribution.gone_at.is_none())
    {
        return Ok(Some(named));
    }
    let mut found = find_distributions(conn, visitor, &words, None, 2).await?.distributions;
    found.retain(|distribution| distribution.gone_at.is_none());
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// The most used distributions, followed by others up to the maximum.
async fn most_used(conn: &mut Conn, visitor: &Visitor) -> Result<Vec<Distribution>, StoreError> {
    let used = distributions::most_used(conn, &visitor.access, LOOKED_AT, OFFERED).await?;
    let mut distributions = distributions::some(conn, &used.iter().collect::<Vec<_>>()).await?;
    distributions.sort_by_key(|distribution| used.iter().position(|id| *id == distribution.id));
    let others = distributions::page(conn, &visitor.access, None, OFFERED).await?;
    distributions.extend(others.into_iter().filter(|distribution| !used.contains(&distribution.id)));
    distributions.retain(|distribution| distribution.gone_at.is_none());
    distributions.truncate(OFFERED);
    Ok(distributions)
}

fn prompt(unasked: bool, found: usize, more: bool) -> String {
    match (unasked, found) {
        (true, _) => "Choose a distribution".to_owned(),
        (false, 0) => "No results: use fewer words".to_owned(),
        (false, _) if more => format!("More than {OFFERED} results: choose one, or use more words"),
        (false, 1) => "1 result".to_owned(),
        (false, found) => format!("{found} results: choose one"),
    }
}

fn choice(distribution: &Distribution, chosen: bool, all: bool) -> DistributionChoice {
    let state = distribution.readiness();
    let mut parts = vec![distribution.shown_name()];
    if !distribution.comment.is_empty() && distribution.name() != distribution.comment {
        parts.push(distribution.comment.clone());
    }
    parts.push(distribution.id.to_string());
    if state.warning().is_some() {
        parts.push(state.label().to_lowercase());
    }
    DistributionChoice {
        id: distribution.id.to_string(),
        name: distribution.shown_name(),
        label: parts.join(" · "),
        search: if all { distribution.search_text() } else { String::new() },
        chosen,
    }
}
