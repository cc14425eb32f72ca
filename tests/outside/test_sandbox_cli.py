"""The AWS CLI, which nobody here wrote, takes the sandbox for CloudFront."""

import json
import urllib.request

import pytest
from conftest import WORKSHOP


def create(sandbox, *paths):
    code, answer, complaint = sandbox.aws("create-invalidation", "--distribution-id", WORKSHOP, "--paths", *paths)
    assert (code, complaint) == (0, "")
    return answer


def test_it_lists_distributions(sandbox):
    code, answer, complaint = sandbox.aws("list-distributions")
    assert (code, complaint) == (0, "")
    assert answer["DistributionList"]["Items"][0]["Id"] == WORKSHOP
    code, answer, _ = sandbox.aws("list-distributions", "--page-size", "2", "--query", "DistributionList.Items[].Comment")
    assert (code, answer[0], len(answer)) == (0, "StudentWebsiteDistribution", 5)


def test_it_creates_gets_and_lists_an_invalidation(sandbox):
    created = create(sandbox, "/index.html", "/styles.css", "/img/*")
    invalidation = created["Invalidation"]
    assert invalidation["Status"] == "InProgress"
    assert created["Location"].endswith(invalidation["Id"])
    # The CLI keeps the order of its arguments or not, as it pleases.
    assert set(invalidation["InvalidationBatch"]["Paths"]["Items"]) == {"/index.html", "/styles.css", "/img/*"}
    assert invalidation["InvalidationBatch"]["CallerReference"].startswith("cli-")
    code, found, _ = sandbox.aws("get-invalidation", "--distribution-id", WORKSHOP, "--id", invalidation["Id"])
    assert (code, found["Invalidation"]) == (0, invalidation)
    code, listed, _ = sandbox.aws("list-invalidations", "--distribution-id", WORKSHOP, "--max-items", "1")
    assert (code, listed["InvalidationList"]["Items"][0]["Id"]) == (0, invalidation["Id"])


def test_its_wait_ends_when_the_invalidation_is_complete(sandbox):
    created = create(sandbox, "/*")["Invalidation"]["Id"]
    wait = ("wait", "invalidation-completed", "--distribution-id", WORKSHOP, "--id", created)
    sandbox.advance(20)
    assert sandbox.aws(*wait) == (0, None, "")
    # Its first look is at once: the next one would come 20 seconds later.
    assert [call["operation"] for call in sandbox.calls()] == ["CreateInvalidation", "GetInvalidation"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["create-invalidation", "--distribution-id", "E00000000000", "--paths", "/*"], "NoSuchDistribution"),
        (["create-invalidation", "--distribution-id", WORKSHOP, "--paths", "no-slash"], "InvalidArgument"),
        (["get-invalidation", "--distribution-id", WORKSHOP, "--id", "I0"], "NoSuchInvalidation"),
        (["create-invalidation", "--distribution-id", WORKSHOP, "--paths", *[f"/{n}*" for n in range(16)]],
         "TooManyInvalidationsInProgress"),
    ],
)
def test_it_names_the_refusal(sandbox, arguments, code):
    status, _, complaint = sandbox.aws(*arguments)
    assert status != 0
    assert f"An error occurred ({code}) when calling the" in complaint


def test_it_is_denied_as_by_aws(sandbox):
    status, _, complaint = sandbox.aws("list-distributions", access_key="AKIADENIED")
    assert status != 0
    assert "(AccessDenied)" in complaint
    assert "because no identity-based policy allows the cloudfront:ListDistributions action" in complaint


def test_the_workshops_walk_brings_the_new_file_to_viewers(sandbox):
    def view():
        request = urllib.request.Request(f"{sandbox.edge}/styles.css", headers={"Host": "d12345678.cloudfront.net"})
        with urllib.request.urlopen(request) as answer:
            return answer.headers["X-Cache"], answer.read().decode()

    (site,) = [row for row in sandbox.control("GET", "distributions") if row["id"] == WORKSHOP]
    _, old = view()
    with open(f"{site['origin']}/styles.css", "w", encoding="utf-8") as file:
        file.write(old.replace("version 1", "version 2"))
    assert view() == ("Hit from cloudfront", old)
    create(sandbox, "/*")
    assert view() == ("Hit from cloudfront", old)
    sandbox.advance(5)
    source, new = view()
    assert (source, "version 2" in new) == ("Miss from cloudfront", True)
    assert view() == ("Hit from cloudfront", new)
    assert json.dumps(sandbox.calls()).count("CreateInvalidation") == 1
