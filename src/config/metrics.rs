//! Where metrics are served, and to whom.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

/// Metrics for Prometheus. Without an address and a token there are none.
#[derive(Debug, Clone, Default, Args)]
pub struct MetricsArgs {
    /// An address for /metrics alone, such as 127.0.0.1:9464. Everyone who reaches it can read them, unless there is a token.
    #[arg(long, env = "UNSTALE_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,
    /// The token that a reader of /metrics sends, of 16 characters or more. With it they are served beside the pages too.
    #[arg(long, env = "UNSTALE_METRICS_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// A file with that token.
    #[arg(long, env = "UNSTALE_METRICS_TOKEN_FILE", value_name = "FILE")]
    pub metrics_token_file: Option<PathBuf>,
}
