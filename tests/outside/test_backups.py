"""Backups in a bucket that moto plays: boto3 says what is there, and SQLite whether it can be used."""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import sqlite3
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from conftest import BINARY
from desk import UNSTALE
from moto.server import ThreadedMotoServer

BUCKET = "example-backups"
NAME = re.compile(r"^unstale-\d{8}T\d{6}Z\.db$")
PART = 8 * 1024 * 1024
DENIED = b"<Error><Code>AccessDenied</Code><Message>not in this test</Message></Error>"


class Line:
    """What lies between the service and S3: it passes calls on, and refuses or holds what a test says."""

    def __init__(self, behind):
        self.behind, self.calls, self.requests = behind, [], []
        self.denied, self.held = set(), set()
        self.changed = threading.Condition()
        line = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def pass_on(self):
                line.pass_on(self)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on  # noqa: N815

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pass_on(self, call):
        body = call.rfile.read(int(call.headers.get("Content-Length", 0)))
        operation = call.command + (" part" if "partNumber=" in call.path else "")
        with self.changed:
            self.calls.append((operation, dict(call.headers), len(body)))
            self.requests.append((call.command, call.path, dict(call.headers)))
            self.changed.notify_all()
            # A client that is gone is not waited for at the end: the thread is a daemon.
            self.changed.wait_for(lambda: operation not in self.held)
        status, headers, content = 403, {}, DENIED
        if operation not in self.denied:
            # The Host is signed, so it stays that of the line.
            status, headers, content = forward(self.behind, call, body)
        with contextlib.suppress(ConnectionError):
            call.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("connection", "content-length", "transfer-encoding", "server", "date"):
                    call.send_header(name, value)
            length = headers.get("Content-Length", "0") if call.command == "HEAD" else str(len(content))
            call.send_header("Content-Length", length)
            call.end_headers()
            if call.command != "HEAD":
                call.wfile.write(content)

    def wait_for(self, operation):
        """Waits until such a call has come."""
        with self.changed:
            came = lambda: any(seen == operation for seen, *_ in self.calls)  # noqa: E731
            assert self.changed.wait_for(came, timeout=60), self.calls

    def let_go(self):
        with self.changed:
            self.held.clear()
            self.changed.notify_all()


def forward(behind, call, body):
    connection = http.client.HTTPConnection(behind.removeprefix("http://"), timeout=60)
    with contextlib.closing(connection):
        connection.request(call.command, call.path, body, dict(call.headers))
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


@pytest.fixture(scope="module")
def moto():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class Place:
    """A database with its settings, and a bucket of its own."""

    def __init__(self, folder, line, client, sandbox):
        self.folder, self.line, self.client = folder, line, client
        self.database = folder / "unstale.db"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ENDPOINT_URL_CLOUDFRONT": sandbox,
            "AWS_ENDPOINT_URL_S3": line.address,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1",
            "UNSTALE_DATABASE": f"sqlite://{self.database}",
            "UNSTALE_LISTEN": "127.0.0.1:0",
            "UNSTALE_CHECKS": "off",
            "UNSTALE_BACKUP_DIR": f"s3://{BUCKET}/eu",
            "UNSTALE_BACKUP_KEEP": "2",
        }

    def run(self, *arguments, **more):
        environment = {**self.environment, **more}
        done = subprocess.run(
            [UNSTALE, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        return done.returncode, done.stdout, done.stderr

    def fill(self, megabytes):
        """Makes the database so large."""
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            database.execute("CREATE TABLE ballast (content BLOB)")
            database.execute("INSERT INTO ballast VALUES (randomblob(?))", [megabytes * 1024 * 1024])

    @contextlib.contextmanager
    def serving(self):
        """The service, and its log."""
        log = self.folder / "log"
        with log.open("w") as out, subprocess.Popen([UNSTALE, "serve"], env=self.environment, stdout=out, stderr=out) as service:
            try:
                yield service, log
            finally:
                service.terminate()
                service.wait(timeout=30)

    def wait_for(self, log, words):
        deadline = time.monotonic() + 90
        while words not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    def keys(self):
        listed = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return sorted(entry["Key"] for entry in listed)

    def backups(self):
        return [key for key in self.keys() if NAME.match(key.removeprefix("eu/"))]

    def uploads(self):
        return self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])

    def leftovers(self):
        names = (file.name for file in self.folder.iterdir())
        return [name for name in names if "unstale-backup" in name or "unstale-download" in name]


