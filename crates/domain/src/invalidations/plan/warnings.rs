//! What a person should know about the whole request.

use super::{Drop, LineVerdict, PlanLine};
use crate::{distributions::distribution::Distribution, invalidations::intake::SkipReason};

/// Understanding continuous deployment (developer guide): nobody can ask for a staging distribution by its domain name.
const STAGING: &str = "This is a staging distribution: it has a cache of its own. Viewers reach it only through its primary distribution, whose own cache stays as it is. Unstale's checks do not see it, so nothing here proves what viewers get from it.";

pub(super) fn warnings(distribution: &Distribution) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(distribution.readiness().warning().map(str::to_owned));
    if distribution.staging {
        warnings.push(STAGING.to_owned());
    }
    warnings
}

/// A file that is left out, but perhaps ought to be sent.
pub(super) fn perhaps_changed(lines: &[PlanLine]) -> Option<String> {
    let is_left_out = |line: &&PlanLine| {
        matches!(line.verdict, LineVerdict::Dropped { why: Drop::Skipped(SkipReason::PerhapsChanged), .. })
    };
    let count = lines.iter().filter(is_left_out).count();
    let files = if count == 1 { "1 file is".to_owned() } else { format!("{count} files are") };
    (count > 0).then(|| format!("{files} left out though rsync transferred them: without --checksum it does not tell whether more than their time changed."))
}
