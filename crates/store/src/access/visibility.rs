//! How a query shows only what an actor may see.
//!
//! The list of distributions goes in as one text, `|E1|E2|`, and a row fits if its ID is in it:
//! `($1 OR replace($2, '|' || distribution_id || '|', '') <> $2)`, the same text for both engines.

use std::collections::BTreeSet;

use unstale_domain::{access::Access, id::DistributionId};

/// The two arguments of such a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VisibilityArguments {
    /// Nothing is hidden.
    pub all: bool,
    /// `|E1|E2|`; IDs have no bars.
    pub list: String,
}

impl VisibilityArguments {
    pub fn of(access: &Access) -> Self {
        match access.distributions() {
            None => Self { all: true, list: String::new() },
            Some(distributions) => Self { all: false, list: bars(&distributions) },
        }
    }
}

/// The list as such a query takes it.
pub(crate) fn bars(distributions: &BTreeSet<DistributionId>) -> String {
    distributions.iter().fold("|".to_owned(), |list, id| list + id.as_str() + "|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use unstale_domain::access::{Granted, Role, Scope};

    #[test]
    fn an_empty_list_fits_nothing() {
        assert!(VisibilityArguments::of(&Access::whole(Role::Viewer)).all);
        let none = Granted {
            distributions: std::collections::BTreeSet::new(),
            reach: unstale_domain::access::grant_scope::GrantScope::whole(),
        };
        let visibility = VisibilityArguments::of(&Access::new(Role::Viewer, Scope::Only(vec![none])));
        assert_eq!(visibility, VisibilityArguments { all: false, list: "|".to_owned() });
    }
}
