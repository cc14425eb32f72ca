//! Notification channels, their messages, and which one is sent next.

use unstale::{
    domain::{
        id::{ChannelId, InvalidationId, MessageId},
        notifications::{
            Channel, ChannelKind, Notice, NotificationRule, NotificationTopic, RuleScope, RuleScopeKind,
            SigningMethod, retry,
        },
        secrets_key::SealedSecret,
        time::Timestamp,
    },
    store::{
        StoreError,
        deadlines::{self, Deadline},
        notifications::{
            self, ClaimedMessage, DueChannel,
            channels::{self, ChannelSecrets},
            messages::{self, MessageState, NewNotice},
            scopes,
        },
    },
};

use crate::support::{Database, at, on_each_engine, seconds};

fn sealed(text: &str) -> SealedSecret {
    SealedSecret::from_stored(text.to_owned())
}

fn channel(name: &str) -> Channel {
    let rule = NotificationRule {
        topics: vec![NotificationTopic::Completed, NotificationTopic::Failed],
        scope: RuleScope::Group("web".to_owned()),
    };
    Channel {
        id: ChannelId::from_trusted(format!("id of {name}")),
        name: name.to_owned(),
        kind: ChannelKind::Webhook,
        destination: "hooks.example.com".to_owned(),
        signing: Some(SigningMethod::Ed25519),
        rules: vec![rule],
        is_on: true,
        off_because: String::new(),
        created_at: at(1),
        delivered_at: None,
        trouble: None,
    }
}

async fn keep(database: &Database, name: &str) -> Channel {
    let channel = channel(name);
    let secrets = ChannelSecrets {
        address: Some(sealed("address")),
        signing_key: Some(sealed("key")),
        earlier_key: None,
    };
    database.write(async |tx| channels::insert(tx, &channel, &secrets).await).await;
    channel
}

fn notice(key: &str, run: &str, invalidation: &str) -> NewNotice {
    NewNotice {
        topic: NotificationTopic::Requested,
        key: key.to_owned(),
        run: run.to_owned(),
        invalidation: Some(InvalidationId::from_trusted(invalidation)),
        notice: Notice { detail: key.to_owned(), ..Notice::default() },
    }
}

async fn add(database: &Database, channel: &Channel, new: &NewNotice, id: &str, now: u64) -> bool {
    let id = MessageId::from_trusted(id);
    database.write(async |tx| messages::add(tx, &channel.id, new, &id, at(now)).await).await
}

async fn claim(database: &Database, channel: &Channel, now: u64) -> Option<ClaimedMessage> {
    let (now, until) = (at(now), at(now + 60));
    database.write(async |tx| notifications::claim(tx, &channel.id, "lease", now, until).await).await
}

async fn due(database: &Database) -> Option<Timestamp> {
    let due = database.get(async |conn| notifications::due_channels(conn).await).await;
    due.first().map(|one| one.due_at)
}

async fn listed(database: &Database, channel: &Channel) -> Vec<(String, usize, MessageState)> {
    let found = database.get(async |conn| messages::newest(conn, &channel.id, 9).await).await;
    found.into_iter().map(|message| (message.id.to_string(), message.notices, message.state)).collect()
}

