//! How the service is told what to do: flags and their environment twins, checked at the start.
#![allow(clippy::doc_markdown, rustdoc::bare_urls, reason = "clap shows these comments at a terminal")]

mod authentication_methods;
mod backup;
mod metrics;
mod notifications;
mod otlp;
mod span;

pub use authentication_methods::AuthenticationArgs;
pub use backup::BackupScheduleArgs;
pub use metrics::MetricsArgs;
pub use notifications::NotificationArgs;
pub use otlp::OtlpArgs;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgAction, Args, ValueEnum};
use url::Url;

use crate::edge::Place;

use crate::domain::{
    audit::{head::PublicKey, segment::DAYS_MIN},
    invalidations::{
        batching::{CLOUDFRONT, Limits},
        quotas::DAILY_ITEMS,
        ticket::{self, TicketError, Tickets},
    },
};

/// Where the database is: every command that needs it takes this.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// The database: sqlite://FILE, or postgres://USER@HOST/NAME where several replicas run.
    #[arg(long, env = "UNSTALE_DATABASE", default_value = "sqlite://unstale.db", hide_env_values = true)]
    pub database: String,
}

/// What `unstale serve` takes.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// The address to listen on; port 0 takes any free one, and the log says which.
    #[arg(long, env = "UNSTALE_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The address that people type, such as https://unstale.example.com. With https, cookies are bound to it.
    #[arg(long, env = "UNSTALE_PUBLIC_URL", value_parser = public_url)]
    pub public_url: Option<String>,
    /// Requests a second that one client may make, and four times as many at once; 0 for no limit.
    #[arg(long, env = "UNSTALE_REQUEST_RATE", default_value_t = 50)]
    pub request_rate: u32,
    /// Items that one person or token may request in 24 hours; 0 for no limit.
    #[arg(long, env = "UNSTALE_DAILY_ITEMS", default_value_t = DAILY_ITEMS)]
    pub daily_items: u64,
    #[command(flatten)]
    pub authentication_methods: AuthenticationArgs,
    #[command(flatten)]
    pub pace: PaceArgs,
    /// Ask CloudTrail who made invalidations outside Unstale; needs the permission cloudtrail:LookupEvents.
    #[arg(long, env = "UNSTALE_CLOUDTRAIL", num_args = 0..=1, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub cloudtrail: bool,
    /// Ask CloudWatch each hour how much viewers ask for, so that a wide request says what it means for the origin: on or
    /// off. Needs the permission cloudwatch:GetMetricData; AWS bills about 0.015 USD a month for each distribution.
    #[arg(long, env = "UNSTALE_CLOUDWATCH", default_value = "on", value_name = "on|off")]
    pub cloudwatch: Switch,
    #[command(flatten)]
    pub audit: AuditSettingsArgs,
    #[command(flatten)]
    pub backup: BackupScheduleArgs,
    #[command(flatten)]
    pub metrics: MetricsArgs,
    #[command(flatten)]
    pub otlp: OtlpArgs,
    #[command(flatten)]
    pub tickets: TicketArgs,
    #[command(flatten)]
    pub checks: ChecksArgs,
    #[command(flatten)]
    pub secrets: SecretsArgs,
    #[command(flatten)]
    pub notifications: NotificationArgs,
    #[command(flatten)]
    pub log: LogArgs,
}

/// How hard CloudFront is used.
#[derive(Debug, Clone, Copy, Args)]
pub struct PaceArgs {
    /// CreateInvalidation calls a second, for each AWS account.
    #[arg(long, env = "UNSTALE_CREATE_RATE", default_value_t = 0.5, value_parser = rate)]
    pub create_rate: f64,
    /// CreateInvalidation calls at once after a rest, for each AWS account.
    #[arg(long, env = "UNSTALE_CREATE_BURST", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub create_burst: u32,
    /// Wildcards that Unstale may have in progress for each distribution, of the 15 that CloudFront allows.
    #[arg(long, env = "UNSTALE_WILDCARDS", default_value_t = 13, value_parser = clap::value_parser!(u32).range(1..=15))]
    pub wildcards: u32,
    /// Paths and tags that Unstale may have in progress for each distribution, of the 3,000 that CloudFront allows.
    #[arg(long, env = "UNSTALE_PATHS", default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(1..=3_000))]
    pub paths: u32,
}

/// How tickets in reasons become links.
#[derive(Debug, Clone, Default, Args)]
pub struct TicketArgs {
    /// What a ticket in a reason looks like, as a regular expression such as #([0-9]+). Its first group, where it has
    /// one, goes into the address. Without it: words such as WEB-412.
    #[arg(long, env = "UNSTALE_TICKET_PATTERN", requires = "ticket_url", value_name = "PATTERN")]
    pub ticket_pattern: Option<String>,
    /// Where a ticket leads, with {} for the ticket, such as https://jira.example.com/browse/{}
    #[arg(long, env = "UNSTALE_TICKET_URL", value_name = "URL")]
    pub ticket_url: Option<String>,
}

impl TicketArgs {
    /// Checked, or a sentence that names the variable.
    pub fn tickets(&self) -> Result<Option<Tickets>, String> {
        let Some(address) = &self.ticket_url else { return Ok(None) };
        let pattern = self.ticket_pattern.as_deref().unwrap_or(ticket::USUAL);
        Tickets::new(pattern, address).map(Some).map_err(|error| {
            let variable = match error {
                TicketError::Pattern(_) => "UNSTALE_TICKET_PATTERN",
                TicketError::Address => "UNSTALE_TICKET_URL",
            };
            format!("{variable} {error}")
        })
    }
}

