//! What somebody sees of the history: the SQL of the list and of the search says the same as the one rule in `domain`.

use unstale::{
    domain::{
        access::{Access, Granted, Role, ScopeKind, grant_scope::GrantScope},
        actor::{Acting, Actor, ActorKind, Origin},
        audit::{Action, Chained, Event, search::AuditQuery, visibility::Visibility},
        id::DistributionId,
    },
    store::audit,
};

use super::given::id;
use crate::support::{Database, at, on_each_engine};

const SITES: [&str; 4] = ["E1", "E2", "E11", "E3"];
const IDS: [&str; 3] = ["one", "two", "on"];
const KINDS: [ActorKind; 5] =
    [ActorKind::Person, ActorKind::Token, ActorKind::Service, ActorKind::Outside, ActorKind::Nobody];
const ROLES: [Role; 3] = [Role::Viewer, Role::Operator, Role::Admin];

/// The same numbers at each run: what fails once fails again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn actor(&mut self) -> Actor {
        let kind = KINDS[self.roll(KINDS.len())];
        let anybody = matches!(kind, ActorKind::Person | ActorKind::Token);
        let id = if anybody { IDS[self.roll(IDS.len())] } else { "" };
        let name = if kind == ActorKind::Service { "Unstale" } else { "" };
        Actor::from_trusted(kind.as_str(), id.to_owned(), name.to_owned()).unwrap()
    }

    fn event(&mut self) -> Event {
        let acting = Acting { actor: self.actor(), origin: Origin::default() };
        let mut event = Event::new(at(1), &acting, Action::ActRefused);
        event.distribution = SITES.get(self.roll(SITES.len() + 2)).map(|distribution| id(distribution));
        event
    }

    fn access(&mut self) -> Access {
        let granted: Vec<DistributionId> =
            SITES.iter().filter(|_| self.roll(3) == 0).map(|distribution| id(distribution)).collect();
        let grant = Granted { distributions: granted.into_iter().collect(), scope: GrantScope::whole() };
        let grants = if self.roll(6) == 0 { Vec::new() } else { vec![grant] };
        Access::new(ROLES[self.roll(ROLES.len())], ScopeKind::Everything.with(grants))
            .of(IDS[self.roll(IDS.len())])
    }
}

fn numbers(events: &[Chained]) -> Vec<i64> {
    events.iter().map(|event| event.sequence).collect()
}

/// All that a query finds, so many at once.
async fn pages(database: &Database, query: &AuditQuery, limit: usize) -> Vec<i64> {
    let (mut query, mut shown) = (query.clone(), Vec::new());
    loop {
        let page = database.get(async |conn| audit::search(conn, &query, limit).await).await;
        shown.extend(numbers(&page.events));
        if page.older.is_none() {
            return shown;
        }
        query.before = page.older;
    }
}

async fn what_sql_shows_is_what_the_rule_admits(database: &Database) {
    let mut dice = Dice(6);
    let events: Vec<Event> = (0..120).map(|_| dice.event()).collect();
    database
        .write(async |tx| {
            for event in &events {
                audit::append(tx, event.clone());
            }
            Ok(())
        })
        .await;
    let all = database.get(async |conn| audit::between(conn, 0, i64::MAX, 999).await).await;
    let (mut narrowed, mut own) = (0, 0);
    for _ in 0..120 {
        let (actor, access) = (dice.actor(), dice.access());
        let visibility = Visibility::of(&actor, &access);
        let admitted =
            |event: &&Chained| visibility.as_ref().is_none_or(|visibility| visibility.admits(&event.event));
        let by_rule: Vec<Chained> = all.iter().filter(admitted).cloned().collect();
        // Alone, with a filter that changes nothing, and as pages of a few.
        let everything = AuditQuery { visibility: visibility.clone(), ..AuditQuery::default() };
        let refused = AuditQuery { action: Some(Action::ActRefused), ..everything.clone() };
        for (query, limit) in [(&everything, 999), (&refused, 999), (&everything, 7)] {
            let shown = pages(database, query, limit).await;
            assert_eq!(shown, numbers(&by_rule), "{actor:?} {access:?}");
        }
        let site = id(SITES[0]);
        let there = AuditQuery { distribution: Some(site.clone()), ..everything };
        let by_rule_there: Vec<Chained> = by_rule
            .iter()
            .filter(|event| event.event.distribution.as_ref() == Some(&site))
            .cloned()
            .collect();
        assert_eq!(pages(database, &there, 999).await, numbers(&by_rule_there), "{actor:?} {access:?}");
        narrowed += usize::from(by_rule.len() < all.len());
        own += usize::from(
            visibility.is_some() && by_rule.iter().any(|event| event.event.distribution.is_none()),
        );
    }
    assert!(narrowed > 40 && own > 20, "{narrowed} {own}");
}

on_each_engine!(what_sql_shows_is_what_the_rule_admits);
