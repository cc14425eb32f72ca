//! The search in the history: a URL, words and filters. The store finds candidates with the keys and tokens of this
//! module, and this module then decides on each event. It does no I/O.

use super::{
    Action, Event, Outcome,
    visibility::Visibility,
    what::spelled,
    words::{holds, needles, texts, tokens},
};
use crate::{
    actor::ActorKind,
    checks::Freshness,
    encoding::with_plain_tildes,
    id::{DistributionId, InvalidationId},
    invalidations::item::Item,
    secret::sha256_prefix,
    time::Timestamp,
};

pub use super::{what::What, words::words_of};

/// A query of the history: search text, filters, visibility, and where to continue. The page, the API and the
/// command line all use it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    pub what: What,
    pub distribution: Option<DistributionId>,
    pub invalidation: Option<InvalidationId>,
    /// The distributions that serve the URL's host, if the search has one.
    pub serving: Option<Vec<DistributionId>>,
    /// The default root object of each distribution that has one.
    pub roots: Vec<(DistributionId, String)>,
    pub who: Option<String>,
    pub action: Option<Action>,
    /// Only what is about access and settings ([`Action::is_about_access`]).
    pub about_access: bool,
    pub outcome: Option<Outcome>,
    /// Only checks that came to this.
    pub freshness: Option<Freshness>,
    pub from: Option<Timestamp>,
    /// The end of the time range, exclusive.
    pub until: Option<Timestamp>,
    /// `Some(true)` for only what was done outside Unstale, `Some(false)` for only the rest.
    pub outside: Option<bool>,
    /// `None` if the actor may see everything.
    pub visibility: Option<Visibility>,
    /// Only events before this number, where the previous page ended.
    pub before: Option<i64>,
}

/// How an item matches the path of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    Is,
    Covers,
    /// The root object stands for `/`, and `/` for it.
    Root,
    CoversRoot,
    /// The object has this tag, according to the search text.
    Tag,
    /// The path without its query string.
    WithoutQuery,
}

impl Touch {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Is => "exact match",
            Self::Covers => "includes it",
            Self::Root => "is the same page",
            Self::CoversRoot => "includes the same page",
            Self::Tag => "is a tag of it",
            Self::WithoutQuery => "is it without the query string",
        }
    }
}

/// The key of an item in the search index.
#[must_use]
pub fn item_key(item: &Item) -> i64 {
    if item.is_tag() {
        key('t', &item.identity())
    } else if let Some(prefix) = item.prefix() {
        key('w', &spelled(prefix))
    } else {
        key('p', &spelled(item.as_str()))
    }
}

/// What a check came to. `None` for an event that is not of a check.
fn came_to(event: &Event) -> Option<Freshness> {
    (event.action == Action::CheckFinished).then(|| Freshness::parse(&event.new)).flatten()
}

fn key(kind: char, text: &str) -> i64 {
    sha256_prefix(format!("{kind}{text}").as_bytes())
}

