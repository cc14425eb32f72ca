//! What is sent to a channel at once: one notice, or several of the same run.

use super::{
    ChannelKind, EmailText, Notice, NotificationTopic, Publication, aws, email, slack, teams, webhook,
};
use crate::{id::MessageId, time::Timestamp};

/// The most notices that a message tells. The others are only counted.
pub const NOTICES_MAX: usize = 20;

/// A message to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub topic: NotificationTopic,
    /// When its first notice came.
    pub created_at: Timestamp,
    /// The number of its notices.
    pub count: u64,
    /// The first ones, up to [`NOTICES_MAX`].
    pub notices: Vec<Notice>,
}

/// A message as it is sent. The same message always has the same form, so that a signature fits each try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rendered {
    /// The body of a request, as JSON.
    Json(String),
    Email(EmailText),
    Publication(Publication),
}

impl Message {
    /// Words the message for a kind of channel. `base` is the address of this Unstale, such as
    /// `https://unstale.example.com`; without it, messages have no links.
    #[must_use]
    pub fn render(&self, kind: ChannelKind, base: Option<&str>) -> Rendered {
        let body = match kind {
            ChannelKind::Webhook => webhook::body(self, base),
            ChannelKind::Slack => slack::body(self, base),
            ChannelKind::Teams => teams::body(self, base),
            ChannelKind::TeamsCard => teams::card(self, base),
            ChannelKind::Email => return Rendered::Email(email::text(self, base)),
            ChannelKind::Sns => return Rendered::Publication(Publication::Sns(aws::sns(self, base))),
            ChannelKind::EventBridge => {
                return Rendered::Publication(Publication::Event(aws::event(self, base)));
            }
        };
        Rendered::Json(body.to_string())
    }

    /// One line: what happened, and to what.
    #[must_use]
    pub(super) fn title(&self) -> String {
        let label = self.topic.label();
        let mut about: Vec<&str> =
            self.notices.iter().map(Notice::about).filter(|name| !name.is_empty()).collect();
        about.sort_unstable();
        about.dedup();
        match (self.count, about.as_slice()) {
            (_, []) if self.topic == NotificationTopic::Test => "Test message from Unstale".to_owned(),
            (..=1, []) => label.to_owned(),
            (..=1, [name, ..]) => format!("{label}: {name}"),
            (count, [name]) => format!("{label}: {count} × {name}"),
            (count, _) => format!("{label}: {count} invalidations"),
        }
    }

    /// How many notices the message does not tell. `None` if it tells all.
    #[must_use]
    pub(super) fn untold(&self, told: usize) -> Option<u64> {
        Some(self.count.saturating_sub(told as u64)).filter(|others| *others > 0)
    }
}

/// The address of a notice's page. `None` where the address of this Unstale is not known.
pub(super) fn link(notice: &Notice, base: Option<&str>) -> Option<String> {
    base.map(|base| format!("{base}{}", notice.path))
}

/// Who, what and why, in the lines that chats show below the title.
pub(super) fn lines(notice: &Notice) -> Vec<String> {
    let items = notice.items_in_words();
    let who = if notice.requested_by.is_empty() {
        String::new()
    } else {
        format!("Requested by {}", notice.requested_by)
    };
    let who = match notice.reason.as_str() {
        "" => who,
        reason if who.is_empty() => reason.to_owned(),
        reason => format!("{who}: {reason}"),
    };
    [items, who, notice.detail.clone()].into_iter().filter(|line| !line.is_empty()).collect()
}

/// The text, cut after so many characters with an ellipsis in the place of the rest.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{super::NoticeDistribution, *};

    pub fn notice() -> Notice {
        Notice {
            at: "2026-11-30T10:00:00Z".to_owned(),
            path: "/invalidations/i1".to_owned(),
            invalidation: Some("i1".to_owned()),
            distribution: Some(NoticeDistribution {
                id: "E1".to_owned(),
                name: "www.example.com".to_owned(),
            }),
            requested_by: "ada@example.com".to_owned(),
            reason: "a <new> & better page".to_owned(),
            items: vec!["/a_b.html".to_owned()],
            item_count: 3,
            freshness: Some("stale".to_owned()),
            detail: "1 stale".to_owned(),
        }
    }

    pub fn message(notices: Vec<Notice>) -> Message {
        Message {
            id: MessageId::from_trusted("m1"),
            topic: NotificationTopic::StaleOrBroken,
            created_at: Timestamp::from_micros(1_000_000),
            count: notices.len() as u64,
            notices,
        }
    }

    #[test]
    fn the_title_says_what_happened_to_what() {
        assert_eq!(message(vec![notice()]).title(), "Stale or broken: www.example.com");
        assert_eq!(message(vec![notice(), notice()]).title(), "Stale or broken: 2 × www.example.com");
        let mut other = notice();
        other.distribution = Some(NoticeDistribution { id: "E2".to_owned(), name: "shop".to_owned() });
        assert_eq!(message(vec![notice(), other]).title(), "Stale or broken: 2 invalidations");
        let nowhere = Notice { distribution: None, ..notice() };
        assert_eq!(message(vec![nowhere]).title(), "Stale or broken");
        let test = Message { topic: NotificationTopic::Test, ..message(vec![Notice::default()]) };
        assert_eq!(test.title(), "Test message from Unstale");
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }
}
