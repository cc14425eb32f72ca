//! Takes the request: keeps it and leads to its page, or gives the form back with a message at each field.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    domain::{
        id::{DistributionId, RequestKey},
        invalidation::{NewInvalidation, parse_reason},
        plan::Plan,
    },
    ops::{self, Requested, new_uuid},
    store::distributions,
};

use super::{
    super::{
        auth::Visitor,
        error::WebError,
        form::{Field, Posted},
        state::Web,
    },
    RequestForm, page, work_out,
};

/// `POST /invalidations`
pub async fn submit(
    State(web): State<Web>,
    visitor: Visitor,
    Posted(form): Posted<RequestForm>,
) -> Result<Response, WebError> {
    let id = DistributionId::parse(&form.distribution);
    visitor.require_operator(&web, "invalidate", id.as_ref()).await?;
    let mut reason = Field::new(form.reason.clone());
    let parsed_reason = reason.check(parse_reason(&form.reason));
    let mut conn = web.desk.db.read().await?;
    let site = match &id {
        Some(id) => distributions::find(&mut conn, id).await?,
        None => None,
    };
    let Some(site) = site else {
        let problem = "Choose a distribution from the list. Nothing was sent.".to_owned();
        return again(&web, &visitor, &form, reason, problem).await;
    };
    let plan = work_out(&mut conn, &web, &site, &form.items, web.desk.clock.now()).await?;
    drop(conn);
    if let Some(problem) = hindrance(&plan) {
        return again(&web, &visitor, &form, reason, problem).await;
    }
    let Some(parsed_reason) = parsed_reason else {
        let problem = "The reason needs mending. Nothing was sent.".to_owned();
        return again(&web, &visitor, &form, reason, problem).await;
    };
    let key = RequestKey::parse(&form.request_key).unwrap_or_else(|| RequestKey::from_trusted(new_uuid()));
    let new = assemble(plan, site.id, parsed_reason, key);
    let requested = ops::request_invalidation(&web.desk, &visitor.acting, &new).await?;
    match requested {
        Requested::New(id) | Requested::Before(id) => {
            Ok(Redirect::to(&format!("/invalidations/{id}")).into_response())
        }
        Requested::KeyUsedForAnother(_) => {
            let form = RequestForm { request_key: String::new(), ..form };
            let problem = "This form was sent before with something else in it, so this was not sent. If you want both, press the button once more.".to_owned();
            again(&web, &visitor, &form, reason, problem).await
        }
    }
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

fn assemble(plan: Plan, distribution: DistributionId, reason: String, key: RequestKey) -> NewInvalidation {
    // People know a request by what they typed first, not by what sorts first.
    let first = plan.lines.iter().find_map(|line| line.item_to_send().cloned());
    let first = first.unwrap_or_else(|| plan.items[0].clone());
    NewInvalidation::from_batches(distribution, plan.batches, first, reason, key, new_uuid)
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
