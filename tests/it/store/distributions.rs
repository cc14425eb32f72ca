//! The catalogue of distributions.

use unstale::{
    domain::{
        access::{Access, Granted, Role, Scope, grant_scope::GrantScope},
        actor::Actor,
        distributions::{
            delivery::{Behavior, CustomErrorResponse, DeliverySettings},
            distribution::{Distribution, DistributionConfig, ListPosition},
        },
        id::DistributionId,
        invalidations::{invalidation::InvalidationState, outside::BackfillPosition},
        time::Timestamp,
    },
    store::{
        StoreError,
        distributions::{self, DistributionCounts, LastRequest, cache_policies, distribution_tags},
        invalidations::outside,
    },
};

use super::given::{self, ACCOUNT, id};
use crate::support::{Database, actor, all_seen, at, distribution, on_each_engine};

async fn find(database: &Database, distribution: &str) -> Option<Distribution> {
    database.get(async |conn| distributions::find(conn, &id(distribution)).await).await
}

async fn what_was_seen_is_kept(database: &Database) {
    given::distributions(database, &["E2", "E1"]).await;
    assert_eq!(find(database, "E1").await, Some(distribution("E1")));
    assert_eq!(find(database, "E3").await, None);
    let all = database.get(async |conn| distributions::list(conn).await).await;
    assert_eq!(all, [distribution("E1"), distribution("E2")]);
    let account = database.get(async |conn| distributions::account(conn, &id("E1")).await).await;
    assert_eq!(account, ACCOUNT);
    let unknown = distributions::account(&mut *database.read().await, &id("E3")).await;
    assert!(matches!(unknown, Err(StoreError::Unreadable(_))), "{unknown:?}");
}

async fn what_changed_takes_the_place_of_what_was_seen(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let changed = Distribution {
        domain_name: "other.cloudfront.net".to_owned(),
        aliases: Vec::new(),
        comment: String::new(),
        enabled: false,
        status: "InProgress".to_owned(),
        staging: true,
        tenant_only: true,
        origins: vec!["a".to_owned(), "b".to_owned()],
        last_modified: at(7),
        seen_at: at(8),
        ..distribution("E1")
    };
    database.write(async |tx| distributions::upsert(tx, &changed).await).await;
    assert_eq!(find(database, "E1").await, Some(changed));
}

async fn a_configuration_is_read_again_after_a_change(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let without = async || database.get(async |conn| distributions::without_config(conn, 9).await).await;
    assert_eq!(without().await, [(id("E1"), at(0)), (id("E2"), at(0))]);
    let config = DistributionConfig {
        root_object: Some("index.html".to_owned()),
        tag_header: None,
        query_strings: Some(true),
        delivery: DeliverySettings {
            web_acl: true,
            custom_errors: vec![CustomErrorResponse {
                code: 403,
                response_code: Some(200),
                page: Some("/index.html".to_owned()),
            }],
            behaviors: vec![Behavior { pattern: "*".to_owned(), min_ttl: Some(60), ..Behavior::default() }],
            ..DeliverySettings::default()
        },
    };
    database.write(async |tx| distributions::set_config(tx, &id("E1"), &config, at(0)).await).await;
    assert_eq!(find(database, "E1").await.unwrap().config, Some(config.clone()));
    assert_eq!(without().await, [(id("E2"), at(0))]);
    let changed = Distribution { last_modified: at(9), ..distribution("E1") };
    database.write(async |tx| distributions::upsert(tx, &changed).await).await;
    assert_eq!(find(database, "E1").await.unwrap().config, Some(config), "the old one serves until then");
    assert_eq!(without().await, [(id("E1"), at(9)), (id("E2"), at(0))]);
    database.write(async |tx| distributions::set_claimed(tx, &id("E2"), at(1)).await).await;
    let first = database.get(async |conn| distributions::without_config(conn, 1).await).await;
    assert_eq!(first, [(id("E2"), at(0))], "what is used comes first");
}

async fn a_multi_tenant_one_is_looked_at_by_nobody(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let distribution = Distribution { tenant_only: true, ..distribution("E2") };
    database.write(async |tx| distributions::upsert(tx, &distribution).await).await;
    let tenant_only = async |distribution: &str| {
        let distribution = id(distribution);
        database.get(async |conn| distributions::is_tenant_only(conn, &distribution).await).await
    };
    assert!(tenant_only("E2").await && !tenant_only("E1").await && !tenant_only("E3").await);
    let due = database.get(async |conn| distributions::outside_due(conn, at(9)).await).await;
    assert_eq!(due, [id("E1")]);
    let tags = database.get(async |conn| distribution_tags::due(conn, at(9)).await).await;
    assert_eq!(tags.map(|(distribution, _)| distribution), Some(id("E1")));
    let reading = BackfillPosition { older: true, ..BackfillPosition::new(id("E2"), at(0)) };
    database.write(async |tx| outside::save(tx, &reading).await).await;
    assert_eq!(database.get(async |conn| outside::next(conn).await).await, None);
}

