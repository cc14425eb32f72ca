//! What channels are told.

use serde_json::json;
use unstale::{
    commands,
    domain::{
        access::Role,
        actor::{Acting, Actor},
        audit::{Action, Target},
        invalidations::monthly_budget::BudgetKind,
    },
    store::sign_in::people,
};

use super::receiver::{BASE, Receiver, Tellers, rule, rule_for, typed, webhook};
use crate::support::{SHOP, WORKSHOP, World, acting, person, seconds, shell};

const ALL: &[&str] = &["requested", "completed", "fresh", "stale_or_broken", "other_verdict", "failed"];

#[tokio::test]
async fn an_invalidation_is_told_from_its_request_to_its_end() {
    let mut world = World::new().await;
    let tellers = Tellers::new(&mut world, 1);
    let receiver = Receiver::listening().await;
    world.request("/before.html").await;
    world.submit().await;
    world.advance(seconds(30));
    world.poll().await;
    webhook(&world, &receiver, &[rule(ALL)]).await.unwrap();
    tellers.tell_later(&world).await;
    assert_eq!(receiver.taken().len(), 0, "nobody was to be told of what was before the channel");

    let id = world.request("/a.html\n/b*").await;
    tellers.tell().await;
    assert_eq!(receiver.taken().len(), 0, "others of the same run may follow");
    tellers.tell_later(&world).await;
    let told = receiver.taken();
    assert_eq!(told.len(), 1, "{told:?}");
    let body = told[0].json();
    assert_eq!(body["type"], "invalidation.requested");
    let notice = &body["data"]["notices"][0];
    assert_eq!(notice["invalidation"], id.as_str());
    assert_eq!(notice["url"], format!("{BASE}/invalidations/{id}"));
    assert_eq!(notice["distribution"]["id"], WORKSHOP);
    assert_eq!(notice["items"], json!(["/a.html", "/b*"]));
    assert_eq!(notice["requested_by"], acting().actor.name());

    world.submit().await;
    world.advance(seconds(30));
    world.poll().await;
    tellers.tell_later(&world).await;
    assert_eq!(receiver.kinds(), [("invalidation.completed".to_owned(), 1)]);
    tellers.tell_later(&world).await;
    assert_eq!(receiver.taken().len(), 0, "once is enough");
    world.finish().await;
}

#[tokio::test]
async fn two_hundred_requests_of_one_run_are_one_message() {
    let mut world = World::new().await;
    let tellers = Tellers::new(&mut world, 1);
    let receiver = Receiver::listening().await;
    webhook(&world, &receiver, &[rule(&["requested"])]).await.unwrap();
    for number in 0..200 {
        world.request(&format!("/{number}.html")).await;
        if number % 50 == 49 {
            world.advance(seconds(5));
            tellers.tell().await;
        }
    }
    assert_eq!(receiver.taken().len(), 0);
    tellers.tell_later(&world).await;
    let told = receiver.taken();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].kind(), ("invalidation.requested".to_owned(), 200));
    assert_eq!(told[0].json()["data"]["notices"].as_array().unwrap().len(), 20, "the others are counted");
    world.finish().await;
}

#[tokio::test]
async fn a_rule_is_for_a_distribution_a_person_or_a_group() {
    let mut world = World::new().await;
    let tellers = Tellers::new(&mut world, 1);
    let (shop, ada, web) =
        (Receiver::listening().await, Receiver::listening().await, Receiver::listening().await);
    let nora = person("nora@example.com", Role::Operator);
    world.database.write(async |tx| people::insert(tx, &nora, "x").await).await;
    let context = world.command_context.clone();
    commands::add_group(&context, &shell(), "web").await.unwrap();
    commands::add_member(&context, &shell(), "web", &nora.id).await.unwrap();
    let rules = [
        (&shop, "Shop", rule_for(&["requested"], "distribution", SHOP)),
        (&ada, "Nora", rule_for(&["requested"], "person", "nora@example.com")),
        (&web, "Group", rule_for(&["requested"], "group", "web")),
    ];
    for (receiver, name, rule) in rules {
        let typed = typed(name, "webhook", &receiver.address);
        commands::add_channel(&context, &shell(), &typed, &[rule]).await.unwrap();
    }
    let by = Acting { actor: Actor::person(&nora.id, &nora.email), ..acting() };
    world.request_at(SHOP, "/a").await;
    let new = world.new_invalidation(WORKSHOP, "/b").await;
    commands::request_invalidation(&context, &by, &new).await.unwrap();
    tellers.tell_later(&world).await;
    let items = |receiver: &Receiver| {
        let told = receiver.taken();
        let items = told.iter().map(|one| one.json()["data"]["notices"][0]["items"][0].clone());
        items.collect::<Vec<_>>()
    };
    assert_eq!(
        (items(&shop), items(&ada), items(&web)),
        (vec![json!("/a")], vec![json!("/b")], vec![json!("/b")])
    );
    world.finish().await;
}

