//! The fields of the forms, each with what is wrong with it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    domain::{
        distributions::distribution::Distribution,
        notifications::{
            ChannelErrors, ChannelField, ChannelKind, NotificationTopic, RuleScopeKind, SigningMethod,
            TypedChannel, TypedRule,
        },
    },
    web::form::Field,
};

/// How the name of a topic's field begins.
const TOPIC: &str = "topic_";
/// The topics of a new channel: what somebody has to look at.
const USUAL: [NotificationTopic; 3] =
    [NotificationTopic::StaleOrBroken, NotificationTopic::Failed, NotificationTopic::NeedsAttention];

/// What a form sends for a rule: the topics are its further fields.
#[derive(Debug, Default, Deserialize)]
pub struct RuleForm {
    #[serde(default)]
    scope: String,
    #[serde(default)]
    scope_name: String,
    #[serde(flatten)]
    topics: BTreeMap<String, String>,
}

/// What the form for a new channel sends.
#[derive(Debug, Default, Deserialize)]
pub struct ChannelForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    signing: String,
    #[serde(flatten)]
    rule: RuleForm,
}

impl RuleForm {
    /// The rule as it was typed. A host name stands for the distribution that has it.
    pub fn typed(&self, known: &[Distribution]) -> TypedRule {
        let topics = self.topics.keys().filter_map(|field| field.strip_prefix(TOPIC));
        let name = self.scope_name.trim();
        let is_host = |one: &&Distribution| one.names().any(|host| host.eq_ignore_ascii_case(name));
        let named = known.iter().find(is_host).filter(|_| self.scope == RuleScopeKind::Distribution.as_str());
        TypedRule {
            topics: topics.map(str::to_owned).collect(),
            scope: self.scope.clone(),
            scope_name: named.map_or_else(|| name.to_owned(), |one| one.id.to_string()),
        }
    }
}

impl ChannelForm {
    pub fn typed(&self) -> TypedChannel {
        TypedChannel {
            name: self.name.clone(),
            kind: self.kind.clone(),
            address: self.address.clone(),
            signing: self.signing.clone(),
        }
    }

    pub const fn rule(&self) -> &RuleForm {
        &self.rule
    }
}

/// A choice of a list: its value, its label, and whether it is chosen.
pub type Choice = (&'static str, &'static str, bool);

/// The fields of a rule.
pub struct RuleFields {
    pub topics: Vec<Choice>,
    pub topics_error: Option<String>,
    pub scopes: Vec<Choice>,
    pub scope_error: Option<String>,
    pub scope_name: Field,
}

impl RuleFields {
    /// A form that nobody has filled in.
    pub fn usual() -> Self {
        let topics = USUAL.map(|topic| (format!("{TOPIC}{}", topic.as_str()), String::new()));
        Self::new(&RuleForm {
            scope: RuleScopeKind::Everything.as_str().to_owned(),
            scope_name: String::new(),
            topics: topics.into_iter().collect(),
        })
    }

    pub fn new(form: &RuleForm) -> Self {
        let is_chosen =
            |topic: NotificationTopic| form.topics.contains_key(&format!("{TOPIC}{}", topic.as_str()));
        let topics = NotificationTopic::ALL.iter();
        let scopes = RuleScopeKind::ALL.into_iter();
        Self {
            topics: topics.map(|topic| (topic.as_str(), topic.label(), is_chosen(*topic))).collect(),
            topics_error: None,
            scopes: scopes.map(|kind| (kind.as_str(), kind.label(), kind.as_str() == form.scope)).collect(),
            scope_error: None,
            scope_name: Field::new(&form.scope_name),
        }
    }

    /// Puts the message at its field. `false` if it is about no field of a rule.
    fn note_one(&mut self, field: ChannelField, message: &str) -> bool {
        let place = match field {
            ChannelField::Topics => &mut self.topics_error,
            ChannelField::Scope => &mut self.scope_error,
            ChannelField::ScopeName => &mut self.scope_name.error,
            ChannelField::Name | ChannelField::Kind | ChannelField::Signing | ChannelField::Address => {
                return false;
            }
        };
        place.get_or_insert_with(|| message.to_owned());
        true
    }

    pub fn note(&mut self, errors: &ChannelErrors) {
        for error in &errors.0 {
            self.note_one(error.field(), &error.to_string());
        }
    }
}

/// The fields of a channel.
pub struct ChannelFields {
    pub name: Field,
    pub kinds: Vec<Choice>,
    pub kind_error: Option<String>,
    pub address: Field,
    pub signings: Vec<Choice>,
    pub signing_error: Option<String>,
    pub rule: RuleFields,
}

impl ChannelFields {
    /// A form that nobody has filled in.
    pub fn usual() -> Self {
        let form =
            ChannelForm { signing: SigningMethod::Symmetric.as_str().to_owned(), ..ChannelForm::default() };
        Self { rule: RuleFields::usual(), ..Self::new(&form) }
    }

    /// With the name and the address as typed: an address that was refused is the sender's own.
    pub fn new(form: &ChannelForm) -> Self {
        let kinds = ChannelKind::ALL.into_iter();
        let signings = SigningMethod::ALL.into_iter();
        Self {
            name: Field::new(&form.name),
            kinds: kinds.map(|kind| (kind.as_str(), kind.label(), kind.as_str() == form.kind)).collect(),
            kind_error: None,
            address: Field::new(&form.address),
            signings: signings
                .map(|method| (method.as_str(), method.label(), method.as_str() == form.signing))
                .collect(),
            signing_error: None,
            rule: RuleFields::new(&form.rule),
        }
    }

    /// Puts each message at the field that it is about.
    pub fn note(&mut self, errors: &ChannelErrors) {
        for error in &errors.0 {
            let message = error.to_string();
            let place = match error.field() {
                ChannelField::Name => &mut self.name.error,
                ChannelField::Kind => &mut self.kind_error,
                ChannelField::Address => &mut self.address.error,
                ChannelField::Signing => &mut self.signing_error,
                field => {
                    self.rule.note_one(field, &message);
                    continue;
                }
            };
            place.get_or_insert(message);
        }
    }
}
