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
    remove_refused, work_out,
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
    if view.guard.as_ref().is_some_and(|guard| guard.waits) && plan.is_sendable() {
        "Ask for approval".clone_into(&mut view.button);
    }
    view.changes = shown.drift.as_ref().map(Drift::texts).unwrap_or_default();
    view.freeze_with(shown.freezes.as_ref(), form, now);
    view.hold_to(&shown.needs());
    view.starts = shown.starts_at.map(|at| view::starts_in(at.since(now))).unwrap_or_default();
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
    let placed = commands::place(conn, input, &visitor.access).await?;
    let mut plans = Vec::with_capacity(placed.parts.len());
    let mut needs = BudgetNeeds::default();
    let mut drifts = Vec::new();
    let mut freezes: Option<MetFreezes> = None;
    for (distribution, input) in placed.parts {
        let shown = work_out(conn, app, visitor, &distribution, input).await?;
        shown.add_needs_to(&mut needs);
        drifts.push(shown.drift.clone());
        // What waits for a second person is held back when it is approved.
        if let (false, Some(met)) = (shown.waits(), shown.freezes) {
            match &mut freezes {
                Some(all) => all.add(met),
                none => *none = Some(met),
            }
        }
        plans.push((distribution, shown.plan));
    }
    let mut view = PlanView::of_parts(&plans, &placed.unplaced, now);
    let lines = placed.unplaced.iter().chain(plans.iter().flat_map(|(_, plan)| &plan.lines));
    view.removable = remove_refused::removable(&form.items, lines).len();
    view.tell_changes_of_parts(&drifts);
    view.freeze_with(freezes.as_ref(), form, now);
    view.hold_to(&needs);
    Ok(view)
}
