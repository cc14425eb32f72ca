//! Sends traces to an OpenTelemetry collector, where the settings ask for it.

mod client;

use std::{collections::HashMap, time::Duration};

use opentelemetry::{global, trace::TracerProvider};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracer, SdkTracerProvider},
};
use url::Url;

use crate::{
    config::OtlpArgs,
    domain::{causes::with_causes, secret::authorization},
    identity::is_safe_address,
    outgoing, traces,
};

use super::given_secret;
use client::CollectorClient;

/// How long the collector may take for a batch of spans.
const WITHIN: Duration = Duration::from_secs(10);
/// How long the last spans may take at the end.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// Records traces until it is finished.
#[derive(Debug)]
pub struct TraceExport(SdkTracerProvider);

/// Where spans are sent, and with which headers. It has the token, so it has no `Debug`.
pub struct TraceCollector {
    endpoint: Url,
    headers: HashMap<String, String>,
}

impl OtlpArgs {
    /// Starts recording traces. `None` if there is no endpoint; `Err` in words if a setting is wrong.
    pub fn start(&self) -> Result<Option<TraceExport>, String> {
        let Some(TraceCollector { endpoint, headers }) = self.collector()? else { return Ok(None) };
        let client = outgoing::client()
            .map_err(|error| format!("UNSTALE_OTLP_ENDPOINT cannot be called: {}", with_causes(&error)))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(CollectorClient::new(client, WITHIN))
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint.as_str())
            .with_timeout(WITHIN)
            .with_headers(headers)
            .build()
            .map_err(|error| format!("UNSTALE_OTLP_ENDPOINT cannot be used: {}", with_causes(&error)))?;
        let resource = Resource::builder()
            .with_service_name(std::env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| "unstale".to_owned()))
            .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        global::set_tracer_provider(provider.clone());
        traces::record();
        Ok(Some(TraceExport(provider)))
    }

    /// What gets the spans. `None` if there is no endpoint; `Err` in words if a setting is wrong.
    pub fn collector(&self) -> Result<Option<TraceCollector>, String> {
        let endpoint = self.otlp_endpoint.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let Some(endpoint) = endpoint else { return Ok(None) };
        let endpoint = traces_of(endpoint)?;
        let headers = self.headers(&endpoint)?;
        Ok(Some(TraceCollector { endpoint, headers }))
    }

    fn headers(&self, endpoint: &Url) -> Result<HashMap<String, String>, String> {
        let file = self.otlp_token_file.as_deref();
        let token = given_secret::read("UNSTALE_OTLP_TOKEN", self.otlp_token.as_deref(), file)?;
        let Some(token) = token else { return Ok(HashMap::new()) };
        if !token.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err("UNSTALE_OTLP_TOKEN must be one line of visible ASCII, such as 3f9c… or Basic dXNl…"
                .to_owned());
        }
        if !is_safe_address(endpoint.as_str()) {
            return Err("UNSTALE_OTLP_TOKEN is sent by https only, or by http on this machine; \
                        UNSTALE_OTLP_ENDPOINT is neither"
                .to_owned());
        }
        Ok(HashMap::from([("authorization".to_owned(), authorization(&token))]))
    }
}

impl TraceExport {
    #[must_use]
    pub fn tracer(&self) -> SdkTracer {
        self.0.tracer("unstale")
    }

    /// Sends the spans that wait, and stops.
    pub async fn finish(self) {
        let finished = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST_SPANS)).await;
        if !matches!(finished, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be sent");
        }
    }
}

/// The address of traces below an endpoint (OTLP 1.9, "OTLP/HTTP Request").
fn traces_of(endpoint: &str) -> Result<Url, String> {
    let wrong = || {
        "UNSTALE_OTLP_ENDPOINT must be an http or https address such as http://127.0.0.1:4318, without a user's name, a \
         query or /v1/traces"
            .to_owned()
    };
    let mut url = Url::parse(endpoint).map_err(|_| wrong())?;
    let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let path = url.path().trim_end_matches('/').to_owned();
    if !matches!(url.scheme(), "http" | "https")
        || !is_bare
        || url.fragment().is_some()
        || path.ends_with("/v1/traces")
    {
        return Err(wrong());
    }
    url.set_path(&format!("{path}/v1/traces"));
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_go_below_the_endpoint() {
        let traces = |endpoint: &str| traces_of(endpoint).map(String::from);
        assert_eq!(traces("http://127.0.0.1:4318").as_deref(), Ok("http://127.0.0.1:4318/v1/traces"));
        assert_eq!(
            traces("https://otlp.example.com/api/").as_deref(),
            Ok("https://otlp.example.com/api/v1/traces")
        );
        for bad in [
            "127.0.0.1:4318",
            "grpc://127.0.0.1:4317",
            "http://me:word@127.0.0.1",
            "http://127.0.0.1/?key=word",
            "http://127.0.0.1:4318/v1/traces",
        ] {
            let refused = traces(bad).unwrap_err();
            assert!(refused.starts_with("UNSTALE_OTLP_ENDPOINT") && !refused.contains("word"), "{refused}");
        }
    }

    #[test]
    fn a_token_is_not_sent_in_the_clear() {
        let headers = |endpoint: &str, token: &str| {
            let args = OtlpArgs { otlp_token: Some(token.to_owned()), ..OtlpArgs::default() };
            args.headers(&Url::parse(endpoint).unwrap())
        };
        let sent = headers("https://otlp.example.com", "word").unwrap();
        assert_eq!(sent["authorization"], "Bearer word");
        assert_eq!(headers("http://127.0.0.1:4318", "Basic word").unwrap()["authorization"], "Basic word");
        assert!(headers("http://collector:4318", "").unwrap().is_empty());
        for (endpoint, token) in [("http://collector:4318", "word"), ("https://otlp.example.com", "wörd")] {
            let refused = headers(endpoint, token).unwrap_err();
            assert!(refused.starts_with("UNSTALE_OTLP_TOKEN") && !refused.contains(token), "{refused}");
        }
    }
}
