//! Owns CloudFront's API: a request comes in, meets its faults, is acted on, answered and logged.

mod answer;
mod batch;
mod bucket;
mod create_invalidation;
mod errors;
mod garble;
mod get_distribution;
mod get_invalidation;
mod get_metric_data;
mod identity;
mod list_cache_policies;
mod list_continuous_deployment_policies;
mod list_distributions;
mod list_invalidations;
mod list_objects;
mod list_subscriptions;
mod list_tags;
mod lookup_events;
mod origin_shapes;
mod paging;
mod reply;
mod route;
mod shapes;

use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};

use crate::body;
use crate::control;
use crate::faults::{Fault, FaultKind};
use crate::id;
use crate::server::{Body, BreakOff, Connection};
use crate::state::{Call, Line, State};
use crate::world::World;
pub(crate) use batch::Batch;
pub(crate) use create_invalidation::answer as create_invalidation;
use errors::ApiError;
use reply::Reply;
use route::{Dialect, Operation};

/// A batch of 3,000 paths of 4,000 characters, and room for their XML.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// A call as it was understood.
struct Ask {
    operation: Option<Operation>,
    query: String,
    access_key: Result<String, ApiError>,
    batch: Result<Batch, ApiError>,
    /// What a service that speaks JSON is asked.
    json: Bytes,
}

/// Answers a request to the API's socket, or breaks its connection.
pub(crate) async fn handle(
    world: Arc<World>,
    request: Request<Incoming>,
    connection: Connection,
) -> Result<Response<Body>, BreakOff> {
    let (head, body) = request.into_parts();
    let body = body::read(body, LARGEST_BODY).await;
    if head.uri.path().starts_with("/_sandbox/") {
        return Ok(control::handle(&world, &head, body));
    }
    if let Some(asked) = bucket::Asked::of(&head) {
        return bucket::handle(&world, &asked, &connection).await;
    }
    let ask = Ask::of(&head, body);
    let mut call = ask.begin(&world);
    let fault = meet(&world, &mut call, &connection).await?;
    let outcome = {
        let mut state = world.shared.lock();
        let outcome = ask.outcome(&mut state, &world, fault.as_ref());
        finish(&mut call, &outcome, fault.as_ref());
        log(&mut state, call);
        outcome
    };
    answer::write(outcome, fault.map(|fault| fault.kind), ask.dialect())
}

