//! Who gets which answer where: every route, for everybody, on a distribution that they were granted and on another.
#![expect(clippy::match_same_arms, reason = "each family of routes is said by itself")]

use std::time::Duration;

use reqwest::Method;
use unstale::domain::{
    access::Role,
    actor::{Acting, Actor},
    audit::{Action, Event, ItemsRecord, Target},
    distributions::protection::Guard,
    id::{DistributionId, InvalidationId, PersonId, ProposalId},
    invalidations::item::Item,
    time::Timestamp,
};

use super::routes::routes;
use crate::support::{Browser, SHOP, TestApp, WORKSHOP, World, acting, options, uuid};

/// The answers to: nobody, a viewer, an operator, an operator narrowed to elsewhere, one narrowed to here, an admin.
type Answers = [u16; 6];

const PAGE: Answers = [303, 200, 200, 200, 200, 200];
const OF_A_SITE: Answers = [303, 200, 200, 404, 200, 200];
const ACT: Answers = [401, 403, 303, 303, 303, 303];
const OWN_ACT: Answers = [401, 303, 303, 303, 303, 303];
const ACT_ON_A_SITE: Answers = [401, 403, 303, 404, 303, 303];
const ADMIN_PAGE: Answers = [303, 403, 403, 403, 403, 200];
const ADMIN_ACT: Answers = [401, 403, 403, 403, 403, 303];

/// What is expected of a route. One that is not here fails the test: add it with what it should answer.
#[expect(clippy::too_many_lines, reason = "a table with a line for each route")]
fn expected(method: &Method, path: &str) -> Option<Answers> {
    Some(match (method.as_str(), path) {
        ("GET", "/healthz" | "/readyz" | "/static/{name}" | "/sign-in") => [200; 6],
        // The fifth wrong try of one account from one network waits.
        ("POST", "/sign-in") => [422, 422, 422, 422, 429, 429],
        // No code is asked for; there is no provider, no link, and no token for metrics.
        ("GET", "/sign-in/code") => [303; 6],
        ("POST", "/sign-in/code") => [303, 303, 303, 303, 429, 429],
        ("GET", "/metrics" | "/sign-in/oidc" | "/sign-in/oidc/callback") => [404; 6],
        ("POST", "/sign-in/demo") => [404; 6],
        ("GET" | "POST", "/password" | "/setup") => [403; 6],
        (
            "GET",
            "/"
            | "/api"
            | "/distributions"
            | "/history"
            | "/history.csv"
            | "/history.jsonl"
            | "/history.ocsf.jsonl"
            | "/insights"
            | "/insights.csv"
            | "/approvals"
            | "/settings"
            | "/settings/access"
            | "/settings/budgets"
            | "/settings/freezes"
            | "/settings/account",
        ) => PAGE,
        (
            "GET",
            "/distributions/{id}"
            | "/invalidations/{id}"
            | "/invalidations/{id}/events"
            | "/history/{sequence}",
        ) => OF_A_SITE,
        ("GET", "/events") | ("POST", "/plan") => [401, 200, 200, 200, 200, 200],
        ("GET", "/find/distributions") => [303, 200, 200, 200, 200, 200],
        // A hidden distribution is none that can be chosen.
        ("POST", "/invalidations") => [401, 403, 303, 422, 303, 303],
        (
            "POST",
            "/invalidations/{id}/cancel"
            | "/invalidations/{id}/retry"
            | "/invalidations/{id}/override-freeze"
            | "/invalidations/{id}/batches/{batch}/found"
            | "/invalidations/{id}/batches/{batch}/not-there"
            | "/approvals/{id}/approve"
            | "/approvals/{id}/decline",
        ) => ACT_ON_A_SITE,
        ("POST", "/distributions/refresh") => ACT,
        (
            "GET",
            "/settings/groups"
            | "/settings/grants"
            | "/settings/protection"
            | "/settings/sign-in"
            | "/settings/tokens"
            | "/settings/probes"
            | "/settings/system"
            | "/settings/people"
            | "/settings/people/{id}",
        ) => ADMIN_PAGE,
        // There is no provider; with one, see the tests of OpenID Connect.
        ("POST", "/settings/sign-in/check") => [401, 403, 403, 403, 403, 404],
        (
            "POST",
            "/settings/groups"
            | "/settings/groups/delete"
            | "/settings/groups/members"
            | "/settings/groups/members/remove"
            | "/settings/grants"
            | "/settings/grants/{id}/remove"
            | "/settings/tokens/{id}/revoke"
            | "/settings/probes/{id}/revoke"
            | "/settings/people/{id}/role"
            | "/settings/people/{id}/disable"
            | "/settings/people/{id}/enable"
            | "/settings/people/{id}/second-step/remove"
            | "/settings/people/{id}/sessions/end"
            | "/settings/protection"
            | "/settings/budgets"
            | "/settings/freezes"
            | "/settings/freezes/{id}/remove",
        ) => ADMIN_ACT,
        // Nothing narrows this person.
        ("POST", "/settings/people/{id}/everything") => [401, 403, 403, 403, 403, 409],
        // The answer is a page with what is shown once: a secret, a link.
        (
            "POST",
            "/settings/tokens"
            | "/settings/probes"
            | "/settings/people"
            | "/settings/people/{id}/reset-password",
        ) => [401, 403, 403, 403, 403, 200],
        // Nothing was begun.
        ("GET", "/settings/account/second-step") => [303; 6],
        (
            "POST",
            "/history/searches"
            | "/settings/account/second-step/confirm"
            | "/settings/account/sessions/end-others",
        ) => OWN_ACT,
        // One's own account: the right password is not given.
        (
            "POST",
            "/settings/account/password"
            | "/settings/account/second-step"
            | "/settings/account/second-step/codes"
            | "/settings/account/second-step/remove",
        ) => [401, 422, 422, 422, 422, 422],
        // No such thing of one's own, and no demo.
        ("POST", "/history/searches/{id}/forget" | "/demo/change") => [401, 404, 404, 404, 404, 404],
        ("POST", "/settings/account/sessions/{id}/end") => [401, 409, 409, 409, 409, 409],
        ("POST", "/sign-out") => [401, 303, 303, 303, 303, 303],
        ("GET", "/demo/versions") => [303, 404, 404, 404, 404, 404],
        _ => return of_checks(method, path).or_else(|| of_notifications(method, path)),
    })
}

