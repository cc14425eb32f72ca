//! What happened in the demo's first two weeks, oldest first.

use std::time::Duration;

use super::super::{DOCS, SHOP, SITE};

/// Who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// The administrator whom the demo signs in.
    Demo,
    /// The second person, an operator.
    Colleague,
    /// A token, as a pipeline uses it.
    Pipeline,
    /// The console of AWS: not through Unstale.
    Console,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Completed,
    /// A cache that stands before CloudFront goes on serving the old version.
    Stale,
    /// AWS denies it at first. An administrator adds the permission and tries again.
    DeniedAtFirst,
    /// It was to be sent an hour later, and the requester cancels it before.
    Cancelled,
    /// The other person approves it, with this comment.
    Approved(&'static str),
    /// The other person declines it, with this comment.
    Declined(&'static str),
    /// It still waits for the other person.
    WaitsForApproval,
}

/// A request, and what became of it.
#[derive(Debug)]
pub(super) struct Act {
    /// How long before the demo is opened.
    pub before: Duration,
    pub by: Who,
    pub site: &'static str,
    /// The files of which there is a new version when the request is made.
    pub changed: &'static [&'static str],
    /// What is typed into the form.
    pub items: &'static str,
    pub reason: &'static str,
    pub outcome: Outcome,
}

impl Act {
    const fn new(before: Duration, by: Who, site: &'static str, items: &'static str) -> Self {
        Self { before, by, site, changed: &[], items, reason: "", outcome: Outcome::Completed }
    }

    const fn changed(self, changed: &'static [&'static str]) -> Self {
        Self { changed, ..self }
    }

    const fn because(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }

    const fn ends(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }
}

const fn days(days: u64, hours: u64, minutes: u64) -> Duration {
    Duration::from_mins((days * 24 + hours) * 60 + minutes)
}

pub(super) const ACTS: &[Act] = &[
    Act::new(days(13, 5, 12), Who::Demo, SITE, "/styles.css")
        .changed(&["styles.css"])
        .because("New colours for the autumn course"),
    Act::new(days(12, 22, 40), Who::Colleague, SHOP, "/products/radio.html")
        .changed(&["products/radio.html"])
        .because("The price of the radio was wrong"),
    Act::new(days(12, 3, 5), Who::Pipeline, DOCS, "/docs.css\n/index.html")
        .changed(&["docs.css", "index.html"])
        .because("Release 4.1"),
    Act::new(days(11, 4, 31), Who::Colleague, SHOP, "#prices")
        .changed(&["index.html", "products/radio.html", "products/lamp.html"])
        .because("Autumn prices"),
    Act::new(days(10, 6, 2), Who::Console, SITE, "/scripts.js").changed(&["scripts.js"]),
    Act::new(days(9, 2, 18), Who::Demo, DOCS, "/*")
        .changed(&["docs.css", "index.html", "search.html"])
        .because("New navigation on every page"),
    Act::new(days(8, 7, 44), Who::Colleague, DOCS, "/search.html")
        .changed(&["search.html"])
        .because("Search finds tags too")
        .ends(Outcome::DeniedAtFirst),
    Act::new(days(7, 3, 6), Who::Pipeline, DOCS, "/docs.css\n/index.html\n/search.html")
        .changed(&["docs.css", "index.html", "search.html"])
        .because("Release 4.2"),
    Act::new(days(6, 1, 9), Who::Demo, SITE, "/index.html\n/styles.css\n/scripts.js")
        .changed(&["index.html", "styles.css", "scripts.js"])
        .because("The course has new dates"),
    Act::new(days(5, 23, 50), Who::Colleague, SHOP, "/index.html")
        .because("The home page of the sale")
        .ends(Outcome::Cancelled),
    Act::new(days(5, 2, 27), Who::Colleague, SHOP, "/shop.css")
        .changed(&["shop.css"])
        .because("Larger text on phones"),
    Act::new(days(4, 4, 15), Who::Colleague, SHOP, "/*")
        .changed(&["index.html", "shop.css", "products/lamp.html", "products/radio.html"])
        .because("New design of the shop")
        .ends(Outcome::Approved("Looked at it on the test site.")),
    Act::new(days(3, 21, 36), Who::Demo, SITE, "/styles.css")
        .changed(&["styles.css"])
        .because("Buttons are easier to read"),
    Act::new(days(3, 3, 4), Who::Pipeline, DOCS, "/docs.css\n/index.html").because("Release 4.3"),
    Act::new(days(2, 8, 33), Who::Colleague, SHOP, "/*")
        .because("One price was wrong")
        .ends(Outcome::Declined("One page changed: refresh /products/lamp.html only.")),
    Act::new(days(2, 8, 2), Who::Colleague, SHOP, "/products/lamp.html")
        .changed(&["products/lamp.html"])
        .because("One price was wrong"),
    Act::new(days(1, 5, 20), Who::Colleague, DOCS, "/search.html")
        .changed(&["search.html"])
        .because("Search shows the edition")
        .ends(Outcome::Stale),
    Act::new(days(1, 2, 48), Who::Demo, SITE, "/index.html")
        .changed(&["index.html"])
        .because("The room has changed"),
    Act::new(days(0, 20, 11), Who::Demo, SITE, "/scripts.js")
        .changed(&["scripts.js"])
        .because("The menu closes again"),
    Act::new(days(0, 3, 2), Who::Pipeline, DOCS, "/docs.css\n/index.html")
        .changed(&["docs.css", "index.html"])
        .because("Release 4.4"),
    Act::new(days(0, 0, 25), Who::Colleague, SHOP, "/*")
        .because("Prices of the winter sale")
        .ends(Outcome::WaitsForApproval),
];