async fn the_account_is_that_of_the_last_list(database: &Database) {
    let listed = async || database.get(async |conn| distributions::account_listed(conn).await).await;
    assert_eq!(listed().await, None);
    given::distributions(database, &["E1"]).await;
    assert_eq!(listed().await.as_deref(), Some(ACCOUNT));
}

async fn one_that_is_gone_comes_last_and_may_come_back(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let gone = async |now: Timestamp| {
        database.write(async |tx| distributions::set_gone(tx, &id("E1"), now).await).await;
    };
    gone(at(5)).await;
    gone(at(9)).await;
    assert_eq!(find(database, "E1").await.unwrap().gone_at, Some(at(5)), "gone since the first time");
    let order = database.get(async |conn| distributions::list(conn).await).await;
    assert_eq!(order.iter().map(|distribution| distribution.id.as_str()).collect::<Vec<_>>(), ["E2", "E1"]);
    let without = database.get(async |conn| distributions::without_config(conn, 9).await).await;
    assert_eq!(without, [(id("E2"), at(0))], "one that is gone is not asked for");
    given::distributions(database, &["E1"]).await;
    assert_eq!(find(database, "E1").await.unwrap().gone_at, None);
}

async fn outside_looks_come_in_turn(database: &Database) {
    given::distributions(database, &["E1", "E2", "E3"]).await;
    database
        .write(async |tx| {
            distributions::set_outside_due(tx, &id("E1"), at(20)).await?;
            distributions::set_outside_due(tx, &id("E2"), at(10)).await?;
            distributions::set_gone(tx, &id("E3"), at(0)).await
        })
        .await;
    let due = async |now| database.get(async |conn| distributions::outside_due(conn, now).await).await;
    assert_eq!(due(at(9)).await, []);
    assert_eq!(due(at(10)).await, [id("E2")]);
    assert_eq!(due(at(20)).await, [id("E2"), id("E1")]);
}

async fn the_last_request_of_each_is_told(database: &Database) {
    given::distributions(database, &["E1", "E2", "E3"]).await;
    given::request(database, "E1", 10, &[&["/a"]]).await;
    given::request(database, "E1", 30, &[&["/b"]]).await;
    given::request(database, "E2", 20, &[&["/c"]]).await;
    let (one, two, three) = (id("E1"), id("E2"), id("E3"));
    let of = async |ids: &[&DistributionId]| {
        database.get(async |conn| distributions::last_requests(conn, ids).await).await
    };
    let last = of(&[&one, &two, &three]).await;
    assert_eq!(last.len(), 2);
    let queued = |seconds| LastRequest {
        requested_at: at(seconds),
        actor_name: "ada@example.com".to_owned(),
        state: InvalidationState::Queued,
        ended_at: None,
    };
    assert_eq!((&last[&one], &last[&two]), (&queued(30), &queued(20)));
    assert_eq!(of(&[&two, &id("E'\0")]).await.len(), 1);
    assert!(of(&[]).await.is_empty());
    let used = async |actor| database.get(async |conn| distributions::last_used_by(conn, &actor).await).await;
    assert_eq!(used(actor()).await, Some(one));
    assert_eq!(used(Actor::Service).await, None);
}

fn narrowed(distributions: &[&str]) -> Access {
    let granted = Granted {
        distributions: distributions.iter().map(|distribution| id(distribution)).collect(),
        scope: GrantScope::whole(),
    };
    Access::new(Role::Viewer, Scope::Only(vec![granted]))
}

fn ids(distributions: &[Distribution]) -> Vec<&str> {
    distributions.iter().map(|distribution| distribution.id.as_str()).collect()
}

