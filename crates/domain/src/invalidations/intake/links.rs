//! Reads links of Slack and Markdown, and items of lists that are a link or a URL.

use super::{Reading, found::Found, lines::starts_with_http};

pub(super) fn read(text: &str) -> Option<Found> {
    let url = match list_item(text) {
        Some(rest) => link(rest).or_else(|| url(rest).map(str::to_owned)),
        None => link(text),
    };
    url.map(|url| Found::One(Reading::Typed(url)))
}

/// What stands behind `- `, `* `, `• `, `1. ` or `- [x] `.
fn list_item(text: &str) -> Option<&str> {
    let (mark, rest) = text.split_once(' ')?;
    let number = mark.strip_suffix(['.', ')']).is_some_and(|number| {
        (1..=4).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    if !matches!(mark, "-" | "*" | "•") && !number {
        return None;
    }
    let rest = rest.trim_start_matches(' ');
    let unticked = ["[ ] ", "[x] ", "[X] "].iter().find_map(|tick| rest.strip_prefix(tick));
    Some(unticked.unwrap_or(rest).trim_start_matches(' '))
}

/// The whole text as a URL without blanks, perhaps in angle brackets.
fn url(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
    (starts_with_http(inner) && !inner.contains([' ', '<', '>', '|', '"'])).then_some(inner)
}

fn link(text: &str) -> Option<String> {
    slack(text).or_else(|| markdown(text).map(str::to_owned))
}

/// `<https://www.example.com/a?b=1&amp;c=2|the page>`. Slack writes `&`, `<` and `>` as XML does.
fn slack(text: &str) -> Option<String> {
    let (target, label) = text.strip_prefix('<')?.strip_suffix('>')?.split_once('|')?;
    let target = url(target)?;
    (!label.contains(['<', '>'])).then(|| target.replace("&amp;", "&"))
}

/// `[the page](https://www.example.com/a "A title")`
fn markdown(text: &str) -> Option<&str> {
    let text = text.strip_prefix('!').unwrap_or(text);
    let (label, target) = text.strip_prefix('[')?.strip_suffix(')')?.split_once("](")?;
    let (target, title) =
        target.split_once(' ').map_or((target, ""), |(target, title)| (target, title.trim()));
    let quoted = |mark: char| title.len() > 1 && title.starts_with(mark) && title.ends_with(mark);
    let target = url(target)?;
    (!label.contains("](") && (title.is_empty() || quoted('"') || quoted('\''))).then_some(target)
}