@pytest.fixture
def place(moto, tmp_path):
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    config = Config(proxies={}, response_checksum_validation="when_required")
    client = boto3.client("s3", endpoint_url=moto, region_name="us-east-1", config=config, **keys)
    client.create_bucket(Bucket=BUCKET)
    line = Line(moto)
    origin = tmp_path / "origin"
    origin.mkdir()
    arguments = ["--api", "127.0.0.1:0", "--edge", "127.0.0.1:0", "--origin", str(origin)]
    with subprocess.Popen([BINARY, *arguments], stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            made = Place(tmp_path, line, client, sandbox.stdout.readline().split()[1])
            assert made.run("user", "list")[0] == 0
            yield made
        finally:
            sandbox.terminate()
            line.let_go()
            line.server.shutdown()
    for upload in made.uploads():
        client.abort_multipart_upload(Bucket=BUCKET, Key=upload["Key"], UploadId=upload["UploadId"])
    for key in made.keys():
        client.delete_object(Bucket=BUCKET, Key=key)
    client.delete_bucket(Bucket=BUCKET)


def assert_database(content, folder):
    file = folder / "read-back.db"
    file.write_bytes(content)
    with contextlib.closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("megabytes", [0, 20])
def test_a_scheduled_backup_is_in_the_bucket_and_can_be_restored(place, megabytes):
    if megabytes:
        place.fill(megabytes)
    place.client.put_object(Bucket=BUCKET, Key="eu/notes.txt", Body=b"somebody's")
    for old in ("unstale-20200101T000000Z.db", "unstale-20200102T000000Z.db"):
        place.client.put_object(Bucket=BUCKET, Key=f"eu/{old}", Body=b"old")
    with place.serving() as (_, log):
        place.wait_for(log, "a backup was made and checked")
        # The oldest go after that.
        deadline = time.monotonic() + 30
        while len(place.backups()) > 2:
            assert time.monotonic() < deadline, place.keys()
            time.sleep(0.05)
    assert place.backups()[0] == "eu/unstale-20200102T000000Z.db"
    assert "eu/notes.txt" in place.keys()
    made = place.client.get_object(Bucket=BUCKET, Key=place.backups()[1])
    content = made["Body"].read()
    assert made["Metadata"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert_database(content, place.folder)
    parts = [(headers, length) for operation, headers, length in place.line.calls if operation == "PUT part"]
    if megabytes:
        assert len(parts) == 3 and [length for _, length in parts[:2]] == [PART, PART]
        assert sum(length for _, length in parts) == len(content)
    else:
        assert not parts and len(content) < PART
    assert place.uploads() == [] and place.leftovers() == []
    code, said, complaint = place.run("doctor", "--json")
    part = next(part for part in json.loads(said)["parts"] if part["name"] == "backups")
    assert part["condition"] == "ok" and "the newest in s3://" in part["message"], (code, part, complaint)
    address = f"s3://{BUCKET}/{place.backups()[1]}"
    code, said, complaint = place.run("restore", address, "--replace")
    assert code == 0 and f"Restored {address}" in said, complaint
    assert place.run("audit", "verify")[0] == 0
    assert place.leftovers() == []


def test_a_checksum_that_is_sent_is_that_of_the_content(place):
    code, _, complaint = place.run("backup", f"s3://{BUCKET}/by-hand.db")
    assert code == 0, complaint
    content = place.client.get_object(Bucket=BUCKET, Key="by-hand.db")["Body"].read()
    _, headers, _ = next(call for call in place.line.calls if call[0] == "PUT")
    headers = {name.lower(): value for name, value in headers.items()}
    assert base64.b64decode(headers["x-amz-checksum-sha256"]) == hashlib.sha256(content).digest()
    assert headers["if-none-match"] == "*"


def signature_by_botocore(address, method, path, headers):
    """What botocore signs this request with, and what it was signed with."""
    url, signature = f"{address}{path}".split("&X-Amz-Signature=")
    query = dict(parse_qsl(urlsplit(url).query))
    signed = query["X-Amz-SignedHeaders"].split(";")
    headers = {name.lower(): value for name, value in headers.items()}
    own = {name for name in headers if name.startswith("x-amz-")}
    assert own <= set(signed), "S3 refuses headers of its own that are not signed"
    kept = {name: headers[name] for name in signed if name != "host"}
    request = AWSRequest(method=method, url=url, headers=kept)
    request.context["timestamp"] = query["X-Amz-Date"]
    signer = S3SigV4QueryAuth(Credentials("testing", "testing"), "s3", "us-east-1")
    return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request), signature


@pytest.mark.parametrize("megabytes", [0, 20])
def test_each_call_is_signed_as_botocore_signs_it(place, megabytes):
    # moto takes any signature, and S3 does not.
    if megabytes:
        place.fill(megabytes)
    code, _, complaint = place.run("backup", f"s3://{BUCKET}/of monday/a+b=ü.db")
    assert code == 0, complaint
    assert place.run("restore", f"s3://{BUCKET}/of monday/a+b=ü.db", "--replace")[0] == 0
    assert place.run("doctor")[0] == 0
    seen = {method for method, *_ in place.line.requests}
    assert seen == ({"HEAD", "PUT", "GET", "POST"} if megabytes else {"HEAD", "PUT", "GET"})
    for request in place.line.requests:
        expected, given = signature_by_botocore(place.line.address, *request)
        assert given == expected, request
    assert place.keys() == ["of monday/a+b=ü.db"]


@pytest.mark.parametrize("denied", [set(), {"HEAD"}])
@pytest.mark.parametrize("megabytes", [0, 20])
def test_an_object_that_exists_is_not_overwritten(place, megabytes, denied):
    # Without s3:GetObject nothing is seen beforehand, and S3 itself keeps what is there.
    place.line.denied = denied
    if megabytes:
        place.fill(megabytes)
    place.client.put_object(Bucket=BUCKET, Key="mine.db", Body=b"somebody's")
    code, _, complaint = place.run("backup", f"s3://{BUCKET}/mine.db")
    assert code == 2 and "overwrites nothing" in complaint, complaint
    assert place.client.get_object(Bucket=BUCKET, Key="mine.db")["Body"].read() == b"somebody's"
    assert any(operation.startswith("P") for operation, *_ in place.line.calls) == bool(denied)
    assert place.uploads() == [] and place.leftovers() == []


def test_a_permission_that_is_missing_is_named_with_its_statement(place):
    place.line.denied.update({"PUT", "DELETE", "GET"})
    code, _, complaint = place.run("backup", f"s3://{BUCKET}/mine.db")
    assert code == 2 and '"Action": "s3:PutObject"' in complaint, complaint
    code, said, _ = place.run("doctor", "--json")
    part = next(part for part in json.loads(said)["parts"] if part["name"] == "backups")
    assert code == 1 and part["condition"] == "error" and '"s3:ListBucket"' in part["fix"], part
    place.line.denied = {"DELETE"}
    for day in range(1, 4):
        place.client.put_object(Bucket=BUCKET, Key=f"eu/unstale-2020010{day}T000000Z.db", Body=b"old")
    with place.serving() as (_, log):
        place.wait_for(log, "older backups could not be removed")
        assert "a backup was made and checked" in log.read_text()
        assert "s3:DeleteObject" in log.read_text()
    assert len(place.backups()) == 4


def test_a_service_that_is_stopped_in_the_middle_leaves_no_parts(place):
    place.fill(20)
    place.line.held.add("PUT part")
    with place.serving() as (service, _):
        place.line.wait_for("PUT part")
        assert len(place.uploads()) == 1
        begun = time.monotonic()
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=30) == 0
        assert time.monotonic() - begun < 10, "it stops in its time"
    assert place.uploads() == [] and place.backups() == [] and place.leftovers() == []


def test_what_a_killed_service_leaves_is_replaced_by_the_next_backup(place):
    place.fill(20)
    place.line.held.add("PUT part")
    with place.serving() as (service, _):
        place.line.wait_for("PUT part")
        service.kill()
        service.wait(timeout=30)
    assert place.leftovers() == ["unstale.db.unstale-backup"]
    left = place.folder / "unstale.db.unstale-backup"
    assert left.stat().st_mode & 0o777 == 0o600
    assert place.backups() == [], "an upload that is not complete is no backup"
    assert len(place.uploads()) == 1, "that is what the lifecycle rule is for"
    place.line.let_go()
    with place.serving() as (_, log):
        place.wait_for(log, "a backup was made and checked")
    assert len(place.backups()) == 1 and place.leftovers() == []
    content = place.client.get_object(Bucket=BUCKET, Key=place.backups()[0])["Body"].read()
    assert_database(content, place.folder)


def test_a_bucket_that_is_not_there_is_said(place):
    with pytest.raises(ClientError):
        place.client.head_bucket(Bucket="nobodys-backups")
    code, _, complaint = place.run("backup", "s3://nobodys-backups/a.db")
    assert code == 2 and "there is no bucket nobodys-backups" in complaint, complaint
    assert place.leftovers() == []
