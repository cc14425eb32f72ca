//! One random history: what was published, asked for, cleared and seen.

use super::{
    random::Random,
    world::{AgeBy, Cache, Origin, Served, ask},
};

/// What a look can tell the contents apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fingerprint {
    Body,
    Tag,
    Nothing,
}

/// One look: when it was sent and answered, and the answer. `None` is a 503.
#[derive(Debug)]
pub(super) struct Looked {
    pub sent: i64,
    pub at: i64,
    pub served: Option<Served>,
}

#[derive(Debug)]
pub(super) struct History {
    pub origin: Origin,
    /// When CloudFront began with the invalidation, at most 1 s before acceptance.
    pub begun: i64,
    pub completed: i64,
    pub fingerprint: Fingerprint,
    /// Whether answers have a `Date`. Where they have none, no cache takes `Age` from it.
    pub has_date: bool,
    /// The nodes of the edge location; each has its own copy.
    pub edges: Vec<Cache>,
    /// A cache between the edge and the origin, which the invalidation does not reach.
    pub behind: Option<Cache>,
    pub before: Option<Looked>,
    pub after: Looked,
}

enum Act {
    Viewer(usize),
    Clear(usize),
    LookBefore,
    LookAfter,
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

pub(super) fn random_history(random: &mut Random) -> History {
    let origin = random_origin(random);
    let age_by = random.one_of(&[AgeBy::Residence, AgeBy::WholeSeconds, AgeBy::Date, AgeBy::Nothing]);
    let nodes = if random.chance(20) { 2 } else { 1 };
    let edges: Vec<Cache> = (0..nodes).map(|_| random_cache(random, age_by)).collect();
    let age_behind = random.one_of(&[AgeBy::Residence, AgeBy::Date, AgeBy::Nothing]);
    let behind = random.chance(20).then(|| random_cache(random, age_behind));
    let begun = -random.between(0, SECOND);
    // An edge that goes on serving its copy: what was cleared is another variant or another distribution.
    let keeps_old = random.chance(20);
    let cleared: Vec<i64> = (0..nodes).map(|_| begun + random.between(0, 15 * SECOND)).collect();
    let completed = cleared.iter().max().unwrap().max(&0) + random.between(0, 3 * SECOND);

    let after = random_look_after(random, completed);
    let mut acts = random_viewers(random, nodes, after.0);
    if !keeps_old {
        acts.extend(cleared.iter().enumerate().map(|(node, at)| (*at, Act::Clear(node))));
    }
    let before = random.chance(92).then(|| random_look_before(random));
    let (within_before, within_after) = (random.between(0, 101), random.between(0, 101));
    let answered = |(sent, at): (i64, i64), percent| sent + (at - sent) * percent / 100;
    acts.extend(before.map(|times| (answered(times, within_before), Act::LookBefore)));
    acts.push((answered(after, within_after), Act::LookAfter));
    acts.sort_by_key(|(at, _)| *at);

    let fingerprint = if random.chance(85) {
        Fingerprint::Body
    } else {
        random.one_of(&[Fingerprint::Tag, Fingerprint::Tag, Fingerprint::Nothing])
    };
    let uses_date = edges.iter().chain(&behind).any(|cache| cache.age_by == AgeBy::Date);
    let has_date = uses_date || random.chance(80);
    let looked = |(sent, at)| Looked { sent, at, served: None };
    let (before, after) = (before.map(looked), looked(after));
    let mut history =
        History { origin, begun, completed, fingerprint, has_date, edges, behind, before, after };
    history.run(acts, random);
    history
}

impl History {
    fn run(&mut self, acts: Vec<(i64, Act)>, random: &mut Random) {
        let keeps_for_asking = random.chance(30);
        let nodes = i64::try_from(self.edges.len()).unwrap();
        for (at, act) in acts {
            let any = usize::try_from(random.between(0, nodes)).unwrap();
            match act {
                Act::Clear(node) => self.edges[node].clear(keeps_for_asking),
                Act::Viewer(node) => drop(self.ask(node, at)),
                Act::LookBefore => {
                    let served = self.ask(any, at);
                    self.before.as_mut().unwrap().served = served;
                }
                Act::LookAfter => self.after.served = self.ask(any, at),
            }
        }
    }

    fn ask(&mut self, node: usize, at: i64) -> Option<Served> {
        let mut caches: Vec<&mut Cache> = vec![&mut self.edges[node]];
        caches.extend(self.behind.as_mut());
        ask(&mut caches, &self.origin, at)
    }
}

/// Requests of viewers: some before, many about acceptance, some until the look after.
fn random_viewers(random: &mut Random, nodes: i64, until: i64) -> Vec<(i64, Act)> {
    let mut acts = Vec::new();
    for (first, last, most) in [(-3 * HOUR, 0, 8), (-30 * SECOND, 40 * SECOND, 20), (0, until.max(1), 8)] {
        for _ in 0..random.between(0, most) {
            let node = usize::try_from(random.between(0, nodes)).unwrap();
            acts.push((random.between(first, last), Act::Viewer(node)));
        }
    }
    acts
}

fn random_clock(random: &mut Random) -> i64 {
    random.between(-30 * SECOND, 30 * SECOND + 1)
}

fn random_origin(random: &mut Random) -> Origin {
    let mut published = vec![-1_000 * HOUR];
    for _ in 0..random.between(0, 3) {
        published.push(-random.between(2 * SECOND, 2 * HOUR));
    }
    if random.chance(60) {
        published.push(-random.between(SECOND, 5 * MINUTE));
    }
    if random.chance(8) {
        published.push(random.between(0, 5 * MINUTE));
    }
    published.sort_unstable();
    let from = random.between(-HOUR, 15 * MINUTE);
    let down = if random.chance(20) { (from, from + random.between(0, 10 * MINUTE)) } else { (0, 0) };
    Origin { clock: random_clock(random), published, down }
}

fn random_cache(random: &mut Random, age_by: AgeBy) -> Cache {
    Cache {
        clock: random_clock(random),
        lifetime: random.one_of(&[5 * SECOND, MINUTE, 10 * MINUTE, 24 * HOUR]),
        age_by,
        age_of_miss: random.chance(30),
        writes_date: random.chance(20),
        copy: None,
        must_ask: false,
    }
}

/// When a look was sent and answered.
fn random_look_before(random: &mut Random) -> (i64, i64) {
    let late = if random.chance(5) { random.between(0, 5 * SECOND) } else { 0 };
    let at = late - random.between(0, 3 * SECOND / 2);
    (at - random.between(5, 600), at)
}

fn random_look_after(random: &mut Random, completed: i64) -> (i64, i64) {
    let sent = match random.between(0, 100) {
        0..2 => -random.between(1, SECOND),
        2..7 => random.between(0, completed.max(1)),
        _ => {
            let wait = random.one_of(&[2 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE]);
            completed + random.between(0, wait)
        }
    };
    (sent, sent + random.between(5, 600))
}
