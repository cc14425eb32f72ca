//! A message for an incoming webhook of Slack, in Block Kit. Mattermost and Rocket.Chat show its `text`.
//!
//! Sources: <https://docs.slack.dev/messaging/formatting-message-text> (`&`, `<` and `>` are escaped, and nothing else),
//! <https://docs.slack.dev/reference/block-kit/blocks> (at most 50 blocks; 150 characters in a header, 3,000 in a section).

use serde_json::{Value, json};

use super::{
    Message, Notice,
    message::{cut, lines, link},
};

/// The most notices that are told, so that a message stays short.
const TOLD: usize = 5;
/// The most characters of a line. Escaped, five times as many still fit into a section.
const LINE_MAX: usize = 150;
const HEADER_MAX: usize = 150;

pub(super) fn body(message: &Message, base: Option<&str>) -> Value {
    let title = message.title();
    let header = json!({"type": "header", "text": {"type": "plain_text", "text": cut(&title, HEADER_MAX), "emoji": false}});
    let told = message.notices.iter().take(TOLD).map(|notice| section(notice, message.count > 1, base));
    let others = message.untold(TOLD).map(|others| context(&format!("and {others} more")));
    let blocks: Vec<Value> = [header].into_iter().chain(told).chain(others).collect();
    json!({"text": escape(&title), "blocks": blocks})
}

fn section(notice: &Notice, is_one_of_many: bool, base: Option<&str>) -> Value {
    let about = Some(notice.about()).filter(|name| is_one_of_many && !name.is_empty());
    let about = about.map(|name| format!("*{}*", escape(&cut(name, LINE_MAX))));
    let told = lines(notice).into_iter().map(|line| escape(&cut(&line, LINE_MAX)));
    let open = link(notice, base).map(|url| format!("<{}|Open in Unstale>", escape(&url)));
    let text: Vec<String> = about.into_iter().chain(told).chain(open).collect();
    let text = if text.is_empty() { "It works.".to_owned() } else { text.join("\n") };
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}})
}

fn context(text: &str) -> Value {
    json!({"type": "context", "elements": [{"type": "plain_text", "text": text, "emoji": false}]})
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{
        super::message::tests::{message, notice},
        *,
    };

    #[test]
    fn people_read_what_happened_and_open_it() {
        let body = body(&message(vec![notice()]), Some("https://u.example.com"));
        assert_eq!(body["text"], "Stale or broken: www.example.com");
        assert_eq!(body["blocks"][0]["text"]["text"], "Stale or broken: www.example.com");
        let said = "/a_b.html and 2 more\nRequested by ada@example.com: a &lt;new&gt; &amp; better page\n1 stale\n\
                    <https://u.example.com/invalidations/i1|Open in Unstale>";
        assert_eq!(body["blocks"][1]["text"]["text"], said);
    }

    #[test]
    fn a_long_message_stays_within_the_bounds() {
        let long = Notice { reason: "<".repeat(500), items: vec!["/".repeat(4_000); 5], ..notice() };
        let message = Message { count: 200, ..message(vec![long; 20]) };
        let body = body(&message, None);
        let blocks = body["blocks"].as_array().unwrap();
        assert_eq!(blocks.len(), 1 + TOLD + 1);
        assert_eq!(blocks[1 + TOLD]["elements"][0]["text"], "and 195 more");
        for block in &blocks[1..=TOLD] {
            assert!(block["text"]["text"].as_str().unwrap().chars().count() <= 3_000);
        }
    }
}
