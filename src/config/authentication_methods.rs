//! The ways in: sessions, second steps, an OpenID Connect provider, and the proxies that are believed.
#![allow(clippy::doc_markdown, rustdoc::bare_urls, reason = "clap shows these comments at a terminal")]

use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args};

use crate::domain::{network::Trusted, sign_in::session::SessionLimits};

use super::span;

/// Who may come in, and how.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Clone, Default, Args)]
pub struct AuthenticationArgs {
    /// How long a session lasts without use, such as 30m, 12h or 2d.
    #[arg(long, env = "UNSTALE_SESSION_IDLE", default_value = "12h", value_parser = session_span)]
    pub session_idle: Duration,
    /// How long a session lasts at the most, up to 90d.
    #[arg(long, env = "UNSTALE_SESSION_LIFE", default_value = "7d", value_parser = session_span)]
    pub session_life: Duration,
    /// People who sign in with a password need a second step. Those without one set it up at the next sign-in.
    #[arg(long, env = "UNSTALE_REQUIRE_TOTP", num_args = 0..=1, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub require_totp: bool,
    /// The OpenID Connect provider, exactly as it calls itself, such as https://login.example.com/realms/team
    #[arg(long, env = "UNSTALE_OIDC_ISSUER")]
    pub oidc_issuer: Option<String>,
    /// The client ID that the provider gave to Unstale.
    #[arg(long, env = "UNSTALE_OIDC_CLIENT_ID")]
    pub oidc_client_id: Option<String>,
    /// The client's secret; none for a public client.
    #[arg(long, env = "UNSTALE_OIDC_CLIENT_SECRET", hide_env_values = true)]
    pub oidc_client_secret: Option<String>,
    /// A file with the client's secret.
    #[arg(long, env = "UNSTALE_OIDC_CLIENT_SECRET_FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// What the button says behind "Continue with".
    #[arg(long, env = "UNSTALE_OIDC_NAME", default_value = "single sign-on")]
    pub oidc_name: String,
    /// What the provider is asked for; openid has to be in it.
    #[arg(long, env = "UNSTALE_OIDC_SCOPES", default_value = "openid email profile")]
    pub oidc_scopes: String,
    /// The claim that gives roles: a name, or a path such as realm_access.roles; read of providers and proxies.
    #[arg(long, env = "UNSTALE_OIDC_ROLE_CLAIM")]
    pub oidc_role_claim: Option<String>,
    /// Values that make an admin, separated by commas; the highest role that matches counts.
    #[arg(long, env = "UNSTALE_OIDC_ADMIN_VALUES", default_value = "")]
    pub oidc_admin_values: String,
    /// Values that make an operator.
    #[arg(long, env = "UNSTALE_OIDC_OPERATOR_VALUES", default_value = "")]
    pub oidc_operator_values: String,
    /// Values that make a viewer.
    #[arg(long, env = "UNSTALE_OIDC_VIEWER_VALUES", default_value = "")]
    pub oidc_viewer_values: String,
    /// The role of people who match no value: viewer, operator or admin. Unset, they are refused.
    #[arg(long, env = "UNSTALE_OIDC_DEFAULT_ROLE")]
    pub oidc_default_role: Option<String>,
    /// The claim that names the person's groups.
    #[arg(long, env = "UNSTALE_OIDC_GROUPS_CLAIM")]
    pub oidc_groups_claim: Option<String>,
    /// New people get an account at their first sign-in; false allows only people with an account.
    #[arg(long, env = "UNSTALE_OIDC_SIGN_UP", num_args = 0..=1, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub oidc_sign_up: bool,
    /// A verified e-mail address ties somebody to the local account that has it.
    #[arg(long, env = "UNSTALE_OIDC_LINK_BY_EMAIL", num_args = 0..=1, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub oidc_link_by_email: bool,
    /// Send people straight to the provider; /sign-in?stay=1 shows the page anyway.
    #[arg(long, env = "UNSTALE_OIDC_AUTO", num_args = 0..=1, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub oidc_auto: bool,
    /// The networks of the proxies that are believed, such as 10.0.0.0/16,192.0.2.7
    #[arg(long, env = "UNSTALE_TRUSTED_PROXIES", default_value = "", value_parser = Trusted::parse)]
    pub trusted_proxies: Trusted,
    /// The AWS load balancer that signs people in: its ARN.
    #[arg(long, env = "UNSTALE_ALB_ARN")]
    pub alb_arn: Option<String>,
    /// The issuer that the load balancer is set up with.
    #[arg(long, env = "UNSTALE_ALB_ISSUER")]
    pub alb_issuer: Option<String>,
    /// The client ID that the load balancer is set up with.
    #[arg(long, env = "UNSTALE_ALB_CLIENT_ID")]
    pub alb_client_id: Option<String>,
    /// Where the load balancer's keys are, if not at AWS's address of the region.
    #[arg(long, env = "UNSTALE_ALB_KEYS_URL")]
    pub alb_keys_url: Option<String>,
    /// The Cloudflare Access team, such as https://team.cloudflareaccess.com
    #[arg(long, env = "UNSTALE_ACCESS_TEAM")]
    pub access_team: Option<String>,
    /// The audience tag of the Access application.
    #[arg(long, env = "UNSTALE_ACCESS_AUDIENCE")]
    pub access_audience: Option<String>,
    /// The header in which another proxy names the person, such as X-Forwarded-User
    #[arg(long, env = "UNSTALE_PROXY_USER_HEADER")]
    pub proxy_user_header: Option<String>,
    /// The header in which it names their groups, separated by commas; roles follow from them.
    #[arg(long, env = "UNSTALE_PROXY_GROUPS_HEADER")]
    pub proxy_groups_header: Option<String>,
    /// What the proxy sends to prove that it is the proxy; at least 16 characters.
    #[arg(long, env = "UNSTALE_PROXY_SECRET", hide_env_values = true)]
    pub proxy_secret: Option<String>,
    /// A file with that.
    #[arg(long, env = "UNSTALE_PROXY_SECRET_FILE", value_name = "FILE")]
    pub proxy_secret_file: Option<PathBuf>,
    /// The header in which it sends that.
    #[arg(long, env = "UNSTALE_PROXY_SECRET_HEADER", default_value = "X-Unstale-Proxy-Secret")]
    pub proxy_secret_header: String,
}

/// `30m`, `12h` or `2d`, from a minute to 90 days.
fn session_span(text: &str) -> Result<Duration, String> {
    span::parse(text, Duration::from_mins(1)..=SessionLimits::LONGEST)
        .ok_or_else(|| "it must be a span such as 30m, 12h or 7d, up to 90d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_a_unit_and_bounds() {
        assert_eq!(session_span("30m"), Ok(Duration::from_mins(30)));
        assert_eq!(session_span("90d"), Ok(SessionLimits::LONGEST));
        for bad in ["", "30", "0m", "91d", "-1h", "1w", "99999999999999999999d", "é"] {
            assert!(session_span(bad).is_err(), "{bad}");
        }
    }
}