/// Whether and where the service looks at what viewers get.
#[derive(Debug, Clone, Args)]
pub struct ChecksArgs {
    /// Look at the invalidated URLs before and after, and say whether viewers get the new version: on or off.
    #[arg(long, env = "UNSTALE_CHECKS", default_value = "on", value_name = "on|off")]
    pub checks: Switch,
    /// The one address to look at in place of what DNS says, such as http://127.0.0.1:4601: a stand-in, or one edge.
    /// With https:// it is asked over TLS.
    #[arg(long, env = "UNSTALE_EDGE", value_name = "URL", value_parser = Place::parse)]
    pub edge: Option<Place>,
}

/// How secrets are kept that have to be read again, such as the API key that a check sends.
#[derive(Debug, Clone, Default, Args)]
pub struct SecretsArgs {
    /// A file with the key that secrets in the settings are encrypted with: 32 bytes in base64, as
    /// `openssl rand -base64 32` writes them, readable by its owner only. Without it such secrets are refused.
    #[arg(long, env = "UNSTALE_SECRETS_KEY_FILE", value_name = "FILE")]
    pub secrets_key_file: Option<PathBuf>,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

/// How the history is sealed.
#[derive(Debug, Clone, Default, Args)]
pub struct AuditSettingsArgs {
    /// The file of the key that the history's heads are signed with; it is made where it is missing. Without a name it
    /// is unstale.audit-key beside the database. Keep it where those who can change the database cannot read it.
    #[arg(long, env = "UNSTALE_AUDIT_KEY", value_name = "FILE")]
    pub audit_key: Option<PathBuf>,
    /// The public half of a key that was used before this one, as 64 hexadecimal digits; several with commas between.
    /// What was dropped from the history under it counts.
    #[arg(long, env = "UNSTALE_AUDIT_EARLIER_KEYS", value_name = "KEY", value_delimiter = ',',
        value_parser = PublicKey::parse)]
    pub audit_earlier_keys: Vec<PublicKey>,
    /// A file that gets each signed head as a line, best on another machine's disk. The log has them too.
    #[arg(long, env = "UNSTALE_AUDIT_HEADS", value_name = "FILE")]
    pub audit_heads: Option<PathBuf>,
    /// An address that gets each signed head as JSON by POST, again until it is taken. Only https, or http on this
    /// machine.
    #[arg(long, env = "UNSTALE_AUDIT_WEBHOOK", value_name = "URL", hide_env_values = true)]
    pub audit_webhook: Option<String>,
    /// What the webhook gets in its Authorization header: a token, or a scheme and a token.
    #[arg(
        long,
        env = "UNSTALE_AUDIT_WEBHOOK_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        requires = "audit_webhook"
    )]
    pub audit_webhook_token: Option<String>,
    /// A file with that token.
    #[arg(long, env = "UNSTALE_AUDIT_WEBHOOK_TOKEN_FILE", value_name = "FILE", requires = "audit_webhook")]
    pub audit_webhook_token_file: Option<PathBuf>,
    /// Drop events of the history after so many days, 400 at least, once they are in a file of the folder that
    /// --audit-archive names. Without it they are kept for ever.
    #[arg(long, env = "UNSTALE_AUDIT_DAYS", requires = "audit_archive", value_name = "DAYS",
        value_parser = clap::value_parser!(u32).range(i64::from(DAYS_MIN)..=36_500))]
    pub audit_days: Option<u32>,
    /// The folder that old events are exported to before they are dropped.
    #[arg(long, env = "UNSTALE_AUDIT_ARCHIVE", requires = "audit_days", value_name = "FOLDER")]
    pub audit_archive: Option<PathBuf>,
}

impl AuditSettingsArgs {
    /// Where the key is.
    #[must_use]
    pub fn key_file(&self, database: Option<&Path>) -> PathBuf {
        let beside =
            || database.map_or_else(|| PathBuf::from("unstale"), Path::to_owned).with_extension("audit-key");
        self.audit_key.clone().unwrap_or_else(beside)
    }
}

/// What the log says, and how.
#[derive(Debug, Clone, Args)]
pub struct LogArgs {
    /// What is logged: a level, or a filter such as info,unstale::worker=debug.
    #[arg(long = "log", env = "UNSTALE_LOG", default_value = "info")]
    pub filter: String,
    /// One line of text, or one JSON object, for each event.
    #[arg(long = "log-format", env = "UNSTALE_LOG_FORMAT", default_value = "text")]
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

impl PaceArgs {
    #[must_use]
    pub fn limits(self) -> Limits {
        Limits {
            paths: (self.paths as usize).min(CLOUDFRONT.paths),
            wildcards: (self.wildcards as usize).min(CLOUDFRONT.wildcards),
        }
    }
}

/// How long a request may take before it is answered with an error.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "it must be a number such as 0.5".to_owned())?;
    if (0.001..=10_000.0).contains(&rate) {
        Ok(rate)
    } else {
        Err("it must lie between 0.001 and 10000".to_owned())
    }
}

/// Scheme, host and port only: what a browser sends as `Origin`.
fn public_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("it must be a URL: {error}"))?;
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let is_open = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !bare || !is_open {
        return Err("it must be http:// or https:// with a host, and no path, name or password".to_owned());
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_an_origin() {
        assert_eq!(public_url("https://u.example.com/").as_deref(), Ok("https://u.example.com"));
        assert_eq!(public_url("http://127.0.0.1:8080").as_deref(), Ok("http://127.0.0.1:8080"));
        for bad in [
            "u.example.com",
            "http://me:word@u.example.com",
            "ftp://u.example.com",
            "https://u.example.com/path",
            "",
        ] {
            assert!(public_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rate_is_above_zero() {
        assert_eq!(rate("0.5"), Ok(0.5));
        for bad in ["0", "-1", "NaN", "inf", "often"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }
}
