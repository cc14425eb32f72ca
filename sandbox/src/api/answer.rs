//! Owns the bytes of an answer, sound or broken as its fault wants it.

use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use hyper::{Response, StatusCode};
use serde_json::json;

use super::errors::ApiError;
use super::garble;
use super::reply::{Document, Reply};
use super::request_id;
use super::route::Dialect;
use crate::body;
use crate::faults::FaultKind;
use crate::gzip::gzip;
use crate::server::{Body, BreakOff};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

pub(super) fn write(
    outcome: Result<Reply, ApiError>,
    fault: Option<FaultKind>,
    dialect: Dialect,
) -> Result<Response<Body>, BreakOff> {
    if fault == Some(FaultKind::Lost) {
        return Err(BreakOff);
    }
    let request_id = request_id();
    let (status, headers, document) = match outcome {
        Ok(reply) => (reply.status, reply.headers, reply.body),
        Err(error) => match dialect {
            Dialect::Xml => (error.status, Vec::new(), Document::Xml(error.document(&request_id))),
            Dialect::AwsJson(_) => (error.status, Vec::new(), Document::Json(error.json())),
            Dialect::RestJson => {
                let code = vec![(ERROR_TYPE, error.code.clone().into_owned())];
                (error.status, code, Document::Json(json!({ "message": error.message })))
            }
        },
    };
    let document = document.written();
    let kind = match dialect {
        Dialect::Xml => "text/xml",
        Dialect::AwsJson(kind) => kind,
        Dialect::RestJson => "application/json",
    };
    let is_page = matches!(fault, Some(FaultKind::Page | FaultKind::Proxy));
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status).map_err(|_| BreakOff)?)
        .header(REQUEST_ID, request_id)
        .header(CONTENT_TYPE, if is_page { "text/html" } else { kind });
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let half = document.floor_char_boundary(document.len() / 2);
    let body = match fault {
        Some(FaultKind::Empty | FaultKind::Bare) => body::full(""),
        Some(FaultKind::Malformed) => body::full(document[..half].to_owned() + "</Oops"),
        Some(FaultKind::UnknownStatus) => {
            body::full(garble::with_status(&document, |_| "Frobbing".to_owned()))
        }
        Some(FaultKind::PaddedStatus) => {
            body::full(garble::with_status(&document, |known| format!("\n    {known}\n  ")))
        }
        Some(FaultKind::Utf16) => body::full(garble::utf16(&document)),
        Some(FaultKind::Gzip) => body::full(gzip(document.as_bytes())),
        Some(FaultKind::Page | FaultKind::Proxy) => body::full(garble::PAGE),
        Some(FaultKind::Truncated) => {
            response = response.header(CONTENT_LENGTH, document.len());
            body::cut(document[..half].to_owned())
        }
        _ => body::full(document),
    };
    response.body(body).map_err(|_| BreakOff)
}
