"""boto3 takes the sandbox for CloudTrail, as far as it is one."""

import json
import uuid

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import SHOP, WORKSHOP

WANTED = [{"AttributeKey": "EventName", "AttributeValue": "CreateInvalidation"}]


def trail(sandbox, access_key="AKIATEST"):
    return boto3.client(
        "cloudtrail",
        endpoint_url=sandbox.api,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}, proxies={}),
    )


def create(sandbox, access_key, distribution=WORKSHOP):
    batch = {"Paths": {"Quantity": 1, "Items": ["/a"]}, "CallerReference": str(uuid.uuid4())}
    client = sandbox.client(access_key)
    made = client.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)["Invalidation"]
    return made["Id"], made["CreateTime"]


def test_who_made_an_invalidation(sandbox):
    invalidation, made_at = create(sandbox, "AKIAGRACE", SHOP)
    newest = trail(sandbox).lookup_events(LookupAttributes=WANTED, MaxResults=1)["Events"][0]
    assert (newest["EventName"], newest["EventSource"]) == ("CreateInvalidation", "cloudfront.amazonaws.com")
    assert newest["EventTime"] == made_at.replace(microsecond=0)
    record = json.loads(newest["CloudTrailEvent"])
    assert record["userIdentity"]["arn"] == "arn:aws:iam::123456789012:user/AKIAGRACE"
    assert record["requestParameters"]["distributionId"] == SHOP
    assert record["responseElements"]["invalidation"]["id"] == invalidation
    assert record["awsRegion"] == "us-east-1"


def test_pages_newest_first_between_two_times(sandbox):
    made = [create(sandbox, "AKIAGRACE") for _ in range(5)]
    start = made[0][1]
    seen, token = [], {}
    while True:
        # Two calls a second are all that AWS allows.
        sandbox.advance(1)
        page = trail(sandbox).lookup_events(LookupAttributes=WANTED, StartTime=start, MaxResults=2, **token)
        assert len(page["Events"]) <= 2
        seen += [json.loads(event["CloudTrailEvent"])["responseElements"]["invalidation"]["id"] for event in page["Events"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert sorted(seen) == sorted(id for id, _ in made)


def test_what_it_says_no_to(sandbox):
    def refused(**arguments):
        with pytest.raises(ClientError) as error:
            trail(sandbox, arguments.pop("access_key", "AKIATEST")).lookup_events(LookupAttributes=WANTED, **arguments)
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return error.value.response["Error"]["Code"]

    assert refused(access_key="AKIADENIED") == "AccessDeniedException"
    assert refused(access_key="AKIAEXPIRED") == "ExpiredTokenException"
    assert refused(NextToken="stale") == "InvalidNextTokenException"
    trail(sandbox).lookup_events(LookupAttributes=WANTED)
    assert refused() == "ThrottlingException"


def test_it_is_late_and_forgets(sandbox):
    sandbox.settings(trail_after_ms=300_000)
    create(sandbox, "AKIAGRACE")
    count = lambda: len(trail(sandbox).lookup_events(LookupAttributes=WANTED)["Events"])
    before = count()
    sandbox.advance(301)
    assert count() == before + 1
    sandbox.advance(91 * 86_400)
    assert count() == 0
