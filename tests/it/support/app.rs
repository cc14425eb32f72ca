//! The service's pages over a world: the real routes on a free port, with the world's clock and database.

use std::{collections::BTreeMap, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use unstale::{
    commands,
    domain::{
        access::{
            Role,
            grant::{Grant, Subject, parse_grant_scope, parse_place},
        },
        actor::Origin,
        distributions::protection::Protection,
        id::{CallerReference, DistributionId, GrantId, InvalidationId},
        invalidations::{
            queue::Throughput,
            ticket::{self, Tickets},
        },
        sign_in::person::Person,
    },
    heartbeats::Heartbeats,
    http::authentication_methods::AuthenticationMethods,
    http::{self, AppState, HttpOptions},
    store::{access::grants, distributions::protections, sign_in::people},
    workers::WorkerSettings,
};

use super::{Browser, Setup, World, samples};

pub const ADMIN: &str = "root@example.com";
const OPERATOR: &str = "ada@example.com";
const VIEWER: &str = "vera@example.com";

/// How long the service may take to end in order.
const END: Duration = Duration::from_secs(10);

/// The service with a world behind it. Every test ends it with [`TestApp::finish`].
#[derive(Debug)]
pub struct TestApp {
    pub world: World,
    pub address: String,
    stop: CancellationToken,
    server: JoinHandle<()>,
    hub: JoinHandle<()>,
}

/// The hash of a password that nobody knows.
const NOBODYS_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$0cEIrkHQXPXP7E/9b9GqTTh4v5XVVrvX1nLJ6dRmXSE";

/// How the service is run where no flag says otherwise.
pub fn options() -> HttpOptions {
    let settings = WorkerSettings::default();
    HttpOptions {
        public_url: None,
        throughput: Throughput { limits: settings.limits, create: settings.create },
        timeout: Duration::from_secs(30),
        rate: http::Rate::default(),
        authentication_methods: AuthenticationMethods::default(),
        tickets: None,
        demo: None,
        are_checks_on: true,
        heartbeats: Heartbeats::default(),
        backups: None,
        metrics: None,
    }
}

impl TestApp {
    pub async fn new() -> Self {
        Self::over(World::new().await, options()).await
    }

    /// Invalidations take that long.
    pub async fn slow(complete_after: Duration) -> Self {
        Self::over(World::with(Setup { complete_after, ..Setup::default() }).await, options()).await
    }

    /// Words such as `WEB-412` in reasons become links.
    pub async fn with_tickets() -> Self {
        let tickets = Tickets::new(ticket::USUAL, "https://jira.example.com/browse/{}").ok();
        Self::over(World::new().await, HttpOptions { tickets, ..options() }).await
    }

    pub async fn over(world: World, options: HttpOptions) -> Self {
        Self::serving(world, |_| options).await
    }

    /// With options that depend on the site's own address.
    pub async fn serving(world: World, options: impl FnOnce(&str) -> HttpOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let pages = AppState::new(world.command_context.clone(), options(&address), stop.clone());
        let passing = pages.clone();
        let hub = tokio::spawn(async move { passing.pass_events_on().await });
        let server = tokio::spawn(http::serve(listener, unstale::app::routes(&pages), pages));
        Self { world, address, stop, server, hub }
    }

    /// Somebody who is not signed in.
    pub fn stranger(&self) -> Browser {
        Browser::new(&self.address)
    }

    pub async fn admin(&self) -> Browser {
        self.signed_in(ADMIN, Role::Admin).await
    }

    pub async fn operator(&self) -> Browser {
        self.signed_in(OPERATOR, Role::Operator).await
    }

    pub async fn viewer(&self) -> Browser {
        self.signed_in(VIEWER, Role::Viewer).await
    }

    /// Adds a person and signs them in, without the work that a password takes.
    pub async fn signed_in(&self, email: &str, role: Role) -> Browser {
        let person = self.person(email, role).await;
        let origin = Origin { sign_in: "password".to_owned(), ..Origin::default() };
        let signed_in = commands::open_session(&self.world.command_context, &origin, person).await.unwrap();
        let browser = self.stranger();
        browser.set_cookie("unstale", signed_in.secret.reveal());
        browser
    }

    /// Somebody whom grants narrow to what begins with `paths` on these distributions.
    pub async fn narrowed(&self, email: &str, role: Role, sites: &[&str], paths: &str) -> Browser {
        let browser = self.signed_in(email, role).await;
        let person = self.person_at(email).await;
        for app in sites {
            self.grant(&format!("person:{}", person.id), app, paths).await;
        }
        browser
    }

    pub async fn person_at(&self, email: &str) -> Person {
        let all = self.world.database.get(async |conn| people::list(conn).await).await;
        all.into_iter().find(|person| person.email == email).unwrap()
    }

    /// A grant, written as if an administrator had added it. `/` goes with `/*`.
    pub async fn grant(&self, subject: &str, app: &str, paths: &str) -> GrantId {
        let grant = Grant {
            id: GrantId::from_trusted(samples::uuid()),
            subject: Subject::parse(subject).unwrap(),
            place: parse_place(app, "").unwrap(),
            scope: parse_grant_scope(paths, Some(""), paths == "/").unwrap(),
        };
        let now = self.world.now();
        self.world.database.write(async |tx| grants::insert(tx, &grant, now).await).await;
        grant.id
    }

    /// Protects a distribution, as if an administrator had done it.
    pub async fn protect(&self, app: &str, change: impl FnOnce(&mut Protection)) {
        let mut protection = Protection::none(DistributionId::from_trusted(app));
        change(&mut protection);
        self.world.database.write(async |tx| protections::set(tx, &protection).await).await;
    }

    /// A person whose password nobody has.
    pub async fn person(&self, email: &str, role: Role) -> Person {
        let person = samples::person(email, role);
        self.world.database.write(async |tx| people::insert(tx, &person, NOBODYS_PASSWORD).await).await;
        person
    }

    /// Somebody makes an invalidation with the console.
    pub async fn console(&self, distribution: &str, reference: &str, texts: &[&str]) {
        let distribution = DistributionId::from_trusted(distribution);
        let reference = CallerReference::from_trusted(reference);
        let items = samples::items(texts);
        self.world
            .worker_context
            .cloudfront
            .create_invalidation(&distribution, &reference, &items)
            .await
            .unwrap();
    }

    /// How many rows each table has: what was kept. Of the history only what was done; each refusal is in it anyway.
    pub async fn kept(&self) -> BTreeMap<String, i64> {
        let mut raw = self.world.database.raw().await;
        let tables = raw
            .texts("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            .await;
        assert!(tables.len() > 8, "{tables:?}");
        let mut kept = BTreeMap::new();
        for table in tables {
            let done = if table == "audit_event" { "WHERE outcome = 'done'" } else { "" };
            let rows = raw.number(&format!("SELECT count(*) FROM {table} {done}")).await;
            kept.insert(table, rows);
        }
        kept
    }

    /// Tells the service to stop and waits for the end of it.
    pub async fn stop(&mut self) {
        self.stop.cancel();
        let ended = async {
            (&mut self.server).await.unwrap();
            (&mut self.hub).await.unwrap();
        };
        tokio::time::timeout(END, ended).await.expect("the service did not end in time");
    }

    /// Ends the service, and the world with its looking for leftovers.
    pub async fn finish(mut self) {
        if !self.server.is_finished() {
            self.stop().await;
        }
        self.world.finish().await;
    }
}

/// The page of an invalidation.
pub fn page_of(id: &InvalidationId) -> String {
    format!("/invalidations/{id}")
}
