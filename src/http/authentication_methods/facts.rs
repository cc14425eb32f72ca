//! The authentication methods as facts to read: for the settings page, and for the history when a start finds that
//! they have changed. For a secret they say only that it is set, never what it is.

use axum::http::HeaderName;

use crate::{
    domain::{access::Role, sign_in::claims::RoleRules},
    identity::{
        access::CloudflareAccessSettings, alb::AlbSettings, oidc::OidcSettings, user_header::UserHeader,
    },
};

use super::AuthenticationMethods;

/// One authentication method, or the settings that apply to all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticationMethod {
    pub name: &'static str,
    pub facts: Vec<Fact>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub name: &'static str,
    pub value: String,
    /// The name of the variable that sets it.
    pub variable: &'static str,
}

fn fact(name: &'static str, variable: &'static str, value: impl Into<String>) -> Fact {
    Fact { name, value: value.into(), variable }
}

fn or_none(value: Option<&str>, none: &str) -> String {
    value.unwrap_or(none).to_owned()
}

const fn yes(on: bool) -> &'static str {
    if on { "yes" } else { "no" }
}

const fn set(on: bool) -> &'static str {
    if on { "set" } else { "none" }
}

impl AuthenticationMethods {
    /// The facts of every authentication method that is on.
    #[must_use]
    pub fn facts(&self) -> Vec<AuthenticationMethod> {
        let mut authentication_methods =
            vec![AuthenticationMethod { name: "Local accounts", facts: self.local() }];
        if let Some(oidc) = &self.oidc {
            authentication_methods
                .push(AuthenticationMethod { name: "OpenID Connect", facts: oidc_facts(&oidc.settings) });
        }
        if let Some(alb) = &self.proxies.alb {
            authentication_methods
                .push(AuthenticationMethod { name: "AWS load balancer", facts: alb_facts(&alb.settings) });
        }
        if let Some(access) = &self.proxies.access {
            authentication_methods.push(AuthenticationMethod {
                name: "Cloudflare Access",
                facts: access_facts(&access.settings),
            });
        }
        if let Some(header) = &self.proxies.header {
            authentication_methods
                .push(AuthenticationMethod { name: "A proxy's header", facts: header_facts(header) });
        }
        if authentication_methods.len() > 1 {
            authentication_methods
                .push(AuthenticationMethod { name: "Who may sign in with them", facts: self.external() });
        }
        if !self.trusted.is_empty() {
            let networks = fact("Trusted networks", "UNSTALE_TRUSTED_PROXIES", self.trusted.to_string());
            authentication_methods.push(AuthenticationMethod { name: "Proxies", facts: vec![networks] });
        }
        authentication_methods
    }

    /// The same facts as one `VARIABLE=value` line each. Comparing the lines of two starts shows what has changed.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |fact: Fact| format!("{}={}", fact.variable, fact.value);
        self.facts().into_iter().flat_map(|way| way.facts).map(line).collect()
    }

    fn local(&self) -> Vec<Fact> {
        let span = |span: std::time::Duration| match span.as_secs() / 60 {
            minutes if minutes % 60 > 0 => format!("{minutes} minutes"),
            minutes if minutes % (24 * 60) > 0 || minutes < 48 * 60 => format!("{} hours", minutes / 60),
            minutes => format!("{} days", minutes / (24 * 60)),
        };
        let second = if self.require_second_step { "required" } else { "as each person likes" };
        vec![
            fact("Second step", "UNSTALE_REQUIRE_TOTP", second),
            fact("A session ends unused after", "UNSTALE_SESSION_IDLE", span(self.session.idle)),
            fact("and always after", "UNSTALE_SESSION_LIFE", span(self.session.life)),
        ]
    }

    fn external(&self) -> Vec<Fact> {
        let RoleRules { claim, admin, operator, viewer, default, groups_claim } = &self.external.roles;
        let default = default.map(Role::as_str);
        vec![
            fact(
                "Roles are read from",
                "UNSTALE_OIDC_ROLE_CLAIM",
                or_none(claim.as_deref(), "Settings › People"),
            ),
            fact("Admin", "UNSTALE_OIDC_ADMIN_VALUES", admin.join(", ")),
            fact("Operator", "UNSTALE_OIDC_OPERATOR_VALUES", operator.join(", ")),
            fact("Viewer", "UNSTALE_OIDC_VIEWER_VALUES", viewer.join(", ")),
            fact("Who matches no value", "UNSTALE_OIDC_DEFAULT_ROLE", or_none(default, "is refused")),
            fact(
                "Groups are read from",
                "UNSTALE_OIDC_GROUPS_CLAIM",
                or_none(groups_claim.as_deref(), "nowhere"),
            ),
            fact("New people get an account", "UNSTALE_OIDC_SIGN_UP", yes(self.external.sign_up)),
            fact(
                "A verified address links to its account",
                "UNSTALE_OIDC_LINK_BY_EMAIL",
                yes(self.external.link_by_email),
            ),
        ]
    }
}

