//! A receiver of messages, and the two workers that tell it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::Engine as _;
use serde_json::Value;
use tokio::net::TcpListener;
use unstale::{
    commands::{self, CommandError},
    domain::{
        id::ChannelId,
        notifications::{AllowedNetworks, Channel, SigningKey, TypedChannel, TypedRule},
        secrets_key::SecretsKey,
    },
    store::notifications::channels,
    workers::{Next, NotificationCollector, NotificationSender, SenderSettings},
};

use crate::support::{World, shell};

pub const BASE: &str = "https://unstale.example.com";

/// One request that a receiver got.
#[derive(Debug, Clone)]
pub struct Received {
    pub headers: HeaderMap,
    pub text: String,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The type and the number of its notices.
    pub fn kind(&self) -> (String, u64) {
        let body = self.json();
        (body["type"].as_str().unwrap().to_owned(), body["data"]["count"].as_u64().unwrap())
    }
}

/// Takes all messages, or answers with this status and `Retry-After`.
#[derive(Debug, Clone, Default)]
pub struct Receiver {
    inner: Arc<Mutex<Inner>>,
    pub address: String,
}

#[derive(Debug, Default)]
struct Inner {
    answer: Option<(StatusCode, Option<u64>)>,
    received: Vec<Received>,
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, text: String) -> Response {
    let mut inner = receiver.inner.lock().unwrap();
    inner.received.push(Received { headers, text });
    match inner.answer {
        None => StatusCode::NO_CONTENT.into_response(),
        Some((status, None)) => status.into_response(),
        Some((status, Some(after))) => (status, [("retry-after", after.to_string())]).into_response(),
    }
}

impl Receiver {
    pub async fn listening() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/hook?key=hush-hush", listener.local_addr().unwrap());
        let receiver = Self { address, ..Self::default() };
        let routes = Router::new().route("/hook", post(receive)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        receiver
    }

    pub fn answer_with(&self, status: u16, retry_after: Option<u64>) {
        self.inner.lock().unwrap().answer = Some((StatusCode::from_u16(status).unwrap(), retry_after));
    }

    pub fn accept(&self) {
        self.inner.lock().unwrap().answer = None;
    }

    /// What was received since the last call.
    pub fn taken(&self) -> Vec<Received> {
        std::mem::take(&mut self.inner.lock().unwrap().received)
    }

    /// The types of what was received since the last call, with the numbers of notices.
    pub fn kinds(&self) -> Vec<(String, u64)> {
        self.taken().iter().map(Received::kind).collect()
    }
}

/// The workers that tell channels.
#[derive(Debug)]
pub struct Tellers {
    pub collector: NotificationCollector,
    pub sender: NotificationSender,
}

impl Tellers {
    /// Of a world that keeps secrets with the key of this byte, and whose receivers are on this machine.
    pub fn new(world: &mut World, byte: u8) -> Self {
        world.keep_secrets(byte);
        let allowed = AllowedNetworks::parse("127.0.0.1").unwrap();
        world.command_context = world.command_context.clone().with_notifications(allowed.clone(), false);
        Self::again(world, byte, allowed)
    }

    /// The workers of a process that has just started.
    pub fn again(world: &World, byte: u8, allowed: AllowedNetworks) -> Self {
        let text = base64::engine::general_purpose::STANDARD.encode([byte; 32]);
        let key = SecretsKey::parse(&text).map(Arc::new);
        let settings = SenderSettings::new(allowed, key, Some(BASE.to_owned())).unwrap();
        let (db, clock) = (world.database.db.clone(), world.clock.clone());
        Self {
            collector: NotificationCollector::new(db.clone(), clock.clone()),
            sender: NotificationSender::new(db, clock, settings),
        }
    }

    /// Reads what happened, and sends what is due now.
    pub async fn tell(&self) {
        while self.collector.tick().await.unwrap() == Next::Again {}
        self.sender.tick().await.unwrap();
        self.sender.settled().await;
    }

    /// The same after the wait for other notices of the same run.
    pub async fn tell_later(&self, world: &World) {
        while self.collector.tick().await.unwrap() == Next::Again {}
        world.advance(Duration::from_secs(10));
        self.tell().await;
    }
}

pub fn typed(name: &str, kind: &str, address: &str) -> TypedChannel {
    TypedChannel {
        name: name.to_owned(),
        kind: kind.to_owned(),
        address: address.to_owned(),
        signing: "hmac".to_owned(),
    }
}

/// A rule for everything of these topics.
pub fn rule(topics: &[&str]) -> TypedRule {
    rule_for(topics, "everything", "")
}

pub fn rule_for(topics: &[&str], scope: &str, name: &str) -> TypedRule {
    TypedRule {
        topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        scope: scope.to_owned(),
        scope_name: name.to_owned(),
    }
}

/// Adds a webhook for these rules as an administrator does.
pub async fn webhook(
    world: &World,
    receiver: &Receiver,
    rules: &[TypedRule],
) -> Result<(Channel, SigningKey), CommandError> {
    let typed = typed("Programs", "webhook", &receiver.address);
    let (channel, key) = commands::add_channel(&world.command_context, &shell(), &typed, rules).await?;
    Ok((channel, key.unwrap()))
}

pub async fn stored(world: &World, id: &ChannelId) -> Channel {
    world.database.get(async |conn| channels::find(conn, id).await).await.unwrap()
}
