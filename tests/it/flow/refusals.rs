//! What CloudFront's refusals mean: by their words, where one code has several causes.

use cloudfront_sandbox::Fault;
use unstale::{
    domain::invalidations::problem::{Problem, ProblemKind},
    store::accounts,
};

use crate::support::{WORKSHOP, World, seconds};

/// Refuses the first create in these words: AWS refuses the account, and later takes the batch.
async fn the_account_rests(status: u16, code: &str, message: &str) -> Problem {
    let world = World::new().await;
    let (id, other) = (world.request("/a").await, world.request("/b").await);
    world.fault(Fault::refuse("CreateInvalidation", status, code, message));
    world.submit().await;
    assert_eq!(world.batch_state(&id).await, "queued", "{code}: it is not refused for good");
    assert_eq!(world.batch_state(&other).await, "queued");
    assert_eq!(world.creates().len(), 1, "the account rests");
    let paused = world.database.get(async |conn| accounts::paused(conn).await).await.remove(0);
    world.sandbox.set_faults(Vec::new());
    world.live(70).await;
    assert_eq!((world.state(&id).await, world.state(&other).await), ("completed", "completed"));
    world.finish().await;
    paused.problem
}

#[tokio::test]
async fn a_signature_out_of_time_is_the_clock_and_no_wrong_key() {
    for code in ["SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure"] {
        let late = "Signature expired: 20261128T070000Z is now earlier than 20261128T081500Z (20261128T082000Z - 5 min.)";
        let problem = the_account_rests(403, code, late).await;
        assert_eq!(problem.kind, ProblemKind::ClockSkew);
        assert!(problem.advice(&[]).contains("This server's clock is 80 min behind AWS's"), "{problem:?}");
    }
    let early = "Signature not yet current: 20261128T093000Z is still later than 20261128T083500Z (20261128T083000Z + 5 min.)";
    let problem = the_account_rests(403, "SignatureDoesNotMatch", early).await;
    assert!(problem.advice(&[]).contains("This server's clock is 60 min ahead of AWS's"), "{problem:?}");
    // Without times in AWS's words, its Date tells: here it agrees, so the request was late.
    for code in ["RequestTimeTooSkewed", "RequestExpired"] {
        let problem = the_account_rests(403, code, "The difference is too large.").await;
        assert_eq!(problem.kind, ProblemKind::RequestExpired);
        assert!(problem.message.contains("AWS's clock 20"), "{problem:?}");
        let advice = problem.advice(&[]);
        assert!(advice.contains("agree now") && advice.contains("held up on its way"), "{advice}");
    }
    let midnight = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261128' != '20261127', from '20261127T235959Z'.";
    let problem = the_account_rests(403, "SignatureDoesNotMatch", midnight).await;
    assert_eq!(problem.kind, ProblemKind::ClockSkew);
    let wrong = "The request signature we calculated does not match the signature you provided.";
    let problem = the_account_rests(403, "SignatureDoesNotMatch", wrong).await;
    assert_eq!(problem.kind, ProblemKind::BadCredentials);
}

#[tokio::test]
async fn a_region_that_is_none_is_the_accounts_and_is_named() {
    let words = "Credential should be scoped to a valid region, not 'eu-north-9'. ";
    for code in ["InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"] {
        let problem = the_account_rests(400, code, words).await;
        assert_eq!(problem.kind, ProblemKind::WrongScope);
        let advice = problem.advice(&[]);
        assert!(
            advice.contains("the region eu-north-9,") && advice.contains("AWS_REGION=us-east-1"),
            "{advice}"
        );
    }
}

#[tokio::test]
async fn what_aws_says_of_the_account_lets_it_rest() {
    for (status, code, message, kind) in [
        (403, "InvalidToken", "The provided token is malformed.", ProblemKind::BadCredentials),
        (400, "TokenRefreshRequired", "The token must be refreshed.", ProblemKind::ExpiredCredentials),
        (
            400,
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; the region 'eu-west-1' is wrong; expecting 'us-east-1'",
            ProblemKind::WrongScope,
        ),
        (400, "NotAuthorized", "You do not have permission.", ProblemKind::AccountBlocked),
        (403, "SubscriptionRequiredException", "A subscription is needed.", ProblemKind::AccountBlocked),
        (403, "AccountSuspended", "Your account is suspended.", ProblemKind::AccountBlocked),
    ] {
        let problem = the_account_rests(status, code, message).await;
        assert_eq!(problem.kind, kind, "{code}");
        assert!(!problem.advice(&[]).contains("press Retry"), "{code}: {}", problem.advice(&[]));
    }
}

