"""A sandbox process for each module, and the ways to talk to it that its users have."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("CLOUDFRONT_SANDBOX_BIN", str(ROOT / "target/debug/cloudfront-sandbox"))
WORKSHOP = "E2QWRUHAPOMQZL"
SHOP = "E1SHOP7K2M4NQX"


def nginx_command(folder, http):
    """What starts an nginx with these settings in its http block, whose files are all in this folder."""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(f"""
        {"user root root;" if os.geteuid() == 0 else ""}
        pid {folder}/pid;
        error_log {folder}/errors;
        events {{}}
        http {{
            access_log off;
            {temporary}
            {http}
        }}
    """)
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]


class Sandbox:
    """A running sandbox on the manual clock."""

    def __init__(self, process):
        self.process = process
        self.api = process.stdout.readline().split()[1]
        self.edge = process.stdout.readline().split()[1]

    def control(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.api}/_sandbox/{path}", data, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def faults(self, *rules):
        return self.control("POST", "faults", list(rules))

    def settings(self, **changes):
        return self.control("POST", "settings", changes)

    def advance(self, seconds):
        return self.control("POST", "clock", {"advance_ms": int(seconds * 1000)})

    def calls(self):
        return self.control("GET", "calls")

    def environment(self, access_key="AKIATEST"):
        """What the AWS programs need to know, and nothing of this machine's own AWS set-up."""
        return {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL_CLOUDFRONT": self.api,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            # The CLI's version 1 knows only this one.
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def client(self, access_key="AKIATEST", retries=0, **options):
        attempts = {"total_max_attempts": 1 + retries, "mode": "standard"}
        options = {"retries": attempts, "proxies": {}, "read_timeout": 5, **options}
        return boto3.client(
            "cloudfront",
            endpoint_url=self.api,
            region_name="us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key="secret",
            config=Config(**options),
        )

    def aws(self, *arguments, access_key="AKIATEST"):
        """`aws cloudfront …`: the exit code, the parsed answer, and what it complained of."""
        program = Path(sys.executable).parent / "aws"
        done = subprocess.run(
            [sys.executable, str(program), "cloudfront", *arguments, "--output", "json"],
            env=self.environment(access_key),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, json.loads(done.stdout or "null"), done.stderr


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """The sandbox of a module."""
    arguments = ["--api", "127.0.0.1:0", "--edge", "127.0.0.1:0", "--manual-clock"]
    origin = tmp_path_factory.mktemp("origin")
    with subprocess.Popen([BINARY, *arguments, "--origin", str(origin)], stdout=subprocess.PIPE, text=True) as running:
        yield Sandbox(running)
        running.terminate()
        assert running.wait(timeout=10) == 0, "SIGTERM ends it in good order"


@pytest.fixture
def sandbox(process):
    """The sandbox as a test finds it: no faults, settings as they come, nothing in progress, no calls."""
    process.faults()
    process.settings(
        same_reference="earlier",
        conflicting_reference="already_exists",
        forget_references_after_ms=None,
        complete_after_ms=20_000,
        trail_after_ms=0,
        subscriptions_a_page=50,
        reachable=True,
    )
    process.advance(3600)
    process.control("DELETE", "calls")
    return process
