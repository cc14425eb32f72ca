//! Steps for pages whose files do not load.

use url::{Position, Url};

use super::known::{Known, shown, with_code};
use crate::checks::{EdgeConfiguration, Evidence, ReferenceOutcome, ReferenceSeen};

pub(super) const REFERENCE_MISSING: &str = "Check that each style sheet, script and image that the page names is at the origin, under exactly this path. If all are there, invalidate their paths.";
pub(super) const MIXED_CONTENT: &str = "Change http:// to https:// where the page names its scripts and style sheets: in a page by https, browsers load none by http.";

/// The next step for a page whose references do not load, in the form of [`step`](super::step): it names the first
/// of them and the number of the others. Empty if all of them load.
///
/// `evidence` is that of the page, and `configuration` gives what is known of the distribution for another URL.
pub fn reference_step(
    seen: &[ReferenceSeen<'_>],
    evidence: &Evidence<'_>,
    configuration: impl FnOnce(&Url) -> EdgeConfiguration,
) -> String {
    let of = |is_mixed: bool| {
        seen.iter().filter(move |one| one.outcome.fails() && one.reference.is_mixed == is_mixed)
    };
    let name = |one: &ReferenceSeen<'_>| shown(name(&one.reference.url, evidence.url));
    if let Some(first) = of(false).next() {
        let url = &first.reference.url;
        let configuration = configuration(url);
        let evidence = Evidence { url: url.as_str(), configuration: &configuration, ..*evidence };
        return missing(first.outcome, &name(first), of(false).count() - 1, &Known::of(&evidence));
    }
    let Some(first) = of(true).next() else { return String::new() };
    let others = match of(true).count() - 1 {
        0 => String::new(),
        1 => " and 1 other file".to_owned(),
        more => format!(" and {more} other files"),
    };
    format!(
        "In the page, change http:// to https:// for {}{others}: in a page by https, browsers load no script and no style sheet by http.",
        name(first)
    )
}

/// How the page's people know the file: by its path, and on another host by its whole URL.
fn name<'a>(url: &'a Url, page: &str) -> &'a str {
    let page = Url::parse(page).ok();
    let is_same_host = page.is_some_and(|page| page.host() == url.host());
    let from = if is_same_host { Position::BeforePath } else { Position::BeforeScheme };
    &url[from..Position::AfterQuery]
}

fn missing(outcome: ReferenceOutcome, name: &str, others: usize, known: &Known<'_>) -> String {
    let others = match others {
        0 => String::new(),
        1 => " 1 other file of the page does not load either.".to_owned(),
        more => format!(" {more} other files of the page do not load either."),
    };
    let is_down = matches!(outcome, ReferenceOutcome::Status(500..) | ReferenceOutcome::NoAnswer);
    let what = match outcome {
        ReferenceOutcome::Status(status) => format!("answers with status {status}"),
        ReferenceOutcome::OtherPage => {
            "answers with another page in place of the file, as a custom error page does".to_owned()
        }
        _ => "gives no answer".to_owned(),
    };
    let advice = if is_down {
        "Look at the log of its origin, then check again."
    } else {
        "Check that the file is at the origin under exactly this path, in upper and lower case too. If not, publish it, or correct the path in the page. If it is there, invalidate its path."
    };
    let code = if is_down || !known.has_s3_origin() { known.show_headers() } else { known.list_object() };
    with_code(format!("The file {name} {what}.{others} {advice}"), &code)
}