impl AuditQuery {
    /// Whether nothing narrows the query.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self { roots: self.roots.clone(), before: self.before, ..Self::default() }
    }

    /// The keys of all items that match the search. Empty if it is not for an item.
    #[must_use]
    pub fn item_keys(&self) -> Vec<i64> {
        match &self.what {
            What::Everything | What::Words(_) => Vec::new(),
            What::Tag(tag) => vec![key('t', tag)],
            What::Path { path, tags, .. } => {
                let mut keys: Vec<i64> = tags.iter().map(|tag| key('t', tag)).collect();
                let same = self.same_pages(path).map(|(_, same)| same);
                for path in std::iter::once(path.as_str()).chain(same) {
                    keys.extend(touching(path));
                    // Items stored before Unstale encoded tildes have raw tildes in the index.
                    keys.extend(with_plain_tildes(path).iter().flat_map(|plain| touching(plain)));
                }
                keys.sort_unstable();
                keys.dedup();
                keys
            }
        }
    }

    /// `/` and the root object of a distribution stand for one another there, whatever the query string.
    fn same_pages<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a DistributionId, &'a str)> {
        let bare = path.split_once('?').map_or(path, |(bare, _)| bare);
        self.roots.iter().filter_map(move |(place, root)| match bare {
            "/" => Some((place, root.as_str())),
            bare => (bare == root).then_some((place, "/")),
        })
    }

    /// Is it about a page that has two paths somewhere?
    #[must_use]
    pub fn is_about_a_root(&self) -> bool {
        matches!(&self.what, What::Path { path, .. } if self.same_pages(path).next().is_some())
    }

    /// All words that an event must contain, in any field.
    #[must_use]
    pub fn tokens(&self) -> Vec<String> {
        let What::Words(terms) = &self.what else { return Vec::new() };
        let mut all: Vec<String> = terms.iter().flat_map(|term| needles(term)).collect();
        all.sort();
        all.dedup();
        all
    }

    /// How an item of a distribution matches the path or tag of the search.
    #[must_use]
    pub fn touch(&self, item: &Item, place: Option<&DistributionId>) -> Option<Touch> {
        match &self.what {
            What::Everything | What::Words(_) => None,
            What::Tag(tag) => (item.is_tag() && item.identity() == *tag).then_some(Touch::Is),
            What::Path { tags, .. } if item.is_tag() => {
                tags.iter().any(|tag| *tag == item.identity()).then_some(Touch::Tag)
            }
            What::Path { path, .. } => self.touch_path(item, place, path),
        }
    }

    fn touch_path(&self, item: &Item, place: Option<&DistributionId>, path: &str) -> Option<Touch> {
        let spelled = spelled(item.as_str());
        if spelled == path {
            return Some(Touch::Is);
        }
        let mut same = self.same_pages(path).filter(|(at, _)| Some(*at) == place).map(|(_, same)| same);
        if item.is_wildcard() {
            let prefix = &spelled[..spelled.len() - 1];
            if path.starts_with(prefix) {
                return Some(Touch::Covers);
            }
            return same.any(|same| same.starts_with(prefix)).then_some(Touch::CoversRoot);
        }
        if path.split_once('?').is_some_and(|(bare, _)| bare == spelled) {
            return Some(Touch::WithoutQuery);
        }
        same.any(|same| same == spelled).then_some(Touch::Root)
    }

    /// Whether the event passes the filters. The search text is not checked.
    #[must_use]
    pub fn admits(&self, event: &Event) -> bool {
        let at = event.done_at();
        let outside = event.acting.actor.kind() == ActorKind::Outside;
        let place = event.distribution.as_ref();
        self.distribution.as_ref().is_none_or(|wanted| place == Some(wanted))
            && self.invalidation.as_ref().is_none_or(|wanted| event.invalidation.as_ref() == Some(wanted))
            && self.serving.as_ref().is_none_or(|all| place.is_some_and(|place| all.contains(place)))
            && self.who.as_ref().is_none_or(|who| event.acting.actor.name() == *who)
            && self.action.is_none_or(|action| event.action == action)
            && (!self.about_access || event.action.is_about_access())
            && self.outcome.is_none_or(|outcome| event.outcome == outcome)
            && self.freshness.is_none_or(|freshness| came_to(event) == Some(freshness))
            && self.from.is_none_or(|from| at >= from)
            && self.until.is_none_or(|until| at < until)
            && self.outside.is_none_or(|wanted| wanted == outside)
            && self.visibility.as_ref().is_none_or(|visibility| visibility.admits(event))
    }

    /// Whether the event with all its items matches the search text.
    #[must_use]
    pub fn answers(&self, event: &Event, items: &[Item]) -> bool {
        match &self.what {
            What::Everything => true,
            What::Path { .. } | What::Tag(_) => {
                let place = event.distribution.as_ref();
                items.iter().any(|item| self.touch(item, place).is_some())
            }
            What::Words(_) => self.has_words(event),
        }
    }

    /// Whether the event contains all terms.
    #[must_use]
    pub fn has_words(&self, event: &Event) -> bool {
        let What::Words(terms) = &self.what else { return true };
        let fields: Vec<Vec<String>> = texts(event).map(tokens).collect();
        terms.iter().all(|term| fields.iter().any(|field| holds(field, term)))
    }
}

