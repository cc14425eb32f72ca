//! What was seen of the URLs of a check run, as a table.

use std::{cmp::Reverse, collections::HashSet};

use url::Url;

use crate::{
    domain::{
        checks::{
            CheckCause, CheckKind, CheckRun, CheckRunState, ExpectedContent, Freshness, Look, UrlCheck,
        },
        time::Timestamp,
    },
    store::{Conn, StoreError},
};

use super::{
    super::view::{StatusView, When},
    look_view::LookView,
    places::{PlaceView, SilentPlace, places, silent_locations, silent_probes, standing, verdict_status},
};

/// How many URLs stand unfolded. A few more are not worth a fold.
const UNFOLDED: usize = 10;
const FOLD_FROM: usize = 14;

/// The table, and what is said around it.
#[derive(Debug, Clone)]
pub struct CheckPanel {
    pub urls: Vec<UrlCheckView>,
    /// The API behind the site.
    pub apis: Vec<UrlCheckView>,
    /// Whether there is a look before an invalidation.
    pub compares: bool,
    /// The edge locations that answered, as in `FRA50-C1`. Empty if none said.
    pub edge_locations: String,
    /// The probes that have not looked, and the edge locations that gave no answer of their own.
    pub silent: Vec<SilentPlace>,
    /// When the last look was made.
    pub looked: Option<When>,
    /// When the next looks are made. `None` if none are planned, or if they are due now.
    pub next: Option<When>,
    /// Whether somebody may have it looked at again now.
    pub can_check: bool,
    /// The address of the check settings of the distribution, for those who may change them.
    pub settings: Option<String>,
    /// The address that makes the invalidation again, for those who may.
    pub repeat: Option<String>,
}

/// A URL in the table.
#[derive(Debug, Clone)]
pub struct UrlCheckView {
    /// The address that opens it. `None` if it is none of the web.
    pub link: Option<String>,
    /// The path with the query string.
    pub path: String,
    /// Empty where it stands at the URL above.
    pub host: String,
    pub guessed: bool,
    pub before: LookView,
    pub after: LookView,
    pub status: StatusView,
    /// `fresh in 2 of 3 places`. Empty if only this server looked.
    pub standing: String,
    /// What each place got. Empty if only this server looked.
    pub places: Vec<PlaceView>,
    /// What happened. Empty if all is good, or where it stands at the URL above.
    pub cause: &'static str,
    /// What to do next, in words. Empty where it stands at a URL before.
    pub step: String,
    /// A command or a policy to copy. `None` if there is none, or if it stands at a URL before.
    pub snippet: Option<String>,
    /// Whether an old copy at the edge is to blame, so that another invalidation helps.
    pub repeat_helps: bool,
}

impl CheckPanel {
    /// The table, with the places of which nothing counts.
    pub async fn read(
        conn: &mut Conn,
        run: &CheckRun,
        expected: ExpectedContent,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut silent = silent_probes(conn, run, now).await?;
        silent.extend(silent_locations(&run.urls));
        Ok(Self { silent, ..Self::new(run, expected, now) })
    }

    /// Those that stand unfolded.
    pub fn unfolded(&self) -> &[UrlCheckView] {
        &self.urls[..self.fold()]
    }

    /// Those that stand in a fold below the others.
    pub fn folded(&self) -> &[UrlCheckView] {
        &self.urls[self.fold()..]
    }

    const fn fold(&self) -> usize {
        if self.urls.len() < FOLD_FROM { self.urls.len() } else { UNFOLDED }
    }

    fn new(run: &CheckRun, expected: ExpectedContent, now: Timestamp) -> Self {
        let looks =
            || run.urls.iter().flat_map(|check| [check.before.as_ref(), check.after.as_ref()]).flatten();
        let next = run.due_at.filter(|due| *due > now && run.state == CheckRunState::After);
        Self {
            urls: url_views(&run.urls, CheckKind::Url, expected, now),
            apis: url_views(&run.urls, CheckKind::Api, expected, now),
            compares: run.invalidation.is_some(),
            edge_locations: edge_locations(&run.urls),
            silent: Vec::new(),
            looked: looks().map(|look| look.at).max().map(|at| When::new(at, now)),
            can_check: run.state == CheckRunState::Done || next.is_some(),
            next: next.map(|due| When::new(due, now)),
            settings: None,
            repeat: None,
        }
    }
}

fn url_views(
    urls: &[UrlCheck],
    kind: CheckKind,
    expected: ExpectedContent,
    now: Timestamp,
) -> Vec<UrlCheckView> {
    let mut checks: Vec<&UrlCheck> = urls.iter().filter(|check| check.kind == kind).collect();
    if checks.len() >= FOLD_FROM {
        // The worst stand first, before the fold.
        checks.sort_by_key(|check| Reverse(check.worst()));
    }
    let mut told: HashSet<String> = HashSet::new();
    let mut views: Vec<UrlCheckView> = Vec::new();
    let mut above = (String::new(), "");
    for check in checks {
        let mut view = url_view(check, expected, now);
        // The same advice for each of 20 URLs would hide the rest, also where its command names each URL.
        let is_told = !told.insert(format!("{} {}", view.cause, view.step));
        view.snippet = view.snippet.filter(|snippet| told.insert(snippet.clone()) && !is_told);
        if is_told {
            view.step.clear();
        }
        // What stands right above is not said again, but at the beginning of a fold.
        let here = (view.host.clone(), view.cause);
        if !views.len().is_multiple_of(UNFOLDED) {
            view.say_once(&above);
        }
        above = here;
        views.push(view);
    }
    views
}

