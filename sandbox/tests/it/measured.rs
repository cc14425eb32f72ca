//! CloudWatch and the pricing plan manager, as far as they tell of distributions.

use serde_json::{Value, json};

use crate::support::{DOCS, SHOP, World, send, signed};

async fn ask(world: &World, service: &str, path: &str, target: Option<&str>, body: &Value) -> (u16, Value) {
    let signature = signed("AKIATEST").replace("/cloudfront/", &format!("/{service}/"));
    let mut headers = vec![("authorization", signature.as_str())];
    headers.extend(target.map(|target| ("x-amz-target", target)));
    let answer = send(&world.sandbox.api_url(), "POST", path, &headers, &body.to_string()).await.unwrap();
    (answer.status, serde_json::from_str(&answer.body).unwrap_or_default())
}

async fn metrics(world: &World, body: &Value) -> (u16, Value) {
    ask(world, "monitoring", "/", Some("GraniteServiceVersion20100801.GetMetricData"), body).await
}

async fn subscriptions(world: &World, body: &Value) -> (u16, Value) {
    ask(world, "pricingplanmanager", "/v1/ListSubscriptions", None, body).await
}

fn query(id: &str, distribution: &str, metric: &str, stat: &str) -> Value {
    let dimensions =
        json!([{"Name": "DistributionId", "Value": distribution}, {"Name": "Region", "Value": "Global"}]);
    let named = json!({"Namespace": "AWS/CloudFront", "MetricName": metric, "Dimensions": dimensions});
    json!({"Id": id, "MetricStat": {"Metric": named, "Period": 300, "Stat": stat}})
}

async fn given(world: &World, change: Value) {
    let (status, answer) = world.control("POST", "/_sandbox/distributions", &change.to_string()).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn metrics_have_the_numbers_that_were_given() {
    let world = World::new().await;
    given(&world, json!({"id": SHOP, "requests_a_minute": 120, "hit_rate": 90})).await;
    let queries = json!([
        query("m0", SHOP, "Requests", "Sum"),
        query("m1", SHOP, "CacheHitRate", "Average"),
        query("m2", DOCS, "Requests", "Sum"),
        query("m3", SHOP, "Requests", "p90"),
    ]);
    let mut asked =
        json!({"StartTime": 1_800_000_000, "EndTime": 1_800_003_600, "MetricDataQueries": queries});
    let (status, answer) = metrics(&world, &asked).await;
    assert_eq!(status, 200, "{answer}");
    let values = |n: usize| answer["MetricDataResults"][n]["Values"].as_array().unwrap().clone();
    assert_eq!((values(0).len(), &values(0)[0]), (12, &json!(600.0)));
    assert_eq!((values(1).len(), &values(1)[0]), (12, &json!(90.0)));
    assert_eq!((values(2).len(), values(3).len()), (0, 0));
    assert_eq!(answer["MetricDataResults"][0]["Timestamps"][0], 1_800_003_300, "newest first");
    let mut later = asked.clone();
    later["StartTime"] = json!(1_800_000_061);
    let (_, cut) = metrics(&world, &later).await;
    assert_eq!(
        cut["MetricDataResults"][0]["Values"].as_array().unwrap().len(),
        11,
        "the first period is past"
    );
    asked["MaxDatapoints"] = json!(12);
    let (_, page) = metrics(&world, &asked).await;
    assert_eq!(page["MetricDataResults"].as_array().unwrap().len(), 1);
    asked["NextToken"] = page["NextToken"].clone();
    assert_eq!(metrics(&world, &asked).await.1["MetricDataResults"][0]["Id"], "m1");
    asked["NextToken"] = json!("stale");
    assert_eq!(metrics(&world, &asked).await.1["__type"], "InvalidNextToken");
}

#[tokio::test]
async fn what_cloudwatch_refuses_is_refused() {
    let world = World::new().await;
    let of = |queries: Vec<Value>| json!({"StartTime": 0, "EndTime": 600, "MetricDataQueries": queries});
    let one = |id: &str| query(id, SHOP, "Requests", "Sum");
    let many = (0..501).map(|n| one(&format!("m{n}"))).collect();
    for wrong in [of(vec![]), of(many), of(vec![one("m0"), one("m0")]), of(vec![one("M0")])] {
        let (status, answer) = metrics(&world, &wrong).await;
        assert_eq!((status, answer["__type"].as_str().unwrap()), (400, "ValidationError"));
    }
    world.control("POST", "/_sandbox/faults", r#"[{"operation": "*", "kind": "access_denied"}]"#).await;
    let (status, answer) = metrics(&world, &of(vec![one("m0")])).await;
    assert_eq!((status, answer["__type"].as_str().unwrap()), (400, "AccessDeniedException"));
    assert!(answer["message"].as_str().unwrap().contains("perform: cloudwatch:GetMetricData on resource: *"));
}

#[tokio::test]
async fn subscriptions_are_listed_in_pages() {
    let world = World::new().await;
    given(&world, json!([{"id": SHOP, "flat_rate_plan": "PRO"}, {"id": DOCS, "flat_rate_plan": "FREE"}]))
        .await;
    let (status, all) = subscriptions(&world, &json!({})).await;
    assert_eq!((status, all["subscriptionSummaries"].as_array().unwrap().len()), (200, 2));
    assert_eq!(all["nextToken"], Value::Null);
    world.control("POST", "/_sandbox/settings", r#"{"subscriptions_a_page": 1}"#).await;
    let (_, first) = subscriptions(&world, &json!({})).await;
    assert_eq!(first["subscriptionSummaries"][0]["planTier"], "PRO");
    let (_, next) = subscriptions(&world, &json!({"nextToken": first["nextToken"]})).await;
    assert_eq!(next["subscriptionSummaries"][0]["planTier"], "FREE");
    assert_eq!(next["nextToken"], Value::Null);
    world.control("POST", "/_sandbox/faults", r#"[{"operation": "*", "kind": "throttle"}]"#).await;
    assert_eq!(subscriptions(&world, &json!({})).await.0, 429);
}
