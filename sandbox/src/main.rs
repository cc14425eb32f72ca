//! Owns the command line of the sandbox.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use cloudfront_sandbox::{Clock, Config, Sandbox};
use jiff::SignedDuration;
use tokio::signal::unix::{SignalKind, signal};

/// A stand-in for Amazon CloudFront: its API, and an edge that really caches a folder.
#[derive(Parser)]
#[command(version, after_long_help = STEERING)]
struct Arguments {
    /// Where the API listens: what `AWS_ENDPOINT_URL_CLOUDFRONT` points to. Port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4600")]
    api: SocketAddr,

    /// Where the edge listens: what viewers load sites from. Port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4601")]
    edge: SocketAddr,

    /// Where the edge listens for HTTPS. GET /_sandbox/authority, at the API's address, has the authority to believe
    #[arg(long, value_name = "ADDRESS")]
    edge_tls: Option<SocketAddr>,

    /// The folder with one origin folder for each distribution. Made and filled where it is missing
    #[arg(long, value_name = "DIR")]
    origin: PathBuf,

    /// How long an invalidation stays InProgress, such as 20s or 250ms
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration)]
    complete_after: Duration,

    /// Keep invalidations and calls in this file, and begin with what it has
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,

    /// Let time stand still until POST /_sandbox/clock moves it
    #[arg(long)]
    manual_clock: bool,
}