async fn a_channel_is_kept_changed_and_removed(database: &Database) {
    let (ops, web) = (keep(database, "ops").await, keep(database, "web").await);
    let list = async || database.get(async |conn| channels::list(conn).await).await;
    assert_eq!(list().await, [ops.clone(), web.clone()]);
    assert_eq!(database.get(async |conn| channels::total(conn).await).await, 2);
    let renamed = Channel { name: "web".to_owned(), ..ops.clone() };
    let twice = database.try_write(async |tx| channels::set(tx, &renamed).await).await;
    assert!(matches!(twice, Err(StoreError::Duplicate(_))), "{twice:?}");
    let person = RuleScope::Person {
        id: unstale::domain::id::PersonId::from_trusted("p1"),
        email: "ada@example.com".to_owned(),
    };
    let rules = [
        person,
        RuleScope::Everything,
        RuleScope::Distribution(unstale::domain::id::DistributionId::from_trusted("E1")),
    ];
    let missing = database.get(async |conn| scopes::find(conn, RuleScopeKind::Group, "none").await).await;
    let all = database.get(async |conn| scopes::find(conn, RuleScopeKind::Everything, "").await).await;
    assert_eq!((missing, all), (None, Some(RuleScope::Everything)));
    let rules = rules.map(|scope| NotificationRule { topics: NotificationTopic::ALL.to_vec(), scope });
    let changed = Channel {
        name: "all".to_owned(),
        rules: rules.to_vec(),
        is_on: false,
        off_because: "gone".to_owned(),
        ..ops.clone()
    };
    database.write(async |tx| channels::set(tx, &changed).await).await;
    let find = async |id: &ChannelId| database.get(async |conn| channels::find(conn, id).await).await;
    assert_eq!(find(&ops.id).await, Some(changed));

    let secrets = async || database.get(async |conn| channels::secrets(conn, &ops.id).await).await.unwrap();
    database.write(async |tx| channels::set_signing_key(tx, &ops.id, &sealed("new"), at(9)).await).await;
    let address = sealed("elsewhere");
    database
        .write(async |tx| channels::set_address(tx, &ops.id, "b.example.com", Some(&address)).await)
        .await;
    let expected = ChannelSecrets {
        address: Some(address),
        signing_key: Some(sealed("new")),
        earlier_key: Some((sealed("key"), at(9))),
    };
    assert_eq!(secrets().await, expected);
    assert_eq!(find(&ops.id).await.unwrap().destination, "b.example.com");
    database.write(async |tx| deadlines::bring_nearer(tx, Deadline::EarlierKeys, at(3)).await).await;
    assert_eq!(secrets().await.earlier_key.unwrap().1, at(3));

    add(database, &web, &notice("a", "", "i1"), "m1", 1).await;
    assert!(database.write(async |tx| channels::remove(tx, &web.id).await).await);
    assert!(!database.write(async |tx| channels::remove(tx, &web.id).await).await);
    assert_eq!((find(&web.id).await, list().await.len(), due(database).await), (None, 1, None));
}

async fn notices_of_one_run_share_a_message_until_it_is_tried(database: &Database) {
    let ops = keep(database, "ops").await;
    assert!(add(database, &ops, &notice("a", "run", "i1"), "m1", 100).await);
    assert!(!add(database, &ops, &notice("a", "run", "i1"), "m2", 101).await, "it has that one already");
    assert!(add(database, &ops, &notice("b", "run", "i2"), "m3", 105).await);
    assert!(add(database, &ops, &notice("c", "other", "i3"), "m4", 105).await);
    let other_topic = NewNotice { topic: NotificationTopic::Failed, ..notice("d", "run", "i1") };
    assert!(add(database, &ops, &other_topic, "m5", 105).await);
    // The later message is about the same invalidation, so this comes after it.
    assert!(add(database, &ops, &notice("e", "run", "i1"), "m6", 106).await);
    let waiting = |id: &str, notices| (id.to_owned(), notices, MessageState::Waiting);
    let expected = [waiting("m6", 1), waiting("m5", 1), waiting("m4", 1), waiting("m1", 2)];
    assert_eq!(listed(database, &ops).await, expected);
    assert_eq!(due(database).await, Some(at(115)), "each waits for others");
    assert!(claim(database, &ops, 114).await.is_none());

    let first = claim(database, &ops, 200).await.unwrap();
    assert_eq!((first.message.id.as_str(), first.message.count, first.tries), ("m1", 2, 0));
    let told: Vec<&str> = first.message.notices.iter().map(|notice| notice.detail.as_str()).collect();
    assert_eq!(told, ["a", "b"]);
    assert_eq!(first.message.created_at, at(100));
    assert!(add(database, &ops, &notice("f", "run", "i9"), "m7", 201).await, "that one is being sent");
    assert_eq!(listed(database, &ops).await[0], waiting("m6", 2));
    assert!(add(database, &ops, &notice("g", "run", "i9"), "m8", 400).await);
    assert_eq!(listed(database, &ops).await[0], waiting("m8", 1), "the other one began too long ago");
}

