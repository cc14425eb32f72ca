//! A message as e-mail: a subject and plain text, which every program shows and reads aloud.

use super::{
    Message, Notice,
    message::{cut, lines, link},
};

/// The most notices that are told, so that a message stays short.
const TOLD: usize = 10;
/// The most characters of a line.
const LINE_MAX: usize = 300;
const SUBJECT_MAX: usize = 150;

/// The text of an e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailText {
    /// One line.
    pub subject: String,
    /// Lines that end with a line feed.
    pub body: String,
    /// What messages on the same subject share, so that programs show them together: the ID of the invalidation. `None`
    /// for a message on several or none.
    pub thread: Option<String>,
}

pub(super) fn text(message: &Message, base: Option<&str>) -> EmailText {
    let is_one_of_many = message.count > 1;
    let told = message.notices.iter().take(TOLD).map(|notice| paragraph(notice, is_one_of_many, base));
    let others = message.untold(TOLD).map(|others| format!("and {others} more\n"));
    let paragraphs: Vec<String> = told.chain(others).filter(|text| !text.is_empty()).collect();
    EmailText {
        subject: one_line(&message.title(), SUBJECT_MAX),
        body: format!(
            "{}\n-- \nUnstale{}\n",
            paragraphs.join("\n"),
            base.map(|base| format!(", {base}")).unwrap_or_default()
        ),
        thread: message
            .notices
            .first()
            .filter(|_| !is_one_of_many)
            .and_then(|notice| notice.invalidation.clone()),
    }
}

fn paragraph(notice: &Notice, is_one_of_many: bool, base: Option<&str>) -> String {
    let about = Some(notice.about()).filter(|name| is_one_of_many && !name.is_empty());
    let told =
        about.map(str::to_owned).into_iter().chain(lines(notice)).map(|line| one_line(&line, LINE_MAX));
    told.chain(link(notice, base)).map(|line| format!("{line}\n")).collect()
}

/// Text that people typed may have line ends in it, which would begin a header or hide a line.
fn one_line(text: &str, most: usize) -> String {
    cut(&text.split(char::is_control).collect::<Vec<_>>().join(" "), most)
}

#[cfg(test)]
mod tests {
    use super::{
        super::message::tests::{message, notice},
        *,
    };

    #[test]
    fn an_email_says_who_what_and_where() {
        let EmailText { subject, body, thread } =
            text(&message(vec![notice()]), Some("https://u.example.com"));
        assert_eq!(subject, "Stale or broken: www.example.com");
        assert_eq!(
            body,
            "/a_b.html and 2 more\n\
             Requested by ada@example.com: a <new> & better page\n\
             1 stale\n\
             https://u.example.com/invalidations/i1\n\n-- \nUnstale, https://u.example.com\n"
        );
        assert_eq!(thread.as_deref(), Some("i1"));
    }

    #[test]
    fn one_of_many_names_its_distribution_and_starts_no_thread() {
        let EmailText { body, thread, .. } = text(&message(vec![notice(); 12]), None);
        assert_eq!(body.matches("www.example.com\n/a_b.html and 2 more\n").count(), TOLD);
        assert!(body.ends_with("\n\nand 2 more\n\n-- \nUnstale\n"), "{body}");
        assert_eq!(thread, None);
    }

    #[test]
    fn no_text_begins_a_line() {
        let mut typed = notice();
        typed.reason = "one\r\nBcc: two\u{85}three".to_owned();
        let EmailText { body, .. } = text(&message(vec![typed]), None);
        assert!(body.contains("ada@example.com: one  Bcc: two three\n"), "{body}");
    }
}
