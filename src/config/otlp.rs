//! Where traces are sent.

use std::path::PathBuf;

use clap::Args;

/// Traces for OpenTelemetry. Without an endpoint there are none.
#[derive(Debug, Clone, Default, Args)]
pub struct OtlpArgs {
    /// The address of an OpenTelemetry collector that takes OTLP over HTTP, such as http://127.0.0.1:4318; traces are sent to
    /// /v1/traces there.
    #[arg(long, env = "UNSTALE_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
    /// What the collector gets in its Authorization header: a token, or a scheme and a token. Only with https, or http on
    /// this machine.
    #[arg(long, env = "UNSTALE_OTLP_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub otlp_token: Option<String>,
    /// A file with that token.
    #[arg(long, env = "UNSTALE_OTLP_TOKEN_FILE", value_name = "FILE")]
    pub otlp_token_file: Option<PathBuf>,
}
