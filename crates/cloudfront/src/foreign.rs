//! Describes an answer that is not CloudFront's XML.

use aws_sdk_cloudfront::config::http::HttpResponse;

use unstale_domain::invalidations::problem::clean::clean;

/// The maximum length of the text that is kept from a page.
const WORDS_MAX: usize = 200;
/// The number of bytes of a body that are examined.
const LOOKED_AT: usize = 16 * 1024;

/// The description of such an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    /// An HTML page, as proxies and firewalls return it. CloudFront's API never returns one.
    pub(super) is_page: bool,
    pub(super) is_empty: bool,
    pub(super) words: String,
}

pub(super) fn read(response: &HttpResponse) -> Foreign {
    let kind = response.headers().get("content-type").unwrap_or_default();
    describe(response.status().as_u16(), kind, response.body().bytes().unwrap_or_default())
}

fn describe(status: u16, kind: &str, body: &[u8]) -> Foreign {
    let text = String::from_utf8_lossy(&body[..body.len().min(LOOKED_AT)]);
    let begin = text.trim_start_matches('\u{feff}').trim_start().to_lowercase();
    let is_page = begin.starts_with("<!doctype html") || begin.starts_with("<html");
    let is_page = is_page || (kind.to_lowercase().contains("text/html") && !begin.starts_with("<?xml"));
    let kind = if kind.is_empty() { "no content type" } else { kind };
    let words = format!("status {status}, {}, {} bytes", clean(kind, 80), body.len());
    let says = if is_page { clean(&without_tags(&text), WORDS_MAX) } else { String::new() };
    let words = if says.is_empty() { words } else { format!("{words}: {says}") };
    Foreign { is_page, is_empty: body.is_empty(), words }
}

/// The text between the tags.
fn without_tags(html: &str) -> String {
    let mut pieces = html.split('<');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push(' ');
        text.push_str(piece.split_once('>').map_or("", |(_, behind)| behind));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_from_a_damaged_answer() {
        let page = describe(403, "text/html; charset=utf-8", b"<!DOCTYPE html><h1>Blocked</h1><p>Ask IT</p>");
        assert!(page.is_page);
        assert_eq!(page.words, "status 403, text/html; charset=utf-8, 44 bytes: Blocked Ask IT");
        assert!(describe(200, "", b"\xef\xbb\xbf <HTML>").is_page);
        assert!(!describe(201, "text/xml", b"<?xml version='1.0'?><Invalid").is_page);
        assert!(!describe(201, "text/xml", &[0xff, 0xfe, b'<', 0]).is_page);
        let empty = describe(400, "", b"");
        assert!(empty.is_empty && !empty.is_page);
        assert_eq!(empty.words, "status 400, no content type, 0 bytes");
    }
}
