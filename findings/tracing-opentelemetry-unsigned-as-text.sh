#!/bin/sh
# tracing-opentelemetry 0.34.0 with opentelemetry_sdk 0.33.1 and tracing 0.1.44 (crates.io).
#
# A field of a span with an unsigned number becomes an attribute of type string; the same number as i64 becomes an int.
# OpenTelemetry has no unsigned integers, and the layer leaves them to the fallback that formats a value as text, also
# where they would fit (u16, u32, usize).
#
# Seen on 2026-11-30:
#     http.response.status_code u16: String(Owned("503"))
#     http.response.status_code i64: I64(503)
#
# It matters because the semantic conventions define http.response.status_code and other counts as int. A status code is a
# u16 in the http crate, so the plain way of recording one gives text, and a query such as "status code >= 500" finds no
# span, without an error anywhere.
#
# Exits 0 while it is so. Needs cargo. Nothing is called over the network but the registry of crates.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
opentelemetry = { version = "=0.33.1", default-features = false, features = ["trace"] }
opentelemetry_sdk = { version = "=0.33.1", default-features = false, features = ["testing", "trace"] }
tracing = "=0.1.44"
tracing-opentelemetry = { version = "=0.34.0", default-features = false }
tracing-subscriber = { version = "0.3", default-features = false, features = ["registry", "std"] }
TOML
cat > "$folder/src/main.rs" <<'RUST'
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing_subscriber::layer::SubscriberExt;

fn main() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("finding"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let status: u16 = 503;
        drop(tracing::info_span!("u16", http.response.status_code = status));
        drop(tracing::info_span!("i64", http.response.status_code = i64::from(status)));
    });
    for span in exporter.get_finished_spans().unwrap() {
        for attribute in span.attributes.iter().filter(|each| each.key.as_str().starts_with("http.")) {
            println!("{} {}: {:?}", attribute.key, span.name, attribute.value);
        }
    }
}
RUST
cd "$folder"
CARGO_TARGET_DIR="$folder/target" cargo build --quiet
seen=$("$folder/target/debug/finding")
echo "$seen"
[ "$seen" = 'http.response.status_code u16: String(Owned("503"))
http.response.status_code i64: I64(503)' ]
