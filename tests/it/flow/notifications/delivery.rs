//! How messages are delivered.

use std::time::Duration;

use unstale::{
    commands::{self, ChannelChange, CommandError},
    domain::{
        audit::Action,
        notifications::{AllowedNetworks, ChannelError, ChannelErrors, SigningKey, TypedChannel},
    },
    store::notifications::messages::{self, MessageState},
};

use super::receiver::{Received, Receiver, Tellers, rule, stored, typed, webhook};
use crate::support::{World, seconds, shell};

fn is_signed_with(received: &Received, key: &SigningKey) -> bool {
    let id = unstale::domain::id::MessageId::parse(received.header("webhook-id")).unwrap();
    let at = received.header("webhook-timestamp").parse::<i64>().unwrap();
    let at = unstale::domain::time::Timestamp::from_micros(at * 1_000_000);
    let expected = key.sign(&id, at, &received.text);
    received.header("webhook-signature").split(' ').any(|signature| signature == expected)
}

#[tokio::test]
async fn a_receiver_that_is_down_for_a_day_gets_everything_in_order_and_once() {
    let mut world = World::new().await;
    let tellers = Tellers::new(&mut world, 1);
    let receiver = Receiver::listening().await;
    let (channel, key) = webhook(&world, &receiver, &[rule(&["requested", "completed"])]).await.unwrap();
    receiver.answer_with(503, None);
    for number in 0..3 {
        world.request(&format!("/{number}.html")).await;
        tellers.tell_later(&world).await;
        world.submit().await;
        world.advance(seconds(30));
        world.poll().await;
        tellers.tell_later(&world).await;
        world.advance(Duration::from_mins(5));
    }
    let tries = receiver.taken();
    assert!(tries.len() < 12, "it is left alone for a while: {} tries", tries.len());
    assert!(tries.iter().all(|one| one.header("webhook-id") == tries[0].header("webhook-id")));
    let trouble = stored(&world, &channel.id).await.trouble.unwrap();
    assert_eq!(trouble.problem, "the receiver answered 503");
    world.advance(Duration::from_hours(24));
    receiver.accept();
    tellers.tell().await;
    let told = receiver.taken();
    assert!(told.iter().all(|one| is_signed_with(one, &key)));
    let kinds: Vec<String> = told.iter().map(|one| one.kind().0).collect();
    let pair = ["invalidation.requested", "invalidation.completed"];
    assert_eq!(kinds, [pair, pair, pair].concat());
    let first = tries[0].json();
    assert_eq!(told[0].json(), first, "a message is the same at each try");
    assert_eq!(stored(&world, &channel.id).await.trouble, None);
    tellers.tell_later(&world).await;
    assert_eq!(receiver.taken().len(), 0);
    world.finish().await;
}

#[tokio::test]
async fn a_receiver_may_ask_to_wait_and_may_go_for_good() {
    let mut world = World::new().await;
    let tellers = Tellers::new(&mut world, 1);
    let receiver = Receiver::listening().await;
    let (channel, _) = webhook(&world, &receiver, &[rule(&["requested"])]).await.unwrap();
    receiver.answer_with(429, Some(600));
    world.request("/a").await;
    tellers.tell_later(&world).await;
    assert_eq!(receiver.taken().len(), 1);
    let retry_at = stored(&world, &channel.id).await.trouble.unwrap().retry_at;
    assert_eq!(retry_at, world.now().plus(seconds(600)));
    world.advance(seconds(599));
    tellers.tell().await;
    assert_eq!(receiver.taken().len(), 0);
    world.advance(seconds(1));
    receiver.answer_with(410, None);
    tellers.tell().await;
    assert_eq!(receiver.taken().len(), 1);
    let off = stored(&world, &channel.id).await;
    assert!(!off.is_on && off.off_because.contains("410"), "{off:?}");
    assert_eq!(world.history().await.pop().unwrap().event.action, Action::ChannelTurnedOff);
    world.request("/b").await;
    tellers.tell_later(&world).await;
    assert_eq!(receiver.taken().len(), 0, "it is off");
    let tested = commands::test_channel(&world.command_context, &shell(), &channel.id).await;
    assert!(matches!(tested, Err(CommandError::TooLate)));

    receiver.accept();
    let on = ChannelChange { is_on: Some(true), ..ChannelChange::default() };
    commands::change_channel(&world.command_context, &shell(), &channel.id, &on).await.unwrap();
    assert_eq!(commands::retry_messages(&world.command_context, &shell(), &channel.id).await.unwrap(), 1);
    tellers.tell().await;
    assert_eq!(receiver.kinds(), [("invalidation.requested".to_owned(), 1)]);
    world.finish().await;
}

