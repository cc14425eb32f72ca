//! What a look at the API behind the site proves: whether the site's pages get its answer.
//!
//! No cache and no invalidation has a part in it, so that it is either an answer that a browser gives to the page, or
//! broken, or not known.

use super::{
    Answer, ApiMethod, CheckCause, CorsAnswer, CorsLook, Evidence, Judgement, LookHeaders,
    diagnosis::diagnose, verdict::judge_failure,
};

/// Headers that a browser sends to another origin without asking first (Fetch standard, "CORS-safelisted
/// request-header").
const SAFELISTED: [&str; 3] = ["accept", "accept-language", "content-language"];

/// The names of those headers that a browser asks about in a preflight, as it writes them: in lower case, in order,
/// each once. Empty if it makes no preflight.
#[must_use]
pub fn preflight_headers(headers: &LookHeaders) -> Vec<String> {
    let names = headers.names().map(str::to_ascii_lowercase);
    let mut names: Vec<String> = names.filter(|name| !SAFELISTED.contains(&name.as_str())).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Says what a look at an API proves. Its answer has what CORS said in [`Answer::cors`].
#[must_use]
pub fn judge_api(evidence: &Evidence<'_>, method: ApiMethod) -> Judgement {
    let answer = match &evidence.after.outcome {
        Ok(answer) => answer,
        Err(failure) => return judge_failure(*failure, evidence),
    };
    if answer.is_error() {
        return Judgement::broken(cause_of_error(evidence, answer, method));
    }
    if answer.is_redirect() {
        return Judgement::unclear(CheckCause::Redirected);
    }
    match answer.cors.as_ref().map(cors_cause) {
        Some(Err(unknown)) => Judgement::unclear(unknown),
        Some(Ok(Some(cause))) => Judgement::broken(cause),
        Some(Ok(None)) | None => Judgement::unclear(CheckCause::Answers),
    }
}

fn cause_of_error(evidence: &Evidence<'_>, answer: &Answer, method: ApiMethod) -> CheckCause {
    // A browser says nothing else of a preflight than that it was refused.
    if method == ApiMethod::Options && answer.status < 500 && answer.status != 429 {
        return CheckCause::CorsPreflightRefused;
    }
    match diagnose(evidence) {
        // CloudFront has no part in this answer.
        CheckCause::OriginBadGateway if !answer.via_cloudfront => CheckCause::OriginFailed,
        cause => cause,
    }
}

/// Why a browser keeps the answer from the page. `Ok(None)` if it does not, `Err` if that is not known.
fn cors_cause(look: &CorsLook) -> Result<Option<CheckCause>, CheckCause> {
    if let Some(get) = &look.get {
        if !get.allows(&look.origin) {
            let is_other = get.allowed_origin.is_some();
            return Ok(Some(if is_other { CheckCause::CorsOtherOrigin } else { CheckCause::CorsMissing }));
        }
        if is_any_with_credentials(get) {
            return Ok(Some(CheckCause::CorsCredentialsWithAny));
        }
    }
    let Some(preflight) = &look.preflight else {
        // It was due, and got no answer.
        return if look.asked_headers.is_empty() { Ok(None) } else { Err(CheckCause::NotLooked) };
    };
    if !preflight.is_good_preflight(&look.origin) {
        return Ok(Some(CheckCause::CorsPreflightRefused));
    }
    let refused = look.refused_headers();
    Ok((!refused.is_empty()).then_some(CheckCause::CorsHeaderNotAllowed))
}

fn is_any_with_credentials(answer: &CorsAnswer) -> bool {
    answer.allowed_origin.as_deref() == Some("*") && answer.allows_credentials
}
