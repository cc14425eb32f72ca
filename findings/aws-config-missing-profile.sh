#!/bin/sh
# aws-config 1.13.0 (crates.io), the credential providers of the AWS SDK for Rust.
#
# AWS_PROFILE names a profile that is in no file. The first call says so as CredentialsNotLoaded, upon which a chain goes
# on to its next provider. Every later call of the same provider says instead, as Unhandled:
#     profile file credentials provider initialization error already taken
# without the profile's name, and upon Unhandled a chain ends: the next provider is not asked any more. So a chain that
# gave credentials at first (say, those of a container's role beside a stale AWS_PROFILE) gives none when they are renewed.
#
# Seen on 2026-11-28:
#     1: credentials of AKIDEXAMPLE
#     2: Unhandled: profile file credentials provider initialization error already taken
#
# It matters because credentials of roles are renewed hourly: what worked at the start breaks then, and the log does not
# say which profile is missing. Unstale builds the chain again (crates/cloudfront/src/provider.rs).
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
aws-config = { version = "=1.13.0", default-features = false, features = ["rt-tokio"] }
aws-credential-types = { version = "1", features = ["hardcoded-credentials"] }
aws-smithy-http-client = { version = "1.5", default-features = false, features = ["rustls-ring"] }
tokio = { version = "1", features = ["macros", "rt", "time"] }
TOML
cat > "$folder/src/main.rs" <<'RUST'
use aws_config::{meta::credentials::CredentialsProviderChain, profile::ProfileFileCredentialsProvider};
use aws_credential_types::{provider::{error::CredentialsError, ProvideCredentials}, Credentials};
use aws_config::provider_config::ProviderConfig;
use aws_smithy_http_client::{tls, Builder};
use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // Nothing is called with it; a provider is not built without one.
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let config = ProviderConfig::without_region().with_http_client(Builder::new().tls_provider(ring).build_https());
    let role = Credentials::new("AKIDEXAMPLE", "secret", None, None, "role");
    let profile = ProfileFileCredentialsProvider::builder().configure(&config).build();
    let chain = CredentialsProviderChain::first_try("Profile", profile).or_else("Role", role);
    for call in 1..=2 {
        match chain.provide_credentials().await {
            Ok(credentials) => println!("{call}: credentials of {}", credentials.access_key_id()),
            Err(error) => {
                let kind = if matches!(error, CredentialsError::Unhandled(_)) { "Unhandled" } else { "another" };
                println!("{call}: {kind}: {}", error.source().map(ToString::to_string).unwrap_or_default());
            }
        }
    }
}
RUST
printf '[profile other]\nregion = us-east-1\n' > "$folder/config"
: > "$folder/credentials"
cd "$folder"
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$folder/target}" cargo build --quiet
said=$(AWS_PROFILE=missing AWS_CONFIG_FILE="$folder/config" AWS_SHARED_CREDENTIALS_FILE="$folder/credentials" \
    AWS_EC2_METADATA_DISABLED=true "${CARGO_TARGET_DIR:-$folder/target}/debug/finding")
echo "$said"
echo "$said" | grep -q '^1: credentials of AKIDEXAMPLE$'
echo "$said" | grep -q '^2: Unhandled: profile file credentials provider initialization error already taken$'
