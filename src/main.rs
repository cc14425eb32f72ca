//! Parses, runs, and ends with the command's exit code.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    unstale::cli::run().await
}
