//! The stand-in's edge judges plans: over random sites and requests, what a plan says will be refreshed is what is let
//! go of, no more and no less, and each client's spelling of a named file is in the plan.
//!
//! `UNSTALE_SITES=5000` tries that many; `scripts/torture judged` does.

use std::{collections::BTreeSet, time::Duration};

use unstale::{
    commands::{self, Requested},
    domain::{
        access::{Access, Role},
        checks::RefreshedPaths,
        distributions::{distribution::Distribution, host_table::HostTable},
        id::RequestKey,
        invalidations::{
            batching::OURS,
            invalidation::NewInvalidation,
            item::{Item, TargetDistribution},
            plan::{LineVerdict, Plan, PlanInput, Surroundings},
        },
    },
};

use crate::{
    simulation::Rng,
    support::{WORKSHOP, World, acting},
};

/// Sites where nobody says how many.
const FEW: u64 = 40;

/// Names of files as people have them, each with what its clients do differently.
const NAMES: [&str; 16] = [
    "plain.css",
    "a b.html",
    "\u{fc}ber.html",
    "img[1].png",
    "it's.html",
    "(x).js",
    "a+b.txt",
    "100%.html",
    "a%20b.html",
    "~ada.css",
    "a&b=c;d.html",
    "c#.html",
    "what?.html",
    "sub/index.html",
    "sub/deep/x.js",
    "news/\u{30c6}\u{30b9}\u{30c8} 1.html",
];

/// A path as a client asks for the file of this name.
#[derive(Debug, Clone, Copy)]
enum Client {
    Chromium,
    /// Version 7.88 of curl on Debian 12: escapes of what is not ASCII have small digits.
    Curl,
    /// `urllib.parse.quote`
    Python,
}

impl Client {
    const ALL: [Self; 3] = [Self::Chromium, Self::Curl, Self::Python];

    fn spell(self, name: &str) -> String {
        let plain: &[u8] = match self {
            Self::Chromium | Self::Curl => b"/-_.~!$&'()*+,;=:@[]",
            Self::Python => b"/-_.~",
        };
        let spelled = name.bytes().map(|byte| {
            if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
                char::from(byte).to_string()
            } else if matches!(self, Self::Curl) && !byte.is_ascii() {
                format!("%{byte:02x}")
            } else {
                format!("%{byte:02X}")
            }
        });
        format!("/{}", spelled.collect::<String>())
    }
}

/// The edge with some sites in it.
struct Judge {
    world: World,
    distribution: Distribution,
    viewer: reqwest::Client,
    rng: Rng,
}

impl Judge {
    async fn new() -> Self {
        let world = World::new().await;
        let distribution = world.distribution(WORKSHOP).await;
        Self { world, distribution, viewer: reqwest::Client::new(), rng: Rng::new(17) }
    }

    /// Whether the edge has it, which it has afterwards.
    async fn is_cached(&self, path: &str) -> bool {
        let address = format!("{}{path}", self.world.sandbox.edge_url());
        assert!(
            reqwest::Url::parse(&address).unwrap().as_str().ends_with(path),
            "{path} is asked for as it is"
        );
        let request = self.viewer.get(address).header("host", &self.distribution.domain_name);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.headers()["x-cache"].to_str().unwrap().starts_with("Hit")
    }

    fn plan(&self, input: PlanInput) -> Plan {
        let hosts = HostTable::default();
        let on = TargetDistribution::new(&self.distribution, &hosts);
        Plan::within(input, &on, Surroundings::unmeasured(OURS), &Access::whole(Role::Operator))
    }

    /// Some names of a site in a folder of its own.
    fn site(&mut self, folder: &str) -> Vec<String> {
        let mut names: BTreeSet<String> = BTreeSet::new();
        for _ in 0..=self.rng.below(5) {
            names.insert(format!("{folder}/{}", self.rng.pick(&NAMES)));
        }
        names.into_iter().collect()
    }