impl UrlCheckView {
    /// Leaves out the host and the cause where they are those of the URL above.
    fn say_once(&mut self, above: &(String, &'static str)) {
        if self.host == above.0 {
            self.host.clear();
        }
        if self.cause == above.1 {
            self.cause = "";
        }
    }
}

fn url_view(check: &UrlCheck, expected: ExpectedContent, now: Timestamp) -> UrlCheckView {
    let parsed = Url::parse(&check.url).ok();
    let web = parsed.as_ref().filter(|url| matches!(url.scheme(), "https" | "http"));
    let path =
        |url: &Url| url.query().map_or_else(|| url.path().to_owned(), |q| format!("{}?{q}", url.path()));
    let freshness = check.worst();
    // What is said is of the worst place; where several are as bad, of this server.
    let worst = check.judgements().find(|(one, _)| Freshness::from(one.verdict) == freshness);
    let step = worst.map_or("", |(_, step)| step);
    let (step, snippet) = step.split_once('\n').unwrap_or((step, ""));
    UrlCheckView {
        link: web.map(Url::to_string),
        path: web.map_or_else(|| check.url.clone(), path),
        host: web.and_then(Url::host_str).unwrap_or_default().to_owned(),
        guessed: check.guessed,
        before: LookView::new(check.before.as_ref(), None),
        after: LookView::new(check.after.as_ref(), check.before.as_ref()),
        status: verdict_status(worst.map(|(one, _)| one), expected),
        standing: standing(check, expected),
        places: places(check, expected, worst.and_then(|(one, _)| one.cause), now),
        cause: worst.and_then(|(one, _)| one.cause).map_or("", |cause| cause_words(check, cause)),
        step: step.to_owned(),
        snippet: Some(snippet.trim_matches('\n').to_owned()).filter(|text| !text.is_empty()),
        repeat_helps: worst.is_some_and(|(one, _)| one.cause == Some(CheckCause::OldAtEdge)),
    }
}

fn cause_words(check: &UrlCheck, cause: CheckCause) -> &'static str {
    match check.kind {
        CheckKind::Url => cause.label(),
        // The status says it already.
        CheckKind::Api if cause == CheckCause::Answers => "",
        CheckKind::Api => cause.label_of_api(),
    }
}

/// Each edge location once, in the order in which they answered.
fn edge_locations(urls: &[UrlCheck]) -> String {
    let mut all: Vec<&str> = Vec::new();
    for check in urls.iter().filter(|check| check.kind == CheckKind::Url) {
        let look = check.after.as_ref().or(check.before.as_ref());
        let location = look.and_then(Look::answer).and_then(|answer| answer.pop.as_deref());
        all.extend(location.filter(|one| !all.contains(one)));
    }
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::checks::{Judgement, Verdict};

    fn check(number: usize, verdict: Verdict) -> UrlCheck {
        let is_stale = verdict == Verdict::Stale;
        UrlCheck {
            number,
            kind: CheckKind::Url,
            url: format!("https://shop.example.com/{number}.css"),
            batch: None,
            guessed: false,
            before: None,
            after: None,
            judgement: Some(Judgement { verdict, cause: is_stale.then_some(CheckCause::OldAtEdge) }),
            step: if is_stale { format!("Repeat it.\n\ncurl /{number}.css\n") } else { String::new() },
            elsewhere: Vec::new(),
            silent: Vec::new(),
        }
    }

    fn views(checks: &[UrlCheck]) -> Vec<UrlCheckView> {
        url_views(checks, CheckKind::Url, ExpectedContent::NewVersion, Timestamp::from_micros(0))
    }

    #[test]
    fn advice_host_and_cause_stand_once_and_again_at_the_fold() {
        let checks: Vec<UrlCheck> = (1..=25).map(|number| check(number, Verdict::Stale)).collect();
        let views = views(&checks);
        let at = |has: fn(&UrlCheckView) -> bool| {
            (0..views.len()).filter(|index| has(&views[*index])).collect::<Vec<_>>()
        };
        assert_eq!((at(|view| !view.step.is_empty()), at(|view| view.snippet.is_some())), (vec![0], vec![0]));
        assert_eq!(at(|view| !view.host.is_empty()), [0, UNFOLDED, 2 * UNFOLDED]);
        assert_eq!(at(|view| !view.cause.is_empty()), [0, UNFOLDED, 2 * UNFOLDED]);
    }

    #[test]
    fn where_there_is_a_fold_the_worst_stand_before_it() {
        let paths = |count: usize| {
            let of = |number| if number == count { Verdict::Stale } else { Verdict::Fresh };
            let checks: Vec<UrlCheck> = (1..=count).map(|number| check(number, of(number))).collect();
            views(&checks).into_iter().map(|view| view.path).collect::<Vec<_>>()
        };
        assert_eq!(paths(FOLD_FROM)[..2], ["/14.css", "/1.css"]);
        assert_eq!(paths(FOLD_FROM - 1)[..2], ["/1.css", "/2.css"], "a short list keeps its order");
    }
}
