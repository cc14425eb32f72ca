//! Tests the words of the steps.

use std::time::Duration;

use url::Url;

use super::{reference_step, step};
use crate::{
    checks::{
        Answer, BodyHint, CheckCause, CustomErrorResponse, EdgeConfiguration, Evidence, ExpectedContent,
        Look, LookFailure, OriginKind, Reference, ReferenceKind, ReferenceOutcome, ReferenceSeen,
    },
    time::Timestamp,
};

const PAGE: &str = "https://www.example.com/news.html";

fn step_at(
    url: &str,
    cause: CheckCause,
    outcome: Result<Answer, LookFailure>,
    configuration: &EdgeConfiguration,
) -> String {
    let after = Look { at: Timestamp::from_micros(0), duration: Duration::ZERO, outcome };
    let evidence = Evidence {
        url,
        accepted_at: None,
        completed_at: None,
        before: None,
        after: &after,
        expected: ExpectedContent::NewVersion,
        is_guessed: false,
        configuration,
    };
    step(cause, &evidence)
}

fn with_status(status: u16) -> Answer {
    Answer { status, ..Answer::default() }
}

fn known() -> EdgeConfiguration {
    let page = Some("/errors/404.html".to_owned());
    EdgeConfiguration {
        distribution: Some("E2QWRUHAPOMQZL".to_owned()),
        account: Some("123456789012".to_owned()),
        bucket: Some("news-site".to_owned()),
        origin: Some(OriginKind::S3),
        hosts: Some(vec!["www.example.com".to_owned(), "d111111abcdef8.cloudfront.net".to_owned()]),
        default_root_object: Some("home.html".to_owned()),
        custom_errors: vec![CustomErrorResponse { code: 404, response_code: Some(404), page }],
        ..EdgeConfiguration::default()
    }
}

#[test]
fn each_cause_has_a_step_whatever_is_known() {
    let outcomes = [Err(LookFailure::ConnectTimeout), Ok(with_status(200)), Ok(with_status(404))];
    for cause in CheckCause::ALL {
        for configuration in [EdgeConfiguration::default(), known()] {
            for outcome in outcomes.clone() {
                let text = step_at(PAGE, *cause, outcome, &configuration);
                let (words, code) = text.split_once('\n').unwrap_or((&text, "none"));
                assert!(words.starts_with(char::is_uppercase) && words.len() < 600, "{cause:?} {words}");
                assert!(words.ends_with('.') || words.ends_with(PAGE), "{cause:?} {words}");
                assert!(!words.contains("  ") && !code.trim().is_empty(), "{cause:?} {text}");
            }
        }
    }
}

#[test]
fn nothing_is_a_placeholder_where_everything_is_known() {
    for cause in CheckCause::ALL {
        let text = step_at(PAGE, *cause, Ok(with_status(404)), &known());
        assert!(!text.contains("YOUR-"), "{cause:?} {text}");
    }
}

