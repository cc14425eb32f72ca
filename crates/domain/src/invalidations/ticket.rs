//! Tickets in reasons. A ticket such as `WEB-412` becomes a link, with a pattern and a URL from the settings.

use regex::Regex;

/// The pattern that is used if only the URL is set.
pub const USUAL: &str = r"\b[A-Z][A-Z0-9]+-[0-9]+\b";
/// The placeholder in the URL, which is replaced by the ticket.
const PLACE: &str = "{}";

/// How tickets are found, and the URL of their links.
#[derive(Debug, Clone)]
pub struct Tickets {
    pattern: Regex,
    address: String,
}

/// A part of a reason: plain text, or a ticket with its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub link: Option<String>,
}

/// What is wrong with a setting, as text that follows its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    #[error("is not a pattern: {0}")]
    Pattern(String),
    #[error(
        "must begin with https:// or http:// and hold {{}} where the ticket goes, such as https://jira.example.com/browse/{{}}"
    )]
    Address,
}

impl Tickets {
    pub fn new(pattern: &str, address: &str) -> Result<Self, TicketError> {
        let web = address.starts_with("https://") || address.starts_with("http://");
        if !web || !address.contains(PLACE) || address.chars().any(|c| c.is_control() || c == ' ') {
            return Err(TicketError::Address);
        }
        let pattern = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build();
        let pattern = pattern.map_err(|error| TicketError::Pattern(error.to_string()))?;
        Ok(Self { pattern, address: address.to_owned() })
    }

    /// Splits a reason into text and tickets. If the pattern has a group, the text of the first group goes into the
    /// URL; otherwise the whole match does.
    #[must_use]
    pub fn pieces(&self, reason: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut end = 0;
        for found in self.pattern.captures_iter(reason) {
            let Some(whole) = found.get(0).filter(|whole| !whole.is_empty()) else { continue };
            let key = found.get(1).unwrap_or(whole).as_str();
            pieces.extend(text(&reason[end..whole.start()]));
            let link = Some(self.address.replace(PLACE, &encoded(key)));
            pieces.push(Piece { text: whole.as_str().to_owned(), link });
            end = whole.end();
        }
        pieces.extend(text(&reason[end..]));
        pieces
    }
}

/// Splits a reason into text and tickets. Without settings for tickets, the whole reason is text.
#[must_use]
pub fn pieces(tickets: Option<&Tickets>, reason: &str) -> Vec<Piece> {
    tickets.map_or_else(|| text(reason).into_iter().collect(), |tickets| tickets.pieces(reason))
}

fn text(text: &str) -> Option<Piece> {
    (!text.is_empty()).then(|| Piece { text: text.to_owned(), link: None })
}

/// Percent-encodes a ticket, so that it cannot change any other part of the URL.
fn encoded(key: &str) -> String {
    use std::fmt::Write as _;
    key.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(tickets: &Tickets, reason: &str) -> Vec<(String, Option<String>)> {
        tickets.pieces(reason).into_iter().map(|piece| (piece.text, piece.link)).collect()
    }

    #[test]
    fn tickets_become_links_and_the_rest_stays() {
        let tickets = Tickets::new(USUAL, "https://jira.example.com/browse/{}").unwrap();
        let link = |key: &str| Some(format!("https://jira.example.com/browse/{key}"));
        assert_eq!(
            links(&tickets, "WEB-412: see WEB-7"),
            [
                ("WEB-412".to_owned(), link("WEB-412")),
                (": see ".to_owned(), None),
                ("WEB-7".to_owned(), link("WEB-7")),
            ]
        );
        assert_eq!(links(&tickets, "no ticket"), [("no ticket".to_owned(), None)]);
        assert!(tickets.pieces("").is_empty());
    }

    #[test]
    fn a_group_says_what_goes_into_the_address_and_cannot_leave_it() {
        let tickets = Tickets::new("#([0-9]+)", "https://github.com/o/r/issues/{}").unwrap();
        assert_eq!(links(&tickets, "#12")[0].1.as_deref(), Some("https://github.com/o/r/issues/12"));
        let tickets = Tickets::new("<(.*)>", "https://t.example/{}").unwrap();
        assert_eq!(
            links(&tickets, "<\"/../é?x>")[0].1.as_deref(),
            Some("https://t.example/%22%2F..%2F%C3%A9%3Fx")
        );
    }

    #[test]
    fn bad_settings_are_refused() {
        assert!(matches!(Tickets::new("(", "https://t.example/{}"), Err(TicketError::Pattern(_))));
        for bad in ["javascript:{}", "https://t.example/", "t.example/{}", ""] {
            assert_eq!(Tickets::new(USUAL, bad).unwrap_err(), TicketError::Address, "{bad}");
        }
    }
}
