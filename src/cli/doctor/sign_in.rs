//! The ways in, as the settings have them, and the OpenID Connect provider.

use crate::{
    config::ServeArgs,
    domain::{causes::with_causes, examination::Report, time::Timestamp},
};

pub(super) async fn examine(report: &mut Report, serve: &ServeArgs, now: Timestamp) {
    let methods = match serve.authentication_methods.authentication_methods(serve.public_url.as_deref()) {
        Ok(methods) => methods,
        Err(error) => {
            report.error("sign_in", error, "Correct the setting; the service does not start with it.");
            return;
        }
    };
    let Some(oidc) = &methods.oidc else {
        report.ok("sign_in", methods.lines().join("; "));
        return;
    };
    match oidc.look(now).await {
        Ok(()) => report.ok("sign_in", format!("{}; the provider answers", methods.lines().join("; "))),
        Err(error) => report.error(
            "sign_in",
            format!("the OpenID Connect provider: {}", with_causes(&error)),
            "See that this machine reaches it, and that UNSTALE_OIDC_ISSUER is its address.",
        ),
    }
}
