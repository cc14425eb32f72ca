"""boto3, which nobody here wrote, takes the sandbox for CloudFront."""

import time
import uuid
from datetime import datetime, timezone

import pytest
from botocore import UNSIGNED
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError, WaiterError
from botocore.parsers import ResponseParserError
from conftest import SHOP, WORKSHOP


def batch(*items, reference=None):
    return {"Paths": {"Quantity": len(items), "Items": list(items)}, "CallerReference": reference or str(uuid.uuid4())}


def create(client, *items, distribution=WORKSHOP, reference=None):
    return client.create_invalidation(DistributionId=distribution, InvalidationBatch=batch(*items, reference=reference))


def required_members(shape, value, where):
    """Everything that the service model requires is there, all the way down."""
    if shape.type_name == "structure":
        for name in shape.required_members:
            assert name in value, f"{where}.{name} is missing"
        for name, inner in value.items():
            required_members(shape.members[name], inner, f"{where}.{name}")
    elif shape.type_name == "list":
        for n, inner in enumerate(value):
            required_members(shape.member, inner, f"{where}[{n}]")


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("list_distributions", {}),
        ("get_distribution", {"Id": SHOP}),
        ("get_distribution_config", {"Id": SHOP}),
        ("list_invalidations", {"DistributionId": SHOP}),
        ("list_cache_policies", {}),
        ("list_continuous_deployment_policies", {}),
        ("list_tags_for_resource", {"Resource": f"arn:aws:cloudfront::123456789012:distribution/{SHOP}"}),
    ],
)
def test_answers_have_all_that_the_service_model_requires(sandbox, operation, arguments):
    client = sandbox.client()
    create(client, "/a", distribution=SHOP)
    answer = getattr(client, operation)(**arguments)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36
    del answer["ResponseMetadata"]
    assert answer
    name = client.meta.method_to_api_mapping[operation]
    required_members(client.meta.service_model.operation_model(name).output_shape, answer, name)


def test_distributions_are_listed_with_the_workshops_first(sandbox):
    listed = sandbox.client().list_distributions()["DistributionList"]
    first, shop = listed["Items"][:2]
    assert (first["Id"], first["Comment"]) == (WORKSHOP, "StudentWebsiteDistribution")
    assert (first["DomainName"], first["Aliases"]) == ("d12345678.cloudfront.net", {"Quantity": 0})
    assert (first["Status"], first["Enabled"], first["Staging"]) == ("Deployed", True, False)
    assert isinstance(first["LastModifiedTime"], datetime)
    assert shop["Aliases"]["Items"] == ["shop.example.com"]
    assert {row["Status"] for row in listed["Items"]} == {"Deployed", "InProgress"}
    assert {row["Enabled"] for row in listed["Items"]} == {True, False}
    assert (listed["Quantity"], listed["IsTruncated"], listed["MaxItems"]) == (len(listed["Items"]), False, 100)


def test_distributions_are_paged(sandbox):
    pages = list(sandbox.client().get_paginator("list_distributions").paginate(PaginationConfig={"PageSize": 2}))
    assert [page["DistributionList"]["Quantity"] for page in pages] == [2, 2, 1]
    ids = [row["Id"] for page in pages for row in page["DistributionList"]["Items"]]
    assert len(set(ids)) == 5


def test_the_configuration_names_root_object_and_tag_header(sandbox):
    client = sandbox.client()
    shop = client.get_distribution_config(Id=SHOP)
    assert shop["DistributionConfig"]["CacheTagConfig"] == {"HeaderName": "x-amz-meta-cache-tag"}
    assert shop["DistributionConfig"]["DefaultRootObject"] == "index.html"
    assert shop["ETag"] == client.get_distribution(Id=SHOP)["ETag"]
    assert "CacheTagConfig" not in client.get_distribution_config(Id=WORKSHOP)["DistributionConfig"]