/// The same of the routes of checks.
fn of_checks(method: &Method, path: &str) -> Option<Answers> {
    Some(match (method.as_str(), path) {
        ("GET", "/distributions/{id}/check-up") => OF_A_SITE,
        (
            "POST",
            "/invalidations/{id}/check"
            | "/distributions/{id}/changes"
            | "/distributions/{id}/check"
            | "/distributions/{id}/check-up",
        ) => ACT_ON_A_SITE,
        // It shows the form as it was.
        ("POST", "/plan/mapping") => [401, 403, 403, 403, 403, 200],
        ("GET", "/distributions/{id}/checks" | "/distributions/{id}/paths") => ADMIN_PAGE,
        ("POST", "/distributions/{id}/checks" | "/distributions/{id}/paths") => ADMIN_ACT,
        _ => return None,
    })
}

/// The same of the routes of notification channels.
fn of_notifications(method: &Method, path: &str) -> Option<Answers> {
    let act = path.strip_prefix("/settings/notifications")?;
    Some(match (method.as_str(), act) {
        ("GET", "" | "/{id}") => ADMIN_PAGE,
        // The answer is a page with a key that is shown once.
        ("POST", "" | "/{id}/key") => [401, 403, 403, 403, 403, 200],
        ("POST", _) => ADMIN_ACT,
        _ => return None,
    })
}