/// Meets the faults that keep the call from being acted on at all, and waits where one is slow.
async fn meet(world: &World, call: &mut Call, connection: &Connection) -> Result<Option<Fault>, BreakOff> {
    let (reachable, fault) = {
        let mut state = world.shared.lock();
        let now = world.clock.now();
        let fault = state.faults.meet(&call.operation, call.distribution.as_deref(), now);
        (state.settings.reachable, fault)
    };
    call.fault = fault.as_ref().map(|fault| fault.kind.name().to_owned());
    let kind = fault.as_ref().map(|fault| fault.kind);
    if !reachable || kind == Some(FaultKind::Reset) {
        log(&mut world.shared.lock(), std::mem::take(call));
        connection.reset();
        return Err(BreakOff);
    }
    match kind {
        Some(FaultKind::Hang) => {
            log(&mut world.shared.lock(), std::mem::take(call));
            std::future::pending::<()>().await;
        }
        Some(FaultKind::Slow) => {
            let delay = fault.as_ref().and_then(|fault| fault.delay_ms).unwrap_or_default();
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        _ => {}
    }
    Ok(fault)
}

impl Ask {
    fn of(head: &hyper::http::request::Parts, body: Option<Bytes>) -> Self {
        let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = match target {
            Some(target) => Operation::of_target(target),
            None => Operation::of(&head.method, head.uri.path()),
        };
        let service = operation.as_ref().map_or("cloudfront", Operation::service);
        let is_json = operation.as_ref().is_some_and(|operation| operation.dialect() != Dialect::Xml);
        let json = body.clone().filter(|_| is_json).unwrap_or_default();
        let batch = match (&operation, body) {
            (Some(Operation::CreateInvalidation { .. }), Some(body)) => Batch::read(&body),
            (_, None) => Err(ApiError::batch_too_large()),
            _ => Ok(Batch::default()),
        };
        Self {
            operation,
            query: head.uri.query().unwrap_or_default().to_owned(),
            access_key: identity::access_key(&head.headers, service),
            batch,
            json,
        }
    }

    fn dialect(&self) -> Dialect {
        self.operation.as_ref().map_or(Dialect::Xml, Operation::dialect)
    }

    fn distribution(&self) -> Option<&str> {
        self.operation.as_ref().and_then(Operation::distribution)
    }

    fn begin(&self, world: &World) -> Call {
        let batch = self.batch.as_ref().ok();
        Call {
            at: world.clock.now(),
            operation: self.operation.as_ref().map_or("Unknown", Operation::name).to_owned(),
            distribution: self.distribution().map(str::to_owned),
            caller_reference: batch
                .map(|batch| batch.caller_reference.clone())
                .filter(|reference| !reference.is_empty()),
            items: batch.map(|batch| batch.items.clone()).unwrap_or_default(),
            access_key: self.access_key.as_ref().ok().cloned(),
            ..Call::default()
        }
    }

    fn outcome(&self, state: &mut State, world: &World, fault: Option<&Fault>) -> Result<Reply, ApiError> {
        self.act(state, world, fault).map_err(|error| error.said_in(self.dialect()))
    }

    fn act(&self, state: &mut State, world: &World, fault: Option<&Fault>) -> Result<Reply, ApiError> {
        let operation = self.operation.as_ref().ok_or_else(ApiError::unknown_operation)?;
        refuse(operation, fault)?;
        let access_key = self.access_key.as_ref().map_err(Clone::clone)?;
        identity::check(access_key, operation)?;
        let now = world.clock.now();
        match operation {
            Operation::CreateInvalidation { distribution } => {
                let batch = self.batch.as_ref().map_err(Clone::clone);
                create_invalidation::answer(state, now, distribution, access_key, batch)
            }
            Operation::GetInvalidation { distribution, id } => {
                get_invalidation::answer(state, now, distribution, id)
            }
            Operation::ListInvalidations { distribution } => {
                list_invalidations::answer(state, now, distribution, &self.query)
            }
            Operation::ListDistributions => list_distributions::answer(state, &self.query),
            Operation::GetDistribution { distribution } => get_distribution::answer(state, now, distribution),
            Operation::GetDistributionConfig { distribution } => {
                get_distribution::answer_config(state, distribution)
            }
            Operation::ListTagsForResource => list_tags::answer(state, &self.query),
            Operation::ListCachePolicies => list_cache_policies::answer(state, &self.query),
            Operation::ListContinuousDeploymentPolicies => {
                list_continuous_deployment_policies::answer(state, &self.query)
            }
            Operation::LookupEvents => lookup_events::answer(state, now, &self.json),
            Operation::GetMetricData => get_metric_data::answer(state, &self.json),
            Operation::ListSubscriptions => list_subscriptions::answer(state, &self.json),
        }
    }
}

/// The faults that are a refusal of CloudFront's own.
fn refuse(operation: &Operation, fault: Option<&Fault>) -> Result<(), ApiError> {
    let Some(fault) = fault else { return Ok(()) };
    match fault.kind {
        FaultKind::Throttle => Err(ApiError::throttling(fault.status.unwrap_or(400))),
        FaultKind::ServerError => Err(ApiError::server_error(fault.status.unwrap_or(503))),
        FaultKind::Expired => Err(ApiError::expired_token()),
        FaultKind::Refuse => Err(ApiError::as_told(fault)),
        FaultKind::Proxy | FaultKind::Bare => Err(ApiError::unreachable(fault.status)),
        FaultKind::AccessDenied => Err(ApiError::access_denied(&operation.action(), &operation.resource())),
        _ => Ok(()),
    }
}

fn finish(call: &mut Call, outcome: &Result<Reply, ApiError>, fault: Option<&Fault>) {
    let answered = fault.is_none_or(|fault| fault.kind != FaultKind::Lost);
    match outcome {
        Ok(reply) => {
            call.status = Some(reply.status);
            call.invalidation.clone_from(&reply.invalidation);
            call.created = reply.created;
        }
        Err(error) => {
            call.status = Some(error.status);
            call.code = Some(error.code.clone().into_owned());
        }
    }
    call.status = call.status.filter(|_| answered);
}

fn log(state: &mut State, call: Call) {
    let call = state.calls.add(call).clone();
    // The log in memory has it; a state file that cannot be written fails the next act.
    let _ = state.note(&Line::Call(call));
}

/// A fresh request ID, for every answer.
fn request_id() -> String {
    id::request()
}
