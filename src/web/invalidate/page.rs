//! Renders the first page, with the form empty, filled in, or given back with messages.

use askama::Template;
use axum::{extract::State, response::Html};
use serde::Deserialize;

use crate::{
    commands::new_uuid,
    domain::{
        distributions::distribution::Distribution,
        id::{DistributionId, InvalidationId},
        invalidations::invalidation::{Invalidation, InvalidationState},
    },
    http::{error::HttpError, params::QueryParams, session::Visitor, state::AppState},
    store::{
        Conn, StoreError, audit, distributions,
        invalidations::{self, batches, proposals},
    },
};

use super::{
    super::{
        demo::{self, DemoSite},
        form::Field,
        view::{self, Flight, Frame, Offer, Picker, Row, RowContext, Tab},
    },
    RequestForm,
    changed::fill_with_changes,
    plan,
    plan_view::PlanView,
    repeat::fill_from,
};

/// The number of distributions that are read to find out whether there is only one to choose.
const LOOKED_AT: usize = 100;
/// The number of invalidations that are listed as recent, and the maximum listed as in flight.
const RECENT: usize = 10;
const FLIGHTS: usize = 20;

#[expect(clippy::struct_field_names, reason = "the home page is a page")]
#[derive(Template)]
#[template(path = "invalidate/page.html")]
struct Page {
    frame: Frame,
    distributions: Picker,
    surveyed: bool,
    /// How many requests of this visitor wait for approval.
    own_waiting: usize,
    may_invalidate: bool,
    lines: LinesField,
    sent: Option<usize>,
    reason: Field,
    gone: bool,
    warm: WarmBox,
    request_key: String,
    home_page: String,
    problem: Option<String>,
    missing: Missing,
    plan: PlanView,
    flights: Vec<Flight>,
    recent: Vec<Row>,
    demo_site: Option<DemoSite>,
}

/// What to refresh, and how it is read.
struct LinesField {
    text: String,
    are_names: bool,
    /// Whether the plan adds and leaves out nothing.
    is_exact: bool,
    /// The items that the plan must not add.
    without: String,
    /// The lines that are items of an earlier plan.
    as_sent: String,
}

/// The fields without which the form was refused, so that they say so and have the focus.
struct Missing {
    distribution: bool,
    items: bool,
}

impl Missing {
    fn of(form: &RequestForm, plan: &PlanView, problem: Option<&str>) -> Self {
        let items = problem.is_some() && form.items.trim().is_empty();
        // Full URLs name their distributions themselves.
        let names_none = plan.distribution.is_none() && plan.parts.is_empty();
        Self { distribution: problem.is_some() && !items && names_none, items }
    }
}

/// The box that has the URLs fetched afterwards.
struct WarmBox {
    /// Whether it is there: the service may ask no site.
    is_offered: bool,
    is_checked: bool,
    error: Option<String>,
}