    fn write(&self, names: &[String]) {
        let origin = self.world.sandbox.origin_of(WORKSHOP).unwrap();
        for name in names {
            let file = origin.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, name).unwrap();
        }
    }

    /// Names of files, the paths of browsers, or a folder with everything below.
    fn request(&mut self, folder: &str, names: &[String]) -> PlanInput {
        let some: Vec<String> = names.iter().filter(|_| self.rng.chance(70)).cloned().collect();
        let some = if some.is_empty() { vec![names[0].clone()] } else { some };
        match self.rng.below(4) {
            0 => PlanInput::keys(&some),
            1 => PlanInput::items(&some.iter().map(|name| Client::Chromium.spell(name)).collect::<Vec<_>>()),
            2 => PlanInput::items(&some.iter().map(|name| Client::Python.spell(name)).collect::<Vec<_>>()),
            _ => {
                let below = self.rng.pick(&["", "/sub", "/a", "/news", "/img"]);
                PlanInput::items(&[format!("/{folder}{below}*")])
            }
        }
    }

    async fn send(&self, plan: &Plan) {
        let key = RequestKey::parse(&commands::new_uuid().to_string()).unwrap();
        let (id, first) = (self.distribution.id.clone(), plan.items[0].clone());
        let new = NewInvalidation::from_batches(
            id,
            plan.batches.clone(),
            first,
            String::new(),
            key,
            commands::new_uuid,
        );
        let requested = commands::request_invalidation(&self.world.command_context, &acting(), &new).await;
        assert_eq!(requested.unwrap(), Requested::New(new.id.clone(), self.world.now()));
        self.world.submit().await;
        self.world.advance(Duration::from_secs(30));
        self.world.poll().await;
        assert_eq!(self.world.state(&new.id).await, "completed");
    }

    async fn judge(&mut self, folder: &str) {
        let names = self.site(folder);
        self.write(&names);
        let copies: BTreeSet<String> =
            names.iter().flat_map(|name| Client::ALL.map(|client| client.spell(name))).collect();
        for path in &copies {
            self.is_cached(path).await;
        }
        let input = self.request(folder, &names);
        let plan = self.plan(input.clone());
        assert!(plan.is_sendable(), "{input:?}: {:?}", plan.refused().collect::<Vec<_>>());
        all_spellings_are_told(&plan, &names);
        let mut refreshed = RefreshedPaths::default();
        for item in &plan.items {
            refreshed.add(item, self.world.now());
        }
        self.send(&plan).await;
        // Of a tilde nobody knows what CloudFront does: it is sent encoded and asked for plain, and the plan says so.
        for path in copies.iter().filter(|path| !path.contains('~')) {
            let was_let_go = !self.is_cached(path).await;
            assert_eq!(was_let_go, refreshed.last(path).is_some(), "{path} after {:?}", plan.items);
        }
    }
}

/// Each client's spelling of each file that is sent by name is sent, added or offered, or a wildcard covers it.
fn all_spellings_are_told(plan: &Plan, names: &[String]) {
    let mut told = RefreshedPaths::default();
    let now = unstale::domain::time::Timestamp::from_micros(0);
    for line in &plan.lines {
        if let LineVerdict::Send { item, .. }
        | LineVerdict::Added { item, .. }
        | LineVerdict::Offered { item, .. } = &line.verdict
        {
            told.add(item, now);
        }
    }
    let sent: BTreeSet<&str> = plan.asked_items().map(Item::as_str).collect();
    for name in names {
        let spellings = Client::ALL.map(|client| client.spell(name));
        if spellings.iter().any(|path| sent.contains(path.as_str())) {
            for path in spellings {
                assert!(told.last(&path).is_some(), "{path} of {name}: {:?}", plan.lines);
            }
        }
    }
}

#[tokio::test]
async fn what_a_plan_refreshes_is_what_the_edge_lets_go_of() {
    let sites = std::env::var("UNSTALE_SITES").map_or(FEW, |sites| sites.parse().unwrap());
    let mut judge = Judge::new().await;
    for site in 0..sites {
        judge.judge(&format!("s{site}")).await;
    }
    judge.world.finish().await;
}
