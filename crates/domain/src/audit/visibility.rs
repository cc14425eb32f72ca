//! Who may see which events: one rule for pages, lists, searches and streams. The store has the same rule in SQL,
//! and a test checks that both agree.

use std::collections::BTreeSet;

use super::Event;
use crate::{
    access::Access,
    actor::{Actor, ActorKind},
    id::DistributionId,
};

/// What a limited actor may see: these distributions, and their own actions elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visibility {
    pub kind: ActorKind,
    pub id: String,
    pub distributions: BTreeSet<DistributionId>,
}

impl Visibility {
    /// The visibility of this actor with this access. `None` means everything. A token is an actor of its own, so
    /// it may not see what its maker does elsewhere.
    #[must_use]
    pub fn of(actor: &Actor, access: &Access) -> Option<Self> {
        let distributions = access.distributions()?;
        Some(Self { kind: actor.kind(), id: actor.id().to_owned(), distributions })
    }

    #[must_use]
    pub fn admits(&self, event: &Event) -> bool {
        let actor = &event.acting.actor;
        match &event.distribution {
            Some(place) => self.distributions.contains(place),
            None => actor.kind() == self.kind && actor.id() == self.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{Granted, Role, Scope, grant_scope::GrantScope},
        actor::{Acting, Origin},
        audit::Action,
        time::Timestamp,
    };

    fn actor(kind: ActorKind, id: &str) -> Actor {
        Actor::from_trusted(kind.as_str(), id.to_owned(), String::new()).unwrap()
    }

    fn event(by: &Actor, distribution: Option<&str>) -> Event {
        let acting = Acting { actor: by.clone(), origin: Origin::default() };
        let mut event = Event::new(Timestamp::from_micros(1), &acting, Action::ActRefused);
        event.distribution = distribution.map(DistributionId::from_trusted);
        event
    }

    #[test]
    fn who_is_narrowed_sees_their_places_and_their_own_acts_and_nothing_else() {
        let grant = Granted {
            distributions: [DistributionId::from_trusted("E1")].into(),
            scope: GrantScope::whole(),
        };
        let narrowed = Access::new(Role::Operator, Scope::Only(vec![grant.clone()])).of("maker");
        let token = actor(ActorKind::Token, "t1");
        let visibility = Visibility::of(&token, &narrowed).unwrap();
        for (by, distribution, seen) in [
            (&token, None, true),
            (&token, Some("E1"), true),
            (&token, Some("E2"), false),
            (&actor(ActorKind::Person, "p1"), Some("E1"), true),
            (&actor(ActorKind::Person, "t1"), None, false),
            (&actor(ActorKind::Token, "t2"), None, false),
            (&actor(ActorKind::Person, "maker"), None, false),
            (&Actor::Service, None, false),
        ] {
            assert_eq!(visibility.admits(&event(by, distribution)), seen, "{by:?} {distribution:?}");
        }
        assert_eq!(Visibility::of(&token, &Access::whole(Role::Viewer)), None);
        assert_eq!(Visibility::of(&token, &Access::new(Role::Admin, Scope::Only(vec![grant]))), None);
    }
}