const STEERING: &str = "\
Use it:
  export AWS_ENDPOINT_URL_CLOUDFRONT=http://127.0.0.1:4600 AWS_DEFAULT_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=anything AWS_SECRET_ACCESS_KEY=anything
  aws cloudfront list-distributions
  aws cloudfront create-invalidation --distribution-id E2QWRUHAPOMQZL --paths '/*'
  curl -i http://d12345678.localhost:4601/          (or any other host name: the first distribution answers)
  curl -i -H 'Host: shop.example.com' -H 'X-Forwarded-Proto: https' http://127.0.0.1:4601/     (as if by HTTPS)
  curl -i -H 'Host: d3k9shopfront1.fra50-c1.cloudfront.net' http://127.0.0.1:4601/             (at another edge location)
  curl -i -H 'Host: shop.example.com' -H 'X-Resolved-Name: d3k9shopfront1.fra50-c1.cloudfront.net' http://127.0.0.1:4601/
                                    (the same, as a client says that connects to this address in place of that name's)
Edge locations, each with a cache of its own: IAD89-C1 SFO53-C1 GRU1-C2 FRA50-C1 BOM52-C1 SIN2-P6 NRT20-P2 SYD1-C1
DXB52-P1, and SBX50-P1, which answers for all other names.
  curl -i -H 'Host: shop.s3.us-east-1.amazonaws.com' http://127.0.0.1:4601/shop.css     (past CloudFront, to the origin)
Access keys that begin with AKIAEXPIRED, AKIAINVALID or AKIADENIED fare as their names say.

Origins: each distribution serves DIR/<its folder>. _headers.json at the top of such a folder names the headers of its
files: {\"styles.css\": {\"cache-control\": \"max-age=60\"}, \"*\": {\"x-amz-meta-cache-tag\": \"all\"}}

Steer it, at the API's address, in JSON:
  GET POST DELETE /_sandbox/faults         rules, the first that matches wins: [{\"operation\": \"CreateInvalidation\" or \"*\",
                                           \"kind\": KIND, \"distribution\", \"times\", \"probability\", \"seed\", \"for_ms\",
                                           \"delay_ms\", \"status\", \"code\", \"message\"}]
      KIND, nothing done:  throttle server_error expired access_denied hang reset proxy bare
                           refuse (with status, code and message)
      KIND, act done:      slow (delay_ms before it) lost empty malformed truncated unknown_status padded_status
                           utf16 gzip page
  GET POST DELETE /_sandbox/edge           rules for viewers, the first that matches wins: [{\"answer\": ANSWER,
                                           \"distribution\", \"path\" (* stands for any letters; with a ? it takes in the
                                           query string), \"host\", \"method\", \"request_header\" (\"name: value\"),
                                           \"times\", \"for_ms\", \"status\",
                                           \"headers\": {NAME: VALUE or null to take it away}, \"body\", \"delay_ms\",
                                           \"date_offset\" (seconds), \"front\": varnish or nginx (a second cache before
                                           CloudFront), \"ignores_invalidations\"}]
      ANSWER, as usual:    usual (the default: with the headers and delays given) truncate
      ANSWER of the edge:  fixed (with status, headers and body) waf_block geo_block bad_request missing_key invalid_key
                           signature_refused method_refused redirect_to_https limit_exceeded unavailable
      ANSWER of edge code: function_response lambda_response (with status, headers and body) function_error
                           lambda_error lambda_invalid lambda_limit
      ANSWER of the origin, where the cache has nothing fresh; it is cached, an error for 10 s:
                           origin (with status, headers and body) s3_access_denied s3_no_such_key; and, served as
                           RefreshHit from an expired copy if there is one, origin_unreachable origin_unresolved
                           origin_closed origin_timeout, or origin with a status from 500 on
      no ANSWER:           hang reset close
  GET POST        /_sandbox/settings       same_reference (earlier, already_exists, invalid_argument),
                                           conflicting_reference (already_exists, invalid_argument),
                                           forget_references_after_ms, complete_after_ms, item_limit, reachable,
                                           refuse_paths_with (a text: paths that contain it are refused)
  GET DELETE      /_sandbox/calls?after=N  what was called and how it ended
  GET DELETE      /_sandbox/views?after=N  what viewers asked the edge for, with their headers, and how it was answered
  GET POST        /_sandbox/distributions  add, change by id, or remove with {\"id\": ID, \"delete\": true}. The edge obeys:
                                           enabled, aliases, default_root_object, query_strings, key_headers, min_ttl,
                                           encodings (gzip), cache_tag_header, folder, origin_kind (s3, website, custom), origin_path,
                                           bucket_policy (read, read_and_list, deny), error_pages [{error_code,
                                           response_page_path, response_code, error_caching_min_ttl}], allowed_methods,
                                           viewer_protocol_policy, geo_restriction (none, {\"blacklist\": [..]},
                                           {\"whitelist\": [..]}; viewers are in the US), trusted_keys (key IDs; any
                                           Signature counts), cors {origins, by: policy or origin}; at the host of the
                                           origin: origin_domain, origin_access (oac, oai, unsigned). The bucket obeys,
                                           when a role asks for it: role_policy (as bucket_policy), listing_page.
                                           continuous_deployment {id, enabled, staging_domains, traffic: {\"header\":
                                           {name, value}} or {\"weight\": \"0.05\"}}: requests with that header get
                                           the distribution with staging: true and that domain, which has a cache of
                                           its own and no host; by weight nobody gets it, as when CloudFront is busy.
                                           Only shown: functions [{event_type, arn}], cache_policy, web_acl, log_bucket,
                                           status and others. By HTTPS (--edge-tls) an alias below example.com gets a
                                           certificate that fits, all other names get that of *.cloudfront.net, and
                                           client_certificates (required or optional) is obeyed
  GET             /_sandbox/authority      what signed the certificates of the edge
  GET POST        /_sandbox/clock          {\"advance_ms\": N}, with --manual-clock";

fn duration(text: &str) -> Result<Duration, String> {
    let parsed: SignedDuration = text.parse().map_err(|error| format!("{error}"))?;
    Duration::try_from(parsed).map_err(|error| error.to_string())
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let clock = if arguments.manual_clock { Clock::manual(Clock::system().now()) } else { Clock::system() };
    let sandbox = Sandbox::start(Config {
        api: arguments.api,
        edge: arguments.edge,
        edge_tls: arguments.edge_tls,
        complete_after: arguments.complete_after,
        clock,
        journal: arguments.journal,
        ..Config::new(arguments.origin)
    })
    .await?;
    // It serves as well where nobody reads the addresses.
    let _ = write!(io::stdout(), "api {}\nedge {}\n", sandbox.api_url(), sandbox.edge_url());
    if let Some(edge_tls) = sandbox.edge_tls_url() {
        let _ = writeln!(io::stdout(), "edge-tls {edge_tls}");
    }
    ended().await?;
    sandbox.stop().await;
    Ok(())
}

/// Waits for ctrl-c or SIGTERM.
async fn ended() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
