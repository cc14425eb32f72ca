//! The live stream: every event once, from where a page left off, until the service stops or the session ends.

use std::time::Duration;

use reqwest::{Method, Response};
use unstale::{
    commands::{self, CommandContext},
    domain::{
        access::Role,
        audit::{Action, Event, Target},
        id::DistributionId,
        sign_in::session::SessionLimits,
    },
    http::HttpOptions,
    http::authentication_methods::AuthenticationMethods,
    notify::Notifier,
    store::{access::groups, audit},
};

use crate::support::{Browser, SHOP, TestApp, WORKSHOP, World, acting, options};

/// How long an event may take to come; far more than it does.
const SOON: Duration = Duration::from_secs(10);

/// A stream as a browser reads it.
struct Stream {
    response: Response,
    text: String,
}

/// One event of it.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    id: i64,
    data: serde_json::Value,
}

impl Stream {
    async fn open(browser: &Browser, after: Option<i64>, last_seen: Option<i64>) -> Self {
        let path = after.map_or("/events".to_owned(), |after| format!("/events?after={after}"));
        let last_seen = last_seen.map(|id| id.to_string());
        let headers: Vec<(&str, &str)> = last_seen.iter().map(|id| ("last-event-id", id.as_str())).collect();
        let response = browser.open(Method::GET, &path, &headers, Vec::new()).await;
        assert_eq!(response.status(), 200);
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self { response, text: String::new() }
    }

    /// The next event; `None` where the stream ends.
    async fn next(&mut self) -> Option<Told> {
        tokio::time::timeout(SOON, self.read()).await.expect("nothing came")
    }

    async fn read(&mut self) -> Option<Told> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (told, rest) = (read_block(block), rest.to_owned());
                self.text = rest;
                if told.is_some() {
                    return told;
                }
            }
            let chunk = self.response.chunk().await.ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn ids(&mut self, count: usize) -> Vec<i64> {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(self.next().await.expect("the stream ended").id);
        }
        ids
    }
}

/// An event, or `None` for what only keeps the connection alive.
fn read_block(block: &str) -> Option<Told> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    assert!(block.starts_with(':') || field("event:") == Some("audit"), "{block}");
    Some(Told { id: field("id:")?.parse().unwrap(), data: serde_json::from_str(field("data:")?).unwrap() })
}

fn up_to(first: i64, last: i64) -> Vec<i64> {
    (first..=last).collect()
}

#[tokio::test]
async fn a_stream_begins_where_its_page_ended() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let page = ada.get("/").await;
    let cursor: i64 = page.attribute("body", "data-cursor").parse().unwrap();
    assert_eq!(cursor, app.world.head().await);
    // What happens between the page and its stream is not missed.
    let id = app.world.request("/a").await;
    let mut stream = Stream::open(&ada, Some(cursor), None).await;
    let told = stream.next().await.unwrap();
    assert_eq!(told.id, cursor + 1);
    assert_eq!(told.data["action"], "invalidation.requested");
    assert_eq!(told.data["invalidation"], id.as_str());
    assert_eq!(told.data["distribution"], WORKSHOP);
    // And what comes later is told as it comes.
    app.world.submit().await;
    assert_eq!(stream.next().await.unwrap().data["action"], "batch.accepted");
    app.world.live(21).await;
    let told = stream.next().await.unwrap();
    assert_eq!((&told.data["action"], &told.data["state"]), (&"batch.completed".into(), &"completed".into()));
    // Nothing of who did it or of sessions goes out.
    let keys: Vec<&String> = told.data.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["action", "at", "distribution", "invalidation", "sequence", "state"]);
    drop(stream);
    app.finish().await;
}

#[tokio::test]
async fn a_browser_that_comes_back_misses_nothing_and_hears_nothing_twice() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let start = app.world.head().await;
    let mut heard = Vec::new();
    let mut last = None;
    for round in 0..6 {
        // It names the last one that it saw; the address still has the page's own cursor.
        let mut stream = Stream::open(&ada, Some(start), last).await;
        for n in 0..5 {
            app.world.request(&format!("/{round}-{n}")).await;
        }
        // It breaks off somewhere in the middle.
        let ids = stream.ids(3).await;
        last = ids.last().copied();
        heard.extend(ids);
    }
    let mut stream = Stream::open(&ada, Some(start), last).await;
    let head = app.world.head().await;
    let rest = usize::try_from(head - last.unwrap()).unwrap();
    heard.extend(stream.ids(rest).await);
    assert_eq!(heard, up_to(start + 1, head));
    drop(stream);
    app.finish().await;
}