/// The form of the statement: developer guide, private-content-restricting-access-to-s3.
#[test]
fn the_bucket_policy_names_distribution_account_and_bucket() {
    let text = step_at(PAGE, CheckCause::BucketDenied, Ok(with_status(403)), &known());
    let (_, statement) = text.split_once('\n').unwrap();
    let expected = serde_json::json!({
        "Effect": "Allow",
        "Principal": { "Service": "cloudfront.amazonaws.com" },
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::news-site/*",
        "Condition": { "StringEquals": {
            "AWS:SourceArn": "arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL"
        } }
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(statement).unwrap(), expected);
}

#[test]
fn what_is_not_known_is_a_readable_placeholder() {
    let unknown = EdgeConfiguration::default();
    let text = step_at(PAGE, CheckCause::BucketDenied, Ok(with_status(403)), &unknown);
    assert!(text.contains("arn:aws:s3:::YOUR-BUCKET/*"), "{text}");
    assert!(text.contains("arn:aws:cloudfront::YOUR-ACCOUNT:distribution/YOUR-DISTRIBUTION"), "{text}");
    // A tenant's ID is no distribution's, and a name with other characters belongs in no policy.
    let odd = EdgeConfiguration {
        distribution: Some("dt_2wjDZi3hD1ivOXf6rpZJOSNE1AB".to_owned()),
        bucket: Some("a\", \"b".to_owned()),
        hosts: Some(vec!["d1.cloudfront.cn".to_owned()]),
        ..known()
    };
    let text = step_at(PAGE, CheckCause::BucketDenied, Ok(with_status(403)), &odd);
    assert!(text.contains("arn:aws-cn:s3:::YOUR-BUCKET/*"), "{text}");
    assert!(text.contains("arn:aws-cn:cloudfront::123456789012:distribution/YOUR-DISTRIBUTION"), "{text}");
}

#[test]
fn commands_are_filled_in_and_safe_to_paste() {
    use CheckCause as C;
    let code = |url, cause, status| {
        let text = step_at(url, cause, Ok(with_status(status)), &known());
        text.split_once('\n').unwrap().1.to_owned()
    };
    let cases = [
        (PAGE, C::ObjectMissing, "aws s3 ls s3://news-site/news.html"),
        ("https://a.example/", C::ObjectMissing, "aws s3 ls s3://news-site/home.html"),
        ("https://a.example/it's%20$(b)", C::ObjectMissing, r"aws s3 ls 's3://news-site/it'\''s $(b)'"),
        ("https://a.example/docs/", C::NoFolderIndex, "aws s3 ls s3://news-site/docs/index.html"),
        (PAGE, C::ErrorPageMissing, "aws s3 ls s3://news-site/errors/404.html"),
        (
            PAGE,
            C::NoDefaultRootObject,
            "aws cloudfront update-distribution --id E2QWRUHAPOMQZL --default-root-object index.html",
        ),
        (PAGE, C::Deploying, "aws cloudfront wait distribution-deployed --id E2QWRUHAPOMQZL"),
        (
            PAGE,
            C::BlockedByWaf,
            "aws cloudfront get-distribution-config --id E2QWRUHAPOMQZL --query DistributionConfig.WebACLId --output json",
        ),
        (
            "https://a.example/",
            C::HostNotAlias,
            "aws cloudfront list-conflicting-aliases --distribution-id E2QWRUHAPOMQZL --alias a.example",
        ),
        (
            PAGE,
            C::OtherDistribution,
            r"aws cloudfront list-distributions --query 'DistributionList.Items[?Aliases.Items && contains(Aliases.Items, '\''www.example.com'\'')].Id' --output text",
        ),
        (PAGE, C::NotCloudFront, "dig +short www.example.com"),
        (
            "https://a.example/?a=1&b",
            C::Contradiction,
            "curl -sS -o /dev/null -D - 'https://a.example/?a=1&b'",
        ),
    ];
    for (url, cause, expected) in cases {
        assert_eq!(code(url, cause, 404), expected, "{cause:?}");
    }
    let both = code(PAGE, C::ObjectMissingOrDenied, 403);
    assert!(both.starts_with("aws s3 ls s3://news-site/news.html\n{\n"), "{both}");
}

#[test]
fn a_step_says_how_long_to_wait() {
    let step_for = |status, retry_after: &str| {
        let answer = Answer { retry_after: Some(retry_after.to_owned()), ..with_status(status) };
        step_at(PAGE, CheckCause::OriginUnavailable, Ok(answer), &known())
    };
    assert!(step_for(503, "120").contains("asks to wait 120 s (Retry-After)."));
    assert!(step_for(503, "Sun, 06 Nov 1994 08:49:37 GMT").contains("until Sun, 06 Nov 1994 08:49:37 GMT"));
    assert!(!step_for(503, "soon, see https://evil.example").contains("Retry-After"));
    assert!(step_for(503, "").contains("the error for 10 s"));
    let missing = |status| step_at(PAGE, CheckCause::NotFound, Ok(with_status(status)), &known());
    assert!(missing(404).contains("the error for 10 s") && !missing(410).contains("10 s"));
}

#[test]
fn parts_of_an_answer_stay_short_and_in_one_line() {
    let answer = Answer { location: Some(format!("/a\n{}", "x".repeat(999))), ..with_status(301) };
    let text = step_at(PAGE, CheckCause::Redirected, Ok(answer), &known());
    assert!(text.len() < 400 && !text.contains('\n'), "{text}");
    let text = step_at("https://a.example/b%0Ac/", CheckCause::NoFolderIndex, Ok(with_status(404)), &known());
    assert!(text.lines().next().unwrap().contains("/b%0Ac/index.html"), "{text}");
}

#[test]
fn the_words_depend_on_what_was_seen() {
    let api = Answer { from_aws_api: true, body_hint: BodyHint::ApiRouteMissing, ..with_status(403) };
    assert!(
        step_at(PAGE, CheckCause::NotFound, Ok(api.clone()), &known())
            .contains("Missing Authentication Token")
    );
    assert!(step_at(PAGE, CheckCause::TooManyRequests, Ok(api), &known()).contains("usage plan"));
    let timed_out = Answer { body_hint: BodyHint::ApiTimedOut, from_aws_api: true, ..with_status(504) };
    let text = step_at(PAGE, CheckCause::OriginTimeout, Ok(timed_out), &known());
    assert!(text.contains("API Gateway waits 29 s") && !text.contains("CloudFront waits"), "{text}");
    let website = EdgeConfiguration { origin: Some(OriginKind::S3Website), ..known() };
    let text = step_at(PAGE, CheckCause::ObjectMissingOrDenied, Ok(with_status(403)), &website);
    assert!(text.contains("only public objects") && !text.contains("SourceArn"), "{text}");
    let own = "https://d111111abcdef8.cloudfront.net/";
    for cause in [CheckCause::NotCloudFront, CheckCause::HostNotAlias, CheckCause::CertificateWrongName] {
        let text = step_at(own, cause, Ok(with_status(403)), &known());
        assert!(text.starts_with("Check what is between"), "{cause:?} {text}");
    }
    let http = "http://www.example.com/news.html";
    assert!(step_at(http, CheckCause::RedirectToHttps, Ok(with_status(301)), &known()).ends_with(PAGE));
}

#[test]
fn the_step_of_a_page_names_the_file_that_does_not_load() {
    use ReferenceOutcome::{Loads, Mixed, NoAnswer, OtherPage, Status};
    let step_of = |references: &[(&str, ReferenceOutcome)], configuration: &EdgeConfiguration| {
        let of = |(url, outcome): &(&str, ReferenceOutcome)| {
            let is_mixed = *outcome == Mixed;
            Reference { url: Url::parse(url).unwrap(), kind: ReferenceKind::Script, is_mixed }
        };
        let all: Vec<Reference> = references.iter().map(of).collect();
        let outcomes = references.iter().map(|(_, outcome)| *outcome);
        let seen: Vec<_> = all
            .iter()
            .zip(outcomes)
            .map(|(reference, outcome)| ReferenceSeen { reference, outcome })
            .collect();
        let after =
            Look { at: Timestamp::from_micros(0), duration: Duration::ZERO, outcome: Ok(with_status(200)) };
        let evidence = Evidence {
            url: PAGE,
            accepted_at: None,
            completed_at: None,
            before: None,
            after: &after,
            expected: ExpectedContent::NewVersion,
            is_guessed: false,
            configuration: &EdgeConfiguration::default(),
        };
        reference_step(&seen, &evidence, |_| configuration.clone())
    };
    let (a, b) = ("https://www.example.com/css/a%20b.css?v=1", "https://static.example.com/b.js");
    let custom = EdgeConfiguration::default();
    for (references, configuration, parts) in [
        (
            &[(b, Loads), (a, Status(404))][..],
            known(),
            &[
                "The file /css/a%20b.css?v=1 answers with status 404. Check that",
                "\naws s3 ls 's3://news-site/css/a b.css'",
            ][..],
        ),
        (
            &[(a, OtherPage), (b, Status(403)), (b, Mixed)],
            custom.clone(),
            &[
                "The file /css/a%20b.css?v=1 answers with another page",
                " 1 other file of the page does not load either. ",
                "\ncurl -sS -o /dev/null -D - 'https://www.example.com/css/a%20b.css?v=1'",
            ],
        ),
        (
            &[(b, NoAnswer), (a, Status(500)), (a, Status(500))],
            known(),
            &[
                "The file https://static.example.com/b.js gives no answer. 2 other files of the page do not load either. Look at the log",
                "\ncurl ",
            ],
        ),
        (
            &[(b, Loads), ("http://cdn.example/x.js", Mixed), (a, Mixed)],
            custom.clone(),
            &["change http:// to https:// for http://cdn.example/x.js and 1 other file: in a page"],
        ),
    ] {
        let text = step_of(references, &configuration);
        for part in parts {
            assert!(text.contains(part), "{text} has not {part}");
        }
    }
    assert_eq!(step_of(&[(a, Loads)], &custom), "");
    let long = format!("https://www.example.com/{}", "x".repeat(2_000));
    assert!(step_of(&[(&long, Status(404))], &custom).lines().next().unwrap().len() < 600);
}
