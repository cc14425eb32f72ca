//! Takes a request: stores it and redirects to its page, or shows the form again with messages.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    commands::{self, Attempt, CommandError, Requested, Unmet, new_uuid},
    domain::{
        audit::{Target, attempted::attempted},
        distributions::{distribution::Distribution, protection::Confirmation},
        id::{DistributionId, RequestKey},
        invalidations::{
            freeze_window::LacksForFreeze,
            idempotency::IdempotentAnswer,
            invalidation::{NewInvalidation, parse_reason},
            item::{Item, ItemError},
            plan::{Plan, Surroundings},
        },
        time::MOMENT,
    },
    http::{error::HttpError, session::Visitor, state::AppState},
    store::distributions,
};

use super::{
    super::form::{Field, FormBody, LIST},
    RequestForm, page,
};

mod several;

/// The name of this act in the history.
const WHAT: &str = "invalidate";

/// `POST /invalidations`
pub async fn submit(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<RequestForm, LIST>,
) -> Result<Response, HttpError> {
    let id = DistributionId::parse(&form.distribution);
    if !visitor.person.role.may_invalidate() {
        return Err(visitor.refuse_viewer(&app, &Tried::of(&form).at(id.as_ref())).await?);
    }
    let mut reason = Field::new(form.reason.clone());
    let parsed_reason = reason.check(parse_reason(&form.reason));
    if form.distribution.is_empty() && !form.input().is_empty() {
        return several::submit(&app, &visitor, form, None, reason, parsed_reason).await;
    }
    let (distribution, hidden) = find_distribution(&app, &visitor, &form, id.as_ref()).await?;
    let Some(distribution) = distribution else {
        let problem = "Choose a distribution from the list. Nothing was sent.".to_owned();
        if !hidden {
            keep(&app, &visitor, &form, None, "no such distribution was chosen").await?;
        }
        return again(&app, &visitor, &form, reason, problem).await;
    };
    if form.staging.is_some() {
        return several::submit(&app, &visitor, form, Some(distribution), reason, parsed_reason).await;
    }
    // This plan is not shown, so the current usage is not read: the batches depend on the limits alone.
    let around = Surroundings::unmeasured(app.options.throughput.limits);
    let mut conn = app.context.db.read().await?;
    let plan = commands::plan(&mut conn, form.input(), &distribution, around, &visitor.access).await?;
    drop(conn);
    if let Some(problem) = hindrance(&plan) {
        let why = plan.refusal.map(str::to_owned).or_else(|| first_refused(&plan));
        keep(&app, &visitor, &form, Some(&distribution.id), why.as_deref().unwrap_or(&problem)).await?;
        return again(&app, &visitor, &form, reason, problem).await;
    }
    let Some(parsed_reason) = parsed_reason else {
        let problem = "The reason needs correction. Nothing was sent.".to_owned();
        keep(&app, &visitor, &form, Some(&distribution.id), &problem).await?;
        return again(&app, &visitor, &form, reason, problem).await;
    };
    if let Err(error) = form.may_warm(app.options.are_checks_on) {
        keep(&app, &visitor, &form, Some(&distribution.id), error.describe()).await?;
        let problem = "The choice for after the invalidation needs correction. Nothing was sent.".to_owned();
        return again(&app, &visitor, &form, reason, problem).await;
    }
    let new = assemble(plan, distribution.id, parsed_reason, &form);
    let requested = commands::request_invalidation(&app.context, &visitor.acting, &new).await;
    match visitor.keep(&app, WHAT, requested).await {
        Err(error) => {
            let problem = refused(error, &mut reason)?;
            again(&app, &visitor, &form, reason, problem).await
        }
        Ok(requested) => {
            if let Some(why) = unmet(&requested) {
                keep(&app, &visitor, &form, Some(&new.distribution), why).await?;
            }
            answer(&app, &visitor, form, reason, requested).await
        }
    }
}

/// What is said above the form that is shown again, so that what was typed is not lost. Other errors are pages.
fn refused(error: CommandError, reason: &mut Field) -> Result<String, HttpError> {
    match error {
        // The access has changed since the plan was made.
        CommandError::NotAllowed(why) | CommandError::OverBudget(why) => {
            Ok(format!("Refused: {why}. Nothing was sent. The attempt is in the history."))
        }
        CommandError::Frozen(refusal) => {
            if refusal.lacks == LacksForFreeze::Reason {
                reason.error = Some("Say why; it is kept in the history.".to_owned());
            }
            Ok(format!("Refused: {refusal}. Nothing was sent. The attempt is in the history."))
        }
        other => Err(other.into()),
    }
}

/// The distribution that the form names. For one that the visitor may not see it is `None`, as if it did not exist;
/// the attempt is recorded here, and then the flag is `true`.
async fn find_distribution(
    app: &AppState,
    visitor: &Visitor,
    form: &RequestForm,
    id: Option<&DistributionId>,
) -> Result<(Option<Distribution>, bool), HttpError> {
    let Some(id) = id else { return Ok((None, false)) };
    let found = distributions::find(&mut *app.context.db.read().await?, id).await?;
    if found.is_some() && !visitor.access.sees(id) {
        keep(app, visitor, form, Some(id), "the distribution is outside the grants").await?;
        return Ok((None, true));
    }
    Ok((found, false))
}

/// What the form asks for, to be recorded when the request is not sent.
struct Tried {
    target: Target,
    items: Vec<Item>,
    reason: String,
}

impl Tried {
    fn of(form: &RequestForm) -> Self {
        let reason = parse_reason(&form.reason).unwrap_or_default();
        Self { target: Target::act(WHAT), items: attempted(&form.items), reason }
    }

