//! `GET /distributions`

use askama::Template;
use axum::{extract::State, response::Html};
use serde::Deserialize;

use crate::{
    domain::{distribution::Distribution, time::Timestamp},
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
    let all = view::sites(&mut conn, &visitor).await?;
    let mut last = distributions::last_requests(&mut conn).await?;
    let survey = survey::read(&mut conn).await?;
    let sites = all
        .iter()
        .filter(|site| fits(site, &wanted.q))
        .map(|site| card(site, last.remove(&site.id), now))
        .collect();
    view::page(&Page {
        frame,
        query: wanted.q,
        sites,
        known: all.len(),
        read: survey.finished_at.map(|at| When::new(at, now)),
        failing: survey.failed_at.is_some(),
        may_refresh: visitor.access.role.may_invalidate(),
    })
}

/// Does every word stand in the name, an alias, the domain or the ID?
fn fits(site: &Distribution, query: &str) -> bool {
    let text = format!("{} {} {} {}", site.id, site.domain_name, site.comment, site.aliases.join(" "));
    let text = text.to_lowercase();
    query.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn card(site: &Distribution, last: Option<(Timestamp, String)>, now: Timestamp) -> Site {
    let readiness = site.readiness();
    Site {
        id: site.id.to_string(),
        name: site.name().to_owned(),
        comment: if site.comment == site.name() { String::new() } else { site.comment.clone() },
        domain: site.domain_name.clone(),
        more_aliases: site.aliases.iter().skip(1).cloned().collect::<Vec<_>>().join(", "),
        status: Status { state: readiness.as_str(), words: readiness.words().to_owned() },
        last: last.map(|(at, who)| (When::new(at, now), who)),
    }
}
