//! What somebody may do: their role, and the grants that narrow it.

pub mod grant;
pub mod grant_scope;

use std::collections::BTreeSet;

use super::id::DistributionId;
use crate::{access::grant_scope::GrantScope, invalidations::item::Item};

/// What a person may do, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Also invalidates.
    Operator,
    /// Also manages people and settings.
    Admin,
}

impl Role {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Reads what [`Role::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Viewer, Self::Operator, Self::Admin].into_iter().find(|role| role.as_str() == text)
    }

    /// May this role request, cancel and retry invalidations?
    #[must_use]
    pub const fn may_invalidate(self) -> bool {
        matches!(self, Self::Operator | Self::Admin)
    }
}

/// A grant with the distributions that it means now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    pub distributions: BTreeSet<DistributionId>,
    pub reach: GrantScope,
}

/// What an actor may see and do at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    pub role: Role,
    /// The person who acts, or who answers for the token that does; empty where nobody does.
    pub behind: String,
    /// Their own grants and those of their groups. Without any, nothing is narrowed.
    grants: Vec<Granted>,
    /// What somebody else may, beyond which nothing reaches: the person who made a token.
    within: Option<Box<Self>>,
}

impl Access {
    #[must_use]
    pub const fn new(role: Role, grants: Vec<Granted>) -> Self {
        Self { role, behind: String::new(), grants, within: None }
    }

    /// As much of this as somebody else may too.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self { role: self.role.min(other.role), within: Some(Box::new(other)), ..self }
    }

    /// The same, of this person.
    #[must_use]
    pub fn of(self, behind: &str) -> Self {
        Self { behind: behind.to_owned(), ..self }
    }

    /// Of somebody who is not there any more: they see nothing.
    #[must_use]
    pub fn nobody() -> Self {
        Self::new(
            Role::Viewer,
            vec![Granted { distributions: BTreeSet::new(), reach: GrantScope::default() }],
        )
    }

    /// Of a role that no grant narrows.
    #[must_use]
    pub const fn whole(role: Role) -> Self {
        Self::new(role, Vec::new())
    }

    /// Is there anything that the role allows and the grants do not? Administrators are never narrowed.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.has_own_bounds() || self.within.as_ref().is_some_and(|within| within.is_narrowed())
    }

    fn has_own_bounds(&self) -> bool {
        self.role != Role::Admin && !self.grants.is_empty()
    }

    /// May this distribution be named to them?
    #[must_use]
    pub fn sees(&self, distribution: &DistributionId) -> bool {
        let own = !self.has_own_bounds()
            || self.grants.iter().any(|grant| grant.distributions.contains(distribution));
        own && self.within.as_ref().is_none_or(|within| within.sees(distribution))
    }

    /// The distributions that they see; `None` for all.
    #[must_use]
    pub fn distributions(&self) -> Option<BTreeSet<DistributionId>> {
        let all = || self.grants.iter().flat_map(|grant| grant.distributions.iter().cloned()).collect();
        let own: Option<BTreeSet<_>> = self.has_own_bounds().then(all);
        match (own, self.within.as_ref().and_then(|within| within.distributions())) {
            (Some(own), Some(others)) => Some(own.intersection(&others).cloned().collect()),
            (one, other) => one.or(other),
        }
    }

    /// May they refresh this item there? Any one grant that covers it is enough.
    #[must_use]
    pub fn covers(&self, distribution: &DistributionId, item: &Item) -> bool {
        self.role.may_invalidate()
            && (!self.has_own_bounds() || self.reaches(distribution).any(|reach| reach.covers(item)))
            && self.within.as_ref().is_none_or(|within| within.covers(distribution, item))
    }

    /// The same of every one of the items.
    #[must_use]
    pub fn covers_all(&self, distribution: &DistributionId, items: &[Item]) -> bool {
        items.iter().all(|item| self.covers(distribution, item))
    }

    /// May they still make a request of these items there?
    #[must_use]
    pub fn may_request(&self, distribution: &DistributionId, items: &[Item]) -> bool {
        self.role.may_invalidate() && self.sees(distribution) && self.covers_all(distribution, items)
    }

    /// What they may refresh there, in words that follow "you may refresh".
    #[must_use]
    pub fn describe(&self, distribution: &DistributionId) -> String {
        if !self.role.may_invalidate() {
            return "nothing".to_owned();
        }
        let others = self.within.as_ref().filter(|within| within.is_narrowed());
        match (self.has_own_bounds().then(|| self.own_words(distribution)), others) {
            (None, None) => "everything".to_owned(),
            (Some(own), None) => own,
            (None, Some(others)) => others.describe(distribution),
            (Some(own), Some(others)) => {
                format!(
                    "{own}, and of that only what whoever made the token may refresh: {}",
                    others.describe(distribution)
                )
            }
        }
    }

    fn own_words(&self, distribution: &DistributionId) -> String {
        let words: BTreeSet<String> = self.reaches(distribution).map(GrantScope::describe).collect();
        if words.is_empty() {
            "nothing here".to_owned()
        } else {
            words.into_iter().collect::<Vec<_>>().join("; ")
        }
    }

    fn reaches<'a>(&'a self, distribution: &'a DistributionId) -> impl Iterator<Item = &'a GrantScope> {
        self.grants
            .iter()
            .filter(|grant| grant.distributions.contains(distribution))
            .map(|grant| &grant.reach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::grant_scope::{GrantScope, PathPrefix};

    fn distribution(id: &str) -> DistributionId {
        DistributionId::from_trusted(id)
    }

    fn granted(distributions: &[&str], prefix: &str) -> Granted {
        let paths = Some(PathPrefix::parse(prefix).unwrap());
        Granted {
            distributions: distributions.iter().map(|id| distribution(id)).collect(),
            reach: GrantScope { paths, ..GrantScope::default() },
        }
    }

    fn item(text: &str) -> Item {
        Item::from_trusted(text)
    }

    #[test]
    fn without_grants_the_role_alone_decides() {
        let operator = Access::whole(Role::Operator);
        assert!(operator.sees(&distribution("E1")) && operator.covers(&distribution("E1"), &item("/*")));
        assert_eq!(operator.distributions(), None);
        let viewer = Access::whole(Role::Viewer);
        assert!(viewer.sees(&distribution("E1")) && !viewer.covers(&distribution("E1"), &item("/a")));
    }

    #[test]
    fn grants_narrow_to_their_distributions_and_add_up() {
        let grants = vec![granted(&["E1"], "/docs/"), granted(&["E1", "E2"], "/img/")];
        let operator = Access::new(Role::Operator, grants.clone());
        assert!(operator.covers(&distribution("E1"), &item("/docs/a")));
        assert!(operator.covers(&distribution("E1"), &item("/img/*")));
        assert!(operator.covers(&distribution("E2"), &item("/img/a")));
        assert!(!operator.covers(&distribution("E2"), &item("/docs/a")), "that is granted elsewhere");
        assert!(!operator.covers(&distribution("E1"), &item("/*")));
        assert!(
            !operator.sees(&distribution("E3")) && !operator.covers(&distribution("E3"), &item("/docs/a"))
        );
        assert_eq!(operator.distributions(), Some([distribution("E1"), distribution("E2")].into()));
        assert_eq!(operator.describe(&distribution("E1")), "paths below /docs/; paths below /img/");
        assert_eq!(operator.describe(&distribution("E3")), "nothing here");
        let viewer = Access::new(Role::Viewer, grants);
        assert!(viewer.sees(&distribution("E2")) && !viewer.covers(&distribution("E2"), &item("/img/a")));
    }

    #[test]
    fn a_grant_that_means_no_distribution_still_narrows() {
        let operator = Access::new(Role::Operator, vec![granted(&[], "/")]);
        assert!(!operator.sees(&distribution("E1")) && !operator.covers(&distribution("E1"), &item("/a")));
        assert_eq!(operator.distributions(), Some(BTreeSet::new()));
    }

    #[test]
    fn what_is_within_somebody_else_s_reach_is_never_more_than_theirs() {
        let maker = |role| Access::new(role, vec![granted(&["E1", "E2"], "/docs/")]);
        let token = || Access::new(Role::Operator, vec![granted(&["E1", "E3"], "/docs/a/")]).of("p1");
        let both = token().within(maker(Role::Operator));
        assert_eq!((both.role, both.behind.as_str()), (Role::Operator, "p1"));
        assert!(both.sees(&distribution("E1")) && both.covers(&distribution("E1"), &item("/docs/a/b")));
        assert!(!both.covers(&distribution("E1"), &item("/docs/b")), "the token's own bounds hold");
        assert!(!both.sees(&distribution("E2")) && !both.sees(&distribution("E3")));
        assert_eq!(both.distributions(), Some([distribution("E1")].into()));
        assert!(both.describe(&distribution("E1")).contains("paths below /docs/a/"));

        let wide = Access::whole(Role::Operator).within(maker(Role::Operator));
        assert!(wide.is_narrowed() && !wide.covers(&distribution("E1"), &item("/*")));
        assert_eq!(wide.distributions(), Some([distribution("E1"), distribution("E2")].into()));
        assert_eq!(wide.describe(&distribution("E1")), "paths below /docs/");

        let viewer = token().within(maker(Role::Viewer));
        assert!(viewer.sees(&distribution("E1")) && !viewer.covers(&distribution("E1"), &item("/docs/a/b")));
        let admin = token().within(maker(Role::Admin));
        assert_eq!(admin.role, Role::Operator, "never more than its own either");
        assert!(admin.covers(&distribution("E3"), &item("/docs/a/b")));
        assert!(!token().within(Access::nobody()).sees(&distribution("E1")));
        assert!(!Access::whole(Role::Operator).within(Access::whole(Role::Admin)).is_narrowed());
    }

    #[test]
    fn an_administrator_is_never_narrowed() {
        let admin = Access::new(Role::Admin, vec![granted(&["E1"], "/docs/")]);
        assert!(admin.sees(&distribution("E9")) && admin.covers(&distribution("E9"), &item("/*")));
    }
}
