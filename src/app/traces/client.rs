//! The way of spans to the collector: the HTTP client of all servers that are not AWS, with its proxies and certificates.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use http_body_util::{BodyExt, Full, Limited};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::{runtime::Handle, time::timeout};

use crate::{domain::causes::with_causes, outgoing::OutgoingClient};

/// More of an answer is not read.
const ANSWER_MAX: usize = 64 * 1024;

/// Sends spans from the exporter's own thread, on the runtime of the service.
#[derive(Debug)]
pub(super) struct CollectorClient {
    client: OutgoingClient,
    within: Duration,
    runtime: Handle,
    /// Whether the last spans did not arrive. It is logged once.
    is_failing: AtomicBool,
}

impl CollectorClient {
    /// Must be called on the runtime.
    pub(super) fn new(client: OutgoingClient, within: Duration) -> Self {
        Self { client, within, runtime: Handle::current(), is_failing: AtomicBool::default() }
    }

    fn note(&self, problem: Option<&str>) {
        let was_failing = self.is_failing.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(problem) if !was_failing => {
                tracing::warn!(problem, "traces cannot be sent; those that wait too long are dropped");
            }
            None if was_failing => tracing::info!("traces are sent again"),
            _ => {}
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for CollectorClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sending = send(self.client.clone(), request);
        let within = self.within;
        let sent = self.runtime.spawn(async move { timeout(within, sending).await }).await;
        let sent = match sent {
            Ok(Ok(sent)) => sent,
            Ok(Err(_)) => Err("the collector did not answer in time".into()),
            Err(error) => Err(error.into()),
        };
        match &sent {
            Ok(answer) if answer.status().is_success() => self.note(None),
            Ok(answer) => {
                self.note(Some(&format!("the collector answered with status {}", answer.status().as_u16())));
            }
            Err(error) => self.note(Some(&with_causes(error.as_ref()))),
        }
        sent
    }
}

async fn send(client: OutgoingClient, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let answer = client.request(request.map(Full::new)).await?;
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, ANSWER_MAX).collect().await?.to_bytes();
    Ok(Response::from_parts(parts, body))
}
