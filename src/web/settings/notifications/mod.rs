//! Notification channels: the list, the page of each, and their forms.

mod acts;
mod channel;
mod fields;
mod list;

pub use acts::{change_key, change_state, remove, remove_rule, retry, test};
pub use channel::{add_rule, change, show as show_channel};
pub use list::{add, show};

use crate::{
    domain::{
        id::ChannelId,
        notifications::{Channel, NotificationRule, RuleScope, SigningKey},
    },
    http::{error::HttpError, session::Visitor, state::AppState},
};

const PATH: &str = "/settings/notifications";

/// What the receiver needs to check signatures, which is shown once.
struct KeyOnce {
    channel: String,
    text: String,
    is_secret: bool,
}

impl KeyOnce {
    fn new(channel: &Channel, key: &SigningKey) -> Self {
        let text = key.for_receiver();
        Self { channel: channel.name.clone(), is_secret: text.starts_with("whsec_"), text }
    }
}

/// The words for how a channel stands, and the state that goes with them.
fn standing(channel: &Channel) -> (&'static str, &'static str) {
    match (channel.is_on, channel.trouble.is_some(), channel.delivered_at.is_some()) {
        (false, _, _) => ("Off", "cancelled"),
        (true, true, _) => ("Not delivered", "failed"),
        (true, false, true) => ("Works", "completed"),
        (true, false, false) => ("Nothing sent yet", "queued"),
    }
}

/// What a rule is for, in words.
fn scope_in_words(rule: &NotificationRule) -> String {
    match &rule.scope {
        RuleScope::Everything => "everything".to_owned(),
        RuleScope::Distribution(id) => format!("the distribution {id}"),
        RuleScope::Group(name) => format!("requests of the group {name}"),
        RuleScope::Person { email, .. } => format!("requests of {email}"),
    }
}

fn topics_in_words(rule: &NotificationRule) -> String {
    rule.topics.iter().map(|topic| topic.label()).collect::<Vec<_>>().join(", ")
}

/// The ID in a path. The page of none is not found.
async fn parse_id(
    app: &AppState,
    visitor: &Visitor,
    what: &'static str,
    id: &str,
) -> Result<ChannelId, HttpError> {
    match ChannelId::parse(id) {
        Some(id) => Ok(id),
        None => Err(visitor.no_such(app, what).await),
    }
}

fn path_of(id: &ChannelId) -> String {
    format!("{PATH}/{id}")
}
