"""The recipes of docs/API.md, run as they stand there."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
import requests
import yaml
from conftest import ROOT
from desk import running_desk
from moto.server import ThreadedMotoServer
from test_api import wait_for_distributions


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with running_desk(tmp_path_factory.mktemp("desk")) as desk:
        wait_for_distributions(desk)
        yield desk


def recipe(name):
    text = (ROOT / "docs/API.md").read_text()
    found = re.search(rf"```\w+\n# recipe: {name}\n(.*?)```", text, re.DOTALL)
    assert found, f"docs/API.md has no recipe {name}"
    return found[1]


def shell(desk, script, folder=None, **more):
    done = subprocess.run(
        ["bash", "-c", script], env=desk.pipeline(**more), cwd=folder, capture_output=True, text=True, check=False, timeout=90, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def newest(desk):
    headers = {"Authorization": f"Bearer {desk.token}"}
    get = lambda path: requests.get(f"{desk.address}/api/v1/{path}", headers=headers, timeout=5).json()["items"]
    invalidation = get("invalidations?limit=1")[0]
    events = get(f"audit?invalidation={invalidation['id']}&action=invalidation.requested")
    return invalidation, events[0]


def test_the_program(desk):
    shell(desk, recipe("program"))
    invalidation, event = newest(desk)
    assert (invalidation["state"], invalidation["items"]) == ("completed", ["/", "/assets/*", "/index.html"])
    assert event["actor"]["name"] == "pipeline"


def test_curl(desk):
    assert '"state":"completed"' in shell(desk, recipe("curl"))
    first, event = newest(desk)
    assert event["idempotency_key"].startswith("release-42-")
    assert '"state":"completed"' in shell(desk, recipe("curl"))
    assert newest(desk)[0]["id"] != first["id"], "run again it really sends again"


def test_github_actions(desk):
    job = yaml.safe_load(recipe("github"))["jobs"]["deploy"]
    of_github = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "us/site", "GITHUB_RUN_ID": "77", "GITHUB_REF_NAME": "main"}
    script = job["steps"][0]["run"]
    told = shell(desk, script, GITHUB_RUN_ATTEMPT="1", **of_github)
    assert "with the same key" not in told and re.search(r"^Completed after \d+ s: ", told, re.MULTILINE)
    first, event = newest(desk)
    assert (first["state"], first["reason"]) == ("completed", "main")
    run = "https://github.com/us/site/actions/runs/77/attempts/"
    assert (event["run_url"], event["idempotency_key"]) == (f"{run}1", "run-77-1")
    # The same attempt once more is the same request, and is said to be.
    told = shell(desk, script, GITHUB_RUN_ATTEMPT="1", **of_github)
    since = first["requested_at"][:16].replace("T", " ")
    assert f"This is the answer to the request of {since} UTC with the same key; nothing was sent again." in told
    assert "Completed after" not in told and newest(desk)[0]["id"] == first["id"]
    # The job run again really sends again.
    told = shell(desk, script, GITHUB_RUN_ATTEMPT="2", **of_github)
    second, event = newest(desk)
    assert "with the same key" not in told and second["id"] != first["id"]
    assert (event["run_url"], event["idempotency_key"]) == (f"{run}2", "run-77-2")


def test_gitlab_ci(desk):
    script = "\n".join(yaml.safe_load(recipe("gitlab"))["refresh"]["script"])
    job = "https://gitlab.com/us/site/-/jobs/9"
    shell(desk, script, CI_COMMIT_REF_NAME="v2", CI_PIPELINE_ID="5", CI_JOB_ID="9", CI_JOB_URL=job)
    first, event = newest(desk)
    assert (first["state"], first["reason"]) == ("completed", "v2")
    assert (event["run_url"], event["idempotency_key"]) == (job, "job-9")
    shell(desk, script, CI_COMMIT_REF_NAME="v2", CI_PIPELINE_ID="5", CI_JOB_ID="10", CI_JOB_URL=job)
    assert newest(desk)[0]["id"] != first["id"], "a job that is retried sends again"


def test_a_deployment_with_sync(desk, tmp_path):
    """On moto's S3: only what changed is refreshed, and nothing where nothing did."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
    endpoint = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    client.create_bucket(Bucket="site")
    client.put_object(Bucket="site", Key="old page.html", Body=b"old")
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("new")
    (dist / "assets/app.css").write_text("new")
    # Built some time before: S3 tells its times in whole seconds, and the sync uploads what is newer than they say.
    for built in (dist / "index.html", dist / "assets/app.css"):
        os.utime(built, (time.time() - 60, time.time() - 60))
    programs = tmp_path / "bin"
    programs.mkdir()
    aws = programs / "aws"
    aws.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(sys.executable).parent / "aws"}" "$@"\n')
    aws.chmod(0o755)
    path = f"{programs}:{desk.pipeline()['PATH']}"
    environment = {**keys, "PATH": path, "AWS_ENDPOINT_URL": endpoint, "BUCKET": "site", "VERSION": "42", "HOME": str(tmp_path)}
    try:
        shell(desk, recipe("sync"), tmp_path, **environment)
        invalidation, _ = newest(desk)
        assert invalidation["items"] == ["/", "/assets/app.css", "/index.html", "/old%20page.html"]
        assert invalidation["reason"] == "release 42"
        shell(desk, recipe("sync"), tmp_path, **environment)
        assert newest(desk)[0]["id"] == invalidation["id"], "nothing had changed"
        # The same build on a fresh machine: all files are newer, and only what has no hash in its name is refreshed.
        for built in (dist / "index.html", dist / "assets/app.css"):
            os.utime(built, (time.time() + 60, time.time() + 60))
        whole, parts = re.subn(r"^aws s3 sync .*\n", lambda _: recipe("sync-fresh"), recipe("sync"), flags=re.MULTILINE)
        assert parts == 1
        shell(desk, whole, tmp_path, **environment)
        assert newest(desk)[0]["items"] == ["/", "/index.html"]
    finally:
        server.stop()
