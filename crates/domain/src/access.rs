//! The access of an actor: the role, and the grants that limit it.

pub mod grant;
pub mod grant_scope;

use std::collections::BTreeSet;

use super::id::DistributionId;
use crate::{access::grant_scope::GrantScope, invalidations::item::Item};

/// The role of a person, from the fewest permissions to the most.
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

    /// Whether this role may request, cancel and retry invalidations.
    #[must_use]
    pub const fn may_invalidate(self) -> bool {
        matches!(self, Self::Operator | Self::Admin)
    }
}

/// A grant with the distributions that it applies to now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    pub distributions: BTreeSet<DistributionId>,
    pub scope: GrantScope,
}

/// How far a role reaches. An empty list of grants allows nothing, so a missing grant never widens access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Everything,
    /// Only what these grants cover: the actor's own grants and those of the actor's groups.
    Only(Vec<Granted>),
}

/// A [`Scope`] as it is stored with a person or a token. The grants are stored in rows of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    Everything,
    /// Limited to grants. Removing the last grant or leaving a group does not change this; only an administrator
    /// can.
    Granted,
}

impl ScopeKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Granted => "granted",
        }
    }

    /// Reads what [`ScopeKind::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Everything, Self::Granted].into_iter().find(|kind| kind.as_str() == text)
    }

    /// The scope with the current grants. Any grant limits access, even if the stored scope is `Everything`.
    #[must_use]
    pub fn with(self, grants: Vec<Granted>) -> Scope {
        match self {
            Self::Everything if grants.is_empty() => Scope::Everything,
            Self::Everything | Self::Granted => Scope::Only(grants),
        }
    }
}

/// What an actor may see and do at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    pub role: Role,
    /// The ID of the person who acts, or who is responsible for the token that acts. Empty if there is no such
    /// person.
    pub behind: String,
    scope: Scope,
    /// The access of the person who made a token. The token's access never goes beyond it.
    within: Option<Box<Self>>,
}

impl Access {
    #[must_use]
    pub const fn new(role: Role, scope: Scope) -> Self {
        Self { role, behind: String::new(), scope, within: None }
    }