/// How many events an act leaves, whoever tries: one, done or refused. Looking leaves none, unless it is refused.
fn events(method: &Method, path: &str, status: u16) -> usize {
    match (method.as_str(), path) {
        ("POST", "/plan" | "/demo/change" | "/sign-in/demo") | (_, "/setup" | "/password") => 0,
        // Wrong sign-ins are in the history too.
        ("POST", "/sign-in") => 1,
        ("POST", _) => usize::from(status != 401),
        _ => usize::from(status == 403),
    }
}

/// What an act needs to be there for it, made anew for each try.
struct Stage<'a> {
    app: &'a TestApp,
    person: String,
}

impl Stage<'_> {
    async fn sql(&self, sql: &str) {
        self.app.world.is_edited();
        self.app.world.database.raw().await.run(sql).await.unwrap();
    }

    async fn in_state(&self, place: &str, state: &str) -> InvalidationId {
        let id = self.app.world.request_at(place, &format!("/{}", uuid())).await;
        if state != "queued" {
            let ended = self.app.world.now().as_micros();
            self.sql(&format!("UPDATE batch SET state = '{state}' WHERE invalidation_id = '{id}'")).await;
            self.sql(&format!(
                "UPDATE invalidation SET state = '{state}', ended_at = {ended} WHERE id = '{id}'"
            ))
            .await;
        }
        id
    }

    async fn proposal(&self, place: &str) -> String {
        let id = uuid();
        let now = self.app.world.now().as_micros();
        self.sql(&format!(
            "INSERT INTO proposal (id, request_key, distribution_id, actor_kind, actor_id, actor_name, behind, reason,
                 items, items_sha256, first_item, asked_at, expires_at, state)
             VALUES ('{id}', '{}', '{place}', 'person', 'p1', 'p1@example.com', 'p1', '', '[\"/*\"]', 'x', '/*',
                 {now}, {}, 'waiting')",
            uuid(),
            now + 1_000_000
        ))
        .await;
        // The history states it: what it does not state is not approved.
        let person = Actor::person(&PersonId::from_trusted("p1"), "p1@example.com");
        let asker = Acting { actor: person, ..acting() };
        let mut event = Event::new(Timestamp::from_micros(now), &asker, Action::ProposalMade);
        event.target = Target::Proposal(ProposalId::from_trusted(id.as_str()));
        event.distribution = Some(DistributionId::from_trusted(place));
        event.items = ItemsRecord::of(&[Item::from_trusted("/*")]);
        self.app.world.database.append(event).await;
        id
    }

    async fn group(&self) -> String {
        let name = uuid();
        self.sql(&format!("INSERT INTO local_group (name, created_at) VALUES ('{name}', 1)")).await;
        name
    }

    /// The address and the form of a try.
    async fn set(&self, path: &str, place: &str) -> (String, Vec<(&'static str, String)>) {
        let act = path.rsplit('/').next().unwrap();
        if path.starts_with("/invalidations/{id}") {
            return self.set_invalidation(path, place, act).await;
        }
        let named = |name: String| vec![("name", name), ("person", self.person.clone())];
        let id = place.to_owned();
        match path {
            "/distributions/{id}/changes" => {
                self.app.world.may_list(place).await;
                (path.replace("{id}", place), Vec::new())
            }
            "/distributions/{id}"
            | "/distributions/{id}/check"
            | "/distributions/{id}/check-up"
            | "/distributions/{id}/checks"
            | "/distributions/{id}/paths" => {
                // Nobody makes the looks of an earlier try, for which a new one would have to wait.
                let done = "UPDATE check_run SET state = 'done', due_at = NULL; UPDATE check_up SET state = 'looked'";
                self.app.world.database.raw().await.run(done).await.unwrap();
                (path.replace("{id}", place), vec![("must_contain", uuid())])
            }
            "/invalidations" | "/plan" => (
                path.to_owned(),
                vec![("distribution", id), ("items", "/a".to_owned()), ("request_key", uuid())],
            ),
            "/plan/mapping" => (
                path.to_owned(),
                vec![("distribution", id), ("items", "dist/a".to_owned()), ("map", "dist/".to_owned())],
            ),
            "/approvals/{id}/approve" | "/approvals/{id}/decline" => {
                let address = path.replace("{id}", &self.proposal(place).await);
                (address, vec![("word", "fine".to_owned())])
            }
            "/settings/groups" => (path.to_owned(), named(uuid())),
            "/settings/groups/delete" | "/settings/groups/members" => {
                (path.to_owned(), named(self.group().await))
            }
            "/settings/groups/members/remove" => {
                let name = self.group().await;
                self.sql(&format!(
                    "INSERT INTO person_group (person_id, group_name, source) VALUES ('{}', '{name}', 'local')",
                    self.person
                ))
                .await;
                (path.to_owned(), named(name))
            }
            "/settings/grants" => {
                let subject = format!("group:{}", self.group().await);
                let fields = vec![("subject", subject), ("distribution", id), ("paths", "/".to_owned())];
                (path.to_owned(), fields)
            }
            "/settings/grants/{id}/remove" => {
                let grant = self.app.grant("group:nobody is in it", place, "/").await;
                (path.replace("{id}", grant.as_str()), Vec::new())
            }
            "/settings/protection" => {
                let fields = vec![("distribution", id), ("guard", Guard::Open.as_str().to_owned())];
                (path.to_owned(), fields)
            }
            "/settings/budgets" => {
                let fields =
                    vec![("scope", "distribution".to_owned()), ("id", id), ("soft_items", "1".to_owned())];
                (path.to_owned(), fields)
            }
            _ if path.starts_with("/settings/freezes") => self.freeze_form(path).await,
            _ if path.starts_with("/settings/notifications") => self.channel_form(path).await,
            "/settings/tokens" => (path.to_owned(), vec![("name", uuid()), ("role", "operator".to_owned())]),
            "/settings/probes" => (path.to_owned(), vec![("name", uuid())]),
            "/settings/probes/{id}/revoke" => (path.replace("{id}", &self.probe().await), Vec::new()),
            "/settings/tokens/{id}/revoke" => (path.replace("{id}", &self.token().await), Vec::new()),
            "/settings/people" => {
                let email = format!("{}@example.com", uuid());
                (path.to_owned(), vec![("email", email), ("role", "viewer".to_owned())])
            }
            "/history/searches" => {
                (path.to_owned(), vec![("name", uuid()), ("query", "q=prices".to_owned())])
            }
            "/history/{sequence}" => {
                self.app.world.request_at(place, &format!("/{}", uuid())).await;
                (format!("/history/{}", self.app.world.head().await), Vec::new())
            }
            _ if path.starts_with("/settings/people/{id}") => {
                (path.replace("{id}", &self.somebody(act).await), vec![("role", "operator".to_owned())])
            }
            _ => (path.replace("{name}", "app.css").replace("{id}", &uuid()), Vec::new()),
        }
    }

    /// The address and the form of an act on an invalidation, which is in the state that the act needs.
    async fn set_invalidation(
        &self,
        path: &str,
        place: &str,
        act: &str,
    ) -> (String, Vec<(&'static str, String)>) {
        let state = match act {
            "retry" => "failed",
            "found" | "not-there" => "needs_a_look",
            "check" => "completed",
            _ => "queued",
        };
        let id = self.in_state(place, state).await;
        if act == "override-freeze" {
            self.freeze_at(&id).await;
        }
        let batch = self.app.world.batch(&id).await.id;
        if act == "check" {
            self.check_run(place, &id).await;
        }
        let cloudfront_id = format!("I{}", uuid().replace('-', ""));
        let address = path.replace("{id}", id.as_str()).replace("{batch}", batch.as_str());
        (address, vec![("cloudfront_id", cloudfront_id), ("reason", "why".to_owned())])
    }

    /// A check of an invalidation that is done.
    async fn check_run(&self, place: &str, id: &InvalidationId) {
        let now = self.app.world.now().as_micros();
        self.sql(&format!(
            "INSERT INTO check_run (id, distribution_id, invalidation_id, created_at, state, round, freshness)
             VALUES ('{}', '{place}', '{id}', {now}, 'done', 4, 'stale')",
            uuid()
        ))
        .await;
    }

    /// The address and the form of a try with freeze windows.
    async fn freeze_form(&self, path: &str) -> (String, Vec<(&'static str, String)>) {
        if path.contains("{id}") {
            return (path.replace("{id}", &self.freeze(0, 1).await), Vec::new());
        }
        self.sql("DELETE FROM freeze_window").await;
        let (from, until) = ("2026-11-01T00:00", "2027-11-01T00:00");
        let fields = [("name", "Sale"), ("why", "why"), ("from", from), ("until", until)];
        (path.to_owned(), fields.map(|(name, value)| (name, value.to_owned())).into())
    }

    /// The only freeze window, on all distributions.
    async fn freeze(&self, from: i64, until: i64) -> String {
        let id = uuid();
        self.sql("DELETE FROM freeze_window").await;
        self.sql(&format!(
            "INSERT INTO freeze_window (id, name, why, from_at, until_at) VALUES ('{id}', 'x', 'y', {from}, {until})"
        ))
        .await;
        id
    }

    /// Makes a request one of everything, for a time at which a freeze window is in force.
    async fn freeze_at(&self, id: &InvalidationId) {
        let later = self.app.world.now().as_micros() + 3_600_000_000;
        self.freeze(later, later + 1).await;
        self.sql(&format!(
            "UPDATE batch SET due_at = {later}, items = '[\"/*\"]' WHERE invalidation_id = '{id}'"
        ))
        .await;
    }

    /// The address and the form of a try with notification channels.
    async fn channel_form(&self, path: &str) -> (String, Vec<(&'static str, String)>) {
        self.sql("DELETE FROM notification_notice; DELETE FROM notification_message; DELETE FROM notification_channel")
            .await;
        let id = uuid();
        self.sql(&format!(
            "INSERT INTO notification_channel (id, name, kind, destination, address, signing, signing_key, rules, is_on,
                 off_because, created_at, failures, problem)
             VALUES ('{id}', '{id}', 'webhook', 'a.example.com', 'x', 'hmac', 'x',
                 '[{{\"topics\":[\"failed\"],\"scope\":\"everything\"}}]', 1, '', 1, 0, '')"
        ))
        .await;
        let rule = [("topic_failed", "on"), ("scope", "everything")];
        let fields = match path.rsplit('/').next().unwrap() {
            "notifications" => vec![
                ("name", "Ops"),
                ("kind", "slack"),
                ("address", "https://hooks.example.com/a"),
                rule[0],
                rule[1],
            ],
            "rules" => rule.to_vec(),
            "remove" if path.contains("/rules/") => vec![("rule", "failed")],
            "state" => vec![("state", "off")],
            _ => vec![("name", "Ops")],
        };
        let fields = fields.into_iter().map(|(name, value)| (name, value.to_owned()));
        (path.replace("{id}", &id), fields.collect())
    }

    async fn token(&self) -> String {
        let id = uuid();
        self.sql(&format!(
            "INSERT INTO api_token (id, name, token_hash, shown, role, made_by, made_by_name, created_at)
             VALUES ('{id}', '{id}', '{id}', 'unstale_x', 'operator', '', 'somebody', 1)"
        ))
        .await;
        id
    }

    async fn probe(&self) -> String {
        let id = uuid();
        self.sql(&format!(
            "INSERT INTO probe (id, name, token_hash, shown, made_by, made_by_name, created_at)
             VALUES ('{id}', '{id}', '{id}', 'unstale_probe_x', '', 'somebody', 1)"
        ))
        .await;
        id
    }

    /// Somebody with whom the act can be done.
    async fn somebody(&self, act: &str) -> String {
        let email = format!("{}@example.com", uuid());
        self.app.person(&email, Role::Viewer).await;
        let id = self.app.person_at(&email).await.id.to_string();
        match act {
            "enable" => self.sql(&format!("UPDATE person SET disabled_at = 1 WHERE id = '{id}'")).await,
            "remove" => {
                self.sql(&format!(
                    "INSERT INTO second_step (person_id, secret, created_at, confirmed_at, last_step)
                     VALUES ('{id}', 'ABCDEFGH', 1, 2, 3)"
                ))
                .await;
            }
            _ => {}
        }
        id
    }
}

/// Everybody anew: some acts end a session.
async fn everybody(app: &TestApp, place: &str, elsewhere: &str) -> [Browser; 6] {
    let email = || format!("{}@example.com", uuid());
    [
        app.stranger(),
        app.signed_in(&email(), Role::Viewer).await,
        app.signed_in(&email(), Role::Operator).await,
        app.narrowed(&email(), Role::Operator, &[elsewhere], "/").await,
        app.narrowed(&email(), Role::Operator, &[place], "/").await,
        app.signed_in(&email(), Role::Admin).await,
    ]
}

const WHO: [&str; 6] =
    ["nobody", "a viewer", "an operator", "one narrowed to elsewhere", "one narrowed to here", "an admin"];

async fn try_all(app: &TestApp, place: &str, elsewhere: &str) {
    app.person("member@example.com", Role::Viewer).await;
    let stage = Stage { app, person: app.person_at("member@example.com").await.id.to_string() };
    let style = app.stranger().get("/sign-in").await.attribute("link[rel=stylesheet]", "href");
    let (mut tries, mut wrong) = (0, Vec::new());
    for route in routes() {
        let methods = [(route.gets, Method::GET), (route.posts, Method::POST)];
        for method in methods.into_iter().filter(|(there, _)| *there).map(|(_, method)| method) {
            let Some(answers) = expected(&method, &route.path) else {
                wrong.push(format!("the matrix does not know {method} {}: say who may", route.path));
                continue;
            };
            // Wrong tries of the route before are forgotten.
            app.world.advance(Duration::from_hours(2));
            let browsers = everybody(app, place, elsewhere).await;
            for ((who, browser), wanted) in WHO.iter().zip(&browsers).zip(answers) {
                let (mut address, fields) = stage.set(&route.path, place).await;
                if route.path.starts_with("/static") {
                    address.clone_from(&style);
                }
                let before = app.world.head().await;
                let status = if route.path == "/events" {
                    browser.open(method.clone(), &address, &[], Vec::new()).await.status().as_u16()
                } else if method == Method::GET {
                    browser.get(&address).await.status
                } else {
                    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
                    browser.post(&address, &fields).await.status
                };
                let what = format!("{method} {} by {who}", route.path);
                let signed_in_already = route.path == "/sign-in" && method == Method::GET && *who != "nobody";
                if status != wanted && !(signed_in_already && status == 303) {
                    wrong.push(format!("{what}: {status}, not {wanted}"));
                }
                let left = app.world.events_after(before).await;
                // What is turned away for its number is told once a minute.
                let told = status == 429 && left.len() <= 1;
                if !told && left.len() != events(&method, &route.path, status) {
                    wrong.push(format!("{what}: {status} left {left:?}"));
                }
                tries += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tries > 200, "only {tries} were tried");
}

/// With a key, so that channels can be added.
async fn keeping_secrets() -> TestApp {
    let mut world = World::new().await;
    world.keep_secrets(1);
    TestApp::over(world, options()).await
}

#[tokio::test]
async fn everybody_gets_their_answer_here() {
    let app = keeping_secrets().await;
    try_all(&app, WORKSHOP, SHOP).await;
    app.finish().await;
}

#[tokio::test]
async fn everybody_gets_their_answer_elsewhere() {
    let app = keeping_secrets().await;
    try_all(&app, SHOP, WORKSHOP).await;
    assert!(DistributionId::parse(SHOP).is_some());
    app.finish().await;
}
