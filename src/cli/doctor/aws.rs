//! AWS: credentials, and each permission that can be tried without a change.

use crate::{
    cloudfront::{AwsEnvironment, CloudFront, Connect},
    domain::{
        causes::with_causes, distributions::distribution::Distribution, examination::Report,
        invalidations::problem::Problem, time::Timestamp,
    },
};

pub(super) async fn examine(report: &mut Report, now: Timestamp) {
    let aws = match AwsEnvironment::read().await {
        Ok(aws) => aws,
        Err(error) => {
            report.error("aws", with_causes(&error), "Correct the settings of the AWS SDK.");
            return;
        }
    };
    let cloudfront = CloudFront::from_environment(&aws, Connect::default());
    let listed = match cloudfront.list_distributions(None, now).await {
        Ok(page) => page,
        Err(problem) => {
            report.error("aws", described("ListDistributions", &problem), fix(&problem, ANY));
            return;
        }
    };
    let many = if listed.next.is_some() { "more than 100".to_owned() } else { listed.rows.len().to_string() };
    let Some(first) = listed.rows.first() else {
        report.warning(
            "aws",
            "the account has no distribution",
            "See that the credentials are of the right account.",
        );
        return;
    };
    report.ok("aws", format!("account {}, {many} distributions", first.account()));
    needed(report, &cloudfront, first).await;
    optional(report, &cloudfront).await;
    report.not_checked(
        "create_invalidation",
        "cloudfront:CreateInvalidation cannot be tried without invalidating something; the page of a refused request has \
         the statement to add",
    );
}

/// The distributions of any account, for a policy statement.
const ANY: &str = "arn:aws:cloudfront::ACCOUNT:distribution/*";

/// The reading permissions without which the service does not work, tried on one distribution.
async fn needed(report: &mut Report, cloudfront: &CloudFront, distribution: &Distribution) {
    let arn = distribution.arn_or_guess();
    let tried = [
        ("GetDistributionConfig", cloudfront.distribution_config(&distribution.id).await.err()),
        ("ListInvalidations", cloudfront.list_invalidations(&distribution.id, None).await.err()),
        ("ListTagsForResource", cloudfront.tags(&arn).await.err()),
    ];
    let mut allowed = Vec::new();
    for (operation, problem) in tried {
        match problem {
            None => allowed.push(operation),
            Some(problem) => report.error("permissions", described(operation, &problem), fix(&problem, &arn)),
        }
    }
    if !allowed.is_empty() {
        report.ok("permissions", format!("{} on {}", allowed.join(", "), distribution.id));
    }
}

/// What makes plans and check-ups say more.
async fn optional(report: &mut Report, cloudfront: &CloudFront) {
    let tried = [
        ("ListCachePolicies", cloudfront.list_cache_policies(None).await.err()),
        (
            "ListContinuousDeploymentPolicies",
            cloudfront.list_continuous_deployment_policies(None, 0).await.err(),
        ),
    ];
    for (operation, problem) in tried {
        match problem {
            None => report.ok("optional", operation),
            Some(problem) => report.warning(
                "optional",
                described(operation, &problem),
                format!(
                    "It is optional: docs/OPERATIONS.md says what it is for. {}",
                    problem.advice_at_large()
                ),
            ),
        }
    }
}

fn described(operation: &str, problem: &Problem) -> String {
    let code = if problem.code.is_empty() { String::new() } else { format!("{}: ", problem.code) };
    format!("{operation}: {code}{}", problem.message)
}

fn fix(problem: &Problem, arn: &str) -> String {
    match problem.statement(arn) {
        Some(statement) => format!("{}\n{statement}", problem.advice(&[])),
        None => problem.advice_at_large(),
    }
}
