#!/usr/bin/env bash
# aws-smithy-http-client documents *.DOMAIN as an entry of a no-proxy list, and it covers nothing.
#
# Versions: aws-smithy-http-client 1.5.2, and hyper-util 0.1.21 (feature client-proxy), whose matcher it decides with.
# Run: the matcher is asked for hosts below entries in four forms. The documentation of `ProxyConfig::no_proxy` has
#   `.no_proxy("localhost,*.internal")` as its example.
# Seen:
#     internal         db.internal goes directly
#     .internal        db.internal goes directly
#     *.internal       db.internal goes through the proxy
#     db.internal:8443 db.internal:8443 goes through the proxy
#   An entry with a port, which Python and Go take, covers nothing either.
# Why it matters: whoever follows the example sends to the proxy what was to stay inside, and a NO_PROXY that works for
#   the AWS CLI may not work for a program that uses `ProxyConfig::from_env`. Unstale reads NO_PROXY itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset RUSTC_WORKSPACE_WRAPPER
export CARGO_TARGET_DIR=$folder/target
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[dependencies]
aws-smithy-http-client = { version = "=1.5.2", default-features = false }
http = "=1.5.0"
hyper-util = { version = "=0.1.21", features = ["client-proxy"] }
TOML
cat > "$folder/src/main.rs" <<'RUST'
use hyper_util::client::proxy::matcher::Matcher;

fn main() {
    for (entry, host) in [
        ("internal", "db.internal"),
        (".internal", "db.internal"),
        ("*.internal", "db.internal"),
        ("db.internal:8443", "db.internal:8443"),
    ] {
        let matcher = Matcher::builder().all("http://proxy.example:3128").no(entry).build();
        let uri: http::Uri = format!("https://{host}/").parse().unwrap();
        let way = if matcher.intercept(&uri).is_some() { "through the proxy" } else { "directly" };
        println!("{entry:<16} {host} goes {way}");
    }
}
RUST
cd "$folder"
cargo build --quiet || exit 2
# The example in the documentation of the version that is pinned.
sources=$(cargo metadata --format-version 1 | tr ',' '\n' | grep -o '"manifest_path":"[^"]*aws-smithy-http-client-1.5.2/Cargo.toml"' |
    cut -d'"' -f4 | head -1)
grep -F '.no_proxy("localhost,*.internal")' "$(dirname "$sources")/src/client/proxy.rs" || exit 1
seen=$("$folder/target/debug/finding")
echo "$seen"
diff <(echo "$seen") - <<'WANTED' || exit 1
internal         db.internal goes directly
.internal        db.internal goes directly
*.internal       db.internal goes through the proxy
db.internal:8443 db.internal:8443 goes through the proxy
WANTED
