//! Owns custom error responses: the page that viewers get in place of an error.

use hyper::Response;
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::HeaderValue;

use super::X_CACHE;
use super::lookup::{self, Wanted};
use super::visit::Visit;
use crate::world::World;

/// The answer, or the error page that the distribution has for it.
pub(super) async fn replace(world: &World, visit: &Visit, answer: Response<Bytes>) -> Response<Bytes> {
    let error = answer.status();
    let pages = &visit.distribution.error_pages;
    let is_error = answer.headers().get(X_CACHE).is_some_and(|value| value == "Error from cloudfront");
    let Some(page) = pages.iter().find(|page| is_error && page.error_code == error.as_u16()) else {
        return answer;
    };
    let Some(path) = &page.response_page_path else { return answer };
    let mut shown = lookup::look_up(world, visit, &Wanted::page(visit, path)).await;
    // Where the page is missing, viewers get the status that its own origin answers with (developer guide,
    // "Generating custom error responses").
    if shown.status().is_success() {
        let code = page.response_code.and_then(|code| StatusCode::from_u16(code).ok());
        *shown.status_mut() = code.unwrap_or(error);
    }
    shown.headers_mut().insert(X_CACHE, HeaderValue::from_static("Error from cloudfront"));
    shown
}