def test_a_primary_distribution_names_its_staging_distribution_by_a_policy(sandbox):
    client = sandbox.client()
    staging, domain = "E0STAGING00000", "d0staging.cloudfront.net"
    sandbox.control("POST", "distributions", {"id": staging, "domain": domain, "staging": True})
    header = {"name": "aws-cf-cd-release", "value": "42"}
    policy = {"id": "policy-1", "enabled": True, "staging_domains": [domain], "traffic": {"header": header}}
    sandbox.control("POST", "distributions", {"id": SHOP, "continuous_deployment": policy})
    try:
        named = client.get_distribution_config(Id=SHOP)["DistributionConfig"]["ContinuousDeploymentPolicyId"]
        answer = client.list_continuous_deployment_policies()
        del answer["ResponseMetadata"]
        model = client.meta.service_model.operation_model("ListContinuousDeploymentPolicies")
        required_members(model.output_shape, answer, "ListContinuousDeploymentPolicies")
        (row,) = answer["ContinuousDeploymentPolicyList"]["Items"]
        found = row["ContinuousDeploymentPolicy"]
        assert found["Id"] == named == "policy-1"
        assert found["ContinuousDeploymentPolicyConfig"] == {
            "StagingDistributionDnsNames": {"Quantity": 1, "Items": [domain]},
            "Enabled": True,
            "TrafficConfig": {
                "SingleHeaderConfig": {"Header": "aws-cf-cd-release", "Value": "42"}, "Type": "SingleHeader",
            },
        }
        listed = client.list_distributions()["DistributionList"]["Items"]
        assert [row["Id"] for row in listed if row["Staging"]] == [staging]
        policy["traffic"] = {"weight": "0.05"}
        sandbox.control("POST", "distributions", {"id": SHOP, "continuous_deployment": policy})
        (row,) = client.list_continuous_deployment_policies()["ContinuousDeploymentPolicyList"]["Items"]
        config = row["ContinuousDeploymentPolicy"]["ContinuousDeploymentPolicyConfig"]
        assert config["TrafficConfig"] == {"SingleWeightConfig": {"Weight": 0.05}, "Type": "SingleWeight"}
    finally:
        sandbox.control("POST", "distributions", {"id": SHOP, "continuous_deployment": None})
        sandbox.control("POST", "distributions", {"id": staging, "delete": True})


def test_an_invalidation_is_created_found_and_completes(sandbox):
    client = sandbox.client()
    before = datetime.now(timezone.utc)
    items = ("/index.html", "/a%20b?x=1&y=2", "/img/*", "#product:radio")
    created = create(client, *items, reference="r <&> 'ü'")
    invalidation = created["Invalidation"]
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert created["Location"].endswith(f"/distribution/{WORKSHOP}/invalidation/{invalidation['Id']}")
    assert invalidation["Status"] == "InProgress"
    assert invalidation["CreateTime"] > before.replace(microsecond=0)
    assert invalidation["InvalidationBatch"]["Paths"] == {"Quantity": 4, "Items": list(items)}
    assert invalidation["InvalidationBatch"]["CallerReference"] == "r <&> 'ü'"
    found = client.get_invalidation(DistributionId=WORKSHOP, Id=invalidation["Id"])
    assert found["Invalidation"] == invalidation
    sandbox.advance(20)
    found = client.get_invalidation(DistributionId=WORKSHOP, Id=invalidation["Id"])
    assert found["Invalidation"] == {**invalidation, "Status": "Completed"}


def test_250_invalidations_are_paged_newest_first(sandbox):
    client = sandbox.client()
    sandbox.control("POST", "distributions", {"id": "E250PAGES00000", "comment": "many"})
    made = []
    for n in range(250):
        made.append(create(client, f"/{n}", distribution="E250PAGES00000")["Invalidation"]["Id"])
    paginator = client.get_paginator("list_invalidations")
    for size, sizes in [(None, [100, 100, 50]), (60, [60, 60, 60, 60, 10]), (250, [100, 100, 50]), (50, [50] * 5)]:
        pages = list(paginator.paginate(DistributionId="E250PAGES00000", PaginationConfig={"PageSize": size}))
        rows = [row for page in pages for row in page["InvalidationList"].get("Items", [])]
        assert [row["Id"] for row in rows] == made[::-1]
        assert [page["InvalidationList"]["Quantity"] for page in pages] == sizes
        assert [page["InvalidationList"]["IsTruncated"] for page in pages] == [True] * (len(sizes) - 1) + [False]
    assert set(rows[0]) == {"Id", "CreateTime", "Status"}


