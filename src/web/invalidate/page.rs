//! Renders the first page, with the form empty, filled in, or given back with messages.

use askama::Template;
use axum::{extract::State, response::Html};
use serde::Deserialize;

use crate::{
    domain::{
        distribution::Distribution, distribution_reference::find_named, id::InvalidationId,
        invalidation::Invalidation,
    },
    ops::new_uuid,
    store::{Conn, StoreError, batches, distributions, invalidations, proposals},
};

use super::{
    super::{
        auth::Visitor,
        demo::{self, Story},
        error::WebError,
        form::{Asked, Field},
        state::{Demo, Web},
        view::{self, Around, Flight, Frame, Row, Tab},
    },
    RequestForm,
    plan::{self, PlanView},
};

/// So many invalidations are listed as recent, and at the most as in flight.
const RECENT: usize = 10;
const FLIGHTS: usize = 20;

#[expect(clippy::struct_field_names, reason = "the home page is a page")]
#[derive(Template)]
#[template(path = "invalidate/page.html")]
struct Page {
    frame: Frame,
    sites: Vec<Choice>,
    any_chosen: bool,
    surveyed: bool,
    may_invalidate: bool,
    items: String,
    reason: Field,
    request_key: String,
    home_page: String,
    problem: Option<String>,
    plan: PlanView,
    flights: Vec<Flight>,
    recent: Vec<Row>,
    usual: String,
    story: Option<Story>,
    /// So many requests wait for a second person.
    approvals: usize,
}

/// A distribution to choose.
#[derive(Debug, Clone)]
struct Choice {
    id: String,
    label: String,
    search: String,
    chosen: bool,
}

#[derive(Debug, Deserialize)]
pub struct Wanted {
    distribution: Option<String>,
    /// An invalidation whose items and reason fill the form.
    repeat: Option<String>,
}

/// `GET /`
pub async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Asked(wanted): Asked<Wanted>,
) -> Result<Html<String>, WebError> {
    let distribution = wanted
        .distribution
        .or_else(|| web.options.demo.as_ref().map(|demo| demo.distribution.clone()))
        .unwrap_or_default();
    let mut form = RequestForm { distribution, ..RequestForm::default() };
    if let Some(id) = wanted.repeat.as_deref().and_then(InvalidationId::parse) {
        let mut conn = web.desk.db.read().await?;
        fill_from(&mut conn, &visitor, &mut form, &id).await?;
    }
    let reason = Field::new(form.reason.clone());
    render(&web, &visitor, &form, reason, None).await
}

async fn fill_from(
    conn: &mut Conn,
    visitor: &Visitor,
    form: &mut RequestForm,
    id: &InvalidationId,
) -> Result<(), StoreError> {
    let earlier = invalidations::find(conn, id).await?;
    let Some(earlier) = earlier.filter(|one| visitor.access.sees(&one.distribution)) else { return Ok(()) };
    let batches = batches::of_invalidation(conn, id).await?;
    let mut items: Vec<&str> =
        batches.iter().flat_map(|batch| &batch.items).map(crate::domain::item::Item::as_str).collect();
    // A batch that was given up stands beside the one that took its place.
    items.sort_unstable();
    items.dedup();
    form.distribution = earlier.distribution.to_string();
    form.items = items.join("\n");
    form.reason = earlier.reason;
    Ok(())
}

