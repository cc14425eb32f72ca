//! The staging distribution of a continuous deployment, which a request may refresh too.

use crate::{
    commands::{self, PlanToShow, PlannedParts},
    domain::{
        distributions::distribution::Distribution,
        invalidations::plan::{Plan, StagingOffer, Surroundings},
    },
    http::{error::HttpError, session::Visitor, state::AppState},
    store::Conn,
};

use super::{
    RequestForm,
    guard::GuardView,
    plan_view::{PlanView, counted},
    work_out,
};

/// The box of the plan.
#[derive(Debug, Clone)]
pub struct StagingView {
    /// Which cache the request does not reach. Empty if it reaches it.
    pub words: String,
    /// What the box does. `None` if the visitor may not do it.
    pub label: Option<String>,
    pub is_checked: bool,
}

impl StagingView {
    /// The box for the staging distributions that the plans of their primary ones name. `None` if they name none.
    pub fn of<'a>(plans: impl IntoIterator<Item = &'a Plan>, is_checked: bool) -> Option<Self> {
        let offers: Vec<&StagingOffer> = plans.into_iter().filter_map(|plan| plan.staging.as_ref()).collect();
        if offers.is_empty() {
            return None;
        }
        let is_allowed = offers.iter().all(|offer| offer.is_allowed);
        let is_checked = is_checked && is_allowed;
        let told = offers.iter().map(|offer| offer.describe());
        let words: Vec<String> = told.chain(["This request does not reach it.".to_owned()]).collect();
        Some(Self {
            // Its own part says the same.
            words: if is_checked { String::new() } else { words.join(" ") },
            label: is_allowed.then(|| label(&offers)),
            is_checked,
        })
    }
}

fn label(offers: &[&StagingOffer]) -> String {
    let named = |offer: &&StagingOffer| {
        let name = Some(&offer.name).filter(|name| **name != offer.staging.as_str());
        name.map_or_else(|| offer.staging.to_string(), |name| format!("{name}, {}", offer.staging))
    };
    let names = offers.iter().map(named).collect::<Vec<_>>().join("; ");
    let more = counted(offers.iter().map(|offer| offer.items).sum(), "path");
    let several = if offers.len() > 1 { "s" } else { "" };
    format!("Also refresh the staging distribution{several} ({names}): {more} more, billed too")
}

/// These parts with those of the staging distributions. `None` if there is none that the visitor may see.
pub async fn parts_too(
    conn: &mut Conn,
    app: &AppState,
    visitor: &Visitor,
    parts: PlannedParts,
) -> Result<Option<PlannedParts>, HttpError> {
    // What is used up changes no item.
    let around = Surroundings::unmeasured(app.options.throughput.limits);
    Ok(commands::with_staging(conn, parts, around, &visitor.access).await?)
}

/// Adds the part of the staging distribution to the plan of its primary one. `None` if there is none any more, or if
/// nothing can be sent.
pub async fn work_out_too(
    conn: &mut Conn,
    app: &AppState,
    visitor: &Visitor,
    form: &RequestForm,
    (distribution, shown): (&Distribution, &PlanToShow),
    view: &mut PlanView,
) -> Result<Option<PlanToShow>, HttpError> {
    if !shown.plan.is_sendable() {
        return Ok(None);
    }
    let Some((_, staging)) = commands::staging_of(conn, distribution, &visitor.access).await? else {
        return Ok(None);
    };
    let also = work_out(conn, app, visitor, &staging, shown.plan.input_for_staging()).await?;
    let guard = GuardView::new(&also.protection, &staging, &also.plan, form, visitor.access.role);
    let asks_name = |guard: &Option<GuardView>| guard.as_ref().is_some_and(|guard| guard.name.is_some());
    let both_ask = asks_name(&view.guard) && asks_name(&guard);
    // One that waits is said of its part, since the rest does not wait for it.
    view.guard = view.guard.take().or(guard.filter(|guard| !guard.waits));
    let now = app.context.clock.now();
    view.add_staging(&[(distribution.clone(), shown.plan.clone()), (staging, also.plan.clone())], now);
    view.tell_changes_of_parts(std::slice::from_ref(&also.drift));
    if both_ask {
        view.warnings.push(BOTH_ASK.to_owned());
    }
    let part_of = |shown: &PlanToShow| counted(shown.plan.billable(), "path");
    let told = match (shown.waits(), also.waits()) {
        (false, false) => None,
        (true, true) => Some((BOTH_WAIT, "Request approval".to_owned())),
        (true, false) => Some((GOES, button(&part_of(&also), &part_of(shown)))),
        (false, true) => Some((WAITS, button(&part_of(shown), &part_of(&also)))),
    };
    if let Some((words, button)) = told {
        view.parts.iter_mut().for_each(|part| part.warnings.push(words.to_owned()));
        if shown.plan.is_sendable() && also.plan.is_sendable() {
            view.button = button;
        }
    }
    Ok(Some(also))
}

fn button(sent: &str, waiting: &str) -> String {
    format!("Refresh {sent} and request approval for {waiting}")
}

const BOTH_WAIT: &str = "A second person has to approve it for each distribution separately.";
const GOES: &str = "This part is sent at once: only the other one waits for a second person.";
const WAITS: &str =
    "A second person has to approve this part. The other one does not wait for it and is sent at once.";

const BOTH_ASK: &str = "Both distributions need their names typed, and a request can have only one: refresh the staging distribution separately.";