#[tokio::test]
async fn a_long_absence_is_caught_up_page_by_page() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let start = app.world.head().await;
    for n in 0..450 {
        app.world.request(&format!("/{n}")).await;
    }
    let mut stream = Stream::open(&ada, Some(start), None).await;
    assert_eq!(stream.ids(450).await, up_to(start + 1, start + 450));
    app.world.request("/later").await;
    assert_eq!(stream.ids(1).await, [start + 451]);
    drop(stream);
    app.finish().await;
}

#[tokio::test]
async fn a_cursor_that_cannot_be_ours_begins_at_the_end() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let head = app.world.head().await;
    for odd in [None, Some(head + 1_000), Some(i64::MAX), Some(-1_000_000), Some(i64::MIN)] {
        let mut stream = Stream::open(&ada, odd, None).await;
        let before = app.world.head().await;
        app.world.request("/a").await;
        assert_eq!(stream.ids(1).await, [before + 1], "{odd:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn many_streams_all_hear_everything() {
    let app = TestApp::new().await;
    let mut people = Vec::new();
    for n in 0..20 {
        people.push(app.signed_in(&format!("p{n}@example.org"), Role::Viewer).await);
    }
    let start = app.world.head().await;
    let mut streams = tokio::task::JoinSet::new();
    for n in 0..200 {
        let person = people[n % 20].clone();
        streams.spawn(async move {
            let mut stream = Stream::open(&person, Some(start), None).await;
            stream.ids(20).await
        });
    }
    for n in 0..20 {
        app.world.request(&format!("/{n}")).await;
    }
    for heard in streams.join_all().await {
        assert_eq!(heard, up_to(start + 1, start + 20));
    }
    app.finish().await;
}

#[tokio::test]
async fn what_another_process_writes_is_heard_without_a_bell() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let start = app.world.head().await;
    let mut stream = Stream::open(&ada, Some(start), None).await;
    let CommandContext { db, clock, .. } = app.world.command_context.clone();
    let command_context = CommandContext::new(db, clock, Notifier::new());
    unstale::commands::refresh_distributions(&command_context, &crate::support::acting()).await.unwrap();
    assert_eq!(stream.ids(1).await, [start + 1]);
    drop(stream);
    app.finish().await;
}

#[tokio::test]
async fn streams_end_when_the_service_stops() {
    let mut app = TestApp::new().await;
    let ada = app.operator().await;
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(Stream::open(&ada, None, None).await);
    }
    let started = std::time::Instant::now();
    app.stop().await;
    for mut stream in streams {
        assert_eq!(stream.next().await, None);
    }
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    app.finish().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_no_other_does() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let bob = app.signed_in("bob@example.com", Role::Viewer).await;
    let (mut adas, mut bobs) = (Stream::open(&ada, None, None).await, Stream::open(&bob, None, None).await);
    ada.post("/sign-out", &[]).await.assert_status(303);
    assert_eq!(bobs.next().await.unwrap().data["action"], "person.signed_out");
    app.world.request("/after").await;
    assert_eq!(bobs.next().await.unwrap().data["action"], "invalidation.requested");
    let mut heard = Vec::new();
    while let Some(told) = adas.next().await {
        heard.push(told.data["action"].clone());
    }
    assert!(!heard.contains(&"invalidation.requested".into()), "{heard:?}");
    ada.get("/events").await.assert_status(401);
    drop(bobs);
    app.finish().await;
}

/// Open streams end within so long of what ended their session, also where another replica did it.
const AT_ONCE: Duration = Duration::from_millis(1_500);

/// Does the stream end in time? Whatever it tells before is not counted.
#[tokio::test]
async fn an_open_stream_is_no_use_of_the_session_and_ends_with_it() {
    let idle = Duration::from_mins(10);
    let session = SessionLimits { idle, ..SessionLimits::default() };
    let authentication_methods = AuthenticationMethods { session, ..AuthenticationMethods::default() };
    let app = TestApp::over(World::new().await, HttpOptions { authentication_methods, ..options() }).await;
    let browser = app.viewer().await;
    // A browser that comes back to the stream again and again, and nobody before it.
    app.world.advance(Duration::from_mins(9));
    drop(Stream::open(&browser, None, None).await);
    app.world.advance(Duration::from_millis(59_800));
    let mut stream = Stream::open(&browser, None, None).await;
    assert!(ends(&mut stream).await, "it outlived its session");
    app.world.advance(Duration::from_millis(200));
    browser.get("/events").await.assert_status(401);
    app.finish().await;
}

#[tokio::test]
async fn a_persons_twenty_first_stream_ends_their_first() {
    let app = TestApp::new().await;
    let (ada, bob) = (app.operator().await, app.signed_in("bob@example.com", Role::Viewer).await);
    let mut bobs = Stream::open(&bob, None, None).await;
    let mut streams = Vec::new();
    for _ in 0..21 {
        streams.push(Stream::open(&ada, None, None).await);
    }
    assert!(ends(&mut streams[0]).await);
    app.world.request("/a").await;
    for stream in streams.iter_mut().skip(1).chain([&mut bobs]) {
        assert_eq!(stream.next().await.unwrap().data["action"], "invalidation.requested");
    }
    app.finish().await;
}

