//! Steps for the API behind the site. CloudFront has no part in its answers.
//!
//! The answers of API Gateway: re:Post, "api-gateway-troubleshoot-403-forbidden", "api-gateway-429-limit" and
//! "api-gateway-cors-errors".

use super::{
    beside_error, connection,
    known::{Known, shown, with_code},
    origin, outcome,
};
use crate::{
    checks::{ApiCheck, ApiMethod, BodyHint, CheckCause, Evidence},
    invalidations::aws_cli::quoted,
};

/// The next step for the cause of a look at an API, in the form of [`super::step`]. Empty if there is nothing to do.
#[must_use]
pub fn api_step(cause: CheckCause, evidence: &Evidence<'_>, api: &ApiCheck) -> String {
    let known = &Known::of(evidence);
    beside_error(known, step_of(cause, known, api))
}

fn step_of(cause: CheckCause, known: &Known<'_>, api: &ApiCheck) -> String {
    use CheckCause as C;
    match cause {
        C::Answers => String::new(),
        C::ApiKeyRequired => key_required(known, api),
        C::ApiQuotaExceeded => origin::api_quota_exceeded(known),
        C::TooManyRequests => too_many_requests(known),
        C::NotFound => not_found(known, api),
        C::MethodNotAllowed => format!(
            "Check which methods the API has at this path: it does not allow {}.",
            api.method.as_str()
        ),
        C::CredentialsRequired => CREDENTIALS_REQUIRED.to_owned(),
        C::RefusedByOrigin | C::OtherRefusal => refused(known),
        C::OriginFailed | C::OriginBadGateway => failed(known),
        C::OriginTimeout => TIMEOUT.to_owned(),
        C::OriginUnavailable => unavailable(known),
        C::CorsMissing | C::CorsOtherOrigin | C::CorsCredentialsWithAny => not_readable(cause, known),
        C::CorsPreflightRefused => preflight_refused(known),
        C::CorsHeaderNotAllowed => header_not_allowed(known),
        C::Redirected => redirected(known),
        C::NameNotResolved => with_code(NAME_NOT_RESOLVED, &connection::show_addresses(known)),
        C::AddressRefused => with_code(ADDRESS_REFUSED, &connection::show_addresses(known)),
        C::ConnectionRefused => with_code(CONNECTION_REFUSED, &connection::show_addresses(known)),
        C::CertificateWrongName => certificate_wrong_name(known),
        C::AnswerTimeout => with_code(ANSWER_TIMEOUT, &known.show_headers()),
        C::NotLooked => outcome::NOT_LOOKED.to_owned(),
        // The other causes are those of a site, and of a network that is the same for an API.
        other => super::step_of(other, known),
    }
}

const CREDENTIALS_REQUIRED: &str = "Set the header with the credentials that the page sends, such as Authorization, for this API in the check settings of this distribution. If it is set, check that they are still valid, and the authorizer of the API.";
const TIMEOUT: &str = "Look at how long the function behind the API takes: API Gateway waits 29 s for it (30 s in an HTTP API), unless the Region's quota was raised. Make it faster, or let it answer at once and work on.";
const NAME_NOT_RESOLVED: &str = "Check the address of the API: its host has no address in the DNS. A private API has one only inside of its network, and cannot be checked from here.";
const ADDRESS_REFUSED: &str = "Check the address of the API: its host leads to an address that is not public. Unstale asks only public ones, so a private API cannot be checked from here.";
const CONNECTION_REFUSED: &str = "Check the address of the API, and that it lets this server connect.";
const ANSWER_TIMEOUT: &str =
    "Check how long the API takes: its answer was not there in time. Then check again.";

fn key_required(known: &Known<'_>, api: &ApiCheck) -> String {
    let is_set = api.headers.names().any(|name| name.eq_ignore_ascii_case("x-api-key"));
    if !is_set {
        return "Set the header x-api-key for this API in the check settings of this distribution: a look has no key. If the page needs none, check the stage in the URL, the resource policy and the web ACL of the API: all of them are answered with the same message.".to_owned();
    }
    let words = "Check in API Gateway that the key in x-api-key is enabled, and that its usage plan has this stage of the API. A stage that is not there, a resource policy and a web ACL are answered with the same message.";
    match gateway(known) {
        Some((id, region, stage)) => {
            let query = format!("items[?apiStages[?apiId=='{id}' && stage=='{stage}']].[id,name]");
            let code = format!("aws apigateway get-usage-plans --region {region} --query {}", quoted(&query));
            with_code(format!("{words} The command lists the usage plans of this stage."), &code)
        }
        None => words.to_owned(),
    }
}

/// ID, region and stage of `https://ID.execute-api.REGION.amazonaws.com/STAGE/…`.
fn gateway<'a>(known: &'a Known<'_>) -> Option<(&'a str, &'a str, &'a str)> {
    let (id, rest) = known.url.host.split_once(".execute-api.")?;
    let region = rest.strip_suffix(".amazonaws.com")?;
    let stage = known.url.path.split('/').nth(1)?;
    let is_plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    [id, region, stage].into_iter().all(is_plain).then_some((id, region, stage))
}

