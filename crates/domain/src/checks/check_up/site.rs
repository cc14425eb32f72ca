//! Findings about the distribution as a whole.

use super::{
    super::{OriginKind, step::FilledIn},
    Finding,
    FindingName::{CacheTags, DefaultRootObject, Deployed, StandardLogs},
    FindingState::{Advice, Good, Problem, Unknown},
    facts::{Facts, shown},
};
use crate::distributions::distribution::DistributionReadiness;

/// The step where the sync has not read the configuration yet.
pub(super) const NOT_READ: &str = "The configuration of this distribution has not been read yet.";
pub(super) const READ_IT: &str = "Wait until the list of distributions is read again, or look with this command. Unstale needs cloudfront:GetDistributionConfig; unstale doctor says whether it is allowed.";

pub(super) fn deployed(facts: &Facts<'_>) -> Finding {
    let finding = |state, found: &str| Finding::new(Deployed, state, found);
    match facts.distribution.readiness() {
        DistributionReadiness::Ready => {
            finding(Good, "The distribution is enabled, and its last change is deployed everywhere.")
        }
        DistributionReadiness::Deploying => finding(
            Advice,
            "A change of the distribution is being deployed, so some edge locations still serve its earlier settings.",
        )
        .step("Wait until it is deployed, then look again. That takes 5 to 15 minutes.")
        .snippet(format!(
            "aws cloudfront wait distribution-deployed --id {}",
            FilledIn(&facts.filling).distribution()
        )),
        DistributionReadiness::Disabled => {
            finding(Problem, "The distribution is disabled: viewers get nothing from it.")
                .step("Enable it in the console if viewers are meant to get this site. The command shows the setting.")
                .snippet(FilledIn(&facts.filling).show_configuration("Enabled"))
        }
        DistributionReadiness::TenantOnly => finding(
            Advice,
            "The distribution serves only through distribution tenants, so what viewers get cannot be looked at here.",
        )
        .step("Look at the check-up of a distribution tenant."),
        DistributionReadiness::Gone => finding(
            Problem,
            "CloudFront no longer lists this distribution. These findings come from the last configuration that was read.",
        )
        .step("Point the DNS records of the site to another distribution, or remove them."),
    }
}

pub(super) fn default_root_object(facts: &Facts<'_>) -> Finding {
    let finding = |state, found: String| Finding::new(DefaultRootObject, state, found);
    let filled =
        facts.default_origin().map_or_else(|| facts.filling.clone(), |domain| facts.filled_for(domain));
    let status = facts.page().map(|answer| answer.status);
    let Some(root) = facts.root_object() else {
        return finding(Unknown, NOT_READ.to_owned())
            .step(READ_IT)
            .snippet(FilledIn(&filled).show_configuration("DefaultRootObject"));
    };
    let kind = facts.default_origin().map(OriginKind::of);
    if !root.is_empty() {
        let root = shown(root);
        return match status {
            Some(status @ 400..) => {
                let failed = finding(
                    Problem,
                    format!("It is {root}, but the root of the site answers with status {status}."),
                );
                let step = format!(
                    "Check that {root} is at the origin and that CloudFront may read it. Check now on the page of the distribution names the cause."
                );
                match kind {
                    Some(OriginKind::S3) => failed.step(step).snippet(FilledIn(&filled).list(&root)),
                    _ => failed.step(step),
                }
            }
            Some(status) => {
                finding(Good, format!("It is {root}, and the root of the site answers with status {status}."))
            }
            None => finding(Good, format!("It is {root}.")),
        };
    }
    let set = |finding: Finding| {
        finding
            .step("Set the default root object, such as index.html. The command keeps all other settings.")
            .snippet(FilledIn(&filled).set_root_object())
    };
    match (status, kind) {
        (Some(status @ ..400), _) => finding(
            Good,
            format!("None is set, and the root of the site answers with status {status} anyway."),
        ),
        (Some(status), _) => set(finding(
            Problem,
            format!("None is set, and the root of the site answers with status {status}."),
        )),
        (None, Some(OriginKind::S3)) => set(finding(
            Problem,
            "None is set, and a bucket has no page for the root of the site.".to_owned(),
        )),
        (None, Some(OriginKind::S3Website | OriginKind::CloudFront | OriginKind::Custom)) => {
            finding(Good, "None is set. The origin itself answers for the root of the site.".to_owned())
        }
        (None, None) => finding(
            Unknown,
            "None is set, and whether the root of the site needs one is not known.".to_owned(),
        )
        .step("Look now: the answer of the root decides it."),
    }
}

pub(super) fn cache_tags(facts: &Facts<'_>) -> Finding {
    let Some(config) = facts.config else {
        return Finding::new(CacheTags, Unknown, NOT_READ)
            .step(READ_IT)
            .snippet(FilledIn(&facts.filling).show_configuration("CacheTagConfig"));
    };
    match &config.tag_header {
        Some(header) => Finding::new(
            CacheTags,
            Good,
            format!("Tags are read from the header {}, so invalidations by tag work.", shown(header)),
        ),
        None => Finding::new(
            CacheTags,
            Advice,
            "No header is named for cache tags, so an invalidation by tag clears nothing.",
        )
        .step("If no one invalidates by tag, do nothing. Otherwise let the origin send a header with the tags, such as x-amz-meta-cache-tag from S3, and name it in the settings of the distribution. What is cached before that has no tags.")
        .snippet(FilledIn(&facts.filling).show_configuration("CacheTagConfig")),
    }
}

pub(super) fn standard_logs(facts: &Facts<'_>) -> Finding {
    let filled = FilledIn(&facts.filling);
    match facts.delivery.and_then(|delivery| delivery.legacy_logs) {
        Some(true) => Finding::new(
            StandardLogs,
            Good,
            "Standard logs (legacy) are on: CloudFront writes each request into a bucket.",
        ),
        Some(false) => Finding::new(
            StandardLogs,
            Unknown,
            "Standard logs are off by the older setting. Whether they are on by standard logging (v2) is not known: that is set in CloudWatch Logs and is not part of the configuration of a distribution.",
        )
        .step("See whether a delivery of logs names this distribution. If the command prints an empty list, logs are off: turn them on under Logging of the distribution.")
        .snippet(format!(
            "aws logs describe-delivery-sources --region us-east-1 --query \"deliverySources[?contains(resourceArns, '{}')]\"",
            filled.arn()
        )),
        None => Finding::new(StandardLogs, Unknown, "The setting of standard logs has not been read yet.")
            .step("Look with this command.")
            .snippet(filled.show_configuration("Logging")),
    }
}
