//! Where a bucket is asked: its name, its region and the endpoint.

use rusty_s3::{Bucket, UrlStyle};
use unstale_domain::checks::bucket_of;
use url::Url;

/// A bucket, as the domain name of an origin says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Bucket {
    pub name: String,
    /// Such as `eu-central-1`. `None` if the domain name does not say it.
    pub region: Option<String>,
    /// `amazonaws.com`, or `amazonaws.com.cn` in China.
    suffix: &'static str,
}

impl S3Bucket {
    /// Reads a domain name such as `BUCKET.s3.eu-central-1.amazonaws.com` (S3 user guide, "Virtual hosting of
    /// buckets"). `None` if it is no bucket's, or the one of a website endpoint, which is another server.
    #[must_use]
    pub fn of_origin(domain: &str) -> Option<Self> {
        let name = bucket_of(domain)?;
        let suffix = if domain.ends_with(".com.cn") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let service = domain.strip_prefix(name)?.strip_prefix(".s3")?.strip_suffix(suffix)?;
        let region = service.trim_matches(['.', '-']);
        let region = region.strip_prefix("dualstack.").unwrap_or(region);
        let region = (!region.is_empty() && region != "external-1").then(|| region.to_owned());
        Some(Self { name: name.to_owned(), region, suffix })
    }

    /// The bucket of this name, in a region that is not known yet.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), region: None, suffix: "amazonaws.com" }
    }

    /// The address at which the bucket is asked in a region. `endpoint` is the one that is set, which takes the place
    /// of AWS's. `None` if no URL can be made of the name.
    pub(super) fn at(&self, region: &str, endpoint: Option<&Url>) -> Option<Bucket> {
        if let Some(endpoint) = endpoint {
            return Bucket::new(endpoint.clone(), UrlStyle::Path, self.name.clone(), region.to_owned()).ok();
        }
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { self.suffix };
        let aws = Url::parse(&format!("https://s3.{region}.{suffix}")).ok()?;
        // The certificate of AWS covers one label before `s3`.
        let style = if self.name.contains('.') { UrlStyle::Path } else { UrlStyle::VirtualHost };
        Bucket::new(aws, style, self.name.clone(), region.to_owned()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origins_name_says_bucket_and_region() {
        for (domain, expected) in [
            ("site.s3.amazonaws.com", Some(("site", None))),
            ("site.s3.eu-central-1.amazonaws.com", Some(("site", Some("eu-central-1")))),
            ("www.example.com.s3.eu-west-1.amazonaws.com", Some(("www.example.com", Some("eu-west-1")))),
            ("site.s3-eu-west-1.amazonaws.com", Some(("site", Some("eu-west-1")))),
            ("site.s3.dualstack.eu-west-1.amazonaws.com", Some(("site", Some("eu-west-1")))),
            ("site.s3.cn-north-1.amazonaws.com.cn", Some(("site", Some("cn-north-1")))),
            ("site.s3-website-us-east-1.amazonaws.com", None),
            ("site.s3-website.eu-central-1.amazonaws.com", None),
            ("abc.execute-api.us-east-1.amazonaws.com", None),
            (".s3.amazonaws.com", None),
            ("origin.example.com", None),
        ] {
            let bucket = S3Bucket::of_origin(domain);
            let found = bucket.as_ref().map(|bucket| (bucket.name.as_str(), bucket.region.as_deref()));
            assert_eq!(found, expected, "{domain}");
        }
    }

    #[test]
    fn a_bucket_is_asked_where_its_certificate_fits() {
        let at = |domain: &str, endpoint: Option<&str>| {
            let endpoint = endpoint.map(|url| Url::parse(url).unwrap());
            let bucket = S3Bucket::of_origin(domain).unwrap().at("eu-west-1", endpoint.as_ref()).unwrap();
            bucket.object_url("a b/ü.html").to_string()
        };
        let site = "site.s3.eu-west-1.amazonaws.com";
        assert_eq!(at(site, None), "https://site.s3.eu-west-1.amazonaws.com/a%20b/%C3%BC.html");
        assert_eq!(
            at("www.example.com.s3.eu-west-1.amazonaws.com", None),
            "https://s3.eu-west-1.amazonaws.com/www.example.com/a%20b/%C3%BC.html"
        );
        assert_eq!(at(site, Some("http://127.0.0.1:4600")), "http://127.0.0.1:4600/site/a%20b/%C3%BC.html");
        let china = "site.s3.cn-north-1.amazonaws.com.cn";
        assert!(at(china, None).starts_with("https://site.s3.eu-west-1.amazonaws.com.cn/"));
        let named = |region| S3Bucket::named("site").at(region, None).unwrap().object_url("a").to_string();
        assert_eq!(named("eu-west-1"), "https://site.s3.eu-west-1.amazonaws.com/a");
        assert_eq!(named("cn-north-1"), "https://site.s3.cn-north-1.amazonaws.com.cn/a");
    }
}