/// The page with the form as given. A form without a key gets a new one.
pub async fn render(
    web: &Web,
    visitor: &Visitor,
    form: &RequestForm,
    reason: Field,
    problem: Option<String>,
) -> Result<Html<String>, WebError> {
    let now = web.desk.clock.now();
    let mut conn = web.desk.db.read().await?;
    let frame = view::frame(&mut conn, web, visitor, Tab::Invalidate, "Invalidate", "/").await?;
    let all = distributions::list(&mut conn).await?;
    let named = find_named(&form.distribution, &all, |id| visitor.access.sees(id)).ok();
    let sites: Vec<_> = all.iter().filter(|site| visitor.access.sees(&site.id)).cloned().collect();
    let chosen = named.or_else(|| the_only_one(&sites, &form.distribution)).cloned();
    let usual = match &chosen {
        Some(site) => batches::usual_time(&mut conn, &site.id).await?,
        None => None,
    };
    let active = invalidations::active(&mut conn, &visitor.access, FLIGHTS).await?;
    let around = Around { sites: &sites, tickets: web.options.tickets.as_ref(), now };
    let flights = flights(&mut conn, web, &active, &around).await?;
    let recent = invalidations::recent(&mut conn, &visitor.access, RECENT).await?;
    let approvals = proposals::waiting(&mut conn, &visitor.access, now).await?;
    let surveyed = crate::store::survey::read(&mut conn).await?.finished_at.is_some();
    drop(conn);
    let form = RequestForm {
        distribution: chosen.as_ref().map(|site| site.id.to_string()).unwrap_or_default(),
        ..form.clone()
    };
    let is_seen = |demo: &&Demo| sites.iter().any(|site| site.id.as_str() == demo.distribution);
    let story = match web.options.demo.as_ref().filter(is_seen) {
        Some(demo) => Some(demo::story(demo).await),
        None => None,
    };
    view::page(&Page {
        frame,
        surveyed,
        may_invalidate: visitor.person.role.may_invalidate(),
        home_page: home_page(chosen.as_ref()),
        any_chosen: chosen.is_some(),
        sites: choices(&sites, chosen.as_ref()),
        plan: plan::look(web, visitor, &form).await?,
        items: form.items,
        reason,
        request_key: if form.request_key.is_empty() { new_uuid() } else { form.request_key },
        problem,
        flights,
        recent: view::rows(&recent, &around),
        usual: usual
            .map(|span| format!("Usually completed in {}", crate::domain::time::span_in_words(span)))
            .unwrap_or_default(),
        story,
        approvals,
    })
}

async fn flights(
    conn: &mut Conn,
    web: &Web,
    active: &[Invalidation],
    around: &Around<'_>,
) -> Result<Vec<Flight>, StoreError> {
    let mut flights = Vec::new();
    for invalidation in active {
        let usual = batches::usual_time(conn, &invalidation.distribution).await?;
        let waiting = view::waiting(conn, web, invalidation, around.now).await?;
        flights.push(Flight::new(invalidation, around, usual, waiting));
    }
    Ok(flights)
}

/// The only one there is, where the form names none. Otherwise a person has to choose: a wrong guess could clear the
/// wrong site.
fn the_only_one<'a>(sites: &'a [Distribution], wanted: &str) -> Option<&'a Distribution> {
    let mut here = sites.iter().filter(|site| site.gone_at.is_none() && site.refusal().is_none());
    here.next().filter(|_| here.next().is_none() && wanted.is_empty())
}

fn choices(sites: &[Distribution], chosen: Option<&Distribution>) -> Vec<Choice> {
    let is_chosen = |site: &Distribution| chosen.is_some_and(|chosen| chosen.id == site.id);
    let mut offered: Vec<&Distribution> =
        sites.iter().filter(|site| site.gone_at.is_none() || is_chosen(site)).collect();
    offered.sort_by_key(|site| (site.readiness().warning().is_some(), site.name().to_lowercase()));
    offered
        .into_iter()
        .map(|site| {
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
                label: parts.join(" · "),
                search: site.search_text(),
                chosen: is_chosen(site),
            }
        })
        .collect()
}

/// The home page goes by two names where there is a root object.
fn home_page(site: Option<&Distribution>) -> String {
    let root = site.and_then(|site| site.config.as_ref()).and_then(|config| config.root_object.as_ref());
    root.map_or_else(|| "/".to_owned(), |root| format!("/ /{root}"))
}