fn too_many_requests(known: &Known<'_>) -> String {
    format!(
        "Wait, then check again.{} The rate or the burst of the usage plan, the stage or the account is used up. If it lasts, raise them in API Gateway, or let the page ask less often.",
        known.retry_after()
    )
}

fn not_found(known: &Known<'_>, api: &ApiCheck) -> String {
    if known.answer().is_some_and(|answer| answer.body_hint == BodyHint::ApiRouteMissing) {
        let head = match api.method {
            ApiMethod::Head => " A resource answers HEAD only if it has that method.",
            ApiMethod::Get | ApiMethod::Options => "",
        };
        return format!("{}{head}", origin::not_found(known));
    }
    "Check the path with its stage: the API has nothing there. If it is right, deploy the API again."
        .to_owned()
}

fn refused(known: &Known<'_>) -> String {
    format!(
        "Check the authorizer, the resource policy and the web ACL of the API: one of them refuses with {}. The access log of the API names the reason.",
        known.status()
    )
}

fn failed(known: &Known<'_>) -> String {
    if known.status() == 502 {
        return "Look at the log of the function behind the API: it failed, or its answer has not the form that API Gateway wants (statusCode, headers, and body as a text). Correct it, then check again.".to_owned();
    }
    "Look at the log of the function or the server behind the API. Correct the error, then check again."
        .to_owned()
}

fn unavailable(known: &Known<'_>) -> String {
    format!(
        "Check that what is behind the API runs and has enough capacity: a function may have reached its concurrency.{}",
        known.retry_after()
    )
}

fn not_readable(cause: CheckCause, known: &Known<'_>) -> String {
    let origin = page_origin(known);
    let answer = known.cors().and_then(|look| look.get.as_ref());
    let came = answer.and_then(|answer| answer.allowed_origin.as_deref()).map(shown).unwrap_or_default();
    match cause {
        CheckCause::CorsOtherOrigin => format!(
            "Allow {origin} in the CORS settings of the API, or in the function behind it. What came back is \"{came}\"; it must be this origin exactly, with scheme and port, once, or *."
        ),
        CheckCause::CorsCredentialsWithAny => format!(
            "Allow {origin} by its name in place of *, or stop sending Access-Control-Allow-Credentials if the page needs no cookies of the API."
        ),
        _ => format!(
            "Let the API answer with Access-Control-Allow-Origin: {origin}. With a proxy integration the function itself has to send it; otherwise enable CORS for the resource in API Gateway, and deploy the API again."
        ),
    }
}

fn preflight_refused(known: &Known<'_>) -> String {
    let look = known.cors();
    let preflight = look.and_then(|look| look.preflight.as_ref());
    let status = preflight.map_or_else(|| known.status(), |answer| answer.status);
    let headers = look.map(|look| look.asked_headers.join(", ")).unwrap_or_default();
    let before = if headers.is_empty() {
        "before some requests".to_owned()
    } else {
        format!("before a request with {headers}")
    };
    let missing = preflight.is_some_and(|answer| answer.route_missing);
    let first = if missing {
        "Add the method OPTIONS to the resource (Enable CORS in API Gateway)"
    } else {
        "Let the API answer OPTIONS with a status of success"
    };
    format!(
        "{first}, with Access-Control-Allow-Origin: {}, without an API key and without an authorizer, then deploy the API again. Browsers send OPTIONS {before}, and it was answered with {status}.",
        page_origin(known)
    )
}

fn header_not_allowed(known: &Known<'_>) -> String {
    let look = known.cors();
    let refused = look.map(|look| look.refused_headers().join(", ")).unwrap_or_default();
    let preflight = look.and_then(|look| look.preflight.as_ref());
    let came = preflight.and_then(|answer| answer.allowed_headers.as_deref()).map(shown);
    let came =
        came.map_or_else(|| "It is missing.".to_owned(), |came| format!("What came back is \"{came}\"."));
    format!(
        "Add {refused} to Access-Control-Allow-Headers in the API's answer to OPTIONS, then deploy the API again. {came}"
    )
}

fn redirected(known: &Known<'_>) -> String {
    let target = known.answer().and_then(|answer| answer.location.as_deref()).map(shown);
    let target = target.map(|target| format!(": {target}")).unwrap_or_default();
    format!(
        "Set the target of the redirect as the URL of the API{target}. A look does not follow it, so that no header is sent to another place."
    )
}

fn certificate_wrong_name(known: &Known<'_>) -> String {
    let words =
        format!("Check the custom domain name of the API: its certificate does not cover {}.", known.host());
    with_code(words, &connection::show_certificate(known, "-ext subjectAltName"))
}

/// The origin of the page, or words for it.
fn page_origin(known: &Known<'_>) -> String {
    known.cors().map_or_else(|| "the origin of the site".to_owned(), |look| shown(&look.origin))
}
