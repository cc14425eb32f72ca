//! A message for a Workflows URL of Microsoft Teams: an Adaptive Card, in an envelope or bare, as the flow wants it.
//!
//! A flow made from "When a Teams webhook request is received" takes the envelope. A flow whose step posts
//! `triggerBody()` as the card takes the bare card. Texts are `TextRun`s, which show no Markdown, so that an underscore of
//! a path stays one. Source: <https://adaptivecards.io/explorer/TextRun.html>

use serde_json::{Value, json};

use super::{
    Message, Notice,
    message::{cut, lines, link},
};

/// The most notices that are told, so that a message stays short.
const TOLD: usize = 5;
const LINE_MAX: usize = 300;

/// The card in the envelope of a message.
pub(super) fn body(message: &Message, base: Option<&str>) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card(message, base),
        }],
    })
}

/// The bare card.
pub(super) fn card(message: &Message, base: Option<&str>) -> Value {
    let title = text(&cut(&message.title(), LINE_MAX), true);
    let told = message.notices.iter().take(TOLD).flat_map(|notice| texts(notice, message.count > 1));
    let others = message.untold(TOLD).map(|others| text(&format!("and {others} more"), false));
    let body: Vec<Value> = [title].into_iter().chain(told).chain(others).collect();
    let first = message.notices.first().and_then(|notice| link(notice, base));
    let open = first.map(|url| json!({"type": "Action.OpenUrl", "title": "Open in Unstale", "url": url}));
    json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": open.into_iter().collect::<Vec<_>>(),
    })
}

fn texts(notice: &Notice, is_one_of_many: bool) -> Vec<Value> {
    let about = Some(notice.about()).filter(|name| is_one_of_many && !name.is_empty());
    let about = about.map(|name| text(&cut(name, LINE_MAX), true));
    about.into_iter().chain(lines(notice).iter().map(|line| text(&cut(line, LINE_MAX), false))).collect()
}

fn text(text: &str, is_bold: bool) -> Value {
    let weight = if is_bold { "Bolder" } else { "Default" };
    json!({"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, "weight": weight}]})
}

#[cfg(test)]
mod tests {
    use super::{
        super::message::tests::{message, notice},
        *,
    };

    #[test]
    fn the_card_is_the_same_with_and_without_the_envelope() {
        let message = message(vec![notice()]);
        let (body, card) =
            (body(&message, Some("https://u.example.com")), card(&message, Some("https://u.example.com")));
        assert_eq!(body["attachments"][0]["content"], card);
        assert_eq!(body["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
        assert_eq!(card["body"][0]["inlines"][0]["text"], "Stale or broken: www.example.com");
        assert_eq!(card["body"][1]["inlines"][0]["text"], "/a_b.html and 2 more");
        assert_eq!(card["actions"][0]["url"], "https://u.example.com/invalidations/i1");
    }

    #[test]
    fn many_notices_are_counted() {
        let message = Message { count: 200, ..message(vec![notice(); 20]) };
        let card = card(&message, None);
        let body = card["body"].as_array().unwrap();
        assert_eq!(body.last().unwrap()["inlines"][0]["text"], "and 195 more");
        assert_eq!(card["actions"], json!([]), "without an address there is no link");
    }
}
