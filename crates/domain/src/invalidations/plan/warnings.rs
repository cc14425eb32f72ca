//! What a person should know about the whole request.

use crate::distributions::distribution::Distribution;

pub(super) fn warnings(distribution: &Distribution) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(distribution.readiness().warning().map(str::to_owned));
    if distribution.staging {
        warnings.push("This is a staging distribution: it has a cache of its own, and viewers of the primary one see no change.".to_owned());
    }
    warnings
}
