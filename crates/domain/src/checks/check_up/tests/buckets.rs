//! The findings about buckets.

use super::*;
use crate::checks::BodyHint;

#[test]
fn a_bucket_that_answers_everybody_is_a_problem_with_its_policy() {
    let name = FindingName::BucketPastCloudFront;
    let open = changed(name, |_, looks| looks.buckets = vec![bucket(answered(200))]);
    assert_eq!(open.state, FindingState::Problem);
    assert!(open.found.contains("site.s3.eu-central-1.amazonaws.com/index.html"), "{}", open.found);
    let snippet = open.snippet.unwrap();
    assert!(snippet.contains("arn:aws:s3:::site/*") && snippet.contains("111122223333"), "{snippet}");
    assert!(snippet.contains("put-public-access-block --bucket site "), "{snippet}");
    let hint = |hint| look(Ok(Answer { status: 404, body_hint: hint, ..Answer::default() }));
    let listed = changed(name, |_, looks| looks.buckets = vec![bucket(hint(BodyHint::S3NoSuchKey))]);
    assert_eq!(listed.state, FindingState::Problem);
    let none = changed(name, |_, looks| looks.buckets = vec![bucket(hint(BodyHint::S3NoSuchBucket))]);
    assert!(none.found.contains("does not exist"), "{}", none.found);
}

#[test]
fn a_refusal_proves_that_a_bucket_is_closed_only_for_a_file_that_is_there() {
    let name = FindingName::BucketPastCloudFront;
    assert_eq!(changed(name, |_, looks| looks.page = Some(answered(403))).state, FindingState::Unknown);
    assert_eq!(changed(name, |site, _| config(site).root_object = None).state, FindingState::Unknown);
    assert_eq!(changed(name, |_, looks| looks.buckets[0].look = answered(301)).state, FindingState::Unknown);
    let silent = changed(name, |_, looks| looks.buckets[0].look = look(Err(LookFailure::TlsFailed)));
    assert_eq!(silent.state, FindingState::Unknown);
    let replaced = changed(name, |_, looks| looks.is_dns_replaced = true);
    assert_eq!(replaced.state, FindingState::Unknown);
    let hidden = Answer { status: 200, x_cache: Some(XCache::Error), ..Answer::default() };
    assert_eq!(changed(name, |_, looks| looks.page = Some(look(Ok(hidden)))).state, FindingState::Unknown);
}

#[test]
fn an_identity_is_legacy_and_no_access_control_is_a_problem() {
    let access = |access| {
        changed(FindingName::OriginAccess, |site, _| config(site).delivery.origins[0].access = access)
    };
    let identity = access(OriginAccess::Identity("E1OAI".to_owned()));
    assert_eq!(identity.state, FindingState::Advice);
    assert!(identity.found.contains("E1OAI, which AWS calls legacy"), "{}", identity.found);
    assert!(identity.snippet.unwrap().contains("create-origin-access-control"));
    assert_eq!(access(OriginAccess::Open).state, FindingState::Problem);
    let website = changed(FindingName::OriginAccess, |site, _| {
        site.origins = vec!["site.s3-website-us-east-1.amazonaws.com".to_owned()];
    });
    assert_eq!(website.state, FindingState::Advice);
    let custom =
        changed(FindingName::OriginAccess, |site, _| site.origins = vec!["a.example.com".to_owned()]);
    assert_eq!(custom.state, FindingState::Good);
    // The worst of several decides.
    let both = changed(FindingName::OriginAccess, |site, _| {
        site.origins.push("other.s3.amazonaws.com".to_owned());
        config(site).delivery.origins.push(OriginSettings {
            domain: "other.s3.amazonaws.com".to_owned(),
            path: String::new(),
            access: OriginAccess::Open,
        });
    });
    assert!(both.state == FindingState::Problem && both.found.contains("other.s3"), "{both:?}");
}

#[test]
fn a_bucket_is_asked_by_its_own_address() {
    let addresses = |domain: &str, path: &str| {
        let mut site = distribution();
        site.origins = vec![domain.to_owned(), "api.example.com".to_owned()];
        config(&mut site).delivery.origins[0].domain = domain.to_owned();
        config(&mut site).delivery.origins[0].path = path.to_owned();
        bucket_address(&site).into_iter().map(|(_, url)| url.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(addresses(BUCKET, ""), [format!("https://{BUCKET}/index.html")]);
    assert_eq!(addresses(BUCKET, "/site/v1"), [format!("https://{BUCKET}/site/v1/index.html")]);
    assert_eq!(
        addresses("www.example.com.s3.eu-central-1.amazonaws.com", "/site"),
        ["https://s3.eu-central-1.amazonaws.com/www.example.com/site/index.html"]
    );
    assert!(addresses("evil.test/x?.s3.amazonaws.com", "").is_empty());
    assert!(addresses("me@evil.s3.amazonaws.com", "").is_empty());
    assert!(addresses("site.s3-website-us-east-1.amazonaws.com", "").is_empty());
}
