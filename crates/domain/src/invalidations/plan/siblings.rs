//! Offers the copies of a file that a build writes beside it: compressed ones, and images in WebP.
//!
//! Nothing says that there are such files, so only those are offered that an earlier request named.

use std::{borrow::Cow, collections::HashSet};

use super::{LineSource, LineVerdict, Plan, PlanLine, companions::may_stand, coverage};
use crate::{
    access::Access,
    distributions::distribution::Distribution,
    invalidations::{item::Item, plan::Companion},
};

/// The most lines whose siblings are looked for, so that a long plan is not slower for it.
const LINES_LOOKED_AT: usize = 100;
/// The endings that a build adds to the whole name.
const COMPRESSED: [&str; 3] = [".br", ".gz", ".zst"];
/// The endings of images that a build often writes as WebP too.
const IMAGES: [&str; 4] = [".png", ".jpg", ".jpeg", ".gif"];

/// The siblings that the items of a plan may have, each with the place of its line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Siblings(Vec<(usize, Item, Companion)>);

impl Siblings {
    /// The items, to be looked for in the history.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.0.iter().map(|(_, item, _)| item)
    }
}

impl Plan {
    /// The siblings that this plan may have, without what a wildcard covers and what the actor may not request.
    #[must_use]
    pub fn siblings(&self, distribution: &Distribution, access: &Access) -> Siblings {
        let widest = coverage::widest_prefixes(&self.lines);
        let sent = self.lines.iter().enumerate().filter_map(|(at, line)| Some((at, line.item_to_send()?)));
        let plain = sent.filter(|(_, item)| has_siblings(item)).take(LINES_LOOKED_AT);
        let candidates = plain.flat_map(|(at, item)| {
            siblings_of(item.as_str()).into_iter().map(move |(path, why)| (at, Item::of_checked(path), why))
        });
        Siblings(candidates.filter(|(_, item, _)| may_stand(item, &widest, distribution, access)).collect())
    }

    /// Offers those of these siblings that the history knows, if the plan does not have them already.
    pub fn offer_siblings(&mut self, siblings: Siblings, is_known: impl Fn(&Item) -> bool) {
        let mut offered: Vec<_> = siblings.0.into_iter().filter(|(_, item, _)| is_known(item)).collect();
        if offered.is_empty() {
            return;
        }
        let mut told: HashSet<Cow<'_, str>> =
            self.lines.iter().filter_map(|line| Some(line.item()?.identity())).collect();
        offered.retain(|(_, item, _)| told.insert(Cow::Owned(item.identity().into_owned())));
        let mut offered = offered.into_iter().peekable();
        let lines = std::mem::take(&mut self.lines);
        for (at, line) in lines.into_iter().enumerate() {
            let (number, typed) = (line.number, line.typed.clone());
            self.lines.push(line);
            while let Some((_, item, why)) = offered.next_if(|(of, ..)| *of == at) {
                let verdict = LineVerdict::Offered { item, why };
                self.lines.push(PlanLine { number, typed: typed.clone(), source: LineSource::Plan, verdict });
            }
        }
    }
}

fn has_siblings(item: &Item) -> bool {
    let path = item.as_str();
    let name = path.rsplit('/').next().unwrap_or_default();
    !item.is_tag() && !item.is_wildcard() && !path.contains('?') && name.contains('.')
}

fn siblings_of(path: &str) -> Vec<(String, Companion)> {
    if COMPRESSED.iter().any(|ending| path.ends_with(ending)) {
        return Vec::new();
    }
    let compressed = COMPRESSED.iter().map(|ending| (format!("{path}{ending}"), Companion::CompressedCopy));
    let stem = IMAGES.iter().find_map(|ending| path.strip_suffix(ending));
    let images = stem.into_iter().flat_map(|stem| [format!("{stem}.webp"), format!("{path}.webp")]);
    compressed.chain(images.map(|path| (path, Companion::OtherFormat))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::Role,
        distributions::distribution::tests::sample,
        invalidations::{batching, plan::Surroundings},
    };

    fn offered(typed: &str, known: &[&str]) -> Vec<String> {
        let access = Access::whole(Role::Operator);
        let mut plan = Plan::work_out(typed, &sample(), Surroundings::unmeasured(batching::OURS));
        let before = plan.items.clone();
        let siblings = plan.siblings(&sample(), &access);
        plan.offer_siblings(siblings, |item| known.contains(&item.as_str()));
        assert_eq!(plan.items, before, "what is sent stays the same");
        let lines = plan.lines.iter().filter_map(|line| match &line.verdict {
            LineVerdict::Offered { item, .. } => Some(format!("{} {item}", line.number)),
            _ => None,
        });
        lines.collect()
    }

    #[test]
    fn only_siblings_that_the_history_knows_are_offered() {
        let known =
            ["/app.js.br", "/app.js.gz", "/img/hero.webp", "/img/hero.png.webp", "/a.css.br", "/x/y.br"];
        assert_eq!(
            offered("/app.js\n/new.js\n/img/hero.png\n/x/y\n/app.js.br", &known),
            ["1 /app.js.gz", "3 /img/hero.webp", "3 /img/hero.png.webp"],
            "what is sent already is not offered, and a name without an ending has no sibling"
        );
        assert_eq!(offered("/a.css\n/*", &known), [""; 0], "a wildcard has them all");
        assert_eq!(offered("/a.css?v=1\n/a.css*\n#a.css", &known), [""; 0]);
        assert_eq!(offered("/app.js", &[]), [""; 0]);
    }

    #[test]
    fn a_long_plan_looks_for_a_bounded_number() {
        let typed: String = (0..500).map(|n| format!("/{n}.js\n")).collect();
        let plan = Plan::work_out(&typed, &sample(), Surroundings::unmeasured(batching::OURS));
        let siblings = plan.siblings(&sample(), &Access::whole(Role::Operator));
        assert_eq!(siblings.items().count(), LINES_LOOKED_AT * COMPRESSED.len());
    }
}