async fn pages_come_one_after_the_other(database: &Database) {
    given::distributions(database, &["E1", "E2", "E3", "E4", "E5"]).await;
    database.write(async |tx| distributions::set_gone(tx, &id("E1"), at(5)).await).await;
    database.write(async |tx| distributions::set_gone(tx, &id("E4"), at(5)).await).await;
    let all = all_seen();
    let page = async |access: &Access, after: Option<ListPosition>| {
        database.get(async |conn| distributions::page(conn, access, after.as_ref(), 2).await).await
    };
    let first = page(&all, None).await;
    assert_eq!(ids(&first), ["E2", "E3"]);
    let second = page(&all, Some(ListPosition::of(&first[1]))).await;
    assert_eq!(ids(&second), ["E5", "E1"]);
    let third = page(&all, Some(ListPosition::of(&second[1]))).await;
    assert_eq!(ids(&third), ["E4"]);
    assert!(page(&all, Some(ListPosition::of(&third[0]))).await.is_empty());
    let few = narrowed(&["E1", "E5"]);
    assert_eq!(ids(&page(&few, None).await), ["E5", "E1"]);
    assert!(page(&narrowed(&[]), None).await.is_empty());
    let known =
        async |access: &Access| database.get(async |conn| distributions::known(conn, access).await).await;
    assert_eq!(known(&all).await, DistributionCounts { here: 3, gone: 2 });
    assert_eq!(known(&few).await, DistributionCounts { here: 1, gone: 1 });
    assert_eq!(known(&narrowed(&[])).await, DistributionCounts { here: 0, gone: 0 });
    let (two, five, none) = (id("E2"), id("E5"), id("E\0"));
    let some = database.get(async |conn| distributions::some(conn, &[&five, &two, &none]).await).await;
    assert_eq!(ids(&some), ["E2", "E5"]);
}

async fn pages_are_in_the_order_of_names(database: &Database) {
    given::distributions(database, &["E1", "E2", "E3", "E4"]).await;
    let named = [("E1", "zebra.example.com"), ("E2", "Café"), ("E3", "apple"), ("E4", "Berry")];
    let seen: Vec<Distribution> = named
        .into_iter()
        .map(|(id, comment)| Distribution {
            comment: comment.to_owned(),
            aliases: Vec::new(),
            ..distribution(id)
        })
        .collect();
    for one in &seen {
        database.write(async |tx| distributions::upsert(tx, one).await).await;
    }
    let page = async |after: Option<ListPosition>| {
        database.get(async |conn| distributions::page(conn, &all_seen(), after.as_ref(), 3).await).await
    };
    let first = page(None).await;
    assert_eq!(ids(&first), ["E3", "E4", "E2"]);
    assert_eq!(ids(&page(Some(ListPosition::of(&first[2]))).await), ["E1"]);
    assert_eq!(ids(&page(Some(ListPosition::of(&first[0]))).await), ["E4", "E2", "E1"]);
}

async fn the_most_used_come_first(database: &Database) {
    given::distributions(database, &["E1", "E2", "E3"]).await;
    for (distribution, when) in [("E1", 1), ("E1", 2), ("E1", 3), ("E2", 4), ("E3", 5), ("E3", 6), ("E2", 7)]
    {
        given::request(database, distribution, when, &[&["/a"]]).await;
    }
    let used = async |access: Access, looked_at, limit| {
        database.get(async |conn| distributions::most_used(conn, &access, looked_at, limit).await).await
    };
    assert_eq!(used(all_seen(), 100, 5).await, [id("E1"), id("E2"), id("E3")]);
    assert_eq!(used(all_seen(), 4, 5).await, [id("E2"), id("E3")], "what was long ago counts no more");
    assert_eq!(used(all_seen(), 100, 1).await, [id("E1")]);
    assert_eq!(used(narrowed(&["E3"]), 2, 5).await, [id("E3")], "what is hidden counts nothing");
}

async fn policies_are_wanted_until_they_are_filled_in(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let wanted = async || database.get(async |conn| cache_policies::wanted(conn).await).await;
    let config = DistributionConfig::default();
    for (name, is_wanted) in [("E1", true), ("E2", false)] {
        database.write(async |tx| distributions::set_config(tx, &id(name), &config, at(1)).await).await;
        database.write(async |tx| cache_policies::want(tx, &id(name), is_wanted).await).await;
    }
    let mut first = wanted().await;
    assert_eq!(first.iter().map(|one| &one.distribution).collect::<Vec<_>>(), [&id("E1")]);
    let mut filled = first.remove(0);
    filled.delivery.web_acl = true;
    let stale = cache_policies::PoliciesWanted { read_for: at(0), ..filled.clone() };
    database.write(async |tx| cache_policies::fill_in(tx, &stale).await).await;
    assert_eq!(wanted().await.len(), 1, "another configuration was stored meanwhile");
    database.write(async |tx| cache_policies::fill_in(tx, &filled).await).await;
    assert!(wanted().await.is_empty());
}

on_each_engine!(
    policies_are_wanted_until_they_are_filled_in,
    what_was_seen_is_kept,
    what_changed_takes_the_place_of_what_was_seen,
    a_configuration_is_read_again_after_a_change,
    one_that_is_gone_comes_last_and_may_come_back,
    outside_looks_come_in_turn,
    the_last_request_of_each_is_told,
    a_multi_tenant_one_is_looked_at_by_nobody,
    the_account_is_that_of_the_last_list,
    pages_come_one_after_the_other,
    pages_are_in_the_order_of_names,
    the_most_used_come_first,
);
