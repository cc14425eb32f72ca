//! `POST /api/v1/probe/results`: takes what a probe saw.

use axum::{extract::State, http::StatusCode};

use crate::{
    api::{body::JsonFields, error::ApiError, state::Api},
    commands::{self, CommandError},
    domain::id::CheckRunId,
    http::problem::{Fault, ProblemType},
};

use super::{caller::ProbeCaller, wire::ProbeResultsRequest};

/// Hand in what was seen
///
/// Only for probes, once for each round that was given, within 5 minutes. 204: it is on disk; the server judges it.
#[utoipa::path(post, path = "/api/v1/probe/results", operation_id = "probeResults", tag = "Probes",
    request_body = ProbeResultsRequest, responses((status = 204, description = "It is on disk")))]
pub async fn submit(
    State(api): State<Api>,
    caller: ProbeCaller,
    fields: JsonFields,
) -> Result<StatusCode, ApiError> {
    let results: ProbeResultsRequest = fields.parsed()?;
    let (run, round) = (CheckRunId::parse(&results.run), results.round);
    let run = run.ok_or_else(|| ApiError::not_found("check"))?;
    let handed_in = results.into_handed_in().map_err(|index| {
        let pointer = format!("/looks/{index}");
        ApiError::invalid(vec![Fault::new(pointer, "has to have either an answer or a failure.")])
    })?;
    commands::hand_in_looks(&api.context, caller.probe(), &run, round, handed_in).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

fn refused(error: CommandError) -> ApiError {
    match error {
        CommandError::HandedIn(error) => {
            ApiError::invalid(vec![Fault::new(error.pointer(), format!("{error}."))])
        }
        CommandError::NotFound => {
            let detail = "This probe was not given this check. Nothing was saved.";
            ApiError::new(ProblemType::NotFound, detail)
        }
        CommandError::TooLate => {
            let detail = "This round is over, or its looks were handed in before. Nothing was saved.";
            ApiError::new(ProblemType::TooLate, detail)
        }
        other => other.into(),
    }
}