async fn one_at_a_time_is_sent_and_in_order_for_each_invalidation(database: &Database) {
    let ops = keep(database, "ops").await;
    add(database, &ops, &notice("a", "", "i1"), "m1", 1).await;
    add(database, &ops, &notice("b", "", "i1"), "m2", 1).await;
    add(database, &ops, &notice("c", "", "i2"), "m3", 1).await;
    let first = claim(database, &ops, 10).await.unwrap();
    assert!(claim(database, &ops, 11).await.is_none(), "one is being sent");
    assert_eq!(due(database).await, Some(at(70)));
    let refused = ("answered 400", at(600), false);
    let set =
        database.write(async |tx| notifications::set_failed(tx, &ops.id, &first, refused, at(12)).await);
    assert!(set.await);
    // The second waits for the first; another invalidation does not.
    let third = claim(database, &ops, 13).await.unwrap();
    assert_eq!(third.message.id.as_str(), "m3");
    let stale = ClaimedMessage { lease: "lost".to_owned(), ..third.clone() };
    let delivered = async |sent: &ClaimedMessage, now| {
        database.write(async |tx| notifications::set_delivered(tx, &ops.id, sent, at(now)).await).await
    };
    assert!(!delivered(&stale, 14).await, "another process has it");
    assert!(delivered(&third, 14).await);
    assert!(!delivered(&third, 15).await, "once is enough");
    assert!(claim(database, &ops, 599).await.is_none());
    let again = claim(database, &ops, 600).await.unwrap();
    assert_eq!((again.message.id.as_str(), again.tries, again.failures), ("m1", 1, 0));
    assert!(delivered(&again, 601).await);
    assert_eq!(claim(database, &ops, 602).await.unwrap().message.id.as_str(), "m2");
    let found = database.get(async |conn| channels::find(conn, &ops.id).await).await.unwrap();
    assert_eq!((found.delivered_at, found.trouble), (Some(at(601)), None));
    // A process that starts alone ends the lease.
    database.write(async |tx| notifications::release_all(tx).await).await;
    assert!(claim(database, &ops, 603).await.is_some());
}

async fn a_receiver_that_takes_nothing_is_left_alone_for_a_while(database: &Database) {
    let (ops, web) = (keep(database, "ops").await, keep(database, "web").await);
    add(database, &ops, &notice("a", "", "i1"), "m1", 1).await;
    add(database, &ops, &notice("b", "", "i2"), "m2", 1).await;
    add(database, &web, &notice("a", "", "i1"), "m3", 2).await;
    let first = claim(database, &ops, 10).await.unwrap();
    let away = ("no connection", at(100), true);
    database.write(async |tx| notifications::set_failed(tx, &ops.id, &first, away, at(10)).await).await;
    assert!(claim(database, &ops, 99).await.is_none(), "neither this one nor another");
    let channels_due = database.get(async |conn| notifications::due_channels(conn).await).await;
    let due = |channel: &Channel, now| DueChannel { channel: channel.id.clone(), due_at: at(now) };
    assert_eq!(channels_due, [due(&web, 2), due(&ops, 100)], "the other channel is not held back");
    let found = database.get(async |conn| channels::find(conn, &ops.id).await).await.unwrap();
    let trouble = found.trouble.unwrap();
    assert_eq!((trouble.failures, trouble.problem.as_str(), trouble.retry_at), (1, "no connection", at(100)));
    database.write(async |tx| channels::try_now(tx, &ops.id).await).await;
    assert_eq!(claim(database, &ops, 11).await.unwrap().failures, 1);
    let waiting = database.get(async |conn| messages::waiting(conn, 9).await).await;
    assert_eq!((waiting.count, waiting.since), (3, Some(at(1))));
    let counts = database.get(async |conn| messages::counts(conn, &ops.id, 9).await).await;
    assert_eq!((counts.waiting, counts.given_up), (2, 0));
}

async fn what_is_tried_for_too_long_is_given_up_until_somebody_sends_it_again(database: &Database) {
    let ops = keep(database, "ops").await;
    add(database, &ops, &notice("a", "", "i1"), "m1", 0).await;
    let end = 72 * 3_600;
    let sent = claim(database, &ops, end).await.unwrap();
    let failure = ("answered 500", at(end + 900), true);
    database.write(async |tx| notifications::set_failed(tx, &ops.id, &sent, failure, at(end)).await).await;
    assert_eq!(listed(database, &ops).await, [("m1".to_owned(), 1, MessageState::GivenUp)]);
    let counts = database.get(async |conn| messages::counts(conn, &ops.id, 9).await).await;
    assert_eq!((counts.waiting, counts.given_up), (0, 1));
    let all = database.get(async |conn| channels::list_with_counts(conn, 9).await).await;
    assert_eq!((all.len(), all[0].1.given_up), (1, 1));
    assert_eq!(due(database).await, None);
    assert_eq!(database.write(async |tx| messages::retry(tx, &ops.id, at(end + 1)).await).await, 1);
    database.write(async |tx| channels::try_now(tx, &ops.id).await).await;
    let again = claim(database, &ops, end + 1).await.unwrap();
    assert_eq!((again.message.id.as_str(), again.tries), ("m1", 1));
    database.write(async |tx| notifications::set_delivered(tx, &ops.id, &again, at(end + 2)).await).await;
    let expired = async |now: Timestamp| {
        database.write(async |tx| notifications::delete_expired(tx, now, 9).await).await
    };
    assert_eq!(expired(at(end + 1).plus(retry::KEPT)).await, 0);
    assert_eq!(expired(at(end + 2).plus(retry::KEPT)).await, 1);
    assert_eq!(listed(database, &ops).await, []);
    assert!(add(database, &ops, &notice("a", "", "i1"), "m2", end).await, "it may be told again after that");
}

