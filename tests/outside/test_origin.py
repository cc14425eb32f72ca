"""The service asks a bucket that moto plays, reached by AWS_ENDPOINT_URL_S3 alone, about the copies that viewers get."""

import json
import re
import subprocess

import boto3
import pytest
import requests
from conftest import WORKSHOP
from desk import UNSTALE, running_desk
from moto.server import ThreadedMotoServer

EMAIL, PASSWORD = "root@example.com", "correct horse battery staple"


@pytest.fixture(scope="module")
def bucket():
    """S3 with the bucket of the workshop's origin: its address, and a client."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1", **keys)
    client.create_bucket(Bucket="student-website")
    yield f"http://{host}:{port}", client
    server.stop()


@pytest.fixture
def desk(bucket, tmp_path):
    with running_desk(tmp_path, AWS_ENDPOINT_URL_S3=bucket[0]) as running:
        add = [UNSTALE, "user", "add", EMAIL, "--role", "admin", "--password-stdin"]
        subprocess.run(add, env=running.environment, input=f"{PASSWORD}\n", text=True, check=True, timeout=30)
        with requests.Session() as browser:
            browser.headers["Origin"] = running.address
            browser.post(f"{running.address}/sign-in", {"email": EMAIL, "password": PASSWORD}, timeout=30)
            settings = {"enabled": "yes", "ask_origin": "yes"}
            set_them = browser.post(f"{running.address}/distributions/{WORKSHOP}/checks", settings, timeout=30)
            assert set_them.status_code == 200, set_them.text
        yield running


def check(desk, url):
    """The check of one URL without an invalidation."""
    headers = {"Authorization": f"Bearer {desk.token}"}
    body = {"distribution": WORKSHOP, "urls": [url]}
    asked = requests.post(f"{desk.address}/api/v1/checks", json=body, headers=headers, timeout=30)
    assert asked.status_code == 202, asked.text
    run = requests.get(f"{desk.address}/api/v1/checks/{asked.json()['id']}?wait=30", headers=headers, timeout=60)
    return run.json()["checks"][0]


def test_a_bucket_says_what_it_has(bucket, desk):
    bucket[1].put_object(Bucket="student-website", Key="index.html", Body=b"another version")
    seen = check(desk, "/")
    tag = bucket[1].head_object(Bucket="student-website", Key="index.html")["ETag"]
    assert (seen["verdict"], seen["cause"]) == ("unclear", "origin_has_other"), json.dumps(seen)
    assert seen["after"]["origin"]["status"] == 200
    assert seen["after"]["origin"]["etag"] == tag
    assert seen["after"]["origin"]["length"] == len(b"another version")
    assert re.match(r"\d{4}-\d\d-\d\dT", seen["after"]["origin"]["last_modified"])


def test_a_file_that_the_bucket_does_not_have_is_missing_and_not_refused(desk):
    seen = check(desk, "/no/such/file.css")
    assert seen["after"]["status"] == 403, "the distribution may not list the bucket"
    assert (seen["verdict"], seen["cause"]) == ("broken", "object_missing"), json.dumps(seen)
