//! Turns the settings into authentication methods, or names the variable that is missing or wrong.

use std::sync::Arc;

use crate::{
    commands::ExternalRules,
    config::AuthenticationArgs,
    domain::{
        access::Role,
        sign_in::{claims::RoleRules, session::SessionLimits},
    },
    http::authentication_methods::AuthenticationMethods,
    identity::{
        Http,
        access::{CloudflareAccess, CloudflareAccessSettings},
        alb::{Alb, AlbSettings},
        is_safe_address,
        oidc::{Oidc, OidcSettings},
        proxy::IdentityProxies,
        user_header::UserHeader,
    },
};

use super::given_secret;

impl AuthenticationArgs {
    /// Builds the authentication methods. `Err` names the variable that is missing or wrong, for a person.
    pub fn authentication_methods(&self, public_url: Option<&str>) -> Result<AuthenticationMethods, String> {
        let proxies = self.proxies()?;
        if !proxies.is_empty() && self.trusted_proxies.is_empty() {
            return Err("UNSTALE_TRUSTED_PROXIES is missing: name the networks of the proxy that signs people in, such as 10.0.0.0/16".to_owned());
        }
        Ok(AuthenticationMethods {
            session: SessionLimits { idle: self.session_idle, life: self.session_life },
            require_second_step: self.require_totp,
            trusted: self.trusted_proxies.clone(),
            oidc: self.oidc(public_url)?.map(Arc::new),
            proxies: Arc::new(proxies),
            external: ExternalRules {
                sign_up: self.oidc_sign_up,
                link_by_email: self.oidc_link_by_email,
                roles: self.roles()?,
            },
        })
    }

    fn oidc(&self, public_url: Option<&str>) -> Result<Option<Oidc>, String> {
        let (issuer, client) = (given(self.oidc_issuer.as_ref()), given(self.oidc_client_id.as_ref()));
        let client_secret = self.client_secret()?;
        let (issuer, client_id) = match (issuer, client) {
            // Settings that only matter with a provider mean that one was intended: its missing issuer is an error
            // then.
            (None, None) if client_secret.is_none() && !self.oidc_auto => return Ok(None),
            (Some(issuer), Some(client)) => (issuer, client),
            (None, _) => {
                return Err("UNSTALE_OIDC_ISSUER is missing: set it with UNSTALE_OIDC_CLIENT_ID, such as https://login.example.com".to_owned());
            }
            (Some(_), None) => {
                return Err("UNSTALE_OIDC_CLIENT_ID is missing: the provider gave it to you with the client"
                    .to_owned());
            }
        };
        if !is_safe_address(&issuer) {
            return Err(format!("UNSTALE_OIDC_ISSUER is {issuer:?}; it must be an https address"));
        }
        if public_url.is_none() {
            return Err("UNSTALE_PUBLIC_URL is missing: the provider sends people back to it, such as https://unstale.example.com".to_owned());
        }
        if !self.oidc_scopes.split_whitespace().any(|scope| scope == "openid") {
            return Err("UNSTALE_OIDC_SCOPES must have openid in it, such as \"openid email\"".to_owned());
        }
        let settings = OidcSettings {
            issuer,
            client_id,
            client_secret,
            name: self.oidc_name.clone(),
            scopes: self.oidc_scopes.clone(),
            auto: self.oidc_auto,
        };
        Ok(Some(Oidc::new(settings, http()?)))
    }

    fn client_secret(&self) -> Result<Option<String>, String> {
        let file = self.oidc_client_secret_file.as_deref();
        given_secret::read("UNSTALE_OIDC_CLIENT_SECRET", self.oidc_client_secret.as_deref(), file)
    }

    fn roles(&self) -> Result<RoleRules, String> {
        let default = given(self.oidc_default_role.as_ref());
        let default = default.map(|role| {
            Role::parse(&role).ok_or_else(|| {
                format!("UNSTALE_OIDC_DEFAULT_ROLE is {role:?}; it must be viewer, operator or admin")
            })
        });
        let rules = RoleRules {
            claim: given(self.oidc_role_claim.as_ref()),
            admin: list(&self.oidc_admin_values),
            operator: list(&self.oidc_operator_values),
            viewer: list(&self.oidc_viewer_values),
            default: default.transpose()?,
            groups_claim: given(self.oidc_groups_claim.as_ref()),
        };
        // The method looks at the claim too, so it is cleared here: the question is only whether any value for a
        // role is set.
        let values = RoleRules { claim: None, ..rules.clone() }.is_by_provider();
        if values && rules.claim.is_none() && given(self.proxy_groups_header.as_ref()).is_none() {
            return Err("UNSTALE_OIDC_ROLE_CLAIM is missing: the values for roles are read from that claim, such as groups".to_owned());
        }
        if rules.claim.is_some() && !values {
            return Err("UNSTALE_OIDC_ROLE_CLAIM is set without values: set UNSTALE_OIDC_ADMIN_VALUES, UNSTALE_OIDC_OPERATOR_VALUES or UNSTALE_OIDC_VIEWER_VALUES".to_owned());
        }
        Ok(rules)
    }

