//! `GET /api/v1/probe/work`: what a probe is to look at, at once or as soon as there is something.

use std::time::Duration;

use axum::extract::State;

use crate::{
    api::{error::ApiError, json::Json, query::Params, state::Api, waiting::Waiting},
    commands::{self, CommandError, ProbeWork},
    domain::tokens::probe::Probe,
};

use super::{
    caller::{ProbeCaller, no_probe},
    wire::{ProbeTaskShape, ProbeUrlShape, ProbeWorkShape},
};

/// Get what is to be looked at
///
/// Only for probes. With `wait` the answer comes as soon as there is something, or when the time is over. A round of
/// looks that the probe has not handed in is given again for 5 minutes.
#[utoipa::path(get, path = "/api/v1/probe/work", operation_id = "probeWork", tag = "Probes",
    params(("wait" = Option<u64>, Query, minimum = 0, maximum = 60, description = "So many seconds at most, 0 to 60")),
    responses((status = 200, body = ProbeWorkShape)))]
pub async fn show(
    State(api): State<Api>,
    caller: ProbeCaller,
    mut params: Params,
) -> Result<Json<ProbeWorkShape>, ApiError> {
    let wait = params.wait();
    params.end()?;
    let mut work = give(&api, caller.probe()).await?;
    if wait > Duration::ZERO && work.is_none() {
        let permit = api.probe_waiters.acquire(&caller.probe().actor())?;
        let mut waiting = Waiting::with(&api, permit, wait);
        while work.is_none() && waiting.goes_on().await {
            work = give(&api, caller.probe()).await?;
        }
    }
    Ok(Json(ProbeWorkShape { task: work.map(task) }))
}

async fn give(api: &Api, probe: &Probe) -> Result<Option<ProbeWork>, ApiError> {
    commands::give_probe_work(&api.context, probe).await.map_err(|error| match error {
        // Its token was revoked meanwhile.
        CommandError::NotFound => no_probe(),
        other => other.into(),
    })
}

fn task(work: ProbeWork) -> ProbeTaskShape {
    ProbeTaskShape {
        run: work.round.run.to_string(),
        round: work.round.round,
        distribution: work.distribution.to_string(),
        urls: work.urls.into_iter().map(|(number, url)| ProbeUrlShape { number, url }).collect(),
        headers: work.settings.headers.plain.into_iter().collect(),
        must_contain: work.settings.must_contain,
        must_not_contain: work.settings.must_not_contain,
    }
}