impl WarmBox {
    fn of(form: &RequestForm, are_checks_on: bool) -> Self {
        let error = form.may_warm(are_checks_on).err();
        Self {
            is_offered: are_checks_on,
            is_checked: form.warm.is_some(),
            error: error.map(|error| error.to_string()),
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct FormQuery {
    distribution: Option<String>,
    /// An invalidation whose items and reason fill in the form.
    repeat: Option<String>,
    /// How many invalidations were requested at once a moment ago.
    sent: Option<usize>,
    /// A distribution whose changed files fill in the form.
    changed: Option<String>,
}

/// `GET /`
pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<FormQuery>,
) -> Result<Html<String>, HttpError> {
    let distribution = wanted
        .distribution
        .or_else(|| app.options.demo.as_ref().map(|demo| demo.distribution.clone()))
        .unwrap_or_default();
    let sent = wanted.sent.filter(|count| *count > 1);
    let mut form = RequestForm { distribution, sent, ..RequestForm::default() };
    let mut problem = None;
    if let Some(id) = wanted.repeat.as_deref().and_then(InvalidationId::parse) {
        let mut conn = app.context.db.read().await?;
        if !fill_from(&mut conn, &visitor, &mut form, &id, app.options.are_checks_on).await? {
            problem = Some(NOT_AS_RECORDED.to_owned());
        }
    }
    if let Some(id) = wanted.changed.as_deref().and_then(DistributionId::parse) {
        let mut conn = app.context.db.read().await?;
        fill_with_changes(&mut conn, &visitor, &mut form, &id).await?;
    }
    let reason = Field::new(form.reason.clone());
    render(&app, &visitor, &form, reason, problem).await
}

const NOT_AS_RECORDED: &str =
    "That invalidation differs from what the history recorded. Its items were not filled in.";

/// The page with this form. A form without a request key gets a new one.
pub async fn render(
    app: &AppState,
    visitor: &Visitor,
    form: &RequestForm,
    reason: Field,
    problem: Option<String>,
) -> Result<Html<String>, HttpError> {
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let frame = view::frame(&mut conn, app, visitor, Tab::Invalidate, "Invalidate", "/").await?;
    // In a form that was sent, no distribution is what the person wants.
    let is_new = form.request_key.is_empty();
    let chosen = choose(&mut conn, visitor, &form.distribution, is_new).await?;
    let chosen = match form.look {
        Some(_) => view::choose_by_words(&mut conn, visitor, chosen, &form.find).await?,
        None => chosen,
    };
    let offer = Offer { chosen: chosen.as_ref(), find: &form.find, gone: false };
    let distributions = view::picker(&mut conn, visitor, offer).await?;
    let active = invalidations::active(&mut conn, &visitor.access, FLIGHTS).await?;
    let recent = invalidations::recent(&mut conn, &visitor.access, RECENT).await?;
    let named: Vec<_> = active.iter().chain(&recent).map(|one| &one.distribution).collect();
    let named = distributions::some(&mut conn, &named).await?;
    let listed: Vec<_> = active.iter().chain(&recent).cloned().collect();
    let contradicted = audit::contradicted(&mut conn, &listed).await?;
    let tickets = app.options.tickets.as_ref();
    let freshness = view::freshness(&mut conn, &listed).await?;
    let around = RowContext {
        distributions: &named,
        tickets,
        contradicted: &contradicted,
        freshness: &freshness,
        now,
    };
    let flights = flights(&mut conn, app, &active, &around).await?;
    let surveyed = crate::store::distributions::survey::read(&mut conn).await?.finished_at.is_some();
    let own_waiting = proposals::waiting_of(&mut conn, &visitor.acting.actor, now).await?;
    let demo_site = demo::site(&mut conn, app, visitor).await?;
    drop(conn);
    let form = RequestForm {
        // One that is not there stays named: the lines must not go to another one.
        distribution: match &chosen {
            Some(distribution) => distribution.id.to_string(),
            None => form.distribution.clone(),
        },
        ..form.clone()
    };
    let mut plan = plan::look(app, visitor, &form).await?;
    if let (Some(_), Some(guard)) = (&problem, plan.guard.as_mut()) {
        guard.ask_for_name();
    }
    view::page(&Page {
        frame,
        surveyed,
        own_waiting,
        may_invalidate: visitor.person.role.may_invalidate(),
        home_page: home_page(chosen.as_ref()),
        distributions,
        missing: Missing::of(&form, &plan, problem.as_deref()),
        plan,
        warm: WarmBox::of(&form, app.options.are_checks_on),
        lines: LinesField {
            text: form.items,
            are_names: form.names.is_some(),
            is_exact: form.exact.is_some(),
            without: form.without,
            as_sent: form.as_sent,
        },
        sent: form.sent,
        reason,
        gone: form.gone.is_some(),
        request_key: if form.request_key.is_empty() { new_uuid().to_string() } else { form.request_key },
        problem,
        flights,
        recent: view::rows(&recent, &around),
        demo_site,
    })
}

async fn flights(
    conn: &mut Conn,
    app: &AppState,
    active: &[Invalidation],
    around: &RowContext<'_>,
) -> Result<Vec<Flight>, StoreError> {
    let distributions: Vec<_> = active.iter().map(|one| &one.distribution).collect();
    let usual = batches::usual_times(conn, &distributions).await?;
    let unsent = [InvalidationState::Queued, InvalidationState::InProgress];
    let queued: Vec<_> = active.iter().filter(|one| unsent.contains(&one.state)).collect();
    let mut waiting = view::all_waiting(conn, app, &queued, &usual, around.now).await?;
    let flight = |one: &Invalidation| {
        Flight::new(one, around, usual.get(&one.distribution).copied(), waiting.remove(&one.id))
    };
    Ok(active.iter().map(flight).collect())
}

/// The distribution that the form names. If it names none: the only one there is, or in a new form the one that this person
/// used last. Both are shown and easily changed. `None` otherwise: a person has to choose.
async fn choose(
    conn: &mut Conn,
    visitor: &Visitor,
    wanted: &str,
    is_new: bool,
) -> Result<Option<Distribution>, StoreError> {
    if !wanted.is_empty() {
        return view::named_distribution(conn, visitor, wanted).await;
    }
    let is_usable =
        |distribution: &Distribution| distribution.gone_at.is_none() && distribution.refusal().is_none();
    let mut first = distributions::page(conn, &visitor.access, None, LOOKED_AT).await?;
    let all = first.len() < LOOKED_AT;
    first.retain(is_usable);
    if all && first.len() == 1 {
        return Ok(first.pop());
    }
    if !is_new {
        return Ok(None);
    }
    let Some(last) = distributions::last_used_by(conn, &visitor.acting.actor).await? else { return Ok(None) };
    Ok(view::distribution(conn, visitor, &last).await?.filter(is_usable))
}

/// The paths of the home page. With a default root object it has two, `/` and the object's own.
fn home_page(distribution: Option<&Distribution>) -> String {
    let root = distribution
        .and_then(|distribution| distribution.config.as_ref())
        .and_then(|config| config.root_object.as_ref());
    root.map_or_else(|| "/".to_owned(), |root| format!("/ /{root}"))
}