fn oidc_facts(settings: &OidcSettings) -> Vec<Fact> {
    vec![
        fact("Issuer", "UNSTALE_OIDC_ISSUER", &settings.issuer),
        fact("Client ID", "UNSTALE_OIDC_CLIENT_ID", &settings.client_id),
        fact("Client secret", "UNSTALE_OIDC_CLIENT_SECRET", set(settings.client_secret.is_some())),
        fact("Scopes", "UNSTALE_OIDC_SCOPES", &settings.scopes),
        fact("The button says", "UNSTALE_OIDC_NAME", format!("Continue with {}", settings.name)),
        fact("People are sent there directly", "UNSTALE_OIDC_AUTO", yes(settings.auto)),
    ]
}

fn alb_facts(settings: &AlbSettings) -> Vec<Fact> {
    let keys = or_none(settings.keys_url.as_deref(), "AWS's address of the region");
    vec![
        fact("Load balancer", "UNSTALE_ALB_ARN", &settings.arn),
        fact("Issuer", "UNSTALE_ALB_ISSUER", &settings.issuer),
        fact(
            "Client ID",
            "UNSTALE_ALB_CLIENT_ID",
            or_none(settings.client_id.as_deref(), "any of the issuer"),
        ),
        fact("Keys", "UNSTALE_ALB_KEYS_URL", keys),
    ]
}

fn access_facts(settings: &CloudflareAccessSettings) -> Vec<Fact> {
    vec![
        fact("Team", "UNSTALE_ACCESS_TEAM", &settings.team),
        fact("Audience", "UNSTALE_ACCESS_AUDIENCE", &settings.audience),
    ]
}

fn header_facts(header: &UserHeader) -> Vec<Fact> {
    let groups = header.groups.as_ref().map(HeaderName::as_str);
    vec![
        fact("The person stands in", "UNSTALE_PROXY_USER_HEADER", header.user.as_str()),
        fact("Their groups stand in", "UNSTALE_PROXY_GROUPS_HEADER", or_none(groups, "no header")),
        fact("The secret comes in", "UNSTALE_PROXY_SECRET_HEADER", header.secret_header.as_str()),
        fact("The secret", "UNSTALE_PROXY_SECRET", set(true)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_told_as_set_and_no_more() {
        let header = UserHeader {
            user: HeaderName::from_static("x-user"),
            groups: None,
            secret_header: HeaderName::from_static("x-secret"),
            secret: "a long secret of the proxy".to_owned(),
        };
        let facts = header_facts(&header);
        assert!(facts.iter().all(|fact| !fact.value.contains("long secret")), "{facts:?}");
        assert_eq!(facts.last().map(|fact| fact.value.as_str()), Some("set"));
    }

    #[test]
    fn local_accounts_are_always_there() {
        let authentication_methods = AuthenticationMethods::default().facts();
        assert_eq!(authentication_methods.iter().map(|way| way.name).collect::<Vec<_>>(), ["Local accounts"]);
        assert_eq!(AuthenticationMethods::default().lines()[0], "UNSTALE_REQUIRE_TOTP=as each person likes");
    }
}
