//! Takes the request: keeps it and leads to its page, or gives the form back with a message at each field.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    domain::{
        audit::Target,
        distribution::Distribution,
        id::{DistributionId, RequestKey},
        invalidation::{NewInvalidation, parse_reason},
        item::ItemError,
        plan::{Plan, Surroundings},
        protection::Confirmation,
    },
    ops::{self, OpError, Requested, Unmet, new_uuid},
    store::distributions,
};

use super::{
    super::{
        auth::Visitor,
        error::WebError,
        form::{Field, LIST, Posted},
        state::Web,
    },
    RequestForm, page,
};

/// `POST /invalidations`
pub async fn submit(
    State(web): State<Web>,
    visitor: Visitor,
    Posted(form): Posted<RequestForm, LIST>,
) -> Result<Response, WebError> {
    let id = DistributionId::parse(&form.distribution);
    visitor.require_operator(&web, "invalidate", id.as_ref()).await?;
    let mut reason = Field::new(form.reason.clone());
    let parsed_reason = reason.check(parse_reason(&form.reason));
    let Some(site) = find_site(&web, &visitor, id.as_ref()).await? else {
        let problem = "Choose a distribution from the list. Nothing was sent.".to_owned();
        return again(&web, &visitor, &form, reason, problem).await;
    };
    let around = Surroundings::unmeasured(web.options.limits);
    let plan = Plan::within(&form.items, &site, around, &visitor.access);
    if let Some(allowed) = not_granted(&plan) {
        let why = format!("outside the grants, which here allow {allowed}");
        refuse(&web, &visitor, &site.id, &why).await?;
    }
    if let Some(problem) = hindrance(&plan) {
        return again(&web, &visitor, &form, reason, problem).await;
    }
    let Some(parsed_reason) = parsed_reason else {
        let problem = "The reason needs mending. Nothing was sent.".to_owned();
        return again(&web, &visitor, &form, reason, problem).await;
    };
    let new = assemble(plan, site.id, parsed_reason, &form);
    match ops::request_invalidation(&web.desk, &visitor.acting, &new).await {
        // What was allowed when the plan was made is not any more. What was typed is not lost.
        Err(OpError::NotAllowed(why)) => {
            let problem = format!("Refused: {why}. Nothing was sent. The attempt is in the history.");
            again(&web, &visitor, &form, reason, problem).await
        }
        requested => answer(&web, &visitor, form, reason, requested?).await,
    }
}

/// The distribution that the form names. One that is hidden is as if it were not there, but the attempt is kept.
async fn find_site(
    web: &Web,
    visitor: &Visitor,
    id: Option<&DistributionId>,
) -> Result<Option<Distribution>, WebError> {
    let Some(id) = id else { return Ok(None) };
    let found = distributions::find(&mut *web.desk.db.read().await?, id).await?;
    if found.is_some() && !visitor.access.sees(id) {
        refuse(web, visitor, id, "the distribution is outside the grants").await?;
        return Ok(None);
    }
    Ok(found)
}

async fn refuse(web: &Web, visitor: &Visitor, site: &DistributionId, why: &str) -> Result<(), WebError> {
    let what = Target::new("act", "invalidate");
    Ok(ops::refuse(&web.desk, &visitor.acting, &what, Some(site), why).await?)
}

/// Leads on, or says what is missing.
async fn answer(
    web: &Web,
    visitor: &Visitor,
    form: RequestForm,
    mut reason: Field,
    requested: Requested,
) -> Result<Response, WebError> {
    let to = match requested {
        Requested::New(id) | Requested::Before(id) => format!("/invalidations/{id}"),
        Requested::HeldBack(id) => format!("/invalidations/{id}?held=back"),
        Requested::Proposed(id) => format!("/approvals?made={id}"),
        Requested::KeyUsedForAnother => {
            let form = RequestForm { request_key: String::new(), ..form };
            let problem = "This form was sent before with something else in it, so this was not sent. If you want both, press the button once more.".to_owned();
            return again(web, visitor, &form, reason, problem).await;
        }
        Requested::Unmet(Unmet::Reason) => {
            reason.error = Some("Say why; it is kept in the history.".to_owned());
            let problem = "This needs a reason. Nothing was sent.".to_owned();
            return again(web, visitor, &form, reason, problem).await;
        }
        Requested::Unmet(Unmet::Now) => {
            let problem =
                "This waits for a second person, so it cannot be put off. Nothing was sent.".to_owned();
            return again(web, visitor, &form, reason, problem).await;
        }
        Requested::Unmet(Unmet::Name(name)) => {
            let problem = format!("This distribution is protected: type {name} below. Nothing was sent.");
            return again(web, visitor, &form, reason, problem).await;
        }
    };
    Ok(Redirect::to(&to).into_response())
}

/// What the grants allow, where a line of the plan is outside of them.
fn not_granted(plan: &Plan) -> Option<String> {
    plan.refused().find_map(|(_, error)| match error {
        ItemError::NotGranted(allowed) => Some(allowed.clone()),
        _ => None,
    })
}

/// Why the plan cannot be sent, in a sentence above the form; the lines say the rest.
fn hindrance(plan: &Plan) -> Option<String> {
    let refused = plan.refused().count();
    if plan.is_sendable() {
        None
    } else if plan.too_many_lines.is_some() {
        Some("There are too many lines for one request. Nothing was sent.".to_owned())
    } else if refused == 1 {
        Some("One line needs mending. Nothing was sent.".to_owned())
    } else if refused > 1 {
        Some(format!("{refused} lines need mending. Nothing was sent."))
    } else {
        Some("Write at least one path or tag. Nothing was sent.".to_owned())
    }
}

fn assemble(plan: Plan, distribution: DistributionId, reason: String, form: &RequestForm) -> NewInvalidation {
    let key = RequestKey::parse(&form.request_key).unwrap_or_else(|| RequestKey::from_trusted(new_uuid()));
    // People know a request by what they typed first, not by what sorts first.
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
    new
}

async fn again(
    web: &Web,
    visitor: &Visitor,
    form: &RequestForm,
    reason: Field,
    problem: String,
) -> Result<Response, WebError> {
    let page = page::render(web, visitor, form, reason, Some(problem)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
