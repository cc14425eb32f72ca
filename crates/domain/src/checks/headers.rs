//! Makes an [`Answer`] from the head of an HTTP answer.

use super::{Answer, BodyDigest, XCache};
use crate::time::Timestamp;

/// Headers by which a cache or CDN other than CloudFront names itself.
const MARKS: [(&str, &str); 5] = [
    ("cf-ray", "Cloudflare"),
    ("x-varnish", "Varnish"),
    ("x-akamai-request-id", "Akamai"),
    ("x-akamai-transformed", "Akamai"),
    ("x-served-by", "Fastly"),
];

/// Names in `Via` (RFC 9110, section 7.6.3) that are a cache's. Other proxies need not keep anything.
const VIA: [(&str, &str); 6] = [
    ("varnish", "Varnish"),
    ("squid", "Squid"),
    ("trafficserver", "Traffic Server"),
    ("cloudflare", "Cloudflare"),
    ("akamai", "Akamai"),
    ("fastly", "Fastly"),
];

/// The longest header value that is kept, in bytes. No value that a proof needs is longer.
const VALUE_MAX: usize = 1024;

impl Answer {
    /// Reads an answer's head. `headers` are pairs of name and value in the order in which they came; a name may
    /// repeat and may have any case. What is known of the body is added by the caller: [`Answer::body_hint`] and the
    /// two facts about texts stay empty.
    pub fn read<'a>(
        status: u16,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: Option<BodyDigest>,
    ) -> Self {
        let mut answer = Self { status, body, ..Self::default() };
        let (mut ages, mut via) = (Vec::new(), Vec::new());
        for (name, value) in headers {
            let value = value.trim();
            if value.len() > VALUE_MAX {
                continue;
            }
            let name = name.to_ascii_lowercase();
            if name == "age" {
                ages.push(value.parse().ok());
            } else if name == "via" {
                via.push(value.to_ascii_lowercase());
            } else if !answer.read_entity(&name, value) {
                answer.read_way(&name, value);
            }
        }
        answer.read_via(&via.join(", "));
        answer.age = match ages[..] {
            [Some(first), ref others @ ..] if others.iter().all(|age| *age == Some(first)) => Some(first),
            _ => None,
        };
        if answer.length.is_none() {
            answer.length = body.filter(|body| body.whole).map(|body| body.hashed);
        }
        answer
    }

    /// Whether an answer that another program read could be one that [`Answer::read`] made: a status of HTTP, and no
    /// text that is longer or has other characters than a header value that is kept.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        let texts = [
            &self.etag,
            &self.version_id,
            &self.cf_id,
            &self.encoding,
            &self.other_cache,
            &self.server,
            &self.location,
            &self.allowed_origin,
            &self.retry_after,
        ];
        let x_cache = self.x_cache.as_ref().map(XCache::as_str);
        let mut texts = texts.into_iter().flatten().map(String::as_str).chain(x_cache);
        (100..=599).contains(&self.status)
            && texts.all(|text| text.len() <= VALUE_MAX && !text.chars().any(char::is_control))
            && self.pop.as_deref().is_none_or(is_pop)
            && self.cors.is_none()
            && self.origin.is_none()
            && self.compressed.is_none()
    }

    /// Reads a header about the content. `false` if it is none.
    fn read_entity(&mut self, name: &str, value: &str) -> bool {
        let text = || Some(value.to_owned());
        match name {
            "date" => self.date = Timestamp::of_http_date(value),
            "etag" => self.etag = text(),
            "last-modified" => self.last_modified = Timestamp::of_http_date(value),
            "content-length" => self.length = value.parse().ok(),
            "content-encoding" => {
                let value = value.to_ascii_lowercase();
                self.encoding = Some(value).filter(|value| value != "identity");
            }
            "content-type" => self.is_html = value.to_ascii_lowercase().starts_with("text/html"),
            // S3 sends `null` for objects that were written while the bucket had no versions.
            "x-amz-version-id" => self.version_id = text().filter(|id| id != "null"),
            "location" => self.location = text(),
            "cache-control" => {
                let value = value.to_ascii_lowercase();
                self.forbids_caching |= ["no-store", "no-cache", "private"].iter().any(|d| value.contains(d));
            }
            _ => return false,
        }
        true
    }

    /// Reads a header about who answered and how.
    fn read_way(&mut self, name: &str, value: &str) {
        let text = || Some(value.to_owned());
        match name {
            "x-cache" => self.x_cache = Some(XCache::parse(value)),
            "x-amz-cf-pop" => (self.pop, self.via_cloudfront) = (text().filter(|pop| is_pop(pop)), true),
            "x-amz-cf-id" => (self.cf_id, self.via_cloudfront) = (text(), true),
            "server" => self.server = text(),
            "www-authenticate" => self.asks_for_credentials = true,
            "x-amz-apigw-id" | "apigw-requestid" | "x-amzn-errortype" => self.from_aws_api = true,
            "access-control-allow-origin" => self.allowed_origin = text(),
            "retry-after" => self.retry_after = text(),
            _ => {
                if let Some((_, cache)) = MARKS.iter().find(|(mark, _)| *mark == name) {
                    self.other_cache = Some((*cache).to_owned());
                }
            }
        }
    }

    /// Reads all of `Via`, in lower case. Who passes an answer on adds itself at the end (RFC 9110, section 7.6.3).
    fn read_via(&mut self, via: &str) {
        let cloudfront = via.find("(cloudfront)");
        self.via_cloudfront |= cloudfront.is_some();
        if let Some((at, cache)) = VIA.iter().find_map(|(mark, cache)| Some((via.find(mark)?, *cache))) {
            self.other_cache = Some(cache.to_owned());
            self.is_cache_behind = cloudfront.is_some_and(|cloudfront| at < cloudfront);
        }
    }
}