    fn proxies(&self) -> Result<IdentityProxies, String> {
        Ok(IdentityProxies { alb: self.alb()?, access: self.access()?, header: self.user_header()? })
    }

    fn alb(&self) -> Result<Option<Alb>, String> {
        let Some(arn) = given(self.alb_arn.as_ref()) else { return Ok(None) };
        if !AlbSettings::is_arn(&arn) {
            return Err(format!(
                "UNSTALE_ALB_ARN is {arn:?}; it must be an application load balancer's, arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID"
            ));
        }
        let issuer = given(self.alb_issuer.as_ref())
            .ok_or("UNSTALE_ALB_ISSUER is missing: the issuer that the load balancer is set up with")?;
        let keys_url = given(self.alb_keys_url.as_ref());
        if keys_url.as_ref().is_some_and(|address| !is_safe_address(address)) {
            return Err("UNSTALE_ALB_KEYS_URL must be an https address".to_owned());
        }
        let client_id = given(self.alb_client_id.as_ref());
        Ok(Some(Alb::new(AlbSettings { arn, issuer, client_id, keys_url }, http()?)))
    }

    fn access(&self) -> Result<Option<CloudflareAccess>, String> {
        let (team, audience) = (given(self.access_team.as_ref()), given(self.access_audience.as_ref()));
        match (team, audience) {
            (None, None) => Ok(None),
            (Some(team), Some(audience)) => {
                let team = team.trim_end_matches('/').to_owned();
                if !is_safe_address(&team) {
                    return Err("UNSTALE_ACCESS_TEAM must be an https address such as https://team.cloudflareaccess.com".to_owned());
                }
                Ok(Some(CloudflareAccess::new(CloudflareAccessSettings { team, audience }, http()?)))
            }
            (None, Some(_)) => {
                Err("UNSTALE_ACCESS_TEAM is missing, such as https://team.cloudflareaccess.com".to_owned())
            }
            (Some(_), None) => {
                Err("UNSTALE_ACCESS_AUDIENCE is missing: the audience tag of the Access application"
                    .to_owned())
            }
        }
    }

    fn user_header(&self) -> Result<Option<UserHeader>, String> {
        let Some(user) = given(self.proxy_user_header.as_ref()) else { return Ok(None) };
        let file = self.proxy_secret_file.as_deref();
        let secret = given_secret::read("UNSTALE_PROXY_SECRET", self.proxy_secret.as_deref(), file)?
            .filter(|secret| secret.len() >= 16)
            .ok_or("UNSTALE_PROXY_SECRET is missing or short: UNSTALE_PROXY_USER_HEADER needs a secret of at least 16 characters that only the proxy knows")?;
        let name = |variable: &str, text: &str| {
            text.parse().map_err(|_| format!("{variable} is {text:?}; it must be the name of a header"))
        };
        let groups = given(self.proxy_groups_header.as_ref());
        let header = UserHeader {
            user: name("UNSTALE_PROXY_USER_HEADER", &user)?,
            groups: groups.map(|text| name("UNSTALE_PROXY_GROUPS_HEADER", &text)).transpose()?,
            secret_header: name("UNSTALE_PROXY_SECRET_HEADER", &self.proxy_secret_header)?,
            secret,
        };
        if header.user == header.secret_header || header.groups.as_ref() == Some(&header.secret_header) {
            return Err(
                "UNSTALE_PROXY_SECRET_HEADER must be another header than those of user and groups".to_owned()
            );
        }
        Ok(Some(header))
    }
}

fn http() -> Result<Http, String> {
    Http::new().map_err(|error| error.to_string())
}

