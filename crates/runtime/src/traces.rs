//! Traces: one from the request to its completion. Nothing is recorded, and nothing costs, unless [`record`] was called.
//!
//! Within a process, spans belong to each other by [`tracing`]. From the request to the workers the way leads through the
//! database, which keeps a [`TraceParent`], so that a trace outlasts a restart.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, SystemTime},
};

use opentelemetry::{
    Context, KeyValue, SpanId, TraceFlags, TraceId, global,
    trace::{Link, Span as _, SpanContext, SpanKind, TraceContextExt, TraceState, Tracer, TracerProvider},
};
use tracing::{Span, field::Empty, trace_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use unstale_domain::{time::Timestamp, trace_parent::TraceParent};

/// The target of all spans here. What records traces takes this target alone, and logs leave it out.
pub const TARGET: &str = "unstale::traces";

static ARE_RECORDED: AtomicBool = AtomicBool::new(false);

/// Lets spans be recorded from now on. The caller has set the global tracer provider of OpenTelemetry, and a layer that
/// hands spans of [`TARGET`] to it.
pub fn record() {
    ARE_RECORDED.store(true, Ordering::Relaxed);
}

/// Whether anybody wants traces.
#[must_use]
pub fn are_recorded() -> bool {
    ARE_RECORDED.load(Ordering::Relaxed)
}

/// A request that is answered. `route` is the pattern of the path, such as `/invalidations/{id}`. `sent` is the trace that
/// the client says it belongs to.
#[must_use]
pub fn request(method: &str, route: &str, id: &str, sent: Option<&TraceParent>) -> Span {
    let span = trace_span!(
        target: TARGET, "request", otel.name = format!("{method} {route}"), otel.kind = "server",
        http.request.method = method, http.route = route, http.response.status_code = Empty,
        otel.status_code = Empty, unstale.request_id = id
    );
    if let Some(sent) = sent {
        // It fails only where nothing is recorded.
        let _ = span.set_parent(Context::new().with_remote_span_context(context_of(sent)));
    }
    span
}

/// Notes how a request was answered.
pub fn answered(span: &Span, status: u16) {
    // The layer writes an unsigned number as text.
    span.record("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// Where what a span asks for goes on. `None` if the span is not recorded.
#[must_use]
pub fn parent_of(span: &Span) -> Option<TraceParent> {
    if !are_recorded() {
        return None;
    }
    let context = span.context();
    let context = context.span().span_context().clone();
    let flags = context.trace_flags().to_u8();
    let text = format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id());
    TraceParent::parse(&text).filter(TraceParent::is_sampled)
}

/// A batch that is sent, for the requests with these parents. It is in the trace of the first, and linked to the others.
/// Nothing is recorded without a parent.
#[must_use]
pub fn sending(parents: &[TraceParent], batch: &str, distribution: &str, items: usize) -> Span {
    let Some((first, others)) = parents.split_first() else { return Span::none() };
    let span = trace_span!(
        target: TARGET, "send batch", unstale.batch = batch, unstale.distribution = distribution,
        unstale.items = i64::try_from(items).unwrap_or(i64::MAX)
    );
    let _ = span.set_parent(Context::new().with_remote_span_context(context_of(first)));
    for other in others {
        span.add_link(context_of(other));
    }
    span
}

/// A call of AWS. Nothing is recorded outside a recorded span: most calls look for news and belong to no request.
#[must_use]
pub fn aws_call(service: &str, operation: &str) -> Span {
    if parent_of(&Span::current()).is_none() {
        return Span::none();
    }
    trace_span!(
        target: TARGET, "aws call", otel.name = format!("{service} {operation}"), otel.kind = "client",
        rpc.system.name = "aws-api", rpc.method = format!("{service}/{operation}"), "error.type" = Empty,
        otel.status_code = Empty
    )
}

/// Notes that a call did not succeed, and what kind of problem there is.
pub fn failed(span: &Span, kind: &str) {
    span.record("error.type", kind);
    span.record("otel.status_code", "ERROR");
}

/// The time in which CloudFront completed a batch, for the requests with these parents.
pub fn completed(parents: &[TraceParent], cloudfront_id: &str, from: Timestamp, until: Timestamp) {
    let Some((first, others)) = parents.split_first() else { return };
    let tracer = global::tracer_provider().tracer("unstale");
    let links = others.iter().map(|other| Link::with_context(context_of(other))).collect();
    let span = tracer
        .span_builder("CloudFront completes")
        .with_kind(SpanKind::Internal)
        .with_start_time(system_time(from))
        .with_attributes([KeyValue::new("unstale.cloudfront_id", cloudfront_id.to_owned())])
        .with_links(links);
    let parent = Context::new().with_remote_span_context(context_of(first));
    span.start_with_context(&tracer, &parent).end_with_timestamp(system_time(until));
}

fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(at.as_micros().try_into().unwrap_or_default())
}

fn context_of(parent: &TraceParent) -> SpanContext {
    SpanContext::new(
        TraceId::from_hex(parent.trace()).unwrap_or(TraceId::INVALID),
        SpanId::from_hex(parent.span()).unwrap_or(SpanId::INVALID),
        if parent.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED },
        true,
        TraceState::NONE,
    )
}
