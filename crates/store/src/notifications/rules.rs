//! The rules of a channel as JSON.

use serde::{Deserialize, Serialize};
use unstale_domain::{
    id::{DistributionId, PersonId},
    notifications::{NotificationRule, NotificationTopic, RuleScope, RuleScopeKind},
};

use crate::StoreError;

#[derive(Serialize, Deserialize)]
struct StoredRule {
    topics: Vec<String>,
    scope: String,
    /// The ID of a distribution or a person, or the name of a group.
    #[serde(default)]
    id: String,
    /// The e-mail address of a person.
    #[serde(default)]
    email: String,
}

pub(super) fn to_json(rules: &[NotificationRule]) -> String {
    let stored: Vec<StoredRule> = rules.iter().map(StoredRule::of).collect();
    serde_json::json!(stored).to_string()
}

pub(super) fn from_json(text: &str) -> Result<Vec<NotificationRule>, StoreError> {
    let stored: Vec<StoredRule> =
        serde_json::from_str(text).map_err(|_| StoreError::unreadable("a list of rules", text))?;
    let rules = stored.into_iter().map(StoredRule::into_rule).collect::<Option<_>>();
    rules.ok_or_else(|| StoreError::unreadable("a list of rules", text))
}

impl StoredRule {
    fn of(rule: &NotificationRule) -> Self {
        let (id, email) = match &rule.scope {
            RuleScope::Person { id, email } => (id.as_str(), email.as_str()),
            scope => (scope.name(), ""),
        };
        Self {
            topics: rule.topics.iter().map(|topic| topic.as_str().to_owned()).collect(),
            scope: rule.scope.kind().as_str().to_owned(),
            id: id.to_owned(),
            email: email.to_owned(),
        }
    }

    fn into_rule(self) -> Option<NotificationRule> {
        let topics = self.topics.iter().map(|word| NotificationTopic::parse(word)).collect::<Option<_>>()?;
        let scope = match RuleScopeKind::parse(&self.scope)? {
            RuleScopeKind::Everything => RuleScope::Everything,
            RuleScopeKind::Distribution => RuleScope::Distribution(DistributionId::from_trusted(self.id)),
            RuleScopeKind::Group => RuleScope::Group(self.id),
            RuleScopeKind::Person => {
                RuleScope::Person { id: PersonId::from_trusted(self.id), email: self.email }
            }
        };
        Some(NotificationRule { topics, scope })
    }
}
