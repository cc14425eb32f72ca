//! `POST /api/v1/invalidations`: stores a request. A repeated request with the same key gets the same answer.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    api::{
        body::JsonFields,
        caller::{IDEMPOTENCY_KEY, Key},
        error::ApiError,
        invalidations::{
            answers::{
                AcceptedPartsShape, AcceptedResponse, FirstRequest, accepted, before, held_back,
                newly_accepted, proposed,
            },
            representation::InvalidationShape,
            requests::{self, InvalidationRequest, NewInvalidationRequest},
            staging::staged,
        },
        json::Json,
        state::Api,
    },
    commands::{self, CommandError, PlacedInput, Requested, SeveralRequested, Unmet, new_uuid},
    domain::{
        audit::attempted::attempted,
        checks::WarmingRefusal,
        distributions::{distribution::Distribution, protection::Confirmation},
        id::RequestKey,
        invalidations::{
            idempotency::{IdempotencyKey, part_key},
            invalidation::NewInvalidation,
            item::Item,
            plan::{Plan, PlanInput, PlanLine, Surroundings},
        },
        time::Timestamp,
    },
    http::caller::Caller,
    http::problem::{Fault, ProblemType},
    store::Conn,
};

/// Request an invalidation
///
/// Without `distribution`, each line is given to the distribution that it names. With `staging`, the staging distribution
/// that belongs to it gets the same items. Where that makes several invalidations, all are requested in one transaction, and the answer lists them as `invalidations`.
///
/// With the header `Idempotency-Key` it is harmless to send again: the same key and body get the same answer, also
/// while the first is in progress, with `Idempotent-Replayed: true` and the time of the first request. Where CloudFront
/// refused all of it, the same key tries the same invalidation once more. 202: it is on disk and will be sent, or, with
/// the state `waiting_for_approval`, it waits for a second person. 200: the same items were requested within the
/// distribution's cool-down; the answer is that earlier invalidation, and nothing is sent again.
#[utoipa::path(post, path = "/api/v1/invalidations", operation_id = "requestInvalidation", tag = "Invalidations",
    request_body = NewInvalidationRequest,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters, such as a UUID"),
        ("Unstale-Run-URL" = Option<String>, Header, description = "The https address of the pipeline's own run, for the history")
    ),
    responses(
        (status = 202, body = AcceptedResponse, headers(
            ("Location" = String, description = "Where to ask how it stands"),
            ("Idempotent-Replayed" = Option<String>, description = "`true`: this is the answer to an earlier request with the same key; nothing was sent again"),
            ("Unstale-First-Request" = Option<String>, description = "When the first request with the same key was answered. Without Idempotent-Replayed CloudFront had refused all of it, and it is tried again"),
        )),
        (status = 200, body = InvalidationShape, description = "The same items were requested a moment ago"),
    ))]
pub async fn submit(
    State(api): State<Api>,
    caller: Caller,
    Key(key): Key,
    fields: JsonFields,
) -> Result<Response, ApiError> {
    let asked = InvalidationRequest::invalidation(fields, api.context.clock.now())?;
    let (typed, reason) = (asked.wanted.typed(), asked.reason.clone());
    let tried = match asked.wanted.distribution.clone().filter(|_| !asked.wanted.staging) {
        Some(named) => request(&api, &caller, key.as_ref(), &named, asked).await,
        None => request_each(&api, &caller, key.as_ref(), asked).await,
    };
    tried.map_err(|error| error.trying(attempted(&typed), reason))
}

async fn request(
    api: &Api,
    caller: &Caller,
    key: Option<&IdempotencyKey>,
    named: &str,
    asked: InvalidationRequest,
) -> Result<Response, ApiError> {
    caller.require_operator(named)?;
    let mut conn = api.context.db.read().await?;
    let distribution = caller.distribution(&mut conn, named).await?;
    let plan = plan_of(api, caller, &mut conn, &distribution, asked.wanted.input(), &asked).await?;
    drop(conn);
    let key = key.map(|key| key.request_key(&caller.acting.actor));
    let new = assemble(key, plan, &distribution, &asked);
    let requested = commands::request_invalidation(&api.context, &caller.acting, &new).await?;
    answer(api, caller, requested, &new).await
}

