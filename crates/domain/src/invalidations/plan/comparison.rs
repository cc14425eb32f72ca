//! Compares a plan with the request before it.

use std::{borrow::Cow, collections::HashSet};

use super::Plan;
use crate::invalidations::item::Item;

/// What a plan sends beside what an earlier request sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanComparison {
    pub new: Vec<Item>,
    /// How many items both have.
    pub same: usize,
    /// What only the earlier request had.
    pub missing: Vec<Item>,
}

impl Plan {
    /// Compares what is sent with the items of an earlier request.
    #[must_use]
    pub fn compared_to(&self, earlier: &[Item]) -> PlanComparison {
        let (mine, before) = (identities(&self.items), identities(earlier));
        let only = |items: &[Item], others: &HashSet<Cow<'_, str>>| {
            items.iter().filter(|item| !others.contains(&item.identity())).cloned().collect::<Vec<_>>()
        };
        let new = only(&self.items, &before);
        PlanComparison { same: self.items.len() - new.len(), new, missing: only(earlier, &mine) }
    }
}

fn identities(items: &[Item]) -> HashSet<Cow<'_, str>> {
    items.iter().map(Item::identity).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        distributions::distribution::tests::sample,
        invalidations::{batching, plan::Surroundings},
    };

    #[test]
    fn what_is_new_and_what_is_missing_is_told() {
        let items = |texts: &[&str]| texts.iter().copied().map(Item::from_trusted).collect::<Vec<_>>();
        let around = Surroundings::unmeasured(batching::OURS);
        let plan = Plan::work_out("/a\n/b\n#Tag\n/new", &sample(), around);
        let compared = plan.compared_to(&items(&["#tag", "/a", "/b", "/gone"]));
        assert_eq!(compared, PlanComparison { new: items(&["/new"]), same: 3, missing: items(&["/gone"]) });
    }
}