/// It is asked again later, by itself, and one invalidation comes of it.
#[tokio::test]
async fn what_means_later_is_asked_again() {
    for (status, code) in [
        (400, "RequestTimeout"),
        (408, "RequestTimeout"),
        (408, "BrandNew"),
        (400, "SlowDown"),
        (400, "TooManyRequests"),
        (400, "PriorRequestNotComplete"),
        (409, "OperationAborted"),
    ] {
        let world = World::new().await;
        let id = world.request("/a").await;
        world.fault(Fault::refuse("CreateInvalidation", status, code, "later").times(1));
        world.submit().await;
        assert_ne!(world.batch_state(&id).await, "failed", "{status} {code}");
        world.live(120).await;
        assert_eq!(world.state(&id).await, "completed", "{status} {code}");
        assert_eq!(world.at_cloudfront(WORKSHOP), 1, "{status} {code}");
        world.finish().await;
    }
}

/// Refuses the only batch for good.
async fn refused(code: &str, message: &str, typed: &str) -> (World, Problem, String) {
    let world = World::new().await;
    let id = world.request(typed).await;
    world.fault(Fault::refuse("CreateInvalidation", 403, code, message).times(1));
    world.submit().await;
    let batch = world.batch(&id).await;
    assert_eq!(batch.state.as_str(), "failed", "{message}");
    let problem = batch.problem.unwrap();
    let advice = problem.advice(&batch.items);
    (world, problem, advice)
}

#[tokio::test]
async fn each_layer_that_refuses_is_named_and_a_statement_offered_only_where_it_helps() {
    let who = "User: arn:aws:sts::123456789012:assumed-role/unstale/i-1 is not authorized to perform: cloudfront:CreateInvalidation on resource: arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL";
    for (words, layer, statement) in [
        (
            "because no identity-based policy allows the cloudfront:CreateInvalidation action",
            "policy of the role",
            true,
        ),
        (
            "because no session policy allows the cloudfront:CreateInvalidation action",
            "No session policy",
            false,
        ),
        (
            "because no permissions boundary allows the cloudfront:CreateInvalidation action",
            "No permissions boundary",
            false,
        ),
        (
            "because no service control policy allows the cloudfront:CreateInvalidation action",
            "No service control",
            false,
        ),
        (
            "because no VPC endpoint policy allows the cloudfront:CreateInvalidation action",
            "No VPC endpoint",
            false,
        ),
        ("with an explicit deny in an identity-based policy", "An identity-based policy denies", false),
        ("with an explicit deny in a service control policy", "A service control policy denies", false),
        ("with an explicit deny in a resource control policy", "A resource control policy denies", false),
        ("with an explicit deny in a permissions boundary", "A permissions boundary denies", false),
        ("with an explicit deny in a session policy", "A session policy denies", false),
        ("with an explicit deny in a VPC endpoint policy", "A VPC endpoint policy denies", false),
    ] {
        let (world, problem, advice) = refused("AccessDenied", &format!("{who} {words}"), "/a").await;
        assert!(advice.contains(layer), "{words}: {advice}");
        assert_eq!(problem.statement("arn").is_some(), statement, "{words}");
        assert_eq!(advice.contains("An Allow does not override a Deny"), words.contains("deny"), "{advice}");
        world.finish().await;
    }
}

#[tokio::test]
async fn an_item_is_not_said_to_be_named_where_it_is_not() {
    let silent = "The parameter Quantity is invalid.";
    let (world, problem, advice) = refused("InvalidArgument", silent, "/a\n/b").await;
    assert_eq!(problem.kind, ProblemKind::InvalidArgument);
    assert!(advice.contains("does not say which item"), "{advice}");
    world.finish().await;
    let (world, _, advice) = refused("InvalidArgument", "The path '/b' is not valid.", "/b").await;
    assert!(advice.contains("names /b;"), "{advice}");
    world.advance(seconds(1));
    world.finish().await;
}