    /// This access, limited to what `other` also allows.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self { role: self.role.min(other.role), within: Some(Box::new(other)), ..self }
    }

    /// The same access, with `behind` as the responsible person.
    #[must_use]
    pub fn of(self, behind: &str) -> Self {
        Self { behind: behind.to_owned(), ..self }
    }

    /// The access of somebody who no longer exists: none.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::new(Role::Viewer, Scope::Only(Vec::new()))
    }

    /// The access of a role that no grant limits.
    #[must_use]
    pub const fn whole(role: Role) -> Self {
        Self::new(role, Scope::Everything)
    }

    /// Whether grants limit this access. They never limit an administrator.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.own_grants().is_some() || self.within.as_ref().is_some_and(|within| within.is_narrowed())
    }

    /// The grants that limit this access, without those of `within`. `None` if no grant does, as for
    /// administrators.
    fn own_grants(&self) -> Option<&[Granted]> {
        match &self.scope {
            Scope::Only(grants) if self.role != Role::Admin => Some(grants),
            Scope::Only(_) | Scope::Everything => None,
        }
    }

    /// Whether the actor may know of this distribution.
    #[must_use]
    pub fn sees(&self, distribution: &DistributionId) -> bool {
        let holds =
            |grants: &[Granted]| grants.iter().any(|grant| grant.distributions.contains(distribution));
        let own = self.own_grants().is_none_or(holds);
        own && self.within.as_ref().is_none_or(|within| within.sees(distribution))
    }

    /// The distributions that the actor may see. `None` means all.
    #[must_use]
    pub fn distributions(&self) -> Option<BTreeSet<DistributionId>> {
        let all = |grants: &[Granted]| {
            grants.iter().flat_map(|grant| grant.distributions.iter().cloned()).collect()
        };
        let own: Option<BTreeSet<_>> = self.own_grants().map(all);
        match (own, self.within.as_ref().and_then(|within| within.distributions())) {
            (Some(own), Some(others)) => Some(own.intersection(&others).cloned().collect()),
            (one, other) => one.or(other),
        }
    }

    /// Whether the actor may invalidate this item of the distribution. One grant that covers it is enough.
    #[must_use]
    pub fn covers(&self, distribution: &DistributionId, item: &Item) -> bool {
        self.role.may_invalidate()
            && (self.own_grants().is_none()
                || self.grant_scopes(distribution).any(|scope| scope.covers(item)))
            && self.within.as_ref().is_none_or(|within| within.covers(distribution, item))
    }

    /// Whether the actor may invalidate every one of the items.
    #[must_use]
    pub fn covers_all(&self, distribution: &DistributionId, items: &[Item]) -> bool {
        items.iter().all(|item| self.covers(distribution, item))
    }

    /// Whether the actor may request an invalidation of these items at this moment.
    #[must_use]
    pub fn may_request(&self, distribution: &DistributionId, items: &[Item]) -> bool {
        self.role.may_invalidate() && self.sees(distribution) && self.covers_all(distribution, items)
    }

    /// What the actor may invalidate of the distribution, as text that follows "you may refresh".
    #[must_use]
    pub fn describe(&self, distribution: &DistributionId) -> String {
        if !self.role.may_invalidate() {
            return "nothing".to_owned();
        }
        let others = self.within.as_ref().filter(|within| within.is_narrowed());
        match (self.own_grants().map(|_| self.own_words(distribution)), others) {
            (None, None) => "everything".to_owned(),
            (Some(own), None) => own,
            (None, Some(others)) => others.describe(distribution),
            (Some(own), Some(others)) => {
                format!(
                    "{own}, and only what the person who created the token may refresh: {}",
                    others.describe(distribution)
                )
            }
        }
    }

    fn own_words(&self, distribution: &DistributionId) -> String {
        let words: BTreeSet<String> = self.grant_scopes(distribution).map(GrantScope::describe).collect();
        if words.is_empty() {
            "nothing here".to_owned()
        } else {
            words.into_iter().collect::<Vec<_>>().join("; ")
        }
    }

    fn grant_scopes<'a>(&'a self, distribution: &'a DistributionId) -> impl Iterator<Item = &'a GrantScope> {
        self.own_grants()
            .unwrap_or_default()
            .iter()
            .filter(|grant| grant.distributions.contains(distribution))
            .map(|grant| &grant.scope)
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
            scope: GrantScope { paths, ..GrantScope::default() },
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
        let operator = Access::new(Role::Operator, Scope::Only(grants.clone()));
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
        let viewer = Access::new(Role::Viewer, Scope::Only(grants));
        assert!(viewer.sees(&distribution("E2")) && !viewer.covers(&distribution("E2"), &item("/img/a")));
    }

    #[test]
    fn a_grant_that_means_no_distribution_still_narrows() {
        let operator = Access::new(Role::Operator, Scope::Only(vec![granted(&[], "/")]));
        assert!(!operator.sees(&distribution("E1")) && !operator.covers(&distribution("E1"), &item("/a")));
        assert_eq!(operator.distributions(), Some(BTreeSet::new()));
    }

    #[test]
    fn what_is_within_somebody_else_s_reach_is_never_more_than_theirs() {
        let maker = |role| Access::new(role, Scope::Only(vec![granted(&["E1", "E2"], "/docs/")]));
        let token =
            || Access::new(Role::Operator, Scope::Only(vec![granted(&["E1", "E3"], "/docs/a/")])).of("p1");
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
        assert!(!token().within(Access::nothing()).sees(&distribution("E1")));
        assert!(!Access::whole(Role::Operator).within(Access::whole(Role::Admin)).is_narrowed());
    }

    #[test]
    fn an_administrator_is_never_narrowed() {
        let admin = Access::new(Role::Admin, Scope::Only(vec![granted(&["E1"], "/docs/")]));
        assert!(admin.sees(&distribution("E9")) && admin.covers(&distribution("E9"), &item("/*")));
    }
}
