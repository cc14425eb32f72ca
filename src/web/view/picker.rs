//! The distributions that a form offers: all of them where they are few; else those that are used most, or those that
//! words find.

use crate::{
    domain::distribution::Distribution,
    store::{Conn, StoreError, distributions},
};

use super::{
    super::auth::Visitor,
    sites::{Part, find_sites, named_site, words},
};

/// The most that are offered at once.
const OFFERED: usize = 100;
/// What is used most is told from so many invalidations.
const LOOKED_AT: usize = 1_000;

/// A distribution to choose.
#[derive(Debug, Clone)]
pub struct Choice {
    pub id: String,
    /// The name that people know it by.
    pub name: String,
    /// Its name, what else tells it from others, and its ID.
    pub label: String,
    /// What a script finds it by.
    pub search: String,
    pub chosen: bool,
}

/// What a form offers.
#[derive(Debug, Clone, Default)]
pub struct Picker {
    pub choices: Vec<Choice>,
    /// Nothing is left out.
    pub all: bool,
    pub known: usize,
    /// The words that were looked for.
    pub find: String,
    /// What the list says where nothing is chosen.
    pub prompt: String,
    pub any_chosen: bool,
}

/// What to offer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// One that is offered in any case.
    pub chosen: Option<&'a Distribution>,
    /// Only what these words find, where not all are offered.
    pub find: &'a str,
    /// Also those that CloudFront no longer names.
    pub gone: bool,
}

pub async fn picker(conn: &mut Conn, visitor: &Visitor, wanted: Wanted<'_>) -> Result<Picker, StoreError> {
    let known = distributions::known(conn, &visitor.access).await?;
    let number = if wanted.gone { known.here + known.gone } else { known.here };
    let all = number <= OFFERED;
    let words = words(if all { "" } else { wanted.find });
    let (mut sites, more) = if all || !words.is_empty() {
        let Part { mut sites, next } = find_sites(conn, visitor, &words, None, OFFERED).await?;
        sites.retain(|site| wanted.gone || site.gone_at.is_none());
        (sites, next.is_some())
    } else {
        (most_used(conn, visitor).await?, true)
    };
    let found = sites.len();
    if let Some(chosen) = wanted.chosen.filter(|chosen| sites.iter().all(|site| site.id != chosen.id)) {
        sites.insert(0, chosen.clone());
    }
    if all {
        sites.sort_by_key(|site| (site.readiness().warning().is_some(), site.name().to_lowercase()));
    }
    let is_chosen = |site: &Distribution| wanted.chosen.is_some_and(|chosen| chosen.id == site.id);
    Ok(Picker {
        choices: sites.iter().map(|site| choice(site, is_chosen(site), all)).collect(),
        all,
        known: number,
        find: if all { String::new() } else { wanted.find.trim().to_owned() },
        prompt: prompt(all || words.is_empty(), found, more),
        any_chosen: wanted.chosen.is_some(),
    })
}

/// What is chosen once words were typed: what was, where they find it; else what they find alone. Among several a person
/// chooses.
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
    if let Some(named) = named_site(conn, visitor, find).await?.filter(|site| site.gone_at.is_none()) {
        return Ok(Some(named));
    }
    let mut found = find_sites(conn, visitor, &words, None, 2).await?.sites;
    found.retain(|site| site.gone_at.is_none());
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// Those that are used most, and then as many others as there is room for.
async fn most_used(conn: &mut Conn, visitor: &Visitor) -> Result<Vec<Distribution>, StoreError> {
    let used = distributions::most_used(conn, &visitor.access, LOOKED_AT, OFFERED).await?;
    let mut sites = distributions::some(conn, &used.iter().collect::<Vec<_>>()).await?;
    sites.sort_by_key(|site| used.iter().position(|id| *id == site.id));
    let others = distributions::page(conn, &visitor.access, None, OFFERED).await?;
    sites.extend(others.into_iter().filter(|site| !used.contains(&site.id)));
    sites.retain(|site| site.gone_at.is_none());
    sites.truncate(OFFERED);
    Ok(sites)
}

fn prompt(unasked: bool, found: usize, more: bool) -> String {
    match (unasked, found) {
        (true, _) => "Choose a distribution".to_owned(),
        (false, 0) => "None fits: try fewer words".to_owned(),
        (false, _) if more => format!("More than {OFFERED} fit: choose one, or write more words"),
        (false, 1) => "One fits".to_owned(),
        (false, found) => format!("{found} fit: choose one"),
    }
}

fn choice(site: &Distribution, chosen: bool, all: bool) -> Choice {
    let state = site.readiness();
    let mut parts = vec![site.shown_name()];
    if !site.comment.is_empty() && site.name() != site.comment {
        parts.push(site.comment.clone());
    }
    parts.push(site.id.to_string());
    if state.warning().is_some() {
        parts.push(state.words().to_lowercase());
    }
    Choice {
        id: site.id.to_string(),
        name: site.shown_name(),
        label: parts.join(" · "),
        search: if all { site.search_text() } else { String::new() },
        chosen,
    }
}
