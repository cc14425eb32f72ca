//! Owns the answers that a rule asks for in place of cache and origin, and those that it puts in the origin's mouth.

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::visit::Visit;
use super::{X_CACHE, pages};
use crate::edge_rules::{EdgeAnswer, EdgeRule};
use crate::origin::s3;

const CONNECTION_LOST: &str = "CloudFront attempted to establish a connection with the origin, but either the \
                               attempt failed or the origin closed the connection.";

/// What the edge answers by itself; `None` where cache and origin are asked.
pub(super) fn at_the_edge(visit: &Visit) -> Option<Response<Bytes>> {
    let rule = visit.rule.as_ref()?;
    let mut answer = match rule.answer {
        EdgeAnswer::Usual
        | EdgeAnswer::Truncate
        | EdgeAnswer::Hang
        | EdgeAnswer::Reset
        | EdgeAnswer::Close
        | EdgeAnswer::Origin
        | EdgeAnswer::S3AccessDenied
        | EdgeAnswer::S3NoSuchKey
        | EdgeAnswer::OriginUnreachable
        | EdgeAnswer::OriginClosed
        | EdgeAnswer::OriginUnresolved
        | EdgeAnswer::OriginTimeout => return None,
        EdgeAnswer::Fixed => fixed(rule),
        EdgeAnswer::WafBlock => pages::page(StatusCode::FORBIDDEN, "Request blocked."),
        EdgeAnswer::GeoBlock => pages::geo_block(),
        EdgeAnswer::BadRequest => pages::page(status(rule, StatusCode::FORBIDDEN), "Bad request."),
        EdgeAnswer::MissingKey => pages::missing_key(),
        EdgeAnswer::InvalidKey => pages::invalid_key(),
        EdgeAnswer::SignatureRefused => pages::signature_refused(),
        EdgeAnswer::MethodRefused => pages::method_refused(),
        EdgeAnswer::RedirectToHttps => pages::to_https(visit.host(), visit.target()),
        EdgeAnswer::LimitExceeded => limit_exceeded(),
        EdgeAnswer::Unavailable => pages::page(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable."),
        EdgeAnswer::FunctionResponse => made_by(rule, "FunctionGeneratedResponse from cloudfront"),
        EdgeAnswer::LambdaResponse => made_by(rule, "LambdaGeneratedResponse from cloudfront"),
        EdgeAnswer::FunctionError
        | EdgeAnswer::LambdaError
        | EdgeAnswer::LambdaInvalid
        | EdgeAnswer::LambdaLimit => broken_code(rule.answer),
    };
    // What stands in for a page of CloudFront's may come with another status, as its own sometimes do.
    *answer.status_mut() = status(rule, answer.status());
    Some(answer)
}

/// Nobody has written the page's words down: these are ours.
fn limit_exceeded() -> Response<Bytes> {
    pages::page_as(
        StatusCode::SERVICE_UNAVAILABLE,
        "LimitExceeded from cloudfront",
        "The request was throttled because a limit is exceeded.",
    )
}

/// The pages of edge code that fails.
fn broken_code(answer: EdgeAnswer) -> Response<Bytes> {
    let (status, x_cache, why) = match answer {
        EdgeAnswer::FunctionError => (
            StatusCode::SERVICE_UNAVAILABLE,
            "FunctionExecutionError from cloudfront",
            "The CloudFront function associated with the CloudFront distribution is invalid or could not run.",
        ),
        EdgeAnswer::LambdaInvalid => (
            StatusCode::BAD_GATEWAY,
            "LambdaValidationError from cloudfront",
            "The Lambda function result failed validation: The body is not a string, is not an object, or exceeds \
             the maximum size.",
        ),
        EdgeAnswer::LambdaLimit => (
            StatusCode::SERVICE_UNAVAILABLE,
            "LambdaLimitExceeded from cloudfront",
            "The Lambda function associated with the CloudFront distribution was throttled.",
        ),
        _ => (
            StatusCode::SERVICE_UNAVAILABLE,
            "LambdaExecutionError from cloudfront",
            "The Lambda function associated with the CloudFront distribution is invalid or doesn't have the \
             required permissions.",
        ),
    };
    pages::page_as(status, x_cache, why)
}

/// What a rule says that the origin answers.
pub(super) fn from_the_origin(rule: &EdgeRule, path: &str) -> Response<Bytes> {
    let mut answer = match rule.answer {
        EdgeAnswer::S3AccessDenied => s3::access_denied(),
        EdgeAnswer::S3NoSuchKey => s3::no_such_key(path.trim_start_matches('/')),
        EdgeAnswer::OriginUnreachable => {
            pages::page(StatusCode::BAD_GATEWAY, "CloudFront wasn't able to connect to the origin.")
        }
        EdgeAnswer::OriginUnresolved => {
            pages::page(StatusCode::BAD_GATEWAY, "CloudFront wasn't able to resolve the origin domain name.")
        }
        EdgeAnswer::OriginClosed => pages::page(StatusCode::BAD_GATEWAY, CONNECTION_LOST),
        EdgeAnswer::OriginTimeout => pages::page(StatusCode::GATEWAY_TIMEOUT, CONNECTION_LOST),
        _ => written(rule),
    };
    *answer.status_mut() = status(rule, answer.status());
    for (name, value) in &rule.headers {
        let name = HeaderName::try_from(name.as_str()).ok();
        let value = value.as_deref().and_then(|value| HeaderValue::try_from(value).ok());
        answer.headers_mut().extend(name.zip(value));
    }
    answer
}

fn status(rule: &EdgeRule, usual: StatusCode) -> StatusCode {
    rule.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(usual)
}

fn written(rule: &EdgeRule) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(rule.body.clone().unwrap_or_default()));
    *response.status_mut() = status(rule, StatusCode::OK);
    if rule.body.is_some() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    }
    response
}

fn fixed(rule: &EdgeRule) -> Response<Bytes> {
    let is_error = rule.status.is_some_and(|status| status >= 400);
    made_by(rule, if is_error { "Error from cloudfront" } else { "Miss from cloudfront" })
}

fn made_by(rule: &EdgeRule, x_cache: &'static str) -> Response<Bytes> {
    let mut response = written(rule);
    response.headers_mut().insert(X_CACHE, HeaderValue::from_static(x_cache));
    response
}
