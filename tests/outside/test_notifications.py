"""Notifications, judged by programs that nobody here wrote: Standard Webhooks' own library, and kills of the service."""

import base64
import http.server
import json
import os
import random
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from conftest import WORKSHOP
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from desk import UNSTALE, Desk, process, running_desk
from slack_sdk.models.blocks import Block
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

# `scripts/torture messages` asks for 300.
KILLS = int(os.environ.get("UNSTALE_MESSAGE_KILLS", "4"))
# So many of them meet one service and its database.
KILLS_OF_ONE = 25
EMAIL, PASSWORD = "root@example.com", "correct horse battery staple"


class Receiver:
    """Takes webhooks. It answers with what `answer` says of the number of the request."""

    def __init__(self, answer=lambda number: 204):
        self.received, self.answer = [], answer
        self.changed = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with receiver.changed:
                    receiver.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                    status = receiver.answer(len(receiver.received))
                    receiver.changed.notify_all()
                if status is None:
                    # The connection is cut after the message was read.
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def until(self, found, what, seconds=60):
        """Waits until what was received has what is looked for, and gives it."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while not (there := found(self.received)) and time.monotonic() < deadline:
                self.changed.wait(1)
        assert there, f"{what}: {[(headers['webhook-id'], body[:80]) for headers, body in self.received]}"
        return there


@pytest.fixture
def secrets_key(tmp_path):
    file = tmp_path / "secrets-key"
    file.write_text(base64.b64encode(bytes(32)).decode())
    file.chmod(0o600)
    return {"UNSTALE_SECRETS_KEY_FILE": str(file), "UNSTALE_NOTIFICATION_NETWORKS": "127.0.0.1"}


def administrator(desk):
    add = [UNSTALE, "user", "add", EMAIL, "--role", "admin", "--password-stdin"]
    subprocess.run(add, env=desk.environment, input=PASSWORD, text=True, check=True, timeout=30, capture_output=True)
    session = requests.Session()
    session.headers["Origin"] = desk.address
    signed_in = session.post(f"{desk.address}/sign-in", data={"email": EMAIL, "password": PASSWORD}, timeout=30)
    assert signed_in.status_code == 200, signed_in.text
    return session


def add_channel(desk, session, receiver, topics, signing="hmac", kind="webhook"):
    channel = {
        "name": f"Programs {kind} {signing}",
        "kind": kind,
        "address": receiver.address,
        "rules": [{"topics": topics, "scope": "everything"}],
    }
    if kind == "webhook":
        channel["signing"] = signing
    added = session.post(f"{desk.address}/api/v1/channels", json=channel, timeout=30)
    assert added.status_code == 201, added.text
    return added.json()


def ask(desk, *items, reason=""):
    headers = {"Authorization": f"Bearer {desk.token}"}
    body = {"distribution": WORKSHOP, "items": list(items), "reason": reason}
    asked = requests.post(f"{desk.address}/api/v1/invalidations", json=body, headers=headers, timeout=30)
    assert asked.status_code == 202, asked.text
    return asked.json()["id"]


def counts(received):
    """How many notices each message has, by its ID. It names the first twenty of them."""
    return {headers["webhook-id"]: json.loads(body)["data"]["count"] for headers, body in received}


def test_the_standards_own_library_verifies_the_signatures(tmp_path, secrets_key):
    symmetric, public = Receiver(), Receiver()
    with running_desk(tmp_path, **secrets_key) as desk:
        session = administrator(desk)
        secret = add_channel(desk, session, symmetric, ["requested", "completed"])["signing_key"]
        added = add_channel(desk, session, public, ["requested"], "ed25519")
        asked = ask(desk, "/a.html")
        symmetric.until(lambda received: len(received) == 2, "requested and completed")
        for headers, body in symmetric.received:
            assert Webhook(secret).verify(body, headers)["data"]["notices"][0]["invalidation"] == asked
        headers, body = symmetric.received[0]
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body + b" ", headers)
        (headers, body) = public.until(lambda received: received, "requested")[0]
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(added["signing_key"].removeprefix("whpk_")))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        version, signature = headers["webhook-signature"].split(",")
        assert version == "v1a"
        key.verify(base64.b64decode(signature), signed)


def test_slacks_own_library_takes_the_blocks(tmp_path, secrets_key):
    receiver = Receiver()
    with running_desk(tmp_path, **secrets_key) as desk:
        add_channel(desk, administrator(desk), receiver, ["requested"], kind="slack")
        for number in range(8):
            ask(desk, f"/{'long-' * 60}{number}.html", reason="<&>" * 150)
        _, body = receiver.until(lambda received: received, "the requests")[0]
    blocks = Block.parse_all(json.loads(body)["blocks"])
    assert len(blocks) > 2, "it tells of more than one request"
    for block in blocks:
        block.validate_json()


def test_what_is_cut_after_it_was_read_comes_again_with_the_same_id(tmp_path, secrets_key):
    receiver = Receiver(lambda number: None if number == 1 else 204)
    with running_desk(tmp_path, **secrets_key) as desk:
        session = administrator(desk)
        add_channel(desk, session, receiver, ["requested"])
        ask(desk, "/a.html")
        received = receiver.until(lambda received: received if len(received) == 2 else None, "a second try")
        assert received[0][0]["webhook-id"] == received[1][0]["webhook-id"]
        assert received[0][1] == received[1][1]


def killed_again_and_again(environment, folder, moments):
    """Asks in each life of a service, kills it so many seconds later, and looks what the receiver has in the end."""
    receiver = Receiver(lambda number: 503 if number % 3 == 0 else 204)

    def taken():
        return [each for number, each in enumerate(receiver.received, 1) if number % 3]

    folder.mkdir()
    environment = {**environment, "UNSTALE_DATABASE": f"sqlite://{folder}/unstale.db"}
    asked, killed = [], None
    for life, moment in enumerate(moments):
        with process(environment, folder / "output.txt") as (running, address):
            killed = killed or Desk(address, environment)
            killed.address = address
            killed.wait_until_configured()
            if life == 0:
                add_channel(killed, administrator(killed), receiver, ["requested"])
            asked += [ask(killed, f"/{life}-{number}.html") for number in range(5)]
            time.sleep(moment)
            running.kill()
            running.wait()
    with process(environment, folder / "output.txt"):
        receiver.until(lambda _: sum(counts(taken()).values()) >= len(asked), "all that was requested", 300)
    # Each is told by one message, which may have come more than once, and which was taken.
    assert sum(counts(receiver.received).values()) == len(asked)
    named = [notice["invalidation"] for _, body in receiver.received for notice in json.loads(body)["data"]["notices"]]
    assert set(named) <= set(asked)


def test_kills_lose_no_message(tmp_path, secrets_key):
    # Before the notice is there, while it waits for others, and while the message is sent.
    moments, at_random = [0, 4, 10.5, 11.5], random.Random(KILLS)
    moments += [at_random.uniform(0, 13) for _ in range(KILLS - len(moments))]
    services = [moments[first : first + KILLS_OF_ONE] for first in range(0, len(moments), KILLS_OF_ONE)]
    with running_desk(tmp_path, **secrets_key) as desk, ThreadPoolExecutor(6) as pool:
        folders = [tmp_path / f"killed-{number}" for number in range(len(services))]
        list(pool.map(lambda *of: killed_again_and_again(desk.environment, *of), folders, services))
