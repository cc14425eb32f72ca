//! Errors of other origins, and those of which only the status tells.

use super::{Author, BodyHint, CheckCause, Facts, edge};

/// The cause of an error of API Gateway that its body tells (re:Post, "api-gateway-troubleshoot-403-forbidden" and
/// "api-gateway-429-limit").
pub(super) fn api_gateway(facts: &Facts<'_>) -> Option<CheckCause> {
    let is_api = facts.answer.from_aws_api || facts.site.url.host.contains(".execute-api.");
    match facts.answer.body_hint {
        BodyHint::ApiForbidden if is_api => Some(CheckCause::ApiKeyRequired),
        BodyHint::ApiRouteMissing if is_api => Some(CheckCause::NotFound),
        BodyHint::ApiQuotaExceeded if is_api => Some(CheckCause::ApiQuotaExceeded),
        BodyHint::ApiFailed if is_api => Some(CheckCause::OriginFailed),
        BodyHint::ApiTimedOut if is_api => Some(CheckCause::OriginTimeout),
        _ => None,
    }
}

/// The cause by the status alone.
pub(super) fn by_status(facts: &Facts<'_>) -> CheckCause {
    let is_origins = facts.author() == Author::Origin;
    match facts.answer.status {
        401 => CheckCause::CredentialsRequired,
        403 if is_origins && !may_be_page_for_edge(facts) => CheckCause::RefusedByOrigin,
        403 => edge::refused(facts),
        404 | 410 => CheckCause::NotFound,
        405 => CheckCause::MethodNotAllowed,
        429 => CheckCause::TooManyRequests,
        // A load balancer at the origin answers 502 too, and then CloudFront had no difficulty.
        502 if !is_origins => CheckCause::OriginBadGateway,
        503 => CheckCause::OriginUnavailable,
        504 => CheckCause::OriginTimeout,
        500.. => CheckCause::OriginFailed,
        _ => CheckCause::OtherRefusal,
    }
}

/// Whether the answer may be a page of the site for a 403 of CloudFront itself. Its headers are the page's origin's.
fn may_be_page_for_edge(facts: &Facts<'_>) -> bool {
    facts.has_error_page_for(403) && facts.edge_may_refuse() && !facts.answer.from_aws_api
}