#[tokio::test]
async fn budgets_paused_accounts_and_a_broken_history_are_told_once() {
    let mut world = World::new().await;
    let tellers = Tellers::new(&mut world, 1);
    let receiver = Receiver::listening().await;
    let topics = ["budget_reached", "account_paused", "history_broken"];
    webhook(&world, &receiver, &[rule(&topics)]).await.unwrap();
    tellers.tell().await;
    assert_eq!(receiver.taken().len(), 0);
    let budget = commands::BudgetChange {
        kind: BudgetKind::Distribution,
        named: SHOP.to_owned(),
        soft_items: Some(1),
        hard_items: Some(5),
    };
    commands::set_budget(&world.command_context, &shell(), &budget).await.unwrap();
    world.request_at(SHOP, "/a\n/b").await;
    let pause =
        "UPDATE account SET paused_at = 7, retry_at = 9999999999999999, problem_kind = 'access_denied',
                 problem_code = 'AccessDenied', problem_message = ''";
    world.database.raw().await.run(pause).await.unwrap();
    world.database.raw().await.run("UPDATE audit_check SET broken_at = 3").await.unwrap();
    for _ in 0..3 {
        world.advance(seconds(31));
        tellers.tell().await;
    }
    let told = receiver.taken();
    let mut kinds: Vec<String> = told.iter().map(|one| one.kind().0).collect();
    kinds.sort();
    assert_eq!(kinds, ["account.paused", "budget.reached", "history.broken"]);
    let budget = told.iter().find(|one| one.kind().0 == "budget.reached").unwrap();
    let detail = budget.json()["data"]["notices"][0]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("2 of the soft budget of 1 items"), "{detail}");
    world
        .database
        .raw()
        .await
        .run("UPDATE account SET paused_at = NULL, retry_at = NULL, problem_kind = NULL")
        .await
        .unwrap();
    world.database.raw().await.run("UPDATE audit_check SET broken_at = NULL").await.unwrap();
    world.finish().await;
}

#[tokio::test]
async fn what_was_done_to_a_channel_is_in_the_history_without_its_secrets() {
    let mut world = World::new().await;
    let _tellers = Tellers::new(&mut world, 1);
    let receiver = Receiver::listening().await;
    let (channel, key) = webhook(&world, &receiver, &[rule(&["failed"])]).await.unwrap();
    commands::test_channel(&world.command_context, &shell(), &channel.id).await.unwrap();
    commands::change_signing_key(&world.command_context, &shell(), &channel.id).await.unwrap();
    commands::remove_channel(&world.command_context, &shell(), &channel.id).await.unwrap();
    let events: Vec<_> =
        world.history().await.into_iter().rev().take(4).map(|chained| chained.event).collect();
    let actions: Vec<Action> = events.iter().rev().map(|event| event.action).collect();
    let expected =
        [Action::ChannelAdded, Action::ChannelTested, Action::ChannelKeyChanged, Action::ChannelRemoved];
    assert_eq!(actions, expected);
    assert_eq!(events[3].target, Target::Settings("notification channel Programs".to_owned()));
    assert!(events[3].new.ends_with("on: failed") && events[3].new.starts_with("webhook at 127.0.0.1:"));
    let all = format!("{events:?}");
    assert!(!all.contains("hush-hush") && !all.contains(&key.stored()), "{all}");
    world.finish().await;
}
