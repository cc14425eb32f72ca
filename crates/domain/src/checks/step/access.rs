//! Steps where CloudFront refuses, or a function of it fails.

use super::{
    connection,
    known::{Known, with_code},
};
use crate::{checks::BodyHint, invalidations::aws_cli::quoted};

pub(super) const BLOCKED_BY_COUNTRY: &str = "This is no problem if this country is meant to be blocked: look from another place with `unstale probe`. Otherwise change the geographic restriction of the distribution.";
pub(super) const SIGNATURE_REQUIRED: &str = "This is no problem if the URL is meant to be private: a look has no signature. Check a public URL instead, or turn off Restrict viewer access in the behavior of this path.";
pub(super) const SIGNATURE_DENIED: &str = "Sign the URL or the cookies again. The end time may have passed, or the policy does not match this URL or this address.";
pub(super) const CREDENTIALS_REQUIRED: &str = "This is no problem if the URL is meant to be private. Check a URL that needs no sign-in: a look has no credentials but the headers that are set in the check settings of this distribution.";

/// Where a behaviour names its functions.
const FUNCTIONS: &str = "[DefaultCacheBehavior,CacheBehaviors.Items[]][].[FunctionAssociations.Items[].FunctionARN,LambdaFunctionAssociations.Items[].LambdaFunctionARN]";

pub(super) fn blocked_by_waf(known: &Known<'_>) -> String {
    with_code(
        "Look at the sampled requests of the web ACL in AWS WAF: they name the rule. If viewers are not meant to be blocked, change the rule; if only Unstale is blocked, allow the address of its server.",
        &known.show_configuration("WebACLId"),
    )
}

pub(super) fn refused_maybe_waf(known: &Known<'_>) -> String {
    with_code(
        "Look at the sampled requests of the web ACL in AWS WAF. If this request is not among the blocked ones, ask the origin for the same URL.",
        &known.show_configuration("WebACLId"),
    )
}

pub(super) fn host_not_alias(known: &Known<'_>) -> String {
    let (host, domain) = (known.host(), known.domain());
    if known.is_own_domain() {
        return connection::BETWEEN.to_owned();
    }
    let hosts = known.configuration().hosts.as_deref().unwrap_or_default();
    if known.url.is_host_of(hosts) {
        return with_code(
            format!(
                "Check that the DNS record of {host} leads to {domain}. The configuration has this name, so a change may also be on its way: check again in some minutes."
            ),
            &format!("dig +short {}", quoted(host)),
        );
    }
    let http = if known.url.https { "" } else { " Use HTTPS too: some URLs are served only over HTTPS." };
    with_code(
        format!(
            "Add {host} to the alternate domain names of the distribution, with a certificate that covers it. The command shows whether another distribution has the name already.{http}"
        ),
        &format!(
            "aws cloudfront list-conflicting-aliases --distribution-id {} --alias {}",
            known.distribution(),
            quoted(host)
        ),
    )
}

pub(super) fn other_distribution(known: &Known<'_>) -> String {
    let host = known.host();
    let condition = if host.ends_with(".cloudfront.net") {
        format!("DomainName=='{host}'")
    } else {
        format!("Aliases.Items && contains(Aliases.Items, '{host}')")
    };
    with_code(
        format!(
            "Invalidate the URL at the distribution that serves {host}. The command finds it in this account by its exact name."
        ),
        &format!(
            "aws cloudfront list-distributions --query {} --output text",
            quoted(&format!("DistributionList.Items[?{condition}].Id"))
        ),
    )
}

pub(super) fn https_required(known: &Known<'_>) -> String {
    format!(
        "Check the URL over HTTPS: {}. To lead viewers there, set the viewer protocol policy of the behavior to redirect-to-https.",
        known.https_address()
    )
}

pub(super) fn signer_unknown() -> String {
    with_code(
        "Sign with a key whose public key is in a trusted key group of the behavior. The command lists the key groups.",
        "aws cloudfront list-key-groups",
    )
}

pub(super) fn method_not_allowed(known: &Known<'_>) -> String {
    let is_cloudfronts = known.answer().is_some_and(|answer| answer.body_hint == BodyHint::MethodNotAllowed);
    if is_cloudfronts {
        "Allow the method in the behavior of this path, if viewers need it. OPTIONS is needed for CORS."
            .to_owned()
    } else {
        "Check at the origin which methods this URL allows.".to_owned()
    }
}

pub(super) fn refused_by_function(known: &Known<'_>) -> String {
    with_code(
        format!(
            "Look at the code of the function that runs for this path: it answered with {}. The command lists the functions.",
            known.status()
        ),
        &known.show_configuration(FUNCTIONS),
    )
}

pub(super) fn function_failed(known: &Known<'_>) -> String {
    with_code(
        "Look at the log of the function that runs for this path, and test it in the console. CloudFront Functions log in us-east-1, Lambda@Edge in the region nearest to the edge location. The command lists the functions.",
        &known.show_configuration(FUNCTIONS),
    )
}

pub(super) fn limit_exceeded(known: &Known<'_>) -> String {
    format!(
        "Wait some minutes, then check again. If it lasts, ask AWS for a higher quota in Service Quotas.{}",
        known.retry_after()
    )
}

pub(super) fn disabled(known: &Known<'_>) -> String {
    with_code(
        "Enable the distribution in the CloudFront console if viewers need it. The command shows whether it is enabled.",
        &known.show_configuration("Enabled"),
    )
}

pub(super) fn deploying(known: &Known<'_>) -> String {
    with_code(
        "Wait until the change is deployed, then check again. The command ends when it is.",
        &format!("aws cloudfront wait distribution-deployed --id {}", known.distribution()),
    )
}
