//! Takes a request whose lines name their distributions, or one for a staging distribution too: an invalidation for each,
//! all in one transaction.

use axum::response::{IntoResponse, Redirect, Response};

use super::{again, answer, assemble, first_refused, hindrance, keep, refused, unmet};
use crate::{
    commands::{self, PlacedInput, SeveralRequested},
    domain::{
        distributions::distribution::Distribution,
        id::RequestKey,
        invalidations::{
            idempotency::part_key,
            invalidation::NewInvalidation,
            item::ItemError,
            plan::{PlanLine, Surroundings},
        },
    },
    http::{error::HttpError, session::Visitor, state::AppState},
    web::form::Field,
};

use super::super::RequestForm;

/// `POST /invalidations` without a distribution, or with the staging distribution of one.
pub(super) async fn submit(
    app: &AppState,
    visitor: &Visitor,
    form: RequestForm,
    named: Option<Distribution>,
    mut reason: Field,
    parsed_reason: Option<String>,
) -> Result<Response, HttpError> {
    let about = named.as_ref().map(|distribution| distribution.id.clone());
    let all = match planned(app, visitor, &form, named, parsed_reason.as_deref()).await? {
        Ok(all) => all,
        Err(Hindrance { problem, why }) => {
            keep(app, visitor, &form, about.as_ref(), why.as_deref().unwrap_or(&problem)).await?;
            return again(app, visitor, &form, reason, problem).await;
        }
    };
    let requested = commands::request_several(&app.context, &visitor.acting, &all).await;
    match visitor.keep(app, super::WHAT, requested).await {
        Err(error) => {
            let problem = refused(error, &mut reason)?;
            again(app, visitor, &form, reason, problem).await
        }
        Ok(requested) => match requested {
            SeveralRequested::All(mut answers) if answers.len() == 1 => {
                answer(app, visitor, form, reason, answers.remove(0)).await
            }
            SeveralRequested::All(answers) => {
                Ok(Redirect::to(&format!("/?sent={}", answers.len())).into_response())
            }
            SeveralRequested::Stopped(distribution, stopped) => {
                if let Some(why) = unmet(&stopped) {
                    keep(app, visitor, &form, Some(&distribution), why).await?;
                }
                answer(app, visitor, form, reason, stopped).await
            }
        },
    }
}

/// Why nothing is sent.
struct Hindrance {
    problem: String,
    /// The reason for the history, where it says more.
    why: Option<String>,
}

async fn planned(
    app: &AppState,
    visitor: &Visitor,
    form: &RequestForm,
    named: Option<Distribution>,
    reason: Option<&str>,
) -> Result<Result<Vec<NewInvalidation>, Hindrance>, HttpError> {
    let stop = |problem: &str, why: Option<String>| Ok(Err(Hindrance { problem: problem.to_owned(), why }));
    let mut conn = app.context.db.read().await?;
    let placed = match named {
        Some(distribution) => PlacedInput::on(distribution, form.input()),
        None => commands::place(&mut conn, form.input(), &visitor.access).await?,
    };
    if let Some((line, error)) = placed.unplaced.iter().find_map(PlanLine::refused) {
        if *error == ItemError::NoDistribution {
            let why = "no such distribution was chosen".to_owned();
            return stop("Choose a distribution from the list. Nothing was sent.", Some(why));
        }
        let why = format!("line {}: {error}", line.number);
        return stop("A line needs correction. Nothing was sent.", Some(why));
    }
    // These plans are not shown, so the current usage is not read: the batches depend on the limits alone.
    let around = Surroundings::unmeasured(app.options.throughput.limits);
    let parts = match form.staging {
        Some(_) => commands::with_staging(&mut conn, placed.parts, around, &visitor.access).await?,
        None => Some(placed.parts),
    };
    let Some(parts) = parts else {
        return stop("Its staging distribution is no longer known. Nothing was sent.", None);
    };
    let whole = RequestKey::parse(&form.request_key);
    let mut all: Vec<NewInvalidation> = Vec::new();
    for (distribution, input) in parts {
        let plan = commands::plan(&mut conn, input, &distribution, around, &visitor.access).await?;
        if let Some(problem) = hindrance(&plan) {
            let why = plan.refusal.map(str::to_owned).or_else(|| first_refused(&plan));
            return stop(&format!("{}: {problem}", distribution.shown_name()), why);
        }
        let Some(reason) = reason else {
            return stop("The reason needs correction. Nothing was sent.", None);
        };
        let mut new = assemble(plan, distribution.id, reason.to_owned(), form);
        if let (Some(whole), false) = (&whole, all.is_empty()) {
            new.request_key = part_key(whole, &new.distribution);
        }
        all.push(new);
    }
    if let Err(error) = form.may_warm(app.options.are_checks_on) {
        let why = Some(error.describe().to_owned());
        return stop("The choice for after the invalidation needs correction. Nothing was sent.", why);
    }
    if all.is_empty() {
        return stop("Write at least one path or tag. Nothing was sent.", None);
    }
    Ok(Ok(all))
}
