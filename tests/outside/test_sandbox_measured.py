"""boto3 takes the sandbox for CloudWatch and for the pricing plan manager, as far as it is one."""

import datetime

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import SHOP, WORKSHOP


def client(sandbox, service, access_key="AKIATEST"):
    # CloudWatch speaks three protocols, and botocore takes CBOR first; the sandbox speaks the one of plain JSON.
    session = boto3.Session(aws_access_key_id=access_key, aws_secret_access_key="secret", region_name="us-east-1")
    if service == "cloudwatch":
        model = session._session.get_component("data_loader").load_service_model(service, "service-2")
        model["metadata"].update(protocol="json", protocols=["json"])
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, proxies={})
    return session.client(service, endpoint_url=sandbox.api, config=config)


def query(name, distribution, metric, stat):
    dimensions = [{"Name": "DistributionId", "Value": distribution}, {"Name": "Region", "Value": "Global"}]
    named = {"Namespace": "AWS/CloudFront", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": named, "Period": 300, "Stat": stat}}


def given(sandbox, distribution, **change):
    sandbox.control("POST", "distributions", {"id": distribution, **change})


START = datetime.datetime(2026, 11, 29, 20, 55, tzinfo=datetime.timezone.utc)
HOUR = {"StartTime": START, "EndTime": START + datetime.timedelta(hours=1)}


def test_what_viewers_ask_for(sandbox):
    given(sandbox, SHOP, requests_a_minute=120, hit_rate=90)
    queries = [query("m0", SHOP, "Requests", "Sum"), query("m1", SHOP, "CacheHitRate", "Average")]
    queries.append(query("m2", WORKSHOP, "Requests", "Sum"))
    cloudwatch = client(sandbox, "cloudwatch")
    results = cloudwatch.get_metric_data(MetricDataQueries=queries, **HOUR)["MetricDataResults"]
    assert [result["Id"] for result in results] == ["m0", "m1", "m2"]
    assert [result["StatusCode"] for result in results] == ["Complete"] * 3
    assert results[0]["Values"] == [600.0] * 12 and results[1]["Values"] == [90.0] * 12
    assert results[2]["Values"] == []
    assert min(results[0]["Timestamps"]) == START
    pages = cloudwatch.get_paginator("get_metric_data").paginate(MetricDataQueries=queries, MaxDatapoints=12, **HOUR)
    assert [result["Id"] for page in pages for result in page["MetricDataResults"]] == ["m0", "m1", "m2"]


def test_who_is_on_a_flat_rate_plan(sandbox):
    for distribution, tier in [(SHOP, "PRO"), (WORKSHOP, "FREE")]:
        given(sandbox, distribution, flat_rate_plan=tier)
    sandbox.settings(subscriptions_a_page=1)
    manager = client(sandbox, "pricing-plan-manager")
    seen, token = {}, {}
    while True:
        page = manager.list_subscriptions(**token)
        for summary in page["subscriptionSummaries"]:
            assert (summary["planFamily"], summary["status"]) == ("CloudFront", "ACTIVE")
            assert isinstance(summary["createdAt"], datetime.datetime)
            seen[summary["resourceArns"][0].rsplit("/")[-1]] = summary["planTier"]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert seen == {SHOP: "PRO", WORKSHOP: "FREE"}


@pytest.mark.parametrize("service", ["cloudwatch", "pricing-plan-manager"])
def test_what_they_say_no_to(sandbox, service):
    def refused(access_key="AKIATEST"):
        asked = client(sandbox, service, access_key)
        with pytest.raises(ClientError) as error:
            if service == "cloudwatch":
                asked.get_metric_data(MetricDataQueries=[query("m0", SHOP, "Requests", "Sum")], **HOUR)
            else:
                asked.list_subscriptions()
        return error.value.response["Error"]["Code"]

    assert refused("AKIADENIED") == "AccessDeniedException"
    assert refused("AKIAEXPIRED") == "ExpiredTokenException"
    sandbox.faults({"operation": "*", "kind": "throttle"})
    assert refused() == "ThrottlingException"