def test_an_empty_list_has_no_items(sandbox):
    sandbox.control("POST", "distributions", {"id": "E0EMPTY0000000"})
    listed = sandbox.client().list_invalidations(DistributionId="E0EMPTY0000000")["InvalidationList"]
    assert (listed["Quantity"], listed["IsTruncated"], listed.get("Items", [])) == (0, False, [])


def test_the_waiter_waits_for_completion(sandbox):
    client = sandbox.client()
    created = create(client, "/*")["Invalidation"]["Id"]
    waiter = client.get_waiter("invalidation_completed")
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        waiter.wait(DistributionId=WORKSHOP, Id=created, WaiterConfig={"Delay": 0, "MaxAttempts": 3})
    sandbox.advance(20)
    waiter.wait(DistributionId=WORKSHOP, Id=created, WaiterConfig={"Delay": 0, "MaxAttempts": 1})


def test_the_waiter_for_deployment_knows_the_status(sandbox):
    waiter = sandbox.client().get_waiter("distribution_deployed")
    waiter.wait(Id=WORKSHOP, WaiterConfig={"Delay": 0, "MaxAttempts": 1})
    with pytest.raises(WaiterError):
        waiter.wait(Id="E2LAUNCH4J6HGF", WaiterConfig={"Delay": 0, "MaxAttempts": 2})


def refused(exception, status, act):
    with pytest.raises(exception) as raised:
        act()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert raised.value.response["Error"]["Message"]
    return raised.value.response["Error"]


def test_refusals_are_the_exceptions_of_the_service_model(sandbox):
    client = sandbox.client()
    known = client.exceptions
    many = [f"/{n}" for n in range(3_016)]
    wild = [f"/{n}/*" for n in range(16)]
    uneven = {**batch("/a"), "Paths": {"Quantity": 2, "Items": ["/a"]}}
    refused(known.NoSuchDistribution, 404, lambda: create(client, "/a", distribution="E00000000000"))
    refused(known.NoSuchDistribution, 404, lambda: client.get_distribution_config(Id="E00000000000"))
    refused(known.NoSuchInvalidation, 404, lambda: client.get_invalidation(DistributionId=WORKSHOP, Id="I0"))
    refused(known.InvalidArgument, 400, lambda: create(client, "no-slash"))
    refused(known.InvalidArgument, 400, lambda: create(client, "/with space"))
    refused(known.InvalidArgument, 400, lambda: create(client, "/é"))
    refused(known.InvalidArgument, 400, lambda: client.list_invalidations(DistributionId=WORKSHOP, MaxItems="x"))
    refused(known.InconsistentQuantities, 400, lambda: client.create_invalidation(
        DistributionId=WORKSHOP, InvalidationBatch=uneven))
    refused(known.BatchTooLarge, 413, lambda: create(client, *many))
    refused(known.TooManyInvalidationsInProgress, 400, lambda: create(client, *many[:3_001]))
    refused(known.TooManyInvalidationsInProgress, 400, lambda: create(client, *wild))
    refused(known.NoSuchResource, 404, lambda: client.list_tags_for_resource(
        Resource="arn:aws:cloudfront::123456789012:distribution/E00000000000"))
    denied = sandbox.client("AKIADENIED")
    error = refused(denied.exceptions.AccessDenied, 403, lambda: create(denied, "/a"))
    assert "is not authorized to perform: cloudfront:CreateInvalidation on resource" in error["Message"]