/// The trimmed text. `None` if it is empty: a variable that is set to nothing counts as not set.
fn given(text: Option<&String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::network::Trusted;

    const URL: Option<&str> = Some("https://unstale.example.com");

    fn args(change: impl Fn(&mut AuthenticationArgs)) -> AuthenticationArgs {
        let mut args = AuthenticationArgs {
            oidc_scopes: "openid email".to_owned(),
            proxy_secret_header: "X-Unstale-Proxy-Secret".to_owned(),
            ..AuthenticationArgs::default()
        };
        change(&mut args);
        args
    }

    fn some(text: &str) -> Option<String> {
        text.to_owned().into()
    }

    /// The error with which the start fails under these settings.
    fn told(change: impl Fn(&mut AuthenticationArgs)) -> String {
        args(change).authentication_methods(URL).unwrap_err()
    }

    #[test]
    fn nothing_set_is_local_accounts_only() {
        let authentication_methods =
            args(|args| args.oidc_issuer = some(" ")).authentication_methods(None).unwrap();
        assert!(authentication_methods.oidc.is_none() && authentication_methods.proxies.is_empty());
    }

    #[test]
    fn a_half_set_provider_stops_the_start_and_is_named() {
        let set = |args: &mut AuthenticationArgs| {
            args.oidc_issuer = some("https://idp.example");
            args.oidc_client_id = some("unstale");
        };
        assert!(args(set).authentication_methods(URL).is_ok());
        assert!(args(set).authentication_methods(None).unwrap_err().contains("UNSTALE_PUBLIC_URL"));
        assert!(told(|args| args.oidc_client_id = some("x")).contains("UNSTALE_OIDC_ISSUER"));
        assert!(told(|args| args.oidc_client_secret = some("x")).contains("UNSTALE_OIDC_ISSUER"));
        assert!(told(|args| args.oidc_issuer = some("https://x.example")).contains("UNSTALE_OIDC_CLIENT_ID"));
        let wrong = |change: &dyn Fn(&mut AuthenticationArgs)| {
            told(|args| {
                set(args);
                change(args);
            })
        };
        assert!(wrong(&|args| args.oidc_issuer = some("http://idp.example")).contains("UNSTALE_OIDC_ISSUER"));
        assert!(wrong(&|args| args.oidc_scopes = "email".to_owned()).contains("UNSTALE_OIDC_SCOPES"));
        assert!(wrong(&|args| args.oidc_default_role = some("king")).contains("UNSTALE_OIDC_DEFAULT_ROLE"));
        assert!(wrong(&|args| args.oidc_admin_values = "a".to_owned()).contains("UNSTALE_OIDC_ROLE_CLAIM"));
        assert!(wrong(&|args| args.oidc_role_claim = some("r")).contains("UNSTALE_OIDC_ADMIN_VALUES"));
        let file =
            |args: &mut AuthenticationArgs| args.oidc_client_secret_file = Some("/no/such/file".into());
        assert!(wrong(&file).contains("UNSTALE_OIDC_CLIENT_SECRET_FILE"));
    }

    #[test]
    fn a_half_set_proxy_stops_the_start_and_is_named() {
        let trusted =
            |args: &mut AuthenticationArgs| args.trusted_proxies = Trusted::parse("10.0.0.0/16").unwrap();
        let arn =
            "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188";
        let header = |args: &mut AuthenticationArgs| {
            args.proxy_user_header = some("X-Forwarded-User");
            args.proxy_secret = some("0123456789abcdef");
        };
        assert!(told(header).contains("UNSTALE_TRUSTED_PROXIES"));
        assert!(
            args(|args| {
                header(args);
                trusted(args);
            })
            .authentication_methods(None)
            .is_ok()
        );
        assert!(
            told(|args| {
                header(args);
                trusted(args);
                args.proxy_secret = None;
            })
            .contains("UNSTALE_PROXY_SECRET")
        );
        assert!(
            told(|args| {
                header(args);
                trusted(args);
                args.proxy_secret = some("short");
            })
            .contains("UNSTALE_PROXY_SECRET")
        );
        assert!(
            told(|args| {
                trusted(args);
                args.alb_arn = some("web");
            })
            .contains("UNSTALE_ALB_ARN")
        );
        assert!(
            told(|args| {
                trusted(args);
                args.alb_arn = some(arn);
            })
            .contains("UNSTALE_ALB_ISSUER")
        );
        assert!(
            told(|args| {
                trusted(args);
                args.access_team = some("https://t.example");
            })
            .contains("UNSTALE_ACCESS_AUDIENCE")
        );
        assert!(
            told(|args| {
                trusted(args);
                args.access_audience = some("x");
            })
            .contains("UNSTALE_ACCESS_TEAM")
        );
    }
}
