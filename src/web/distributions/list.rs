//! `GET /distributions`

use askama::Template;
use axum::{extract::State, response::Html};
use serde::Deserialize;

use crate::{
    domain::{
        distributions::{
            distribution::{Distribution, ListPosition},
            host::shown,
        },
        time::Timestamp,
    },
    http::{error::HttpError, params::QueryParams, session::Visitor, state::AppState},
    store::distributions::{self, LastRequest, survey},
};

use super::super::view::{self, Frame, LastRefreshView, Part, StatusView, Tab, When};

/// The number of distributions on a page.
const PAGE: usize = 100;
/// The number of aliases on a card, besides the first.
const ALIASES: usize = 3;

#[derive(Template)]
#[template(path = "distributions/list.html")]
struct Page {
    frame: Frame,
    query: String,
    distributions: Vec<Card>,
    known: usize,
    read: Option<When>,
    failing: bool,
    may_refresh: bool,
    /// The address of the first page, if this is not the first.
    first: Option<String>,
    next: Option<String>,
}

/// A distribution as the list shows it.
struct Card {
    id: String,
    name: String,
    comment: String,
    domain: String,
    more_aliases: String,
    status: StatusView,
    /// What became of the last request, with its time, and who made it.
    last: Option<(LastRefreshView, String)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DistributionsQuery {
    q: String,
    /// The position after which the page begins.
    after: String,
}

impl DistributionsQuery {
    /// The address of the page that begins after `after`.
    fn address(&self, after: Option<&ListPosition>) -> String {
        let after = after.map(ListPosition::in_address).unwrap_or_default();
        view::address("/distributions", &[("q", self.q.trim()), ("after", &after)])
    }
}

pub async fn list(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<DistributionsQuery>,
) -> Result<Html<String>, HttpError> {
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let after = ListPosition::parse(&wanted.after);
    let path = wanted.address(after.as_ref());
    let frame = view::frame(&mut conn, &app, &visitor, Tab::Distributions, "Distributions", &path).await?;
    let known = distributions::known(&mut conn, &visitor.access).await?;
    let words = view::words(&wanted.q);
    let Part { mut distributions, next } =
        view::find_distributions(&mut conn, &visitor, &words, after.clone(), PAGE).await?;
    // A search for an ID or a name also finds a distribution that the words do not find.
    if after.is_none()
        && let Some(named) = view::named_distribution(&mut conn, &visitor, &wanted.q).await?
        && distributions.iter().all(|distribution| distribution.id != named.id)
    {
        distributions.insert(0, named);
    }
    let ids: Vec<_> = distributions.iter().map(|distribution| &distribution.id).collect();
    let mut last = distributions::last_requests(&mut conn, &ids).await?;
    let survey = survey::read(&mut conn).await?;
    drop(conn);
    view::page(&Page {
        frame,
        first: after.map(|_| wanted.address(None)),
        next: next.map(|next| wanted.address(Some(&next))),
        query: wanted.q,
        distributions: distributions
            .iter()
            .map(|distribution| card(distribution, last.remove(&distribution.id), now))
            .collect(),
        known: known.here + known.gone,
        read: survey.finished_at.map(|at| When::new(at, now)),
        failing: survey.failed_at.is_some(),
        may_refresh: visitor.access.role.may_invalidate(),
    })
}

fn card(distribution: &Distribution, last: Option<LastRequest>, now: Timestamp) -> Card {
    let readiness = distribution.readiness();
    Card {
        id: distribution.id.to_string(),
        name: distribution.shown_name(),
        comment: if distribution.comment == distribution.name() {
            String::new()
        } else {
            distribution.comment.clone()
        },
        domain: distribution.domain_name.clone(),
        more_aliases: more_aliases(&distribution.aliases),
        status: StatusView { state: readiness.as_str(), words: readiness.label().to_owned() },
        last: last.map(|last| (LastRefreshView::new(&last, now), last.actor_name)),
    }
}

fn more_aliases(aliases: &[String]) -> String {
    let first: Vec<String> = aliases.iter().skip(1).take(ALIASES).map(|alias| shown(alias)).collect();
    match aliases.len().saturating_sub(1 + ALIASES) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
