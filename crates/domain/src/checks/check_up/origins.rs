//! Findings about origins that are buckets: who may read them.

use url::Url;

use super::{
    super::{Answer, BodyHint, EdgeConfiguration, OriginKind, XCache, bucket_of, step::FilledIn},
    Finding,
    FindingName::{BucketPastCloudFront, OriginAccess as OriginAccessName},
    FindingState::{self, Advice, Good, Problem, Unknown},
    facts::{Bucket, Facts, shown},
    seen::BucketSeen,
};
use crate::distributions::{delivery::OriginAccess, distribution::Distribution};

const NO_BUCKET: &str = "No origin is a bucket of S3.";

pub(super) fn origin_access(facts: &Facts<'_>) -> Finding {
    if facts.distribution.origins.is_empty() {
        return Finding::new(OriginAccessName, Unknown, "The origins of the distribution are not known.")
            .step("Look with this command.")
            .snippet(FilledIn(&facts.filling).show_configuration("Origins.Items[].DomainName"));
    }
    let each = facts.buckets().into_iter().map(|bucket| access_of(facts, &bucket));
    worst(each).unwrap_or_else(|| Finding::new(OriginAccessName, Good, NO_BUCKET))
}

/// The worst of some findings, and of two that are as bad the first.
fn worst(findings: impl Iterator<Item = Finding>) -> Option<Finding> {
    findings.min_by_key(|finding| finding.state)
}

fn access_of(facts: &Facts<'_>, bucket: &Bucket<'_>) -> Finding {
    let filling = facts.filled_for(bucket.domain);
    let filled = FilledIn(&filling);
    let domain = shown(bucket.domain);
    let finding = |state, found: String| Finding::new(OriginAccessName, state, found);
    if bucket.kind == OriginKind::S3Website {
        return finding(
            Advice,
            format!("The origin {domain} is a website endpoint: its bucket has to be public, and CloudFront reads it by plain HTTP."),
        )
        .step("Use the bucket's own endpoint as the origin, with origin access control, and a default root object. A bucket has no index of a folder: a CloudFront Function that appends index.html does it then.");
    }
    match bucket.access {
        None => finding(Unknown, format!("How CloudFront reads the bucket of {domain} has not been read yet."))
            .step("Look with this command.")
            .snippet(filled.show_configuration(
                "Origins.Items[].[DomainName,OriginAccessControlId,S3OriginConfig.OriginAccessIdentity]",
            )),
        Some(OriginAccess::Control(id)) => finding(
            Good,
            format!("CloudFront reads the bucket of {domain} by the origin access control {}.", shown(id)),
        ),
        Some(OriginAccess::Identity(name)) => finding(
            Advice,
            format!("CloudFront reads the bucket of {domain} by the origin access identity {}, which AWS calls legacy.", shown(name)),
        )
        .step("Make an origin access control with the command, and add the statement to the bucket policy beside the one for the identity. Then choose the control at the origin. Once that is deployed, remove the statement with the identity.")
        .snippet(with_control(filled)),
        Some(OriginAccess::Open) => finding(
            Problem,
            format!("The origin {domain} has neither origin access control nor an identity, so CloudFront gets only what everyone may read in the bucket."),
        )
        .step("Make an origin access control with the command, add the statement to the bucket policy, and choose the control at the origin. Once that is deployed, block public access to the bucket.")
        .snippet(with_control(filled)),
    }
}

fn with_control(filled: FilledIn<'_>) -> String {
    format!(
        "aws cloudfront create-origin-access-control --origin-access-control-config Name={},SigningProtocol=sigv4,SigningBehavior=always,OriginAccessControlOriginType=s3\n{}",
        filled.bucket(),
        filled.read_statement()
    )
}

pub(super) fn bucket_past_cloudfront(facts: &Facts<'_>) -> Finding {
    let finding = |state, found: &str| Finding::new(BucketPastCloudFront, state, found);
    let buckets = facts.buckets();
    if buckets.is_empty() && !facts.distribution.origins.is_empty() {
        return finding(Good, NO_BUCKET);
    }
    if buckets.iter().all(|bucket| bucket.kind == OriginKind::S3Website) && !buckets.is_empty() {
        return finding(
            Advice,
            "The only buckets are website endpoints, which everyone can read at their own addresses.",
        )
        .step("Use the bucket's own endpoint as the origin, with origin access control.");
    }
    let Some(looks) = facts.looks else {
        return finding(Unknown, "It was not looked at yet whether the bucket answers without CloudFront.")
            .step("Look now.");
    };
    if looks.is_dns_replaced {
        return finding(
            Unknown,
            "Whether the bucket answers without CloudFront is not known: looks go to one address in place of DNS (UNSTALE_EDGE).",
        )
        .step("Ask the bucket yourself: 403 is good, 200 is not.")
        .snippet(ask_yourself(facts));
    }
    let each = looks.buckets.iter().map(|seen| judge(facts, seen));
    worst(each).unwrap_or_else(|| {
        finding(Unknown, "The bucket has no address that can be asked.")
            .step("Ask the bucket yourself: 403 is good, 200 is not.")
            .snippet(ask_yourself(facts))
    })
}