def test_an_empty_body_is_missed(sandbox):
    client = sandbox.client()

    def strip(request, **_):
        request.data = b""

    client.meta.events.register("before-sign.cloudfront.CreateInvalidation", strip)
    refused(client.exceptions.MissingBody, 400, lambda: create(client, "/a"))


@pytest.mark.parametrize(
    ("key", "code"),
    [("AKIAEXPIRED", "ExpiredToken"), ("AKIAINVALID", "InvalidClientTokenId")],
)
def test_bad_credentials_have_their_codes(sandbox, key, code):
    assert refused(ClientError, 403, sandbox.client(key).list_distributions)["Code"] == code


def test_an_unsigned_call_is_refused(sandbox):
    client = sandbox.client(signature_version=UNSIGNED)
    assert refused(ClientError, 403, client.list_distributions)["Code"] == "MissingAuthenticationToken"


def test_a_caller_reference_makes_sending_twice_harmless(sandbox):
    client = sandbox.client()
    reference = str(uuid.uuid4())
    first = create(client, "/a", "/b*", reference=reference)["Invalidation"]
    assert create(client, "/b*", "/a", reference=reference)["Invalidation"] == first
    taken = refused(ClientError, 409, lambda: create(client, "/a", reference=reference))
    assert taken["Code"] == "InvalidationBatchAlreadyExists"
    sandbox.settings(conflicting_reference="invalid_argument")
    used = refused(client.exceptions.InvalidArgument, 400, lambda: create(client, "/a", reference=reference))
    assert "caller reference that was used for a previous invalidation batch" in used["Message"]


def test_throttling_and_server_errors_are_retried_with_the_same_reference(sandbox):
    client = sandbox.client(retries=2)
    sandbox.faults({"operation": "CreateInvalidation", "kind": "throttle", "times": 1},
                   {"operation": "CreateInvalidation", "kind": "server_error", "times": 1})
    assert create(client, "/a")["ResponseMetadata"]["RetryAttempts"] == 2
    calls = sandbox.calls()
    assert [call["code"] for call in calls] == ["Throttling", "ServiceUnavailable", None]
    assert len({call["caller_reference"] for call in calls}) == 1
    sandbox.faults({"operation": "*", "kind": "throttle"})
    assert refused(ClientError, 400, client.list_distributions)["Code"] == "Throttling"


def test_a_lost_answer_is_healed_by_asking_again(sandbox):
    client = sandbox.client(retries=1)
    sandbox.faults({"operation": "CreateInvalidation", "kind": "lost", "times": 1})
    created = create(client, "/a")["Invalidation"]["Id"]
    calls = sandbox.calls()
    assert [(call["invalidation"], call["created"]) for call in calls] == [(created, True), (created, False)]


@pytest.mark.parametrize(
    ("kind", "exception", "done"),
    [
        ("reset", (ConnectionClosedError, EndpointConnectionError), False),
        ("lost", ConnectionClosedError, True),
        ("malformed", ResponseParserError, True),
        ("expired", ClientError, False),
        ("access_denied", ClientError, False),
    ],
)
def test_faults_reach_the_caller(sandbox, kind, exception, done):
    sandbox.faults({"operation": "CreateInvalidation", "kind": kind})
    with pytest.raises(exception):
        create(sandbox.client(), "/a")
    (call,) = sandbox.calls()
    assert (call["fault"], call["created"]) == (kind, done)


def test_a_hanging_call_runs_into_the_callers_own_limit(sandbox):
    sandbox.faults({"operation": "ListDistributions", "kind": "hang"})
    began = time.monotonic()
    with pytest.raises(ReadTimeoutError):
        sandbox.client(read_timeout=0.3).list_distributions()
    assert 0.3 <= time.monotonic() - began < 5


def test_an_unknown_status_is_passed_on(sandbox):
    sandbox.faults({"operation": "CreateInvalidation", "kind": "unknown_status"})
    assert create(sandbox.client(), "/a")["Invalidation"]["Status"] == "Frobbing"