const GRACE: &str = "grace@example.com";

#[tokio::test]
async fn a_provider_that_narrows_somebody_is_noticed_by_their_stream() {
    let app = TestApp::new().await;
    let (grace, witness) = (app.signed_in(GRACE, Role::Operator).await, app.admin().await);
    let person = app.person_at(GRACE).await;
    app.grant("group:web", SHOP, "/").await;
    let mut streams = (Stream::open(&grace, None, None).await, Stream::open(&witness, None, None).await);
    let now = app.world.now();
    app.world
        .database
        .write(async |tx| {
            groups::replace_provided(tx, &person.id, &["web".to_owned()]).await?;
            let mut event = Event::new(now, &acting(), Action::GroupsChanged);
            event.target = Target::Person(person.id.clone());
            audit::append(tx, event);
            Ok(())
        })
        .await;
    let refused = Target::act("look");
    let app_of = |id: &str| DistributionId::from_trusted(id);
    for of in [WORKSHOP, SHOP] {
        commands::refuse(&app.world.command_context, &acting(), &refused, Some(&app_of(of)), "a test")
            .await
            .unwrap();
    }
    let seen = async |stream: &mut Stream, count: usize| {
        let mut seen = Vec::new();
        while seen.len() < count {
            seen.push(stream.next().await.unwrap().data["distribution"].clone());
        }
        seen
    };
    assert_eq!(seen(&mut streams.1, 3).await, [serde_json::Value::Null, WORKSHOP.into(), SHOP.into()]);
    assert_eq!(seen(&mut streams.0, 1).await, [serde_json::Value::from(SHOP)]);
    app.finish().await;
}

async fn ends(stream: &mut Stream) -> bool {
    let ended = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(AT_ONCE, ended).await.is_ok()
}

#[tokio::test]
async fn a_stream_ends_with_whatever_ends_its_session() {
    let app = TestApp::new().await;
    let own = app.world.command_context.clone();
    // Another replica has another notifier.
    let CommandContext { db, clock, .. } = own.clone();
    let other = CommandContext::new(db, clock, Notifier::new());
    let by = crate::support::shell();
    for command_context in [&own, &other] {
        let bystander = app.signed_in(&format!("{}@example.com", crate::support::uuid()), Role::Viewer).await;
        let mut witness = Stream::open(&bystander, None, None).await;
        for what in ["disable", "role", "reset", "sessions", "step", "password"] {
            let email = format!("{what}-{}@example.com", crate::support::uuid());
            let person = app.person(&email, Role::Operator).await;
            let session = unstale::commands::open_session(&own, &by.origin, person.clone()).await.unwrap();
            let browser = app.stranger();
            browser.set_cookie("unstale", session.secret.reveal());
            let mut stream = Stream::open(&browser, None, None).await;
            end_by(command_context, &person, what).await;
            assert!(ends(&mut stream).await, "{what}");
            browser.get("/events").await.assert_status(401);
        }
        while let Ok(told) = tokio::time::timeout(Duration::from_millis(600), witness.next()).await {
            assert!(told.is_some(), "somebody else's stream ended");
        }
    }
    app.finish().await;
}

async fn end_by(
    command_context: &unstale::commands::CommandContext,
    person: &unstale::domain::sign_in::person::Person,
    what: &str,
) {
    use unstale::{commands, store::sign_in::second_steps};
    let by = crate::support::shell();
    match what {
        "disable" => commands::disable_person(command_context, &by, &person.id).await.unwrap(),
        "role" => commands::change_role(command_context, &by, &person.id, Role::Viewer).await.unwrap(),
        "reset" => drop(commands::reset_password_with_link(command_context, &by, &person.id).await.unwrap()),
        "sessions" => {
            assert_eq!(commands::end_sessions(command_context, &by, person, None).await.unwrap(), 1);
        }
        "step" => {
            commands::offer_second_step(command_context, &by, &person.id).await.unwrap();
            let mut tx = command_context.db.begin().await.unwrap();
            second_steps::confirm(&mut tx, &person.id, 1, command_context.clock.now()).await.unwrap();
            tx.commit().await.unwrap();
            commands::take_second_step_away(command_context, &by, &person.id, None).await.unwrap();
        }
        "password" => {
            let another = commands::open_session(command_context, &by.origin, person.clone()).await.unwrap();
            let hash = another.secret.hash();
            commands::change_password(command_context, &by, &person.id, &hash, "seven purple llamas knit")
                .await
                .unwrap();
        }
        other => panic!("{other}"),
    }
}
