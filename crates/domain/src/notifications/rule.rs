//! Which notices a channel gets.

use super::NotificationTopic;
use crate::id::{DistributionId, PersonId};

/// What the notices of a rule have to be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleScope {
    Everything,
    Distribution(DistributionId),
    /// What people of this group requested.
    Group(String),
    /// What this person requested, with the e-mail address for pages.
    Person {
        id: PersonId,
        email: String,
    },
}

/// The kind of a [`RuleScope`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleScopeKind {
    Everything,
    Distribution,
    Group,
    Person,
}

impl RuleScopeKind {
    pub const ALL: [Self; 4] = [Self::Everything, Self::Distribution, Self::Group, Self::Person];

    /// The stable word for the database and for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Distribution => "distribution",
            Self::Group => "group",
            Self::Person => "person",
        }
    }

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Everything => "Everything",
            Self::Distribution => "One distribution",
            Self::Group => "Requests of a group",
            Self::Person => "Requests of a person",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl RuleScope {
    #[must_use]
    pub const fn kind(&self) -> RuleScopeKind {
        match self {
            Self::Everything => RuleScopeKind::Everything,
            Self::Distribution(_) => RuleScopeKind::Distribution,
            Self::Group(_) => RuleScopeKind::Group,
            Self::Person { .. } => RuleScopeKind::Person,
        }
    }

    /// The ID of the distribution, the name of the group or the e-mail address of the person. Empty for everything.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Everything => "",
            Self::Distribution(id) => id.as_str(),
            Self::Group(name) => name,
            Self::Person { email, .. } => email,
        }
    }
}

/// A channel is told of these topics, for what is in this scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRule {
    /// Sorted, each once; never empty.
    pub topics: Vec<NotificationTopic>,
    pub scope: RuleScope,
}

/// What a notice is about, as rules see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoticeSubject {
    pub distribution: Option<DistributionId>,
    /// The person who requested it. `None` for a token, for what was made outside, and where nobody requested anything.
    pub requester: Option<PersonId>,
    /// The groups of that person.
    pub groups: Vec<String>,
}

impl NotificationRule {
    #[must_use]
    pub fn matches(&self, topic: NotificationTopic, subject: &NoticeSubject) -> bool {
        let is_in_scope = match &self.scope {
            RuleScope::Everything => true,
            RuleScope::Distribution(id) => subject.distribution.as_ref() == Some(id),
            RuleScope::Group(name) => subject.groups.contains(name),
            RuleScope::Person { id, .. } => subject.requester.as_ref() == Some(id),
        };
        is_in_scope && self.topics.contains(&topic)
    }

    /// The rule as text for the history: `failed, stale_or_broken of the distribution E1`.
    #[must_use]
    pub fn describe(&self) -> String {
        let topics = self.topics.iter().map(|topic| topic.as_str()).collect::<Vec<_>>().join(", ");
        match self.scope.kind() {
            RuleScopeKind::Everything => topics,
            kind => format!("{topics} of the {} {}", kind.as_str(), self.scope.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_matches_its_topics_in_its_scope() {
        let ada = PersonId::from_trusted("p1");
        let subject = NoticeSubject {
            distribution: Some(DistributionId::from_trusted("E1")),
            requester: Some(ada.clone()),
            groups: vec!["web".to_owned()],
        };
        let rule = |scope| NotificationRule {
            topics: vec![NotificationTopic::Completed, NotificationTopic::Failed],
            scope,
        };
        let person = |id: &str| RuleScope::Person {
            id: PersonId::from_trusted(id),
            email: "a@example.com".to_owned(),
        };
        for (scope, expected) in [
            (RuleScope::Everything, true),
            (RuleScope::Distribution(DistributionId::from_trusted("E1")), true),
            (RuleScope::Distribution(DistributionId::from_trusted("E2")), false),
            (RuleScope::Group("web".to_owned()), true),
            (RuleScope::Group("shop".to_owned()), false),
            (person(ada.as_str()), true),
            (person("p2"), false),
        ] {
            let rule = rule(scope);
            assert_eq!(rule.matches(NotificationTopic::Failed, &subject), expected, "{rule:?}");
            assert!(!rule.matches(NotificationTopic::Requested, &subject), "{rule:?}");
            let nothing = rule.matches(NotificationTopic::Failed, &NoticeSubject::default());
            assert_eq!(nothing, rule.scope == RuleScope::Everything, "{rule:?}");
        }
    }

    #[test]
    fn the_history_says_what_a_rule_is() {
        let topics = vec![NotificationTopic::Failed, NotificationTopic::StaleOrBroken];
        let scope = RuleScope::Distribution(DistributionId::from_trusted("E1"));
        let rule = NotificationRule { topics, scope };
        assert_eq!(rule.describe(), "failed, stale_or_broken of the distribution E1");
        let rule = NotificationRule { scope: RuleScope::Everything, ..rule };
        assert_eq!(rule.describe(), "failed, stale_or_broken");
    }
}