#[tokio::test]
async fn a_message_that_is_refused_holds_back_no_other() {
    let mut world = World::new().await;
    let tellers = Tellers::new(&mut world, 1);
    let receiver = Receiver::listening().await;
    let (channel, _) = webhook(&world, &receiver, &[rule(&["requested"])]).await.unwrap();
    receiver.answer_with(400, None);
    world.request("/a").await;
    tellers.tell_later(&world).await;
    assert_eq!(receiver.taken().len(), 1);
    receiver.accept();
    world.advance(seconds(130));
    // The refused one is due again too, but a new one does not wait for it.
    world.request("/b").await;
    tellers.tell_later(&world).await;
    assert_eq!(receiver.taken().len(), 2);
    let listed = world.database.get(async |conn| messages::newest(conn, &channel.id, 9).await).await;
    assert!(listed.iter().all(|message| message.state == MessageState::Delivered), "{listed:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_receiver_that_hangs_delays_no_other() {
    let mut world = World::new().await;
    let tellers = Tellers::new(&mut world, 1);
    let receiver = Receiver::listening().await;
    webhook(&world, &receiver, &[rule(&["requested"])]).await.unwrap();
    // It accepts connections and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", silent.local_addr().unwrap());
    let context = world.command_context.clone();
    commands::add_channel(
        &context,
        &shell(),
        &typed("A silent one", "slack", &address),
        &[rule(&["requested"])],
    )
    .await
    .unwrap();
    world.request("/a").await;
    tellers.collector.tick().await.unwrap();
    world.advance(seconds(10));
    tellers.sender.tick().await.unwrap();
    let told = async {
        while receiver.taken().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), told).await.expect("the other channel is told meanwhile");
    drop(silent);
    tellers.sender.settled().await;
    world.finish().await;
}

#[tokio::test]
async fn after_a_new_key_messages_are_signed_with_both_for_a_day() {
    let mut world = World::new().await;
    let tellers = Tellers::new(&mut world, 1);
    let receiver = Receiver::listening().await;
    let typed =
        TypedChannel { signing: "ed25519".to_owned(), ..typed("Programs", "webhook", &receiver.address) };
    let context = world.command_context.clone();
    let (channel, old) = commands::add_channel(&context, &shell(), &typed, &[]).await.unwrap();
    let (_, new) = commands::change_signing_key(&context, &shell(), &channel.id).await.unwrap();
    let old = old.unwrap();
    let test = async || {
        commands::test_channel(&context, &shell(), &channel.id).await.unwrap();
        tellers.tell().await;
        receiver.taken().pop().unwrap()
    };
    let both = test().await;
    assert!(is_signed_with(&both, &old) && is_signed_with(&both, &new));
    assert!(both.header("webhook-signature").starts_with("v1a,"));
    world.advance(Duration::from_hours(24));
    let one = test().await;
    assert!(!is_signed_with(&one, &old) && is_signed_with(&one, &new));
    world.finish().await;
}

#[tokio::test]
async fn only_the_networks_that_were_named_are_reached() {
    let mut world = World::new().await;
    let tellers = Tellers::new(&mut world, 1);
    let receiver = Receiver::listening().await;
    let (channel, _) = webhook(&world, &receiver, &[]).await.unwrap();
    let elsewhere = Tellers::again(&world, 1, AllowedNetworks::default());
    commands::test_channel(&world.command_context, &shell(), &channel.id).await.unwrap();
    elsewhere.tell().await;
    assert_eq!(receiver.taken().len(), 0);
    let problem = stored(&world, &channel.id).await.trouble.unwrap().problem;
    assert!(problem.contains("127.0.0.1 is not one of the public internet"), "{problem}");
    assert!(!problem.contains("hush-hush"), "{problem}");
    // Another key opens nothing, and nothing is sent in its place.
    let other_key = Tellers::again(&world, 2, AllowedNetworks::parse("127.0.0.1").unwrap());
    world.advance(seconds(5));
    other_key.tell().await;
    let problem = stored(&world, &channel.id).await.trouble.unwrap().problem;
    assert!(problem.contains("UNSTALE_SECRETS_KEY_FILE"), "{problem}");
    world.advance(seconds(15));
    tellers.tell().await;
    assert_eq!(receiver.kinds(), [("test".to_owned(), 1)]);
    world.finish().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_channel_is_said_and_nothing_is_kept() {
    let mut world = World::new().await;
    let context = world.command_context.clone();
    let add = async |context: &commands::CommandContext, typed: &TypedChannel, rules: &[_]| {
        match commands::add_channel(context, &shell(), typed, rules).await {
            Err(CommandError::Channel(ChannelErrors(errors))) => errors,
            other => panic!("{other:?}"),
        }
    };
    let good = typed("Ops", "slack", "https://hooks.slack.com/services/a");
    assert_eq!(add(&context, &good, &[]).await, [ChannelError::NoKey], "this server keeps no secrets");
    world.keep_secrets(1);
    let context = world.command_context.clone();
    let unknown = super::receiver::rule_for(&["failed"], "group", "none");
    assert_eq!(add(&context, &good, &[unknown]).await, [ChannelError::ScopeName]);
    let http = typed("", "slack", "http://hooks.slack.com/services/a");
    assert_eq!(add(&context, &http, &[]).await, [ChannelError::Name, ChannelError::NotEncrypted]);
    commands::add_channel(&context, &shell(), &good, &[]).await.unwrap();
    assert_eq!(add(&context, &good, &[]).await, [ChannelError::NameTaken]);
    world.finish().await;
}
