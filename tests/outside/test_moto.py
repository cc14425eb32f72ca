"""The service on moto's CloudFront, which nobody here wrote, reached by AWS_ENDPOINT_URL_CLOUDFRONT alone."""

import json
import os
import re
import subprocess
import threading
import time
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest
import requests
from conftest import ROOT
from moto.server import ThreadedMotoServer

UNSTALE = os.environ.get("UNSTALE_BIN", str(ROOT / "target/debug/unstale"))
EMAIL, PASSWORD = "operator@example.com", "correct horse battery staple"


@pytest.fixture(scope="module")
def moto():
    """A CloudFront with one distribution: its address, a client, and the distribution's ID."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "cloudfront",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    origin = {"Id": "site", "DomainName": "site.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    made = client.create_distribution(
        DistributionConfig={
            "CallerReference": "made-by-a-test",
            "Comment": "A site on moto",
            "Enabled": True,
            "DefaultRootObject": "index.html",
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "allow-all"},
        }
    )
    yield address, client, made["Distribution"]["Id"]
    server.stop()


class ContainerRole(BaseHTTPRequestHandler):
    """Hands out the credentials of a role, as ECS and EKS do for their containers."""

    def do_GET(self):  # noqa: N802
        keys = {"AccessKeyId": "ASIATESTING", "SecretAccessKey": "testing", "Token": "testing"}
        body = json.dumps({**keys, "Expiration": "2099-01-01T00:00:00Z"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(params=["keys", "the role of a container"])
def credentials(request):
    """What the service finds its credentials by."""
    if request.param == "keys":
        yield {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
        return
    with ThreadingHTTPServer(("127.0.0.1", 0), ContainerRole) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{server.server_port}/credentials"}
        server.shutdown()


@pytest.fixture
def service(moto, credentials, tmp_path):
    """The service on that CloudFront, with one operator: its address."""
    address, _, _ = moto
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL_CLOUDFRONT": address,
        # The names of its distributions lead out of this machine.
        "UNSTALE_CHECKS": "off",
        "AWS_EC2_METADATA_DISABLED": "true",
        "UNSTALE_DATABASE": f"sqlite://{tmp_path}/unstale.db",
        "UNSTALE_LISTEN": "127.0.0.1:0",
        **credentials,
    }
    add = [UNSTALE, "user", "add", EMAIL, "--role", "operator", "--password-stdin"]
    subprocess.run(add, env=environment, input=f"{PASSWORD}\n", text=True, check=True, timeout=30)
    output = tmp_path / "output.txt"
    with output.open("w") as file, subprocess.Popen([UNSTALE, "serve"], env=environment, stdout=file, stderr=file) as running:
        try:
            yield listening_address(output, running)
        finally:
            running.terminate()
            assert running.wait(timeout=10) == 0, f"SIGTERM ends it in good order:\n{output.read_text()}"


def listening_address(output: Path, running):
    """Where the service says that it listens."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and running.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:\d+", output.read_text()):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"it does not say where it listens:\n{output.read_text()}")


class Elements(HTMLParser):
    """The attributes of every element of a page."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def value(self, name):
        return next(a["value"] for tag, a in self.found if tag == "input" and a.get("name") == name)

    def states(self):
        return [a["data-state"] for _, a in self.found if "data-state" in a]


class Person:
    """Somebody who is signed in, with a browser that names where its forms come from."""

    def __init__(self, service):
        self.service = service
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Origin"] = service
        answer = self.post("/sign-in", email=EMAIL, password=PASSWORD)
        assert answer.status_code == 303, answer.text

    def get(self, path):
        answer = self.session.get(self.service + path, timeout=10, allow_redirects=False)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, path, **fields):
        return self.session.post(self.service + path, data=fields, timeout=10, allow_redirects=False)

    def wait_for(self, path, wanted, seconds=15):
        """Asks for the page until `wanted(page)`, as somebody who presses reload."""
        deadline = time.monotonic() + seconds
        while not wanted(page := self.get(path)):
            assert time.monotonic() < deadline, f"{path} did not come to it in {seconds} s:\n{page}"
            time.sleep(0.1)
        return page


def test_it_lists_creates_and_sees_completion(moto, service):
    _, client, distribution = moto
    before = invalidations(client, distribution)
    person = Person(service)

    person.wait_for("/distributions", lambda page: distribution in page)
    form = person.wait_for("/", lambda page: distribution in page)
    answer = person.post(
        "/invalidations",
        distribution=distribution,
        items="/styles.css\nimages/*",
        reason="moto has a look",
        request_key=Elements(form).value("request_key"),
    )
    assert answer.status_code == 303, answer.text

    # moto says COMPLETED where CloudFront says Completed.
    page = person.wait_for(answer.headers["Location"], lambda page: "completed" in Elements(page).states())

    (made,) = invalidations(client, distribution) - before
    assert made in page
    batch = client.get_invalidation(DistributionId=distribution, Id=made)["Invalidation"]["InvalidationBatch"]
    assert sorted(batch["Paths"]["Items"]) == ["/images/*", "/styles.css"]


def invalidations(client, distribution):
    """The IDs of those that moto has."""
    listed = client.list_invalidations(DistributionId=distribution)["InvalidationList"]
    return {row["Id"] for row in listed.get("Items", [])}