/// Gives each line to the distribution that it names, if none was named, adds the staging distributions that are wanted,
/// and requests an invalidation for each distribution.
async fn request_each(
    api: &Api,
    caller: &Caller,
    key: Option<&IdempotencyKey>,
    asked: InvalidationRequest,
) -> Result<Response, ApiError> {
    let named = asked.wanted.distribution.as_deref();
    caller.require_operator(named.unwrap_or_default())?;
    let mut conn = api.context.db.read().await?;
    let placed = match named {
        Some(named) => {
            let distribution = caller.distribution(&mut conn, named).await?;
            PlacedInput::on(distribution, asked.wanted.input())
        }
        None => commands::place(&mut conn, asked.wanted.input(), &caller.access).await?,
    };
    requests::check_lines(placed.unplaced.iter().filter_map(PlanLine::refused), &asked.wanted)?;
    let placed = staged(api, caller, &mut conn, &asked.wanted, placed).await?;
    let key = key.map(|key| key.request_key(&caller.acting.actor));
    let mut all: Vec<NewInvalidation> = Vec::new();
    for (distribution, input) in placed.parts {
        let plan = plan_of(api, caller, &mut conn, &distribution, input, &asked).await?;
        // The first part has the key itself, so that another request with the same key is recognised.
        let part = key
            .as_ref()
            .map(|key| if all.is_empty() { key.clone() } else { part_key(key, &distribution.id) });
        all.push(assemble(part, plan, &distribution, &asked));
    }
    drop(conn);
    match all.as_slice() {
        [] => {
            let detail = "has nothing that would be sent; the plan says why.";
            Err(ApiError::invalid(vec![Fault::new(asked.wanted.pointer(), detail)]))
        }
        [one] => {
            let requested = commands::request_invalidation(&api.context, &caller.acting, one).await?;
            answer(api, caller, requested, one).await
        }
        several => answer_each(api, caller, several).await,
    }
}

/// Requests them in one transaction, and answers with all of them.
async fn answer_each(api: &Api, caller: &Caller, all: &[NewInvalidation]) -> Result<Response, ApiError> {
    let requested = match commands::request_several(&api.context, &caller.acting, all).await? {
        SeveralRequested::All(requested) => requested,
        SeveralRequested::Stopped(distribution, why) => {
            let new =
                all.iter().find(|new| new.distribution == distribution).ok_or(CommandError::NotFound)?;
            return answer(api, caller, why, new).await;
        }
    };
    let mut invalidations = Vec::with_capacity(requested.len());
    let mut earlier = None;
    for one in requested {
        let (shape, at) = match one {
            Requested::New(id, at) => {
                let new = all.iter().find(|new| new.id == id).ok_or(CommandError::NotFound)?;
                (newly_accepted(api, caller, new, at).await?, None)
            }
            Requested::HeldBack(id) => (held_back(api, caller, &id).await?, None),
            Requested::Proposed(id) => (proposed(api, caller, &id).await?, None),
            Requested::Retried(id, at) => (accepted(api, caller, &id, None).await?, Some((at, false))),
            Requested::Before(answer, at) => {
                // All of them are for the same time.
                let not_before = all.first().and_then(|new| new.not_before);
                (before(api, caller, &answer, not_before).await?, Some((at, true)))
            }
            // Where one of them stops the request, nothing is written and none of them is answered here.
            Requested::KeyUsedForAnother | Requested::Unmet(_) => continue,
        };
        earlier = earlier.or(at);
        invalidations.push(shape.into_body());
    }
    let body = (StatusCode::ACCEPTED, Json(AcceptedResponse::Parts(AcceptedPartsShape { invalidations })));
    Ok(match earlier {
        Some((at, replayed)) => (FirstRequest { at, replayed }, body).into_response(),
        None => body.into_response(),
    })
}

/// The plan, checked. It is not shown, so the current usage is not read: the batches depend on the limits alone.
async fn plan_of(
    api: &Api,
    caller: &Caller,
    conn: &mut Conn,
    distribution: &Distribution,
    input: PlanInput,
    asked: &InvalidationRequest,
) -> Result<Plan, ApiError> {
    let around = Surroundings::unmeasured(api.throughput.limits);
    let plan = commands::plan(conn, input, distribution, around, &caller.access).await?;
    checked(api, &plan, asked).map_err(|error| error.about(Some(distribution.id.clone())))?;
    Ok(plan)
}

