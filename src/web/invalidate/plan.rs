//! The plan below the form. It is updated while somebody types.

use askama::Template;
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};

use crate::{
    commands,
    domain::{
        distributions::drift::Drift,
        id::DistributionId,
        invalidations::{freeze_window::MetFreezes, monthly_budget::BudgetNeeds},
        time::span_in_words,
    },
    http::{error::HttpError, session::Visitor, state::AppState},
    store::{Conn, distributions},
};

use super::{
    super::{
        checks,
        form::{Field, FormBody, LIST},
        view::{self, LastRefreshView, SiteAddress},
    },
    RequestForm, compared,
    guard::GuardView,
    map_folder, page,
    plan_view::{DistributionView, PlanView},
    remove_refused, same_waiting,
    staging::{self, StagingView},
    work_out,
};

#[derive(Template)]
#[template(path = "invalidate/plan.html")]
struct PlanFragment {
    plan: PlanView,
}

/// `POST /plan`: only the plan if the script asks, the whole page otherwise. Nothing is stored.
pub async fn plan(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    FormBody(mut form): FormBody<RequestForm, LIST>,
) -> Result<Response, HttpError> {
    if let Some(fill) = form.fill.take() {
        form.items = fill.replace(' ', "\n");
    }
    if let Some(line) = form.add.take() {
        form.items = format!("{}\n{line}", form.items.trim_end());
        form.as_sent = format!("{} {line}", form.as_sent.trim_end());
    }
    if let Some(item) = form.leave_out.take() {
        form.without = format!("{} {item}", form.without.trim_end());
    }
    if form.remove_refused.take().is_some() {
        form.items = remove_refused::without_refused(&app, &visitor, &form).await?;
    }
    if headers.contains_key("hx-request") {
        let plan = look(&app, &visitor, &form).await?;
        return Ok(view::page(&PlanFragment { plan })?.into_response());
    }
    let reason = Field::new(form.reason.clone());
    Ok(page::render(&app, &visitor, &form, reason, None).await?.into_response())
}

/// The plan of this form. It may have no distribution or no items yet.
pub async fn look(app: &AppState, visitor: &Visitor, form: &RequestForm) -> Result<PlanView, HttpError> {
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let distribution = match DistributionId::parse(&form.distribution) {
        Some(id) => view::distribution(&mut conn, visitor, &id).await?,
        None => None,
    };
    let Some(distribution) = distribution else {
        if !form.distribution.is_empty() {
            return Ok(PlanView { button: "Invalidate".to_owned(), ..PlanView::default() });
        }
        return in_parts(&mut conn, app, visitor, form).await;
    };
    let shown = work_out(&mut conn, app, visitor, &distribution, form.input()).await?;
    let plan = &shown.plan;
    let last = distributions::last_requests(&mut conn, &[&distribution.id]).await?;
    let changed = checks::changed_link(&mut conn, visitor, &distribution.id).await?;
    let mut view = PlanView::new(plan, now);
    view.removable = remove_refused::removable(&form.items, plan.lines.iter()).len();
    view.compared = compared::with_the_last(&mut conn, visitor, &distribution, plan, now).await?;
    if plan.refused().any(|(_, error)| error.host().is_some()) {
        view.name_the_right_distribution(plan, &distributions::list(&mut conn).await?, visitor);
    }
    view.unmapped = map_folder::unmapped(plan, &distribution, visitor);
    view.button_for(plan, &distribution);
    view.guard = GuardView::new(&shown.protection, &distribution, plan, form, visitor.access.role);
    let waits = shown.waits() && plan.is_sendable();
    if waits {
        "Request approval".clone_into(&mut view.button);
    }
    if let Some(guard) = view.guard.as_mut().filter(|_| waits) {
        guard.same = same_waiting::find(&mut conn, visitor, &distribution, plan, now).await?;
    }
    view.changes = shown.drift.as_ref().map(Drift::texts).unwrap_or_default();
    view.staging = StagingView::of([plan], form.staging.is_some());
    let (mut met, mut needs) = (shown.freezes.clone(), shown.needs());
    if view.staging.as_ref().is_some_and(|staging| staging.is_checked) {
        let primary = (&distribution, &shown);
        let also = staging::work_out_too(&mut conn, app, visitor, form, primary, &mut view).await?;
        if let Some(also) = also {
            also.add_needs_to(&mut needs);
            if !also.waits() {
                MetFreezes::join(&mut met, also.freezes);
            }
        }
    }
    view.freeze_with(met.as_ref(), form, now);
    view.hold_to(&needs);
    let starts = shown.starts_at.map(|at| view::starts_in(at.since(now))).unwrap_or_default();
    view.starts = if waits { "starts after approval".to_owned() } else { starts };
    let usual = shown.usual.filter(|_| !waits);
    view.usual = usual.map(|span| format!("Usually takes {}", span_in_words(span))).unwrap_or_default();
    let readiness = distribution.readiness();
    // The page shows this warning beside the distribution already.
    view.warnings.retain(|warning| Some(warning.as_str()) != readiness.warning());
    view.distribution = Some(DistributionView {
        state: readiness.as_str(),
        words: readiness.label(),
        domain: distribution.domain_name.clone(),
        warning: readiness.warning(),
        last: last.get(&distribution.id).map(|last| LastRefreshView::new(last, now)),
        site: SiteAddress::read(&mut conn, app, &distribution).await?.as_ref().map(SiteAddress::root),
        changed,
    });
    Ok(view)
}

/// The plan of each distribution that the lines name.
async fn in_parts(
    conn: &mut Conn,
    app: &AppState,
    visitor: &Visitor,
    form: &RequestForm,
) -> Result<PlanView, HttpError> {
    let now = app.context.clock.now();
    let input = form.input();
    if input.is_empty() {
        return Ok(PlanView { button: "Invalidate".to_owned(), ..PlanView::default() });
    }
    let mut placed = commands::place(conn, input, &visitor.access).await?;
    if form.staging.is_some()
        && let Some(parts) = staging::parts_too(conn, app, visitor, placed.parts.clone()).await?
    {
        placed.parts = parts;
    }
    let mut plans = Vec::with_capacity(placed.parts.len());
    let mut needs = BudgetNeeds::default();
    let mut drifts = Vec::new();
    let mut freezes: Option<MetFreezes> = None;
    for (distribution, input) in placed.parts {
        let shown = work_out(conn, app, visitor, &distribution, input).await?;
        shown.add_needs_to(&mut needs);
        drifts.push(shown.drift.clone());
        // What waits for a second person is held back when it is approved.
        if !shown.waits() {
            MetFreezes::join(&mut freezes, shown.freezes);
        }
        plans.push((distribution, shown.plan));
    }
    let mut view = PlanView::of_parts(&plans, &placed.unplaced, now);
    let lines = placed.unplaced.iter().chain(plans.iter().flat_map(|(_, plan)| &plan.lines));
    view.removable = remove_refused::removable(&form.items, lines).len();
    view.tell_changes_of_parts(&drifts);
    view.staging = StagingView::of(plans.iter().map(|(_, plan)| plan), form.staging.is_some());
    view.freeze_with(freezes.as_ref(), form, now);
    view.hold_to(&needs);
    Ok(view)
}
