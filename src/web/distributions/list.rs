//! `GET /distributions`

use askama::Template;
use axum::{extract::State, response::Html};
use serde::Deserialize;

use crate::{
    domain::{
        distribution::Distribution, distribution_reference::find_named, host::shown, id::DistributionId,
        time::Timestamp,
    },
    store::{distributions, survey},
};

use super::super::{
    auth::Visitor,
    error::WebError,
    form::Asked,
    state::Web,
    view::{self, Frame, Status, Tab, When},
};

#[derive(Template)]
#[template(path = "distributions/list.html")]
struct Page {
    frame: Frame,
    query: String,
    sites: Vec<Site>,
    known: usize,
    read: Option<When>,
    failing: bool,
    may_refresh: bool,
}

/// A distribution as a card.
struct Site {
    id: String,
    name: String,
    comment: String,
    domain: String,
    more_aliases: String,
    status: Status,
    last: Option<(When, String)>,
}

#[derive(Debug, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    q: String,
}

pub async fn list(
    State(web): State<Web>,
    visitor: Visitor,
    Asked(wanted): Asked<Wanted>,
) -> Result<Html<String>, WebError> {
    let now = web.desk.clock.now();
    let mut conn = web.desk.db.read().await?;
    let path = match wanted.q.as_str() {
        "" => "/distributions".to_owned(),
        q => format!(
            "/distributions?q={}",
            url::form_urlencoded::byte_serialize(q.as_bytes()).collect::<String>()
        ),
    };
    let frame = view::frame(&mut conn, &web, &visitor, Tab::Distributions, "Distributions", &path).await?;
    let all = distributions::list(&mut conn).await?;
    let sees = |id: &DistributionId| visitor.access.sees(id);
    let named = find_named(&wanted.q, &all, sees).ok();
    let seen: Vec<_> = all.iter().filter(|site| sees(&site.id)).collect();
    let mut last = distributions::last_requests(&mut conn).await?;
    let survey = survey::read(&mut conn).await?;
    let is_named = |site: &Distribution| named.is_some_and(|named| named.id == site.id);
    let sites = seen
        .iter()
        .filter(|site| is_named(site) || fits(site, &wanted.q))
        .map(|site| card(site, last.remove(&site.id), now))
        .collect();
    view::page(&Page {
        frame,
        query: wanted.q,
        sites,
        known: seen.len(),
        read: survey.finished_at.map(|at| When::new(at, now)),
        failing: survey.failed_at.is_some(),
        may_refresh: visitor.access.role.may_invalidate(),
    })
}

/// Does every word stand in the name, an alias, the domain or the ID?
fn fits(site: &Distribution, query: &str) -> bool {
    let text = site.search_text();
    query.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn card(site: &Distribution, last: Option<(Timestamp, String)>, now: Timestamp) -> Site {
    let readiness = site.readiness();
    Site {
        id: site.id.to_string(),
        name: site.shown_name(),
        comment: if site.comment == site.name() { String::new() } else { site.comment.clone() },
        domain: site.domain_name.clone(),
        more_aliases: site.aliases.iter().skip(1).map(|alias| shown(alias)).collect::<Vec<_>>().join(", "),
        status: Status { state: readiness.as_str(), words: readiness.words().to_owned() },
        last: last.map(|(at, who)| (When::new(at, now), who)),
    }
}