fn ask_yourself(facts: &Facts<'_>) -> String {
    let urls = bucket_address(facts.distribution).into_iter().map(|(_, url)| {
        format!(
            "curl -sS -o /dev/null -w '%{{http_code}}\\n' {}",
            crate::invalidations::aws_cli::quoted(url.as_str())
        )
    });
    let commands: Vec<String> = urls.collect();
    if commands.is_empty() {
        "curl -sS -o /dev/null -w '%{http_code}\\n' https://YOUR-BUCKET.s3.amazonaws.com/index.html"
            .to_owned()
    } else {
        commands.join("\n")
    }
}

fn judge(facts: &Facts<'_>, seen: &BucketSeen) -> Finding {
    let filling = facts.filled_for(&seen.origin);
    let finding = |state: FindingState, found: String| Finding::new(BucketPastCloudFront, state, found);
    let url = shown(&seen.url);
    let answer = match &seen.look.outcome {
        Ok(answer) => answer,
        Err(failure) => {
            return finding(
                Unknown,
                format!(
                    "{url} gave no answer, so whether the bucket is closed is not known ({}).",
                    failure.label()
                ),
            )
            .step("Look again.");
        }
    };
    match (answer.status, answer.body_hint) {
        (404, BodyHint::S3NoSuchBucket) => finding(
            Problem,
            format!("The bucket of {} does not exist. A person who creates a bucket with its name decides what viewers get.", shown(&seen.origin)),
        )
        .step("Make the bucket in your own account at once, or remove the origin from the distribution.")
        .snippet(FilledIn(&filling).show_configuration("Origins.Items[].DomainName")),
        (404, _) => closing(
            finding(Problem, format!("{url} answers everyone, without CloudFront, that the file is not there: the bucket lets everyone list it.")),
            &filling,
        ),
        (200..=299, _) => closing(
            finding(Problem, format!("{url} answers everyone with status {}, without CloudFront.", answer.status)),
            &filling,
        ),
        (403, _) if is_file_there(facts, seen) => finding(
            Good,
            format!("{url} refuses with status 403 what the site itself serves: the bucket is read only through CloudFront."),
        ),
        (403, _) => finding(
            Unknown,
            format!("{url} refuses with status 403. Whether that file is in the bucket is not known, and S3 refuses a missing one in the same way."),
        )
        .step("Look at the bucket policy and at the block of public access.")
        .snippet(format!(
            "aws s3api get-bucket-policy-status --bucket {bucket}\naws s3api get-public-access-block --bucket {bucket}",
            bucket = FilledIn(&filling).bucket()
        )),
        (status, _) => {
            finding(Unknown, format!("{url} answers with status {status}, which does not say whether the bucket is closed."))
                .step("Look at the bucket policy.")
                .snippet(format!("aws s3api get-bucket-policy-status --bucket {}", FilledIn(&filling).bucket()))
        }
    }
}

/// How to close a bucket that everybody may read.
fn closing(finding: Finding, filling: &EdgeConfiguration) -> Finding {
    let filled = FilledIn(filling);
    finding
        .step("Add the statement to the bucket policy, and see that the distribution reads the bucket by origin access control. Then remove each statement that lets everyone read (Principal *), and block public access with the command.")
        .snippet(format!(
            "{}\naws s3api put-public-access-block --bucket {} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
            filled.read_statement(),
            filled.bucket()
        ))
}

/// Whether the file that the bucket was asked for is there: the site serves it as its root.
fn is_file_there(facts: &Facts<'_>, seen: &BucketSeen) -> bool {
    let is_page = |answer: &Answer| answer.status == 200 && answer.x_cache != Some(XCache::Error);
    facts.root_object().is_some_and(|root| !root.is_empty())
        && facts.default_origin() == Some(&seen.origin)
        && facts.page().is_some_and(is_page)
}

/// The addresses by which the buckets of a distribution are asked past CloudFront, each with its origin: S3's own
/// address of the default root object, or of `index.html`. At most three.
#[must_use]
pub fn bucket_address(distribution: &Distribution) -> Vec<(String, Url)> {
    let facts = Facts::new(distribution, None);
    let root = facts.root_object().filter(|root| !root.is_empty()).unwrap_or("index.html");
    let read = facts.delivery.map(|delivery| &delivery.origins[..]).unwrap_or_default();
    let path = |domain: &str| {
        let settings = read.iter().find(|origin| origin.domain == domain);
        settings.map_or("", |origin| origin.path.trim_matches('/'))
    };
    let buckets = facts.buckets().into_iter().filter(|bucket| bucket.kind == OriginKind::S3);
    let addresses = buckets.filter_map(|bucket| {
        let url = address(bucket.domain, path(bucket.domain), root)?;
        Some((bucket.domain.to_owned(), url))
    });
    addresses.take(BUCKETS_MAX).collect()
}

const BUCKETS_MAX: usize = 3;

/// A bucket whose name has dots does not fit S3's certificate, so that its name stands in the path (S3 user guide,
/// "Virtual hosting of buckets").
fn address(domain: &str, path: &str, root: &str) -> Option<Url> {
    let is_name = |name: &&str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    let bucket = bucket_of(domain).filter(is_name)?;
    let (host, first) = if bucket.contains('.') {
        (domain.strip_prefix(bucket)?.trim_start_matches('.'), Some(bucket))
    } else {
        (domain, None)
    };
    let mut url = Url::parse(&format!("https://{host}/")).ok()?;
    let is_host = url.host_str() == Some(host) && url.port().is_none() && url.username().is_empty();
    url.path_segments_mut()
        .ok()?
        .clear()
        .extend(first)
        .extend(path.split('/').chain(root.split('/')).filter(|segment| !segment.is_empty()));
    is_host.then_some(url)
}