fn checked(api: &Api, plan: &Plan, asked: &InvalidationRequest) -> Result<(), ApiError> {
    if let Some(allowed) = requests::not_granted(plan) {
        return Err(ApiError::not_allowed(format!("outside the grants, which here allow {allowed}")));
    }
    requests::check(plan, &asked.wanted)?;
    // What the plan adds is the same content under another path.
    let items: Vec<Item> = plan.asked_items().cloned().collect();
    let expected = asked.expected.check(&items);
    expected.map_err(|error| ApiError::invalid(vec![Fault::new("/expected", format!("{error}."))]))?;
    let may_warm = WarmingRefusal::check(asked.warm, asked.expected, api.app.options.are_checks_on);
    may_warm.map_err(|error| ApiError::invalid(vec![Fault::new("/warm", error.describe())]))
}

fn assemble(
    key: Option<RequestKey>,
    plan: Plan,
    distribution: &Distribution,
    asked: &InvalidationRequest,
) -> NewInvalidation {
    let fingerprint = key.is_some().then(|| asked.fingerprint.clone());
    let key = key.unwrap_or_else(|| RequestKey::new(new_uuid()));
    let first = plan.lines.iter().find_map(|line| line.item_to_send().cloned());
    let first = first.unwrap_or_else(|| plan.items[0].clone());
    let mut new = NewInvalidation::from_batches(
        distribution.id.clone(),
        plan.batches,
        first,
        asked.reason.clone(),
        key,
        new_uuid,
    );
    new.confirmation = asked.confirm.clone().map_or(Confirmation::None, Confirmation::Typed);
    (new.not_before, new.override_freeze) = (asked.not_before, asked.override_freeze);
    (new.expected, new.warm) = (asked.expected, asked.warm);
    new.fingerprint = fingerprint;
    new
}

async fn answer(
    api: &Api,
    caller: &Caller,
    requested: Requested,
    new: &NewInvalidation,
) -> Result<Response, ApiError> {
    let from_before = |at: Timestamp, replayed: bool| FirstRequest { at, replayed };
    match requested {
        Requested::New(_, at) => Ok(newly_accepted(api, caller, new, at).await?.into_response()),
        Requested::HeldBack(id) => Ok(held_back(api, caller, &id).await?.into_response()),
        Requested::Proposed(id) => Ok(proposed(api, caller, &id).await?.into_response()),
        Requested::Retried(id, at) => {
            // A retry is sent as soon as possible. The time that was chosen for the first attempt has passed.
            Ok((from_before(at, false), accepted(api, caller, &id, None).await?).into_response())
        }
        Requested::Before(answer, at) => {
            let same = before(api, caller, &answer, new.not_before).await?;
            Ok((from_before(at, true), same).into_response())
        }
        Requested::KeyUsedForAnother => Err(key_used().about(Some(new.distribution.clone()))),
        Requested::Unmet(unmet) => Err(missing(unmet).about(Some(new.distribution.clone()))),
    }
}

fn key_used() -> ApiError {
    let detail = "A request with this Idempotency-Key and another body was taken before. Nothing was saved or sent. Use a new key for a new request.";
    ApiError::new(ProblemType::KeyUsed, detail)
}

/// The error for what a protected distribution still asks for.
fn missing(unmet: Unmet) -> ApiError {
    match unmet {
        Unmet::Reason => ApiError::invalid(vec![Fault::new("/reason", "is needed for this distribution.")]),
        Unmet::Now => {
            let detail = "cannot be used here: a second person decides when this goes.";
            ApiError::invalid(vec![Fault::new("/not_before", detail)])
        }
        Unmet::Name(name) => {
            let detail = format!(
                "This request is wide and the distribution is protected. Nothing was saved or sent. Send it again with \"confirm\": \"{name}\" if that is what you mean; a new {IDEMPOTENCY_KEY} is not needed."
            );
            ApiError::new(ProblemType::ConfirmationNeeded, detail).confirm(name)
        }
    }
}
