//! What a person should know about the whole request.

use super::{Drop, LineVerdict, PlanLine};
use crate::{distributions::distribution::Distribution, invalidations::intake::SkipReason};

pub(super) fn warnings(distribution: &Distribution) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(distribution.readiness().warning().map(str::to_owned));
    if distribution.staging {
        warnings.push("This is a staging distribution: it has a cache of its own, and viewers of the primary one see no change.".to_owned());
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