/// Whether it is like `FRA50-C1`: such names were observed, and a hostile server may send anything.
fn is_pop(text: &str) -> bool {
    text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &str)]) -> Answer {
        Answer::read(200, headers.iter().copied(), None)
    }

    #[test]
    fn an_answer_of_cloudfront_and_s3_is_read() {
        let answer = Answer::read(
            200,
            [
                ("Content-Type", "text/HTML; charset=utf-8"),
                ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
                ("ETag", "W/\"5d41\""),
                ("x-amz-version-id", "3Lg"),
                ("Server", "AmazonS3"),
                ("Via", "1.1 abc.cloudfront.net (CloudFront)"),
                ("X-Cache", "Hit from cloudfront"),
                ("X-Amz-Cf-Pop", "FRA50-C1"),
                ("Age", "8120"),
            ],
            Some(BodyDigest::of(b"abc", true)),
        );
        assert_eq!(answer.date, Timestamp::parse("1994-11-06T08:49:37Z"));
        assert_eq!((answer.age, answer.length), (Some(8120), Some(3)));
        assert_eq!(answer.opaque_tag(), Some("\"5d41\""));
        assert_eq!(answer.x_cache, Some(XCache::Hit));
        assert!(answer.is_html && answer.via_cloudfront && answer.other_cache.is_none());
        assert_eq!((answer.version_id.as_deref(), answer.pop.as_deref()), (Some("3Lg"), Some("FRA50-C1")));
    }

    #[test]
    fn an_age_that_is_no_number_or_contradicts_another_is_none() {
        assert_eq!(read(&[("age", "12"), ("Age", "12")]).age, Some(12));
        for ages in [["12", "13"], ["12", "x"], ["-1", "-1"], ["1.5", "1.5"], ["", ""], ["12, 12", "12"]] {
            assert_eq!(read(&[("age", ages[0]), ("age", ages[1])]).age, None, "{ages:?}");
        }
        assert_eq!(read(&[]).age, None);
    }

    #[test]
    fn other_caches_name_themselves() {
        assert_eq!(read(&[("CF-Ray", "8a")]).other_cache.as_deref(), Some("Cloudflare"));
        let behind = read(&[("Via", "1.1 v (Varnish/7.1), 1.1 x.cloudfront.net (CloudFront)")]);
        assert!(behind.via_cloudfront && behind.other_cache.as_deref() == Some("Varnish"));
        assert!(behind.is_cache_behind);
        let in_two = read(&[("Via", "1.1 v (Varnish/7.1)"), ("Via", "1.1 x.cloudfront.net (CloudFront)")]);
        assert!(in_two.via_cloudfront && in_two.is_cache_behind);
        let in_front = read(&[("Via", "1.1 x.cloudfront.net (CloudFront), 1.1 squid")]);
        assert!(in_front.via_cloudfront && !in_front.is_cache_behind);
        assert_eq!(read(&[("Via", "1.1 google")]).other_cache, None);
    }

    #[test]
    fn what_no_header_can_be_is_not_bounded() {
        let good = Answer { etag: Some("\"a\"".to_owned()), ..read(&[("x-amz-cf-pop", "FRA50-C1")]) };
        assert!(good.is_bounded());
        let long = Some("x".repeat(VALUE_MAX + 1));
        for bad in [
            Answer { status: 0, ..good.clone() },
            Answer { status: 999, ..good.clone() },
            Answer { etag: long.clone(), ..good.clone() },
            Answer { encoding: long.clone(), ..good.clone() },
            Answer { location: Some("a\nb".to_owned()), ..good.clone() },
            Answer { server: Some("\0".to_owned()), ..good.clone() },
            Answer { pop: Some("<b>".to_owned()), ..good.clone() },
            Answer { cors: Some(crate::checks::CorsLook::default()), ..good.clone() },
            Answer { origin: Some(crate::checks::OriginAnswer::default()), ..good.clone() },
            Answer { compressed: Some(Box::default()), ..good.clone() },
            Answer { x_cache: Some(XCache::Unknown("x".repeat(VALUE_MAX + 1))), ..good.clone() },
        ] {
            assert!(!bad.is_bounded(), "{bad:?}");
        }
    }

    #[test]
    fn odd_values_are_left_out() {
        let long = "x".repeat(VALUE_MAX + 1);
        let answer = read(&[
            ("etag", &long),
            ("x-amz-version-id", "null"),
            ("date", "yesterday"),
            ("cache-control", "max-age=3, No-Store"),
            ("content-encoding", "Identity"),
        ]);
        assert_eq!(answer.encoding, None);
        assert_eq!((answer.etag, answer.version_id, answer.date), (None, None, None));
        assert!(answer.forbids_caching);
    }
}
