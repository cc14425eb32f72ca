//! The configuration before the first change since the last request.

use unstale::{
    domain::distributions::{
        delivery::{Behavior, CustomErrorResponse, FunctionAssociation, FunctionEvent},
        distribution::DistributionConfig,
        drift::EarlierConfig,
    },
    store::distributions::drift,
};

use super::given::{distributions, id, request};
use crate::support::{Database, at, on_each_engine};

async fn an_earlier_configuration_reads_back_and_is_replaced(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    let find = async || database.get(async |conn| drift::earlier_config(conn, &id("E1")).await).await;
    assert_eq!(find().await, None);
    let mut config = DistributionConfig { tag_header: Some("X-Tag".to_owned()), ..Default::default() };
    let page = CustomErrorResponse { code: 404, response_code: None, page: Some("/404.html".to_owned()) };
    config.delivery.custom_errors.push(page);
    let function =
        FunctionAssociation { event: FunctionEvent::ViewerRequest, name: "the function a".to_owned() };
    config.delivery.behaviors.push(Behavior { functions: Some(vec![function]), ..Behavior::default() });
    for (config, until) in [(config, at(5)), (DistributionConfig::default(), at(9))] {
        database.write(async |tx| drift::set_earlier_config(tx, &id("E1"), &config, until).await).await;
        assert_eq!(find().await, Some(EarlierConfig { config, until }));
    }
}

async fn what_other_tools_make_is_no_request_here(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    let last = async || database.get(async |conn| drift::last_request(conn, &id("E1")).await).await;
    assert_eq!(last().await, None);
    request(database, "E1", 3, &[&["/a"]]).await;
    request(database, "E1", 2, &[&["/b"]]).await;
    request(database, "E2", 9, &[&["/b"]]).await;
    let newest = last().await.unwrap();
    let outside = request(database, "E1", 8, &[&["/c"]]).await;
    assert!(last().await.unwrap() > newest);
    let made = format!("UPDATE invalidation SET actor_kind = 'outside' WHERE id = '{}'", outside.id);
    database.raw().await.run(&made).await.unwrap();
    assert_eq!(last().await, Some(newest));
}

on_each_engine!(
    an_earlier_configuration_reads_back_and_is_replaced,
    what_other_tools_make_is_no_request_here,
);