async fn a_receiver_that_is_gone_turns_its_channel_off(database: &Database) {
    let ops = keep(database, "ops").await;
    add(database, &ops, &notice("a", "", "i1"), "m1", 1).await;
    add(database, &ops, &notice("b", "", "i2"), "m2", 1).await;
    let sent = claim(database, &ops, 2).await.unwrap();
    assert!(database.write(async |tx| notifications::set_gone(tx, &ops.id, &sent, "410", at(3)).await).await);
    let found = database.get(async |conn| channels::find(conn, &ops.id).await).await.unwrap();
    assert_eq!((found.is_on, found.off_because.as_str(), found.trouble.is_none()), (false, "410", true));
    let states: Vec<_> = listed(database, &ops).await.into_iter().map(|(_, _, state)| state).collect();
    assert_eq!(states, [MessageState::GivenUp; 2]);
    assert!(
        !database.write(async |tx| notifications::set_gone(tx, &ops.id, &sent, "410", at(3)).await).await
    );
}

async fn how_far_the_history_was_read_is_stored_once(database: &Database) {
    let progress = async || database.get(async |conn| notifications::progress(conn).await).await;
    assert_eq!(progress().await, 0);
    let advance =
        async |seen, to| database.write(async |tx| notifications::advance(tx, seen, to).await).await;
    assert!(advance(0, 5).await);
    assert!(!advance(0, 6).await, "another process was faster");
    assert_eq!(progress().await, 5);
    database.write(async |tx| notifications::start_at_head(tx).await).await;
    assert_eq!(progress().await, database.get(async |conn| unstale::store::audit::head(conn).await).await);
}

async fn after_a_clock_rollback_nothing_waits_for_the_old_time(database: &Database) {
    let ops = keep(database, "ops").await;
    add(database, &ops, &notice("a", "", "i1"), "m1", 9_000).await;
    let sent = claim(database, &ops, 9_001).await.unwrap();
    let away = ("away", at(9_500), true);
    database.write(async |tx| notifications::set_failed(tx, &ops.id, &sent, away, at(9_002)).await).await;
    claim(database, &ops, 9_500).await.unwrap();
    for what in [
        Deadline::Channels,
        Deadline::Messages,
        Deadline::MessageLeases,
        Deadline::GivenUpMessages,
        Deadline::KeptMessages,
    ] {
        database.write(async |tx| deadlines::bring_nearer(tx, what, at(100)).await).await;
    }
    assert_eq!(due(database).await, Some(at(100)));
    let again = claim(database, &ops, 100 + 60).await.unwrap();
    let failure = ("away", at(200), true);
    let now = at(100).plus(seconds(61));
    database.write(async |tx| notifications::set_failed(tx, &ops.id, &again, failure, now).await).await;
    assert_eq!(listed(database, &ops).await[0].2, MessageState::GivenUp, "its three days are over");
}

on_each_engine!(
    a_channel_is_kept_changed_and_removed,
    notices_of_one_run_share_a_message_until_it_is_tried,
    one_at_a_time_is_sent_and_in_order_for_each_invalidation,
    a_receiver_that_takes_nothing_is_left_alone_for_a_while,
    what_is_tried_for_too_long_is_given_up_until_somebody_sends_it_again,
    a_receiver_that_is_gone_turns_its_channel_off,
    how_far_the_history_was_read_is_stored_once,
    after_a_clock_rollback_nothing_waits_for_the_old_time,
);