    fn at<'a>(&'a self, distribution: Option<&'a DistributionId>) -> Attempt<'a> {
        Attempt::on(&self.target, distribution, &self.items, &self.reason)
    }
}

/// Records a request that is not sent, as one event.
async fn keep(
    app: &AppState,
    visitor: &Visitor,
    form: &RequestForm,
    distribution: Option<&DistributionId>,
    why: &str,
) -> Result<(), HttpError> {
    let tried = Tried::of(form);
    Ok(commands::refuse_attempt(&app.context, &visitor.acting, &tried.at(distribution), why).await?)
}

/// Why a valid request was not stored, for the history. `None` if it was, or if the command has already recorded
/// why not.
const fn unmet(requested: &Requested) -> Option<&'static str> {
    match requested {
        Requested::New(..)
        | Requested::Before(..)
        | Requested::Retried(..)
        | Requested::HeldBack(_)
        | Requested::Proposed(_) => None,
        Requested::KeyUsedForAnother => Some("the same form was sent before with other content"),
        Requested::Unmet(Unmet::Reason) => Some("it needs a reason"),
        Requested::Unmet(Unmet::Now) => Some("a request that waits for a second person cannot be postponed"),
        Requested::Unmet(Unmet::Name(_)) => Some("it needs the distribution's name"),
    }
}

/// Redirects to the page of the result, or shows the form with what is missing.
async fn answer(
    app: &AppState,
    visitor: &Visitor,
    form: RequestForm,
    mut reason: Field,
    requested: Requested,
) -> Result<Response, HttpError> {
    let to = match requested {
        Requested::New(id, _) | Requested::Retried(id, _) => format!("/invalidations/{id}"),
        // This is the second click of a double click, so the page needs no note.
        Requested::Before(IdempotentAnswer::Accepted(id), at)
            if app.context.clock.now().is_soon_after(at, MOMENT) =>
        {
            format!("/invalidations/{id}")
        }
        Requested::Before(IdempotentAnswer::Accepted(id), _) => format!("/invalidations/{id}?sent=before"),
        Requested::HeldBack(id) | Requested::Before(IdempotentAnswer::HeldBack(id), _) => {
            format!("/invalidations/{id}?held=back")
        }
        Requested::Proposed(id) | Requested::Before(IdempotentAnswer::Proposed(id), _) => {
            format!("/approvals?made={id}")
        }
        Requested::KeyUsedForAnother => {
            let form = RequestForm { request_key: String::new(), ..form };
            let problem = "This form was sent before with other content, so this was not sent. If you want both, press the button again.".to_owned();
            return again(app, visitor, &form, reason, problem).await;
        }
        Requested::Unmet(Unmet::Reason) => {
            reason.error = Some("Say why; it is kept in the history.".to_owned());
            let problem = "This needs a reason. Nothing was sent.".to_owned();
            return again(app, visitor, &form, reason, problem).await;
        }
        Requested::Unmet(Unmet::Now) => {
            let problem =
                "This waits for a second person, so it cannot be postponed. Nothing was sent.".to_owned();
            return again(app, visitor, &form, reason, problem).await;
        }
        Requested::Unmet(Unmet::Name(name)) => {
            let problem = format!("This distribution is protected: type {name} below. Nothing was sent.");
            return again(app, visitor, &form, reason, problem).await;
        }
    };
    Ok(Redirect::to(&to).into_response())
}

/// The error of the first line that cannot be sent, for the history.
fn first_refused(plan: &Plan) -> Option<String> {
    let (line, error) = plan.refused().next()?;
    Some(match error {
        ItemError::NotGranted(allowed) => {
            format!("line {} is outside the grants, which here allow {allowed}", line.number)
        }
        other => format!("line {}: {other}", line.number),
    })
}

/// Why the plan cannot be sent, as a sentence above the form. The lines have the details. `None` if it can be sent.
fn hindrance(plan: &Plan) -> Option<String> {
    let refused = plan.refused().count();
    if plan.is_sendable() {
        None
    } else if let Some(why) = plan.refusal {
        Some(format!("{why} Nothing was sent."))
    } else if plan.too_many_lines.is_some() {
        Some("There are too many lines for one request. Nothing was sent.".to_owned())
    } else if refused == 1 {
        Some("One line needs correction. Nothing was sent.".to_owned())
    } else if refused > 1 {
        Some(format!("{refused} lines need correction. Nothing was sent."))
    } else {
        Some("Write at least one path or tag. Nothing was sent.".to_owned())
    }
}

fn assemble(plan: Plan, distribution: DistributionId, reason: String, form: &RequestForm) -> NewInvalidation {
    let key = RequestKey::parse(&form.request_key).unwrap_or_else(|| RequestKey::new(new_uuid()));
    // The title of the request is the item that was typed first, which people recognise, not the first in sort
    // order.
    let first = plan.lines.iter().find_map(|line| line.item_to_send().cloned());
    let first = first.unwrap_or_else(|| plan.items[0].clone());
    let mut new = NewInvalidation::from_batches(distribution, plan.batches, first, reason, key, new_uuid);
    new.confirmation = if form.alone.is_some() {
        Confirmation::Alone
    } else if form.confirm.trim().is_empty() {
        Confirmation::None
    } else {
        Confirmation::Typed(form.confirm.clone())
    };
    new.override_freeze = form.override_freeze.is_some();
    new.expected = form.expected();
    new.warm = form.warm.is_some();
    new
}

async fn again(
    app: &AppState,
    visitor: &Visitor,
    form: &RequestForm,
    reason: Field,
    problem: String,
) -> Result<Response, HttpError> {
    let page = page::render(app, visitor, form, reason, Some(problem)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