/// The keys of the path, of the path without its query, and of all wildcards that cover it.
fn touching(path: &str) -> Vec<i64> {
    let mut keys = covering(path);
    keys.push(key('p', path));
    keys.extend(path.split_once('?').map(|(bare, _)| key('p', bare)));
    keys
}

/// The keys of all wildcards that cover a path.
fn covering(path: &str) -> Vec<i64> {
    let literal = path.strip_suffix('*').unwrap_or(path);
    let ends = literal.char_indices().map(|(at, _)| at).skip(1).chain([literal.len()]);
    ends.map(|end| key('w', &literal[..end])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::Access,
        actor::{Acting, Actor},
        audit::ItemsRecord,
    };

    fn about(typed: &str) -> AuditQuery {
        let roots = [("E1", "/index.html"), ("E2", "/home.html")];
        let roots = roots.map(|(id, root)| (DistributionId::from_trusted(id), root.to_owned())).to_vec();
        AuditQuery { what: What::read(typed), roots, ..AuditQuery::default() }
    }

    fn event(reason: &str, items: &[&str]) -> Event {
        let mut event =
            Event::new(Timestamp::from_micros(9), &Acting::service(), Action::InvalidationRequested);
        reason.clone_into(&mut event.reason);
        event.items =
            ItemsRecord::of(&items.iter().map(|text| Item::from_trusted(*text)).collect::<Vec<_>>());
        event
    }

    #[test]
    fn each_item_that_touches_a_url_is_found_by_its_key_and_no_other() {
        for (typed, item, touch) in [
            ("/images/hero.png", "/images/hero.png", Some(Touch::Is)),
            ("/images/hero.png", "/images/*", Some(Touch::Covers)),
            ("/images/hero.png", "/images/h*", Some(Touch::Covers)),
            ("/images/hero.png", "/*", Some(Touch::Covers)),
            ("/images/hero.png", "/images/x*", None),
            ("/images/hero.png", "/images/hero.pngx", None),
            ("/images/hero.png", "/Images/hero.png", None),
            ("/a?x=1", "/a", Some(Touch::WithoutQuery)),
            ("/a?x=1", "/a?*", Some(Touch::Covers)),
            ("/a", "/a?x=1", None),
            ("/", "/index.html", Some(Touch::Root)),
            ("/index.html", "/", Some(Touch::Root)),
            ("/", "/*", Some(Touch::Covers)),
            ("/", "/index*", Some(Touch::CoversRoot)),
            ("/?utm=1", "/", Some(Touch::WithoutQuery)),
            ("/?utm=1", "/index.html", Some(Touch::Root)),
            ("/index.html?utm=1", "/", Some(Touch::Root)),
            ("/a[1] b.jpg", "/a[1]%20b.jpg", Some(Touch::Is)),
            ("/a[1]/b.jpg", "/a[1]/*", Some(Touch::Covers)),
            ("/a #tv #new", "#NEW", Some(Touch::Tag)),
            ("/a #tv", "/a", Some(Touch::Is)),
            ("/a #tv", "#radio", None),
            ("/images/*", "/images/*", Some(Touch::Is)),
            ("/images/*", "/*", Some(Touch::Covers)),
            ("/%c3%bc", "/%C3%bC", Some(Touch::Is)),
            ("#tv", "#TV", Some(Touch::Is)),
            ("#tv", "/*", None),
        ] {
            let (search, item) = (about(typed), Item::from_trusted(item));
            let place = DistributionId::from_trusted("E1");
            assert_eq!(search.touch(&item, Some(&place)), touch, "{typed} {item}");
            assert_eq!(search.item_keys().contains(&item_key(&item)), touch.is_some(), "{typed} {item}");
        }
    }

    #[test]
    fn a_tilde_is_found_in_both_spellings_also_by_the_keys_of_before() {
        let before = |kind, text: &str| key(kind, text);
        for typed in ["/~ada/x", "/%7Eada/x", "/%7eada/x"] {
            let search = about(typed);
            let keys = search.item_keys();
            for item in ["/~ada/x", "/%7Eada/x", "/%7eada/x", "/~ada/*", "/%7Eada/*", "/~*"] {
                let item = Item::from_trusted(item);
                assert!(search.touch(&item, None).is_some(), "{typed} {item}");
                assert!(keys.contains(&item_key(&item)), "{typed} {item}");
            }
            for old in [before('p', "/~ada/x"), before('w', "/~ada/"), before('w', "/~")] {
                assert!(keys.contains(&old), "{typed}");
            }
        }
    }

    #[test]
    fn a_root_object_is_that_of_its_own_distribution() {
        let at = |id| DistributionId::from_trusted(id);
        let home = Item::from_trusted("/home.html");
        for (place, touch) in [(Some(at("E2")), Some(Touch::Root)), (Some(at("E1")), None), (None, None)] {
            assert_eq!(about("/").touch(&home, place.as_ref()), touch, "{place:?}");
        }
        let root = Item::from_trusted("/");
        assert_eq!(about("/home.html").touch(&root, Some(&at("E1"))), None);
        assert_eq!(about("/home.html").touch(&root, Some(&at("E2"))), Some(Touch::Root));
    }

    #[test]
    fn words_are_found_in_their_order_and_wherever_they_stand() {
        let event = event("WEB-412: new gradient", &["/img/logo.png"]);
        for (typed, found) in [
            ("web-412", true),
            ("412-web", false),
            ("gradient web", true),
            ("unstale", true),
            ("logo.png", true),
            ("grad", false),
        ] {
            let search = about(typed);
            assert_eq!(search.answers(&event, &event.items.shown), found, "{typed}");
            let words = words_of(&event);
            let candidate = search.tokens().iter().all(|token| words.contains(token));
            assert!(candidate || !found, "the index would miss {typed}");
        }
    }

    #[test]
    fn every_filter_narrows() {
        let event = event("", &[]);
        assert!(AuditQuery::default().is_everything() && AuditQuery::default().admits(&event));
        let at = Timestamp::from_micros;
        for narrow in [
            AuditQuery { distribution: Some(DistributionId::from_trusted("E1")), ..AuditQuery::default() },
            AuditQuery { invalidation: Some(InvalidationId::from_trusted("i1")), ..AuditQuery::default() },
            AuditQuery { serving: Some(Vec::new()), ..AuditQuery::default() },
            AuditQuery { who: Some("ada".to_owned()), ..AuditQuery::default() },
            AuditQuery { action: Some(Action::SetUp), ..AuditQuery::default() },
            AuditQuery { about_access: true, ..AuditQuery::default() },
            AuditQuery { outcome: Some(Outcome::Failed), ..AuditQuery::default() },
            AuditQuery { freshness: Some(Freshness::Stale), ..AuditQuery::default() },
            AuditQuery { from: Some(at(10)), ..AuditQuery::default() },
            AuditQuery { until: Some(at(9)), ..AuditQuery::default() },
            AuditQuery { outside: Some(true), ..AuditQuery::default() },
            AuditQuery {
                visibility: Visibility::of(&Actor::nobody("x"), &Access::nothing()),
                ..AuditQuery::default()
            },
        ] {
            assert!(!narrow.admits(&event) && !narrow.is_everything(), "{narrow:?}");
        }
    }
}
